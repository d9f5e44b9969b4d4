"""A tenant, an nginx with the module and keepalive clients, for the tests under
load: rotation.py, soak.py."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
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


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def mint(*args):
    """The tokens that mint prints for these options."""
    out = subprocess.run([MINT, "token", *args], check=True,
                         stdout=subprocess.PIPE)
    return out.stdout.decode().split()


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Tenant:
    """t/tools/tenant.py; what it said when ready is in `ready`."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "tenant.py"), "--mint", MINT,
             "--stdin-lifeline", *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ready = json.loads(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.ready['http']}"

    def control(self, path, **argument):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ready['control']}{path}",
            data=json.dumps(argument).encode() if argument else None)
        with urllib.request.urlopen(request, timeout=30) as answer:
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
    def __init__(self, http, server, workers=2, **environment):
        self.dir = tempfile.mkdtemp(prefix="id-token-live-")
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        self.workers = workers
        self.configure(http, server)
        self.process = subprocess.Popen(
            [NGINX, "-p", self.dir, "-c", f"{self.dir}/nginx.conf",
             "-e", f"{self.dir}/error.log"],
            env={**os.environ, **environment},
            stderr=open(f"{self.dir}/stderr", "w"))
        if not wait_until(self.listens):
            self.process.kill()
            raise RuntimeError("nginx did not start:\n" + self.log())

    def configure(self, http, server):
        with open(f"{self.dir}/nginx.conf", "w") as f:
            f.write(CONFIG.format(
                user="user root;\n" if os.geteuid() == 0 and
                os.environ.get("REPORTS") else "",
                dir=self.dir, port=self.port, workers=self.workers,
                module=f"load_module {MODULE};" if MODULE else "",
                http=http, server=server))

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
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

    def reload(self):
        self.signal(signal.SIGHUP)

    def stop(self, seconds=20):
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

    def __init__(self, port, timeout=15):
        self.port = port
        self.timeout = timeout
        self.socket = None
        self.body = ""

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def request(self, path, token=None, headers="", method="GET"):
        """The status; 0 if the connection broke twice."""
        text = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}"
        if token is not None:
            text += f"Authorization: Bearer {token}\r\n"
        data = (text + "\r\n").encode()
        fresh = self.socket is None
        status = self.attempt(data)
        # A reload closes idle connections: that is no answer.
        if status == 0 and not fresh:
            status = self.attempt(data)
        return status

    def attempt(self, data):
        try:
            if self.socket is None:
                self.socket = socket.create_connection(
                    ("127.0.0.1", self.port), self.timeout)
                self.socket.setsockopt(socket.IPPROTO_TCP,
                                       socket.TCP_NODELAY, 1)
            self.socket.sendall(data)
            return self.read_answer()
        except OSError:
            self.close()
            return 0

    def read_answer(self):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.socket.recv(65536)
            if not piece:
                self.close()
                return 0
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
