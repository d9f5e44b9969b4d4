"""The scenarios that are measured in CPU time."""

import random
import shutil

from bench_gates import Result, added_gate, ratio_gate
from bench_load import Target, Wrk
from bench_nginx import LARGE_HEADERS, Nginx, assertion


class Scenarios:
    """The nginxes, all up at once, and the list of what is asked of them."""

    def __init__(self, args, tokens, layout, unit_us):
        self.args = args
        self.tokens = tokens
        self.layout = layout
        self.unit_us = unit_us
        self.results = []
        self.servers = []
        self.server("backend", module=False, port=layout.backend)
        self.bare = self.server("bare", module=False)
        self.main = self.server("main")
        self.new = self.server("new", cache="1m")
        self.off = self.server("off", cache="off")
        self.log = self.server("log", cache="1m", level="info")
        self.list()

    def server(self, name, **options):
        nginx = Nginx(self.layout, name, **options)
        self.servers.append(nginx)
        return nginx

    def add(self, name, target, base=None, gate=None, bare=None):
        """`base`: the path at the bare nginx, if it is another one."""
        status = 401 if base == "/401" else 200
        result = Result(name, target,
                        target.of(bare or self.bare, base, status))
        result.gate = gate
        self.results.append(result)
        return result

    def list(self):
        self.known()
        self.first = self.first_seen()
        self.refused()
        self.places()
        self.payloads()
        self.sizes()

    def known(self):
        one = self.tokens.good(1)
        again = self.server("bare-again", module=False)
        big = self.server("big", cache="128m")
        self.add("A/A: bare nginx again", Target(again, tokens=one))
        self.add("off (module loaded, not used)",
                 Target(self.main, "/off/file.txt", tokens=one))
        self.add("repeated token", Target(self.main, tokens=one),
                 gate=ratio_gate(1.05))
        if shutil.which("wrk"):
            self.add("repeated token, load by wrk",
                     Wrk(self.main, tokens=one))
        self.add("2,000 in rotation",
                 Target(self.main, tokens=self.tokens.good(2000)),
                 gate=ratio_gate(1.10))
        self.add("%s in rotation, id_token_cache 128m"
                 % format(self.args.many, ","),
                 Target(big, tokens=self.tokens.good(self.args.many)),
                 gate=ratio_gate(1.15))

    def first_seen(self):
        """Four times as many as the cache holds: none is ever found."""
        first = None
        for alg in ("RS256", "PS256", "ES256", "EdDSA"):
            result = self.add(
                "every token new, " + alg.replace("EdDSA", "Ed25519"),
                Target(self.new, tokens=self.tokens.good(2000, alg)))
            first = first or result
        first.gate = added_gate(lambda: 1.1 * self.unit_us, "1.1 V")
        self.add("repeated token, id_token_cache off",
                 Target(self.off, tokens=self.tokens.good(1)))
        self.add("cache overflowing: 8,000 in rotation, 8m",
                 Target(self.server("overflow"),
                        tokens=self.tokens.good(8000)))
        return first

    def refused(self):
        t = self.tokens
        good = t.good(2000)
        forged = t.forged(good)
        as_first = added_gate(lambda: 1.15 * self.first.added(),
                              "1.15 first-seen")
        cheap = added_gate(lambda: 0.25 * self.unit_us, "0.25 V")

        def refusal(name, nginx, tokens, gate):
            self.add(name, Target(nginx, tokens=tokens, status=401),
                     base="/401", gate=gate)

        refusal("invalid signature", self.main, forged, as_first)
        refusal("invalid signature, logged", self.log, forged, as_first)
        refusal("garbage", self.main, t.garbage(good), cheap)
        refusal("garbage, logged", self.log, t.garbage(good), as_first)
        refusal("wrong alg", self.main, t.other_alg(200), cheap)
        refusal("unknown kid, no fetch allowed", self.main,
                t.unknown_kid(200), cheap)
        refusal("wrong signature length", self.main, t.short(good), cheap)
        refusal("expired", self.main, t.expired(200), as_first)
        self.add("2,000 in rotation, an invalid one after each",
                 Target(self.main, tokens=t.mixed(good, forged), part=0.5))

    def places(self):
        one = self.tokens.good(1)
        new = self.tokens.good(2000)
        self.add("cookie source, repeated token",
                 Target(self.main, "/cookie/file.txt", tokens=one,
                        cookie=True))
        self.add("three claims to the upstream, repeated token",
                 Target(self.main, "/proxy/file.txt", tokens=one))
        self.add("index redirect, repeated token",
                 Target(self.main, "/dir/", tokens=one))
        self.add("index redirect, every token new",
                 Target(self.new, "/dir/", tokens=new),
                 gate=added_gate(lambda: 1.25 * self.first.added(),
                                 "1.25 first-seen"))
        self.add("index redirect, id_token_cache off",
                 Target(self.off, "/dir/", tokens=new),
                 gate=added_gate(lambda: 1.25 * self.first.added(),
                                 "1.25 first-seen"))

    def payloads(self):
        """Large payloads, and what is made of a payload for the upstream."""
        one = self.tokens.good(1)
        bare = self.server("bare-large", module=False, http=LARGE_HEADERS)
        new = self.server("large", cache="1m", http=LARGE_HEADERS)
        self.add("every token new, 16 KB payload",
                 Target(new, tokens=self.tokens.large(200)), bare=bare,
                 gate=added_gate(lambda: 2.5 * self.unit_us, "2.5 V"))

        bare = self.server("bare-sent", module=False, sent="text")
        claims = self.server("claims", sent="$id_token_claims")
        self.add("$id_token_claims to the upstream, repeated token",
                 Target(claims, "/proxy/file.txt", tokens=one), bare=bare,
                 gate=ratio_gate(1.05))
        for key, alg in (("@ec1", "ES256"), ("@rsa1", "RS256")):
            minting = self.server("assertion-" + alg, cache="1m",
                                  sent="$id_token_assertion_inner",
                                  http=assertion(self.layout, key))
            self.add("%s assertion remembered, repeated token" % alg,
                     Target(minting, "/proxy/file.txt", tokens=one),
                     bare=bare)
            self.add("every token new, and an %s assertion minted" % alg,
                     Target(minting, "/proxy/file.txt",
                            tokens=self.tokens.good(2000)), bare=bare)

    def sizes(self):
        one = self.tokens.good(1)
        keys = self.server("keys", keys=1000)
        keys_new = self.server("keys-new", keys=1000, cache="1m")
        many = self.server("many", servers=1000, providers=1000)
        bare = self.server("bare-many", module=False, servers=1000)
        hosts = self.tokens.hosts(self.tokens.good(2000), 1000)
        self.add("1,000 keys, repeated token", Target(keys, tokens=one))
        self.add("1,000 keys, every token new",
                 Target(keys_new, tokens=self.tokens.good(2000)))
        self.add("1,000 servers and providers, 2,000 in rotation",
                 Target(many, tokens=hosts), bare=bare)

    def run(self, report):
        for nginx in self.servers:
            nginx.start()
        try:
            for result in self.results:
                warm = sum(1 for _ in open(result.target.tokens, "rb"))
                result.target.send(self.args, requests=max(warm, 100),
                                   cpu=self.args.cpu)
            for _ in range(self.args.pairs):
                # no scenario always has the same neighbour
                for result in random.sample(self.results, len(self.results)):
                    result.measure(self.args)
            report.results(self.results, self.unit_us)
            self.memory(report)
        finally:
            for nginx in self.servers:
                nginx.stop()

    def memory(self, report):
        known = {"bare": "bare nginx",
                 "bare-many": "bare nginx, 1,000 servers",
                 "main": "id_token_cache 8m, 2,000 tokens and more",
                 "overflow": "id_token_cache 8m, overflowing",
                 "big": "id_token_cache 128m, %s tokens"
                        % format(self.args.many, ","),
                 "off": "id_token_cache off",
                 "keys": "1,000 keys", "many": "1,000 servers and providers"}
        report.table(["memory of a worker, not counting files", "MB"],
                     [[known[n.name], "%.1f" % n.memory()]
                      for n in self.servers if n.name in known])
