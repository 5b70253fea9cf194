#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Compare the kernel, and what vmictl shows of it, with the specification of the family.

usage: ynl.py SELFTESTS SPEC BACKEND

SELFTESTS is tools/testing/selftests of a kernel tree. Its library for netlink runs the
cases, prints KTAP, and has the tree's netlink client, which knows the family from SPEC
only. The cases come from SPEC as well: an operation without a test here fails. That the
kernel's policies are those of SPEC is for tools/build/ynl.sh --check, which generates them.
BACKEND is a backend that can be switched to.

environment: VMI_GUEST   what runs a command of the machine (sudo, chroot ...)
"""

import errno
import itertools
import json
import os
import re
import select
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

selftests, SPEC, BACKEND = sys.argv[1:]
sys.path.append(selftests + "/net")

# pylint: disable=wrong-import-position
from lib.py import NlError, YnlFamily, defer, ksft_eq, ksft_exit, ksft_pr, ksft_run  # noqa: E402

GUEST = os.environ.get("VMI_GUEST", "").split()
# Some attributes are there only natively, others only with a backend.
PROVIDERS = ("native", BACKEND)


def family(path):
    """Make a client with a socket of its own; tools/build/ynl.sh validates the schema."""
    return YnlFamily(str(path), schema="")


vmi = family(SPEC)
HISTOGRAMS = {
    attribute.name
    for attribute in vmi.attr_sets["op-stats"].attrs.values()
    if attribute.get("nested-attributes") == "histogram"
}


def use(provider):
    vmi.do("use", {"provider": provider})


def stats_set(action, **more):
    vmi.do("stats-set", {"action": action, **more})


def run(*words, status=0):
    """Run a command of the machine, and return what it prints."""
    done = subprocess.run([*GUEST, *words], capture_output=True, text=True, check=False)
    assert done.returncode == status, done
    return done.stdout


def vmictl(*words, status=0):
    return json.loads(run("vmictl", "-j", *words, status=status))


def refused(operation, request, error, attribute=None):
    """Check that the kernel refuses a request, at the attribute, and return its extack."""
    try:
        vmi.do(operation, request)
    except NlError as refusal:
        extack = refusal.nl_msg.extack or {}
        assert refusal.error == error, refusal
        assert not attribute or extack.get("bad-attr") == f".{attribute}", extack
        return extack
    raise AssertionError(f"{operation} {request} was not refused")


# Messages, and what vmictl shows


def as_shown(operation, message):
    """Give a message the form that it has in vmictl -j."""
    if operation == "status-get":
        message = {"state": "none", "before-init": False, "last-error": None} | message
        message["api"] = {"major": message.pop("api-major"), "minor": message.pop("api-minor")}
    elif operation == "stats-get":
        assert message.pop("group") == message["name"].split(".")[0], message
        for key in HISTOGRAMS & message.keys():
            message[key] = {"buckets": []} | message[key]
    return message


def stats_shown():
    """Merge what two commands show. Percentiles and means are left to schema/check.py."""
    rows = vmictl("stats", "--histogram")
    for row in rows:
        for key in HISTOGRAMS & row.keys():
            row[key] = {name: row[key][name] for name in vmi.attr_sets["histogram"]}
    cpus = vmictl("stats", "--per-cpu")
    return [of_cpus | row for of_cpus, row in zip(cpus, rows, strict=True)]


def get(kind, operation):
    """Ask for the one object of an operation, or for all of its rows."""
    if kind == "do":
        return as_shown(operation, vmi.do(operation, {}))
    return [as_shown(operation, row) for row in vmi.dump(operation, {})]


def leaves(value, path=()):
    """Yield the path and the value of each number, word and empty list in a document."""
    inside = dict(enumerate(value)) if isinstance(value, list) else value
    if not isinstance(inside, dict) or not inside:
        yield path, value
        return
    for key, part in inside.items():
        yield from leaves(part, (*path, key))


def same(ask, show, besides=frozenset()):
    """Compare what show() has with ask() before and after: counters are in between."""
    answer = ask()
    before, shown, after = (
        {path: leaf for path, leaf in leaves(document) if not besides & {*path}}
        for document in (answer, show(), ask())
    )
    assert before.keys() == shown.keys() == after.keys(), before.keys() ^ shown.keys()
    for path, value in shown.items():
        here = f"{path}: {before[path]}, shown is {value}, then {after[path]}"
        if path[-1:] in (("calls",), ("uses",)):
            assert before[path] <= value <= after[path], here
        else:
            assert before[path] == value == after[path], here
    return answer


# Operations


COMMANDS = {
    "status-get": "status",
    "backend-get": "list",
    "op-get": "ops",
    "cap-get": "caps",
}


def reads(kind, operation):
    """Compare an operation with its command, which a new operation does not have here."""
    defer(stats_set, "off")
    for provider, action in zip(PROVIDERS, ("off", "on")):
        use(provider)
        stats_set(action)
        rows = same(partial(get, kind, operation), partial(vmictl, COMMANDS[operation]))
        assert rows, operation


def get_stats():
    """Compare counters while they count, and histograms once they stand still."""
    ask = partial(get, "dump", "stats-get")
    allowed = os.sched_getaffinity(0)
    for provider in PROVIDERS:
        use(provider)
        stats_set("off")
        stats_set("reset")
        stats_set("on", histograms=True)
        for _ in range(10):
            subprocess.run(["true"], check=True)
        for row in same(ask, stats_shown, HISTOGRAMS):
            ksft_eq(sum(cpu["calls"] for cpu in row["cpus"]), row["calls"], row)
            ksft_eq([cpu["cpu"] for cpu in row["cpus"]], [*range(len(row["cpus"]))], row)
            assert len(row["cpus"]) >= os.cpu_count(), row
        stats_set("off")
        # No task is inside of a call any more once each CPU has run this one.
        for cpus in (*({cpu} for cpu in allowed), allowed):
            os.sched_setaffinity(0, cpus)
        called = [row for row in same(ask, stats_shown) if row["calls"]]
        assert called, "no calls"
        for row in called:
            ksft_eq(sum(bucket["count"] for bucket in row["latency"]["buckets"]), row["calls"])


# The state after an action, without and with histograms, of an op that was off (0), counted
# (1), or filled histograms as well (2).
EFFECTS = {
    ("off", False): (0, 0, 0),
    ("off", True): (0, 1, 1),
    ("on", False): (1, 1, 2),
    ("on", True): (2, 2, 2),
    ("reset", False): (0, 1, 2),
}


def set_stats():
    """Take each action in each state, on an op, on a group and on all ops."""
    defer(stats_set, "off")
    for target, state, action, histograms in itertools.product(
        ("io.delay", "tlb", None), range(3), vmi.consts["stats-action"].entries, (False, True)
    ):
        aim = {"target": target} if target else {}
        if action == "reset" and histograms:
            request = {"action": action, "histograms": True, **aim}
            refused("stats-set", request, errno.EINVAL, "histograms")
            continue
        stats_set("off")
        if state:
            stats_set("on", histograms=state == 2, **aim)
        stats_set(action, histograms=histograms, **aim)
        for op, row in zip(vmi.dump("op-get", {}), vmi.dump("stats-get", {}), strict=True):
            meant = target in (row["name"], row["group"], None)
            wanted = EFFECTS[action, histograms][state] if meant else 0
            got = op["counting"], row["counting"], row["measuring"]
            ksft_eq(got, (wanted > 0, wanted > 0, wanted > 1), (aim, state, action, row["name"]))
            if meant and action == "reset" and not state:
                ksft_eq((op["calls"], row["calls"]), (0, 0), row["name"])


def use_each():
    for provider in (BACKEND, "native"):
        use(provider)
        status = vmictl("status")
        ksft_eq((status["active"], status["requested"]), (provider, provider))


def entries(*targets, provider="native"):
    return [{"target": target, "provider": provider} for target in targets]


def policies_of_ops():
    """Return the ops with a policy, and the policy of each."""
    return {op["name"]: op["policy"] for op in vmi.dump("op-get", {}) if op["policy"] != "default"}


def policies_of_requests():
    """Set policies for a group and for an op, clear one, and clear the rest. What they bind and
    that all are set or none is for policy.sh."""
    clear_all = {"entry": [{"provider": "default"}]}
    defer(vmi.do, "policy-set", clear_all)
    vmi.do("policy-set", {"entry": entries("tlb", provider="builtin") + entries("ipi.send")})
    tlb = {op["name"]: "builtin" for op in vmi.dump("op-get", {}) if op["group"] == "tlb"}
    ksft_eq(policies_of_ops(), {**tlb, "ipi.send": "native"})
    ksft_eq(vmictl("policy"), entries("tlb", provider="builtin") + entries("ipi.send"))
    vmi.do("policy-set", {"entry": entries("tlb", provider="default")})
    ksft_eq(policies_of_ops(), {"ipi.send": "native"})
    vmi.do("policy-set", clear_all)
    ksft_eq(policies_of_ops(), {})


TESTS = {
    "do use": use_each,
    "do stats-set": set_stats,
    "dump stats-get": get_stats,
    "do policy-set": policies_of_requests,
}


# Refusals


def sentences():
    """Compare a refusal with that of vmictl, which may add the valid words."""
    unknown, invalid = errno.ENOENT, errno.EINVAL
    for operation, request, error, attribute, command in (
        ("use", {"provider": "nowhere"}, unknown, "provider", "use nowhere"),
        ("stats-set", {"action": "on", "target": "nothing"}, unknown, "target", "stats on nothing"),
        ("policy-set", {"entry": entries("nothing")}, unknown, None, "policy set nothing native"),
        ("policy-set", {"entry": entries("io", provider="no")}, invalid, None, "policy set io no"),
    ):
        said = refused(operation, request, error, attribute)["msg"]
        shown = vmictl(*command.split(), status=2)["error"]
        assert shown.startswith(said), (said, shown)


def attributes_of(op):
    """Return the attributes of a request."""
    names = op.get("do", {}).get("request", {}).get("attributes", ())
    return [op.attr_set[name] for name in names]


def limit(value):
    return vmi.consts[value]["value"] if isinstance(value, str) else value


def limits():
    """Send what is just outside of what the specification allows."""
    tried = 0
    for op in vmi.ops.values():
        for attribute in attributes_of(op):
            if "max-len" in attribute.get("checks", {}):
                value, error = "x" * (limit(attribute["checks"]["max-len"]) + 1), errno.EINVAL
            elif "enum" in attribute:
                value, error = len(vmi.consts[attribute["enum"]].entries), errno.ERANGE
            else:
                continue
            assert "policy" in refused(op.name, {attribute.name: value}, error, attribute.name)
            tried += 1
    assert tried


def nothing_given():
    """Send requests without any of their attributes."""
    lacking = {op.name: attributes_of(op) for op in vmi.ops.values()}
    assert any(lacking.values())
    for name, attributes in lacking.items():
        if attributes:
            missing = refused(name, {}, errno.EINVAL).get("miss-type")
            assert missing in [attribute.name for attribute in attributes], (name, missing)


# Events


def mark(word):
    """Cause an event with this word in it, which an error has after a success only."""
    use("native")
    refused("use", {"provider": word}, errno.ENOENT)


def between_marks(all_events):
    for event in itertools.dropwhile(lambda event: "first-mark" not in str(event), all_events):
        if "last-mark" in str(event):
            return
        yield event


seen = set()


def events():
    """Switch there and back, reload the backend, set and clear a policy."""
    client = family(SPEC)
    for group in vmi.mcast_groups:
        client.ntf_subscribe(group)
    with subprocess.Popen(
        [*GUEST, "timeout", "60", "vmictl", "-j", "monitor"], stdout=subprocess.PIPE, text=True
    ) as monitor:
        # vmictl listens once it has shown an event.
        while not select.select([monitor.stdout], [], [], 0.1)[0]:
            use("native")
        mark("first-mark")
        use(BACKEND)
        use("native")
        backends = {backend["name"]: backend for backend in vmi.dump("backend-get", {})}
        module = backends[BACKEND]["module"]
        run("rmmod", module)
        run("modprobe", module)
        use(BACKEND)
        vmi.do("policy-set", {"entry": entries("io")})
        vmi.do("policy-set", {"entry": entries("io", provider="default")})
        mark("last-mark")
        shown = [json.loads(line) for line in between_marks(monitor.stdout)]
        monitor.terminate()
    client.check_ntf()
    heard = [
        (event["name"], [as_shown(vmi.msgs[event["name"]]["notify"], event["msg"])])
        for event in between_marks(client.async_msg_queue)
    ]
    seen.update(name for name, _ in heard)
    for event in shown:
        del event["time"]
    ksft_eq([(event.pop("event"), [*event.values()]) for event in shown], heard)


def event_seen(name):
    assert name in seen, seen


# What is run


# A case, a change of the specification, and how to make it so that the case fails.
ALTERED = (
    ("limits of the specification are kept", "a lower limit", "value: 31", "value: 30"),
    ("do status-get", "another order", "hypervisor(\n.*?)builtin", r"builtin\1hypervisor"),
    ("dump op-get", "another name", "name: counting", "name: counted"),
)


def notices(case, pattern, replacement):
    """Run a case with an altered specification, and see that it fails."""
    global vmi  # pylint: disable=global-statement
    text = Path(SPEC).read_text(encoding="ascii")
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.write(re.sub(pattern, replacement, text, count=1, flags=re.DOTALL))
        file.flush()
        real, vmi = vmi, family(file.name)
    try:
        case()
    except AssertionError as error:
        ksft_pr(str(error).replace("\n", " "))
    else:
        raise AssertionError("the case passes")
    finally:
        vmi = real


def all_cases():
    for op in vmi.ops.values():
        for kind in ("do", "dump"):
            if kind in op.modes:
                name = f"{kind} {op.name}"
                yield name, TESTS.get(name, partial(reads, kind, op.name))
    yield "a refusal has the sentence that vmictl prints", sentences
    yield "limits of the specification are kept", limits
    yield "an attribute that is missing is named", nothing_given
    yield "events are those that vmictl shows", events
    for name in vmi.ntfs:
        yield f"event {name}", partial(event_seen, name)


cases = dict(all_cases())
for case, change, *how in ALTERED:
    name = f"{change} in the specification fails '{case}'"
    cases[name] = partial(notices, cases[case], *how)
for name, case in cases.items():
    cases[name] = partial(case)
    cases[name].__name__ = name
ksft_run([*cases.values()])
ksft_exit()
