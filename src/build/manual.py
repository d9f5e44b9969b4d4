#!/usr/bin/env python3
"""manual.py README.md OUT: the manual pages, from the README and nothing else.

Writes ngx_http_auth_id_token_module.5 (directives, variables, answers, reasons,
log) and id_token_check.1, in man(7)'s macros. It knows the Markdown that the
README uses: headings, paragraphs, lists, tables, code, links, emphasis; what it
does not know it refuses, so that no page is made half.
"""

import os
import re
import sys

MODULE_PARTS = ("Directives", "Variables", "Answers", "Reasons", "Log")
PROGRAM_PART = "Why is this token refused?"


def sections(text):
    """(level, title, lines) of each heading, in order."""
    found, fence = [(1, "", [])], False
    for line in text.splitlines():
        if line.startswith("```"):
            fence = not fence
        heading = None if fence else re.match(r"(#+) (.*)", line)
        if heading:
            found.append((len(heading.group(1)), heading.group(2), []))
        else:
            found[-1][2].append(line)
    if fence:
        sys.exit("manual: a code block does not end")
    return found


def part(found, title):
    """The section of that title, with all that are below it."""
    for i, (level, name, _) in enumerate(found):
        if name == title:
            end = i + 1
            while end < len(found) and found[end][0] > level:
                end += 1
            return found[i:end]
    sys.exit(f'manual: the README has no section "{title}"')


def escape(text):
    return text.replace("\\", "\\e").replace("-", "\\-")


def line_of(text):
    """A line that roff does not take for a request."""
    return "\\&" + text if text[:1] in (".", "'") else text


def inline(text):
    """Code is bold, as in manual pages; a link is its text."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    out = []
    for i, piece in enumerate(re.split(r"(`[^`]*`|\*\*[^*]+\*\*|\*[^*]+\*)", text)):
        if i % 2 == 0:
            out.append(escape(piece))
        elif piece[0] == "`":
            out.append("\\fB" + escape(piece[1:-1]) + "\\fR")
        else:
            out.append("\\fI" + escape(piece.strip("*")) + "\\fR")
    return "".join(out)


def code(lines):
    return [".PP", ".RS 4", ".nf"] + \
        [line_of(escape(line)) for line in lines] + [".fi", ".RE"]


def table(rows):
    """Each row: its first cell, and the others below it."""
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
             for row in rows]
    head, out = cells[0], []
    for row in cells[2:]:
        named = [f"{title}: {cell}" if title and len(head) > 2 else cell
                 for title, cell in zip(head[1:], row[1:]) if cell]
        out += [".TP", line_of(inline(row[0].replace("\\|", "|"))),
                line_of(inline(". ".join(named).replace("\\|", "|")) or "\\&")]
    return out


def body(lines):
    """The roff of a section's lines."""
    out, i = [], 0
    while i < len(lines):
        line = lines[i]
        if line.startswith("```"):
            end = lines.index("```", i + 1)
            out += code(lines[i + 1:end])
            i = end + 1
        elif line.startswith("|"):
            end = i
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            out += table(lines[i:end])
            i = end
        elif re.match(r"(- |\d+\. )", line):
            mark, text = re.match(r"(- |\d+\. )(.*)", line).groups()
            i += 1
            while i < len(lines) and lines[i].startswith("  "):
                text += " " + lines[i].strip()
                i += 1
            mark = "\\(bu" if mark == "- " else mark.strip()
            out += [f".IP {mark} 4", line_of(inline(text))]
        elif line:
            text = [line]
            i += 1
            while i < len(lines) and lines[i] and \
                    not re.match(r"```|\||- ", lines[i]):
                text.append(lines[i])
                i += 1
            out += [".PP"] + [line_of(row) for row in
                              inline("\n".join(text)).split("\n")]
        else:
            i += 1
    return out


def page(name, number, about, version, text):
    return "\n".join(
        [f'.TH "{name.upper()}" "{number}" "" "nginx-auth-id-token {version}" '
         f'"nginx-auth-id-token"',
         ".SH NAME", f"{name} \\- {escape(about)}"] + text) + "\n"


def module_page(found):
    intro = found[1][2]
    end = next(i for i, line in enumerate(intro)
               if line.startswith(("```", "**Contents:**")))
    out = [".SH DESCRIPTION"] + body(intro[:end])
    for title in MODULE_PARTS:
        for level, name, lines in part(found, title):
            out.append(f'.{"SH" if level == 2 else "SS"} "{escape(name)}"')
            out += body(lines)
    return out + [".SH SEE ALSO",
                  ".BR id_token_check (1),", ".BR nginx (8)",
                  ".PP", "The whole manual: README.md of nginx\\-auth\\-id\\-token."]


def program_page(found, usage):
    end = usage.index("")
    synopsis = [line.removeprefix("usage:").strip() for line in usage[:end]]
    out = [".SH SYNOPSIS"] + code(synopsis) + [".SH DESCRIPTION"]
    out += body(part(found, PROGRAM_PART)[0][2])
    out += [".SH OPTIONS"] + code(usage[end + 1:])
    return out + [".SH SEE ALSO", ".BR ngx_http_auth_id_token_module (5)"]


def usage_of(src):
    """What "id_token_check --help" prints, from its source."""
    with open(os.path.join(src, "check/main.cc"), encoding="utf-8") as file:
        literal = re.search(r'kUsage\[\] =\n((?:\s+".*"\n?)+);', file.read())
    if not literal:
        sys.exit("manual: id_token_check's usage is not where it was")
    text = "".join(re.findall(r'"(.*)"', literal.group(1)))
    return text.replace("\\n", "\n").replace('\\"', '"').splitlines()


def main(readme, out):
    with open(readme, encoding="utf-8") as file:
        found = sections(file.read())
    src = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    with open(os.path.join(src, "core/idt_base/version.h"), encoding="utf-8") as file:
        version = re.search(r'kVersion\[\] = "([^"]+)"', file.read()).group(1)
    os.makedirs(out, exist_ok=True)
    pages = {
        "ngx_http_auth_id_token_module.5": page(
            "ngx_http_auth_id_token_module", 5,
            "proves OpenID Connect ID tokens in nginx", version,
            module_page(found)),
        "id_token_check.1": page(
            "id_token_check", 1, "tells why an ID token is refused", version,
            program_page(found, usage_of(src))),
    }
    for name, text in pages.items():
        with open(os.path.join(out, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: manual.py README.md OUT")
    main(*sys.argv[1:])
