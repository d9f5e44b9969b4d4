#!/usr/bin/env python3
"""Keys under load: rotation, a flood of unknown kids, a hanging key server.

Two workers and keepalive clients. In each round the tenant rotates its key in
one of three ways; a client uses a token from the moment that the tenant signs
with its key. Every such token has to be let in, every one of a withdrawn key
has to be refused once the keys have been fetched again.

usage: rotation.py [--requests N] [--rounds N]
"""

import argparse
import random
import statistics
import sys
import threading
import time

from live import Client, Nginx, Tenant, mint, provider, wait_until

REFRESH = 2  # seconds, jwks_refresh
INTERVAL = 1  # seconds, jwks_min_interval
TIMEOUT = 15  # seconds, jwks_timeout: longer than this machine may pause
KEYS = ["@rsa1", "@rsa2"]
CLIENTS = 8

SERVER = """\
        location = /api { auth_id_token tenant; empty_gif; }
        location = /open { empty_gif; }
"""


class Count:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, what, good, detail=""):
        print(f"{'ok' if good else 'NOT OK'}: {what}"
              f"{': ' + detail if detail else ''}", flush=True)
        if good:
            self.passed += 1
        else:
            self.failed += 1


class Load:
    """Clients that use the tokens of now until they are stopped."""

    def __init__(self, port, tokens):
        self.port = port
        self.now = (0, tokens)  # how often it was paused; what is used
        self.requests = 0
        self.wrong = []
        self.times = []
        self.paused = {}
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        me = threading.get_ident()
        client = Client(self.port)
        n = 0
        wrong = []
        times = []
        while not (times and self.stopped.is_set()):
            pauses, tokens = self.now
            if not tokens:
                self.paused[me] = pauses
                time.sleep(0.001)
                continue
            began = time.monotonic()
            status = client.request("/api", tokens[n % len(tokens)])
            times.append(time.monotonic() - began)
            n += 1
            if status != 200:
                wrong.append((status, time.monotonic()))
            if n % 500 == 0:
                with self.lock:
                    self.requests += 500
        client.close()
        with self.lock:
            self.requests += n % 500
            self.wrong += wrong
            self.times += times

    def use(self, tokens):
        self.now = (self.now[0], tokens)

    # Until no request is under way: its token might be withdrawn meanwhile.
    def pause(self):
        pauses = self.now[0] + 1
        self.now = (pauses, [])
        if not wait_until(lambda: list(self.paused.values()).count(pauses)
                          == CLIENTS, 180):
            raise RuntimeError("a client waits for an answer, or has died")

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


class Rotation:
    def __init__(self, tenant):
        self.tenant = tenant
        self.number = 0
        self.kid = None
        self.kids = []

    def tokens(self, kid, key):
        return mint("--key", key, "--kid", kid, "--count", "20")

    def next_key(self):
        self.number += 1
        return f"k{self.number}", KEYS[self.number % len(KEYS)]

    def publish(self, promote):
        kid, key = self.next_key()
        tokens = self.tokens(kid, key)
        self.tenant.control("/keys/add", key=key, kid=kid, promote=promote)
        self.kids.append(kid)
        return kid, tokens

    def replace(self):
        kid, key = self.next_key()
        tokens = self.tokens(kid, key)
        # only keys that have a fitting name of their own are published
        self.tenant.control("/keys/replace", keys=[{"key": key, "kid": kid}])
        self.kids = [kid]
        return kid, tokens

    def retire_all_but(self, kid):
        for old in [k for k in self.kids if k != kid]:
            self.tenant.control("/keys/retire", kid=old)
        self.kids = [kid]


def is_refused(tenant, nginx, token):
    """Whether a token whose key the tenant has withdrawn is refused after the
    next fetch, by both workers at once. Fetches come one after another: when
    the second one is seen, the first one has been used."""
    fetched = tenant.fetches()
    wait_until(lambda: tenant.fetches() > fetched)
    while True:
        twice = tenant.fetches() > fetched + 1
        status = Client(nginx.port).request("/api", token)
        if status == 401:
            return all(Client(nginx.port).request("/api", token) == 401
                       for _ in range(2))
        if status != 200 or twice:
            return False
        time.sleep(0.02)


def rotate(tenant, nginx, options, count):
    rotation = Rotation(tenant)
    kid, tokens = rotation.replace()
    client = Client(nginx.port)
    count.check("the keys are fetched", wait_until(
        lambda: client.request("/api", tokens[0]) == 200))
    began = time.monotonic()
    tenant.control("/reset")

    load = Load(nginx.port, tokens)
    rounds = refused = 0

    while refused == 3 * rounds and (
            rounds < options.rounds or
            load.requests < options.requests
            and time.monotonic() - began < options.seconds):
        for style in ("published then used", "used at once", "replaced"):
            old = tokens
            if style == "published then used":
                kid, tokens = rotation.publish(promote=False)
                time.sleep(REFRESH / 2)
                tenant.control("/keys/promote", kid=kid)
                load.pause()
                rotation.retire_all_but(kid)
                load.use(tokens)
            elif style == "used at once":
                kid, tokens = rotation.publish(promote=True)
                load.use(tokens + old)
                time.sleep(0.3)
                load.pause()
                rotation.retire_all_but(kid)
                load.use(tokens)
            else:
                load.pause()
                kid, tokens = rotation.replace()
                load.use(tokens)
            refused += is_refused(tenant, nginx, old[0])
            # that drew on the bucket of fetches
            time.sleep(2 * INTERVAL)
        rounds += 1

    load.stop()
    fetches = tenant.fetches()
    seconds = time.monotonic() - began
    print(f"rotation: {rounds} rounds of 3 styles in {seconds:.0f} s, "
          f"jwks_refresh {REFRESH} s, jwks_min_interval {INTERVAL} s, "
          f"{load.requests} requests, {fetches} fetches")
    count.check("no wrong answer", not load.wrong,
                f"{len(load.wrong)} of {load.requests}"
                + (f", {load.wrong[:5]}" if load.wrong else ""))
    # How many there are in the time is a matter of the machine: what has
    # to be so is that the clients were not held up.
    count.check("requests enough", load.requests >= options.requests / 50,
                str(load.requests))
    count.check("withdrawn keys are refused", refused == 3 * rounds,
                f"{refused} of {3 * rounds}")
    # what the bucket gives, and the schedule
    most = 3 + seconds / INTERVAL + seconds / REFRESH + 1
    count.check("fetches are bounded", fetches <= most,
                f"{fetches} of {most:.0f}")
    return tokens


def timed(nginx, tokens, seconds):
    load = Load(nginx.port, tokens)
    time.sleep(seconds)
    load.stop()
    return load


def flood(tenant, nginx, tokens, seconds, count):
    """Random kids at full speed beside good requests."""
    quiet = timed(nginx, tokens, seconds / 2)
    unknown = [mint("--kid", f"unknown-{n}-{random.random()}")[0]
               for n in range(50)]
    began = time.monotonic()
    tenant.control("/reset")
    stop = threading.Event()
    answers = []

    def attack():
        client = Client(nginx.port)
        n = random.randrange(50)
        mine = []
        while not (mine and stop.is_set()):
            mine.append(client.request("/api", unknown[n % 50]))
            n += 1
        answers.extend(mine)

    attackers = [threading.Thread(target=attack) for _ in range(2)]
    for thread in attackers:
        thread.start()
    loud = timed(nginx, tokens, seconds)
    stop.set()
    for thread in attackers:
        thread.join()
    fetches = tenant.fetches()
    took = time.monotonic() - began
    # the bucket, its refill, the schedule
    most = 3 + took / INTERVAL + took / REFRESH + 2

    print(f"flood: {len(answers)} requests with unknown kids in {took:.1f} s, "
          f"{fetches} fetches; good requests: median "
          f"{1e6 * statistics.median(quiet.times):.0f} us without, "
          f"{1e6 * statistics.median(loud.times):.0f} us with the flood "
          f"(which takes its share of the cores)")
    count.check("the tenant is fetched from within the limit",
                fetches <= most, f"{fetches} of {most:.0f}")
    count.check("unknown kids are refused, or put off",
                401 in answers and set(answers) <= {401, 503},
                str({s: answers.count(s) for s in set(answers)}))
    count.check("good requests are not", not loud.wrong and not quiet.wrong,
                f"{len(loud.wrong)} of {loud.requests}")


def hang(tenant, nginx, tokens, seconds, count):
    """Requests elsewhere while the key server hangs and requests wait. Ends
    with the key server."""

    def open_times():
        client = Client(nginx.port)
        times = []
        end = time.monotonic() + seconds
        while not times or time.monotonic() < end:
            began = time.monotonic()
            client.request("/open")
            times.append(time.monotonic() - began)
        return times

    before = open_times()
    waiting = mint("--kid", "not-yet")[0]
    answers = []
    # one that is under way is answered yet
    wait_until(lambda: tenant.control("/counters")["active"] == 0)
    tenant.control("/fault", preset="hang-request")
    parked = [threading.Thread(target=lambda: answers.append(
        Client(nginx.port).request("/api", waiting))) for _ in range(20)]
    for thread in parked:
        thread.start()
    wait_until(lambda: tenant.control("/counters")["active"] > 0)
    time.sleep(0.2)
    during = open_times()
    known = Client(nginx.port).request("/api", tokens[0])
    early = list(answers)
    tenant.stop()
    for thread in parked:
        thread.join()

    ratio = statistics.median(during) / statistics.median(before)
    print(f"hang: another location takes {ratio:.2f} times as long (median) "
          f"while the key server hangs and 20 requests wait; longest "
          f"{1e3 * max(during):.1f} ms, before {1e3 * max(before):.1f} ms")
    count.check("requests with an unknown kid wait",
                not early and set(answers) == {503}, f"{early}, {answers}")
    count.check("a request with a known kid does not wait", known == 200)
    # one that did would wait for the timeout; this machine may pause
    count.check("no request elsewhere waited for the key server",
                max(during) < TIMEOUT / 2, f"{max(during):.3f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=50000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60,
                        help="to go on for, if the requests are too few yet")
    options = parser.parse_args()

    count = Count()
    tenant = Tenant()
    nginx = Nginx(provider("tenant", jwks_uri=f"{tenant.url}/jwks.json",
                           jwks_refresh=f"{REFRESH}s",
                           jwks_min_interval=f"{INTERVAL}s",
                           jwks_timeout=f"{TIMEOUT}s"), SERVER)
    try:
        tokens = rotate(tenant, nginx, options, count)
        flood(tenant, nginx, tokens, 4, count)
        hang(tenant, nginx, tokens, 1.5, count)
        count.check("nginx quits in time", nginx.stop())
        count.check("nothing to complain of", not nginx.complaints(),
                    "\n".join(nginx.complaints()[:5]))
    finally:
        if nginx.process.poll() is None:
            nginx.process.kill()
        tenant.stop()
        nginx.remove()

    print(f"rotation: {count.passed} passed, {count.failed} failed")
    sys.exit(count.failed != 0)


if __name__ == "__main__":
    main()
