#!/usr/bin/env python3
"""coverage.py BUILD: lines and branches of src/ that the tests reached, from
the .gcda files below BUILD, and each line that they did not (--missed)."""

import argparse
import collections
import json
import pathlib
import subprocess
import tempfile

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("build")
parser.add_argument("--missed", action="store_true",
                    help="print the lines that were not reached")
args = parser.parse_args()

root = pathlib.Path.cwd()
lines = collections.defaultdict(lambda: collections.defaultdict(int))
branches = collections.defaultdict(dict)


def add(report, folder):
    for file in report["files"]:
        path = pathlib.Path(folder, file["file"]).resolve()
        try:
            name = str(path.relative_to(root))
        except ValueError:
            continue
        if not name.startswith("src/"):
            continue
        for line in file["lines"]:
            number = line["line_number"]
            lines[name][number] += line["count"]
            # A throw that never happens is no branch of ours.
            taken = [b["count"] for b in line["branches"] if not b["throw"]]
            known = branches[name].setdefault(number, [])
            if len(known) == len(taken):
                branches[name][number] = [
                    a + b for a, b in zip(known, taken)]
            elif len(taken) > len(known):
                branches[name][number] = taken


build = pathlib.Path(args.build).resolve()
with tempfile.TemporaryDirectory() as scratch:
    for data in sorted(build.rglob("*.gcda")):
        done = subprocess.run(
            ["gcov", "--json-format", "--stdout", "--branch-probabilities",
             str(data)], cwd=scratch, capture_output=True, check=False)
        for text in done.stdout.splitlines():
            if text.strip():
                report = json.loads(text)
                add(report, report["current_working_directory"])


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def row(title, names):
    hit = sum(1 for n in names for c in lines[n].values() if c)
    total = sum(len(lines[n]) for n in names)
    taken = sum(1 for n in names for b in branches[n].values() for c in b if c)
    ways = sum(len(b) for n in names for b in branches[n].values())
    print("%-52s %5d lines %5.1f %%  %5d branches %5.1f %%" % (
        title, total, percent(hit, total), ways, percent(taken, ways)))


for name in sorted(lines):
    row(name, [name])
    if args.missed:
        missed = [n for n, count in sorted(lines[name].items()) if not count]
        if missed:
            print("    not reached: " + " ".join(map(str, missed)))
for part in ("src/core", "src/nginx"):
    row("all of " + part, [n for n in lines if n.startswith(part + "/")])
