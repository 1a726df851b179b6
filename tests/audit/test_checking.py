"""The parts of the full check that every stream has in common, each by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checking import Checking, roles, unfounded
from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.identities import Oddities, is_shared, repeated_ids
from lifecycle.audit.personal import Beside
from lifecycle.audit.shared import actors, credentials, shared_streams
from lifecycle.domain import canonical
from lifecycle.domain.definition import Definition
from lifecycle.domain.erasure import Erasures
from lifecycle.domain.model import Assignment, Credential, Head
from lifecycle.domain.record import Record, empty_head
from lifecycle.domain.spans import StoredRecord
from lifecycle.storage.memory import MemoryJournal
from lifecycle.storage.memory_evidence import MemoryEvidence
from tests.audit.deciding import MAP, last, learned, lived
from tests.storage.samples import ORIGIN, STREAM, append, record_after


def run(told: list[int]) -> Checking:
    return Checking(MemoryEvidence(), Grounds({}, {}), told.append)


def test_progress_is_told_whenever_another_thousand_is_full() -> None:
    told: list[int] = []
    check = run(told)

    for records in (1, 998, 1, 1, 998, 1, 2500, 499, 1, 1):
        check.count(records)
    check.count()

    assert told == [1000, 2000, 4500, 5000]
    assert check.records == 5002


def test_a_head_without_records_is_told_by_its_version() -> None:
    heads = [Head(ORIGIN, "participation/x", 3, "0" * 64, None), empty_head(ORIGIN, "y")]

    assert list(unfounded(heads)) == [
        Finding("stream_empty", "participation/x", None, "version", 0, 3),
        Finding("stream_empty", "y", None, "version", 0, 0),
    ]


def test_a_file_is_there_by_digest_and_size(tmp_path: Path) -> None:
    (tmp_path / "done.txt").write_bytes(b"done")
    check = run([])
    assert isinstance(check.files.store, MemoryEvidence)
    kept = check.files.store.put(tmp_path / "done.txt")

    assert check.files.has(kept.sha256, 4)
    assert not check.files.has(kept.sha256, 5)
    assert not check.files.has("0" * 64, 4)


def test_roles_are_compared_stream_by_stream_in_the_order_of_their_records() -> None:
    first = Assignment("r-1", "roadmap/a", "ana", "curator", 1)
    second = Assignment("r-2", "roadmap/a", "boris", "expert", 2)
    other = Assignment("r-3", "roadmap/b", "vera", "expert", 1)

    assert list(roles([second, first, other], [other, first, second])) == []
    assert list(roles([first, second, other], [first])) == [
        Finding(
            "roles_differ", "roadmap/a", None, "roles",
            ["ana curator #1 r-1", "boris expert #2 r-2"], ["ana curator #1 r-1"],
        ),
        Finding("roles_differ", "roadmap/b", None, "roles", ["vera expert #1 r-3"], []),
    ]  # fmt: skip
    assert [one.found for one in roles([], [other])] == [["vera expert #1 r-3"]]
    twins = [replace(first, record_id="r-9"), first]
    (found,) = roles(twins, [])
    assert found.expected == ["ana curator #1 r-1", "ana curator #1 r-9"]


def test_actors_are_compared_with_the_records_that_registered_them() -> None:
    assert list(actors({"ann": 1, "bea": 2}, {"bea": 2, "ann": 1})) == []
    assert list(actors({"ann": 1, "bea": 2, "cid": 4}, {"ann": 1, "bea": 3, "dan": 5})) == [
        Finding(
            "actors_differ", "installation", None, "actors",
            ["bea #2", "cid #4"], ["bea #3", "dan #5"],
        )
    ]  # fmt: skip


def test_credentials_are_compared_by_their_names_and_told_in_words() -> None:
    plain = Credential("one", "ann", "key", "proof", "", "", 3)
    full = Credential("two", "bea", "token", "0" * 8, "plan enrol", "2023-01-01", 4, revoked=9)
    odd = replace(plain, id="odd", revoked=0)

    assert list(credentials({"one": plain, "two": full}, [full, plain])) == []
    assert list(credentials({"one": plain, "two": full}, [replace(plain, actor="bea"), odd])) == [
        Finding("credentials_differ", "installation", None, name, ours, theirs)
        for name, ours, theirs in (
            ("odd", None, "ann key #3 proof revoked by #0"),
            ("one", "ann key #3 proof", "bea key #3 proof"),
            ("two", "bea token #4 00000000 for plan enrol until 2023-01-01 revoked by #9", None),
        )
    ]


def test_honest_shared_streams_are_learned_and_have_no_findings() -> None:
    context = lived().context
    with context.journal.auditing() as view:
        rules = {one: Definition.from_json(json.loads(body)) for one, body in view.definitions()}
        run = Checking(context.evidence, Grounds(rules, context.guards), lambda done: None)
        sizes = {name: size for name, size in view.sizes() if is_shared(name)}
        findings = list(shared_streams(run, view))

    assert findings == []
    assert run.versions == run.grounds.versions == sizes
    assert run.records == sum(sizes.values())
    assert run.grounds.rules == learned().rules
    ((place, progress),) = run.grounds.plans[MAP].items()
    assert (place[0], progress.state) == ("1.2", "done")
    assert run.odd == Oddities()


def test_a_record_is_not_decided_by_rules_that_are_not_stored() -> None:
    record = Record.decode(canonical.encode(last("advanced")))
    assert record.definition is not None
    check, head = run([]), empty_head(ORIGIN, record.stream)
    with lived().context.journal.auditing() as view:
        beside = Beside(view, check.files, Erasures()).stream(record.stream)
        found = next(check.decided(head, None, record, beside))

    assert found == Finding(
        "definition_missing", record.stream, record.sequence, "definition",
        record.definition.digest,
    )  # fmt: skip


def test_the_screen_remembers_for_as_long_as_the_run() -> None:
    check = run([])

    assert check.screen(ORIGIN) is check.screen(ORIGIN)


def test_a_record_that_is_read_is_counted_taken_and_noted() -> None:
    check, record = run([]), record_after(empty_head(ORIGIN, STREAM))
    edited = stored(record, record_id="edited")

    findings = list(check.read(StreamCheck(ORIGIN, STREAM), edited))

    assert [(one.code, one.field) for one in findings] == [("column_differs", "record_id")]
    assert check.records == 1
    assert [*check.odd.displaced] == [("record_id", (STREAM, 1))]


def stored(record: Record, **columns: str) -> StoredRecord:
    names = {**record.columns, **columns}
    return StoredRecord(record.stream, record.sequence, record.hash, record.body, names)


def test_ids_that_occur_twice_are_told_at_every_place_but_the_first() -> None:
    journal, odd = MemoryJournal(ORIGIN), Oddities()
    streams = ("participation/a", "installation", "participation/b", "roadmap/x", STREAM)
    with journal.writing() as tx:
        kept = [append(tx, stream, "role_assigned", command_id=stream) for stream in streams]
    with journal.auditing() as view:
        assert list(repeated_ids(view, odd)) == []
        # The columns were edited: the bodies bear one id, at five places.
        for record in kept:
            odd.note(stored(replace(record, command_id="same"), command_id=record.stream),
                     replace(record, command_id="same"))  # fmt: skip
        found = list(repeated_ids(view, odd))
        odd.unreadable.add(("participation/b", 1))
        fewer = list(repeated_ids(view, odd))

    assert found == [
        Finding("id_repeated", stream, 1, "command_id", None, "same")
        for stream in ("roadmap/x", "participation/a", "participation/b", STREAM)
    ]
    assert [one.stream for one in fewer] == ["roadmap/x", "participation/a", STREAM]


def test_what_is_odd_about_a_record_is_noted_by_column_and_place() -> None:
    odd, other, record = Oddities(), Oddities(), record_after(empty_head(ORIGIN, STREAM))

    odd.note(stored(record), record)
    assert odd == Oddities()
    odd.note(stored(record, record_id="edited"), record)
    other.note(stored(record, command_id="edited"), record)
    other.note(stored(record), None)
    odd.join(other)

    assert odd.displaced == {
        ("record_id", (STREAM, 1)): record.record_id,
        ("command_id", (STREAM, 1)): record.command_id,
    }
    assert odd.unreadable == {(STREAM, 1)}


@pytest.mark.parametrize(
    ("stream", "shared"),
    [
        ("installation", True),
        ("roadmap/tomari-2022", True),
        ("participation/installation", False),
        ("participation/roadmap/", False),
        ("installation/x", False),
    ],
)
def test_the_installation_and_the_road_maps_are_what_decisions_look_at(
    stream: str, shared: bool
) -> None:
    assert is_shared(stream) is shared
