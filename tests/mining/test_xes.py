"""XES as IEEE 1849-2016 has it, with every id as it stands in the history."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Lifecycle
from lifecycle.domain.errors_mining import NotExportable
from lifecycle.domain.model import DefinitionRef
from lifecycle.domain.record import Record
from lifecycle.mining import Case
from tests import strategies
from tests.factories import Office, actor
from tests.mining.reading import XES, attributes, cases_of, traces, xes_faults, xes_of

EXTENSION = Path(__file__).parents[2] / "docs" / "ledger.xesext"
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def test_a_log_keeps_the_rules_of_the_standard(cases: list[Case]) -> None:
    assert xes_faults(xes_of(cases)) == []
    assert xes_faults(xes_of([])) == []


@pytest.mark.parametrize(
    ("there", "instead", "fault"),
    [
        (b'<int key="ledger:seq" value="1"/>', b"", "ledger:seq is missing"),
        (b'<int key="ledger:seq" value="1"/>', b'<int key="ledger:seq" value="one"/>', "no int"),
        (b'prefix="org"', b'prefix="orga"', "org:role has a prefix that no extension"),
        (b'keys="concept:name"', b'keys="concept:title"', "the classifier reads concept:title"),
        (b'<string key="lifecycle:model" value="standard"/>',
         b'<extension name="Late" prefix="late" uri="x"/>', "extension has no place there"),
        (b'<string key="ledger:roadmap"', b'<string key="ledger:definition"', "stands there 2"),
    ],
)  # fmt: skip
def test_a_log_that_breaks_a_rule_is_found(
    cases: list[Case], there: bytes, instead: bytes, fault: str
) -> None:
    log = xes_of(cases)
    assert there in log

    assert any(fault in one for one in xes_faults(log.replace(there, instead)))


def test_a_trace_is_the_history_record_by_record(led: Lifecycle, cases: list[Case]) -> None:
    for trace, case in zip(traces(xes_of(cases)), cases, strict=True):
        about = attributes(trace)
        events = [attributes(one) for one in trace.findall(f"{XES}event")]
        history = [one for one in led.history(case.school) if one.kind in ("enrolled", "advanced")]

        assert about["concept:name"] == case.school
        assert about["ledger:definition"] == case.definition.digest
        assert [one["ledger:hash"] for one in events] == [one.hash for one in history]
        assert [one["identity:id"] for one in events] == [one.record_id for one in history]
        assert [one["org:resource"] for one in events] == [one.actor.id for one in history]
        assert [one["ledger:to"] for one in events] == [one.target for one in history]


def test_times_never_run_backwards_and_the_date_of_the_act_stands_beside(office: Office) -> None:
    office.make("krasnogorsk", "start_questionnaire", effective_on="2022-01-18")
    (trace,) = traces(xes_of(cases_of(office.engine, which="all")))
    events = [attributes(one) for one in trace.findall(f"{XES}event")]

    assert [one["time:timestamp"] for one in events] == sorted(
        one["time:timestamp"] for one in events
    )
    assert events[-1]["ledger:effective_on"] == "2022-01-18T00:00:00.000+00:00"


def test_reasons_and_stand_ins_are_told_where_there_are_some(office: Office) -> None:
    municipal = office.who("municipal_coordinator", "krasnogorsk")
    office.engine.add_actor("deputy", actor=office.admin)
    office.engine.assign(
        "deputy", "municipal_coordinator", actor=office.admin, roadmap=office.roadmap
    )
    stands_in = replace(actor("deputy"), on_behalf_of=municipal.id)
    office.make("krasnogorsk", "withdraw", actor=stands_in)
    (trace,) = traces(xes_of(cases_of(office.engine)))
    first, last = (attributes(one) for one in trace.findall(f"{XES}event"))

    assert last["ledger:on_behalf_of"] == municipal.id
    assert last["ledger:reason"] == office.engine.history("krasnogorsk")[-1].reason
    assert {"ledger:on_behalf_of", "ledger:reason"}.isdisjoint(first)


def test_no_title_of_a_school_and_no_number_of_an_order_leaves_the_house(
    cases: list[Case],
) -> None:
    log = xes_of(cases).decode()

    assert all(one.events[0].facts for one in cases)
    assert "Школа" not in log
    assert "52 -а" not in log
    assert log.isascii()


def test_the_extension_declares_just_what_the_log_bears(cases: list[Case]) -> None:
    declared = {
        scope: {one.attrib["key"] for one in element}
        for scope in ("trace", "event")
        for element in ET.parse(EXTENSION).getroot().findall(scope)  # noqa: S314 - it is ours
    }
    source = Path(__file__).parents[2] / "lifecycle" / "mining" / "xes.py"
    written = set(re.findall(r'"ledger:(\w+)"', source.read_text("utf-8")))
    borne = {
        key.removeprefix("ledger:") for trace in traces(xes_of(cases)) for key in attributes(trace)
    }

    assert declared["trace"] | declared["event"] == written
    assert declared["trace"] == borne - {"concept:name"}


@given(
    record=strategies.records,
    record_id=st.uuids().map(str),
    school=strategies.words,
    origin=strategies.words,
)
def test_any_id_is_read_back_unchanged_or_refused(
    record: Record, record_id: str, school: str, origin: str
) -> None:
    record = replace(record, record_id=record_id)
    case = Case(school, "map", DefinitionRef("a/b", "1/1", "0" * 64), (record,), True)
    expected: dict[str, Any] = {
        "concept:name": record.transition or "enrolled",
        "org:resource": record.actor.id,
        "org:role": record.actor.role,
        "ledger:from": record.source or "",
        "ledger:to": record.target or "",
    }
    texts = [*expected.values(), school, origin, record.actor.on_behalf_of or ""]
    if FORBIDDEN.search("".join(texts)):
        with pytest.raises(NotExportable, match="cannot be written as"):
            xes_of([case], origin)
        return
    log = xes_of([case], origin)
    (trace,) = traces(log)
    event = attributes(trace.findall(f"{XES}event")[0])

    assert xes_faults(log) == []
    assert attributes(trace)["concept:name"] == school
    assert expected.items() <= event.items()


def test_a_record_id_that_is_no_uuid_is_refused(cases: list[Case]) -> None:
    case = cases[0]
    broken = replace(case, events=(replace(case.events[0], record_id='1"/><evil/>'),))

    with pytest.raises(NotExportable, match="identity:id") as refused:
        xes_of([broken])
    assert refused.value.code == "LC318"
