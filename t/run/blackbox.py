#!/usr/bin/env python3
"""Every vector through a real nginx with the module: by header and by cookie.

One provider for each distinct configuration of the vectors; their key sets
are fetched over HTTP from the same nginx. All of it with a large, a tiny and
no cache. Prints what is not as expected and ends with
"blackbox: N passed, N failed, N skipped". make says in the environment which
nginx and which module to take.
"""

import argparse
import concurrent.futures
import json
import os
import re
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "load"))
sys.dont_write_bytecode = True

from blackbox_nginx import COOKIE, Nginx  # noqa: E402

TIMEOUT = 60
CACHES = ("8m", "4k", "off")
TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*\Z")
NGINX_OWN = (400, 414, 431, 494)
# Reasons of cases whose key set may hold no key that can be used.
NO_KEYS = ("jwk", "jwks", "no_key")


def arguments():
    root = os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--nginx", default=os.environ.get("NGINX_BIN") or "nginx")
    p.add_argument("--module", help="empty: it is linked in",
                   default=os.environ.get("MODULE", os.path.join(
                       root, "build", "ngx_http_auth_id_token_module.so")))
    p.add_argument("--vectors", default=os.environ.get(
        "VECTORS", os.path.join(root, "t", "vectors")))
    p.add_argument("--jobs", type=int, default=8, help="requests at a time")
    p.add_argument("--cache", metavar="SIZE|off", action="append",
                   help="the directive id_token_cache (default: %s)"
                   % ", ".join(CACHES))
    p.add_argument("--part", default=os.environ.get("PART") or "blackbox",
                   help="name in the last line")
    p.add_argument("--reports", default=os.environ.get("REPORTS"),
                   help="folder where sanitizers report")
    p.add_argument("--keep", action="store_true",
                   help="leave the folder with configuration and log")
    args = p.parse_args()
    args.cache = args.cache or CACHES
    return args


def load_cases(folder):
    cases = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            data = json.load(f)
        for case in data.get("cases", ()):
            case["key_set"] = (name[:-len(".json")], case["jwks"])
            case["document"] = data["jwks_sets"][case["jwks"]]
            cases.append(case)
    return cases


def load_differences(folder):
    path = os.path.join(folder, "policy.json")
    if not os.path.exists(path):
        return None  # another folder: either answer to a policy case will do
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def fetch(port, method, path, headers):
    """Status and headers of an answer; status 0 if there was none."""
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: localhost",
             "Connection: close"]
    lines += ["%s: %s" % header for header in headers]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode(
        "utf-8", "surrogatepass")
    answer = b""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as s:
        try:
            s.sendall(request)
        except OSError:
            pass  # refused before it was all sent
        try:
            while part := s.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
    head = answer.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")
    status, *rest = head.split("\r\n")
    words = status.split(" ")
    if len(words) < 2 or not words[1].isdigit():
        return 0, {}
    return int(words[1]), {
        name.lower(): value for name, _, value in
        (line.partition(": ") for line in rest)}


def request_of(case, carrier):
    """Method, path and headers; None if the token cannot travel so."""
    base = "/p%d/" % case["provider"]
    token = case["token"]
    if case["layer"] == "http":
        request = case["request"]
        marks = {"token": token, "token2": case.get("token2", ""),
                 "cookie": COOKIE, "COOKIE": COOKIE.upper()}

        def fill(text):
            return re.sub(r"\{(\w+)\}", lambda m: marks[m[1]], text)
        return (request["method"], base + request["path"]
                + fill(request["query"]),
                [(n, fill(v)) for n, v in request["headers"]])
    if re.search(r"[\r\n\0]", token):
        return None
    if carrier not in case.get("carriers", (carrier,)):
        return None
    if carrier == "header":
        headers = [("Authorization", "Bearer " + token)]
    else:
        # as a browser on the tenant's own page sends it
        headers = [("Cookie", "%s=%s" % (COOKIE, token)),
                   ("Sec-Fetch-Site", "same-origin")]
    return "GET", base + carrier, headers


def expected(case, differences):
    """Whether it is to be let through; the statuses that will do if not."""
    if case["layer"] == "jws" or "blackbox" in case:
        accept = False
    else:
        accept = case["expect"] == "accept"
        if case["id"] in (differences or ()):
            accept = not accept
    statuses = [401]
    if case["reason"] == "request" or not TOKEN68.match(case["token"]):
        statuses.append(400)
    if case["reason"] in NO_KEYS or case["level"] == "policy":
        statuses.append(503)
    if case.get("size") == "large":
        statuses.extend(NGINX_OWN)
    return accept, statuses


def shown(value):
    """How a claim's value is exposed: a string as it is, all else as JSON."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def run_case(server, case, carrier, differences):
    """None if all is as expected, else what is not."""
    method, path, headers = request_of(case, carrier)
    status, answer = fetch(server.port, method, path, headers)
    accept, statuses = expected(case, differences)
    if differences is None and case["level"] == "policy":
        accept = status == 200
    if not accept:
        if status not in statuses:
            return "status %d, expected %s" % (
                status, "/".join(map(str, statuses)))
        if any(name.startswith("x-claim-") for name in answer):
            return "claims of a refused token are shown"
        if status == 401 and not answer.get(
                "www-authenticate", "").startswith("Bearer "):
            return "401 without a challenge"
        return None
    if status != 200:
        return "status %d, expected 200" % status
    for name, value in (case.get("claims") or {}).items():
        got = answer.get("x-claim-" + name.lower())
        if got != shown(value):
            return "$id_token_claim_%s is %r, expected %r" % (
                name, got, shown(value))
    return None


def run_all(server, cases, differences, jobs):
    failures, skipped = [], []
    work = []
    for case in cases:
        for carrier in ("header", "cookie"):
            if case["layer"] == "http" and carrier != case["request"]["path"]:
                continue
            # times that are fixed are for the core, which takes `now`
            if case.get("now") is not None or not request_of(case, carrier):
                skipped.append("%s (%s)" % (case["id"], carrier))
            else:
                work.append((case, carrier))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda w: run_case(server, *w, differences), work)
        for (case, carrier), problem in zip(work, results):
            if problem:
                failures.append("%s (%s, %s): %s" % (
                    case["id"], carrier, case["level"], problem))
    return len(work) - len(failures), failures, skipped


def check_server(server, cases):
    """What went wrong beside the answers."""
    problems = []
    if server.children() != server.workers:
        problems.append("a worker has died")
    server.stop()
    if server.process.returncode != 0:
        problems.append("nginx ended with status %d"
                        % server.process.returncode)
    tokens = "\n".join(case["token"] + "\n" + case.get("token2", "")
                       for case in cases)
    for line in server.log().split("\n"):
        if re.search(r"\[(alert|crit|emerg)\]", line):
            problems.append(line[:300])
        # nginx's own words about a request hold its URI, and of a header that
        # is too long its beginning
        line = re.sub(r'request: "[^"]*"', "", line)
        if "client sent too long header line" in line or "open()" in line:
            continue
        if any(run in tokens for run in
               re.findall(r"[A-Za-z0-9_-]{24,}", line)):
            problems.append("a token is in the log: " + line[:300])
    return problems


def run_with_cache(args, cache, cases, differences):
    """Numbers of passed, failed and skipped requests."""
    began = time.monotonic()
    server = Nginx(args, cache, cases)
    try:
        server.start()
        try:
            passed, failures, skipped = run_all(
                server, cases, differences, args.jobs)
            failures += check_server(server, cases)
        finally:
            if server.process.poll() is None:
                server.stop()
    finally:
        server.remove()
    for failure in failures:
        print(failure)
    print("cache %s: %d cases, %d providers, %d key sets, %.1f s" % (
        cache, len(cases), len(server.providers), len(server.sets),
        time.monotonic() - began))
    if cache == args.cache[0]:
        print("skipped:", ", ".join(skipped) or "none")
    return passed, len(failures), len(skipped)


def reports(folder):
    if not folder:
        return set()
    return {e.name for e in os.scandir(folder) if e.stat().st_size > 0}


def main():
    args = arguments()
    if args.reports:
        os.makedirs(args.reports, exist_ok=True)
    before = reports(args.reports)
    cases = load_cases(args.vectors)
    differences = load_differences(args.vectors)
    counts = [run_with_cache(args, cache, cases, differences)
              for cache in args.cache]
    passed, failed, skipped = map(sum, zip(*counts))
    for name in sorted(reports(args.reports) - before):
        failed += 1
        with open(os.path.join(args.reports, name), errors="replace") as f:
            print("%s:\n%s" % (name, f.read()[:4000]))
    print("%s: %d passed, %d failed, %d skipped" % (
        args.part, passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
