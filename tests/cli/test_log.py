"""The log at the command line: keys, checkpoints in places, proofs, and a monitor."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lifecycle import Lifecycle
from lifecycle.domain.model import Actor
from lifecycle.storage.journal import open_journal
from lifecycle.wiring import open_lifecycle
from tests.cli.terminal import Terminal

SCHOOL = "krasnogorsk"


def add_actor(office: Terminal, name: str) -> None:
    with open_lifecycle(f"sqlite:///{office.folder}/lifecycle.db") as engine:
        engine.add_actor(name, actor=Actor("admin", "host:test"))


@pytest.fixture
def keyed(office: Terminal) -> Terminal:
    """An office with a key and a folder outside the database."""
    said = office.run("audit", "keygen", "--out", "log.key")
    assert said.code == 0
    (office.folder / "log.vkey").write_text(said.out, "utf-8")
    (office.folder / "usb").mkdir()
    return office


def sign(office: Terminal, *places: str) -> Path:
    """Sign, and return the file on the medium."""
    said = office.run("audit", "checkpoint", "--key", "log.key", "--to", "usb", *places, "--json")
    assert said.code == 0, said.err
    name: str = said.document["files"][0]
    return office.folder / name


def test_a_private_key_is_its_owner_s_alone_and_never_written_over(keyed: Terminal) -> None:
    file = keyed.folder / "log.key"
    again = keyed.run("audit", "keygen", "--out", "log.key")

    assert file.stat().st_mode & 0o777 == 0o600
    assert again.code == 7
    assert "is there already" in again.err
    assert file.read_bytes() not in (keyed.folder / "lifecycle.db").read_bytes()
    file.chmod(0o644)
    assert "chmod 600" in keyed.run("audit", "checkpoint", "--key", "log.key").err


def test_a_checkpoint_is_kept_in_every_place_and_printed(keyed: Terminal) -> None:
    subprocess.run(["git", "init", "-q", keyed.folder / "repo"], check=True)  # noqa: S607
    said = keyed.run(
        *("audit", "checkpoint", "--key", "log.key", "--to", "usb", "--to-git", "repo"),
        *("--print", "--qr"),
    )
    (file,) = (keyed.folder / "usb").glob("*.checkpoint")
    log = subprocess.run(
        ["git", "-C", keyed.folder / "repo", "log", "--format=%s"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.code == 0
    assert file.read_text("utf-8") in said.out
    assert "█" in said.out
    assert (keyed.folder / "usb" / "latest").read_bytes() == file.read_bytes()
    assert (keyed.folder / "repo" / "checkpoints" / file.name).is_file()
    assert log.stdout.startswith("Keep the checkpoint of ")
    # Signed again at the same size, it is the same note, and nothing is committed twice.
    assert sign(keyed, "--to-git", "repo") == file


def test_a_record_and_the_growth_of_the_log_are_proved(keyed: Terminal) -> None:
    old = sign(keyed)
    add_actor(keyed, "new")
    sign(keyed)
    record = keyed.run("audit", "prove", SCHOOL, "1", "--out", "r.tlog-proof")
    growth = keyed.run("audit", "prove", "--from", str(old), "--json")
    (keyed.folder / "growth").write_text(growth.document["proof"], "utf-8")
    key = ("--key", "log.vkey")

    assert (record.code, growth.code) == (0, 0)
    checked = keyed.run("audit", "check-proof", "r.tlog-proof", *key, "--json")
    assert (checked.code, checked.document["ok"]) == (0, True)
    assert f'"stream":"participation/{SCHOOL}"' in checked.document["record"]
    assert keyed.run("audit", "check-proof", "growth", *key, "--from", str(old)).code == 0
    assert keyed.run("audit", "check-proof", "growth", *key, "--from", "usb/latest").code == 6
    (keyed.folder / "other").write_text("another record", "utf-8")
    forged = keyed.run("audit", "check-proof", "r.tlog-proof", *key, "--record", "other")
    assert (forged.code, "not proved" in forged.out) == (6, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("audit", "prove", SCHOOL), 2),
        (("audit", "prove", "--installation", SCHOOL, "1"), 2),
        (("audit", "prove", SCHOOL, "99"), 3),
        (("audit", "prove", SCHOOL, "first"), 2),
        (("audit", "prove", "--from", "usb/latest", SCHOOL, "1"), 2),
        (("audit", "prove", "--from", "absent"), 5),
        (("audit", "prove", "--from", "log.vkey"), 5),
        (("audit", "prove", "--installation", "1"), 0),
        (("audit", "prove", "--roadmap", "tomari-2022", "1"), 0),
        (("audit", "prove", "--roadmap", "belgorod-2021", "1"), 3),
        (("audit", "check-proof", "usb/latest"), 2),
        (("audit", "check-proof", "usb/latest", "--key", "log.vkey"), 6),
        (("audit", "check-proof", "absent", "--key", "log.vkey"), 5),
        (("audit", "watch"), 2),
        (("audit", "watch", "--key", "nothing+1+2"), 5),
        (("audit", "checkpoint", "--key", "log.vkey"), 5),
        (("audit", "checkpoint", "--key", "log.key", "--to", "absent"), 8),
        (("audit", "checkpoint", "--key", "log.key", "--to-git", "usb"), 8),
        (("audit", "seal"), 0),
        (("verify", "--checkpoint", "usb/latest"), 2),
        (("verify", "--checkpoint", "usb/latest", "--key", "log.vkey"), 0),
        (("verify", "--since", "usb/latest"), 2),
        (("verify", "--since", "absent", "--key", "log.vkey"), 5),
        (("verify", "--since", "log.vkey", "--key", "log.vkey"), 5),
        (("verify", "--since", "usb/latest", "--key", "log.vkey"), 0),
        (("verify", "--workers", "2"), 0),
        (("verify", "--workers", "0"), 2),
    ],
)
def test_every_word_has_its_answer(keyed: Terminal, words: tuple[str, ...], code: int) -> None:
    (keyed.folder / "log.vkey").chmod(0o600)
    sign(keyed)

    said = keyed.run(*words)

    assert said.code == code, said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("words", "code", "meant"),
    [
        (("krasnogrsk", "1"), "LC101", SCHOOL),
        (("--roadmap", "tomari-202", "1"), "LC102", "tomari-2022"),
    ],
)
def test_what_is_proved_of_a_mistyped_name_is_told_like_elsewhere(
    keyed: Terminal, words: tuple[str, ...], code: str, meant: str
) -> None:
    sign(keyed)

    said = keyed.run("audit", "prove", *words, "--json")

    assert (said.code, said.error["code"]) == (3, code)
    assert said.error["remedy"] == f"did you mean {meant}?"


@pytest.mark.parametrize("word", ["--since", "--checkpoint"])
def test_what_holds_no_checkpoint_is_told_with_the_word_that_named_it(
    keyed: Terminal, word: str
) -> None:
    said = keyed.run("verify", word, "log.vkey", "--key", "log.vkey")

    assert said.code == 5
    assert f"{word} is not valid: log.vkey holds no checkpoint" in said.err


def test_a_record_behind_the_last_checkpoint_is_not_proved_yet(keyed: Terminal) -> None:
    assert keyed.run("audit", "prove", "--installation", "1", "--json").error["code"] == "LC122"
    sign(keyed)
    add_actor(keyed, "new")
    with open_lifecycle(f"sqlite:///{keyed.folder}/lifecycle.db") as engine:
        last = str(len(engine.administration()))

    said = keyed.run("audit", "prove", "--installation", last, "--json")

    assert (said.code, said.error["code"]) == (3, "LC121")


def test_a_database_set_back_to_a_copy_and_continued_is_shown(keyed: Terminal) -> None:
    database = keyed.folder / "lifecycle.db"
    sign(keyed)
    shutil.copy(database, keyed.folder / "copy.db")
    add_actor(keyed, "one")
    newest = sign(keyed)
    shutil.copy(keyed.folder / "copy.db", database)
    proof = ("--checkpoint", str(newest), "--key", "log.vkey")
    behind = keyed.run("verify", *proof, "--json")
    add_actor(keyed, "two")
    other = keyed.run("verify", *proof, "--json")
    watched = keyed.run("audit", "watch", "--key", "log.vkey", "--from", "usb", "--once", "--json")
    refused = keyed.run("audit", "checkpoint", "--key", "log.key", "--to", "usb", "--json")

    assert keyed.run("verify").code == 0
    assert [one["code"] for one in behind.document["findings"]] == ["checkpoint_ahead"]
    assert [one["code"] for one in other.document["findings"]] == [
        "checkpoint_differs", "log_forked",
    ]  # fmt: skip
    assert (behind.code, other.code, watched.code, refused.code) == (6, 6, 6, 6)
    assert refused.document["signed"] is False


def test_a_watch_is_content_with_a_sound_log(keyed: Terminal) -> None:
    sign(keyed)
    said = keyed.run("audit", "watch", "--key", "log.vkey", "--from", "usb", "--once", "--json")

    assert (said.code, said.document["ok"], said.document["checkpoints"]) == (0, True, 1)


def test_the_queue_is_drained_by_seal(keyed: Terminal) -> None:
    url = f"sqlite:///{keyed.folder}/lifecycle.db"
    journal = open_journal(url, sealing="queued")
    with open_lifecycle(url) as engine:
        waiting = Lifecycle(replace(engine.context, journal=journal))
        waiting.add_actor("waiting", actor=Actor("admin", "host:test"))
    journal.close()

    said = keyed.run("audit", "seal", "--json")

    assert said.document["sealed"] == 1
    assert keyed.run("verify").code == 0


def test_a_checkpoint_that_is_kept_nowhere_outside_is_warned_of(keyed: Terminal) -> None:
    sign = ("audit", "checkpoint", "--key", "log.key")

    alone, kept, printed = (keyed.run(*sign, *more) for more in ((), ("--to", "usb"), ("--print",)))

    assert alone.code == 0
    assert alone.err.startswith("warning: it lies in the database only")
    assert "--to, --to-git, --print" in alone.err
    assert (kept.err, printed.err) == ("", "")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "log.vkey holds the public key; name the file that the private one was written to"),
        (b"", "given.key holds no private key: the file does not hold a line"),
        (b"PRIVATE+KEY+a+00000000+AAAA\n", "given.key holds no private key: the key is not an"),
        (b"\xff\xfe", "given.key is not text in UTF-8"),
    ],
)
def test_a_file_that_holds_no_private_key_is_named_and_not_to_be_hidden(
    keyed: Terminal, content: bytes | None, told: str
) -> None:
    name = "log.vkey" if content is None else "given.key"
    (keyed.folder / "given.key").write_bytes(content or b"")
    for one in ("log.vkey", "given.key"):
        (keyed.folder / one).chmod(0o644)

    said = keyed.run("audit", "checkpoint", "--key", name)

    assert said.code == 5
    assert told in said.err
    assert "chmod" not in said.err


@pytest.mark.parametrize(
    ("option", "content"), [("--key", b"none\n"), ("--key", b"\xff"), ("--checkpoint", b"\xff")]
)
def test_a_file_that_holds_no_public_key_or_checkpoint_is_named(
    keyed: Terminal, option: str, content: bytes
) -> None:
    (keyed.folder / "given").write_bytes(content)

    said = keyed.run("verify", "--key", "log.vkey", option, "given")

    assert said.code == 5
    assert f"{option} is not valid: given " in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("watch", "--key", "log.vkey", "--from", "usb", "--once"),
        ("checkpoint", "--key", "log.key", "--to", "usb"),
    ],
)
def test_files_with_other_names_are_said_to_be_left_alone(
    keyed: Terminal, words: tuple[str, ...]
) -> None:
    kept = sign(keyed)
    quiet = keyed.run("audit", *words)
    for name in ("mine.checkpoint", "checkpoint.txt", ".hidden"):
        shutil.copy(kept, kept.with_name(name))
    (kept.parent / "older").mkdir()

    said = keyed.run("audit", *words)

    assert (quiet.code, quiet.err) == (0, "")
    assert said.code == 0
    assert said.err.startswith("usb: files left alone: 2; checkpoints are read from latest and ")
    assert len(said.err.splitlines()) == 1


def test_files_beside_the_checkpoints_of_a_repository_are_said_to_be_left_alone(
    keyed: Terminal,
) -> None:
    subprocess.run(["git", "init", "-q", keyed.folder / "repo"], check=True)  # noqa: S607
    words = ("audit", "checkpoint", "--key", "log.key", "--to-git", "repo")
    first = keyed.run(*words)
    (keyed.folder / "repo" / "checkpoints" / "note.txt").touch()

    said = keyed.run(*words)

    assert (first.code, first.err, said.code) == (0, "", 0)
    assert said.err.startswith("repo/checkpoints: files left alone: 1; ")
