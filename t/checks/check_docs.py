#!/usr/bin/env python3
"""Every directive, variable, reason and configuration error has its test, and
all but the errors their place in the README; what a location inherits is
merged."""

import pathlib
import re
import sys

ADAPTER = sorted(pathlib.Path("src/nginx").glob("*/*"))
source = {str(p): p.read_text() for p in ADAPTER if p.suffix in (".cc", ".h")}
code = "\n".join(source.values())
readme = pathlib.Path("README.md")
readme = readme.read_text() if readme.exists() else ""
tests = "\n".join(p.read_text()
    for p in [*sorted(pathlib.Path("t").glob("*.t")),
              *sorted(pathlib.Path("t/live").glob("*.t"))])
tests += "\n".join(
    p.read_text() for p in sorted(pathlib.Path("t/lib").glob("*.pm")))
units = "\n".join(
    p.read_text() for p in sorted(pathlib.Path("t/unit").glob("*.cc")))

# Reasons that no request can bring about at will; unit tests name them.
UNIT_ONLY = {"ok", "out_of_memory", "internal"}
LOGOUT_UNIT_ONLY = {"logout_memory", "logout_state"}

problems = []


def need(found, complaint):
    if not found:
        problems.append(complaint)


def word(name, text):
    return re.search(r"(?<![\w$])" + re.escape(name) + r"\b", text)


def table(name):
    """The braces of a C table, rows and all."""
    found = re.search(r"\b" + name + r"\[\]\s*=\s*\{(.*?)\n\};", code, re.S)
    need(found, f"src/nginx: no table {name}")
    return found[1] if found else ""


# directives

directives = re.findall(
    r'ngx_string\("(\w+)"\)', table("ngx_http_auth_id_token_commands"))
for block in re.findall(
        r"\b(\w*(?:words|directives|commands))\[\]", code):
    if block != "ngx_http_auth_id_token_commands":
        directives += re.findall(r'\{\s*"(\w+)",', table(block))

for name in directives:
    need(re.search(r"Syntax[^\n]*?[`*|\s]" + name + r"\b", readme),
         f"README.md: no Syntax line for the directive {name}")
    need(word(name, tests), f"t/*.t: no test uses the directive {name}")

# defaults: each is what the README's line says, and what its comment says

UNITS = {"": 1, "%": 1, "s": 1, "m": 60, "h": 3600, "k": 1024}
defaults = re.findall(
    r"#define DEFAULT_(\w+) +(.*?) */\*\s*(\w+)\s+([^;]+);\s*\*/",
    source["src/nginx/idt_conf/defaults.h"])
need(len(defaults) > 10, "src/nginx/idt_conf/defaults.h: no table of defaults")
for name, value, directive, text in defaults:
    need(re.search(r"^Default:.*\b" + directive + " +" + re.escape(text) + ";",
                   readme, re.M),
         f"README.md: no line \"Default: {directive} {text};\"")
    shown = re.fullmatch(r"(\d+)([%smhk]?)", text)
    if shown:
        factor = UNITS[shown[2]]
        if name.endswith("_SIZE"):
            factor = {"k": 1024, "m": 1024 * 1024}[shown[2]]
        elif name == "TIMEOUT":
            factor *= 1000
        need(eval(value) == int(shown[1]) * factor,
             f"defaults.h: DEFAULT_{name} is not {text}")
    else:
        word_of = value.strip('"').split("::")[-1]
        need(word_of.removeprefix("NGX_LOG_").lower() == text.lower(),
             f"defaults.h: DEFAULT_{name} is not {text}")

# what locations inherit

fields = re.search(
    r"struct loc_conf_s \{([^}]*)\};", code)
merge = "\n".join(re.findall(
    r"^merge_\w+\(.*?^\}", code, re.S | re.M))
need(fields and merge, "src/nginx: no location configuration or no merge")
if fields and merge:
    bare = re.sub(r"/\*.*?\*/", "", fields[1], flags=re.S)
    # A single bit says something of its own level, as "off" does.
    for name in re.findall(r"(\w+);", re.sub(r"\w+:1;", "", bare)):
        # Where a level lies is its own.
        need(name in ("parent", "modules")
             or re.search(r"\bprev->" + name + r"\b", merge),
             f"src/nginx: {name} is not merged from the level above")

# variables

variables = re.findall(
    r'ngx_string\("(\w+)"\)', table("vars"))
variables += re.findall(r'define\s+\w+_PREFIX\s+"(\w+)"', code)
for name in variables:
    need("$" + name in readme, f"README.md: the variable ${name} is missing")
    need("$" + name in tests, f"t/*.t: no test uses the variable ${name}")

# reasons

rows = re.sub(r"\\\n", " ", pathlib.Path("src/core/idt_base/error.h").read_text())
rows = re.sub(r"/\*.*?\*/", "", rows)
reasons = re.findall(r'\bX\((\w+),\s*(\w+),\s*"([^"]*)"\)', rows)
need(len(reasons) > 10, "src/core/idt_base/error.h: the table of reasons is not found")
for name, _, text in reasons:
    line = re.search(r"^.*`" + name + r"`.*$", readme, re.M)
    need(name == "ok" or line, f"README.md: the reason {name} is missing")
    need(name == "ok" or not line or text in readme,
         f"README.md: the reason {name} has not the text \"{text}\"")
    if name in UNIT_ONLY:
        need(word(name, units), f"t/unit: no test names the reason {name}")
    else:
        # In the log or the challenge, as the value of the variable, or with
        # the status it leads to.
        need(text in tests
             or re.search(r"^(.*error.*\b)?" + name + r"\b", tests, re.M)
             or re.search(r"\b\d{3} " + name + r"\b", tests)
             or re.search(r"[\"']" + name + r"[\"'],\s*\d{3}\b", tests),
             f"t/*.t: no test brings about the reason {name}")

# why a login fails

rows = re.sub(r"\\\n", " ",
    pathlib.Path("src/core/idt_login/login_error.h").read_text())
failures = [row for row in re.findall(
    r'\bX\((\w+),\s*(\w+),\s*"([^"]*)"\)', rows) if row[0] != "none"]
need(len(failures) > 10,
     "src/core/idt_login/login_error.h: the table is not found")
statuses = {"malformed": 400, "unavailable": 503}
for name, page, text in failures:
    need(f"| `{name}` | {statuses.get(page, 403)} | {text} |" in readme,
         f"README.md: why a login fails: no row for {name} with its status "
         f"and its text \"{text}\"")
    need(re.search(r"[\"']" + name + r"[\"']", tests),
         f"t/*.t: no test brings about the failure {name}")
documented = re.search(r"^### When a login fails\n(.*?)^##", readme, re.M | re.S)
need(documented, "README.md: the section \"When a login fails\" is not found")
for name in re.findall(r"^\| `(\w+)` \|", documented[1] if documented else "", re.M):
    need(name in {row[0] for row in failures},
         f"README.md: {name} is no way in which a login fails")

# reasons of logouts, by the words of their answer or their name in the log

rows = re.sub(r"\\\n", " ", pathlib.Path(
    "src/core/idt_logout/logout_error.h").read_text())
logouts = re.findall(r'\bX\((\w+),\s*(\w+),\s*"([^"]*)"\)', rows)
need(len(logouts) > 10, "logout_error.h: the table of reasons is not found")
for name, _, text in logouts[1:]:
    need(re.search(r"`" + name + r"`.*" + re.escape(text), readme),
         f'README.md: the reason {name} or its text "{text}" is missing')
    need(text in tests or word(name, tests)
         or name in LOGOUT_UNIT_ONLY and word(name, units),
         f"t/*.t: no test brings about the reason {name}")

# configuration errors: some words in a row of each message

joined = re.sub(r'"\s*\n\s*"', "", code)
messages = re.findall(
    r'ngx_conf_log_error\(NGX_LOG_EMERG,[^"]*?"((?:[^"\\]|\\.)*)"', joined)
messages += re.findall(
    r'\bemerg(?:_errno)?\(cf,\s*"((?:[^"\\]|\\.)*)"', joined)
messages += re.findall(r'const_cast<char \*>\("((?:[^"\\]|\\.)*)"\)', joined)
plain = tests.replace("\\", "")

# What only a failing library or file system says: no test brings it about.
RARE = ("out of memory", "SSL_CTX_set_default_verify_paths() failed",
        "cannot read ", "needs an nginx with PCRE", "no random bytes")


def parts(message):
    for run in re.split(r'%\w+|"', message.replace('\\"', '"')):
        words = run.split()
        size = 3 if len(words) > 3 else 2
        for n in range(max(1, len(words) - size + 1)):
            part = " ".join(words[n:n + size]).rstrip(",:")
            if len(part) >= 8:
                yield part


for message in dict.fromkeys(messages):
    if not any(rare in message for rare in RARE):
        found = list(parts(message))
        need(not found or any(part in plain for part in found),
             f't/*.t: no test for the configuration error "{message}"')

# links: to a heading, or to a file that is there


def anchors(path):
    """Of the headings of a page, as forges make them."""
    found, fence = set(), False
    for line in path.read_text().splitlines():
        fence ^= line.startswith("```")
        heading = None if fence else re.match(r"#+ (.*)", line)
        if heading:
            text = re.sub(r"[^\w\- ]", "", heading[1].lower())
            found.add(text.replace(" ", "-"))
    return found


PAGES = [path for path in map(pathlib.Path, (
    "README.md", "t/README.md", "src/README.md", "conf-examples/README.md"))
    if path.exists()]
for page in PAGES:
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        other = page.parent / name if name else page
        if not other.exists():
            problems.append(f"{page}: the link to {target} leads nowhere")
        elif anchor and anchor not in anchors(other):
            problems.append(f"{page}: no heading for the link to {target}")

print("\n".join(problems))
sys.exit(bool(problems))
