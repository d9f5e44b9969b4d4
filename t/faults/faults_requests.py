"""Failing allocations while requests are judged and while keys are fetched."""

import collections
import os
import re
import time

import faults_conf
from faults_base import plans
from live import ISSUER, Client, mint, wait_until

ERRORS = {0, 500, 502, 503}  # 0: the connection was closed


class Requests:
    """Requests to one worker whose allocations fail."""

    def __init__(self, nginx, control, backend, points, result):
        self.nginx = nginx
        self.control = control
        self.backend = backend
        self.points = points
        self.result = result
        self.tokens = mint("--key", "@ec1", "--claims", faults_claims(),
                           "--count", "4000")
        self.used = 0

    def good(self):
        """A token that no cache knows."""
        self.used += 1
        return self.tokens[self.used % len(self.tokens)]

    def worker(self):
        wait_until(lambda: len(self.nginx.children()) == 1)
        return self.nginx.children()[0]

    def send(self, path, headers, method="GET"):
        """The status, 0 for a closed connection, -1 for no answer at all."""
        client = Client(self.nginx.port, 12, tries=1)
        began = time.monotonic()
        status = client.request(path, headers="Connection: close\r\n"
                                + headers, method=method)
        if status == 0 and time.monotonic() - began > 11:
            return -1
        return status

    def sound(self):
        return self.send("/api", bearer(self.good())) == 200

    def run(self, name, path, headers, right, user=None, method="GET",
            after=None, points=None, also=()):
        """`headers` makes those of one request; `right` is the status without
        a fault, `also` are others that a fault may lead to. `user`: what the application has to get as X-User."""
        points = points or self.points
        pid = self.worker()
        status = 0
        counts = []
        for _ in range(3):  # some come with the first one only
            self.control.arm(1, 0, 0, pid)
            status = self.send(path() if callable(path) else path, headers(),
                               method)
            counts.append(self.control.disarm()[0])
        calls = max(counts[1:])
        self.backend.take()
        if status != right:
            self.result.check(name, False, f"{status} without a fault")
            return
        wrong = []
        tally = collections.Counter()
        for first, last in plans(calls + 2, points):
            self.control.arm(1, first, last, pid)
            status = self.send(path() if callable(path) else path, headers(),
                               method)
            failed = self.control.disarm()[1]
            tally[status] += 1
            what = self.judge(status, {right, *ERRORS, *also} if failed
                              else {right}, user, failed)
            if not os.path.exists(f"/proc/{pid}") or self.worker() != pid:
                what = "the worker died"
                pid = self.worker()
            if what:
                wrong.append((first, last, status, what))
            if sum(tally.values()) % 16 == 0 and not self.sound():
                wrong.append((first, last, 0, "the next request failed"))
        if not self.sound():
            wrong.append((0, 0, 0, "the last request failed"))
        if after:
            wrong += after()
        self.result.check(
            f"{name}: {calls} allocations", not wrong, wrong[:4] if wrong else
            ", ".join(f"{s or 'closed'}: {n}" for s, n in
                      sorted(tally.items())))

    def judge(self, status, allowed, user, failed):
        """What is wrong with it, if anything."""
        heads = self.backend.take()
        if status == -1:
            return "no answer"
        if status not in allowed:
            return "a wrong answer"
        for head in heads:
            lines = head.split("\r\n")
            users = [line for line in lines
                     if re.match(r"x[-_]user:", line, re.I)]
            if "mallory" in head:
                return "the client's header reached the application"
            if re.search(r"^authorization:|^cookie:.*idt", head, re.I | re.M):
                return "the token reached the application"
            if user is None and users:
                return "an unproven user reached the application"
            if user is not None and any(not re.search(user, u)
                                        for u in users):
                return "a wrong user reached the application"
            if user is not None and not users and not failed:
                return "no user reached the application"
        return None


def bearer(token):
    return f"X-User: mallory\r\nAuthorization: Bearer {token}\r\n"


def faults_claims():
    return ('{"iat":"-5","auth_time":"-10","role":"admin","groups":["staff"],'
            '"email":"u@a.test","address":{"country":"DE"},"nonce":"n0nce",'
            '"https://claims.test/roles":["a"]}')


def scenarios(requests):
    """Ways through the module that need no key server."""
    good = requests.good
    base = ("--key", "@ec1", "--claims", faults_claims())
    expired = mint(*base, "--exp", "-60")[0]
    broken = mint(*base, "--break", "sig")[0]
    other = mint(*base, "--aud", "other")[0]
    noise = mint(*base, "--break", "two-segments")[0]
    plain = mint("--key", "@ec1", "--claims",
                 '{"iat":"-5","auth_time":"-10"}')[0]
    signed = r": ey[\w-]+\.ey[\w-]+\.[\w-]+$"

    def with_cookie(token):
        return (f"X-User: mallory\r\nCookie: a=1; idt.0={token[:200]}; "
                f"idt.1={token[200:]}; b=2\r\n")

    run = requests.run
    run("good", "/api", lambda: bearer(good()), 200)
    known = good()
    run("good, cached", "/api", lambda: bearer(known), 200)
    run("expired", "/api", lambda: bearer(expired), 401)
    run("broken signature", "/api", lambda: bearer(broken), 401)
    run("wrong audience", "/who", lambda: bearer(other), 401)
    run("no JWT", "/api", lambda: bearer(noise), 401)
    run("no token", "/api", str, 401)
    run("header and strip", "/who", lambda: bearer(good()), 200,
        r": alice-?\d*$")
    run("cookies", "/cookie", lambda: with_cookie(good()), 200,
        r": alice-?\d*$")
    run("cookies, bad", "/cookie", lambda: with_cookie(broken), 401)
    run("cookies, forged", "/cookie", lambda: with_cookie(good())
        + "Content-Length: 0\r\nSec-Fetch-Site: cross-site\r\n", 403,
        method="POST")
    run("two sources", "/cookie",
        lambda: bearer(good()) + with_cookie(good()), 400)
    run("rules", "/rule", lambda: bearer(good()), 200)
    run("rules, not met", "/rule", lambda: bearer(plain), 404)
    run("assertion", "/assert", lambda: bearer(good()), 200, signed)
    run("assertion, bad", "/assert", lambda: bearer(expired), 401)
    run("assertion by proxy_set_header", "/passed", lambda: bearer(good()),
        200, signed)
    run("key set of the assertion", "/keys", str, 200)
    run("claims shown", "/claims", lambda: bearer(good()), 200)
    run("nonce", "/nonce",
        lambda: bearer(good()) + "Cookie: login=n0nce\r\n", 200)
    run("nonce, wrong", "/nonce",
        lambda: bearer(good()) + "Cookie: login=other\r\n", 401)
    run("subrequest", "/sub", lambda: bearer(good()), 200)
    run("subrequest, bad", "/sub", lambda: bearer(broken), 401)
    run("optional, none", "/optional", lambda: "X-User: mallory\r\n", 200)
    run("optional, bad", "/optional", lambda: bearer(broken), 401)
    run("report, bad", "/report", lambda: bearer(broken), 200)
    # a map without memory has its default value, which is no provider
    one = "X-Which: one\r\n"
    run("satisfy any", "/any", lambda: bearer(good()) + one, 200, also={403})
    run("satisfy any, bad", "/any", lambda: bearer(broken) + one, 401,
        also={403})
    run("satisfy any, no such provider", "/any", lambda: bearer(good()), 403)
    run("redirected", "/again", lambda: bearer(good()), 200,
        r": alice-?\d*$")
    run("redirected, bad", "/again", lambda: bearer(expired), 401)
    run("preflight", "/form", lambda: "Origin: https://a.test\r\n"
        "Access-Control-Request-Method: GET\r\n", 403, method="OPTIONS")


class Sources:
    """Requests that have to wait for keys, each at a source of its own."""

    def __init__(self, requests, tenant, kind, count, issuer):
        self.requests = requests
        self.tenant = tenant
        self.kind = kind
        self.count = count
        self.issuer = issuer
        self.turn = -1
        self.began = 0
        self.kids = 0

    def path(self):
        """The next one. After a round all have room for a fetch again."""
        self.turn += 1
        if self.turn % self.count == 0:
            time.sleep(max(0, self.began + 1.1 - time.monotonic()))
            self.began = time.monotonic()
            self.kids += 1
            self.kid = f"{self.kind}{self.kids}"
            self.publish()
        return f"/{self.kind}{self.turn % self.count}"

    def publish(self):
        """A key that nginx does not know yet, at every source."""
        self.tenant.control("/keys/replace", keys=[
            {"key": "@ec1", "kid": "ec1"}, {"key": "@ec2", "kid": self.kid}])

    def token(self, kid):
        return mint("--key", "@ec2", "--kid", kid, "--claims", '{"iat":"-5"}',
                    "--iss", self.issuer)[0]

    def new(self):
        return bearer(self.token(self.kid))

    def unknown(self):
        return bearer(self.token("never"))

    def recovered(self):
        """Every source finds its keys again."""
        time.sleep(1.1)
        wrong = []
        for n in range(self.count):
            self.turn = n
            header = bearer(self.token(self.kid))
            path = f"/{self.kind}{n}"
            if not wait_until(
                    lambda: self.requests.send(path, header) == 200, 20):
                wrong.append((path, "did not recover"))
        return wrong


def fetches(requests, tenant, points):
    for kind, count, what, issuer in (
            ("p", faults_conf.SOURCES, "keys over http", ISSUER),
            ("t", faults_conf.DISCOVERED, "keys over TLS", ISSUER),
            ("d", faults_conf.DISCOVERED, "keys by discovery", tenant.url)):
        sources = Sources(requests, tenant, kind, count, issuer)
        sources.path()
        wrong = sources.recovered()
        if wrong:
            requests.result.check(what, False, wrong[:3])
            continue
        sources.turn = -1
        requests.run(f"{what}, a new key", sources.path, sources.new, 200,
                     after=sources.recovered, points=points)
        sources.turn = -1
        requests.run(f"{what}, an unknown key", sources.path, sources.unknown,
                     401, points=points)
