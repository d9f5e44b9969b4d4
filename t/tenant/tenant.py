#!/usr/bin/env python3
"""A test tenant: key sets and discovery over http and https, with faults on
command, a DNS server and a CONNECT proxy. Loopback only. See README.md."""

import argparse
import ctypes
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import tenant_control  # noqa: E402
import tenant_http  # noqa: E402
import tenant_net  # noqa: E402
from tenant_state import ControlError, Minter, State  # noqa: E402

PR_SET_PDEATHSIG = 1
SECOND_HOST = "127.0.0.2"
REFUSING_HOST = "127.0.0.8"
BLACK_HOLE_HOST = "127.0.0.9"


def arguments():
    root = os.path.dirname(os.path.dirname(HERE))
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--mint", default=os.environ.get(
        "ID_TOKEN_MINT", os.path.join(root, "build", "tools", "mint")))
    p.add_argument("--vectors", default=os.path.join(
        root, "t", "vectors", "keys.json"))
    p.add_argument("--key", action="append", metavar="KEY",
                   help="file or @NAME; the first signs (default @rsa1)")
    p.add_argument("--new-key", action="append", metavar="ALG", default=[],
                   help="make a key for ALG instead")
    p.add_argument("--issuer", help="in discovery and tokens; the default "
                   "follows the request, and mint's own")
    p.add_argument("--dir", help="for keys and certificates; "
                   "default: a temporary one, removed at the end")
    p.add_argument("--http-port", type=int, default=0)
    p.add_argument("--https-port", type=int, default=0)
    p.add_argument("--https-listener", action="append", metavar="NAME",
                   default=[], help="one more, called https-NAME")
    p.add_argument("--control-port", type=int, default=0)
    p.add_argument("--dns-address", default="127.0.0.1:0",
                   metavar="ADDR:PORT")
    p.add_argument("--ready-file", help="gets the line with the ports too")
    p.add_argument("--stdin-lifeline", action="store_true",
                   help="stop when standard input ends")
    p.add_argument("--stay", action="store_true",
                   help="outlive the parent process")
    return p.parse_args()


def die_with_parent(parent):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def sockets(port):
    """One port on 127.0.0.1, the second address and, if there is, ::1."""
    for _ in range(50):
        held = [tenant_http.bound(socket.AF_INET, "127.0.0.1", port)]
        chosen = held[0].getsockname()[1]
        try:
            held.append(tenant_http.bound(socket.AF_INET, SECOND_HOST,
                                          chosen))
            try:
                held.append(tenant_http.bound(socket.AF_INET6, "::1", chosen))
            except OSError as e:
                if e.errno == errno.EADDRINUSE:
                    raise
            return held, tenant_net.black_hole(chosen, BLACK_HOLE_HOST)
        except OSError:
            for sock in held:
                sock.close()
            if port:
                raise
    raise OSError("no port is free on all loopback addresses")


def listeners(state, args, certs):
    found, holes = {}, []
    for scheme, port in (("http", args.http_port),
                         ("https", args.https_port)):
        held, hole = sockets(port)
        holes.append(hole)
        for sock, suffix in zip(held, ("", "-second", "6")):
            name = scheme + suffix
            found[name] = tenant_http.Listener(
                state, name, sock, certs if scheme == "https" else None)
    for name in args.https_listener:
        sock = tenant_http.bound(socket.AF_INET, "127.0.0.1", 0)
        found["https-" + name] = tenant_http.Listener(
            state, "https-" + name, sock, certs)
    return found, holes


def first_keys(state, args):
    keys = state.keys()
    for alg in args.new_key:
        keys.add({"alg": alg})
    for key in args.key or ([] if args.new_key else ["@rsa1"]):
        keys.add(key)


def ready_line(args, found, control, dns, proxy, directory, certs):
    v6 = "http6" in found
    return json.dumps({
        "pid": os.getpid(), "control": control.server_address[1],
        "http": found["http"].port, "https": found["https"].port,
        "ipv6": v6, "dns": dns.port, "proxy": proxy.port,
        "second_host": SECOND_HOST, "refusing_host": REFUSING_HOST,
        "black_hole_host": BLACK_HOLE_HOST, "dir": directory,
        "certs": certs, "ca": os.path.join(certs, "ca.pem"),
        "crl": os.path.join(certs, "crl.pem"), "issuer": args.issuer,
        **{"https_" + name: found["https-" + name].port
           for name in args.https_listener},
    })


def announce(line, path):
    print(line, flush=True)
    if path:
        with open(path + ".new", "w", encoding="ascii") as f:
            f.write(line + "\n")
        os.rename(path + ".new", path)


def wait_for_end(lifeline):
    """Until SIGTERM or SIGINT; with a lifeline, until standard input ends."""
    if lifeline:
        def watch():
            while os.read(0, 4096):
                pass
            os.kill(os.getpid(), signal.SIGTERM)
        threading.Thread(target=watch, daemon=True).start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


def run(args, directory):
    certs = os.path.join(directory, "certs")
    subprocess.run([os.path.join(HERE, "make_certs.sh"), certs], check=True,
                   stdout=subprocess.DEVNULL)
    state = State(Minter(args.mint, args.vectors), directory)
    state.issuer = args.issuer
    first_keys(state, args)
    found, holes = listeners(state, args, certs)
    host, _, port = args.dns_address.rpartition(":")
    dns = tenant_net.Dns(state, host, int(port))
    proxy = tenant_net.Proxy(state, dns)
    control = tenant_control.start(state, found, args.control_port)
    threading.Thread(target=control.serve_forever, daemon=True).start()
    announce(ready_line(args, found, control, dns, proxy, directory, certs),
             args.ready_file)
    wait_for_end(args.stdin_lifeline)
    del holes


def main():
    parent = os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    args = arguments()
    if not args.stay:
        die_with_parent(parent)
    directory = args.dir or tempfile.mkdtemp(prefix="id-token-tenant-")
    os.makedirs(directory, exist_ok=True)
    status = 0
    try:
        run(args, directory)
    except (OSError, ControlError, subprocess.CalledProcessError) as e:
        print(f"tenant: {e}", file=sys.stderr)
        status = 1
    finally:
        if args.dir is None:
            shutil.rmtree(directory, ignore_errors=True)
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
