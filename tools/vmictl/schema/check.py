#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Does what vmictl printed agree with its schema, and with what it told people?

usage: check.py [--text] TRANSCRIPT
       check.py --spec vmi.yaml

A transcript has records of commands, and each line of it may have other text before
the "#". What is outside of records is not looked at:

    # vmictl: begin WORD...      the command
    # vmictl: json DOCUMENT      with -j, a line each
    # vmictl: text LINE          without
    # vmictl: end STATUS         the exit status of both

Prints KTAP, a result for each record: each document is valid and, with --text, each
number of the text is in the document. With --format the text is OpenMetrics, and there
is no document.

    # vmictl: commands WORD...   each of these has a record, or it is a failure

With --spec: do the parts of the schema have the names of the specification?
"""

import json
import os
import re
import sys
from datetime import datetime
from decimal import Decimal

import jsonschema

SCHEMA = os.path.join(os.path.dirname(os.path.realpath(__file__)),
                      "vmictl.schema.json")
MOST_SHOWN = 10
HISTOGRAMS = ("latency", "targets")
# Those that there are always.
METRICS = {"vmi_info", "vmi_switches", "vmi_op_calls", "vmi_op_counting", "vmi_op_measuring"}
# Larger ones are printed as this one.
LARGEST = 2**63 - 1

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)")
NUMBER = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?")


def parse(text):
    def unique(pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key is there twice")
        return dict(pairs)

    def refuse(word):
        raise ValueError(f"{word} is no number of JSON")

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)


class Schema:
    def __init__(self):
        with open(SCHEMA, encoding="ascii") as file:
            self.schema = json.load(file)
        self.validator = jsonschema.Draft202012Validator
        self.validator.check_schema(self.schema)

    def definition(self, words):
        """The longest of the first words that has one, with dashes."""
        words = [word.lstrip("-") for word in words]
        for count in range(len(words), 0, -1):
            name = "-".join(words[:count])
            if name in self.schema["$defs"] and name != "parts":
                return name
        return None

    def problems(self, name, document):
        """Path and sentence of each thing that is wrong."""
        if name is None:
            yield "$: the schema has no definition for the command"
            return
        top = {"$ref": f"#/$defs/{name}", "$defs": self.schema["$defs"]}
        for error in self.validator(top).iter_errors(document):
            # Of alternatives, the one that is nearest.
            error = jsonschema.exceptions.best_match([error])
            yield f"{error.json_path}: {error.message}"
        yield from wrong_sums("$", document)
        if name == "batch" and isinstance(document, list):
            yield from self.problems_of_outputs(document)

    def problems_of_outputs(self, entries):
        for i, entry in enumerate(entries):
            if isinstance(entry, dict) and "output" in entry:
                name = self.definition(entry.get("command", []))
                for problem in self.problems(name, entry["output"]):
                    yield f"$[{i}].output, {problem}"


def wrong_sums(path, value):
    """Path and sentence of each number that is not what others say it is."""
    if isinstance(value, list):
        for i, member in enumerate(value):
            yield from wrong_sums(f"{path}[{i}]", member)
    if not isinstance(value, dict):
        return
    for key, member in value.items():
        yield from wrong_sums(f"{path}.{key}", member)
    try:
        for key, parts, part in (("calls", "cpus", "calls"),
                                 ("count", "buckets", "count")):
            if parts in value:
                total = sum(member[part] for member in value[parts])
                if value[key] != min(total, LARGEST):
                    yield f"{path}.{key}: {value[key]} is not the sum, {total}"
        if "mean" in value and max(value["sum"], value["count"]) < LARGEST:
            # With the digits that are printed.
            mean = float(f"{value['sum'] / value['count']:.15g}")
            if value["mean"] != mean:
                yield f"{path}.mean: {value['mean']} is not {mean}"
        if "sum" in value and value["sum"] < LARGEST:
            # Each number in a bucket has as many bits as the largest one there.
            buckets = value["buckets"]
            least = sum(bucket["count"] * ((bucket["to"] + 1) // 2) for bucket in buckets)
            most = sum(bucket["count"] * bucket["to"] for bucket in buckets)
            if not least <= value["sum"] <= most:
                yield (f"{path}.sum: {value['sum']} is not between {least} and {most}, "
                       "as the buckets say")
            if "p50" in value:
                yield from wrong_percentiles(path, value, buckets)
    except (KeyError, TypeError, ZeroDivisionError):
        # The schema says what is wrong with these.
        pass


def wrong_percentiles(path, value, buckets):
    """Path and sentence of each that is not the end of the first bucket up to which it goes."""
    total = sum(bucket["count"] for bucket in buckets)
    for key, percent in (("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)):
        end = min(bucket["to"] for bucket in buckets if 100 * sum(
            other["count"] for other in buckets if other["to"] <= bucket["to"]
        ) >= percent * total)
        if value[key] != end:
            yield f"{path}.{key}: {value[key]} is not {end}"


def numbers_in(value, path=()):
    """Each number, and each one in a string or a key, with the path to it."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from numbers_in(key, path + (key, "key"))
            yield from numbers_in(member, path + (key,))
            # These are printed in seconds, of which microseconds are shown.
            if key.endswith("-ns") and isinstance(member, int):
                yield path + (key, "s"), Decimal(member // 1000) / 10**6
        # And this as people write versions.
        if set(value) == {"major", "minor"}:
            yield path + ("version",), \
                Decimal(f"{value['major']}.{value['minor']}")
    elif isinstance(value, list):
        for i, member in enumerate(value):
            yield from numbers_in(member, path + (i,))
    elif isinstance(value, str):
        for i, token in enumerate(tokens(value)):
            yield path + (i,), token
    elif isinstance(value, float):
        # Printed with one digit after the point.
        yield path, Decimal(f"{value:.1f}")
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path, Decimal(value)


def tokens(text):
    """Times, numbers, and what is hexadecimal as it is written."""
    for word in TIME.findall(text):
        yield datetime.fromisoformat(word.replace("Z", "+00:00"))
    for word in NUMBER.findall(TIME.sub("", text)):
        yield word if word.startswith("0x") else Decimal(word)


def missing(text, document):
    """The numbers of the text that the document does not have."""
    known = {value for _, value in numbers_in(document)}
    # The key for that is true or false.
    for token in tokens(text.replace(", before PID 1 ran", "")):
        if token not in known:
            yield f"'{token}' of the text is not in the document: {text}"


def rows_of(elements):
    """What has a line in a table: an element, but where there are histograms, each of them."""
    if not all("measuring" in element for element in elements):
        return elements
    return [{"name": op["name"], "provider": op["provider"]} | op[key]
            for op in elements for key in HISTOGRAMS if key in op]


def pairs_of(text, document):
    """Lines of text, each with the part of the document that has to have its numbers."""
    if isinstance(document, list) and document and "command" not in document[0]:
        # A table: a line with the titles, and then one for each row. Policies are
        # printed as the file that they can be loaded from, which has no titles.
        titles = 0 if "target" in document[0] else 1
        rows = rows_of(document)
        if len(text) != titles + len(rows):
            raise ValueError(f"{len(text)} lines of text for {len(rows)} rows")
        yield from zip(text[titles:], rows)
    elif isinstance(document, dict) and {"time", "ops"} <= document.keys():
        yield text[0], document["time"]
        yield from pairs_of(text[1:], document["ops"])
    else:
        yield from ((line, document) for line in text)


def blocks_of(text, documents):
    """The text of each document."""
    if len(documents) == 1:
        return [text]
    if all("event" in document for document in documents):
        return [[line] for line in text]
    block, blocks = [], []
    for line in text + [""]:
        if line:
            block.append(line)
        else:
            blocks.append(block)
            block = []
    return blocks


def problems_of_metrics(text):
    from prometheus_client.openmetrics import parser

    try:
        families = list(parser.text_string_to_metric_families(
            "".join(line + "\n" for line in text)))
    except ValueError as error:
        yield f"no OpenMetrics: {error}"
        return
    # These the parser does not mind.
    for family in families:
        if family.type == "unknown" or not family.documentation:
            yield f"{family.name} has no type, or no help"
    found = {family.name for family in families if family.samples}
    for name in sorted(METRICS - found):
        yield f"there is no {name}"
    series = [line.rsplit(" ", 1)[0] for line in text if not line.startswith("#")]
    for name in sorted(set(series)):
        if series.count(name) > 1:
            yield f"{name} is there {series.count(name)} times"


class Record:
    def __init__(self, words):
        self.words = words
        self.text = []
        self.documents = []
        self.status = None

    def add(self, kind, rest):
        if kind == "text":
            # The document has nothing of the warning that nothing was measured.
            if "--histogram" not in self.words or not rest.startswith("Warning: "):
                self.text.append(rest)
        elif kind == "json":
            self.documents.append(rest)

    def problems(self, schema, with_text):
        if self.status is None:
            yield "the record has no end"
            return
        if "--format" in self.words:
            yield from problems_of_metrics(self.text)
            if self.status != "0":
                yield f"the exit status is {self.status}"
            return
        if not self.documents:
            yield "there is no document"
            return
        try:
            documents = [parse(line) for line in self.documents]
        except ValueError as error:
            yield f"no JSON document: {error}"
            return
        name = schema.definition(self.words)
        for document in documents:
            is_error = self.status != "0" and not (
                # These may say in their own document what went wrong.
                name in ("batch", "check") and "error" not in document)
            yield from schema.problems("error" if is_error else name, document)
        if with_text:
            yield from self.problems_of_text(documents)

    def problems_of_text(self, documents):
        if not self.text:
            # As when something was done, or of nothing there is a table.
            if any(documents):
                yield "there is no text"
            return
        try:
            blocks = blocks_of(self.text, documents)
            if len(blocks) != len(documents):
                raise ValueError(f"text of {len(blocks)} documents, but there "
                                 f"are {len(documents)}")
            for block, document in zip(blocks, documents):
                for line, part in pairs_of(block, document):
                    yield from missing(line, part)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            yield f"text and document do not fit: {error}"


def read(file):
    """The records of a transcript, and the commands that there have to be."""
    records, commands, record = [], [], None
    for line in file:
        found = re.search(r"# vmictl: (\w+) ?(.*)", line.rstrip("\r\n"))
        if not found:
            continue
        kind, rest = found.groups()
        if kind == "commands":
            commands += rest.split()
        elif kind == "begin":
            record = Record(rest.split())
            records.append(record)
        elif record and kind == "end":
            record.status = rest
            record = None
        elif record:
            record.add(kind, rest)
    return records, commands


def check(path, with_text):
    with open(path, encoding="utf-8", errors="replace") as file:
        records, commands = read(file)
    schema = Schema()
    results = [(" ".join(record.words), list(record.problems(schema, with_text)))
               for record in records]
    recorded = {word for record in records for word in record.words[:1]}
    results += [(command, ["it was not recorded"])
                for command in commands if command not in recorded]
    print("KTAP version 1", f"1..{len(results)}", sep="\n")
    for number, (name, problems) in enumerate(results, 1):
        for problem in problems[:MOST_SHOWN]:
            print(f"# {problem}")
        print(f"{'not ok' if problems else 'ok'} {number} {name}")
    return not results or any(problems for _, problems in results)


def compare(path):
    import yaml

    with open(path, encoding="utf-8") as file:
        spec = yaml.safe_load(file)
    parts = Schema().schema["$defs"]["parts"]["$defs"]
    sets = {a_set["name"]: {attribute["name"] for attribute in a_set["attributes"]}
            for a_set in spec["attribute-sets"]}
    wrong = [f"the attributes of {name}"
             for name in ("error", "backend", "op", "cap", "cpu-calls", "bucket",
                          "histogram", "op-stats")
             if sets[name] != set(parts[name]["properties"])]
    states = [entry["name"] for definition in spec["definitions"]
              if definition["name"] == "state" for entry in definition["entries"]]
    if parts["state"]["enum"] != states + ["unknown"]:
        wrong.append("the states")
    status = Schema().schema["$defs"]["status"]
    if status["properties"]["state"]["enum"] != ["none"] + parts["state"]["enum"]:
        wrong.append("the states of the status")
    # The version is an object there.
    if sets["status"] - {"api-major", "api-minor"} | {"api"} != set(status["required"]):
        wrong.append("the attributes of status")
    for what in wrong:
        print(f"{what} are not those of the specification")
    return bool(wrong)


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--spec":
        return compare(arguments[1])
    with_text = arguments[:1] == ["--text"]
    if len(arguments) != 1 + with_text:
        print(__doc__, file=sys.stderr)
        return 2
    return check(arguments[-1], with_text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
