"""The cases of kinds.json: id, family, comment, changes to our claims, reason
("ok" = let in), more members. See make_kinds.py."""

KIND = "RFC 8725 3.11"


def twins(claim, bad, good=(), nonce=False):
    """`claim` at fault in several ways, as it may be, and null: absent."""
    beside = {"nonce": "n-0S6_WzA2Mj"} if nonce else {}
    for i, value in enumerate(bad):
        yield (f"kind-{claim}-bad{i + 1}", "kind", f"{claim}: {value!r}",
               {claim: value}, "kind", {"refs": [KIND]})
    for i, value in enumerate(good):
        yield (f"kind-{claim}-ok{i + 1}", "kind",
               f"{claim}: {value!r}" + (", with a nonce" if nonce else ""),
               {claim: value, **beside}, "ok", {"refs": [KIND]})
    yield (f"kind-{claim}-null", "null", f"{claim}: null is absent",
           {claim: None}, "ok", {"refs": [KIND]})


US = "demo-web-client"
OTHER = "other-client"
WRONG = [US + "2", OTHER, US.upper(), "", [US], {}, 0, True]

CASES = [
    ("kind-plain", "kind", "our claims, nothing else", {}, "ok", {}),
    *twins("appid", WRONG, [US]),
    *twins("cid", WRONG, [US]),
    *twins("client_id", WRONG, [US]),
    *twins("events", [
        {"http://schemas.openid.net/event/backchannel-logout": {}}, {}, [],
        "x", False]),
    *twins("token_use", ["access", "refresh", "ID", "", ["id"], 0], ["id"]),
    *twins("typ", ["Bearer", "Refresh", "Offline", "Logout", "at+jwt", "IDs",
                   "", ["ID"], 0], ["ID", "id", "JWT", "jwt"]),
    *twins("tokenName", ["access_token", "refresh_token", "ID_TOKEN", "id", "",
                         ["id_token"]], ["id_token"]),
    *twins("token_name", ["access_token", "ID_TOKEN", "id", "", ["id_token"]],
           ["id_token"]),
    *twins("token_type", ["Bearer", "bearer", "access_token", "id", "ID_TOKEN",
                          "", ["ID"]], ["ID", "id_token"]),
    *twins("idtyp", ["app", "user", "", ["app"], 0, False]),
    *twins("appidacr", ["0", "1", "2", "", 0]),
    *twins("azpacr", ["0", "1", "2", "", 0]),
    *twins("scope", ["openid profile", "", ["openid"], [], 0, False],
           ["openid profile", ["openid"]], nonce=True),
    *twins("scp", ["openid profile", "", ["openid"], [], 0, False],
           ["openid profile", ["openid"]], nonce=True),
    *[(f"kind-scope-nonce{i}", "kind", f"a scope beside the nonce {nonce!r}",
       {"scope": "openid", "nonce": nonce}, "kind", {"refs": [KIND]})
      for i, nonce in enumerate([None, 1, True, ["n"], {}])],
    ("kind-scope-client", "kind", "a scope, and issued to us",
     {"scope": "openid", "client_id": US}, "kind", {"refs": ["RFC 9068 2.2"]}),
    ("kind-other-case", "kind", "claims of other names mean nothing",
     {"AppId": OTHER, "clientId": OTHER, "Typ": "Bearer", "scopes": "a",
      "tokenType": "Bearer", "tokenname": "access_token"}, "ok", {}),
    # null is absence; where a claim is required, it is missing
    ("null-azp", "null", "azp: null", {"azp": None}, "ok", {}),
    ("null-nbf", "null", "nbf: null", {"nbf": None}, "ok", {}),
    ("null-auth_time", "null", "auth_time: null", {"auth_time": None}, "ok",
     {}),
    ("null-nonce", "null", "nonce: null", {"nonce": None}, "ok", {}),
    ("null-iss", "null", "iss: null", {"iss": None}, "iss", {}),
    ("null-aud", "null", "aud: null", {"aud": None}, "aud", {}),
    ("null-sub", "null", "sub: null", {"sub": None}, "sub", {}),
    ("null-exp", "null", "exp: null", {"exp": None}, "exp", {}),
    ("null-iat", "null", "iat: null", {"iat": None}, "iat", {}),
    ("null-in-aud", "null", "a null inside aud is of the wrong kind",
     {"aud": [US, None]}, "aud", {}),
    ("null-in-aud-twin", "null", "the same without it", {"aud": [US]}, "ok",
     {}),
    # azp and the audiences
    ("azp-other", "azp", "issued to another client", {"azp": OTHER}, "azp", {}),
    ("azp-ours", "azp", "issued to us", {"azp": US}, "ok", {}),
    ("azp-case", "azp", "our client ID in capitals", {"azp": US.upper()},
     "azp", {}),
    ("azp-array", "azp", "an array that holds our client ID", {"azp": [US]},
     "azp", {}),
    ("aud-trusted-no-azp", "azp", "several audiences, all trusted, no azp",
     {"aud": [US, "api"]}, "ok", {"trusted_audience": ["api"]}),
    ("aud-trusted-azp", "azp", "several audiences, all trusted, azp ours",
     {"aud": [US, "api"], "azp": US}, "ok", {"trusted_audience": ["api"]}),
    ("aud-trusted-azp-other", "azp", "several audiences, azp one of them",
     {"aud": [US, "api"], "azp": "api"}, "azp",
     {"trusted_audience": ["api"]}),
    ("aud-one-untrusted", "azp", "one audience more than is trusted",
     {"aud": [US, "api", "apj"]}, "aud", {"trusted_audience": ["api"]}),
    ("azp-configured", "azp", "issued to a configured party",
     {"azp": "phone"}, "ok", {"authorized_party": ["tv", "phone"]}),
    ("azp-configured-other", "azp", "issued to a party one letter away",
     {"azp": "phones"}, "azp", {"authorized_party": ["tv", "phone"]}),
    ("azp-configured-ours", "azp", "issued to us beside configured parties",
     {"azp": US}, "ok", {"authorized_party": ["phone"]}),
    ("azp-configured-client_id", "azp", "an authorized party is no client_id",
     {"azp": "phone", "client_id": "phone"}, "kind",
     {"authorized_party": ["phone"]}),
    ("aud-any-azp", "azp", "any audience is trusted, azp ours",
     {"aud": ["x", US, "y"], "azp": US}, "ok", {"trusted_audience": ["any"]}),
    ("aud-any-no-azp", "azp", "any audience is trusted, no azp",
     {"aud": ["x", US, "y"]}, "azp", {"trusted_audience": ["any"]}),
    ("aud-any-azp-null", "azp", "any audience is trusted, azp null",
     {"aud": ["x", US, "y"], "azp": None}, "azp",
     {"trusted_audience": ["any"]}),
    ("aud-any-azp-other", "azp", "any audience is trusted, azp one of them",
     {"aud": ["x", US, "y"], "azp": "x"}, "azp",
     {"trusted_audience": ["any"]}),
    ("aud-any-not-ours", "azp", "any audience is trusted, ours is not among "
     "them", {"aud": ["x", "y"], "azp": US}, "aud",
     {"trusted_audience": ["any"]}),
    # the subject
    *[(f"sub-{code:02x}", "sub", f"sub with U+{code:04X}",
       {"sub": f"a{chr(code)}b"}, "sub", {"refs": ["OIDC Core 2"]})
      for code in (0x01, 0x09, 0x0a, 0x0d, 0x1b, 0x1f, 0x7f)],
    *[(f"sub-{code:02x}", "sub", f"sub with U+{code:04X}, a control character "
       "of Unicode", {"sub": f"a{chr(code)}b"}, "sub", {"level": "policy"})
      for code in (0x80, 0x85, 0x9f)],
    *[(f"sub-{code:02x}-ok", "sub", f"sub with U+{code:04X}",
       {"sub": f"a{chr(code)}b"}, "ok", {"level": "should"})
      for code in (0x20, 0x21, 0x7e, 0xa0, 0xe9, 0x20ac)],
    ("sub-255-ok", "sub", "sub of 255 bytes", {"sub": "x" * 255}, "ok", {}),
    ("sub-256", "sub", "sub of 256 bytes", {"sub": "x" * 256}, "sub",
     {"refs": ["OIDC Core 2"]}),
]

# In a JOSE header a member that is there has to be of its kind: id, comment,
# changes to the header, reason.
JOSE_CASES = [
    ("null-jose-kid", "kid: null", {"kid": None}, "kid_type"),
    ("null-jose-typ", "typ: null", {"typ": None}, "typ"),
    ("null-jose-cty", "cty: null", {"cty": None}, "cty"),
    ("null-jose-crit", "crit: null", {"crit": None}, "crit"),
    ("null-jose-b64", "b64: null", {"b64": None}, "b64"),
    ("null-jose-x5t", "x5t: null, which nobody reads", {"x5t": None}, "ok"),
]
