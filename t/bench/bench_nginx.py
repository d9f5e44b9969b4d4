"""The nginxes that are measured: their configurations, CPU time, memory."""

import os
import signal
import socket
import subprocess
import sys
import time

from bench_tokens import CLIENT, ISSUER

TIMEOUT = 120  # valgrind is slow
CLAIMS = (("X-User", "sub"), ("X-Email", "email"), ("X-Roles", "roles"))

MAIN = """\
{user}daemon off;
master_process {master};
worker_processes 1;
{affinity}pid {dir}/nginx.pid;
error_log {dir}/error.log {level};
{module}
events {{
    worker_connections 256;
}}

http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    server_names_hash_max_size 16384;
    client_body_temp_path {dir}/tmp;
    proxy_temp_path {dir}/tmp;
    fastcgi_temp_path {dir}/tmp;
    uwsgi_temp_path {dir}/tmp;
    scgi_temp_path {dir}/tmp;
    upstream backend {{
        server 127.0.0.1:{backend};
        keepalive 32;
    }}
{http}
{servers}
}}
"""

SERVER = """\
    server {{
        listen 127.0.0.1:{port};
        server_name {name};
        root {root};
        {auth}
        location /off/ {{
            {off}
        }}
        location = /401 {{
            {off}
            return 401;
        }}
        location /cookie/ {{
            {cookie}
        }}
        location /proxy/ {{
            proxy_pass http://backend/off/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
{headers}
        }}
    }}
"""

PROVIDER = """\
    id_token_provider p{n} {{
        issuer {issuer};
        client_id {client};
        jwks_file {jwks};
        algorithms RS256 PS256 ES256 EdDSA;
    }}
"""

# The assertion that the gateway mints for an upstream.
ASSERTION = """\
    id_token_assertion inner {{
        key {key};
        issuer https://gateway.test;
        audience billing;
        claims sub email;
    }}
"""
LARGE_HEADERS = "    large_client_header_buffers 4 32k;\n"


def assertion(layout, key):
    name = "assertion-%s.pem" % key[1:]
    return ASSERTION.format(key=layout.write(
        name, layout.tokens.private_key(key)))


class Layout:
    """What all nginxes share: files to serve, key sets, ports."""

    def __init__(self, args, tokens, folder):
        self.args = args
        self.tokens = tokens
        self.folder = folder
        self.root = os.path.join(folder, "html")
        for name in ("file.txt", "off/file.txt", "cookie/file.txt",
                     "dir/index.html", "guarded/file.txt"):
            self.write("html/" + name, "x" * 511 + "\n")
        self.backend = free_port()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        return path

    def key_set(self, keys, copy=0):
        name = "jwks/%d-%d.json" % (keys, copy)
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            if copy > 0:
                with open(self.key_set(keys), encoding="ascii") as f:
                    return self.write(name, f.read())
            self.write(name, self.tokens.key_set(keys))
        return path


class Nginx:
    """One nginx: bare, with the module, or the backend of both."""

    def __init__(self, layout, name, module=True, cache="8m", servers=1,
                 providers=1, keys=4, level="error", wrap=None, port=None,
                 idle=False, http="", sent=None):
        """`http`: more for its block; `sent`: a value for the upstream."""
        self.layout = layout
        self.name = name
        self.port = port or free_port()
        self.dir = os.path.join(layout.folder, name)
        self.wrap = wrap or []
        os.makedirs(self.dir, exist_ok=True)
        self.module = module
        self.sent = sent
        text = self.text(module, cache, servers, providers, keys, level, idle,
                         http)
        self.conf = layout.write(name + "/nginx.conf", text)
        self.process = None
        self.worker = None

    def text(self, module, cache, servers, providers, keys, level, idle,
             more):
        args = self.layout.args
        guarded = module and not idle
        http = more
        if guarded:
            http += "    id_token_cache %s;\n" % cache
            http += "".join(
                PROVIDER.format(n=n, issuer=ISSUER, client=CLIENT,
                                jwks=self.layout.key_set(keys, n))
                for n in range(providers))
        headers = "".join(
            '            auth_id_token_set_header %s %s;\n' % pair if guarded
            else '            proxy_set_header %s "%s-of-the-user";\n' % pair
            for pair in CLAIMS)
        if self.sent:
            headers = "            proxy_set_header X-Sent %s;\n" % self.sent
        blocks = "".join(
            SERVER.format(
                port=self.port, name="s%d.test" % n, root=self.layout.root,
                auth="auth_id_token p%d;" % (n % providers) if guarded else "",
                off="auth_id_token off;" if guarded else "",
                cookie="auth_id_token_source cookie=id_token;"
                if guarded else "",
                headers=headers)
            for n in range(servers))
        affinity = "0" * (args.cpu_count - args.cpu - 1) + "1" + "0" * args.cpu
        load = args.module and module
        return MAIN.format(
            user="user root;\n" if os.geteuid() == 0 else "",
            master="off" if self.wrap else "on",
            affinity="" if self.wrap else
            "worker_cpu_affinity %s;\n" % affinity,
            dir=self.dir, level=level, backend=self.layout.backend,
            module="load_module %s;" % args.module if load else "",
            http=http, servers=blocks)

    def command(self, *more):
        return [self.layout.args.nginx, "-p", self.dir, "-c", self.conf,
                *more]

    def start(self):
        self.process = subprocess.Popen(self.wrap + self.command(),
                                        stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                sys.exit("bench: nginx does not start: see %s/error.log"
                         % self.dir)
            if self.wrap and answers(self.port):
                return self
            self.worker = None if self.wrap else self.find_worker()
            if self.worker:
                return self
            time.sleep(0.05)
        sys.exit("bench: nginx does not come up: %s" % self.dir)

    def find_worker(self):
        pid = self.process.pid
        try:
            with open("/proc/%d/task/%d/children" % (pid, pid),
                      encoding="ascii") as f:
                children = f.read().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def cpu_ns(self):
        total = 0
        tasks = "/proc/%d/task" % self.worker
        for task in os.listdir(tasks):
            with open("%s/%s/schedstat" % (tasks, task),
                      encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total

    def memory(self):
        """MB of the worker's own: what it does not share with a file."""
        with open("/proc/%d/status" % self.worker, encoding="ascii") as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) / 1024
        return 0.0

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0
