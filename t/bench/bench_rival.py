"""Another validator that Debian packages: Apache's mod_auth_openidc, as an
OAuth 2.0 resource server with a local key. Unpacked beside the machine's
packages, never installed; left out, with a reason, where it cannot be had."""

import glob
import os
import re
import subprocess
import time

from bench_gates import Result
from bench_load import Target
from bench_nginx import free_port

PACKAGE = "libapache2-mod-auth-openidc"
MODULES = "mpm_event authz_core authz_user authn_core auth_openidc"

CONFIG = """\
ServerRoot {dir}
PidFile {dir}/apache.pid
ServerName s0.test
Listen 127.0.0.1:{port}
ErrorLog {dir}/error.log
LogLevel error
{user}
{modules}
StartServers 1
ServerLimit 1
ThreadsPerChild 25
MaxRequestWorkers 25
KeepAlive On
KeepAliveTimeout 3600
MaxKeepAliveRequests 0
DocumentRoot {root}
OIDCOAuthVerifyCertFiles {kid}#{pem}
OIDCOAuthRemoteUserClaim sub
<Directory {root}>
    Require all granted
</Directory>
<Location /guarded/>
    AuthType oauth20
    Require valid-user
</Location>
"""


class Absent(Exception):
    """Why there is none."""


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          **options)
    if done.returncode != 0:
        raise Absent("%s: %s" % (" ".join(command[:3]), (
            done.stdout.strip().splitlines() or ["failed"])[-1]))
    return done.stdout


def fetch(folder):
    """Everything that the package needs and the machine lacks."""
    marker = os.path.join(folder, "complete")
    if os.path.exists(marker):
        return
    os.makedirs(folder, exist_ok=True)
    plan = run(["apt-get", "-s", "install", "--no-install-recommends",
                PACKAGE])
    names = re.findall(r"^Inst (\S+)", plan, re.M)
    if names:
        run(["apt-get", "download"] + names, cwd=folder)
    for package in glob.glob(os.path.join(folder, "*.deb")):
        run(["dpkg", "-x", package, folder])
    with open(marker, "w", encoding="ascii") as f:
        f.write("\n".join(names) + "\n")


class Apache:
    """Stands where an Nginx stands: a port, CPU time, memory."""

    name = "apache"

    def __init__(self, args, layout, folder):
        self.args = args
        self.dir = os.path.join(layout.folder, "apache")
        self.port = free_port()
        self.roots = [folder, "/"]
        os.makedirs(self.dir, exist_ok=True)
        text = CONFIG.format(
            dir=self.dir, port=self.port, root=layout.root,
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            modules="\n".join(
                "LoadModule %s_module %s" % (name, self.find(
                    "usr/lib/apache2/modules/mod_%s.so" % name))
                for name in MODULES.split()),
            kid=self.kid(layout), pem=self.pem(layout))
        self.conf = layout.write("apache/apache.conf", text)
        self.process = None
        self.worker = None

    def find(self, path):
        for root in self.roots:
            if os.path.exists(os.path.join(root, path)):
                return os.path.join(root, path)
        raise Absent("no " + path)

    def kid(self, layout):
        return re.findall(r'"kid":\s*"([^"]+)"',
                          layout.tokens.key_set(4))[-1]

    def pem(self, layout):
        return layout.write("apache/key.pem", run(
            [self.args.mint, "pem", "--public", "@rsa1"]))

    def start(self):
        environment = dict(os.environ, LD_LIBRARY_PATH=":".join(
            glob.glob(self.roots[0] + "/usr/lib/*-linux-gnu")))
        cpu = self.args.cpu
        self.process = subprocess.Popen(
            [self.find("usr/sbin/apache2"), "-f", self.conf, "-DFOREGROUND"],
            env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Absent("Apache does not start: "
                             + (self.process.stderr.read().strip()
                                or self.dir + "/error.log"))
            path = "/proc/%d/task/%d/children" % ((self.process.pid,) * 2)
            with open(path, encoding="ascii") as f:
                children = f.read().split()
            if children and self.threads(children[0]) > 20:
                self.worker = int(children[0])
                return self
            time.sleep(0.05)
        raise Absent("Apache does not come up")

    @staticmethod
    def threads(pid):
        try:
            return len(os.listdir("/proc/%s/task" % pid))
        except OSError:
            return 0

    def cpu_ns(self):
        total = 0
        tasks = "/proc/%d/task" % self.worker
        for task in os.listdir(tasks):
            with open("%s/%s/schedstat" % (tasks, task),
                      encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


class Rival:
    """Bare Apache and Apache with the validator, in turn."""

    def __init__(self, args, tokens, layout, unit_us):
        self.args = args
        self.tokens = tokens
        self.layout = layout
        self.unit_us = unit_us

    def run(self, report):
        folder = os.path.join(self.args.build, "bench", "rival")
        apache = None
        try:
            fetch(folder)
            apache = Apache(self.args, self.layout, folder)
            apache.start()
            self.measure(report, apache)
        except (Absent, OSError, subprocess.TimeoutExpired,
                SystemExit) as reason:
            report.say("Apache with mod_auth_openidc: skipped, %s" % reason)
            report.say()
        finally:
            if apache is not None:
                apache.stop()

    def measure(self, report, apache):
        results = []
        for name, tokens in (
                ("repeated token", self.tokens.good(1)),
                ("2,000 in rotation", self.tokens.good(2000))):
            base = Target(apache, "/off/file.txt", tokens)
            target = Target(apache, "/guarded/file.txt", tokens)
            target.send(self.args, requests=100, cpu=self.args.cpu)
            Target(apache, target.path, self.tokens.forged(tokens),
                   status=401).send(self.args, requests=100)
            results.append(Result("mod_auth_openidc, " + name, target, base))
        for _ in range(self.args.pairs):
            for result in results:
                result.measure(self.args)
        report.say("For comparison, Apache 2.4 with mod_auth_openidc (local "
                   "key) beside a bare Apache:")
        report.say()
        report.results(results, self.unit_us)
