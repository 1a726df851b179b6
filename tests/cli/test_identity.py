"""Acting by tokens and keys on the command line; and nothing secret is ever told."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from lifecycle import Actor, open_lifecycle
from tests.cli.terminal import PROGRAM, Terminal, walk

MUNICIPAL = ("advance", "krasnogorsk", "start_questionnaire")
TOKEN = re.compile(r"lct_[0-9a-f]{10}_[A-Za-z0-9_-]{51}")


def test_a_token_is_shown_once_and_never_again(office: Terminal) -> None:
    issued = office.ask("token", "issue", "curator", "--actor", "admin", "--scope", "advance",
                        "--expires", "2099-12-31")  # fmt: skip
    listed = office.ask("token", "list", "curator")

    assert TOKEN.fullmatch(issued["token"])
    (one,) = listed["credentials"]
    assert one == {
        "credential": issued["credential"], "actor": "curator", "public": None,
        "scopes": ["advance"], "expires_at": "2099-12-31T23:59:59.999999Z",
        "sequence": issued["sequence"], "revoked": None,
    }  # fmt: skip
    assert issued["token"] not in json.dumps(listed)


def test_a_printed_token_stands_alone_on_standard_output(office: Terminal) -> None:
    said = office.run("token", "issue", "curator", "--actor", "admin")

    assert TOKEN.fullmatch(said.out.strip())
    assert not TOKEN.search(said.err)
    assert "revoke it: lifecycle token revoke" in said.err


def test_a_token_in_a_file_is_readable_by_its_owner_only(office: Terminal) -> None:
    said = office.run("token", "issue", "curator", "--actor", "admin", "--out", "curator.token")

    path = office.folder / "curator.token"
    assert said.out == "the token is in curator.token\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert TOKEN.fullmatch(path.read_text().strip())
    again = office.run("token", "issue", "curator", "--actor", "admin", "--out", "curator.token")
    assert again.code == 7
    assert "curator.token is there already" in again.err


def test_a_refused_issue_leaves_no_file(office: Terminal) -> None:
    said = office.run("token", "issue", "ghost", "--actor", "admin", "--out", "ghost.token")

    assert said.code == 3
    assert not (office.folder / "ghost.token").exists()
    nowhere = office.run("token", "issue", "curator", "--actor", "admin", "--out", "no/where")
    assert nowhere.code == 5
    assert "no/where cannot be written: No such file or directory" in nowhere.err


@pytest.mark.parametrize("option", ["--token-file", "--sign-with"])
def test_a_secret_is_not_waited_for_in_a_pipe(office: Terminal, option: str) -> None:
    os.mkfifo(office.folder / "pipe", 0o600)

    said = office.run(*MUNICIPAL, option, "pipe")

    assert said.code == 5
    assert f"{option} is not valid: pipe is a device or a pipe; name a file" in said.err


def test_an_expiry_without_a_time_zone_is_said_to_be_utc(office: Terminal) -> None:
    given = ("token", "issue", "curator", "--actor", "admin", "--out", "curator.token")

    said = office.run(*given, "--expires", "2099-12-31T18:00")

    assert said.err.startswith("no time zone given: taken as 2099-12-31T18:00:00.000000Z\n")
    assert "names no time zone is UTC" in " ".join(office.run("key", "add", "--help").out.split())


def test_somebody_acts_by_his_token_without_naming_himself(office: Terminal) -> None:
    office.ask(*MUNICIPAL, "--token-file", "municipal.token")

    record = office.ask("history", "krasnogorsk")["records"][-1]
    assert record["actor"] == "municipal"
    assert record["authentication"].startswith("token:")
    known = f"municipal as municipal_coordinator, known by {record['authentication']}; recorded"
    assert known in office.run("history", "krasnogorsk").out
    assert office.run("verify").code == 0


def test_the_history_tells_for_whom_somebody_stood_in(office: Terminal) -> None:
    with open_lifecycle(f"sqlite:///{office.folder}/lifecycle.db") as engine:
        stand_in = Actor("municipal", "host:portal", on_behalf_of="curator")
        engine.advance("krasnogorsk", "start_questionnaire", actor=stand_in)

    told = "municipal for curator as municipal_coordinator, known by host:portal; recorded"
    assert told in office.run("history", "krasnogorsk").out
    told = "municipal за curator, роль municipal_coordinator, опознан: host:portal; "
    assert told in office.run("history", "krasnogorsk", "--lang", "ru").out


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_token_is_read_from_standard_input(office: Terminal, ending: str) -> None:
    token = (office.folder / "municipal.token").read_text().strip()
    process = office.start(*MUNICIPAL, "--token-file", "-", "--json", stdin=-1)

    out, err = process.communicate(f"{token}{ending}", timeout=60)

    assert process.returncode == 0, err
    assert json.loads(out)["state"] == "questionnaire"
    assert token not in out + err


def test_a_token_is_asked_for_at_a_terminal_and_not_echoed(office: Terminal) -> None:
    import pty

    token = (office.folder / "municipal.token").read_text().strip()
    ours, theirs = pty.openpty()
    process = office.start(*MUNICIPAL, "--token-file", "-", stdin=theirs, start_new_session=True)
    assert process.stderr is not None
    asked = ""
    while not asked.endswith(":"):  # what is typed before it is thrown away
        asked += process.stderr.read(1)
    os.write(ours, f"{token}\n".encode())

    out, err = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)

    assert process.returncode == 0, err
    assert asked == "token:"
    assert token not in out + err


@pytest.mark.parametrize("option", ["--token-file", "--sign-with"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_secret_that_others_can_read_is_refused(office: Terminal, option: str, mode: int) -> None:
    name = "municipal.token" if option == "--token-file" else "expert.key"
    (office.folder / name).chmod(mode)

    said = office.run(*MUNICIPAL, option, name)

    assert said.code == 5
    assert f"others can read {name}; run: chmod 600 {name}" in said.err


@pytest.mark.parametrize("option", ["--token-file", "--sign-with"])
@pytest.mark.parametrize(
    ("content", "code"), [(None, 5), (b"", 0), (b"lct_0123456789_x", 0), (b"\xff\x00" * 4000, 0)]
)
def test_a_file_that_holds_no_secret_is_refused(
    office: Terminal, option: str, content: bytes | None, code: int
) -> None:
    path = office.folder / "wrong"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)

    said = office.run(*MUNICIPAL, option, "wrong")

    assert said.code == (code or (4 if option == "--token-file" else 5))
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ((), "say who does it: --actor ID, --token-file or --sign-with"),
        (("--token-file", "municipal.token", "--sign-with", "expert.key"), "not both"),
        (
            ("--actor", "curator", "--token-file", "municipal.token"),
            "--actor names curator, but this is shown by municipal",
        ),
        (
            ("--actor", "curator", "--sign-with", "expert.key"),
            "--actor names curator, but this is shown by expert",
        ),
    ],
)
def test_who_acts_is_said_once(office: Terminal, known: tuple[str, ...], told: str) -> None:
    said = office.run(*MUNICIPAL, *known)

    assert said.code == 2
    assert told in said.err
    assert (
        office.run(*MUNICIPAL, "--actor", "municipal", "--token-file", "municipal.token").code == 0
    )


def test_an_account_of_the_machine_does_not_approve(office: Terminal) -> None:
    walk(office, until="stage_1_monitoring")
    papers = ("supporting_document:low_equipment=https://school.example/1",
              "supporting_document:low_motivation=https://school.example/2")  # fmt: skip
    given = [part for paper in papers for part in ("--evidence", paper)]
    office.ask(
        "advance", "krasnogorsk", "submit_stage_1_evidence", "--actor", "coordinator", *given
    )

    said = office.run("advance", "krasnogorsk", "confirm_stage_1", "--actor", "expert", "--json")
    signed = office.ask("advance", "krasnogorsk", "confirm_stage_1", "--sign-with", "expert.key")

    assert said.code == 4
    (unmet,) = said.error["unmet"]
    assert unmet["code"] == "authentication_insufficient"
    assert unmet["parameters"]["methods"] == ["host", "token", "signed"]
    assert (unmet["who"], unmet["actors"]) == (["administrator"], ["admin"])
    assert signed["state"] == "stage_2_monitoring"
    record = office.ask("history", "krasnogorsk")["records"][-1]
    assert record["authentication"].startswith("signed:")
    assert len(record["signature"]) == 88


def test_it_is_explained_to_whoever_shows_a_token_or_a_key(office: Terminal) -> None:
    limited = office.ask("token", "issue", "municipal", "--actor", "admin", "--scope", "plan",
                         "--out", "plan.token")  # fmt: skip

    def told(*known: str) -> list[str]:
        first = office.ask("explain", "krasnogorsk", *known)["transitions"][0]
        assert first["name"] == "start_questionnaire"
        return [one["code"] for one in first["unmet"]]

    assert told("--token-file", "municipal.token") == []
    assert told("--token-file", "plan.token") == ["credential_scope"]
    assert told("--sign-with", "expert.key") == ["role_missing"] == told()
    office.ask("token", "revoke", limited["credential"], "--actor", "admin")
    assert office.run("explain", "krasnogorsk", "--token-file", "plan.token").code == 4


@pytest.mark.parametrize("lead", ["", "ssh-ed25519 ", "-----BEGIN PUBLIC KEY-----\n"])
def test_the_public_half_of_a_key_is_told_and_not_to_be_hidden(office: Terminal, lead: str) -> None:
    made = office.ask("key", "new", "--out", "mine.key")
    (office.folder / "mine.pub").write_text(f"{lead}{made['public']}\n", "ascii")
    (office.folder / "mine.pub").chmod(0o644)

    said = office.run(*MUNICIPAL, "--sign-with", "mine.pub")

    assert said.code == 5
    assert "mine.pub holds the public key" in said.err
    assert "chmod" not in said.err


def test_keys_are_made_added_listed_and_revoked(office: Terminal) -> None:
    made = office.ask("key", "new", "--out", "new.key")
    added = office.ask("key", "add", "curator", made["public"], "--actor", "admin",
                       "--scope", "plan", "--scope", "advance")  # fmt: skip
    (listed,) = office.ask("key", "list", "curator")["credentials"]
    revoked = office.ask("key", "revoke", added["credential"], "--actor", "admin")
    said = office.run(*MUNICIPAL, "--sign-with", "new.key")

    assert (office.folder / "new.key").stat().st_mode & 0o777 == 0o600
    assert listed["public"] == made["public"]
    assert listed["scopes"] == ["advance", "plan"]
    assert revoked["sequence"] == added["sequence"] + 1
    assert said.code == 4
    assert "was revoked" in said.err
    assert office.run("key", "new", "--out", "new.key").code == 7
    lines = office.run("key", "list").out
    assert "everything" in lines
    assert added["credential"] in lines


def test_lists_without_anything_are_empty(terminal: Terminal) -> None:
    terminal.ask("init", "--administrator", "admin")

    assert terminal.run("token", "list").out == ""
    assert terminal.ask("key", "list") == {"credentials": []}


def test_what_one_process_revokes_no_other_one_can_use(office: Terminal) -> None:
    (one,) = office.ask("token", "list", "municipal")["credentials"]
    rehearsed = office.process(*MUNICIPAL, "--token-file", "municipal.token", "--dry-run")
    office.process("token", "revoke", one["credential"], "--actor", "admin")

    said = office.process(*MUNICIPAL, "--token-file", "municipal.token", "--json")

    assert rehearsed.code == 0
    assert said.code == 4
    assert said.error["code"] == "LC205"


def test_planted_tokens_are_never_told(office: Terminal, tmp_path: Path) -> None:
    """Neither by logs, errors and results, nor by the database and its files."""
    office.environment |= {"LIFECYCLE_LOG": "json", "LIFECYCLE_DEBUG": "1"}
    token = (office.folder / "municipal.token").read_text().strip()
    secret = token[len("lct_0123456789_") :][:43]
    alone = office.process(*MUNICIPAL, "--token-file", "municipal.token")
    heard = io.StringIO()
    for more in ((), ("--json",), ("--dry-run",), ("--effective-on", "2099-01-01")):
        for command in (MUNICIPAL, ("advance", "nowhere", "withdraw"), ("enrol", "krasnogorsk",
                        "--roadmap", "tomari-2022", "--title", "x")):  # fmt: skip
            said = office.run(*command, "--token-file", "municipal.token", *more)
            heard.write(said.out + said.err)
    (office.folder / "half.token").write_text(token[:-1])
    (office.folder / "half.token").chmod(0o600)
    said = office.run(*MUNICIPAL, "--token-file", "half.token")
    heard.write(said.out + said.err)

    assert said.code == 4
    assert '"event": "transition_recorded"' in alone.err
    assert '"event": "transition_refused"' in heard.getvalue()
    assert secret not in alone.out + alone.err + heard.getvalue()
    for path in office.folder.rglob("*"):
        if path.is_file() and path.suffix != ".token":
            assert secret.encode() not in path.read_bytes(), path


def test_an_argument_that_is_a_token_is_not_a_way_to_act(office: Terminal) -> None:
    token = (office.folder / "municipal.token").read_text().strip()

    said = office.run(*MUNICIPAL, "--token-file", token)

    assert said.code == 5
    assert "name the file of the token, not the token" in said.err
    assert token not in said.err


@pytest.mark.parametrize("option", ["--actor", "--token-file", "--sign-with"])
def test_a_token_in_the_command_line_is_not_told_back(office: Terminal, option: str) -> None:
    token = (office.folder / "municipal.token").read_text().strip()

    said = office.run(*MUNICIPAL, option, token)

    assert said.code == 5
    assert "name the file of the token" in said.err
    assert token not in said.out + said.err


def test_whoever_found_a_token_revokes_it_by_itself(office: Terminal) -> None:
    token = (office.folder / "municipal.token").read_text().strip()

    said = office.run("token", "revoke", token, "--actor", "admin")

    assert (said.code, token in said.out + said.err) == (0, False)
    assert office.run(*MUNICIPAL, "--token-file", "municipal.token").code == 4


def test_a_token_is_not_revoked_as_a_key(office: Terminal) -> None:
    (token,) = office.ask("token", "list", "municipal")["credentials"]

    said = office.run("key", "revoke", token["credential"], "--actor", "admin")

    assert said.code == 2
    assert f"lifecycle token revoke {token['credential']}" in said.err
    assert office.ask("token", "list", "municipal")["credentials"] == [token]


@pytest.mark.parametrize("kind", ["token", "key"])
def test_credentials_of_an_unknown_actor_are_not_found(office: Terminal, kind: str) -> None:
    assert office.run(kind, "list", "nobody-1").code == 3


def test_a_token_that_nobody_types_is_an_interruption(office: Terminal) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = office.start(*MUNICIPAL, "--token-file", "-", stdin=theirs, start_new_session=True)
    assert process.stderr is not None
    asked = ""
    while not asked.endswith(":"):
        asked += process.stderr.read(1)
    os.write(ours, b"\x04")

    _, err = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)

    assert process.returncode == 130
    assert "LC004" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--token-file", "-"), "standard input has nothing left"),
        (("--actor", "municipal", "--comment", "-"), "standard input is closed"),
    ],
)
def test_a_closed_standard_input_is_told_of(
    office: Terminal, arguments: tuple[str, ...], told: str
) -> None:
    # The shell closes it: a process is never begun without one from here.
    command = shlex.join([*PROGRAM, *MUNICIPAL, *arguments])
    said = subprocess.run(["/bin/sh", "-c", f"exec {command} <&-"], cwd=office.folder, check=False,
                          env=office.variables(), capture_output=True, text=True)  # fmt: skip

    assert said.returncode == 2
    assert told in said.stderr
