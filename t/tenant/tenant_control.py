"""The control API: JSON over HTTP on its own loopback port."""

import json
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tenant_faults import BODIES, FRAMINGS, PRESETS, make_fault
from tenant_state import ControlError

PROXY_MODES = ("allow", "refuse", "hang", "hang-after", "garbage", "close",
               "reset", "flood", "drip")


NUMBERS = ("times", "status", "delay", "size", "jwks", "discovery", "timeout",
           "seconds")
SWITCHES = ("up", "append", "all", "promote")


def flat(query):
    """The query's fields, for those who can only send a GET."""
    fields = {}
    for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
        if name in NUMBERS:
            value = json.loads(value)
        elif name in SWITCHES:
            value = value in ("1", "true", "on")
        fields[name] = value
    return fields


class Control:
    """Each method do_X answers /x-path; its argument is the JSON sent, or
    the query's fields."""

    def __init__(self, state, listeners):
        self.state = state
        self.listeners = listeners
        # These take their time; nobody else shall wait for them.
        self.unlocked = {"/token", "/wait", "/sleep"}
        self.routes = {
            "/": self.index, "/counters": self.counters,
            "/requests": self.requests, "/reset": self.reset,
            "/token": self.token, "/keys": self.keys,
            "/keys/add": self.add, "/keys/promote": self.promote,
            "/keys/retire": self.retire, "/keys/replace": self.replace,
            "/jwks": self.jwks, "/issuer": self.issuer,
            "/discovery": self.discovery, "/headers": self.headers,
            "/fault": self.fault, "/faults": self.faults,
            "/faults/clear": self.clear, "/presets": self.presets,
            "/release": self.release,
            "/tls": self.tls, "/listener": self.listener, "/dns": self.dns,
            "/proxy": self.proxy, "/wait": self.wait, "/sleep": self.sleep,
        }

    def index(self, _):
        return {"routes": sorted(self.routes)}

    def counters(self, _):
        return self.state.counters.report()

    def requests(self, _):
        return list(self.state.counters.requests)

    def wait(self, arg):
        """Until so many jwks (discovery) fetches have come, or timeout."""
        end = time.monotonic() + arg.get("timeout", 5)
        total = self.state.counters.total
        while time.monotonic() < end:
            if all(total[kind] >= arg.get(kind, 0)
                   for kind in ("jwks", "discovery")):
                return dict(total)
            total = self.state.counters.total
            time.sleep(0.01)
        raise ControlError(f"timed out at {total}")

    def sleep(self, arg):
        time.sleep(arg["seconds"])

    def reset(self, arg):
        """Counters; with {"all": true} faults and settings too."""
        state = self.state
        if arg.get("all"):
            state.gate.set()
            state.faults, state.discovery, state.headers = [], {}, {}
            state.names, state.proxy = {}, {"mode": "allow"}
            state.issuer = None
            for listener in self.listeners.values():
                listener.up()
                if listener.context is not None:
                    listener.tls = {"cert": "good"}
                    listener.set_tls({})
        state.counters.reset()

    def token(self, arg):
        return self.state.token(arg)

    def key_set(self, arg, create=False):
        return self.state.keys(arg.get("set", ""), create)

    def keys(self, arg):
        keys = self.key_set(arg)
        return {"keys": [{k: v for k, v in key.items() if k != "jwk"}
                         for key in keys.keys],
                "signer": keys.signer and keys.signer["kid"]}

    def add(self, arg):
        return {"kid": self.key_set(arg, True).add(arg)}

    def promote(self, arg):
        self.key_set(arg).promote(arg["kid"])

    def retire(self, arg):
        self.key_set(arg).retire(arg["kid"])

    def replace(self, arg):
        """Emergency: only these keys from now on; the first one signs."""
        keys = self.key_set(arg, True)
        keys.replace(arg["keys"])
        return self.keys(arg)

    def jwks(self, arg):
        """A document served as it stands: json, text or (null) none."""
        keys = self.key_set(arg, True)
        if "json" in arg:
            keys.literal = json.dumps(arg["json"]).encode()
        else:
            text = arg.get("text")
            keys.literal = None if text is None else text.encode()

    def issuer(self, arg):
        self.state.issuer = arg["issuer"]

    def discovery(self, arg):
        self.state.discovery = arg

    def headers(self, arg):
        """Headers of every honest answer, such as Cache-Control."""
        self.state.headers = arg

    def fault(self, arg):
        """Put faults in place of all others; {"append": true} keeps those."""
        append = isinstance(arg, dict) and arg.get("append")
        specs = arg.get("faults", [arg]) if isinstance(arg, dict) else [arg]
        fresh = [make_fault(spec) for spec in specs]
        self.state.faults = (self.state.faults if append else []) + fresh
        self.state.gate.clear()
        return self.state.faults

    def release(self, _):
        """What is held, and what will be until the next fault is put."""
        self.state.gate.set()

    def faults(self, _):
        return self.state.faults

    def clear(self, _):
        self.state.faults = []

    def presets(self, _):
        return {"presets": sorted(PRESETS), "bodies": sorted(BODIES),
                "framings": sorted(FRAMINGS)}

    def chosen(self, arg):
        name = arg.get("listener")
        if name is None:
            return list(self.listeners.values())
        if name not in self.listeners:
            raise ControlError(f"no listener {name!r}")
        return [self.listeners[name]]

    def tls(self, arg):
        options = {k: arg[k] for k in ("cert", "min", "max", "client")
                   if k in arg}
        for listener in self.chosen(arg):
            if listener.context is not None:
                listener.set_tls(options)

    def listener(self, arg):
        for listener in self.chosen(arg):
            if arg["up"]:
                listener.up()
            else:
                listener.down()

    def dns(self, arg):
        """{name: entry}, laid over what is there; {} forgets all."""
        self.state.names = {**self.state.names, **arg} if arg else {}

    def proxy(self, arg):
        how = {"mode": "allow", **arg}
        if how["mode"] not in PROXY_MODES:
            raise ControlError(f"no proxy mode {how['mode']!r}")
        self.state.proxy = how


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    control = None

    def log_message(self, *_):
        pass

    def argument(self, query):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        return json.loads(body) if body.strip() else flat(query)

    def answer(self):
        path, _, query = self.path.partition("?")
        route = self.control.routes.get(path)
        if route is None:
            return 404, {"error": "no such path"}
        try:
            argument = self.argument(query)
            if path in self.control.unlocked:
                return 200, route(argument)
            with self.control.state.lock:
                return 200, route(argument)
        except KeyError as e:
            return 400, {"error": f"{e} is missing"}
        except (ControlError, ValueError, OSError, AttributeError) as e:
            return 400, {"error": str(e)}

    def do_GET(self):
        status, value = self.answer()
        plain = isinstance(value, str)
        value = {"ok": True} if value is None else value
        body = (value if plain else json.dumps(value)).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if plain
                         else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET
    do_DELETE = do_GET


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def start(state, listeners, port=0):
    handler = type("BoundHandler", (Handler,),
                   {"control": Control(state, listeners)})
    return Server(("127.0.0.1", port), handler)
