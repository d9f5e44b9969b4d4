"""The tenant's listeners: a thread a connection, so that each may misbehave
at any step. One request a connection, as the key client asks for."""

import base64
import json
import os
import socket
import ssl
import struct
import threading
import time

import tenant_faults

REQUEST_TIMEOUT = 60
LEAKS = ("authorization", "cookie", "proxy-authorization", "x-forwarded-for",
         "referer")
WELL_KNOWN = "/.well-known/openid-configuration"


class Hung(Exception):
    """The fault was served: nothing more is to be sent."""


class Listener:
    def __init__(self, state, name, sock, certs=None):
        self.state = state
        self.name = name
        self.address = sock.getsockname()[:2]
        self.family = sock.family
        self.certs = certs
        self.tls = {"cert": "good"}
        self.context = None
        self.sock = None
        self.held = None
        if certs is not None:
            self.set_tls({})
        self.up(sock)

    @property
    def port(self):
        return self.address[1]

    def up(self, sock=None):
        if self.sock is not None:
            return
        sock = sock or self.held
        sock.listen(1024)
        self.sock = sock
        threading.Thread(target=self.accept, args=(sock,),
                         daemon=True).start()

    def down(self):
        """Connections are refused from now on."""
        if self.sock is not None:
            self.sock.shutdown(socket.SHUT_RDWR)
            self.sock.close()
            self.sock = None
            # refuses, and nobody else can have the port meanwhile
            self.held = bound(self.family, *self.address)

    def set_tls(self, options):
        """cert NAME; min, max TLSv1 | TLSv1_1 | TLSv1_2 | TLSv1_3;
        client optional | required, a certificate of the test CA."""
        tls = {**self.tls, **options}
        path = os.path.join(self.certs, tls["cert"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path + ".pem", path + ".key")
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = version(tls.get("min"), "TLSv1")
        context.maximum_version = version(tls.get("max"), "TLSv1_3")
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = note_sni
        if tls.get("client"):
            context.load_verify_locations(os.path.join(self.certs, "ca.pem"))
            context.verify_mode = (ssl.CERT_REQUIRED
                                   if tls["client"] == "required"
                                   else ssl.CERT_OPTIONAL)
        self.tls, self.context = tls, context

    def accept(self, listening):
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(self, sock),
                             daemon=True).start()


def version(name, default):
    return getattr(ssl.TLSVersion, name or default)


def note_sni(sock, name, _context):
    sock.sni = name


def bound(family, host, port):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((host, port))
    return sock


def reset(sock):
    """Close with a TCP reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()
    raise Hung


def wait_for_close(sock, counters):
    sock.settimeout(None)
    try:
        while sock.recv(4096):
            pass
    except OSError:
        pass
    counters.bump("client_closed")
    raise Hung


def serve(listener, sock):
    counters = listener.state.counters
    counters.enter(listener.name)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(REQUEST_TIMEOUT)
        misbehave_early(listener, sock, ["accept"])
        if listener.context is not None:
            sock = handshake(listener, sock)
        talk(listener, sock)
    except Hung:
        pass
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        counters.bump("client_closed")
    except OSError:
        pass
    finally:
        counters.leave()
        sock.close()


def misbehave_early(listener, sock, stages):
    state = listener.state
    fault = state.take_fault(listener.name, None, None, stages)
    if fault is not None and fault.get("hang"):
        wait_for_close(sock, state.counters)
    elif fault is not None:
        reset(sock)


def handshake(listener, sock):
    counters = listener.state.counters
    fault = listener.state.take_fault(listener.name, None, None, ["tls"])
    if fault is not None:
        sock.recv(1, socket.MSG_PEEK)
        sock.recv(65536)
        if fault.get("hang"):
            wait_for_close(sock, counters)
        reset(sock)
    try:
        tls = listener.context.wrap_socket(sock, server_side=True)
    except (OSError, ssl.SSLError) as e:
        counters.note("tls_errors", {"time": time.time(),
                                     "listener": listener.name,
                                     "error": str(e)})
        raise Hung from e
    counters.bump("handshakes")
    return tls


def read_request(sock):
    data = b""
    while b"\r\n\r\n" not in data and len(data) < 65536:
        more = sock.recv(65536)
        if not more:
            raise Hung
        data += more
    head = data.split(b"\r\n\r\n", 1)[0].decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    words = first.split(" ")
    return words[0], words[1] if len(words) > 1 else "", headers, first


def kind_of(path):
    if path.endswith(WELL_KNOWN):
        return "discovery"
    return "jwks" if path.endswith("/jwks.json") else "other"


def talk(listener, sock):
    state = listener.state
    method, target, headers, line = read_request(sock)
    path = target.split("?", 1)[0]
    kind = kind_of(path)
    state.counters.request(kind, {
        "time": time.time(), "listener": listener.name, "path": path,
        "line": line, "method": method, "headers": headers,
        "sni": getattr(sock, "sni", None),
        "tls": sock.version() if listener.context is not None else None,
        "client": bool(listener.context is not None and sock.getpeercert()),
        "leaked": [name for name in LEAKS if name in headers],
    })
    fault = state.take_fault(listener.name, kind, path, ["request"]) or {}
    respond(listener, sock, fault, resource(listener, kind, path, headers,
                                            fault))


def resource(listener, kind, path, headers, fault):
    """(status, headers, body) of an honest tenant."""
    state = listener.state
    with state.lock:
        extra = dict(state.headers)
        if kind == "jwks":
            name = path[:-len("/jwks.json")].strip("/")
            body = state.keys(name).document()
        elif kind == "discovery":
            body = discovery(listener, path, headers, fault)
        else:
            return 404, extra, b"not found\n"
    return 200, {"Content-Type": "application/json", **extra}, body


def discovery(listener, path, headers, fault):
    """OpenID Discovery 4; the prefix of the path is the issuer's path."""
    state = listener.state
    scheme = "http" if listener.context is None else "https"
    base = f"{scheme}://{headers.get('host', 'localhost')}"
    prefix = path[:-len(WELL_KNOWN)]
    document = {
        "issuer": state.issuer or f"{base}{prefix}/",
        "jwks_uri": f"{base}{prefix}/jwks.json",
        "authorization_endpoint": f"{base}{prefix}/authorize",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    document.update(state.discovery)
    document.update(fault.get("document", {}))
    kept = {k: v for k, v in document.items() if v is not None}
    return json.dumps(kept).encode()


def stop_here(sock, fault, stage, counters):
    if fault.get("hang") == stage:
        wait_for_close(sock, counters)
    if fault.get("reset") == stage:
        reset(sock)


def respond(listener, sock, fault, good):
    counters = listener.state.counters
    stop_here(sock, fault, "request", counters)
    if fault.get("hold"):
        listener.state.gate.wait()
    time.sleep(fault.get("delay", 0))
    if "raw" in fault:
        play(sock, fault["raw"])
        return finish(sock, fault, counters)
    status, headers, body = good
    head, wire = tenant_faults.answer(
        {"status": status, **fault}, {"Connection": "close", **headers}, body)
    if fault.get("hang") == "head" or fault.get("reset") == "head":
        sock.sendall(head[:len(head) // 2])
        stop_here(sock, fault, "head", counters)
    if fault.get("hang") == "body" or fault.get("reset") == "body":
        sock.sendall(head + wire[:len(wire) // 2])
        stop_here(sock, fault, "body", counters)
    head = tenant_faults.interim(fault) + head
    if "drip" not in fault:
        sock.sendall(head + wire)
        return finish(sock, fault, counters)
    part = fault["drip"].get("part", "all")
    drip(sock, head, fault["drip"], part in ("head", "all"))
    drip(sock, wire, fault["drip"], part in ("body", "all"))
    return finish(sock, fault, counters)


def drip(sock, data, how, slowly):
    if not slowly:
        sock.sendall(data)
        return
    step = how.get("bytes", 1)
    for i in range(0, len(data), step):
        sock.sendall(data[i:i + step])
        time.sleep(how.get("interval", 0.1))


def play(sock, steps):
    for step in steps:
        if "send" in step:
            sock.sendall(step["send"].encode())
        if "base64" in step:
            sock.sendall(base64.b64decode(step["base64"]))
        time.sleep(step.get("sleep", 0))


def finish(sock, fault, counters):
    if fault.get("close") == "never":
        wait_for_close(sock, counters)
    sock.settimeout(1)
    try:
        if isinstance(sock, ssl.SSLSocket) and fault.get("close") is None:
            sock = sock.unwrap()
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass
    except (OSError, ValueError):
        pass
    sock.close()
