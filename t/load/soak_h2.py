"""A client for HTTP/2 without TLS, as little as the soak test needs: requests
side by side on one connection, some of them reset."""

import socket
import struct
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = \
    0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
WINDOW = (1 << 30) - 65536
STATIC_STATUS = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400,
                 0x8d: 404, 0x8e: 500}


def frame(kind, flags, stream, payload=b""):
    return (struct.pack(">I", len(payload))[1:] + bytes((kind, flags))
            + struct.pack(">I", stream) + payload)


def number(value, bits):
    limit = (1 << bits) - 1
    if value < limit:
        return bytes((value,))
    out = [limit]
    value -= limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def text(value):
    return number(len(value), 7) + value


def literal(name, value):
    return b"\0" + text(name) + text(value)


def status_of(block):
    """nginx begins with :status, from the static table or as plain text."""
    if block[0] >> 5 == 1:  # a new size of the table
        block = block[1:]
    if block[0] in STATIC_STATUS:
        return STATIC_STATUS[block[0]]
    if block[0] & 0x3f == 8 and block[1] == 3:
        return int(block[2:5])
    raise ValueError(f"no status in {block[:8].hex()}")


class H2Client:
    def __init__(self, port, timeout=30):
        self.port = port
        self.timeout = timeout
        self.socket = None
        self.opened = 0

    def open(self):
        self.opened = time.time()
        self.socket = socket.create_connection(("127.0.0.1", self.port),
                                               self.timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(
            PREFACE
            + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, (1 << 31) - 1))
            + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW)))
        self.next = 1
        self.rest = b""
        self.going = False

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def read_frame(self):
        while True:
            if len(self.rest) >= 9:
                length = int.from_bytes(self.rest[:3], "big")
                if len(self.rest) >= 9 + length:
                    head = self.rest[:9]
                    body = self.rest[9:9 + length]
                    self.rest = self.rest[9 + length:]
                    return (head[3], head[4],
                            int.from_bytes(head[5:9], "big") & 0x7fffffff,
                            body)
            piece = self.socket.recv(65536)
            if not piece:
                raise OSError("closed")
            self.rest += piece

    def batch(self, requests, reset=()):
        """(status, body) for each (method, path, headers); None for those
        whose number is in `reset` or that the server did not take up."""
        try:
            return self.attempt(requests, reset)
        except OSError:
            self.close()
            return [None] * len(requests)

    def attempt(self, requests, reset):
        if self.socket is None or self.going:
            self.close()
            self.open()
        streams = {}
        out = b""
        for n, (method, path, headers) in enumerate(requests):
            block = literal(b":method", method.encode())
            block += literal(b":scheme", b"http")
            block += literal(b":path", path.encode())
            block += literal(b":authority", b"localhost")
            for name, value in headers:
                block += literal(name.lower().encode(), value.encode())
            out += frame(HEADERS, END_STREAM | END_HEADERS, self.next, block)
            if n in reset:
                out += frame(RST_STREAM, 0, self.next, struct.pack(">I", 8))
            else:
                streams[self.next] = n
            self.next += 2
        self.socket.sendall(out)

        status = [None] * len(requests)
        body = [b""] * len(requests)
        while streams:
            kind, flags, stream, payload = self.read_frame()
            if kind == SETTINGS and not flags & ACK:
                self.socket.sendall(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.socket.sendall(frame(PING, ACK, 0, payload))
            elif kind == GOAWAY:
                self.going = True
                last = int.from_bytes(payload[:4], "big") & 0x7fffffff
                streams = {s: n for s, n in streams.items() if s <= last}
            elif stream in streams:
                n = streams[stream]
                if kind == HEADERS:
                    status[n] = status_of(payload)
                elif kind == DATA:
                    body[n] += payload
                elif kind == RST_STREAM:
                    status[n] = None
                if kind == RST_STREAM or (kind in (HEADERS, DATA)
                                          and flags & END_STREAM):
                    del streams[stream]
        return [None if s is None else (s, body[n].decode(errors="replace"))
                for n, s in enumerate(status)]
