"""Verification of schools, span by span: screened, and only what is in doubt looked at in full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from lifecycle import Lifecycle, verify
from lifecycle.audit import schools
from lifecycle.audit.checking import Checking
from lifecycle.audit.findings import Finding
from lifecycle.audit.identities import Oddities
from lifecycle.audit.personal import Tally
from lifecycle.audit.schools import Outcome, check_all, check_schools, spans_of
from lifecycle.audit.shared import SHARED
from lifecycle.domain.definition import Definition
from lifecycle.domain.ports import Auditing
from lifecycle.domain.spans import Span
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import SCHOOL, STREAM, BreakIn, reopened
from tests.audit.court import CATALOGUE, Court, restless
from tests.audit.test_screen_kept import remarked
from tests.factories import Office, memory_engine

ALL = Span(SHARED[0].last, SHARED[1].first)
"""Where the schools are."""


@cache
def told_of() -> Lifecycle:
    """Return a history of one school with comments and files, and one without; only read."""
    return remarked()


@contextmanager
def begun(engine: Lifecycle) -> Iterator[tuple[Checking, Auditing, dict[str, int]]]:
    """Yield a run whose shared streams were checked, its view, and the sizes of the schools."""
    with engine.context.journal.writing() as tx:
        tx.seal(1000)
    run = Court(engine).run
    run.records, run.versions = 0, {}
    with engine.context.journal.auditing() as view:
        sizes = {name: size for name, size in view.sizes() if name.startswith("participation/")}
        yield run, view, sizes


def test_honest_schools_are_passed_by_the_screen_and_read_once() -> None:
    engine = told_of()
    with begun(engine) as (run, view, sizes):
        outcome = check_schools(run, view, ALL)
        court = Court(engine)

        records = sum(sizes.values())
        tally = [court.tally(stream, found) for stream, found in court.streams.items()]
        assert [one.opened for one in tally if one is not None] == [outcome.tally.opened, 0]
        assert outcome.tally.opened > 0
        assert replace(outcome, tally=Tally()) == Outcome(records, 2, versions=sizes)
        assert run.records == records
        # Nothing but a doubt has the records read in full, and noted.
        assert schools._screened(run, view, ALL).clean


def test_a_school_in_doubt_is_looked_at_alone_and_in_full() -> None:
    """The host's own guards are asked in full; nothing is wrong with who asks for them."""
    engine = memory_engine(CATALOGUE, guards={"money_left": lambda attempt: []})
    office = Office(engine, CATALOGUE.compiled("spring-2026")).opened("one", "other")
    restless(office, "one")
    with begun(engine) as (run, view, sizes):
        outcome = check_schools(run, view, ALL)
        sifted = schools._screened(run, view, ALL)

    assert sifted.doubtful == ["participation/one"]
    assert sifted.passed == {"participation/other": sizes["participation/other"]}
    assert (outcome.findings, outcome.records, outcome.streams) == (
        [], sum(sizes.values()), len(sizes),
    )  # fmt: skip
    assert outcome.versions == sizes
    assert sifted.whole
    assert (sifted.alone, sifted.clean) == (False, False)


def test_a_checkpoint_vouches_for_schools_that_it_covers_beside_which_nothing_is_kept() -> None:
    engine = told_of()
    with begun(engine) as (run, view, sizes):
        run.since = view.log.state().size
        assert check_schools(run, view, ALL).vouched == 1, "the other has comments and files"
        assert run.records == sum(sizes.values())
        last = max(leaf.idx for leaf, _ in view.log.bodies(0) if leaf.stream.endswith("other"))
        for since, vouched in ((last, 0), (last + 1, 1)):
            run.since = since
            assert check_schools(run, view, ALL).vouched == vouched


def test_outcomes_of_parts_are_joined() -> None:
    def part(number: int) -> Outcome:
        place = "participation/x", number
        return Outcome(
            number, number + 1, [Finding("x", str(number), None, None, None, None)],
            Oddities({("record_id", place): "r"}, {place}), {str(number): number},
            Tally(number, number, number, {place[::-1]}), number + 2,
        )  # fmt: skip

    whole = part(1)
    whole.join(part(10))

    assert (whole.records, whole.streams, whole.vouched) == (11, 13, 15)
    assert [one.stream for one in whole.findings] == ["1", "10"]
    assert whole.odd.unreadable == {("participation/x", 1), ("participation/x", 10)}
    assert len(whole.odd.displaced) == 2
    assert whole.versions == {"1": 1, "10": 10}
    assert (whole.tally.opened, len(whole.tally.named)) == (11, 2)
    assert Outcome() == Outcome(0, 0, [], Oddities(), {}, Tally(), 0)


def test_spans_are_checked_one_after_another() -> None:
    with begun(told_of()) as (run, view, sizes):
        spans = list(spans_of(view, 1))
        outcomes = list(check_all(view, run, spans))

    assert [[*one.versions] for one in outcomes] == [[], [], ["participation/one"], [
        "participation/other"], []]  # fmt: skip
    assert [one.records for one in outcomes] == [0, 0, *sizes.values(), 0]


def test_a_span_ends_where_the_next_school_would_be_too_many(definition: Definition) -> None:
    engine = memory_engine(CATALOGUE)
    Office(engine, definition).opened("a", "b", "c")
    with begun(engine) as (_, view, sizes):
        (school,) = set(sizes.values())
        shared = next(size for name, size in view.sizes() if name == "installation")
        edges = {
            limit: [span.first for span in spans_of(view, limit)][2:-1]
            for limit in (
                1, school, shared + school - 1, shared + school, shared + 2 * school, 20_000
            )
        }  # fmt: skip

    a, b, c = sizes
    assert edges == {
        1: [a, b, c], school: [a, b, c], shared + school - 1: [a],
        shared + school: [b], shared + 2 * school: [c], 20_000: [],
    }  # fmt: skip
    assert list(spans_of(view)) == [
        Span(None, SHARED[0].first), ALL, Span(SHARED[1].last, None),
    ]  # fmt: skip


def holds(span: Span, stream: str) -> bool:
    return (span.first or "") <= stream and (span.last is None or stream < span.last)


@pytest.mark.parametrize("records", [1, 5, 20, 10_000])
def test_every_name_lies_in_one_span(
    catalogue: Catalogue, definition: Definition, records: int
) -> None:
    engine = memory_engine(catalogue)
    Office(engine, definition).opened("ann", "bea", "cid")
    with engine.context.journal.auditing() as view:
        spans = [*SHARED, *spans_of(view, records)]
        names = [stream for stream, _ in view.sizes()]

    for name in [*names, "", "a", "installation", "participation/", "participation0", "roadmap/x",
                 "roadmap0", "zeta", "\U0010ffff"]:  # fmt: skip
        assert [holds(span, name) for span in spans].count(True) == 1, name


def test_a_text_that_is_none_does_not_hide_what_lies_beside_it(
    folder: Path, catalogue: Catalogue
) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET command_id = CAST(X'ff' AS TEXT)"
            " WHERE stream = 'participation/ilyinskoye' AND sequence = 2"
        )
        visit.run("UPDATE lifecycle_standings SET title = 'x' WHERE school = ?", SCHOOL)

    with reopened(folder, catalogue) as engine:
        found: list[Finding] = list(verify(engine).findings)

    assert [(one.code, one.place, one.field) for one in found] == [
        ("column_differs", "participation/ilyinskoye#2", "command_id"),
        ("standing_differs", STREAM, "title"),
    ]
