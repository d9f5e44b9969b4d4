"""What the test tenant publishes, which faults are set, what it has seen."""

import json
import os
import subprocess
import threading
import time

KEPT_EVENTS = 20000


class ControlError(Exception):
    """A control request that makes no sense; answered with 400."""


class Minter:
    """The mint program; every key and token comes from it."""

    def __init__(self, program, vectors):
        self.program = program
        self.vectors = vectors

    def run(self, *args):
        argv = [self.program, *args, "--vectors", self.vectors]
        done = subprocess.run(argv, capture_output=True, text=True)
        if done.returncode != 0:
            raise ControlError(done.stderr.strip() or "mint failed")
        return done.stdout.strip()


class Keys:
    """One key set: published keys, of which one signs.

    A key is {"key": file or @NAME, "kid": ..., "alg": ..., "jwk": {...}}.
    """

    def __init__(self, mint, directory):
        self.mint = mint
        self.directory = directory
        self.keys = []
        self.signer = None
        self.literal = None
        self.made = 0

    def make(self, spec):
        if isinstance(spec, str):
            spec = {"key": spec}
        alg = spec.get("alg")
        key = spec.get("key")
        if key is None:
            self.made += 1
            kid = spec.get("kid") or f"key-{self.made}"
            key = os.path.join(self.directory,
                               f"{id(self)}-{self.made}.jwk")
            self.mint.run("key", "--alg", alg or "RS256", "--kid", kid,
                          "--out", key)
        jwk = json.loads(self.mint.run("jwks", key))["keys"][0]
        for name in ("kid", "alg", "use"):
            if name in spec and spec[name] is None:
                jwk.pop(name, None)
            elif spec.get(name):
                jwk[name] = spec[name]
        jwk.update(spec.get("members", {}))
        return {"key": key, "kid": jwk.get("kid"), "alg": alg or
                jwk.get("alg"), "jwk": jwk}

    def add(self, spec):
        key = self.make(spec)
        self.keys.append(key)
        self.literal = None
        if self.signer is None or spec_flag(spec, "promote"):
            self.signer = key
        return key["kid"]

    def find(self, kid):
        for key in self.keys:
            if key["kid"] == kid:
                return key
        raise ControlError(f"no key {kid!r} in the set")

    def promote(self, kid):
        self.signer = self.find(kid)

    def retire(self, kid):
        self.keys.remove(self.find(kid))
        self.literal = None

    def replace(self, specs):
        fresh = [self.make(spec) for spec in specs]
        self.keys, self.literal = fresh, None
        self.signer = fresh[0] if fresh else None

    def document(self):
        if self.literal is not None:
            return self.literal
        keys = [key["jwk"] for key in self.keys]
        return json.dumps({"keys": keys}).encode()


def spec_flag(spec, name):
    return isinstance(spec, dict) and bool(spec.get(name))


class Counters:
    """Facts about what arrived; times are seconds since 1970."""

    def __init__(self):
        self.lock = threading.Lock()
        self.active = 0
        self.reset()

    def reset(self):
        with self.lock:
            self.since = time.time()
            self.max_active = self.active
            self.connections = {}
            self.handshakes = 0
            self.tls_errors = []
            self.requests = []
            self.total = {"jwks": 0, "discovery": 0, "other": 0}
            self.paths = {}
            self.client_closed = 0
            self.dns = []
            self.proxy = []

    def enter(self, listener):
        with self.lock:
            self.connections[listener] = self.connections.get(listener, 0) + 1
            self.active += 1
            self.max_active = max(self.max_active, self.active)

    def leave(self):
        with self.lock:
            self.active -= 1

    def bump(self, name, by=1):
        with self.lock:
            setattr(self, name, getattr(self, name) + by)

    def note(self, name, event):
        with self.lock:
            events = getattr(self, name)
            if len(events) < KEPT_EVENTS:
                events.append(event)

    def request(self, kind, event):
        with self.lock:
            self.total[kind] += 1
            times = self.paths.setdefault(event["path"], [])
            if len(times) < KEPT_EVENTS:
                times.append(event["time"])
            if len(self.requests) < KEPT_EVENTS:
                self.requests.append(event)

    def report(self):
        with self.lock:
            leaks = [r for r in self.requests if r["leaked"]]
            paths = {path: {"count": len(times), "times": times}
                     for path, times in self.paths.items()}
            return {
                "since": self.since, "now": time.time(), **self.total,
                "paths": paths, "active": self.active,
                "max_active": self.max_active,
                "connections": dict(self.connections),
                "handshakes": self.handshakes,
                "tls_errors": list(self.tls_errors),
                "client_closed": self.client_closed,
                "leaks": leaks, "last": self.requests[-1:],
                "dns": {"queries": len(self.dns), "log": self.dns[-100:]},
                "proxy": {"requests": len(self.proxy),
                          "log": self.proxy[-100:]},
            }


class State:
    def __init__(self, mint, directory):
        self.lock = threading.RLock()
        self.mint = mint
        self.directory = directory
        self.counters = Counters()
        self.sets = {"": Keys(mint, directory)}
        self.faults = []
        self.gate = threading.Event()
        self.issuer = None
        self.discovery = {}
        self.headers = {}
        self.names = {}
        self.proxy = {"mode": "allow"}

    def keys(self, name="", create=False):
        """The key set NAME; an unknown name shares the main set."""
        if name not in self.sets and create:
            self.sets[name] = Keys(self.mint, self.directory)
        return self.sets.get(name, self.sets[""])

    def take_fault(self, listener, kind, path, stages):
        """The first fault that fits, used up by one if it counts uses."""
        with self.lock:
            for fault in self.faults:
                if fault_fits(fault, listener, kind, path, stages):
                    if "times" in fault:
                        fault["times"] -= 1
                        if fault["times"] <= 0:
                            self.faults.remove(fault)
                    return fault
        return None

    def token(self, options):
        """A token as mint makes it; the published signer signs."""
        keys = self.keys(options.get("set", ""))
        kid = options.get("signer")
        signer = keys.find(kid) if kid else keys.signer
        args = ["token"]
        if signer is not None:
            args += ["--key", signer["key"]]
            args += ["--kid", signer["kid"]] if signer["kid"] else []
            args += ["--alg", signer["alg"]] if signer["alg"] else []
        if self.issuer is not None:
            args += ["--iss", self.issuer]
        for name in ("key", "alg", "kid", "typ", "iss", "aud", "sub", "exp",
                     "header", "claims", "remove", "remove-header", "break",
                     "count", "now", "via"):
            if name in options:
                value = options[name]
                if isinstance(value, (dict, list)):
                    value = json.dumps(value)
                args += [f"--{name}", str(value)]
        return self.mint.run(*args)


def fault_fits(fault, listener, kind, path, stages):
    if fault.get("listener", listener) != listener:
        return False
    if (fault.get("hang") or fault.get("reset")) in ("accept", "tls"):
        return (fault.get("hang") or fault.get("reset")) in stages
    if "request" not in stages:
        return False
    return fault.get("match", "any") in ("any", kind, path)
