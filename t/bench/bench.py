#!/usr/bin/env python3
"""What the module costs, beside an nginx without it.

    bench.py [core] [http] [rival] [instructions] [stall]   all unless named

NGINX_BIN, MODULE and BUILD are those of the Makefile. PAIRS, SECONDS_EACH and
CPU may be set; QUICK=1 is for trying the benchmark itself.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

from bench_gates import Report
from bench_http import Scenarios
from bench_instructions import Instructions
from bench_nginx import Layout, Nginx
from bench_rival import Rival
from bench_stall import Stall
from bench_tokens import Tokens

PARTS = ["core", "http", "rival", "instructions", "stall"]


def read_args():
    env = os.environ
    quick = bool(env.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*",
                        choices=[*PARTS, []])
    args = parser.parse_args()
    args.parts = args.parts or PARTS
    args.build = env.get("BUILD", "build")
    args.nginx = env.get("NGINX_BIN", "/usr/sbin/nginx")
    args.module = env.get("MODULE", "")
    args.load = os.path.join(args.build, "bench", "load")
    args.mint = os.path.join(args.build, "tools", "mint")
    args.cpu_count = os.cpu_count()
    args.cpu = int(env.get("CPU") or max(os.sched_getaffinity(0)))
    args.pairs = int(env.get("PAIRS") or (2 if quick else 9))
    args.seconds = float(env.get("SECONDS_EACH") or (0.2 if quick else 1))
    args.many = 5000 if quick else 50000
    return args


def on_core(args, name, *options):
    """The output of a benchmark of the core, and whether it kept its gates."""
    done = subprocess.run(
        [os.path.join(args.build, "bench", name), *options],
        stdout=subprocess.PIPE, text=True, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, {args.cpu}))
    if done.returncode not in (0, 1):
        sys.exit("bench: %s failed" % name)
    return done.stdout, done.returncode == 0


def unit_us(args):
    """V, one bare EVP verification, now and on this core."""
    out = on_core(args, "core_bench", "5")[0]
    return float(re.search(r"^V +(\d+)", out, re.M).group(1)) / 1000


def core(args, report):
    for name in ("core_bench", "cache_bench", "keys_bench",
                 "revocation_bench"):
        out, kept = on_core(args, name)
        report.say("```\n" + out + "```")
        report.verdict(name, "", kept)
    report.say()


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = re.findall(r"^model name\s*: (.*)", f.read(), re.M)
    return "%d x %s" % (os.cpu_count(), models[0] if models
                        else platform.machine())


def first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.strip().splitlines()[0]


def head(args, report):
    with open("/etc/os-release", encoding="utf-8") as f:
        system = re.search(r'PRETTY_NAME="(.*)"', f.read()).group(1)
    report.say("%s, %s, %s, %s, %s, load %.1f" % (
        time.strftime("%Y-%m-%d", time.gmtime()), machine(), system,
        first_line(args.nginx, "-v").replace("nginx version: ", ""),
        first_line("openssl", "version"), os.getloadavg()[0]))
    report.say()


def check_start(args, layout, report):
    """nginx -t with one server and with 1,000."""
    rows = []
    for servers in (1, 1000):
        nginx = Nginx(layout, "start-%d" % servers, servers=servers,
                      providers=servers)
        seconds = []
        for _ in range(3):
            start = time.monotonic()
            subprocess.run(nginx.command("-t"), check=True,
                           stderr=subprocess.DEVNULL)
            seconds.append(time.monotonic() - start)
        best = min(seconds)
        rows.append(["%s servers, providers and files of keys"
                     % format(servers, ","), "%.2f s" % best,
                     report.verdict("nginx -t", "<= 3 s", best <= 3)])
    report.table(["nginx -t", "", "gate"], rows)


def main():
    args = read_args()
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    folder = os.path.join(args.build, "bench")
    tokens = Tokens(args.mint, os.path.join(folder, "tokens"))
    run = os.path.join(folder, "run")
    shutil.rmtree(run, ignore_errors=True)
    layout = Layout(args, tokens, run)
    report = Report()
    head(args, report)

    if "core" in args.parts:
        core(args, report)
    unit = 0
    if {"http", "rival"} & set(args.parts):
        unit = statistics.median(unit_us(args) for _ in range(3))
    if "http" in args.parts:
        report.say("CPU time of the worker, %d pairs of %g s, load from the "
                   "same core; V = %.1f us" % (args.pairs, args.seconds,
                                               unit))
        report.say()
        Scenarios(args, tokens, layout, unit).run(report)
        check_start(args, layout, report)
    if "rival" in args.parts:
        Rival(args, tokens, layout, unit).run(report)
    if "instructions" in args.parts:
        if shutil.which("valgrind"):
            Instructions(args, tokens, layout, report).run()
        else:
            report.say("Instructions: skipped, valgrind is not installed")
    if "stall" in args.parts:
        Stall(args).run(report)

    report.say("%d gates, %d missed%s" % (
        report.gates, len(report.missed),
        "".join("\n  missed: " + name for name in report.missed)))
    report.save(os.path.join(args.build, "bench.md"))
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
