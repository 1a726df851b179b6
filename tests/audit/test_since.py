"""Verification goes on from a checkpoint: what it fixes is hashed, what came later is decided."""

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


def told(report: Report) -> list[tuple[str, str, str | None]]:
    return [brief(one) for one in report.findings]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sound_history_is_sound_from_a_checkpoint_on(
    folder: Path, kept: Kept, catalogue: Catalogue, workers: int
) -> None:
    with reopened(folder, catalogue) as engine:
        whole = verify(engine)

    assert since(folder, kept, workers) == whole
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


def test_columns_beside_bodies_that_the_checkpoint_fixes_are_for_the_whole_check(
    folder: Path, kept: Kept, catalogue: Catalogue
) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET role = 'x' WHERE stream = ? AND sequence = 2", OTHER
        )

    assert told(since(folder, kept)) == []
    with reopened(folder, catalogue) as engine:
        assert told(verify(engine)) == [("column_differs", f"{OTHER}#2", "role")]


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
