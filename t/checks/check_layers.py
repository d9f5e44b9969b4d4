#!/usr/bin/env python3
"""Who may include whom in src/core: a folder those below it, never one above
or beside it, and no circle. Both halves: what is included is there."""

import pathlib
import re
import sys

CORE = pathlib.Path("src/core")
ADAPTER = pathlib.Path("src/nginx")

# From the bottom up. Folders of one layer know nothing of each other.
LAYERS = [
    "idt_base",  # values, no library
    "idt_lib",  # the doors to jansson and to OpenSSL
    "idt_jose",  # signed tokens and keys
    "idt_token idt_keys",  # what is in a token; where keys come from
    "idt_mint",  # what we sign ourselves
    "idt_login",  # how a session begins and ends
    "idt_metrics",  # what is counted, and how it is shown
    "idt_revoke",  # who has been logged out
    "idt_logout",  # what others ask us to end
]

# A library's headers may be included by these files alone.
DOORS = {
    r"<jansson\.h>": {"idt_lib/json.h", "idt_lib/json.cc"},
    r"<openssl/": {"idt_lib/openssl.h"},
    r"<jwt\.h>": {"idt_mint/assertion.cc"},
    r"<ngx_|\"ngx_": set(),
}

level = {name: n for n, names in enumerate(LAYERS) for name in names.split()}
problems = []
includes = {}


def own_includes(path, roots):
    """Line and name of each of our headers; complains of what is not there."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        own = re.match(r'\s*#\s*include\s+"([^"]*)"', line)
        if not own:
            continue
        if not any((root / own[1]).is_file() for root in roots):
            problems.append(f'{path}:{number}: no "{own[1]}" below '
                            + " and ".join(map(str, roots)))
        else:
            yield number, own[1]


for path in sorted(CORE.rglob("*.*")):
    name = str(path.relative_to(CORE))
    folder, stem = path.parent.name, str(path.relative_to(CORE).with_suffix(""))
    if folder not in level or name.count("/") != 1:
        problems.append(f"{path}: has no layer in t/checks/check_layers.py")
        continue

    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path}:{number}"
        if not re.match(r"\s*#\s*include", line):
            if re.search(r"\bngx_", line):
                problems.append(f"{where}: the core knows nginx")
            continue
        for pattern, allowed in DOORS.items():
            if re.search(pattern, line) and name not in allowed:
                problems.append(f"{where}: {line.strip()} is not for this file")

    for number, own in own_includes(path, [CORE]):
        other = own.split("/")[0]
        if other != folder and level.get(other, 99) >= level[folder]:
            problems.append(f"{path}:{number}: {folder} includes {own}")
        if own != stem + ".h":
            includes.setdefault(stem, set()).add(own[:-len(".h")])

for path in sorted(ADAPTER.rglob("*.*")):
    for _ in own_includes(path, [CORE, ADAPTER]):
        pass


plan = pathlib.Path("src/README.md").read_text()
for room in sorted(p for p in [*CORE.iterdir(), *ADAPTER.iterdir()] if p.is_dir()):
    if f"`{room.name}`" not in plan:
        problems.append(f"src/README.md: the room {room.name} is missing")


def circle(name, path):
    if name in path:
        return path[path.index(name):] + [name]
    for other in sorted(includes.get(name, ())):
        found = circle(other, path + [name])
        if found:
            return found
    return None


for name in sorted(includes):
    found = circle(name, [])
    if found:
        problems.append("src/core: a circle: " + " -> ".join(found))
        break

print("\n".join(problems))
sys.exit(bool(problems))
