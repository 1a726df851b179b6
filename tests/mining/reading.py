"""Reads exports as the published structure has them, and says what is wrong with one."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from lifecycle import Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.mining import (
    Case,
    Choosing,
    Tally,
    choose,
    write_bpmn,
    write_ocel_json,
    write_pnml,
    write_xes,
)

XES = "{http://www.xes-standard.org/}"
PNML = "{http://www.pnml.org/version-2009/grammar/pnml}"
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMN_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"

_ORDER = ("extension", "global", "classifier", "string date int float boolean id list", "trace")
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_VALUES = {
    "string": r"(?s).*",
    "date": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "int": r"-?\d+",
    "boolean": "true|false",
    "id": _UUID,
}
_JSON_TYPES = {"string": str, "integer": int, "time": str}


def cases_of(engine: Lifecycle, tally: Tally | None = None, **choosing: Any) -> list[Case]:
    """Return the cases that are chosen."""
    context = engine.context
    with context.journal.auditing() as view:
        return list(
            choose(
                view,
                Choosing(**choosing),
                lambda digest: context.definition(view, digest),
                tally or Tally(),
                lambda count: None,
            )
        )


def xes_of(cases: Iterable[Case], origin: str = "origin-1") -> bytes:
    """Return a log as XES."""
    out = io.BytesIO()
    write_xes(cases, out, origin)
    return out.getvalue()


def ocel_of(cases: Iterable[Case]) -> dict[str, Any]:
    """Return a log as OCEL 2.0, read back from its JSON."""
    out = io.BytesIO()
    count = write_ocel_json(cases, out)
    read: dict[str, Any] = json.loads(out.getvalue())
    assert len(read["objects"]) == count
    return read


def pnml_of(definition: Definition, *, open_cases: bool = False) -> ET.Element:
    """Return the net of a definition, parsed."""
    out = io.BytesIO()
    write_pnml(definition, out, open_cases=open_cases)
    return ET.fromstring(out.getvalue())  # noqa: S314 - we wrote it


def bpmn_of(
    definition: Definition, language: str = "ru", *, open_cases: bool = False
) -> ET.Element:
    """Return the process of a definition, parsed."""
    out = io.BytesIO()
    write_bpmn(definition, out, language, open_cases=open_cases)
    return ET.fromstring(out.getvalue())  # noqa: S314 - we wrote it


def attributes(element: ET.Element) -> dict[str, str]:
    """Return the XES attributes of a log, trace or event by key."""
    return {
        one.attrib["key"]: one.attrib["value"]
        for one in element
        if one.tag.removeprefix(XES) in _VALUES
    }


def traces(log: bytes) -> list[ET.Element]:
    """Return the traces of a log."""
    return ET.fromstring(log).findall(f"{XES}trace")  # noqa: S314 - we wrote it


def xes_faults(log: bytes) -> list[str]:
    """Return what in a log is not as IEEE 1849-2016 has it."""
    root = ET.fromstring(log)  # noqa: S314 - we wrote it
    if root.tag != f"{XES}log" or root.get("xes.version") != "1849-2016":
        return ["the root is no log of 1849-2016"]
    faults = list(_order_faults(root))
    prefixes = {one.get("prefix") for one in root.findall(f"{XES}extension")}
    declared = {
        one.get("scope"): {child.get("key"): child.tag for child in one}
        for one in root.findall(f"{XES}global")
    }
    for classifier in root.findall(f"{XES}classifier"):
        strange = set(classifier.attrib["keys"].split(" ")) - declared["event"].keys()
        faults += [f"the classifier reads {key}" for key in strange]
    for trace in root.findall(f"{XES}trace"):
        for element, scope in ((trace, "trace"), *((one, "event") for one in trace)):
            if scope == "trace" or element.tag == f"{XES}event":
                faults += _attribute_faults(element, declared[scope], prefixes)
    return faults


def _order_faults(root: ET.Element) -> Iterator[str]:
    reached = 0
    for child in root:
        name = child.tag.removeprefix(XES)
        place = next((at for at, names in enumerate(_ORDER) if name in names.split()), None)
        if place is None or place < reached:
            yield f"{name} has no place there"
        else:
            reached = place


def _attribute_faults(
    element: ET.Element, declared: dict[str | None, str], prefixes: set[str | None]
) -> Iterator[str]:
    found = [one for one in element if one.tag not in (f"{XES}event", f"{XES}trace")]
    for key, times in Counter(one.get("key") for one in found).items():
        if times > 1:
            yield f"{key} stands there {times} times"
    for one in found:
        key, kind = one.attrib["key"], one.tag.removeprefix(XES)
        if key.partition(":")[0] not in prefixes:
            yield f"{key} has a prefix that no extension declares"
        if kind not in _VALUES or not re.fullmatch(_VALUES[kind], one.attrib["value"]):
            yield f"{key} is no {kind}"
        if declared.get(key, one.tag) != one.tag:
            yield f"{key} is of another type than its global"
    for key in declared.keys() - {one.get("key") for one in found}:
        yield f"{key} is missing, although it is global"


def ocel_faults(log: dict[str, Any]) -> list[str]:
    """Return what in a log is not as OCEL 2.0 has it, our own reading of its specification."""
    faults: list[str] = []
    if log.keys() != {"objectTypes", "eventTypes", "objects", "events"}:
        return [f"the members are {sorted(log)}"]
    ids = {one["id"]: one for one in log["objects"]}
    for kind, types in (("objects", log["objectTypes"]), ("events", log["eventTypes"])):
        known = {
            one["name"]: {each["name"]: each["type"] for each in one["attributes"]} for one in types
        }
        if len(known) != len(types) or len({one["id"] for one in log[kind]}) != len(log[kind]):
            faults.append(f"{kind}: an id or a type stands there twice")
        for one in log[kind]:
            faults += _member_faults(one, known.get(one["type"]), ids, timed=kind == "objects")
    named = {link["objectId"] for one in log["events"] for link in one["relationships"]}
    return faults + [f"no event names {one}" for one in ids if one not in named]


def _member_faults(
    one: dict[str, Any], known: dict[str, str] | None, ids: dict[str, Any], *, timed: bool
) -> Iterator[str]:
    if known is None:
        yield f"{one['id']} has no declared type"
        return
    moments = [each["time"] for each in one["attributes"] if timed] or []
    for text in [*moments, *([] if timed else [one["time"]])]:
        if datetime.fromisoformat(text).tzinfo is None:
            yield f"{one['id']}: {text} has no time zone"
    for each in one["attributes"]:
        wanted = known.get(each["name"])
        if wanted is None or type(each["value"]) is not _JSON_TYPES[wanted]:
            yield f"{one['id']}: {each['name']} is not as declared"
    links = [(each["objectId"], each["qualifier"]) for each in one["relationships"]]
    if len(set(links)) != len(links):
        yield f"{one['id']} has a relation twice"
    yield from (f"{one['id']}: there is no {id}" for id, _ in links if id not in ids)
