#!/usr/bin/env python3
"""What an application does with a signed identity, by a library not ours.

verify_assertion.py JWKS_URL ISSUER AUDIENCE < token: the header and the claims
as two lines of JSON, or the library's complaint and exit status 1."""

import json
import sys

import jwt

url, issuer, audience = sys.argv[1:]
token = sys.stdin.read().strip()

try:
    key = jwt.PyJWKClient(url).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token, key.key, algorithms=["ES256", "RS256"], issuer=issuer,
        audience=audience,
        options={"require": ["iss", "aud", "iat", "exp"]})
    header = jwt.get_unverified_header(token)
    if header["typ"] != "id-assertion+jwt":
        raise jwt.InvalidTokenError("typ")
except jwt.PyJWTError as e:
    sys.exit(f"{type(e).__name__}: {e}")

print(json.dumps(header, sort_keys=True))
print(json.dumps(claims, sort_keys=True))
