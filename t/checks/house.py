#!/usr/bin/env python3
"""Figures of the house: files, lines and functions of either half, call
circles, mutations, checks.

usage: house.py [BUILD] [--limits]

--limits prints nothing but what is too long, and fails if there is any.
"""

import pathlib
import re
import statistics
import sys

sys.path[:0] = ["t/checks", "t/mutation"]

# Lines: of a function of each half, of a file (a header may be shorter).
FUNCTION = {"core": 40, "nginx": 60}
FILE = range(50, 351)


def bare(text):
    """Without comments and what is quoted; lines stay."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found[0])
    return re.sub(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|'
                  r"(?<!\w)'(?:\\.|[^'\\\n])+'", blank, text, flags=re.S)


def functions(text):
    """Line, name and length, signature and braces included."""
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                  lambda m: re.sub(r"[^\n]", " ", m[0]), bare(text), flags=re.M)
    found, stack, start = [], [], 0
    for at, c in enumerate(text):
        if c == "{":
            head = text[start:at]
            if stack and stack[-1] in ("inside", "function"):
                kind = "inside"
            elif re.search(r"\b(namespace|extern)\b[^()]*$", head):
                kind = "scope"
            elif re.match(r"[^()]*\b(class|struct|union|enum)\b[^()]*$", head):
                kind = "scope"
            elif "(" in head and not re.search(r"=\s*$", head):
                kind = "function"
                name = re.search(r"([~\w:]+|operator\S+)\s*\(", head)
                first = start + len(head) - len(head.lstrip())
                found.append([text.count("\n", 0, first) + 1,
                              name[1] if name else "?", first])
            else:
                kind = "inside"
            stack.append(kind)
            start = at + 1
        elif c == "}":
            if stack and stack.pop() == "function":
                row = found[-1]
                row[2] = text.count("\n", row[2], at) + 1
            start = at + 1
        elif c == ";":
            start = at + 1
    return found


def half(name):
    files = sorted(pathlib.Path("src", name).glob("*/*.*"))
    lines = {f: f.read_text().count("\n") for f in files}
    rows = [(f, *row) for f in files for row in functions(f.read_text())]
    return lines, rows


def too_long(name, lines, rows):
    for file, line, function, length in rows:
        if length > FUNCTION[name]:
            yield f"{file}:{line}: {function} has {length} lines"
    for file, n in lines.items():
        if n >= FILE.stop or (n < FILE.start and file.suffix == ".cc"):
            yield f"{file}: {n} lines"


def figures(name, lines, rows):
    sizes, lengths = sorted(lines.values()), sorted(r[3] for r in rows)
    out = list(too_long(name, lines, rows))
    print(f"src/{name}: {len(sizes)} files, {sum(sizes)} lines; a file has "
          f"{statistics.median(sizes):.0f} (median) to {sizes[-1]}")
    print(f"  {len(lengths)} functions of {statistics.median(lengths):.0f} "
          f"(median), {lengths[len(lengths) * 9 // 10]} (nine of ten), "
          f"{lengths[-1]} lines at most")
    print(f"  over {FUNCTION[name]} lines: "
          f"{sum(n > FUNCTION[name] for n in lengths)} functions; out of "
          f"{FILE.start} to {FILE.stop - 1}: "
          f"{len(out) - sum(n > FUNCTION[name] for n in lengths)} files")


def proofs(build):
    from mutations import MUTATIONS
    print(f"mutations: {len(MUTATIONS)}, of the core "
          f"{sum(m.file.startswith('src/core') for m in MUTATIONS)}")
    for folder, pattern in (("t", "*.t"), ("t/live", "*.t"),
                            ("t/unit", "*_test.cc"), ("t/fuzz", "*_fuzz.cc")):
        files = list(pathlib.Path(folder).glob(pattern))
        print(f"{folder}/{pattern}: {len(files)} files")
    for part in sorted(filter(pathlib.Path.is_dir, (build / "log").glob("*"))):
        logs = "".join(f.read_text(errors="replace")
                       for f in part.glob("*.*"))
        n = len(re.findall(r"^(?:ok \d|\[ +OK \])", logs, re.M))
        if n:
            print(f"checks of the last run, {part.name}: {n}")


def circles(build):
    import calls
    graph = calls.graph(*calls.symbols(calls.find_objects(build)))
    print(f"calls between files: {sum(map(len, graph.values()))}, circles: "
          f"{len(calls.circles(graph))}, against the order: "
          f"{len(calls.judge(graph))}")


def main():
    names = [a for a in sys.argv[1:] if not a.startswith("--")]
    build = pathlib.Path((names or ["build"])[0])
    halves = {name: half(name) for name in FUNCTION}
    if "--limits" in sys.argv:
        out = [p for name, h in halves.items() for p in too_long(name, *h)]
        print("\n".join(out))
        sys.exit(bool(out))
    for name, h in halves.items():
        figures(name, *h)
    circles(build)
    proofs(build)


if __name__ == "__main__":
    main()
