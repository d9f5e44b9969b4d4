#!/usr/bin/env python3
"""seeds.py OUT: first inputs of each fuzz target, as OUT/TARGET/*, made of the
vectors. The formats of the inputs are described at the top of each target."""

import base64
import hashlib
import json
import pathlib
import sys

vectors = pathlib.Path(__file__).resolve().parent.parent / "vectors"
out = pathlib.Path(sys.argv[1])
LARGEST = 8192


def seed(target, data):
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    if len(data) > LARGEST:
        return
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def document(key_set):
    if "$text" in key_set:
        return key_set["$text"].encode()
    if "$base64" in key_set:
        return base64.b64decode(key_set["$base64"])
    return json.dumps(key_set, separators=(",", ":")).encode()


def answer(head, body=b"", end=b"\r\n"):
    return end.join([*head, b"", body])


documents = []
claim_sets = []
for path in sorted(vectors.glob("*.json")):
    file = json.loads(path.read_text())
    if "cases" not in file:
        continue
    for key_set in file["jwks_sets"].values():
        documents.append(document(key_set))
    for case in file["cases"]:
        token = case.get("token") or ""
        for option in (b"\0", b"\x08"):
            seed("token", option + token.encode())
            seed("differential", option + token.encode())
        try:
            part = token.split(".")[1]
            claim_sets.append(base64.urlsafe_b64decode(part + "==="))
        except (IndexError, ValueError):
            pass
        for name, value in case.get("request", {}).get("headers", []):
            if name in ("Authorization", "Cookie"):
                # Short tokens do: they are not read here.
                for mark in ("{token}", "{token2}"):
                    value = value.replace(mark, "aa.bb.cc")
                value = value.replace("{cookie}", "id_token")
                seed("credentials", value)

for options in range(32):
    seed("token", bytes([options]))
for value in ("Bearer", "bearer  a.b.c==", "Bearer a b", "Basic Zm9v",
              "a=1; id_token=\"x.y.z\"; b", ";;=;a==b; a=b=c", " \t=\t "):
    seed("credentials", value)

for text in documents:
    seed("jwks", text)
    seed("jwks", b"\xef\xbb\xbf" + text)
    for end in (b"\r\n", b"\n"):
        head = [b"HTTP/1.1 200 OK", b"Content-Type: application/json",
                b"Cache-Control: public, max-age=3600", b"Age: 12"]
        seed("http_response", b"\0\1" + answer(
            [*head, b"Content-Length: %d" % len(text)], text, end))
        seed("http_response", b"\0\2" + answer(
            [*head, b"Transfer-Encoding: chunked"],
            b"%x;a=b\r\n" % len(text) + text + b"\r\n0\r\nX: y\r\n\r\n", end))
        seed("http_response", b"\0\3" + answer([b"HTTP/1.0 200 OK"], text, end))
    rest = (b"fetched_at 1799999990\nissuer 19 https://op.example/\n"
            b"url 23 https://op.example/jwks\n"
            b"trust 17 ca:system depth:9\n\n" + text)
    seed("key_state", b"\0id-token-keys 1\nsha256 "
         + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)

for head in ([b"HTTP/1.1 302 Found", b"Location: https://op.example/\x01"],
             [b"HTTP/1.1 100 Continue", b"", b"HTTP/1.1 200 OK"],
             [b"HTTP/1.1 503 Busy", b"Retry-After: 1"],
             [b"HTTP/1.1 200", b"Content-Length: 3, 3"],
             [b"HTTP/1.1 200", b"Content-Length: 3", b"Content-Length: 4"],
             [b"HTTP/1.1 200", b"Content-Length: 18446744073709551616"],
             [b"HTTP/1.1 200", b"Content-Length: 3",
              b"Transfer-Encoding: chunked"],
             [b"HTTP/1.1 200", b"Transfer-Encoding: gzip, chunked"],
             [b"HTTP/1.1 200", b"Content-Encoding: gzip"],
             [b"HTTP/1.1 200", b" folded: 1"],
             [b"HTTP/1.1 200 Connection established"],
             [b"HTTP/2 200"], [b"SSH-2.0-x"]):
    for option in (b"\0", b"\1", b"\2"):
        seed("http_response", option + b"\4" + answer(head, b"{}\n"))

for url in ("https://op.example/jwks", "http://127.0.0.1:8080/a?b=c",
            "https://[::1]:443/", "http://localhost", "https://OP.example.:443",
            "https://127.1/", "https://0x7f.1/", "https://user@op.example/",
            "https://op.example/#f", "https://op.example/%2f%zz",
            "https://xn--bcher-kva.example/?", "::ffff:127.0.0.1", "127.0.0.1",
            "https://op.example:65536", "https://[fe80::1%25eth0]/", "null",
            "max-age=3600", "public, max-age=\"60\", no-store",
            "a=\"b,max-age=1\", MAX-AGE=99999999999999999999"):
    seed("url", url)

for issuer, uri in (("https://op.example/", "https://op.example/jwks"),
                    ("https://op.example", "http://op.example/jwks"),
                    ("http://localhost", "HTTPS://localhost/k")):
    seed("discovery", issuer + "\n" + json.dumps(
        {"issuer": issuer, "jwks_uri": uri, "x": [1, {"y": None}]}))
for issuer in ("", "x"):
    for text in ("{}", "[]", "{\"issuer\":\"x\"}", "{\"issuer\":\"\"}", "{"):
        seed("discovery", issuer + "\n" + text)

rules = ("= admin", "!in a b", "has admin x", "!has 1", "< 5", "!> 1e3",
         "present", "!present", "~ a", "= ")
paths = ("sub", "/a/0/b", "/roles/1", "/~0~1", "/~2", "/", "", "1e-7")
for n, claims in enumerate(claim_sets):
    seed("claims", f"{paths[n % len(paths)]}\n{rules[n % len(rules)]}\n".encode()
         + claims)
    seed("assertion", claims)

for n in range(16):
    steps = b"".join(hashlib.sha256(bytes([n, i])).digest() for i in range(4))
    seed("cache", bytes([n]) + steps)

for folder in sorted(out.iterdir()):
    print(f"{folder.name}: {len(list(folder.iterdir()))} seeds")
