"""From the office's terminal to a stranger's: audit bundle, audit verifier."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def signed(archive: Terminal) -> Terminal:
    """An office whose school was led to the end, by tokens and signed commands, and signed for."""
    key = archive.ask("audit", "keygen", "--out", "log.key")["key"]
    archive.paper("log.vkey", key + "\n")
    archive.ask("audit", "checkpoint", "--key", "log.key", "--to", ".")
    return archive


def alone(office: Terminal, bundle: str, *words: str) -> tuple[int, dict[str, Any]]:
    office.ask("audit", "verifier", "--out", "verify.py", "--force")
    command = [sys.executable, "-I", "verify.py", bundle, "--key", "log.vkey", *words, "--json"]
    end = subprocess.run(command, cwd=office.folder, capture_output=True, text=True, check=False)
    assert end.stderr == ""
    return end.returncode, json.loads(end.stdout)


def tampered(folder: Path) -> None:
    """Change the reason of a record in the database file, and cover nothing."""
    with closing(sqlite3.connect(folder / "lifecycle.db")) as database, database:
        names = database.execute(
            "SELECT name FROM sqlite_schema"
            " WHERE type = 'trigger' AND tbl_name = 'lifecycle_records'"
        ).fetchall()
        for (name,) in names:
            database.execute(f"DROP TRIGGER {name}")
        database.execute(
            "UPDATE lifecycle_records SET body = CAST(replace(CAST(body AS TEXT),"
            " 'incomplete_package', 'incomplete_packagf') AS BLOB)"
        )


def test_a_bundle_is_written_and_verified_by_a_stranger(signed: Terminal) -> None:
    made = signed.ask("audit", "bundle", "--out", "b.zip", "--key", "log.vkey", "--evidence")

    code, verdict = alone(signed, "b.zip", "--checkpoint", "latest")

    assert (code, verdict["findings"]) == (0, [])
    assert verdict["schools"]["krasnogorsk"][0] == "completed"
    assert (made["records"], made["later"], made["absent"]) == (verdict["size"], 0, 0)
    assert made["evidence"] > 10


def test_two_bundles_of_one_history_are_the_same_to_the_byte(signed: Terminal) -> None:
    for name in ("one.zip", "two.zip"):
        signed.ask("audit", "bundle", "--out", name, "--evidence")

    one, two = ((signed.folder / name).read_bytes() for name in ("one.zip", "two.zip"))
    assert one == two


def test_a_school_s_bundle_proves_every_record_by_itself(signed: Terminal) -> None:
    signed.ask("actor", "add", "late", "--actor", "admin")
    made = signed.ask("audit", "bundle", "--out", "s.zip", "--school", "krasnogorsk")

    code, verdict = alone(signed, "s.zip", "--school", "krasnogorsk")

    assert (code, verdict["records"]) == (0, made["records"])
    assert made["later"] == 1
    with zipfile.ZipFile(signed.folder / "s.zip") as found:
        assert sum(name.startswith("proofs/") for name in found.namelist()) == made["records"]


def test_after_a_change_of_the_key_both_are_needed(signed: Terminal) -> None:
    old = (signed.folder / "log.vkey").read_text("utf-8")
    new = signed.ask("audit", "keygen", "--out", "new.key")["key"] + "\n"
    signed.ask("actor", "add", "late", "--actor", "admin")
    signed.ask("audit", "checkpoint", "--key", "new.key", "--trust", "log.vkey")

    for keys, places in ((old + new, []), (new, ["checkpoints/1"]), (old, ["bundle"])):
        signed.paper("log.vkey", keys)
        signed.ask("audit", "bundle", "--out", "b.zip", "--key", "log.vkey", "--force")
        code, verdict = alone(signed, "b.zip")

        assert [one["place"] for one in verdict["findings"]] == places
        assert code == signed.run("verify", "--key", "log.vkey").code == (6 if places else 0)


def test_what_no_checkpoint_covers_yet_is_told(signed: Terminal) -> None:
    signed.ask("actor", "add", "late", "--actor", "admin")

    said = signed.run("audit", "bundle", "--out", "b.zip")

    assert said.code == 0
    assert "records that no checkpoint covers yet: 1" in said.err


def test_a_history_that_is_not_sound_is_bundled_only_as_evidence(signed: Terminal) -> None:
    tampered(signed.folder)

    refused = signed.run("audit", "bundle", "--out", "b.zip")
    written = signed.run("audit", "bundle", "--out", "b.zip", "--unsound", "--json")

    assert refused.code == 6
    assert "nothing is written" in refused.out
    assert written.code == 0
    assert written.document["findings"] > 0
    assert "the history has findings" in written.err
    assert alone(signed, "b.zip")[0] == 6


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--out", "log.vkey"), 7),
        (("--out", "b.zip", "--school", "nowhere"), 3),
        (("--out", "b.zip", "--key", "nowhere"), 5),
        (("--out", "b.zip", "--from", "nowhere"), 5),
        (("--out", "b.zip", "--from", "log.vkey"), 5),
        (("--out", "b.zip", "--from", "foreign"), 5),
        (("--out", "b.zip", "--from", "latest", "--from", "later"), 5),
        (("--out", "."), 5),
    ],
)
def test_what_cannot_be_bundled_is_refused_and_nothing_is_left(
    signed: Terminal, words: tuple[str, ...], code: int
) -> None:
    latest = (signed.folder / "latest").read_text("utf-8")
    origin, size, *_ = latest.splitlines()
    signed.paper("foreign", latest.replace(origin, "school-lifecycle/another"))
    signed.paper("later", latest.replace(f"\n{size}\n", f"\n{int(size) + 1}\n"))
    before = sorted(signed.folder.iterdir())

    assert signed.run("audit", "bundle", *words).code == code
    assert sorted(signed.folder.iterdir()) == before


def test_a_history_that_nobody_signed_for_is_not_bundled(office: Terminal) -> None:
    said = office.run("audit", "bundle", "--out", "b.zip")

    assert said.code == 3
    assert not (office.folder / "b.zip").exists()


def test_a_missing_evidence_file_is_told(signed: Terminal) -> None:
    files = (signed.folder / "lifecycle.db.evidence").rglob("*")
    next(one for one in sorted(files) if one.is_file() and len(one.name) == 64).unlink()

    said = signed.run("audit", "bundle", "--out", "b.zip", "--evidence", "--unsound")

    assert "evidence files not in the store in the length that was recorded: 1" in said.err


def test_the_digest_of_the_verifier_is_that_of_the_file_in_a_bundle(signed: Terminal) -> None:
    signed.ask("audit", "bundle", "--out", "b.zip")
    with zipfile.ZipFile(signed.folder / "b.zip") as found:
        digest = hashlib.sha256(found.read("verify.py")).hexdigest()

    assert signed.run("audit", "verifier", "--digest").out == f"{digest}\n"
    assert signed.ask("audit", "verifier", "--digest") == {"sha256": digest}


def test_the_verifier_is_a_program_and_no_json(terminal: Terminal) -> None:
    assert terminal.run("audit", "verifier").out.startswith("#!/usr/bin/env python3")
    assert terminal.run("audit", "verifier", "--json").code == 2
