#!/usr/bin/env python3
"""Breaks one rule at a time and shows that a test turns red for each.

A copy of the tree is built below BUILD/mutation; there each mutation of
mutations.py is applied, the tests named with it are built and run, and the file
is put back. A mutation that no test notices survives, and fails the run.

usage: mutation.py [--only WORD] [--list | --check]
"""

import argparse
import os
import shutil
import subprocess
import sys
import time

from mutations import MUTATIONS

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
WORK = os.path.join(BUILD, "mutation")
TREE = os.path.join(WORK, "tree")
OUT = os.path.join(WORK, "out")
NGINX = os.environ.get("NGINX_BIN", "/usr/sbin/nginx")
TIMEOUT = 300  # seconds for the tests of one mutation
ALL_TIMEOUT = 1800  # for all of them before, and for each build

# What a broken rule leaves unused is no error here.
UNIT_FLAGS = "CXXFLAGS=-O1 -g -w"
os.environ["ID_TOKEN_CXXFLAGS"] = "-w"
# A red test waits in vain: not for long.
os.environ.setdefault("ID_TOKEN_WAIT", "10")


def run(command, timeout=TIMEOUT, **more):
    """Whether it succeeded, and what it said."""
    try:
        done = subprocess.run(command, cwd=TREE, timeout=timeout,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, **more)
    except subprocess.TimeoutExpired as late:
        return False, (late.stdout or b"").decode(errors="replace")
    return done.returncode == 0, done.stdout.decode(errors="replace")


def make(*targets):
    return run(["make", "--no-print-directory", f"BUILD={OUT}", UNIT_FLAGS,
                *targets], ALL_TIMEOUT)


def copy_tree():
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                            "--exclude-standard"], cwd=ROOT, check=True,
                           stdout=subprocess.PIPE).stdout
    for name in filter(None, names.decode().split("\0")):
        source = os.path.join(ROOT, name)
        if not os.path.isfile(source):
            continue
        target = os.path.join(TREE, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        # an unchanged file keeps its time, so that make keeps its object
        if not (os.path.exists(target) and
                open(source, "rb").read() == open(target, "rb").read()):
            shutil.copy(source, target)


def unit(names, timeout):
    programs = [f"{OUT}/unit/{name}_test" for name in names]
    built, text = make(*programs)
    if not built:
        return None, text
    for program in programs:
        passed, text = run([program], timeout)
        if not passed:
            return False, text
    return True, ""


def integration(names, timeout):
    built, text = make("module")
    if not built:
        return None, text
    environment = dict(
        os.environ, NGINX_BIN=NGINX, BUILD=OUT,
        MODULE=f"{OUT}/ngx_http_auth_id_token_module.so")
    return run(["bash", "t/run/prove.sh", f"{WORK}/prove",
                *[f"t/{name}.t" for name in names]], timeout, env=environment)


def judge(tests, timeout=TIMEOUT):
    """None: it does not build; False: a test is red; True: none is."""
    for kind, function in (("unit", unit), ("t", integration)):
        names = [t.split(":")[1] for t in tests if t.startswith(kind + ":")]
        if names:
            passed, text = function(names, timeout)
            if not passed:
                return passed, text
    return True, ""


def read(path):
    with open(path) as f:
        return f.read()


def mutate(mutation):
    path = os.path.join(TREE, mutation.file)
    text = read(path)
    if text.count(mutation.old) != 1:
        return "stale", f"{text.count(mutation.old)} places"
    try:
        with open(path, "w") as f:
            f.write(text.replace(mutation.old, mutation.new))
        passed, said = judge(mutation.tests)
    finally:
        with open(path, "w") as f:
            f.write(text)
    if passed is None:
        return "broken", said[-2000:]
    return ("survived", "") if passed else ("killed", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="",
                        help="those with this word in file or rule")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true",
                        help="only that each names one place of the source")
    options = parser.parse_args()

    chosen = [m for m in MUTATIONS
              if options.only in m.file or options.only in m.rule]
    if options.list:
        for m in chosen:
            print(f"{m.file}: {m.rule} [{' '.join(m.tests)}]")
        return

    if options.check:
        stale = [m for m in chosen
                 if read(os.path.join(ROOT, m.file)).count(m.old) != 1]
        for m in stale:
            print(f"{m.file}: no such place, or several: {m.rule}")
        sys.exit(bool(stale))

    copy_tree()
    tests = sorted({t for m in chosen for t in m.tests})
    built, text = make("module", "tools")
    if not built:
        sys.exit(text)
    passed, text = judge(tests, ALL_TIMEOUT)
    if not passed:
        sys.exit("the tests are red without any mutation:\n" + text[-4000:])

    counts = {"killed": 0, "survived": 0, "broken": 0, "stale": 0}
    for m in chosen:
        began = time.monotonic()
        result, text = mutate(m)
        counts[result] += 1
        print(f"{result:8} {m.file}: {m.rule} "
              f"({time.monotonic() - began:.0f} s)", flush=True)
        if text:
            print(text)

    bad = sum(counts.values()) - counts["killed"]
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    print(f"mutation: {counts['killed']} passed, {bad} failed")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
