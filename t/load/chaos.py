#!/usr/bin/env python3
"""Keys under trouble: good users are counted, and none may be refused beyond
the bounds that the README states.

One scenario is one function of (count, options); SCENARIOS lists them. Each has
a tenant and an nginx of its own, and good users that never stop asking.

usage: chaos.py [--long] [SCENARIO...]
"""

import argparse
import os
import random
import signal
import sys
import threading
import time

from live import Client, Nginx, Tenant, mint, provider, wait_until
from rotation import Count

SWEEP = 5  # seconds from one fetch to the next for unknown keys
SLACK = 2.5  # of this machine, and for one fetch
SERVER = "        location = /api { auth_id_token tenant; empty_gif; }\n"


class World:
    """A tenant, an nginx with its keys, and what ends both."""

    def __init__(self, **settings):
        self.tenant = Tenant()
        self.nginx = None
        self.made = 0
        self.settings = settings

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.nginx is not None:
            self.nginx.stop()
            self.nginx.remove()
        self.tenant.stop()

    def start(self):
        self.nginx = Nginx(provider(
            "tenant", jwks_uri=f"{self.tenant.url}/jwks.json",
            **self.settings), SERVER)

    def ask(self, token):
        return Client(self.nginx.port).request("/api", token)

    def key(self):
        """A new key and a token of it; the tenant does not know it yet."""
        self.made += 1
        kid = f"chaos-{self.made}-{random.getrandbits(40)}"
        key = {"key": "@rsa1", "kid": kid}
        return key, mint("--key", "@rsa1", "--kid", kid)[0]

    def replace(self, *keys):
        self.tenant.control("/keys/replace", keys=list(keys))


class Users:
    """Good users: each asks again and again with a token that may change."""

    def __init__(self, world, token, number=3, pause=0.01):
        self.world = world
        self.token = token
        self.pause = pause
        self.answers = []  # (began, token, status)
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(number)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def run(self):
        client = Client(self.world.nginx.port)
        while not self.ended.is_set():
            token = self.token
            began = time.monotonic()
            self.answers.append((began, token,
                                 client.request("/api", token)))
            time.sleep(self.pause)
        client.close()

    def of(self, token):
        return [(began, status) for began, t, status in list(self.answers)
                if t == token]

    def refused(self, token, bound, allowed=(503,)):
        """Answers to good tokens that the bound does not allow: any but 200
        later than BOUND seconds after the first one, any but those ALLOWED
        before."""
        mine = self.of(token)
        if not mine:
            return ["never asked"]
        first = min(began for began, _ in mine)
        return [(round(began - first, 2), status) for began, status in mine
                if status != 200
                and (began - first > bound or status not in allowed)]


def judge(count, what, users, token, bound, allowed=(503,)):
    refused = users.refused(token, bound, allowed)
    count.check(f"{what}: of {len(users.of(token))} good requests none is "
                f"refused beyond the bound of {bound} s", not refused,
                f"{len(refused)}, {refused[:5]}" if refused else "")


class Inventors(threading.Thread):
    """One invented kid every PAUSE seconds."""

    def __init__(self, world, pause):
        super().__init__()
        self.world = world
        self.pause = pause
        self.ended = threading.Event()
        self.answers = []
        self.tokens = [mint("--key", "@rsa2", "--kid",
                            f"no-{random.getrandbits(60)}")[0]
                       for _ in range(60)]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        n = 0
        while not self.ended.wait(self.pause):
            self.answers.append(self.world.ask(self.tokens[n % 60]))
            n += 1


def trickle(count, options):
    """Somebody invents kids, and the tenant rotates its keys meanwhile."""
    with World() as world:
        key, token = world.key()
        world.replace(key)
        world.start()
        count.check("trickle: keys are there",
                    wait_until(lambda: world.ask(token) == 200))
        began = time.monotonic()
        world.tenant.control("/reset")
        with Users(world, token) as users, Inventors(world, 0.3) as inventors:
            for n in range(12 if options.long else 3):
                time.sleep(random.uniform(2, 4))
                new, newer = world.key()
                world.replace(key, new)
                users.token = newer
                time.sleep(SWEEP + SLACK + 1)
                judge(count, f"trickle, rotation {n + 1}", users, newer,
                      SWEEP + SLACK)
                judge(count, "trickle, the key before", users, token,
                      SWEEP + SLACK)
                key, token = new, newer
        took = time.monotonic() - began
        fetches = world.tenant.fetches()
        count.check("trickle: fetches are bounded",
                    fetches <= 3 + took / SWEEP + 2,
                    f"{fetches} in {took:.0f} s")
        count.check("trickle: inventors are refused or put off",
                    set(inventors.answers) <= {401, 503},
                    str(set(inventors.answers)))


def outage(count, options):
    """The tenant is down when nginx starts."""
    with World() as world:
        key, token = world.key()
        world.replace(key)
        world.tenant.control("/fault", preset="unavailable")
        world.start()
        with Users(world, token, number=2, pause=0.1) as users:
            time.sleep(100 if options.long else 7)
            down = users.of(token)
            world.tenant.control("/faults/clear")
            mended = time.monotonic()
            time.sleep(SWEEP + SLACK + 0.5)
        count.check("outage: 503 while the tenant is down, nothing else",
                    {status for _, status in down} == {503})
        late = [(round(b - mended, 2), s) for b, s in users.of(token)
                if s not in (200, 503)
                or s != 200 and b > mended + SWEEP + SLACK]
        count.check("outage: five seconds and a fetch later all are let in",
                    not late and users.of(token)[-1][1] == 200, str(late[:5]))


def kills(count, options):
    """Workers are killed, while they write keys to shared memory as well."""
    with World(jwks_refresh="1s", jwks_min_interval="1s") as world:
        key, token = world.key()
        others = [world.key()[0] for _ in range(40)]
        world.replace(key, *others)
        world.start()
        count.check("kills: keys are there",
                    wait_until(lambda: world.ask(token) == 200))
        with Users(world, token) as users:
            end = time.monotonic() + (120 if options.long else 10)
            killed = 0
            while time.monotonic() < end:
                random.shuffle(others)
                world.replace(key, *others)
                time.sleep(random.uniform(0.2, 1.2))
                workers = world.nginx.children()
                if workers:
                    os.kill(random.choice(workers), signal.SIGKILL)
                    killed += 1
            time.sleep(1)
        # a connection that breaks is no answer
        wrong = [s for _, s in users.of(token) if s not in (200, 0)]
        count.check(f"kills: {killed} workers cost none of "
                    f"{len(users.answers)} good requests its answer",
                    killed and not wrong, str(wrong[:5]) if wrong else "")
        count.check("kills: the keys are refreshed all the same",
                    wait_until(lambda: world.ask(token) == 200))


def in_place(count, options):
    """A key is replaced under its kid."""
    interval = 5
    with World(jwks_min_interval=f"{interval}s") as world:
        kid = f"fixed-{random.getrandbits(40)}"
        pairs = [("@rsa1", mint("--key", "@rsa1", "--kid", kid)[0]),
                 ("@rsa2", mint("--key", "@rsa2", "--kid", kid)[0])]
        world.replace({"key": pairs[0][0], "kid": kid})
        world.start()
        count.check("in place: keys are there",
                    wait_until(lambda: world.ask(pairs[0][1]) == 200))
        for n in range(6 if options.long else 2):
            key, token = pairs[(n + 1) % 2]
            world.replace({"key": key, "kid": kid})
            with Users(world, token) as users:
                time.sleep(interval + SLACK + 1)
            judge(count, f"in place, {n + 1}", users, token, interval + SLACK,
                  (401, 503))


SCENARIOS = [trickle, outage, kills, in_place]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    options = parser.parse_args()

    count = Count()
    for scenario in SCENARIOS:
        if not options.scenarios or scenario.__name__ in options.scenarios:
            scenario(count, options)
    print(f"chaos: {count.passed} passed, {count.failed} failed")
    sys.exit(count.failed != 0)


if __name__ == "__main__":
    main()
