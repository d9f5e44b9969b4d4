"""How long one request waits at most while a set of 2,000 keys comes.

One worker and one client, which asks again and again; the key server has a new
set for each round. What a machine does besides only adds to the longest wait of
a round: the gate is for the best of them.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "load"))
sys.dont_write_bytecode = True

from live import Client, Nginx, Tenant, mint, provider, wait_until  # noqa: E402

KEYS = 2000
LIMIT_MS = 3
PAUSE = 0.0003  # seconds between two requests: a stall is seen all but so much
WINDOW = 2.5  # seconds; a refresh a second falls into it

SERVER = """\
        location = /open { empty_gif; }
        location = /api { auth_id_token tenant; empty_gif; }
"""


def first_on_the_cpu(pids):
    """Before all else that runs here, if we may; whether we may."""
    try:
        for pid in pids:
            os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        return False
    return True


class Stall:
    def __init__(self, args):
        self.rounds = max(args.pairs, 3)
        published = subprocess.run([args.mint, "jwks", "@rsa1"], check=True,
                                   stdout=subprocess.PIPE)
        self.key = json.loads(published.stdout)["keys"][0]
        self.tenant = Tenant()
        self.publish("first")
        self.nginx = Nginx(provider(
            "tenant", jwks_uri=f"{self.tenant.url}/jwks.json",
            jwks_max_size="8m", jwks_refresh="1s", jwks_min_interval="1s"),
            SERVER, workers=1)
        self.client = Client(self.nginx.port)

    def publish(self, name):
        self.tenant.control("/jwks", text=json.dumps({"keys": [
            {**self.key, "kid": f"{name}-{n}"} for n in range(KEYS)]}))

    def has_come(self, name):
        token = mint("--key", "@rsa1", "--kid", f"{name}-{KEYS - 1}")[0]
        if not wait_until(lambda: self.client.request("/api", token) == 200):
            sys.exit("bench: a set of %d keys did not come:\n%s"
                     % (KEYS, self.nginx.log()[-2000:]))

    def longest(self):
        """Milliseconds that one request of the window took at most."""
        longest = requests = 0
        end = time.perf_counter() + WINDOW
        gc.disable()
        while (began := time.perf_counter()) < end:
            if self.client.request("/open") != 200:
                sys.exit("bench: no answer")
            longest = max(longest, time.perf_counter() - began)
            requests += 1
            time.sleep(PAUSE)
        gc.enable()
        return longest * 1000, requests

    def run(self, report):
        quiet, busy, requests = [], [], 0
        self.has_come("first")
        alone = first_on_the_cpu([0, *self.nginx.children()])
        try:
            for n in range(self.rounds):
                quiet.append(self.longest()[0])
                self.publish(f"round-{n}")
                longest, some = self.longest()
                busy.append(longest)
                requests += some
                self.has_come(f"round-{n}")
        finally:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            self.nginx.stop()
            self.nginx.remove()
            self.tenant.stop()
        report.say("The longest wait of a request, of some %d a round, %d "
                   "rounds%s" % (requests // self.rounds, self.rounds,
                                 "" if alone else ", among all that runs here"))
        report.say()
        best = min(busy)
        gate = report.verdict("stall", f"<= {LIMIT_MS} ms", best <= LIMIT_MS)
        report.table(
            ["while", "least ms", "median ms", "gate"],
            [["the same set comes again", "%.2f" % min(quiet),
              "%.2f" % statistics.median(quiet), ""],
             ["a new set of 2,000 keys comes", "%.2f" % best,
              "%.2f" % statistics.median(busy), gate]])
