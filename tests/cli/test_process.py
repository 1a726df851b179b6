"""The program as a process: what it loads, how it is stopped, two at once, closed streams."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.terminal import Said, Terminal, walk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")

START = ("advance", "krasnogorsk", "start_questionnaire", "--actor", "municipal")


def test_help_loads_none_of_the_heavy_libraries_and_answers_at_once(terminal: Terminal) -> None:
    code = """
import sys
from lifecycle.cli import main
code = main(["--help"])
heavy = {"sqlalchemy", "alembic", "pydantic", "transitions", "rich", "ruamel", "structlog"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}), code)
"""
    command = [sys.executable, "-c", code]
    began = time.monotonic()
    said = subprocess.run(
        command, cwd=terminal.folder, env=terminal.variables(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    seconds = time.monotonic() - began

    assert said.stdout.splitlines()[-1] == "[] 0"
    assert "Usage: lifecycle" in said.stdout
    assert seconds < 2  # about 0.15 s on an idle machine; tests run beside other tests


def test_a_status_loads_nothing_that_decides(office: Terminal) -> None:
    code = """
import sys
from lifecycle.cli import main
code = main(["status"])
decides = {f"lifecycle.domain.{name}" for name in ("access", "decide", "definition", "guards")}
print(sorted(decides & {*sys.modules}), code)
"""
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=office.folder, env=office.variables(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert said.stdout.splitlines()[-1] == "[] 0"


def test_the_installed_command_is_the_same_program(terminal: Terminal) -> None:
    script = Path(sys.executable).with_name("lifecycle")
    said = subprocess.run(
        [script, "--version"], cwd=terminal.folder, env=terminal.variables(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert said.stdout == terminal.process("--version").out


def test_a_mistyped_command_is_told_of_those_that_were_not_loaded(terminal: Terminal) -> None:
    said = terminal.process("statsu")

    assert said.code == 2
    assert "(Did you mean one of: 'stats', 'status'?)" in said.err


def test_texts_are_printed_whatever_the_locale_is(office: Terminal) -> None:
    office.environment |= {"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"}
    said = office.process("status")
    told = office.process("explain", "школа", "--lang", "ru")

    assert said.code == 0
    assert "МБОУ СОШ с. Красногорск" in said.out
    assert told.code == 3
    assert "школа" in told.err
    assert "Traceback" not in told.err


def test_a_name_that_is_no_text_is_told(office: Terminal) -> None:
    name = os.fsdecode(b"\xff\xfe")
    said = office.process("explain", name, "--json")

    assert said.code == 5
    assert said.error["code"] == "LC300"


def test_a_closed_output_stops_the_command_before_it_begins(office: Terminal) -> None:
    said = Said(*_shell(office, f"{' '.join(START)} >&-"))

    assert said.code == 1
    assert said.err.startswith("error LC003: the result cannot be written: closed\n")
    assert "nothing was done" in said.err
    assert office.ask("status", "krasnogorsk")["schools"][0]["state"] == "selected"


def test_closed_errors_do_not_stop_a_command(office: Terminal) -> None:
    code, out, _ = _shell(office, f"{' '.join(START)} --json 2>&-")

    assert code == 0
    assert json.loads(out)["state"] == "questionnaire"
    assert office.run("verify").code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("more", ["", " --json"])
def test_a_full_disk_under_the_output_is_told(office: Terminal, more: str) -> None:
    said = Said(*_shell(office, f"{' '.join(START)}{more} >/dev/full"))

    assert said.code == 1
    assert "\nerror LC003: the result cannot be written: No space left" in said.err
    assert "what was recorded stays recorded" in said.err
    assert "Traceback" not in said.err
    assert office.ask("status", "krasnogorsk")["schools"][0]["state"] == "questionnaire"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_words_that_cannot_be_written_stop_nothing(office: Terminal) -> None:
    code, out, _ = _shell(office, "replay krasnogorsk --at 2022-03-01 2>/dev/full")

    assert code == 0
    assert "did not take part yet" in out


def test_a_reader_who_leaves_is_no_error(archive: Terminal) -> None:
    out = "history krasnogorsk | head -n 1; exit ${PIPESTATUS[0]}"
    code, text, err = _shell(archive, out)

    assert err == ""
    assert code in (0, 141)
    assert len(text.splitlines()) == 1


def test_interruption_is_one_line(office: Terminal) -> None:
    with _Locked(office):
        process = office.start(*START, start_new_session=True)
        _wait_for_the_lock(process)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    seconds = time.monotonic() - began

    assert process.returncode == 130
    assert seconds < 10
    assert out == ""
    assert err.startswith("error LC004: interrupted; repeated with --command-id ")
    assert len(err.splitlines()) == 1
    assert office.ask("status", "krasnogorsk")["schools"][0]["state"] == "selected"
    assert office.run("verify").code == 0


# What a request does to files and the database, as the interpreter sees it.
_STEPS = ("execute", "fsync", "link", "mkdir", "open", "unlink", "write")
_KILLED = f"""
import os, signal, sys
from lifecycle.cli import main

left = int(sys.argv.pop(1))

def count(frame, event, called):
    global left
    there = "storage" in frame.f_code.co_filename
    if there and event == "c_call" and called.__name__ in {_STEPS!r}:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.setprofile(count)
code = main(sys.argv[1:])
sys.setprofile(None)
print(-left, file=sys.stderr)
sys.exit(code)
"""


def test_a_process_killed_at_any_step_leaves_a_database_that_verifies(
    office: Terminal, tmp_path: Path
) -> None:
    walk(office, until="questionnaire")
    paper = office.paper("paper.txt", "paper\n" * 200_000)
    command = ("advance", "krasnogorsk", "complete_questionnaire", "--actor", "coordinator",
               "--evidence", f"questionnaire_completion={paper}",
               "--command-id", "one")  # fmt: skip

    def killed_at(step: int) -> tuple[Terminal, Said]:
        copy = Terminal(tmp_path / str(step))
        shutil.copytree(office.folder, copy.folder)
        process = subprocess.run(
            [sys.executable, "-c", _KILLED, str(step), *command],
            cwd=copy.folder, env=copy.variables(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        return copy, Said(process.returncode, process.stdout, process.stderr)

    _, whole = killed_at(0)
    steps = int(whole.err.splitlines()[-1])
    assert whole.code == 0
    assert steps > 20

    for step in range(1, steps + 1, max(1, steps // 6)):
        copy, said = killed_at(step)
        assert said.code == -signal.SIGKILL
        assert copy.run("verify").code == 0
        assert copy.ask(*command)["state"] == "risk_profile"
        assert copy.run("verify").code == 0
        records = copy.ask("history", "krasnogorsk")["records"]
        assert [one["command_id"] for one in records].count("one") == 1


def test_two_processes_at_once_move_a_school_once(office: Terminal) -> None:
    version = office.ask("status", "krasnogorsk")["schools"][0]["version"]
    processes = [office.start(*START, "--expect-version", str(version)) for _ in range(2)]
    for process in processes:
        process.communicate(timeout=60)

    assert sorted(process.returncode for process in processes) == [0, 7]
    assert office.ask("status", "krasnogorsk")["schools"][0]["version"] == version + 1
    assert office.run("verify").code == 0


def test_processes_that_register_people_at_once_all_succeed(office: Terminal) -> None:
    processes = [office.start("actor", "add", f"n-{one}", "--actor", "admin") for one in range(6)]
    for process in processes:
        process.communicate(timeout=60)

    assert [process.returncode for process in processes] == [0] * 6
    records = office.ask("history", "--installation")["records"]
    added = {one["facts"].get("actor") for one in records}
    assert {f"n-{one}" for one in range(6)} <= added
    assert office.run("verify").code == 0


def test_one_command_id_in_two_processes_has_one_effect(office: Terminal) -> None:
    processes = [office.start(*START, "--command-id", "once", "--json") for _ in range(2)]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in processes]

    assert sorted(answer["repeated"] for answer in answers) == [False, True]
    assert answers[0]["hash"] == answers[1]["hash"]


@pytest.mark.parametrize("limit", [8_000, 40_000, 200_000])
def test_a_disk_that_takes_no_more_leaves_nothing_half_written(
    office: Terminal, limit: int
) -> None:
    """A limit on the size of files stands for the full disk: the system refuses the write."""
    walk(office, until="questionnaire")
    paper = office.paper("paper.txt", "paper\n" * 40_000)
    command = ("advance", "krasnogorsk", "complete_questionnaire", "--actor", "coordinator",
               "--evidence", f"questionnaire_completion={paper}")  # fmt: skip
    before = office.ask("status")

    # Coverage would write its own files under the same limit.
    uncounted = {name: text for name, text in office.variables().items() if name[:3] != "COV"}

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    said = office.process(*command, "--json", preexec_fn=limited, env=uncounted)

    assert said.code == 8, said.err
    assert said.error["code"].startswith("LC5")
    assert "Traceback" not in said.err
    assert office.ask("status") == before
    assert office.run("verify").code == 0


def test_a_file_that_finds_no_room_is_a_matter_of_storage(archive: Terminal) -> None:
    uncounted = {name: text for name, text in archive.variables().items() if name[:3] != "COV"}

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    said = archive.process("audit", "report", "--out", "r.html", preexec_fn=limited, env=uncounted)

    assert said.code == 8, said.err
    assert said.err.splitlines() == [
        "error LC506: no room left while writing r.html",
        "  make room and try again",
    ]
    assert [one.name for one in archive.folder.iterdir() if "r.html" in one.name] == []


def test_the_shell_completes_commands(terminal: Terminal) -> None:
    terminal.environment |= {
        "_LIFECYCLE_COMPLETE": "bash_complete", "COMP_WORDS": "lifecycle roa", "COMP_CWORD": "1",
    }  # fmt: skip
    said = terminal.process()

    assert said.out == "plain,roadmap\n"


def test_a_person_at_a_terminal_sees_a_framed_table(office: Terminal) -> None:
    import pty

    master, slave = pty.openpty()
    process = office.start("status", stdout=slave)
    os.close(slave)
    shown = b""
    while chunk := _read(master):
        shown += chunk
    process.communicate()
    os.close(master)

    assert process.returncode == 0
    assert "─" in shown.decode()
    assert "krasnogorsk" in shown.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 4096)
    except OSError:  # the other end was closed
        return b""


def _shell(terminal: Terminal, line: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["/bin/bash", "-c", f'"{sys.executable}" -m lifecycle.cli {line}'],
        cwd=terminal.folder, env=terminal.variables(), capture_output=True, text=True,
        encoding="utf-8", check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


class _Locked:
    """The database, held by another writer."""

    def __init__(self, terminal: Terminal) -> None:
        import sqlite3

        path = terminal.folder / "lifecycle.db"
        self._connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *error: object) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


def _has_open(files: Path, name: str) -> bool:
    """Tell whether one of the open *files* of a process has that name, or nobody can tell."""
    try:
        return any(one.resolve().name == name for one in files.iterdir())
    except OSError:
        return True


def _wait_for_the_lock(process: subprocess.Popen[str]) -> None:
    """Wait until the process has nothing to do but to wait for the lock."""
    files, ends = Path(f"/proc/{process.pid}/fd"), time.monotonic() + 60
    while time.monotonic() < ends and not _has_open(files, "lifecycle.db"):
        time.sleep(0.1)
    time.sleep(1.5)
    assert process.poll() is None
