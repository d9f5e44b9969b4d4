#!/usr/bin/env python3
"""Who may include whom in src/core: down or sideways, never up, no circle."""

import pathlib
import re
import sys

LAYERS = [
    # L0: values, no library
    "ascii base64url error number result",
    # L1: the doors to jansson and to OpenSSL
    "json openssl",
    # L2: parse and hold
    "algorithm assertion_key claim_value claims credentials discovery http_response jwk"
    " jwks jws key_state origin refresh url",
    # L3: judge
    "assertion claim_rule policy signature token_cache validator verified_token",
]

# A library's headers may be included by these files alone.
DOORS = {
    r"<jansson\.h>": {"json.h", "json.cc"},
    r"<openssl/": {"openssl.h"},
    r"<jwt\.h>": {"assertion.cc"},
    r"<ngx_|\"ngx_|\.\./nginx": set(),
}

level = {name: n for n, names in enumerate(LAYERS) for name in names.split()}
problems = []
includes = {}

for path in sorted(pathlib.Path("src/core").iterdir()):
    stem = path.name.split(".")[0]
    if stem not in level:
        problems.append(f"{path}: has no layer in t/tools/check_layers.py")
        continue

    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{path}:{number}"
        if not re.match(r"\s*#\s*include", line):
            if re.search(r"\bngx_", line):
                problems.append(f"{where}: the core knows nginx")
            continue
        for pattern, allowed in DOORS.items():
            if re.search(pattern, line) and path.name not in allowed:
                problems.append(f"{where}: {line.strip()} is not for this file")
        own = re.search(r'"(?:\.\./)*(?:core/)?([a-z0-9_]+)\.h"', line)
        if own and own[1] in level:
            if level[own[1]] > level[stem]:
                problems.append(
                    f"{where}: L{level[stem]} includes {own[1]} of"
                    f" L{level[own[1]]}")
            if own[1] != stem:
                includes.setdefault(stem, set()).add(own[1])


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
