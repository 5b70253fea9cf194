#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Run a benchmark. Tables go to stdout, and JSON and a plot to build/bench.

usage: bench.py bench                   instructions per operation, in kernels that differ in
                                        their paravirtual ops only; the size of these; and
                                        instructions of one call of an op
       bench.py switch                  instructions of all CPUs together, from the request of
                                        a switch to the answer, for all ops and for one, and
                                        of one static_call_update() of the same kernel
       bench.py guest                   exits of a guest with four vCPUs, as its host counts
                                        them, for each operation, with native ops, the
                                        hypervisor's backend, and the kernel's own guest code

Machines that count instructions run twice: what two runs do not agree on is no result. The host
of a guest is emulated and none of it is the same twice, so there are the median of five rounds,
the least and the most. It is a failure if the backend takes more than the kernel's own code: if
the medians differ by more than a twentieth, and by more than half of what the rounds of either
differ. How long something took is not compared: two boots differ by more than their rounds do.

environment: ICOUNT_ROWS   rows of icount.c, separated by commas (all)
"""

import contextlib
import datetime
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

import results
from results import HYPERVISORS, TOP

DIR = f"{TOP}/build/bench"
CPUS = {"native": "icount", "hypervisor": "icount-hypervisor"}
ROUNDS = 5
SWITCHES = 10
SWITCH_CPUS = (1, 2, 4, 8)
ROWS = os.environ.get("ICOUNT_ROWS", "")
# What one call of an op costs, as bound natively, counted, and through vmi_null.
OP_COSTS = """modprobe -a vmi_cost vmi_null || exit
measure()
{
	sed "s/^icount/icount $1/" /sys/kernel/debug/vmi_cost/ops
}
vmictl use native && measure native &&
	vmictl stats on && measure counted && vmictl stats off &&
	vmictl use null && measure null && vmictl use native"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def about(variant, **options):
    """What is being measured. To be called first, as files may change until there are results.

    "+" after the commit: and changes that are in none. Those in Documentation are not measured,
    and may be the last results."""
    git = ("git", "-C", TOP)
    try:
        commit = output_of(*git, "rev-parse", "--short=8", "HEAD").strip()
        if output_of(*git, "status", "--porcelain", "--", ".", ":!Documentation", ":!*.md"):
            commit += "+"
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    build = f"{TOP}/build/kernel-{variant}"
    qemu = output_of("qemu-system-x86_64", "--version")
    return {"commit": commit, "date": str(datetime.datetime.now(datetime.timezone.utc).date()),
            "kernel": read(f"{build}/include/config/kernel.release").strip(),
            "compiler": re.search(r'(?m)^CONFIG_CC_VERSION_TEXT="(.*)"$',
                                  read(f"{build}/.config"))[1],
            "qemu": re.search(r"(?m)^QEMU emulator version (.*)$", qemu)[1],
            "options": {key: str(value) for key, value in options.items()}}


def run(directories, scenario, command, *options):
    """Machines at the same time, each with a directory. Return what they printed."""
    machines = []
    print(os.path.relpath(directories[0], f"{TOP}/build"), file=sys.stderr)
    try:
        for directory in directories:
            shutil.rmtree(directory, ignore_errors=True)
            os.makedirs(directory)
            with open(f"{directory}/run.log", "w", encoding="utf-8") as log:
                machines.append(subprocess.Popen(
                    [f"{TOP}/selftests/vm/run.sh", "--dir", directory, *options, scenario,
                     command], stdout=log, stderr=log))
        failed = [directory for directory, machine in zip(directories, machines)
                  if machine.wait()]
    finally:
        for machine in machines:
            machine.terminate()
    for directory in failed:
        sys.exit(f"{read(f'{directory}/run.log')}bench: {directory}: no result")
    return [read(f"{directory}/output") for directory in directories]


def icount(name, scenario, command, *options):
    """What follows "icount" in a line of two equal runs."""
    one, other = run([f"{DIR}/{name}-{number}" for number in (1, 2)], scenario, command,
                     "--timeout", "3600", *options)
    counted = re.findall(r"(?m)^icount (.*)$", one)
    if one != other or not counted:
        sys.exit(f"bench: {name}: {'two runs differ' if counted else 'nothing was measured'}")
    return counted


def save(name, result, directory=DIR):
    with open(f"{directory}/{name}.json", "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2)


def show(title, table):
    rows = "".join("\t".join(row) + "\n" for row in results.TABLES[table]())
    with open(f"{DIR}/{table}.tsv", "w", encoding="utf-8") as file:
        file.write(rows.replace(",", ""))
    print(title)
    print(subprocess.run(["column", "-t", "-s", "\t"], input=rows, stdout=subprocess.PIPE,
                         check=True, text=True).stdout)


def plot(benchmark):
    subprocess.run(["gnuplot", "-e", f"dir = '{DIR}'; benchmark = '{benchmark}'",
                    f"{TOP}/selftests/bench/plot.gnuplot"], check=True)


def bench():
    kernels = re.findall(r"(?m)^bench-(.*):", read(f"{TOP}/selftests/vm/config/variants"))
    command = f"ICOUNT_ROWS={shlex.quote(ROWS)} exec /selftests/icount" if ROWS else \
        "exec /selftests/icount"
    counts, ops = [], []
    for cpu, scenario in CPUS.items():
        for kernel in kernels:
            counts += [f"{kernel} {cpu} {line}" for line in icount(
                f"{kernel}-{cpu}", scenario, command, "--set", f"kernel=bench-{kernel}")]
        for line in icount(f"ops-{cpu}", scenario, OP_COSTS, "--set", "kernel=bench-vmi",
                           "--set", "modules=guest"):
            provider, counted = line.split(" ", 1)
            ops.append(f"{provider} {cpu} {counted}")
    for kernel in kernels:
        sizes = output_of("size", f"{TOP}/build/kernel-bench-{kernel}/vmlinux").split("\n")[1]
        counts += [f"{kernel} - {section} 1 {size}"
                   for section, size in zip(("text", "data", "bss"), sizes.split())]
    save("bench", results.compare(counts, "nopv", "pv", "xxl"))
    save("ops", results.compare(ops, "native"))
    for cpu, scenario in CPUS.items():
        show(f"Instructions per operation, scenario {scenario}", f"bench-{cpu}")
    show("Bytes of vmlinux", "bench-vmlinux")
    show("Instructions per call of an op", "bench-ops")


def switch():
    # What leaves just one op to vmi_null, io.delay.
    ops = read(f"{TOP}/kernel/include/linux/vmi_ops.h")
    if len(re.findall(r"(?m)^\tOP\(io, ", ops)) != 1:
        sys.exit("bench: the group io has not one op")
    groups = re.findall(r"(?m)^\tGROUP\(([a-z]*), ", ops)
    only_io = ",".join(["native", *(f"-{group}" for group in groups if group != "io")])
    command = f"""modprobe -a vmi_null vmi_cost && /selftests/switch_cost {SWITCHES} null native &&
for n in $(seq {SWITCHES}); do cat /sys/kernel/debug/vmi_cost/patch; done"""
    counts = []
    for cpus in SWITCH_CPUS:
        for what, vmi in ("all", "native"), ("one", only_io):
            for line in icount(f"switch-{what}-{cpus}", "icount-hypervisor", command,
                               "--set", "kernel=bench-vmi", "--set", "modules=guest",
                               "--set", f"smp={cpus}", "--vmi", vmi):
                row = re.sub("^switch", {"all": "all-ops", "one": "one-op"}[what], line)
                if row != line or what == "all":
                    counts.append(f"{cpus} {row}")
    save("switch", results.switch(counts))
    show("Instructions, by number of CPUs", "switch-costs")


def exits(hypervisor, providers, *options):
    directory = f"{DIR}/guest-{hypervisor}-{providers.replace(' ', '-')}"
    run([directory], f"{hypervisor}-exits",
        f"VMI_SCENARIO={hypervisor} exec /selftests/guest_cost.sh {ROUNDS} {providers}",
        "--timeout", "3600", *options)
    if not os.path.exists(f"{directory}/host-trace.txt"):
        sys.exit(f"bench: guest of {hypervisor}: the host lost events")
    return output_of("awk", "-v", f"RUN={directory}",
                     *(word for script in ("host/trace.awk", "host/count_exits.awk",
                                           "bench/guest.awk")
                       for word in ("-f", f"{TOP}/selftests/{script}")),
                     f"{directory}/output", f"{directory}/host-trace.txt").splitlines()


def guest():
    lines = []
    for hypervisor in HYPERVISORS:
        lines += exits(hypervisor, f"native {hypervisor} builtin", "--vmi", "auto")
    save("guest", results.guest(lines, ROUNDS))
    for hypervisor in HYPERVISORS:
        show(f"Exits of a guest of {hypervisor}: median of {ROUNDS}, from the least to the most",
             f"guest-{hypervisor}")


# For each its function, the kernel that it describes, and what else is to be known of it.
BENCHMARKS = {
    "bench": (bench, "bench-vmi", {"rows": ROWS or "all"}),
    "switch": (switch, "bench-vmi", {"cpus": " ".join(map(str, SWITCH_CPUS)),
                                     "rounds": SWITCHES}),
    "guest": (guest, "guest", {"rounds": ROUNDS}),
}


def main(benchmark):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.makedirs(DIR, exist_ok=True)
    function, kernel, options = BENCHMARKS[benchmark]
    description = about(kernel, **options)
    # It comes back when all of what it describes is there.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{DIR}/{benchmark}-about.json")
    function()
    plot(benchmark)
    save(f"{benchmark}-about", description)
    worse = list(results.worse()) if benchmark == "guest" else []
    if worse:
        sys.exit("bench: the backend takes more exits than the kernel's own code:\n"
                 + "\n".join(worse))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in BENCHMARKS:
        sys.exit(__doc__)
    main(sys.argv[1])
