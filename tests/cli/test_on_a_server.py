"""A school led to its end on a server, and all that auditors and people ask for afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from tests.cli.terminal import Terminal, open_office, walk
from tests.server import Server

SCHOOL = "krasnogorsk"
ERASE = ("person", "erase", "curator", "--ground", "consent_withdrawn", "--act", "12/2026",
         "--actor", "admin")  # fmt: skip


@pytest.fixture
def visited(server: Server, terminal: Terminal) -> Iterator[Terminal]:
    """An office on a server, whose curator left a comment and a personal note."""
    with server.database() as url:
        terminal.environment["LIFECYCLE_DATABASE_URL"] = url
        open_office(terminal)
        walk(terminal, until="curator_visit")
        note = terminal.paper("беседа с Сидоровым.txt", "Сидоров болен.\n")
        terminal.ask(
            "advance", SCHOOL, "record_visit", "--actor", "curator",
            "--comment", "Сидоров просил", "--evidence", f"visit_note={note}",
            "--fact", 'verified_risks=["low_equipment"]',
            "--fact", 'activated_risks=["low_equipment"]',
        )  # fmt: skip
        yield terminal


def test_a_history_on_a_server_is_signed_bundled_and_verified_by_a_stranger(
    visited: Terminal,
) -> None:
    key = visited.ask("audit", "keygen", "--out", "log.key")["key"]
    visited.paper("log.vkey", key + "\n")
    visited.ask("audit", "seal")
    visited.ask("audit", "checkpoint", "--key", "log.key", "--to", ".")

    made = visited.ask("audit", "bundle", "--out", "b.zip", "--key", "log.vkey", "--evidence")
    visited.ask("audit", "verifier", "--out", "verify.py")
    command = [sys.executable, "-I", "verify.py", "b.zip", "--key", "log.vkey",
               "--checkpoint", "latest", "--json"]  # fmt: skip
    end = subprocess.run(command, cwd=visited.folder, capture_output=True, text=True, check=False)
    verdict = json.loads(end.stdout)

    assert (end.returncode, end.stderr, verdict["findings"]) == (0, "", [])
    assert (made["records"], made["later"], made["absent"]) == (verdict["size"], 0, 0)
    alone = visited.ask("verify", "--workers", "1")
    assert alone == visited.ask("verify", "--workers", "2")
    assert (alone["findings"], alone["records"]) == ([], made["records"])


def test_what_was_done_to_a_history_on_a_server_is_found_in_one_process_and_in_two(
    visited: Terminal,
) -> None:
    with psycopg.connect(visited.environment["LIFECYCLE_DATABASE_URL"]) as owner:
        owner.execute("ALTER TABLE lifecycle_records DISABLE TRIGGER ALL")
        owner.execute(
            "UPDATE lifecycle_records SET body = convert_to(replace(convert_from(body, 'UTF8'),"
            " 'low_equipment', 'low_equipmenx'), 'UTF8') WHERE transition = 'record_visit'"
        )
        owner.execute("UPDATE lifecycle_standings SET state = 'selected'")

    alone, together = (
        visited.run("verify", "--json"),
        visited.run("verify", "--workers=2", "--json"),
    )

    assert (alone.code, together.code) == (6, 6)
    assert alone.document == together.document
    places = {one["stream"] for one in alone.document["findings"] if "stream" in one}
    assert f"participation/{SCHOOL}" in places


def test_a_person_is_erased_on_a_server_with_words_keys_and_files(visited: Terminal) -> None:
    visited.ask("person", "name", "curator", "Т. Петрова", "--actor", "admin")
    record = visited.ask("history", SCHOOL)["records"][-1]
    (piece,) = record["evidence"]
    assert record["comment"]["value"] == "Сидоров просил"
    assert piece["name"]["value"] == "беседа с Сидоровым.txt"
    get = ("evidence", "get", piece["sha256"], "--out", "note.txt")
    assert visited.ask(*get)["size"] == len("Сидоров болен.\n".encode())

    act = f"installation#{visited.ask(*ERASE)['sequence']}"

    after = visited.ask("history", SCHOOL)["records"][-1]
    erased = {"state": "erased", "value": None, "erased_by": act}
    assert after["comment"] == {**record["comment"], **erased}
    assert after["hash"] == record["hash"]
    assert visited.run(*get, "--force").code == 3
    assert visited.ask("person", "show", "curator")["name"] is None
    assert visited.ask("verify", "--workers", "2")["commitments"]["missing"] == 0
