#!/usr/bin/env python3
"""Keys under trouble: good users are counted, and none may be refused beyond
the bounds that the README states.

One scenario is one function of (count, options); SCENARIOS lists them. Each has
a tenant and an nginx of its own, and good users that never stop asking.

usage: chaos.py [--long] [SCENARIO...]
"""

import argparse
import atexit
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

from chaos_world import SLACK, SWEEP, Inventors, Users, World, judge
from live import ROOT, mint, wait_until
from rotation import Count


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


class Torn:
    """The block that tornwrite.c looks at, and the library made of it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="id-token-torn-")
        os.chmod(self.folder.name, 0o755)
        path = os.path.join(self.folder.name, "torn")
        library = f"{path}.so"
        subprocess.run(
            [os.environ.get("CC", "gcc"), "-O2", "-Wall", "-Wextra", "-Werror",
             "-fno-builtin", "-shared", "-fPIC", "-o", library,
             os.path.join(ROOT, "t", "faults", "tornwrite.c"), "-ldl"],
            check=True)
        with open(path, "wb+") as file:
            file.write(bytes(mmap.PAGESIZE))
            file.flush()
            self.block = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        os.chmod(path, 0o666)
        self.environment = {"LD_PRELOAD": library, "TORN_FILE": path}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.block.close()
        self.folder.cleanup()

    def arm(self, thousandths):
        self.block[:4] = struct.pack("i", thousandths + 1)

    def killed(self):
        return struct.unpack_from("i", self.block, 4)[0]


def torn(count, options):
    """Workers are killed at the very instruction that writes a key set to
    shared memory: at its start, inside, behind its last byte."""
    with Torn() as control, World(jwks_refresh="1s",
                                  jwks_min_interval="1s") as world:
        key, token = world.key()
        others = [world.key()[0] for _ in range(40)]
        world.replace(key, *others)
        world.start(**control.environment)
        count.check("torn: keys are there",
                    wait_until(lambda: world.ask(token) == 200))
        places = [0, 1, 500, 999, 1000] * (8 if options.long else 1)
        with Users(world, token) as old, Users(world, token) as users:
            for n, place in enumerate(places):
                new, newer = world.key()
                random.shuffle(others)
                control.arm(place)
                # half of this set and half of the one before lack the key
                world.replace(*([key, *others, new] if n % 2 else
                                [*others, new, key]))
                count.check(f"torn: a worker dies after {place} thousandths",
                            wait_until(lambda n=n: control.killed() > n))
                users.until_let_in(newer, SWEEP + SLACK)
                judge(count, "torn, the key of the torn set", users, newer,
                      SWEEP + SLACK)
        judge(count, f"torn: {len(places)} deaths", old, token, 0)


def dead_addresses(count, options):
    """The key server has many addresses; most are dead, and which one lives
    changes while keys rotate."""
    with World(jwks_timeout="5s") as world:
        hole, deaf, *alive = (world.tenant.ready[name] for name in (
            "black_hole_host", "refusing_host", "second_host"))
        alive.append("127.0.0.1")
        world.settings["jwks_uri"] = world.named("keys.test")
        dead = [hole] * 6 + [deaf] * 2
        world.dns("keys.test", *dead, alive[0])
        key, token = world.key()
        world.replace(key)
        world.start(f"resolver 127.0.0.1:{world.tenant.ready['dns']};")
        count.check("dead addresses: keys are there in one attempt",
                    wait_until(lambda: world.ask(token) == 200, 5 + SLACK))
        with Users(world, token) as users:
            for n in range(12 if options.long else 2):
                addresses = dead + [alive[(n + 1) % 2]]
                random.shuffle(addresses)
                world.dns("keys.test", *addresses)
                new, newer = world.key()
                world.replace(key, new)
                users.until_let_in(newer, SWEEP + SLACK)
                judge(count, f"dead addresses, rotation {n + 1}", users, newer,
                      SWEEP + SLACK)
                judge(count, "dead addresses, the key before", users, token, 0)
                key, token = new, newer
        count.check("dead addresses: no attempt failed",
                    "no keys from" not in world.nginx.log())


def apart(dns_host):
    """What runs nginx with a resolv.conf of its own; None where it cannot."""
    folder = tempfile.mkdtemp(prefix="id-token-resolv-")
    atexit.register(shutil.rmtree, folder)
    path = os.path.join(folder, "resolv.conf")
    with open(path, "w") as file:
        file.write("search ns.svc.test svc.test\noptions ndots:2\n"
                   f"nameserver {dns_host}\n")
    os.chmod(folder, 0o755)
    command = ["unshare", "--mount", "sh", "-c",
               'mount --bind "$0" /etc/resolv.conf && exec "$@"', path]
    try:
        works = subprocess.run([*command, "true"], check=False,
                               stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        works = False
    return command if works else None


def moving_names(count, options):
    """A name of a cluster, completed by resolv.conf, that is not there at the
    start and moves afterwards, while keys rotate."""
    dns_host = f"127.2.{os.getpid() // 250 % 250}.{1 + os.getpid() % 250}"
    command = apart(dns_host)
    if command is None:
        print("skipped: moving names: no mount namespace can be had here")
        return
    with World("--dns-address", f"{dns_host}:53") as world:
        world.settings["jwks_uri"] = world.named("keycloak")
        homes = [("127.0.0.1", "http"),
                 (world.tenant.ready["second_host"], "http-second")]
        name = "keycloak.svc.test"
        world.tenant.control("/dns", **{"*": {"mode": "nxdomain"}})
        key, token = world.key()
        world.replace(key)
        world.start(command=command)
        count.check("moving names: 503 before the service is there",
                    world.ask(token) == 503)
        with Users(world, token) as users:
            for n in range(12 if options.long else 2):
                (host, up), (_, down) = homes[n % 2], homes[(n + 1) % 2]
                world.tenant.control("/listener", listener=up, up=True)
                world.tenant.control("/listener", listener=down, up=False)
                world.dns(name, host)
                if n != 0:
                    new, token = world.key()
                    world.replace(key, new)
                    key = new
                came = time.monotonic()
                users.until_let_in(token, SWEEP + SLACK)
                late = [(round(b - came, 2), s) for b, s in users.of(token)
                        if s != 200 and (s != 503
                                         or b > came + SWEEP + SLACK)]
                count.check(f"moving names, home {n + 1}: of "
                            f"{len(users.of(token))} good requests none is "
                            f"refused beyond the bound of {SWEEP + SLACK} s",
                            users.of(token)[-1][1] == 200 and not late,
                            str(late[:5]) if late else "")


SCENARIOS = [trickle, outage, kills, torn, in_place, dead_addresses,
             moving_names]


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
