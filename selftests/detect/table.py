#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""What do vmictl detect, systemd-detect-virt, virt-what and lscpu say about the hypervisor?

usage: table.py run [SCENARIO...]   in each scenario, with a kernel of ours and with Debian's own
       table.py document            put the last results into Documentation/detect.rst, to the
                                    places that are marked as in measuring.rst; what its text
                                    says of them is written by hand

"run" prints a table, and leaves it in JSON in build/detect. What is right is in the file
"scenarios" of the runner; of what is in use, vmictl detect has to be certain of what
../in_use.sh sees. It is a failure if vmictl detect was wrong anywhere.
"""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.append(f"{HERE}/../bench")
# pylint: disable=wrong-import-position
from bench import about, read, run, save  # noqa: E402
from results import TOP, about_text, fill_in, literal, load, simple_table  # noqa: E402

DIR = f"{TOP}/build/detect"
SCENARIOS = ["native", "unknown", "kvm", "hyperv", "hyperv-over-kvm", "vmware-port",
             "vmware-cpuid", "vmware-over-kvm", "xen-pv", "xen-pvh", "xen-hvm"]
HEAD = ["scenario", "kernel", "vmictl detect", "right", "systemd-detect-virt", "virt-what",
        "lscpu"]


def layers(said):
    """The one that VMI has a backend for is in brackets."""
    return " ".join(f"[{layer}]" if layer == said["driven"] else layer
                    for layer in said["layers"])


def verdict(one):
    if one["right"]:
        return "yes"
    if all(one["made"][key] == one["vmictl"][key] for key in ("layers", "driven")):
        return f"no: in use {one['uses']}"
    return f"no: {layers(one['made'])}"


def words(said):
    return " ".join(word for word in said if word) or "nothing"


def rows():
    return [[one["scenario"], {"guest": "VMI", "stock": "Debian"}[one["kernel"]],
             layers(one["vmictl"]), verdict(one), one["systemd-detect-virt"],
             words(one["virt-what"]),
             words([one["lscpu"].get("vendor"), one["lscpu"].get("type")])]
            for one in load("detect.json", "detect")]


def merged(all_rows):
    """Two kernels with the same answers are one row."""
    found = []
    for scenario, kernel, *answers in all_rows:
        if found and [found[-1][0], *found[-1][2:]] == [literal(scenario), *answers]:
            found[-1][1] = "both"
        else:
            found.append([literal(scenario), kernel, *answers])
    return found


def document():
    about = load("about.json", "detect")
    options = about["options"]
    if "scenarios" in options:
        sys.exit("detect: the last results are not all there are; run make detect-table")
    sentence = (about_text("make detect-table", about)
                + f"\nDebian's kernel is {options['stock']}, systemd {options['systemd']}, "
                f"virt-what {options['virt-what']},\ndmidecode {options['dmidecode']}, "
                f"util-linux {options['util-linux']}.")
    path = f"{TOP}/Documentation/detect.rst"
    text = fill_in(path, {"about": sentence,
                          "table": simple_table([HEAD, *merged(rows())], len(HEAD))})
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print("Documentation/detect.rst has the last results; its text is written by hand.")


def without(these, *others):
    return [one for one in these if not any(one in other for other in others)]


def ask(scenario, kernel, *options):
    directory = f"{DIR}/{scenario}-{kernel}"
    said = json.loads(run([directory], scenario, read(f"{HERE}/ask.sh").strip(), "--with",
                          f"{DIR}/root", "--set", f"kernel={kernel}", *options)[0])
    made = dict(line.split(" = ", 1) for line in read(f"{directory}/scenario").splitlines()
                if " = " in line)
    made = {"layers": made["layers"].split(), "driven": made["driven"]}
    before, after = said["seen"]["before"], said["seen"]["after"]
    certain = said["vmictl"]["certain"]
    uses = {"missed": without([one for one in before if one in after], certain),
            "unseen": without(certain, before, after)}
    right = all(made[key] == said["vmictl"][key] for key in made) and not any(uses.values())
    return {"scenario": scenario, "kernel": kernel, "made": made, **said, "uses": uses,
            "right": right}


def ask_all(*scenarios):
    os.makedirs(DIR, exist_ok=True)
    for script in ("stock.sh", "detectors.sh"):
        subprocess.run([f"{TOP}/tools/build/{script}"], check=True)
    options = dict(line.split(" ", 1) for line in read(f"{DIR}/versions").splitlines())
    if scenarios:
        options["scenarios"] = " ".join(scenarios)
    save("about", about("guest", stock=read(f"{TOP}/build/kernel-stock/release").strip(),
                        **options), DIR)
    answers = [one for scenario in scenarios or SCENARIOS for one in
               (ask(scenario, "guest"), ask(scenario, "stock", "--append",
                                            "rdinit=/selftests/vm/load.sh", "--timeout", "400"))]
    save("detect", answers, DIR)
    print(simple_table([HEAD, *rows()], len(HEAD)))
    if not all(one["right"] for one in answers):
        sys.exit("detect: vmictl detect was wrong")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        ask_all(*sys.argv[2:])
    elif sys.argv[1:] == ["document"]:
        document()
    else:
        sys.exit(__doc__)
