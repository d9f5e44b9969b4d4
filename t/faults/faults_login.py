"""Failing allocations while sessions begin, go on and end."""

import base64
import hashlib
import hmac
import os
import time
import urllib.parse

from live import CLIENT_ID, ISSUER, free_port, mint

KEY = "faults " * 6
SECRET = "r" * 43
CODED = "http://127.0.0.1:1/"  # nobody asks there: everything is written


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def state():
    return base64url(hmac.digest(SECRET.encode(), b"state", "sha256"))


def bound(issuer=ISSUER, secret=SECRET, seconds=600):
    """An ID token of the login whose secret is that."""
    nonce = base64url(hashlib.sha256(secret.encode()).digest())
    return mint("--key", "@ec1", "--iss", issuer, "--exp",
                str(int(time.time()) + seconds), "--claims",
                f'{{"iat":"-300","nonce":"{nonce}"}}')[0]


def transaction(provider, flow, path):
    fields = (SECRET, int(time.time()) + 600, provider, flow, "localhost",
              f"http://localhost{path}", "__Host-id", "/page", 0)
    text = "".join(f"{len(str(f))}:{f}" for f in fields)
    sealed = base64url(text.encode())
    mac = hmac.digest(KEY.encode(), f"oidc_tx 1\n{sealed}".encode(), "sha256")
    return f"__Host-oidc_tx_{state()[:8]}={sealed}.{base64url(mac)}"


def provider(name, issuer, **settings):
    lines = "".join(f"        {k} {v};\n" for k, v in settings.items())
    return (f"    id_token_provider {name} {{\n        issuer {issuer};\n"
            f"        client_id {CLIENT_ID};\n        algorithms ES256;\n"
            f"        authorization_endpoint https://op.test/auth;\n"
            f"        end_session_endpoint https://op.test/end;\n"
            f"        login_parameter ui_locales $arg_locale;\n{lines}    }}\n")


def config(folder):
    key = os.path.join(folder, "login.key")
    with open(key, "w", encoding="ascii") as f:
        f.write(KEY)
    os.chmod(key, 0o600)
    port = free_port()
    http = f"    id_token_login_key {key};\n" + provider(
        "form", ISSUER, jwks_file=f"{folder}/jwks.json",
        redirect_uri="/page/callback", post_logout_redirect_uri="/api",
        logout_hint="on") + provider(
            "coded", CODED, jwks_uri=f"http://127.0.0.1:{port}/jwks.json",
            redirect_uri="/code/callback", response_type="code",
            token_endpoint=f"http://127.0.0.1:{port}/token")
    http += f"""\
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        location = /token {{
            default_type application/json;
            return 200 '{{"id_token":"{bound(CODED)}"}}';
        }}
    }}
"""
    places = "".join(f"""\
        location = /{path} {{
            auth_id_token {name};
            auth_id_token_source cookie=__Host-id;
            auth_id_token_login on;
            auth_id_token_renew 50%;
            auth_id_token_login_parameter acr_values $arg_acr;
            empty_gif;
        }}
        location = /{path}/callback {{ id_token_callback {name}; }}
""" for path, name in (("page", "form"), ("code", "coded")))
    return http, places + """\
        location = /login {
            auth_id_token_source cookie=__Host-id;
            id_token_login form;
        }
        location = /logout {
            auth_id_token_source cookie=__Host-id;
            id_token_logout form;
        }
        location = /me {
            auth_id_token form;
            auth_id_token_source cookie=__Host-id;
            id_token_identity;
        }
"""


PAGE = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def cookies(*pairs):
    return f"Cookie: {'; '.join(pairs)}\r\n" if pairs else ""


def session(token):
    return cookies(f"__Host-id={token}", f"__Host-id-r={SECRET}")


def form(cookie, **fields):
    """Headers and, behind them, the body: what is sent after it is nothing."""
    body = urllib.parse.urlencode(fields)
    return (cookies(cookie) + FORM + f"Content-Length: {len(body)}\r\n\r\n"
            + body)


def logins(requests):
    run = requests.run
    good, ending = bound(), bound(seconds=100)
    begun = transaction("form", 0, "/page/callback")
    coded = transaction("coded", 1, "/code/callback")
    query = urllib.parse.urlencode({"state": state(), "code": "c"})

    run("login: begun", "/page?acr=high", lambda: PAGE, 302)
    run("login: begun with a bad session", "/page", lambda: PAGE + cookies(
        f"__Host-id={good}", "__Host-id-r=another"), 302)
    run("login: not for a fetch", "/page", str, 401)
    run("login: by a link", "/login?return=%2Fpage&locale=de", lambda: PAGE,
        302)
    run("login: form", "/page/callback", lambda: form(
        begun, state=state(), id_token=good), 303, method="POST")
    run("login: another's token", "/page/callback", lambda: form(
        begun, state=state(), id_token=bound(secret="s" * 43)), 403,
        method="POST")
    run("login: no transaction", "/page/callback", lambda: form(
        "a=b", state=state(), id_token=good), 403, method="POST")
    run("login: the tenant says no", "/page/callback", lambda: form(
        begun, state=state(), error="access_denied"), 403, method="POST")
    run("login: code", f"/code/callback?{query}", lambda: cookies(coded), 303)
    run("session: good", "/page", lambda: session(good), 200)
    run("session: another browser's", "/page", lambda: cookies(
        f"__Host-id={good}", "__Host-id-r=another"), 401)
    run("session: renewed", "/page", lambda: PAGE + session(ending), 302)
    run("session: identity", "/me", lambda: session(good), 200)
    run("session: too many logins", "/api", lambda: cookies(
        *(f"__Host-oidc_tx_{n}=x" for n in range(9))), 401)
    run("logout", "/logout", lambda: session(good)
        + "Sec-Fetch-Site: same-origin\r\nContent-Length: 0\r\n", 303,
        method="POST")
    run("logout: a question", "/logout", lambda: session(good), 200)
    run("logout: a foreign form", "/logout", lambda: session(good)
        + "Sec-Fetch-Site: cross-site\r\nContent-Length: 0\r\n", 403,
        method="POST")
