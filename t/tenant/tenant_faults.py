"""Named faults and the bytes of answers, good and odd.

A fault is a dictionary; a preset is one with a name. Members:
  match     any | jwks | discovery | other | /path        (default any)
  listener  http | https | ...                            (default all)
  times     how often, then it is gone                    (default for ever)
  status, reason, version, headers {name: value or null}
  body      name in BODIES, or text / base64 in body_text / body_base64
  framing   name in FRAMINGS                              (default length)
  interim   [103, ...] answers before the real one
  delay     seconds before the head
  hold      true: no head until /release
  drip      {"part": head|body|all, "bytes": 1, "interval": 0.1}
  hang      accept | tls | request | head | body
  reset     accept | tls | request | head | body
  close     clean | no-notify | never                     (default clean)
  raw       [{"send": text}, {"base64": ...}, {"sleep": s}, ...]
"""

import base64
import gzip
import json

from tenant_state import ControlError

HTML = b"<!DOCTYPE html><html><body><h1>Maintenance</h1></body></html>\n"
OCT = {"kty": "oct", "kid": "oct", "alg": "HS256", "k": "c2VjcmV0"}


def padded(body, size):
    """The same JSON object with a member that makes it SIZE bytes."""
    text = body.rstrip()[:-1] + b', "padding": "'
    return text + b"x" * max(0, size - len(text) - 2) + b'"}'


def doubled(body, fault):
    """The first member twice, the last one winning."""
    first = body.split(b":", 1)[0].lstrip(b"{ ")
    return b"{" + first + b": [], " + body.lstrip()[1:]


BODIES = {
    "good": lambda body, fault: body,
    "html": lambda body, fault: HTML,
    "empty": lambda body, fault: b"",
    "garbage": lambda body, fault: bytes(range(256)) * 8,
    "bad-json": lambda body, fault: body.rstrip()[:-1],
    "trailing-junk": lambda body, fault: body + b" x",
    "not-object": lambda body, fault: b"[" + body + b"]",
    "no-keys": lambda body, fault: b'{"keyz": []}',
    "keys-not-array": lambda body, fault: b'{"keys": {}}',
    "empty-set": lambda body, fault: b'{"keys": []}',
    "unusable": lambda body, fault: json.dumps({"keys": [OCT]}).encode(),
    "bom": lambda body, fault: b"\xef\xbb\xbf" + body,
    "nul": lambda body, fault: body + b"\0",
    "nul-inside": lambda body, fault: body.replace(b"{", b"{\0", 1),
    "utf16": lambda body, fault: body.decode().encode("utf-16"),
    "duplicate": doubled,
    "gzip": lambda body, fault: gzip.compress(body),
    "big": lambda body, fault: padded(body, fault.get("size", 10 << 20)),
    "deep": lambda body, fault: body.rstrip()[:-1] + b', "d": '
    + b"[" * 5000 + b"]" * 5000 + b"}",
}


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def chunks(body, extension=b""):
    out = b"".join(chunk(body[i:i + 97], extension)
                   for i in range(0, len(body), 97))
    return out


TE = [("Transfer-Encoding", "chunked")]

# framing -> body -> (headers, bytes on the wire)
FRAMINGS = {
    "length": lambda b: ([("Content-Length", len(b))], b),
    "close": lambda b: ([], b),
    "none": lambda b: ([], b""),
    "chunked": lambda b: (TE, chunks(b) + b"0\r\n\r\n"),
    "chunked-extension": lambda b: (
        TE, chunks(b, b';a=b;c="d e"') + b"0;last\r\n\r\n"),
    "chunked-trailer": lambda b: (
        TE, chunks(b) + b"0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"),
    "chunked-upper": lambda b: (
        [("Transfer-Encoding", "Chunked")],
        b"000%X\r\n%s\r\n0\r\n\r\n" % (len(b), b)),
    "chunk-bad-size": lambda b: (TE, b"zz\r\n" + b + b"\r\n0\r\n\r\n"),
    "chunk-huge-size": lambda b: (
        TE, b"ffffffffffffffffff\r\n" + b + b"\r\n0\r\n\r\n"),
    "chunk-negative": lambda b: (TE, b"-5\r\n" + b + b"\r\n0\r\n\r\n"),
    "chunk-bad-end": lambda b: (TE, b"%x\r\n%sXX0\r\n\r\n" % (len(b), b)),
    "chunk-cut": lambda b: (TE, chunks(b)),
    "chunk-cut-inside": lambda b: (TE, chunk(b)[:-len(b) // 2]),
    "chunk-empty": lambda b: (TE, b"0\r\n\r\n"),
    "truncated": lambda b: ([("Content-Length", len(b))], b[:len(b) // 2]),
    "overlong": lambda b: ([("Content-Length", len(b))], b + b"extra bytes"),
    "short-length": lambda b: ([("Content-Length", len(b) // 2)], b),
    "both": lambda b: (
        [("Content-Length", len(b))] + TE, chunks(b) + b"0\r\n\r\n"),
    "same-length-twice": lambda b: ([("Content-Length", len(b))] * 2, b),
    "two-lengths": lambda b: (
        [("Content-Length", len(b)), ("Content-Length", len(b) + 1)], b),
    "list-length": lambda b: ([("Content-Length", f"{len(b)}, 5")], b),
    "negative-length": lambda b: ([("Content-Length", "-1")], b),
    "word-length": lambda b: ([("Content-Length", "many")], b),
    "plus-length": lambda b: ([("Content-Length", f"+{len(b)}")], b),
    "huge-length": lambda b: ([("Content-Length", "9" * 30)], b),
    "te-gzip": lambda b: ([("Transfer-Encoding", "gzip, chunked")],
                          chunks(gzip.compress(b)) + b"0\r\n\r\n"),
    "te-identity": lambda b: ([("Transfer-Encoding", "identity")], b),
    "te-twice": lambda b: (TE * 2, chunks(b) + b"0\r\n\r\n"),
}

PRESETS = {
    "status": {"status": 500, "body": "html"},
    "redirect": {"status": 302, "body": "empty",
                 "headers": {"Location": "/elsewhere/jwks.json"}},
    "redirect-permanent": {"status": 301, "body": "empty", "headers": {
        "Location": "http://127.0.0.1:1/jwks.json"}},
    "not-found": {"status": 404, "body": "html"},
    "server-error": {"status": 500, "body": "html"},
    "unavailable": {"status": 503, "body": "html",
                    "headers": {"Retry-After": "120"}},
    "too-many": {"status": 429, "headers": {"Retry-After": "120"}},
    "not-modified": {"status": 304, "framing": "none"},
    "no-content": {"status": 204, "framing": "none"},
    "partial": {"status": 206, "headers": {"Content-Range": "bytes 0-9/10"}},
    "switching": {"status": 101, "framing": "none", "headers": {
        "Upgrade": "websocket", "Connection": "Upgrade"}},
    "html": {"body": "html", "headers": {"Content-Type": "text/html"}},
    "garbage": {"raw": [{"base64": base64.b64encode(
        b"\x16\x03\x01 this is not HTTP\r\n\r\n").decode()}]},
    "http09": {"raw": [{"send": '{"keys": []}\n'}]},
    "big": {"body": "big"},
    "big-chunked": {"body": "big", "framing": "chunked"},
    "big-close": {"body": "big", "framing": "close"},
    "gzip": {"body": "gzip", "headers": {"Content-Encoding": "gzip"}},
    "gzip-unsaid": {"body": "gzip"},
    "drip-head": {"drip": {"part": "head", "bytes": 1, "interval": 0.2}},
    "drip-body": {"drip": {"part": "body", "bytes": 1, "interval": 0.2}},
    "hang-accept": {"hang": "accept"},
    "hang-tls": {"hang": "tls"},
    "hang-request": {"hang": "request"},
    "hang-head": {"hang": "head"},
    "hang-body": {"hang": "body"},
    "reset-accept": {"reset": "accept"},
    "reset-tls": {"reset": "tls"},
    "reset-request": {"reset": "request"},
    "reset-head": {"reset": "head"},
    "reset-body": {"reset": "body"},
    "close-early": {"raw": []},
    "no-notify": {"close": "no-notify"},
    "close-delimited-no-notify": {"framing": "close", "close": "no-notify"},
    "interim": {"interim": [100, 103, 103]},
    "interim-flood": {"interim": [103] * 2000},
    "header-flood": {"headers": {f"X-Flood-{i}": "y" * 90
                                 for i in range(600)}},
    "header-long": {"headers": {"X-Long": "y" * 50000}},
    "header-many": {"headers": {f"X-{i}": "1" for i in range(5000)}},
    "no-reason": {"reason": ""},
    "http10": {"version": "HTTP/1.0", "framing": "close"},
    "http2-line": {"version": "HTTP/2"},
    "wrong-issuer": {"match": "discovery", "document": {
        "issuer": "https://evil.test/"}},
    "no-issuer": {"match": "discovery", "document": {"issuer": None}},
    "no-jwks-uri": {"match": "discovery", "document": {"jwks_uri": None}},
    "number-jwks-uri": {"match": "discovery", "document": {"jwks_uri": 7}},
    "relative-jwks-uri": {"match": "discovery", "document": {
        "jwks_uri": "/jwks.json"}},
    "http-jwks-uri": {"match": "discovery", "document": {
        "jwks_uri": "http://tenant.test/jwks.json"}},
    "file-jwks-uri": {"match": "discovery", "document": {
        "jwks_uri": "file:///etc/passwd"}},
}
PRESETS.update({name: {"body": name} for name in BODIES
                if name not in PRESETS})
PRESETS.update({name: {"framing": name} for name in FRAMINGS
                if name not in PRESETS})

REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found",
           404: "Not Found", 500: "Internal Server Error"}


def make_fault(spec):
    """A checked fault of what the control client sent."""
    if isinstance(spec, str):
        spec = {"preset": spec}
    name = spec.get("preset")
    if name is not None and name not in PRESETS:
        raise ControlError(f"no preset {name!r}")
    fault = {**PRESETS.get(name, {}), **spec}
    for member, table in (("body", BODIES), ("framing", FRAMINGS)):
        if member in fault and fault[member] not in table:
            raise ControlError(f"no {member} {fault[member]!r}")
    return fault


def body_of(fault, good):
    if "body_base64" in fault:
        return base64.b64decode(fault["body_base64"])
    if "body_text" in fault:
        return fault["body_text"].encode()
    return BODIES[fault.get("body", "good")](good, fault)


def answer(fault, headers, good):
    """(head, body) as they go over the wire."""
    framing, wire = FRAMINGS[fault.get("framing", "length")](
        body_of(fault, good))
    status = fault.get("status", 200)
    reason = fault.get("reason", REASONS.get(status, "Status"))
    version = fault.get("version", "HTTP/1.1")
    merged = {**headers, **fault.get("headers", {})}
    lines = [f"{version} {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in merged.items()
              if value is not None]
    lines += [f"{name}: {value}" for name, value in framing]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), wire


def interim(fault):
    return b"".join(
        b"HTTP/1.1 %d Interim\r\nLink: </a>; rel=preload\r\n\r\n" % status
        for status in fault.get("interim", []))
