"""Verification goes on from a checkpoint: what it fixes is hashed, what came later is decided."""

from dataclasses import replace
from pathlib import Path

import pytest

from lifecycle import verify
from lifecycle.audit.checkpoints import Kept
from lifecycle.audit.findings import Report
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import origin_line
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import SCHOOL, STREAM, BreakIn, brief, of, reopened
from tests.audit.signing import Signer
from tests.factories import ADMIN, ORIGIN, Ids, engine_on

OTHER = "participation/ilyinskoye"
LOG = Signer(origin_line(ORIGIN))


@pytest.fixture
def kept(folder: Path, catalogue: Catalogue) -> Kept:
    """A checkpoint of the log as it is; after it, somebody more is assigned at one school."""
    with reopened(folder, catalogue) as engine, engine.context.journal.auditing() as view:
        state = view.log.state()
    root = Frontier.from_bytes(state.size, state.frontier).root()
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")
    with engine_on(
        journal, catalogue, evidence=EvidenceFolder(folder / "evidence"), ids=Ids(10_000)
    ) as engine:
        engine.assign("former", "curator", school=SCHOOL, actor=ADMIN)
    return Kept("kept", LOG.checkpoint(state.size, root))


def since(folder: Path, kept: Kept, workers: int = 1, key: Signer = LOG) -> Report:
    with reopened(folder, Catalogue()) as engine:
        return verify(engine, since=kept, keys=[key.key], workers=workers)


def kept_size(folder: Path) -> int:
    """Return how many leaves there were before the last record."""
    with reopened(folder, Catalogue()) as engine, engine.context.journal.auditing() as view:
        return view.log.state().size - 1


def told(report: Report) -> list[tuple[str, str, str | None]]:
    return [brief(one) for one in report.findings]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sound_history_is_sound_from_a_checkpoint_on(
    folder: Path, kept: Kept, catalogue: Catalogue, workers: int
) -> None:
    with reopened(folder, catalogue) as engine:
        whole = verify(engine)

    report = since(folder, kept, workers)

    assert (report.since, report.vouched) == (kept_size(folder), 1)
    assert replace(report, since=None, vouched=0) == whole
    assert whole.ok


def test_what_came_later_is_decided_again_with_its_whole_stream(folder: Path, kept: Kept) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_standings SET title = 'x' WHERE school = ?", SCHOOL)
        visit.run(
            "UPDATE lifecycle_records SET role = 'x' WHERE stream = ? AND sequence = 3", STREAM
        )

    assert told(since(folder, kept)) == [
        ("column_differs", f"{STREAM}#3", "role"),
        ("standing_differs", STREAM, "title"),
    ]


def test_a_body_that_the_checkpoint_fixes_cannot_be_changed(folder: Path, kept: Kept) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET body = CAST(replace(CAST(body AS TEXT), 'host:test',"
            " 'host:rest') AS BLOB) WHERE stream = ? AND sequence = 2",
            OTHER,
        )

    assert ("body_altered", f"{OTHER}#2", "hash") in told(since(folder, kept))


def test_a_stream_that_was_forged_with_all_that_hangs_on_it_does_not_fit_the_checkpoint(
    folder: Path, kept: Kept
) -> None:
    with BreakIn(folder) as visit:
        visit.forge(OTHER, lambda bodies: bodies[0]["facts"].update(title="Другая школа"))

    assert "checkpoint_differs" in [code for code, *_ in told(since(folder, kept))]


def test_a_head_that_is_not_the_stream_s_last_hash_is_found(folder: Path, kept: Kept) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_streams SET hash = ? WHERE stream = ?", "0" * 64, OTHER)

    assert told(since(folder, kept)) == [("head_differs", OTHER, "hash")]


BESIDE = {
    "UPDATE lifecycle_records SET {} = '2026-01-01' WHERE stream = ? AND sequence = 2": (
        "column_differs",
        f"{OTHER}#2",
        ("previous", "record_id", "command_id", "kind", "transition", "source", "target",
         "definition", "actor", "role", "recorded_at", "effective_on"),
    ),
    "UPDATE lifecycle_standings SET {} = '1' WHERE 'participation/' || school = ?": (
        "standing_differs",
        OTHER,
        ("roadmap", "title", "definition", "state", "version", "entered_at", "entered_on",
         "due_on", "final"),
    ),
    "UPDATE lifecycle_assignments SET {} = 'x' WHERE stream = ?": (
        "roles_differ", OTHER, ("actor", "role"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "column"),
    [(statement, column) for statement, (*_, columns) in BESIDE.items() for column in columns],
)
def test_what_stands_beside_bodies_that_the_checkpoint_fixes_is_compared(
    folder: Path, kept: Kept, statement: str, column: str
) -> None:
    with BreakIn(folder) as visit:
        visit.run(statement.format(column), OTHER)
    code, place, _ = BESIDE[statement]

    assert (code, place) in [found[:2] for found in told(since(folder, kept))]


def test_histories_that_were_exchanged_are_found(folder: Path, kept: Kept) -> None:
    with BreakIn(folder) as visit:
        for table in ("records", "log_leaves", "streams", "assignments"):
            for before, after in ((STREAM, "x"), (OTHER, STREAM), ("x", OTHER)):
                visit.run(
                    f"UPDATE lifecycle_{table} SET stream = ? WHERE stream = ?",  # noqa: S608 - ours
                    *(after, before),
                )

    found = told(since(folder, kept))

    assert ("column_differs", f"{OTHER}#1", "stream") in found
    assert ("column_differs", f"{STREAM}#1", "stream") in found


def test_a_role_that_was_taken_is_held_no_more(folder: Path, catalogue: Catalogue) -> None:
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")
    with engine_on(
        journal, catalogue, evidence=EvidenceFolder(folder / "evidence"), ids=Ids(20_000)
    ) as engine:
        engine.assign("former", "curator", school="ilyinskoye", actor=ADMIN)
        engine.revoke("former", "curator", school="ilyinskoye", actor=ADMIN)
        with engine.context.journal.auditing() as view:
            state = view.log.state()
    root = Frontier.from_bytes(state.size, state.frontier).root()
    report = since(folder, Kept("kept", LOG.checkpoint(state.size, root)))

    assert (report.ok, report.vouched) == (True, 1)


def test_a_checkpoint_of_a_longer_log_vouches_for_nothing(folder: Path, kept: Kept) -> None:
    longer = Kept("kept", LOG.checkpoint(10_000, bytes(32)))
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET role = 'x' WHERE stream = ? AND sequence = 2", OTHER
        )

    found = told(since(folder, longer))

    assert found[0] == ("column_differs", f"{OTHER}#2", "role")
    assert ("checkpoint_ahead", "database", "kept") in found


def test_a_checkpoint_of_nobody_who_is_believed_vouches_for_nothing(
    folder: Path, kept: Kept
) -> None:
    with BreakIn(folder) as visit:
        sequence = of(visit.bodies(OTHER), "start_questionnaire")["sequence"]
        visit.run(
            "UPDATE lifecycle_records SET role = 'x' WHERE stream = ? AND sequence = ?",
            *(OTHER, sequence),
        )

    found = told(since(folder, kept, key=Signer(origin_line(ORIGIN), 2)))

    assert found[0] == ("column_differs", f"{OTHER}#{sequence}", "role")
    assert ("checkpoint_forged", "database", "kept") in found
