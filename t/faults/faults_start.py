"""Failing allocations while a configuration is read: nginx -t, the start of a
worker, a reload."""

import collections
import os
import re
import subprocess

from faults_base import plans, spread
from live import NGINX, Client, mint, wait_until


class Configurations:
    """nginx -t, counted from the load of the module on."""

    def __init__(self, control, preload, result):
        self.control = control
        self.result = result
        self.environment = {**os.environ, "LD_PRELOAD": preload,
                            "FAILALLOC": control.path}

    def test(self, nginx, first, last):
        self.control.arm(2, first, last)
        done = subprocess.run(
            [NGINX, "-t", "-p", nginx.dir, "-c", f"{nginx.dir}/nginx.conf",
             "-e", f"{nginx.dir}/error.log"],
            env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=60)
        calls, failed = self.control.disarm()
        return done.returncode, done.stdout.decode(), calls, failed

    def run(self, nginx, what, points):
        """POINTS of the allocations; None: of all, one after the other."""
        code, text, calls, _ = self.test(nginx, 0, 0)
        if code != 0:
            self.result.check("the configuration is good", False, text)
            return
        wrong = []
        tally = collections.Counter()
        for first, last in (plans(calls, points) if points
                            else ((n, n) for n in range(1, calls + 1))):
            code, text, _, failed = self.test(nginx, first, last)
            if not failed:
                tally["not reached"] += 1
            elif code == 0:
                tally["loaded all the same"] += 1
            elif code == 1 and re.search(r"\[(emerg|crit|alert)\]", text):
                tally["refused"] += 1
            elif code == 127 and "thread-local data" in text:
                tally["given up by the dynamic linker"] += 1
            else:
                wrong.append((first, last, code, text[-300:]))
        self.result.check(
            f"{what}: {calls} allocations", not wrong,
            wrong[:3] if wrong else
            ", ".join(f"{n} {what}" for what, n in tally.items()))


def starts(control, make, points, result):
    """A worker's start: the first key fetch, the state on disk."""
    control.arm(3, 0, 0)
    nginx = make()
    token = mint("--key", "@ec1", "--kid", "ec1", "--claims",
                 '{"iat":"-5"}')[0]

    def serves(path):
        return Client(nginx.port).request(path, token) == 200

    wait_until(lambda: serves("/p0"))
    calls = control.disarm()[0]
    nginx.stop()
    nginx.remove()
    wrong = []
    tally = collections.Counter()
    for n in spread(calls, points):
        control.arm(3, n, n)
        try:
            nginx = make()
        except RuntimeError:
            log = "did not listen"
            tally["refused to start"] += 1
            control.disarm()
            continue
        good = wait_until(lambda: serves("/p0") and serves("/t0"), 10)
        failed = control.disarm()[1]
        log = nginx.log()
        if "exited on signal" in log:
            wrong.append((n, "the worker died"))
        elif good:
            tally["serves" + ("" if failed else ", not reached")] += 1
        elif "fatal code" in log or "[emerg]" in log or "[alert]" in log:
            tally["ended with a message"] += 1
        else:
            wrong.append((n, "does not serve", log[-300:]))
        nginx.stop()
        nginx.remove()
    result.check(f"start of a worker: {calls} allocations", not wrong,
                 wrong[:3] if wrong else
                 ", ".join(f"{c} {what}" for what, c in tally.items()))


def reloads(control, nginx, points, result):
    """The master reads the configuration again, or keeps the former one."""
    master = nginx.process.pid
    token = mint("--key", "@ec1", "--claims",
                 '{"iat":"-5","auth_time":"-10"}')[0]

    def reload(first, last):
        """Whether there are new workers; None if nothing happened."""
        old = set(nginx.children())
        size = os.path.getsize(f"{nginx.dir}/error.log")
        control.arm(1, first, last, master)
        nginx.reload()
        text = ""

        def over():
            nonlocal text
            with open(f"{nginx.dir}/error.log", errors="replace") as f:
                f.seek(size)
                text = f.read()
            return ("[emerg]" in text or "[alert]" in text
                    or nginx.process.poll() is not None
                    or (set(nginx.children()) - old
                        and not set(nginx.children()) & old))

        done = wait_until(over, 10)
        calls, failed = control.disarm()
        return done, "[emerg]" in text or "[alert]" in text, calls, failed

    done, complaint, calls, _ = reload(0, 0)
    wrong = []
    tally = collections.Counter()
    if not done or complaint:
        wrong.append("without a fault")
    for first, last in plans(calls, points):
        done, complaint, _, failed = reload(first, last)
        if nginx.process.poll() is not None:
            wrong.append((first, last, "the master died"))
            break
        tally["refused" if complaint else "new workers" if done
              else "nothing happened"] += failed > 0
        if not wait_until(lambda: Client(nginx.port).request("/api", token)
                          == 200, 5):
            wrong.append((first, last, "does not serve"))
    result.check(f"reload: {calls} allocations", not wrong, wrong[:3] if wrong
                 else ", ".join(f"{n} {what}" for what, n in tally.items()))
