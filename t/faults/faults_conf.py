"""The configuration under fault injection: every directive of the module, and a
location for each way through a request."""

import os
import subprocess

import faults_login
from live import CLIENT_ID, ISSUER, MINT

HERE = os.path.dirname(os.path.abspath(__file__))

SOURCES = 120  # key sources, so that each fetch finds a bucket that is not empty
DISCOVERED = 20


def assertion_key(folder):
    path = os.path.join(folder, "assertion.pem")
    with open(path, "wb") as f:
        f.write(subprocess.run([MINT, "pem", "@ec2"], check=True,
                               stdout=subprocess.PIPE).stdout)
    os.chmod(path, 0o600)
    return path


def key_file(folder):
    path = os.path.join(folder, "jwks.json")
    with open(path, "wb") as f:
        f.write(subprocess.run([MINT, "jwks", "@rsa1", "@ec1", "@ed1"],
                               check=True, stdout=subprocess.PIPE).stdout)
    return path


def block(name, issuer=ISSUER, **settings):
    lines = "".join(f"        {k} {v};\n" for k, v in settings.items())
    return (f"    id_token_provider {name} {{\n        issuer {issuer};\n"
            f"        client_id {CLIENT_ID};\n"
            f"        algorithms RS256 ES256 EdDSA;\n{lines}    }}\n")


def providers(tenant, folder, sources=SOURCES, discovered=DISCOVERED):
    plain = f"http://127.0.0.1:{tenant.ready['http']}"
    tls = f"https://127.0.0.1:{tenant.ready['https']}"
    times = {"jwks_min_interval": "1s", "jwks_refresh": "1h",
             "jwks_timeout": "3s",
             "ssl_trusted_certificate": tenant.ready["ca"]}
    text = block("tenant", jwks_file=key_file(folder), leeway="1s",
                 max_age="10h", max_auth_age="1d",
                 trusted_audience="one two", authorized_party="tv phone")
    for n in range(sources):
        text += block(f"p{n}", jwks_uri=f"{plain}/p/{n}/jwks.json",
                      jwks_state=f"{folder}/state", **times)
    for n in range(discovered):
        text += block(f"t{n}", jwks_uri=f"{tls}/p/{n}/jwks.json",
                      ssl_verify_depth=2, **times)
        # another depth is another source
        text += block(f"d{n}", issuer=plain, ssl_verify_depth=n + 1, **times)
    return text


def config(tenant, folder, backend, **counts):
    http = f"""\
    request_pool_size 112;
    connection_pool_size 112;
    id_token_cache 1m;
    id_token_claim_set $deep address.country;
    id_token_claim_set $steps https://claims.test/roles 0;
    map $http_x_which $which {{ default nobody; one tenant; }}
{providers(tenant, folder, **counts)}
    id_token_assertion app {{
        key {assertion_key(folder)};
        issuer https://gateway.test;
        audience app;
        claims sub role;
        lifetime 60s;
    }}
"""
    login_http, login_server = faults_login.config(folder)
    http += login_http
    server = f"""\
        location = /api {{ auth_id_token tenant; empty_gif; }}
        location = /who {{
            auth_id_token tenant;
            auth_id_token_realm "for $host";
            auth_id_token_set_header X-User sub;
            auth_id_token_set_header X-Deep /address/country;
            auth_id_token_strip on;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /cookie {{
            auth_id_token tenant;
            auth_id_token_source bearer cookie=idt;
            auth_id_token_csrf https://app.test;
            auth_id_token_set_header X-User sub;
            auth_id_token_strip on;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /rule {{
            auth_id_token tenant;
            auth_id_token_require role in admin root error=404;
            auth_id_token_require groups has "staff";
            auth_id_token_require email ~ "@a\\.test$";
            empty_gif;
        }}
        location = /assert {{
            auth_id_token tenant;
            auth_id_token_set_header X-User $id_token_assertion_app;
            auth_id_token_strip on;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /passed {{
            auth_id_token tenant;
            auth_id_token_strip on;
            proxy_set_header X-User $id_token_assertion_app;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /claims {{
            auth_id_token tenant;
            add_header X-Claims "$id_token_claims" always;
            add_header X-Deep "$deep,$steps,$id_token_claim_role" always;
            empty_gif;
        }}
        location = /nonce {{
            auth_id_token tenant;
            auth_id_token_nonce $cookie_login;
            empty_gif;
        }}
        location = /sub {{ auth_request /check; empty_gif; }}
        location = /check {{ auth_id_token tenant; empty_gif; }}
        location = /optional {{
            auth_id_token tenant;
            auth_id_token_mode optional;
            auth_id_token_set_header X-User sub;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /report {{
            auth_id_token tenant;
            auth_id_token_mode report;
            auth_id_token_set_header X-User sub;
            auth_id_token_strip on;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /any {{
            satisfy any;
            deny all;
            auth_id_token $which;
            empty_gif;
        }}
        location = /again {{
            auth_id_token tenant;
            auth_id_token_strip on;
            try_files /none @again;
        }}
        location @again {{
            auth_id_token tenant;
            auth_id_token_set_header X-User sub;
            auth_id_token_strip on;
            proxy_pass http://127.0.0.1:{backend};
        }}
        location = /form {{
            auth_id_token tenant;
            auth_id_token_preflight pass;
            limit_except GET {{ auth_id_token off; deny all; }}
            empty_gif;
        }}
        location = /keys {{ id_token_assertion_jwks app; }}
        location ~ ^/(?<source>[ptd][0-9]+)$ {{
            auth_id_token $source;
            empty_gif;
        }}
"""
    return http, server + login_server


def build_preload(out):
    subprocess.run(["gcc", "-O1", "-g", "-Wall", "-Wextra", "-Werror",
                    "-shared", "-fPIC", "-o", out,
                    os.path.join(HERE, "failalloc.c")], check=True)
