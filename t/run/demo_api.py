#!/usr/bin/env python3
"""The API of the demo and of the examples' test: answers with the headers about
the user and the token that it received. Its port goes into the file that is
named on the command line."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        received = {name: ", ".join(self.headers.get_all(name))
                    for name in self.headers.keys()
                    if name.lower().startswith(("x-", "x_", "authorization",
                                                "cookie"))}
        body = json.dumps({"the API received": received}, indent=2) + "\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    path = sys.argv[1]
    with open(path + ".new", "w", encoding="ascii") as ready:
        ready.write(f"{server.server_address[1]}\n")
    os.rename(path + ".new", path)
    server.serve_forever()
