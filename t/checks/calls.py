#!/usr/bin/env python3
"""Who calls whom, by the symbol tables of the objects: each folder the ones
below it, no circle of folders, one pair of files at most in a folder.

usage: calls.py [BUILD] [--list | --self-test]
"""

import pathlib
import re
import subprocess
import sys

# From the bottom up. Folders of one row know nothing of each other.
CORE = ["idt_base", "idt_lib", "idt_jose", "idt_token idt_keys", "idt_mint",
        "idt_login", "idt_metrics", "idt_revoke", "idt_logout"]
ADAPTER = ["idt_glue", "idt_fetch idt_count", "idt_source", "idt_revoked",
           "idt_request", "idt_show idt_upstream idt_session",
           "idt_ending idt_status", "idt_conf", "idt_module"]

LEVEL = {folder: level for level, row in enumerate(CORE + ADAPTER)
         for folder in row.split()}

# nginx finds a module's configuration by the address of its table: no call.
IDENTITY = "ngx_http_auth_id_token_module"

# One machine in two files: addresses that race, and the talk with each.
PAIRS = {("idt_fetch/peer", "idt_fetch/race")}


def symbols(objects):
    """Of each object: what it defines and what it asks others for."""
    defined, wanted = {}, {}
    for name, path in objects.items():
        table = subprocess.run(["nm", "-P", path], check=True, text=True,
                               capture_output=True).stdout
        for symbol, kind in re.findall(r"^(\S+) (\S)", table, re.M):
            if symbol == IDENTITY:
                continue
            if kind in "TDBRC":
                defined[symbol] = name
            elif kind == "U":
                wanted.setdefault(name, set()).add(symbol)
    return defined, wanted


def graph(defined, wanted):
    """caller -> callee -> one of the symbols"""
    calls = {}
    for caller, names in sorted(wanted.items()):
        for symbol in sorted(names):
            callee = defined.get(symbol)
            if callee not in (None, caller):
                calls.setdefault(caller, {}).setdefault(callee, symbol)
    return calls


def circles(calls):
    """The knots: sets of more than one that reach each other (Tarjan)."""
    number, low, stack, knots = {}, {}, [], []

    def visit(name):
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in calls.get(name, ()):
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                knots.append(sorted(stack[at:]))
            del stack[at:]

    for name in sorted(calls):
        if name not in number:
            visit(name)
    return knots


def plain(symbol):
    return subprocess.run(["c++filt", symbol], text=True, check=True,
                          capture_output=True).stdout.strip()


def judge(calls):
    problems = []
    for caller, callees in calls.items():
        for callee, symbol in callees.items():
            above, below = caller.split("/")[0], callee.split("/")[0]
            if above not in LEVEL or below not in LEVEL:
                problems.append(f"{caller} or {callee}: has no place in "
                                "t/checks/calls.py")
            elif above != below and LEVEL[above] <= LEVEL[below]:
                problems.append(f"{caller} calls {callee}: {plain(symbol)}")
    for knot in circles(calls):
        if tuple(knot) not in PAIRS:
            problems.append("a circle: " + " ".join(knot))
    return problems


def find_objects(build):
    """Each source has its object, and each object its source."""
    objects = {}
    for source in sorted(pathlib.Path("src").glob("*/idt_*/*.cc")):
        name = f"{source.parent.name}/{source.stem}"
        path = build / "nginx/addon" / (name + ".o")
        if not path.is_file():
            sys.exit(f"calls: no object of {source}: run \"make module\"")
        objects[name] = path
    return objects


def self_test(calls):
    """A planted offence of each kind is found, beside what is there."""
    files = {}
    for name in sorted({*calls, *(o for c in calls.values() for o in c)}):
        files.setdefault(name.split("/")[0], []).append(name)
    low, high = files["idt_base"][0], files["idt_module"][0]
    a, b, c = files["idt_source"][:3]
    x, y = files["idt_show"][0], files["idt_upstream"][0]
    for what, planted in {
            "up": {low: [high]},
            "beside": {x: [y]},
            "circle of files": {a: [b], b: [c], c: [a]},
            "no place": {"idt_new/file": [low]}}.items():
        worse = {caller: dict(callees) for caller, callees in calls.items()}
        for caller, callees in planted.items():
            for callee in callees:
                worse.setdefault(caller, {})[callee] = "planted"
        if not judge(worse):
            sys.exit(f"calls: a planted offence is not found: {what}")


def main():
    options = [a for a in sys.argv[1:] if a.startswith("--")]
    names = [a for a in sys.argv[1:] if not a.startswith("--")]
    calls = graph(*symbols(find_objects(pathlib.Path((names or ["build"])[0]))))
    if "--list" in options:
        for caller, callees in calls.items():
            print(caller, "->", " ".join(sorted(callees)))
    problems = judge(calls)
    if "--self-test" in options and not problems:
        self_test(calls)
    print("\n".join(problems))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
