"""A tenant, an nginx with the module and keepalive clients, for the tests under
load: rotation.py, soak.py."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))
MINT = os.environ.get("ID_TOKEN_MINT", os.path.join(BUILD, "tools", "mint"))
NGINX = os.environ.get("NGINX_BIN", "/usr/sbin/nginx")
MODULE = os.environ.get(
    "MODULE", os.path.join(BUILD, "ngx_http_auth_id_token_module.so"))
ISSUER = "https://tenant.test/"
CLIENT_ID = "spa"

# nginx itself reads it as a list of inherited sockets.
os.environ.pop("NGINX", None)
os.environ.setdefault("ID_TOKEN_VECTORS",
                      os.path.join(ROOT, "t", "vectors", "keys.json"))


# Where nobody looks by chance: below the ports that the kernel gives to clients,
# beside those of prove.sh and of t/e2e.
ports = random.sample(range(31500, 32700), 1200)


def free_port():
    """Free now, and never the same one twice: who listens there later has to
    expect that somebody does."""
    while ports:
        port = ports.pop()
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")


def start_on_free_ports(start):
    """Calls START, which takes free ports, until nobody was quicker to have
    them; what it says in the end: None, or why there was no start."""
    for _ in range(5):
        complaint = start()
        if complaint is None or "Address already in use" not in complaint:
            break
    return complaint


def mint(*args):
    """The tokens that mint prints for these options."""
    out = subprocess.run([MINT, "token", *args], check=True,
                         stdout=subprocess.PIPE)
    return out.stdout.decode().split()


def wait_until(condition, seconds=30):
    """A last look comes after the time is up: all of it may have been a
    pause of this machine."""
    end = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= end
        if condition():
            return True
        if late:
            return False
        time.sleep(0.02)


class Tenant:
    """t/tenant/tenant.py; what it said when ready is in `ready`."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, "t", "tenant", "tenant.py"), "--mint", MINT,
             "--stdin-lifeline", *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ready = json.loads(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.ready['http']}"

    def control(self, path, **argument):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ready['control']}{path}",
            data=json.dumps(argument).encode() if argument else None)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        try:
            return json.loads(text)
        except ValueError:
            return text.decode().strip()

    def fetches(self):
        return self.control("/counters")["jwks"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


CONFIG = """\
{user}daemon off;
worker_processes {workers};
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
{module}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path {dir}/tmp;
    proxy_temp_path {dir}/tmp;
    fastcgi_temp_path {dir}/tmp;
    uwsgi_temp_path {dir}/tmp;
    scgi_temp_path {dir}/tmp;
{http}
    server {{
        listen 127.0.0.1:{port};
{server}
    }}
}}
"""


class Nginx:
    """HTTP may be a function: it is called for each attempt to start, and may
    name a further port of the moment. COMMAND runs what comes behind it."""

    def __init__(self, http, server, workers=2, command=(), **environment):
        self.workers = workers
        self.command = command
        self.environment = environment
        complaint = start_on_free_ports(lambda: self.start(http, server))
        if complaint is not None:
            raise RuntimeError("nginx did not start:\n" + complaint)

    def start(self, http, server):
        """None, or why it did not start."""
        self.dir = tempfile.mkdtemp(prefix="id-token-live-")
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        self.reloads = 0
        self.configure(http() if callable(http) else http, server)
        with open(f"{self.dir}/stderr", "w") as stderr:
            self.process = subprocess.Popen(
                [*self.command, NGINX, "-p", self.dir, "-c", f"{self.dir}/nginx.conf",
                 "-e", f"{self.dir}/error.log"],
                env={**os.environ, **self.environment}, stderr=stderr)
        wait_until(lambda: self.listens() or self.ended())
        if not self.ended() and self.listens():
            return None
        self.process.kill()
        self.process.wait()
        log = self.log()
        self.remove()
        return log

    def ended(self):
        return self.process.poll() is not None

    def configure(self, http, server):
        with open(f"{self.dir}/nginx.conf", "w") as f:
            f.write(CONFIG.format(
                # before the module: the look-up is no part of what is counted
                user="" if os.geteuid() else "user root;\n"
                if os.environ.get("REPORTS") else "user nobody nogroup;\n",
                dir=self.dir, port=self.port, workers=self.workers,
                module=f"load_module {MODULE};" if MODULE else "",
                http=http, server=server))

    def listens(self):
        """The file is written when all sockets are bound: somebody else may
        be listening at a port that was free a moment ago."""
        try:
            return os.path.getsize(f"{self.dir}/nginx.pid") > 0
        except OSError:
            return False

    def log(self):
        text = ""
        for name in ("stderr", "error.log"):
            try:
                with open(f"{self.dir}/{name}", errors="replace") as f:
                    text += f.read()
            except OSError:
                pass
        return text

    def complaints(self):
        """Lines that no test wants to see."""
        return [line for line in self.log().splitlines()
                if any(w in line for w in ("[alert]", "[emerg]", "[crit]",
                                           "exited on signal"))]

    def children(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as f:
                    state, parent = f.read().rsplit(")", 1)[1].split()[:2]
            except OSError:
                continue
            if int(parent) == self.process.pid and state != "Z":
                found.append(int(pid))
        return found

    def memory(self):
        """Unshared memory of the workers in KiB."""
        total = 0
        for pid in self.children():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as f:
                    total += sum(int(line.split()[1]) for line in f
                                 if line.startswith("Private_"))
            except OSError:
                pass
        return total

    def signal(self, number):
        self.process.send_signal(number)

    def started(self):
        """The workers that were ever started, in order."""
        return [int(pid) for pid in
                re.findall(r"start worker process (\d+)", self.log())]

    def reload(self):
        self.signal(signal.SIGHUP)

    def replace_workers(self):
        """A reload, until the new workers are there; old ones may be, too."""
        self.reloads += 1
        self.reload()
        return wait_until(lambda: len(self.started())
                          >= self.workers * (1 + self.reloads))

    def settle(self):
        """Until no worker is left but the last ones started: these."""
        wait_until(lambda: set(self.children())
                   == set(self.started()[-self.workers:]))
        return set(self.children())

    def stop(self, seconds=40):
        self.signal(signal.SIGQUIT)
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Client:
    """One keepalive connection, made again when it was closed."""

    def __init__(self, port, timeout=30, tries=3):
        self.port = port
        self.timeout = timeout
        self.tries = tries
        self.socket = None
        self.body = ""

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def request(self, path, token=None, headers="", method="GET"):
        """The status; 0 if the connection broke at each try, or no answer came
        in time."""
        text = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}"
        if token is not None:
            text += f"Authorization: Bearer {token}\r\n"
        data = (text + "\r\n").encode()
        # A reload closes idle connections, and new ones without a request:
        # that is no answer.
        for _ in range(self.tries):
            status = self.attempt(data)
            if status is not None:
                return status
        return 0

    def attempt(self, data):
        """The status; None if the connection was closed instead."""
        try:
            if self.socket is None:
                self.socket = socket.create_connection(
                    ("127.0.0.1", self.port), self.timeout)
                self.socket.setsockopt(socket.IPPROTO_TCP,
                                       socket.TCP_NODELAY, 1)
            self.socket.sendall(data)
            return self.read_answer()
        except TimeoutError:
            self.close()
            return 0
        except OSError:
            self.close()
            return None

    def read_answer(self):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.socket.recv(65536)
            if not piece:
                self.close()
                return 0 if head else None
            head += piece
        head, body = head.split(b"\r\n\r\n", 1)
        lower = head.lower()
        length = 0
        if b"\r\ncontent-length:" in lower:
            length = int(lower.split(b"\r\ncontent-length:", 1)[1]
                         .split(b"\r\n", 1)[0])
        while len(body) < length:
            piece = self.socket.recv(65536)
            if not piece:
                break
            body += piece
        status = int(head[9:12])
        self.body = body.decode(errors="replace")
        if b"\r\nconnection: close" in lower or len(body) < length:
            self.close()
        return status


def provider(name, **settings):
    lines = "".join(f"        {k} {v};\n" for k, v in settings.items())
    return (f"    id_token_provider {name} {{\n        issuer {ISSUER};\n"
            f"        client_id {CLIENT_ID};\n{lines}    }}\n")
