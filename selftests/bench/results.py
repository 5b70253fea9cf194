#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make JSON, tables and Documentation/measuring.rst of what bench.py has measured.

usage: results.py compare KERNEL...         JSON of lines KERNEL CPU ROW OPERATIONS COUNT
       results.py document [BENCHMARK...]   all that have a place in the document

In the document, all that lies between a line ".. results: NAME" and the next ".. end" is
replaced, and the plots; figures in the text around it are not. If there is anything that is
missing, nothing is changed.
"""

import json
import os
import re
import sys
from functools import partial

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
PLOTS = {"bench": "measuring.svg", "switch": "measuring-switch.svg",
         "guest": "measuring-guest.svg"}
HYPERVISORS = ("kvm", "hyperv", "xen")


def load(name, area="bench"):
    path = f"build/{area}/{name}"
    try:
        with open(f"{TOP}/{path}", encoding="utf-8") as file:
            return file.read() if name.endswith(".svg") else json.load(file)
    except (OSError, ValueError) as error:
        sys.exit(f"{area}: cannot read {path}: {error}; run its make target")


# Numbers as text. There is no ratio where there is nothing to compare with.
def fixed(number, digits=2):
    # As people round: a half goes up.
    return "-" if number is None else \
        f"{int(number * 10 ** digits + 0.5) / 10 ** digits:.{digits}f}"


def count(number):
    """Of large ones, nobody wants the fraction; what one operation took may have one."""
    return f"{float(fixed(number, 2 if number < 100000 else 0)):,.2f}".removesuffix(".00")


def literal(text):
    return f"``{text}``"


# From lines to lists of objects, with the median of what was measured.
def whole(number):
    """In JSON without a fraction."""
    return number if number % 1 else int(number)


def sorted_costs(lines, cost_of):
    """For each group of words that is before two numbers, what cost_of() makes of these."""
    found = {}
    for line in lines:
        *where, one, other = line.split()
        found.setdefault(tuple(where), []).append(whole(cost_of(float(one), float(other))))
    return {where: sorted(costs) for where, costs in found.items()}


def median(costs):
    return costs[(len(costs) - 1) // 2]


def counted(lines):
    """The median of what was counted for an operation."""
    found = sorted_costs(lines, lambda operations, count: count / operations)
    return {where: median(costs) for where, costs in found.items()}


def compare(lines, *bases):
    """Of lines KERNEL CPU ROW OPERATIONS COUNT; without a CPU, "-", bytes were counted."""
    costs = counted(lines)
    return [{"row": row, "kernel": kernel, "cpu": cpu,
             "bytes" if cpu == "-" else "instructions": cost,
             "ratio": {base: cost / costs[base, cpu, row] for base in bases
                       if costs.get((base, cpu, row))}}
            for (kernel, cpu, row), cost in costs.items()]


def switch(lines):
    """Of lines CPUS ROW OPERATIONS COUNT, the ratio to static_call_update() there."""
    costs = counted(lines)
    return [{"row": row, "cpus": int(cpus), "instructions": cost,
             "ratio": cost / costs[cpus, "static-call-update"]}
            for (cpus, row), cost in costs.items()]


def guest(lines, rounds):
    """Of lines HYPERVISOR PROVIDER ROW ROUND COUNT, all of them, the ratio to native ops."""
    found = sorted_costs(lines, lambda _, exits: exits)
    rows = dict.fromkeys(row for _, _, row in found)
    missing = [f"{hypervisor} {provider} {row}" for hypervisor in HYPERVISORS for row in rows
               for provider in ("native", hypervisor, "builtin")
               if len(found.get((hypervisor, provider, row), ())) != rounds]
    if missing or not rows:
        sys.exit(f"bench: not measured {rounds} times: {', '.join(missing)}")
    return [{"hypervisor": hypervisor, "provider": provider, "row": row,
             "median": median(exits), "low": exits[0], "high": exits[-1],
             "ratio": divided(median(exits), median(found[hypervisor, "native", row]))}
            for (hypervisor, provider, row), exits in found.items()]


def divided(number, by):
    return number / by if by > 0 else None


# From JSON to rows of strings, the first of which is the head.
def grid(title, found, columns, heads=()):
    """Of numbers for a row and a column, those of columns, each with its function."""
    return [[title, *(heads or columns)],
            *([str(row), *(text(found.get((row, column))) for column, text in columns.items())]
              for row in dict.fromkeys(row for row, _ in found))]


def cost(result):
    return result.get("instructions", result.get("bytes"))


def bench_table(what):
    found = {}
    for one in load("bench.json"):
        if one["cpu"] == ("-" if what == "vmlinux" else what):
            found[one["row"], one["kernel"]] = cost(one)
            for base, ratio in one["ratio"].items():
                found[one["row"], f"{one['kernel']}/{base}"] = ratio
    ratios = {"pv": "pv/nopv", "xxl": "xxl/nopv", "vmi": "vmi/nopv", "vmi-xxl": "vmi-xxl/nopv",
              "vmi/pv": "vmi/pv", "vmi-xxl/xxl": "vmi-xxl/xxl"}
    return grid("row", found, {"nopv": count,
                               **dict.fromkeys(ratios.values(), lambda n: fixed(n, 4))},
                ("nopv", *ratios))


def ops_table():
    found = {(one["row"], (one["cpu"], one["kernel"])): cost(one) for one in load("ops.json")}
    columns = {"native boot": ("native", "native"),
               **{kernel: ("hypervisor", kernel) for kernel in ("native", "counted", "null")}}
    return grid("op", found, dict.fromkeys(columns.values(), count), columns)


def switch_table():
    found = {(one["cpus"], one["row"]): cost(one) for one in load("switch.json")}
    return grid("CPUs", found, dict.fromkeys(sorted({row for _, row in found}), count))


def guest_table(hypervisor):
    """The median, and from the least to the most."""
    found, providers = {}, ("native", hypervisor, "builtin")
    for one in load("guest.json"):
        if one["hypervisor"] == hypervisor:
            for key in ("median", "low", "high"):
                found[one["row"], (one["provider"], key)] = one[key]
    for row in {row for row, _ in found}:
        for name in ("native", "builtin"):
            found[row, name] = divided(found[row, (hypervisor, "median")],
                                       found[row, (name, "median")])
    numbers = [(name, key) for name in providers for key in ("median", "low", "high")]
    return grid("row", found, dict.fromkeys([*numbers, "native", "builtin"], fixed),
                [name if key == "median" else {"low": "from", "high": "to"}[key]
                 for name, key in numbers]
                + [f"{hypervisor}/native", f"{hypervisor}/builtin"])


# What can be between markers in the document, besides BENCHMARK-about; the tables on the
# terminal and for plot.gnuplot have these names as well.
TABLES = {
    **{f"bench-{what}": partial(bench_table, what) for what in
       ("native", "hypervisor", "vmlinux")},
    "bench-ops": ops_table,
    "switch-costs": switch_table,
    **{f"guest-{name}": partial(guest_table, name) for name in HYPERVISORS},
}


def worse():
    found = {(one["hypervisor"], one["row"], one["provider"]): one
             for one in load("guest.json")}
    for (hypervisor, row, provider), ours in found.items():
        builtin = found[hypervisor, row, "builtin"]
        more = ours["median"] - builtin["median"]
        spread = max(one["high"] - one["low"] for one in (ours, builtin))
        if provider == hypervisor and row != "lock-time-slice" and \
                more > builtin["median"] / 20 and more > spread / 2:
            yield f"  {hypervisor} {row}: {ours['median']}, and {builtin['median']} with builtin"


# From rows to the document.
def simple_table(rows, left=1):
    """That many columns are text, the others numbers."""
    if len(rows) < 2:
        sys.exit("there are no results")
    widths = [max(map(len, column)) for column in zip(*rows)]
    rule = "  ".join("=" * width for width in widths)
    head, *rest = ["  ".join(cell.ljust(width) if at < left else cell.rjust(width)
                             for at, (cell, width) in enumerate(zip(row, widths))).rstrip()
                   for row in rows]
    return "\n".join([rule, head, rule, *rest, rule])


def about_text(command, about):
    commit = literal(about["commit"].rstrip("+"))
    changed = " and changes since,\n" if about["commit"].endswith("+") else ", "
    compiler = re.search(r"([0-9]+\.[0-9]+)[0-9.]*$", about["compiler"])[1]
    qemu = re.match(r"[0-9]+\.[0-9]+", about["qemu"])[0]
    return (f"{literal(command)}: Linux {about['kernel']}, commit {commit}{changed}"
            f"{about['date']}, {about['compiler'].split()[0]} {compiler}, QEMU {qemu}.")


def fill_in(path, blocks):
    """Replace what is between the markers of each of the blocks."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for name, block in blocks.items():
        text, number = re.subn(rf"(?ms)^(\.\. results: {name}\n)(?:(?!^\.\. results: ).)*?"
                               r"^(\.\. end$)",
                               lambda found, block=block: f"{found[1]}\n{block}\n\n{found[2]}",
                               text)
        if number != 1:
            sys.exit(f"{path}: {number} places for {name}, each to end with '.. end'")
    return text


def command_of(benchmark):
    return "make bench" if benchmark == "bench" else f"make bench-{benchmark}"


def make_block(name):
    benchmark = name.split("-")[0]
    if name == f"{benchmark}-about":
        return about_text(command_of(benchmark), load(f"{name}.json"))
    if name not in TABLES:
        sys.exit(f"bench: results.py does not know how to make {name}")
    head, *rows = TABLES[name]()
    title = str if benchmark == "switch" else literal
    return simple_table([head, *([title(row[0]), *row[1:]] for row in rows)])


def document(*benchmarks):
    path = f"{TOP}/Documentation/measuring.rst"
    with open(path, encoding="utf-8") as file:
        places = re.findall(r"(?m)^\.\. results: (.*)$", file.read())
    benchmarks = benchmarks or sorted({place.split("-")[0] for place in places})
    files = {}
    for benchmark in benchmarks:
        if benchmark not in PLOTS or f"{benchmark}-about" not in places:
            sys.exit(f"bench: measuring.rst has no place for results of {benchmark}")
        if load(f"{benchmark}-about.json")["options"].get("rows", "all") != "all":
            sys.exit("bench: the last results are not all there are; run make bench")
        # With the licence, which is asked for in the first lines.
        files[f"{TOP}/Documentation/{PLOTS[benchmark]}"] = load(f"{benchmark}.svg").replace(
            "\n", "\n<!-- SPDX-License-Identifier: GPL-2.0-only -->\n", 1)
    files[path] = fill_in(path, {place: make_block(place) for place in places
                                 if place.split("-")[0] in benchmarks})
    for name, text in files.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
    print("Documentation/measuring.rst has the last results of:", *benchmarks)
    print("Figures in its text are written by hand; see git diff.")


def main(what, *arguments):
    if what == "compare":
        print(json.dumps(compare(sys.stdin, *arguments), indent=2))
    elif what == "document":
        document(*arguments)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:] or ["help"])
