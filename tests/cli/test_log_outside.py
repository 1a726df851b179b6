"""The log at the command line against those who cheat: keys, places, proofs, static files."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import subprocess

import pytest

from lifecycle import events
from lifecycle.logs import configure, event
from tests.cli.terminal import Terminal
from tests.cli.test_log import SCHOOL, add_actor, keyed, sign

__all__ = ["keyed"]

WATCH = ("audit", "watch", "--key", "log.vkey", "--from", "usb")


def change(office: Terminal, statement: str) -> None:
    """Do to the database what its triggers forbid."""
    with sqlite3.connect(office.folder / "lifecycle.db") as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        triggers = found.fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount > 0
        for _, sql in triggers:
            connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "--checkpoint", "usb/latest"),
        ("audit", "watch", "--from", "usb", "--once"),
        ("audit", "check-proof", "usb/latest"),
    ],
)
def test_a_file_without_a_key_does_not_mean_that_everybody_is_believed(
    keyed: Terminal, words: tuple[str, ...]
) -> None:
    sign(keyed)
    (keyed.folder / "empty").write_text("\n", "utf-8")
    said = keyed.run(*words, "--key", "empty", "--json")

    assert (said.code, said.error["code"]) == (5, "LC325")
    assert "empty holds no key" in said.error["message"]


def test_a_key_too_long_for_the_name_of_a_file_is_no_key(keyed: Terminal) -> None:
    said = keyed.run("audit", "watch", "--key", "+" + "a" * 5000, "--once", "--json")

    assert (said.code, said.error["code"]) == (5, "LC325")


def test_why_nothing_is_proved_is_told_in_russian(keyed: Terminal) -> None:
    sign(keyed)
    key = ("--key", "log.vkey", "--lang", "ru")
    said = keyed.run("audit", "check-proof", "usb/latest", *key)
    (keyed.folder / "usb" / "latest").write_text("torn", "utf-8")
    seen = keyed.run(*WATCH, "--once", "--lang", "ru")
    typed = keyed.run("audit", "watch", "--key", "a+b+c", "--once", "--lang", "ru")

    assert "доказательство включения начинается" in said.out
    assert "подписанная записка — это текст" in seen.out
    assert "ключ: это не base64" in typed.err


def test_a_place_that_fails_does_not_keep_the_others_from_their_checkpoint(
    keyed: Terminal,
) -> None:
    for name in ("first", "second"):
        subprocess.run(["git", "init", "-q", keyed.folder / name], check=True)  # noqa: S607
    hook = keyed.folder / "first" / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    said = keyed.run(
        *("audit", "checkpoint", "--key", "log.key", "--to", "usb"),
        *("--to-git", "first", "--to-git", "second", "--json"),
    )

    assert (said.code, said.error["code"]) == (8, "LC522")
    assert "first" in said.error["message"]
    assert (keyed.folder / "usb" / "latest").is_file()
    assert (keyed.folder / "second" / "checkpoints" / "latest").is_file()


def test_a_watch_of_a_place_that_was_emptied_ends_with_6(keyed: Terminal) -> None:
    sign(keyed)
    for file in (keyed.folder / "usb").iterdir():
        file.unlink()

    emptied = keyed.run(*WATCH, "--once")
    unnamed = keyed.run("audit", "watch", "--key", "log.vkey", "--once")

    assert emptied.code == 6
    assert "checkpoints_gone: the database keeps 1 signed checkpoint(s)" in emptied.out
    assert "sound" not in emptied.out
    assert unnamed.code == 0


def test_watch_and_seal_end_after_the_looks_they_were_given(keyed: Terminal) -> None:
    sign(keyed)
    watched = keyed.run(*WATCH, "--every", "1", "--rounds", "2")
    sealed = keyed.run("audit", "seal", "--every", "1", "--rounds", "2", "--json")

    assert watched.code == 0
    assert watched.err.count("sound: ") == 1
    assert watched.out.count("sound: ") == 1
    assert (sealed.code, sealed.document["sealed"], sealed.err.count("sealed: 0")) == (0, 0, 1)
    assert keyed.run("audit", "seal", "--rounds", "2").code == 2
    assert keyed.run(*WATCH, "--once", "--rounds", "2").code == 2


def test_nothing_is_proved_from_a_log_that_is_not_the_signed_one(keyed: Terminal) -> None:
    old = sign(keyed)
    shutil.copy(keyed.folder / "lifecycle.db", keyed.folder / "copy.db")
    add_actor(keyed, "one")
    other = sign(keyed)
    shutil.copy(keyed.folder / "copy.db", keyed.folder / "lifecycle.db")
    add_actor(keyed, "two")
    (keyed.folder / "usb2").mkdir()
    signed = keyed.run("audit", "checkpoint", "--key", "log.key", "--to", "usb2", "--json")
    split = keyed.run("audit", "prove", "--from", str(other), "--json")
    grown = keyed.run("audit", "prove", "--from", str(old), "--json")
    change(keyed, "UPDATE lifecycle_records SET hash = substr(hash, 2) || '0' WHERE stream ="
                  " 'installation' AND sequence = 2")  # fmt: skip
    forged = keyed.run("audit", "prove", SCHOOL, "1", "--json")

    assert (signed.code, grown.code) == (0, 0)
    assert (split.code, split.document["ok"]) == (6, False)
    assert (forged.code, forged.document["ok"]) == (6, False)


@pytest.mark.parametrize(
    "extra", [("--record", "log.vkey"), ("--from", "usb/latest", "--record", "log.vkey")]
)
def test_words_that_a_proof_of_the_other_kind_would_need_are_refused(
    keyed: Terminal, extra: tuple[str, ...]
) -> None:
    sign(keyed)
    key = ("--key", "log.vkey")
    growth = keyed.run("audit", "prove", "--from", "usb/latest", "--json").document["proof"]
    (keyed.folder / "growth").write_text(growth, "utf-8")
    keyed.run("audit", "prove", SCHOOL, "1", "--out", "record")

    assert keyed.run("audit", "check-proof", "growth", *key, *extra).code == 2
    assert keyed.run("audit", "check-proof", "record", *key, "--from", "usb/latest").code == 2


def test_the_log_is_served_as_static_files_and_grows_there(keyed: Terminal) -> None:
    words = ("audit", "export-log", "www", "--json")
    assert keyed.run(*words).error["code"] == "LC122"
    first = sign(keyed)
    said = keyed.run(*words)
    www = keyed.folder / "www"
    size = said.document["size"]

    assert (said.code, said.document["added"]) == (0, 2)
    assert (www / "checkpoint").read_bytes() == first.read_bytes()
    assert (www / f"tile/0/000.p/{size}").stat().st_size == 32 * size
    assert keyed.run(*words).document["added"] == 0
    add_actor(keyed, "new")
    newest = sign(keyed)
    assert keyed.run(*words).document["added"] == 2
    assert (www / "checkpoint").read_bytes() == newest.read_bytes()
    # What the older checkpoint covers is still served.
    assert (www / f"tile/0/000.p/{size}").is_file()
    assert not list(www.rglob("*.part"))


def test_a_changed_log_or_a_folder_with_other_things_is_not_served(keyed: Terminal) -> None:
    sign(keyed)
    (keyed.folder / "home").mkdir()
    (keyed.folder / "home" / "letter.txt").touch()
    other = keyed.run("audit", "export-log", "home", "--json")
    change(
        keyed, "UPDATE lifecycle_records SET body = cast(body || ' ' AS BLOB) WHERE sequence = 1"
    )
    changed = keyed.run("audit", "export-log", "www", "--json")
    told = keyed.run("audit", "export-log", "www")

    assert (other.code, other.error["code"]) == (7, "LC400")
    assert [one["code"] for one in changed.document["findings"]] == ["body_altered"]
    assert (changed.code, told.code) == (6, 6)
    assert "nothing was written" in told.out
    assert not (keyed.folder / "www").exists()


def test_no_forger_s_words_reach_the_terminal_as_commands(keyed: Terminal) -> None:
    cheat = "char(27) || '[2J' || char(10) || 'sound: 1 records' || char(27) || '[8m'"
    change(keyed, f"UPDATE lifecycle_standings SET title = {cheat}")  # noqa: S608 - of the test
    change(keyed, f"UPDATE lifecycle_streams SET stream = stream || {cheat}")  # noqa: S608 - as well

    for words in (("verify",), ("status",), ("status", SCHOOL)):
        said = keyed.run(*words)
        assert "\x1b" not in said.out + said.err
        assert not any(one.startswith("sound") for one in said.out.splitlines())
    assert r"\x1b[2J\nsound" in keyed.run("verify").out


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_forger_s_words_stand_on_a_line_of_their_own(keyed: Terminal, language: str) -> None:
    """What is told in lists is told on one line as well."""
    cheat = "char(10) || 'sound: 9 records' || char(133) || 'x' || char(8232, 8238, 155, 27)"
    for table in ("lifecycle_actors", "lifecycle_assignments"):
        change(keyed, f"UPDATE {table} SET actor = actor || {cheat}")  # noqa: S608 - of the test

    people = keyed.run("verify", "--lang", language)
    program = keyed.run("verify", "--json", "--lang", language)

    assert people.code == program.code == 6
    assert not any(one.startswith("sound") for one in people.out.splitlines())
    for said in (people, program):
        assert all(one.isprintable() for one in said.out.split("\n"))
    found = {one["code"]: one for one in program.document["findings"]}
    assert {"roles_differ", "actors_differ"} <= set(found)
    assert r"\nsound: 9 records\x85x\u2028\u202e\x9b\x1b" in found["roles_differ"]["message"]
    assert r"\nsound: 9 records\x85x\u2028\u202e\x9b\x1b" in people.out


def test_a_document_has_every_character_and_shows_only_those_that_are_safe(
    keyed: Terminal,
) -> None:
    change(keyed, "UPDATE lifecycle_standings SET title = 'a b' || char(155, 8238, 917505, 160)")

    said = keyed.run("status", SCHOOL, "--json")

    assert r'"a b\u009b\u202e\udb40\udc01' in said.out
    assert "a b\x9b\u202e\U000e0001\xa0" in json.dumps(said.document, ensure_ascii=False)


def test_events_do_not_break_the_line_either(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("lifecycle")
    before, level = list(logger.handlers), logger.level
    for style in ("console", "json"):
        configure(style)
        event(events.WATCH_FOUND, findings="a\nsound\x9b")
    logger.handlers, logger.level = before, level

    console, document = capsys.readouterr().err.splitlines()

    assert r"a\nsound\x9b" in console
    assert r'"a\nsound\u009b"' in document


def test_a_checkpoint_is_read_as_e_mail_delivers_it(keyed: Terminal) -> None:
    note = sign(keyed).read_bytes()
    (keyed.folder / "mailed").write_bytes(b"\xef\xbb\xbf" + note.replace(b"\n", b"\r\n"))
    (keyed.folder / "spaced").write_bytes(b"\n\n" + note + b"\n")
    (keyed.folder / "cut").write_bytes(note.rstrip())
    (keyed.folder / "torn").write_bytes(note[:40])

    for option in ("--checkpoint", "--since"):
        for name in ("mailed", "spaced", "cut"):
            assert keyed.run("verify", option, name, "--key", "log.vkey").code == 0
        said = keyed.run("verify", option, "torn", "--key", "log.vkey")
        assert said.code == 5
        assert "torn holds no checkpoint" in said.err
