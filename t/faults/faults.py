#!/usr/bin/env python3
"""The n-th allocation fails: while a configuration is read, while nginx starts,
while a request is judged, while keys are fetched; for every n, or so many.

A preloaded library (failalloc.c) makes malloc fail, and with it nginx's pools,
C++, OpenSSL and jansson. Configurations have to load or be refused with a
message. A good request may be answered 200 or an error, a bad one may never be
let in, the application may never see a token, another's header or a wrong user,
the worker may not die, and the next request is answered as ever.

usage: faults.py [--points N] [--only PARTS] [--trace]
"""

import argparse
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "load"))
sys.dont_write_bytecode = True

import faults_conf  # noqa: E402
from faults_base import Backend, Control, Result  # noqa: E402
from faults_login import logins  # noqa: E402
from faults_requests import Requests, fetches, scenarios  # noqa: E402
from faults_start import Configurations, reloads, starts  # noqa: E402
from live import BUILD, Nginx, Tenant  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=400,
                        help="at most so many places in each scenario")
    parser.add_argument("--only", default="conf reloads starts requests logins fetches",
                        help="parts, by name")
    parser.add_argument("--trace", action="store_true",
                        help="who failed goes to nginx's standard error")
    options = parser.parse_args()

    result = Result()
    folder = tempfile.mkdtemp(prefix="id-token-faults-")
    os.chmod(folder, 0o755)
    os.makedirs(BUILD, exist_ok=True)
    preload = os.path.join(BUILD, "failalloc.so")
    faults_conf.build_preload(preload)
    control = Control(folder)
    control["trace"] = options.trace
    backend = Backend()
    tenant = Tenant()
    tenant.control("/keys/replace", keys=[{"key": "@ec1", "kid": "ec1"}])

    def make(**counts):
        return Nginx(*faults_conf.config(tenant, folder, backend.port,
                                         **counts), workers=1,
                     LD_PRELOAD=preload, FAILALLOC=control.path)

    try:
        if "conf" in options.only:
            for what, points, counts in (
                    ("directives", None, {"sources": 0, "discovered": 0}),
                    ("configuration", options.points,
                     {"sources": 1, "discovered": 1})):
                nginx = make(**counts)
                nginx.stop()
                Configurations(control, preload, result).run(nginx, what,
                                                             points)
                nginx.remove()
        if "reloads" in options.only:
            nginx = make(sources=1, discovered=1)
            reloads(control, nginx, max(1, options.points // 10), result)
            result.check("nginx quits in time after that", nginx.stop())
            nginx.remove()
        if "starts" in options.only:
            starts(control, lambda: make(sources=1, discovered=1),
                   max(1, options.points // 10), result)
        if {"requests", "logins", "fetches"} & set(options.only.split()):
            tenant.control("/issuer", issuer=tenant.url)
            nginx = make()
            requests = Requests(nginx, control, backend, options.points,
                                result)
            if "requests" in options.only:
                scenarios(requests)
            if "logins" in options.only:
                logins(requests)
            if "fetches" in options.only:
                fetches(requests, tenant, options.points)
            result.check("no worker died", "exited on" not in nginx.log())
            result.check("nginx quits in time", nginx.stop())
            if result.failed:
                print(f"log: {nginx.dir}/error.log, {nginx.dir}/stderr")
            else:
                nginx.remove()
    finally:
        control.disarm()
        tenant.stop()
    if not result.failed:
        shutil.rmtree(folder)
    print(f"faults: {result.passed} passed, {result.failed} failed")
    sys.exit(result.failed != 0)


if __name__ == "__main__":
    main()
