#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The specification of the family says what the kernel does and vmictl shows.

usage: ynl.py YNL SPEC NLCTRL-SPEC BACKEND

YNL is the directory of the kernel tree's own client, tools/net/ynl, which knows the
family from SPEC only. What there is to test is read from SPEC as well: an operation
without a test here fails. BACKEND is one that can be switched to.

environment: VMI_GUEST   what runs a command of the machine (sudo, chroot ...)

Prints KTAP.
"""

import errno
import json
import os
import subprocess
import sys
import tempfile
import time

import yaml

ynl_dir, spec_path, nlctrl_path, BACKEND = sys.argv[1:]
sys.path.append(ynl_dir)

# pylint: disable=wrong-import-position
from lib import NlError, YnlFamily  # noqa: E402

GUEST = os.environ.get("VMI_GUEST", "").split()
# These may count while they are looked at.
COUNTERS = ("calls", "uses")
TIMEOUT = 20


def family(path=spec_path):
    """A client, with a socket of its own; tools/build/ynl.sh looks at the schema."""
    return YnlFamily(path, schema="")


with open(spec_path, encoding="ascii") as stream:
    SPEC = yaml.safe_load(stream)
OPERATIONS = SPEC["operations"]["list"]
SETS = {s["name"]: s["attributes"] for s in SPEC["attribute-sets"]}
SUBSETS = {s["name"]: s.get("subset-of") for s in SPEC["attribute-sets"]}
DEFINITIONS = {d["name"]: d for d in SPEC["definitions"]}
vmi = family()


def run(*words):
    """Run a command of the machine, whatever becomes of it."""
    return subprocess.run([*GUEST, *words], capture_output=True, text=True, check=False)


def vmictl(*words):
    """What vmictl -j prints."""
    done = run("vmictl", "-j", *words)
    assert done.returncode == 0, f"vmictl {words}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def refusal(*words):
    """The sentence with which vmictl reports a refusal."""
    done = run("vmictl", "-j", *words)
    assert done.returncode == 2, f"vmictl {words}: exit status {done.returncode}"
    return json.loads(done.stdout)["error"]


def use(provider):
    vmi.do("use", {"provider": provider})


# A message as vmictl shows it


def status_shown(message):
    """Status has every key, and both halves of the version in one."""
    shown = {"state": "none", "before-init": False, "last-error": None} | message
    shown["api"] = {"major": shown.pop("api-major"), "minor": shown.pop("api-minor")}
    return shown


def as_shown(operation, message):
    return status_shown(message) if operation == "status-get" else message


def same(before, shown, after, where=""):
    """What was shown is what was so before and after, and counters are in between."""
    if isinstance(shown, dict):
        assert before.keys() == shown.keys() == after.keys(), (
            f"{where}: {sorted(before)}, shown are {sorted(shown)}"
        )
        for key in shown:
            if key in COUNTERS:
                assert before[key] <= shown[key] <= after[key], (
                    f"{where}.{key}: {shown[key]} is not in {before[key]}..{after[key]}"
                )
            else:
                same(before[key], shown[key], after[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert len(before) == len(shown) == len(after), f"{where}: not as many"
        for number, each in enumerate(zip(before, shown, after)):
            same(*each, f"{where}[{number}]")
    else:
        assert before == shown == after, f"{where}: {before}, shown is {shown}"


def agrees(operation, ask, command):
    """ask() and a command of vmictl give the same."""

    def asked():
        answer = ask()
        if isinstance(answer, list):
            return [as_shown(operation, message) for message in answer]
        return as_shown(operation, answer)

    before = asked()
    shown = vmictl(*command.split())
    same(before, shown, asked(), operation)
    return before


def both_ways(test):
    """With native ops and with a backend, as not all attributes are there in both."""

    def tests():
        for provider in ("native", BACKEND):
            use(provider)
            test()

    return tests


# Dumps


def in_hypervisor():
    """The bit in CPUID, without which nobody looks for layers there."""
    with open("/proc/cpuinfo", encoding="ascii") as cpuinfo:
        return any(
            line.startswith("flags") and "hypervisor" in line.split() for line in cpuinfo
        )


def dumps(operation, command):
    def test():
        rows = agrees(operation, lambda: vmi.dump(operation, {}), command)
        assert isinstance(rows, list)
        if operation == "layer-get":
            assert bool(rows) == in_hypervisor(), rows
        else:
            assert rows, "nothing"

    return both_ways(test)


def policy_get():
    """There are none unless some are set: one that has its effect, and one that lacks an op."""
    use("native")
    loaded = run("modprobe", "vmi-backend-contract")
    assert loaded.returncode == 0, loaded.stderr
    entries = [
        {"target": "tlb", "provider": "contract"},
        {"target": "io", "provider": BACKEND},
    ]
    vmi.do("policy-set", {"entry": entries})
    try:
        rows = agrees("policy-get", lambda: vmi.dump("policy-get", {}), "policy")
    finally:
        vmi.do("policy-clear", {})
        run("rmmod", "vmi_contract")
    # In the order of the list of ops.
    assert [{key: row[key] for key in ("target", "provider")} for row in rows] == entries, rows
    assert rows[0]["reason"].startswith("tlb.") and "reason" not in rows[1], rows


def calls_shown(row):
    """As stats --per-cpu has it."""
    return {key: row[key] for key in ("name", "calls", "counting", "provider", "cpus")}


def percentile(buckets, percent):
    """The first end of a bucket that so many of a hundred numbers do not exceed."""
    ends = sorted(bucket["to"] for bucket in buckets)
    count = sum(bucket["count"] for bucket in buckets)
    return next(
        end
        for end in ends
        if 100 * sum(b["count"] for b in buckets if b["to"] <= end) >= percent * count
    )


def histogram_shown(histogram):
    """With what vmictl makes of it."""
    buckets = histogram.get("buckets", [])
    count = sum(bucket["count"] for bucket in buckets)
    shown = {"count": count, "sum": histogram["sum"], "buckets": buckets}
    if count:
        # With the digits that are printed.
        shown["mean"] = float(f"{histogram['sum'] / count:.15g}")
        for key, percent in (("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)):
            shown[key] = percentile(buckets, percent)
    return shown


def measured_shown(row):
    """As stats --histogram has it."""
    shown = {key: row[key] for key in ("name", "calls", "measuring", "provider")}
    for key in ("latency", "targets"):
        if key in row:
            shown[key] = histogram_shown(row[key])
    return shown


def stand_still():
    """Counted no more, and nobody is inside of a call once each CPU ran something else."""
    vmi.do("stats-set", {"action": "off"})
    allowed = os.sched_getaffinity(0)
    for cpu in allowed:
        os.sched_setaffinity(0, {cpu})
    os.sched_setaffinity(0, allowed)


def measure():
    """Something to show, of calls that were all counted and measured."""
    vmi.do("stats-set", {"action": "off"})
    vmi.do("stats-set", {"action": "reset"})
    vmi.do("stats-set", {"action": "on", "histograms": True})
    for _ in range(10):
        subprocess.run(["true"], check=True)


def stats_agree(ask):
    """Each CPU while calls are counted; histograms when there are no more calls."""
    measure()
    rows = agrees("stats-get", lambda: [calls_shown(row) for row in ask()], "stats --per-cpu")
    for row in rows:
        assert sum(cpu["calls"] for cpu in row["cpus"]) == row["calls"], row
        assert [cpu["cpu"] for cpu in row["cpus"]] == list(range(len(row["cpus"]))), row
        assert len(row["cpus"]) >= os.cpu_count(), row
    assert any(row["calls"] for row in rows), "no calls"
    stand_still()
    rows = agrees(
        "stats-get", lambda: [measured_shown(row) for row in ask()], "stats --histogram"
    )
    called = [row for row in rows if row["calls"] and "latency" in row]
    assert called, "no histograms"
    for row in called:
        assert row["latency"]["count"] == row["calls"], row


@both_ways
def stats_get_all():
    stats_agree(lambda: vmi.dump("stats-get", {}))


@both_ways
def stats_get_one_by_one():
    names = [row["name"] for row in vmi.dump("op-get", {})]
    stats_agree(lambda: [vmi.do("stats-get", {"name": name}) for name in names])


DUMPS = {
    "stats-get": stats_get_all,
    "policy-get": policy_get,
    "backend-get": dumps("backend-get", "list"),
    "op-get": dumps("op-get", "ops"),
    "cap-get": dumps("cap-get", "caps"),
    "layer-get": dumps("layer-get", "layers"),
}


# Requests


@both_ways
def status_get():
    agrees("status-get", lambda: vmi.do("status-get", {}), "status")


def one_by_one(operation, command):
    """Each row of a dump can be asked for by its name."""

    def test():
        names = [row["name"] for row in vmi.dump(operation, {})]

        def ask():
            return [vmi.do(operation, {"name": name}) for name in names]

        agrees(operation, ask, command)

    return both_ways(test)


def use_provider():
    for provider in (BACKEND, "native"):
        use(provider)
        status = vmictl("status")
        assert status["active"] == status["requested"] == provider, status


def counting():
    return {row["name"]: row["counting"] for row in vmictl("ops")}


def measuring():
    return {row["name"]: row["measuring"] for row in vmictl("stats", "--histogram")}


def stats_set():
    """Every action that there is, on one op, on a group and on all of them."""
    names = list(counting())
    targets = {
        "io.delay": ["io.delay"],
        "tlb": [name for name in names if name.startswith("tlb.")],
        None: names,
    }

    def send(action, target, **more):
        vmi.do("stats-set", {"action": action} | ({"target": target} if target else {}) | more)

    def are(got, on, target):
        for name, is_on in got.items():
            assert is_on == (on and name in targets[target]), (target, name, is_on)

    def turned(on, target):
        send("on" if on else "off", target)
        are(counting(), on, target)
        are(measuring(), False, target)
        # On leaves them on, and off is of both.
        send("on", target, histograms=True)
        send("on" if on else "off", target)
        are(counting(), on, target)
        are(measuring(), on, target)
        send("on", target, histograms=True)
        send("on" if on else "off", target, histograms=True)
        are(counting(), True, target)
        are(measuring(), on, target)
        send("off", target, histograms=True)
        send("on" if on else "off", target)

    def zero(target):
        send("off", target)
        send("reset", target)
        for row in vmictl("ops"):
            assert row["name"] not in targets[target] or row["calls"] == 0, row
        request = {"action": "reset", "histograms": True}
        refused("stats-set", request, errno.EINVAL, attribute="histograms")

    actions = {
        "on": lambda target: turned(True, target),
        "off": lambda target: turned(False, target),
        "reset": zero,
    }
    send("off", None)
    for target in targets:
        for entry in DEFINITIONS["stats-action"]["entries"]:
            actions[entry["name"]](target)
        send("off", target)


def providers():
    return {row["name"]: row["provider"] for row in vmictl("ops")}


def policy_set():
    """All entries of a request, or none."""
    use(BACKEND)
    before = providers()
    entries = [
        {"target": "io", "provider": "native"},
        {"target": "idle.halt", "provider": "native"},
    ]
    refused(
        "policy-set", {"entry": [*entries, {"target": "x", "provider": "native"}]}, errno.ENOENT
    )
    assert providers() == before and not vmictl("policy")
    vmi.do("policy-set", {"entry": entries})
    assert len(vmictl("policy")) == 2
    assert providers() == before | {"io.delay": "native", "idle.halt": "native"}
    vmi.do("policy-clear", {})
    assert providers() == before and not vmictl("policy")


def policy_clear():
    """Of one target, and without one of all."""
    targets = {"io", "idle", "mm"}
    for target in targets:
        vmi.do("policy-set", {"entry": [{"target": target, "provider": "builtin"}]})
    vmi.do("policy-clear", {"target": "idle"})
    assert {row["target"] for row in vmictl("policy")} == targets - {"idle"}
    vmi.do("policy-clear", {})
    assert not vmictl("policy")


DOS = {
    "policy-set": policy_set,
    "policy-clear": policy_clear,
    "status-get": status_get,
    "backend-get": one_by_one("backend-get", "list"),
    "op-get": one_by_one("op-get", "ops"),
    "stats-get": stats_get_one_by_one,
    "use": use_provider,
    "stats-set": stats_set,
}


# Refusals


def refused(operation, values, error, *, attribute=None):
    """The request fails so, at that attribute; returns the kernel's words."""
    try:
        vmi.do(operation, values)
    except NlError as refusal_:
        extack = refusal_.nl_msg.extack or {}
        assert refusal_.error == error, f"{os.strerror(refusal_.error)}: {extack}"
        if attribute:
            assert extack.get("bad-attr") == f".{attribute}", extack
        return extack
    raise AssertionError(f"{operation} {values} was not refused")


def sentences():
    """vmictl prints them, with the words that there are behind them where it knows some."""
    use("native")
    said = refused("use", {"provider": "nowhere"}, errno.ENOENT, attribute="provider")
    assert refusal("use", "nowhere").startswith(said["msg"]), said
    use("native")
    said = refused(
        "stats-set", {"action": "on", "target": "nothing"}, errno.ENOENT, attribute="target"
    )
    assert refusal("stats", "on", "nothing").startswith(said["msg"]), said
    said = refused(
        "policy-set", {"entry": [{"target": "nothing", "provider": "native"}]}, errno.ENOENT
    )
    assert refusal("policy", "set", "nothing", "native").startswith(said["msg"]), said
    said = refused("policy-clear", {"target": "nothing"}, errno.ENOENT, attribute="target")
    assert refusal("policy", "clear", "nothing").startswith(said["msg"]), said
    said = refused(
        "policy-set", {"entry": [{"target": "io", "provider": "nowhere"}]}, errno.ENOENT
    )
    assert refusal("policy", "set", "io", "nowhere").startswith(said["msg"]), said
    for operation in ("backend-get", "op-get", "stats-get"):
        said = refused(operation, {"name": "nobody"}, errno.ENOENT, attribute="name")
        assert said["msg"], said


def constant(value):
    return DEFINITIONS[value]["value"] if isinstance(value, str) else value


def full_attribute(attribute_set, name):
    """What is not said of it in a subset is said in the set."""
    found = next(a for a in SETS[attribute_set] if a["name"] == name)
    whole = SUBSETS.get(attribute_set)
    return full_attribute(whole, name) | found if whole else found


def attribute_of(operation, name):
    return full_attribute(operation["attribute-set"], name)


def requests():
    """Every do, with its attributes."""
    for operation in OPERATIONS:
        names = operation.get("do", {}).get("request", {}).get("attributes", [])
        yield operation["name"], [attribute_of(operation, name) for name in names]


def limits():
    """What is just outside of what the specification allows is refused."""
    tried = 0
    for operation, attributes in requests():
        for attribute in attributes:
            longest = attribute.get("checks", {}).get("max-len")
            if longest:
                value = "x" * (constant(longest) + 1)
                error = errno.EINVAL
            elif "enum" in attribute:
                value = len(DEFINITIONS[attribute["enum"]]["entries"])
                error = errno.ERANGE
            else:
                continue
            name = attribute["name"]
            said = refused(operation, {name: value}, error, attribute=name)
            assert "policy" in said, said
            tried += 1
    assert tried


def nothing_given():
    """A request that needs an attribute says which one is missing."""
    tried = 0
    for operation, attributes in requests():
        # Without a target, all policies are cleared.
        if not attributes or operation == "policy-clear":
            continue
        said = refused(operation, {}, errno.EINVAL)
        assert said.get("miss-type") in [a["name"] for a in attributes], said
        tried += 1
    assert tried


# Events


class Monitor:
    """What vmictl -j monitor prints, and what the client hears."""

    def __init__(self):
        # It stays open for as long as this lives.
        # pylint: disable=consider-using-with
        self.file = tempfile.NamedTemporaryFile("w")
        self.process = subprocess.Popen(
            [*GUEST, "vmictl", "-j", "monitor"], stdout=self.file, stderr=subprocess.STDOUT
        )
        self.client = family()
        for group in SPEC["mcast-groups"]["list"]:
            self.client.ntf_subscribe(group["name"])
        shape = {o["name"]: o.get("notify") for o in OPERATIONS}
        self.shown_as = lambda name, message: as_shown(shape[name], message)

    def shown(self):
        # Not through its own file, whose position is where it writes.
        with open(self.file.name, encoding="utf-8") as written:
            lines = written.read().split("\n")
        events = []
        # The last one may not be all there yet.
        for line in lines[:-1]:
            event = json.loads(line)
            del event["time"]
            name = event.pop("event")
            assert len(event) == 1, event
            events.append((name, event.popitem()[1]))
        return events

    def heard(self):
        self.client.check_ntf()
        return [
            (event["name"], self.shown_as(event["name"], event["msg"]))
            for event in self.client.async_msg_queue
        ]

    def wait_for(self, condition):
        end = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < end, f"{self.shown()}\n{self.heard()}"
            time.sleep(0.1)

    def marked(self, word):
        """Both have seen the request that is refused because of this word."""
        quoted = f"'{word}'"
        # The first error stays until a success.
        use("native")
        try:
            use(word)
        except NlError:
            pass
        self.wait_for(lambda: quoted in str(self.shown()) and quoted in str(self.heard()))

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.file.close()


def between(events, first, last):
    """Events from that with one word on to the one before that with the other."""
    texts = [str(event) for event in events]
    start = next(i for i, text in enumerate(texts) if f"'{first}'" in text)
    end = next(i for i, text in enumerate(texts) if f"'{last}'" in text)
    assert start < end
    return events[start:end]


def module_of(name):
    return vmi.do("backend-get", {"name": name})["module"]


EVENTS_SEEN = set()


def events():
    """A switch there and back, one that is refused, and a module that goes and comes."""

    def nothing_yet():
        use("native")
        return not (monitor.shown() and monitor.heard())

    monitor = Monitor()
    try:
        monitor.wait_for(lambda: not nothing_yet())
        monitor.marked("first-mark")
        use(BACKEND)
        use("native")
        module = module_of(BACKEND)
        for command in (["rmmod", module], ["modprobe", module]):
            done = run(*command)
            assert done.returncode == 0, f"{command}: {done.stderr}"
        use(BACKEND)
        vmi.do("policy-set", {"entry": [{"target": "io", "provider": "native"}]})
        vmi.do("policy-clear", {"target": "io"})
        use("native")
        monitor.marked("last-mark")
        shown = between(monitor.shown(), "first-mark", "last-mark")
        heard = between(monitor.heard(), "first-mark", "last-mark")
    finally:
        monitor.end()
    assert shown == heard, f"shown:\n{shown}\nheard:\n{heard}"
    EVENTS_SEEN.update(name for name, _ in heard)


def event_seen(name):
    def test():
        assert name in EVENTS_SEEN, f"only {EVENTS_SEEN}"

    return test


# What the kernel says about itself


U32_MAX = 2**32 - 1
U64_MAX = 2**64 - 1


def policy_of(attribute):
    """What the specification of an attribute comes to in the kernel's words."""
    checks = dict(attribute.get("checks", {}))
    kind = attribute["type"]
    if kind == "string":
        policy = {"type": "nul-string"}
        if "max-len" in checks:
            policy["max-length"] = constant(checks.pop("max-len"))
    elif kind in ("u32", "u64"):
        top = U32_MAX if kind == "u32" else U64_MAX
        if "enum" in attribute:
            top = len(DEFINITIONS[attribute["enum"]]["entries"]) - 1
        policy = {
            "type": kind,
            "min-value-u": constant(checks.pop("min", 0)),
            "max-value-u": constant(checks.pop("max", top)),
        }
    elif kind == "flag":
        policy = {"type": "flag"}
    elif kind == "nest":
        nested = attribute["nested-attributes"]
        space = vmi.attr_sets[nested]
        policy = {"type": "nested", "attributes": {
            space[inner["name"]].value: policy_of(full_attribute(nested, inner["name"]))
            for inner in SETS[nested]
        }}
    else:
        raise AssertionError(f"no test for attributes of type {kind}: {attribute}")
    assert not checks, f"no test for {checks} of {attribute}"
    return policy


class Exported:
    """CTRL_CMD_GETPOLICY and CTRL_CMD_GETFAMILY, through the same client."""

    def __init__(self):
        nlctrl = family(nlctrl_path)
        self.family = nlctrl.do("getfamily", {"family-name": SPEC["name"]})
        self.policies = {}
        self.of_operation = {}
        for message in nlctrl.dump("getpolicy", {"family-name": SPEC["name"]}):
            if "op-policy" in message:
                operation = dict(message["op-policy"])
                self.of_operation[operation.pop("op-id")] = operation
            if "policy" in message:
                policy = dict(message["policy"])
                attributes = self.policies.setdefault(policy.pop("policy-id"), {})
                attributes[policy.pop("attr-id")] = policy


    def attributes(self, number):
        """Those of a policy, with the ones in there in place of another policy's number."""
        attributes = {}
        for attribute, policy in self.policies.get(number, {}).items():
            policy = dict(policy)
            if "policy-idx" in policy:
                inside = self.attributes(policy.pop("policy-idx"))
                assert policy.pop("policy-maxtype") == max(inside), policy
                policy["attributes"] = inside
            attributes[attribute] = policy
        return attributes


exported = Exported()


def policy_is_exported(operation, kind):
    """Just the attributes of the request, of these types and within these limits."""

    def test():
        names = (operation[kind].get("request") or {}).get("attributes", [])
        space = vmi.attr_sets[operation["attribute-set"]]
        wanted = {
            space[name].value: policy_of(attribute_of(operation, name)) for name in names
        }
        policies = exported.of_operation.get(vmi.ops[operation["name"]].req_value, {})
        # One that lets no attribute in has none.
        got = exported.attributes(policies[kind])
        assert got == wanted, f"the kernel has {got}, the specification {wanted}"

    return test


def operations_are_exported():
    """Just these, and whether each can be done or dumped."""
    wanted = {}
    for operation in OPERATIONS:
        able = {f"cmd-cap-{kind}" for kind in ("do", "dump") if kind in operation}
        if able:
            # Strict: what has no attributes has a policy that refuses all of them.
            wanted[vmi.ops[operation["name"]].req_value] = able | {"cmd-cap-haspol"}
    got = {}
    for entry in exported.family["ops"]:
        for each in entry.values():
            got[each["id"]] = set(each["flags"])
    assert got == wanted, f"the kernel has {got}, the specification {wanted}"


def groups_are_exported():
    got = {each["name"] for entry in exported.family["mcast-groups"] for each in entry.values()}
    assert got == {group["name"] for group in SPEC["mcast-groups"]["list"]}, got


def no_test():
    raise AssertionError("the specification has it, and this has no test for it")


def all_tests():
    for operation in OPERATIONS:
        name = operation["name"]
        for kind, tests in (("do", DOS), ("dump", DUMPS)):
            if kind in operation:
                yield f"{kind} {name}", tests.get(name, no_test)
                yield f"the policy of {kind} {name}", policy_is_exported(operation, kind)
    yield "the operations of the family", operations_are_exported
    yield "the multicast groups of the family", groups_are_exported
    yield "a refusal has the sentence that vmictl prints", sentences
    yield "limits of the specification are kept", limits
    yield "an attribute that is missing is named", nothing_given
    yield "events are those that vmictl shows", events
    for operation in OPERATIONS:
        if "notify" in operation or "event" in operation:
            yield f"event {operation['name']}", event_seen(operation["name"])


def main():
    tests = list(all_tests())
    failed = 0
    print(f"KTAP version 1\n1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} {name}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            for line in f"{type(error).__name__}: {error}".splitlines():
                print(f"# {line}")
            print(f"not ok {number} {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
