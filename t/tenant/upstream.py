#!/usr/bin/env python3
"""Upstreams that answer with the very bytes that nginx sent them.

Listens for HTTP, FastCGI, uwsgi and SCGI on free ports of 127.0.0.1, prints
one line of JSON with the ports, and ends with its standard input. HTTP is
answered with the request's head as it came; for the others a line NAME=VALUE
per parameter, in which a line break would show as "\\n".
"""

import json
import socketserver
import struct
import sys
import threading


def read(stream, size):
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def lines(pairs):
    out = b""
    for name, value in pairs:
        line = name + b"=" + value
        out += line.replace(b"\r", b"\\r").replace(b"\n", b"\\n") + b"\n"
    return out


def answer(body, status_line):
    head = b"Content-Type: text/plain\r\nContent-Length: %d\r\n" % len(body)
    return status_line + head + b"Connection: close\r\n\r\n" + body


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            self.exchange()
        except (EOFError, OSError, struct.error):
            pass


class Http(Handler):
    def exchange(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                head += read(self.rfile, int(line.split(b":")[1]))
        self.wfile.write(answer(head, b"HTTP/1.1 200 OK\r\n"))


class Scgi(Handler):
    def exchange(self):
        digits = b""
        while not digits.endswith(b":"):
            digits += read(self.rfile, 1)
        fields = read(self.rfile, int(digits[:-1])).split(b"\0")
        pairs = zip(fields[0::2], fields[1::2])
        self.wfile.write(answer(lines(pairs), b"Status: 200 OK\r\n"))


class Uwsgi(Handler):
    def exchange(self):
        size = struct.unpack("<xHx", read(self.rfile, 4))[0]
        data = read(self.rfile, size)
        fields = []
        while data:
            length = struct.unpack("<H", data[:2])[0]
            fields.append(data[2:2 + length])
            data = data[2 + length:]
        pairs = zip(fields[0::2], fields[1::2])
        self.wfile.write(answer(lines(pairs), b"HTTP/1.1 200 OK\r\n"))


class FastCgi(Handler):
    PARAMS, STDIN, STDOUT, END = 4, 5, 6, 3

    def record(self):
        kind, ident, size, pad = struct.unpack(">xBHHBx", read(self.rfile, 8))
        data = read(self.rfile, size)
        read(self.rfile, pad)
        return kind, ident, data

    @staticmethod
    def pairs(data):
        def length():
            nonlocal data
            size = data[0]
            if size < 128:
                data = data[1:]
                return size
            size = struct.unpack(">I", data[:4])[0] & 0x7FFFFFFF
            data = data[4:]
            return size

        while data:
            name, value = length(), length()
            yield data[:name], data[name:name + value]
            data = data[name + value:]

    def exchange(self):
        params = b""
        while True:
            kind, ident, data = self.record()
            if kind == self.PARAMS:
                params += data
            if kind == self.STDIN and not data:
                break
        body = answer(lines(self.pairs(params)), b"")
        for i in range(0, len(body), 65000):
            part = body[i:i + 65000]
            self.wfile.write(struct.pack(">BBHHBx", 1, self.STDOUT, ident,
                                         len(part), 0) + part)
        self.wfile.write(struct.pack(">BBHHBx", 1, self.STDOUT, ident, 0, 0))
        self.wfile.write(struct.pack(">BBHHBx8x", 1, self.END, ident, 8, 0))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


def main():
    ports = {}
    for name, handler in (("http", Http), ("fastcgi", FastCgi),
                          ("uwsgi", Uwsgi), ("scgi", Scgi)):
        server = Server(("127.0.0.1", 0), handler)
        ports[name] = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
