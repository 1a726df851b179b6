"""Cases as XES (IEEE 1849-2016): a trace for each participation, an event for each step.

The time of an event is that of its record, which never runs backwards in a trace; the date that
the act bears stands beside it. Attributes of our own have the prefix ``ledger``; the extension is
described in docs/ledger.xesext.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import BinaryIO, Final

from lifecycle.domain.errors_mining import NotExportable
from lifecycle.domain.record import Record, moment_text
from lifecycle.mining.cases import Case, activity_of
from lifecycle.mining.markup import XmlStream

LEDGER_URI: Final = "urn:school-lifecycle:ledger.xesext"

_STANDARD: Final = "http://www.xes-standard.org/"
_EXTENSIONS: Final = (
    ("Concept", "concept", f"{_STANDARD}concept.xesext"),
    ("Time", "time", f"{_STANDARD}time.xesext"),
    ("Lifecycle", "lifecycle", f"{_STANDARD}lifecycle.xesext"),
    ("Organizational", "org", f"{_STANDARD}org.xesext"),
    ("Identity", "identity", f"{_STANDARD}identity.xesext"),
    ("Ledger", "ledger", LEDGER_URI),
)
_MISSING: Final = "UNKNOWN"
_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
# What every trace and every event bears, with the value that stands for a missing one.
_GLOBALS: Final = {
    "trace": (
        ("string", "concept:name", _MISSING),
        ("string", "ledger:roadmap", _MISSING),
        ("string", "ledger:definition", _MISSING),
        ("string", "ledger:definition_id", _MISSING),
        ("string", "ledger:definition_version", _MISSING),
        ("boolean", "ledger:finished", "false"),
    ),
    "event": (
        ("string", "concept:name", _MISSING),
        ("string", "lifecycle:transition", "complete"),
        ("date", "time:timestamp", "1970-01-01T00:00:00.000+00:00"),
        ("string", "org:resource", _MISSING),
        ("string", "org:role", _MISSING),
        ("id", "identity:id", _NO_ID),
        ("int", "ledger:seq", "0"),
        ("string", "ledger:hash", _MISSING),
        ("string", "ledger:from", _MISSING),
        ("string", "ledger:to", _MISSING),
        ("date", "ledger:effective_on", "1970-01-01T00:00:00.000+00:00"),
    ),
}
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def write_xes(cases: Iterable[Case], out: BinaryIO, origin: str) -> None:
    """Write *cases* as one log.

    Args:
        cases: Read once, one after the other.
        out: Where to.
        origin: Id of the installation.

    Raises:
        NotExportable: A history holds an id that XES cannot hold.
    """
    xml = XmlStream(out)
    about = {"xes.version": "1849-2016", "xes.features": "", "xmlns": _STANDARD}
    with xml.element("log", about):
        for name, prefix, uri in _EXTENSIONS:
            xml.empty("extension", {"name": name, "prefix": prefix, "uri": uri})
        for scope, attributes in _GLOBALS.items():
            with xml.element("global", {"scope": scope}):
                for kind, key, value in attributes:
                    xml.empty(kind, {"key": key, "value": value})
        xml.empty("classifier", {"name": "Transition", "keys": "concept:name"})
        xml.empty(
            "classifier", {"name": "Transition and state", "keys": "concept:name ledger:from"}
        )
        _string(xml, "concept:name", f"school-lifecycle/{origin}")
        _string(xml, "lifecycle:model", "standard")
        for case in cases:
            _trace(xml, case)


def _trace(xml: XmlStream, case: Case) -> None:
    with xml.element("trace"):
        _string(xml, "concept:name", case.school)
        _string(xml, "ledger:roadmap", case.roadmap)
        _string(xml, "ledger:definition", case.definition.digest)
        _string(xml, "ledger:definition_id", case.definition.id)
        _string(xml, "ledger:definition_version", case.definition.version)
        finished = "true" if case.finished else "false"
        xml.empty("boolean", {"key": "ledger:finished", "value": finished})
        for record in case.events:
            _event(xml, record)


def _event(xml: XmlStream, record: Record) -> None:
    if _UUID.fullmatch(record.record_id) is None:
        raise NotExportable(place="identity:id", value=record.record_id)
    with xml.element("event"):
        _string(xml, "concept:name", activity_of(record))
        _string(xml, "lifecycle:transition", "complete")
        recorded = moment_text(record.recorded_at).replace("Z", "+00:00")
        xml.empty("date", {"key": "time:timestamp", "value": recorded})
        _string(xml, "org:resource", record.actor.id)
        _string(xml, "org:role", record.actor.role)
        xml.empty("id", {"key": "identity:id", "value": record.record_id})
        xml.empty("int", {"key": "ledger:seq", "value": record.sequence})
        _string(xml, "ledger:hash", record.hash)
        # A classifier reads this one of every event, so the enrolment has it, too.
        _string(xml, "ledger:from", record.source or "")
        _string(xml, "ledger:to", record.target or "")
        # A day; the format knows only moments.
        day = f"{record.effective_on.isoformat()}T00:00:00.000+00:00"
        xml.empty("date", {"key": "ledger:effective_on", "value": day})
        if record.reason is not None:
            _string(xml, "ledger:reason", record.reason)
        if record.actor.on_behalf_of is not None:
            _string(xml, "ledger:on_behalf_of", record.actor.on_behalf_of)


def _string(xml: XmlStream, key: str, value: str) -> None:
    xml.empty("string", {"key": key, "value": value})
