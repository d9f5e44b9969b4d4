#!/usr/bin/env python3
"""Makes kinds.json and shapes.json: tokens of the test keys that tell an ID
token from a token of another kind, or of another client.

    t/vectors/make_kinds.py [--check]

kinds.json has one claim at fault in each case, beside its twin that is let in.
shapes.json has what providers document of their ID tokens and of their access
tokens, see kinds_shapes.py. With --check nothing is written: exit 1 if the
files are not what would be. Needs build/tools/mint.
"""

import json
import os
import subprocess
import sys

from kinds_cases import CASES, JOSE_CASES
from kinds_shapes import NO_SIGN, SHAPES

HERE = os.path.dirname(os.path.abspath(__file__))
MINT = os.path.join(HERE, "../../build/tools/mint")
KEY = "rsa1"  # RS256: the same bytes each time

ISSUER = "https://issuer.example.org/realms/demo"
CLIENT = "demo-web-client"
TIMES = {"exp": 4102444800, "iat": 1700000000}
OURS = {"iss": ISSUER, "aud": CLIENT, "sub": "f81d4fae-7dec-11d0", **TIMES}


def sign(header, payload):
    return subprocess.run(
        [MINT, "token", "--vector-key", KEY, "--sign-only-raw", header,
         payload],
        check=True, capture_output=True, text=True).stdout.strip()


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def keys():
    with open(os.path.join(HERE, "keys.json"), encoding="utf-8") as f:
        return json.load(f)


def key_set(key):
    public = {name: key["jwk"][name] for name in ("kty", "n", "e")}
    return {"keys": [{**public, "kid": key["kid"], "use": "sig",
                      "alg": "RS256"}]}


def case(name, family, comment, token, reason, level="must", **more):
    return {
        "id": name, "source": more.pop("source", "minted for this project"),
        "family": family, "comment": comment, "layer": "idtoken",
        "level": level, "jwks": "main", "alg_allow": None, "issuer": ISSUER,
        "client_id": CLIENT, "now": None, "token": token,
        "expect": "accept" if reason == "ok" else "reject", "reason": reason,
        **more}


def kinds(kid):
    header = {"alg": "RS256", "typ": "JWT", "kid": kid}
    for name, family, comment, changes, reason, more in CASES:
        yield case(name, family, comment,
                   sign(compact(header), compact({**OURS, **changes})), reason,
                   **more)
    for name, comment, changes, reason in JOSE_CASES:
        yield case(name, "null", comment,
                   sign(compact({**header, **changes}), compact(OURS)), reason)


def shapes(kid):
    """Issuer and audience ours throughout, and whatever else names a client
    (OUR_CLIENT): what an application gets that is its own API."""
    for name, what, source, note, header, payload, reason, more in SHAPES:
        text = compact({**OURS, **payload}).replace("OUR_CLIENT", CLIENT)
        if note == NO_SIGN:
            more = {**more, "level": "policy"}
        yield case(f"shape-{name}", "shape", f"{what}: {note}",
                   sign(compact({"alg": "RS256", "kid": kid, **header}), text),
                   reason, source=source, **more)


def document(note, cases, key):
    cases = list(cases)
    return json.dumps({
        "format": "idtoken-corpus/1", "source": "minted for this project",
        "license": "same as the project", "note": note, "count": len(cases),
        "jwks_sets": {"main": key_set(key)}, "cases": cases},
        indent=1, ensure_ascii=False) + "\n"


def main():
    key = keys()[KEY]
    wrong = False
    for name, note, cases in (
            ("kinds", "one claim at fault, beside its twin; made by make_kinds.py",
             kinds),
            ("shapes", "what providers document of their tokens, with invented "
             "values; made by make_kinds.py", shapes)):
        path = os.path.join(HERE, name + ".json")
        text = document(note, cases(key["kid"]), key)
        if "--check" not in sys.argv[1:]:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        elif not os.path.exists(path) or open(
                path, encoding="utf-8").read() != text:
            print("%s is not what make_kinds.py makes" % path)
            wrong = True
    sys.exit(wrong)


main()
