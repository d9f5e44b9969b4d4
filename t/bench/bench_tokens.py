"""The tokens that are sent: files of one token a line, made once."""

import json
import os
import subprocess
import zlib

ISSUER = "https://tenant.test/"
CLIENT = "spa"
EXPIRES = "4000000000"
KEYS = {"RS256": "@rsa1", "PS256": "@rsa1", "ES256": "@ec1", "EdDSA": "@ed1"}

# A payload of the usual size, 900 bytes, and of the usual shape: members enough
# to be read, no padding.
CLAIMS = {
    "iat": 1700000000, "auth_time": 1699999990, "nonce": "n-0S6_WzA2Mj",
    "sid": "s-7fGqLw", "name": "Jane Doe", "email": "jane.doe@example.com",
    "email_verified": True, "locale": "en-GB", "roles": ["reader", "editor"],
    "given_name": "Jane", "family_name": "Doe", "nickname": "jane.doe",
    "preferred_username": "jane.doe@example.com", "zoneinfo": "Europe/London",
    "picture": "https://cdn.tenant.test/avatars/65f0c2a1b7e94d/9.png",
    "updated_at": 1699990000, "amr": ["pwd", "mfa"], "acr": "urn:tenant:2fa",
    "at_hash": "x7vN1pZk0aQhT4mWcB2yLg", "org_id": "org_9fK2mQ7xT1bVzR4c",
    "org_name": "example", "https://tenant.test/plan": "enterprise",
    "https://tenant.test/address": {
        "street_address": "1 High Street", "locality": "London",
        "postal_code": "SW1A 1AA", "country": "GB"},
    "phone_number": "+44 20 7946 0958", "phone_number_verified": False,
    "gender": "female",
}
# A member of many groups: 16 KB.
GROUPS = {"groups": ["cn=team-%03d,ou=groups,dc=example,dc=com" % n
                     for n in range(360)]}
ALPHABET = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            "0123456789-_")


class Tokens:
    """Makes the lists, or finds them made by an earlier run."""

    def __init__(self, mint, folder):
        self.mint = mint
        # Lists of other claims are other lists.
        self.folder = os.path.join(folder, "%08x" % zlib.crc32(
            json.dumps([CLAIMS, GROUPS]).encode()))
        os.makedirs(self.folder, exist_ok=True)

    def file(self, name, make):
        path = os.path.join(self.folder, name + ".txt")
        if not os.path.exists(path):
            lines = make()
            with open(path + ".new", "w", encoding="ascii") as f:
                f.write("\n".join(lines) + "\n")
            os.rename(path + ".new", path)
        return path

    def minted(self, alg, count, *options):
        command = [self.mint, "token", "--key", KEYS.get(alg, "@rsa1"),
                   "--alg", alg, "--iss", ISSUER, "--aud", CLIENT,
                   "--sub", "auth0|65f0c2a1b7e94d", "--exp", EXPIRES,
                   "--claims", json.dumps(CLAIMS), "--count", str(count)]
        out = subprocess.run(command + list(options), check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        return out.split()

    def good(self, count, alg="RS256"):
        return self.file("%s-%d" % (alg.lower(), count),
                         lambda: self.minted(alg, count))

    def large(self, count):
        """Payloads of 16 KB."""
        return self.file("large-%d" % count, lambda: self.minted(
            "RS256", count, "--claims", json.dumps({**CLAIMS, **GROUPS})))

    def private_key(self, key):
        return subprocess.run([self.mint, "pem", key], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def derived(self, name, source, change):
        def make():
            with open(source, encoding="ascii") as f:
                return [change(n, line.strip()) for n, line in enumerate(f)]
        return self.file(name, make)

    def forged(self, source):
        """One character of the signature is another."""
        return self.derived("forged-" + stem(source), source,
                            lambda _, token: forge(token))

    def garbage(self, source):
        return self.derived("garbage-" + stem(source), source,
                            lambda _, token: token.replace(".", "x"))

    def short(self, source):
        """A signature three bytes too short."""
        return self.derived("short-" + stem(source), source,
                            lambda _, token: token[:-4])

    def mixed(self, good, bad):
        def make():
            with open(good, encoding="ascii") as g, \
                    open(bad, encoding="ascii") as b:
                return [line.strip() for pair in zip(g, b) for line in pair]
        return self.file("mixed-" + stem(good), make)

    def hosts(self, source, hosts):
        """Each token for another host, s0.test and so on."""
        return self.derived(
            "hosts-%d-%s" % (hosts, stem(source)), source,
            lambda n, token: "%s s%d.test" % (token, n % hosts))

    def expired(self, count):
        return self.file("expired-%d" % count, lambda: self.minted(
            "RS256", count, "--exp", "1700003600"))

    def other_alg(self, count):
        return self.file("rs512-%d" % count,
                         lambda: self.minted("RS512", count))

    def unknown_kid(self, count):
        return self.file("kid-%d" % count, lambda: self.minted(
            "RS256", count, "--kid", "nobody-has-this"))

    def key_set(self, keys):
        """So many keys, those of the tokens last."""
        specs = ["@rsa2:extra-%d:" % n for n in range(keys - 4)]
        return subprocess.run(
            [self.mint, "jwks", "--no-alg"] + specs
            + ["@rsa3072", "@ed1", "@ec1", "@rsa1"],
            check=True, stdout=subprocess.PIPE, text=True).stdout


def stem(path):
    return os.path.basename(path)[:-len(".txt")]


def forge(token):
    at = len(token) - 100
    other = ALPHABET[(ALPHABET.index(token[at]) + 1) % len(ALPHABET)]
    return token[:at] + other + token[at + 1:]


def count_lines(path):
    with open(path, "rb") as f:
        return sum(1 for _ in f)
