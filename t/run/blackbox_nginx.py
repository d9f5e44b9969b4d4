"""The nginx of blackbox.py: a provider and two locations for each distinct
configuration of the vectors."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from live import free_port, start_on_free_ports, wait_until

ALGORITHMS = ("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 "
              "EdDSA Ed25519").split()
WORKERS = 2
COOKIE = "id_token"
TIMEOUT = 60

CONFIG = """\
{user}daemon off;
worker_processes {workers};
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
{module}
events {{
    worker_connections 1024;
}}

http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {dir}/tmp;
    proxy_temp_path {dir}/tmp;
    fastcgi_temp_path {dir}/tmp;
    uwsgi_temp_path {dir}/tmp;
    scgi_temp_path {dir}/tmp;
    large_client_header_buffers 4 96k;
    id_token_cache {cache};

{providers}
    server {{
        listen 127.0.0.1:{keys_port};
        root {dir}/jwks;
    }}

    server {{
        listen 127.0.0.1:{port};
{headers}
{locations}
    }}
}}
"""


def document_bytes(document):
    if "$text" in document:
        return document["$text"].encode("utf-8", "surrogatepass")
    if "$base64" in document:
        return base64.b64decode(document["$base64"])
    return json.dumps(document).encode()


def quoted(word):
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Nginx:
    """The server, its configuration and its log."""

    def __init__(self, args, cache, cases):
        self.args = args
        self.cache = cache
        self.dir = tempfile.mkdtemp(prefix="blackbox.")
        os.chmod(self.dir, 0o755)
        self.keys_port = 0
        self.port = 0
        self.sets = {}
        self.providers = {}
        for case in cases:
            case["provider"] = self.provider_of(case)
        self.claims = sorted({name for case in cases
                              for name in case.get("claims") or ()})

    def provider_of(self, case):
        number = self.sets.setdefault(case["key_set"], len(self.sets))
        path = os.path.join(self.dir, "jwks", "%d.json" % number)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.exists(path):
            with open(path, "wb") as f:
                f.write(document_bytes(case["document"]))
        listed = case["alg_allow"]
        algorithms = None if listed is None else tuple(
            a for a in listed if a in ALGORITHMS)
        key = (number, case["issuer"], case["client_id"], algorithms,
               tuple(case.get("trusted_audience", ())),
               tuple(case.get("authorized_party", ())))
        return self.providers.setdefault(key, len(self.providers))

    def provider_block(self, number, key):
        key_set, issuer, client_id, algorithms, trusted, parties = key
        listed = "" if algorithms is None else (
            "\n        algorithms %s;" % " ".join(algorithms))
        for name, words in (("trusted_audience", trusted),
                            ("authorized_party", parties)):
            if words:
                listed += "\n        %s %s;" % (
                    name, " ".join(map(quoted, words)))
        return """    id_token_provider p%d {
        issuer %s;
        client_id %s;
        jwks_uri http://127.0.0.1:%d/%d.json;
        jwks_timeout 30s;%s
    }
""" % (number, quoted(issuer), quoted(client_id), self.keys_port, key_set,
            listed)

    def location(self, number, carrier, source):
        return """        location /p%d/%s {
            auth_id_token p%d;
            auth_id_token_source %s;
            alias %s/ok;
        }
""" % (number, carrier, number, source, self.dir)

    def start(self):
        with open(os.path.join(self.dir, "ok"), "w", encoding="ascii") as f:
            f.write("ok\n")
        complaint = start_on_free_ports(self.run)
        if complaint is not None:
            sys.exit("nginx does not start:\n" + complaint)
        self.workers = self.children()

    def run(self):
        """None, or why it did not start."""
        self.keys_port = free_port()
        self.port = free_port()
        keys = self.providers.items()
        text = CONFIG.format(
            user="user root;\n" if os.geteuid() == 0 else "",
            dir=self.dir, module="load_module %s;\n" % os.path.abspath(
                self.args.module) if self.args.module else "",
            cache=self.cache,
            workers=WORKERS, port=self.port, keys_port=self.keys_port,
            providers="".join(self.provider_block(n, k) for k, n in keys),
            headers="".join(
                "        add_header X-Claim-%s $id_token_claim_%s;\n"
                % (name, name) for name in self.claims),
            locations="".join(
                self.location(n, "header", "bearer")
                + self.location(n, "cookie", "cookie=" + COOKIE)
                for _, n in keys))
        path = os.path.join(self.dir, "nginx.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        self.process = subprocess.Popen(
            [self.args.nginx, "-p", self.dir, "-c", path],
            stderr=subprocess.PIPE, text=True)
        # the sockets listen before the workers are there
        if wait_until(lambda: self.process.poll() is not None
                      or len(self.children()) == WORKERS, TIMEOUT) \
                and self.process.poll() is None:
            return None
        self.process.terminate()
        self.process.wait()
        return self.process.stderr.read()

    def children(self):
        path = "/proc/%d/task/%d/children" % ((self.process.pid,) * 2)
        with open(path, encoding="ascii") as f:
            return f.read().split()

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self):
        path = os.path.join(self.dir, "error.log")
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def remove(self):
        if self.args.keep:
            print("kept:", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
