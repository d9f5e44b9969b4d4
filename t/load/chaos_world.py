"""What the scenarios of chaos.py share: a tenant with its nginx, and users."""

import random
import threading
import time

from live import Client, Nginx, Tenant, mint, provider, wait_until

SWEEP = 5  # seconds from one fetch to the next for unknown keys
SLACK = 2.5  # of this machine, and for one fetch
SERVER = "        location = /api { auth_id_token tenant; empty_gif; }\n"


class World:
    """A tenant, an nginx with its keys, and what ends both."""

    def __init__(self, *tenant, **settings):
        self.tenant = Tenant(*tenant)
        self.nginx = None
        self.made = 0
        self.settings = {"jwks_uri": f"{self.tenant.url}/jwks.json",
                         **settings}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.nginx is not None:
            self.nginx.stop()
            self.nginx.remove()
        self.tenant.stop()

    def start(self, http="", **more):
        self.nginx = Nginx(http + provider("tenant", **self.settings), SERVER,
                           **more)

    def named(self, name):
        """The key set's URL at a host of this name."""
        return f"http://{name}:{self.tenant.ready['http']}/jwks.json insecure"

    def dns(self, name, *addresses):
        self.tenant.control("/dns", **{
            name: {"A": addresses, "ttl": 0}})

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

    def until_let_in(self, token, bound):
        """All use TOKEN from now on: until one is let in, or the bound is
        past, and a moment longer."""
        self.token = token
        wait_until(lambda: 200 in {s for _, s in self.of(token)}, bound + 1)
        time.sleep(0.5)

    def refused(self, token, bound, allowed=(503,)):
        """Answers to good tokens that the bound does not allow: any but 200
        later than BOUND seconds after the first one, any but those ALLOWED
        before."""
        mine = self.of(token)
        if not mine or mine[-1][1] != 200:
            return ["never asked" if not mine else "not let in in the end"]
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
