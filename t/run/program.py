#!/usr/bin/env python3
"""Every vector through id_token_check, and what its options do.

Its verdicts have to be those that the black box asks of the module. Ends with
"program-test: N passed, N failed, N skipped".
"""

import base64
import concurrent.futures
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from blackbox import NO_KEYS, expected, load_cases, load_differences  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("BUILD") or os.path.join(ROOT, "build"),
                       "id_token_check")
ACCEPTED, REFUSED, UNKNOWN = 0, 1, 2


def run(args, token=None, env=None):
    """Exit status and all that was printed."""
    environ = {k: v for k, v in os.environ.items() if k != "ID_TOKEN"}
    done = subprocess.run(
        [PROGRAM, *args], input=token or b"", stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=60, env={**environ, **(env or {})})
    return done.returncode, done.stdout.decode("utf-8", "strict")


def document(value):
    if isinstance(value, dict) and "$text" in value:
        return value["$text"].encode("utf-8", "surrogatepass")
    if isinstance(value, dict) and "$base64" in value:
        return base64.b64decode(value["$base64"])
    return json.dumps(value).encode()


def options(case, folder):
    name = os.path.join(folder, "%s.%s.json" % case["key_set"])
    if not os.path.exists(name):
        with open(name, "wb") as f:
            f.write(document(case["document"]))
    args = ["--issuer", case["issuer"], "--client-id", case["client_id"],
            "--jwks", name]
    for option, member in (("--algorithms", "alg_allow"),
                           ("--trusted-audience", "trusted_audience"),
                           ("--authorized-party", "authorized_party")):
        for value in case.get(member) or ():
            args += [option, value]
    if case.get("now") is not None:
        args += ["--at", str(int(case["now"] // 1))]
    return args


def judge(case, differences, folder):
    """None if all is as expected, else what is not."""
    token = case["token"].encode("utf-8", "surrogatepass")
    status, text = run(options(case, folder), token)
    accept, _ = expected(case, differences)
    good = {ACCEPTED} if accept else {REFUSED}
    # without a key to use the module answers 503
    if not accept and (case["reason"] in NO_KEYS or case["level"] == "policy"):
        good.add(UNKNOWN)
    if status not in good:
        return "exit status %d: %s" % (status, text[-300:])
    signature = case["token"].rpartition(".")[2]
    if len(signature) >= 24 and signature in text:
        return "the signature is shown"
    if status != UNKNOWN and accept == ("REFUSED" in text):
        return "the rows do not tell why: " + text
    return None


def vectors(folder, failures):
    cases = load_cases(os.path.join(ROOT, "t", "vectors"))
    differences = load_differences(os.path.join(ROOT, "t", "vectors"))
    # how a token travels is not for the program
    work = [c for c in cases if c["layer"] != "http" and c["token"].strip()]
    for case in {c["key_set"]: c for c in work}.values():
        options(case, folder)
    with concurrent.futures.ThreadPoolExecutor(
            int(os.environ.get("JOBS") or 2)) as pool:
        for case, problem in zip(work, pool.map(
                lambda c: judge(c, differences, folder), work)):
            if problem:
                failures.append("%s: %s" % (case["id"], problem))
    return work, len(cases) - len(work)


class Tenant(http.server.BaseHTTPRequestHandler):
    """Discovery and keys; wrong paths are 404."""

    def do_GET(self):
        body = self.server.pages.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


def dump_of(case, keys, folder):
    """What nginx -T could print, with four providers."""
    path = os.path.join(folder, "dump")
    with open(path, "w", encoding="utf-8") as f:
        f.write("# configuration file %s/nginx.conf:\nhttp { # '{\n"
                "id_token_provider other { issuer x; client_id y; }\n"
                "id_token_provider 'ten ant' { issuer \"%s\"; client_id %s;\n"
                " algorithms %s; jwks_file %s; leeway \"1m 30s\";\n"
                " jwks_timeout 5s; }\n"
                "id_token_provider broken { issuer x; leeway 5q; }\n"
                "id_token_provider open { issuer x;" % (
                    folder, case["issuer"], case["client_id"],
                    " ".join(case["alg_allow"] or ["RS256"]),
                    os.path.basename(keys)))
    return path


def scenarios(case, folder):
    """Title, status wanted, text wanted, arguments, token, environment."""
    token = case["token"].encode()
    args = options(case, folder)
    dump = dump_of(case, args[5], folder)
    path = os.path.join(folder, "token")
    with open(path, "wb") as f:
        f.write(token + b"\r\n")

    def config(name):
        return ["--config", dump, "--provider", name]

    return [
        ("standard input", ACCEPTED, "accepted", args, token + b"\n", None),
        ("environment", ACCEPTED, "accepted", args, None,
         {"ID_TOKEN": case["token"]}),
        ("file", ACCEPTED, "accepted", [*args, "--token-file", path],
         None, None),
        ("no token", UNKNOWN, "no token", args, b"\n", None),
        ("command line", UNKNOWN, "can be read by everybody",
         [*args, case["token"]], None, None),
        ("nginx -T", ACCEPTED, "leeway 90 s", config("ten ant"), token, None),
        ("another", UNKNOWN, "other, ten ant", config("x"), token, None),
        ("a bad time", UNKNOWN, "no time: 5q", config("broken"), token, None),
        ("an open block", UNKNOWN, "does not end", config("open"), token,
         None),
        ("half of it", UNKNOWN, "go together", ["--provider", "x"], token,
         None),
        ("another client", REFUSED, 'client_id is "else"',
         [*args, "--client-id", "else"], token, None),
        ("another time", REFUSED, "expired",
         [*args, "--at", "9999999999999"], token, None),
        ("no such file", UNKNOWN, "cannot read the key set",
         [*args, "--jwks", "/nonexistent"], token, None),
        ("no issuer", UNKNOWN, "no issuer", [], token, None),
        ("no such option", UNKNOWN, "no option", [*args, "--x", "y"], token,
         None),
        ("version", ACCEPTED, "id_token_check ", ["--version"], None, None),
    ]


def fetched(case, folder, failures):
    """By discovery, by jwks_uri: how many were tried, which needs libcurl."""
    with open(options(case, folder)[5], "rb") as f:
        keys = f.read()
    with http.server.HTTPServer(("127.0.0.1", 0), Tenant) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = "http://127.0.0.1:%d" % server.server_port
        found = json.dumps({"issuer": base, "jwks_uri": base + "/k"}).encode()
        server.pages = {
            "/.well-known/openid-configuration": found,
            "/other/.well-known/openid-configuration": found,
            "/k": keys, "/large": b" " * 1048577}
        token = case["token"].encode()
        common = ["--client-id", case["client_id"]]
        ours = ["--issuer", case["issuer"], "--jwks-uri"]
        env = {"no_proxy": "*", "NO_PROXY": "*"}
        tries = [
            (REFUSED, "the issuer is wrong", ["--issuer", base]),
            (UNKNOWN, 'names another "issuer"', ["--issuer", base + "/other"]),
            (UNKNOWN, "status 404", ["--issuer", base + "/none"]),
            (ACCEPTED, "accepted", [*ours, base + "/k"]),
            (UNKNOWN, "no keys", [*ours, base + "/large"]),
            (UNKNOWN, "neither https nor", [*ours, "http://192.0.2.1/"]),
        ]
        if "without libcurl" in run(common + tries[0][2], token, env)[1]:
            return 0
        for status, text, args in tries:
            got = run(common + args, token, env)
            if got[0] != status or text not in got[1]:
                failures.append("%s: %d: %s" % (args, *got))
        server.shutdown()
    return len(tries)


def main():
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        work, skipped = vectors(folder, failures)
        case = next(c for c in work if c["expect"] == "accept"
                    and c["layer"] == "idtoken" and c["level"] == "must"
                    and not c["alg_allow"] and c.get("now") is None)
        count = len(work)
        for title, status, text, args, token, env in scenarios(case, folder):
            got = run(args, token, env)
            count += 1
            if got[0] != status or text not in got[1]:
                failures.append("%s: %d: %s" % (title, *got))
            if case["token"].rpartition(".")[2] in got[1]:
                failures.append(title + ": the signature is shown")
        result = json.loads(run([*options(case, folder), "--json"],
                                case["token"].encode())[1])
        count += 1 + fetched(case, folder, failures)
        items = [r["item"] for r in result["rules"]]
        if result["verdict"] != "accepted" or items[:3] != ["1", "2", "3"]:
            failures.append("--json: %s" % result)
    for failure in failures:
        print(failure)
    print("program-test: %d passed, %d failed, %d skipped" % (
        count - len(failures), len(failures), skipped))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
