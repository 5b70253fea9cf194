#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run the cases of vmictl and libvmi that need no VMI kernel, and print KTAP.

usage: run.py BUILD-DIRECTORY [--update] [FILE...]

A file in cases/ has titles and, indented below each, what is typed and what must be
printed:

    A refusal is a sentence
      refusing@kvm$ vmictl use xen
      [2] Error: asked to use xen.

Before the "$" stand the words for fake_kernel.c ("good" if there are none) and, behind
an "@", the directory below machines/ for fake_machine.c. A line that begins with ">"
continues the command, which is bash with functions.sh; lines that begin with "<" are its
standard input, which otherwise is the lines that are expected, for those that are a
table. Then follow standard output, and standard error, each line behind the exit status;
without such a line, the status is 0. The cases of a file share a directory and run in
order; several files run at once.

In an expected line that ends in " (glob)", "*" is anything. --update writes what was
printed into the files, for "git diff" to show.

A command that exits with 80 skips the rest of its case, and prints what is missing. That
is a failure unless VMI_MAY_SKIP has the word. The file "plan" has the number of cases of
each file, in the order in which files start.
"""

import difflib
import os
import re
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

TESTS = os.path.dirname(os.path.realpath(__file__))
# Under emulation and beside other work, nothing here takes as long as that.
SECONDS = 300
SKIP = 80
PROMPT = re.compile(r"  ([a-z,]*)(?:@([a-z0-9-]+))?\$ (.*)")
# A developer may not have built the kernel, or may run one with VMI. CI may skip nothing.
MAY_SKIP = "" if os.environ.get("CI") == "true" else "kernel-tree kernel-modules no-vmi"


def cases_of(lines):
    """Title, and numbers of the first and last line below it, of each case."""
    starts = [i for i, line in enumerate(lines) if line and line[0] not in " #"]
    for i, end in zip(starts, starts[1:] + [len(lines)]):
        while not lines[end - 1] or lines[end - 1][0] == "#":
            end -= 1
        yield lines[i], i + 1, end


def steps_of(lines):
    """Lines that are typed, and lines that are expected, of each command."""
    steps = []
    for line in lines:
        if PROMPT.fullmatch(line):
            steps.append(([line], []))
        else:
            if not steps:
                raise ValueError(f"no command before '{line}'")
            typed, expected = steps[-1]
            (typed if line[2:3] in "<>" and not expected else expected).append(line)
    return steps


def merge(expected, lines):
    """The lines, but where a pattern matches, the pattern."""
    patterns = {i: re.escape(line[:-7]).replace(r"\*", ".*") for i, line in enumerate(expected)
                if line.endswith(" (glob)")}
    return [expected[i] if i in patterns and re.fullmatch(patterns[i], line) else line
            for i, line in enumerate(lines)]


def printable(output, mark=""):
    """Lines as a case has them; what is not printable is an escape."""
    text = re.sub("[^\n -~]", lambda found: repr(found[0])[1:-1],
                  output.decode("ascii", "backslashreplace"))
    lines = text.rstrip("\n").split("\n") if text.rstrip("\n") else []
    if text and text[-1] != "\n":
        lines[-1] += " (no newline)"
    return [f"  {mark}{line}".rstrip() if mark or not line else f"  {line}" for line in lines]


def type_in(typed, expected, directory):
    """What a command prints, with its status, and the status."""
    kernel, machine, command = PROMPT.fullmatch(typed[0]).groups()
    more = [re.sub("^  > ?", "", line) for line in typed if line[2] == ">"]
    lines = [re.sub("^  < ?", "", line) for line in typed if line[2] == "<"]
    lines = lines or [line[2:] for line in expected]
    with subprocess.Popen(
            ["bash", "-c", "\n".join(['. "$TESTS/functions.sh"', command, *more])], cwd=directory,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, env=os.environ | {
                "FAKE_KERNEL": kernel or "good", "PATH": f"{directory}:{os.environ['PATH']}",
                "FAKE_MACHINE": f"{directory}/machines/{machine or 'none'}"}) as shell:
        try:
            out, err = shell.communicate("".join(f"{line}\n" for line in lines).encode(),
                                         SECONDS)
            status = shell.returncode
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            out, err = shell.communicate()
            status = f"killed after {SECONDS} s"
    errors = printable(err, f"[{status}] ") or [f"  [{status}]"] * bool(status)
    return printable(out) + errors, status


def run_case(lines, directory):
    """What a case looks like now, and what it lacks if it is skipped."""
    now = []
    for typed, expected in steps_of(lines):
        printed, status = type_in(typed, expected, directory)
        if status == SKIP:
            return lines, printed[0].strip()
        now += typed + merge(expected, printed)
    return now, None


def results_of(name, count, update):
    """Whether each case of a file is good, its title, and lines about it."""
    path, results = f"{TESTS}/cases/{name}", []
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    with tempfile.TemporaryDirectory() as directory:
        os.symlink(f"{os.environ['BUILD']}/vmictl-fake", f"{directory}/vmictl")
        cases = [(title, start, end, *run_case(lines[start:end], directory))
                 for title, start, end in cases_of(lines)]
    for title, start, end, now, lack in cases:
        diff = list(difflib.unified_diff(lines[start:end], now, f"cases/{name}:{start}",
                                         "printed", lineterm="", n=99))
        if lack and lack not in os.environ.get("VMI_MAY_SKIP", MAY_SKIP).split():
            diff = [f"there is no {lack}, and VMI_MAY_SKIP does not have the word"]
        skip = f" # SKIP there is no {lack}" if lack and not diff else ""
        results.append((not diff, f"{name}: {title}{skip}", diff))
    if len(cases) != count:
        results.append((False, f"{name}: plan", [f"{len(cases)} cases instead of {count}"]))
    if update:
        for _, start, end, now, _ in reversed(cases):
            lines[start:end] = now
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
    return results


def run_file(name, count, update):
    try:
        return results_of(name, count, update)
    except (OSError, ValueError) as error:
        return [(False, f"{name}: file with cases", [str(error)])]


def main(arguments):
    build, *names = arguments
    update = names[:1] == ["--update"]
    names = names[update:]
    with open(f"{TESTS}/plan", encoding="ascii") as file:
        plan = {name: int(count) for name, count in
                (line.split() for line in file if line[0] != "#")}
    names = names or [*plan, *sorted(set(os.listdir(f"{TESTS}/cases")) - set(plan))]
    os.environ.update(BUILD=os.path.realpath(build), TESTS=TESTS, TERM="linux", TZ="UTC",
                      LC_ALL="C")
    print("KTAP version 1", f"1..{sum(plan.get(name, 0) for name in names)}", sep="\n")
    number = failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for results in pool.map(lambda name: run_file(name, plan.get(name), update), names):
            for number, (good, title, diff) in enumerate(results, number + 1):
                for line in diff:
                    print(f"# {line}")
                print(f"{'ok' if good else 'not ok'} {number} {title}", flush=True)
                failed += not good
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
