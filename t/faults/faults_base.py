"""What the parts of faults.py share: the control block of failalloc.c, an
application that keeps what it was sent, the places where to fail."""

import mmap
import os
import socket
import struct
import threading

FIELDS = ("armed", "pid", "first", "last", "calls", "failed", "offset",
          "trace")


class Control:
    """The block that failalloc.c looks at."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "control")
        with open(self.path, "wb") as f:
            f.write(b"\0" * 8 * len(FIELDS))
        os.chmod(self.path, 0o666)
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 0)

    def __getitem__(self, field):
        return struct.unpack_from("q", self.map, 8 * FIELDS.index(field))[0]

    def __setitem__(self, field, value):
        struct.pack_into("q", self.map, 8 * FIELDS.index(field), value)

    def arm(self, mode, first, last, pid=0):
        self["armed"] = 0
        for field, value in (("pid", pid), ("first", first), ("last", last),
                             ("calls", 0), ("failed", 0), ("armed", mode)):
            self[field] = value

    def disarm(self):
        """How many calls there were, and how many failed."""
        self["armed"] = 0
        return self["calls"], self["failed"]


class Backend:
    """An application that keeps what it was sent."""

    def __init__(self):
        self.heads = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            with connection:
                connection.settimeout(5)
                head = b""
                try:
                    while b"\r\n\r\n" not in head:
                        piece = connection.recv(65536)
                        if not piece:
                            break
                        head += piece
                    else:
                        self.heads.append(head.decode())
                        connection.sendall(b"HTTP/1.1 200 OK\r\n"
                                           b"Content-Length: 0\r\n\r\n")
                except OSError:
                    pass

    def take(self):
        heads, self.heads = self.heads, []
        return heads


class Result:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, good, detail=""):
        print(f"{'ok' if good else 'NOT OK'}: {what}"
              f"{': ' + str(detail) if detail != '' else ''}", flush=True)
        self.passed += bool(good)
        self.failed += not good


def spread(count, points):
    """All numbers from 1 to count, or so many of them, evenly."""
    if count <= points:
        return list(range(1, count + 1))
    return sorted({1 + i * count // points for i in range(points)})


def plans(count, points):
    """One failure at each place; then some; then all from there on."""
    for n in spread(count, points):
        yield n, n
    for n in spread(count, max(1, points // 4)):
        yield n, n + 4
    for n in spread(count, max(1, points // 4)):
        yield n, 1 << 40
