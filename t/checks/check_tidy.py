#!/usr/bin/env python3
"""What no file of the project may hold: leftovers, trailing space, machine
paths, sizes over the limit."""

import re
import subprocess
import sys

MAX_LINES = 450
problems = []

files = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    check=True, capture_output=True, text=True).stdout.split("\n")

# Spelt so that this file does not find itself.
leftover = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
machine = re.compile(r"(^|[^\w.])/(wo" r"rk|ho" r"me)/")
top = re.compile(
    r"(config|src/.*|t/.*|conf-examples/.*|Makefile|README\.md|LICENSE|\..*)$")

for name in filter(None, files):
    if not top.match(name):
        problems.append(f"{name}: does not belong at the top level")
    if name.startswith(("t/vectors/", "t/fuzz/corpus/")):
        continue
    try:
        with open(name, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        continue
    except UnicodeDecodeError:
        problems.append(f"{name}: is not UTF-8 text")
        continue
    lines = text.split("\n")
    if name.startswith("src/") and len(lines) > MAX_LINES + 1:
        problems.append(f"{name}: {len(lines) - 1} lines, over {MAX_LINES}")
    if text and not text.endswith("\n"):
        problems.append(f"{name}: no newline at the end")
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if line != line.rstrip() and not name.endswith((".t", ".md")):
            problems.append(f"{where}: space at the end of the line")
        if leftover.search(line):
            problems.append(f"{where}: left for later: {line.strip()}")
        if machine.search(line):
            problems.append(f"{where}: a machine's own path: {line.strip()}")
        if name.startswith("src/nginx/") and len(line) > 80:
            problems.append(f"{where}: {len(line)} columns")

print("\n".join(problems))
sys.exit(bool(problems))
