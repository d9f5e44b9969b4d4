"""The network around the tenant: DNS server, CONNECT proxy, black hole."""

import socket
import struct
import threading
import time

A, AAAA, CNAME = 1, 28, 5
DEFAULT_NAME = {"A": ["127.0.0.1"]}


def black_hole(port, host="127.0.0.9"):
    """A listener whose backlog is full: connects to it get no answer."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(0)
    held = [listening]
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex((host, port))
        held.append(filler)
        time.sleep(0.01)
    return held


class Dns:
    """A name's entry: A, AAAA (lists, or a list of lists to take in turn),
    ttl, delay, cname, mode ok|nxdomain|servfail|dead|garbage|wrong-id."""

    def __init__(self, state, host="127.0.0.1", port=0):
        self.state = state
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((host, port))
        self.port = self.udp.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            query, peer = self.udp.recvfrom(4096)
            threading.Thread(target=self.reply, args=(query, peer),
                             daemon=True).start()

    def reply(self, query, peer):
        try:
            name, qtype, end = parse_question(query)
        except (IndexError, struct.error):
            return
        entry = self.entry(name)
        self.state.counters.note("dns", {"time": time.time(), "name": name,
                                         "type": qtype})
        time.sleep(entry.get("delay", 0))
        mode = entry.get("mode", "ok")
        if mode == "dead":
            return
        if mode == "garbage":
            self.udp.sendto(b"\xff" * 40, peer)
            return
        answer = self.message(query, end, qtype, entry, mode)
        self.udp.sendto(answer, peer)

    def entry(self, name):
        names = self.state.names
        return names.get(name) or names.get("*") or DEFAULT_NAME

    def addresses(self, entry, kind):
        """The next answer of a changing list, or the fixed one."""
        with self.state.lock:
            values = entry.get(kind, [])
            if values and isinstance(values[0], list):
                turns = entry.setdefault("turns", {})
                i = turns.get(kind, 0)
                turns[kind] = i + 1
                return values[min(i, len(values) - 1)]
            return values

    def message(self, query, end, qtype, entry, mode):
        rcode = {"nxdomain": 3, "servfail": 2, "refused": 5}.get(mode, 0)
        records = []
        if rcode == 0:
            records = self.records(entry, qtype)
        ident = query[:2]
        if mode == "wrong-id":
            ident = bytes((query[0] ^ 1, query[1]))
        head = ident + struct.pack(">HHHHH", 0x8180 | rcode, 1,
                                   len(records), 0, 0)
        return head + query[12:end] + b"".join(records)

    def records(self, entry, qtype):
        ttl = entry.get("ttl", 1)
        out = []
        owner = b"\xc0\x0c"
        if "cname" in entry:
            target = encode_name(entry["cname"])
            out.append(record(owner, CNAME, ttl, target))
            entry, owner = self.entry(entry["cname"]), target
        kind, family = {A: ("A", socket.AF_INET),
                        AAAA: ("AAAA", socket.AF_INET6)}.get(
                            qtype, (None, None))
        for address in self.addresses(entry, kind) if kind else []:
            out.append(record(owner, qtype, ttl,
                              socket.inet_pton(family, address)))
        return out


def encode_name(name):
    return b"".join(bytes((len(part),)) + part.encode()
                    for part in name.strip(".").split(".")) + b"\0"


def record(owner, rtype, ttl, data):
    return owner + struct.pack(">HHIH", rtype, 1, ttl, len(data)) + data


def parse_question(query):
    labels, i = [], 12
    while query[i]:
        labels.append(query[i + 1:i + 1 + query[i]].decode("latin-1"))
        i += 1 + query[i]
    qtype, _ = struct.unpack_from(">HH", query, i + 1)
    return ".".join(labels).lower(), qtype, i + 5


class Proxy:
    """An HTTP proxy that knows CONNECT and leads to loopback only.

    state.proxy: mode allow|refuse|hang|hang-after|garbage|close|reset|flood|
    drip, status (with refuse), delay, headers (text after the status line).
    """

    def __init__(self, state, dns):
        self.state = state
        self.dns = dns
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(1024)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            client, _ = self.sock.accept()
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, client):
        try:
            with client:
                self.talk(client)
        except (OSError, ValueError, IndexError):
            pass

    def talk(self, client):
        data = b""
        while b"\r\n\r\n" not in data:
            more = client.recv(65536)
            if not more:
                return
            data += more
        head, _, early = data.partition(b"\r\n\r\n")
        line, *headers = head.decode("latin-1").split("\r\n")
        self.state.counters.note("proxy", {"time": time.time(), "line": line,
                                           "headers": headers})
        how = dict(self.state.proxy)
        time.sleep(how.get("delay", 0))
        method, target, *_ = line.split(" ")
        if method != "CONNECT":
            client.sendall(b"HTTP/1.1 405 Only CONNECT\r\n\r\n")
            return
        if how["mode"] == "allow" or how["mode"] == "drip":
            self.tunnel(client, target, early, how)
        else:
            misbehave(client, how)

    def tunnel(self, client, target, early, how):
        host, _, port = target.rpartition(":")
        with socket.create_connection((self.resolve(host.strip("[]")),
                                       int(port)), 5) as server:
            server.settimeout(None)
            greeting = ("HTTP/1.1 200 Connection established\r\n"
                        + how.get("headers", "") + "\r\n").encode()
            step = 1 if how["mode"] == "drip" else len(greeting)
            for i in range(0, len(greeting), step):
                client.sendall(greeting[i:i + step])
                time.sleep(0.01 if step == 1 else 0)
            server.sendall(early)
            back = threading.Thread(target=pump, args=(server, client),
                                    daemon=True)
            back.start()
            pump(client, server)
            back.join()

    def resolve(self, host):
        if not host.startswith("127.") and ":" not in host:
            entry = self.dns.entry(host.lower())
            host = (self.dns.addresses(entry, "A")
                    or self.dns.addresses(entry, "AAAA"))[0]
        if not host.startswith("127.") and host != "::1":
            raise OSError("not a loopback address: " + host)
        return host


def misbehave(client, how):
    mode = how["mode"]
    if mode == "refuse":
        status = how.get("status", 403)
        body = "refused\n"
        client.sendall((f"HTTP/1.1 {status} Refused\r\nContent-Length: "
                        f"{len(body)}\r\nProxy-Authenticate: Basic\r\n"
                        f"\r\n{body}").encode())
    elif mode == "garbage":
        client.sendall(b"\x00\x01\x02 not HTTP\r\n\r\n")
    elif mode == "flood":
        client.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-Y: zzzzzzzz\r\n" * 9999)
    elif mode == "hang-after":
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    elif mode == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    if mode in ("hang", "hang-after"):
        while client.recv(4096):
            pass


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
