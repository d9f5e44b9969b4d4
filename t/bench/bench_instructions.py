"""Instructions a request, by callgrind of a single-process nginx: no noise of
the machine hides in them."""

import glob
import os
import re
import shutil
import subprocess

from bench_load import Target
from bench_nginx import LARGE_HEADERS, Nginx, assertion

REQUESTS = 400
WITHIN = 0.01


class Counted:
    """An nginx under callgrind."""

    def __init__(self, args, layout, name, **options):
        self.args = args
        name = "counted-" + name
        folder = os.path.join(layout.folder, name)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        self.out = os.path.join(folder, "callgrind")
        self.nginx = Nginx(layout, name, wrap=[
            "valgrind", "-q", "--tool=callgrind",
            "--callgrind-out-file=" + self.out], **options)

    def __enter__(self):
        self.nginx.start()
        return self

    def __exit__(self, *_):
        self.nginx.stop()

    def dump(self):
        """Instructions since the last dump."""
        subprocess.run(["callgrind_control", "-d",
                        str(self.nginx.process.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        newest = max(glob.glob(self.out + ".*"),
                     key=lambda path: int(path.rsplit(".", 1)[1]))
        with open(newest, encoding="utf-8", errors="replace") as f:
            return int(re.findall(r"^totals: (\d+)", f.read(), re.M)[-1])

    def count(self, path="/file.txt", tokens=None, warm=100, **options):
        """N requests and 2N, differenced: connections do not count."""
        target = Target(self.nginx, path, tokens, **options)
        target.send(self.args, requests=warm, connections=1)
        self.dump()
        counts = []
        for times in (1, 2):
            target.send(self.args, requests=times * REQUESTS, connections=1)
            counts.append(self.dump())
        return (counts[1] - counts[0]) / REQUESTS


class Instructions:
    """All counts and their gates."""

    def __init__(self, args, tokens, layout, report):
        self.args = args
        self.tokens = tokens
        self.layout = layout
        self.report = report
        self.rows = []

    def counted(self, name, **options):
        return Counted(self.args, self.layout, name, **options)

    def row(self, name, count, base=None, limit=None, text=None):
        gate = ""
        if limit is not None:
            gate = self.report.verdict(
                name + " (instructions)",
                text or "<= %s more" % format(limit, ",.0f"),
                count - base <= limit)
        self.rows.append([name, format(count, ",.0f"),
                          "" if base is None else "%+d" % (count - base),
                          gate])

    def same(self, name, count, other):
        gate = self.report.verdict(
            name + " (instructions)", "<= 1 % more",
            count / other - 1 <= WITHIN)
        self.rows.append([name, format(count, ",.0f"),
                          "%+.2f %%" % (100 * (count / other - 1)), gate])

    def run(self):
        t = self.tokens
        one, list_ = t.good(1), t.good(2000)
        with self.counted("backend", module=False,
                          port=self.layout.backend):
            with self.counted("bare", module=False) as bare:
                file = bare.count(tokens=one)
                off = bare.count("/off/file.txt", one)
                dir_ = bare.count("/dir/", one)
                proxy = bare.count("/proxy/file.txt", one)
                cookie = bare.count("/cookie/file.txt", one, cookie=True)
                no = bare.count("/401", one, status=401)
            self.row("bare nginx", file)
            with self.counted("idle", idle=True) as idle:
                self.row("module loaded, no provider",
                         idle.count(tokens=one), file, 200)
            with self.counted("main") as main:
                self.row("off", main.count("/off/file.txt", one), off, 200)
                rotation = main.count(tokens=list_, warm=2000)
                repeated = main.count(tokens=one)
                self.row("repeated token", repeated, file, 3000)
                self.row("2,000 in rotation", rotation, file, 3000)
                self.row("cookie source, repeated token",
                         main.count("/cookie/file.txt", one, cookie=True),
                         cookie, 3000)
                self.row("three claims to the upstream, repeated token",
                         main.count("/proxy/file.txt", one), proxy, 3000)
                self.row("index redirect, repeated token (two passes)",
                         main.count("/dir/", one), dir_, 4000)
                forged = self.refused(main, list_, no)
                self.same("an invalid one after each good one",
                          main.count(tokens=t.mixed(
                              list_, t.forged(list_)), part=0.5),
                          (rotation + forged) / 2)
            self.payloads(one, list_)
        self.first_seen(list_, file, dir_)
        self.sizes(repeated, rotation, file)
        self.report.table(["instructions a request (user space)", "",
                           "more than bare", "gate"], self.rows)

    def refused(self, main, good, base):
        t = self.tokens
        forged = main.count(tokens=t.forged(good), status=401)
        self.row("invalid signature", forged, base)
        for name, tokens in (
                ("garbage", t.garbage(good)),
                ("wrong alg", t.other_alg(200)),
                ("unknown kid", t.unknown_kid(200)),
                ("wrong signature length", t.short(good))):
            count = main.count(tokens=tokens, status=401)
            self.row(name, count, base, (forged - base) / 4,
                     "<= 1/4 of a signature")
        return forged

    def first_seen(self, list_, file, dir_):
        with self.counted("off", cache="off") as off:
            plain = off.count(tokens=list_)
            self.row("signature each time (cache off)", plain, file)
            self.row("index redirect, cache off",
                     off.count("/dir/", list_), dir_, 1.05 * (plain - file),
                     "one verification")
        with self.counted("new", cache="1m") as new:
            self.first = new.count(tokens=list_)
            self.row("every token new, 0.9 KB payload", self.first, file,
                     380000)
            self.row("index redirect, every token new",
                     new.count("/dir/", list_), dir_,
                     1.05 * (self.first - file), "one verification")

    def payloads(self, one, list_):
        """Large payloads, and what is made of a payload for the upstream."""
        large = self.tokens.large(200)
        with self.counted("bare-large", module=False,
                          http=LARGE_HEADERS) as bare:
            base = bare.count(tokens=large)
        with self.counted("large", cache="1m", http=LARGE_HEADERS) as new:
            self.row("every token new, 16 KB payload",
                     new.count(tokens=large), base, 1400000)
        with self.counted("bare-sent", module=False, sent="text") as bare:
            base = bare.count("/proxy/file.txt", one)
        with self.counted("claims", sent="$id_token_claims") as main:
            self.row("$id_token_claims to the upstream, repeated token",
                     main.count("/proxy/file.txt", one), base, 12000)
        for key, limit in (("@ec1", 650000), ("@rsa1", None)):
            self.assertion(key, limit, one, list_, base)

    def assertion(self, key, limit, one, list_, base):
        """The key: that of the gateway."""
        alg = "ES256" if key == "@ec1" else "RS256"
        with self.counted("assertion-" + alg, cache="1m",
                          sent="$id_token_assertion_inner",
                          http=assertion(self.layout, key)) as main:
            self.row("every token new, and an %s assertion minted" % alg,
                     main.count("/proxy/file.txt", list_), base, limit)
            self.row("%s assertion remembered, repeated token" % alg,
                     main.count("/proxy/file.txt", one), base, 6000)

    def sizes(self, repeated, rotation, file):
        with self.counted("keys", keys=1000) as keys:
            # The free lists of a new heap are good for +-300 instructions.
            keys.count(tokens=self.tokens.good(2000), warm=2000)
            self.same("1,000 keys, repeated token",
                      keys.count(tokens=self.tokens.good(1)), repeated)
        with self.counted("keys-new", keys=1000, cache="1m") as keys:
            self.same("1,000 keys, every token new",
                      keys.count(tokens=self.tokens.good(2000)), self.first)
        hosts = self.tokens.hosts(self.tokens.good(2000), 1000)
        with self.counted("many-bare", servers=1000, module=False) as many:
            bare = many.count(tokens=hosts, warm=2000)
        with self.counted("many", servers=1000, providers=1000) as many:
            count = many.count(tokens=hosts, warm=2000)
        self.row("bare nginx, 1,000 servers", bare)
        self.same("1,000 servers and providers, 2,000 in rotation", count,
                  rotation - file + bare)
