"""Results, the gates they must keep, and how both are printed."""

import statistics


class Result:
    """Pairs of runs: bare nginx and what is compared with it, in turn."""

    def __init__(self, name, target, base):
        self.name = name
        self.target = target
        self.base = base
        self.bare = []
        self.with_module = []
        self.gate = None

    def measure(self, args):
        self.bare.append(self.base.measure(args))
        self.with_module.append(self.target.measure(args))

    def ratios(self):
        return [m / b for m, b in zip(self.with_module, self.bare)]

    def ratio(self):
        return statistics.median(self.ratios())

    def added(self):
        """Microseconds that the module adds to a request."""
        return statistics.median(
            m - b for m, b in zip(self.with_module, self.bare))

    def best_added(self):
        return min(self.with_module) - min(self.bare)

    def best_ratio(self):
        return min(self.with_module) / min(self.bare)


# A gate is missed if both the median and the best of the runs miss it: noise
# only ever adds.

def ratio_gate(limit):
    def judge(result):
        return ("<= %.2f" % limit, result.ratio() <= limit
                or result.best_ratio() <= limit)
    return judge


def added_gate(limit_of, text):
    """`limit_of`: microseconds, worked out when all has been measured."""
    def judge(result):
        limit = limit_of()
        return ("added <= %s (%.1f us)" % (text, limit),
                result.added() <= limit or result.best_added() <= limit)
    return judge


class Report:
    """Prints as it goes and keeps all as Markdown."""

    def __init__(self):
        self.lines = []
        self.missed = []
        self.gates = 0

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def verdict(self, name, text, kept):
        self.gates += 1
        if not kept:
            self.missed.append(name)
        return "%s %s" % (text, "ok" if kept else "**MISSED**")

    def table(self, heads, rows):
        rows = [[str(cell) for cell in row] for row in rows]
        widths = [max(len(row[i]) for row in [heads] + rows)
                  for i in range(len(heads))]

        def line(cells):
            return "| " + " | ".join(
                cell.ljust(width) if i in (0, len(heads) - 1)
                else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(cells, widths))) + " |"

        self.say(line(heads))
        self.say("| " + " | ".join(
            "-" * width if i in (0, len(heads) - 1)
            else "-" * (width - 1) + ":"
            for i, width in enumerate(widths)) + " |")
        for row in rows:
            self.say(line(row))
        self.say()

    def results(self, results, unit_us):
        """`unit_us`: V, one bare signature."""
        rows = []
        for r in results:
            gate = self.verdict(r.name, *r.gate(r)) if r.gate else ""
            ratios = r.ratios()
            rows.append([
                r.name, "%.1f" % statistics.median(r.bare),
                "%.1f" % statistics.median(r.with_module),
                "%+.1f" % r.added(), "%+.2f" % (r.added() / unit_us),
                "%.3f" % r.ratio(),
                "%.2f-%.2f" % (min(ratios), max(ratios)), gate])
        self.table(["scenario", "bare, us", "with, us", "added, us",
                    "added, V", "ratio", "spread", "gate"], rows)

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(self.lines) + "\n")
