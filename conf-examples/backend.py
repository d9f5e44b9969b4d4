#!/usr/bin/env python3
"""A sample application behind nginx-auth-id-token, with its own authorization
database: a page that shows who is logged in (/) and an API (/api/).

nginx proves who calls and says so in X-OIDC-Iss and X-OIDC-Sub; what the caller
may do is decided here, from this application's own tables:

  - An account is found by issuer and subject together. Never by e-mail address:
    addresses change hands, and not every tenant verifies them.
  - A proven user without an account is 403: logged in, but not let in.
  - Exactly one of each header, or it is a 500: then nginx is wired wrongly, and
    nobody may become a guest, or somebody else, by that.
  - Only nginx may reach this server: a loopback address or a firewall sees to it.
"""

import argparse
import html
import json
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    id   INTEGER PRIMARY KEY,
    iss  TEXT NOT NULL,
    sub  TEXT NOT NULL,
    UNIQUE (iss, sub)
);
CREATE TABLE IF NOT EXISTS account_role (
    account  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role     TEXT NOT NULL,
    PRIMARY KEY (account, role)
);
CREATE TABLE IF NOT EXISTS note (
    id       INTEGER PRIMARY KEY,
    account  INTEGER NOT NULL REFERENCES account (id),
    text     TEXT NOT NULL
);
"""

# A session ends by a POST: an image elsewhere must not log anybody out.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Account</title></head>
<body>
<h1 id="user">{user}</h1>
<p id="roles">{roles}</p>
<form method="post" action="/oidc/logout"><button>Log out</button></form>
</body>
</html>
"""

# What each role lets its holder do.
NEEDED = {"GET": "reader", "POST": "editor"}


def open_database(path):
    database = sqlite3.connect(path, timeout=5)
    database.execute("PRAGMA foreign_keys = ON")
    return database


def grant(database, iss, sub, role):
    with database:
        database.execute("INSERT OR IGNORE INTO account (iss, sub) "
                         "VALUES (?, ?)", (iss, sub))
        database.execute("INSERT OR IGNORE INTO account_role "
                         "SELECT id, ? FROM account WHERE iss = ? AND sub = ?",
                         (role, iss, sub))


def find_account(database, iss, sub):
    row = database.execute("SELECT id FROM account WHERE iss = ? AND sub = ?",
                           (iss, sub)).fetchone()
    return row and row[0]


def find_roles(database, account):
    return [role for (role,) in database.execute(
        "SELECT role FROM account_role WHERE account = ? ORDER BY role",
        (account,))]


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, status, value):
        self.send(status, "application/json", json.dumps(value) + "\n")

    def answer_page(self, user, account, roles):
        """Whoever has no account may still log out."""
        said = "Roles: " + ", ".join(roles) if account else "No account here."
        self.send(200 if account else 403, "text/html; charset=utf-8",
                  PAGE.format(user=html.escape(user), roles=html.escape(said)))

    def identity(self):
        """(issuer, subject), or None if nginx did not say exactly that."""
        found = [self.headers.get_all(name, [])
                 for name in ("X-OIDC-Iss", "X-OIDC-Sub")]
        if any(len(values) != 1 or not values[0] for values in found):
            return None
        # Header bytes are UTF-8 here; the library reads them as Latin-1.
        return [values[0].encode("latin-1").decode("utf-8", "replace")
                for values in found]

    def handle_request(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        identity = self.identity()
        if identity is None:
            return self.answer(500, {"error": "no proven identity: check the "
                                     "configuration of nginx"})
        database = open_database(self.server.database)
        try:
            return self.serve(database, identity, body)
        finally:
            database.close()

    def serve(self, database, identity, body):
        account = find_account(database, *identity)
        roles = find_roles(database, account)
        if self.command == "GET" and not self.path.startswith("/api/"):
            return self.answer_page(identity[1], account, roles)
        if account is None:
            return self.answer(403, {"error": "you have no account here"})
        if self.path == "/api/me":
            return self.answer(200, {"account": account, "roles": roles})
        if self.path != "/api/notes":
            return self.answer(404, {"error": "no such thing"})
        if NEEDED[self.command] not in roles:
            return self.answer(403, {"error": f"this takes the role "
                                     f"{NEEDED[self.command]}"})
        if self.command == "POST":
            with database:
                database.execute("INSERT INTO note (account, text) "
                                 "VALUES (?, ?)",
                                 (account, body.decode("utf-8", "replace")))
            return self.answer(201, {"stored": True})
        return self.answer(200, {"notes": [text for (text,) in database.execute(
            "SELECT text FROM note WHERE account = ? ORDER BY id",
            (account,))]})

    do_GET = do_POST = handle_request


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--database", required=True, metavar="FILE")
    parser.add_argument("--listen", default="127.0.0.1:8090",
                        metavar="ADDRESS:PORT")
    parser.add_argument("--grant", nargs=3, action="append", default=[],
                        metavar=("ISSUER", "SUBJECT", "ROLE"),
                        help="give a role (reader, editor), and stop")
    args = parser.parse_args()

    database = open_database(args.database)
    database.executescript(SCHEMA)
    for iss, sub, role in args.grant:
        grant(database, iss, sub, role)
    database.close()
    if args.grant:
        return

    address, port = args.listen.rsplit(":", 1)
    server = ThreadingHTTPServer((address, int(port)), Api)
    server.database = args.database
    print(f"listening on {address}:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
