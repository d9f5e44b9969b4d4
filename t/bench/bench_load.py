"""The load generators, and what a run of one cost the server."""

import json
import re
import subprocess
import sys


class Target:
    """What is asked of an nginx, and the answers that are due."""

    def __init__(self, nginx, path="/file.txt", tokens=None, cookie=False,
                 status=200, part=1.0):
        self.nginx = nginx
        self.path = path
        self.tokens = tokens
        self.field = "Cookie: id_token=" if cookie else \
            "Authorization: Bearer "
        self.status = str(status)
        self.part = part  # of the answers, which have this status
        self.start = 0

    def of(self, nginx, path=None, status=200):
        """The same requests to another nginx."""
        other = Target(nginx, path or self.path, self.tokens, status=status)
        other.field = self.field
        return other

    def send(self, args, **how):
        command = [args.load, "--port", str(self.nginx.port),
                   "--path", self.path, "--host", "s0.test",
                   "--start", str(self.start), "--field", self.field,
                   "--tokens", self.tokens]
        for name, value in how.items():
            command += ["--" + name, str(value)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit("bench: %s %s" % (self.nginx.name, self.path))
        answer = json.loads(done.stdout)
        self.start = answer["next"]
        self.check(answer)
        return answer["requests"]

    def check(self, answer):
        """The ends of a mixed list may leave a few more of one kind."""
        due = answer["requests"] * self.part
        slack = 0 if self.part == 1 else 2
        if abs(answer["status"].get(self.status, 0) - due) > slack:
            sys.exit("bench: %s %s: not the answers that are due: %s"
                     % (self.nginx.name, self.path, answer["status"]))

    def measure(self, args):
        """Microseconds of the worker's CPU time for a request."""
        before = self.nginx.cpu_ns()
        requests = self.send(args, seconds=args.seconds, cpu=args.cpu)
        return (self.nginx.cpu_ns() - before) / requests / 1000


class Wrk(Target):
    """The first token of the list, sent by wrk."""

    def send(self, args, **how):
        with open(self.tokens, encoding="ascii") as f:
            token = f.readline().strip()
        out = subprocess.run(
            ["taskset", "-c", str(args.cpu), "wrk", "-t1", "-c16",
             "-d%ds" % max(1, round(args.seconds)), "-H", self.field + token,
             "http://127.0.0.1:%d%s" % (self.nginx.port, self.path)],
            check=True, stdout=subprocess.PIPE, text=True).stdout
        if "Non-2xx" in out:
            sys.exit("bench: wrk: not the answers that are due")
        return int(re.search(r"(\d+) requests in", out).group(1))

    def of(self, nginx, path=None, status=200):
        return Wrk(nginx, path or self.path, self.tokens)
