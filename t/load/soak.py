#!/usr/bin/env python3
"""Mixed traffic against two workers for --time seconds.

Every answer is compared with what the request deserves: good tokens of three
algorithms, by header and by cookie, expired ones, such as expire meanwhile,
forged ones, unknown keys, withdrawn keys; over HTTP/1.1 and HTTP/2, clients
that hang up included. Meanwhile keys rotate and the key server fails in several
ways. It begins with a reload a second. In the second half the workers' memory
has to stay flat.

usage: soak.py [--time SECONDS] [--storm SECONDS]

With a sanitizer, REPORTS is the folder that it writes to; PART names the result.
"""

import argparse
import os
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time

from live import NGINX, Client, Nginx, Tenant, free_port, provider, wait_until
from soak_h2 import H2Client
from soak_kinds import STABLE, Generation, Kinds, Score

REFRESH = 2
TIMEOUT = 10  # longer than this machine may pause
FLAT_KIB_PER_MINUTE = 400
REPORTS = os.environ.get("REPORTS")
OUTAGES = ["unavailable", "hang-head", "garbage", "reset-request", "truncated"]

BACKEND = ('        location / { return 200 '
           '"$http_x_user|$http_authorization|$http_cookie"; }\n')

LOCATIONS = """\
        auth_id_token tenant;
        location = /api { empty_gif; }
        location = /rule { auth_id_token_require role = admin; empty_gif; }
        location = /both {
            auth_id_token_source bearer cookie=idt;
            empty_gif;
        }
        location = /check { empty_gif; }
        location = /sub {
            auth_id_token off;
            auth_request /check;
            empty_gif;
        }
        location = /who {
            auth_id_token_set_header X-User sub;
            auth_id_token_strip on;
            proxy_pass http://backend;
        }
        location = /optional {
            auth_id_token_mode optional;
            auth_id_token_set_header X-User sub;
            proxy_pass http://backend;
        }
        location = /cookie {
            auth_id_token_source cookie=idt;
            auth_id_token_set_header X-User sub;
            auth_id_token_strip on;
            proxy_pass http://backend;
        }
"""

# The key server's outages, and no more.
EXPECTED_ERRORS = re.compile(
    r"id_token_provider \"tenant\": no keys from|"
    r"connect\(\) failed|recv\(\) failed .*id_token|"
    r"while fetching keys")


# Kids are invented here all the time.
EXPECTED_WARNINGS = re.compile(
    r"unknown or replaced keys: \d+ requests got 503 and have to come again")


def http_config(backend, level):
    """The text of before "server", and the port for HTTP/2."""
    h2_port = free_port()
    version = subprocess.run([NGINX, "-v"], stderr=subprocess.PIPE,
                             check=True).stderr.decode()
    version = tuple(map(int, re.search(r"/([\d.]+)", version)[1].split(".")))
    listen = f"listen 127.0.0.1:{h2_port}"
    listen += "; http2 on;" if version >= (1, 25, 1) else " http2;"
    return f"""\
    error_log error.log {level};
    id_token_cache 512k;
    http2_max_concurrent_streams 256;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    upstream backend {{ server 127.0.0.1:{backend}; keepalive 32; }}
    server {{
        {listen}
{LOCATIONS}
    }}
""", h2_port


class Clients:
    """Threads that send what Kinds picks, each in its own way."""

    def __init__(self, port, h2_port, kinds, score):
        self.port = port
        self.h2_port = h2_port
        self.kinds = kinds
        self.score = score
        self.hung_up = 0
        self.rounds = {}  # of each thread: all that it picked before is done
        self.stopped = threading.Event()
        self.failures = []
        ways = [self.keepalive] * 4 + [self.close] + [self.h2] * 2 \
            + [self.hang_up]
        self.threads = [threading.Thread(target=self.run, args=(way,))
                        for way in ways]
        for thread in self.threads:
            thread.start()

    def run(self, way):
        try:
            while not self.stopped.is_set():
                way()
        except Exception as error:  # a dead client must not look like success
            self.failures.append(repr(error))

    def head(self, request):
        _, method, path, headers, _ = request
        return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers)

    def one(self, client, extra=""):
        self.next_round()
        request = self.kinds.pick()
        _, method, path, headers, _ = request
        lines = "".join(f"{n}: {v}\r\n" for n, v in headers) + extra
        began = time.time()
        status = client.request(path, headers=lines, method=method)
        self.score.add(request, status, client.body, began)

    def keepalive(self):
        client = Client(self.port)
        for _ in range(random.choice([5, 50, 500])):
            if self.stopped.is_set():
                break
            self.one(client)
            if random.random() < 0.01:
                time.sleep(0.05)
        client.close()

    def close(self):
        self.one(Client(self.port), "Connection: close\r\n")
        time.sleep(0.005)

    def h2(self):
        client = H2Client(self.h2_port)
        for _ in range(random.choice([3, 30])):
            if self.stopped.is_set():
                break
            self.next_round()
            requests = [self.kinds.pick()
                        for _ in range(random.choice([1, 5, 30]))]
            reset = {n for n in range(len(requests))
                     if len(requests) > 1 and random.random() < 0.05}
            began = time.time()
            answers = client.batch([r[1:4] for r in requests], reset)
            for n, (request, answer) in enumerate(zip(requests, answers)):
                if n in reset:
                    self.hung_up += 1
                elif answer is None:
                    self.score.lost.append(client.opened)
                else:
                    self.score.add(request, *answer, began)
        client.close()

    def next_round(self):
        me = threading.get_ident()
        self.rounds[me] = self.rounds.get(me, 0) + 1

    def done(self):
        """Until all that was picked before is done."""
        before = dict(self.rounds)
        return wait_until(lambda: all(self.rounds[t] > n
                                      for t, n in before.items()))

    def hang_up(self):
        self.next_round()
        data = (self.head(self.kinds.pick()) + "\r\n").encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                how = random.randrange(4)
                if how == 0:
                    data = data[:random.randrange(1, len(data))]
                s.sendall(data)
                if how == 1:
                    time.sleep(random.random() * 0.02)
                if how >= 2:  # a reset
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.hung_up += 1
        time.sleep(0.01)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


class Director:
    """Rotations and outages, while the clients go on."""

    def __init__(self, tenant, kinds):
        self.tenant = tenant
        self.kinds = kinds
        self.clients = None
        self.port = None
        self.number = 0
        self.done = {}

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def fetched(self):
        """Until what the tenant serves now has reached the workers. Fetches
        come one after another: when the second one is seen, the first one
        has been used."""
        fetches = self.tenant.fetches()
        wait_until(lambda: self.tenant.fetches() > fetches + 1, 60)

    def gone(self, old):
        """From now on its tokens are refused, which the clients shall see."""
        old.gone = time.time()
        time.sleep(1)

    def begin(self):
        self.kinds.current = self.next()
        self.kinds.dying = [self.kinds.current]
        self.publish(self.kinds.current)

    def publish(self, *generations):
        self.tenant.control("/keys/replace", keys=[STABLE] + [
            key for generation in generations for key in generation.keys])

    def next(self):
        self.number += 1
        new = Generation(self.number)
        self.kinds.dying = self.kinds.dying[-3:] + [new]
        return new

    def retire(self, old):
        old.withdrawn = time.time()
        self.publish(self.kinds.current)
        self.kinds.former = self.kinds.former[-3:] + [old]
        self.fetched()
        self.gone(old)

    def rotate(self):
        """Published, fetched by the clock, used."""
        old, new = self.kinds.current, self.next()
        self.publish(old, new)
        self.fetched()
        self.kinds.current = new
        time.sleep(0.3)
        self.retire(old)
        self.count("rotations")

    def rotate_at_once(self):
        """Used as soon as published: nginx has to ask for the keys. Nobody
        else draws on the bucket of fetches meanwhile."""
        self.kinds.quiet = True
        self.clients.done()
        time.sleep(4.5)
        old, new = self.kinds.current, self.next()
        old.withdrawn = time.time()
        self.publish(new)
        self.kinds.current = new
        wait_until(lambda: Client(self.port).request("/api", new.tokens[0])
                   == 200)
        self.clients.done()
        self.kinds.former = self.kinds.former[-3:] + [old]
        self.kinds.quiet = False
        self.fetched()
        self.gone(old)
        self.count("rotations at once")

    def outage(self, seconds):
        fault = OUTAGES[self.done.get("outages", 0) % len(OUTAGES)]
        outage = [time.time() - 0.5, None]
        self.kinds.outages = self.kinds.outages[-3:] + [outage]
        self.tenant.control("/fault", preset=fault)
        time.sleep(seconds)
        self.tenant.control("/faults/clear")
        self.fetched()
        outage[1] = time.time()
        self.count("outages")

    def run(self, until):
        """Each at least once; short runs begin with what matters most."""
        turn = 0
        while turn < 3 or time.time() < until:
            [self.rotate, self.rotate_at_once,
             lambda: self.outage(random.choice([2, 5]))][turn % 3]()
            turn += 1


class Memory:
    """Samples of the workers' unshared memory."""

    def __init__(self, nginx):
        self.nginx = nginx
        self.samples = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopped.wait(1):
            self.samples.append((time.time(), self.nginx.memory()))

    def stop(self):
        self.stopped.set()
        self.thread.join()

    def slope(self, since):
        """KiB a minute by least squares, and growth from the first to the last
        quarter."""
        points = [(t, m) for t, m in self.samples if t >= since]
        if len(points) < 4:
            return 0, 0, 0
        n = len(points)
        t0 = sum(t for t, _ in points) / n
        m0 = sum(m for _, m in points) / n
        over = sum((t - t0) * (m - m0) for t, m in points)
        under = sum((t - t0) ** 2 for t, _ in points)
        q = max(1, n // 4)
        growth = (sum(m for _, m in points[-q:])
                  - sum(m for _, m in points[:q])) / q
        return 60 * over / under, growth, m0


class Result:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, good, detail=""):
        print(f"{'ok' if good else 'NOT OK'}: {what}"
              f"{': ' + str(detail) if detail != '' else ''}", flush=True)
        self.passed += bool(good)
        self.failed += not good


def unexpected_lines(nginx):
    """Lines of the log that are above what such traffic may bring about."""
    found = []
    tokens = 0
    for line in nginx.log().splitlines():
        if re.search(r"eyJ[\w-]{20}", line):
            tokens += 1
        if re.search(r"\[(warn|error|crit|alert|emerg)\]|on signal", line) \
                and not ("[error]" in line and EXPECTED_ERRORS.search(line)) \
                and not ("[warn]" in line and EXPECTED_WARNINGS.search(line)):
            found.append(line)
    return found, tokens


def storm(nginx, seconds):
    reloads = 0
    end = time.time() + seconds
    while time.time() < end:
        began = time.time()
        nginx.replace_workers()
        reloads += 1
        time.sleep(max(0, began + 1 - time.time()))
    return reloads


def run(options, tenant, backend, result):
    kinds = Kinds()
    director = Director(tenant, kinds)
    director.begin()
    h2_port = None

    def http():
        nonlocal h2_port
        text, h2_port = http_config(
            backend.port, "info" if options.time <= 60 else "notice")
        return text + provider("tenant", jwks_uri=f"{tenant.url}/jwks.json",
                   algorithms="RS256 ES256 EdDSA", leeway="0s",
                   jwks_refresh=f"{REFRESH}s", jwks_min_interval="1s",
                   jwks_timeout=f"{TIMEOUT}s")

    nginx = Nginx(http, LOCATIONS)
    director.port = nginx.port
    try:
        token = kinds.current.tokens[0]
        result.check("the keys are fetched", wait_until(
            lambda: Client(nginx.port).request("/api", token) == 200))
        score = Score()
        clients = Clients(nginx.port, h2_port, kinds, score)
        director.clients = clients

        began = time.time()
        reloads = storm(nginx, options.storm)
        workers = nginx.settle()
        calm = time.time()
        stormy = score.requests, len(score.wrong)
        memory = Memory(nginx)
        director.run(calm + options.time)
        ended = time.time()
        memory.stop()
        clients.stop()
        alive = set(nginx.children())
        result.check("nginx quits in time", nginx.stop())
    finally:
        if nginx.process.poll() is None:
            nginx.process.kill()

    report(options, result, score, clients, director)
    print(f"soak: {score.requests} requests in {ended - began:.0f} s, "
          f"{clients.hung_up} hung up, {len(score.lost)} not taken up; "
          f"{reloads} reloads in the first {calm - began:.0f} s")
    result.check("no wrong answer", not score.wrong,
                 f"{len(score.wrong)} of {score.requests}")
    result.check("no wrong answer while nginx was reloaded every second",
                 stormy[0] > 0 and not stormy[1],
                 f"{stormy[1]} of {stormy[0]}, {reloads} reloads")
    # those of connections to a worker that was there to stay
    lost = sum(opened > calm for opened in score.lost)
    result.check("streams of HTTP/2 were lost by reloads only", not lost,
                 f"{lost} of {len(score.lost)}")
    result.check("no client gave up", not clients.failures,
                 clients.failures[:3])
    result.check("the workers lived on", workers == alive and len(alive) == 2)
    slope, growth, mean = memory.slope((calm + ended) / 2)
    most = 2048 if options.time >= 120 else 8192
    # a sanitizer keeps what was freed
    flat = slope <= FLAT_KIB_PER_MINUTE or growth <= most or REPORTS
    result.check("memory is flat", flat,
                 f"{slope:+.0f} KiB/min, {growth:+.0f} KiB in "
                 f"{(ended - calm) / 2:.0f} s, two workers hold "
                 f"{mean:.0f} KiB")
    lines, tokens = unexpected_lines(nginx)
    result.check("the error log holds what outages bring, no more",
                 not lines, f"{len(lines)} lines" if lines else "")
    for line in lines[:10]:
        print("    " + line)
    result.check("no token in the error log", tokens == 0)
    if REPORTS:
        reports = os.listdir(REPORTS)
        result.check("no report of a sanitizer", not reports, reports[:5])
    if not result.failed:
        nginx.remove()
    else:
        print(f"log: {nginx.dir}/error.log")


def report(options, result, score, clients, director):
    print(", ".join(f"{n} {what}" for what, n in director.done.items()))
    for kind, row in sorted(score.answers.items()):
        print(f"  {kind:24}" + "".join(
            f" {status}: {n:<8}" for status, n in sorted(row.items())))
    for wrong in score.wrong[:10]:
        print("  wrong:", *wrong)
    result.check("keys rotated and the key server failed",
                 sum(director.done.values()) >= 3, director.done)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time", type=float, default=600)
    parser.add_argument("--storm", type=float,
                        help="a reload a second for so long (60, or 8)")
    options = parser.parse_args()
    if options.storm is None:
        options.storm = 60 if options.time >= 300 else 8

    if REPORTS:
        os.makedirs(REPORTS, exist_ok=True)
        for name in os.listdir(REPORTS):
            os.remove(os.path.join(REPORTS, name))
    result = Result()
    tenant = Tenant()
    backend = Nginx("", BACKEND, workers=1)
    try:
        run(options, tenant, backend, result)
    finally:
        backend.stop()
        backend.remove()
        tenant.stop()
    print(f"{os.environ.get('PART', 'soak')}: {result.passed} passed, "
          f"{result.failed} failed")
    sys.exit(result.failed != 0)


if __name__ == "__main__":
    main()
