"""Where the program writes: terminals, full disks, readers who left, streams that are closed."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from lifecycle.cli import output
from tests.cli.terminal import Terminal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals and pipes of POSIX")

full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")


@dataclass
class Screen:
    """A terminal that somebody looks at."""

    stream: IO[str]
    _master: int

    def text(self) -> str:
        """Return what is to be seen; the terminal is switched off."""
        self.stream.flush()
        time.sleep(0.05)
        shown = os.read(self._master, 65536).decode()
        self.stream.close()
        return shown.replace("\r\n", "\n")


@pytest.fixture
def screen() -> Iterator[Screen]:
    master, slave = os.openpty()
    stream = open(slave, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - a handle, not a path
    yield Screen(stream, master)
    stream.close()
    os.close(master)


def test_a_table_is_framed_on_a_screen(office: Terminal, screen: Screen) -> None:
    assert office.run_on(screen.stream, io.StringIO(), "status") == 0
    shown = screen.text()
    assert "─" in shown
    assert "krasnogorsk" in shown


def test_markup_in_a_title_is_text(office: Terminal, screen: Screen) -> None:
    office.ask(
        "enrol", "school-2", "--roadmap", "tomari-2022", "--title", "[red]№ 2[/red]",
        "--actor", "admin",
    )  # fmt: skip

    assert office.run_on(screen.stream, io.StringIO(), "status", "school-2") == 0
    assert "[red]№ 2" in screen.text()


def test_a_narrow_screen_gets_ids_that_are_whole(office: Terminal, screen: Screen) -> None:
    office.environment["COLUMNS"] = "60"

    assert office.run_on(screen.stream, io.StringIO(), "status") == 0
    assert screen.text() == office.run("status").out


def test_verification_shows_progress_to_a_person_only(office: Terminal, screen: Screen) -> None:
    with contextlib.redirect_stderr(screen.stream):
        progress = output.Progress("records verified: {count}")
        progress(1000)
        progress.end()
    assert screen.text() == "\rrecords verified: 1000\r\x1b[K"
    assert office.run("verify").err == ""


@full_disk
@pytest.mark.parametrize("command", ["status", "--help", "--version", "explain nothing --json"])
def test_a_full_disk_ends_any_command_with_one_error(office: Terminal, command: str) -> None:
    err = io.StringIO()
    with Path("/dev/full").open("w") as out:
        code = office.run_on(out, err, *command.split())

    told = err.getvalue()
    assert code == (3 if "explain" in command else 1)
    assert told.startswith("error LC")
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["roadmap show tomari-2022", "roadmap list --json"])
def test_a_reader_who_left_is_not_told(terminal: Terminal, command: str) -> None:
    err = io.StringIO()
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as out:  # noqa: PTH123 - a handle, not a path
        assert terminal.run_on(out, err, *command.split()) == 141
    assert err.getvalue() == ""


def test_an_error_for_a_reader_who_left_is_told_on_stderr(office: Terminal) -> None:
    err = io.StringIO()
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as out:  # noqa: PTH123 - a handle, not a path
        assert office.run_on(out, err, "explain", "nothing", "--json") == 3
    assert err.getvalue().startswith("error LC101: ")


def test_without_any_output_nothing_is_done(office: Terminal) -> None:
    err = io.StringIO()
    command = ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal")

    assert office.run_on(None, err, *command) == 1
    assert "nothing was done" in err.getvalue()
    assert office.ask("status", "krasnogorsk")["schools"][0]["state"] == "selected"


def test_streams_take_every_text(tmp_path: Path) -> None:
    with (tmp_path / "out.txt").open("w", encoding="ascii") as out:
        terminal = Terminal(tmp_path)
        assert terminal.run_on(out, io.StringIO(), "roadmap", "show", "tomari-2022") == 0
    assert "Отдел образования" in (tmp_path / "out.txt").read_text("utf-8")


def test_the_number_of_a_closed_stream_is_not_given_to_a_file(tmp_path: Path) -> None:
    kept = os.dup(0)
    os.close(0)
    try:
        output.prepare_streams()
        with (tmp_path / "file").open("w") as file:
            assert file.fileno() > 2
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def test_a_host_may_run_the_program_in_a_thread(office: Terminal) -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(office.run("status").code))
    thread.start()
    thread.join()

    assert codes == [0]


def test_an_interruption_ends_the_command_by_itself_where_it_can(
    office: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> str:
        signal.raise_signal(signal.SIGINT)
        # The interpreter may be told of it only when it comes back from waiting.
        time.sleep(0.2)
        return "late"

    monkeypatch.setattr("lifecycle.wiring.new_id", interrupted)
    said = office.run("actor", "add", "new", "--actor", "admin", "--json")

    assert said.code == 130
    assert said.error["code"] == "LC004"
    assert said.error["message"] == "interrupted"


@full_disk
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_token_that_nobody_could_see_is_revoked(office: Terminal, more: tuple[str, ...]) -> None:
    err = io.StringIO()
    with Path("/dev/full").open("w") as out:
        code = office.run_on(out, err, "token", "issue", "curator", "--actor", "admin", *more)

    (one,) = office.ask("token", "list", "curator")["credentials"]
    assert code == 1
    assert one["revoked"] == one["sequence"] + 1
    assert f"token {one['credential']} is revoked: it could not be shown" in err.getvalue()
    assert "error LC003" in err.getvalue()
    assert "--command-id" not in err.getvalue()


def test_a_token_whose_reader_left_is_revoked(office: Terminal) -> None:
    err = io.StringIO()
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as out:  # noqa: PTH123 - a handle, not a path
        code = office.run_on(out, err, "token", "issue", "curator", "--actor", "admin")

    (one,) = office.ask("token", "list", "curator")["credentials"]
    assert code == 141
    assert one["revoked"] is not None


@full_disk
def test_a_token_in_a_file_stays_good_though_the_answer_was_not_seen(office: Terminal) -> None:
    given = ("token", "issue", "curator", "--actor", "admin", "--out", "curator.token")
    with Path("/dev/full").open("w") as out:
        code = office.run_on(out, io.StringIO(), *given)

    (one,) = office.ask("token", "list", "curator")["credentials"]
    assert (code, one["revoked"]) == (1, None)
    assert one["credential"] in (office.folder / "curator.token").read_text()


def test_text_that_is_held_back_comes_out_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    held, told = output.Held(), ["Школа № 1\n", "a\x1b[2Jя" * 40_000, "\n"]
    for text in told:
        held.write(text)
    held.line("x\x1b[2Jy")
    assert capsys.readouterr().out == ""

    held.release()

    same = capsys.readouterr().out == "".join(told) + "x\\x1b[2Jy\n"
    assert same  # hundreds of kilobytes are not to be shown


def test_a_table_is_aligned_however_long_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(f"школа\t{number}", None, "x" * (number % 7)) for number in range(9_000)]

    output.table(["кто", "когда", "что"], iter(rows))

    heads, *lines = capsys.readouterr().out.splitlines()
    assert heads == "кто         когда  что"
    assert lines == [
        f"{f'школа {one}':10}         {'x' * (one % 7)}".rstrip() for one in range(9_000)
    ]


def test_a_table_whose_rows_cannot_be_read_is_not_begun(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def rows() -> Iterator[list[str]]:
        yield ["first"]
        raise LookupError("second")

    with pytest.raises(LookupError, match="second"):
        output.table(["head"], rows())

    assert capsys.readouterr().out == ""
