"""The kinds of requests of the soak test, and what each must be answered."""

import base64
import json
import random
import threading
import time

from live import mint

FAMILIES = {"r": ["@rsa1", "@rsa2"], "e": ["@ec1", "@ec2"],
            "d": ["@ed1", "@ed2"]}
TOKENS = 60  # of each family in a generation
AGING = 4  # seconds that an aging token lives
STABLE = {"key": "@rsa2", "kid": "stable"}  # published all the time
LAG = 5  # seconds that a worker's clock may be behind: it may have paused


def stable(*options):
    return mint("--key", STABLE["key"], "--kid", STABLE["kid"], *options)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Generation:
    """Keys that were published together, and tokens signed by them."""

    def __init__(self, number):
        self.number = number
        self.keys = [{"key": pair[number % 2], "kid": f"{family}{number}"}
                     for family, pair in FAMILIES.items()]
        past = '{"iat":"-60","role":"user"}'
        self.tokens = []
        for key in self.keys:
            options = ["--key", key["key"], "--kid", key["kid"]]
            self.tokens += mint(*options, "--claims", past, "--count",
                                str(TOKENS), "--sub", f"u{number}")
        self.pairs = [(t, claims(t)["sub"]) for t in self.tokens]
        # of a key that stays
        self.aging = stable("--claims", past, "--exp", f"+{AGING}",
                            "--count", "10")
        self.death = claims(self.aging[0])["exp"]
        self.withdrawn = None  # when the tenant took the keys away
        self.gone = None  # when nginx must have noticed


class Kinds:
    """What is sent now. The director changes it while the clients run."""

    def __init__(self):
        self.current = None
        self.former = []
        self.dying = []  # generations, for their aging tokens
        self.quiet = False  # no kids that nginx does not know
        self.outages = []  # [from, until or None]
        self.fixed = {
            "expired": stable("--exp", "-60", "--count", "20"),
            "wrong audience": stable("--aud", "other", "--count", "20"),
            "wrong issuer": stable("--iss", "https://other.test/"),
            "other algorithm": stable("--alg", "PS256") + stable("--alg", "RS512")
            + stable("--break", "hs256-pem") + stable("--break", "alg-none"),
            "broken": stable("--break", "sig-short")
            + stable("--break", "two-segments") + stable("--break", "padding")
            + stable("--break", "spare-bits"),
            "access token": stable("--typ", "at+jwt"),
            "garbage": ["x", "a.b.c", "....", "A" * 3000, "eyJ.eyJ.AAAA"],
        }
        self.unknown = [mint("--kid", f"unknown-{n}")[0] for n in range(40)]
        self.weights = [
            (self.good, 20), (self.who, 20), (self.cookie, 10),
            (self.form, 3), (self.forged_form, 3), (self.subrequest, 6),
            (self.rule, 4), (self.missing, 4), (self.twice, 2),
            (self.tampered, 8), (self.withdrawn, 5), (self.unknown_kid, 2),
            (self.aging, 5), (self.malformed, 2), (self.optional, 3),
            (self.bad, 25)]
        self.makers = [m for m, w in self.weights for _ in range(w)]

    def pick(self):
        return random.choice(self.makers)()

    # A request: kind, method, path, headers, what to expect. That is a status,
    # (status, body), or a function of (status, began, ended).

    def good(self):
        generation = self.current
        token, _ = random.choice(generation.pairs)
        return ("good", "GET", "/api", bearer(token), self.of(generation, 200))

    def who(self):
        generation = self.current
        token, sub = random.choice(generation.pairs)
        return ("good, with headers set", "GET", "/who",
                bearer(token) + [("X-User", "mallory")],
                self.of(generation, (200, f"{sub}||")))

    def cookie(self):
        generation = self.current
        token, sub = random.choice(generation.pairs)
        if random.random() < 0.5:
            value = f"a=1; idt={token}; b=2"
        else:
            value = f"a=1; idt.0={token[:300]}; idt.1={token[300:]}; b=2"
        return ("good, by cookie", "GET", "/cookie", [("Cookie", value)],
                self.of(generation, (200, f"{sub}||a=1; b=2")))

    def form(self):
        generation = self.current
        token, sub = random.choice(generation.pairs)
        return ("form", "POST", "/cookie",
                [("Cookie", f"idt={token}"), ("Content-Length", "0"),
                 ("Sec-Fetch-Site", "same-origin")],
                self.of(generation, (200, f"{sub}||")))

    def forged_form(self):
        token, _ = random.choice(self.current.pairs)
        return ("forged form", "POST", "/cookie",
                [("Cookie", f"idt={token}"), ("Content-Length", "0"),
                 ("Sec-Fetch-Site", "cross-site")], 403)

    def subrequest(self):
        generation = self.current
        token, _ = random.choice(generation.pairs)
        if random.random() < 0.5:
            return ("subrequest", "GET", "/sub", bearer(token),
                    self.of(generation, 200))
        token = random.choice(self.fixed["expired"])
        return ("subrequest, expired", "GET", "/sub", bearer(token), 401)

    def rule(self):
        generation = self.current
        token, _ = random.choice(generation.pairs)
        return ("rule not met", "GET", "/rule", bearer(token),
                self.of(generation, 403))

    def missing(self):
        return ("no token", "GET", "/api", [], 401)

    def optional(self):
        return ("no token, optional", "GET", "/optional",
                [("X-User", "mallory")], (200, "||"))

    def twice(self):
        generation = self.current
        token, sub = random.choice(generation.pairs)
        other, name = random.choice(generation.pairs)
        return ("two tokens", "GET", "/both",
                bearer(token) + [("Cookie", f"idt={other}")],
                self.of(generation, 200 if sub == name else 400))

    def malformed(self):
        return ("malformed", "GET", "/api",
                [("Authorization", "Bearer not a token")], 400)

    def tampered(self):
        token, _ = random.choice(self.current.pairs)
        head, payload, signature = token.split(".")
        place = random.randrange(len(signature) - 2)
        letter = "A" if signature[place] != "A" else "B"
        signature = signature[:place] + letter + signature[place + 1:]
        return ("tampered", "GET", "/api",
                bearer(f"{head}.{payload}.{signature}"), unproven)

    def bad(self):
        kind = random.choice(list(self.fixed))
        token = random.choice(self.fixed[kind])
        return (kind, "GET", random.choice(["/api", "/optional"]),
                bearer(token), unproven if kind in UNPROVEN else 401)

    def aging(self):
        generation = random.choice(self.dying[-4:])
        token = random.choice(generation.aging)

        def expected(status, began, ended):
            if ended < generation.death:
                return status == 200
            if began > generation.death + LAG:
                return status == 401
            return status in (200, 401)

        return ("aging", "GET", "/api", bearer(token), expected)

    def withdrawn(self):
        if self.quiet or not self.former:
            return self.good()
        generation = random.choice(self.former)
        token, _ = random.choice(generation.pairs)
        return ("key withdrawn", "GET", "/api", bearer(token),
                self.not_found(generation))

    def unknown_kid(self):
        if self.quiet:
            return self.good()
        return ("unknown kid", "GET", "/api",
                bearer(random.choice(self.unknown)), self.not_found(None))

    def out(self, began, ended):
        return any(begin <= ended and (end is None or began <= end)
                   for begin, end in self.outages)

    def of(self, generation, answer):
        """The answer as long as the keys are published; then that of an
        unknown key will do as well: whoever holds a token for long meets a
        rotation."""
        wanted = answer if isinstance(answer, tuple) else (answer, None)

        def expected(status, began, ended):
            if generation.withdrawn and ended > generation.withdrawn:
                return status in (wanted[0], 401) or (
                    status == 503 and self.out(began, ended))
            return status == wanted[0]

        expected.body = wanted
        return expected

    def not_found(self, generation):
        """401 or 503, 200 while the key is known."""
        def expected(status, began, ended):
            allowed = {401, 503}
            if generation and (generation.gone is None
                               or began < generation.gone):
                allowed.add(200)
            return status in allowed
        return expected


# Fixed tokens whose key may have been replaced in place, for all that can be
# told.
UNPROVEN = {"other algorithm", "broken"}


def unproven(status, began, ended):
    """Refused; or not judged yet, since others asked for a fetch just before."""
    return status in (401, 503)


def bearer(token):
    return [("Authorization", f"Bearer {token}")]


class Score:
    """Answers by kind and status, and the wrong ones."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answers = {}
        self.wrong = []
        self.lost = []  # when the connections were made
        self.requests = 0

    def add(self, request, status, body, began):
        kind, _, path, _, expected = request
        ended = time.time()
        if callable(expected):
            right = expected(status, began, ended)
            want, text = getattr(expected, "body", (None, None))
            if right and status == want and text is not None:
                right = body == text
        elif isinstance(expected, tuple):
            right = (status, body) == expected
        else:
            right = status == expected
        with self.lock:
            self.requests += 1
            row = self.answers.setdefault(kind, {})
            row[status] = row.get(status, 0) + 1
            if not right:
                self.wrong.append((round(began, 2), kind, path, status,
                                   body[:60] if body else ""))
