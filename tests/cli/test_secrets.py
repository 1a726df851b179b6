"""Secrets planted wherever a command takes one, and looked for in all that operators read."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from lifecycle import events
from tests.cli.terminal import Terminal
from tests.server import Server
from tests.tracing import told, traced

NAME, PHONE = "Тайнова Секретина", "+7 909 555-01-02"
COMMENT = f"звонить {NAME} {PHONE}"
FILE = "Тайнова-справка.txt"
LINK = "https://school.example/Tainova"
PASSWORD = "geheimnis4711"  # noqa: S105 - planted to be looked for
SECRETS = (
    "Тайнова",
    "tainova",
    "Секретина",
    "555-01-02",
    "Tainova",
    PASSWORD,
    "PRIVATE+KEY",
    "lct_",
)


@pytest.fixture(params=["json", "console"])
def watched(archive: Terminal, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """An office at the end of its way, whose operator reads events in one of the two styles."""
    logger = logging.getLogger("lifecycle")
    handlers, level = list(logger.handlers), logger.level
    archive.environment["LIFECYCLE_LOG"] = request.param
    archive.environment["LIFECYCLE_DEBUG"] = "1"
    yield archive
    logger.handlers, logger.level = handlers, level


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What the host's tracing is told."""
    with traced() as exporter:
        yield exporter


def plant(office: Terminal) -> Iterator[tuple[str | Path, ...]]:
    """Yield commands that take what nobody else may read; some fail on purpose."""
    paper = office.paper(FILE, f"{NAME} {PHONE}")
    folder = office.folder / "Тайнова"
    folder.mkdir()
    (folder / "lines.csv").write_text(
        "school,transition,comment,actor\n"
        f"krasnogorsk,withdraw,{COMMENT},curator\n"
        f"{NAME},withdraw,,curator\n"
        f"second,{NAME},,municipal\n",
        "utf-8",
    )
    (folder / "sound.csv").write_text(
        "school,transition,comment,actor\n"
        f"krasnogorsk,withdraw,{COMMENT},curator\n"
        f"tainova,withdraw,{COMMENT},curator\n",
        "utf-8",
    )
    token = (office.folder / "regional.token").read_text().strip()
    (office.folder / "half.token").write_text(token[:-1])
    (office.folder / "half.token").chmod(0o600)
    second = ("second", "--roadmap", "tomari-2022", "--title", NAME)
    yield "actor", "add", "newcomer", "--name", NAME, "--actor", "admin"
    yield "person", "name", "newcomer", f"{NAME} {PHONE}", "--actor", "admin"
    yield "enrol", *second, "--actor", "admin"
    yield "enrol", *second, "--actor", "admin"
    yield "enrol", NAME, "--roadmap", "tomari-2022", "--title", NAME, "--actor", "admin"
    yield "assign", "newcomer", "school_coordinator", "--school", "second", "--actor", "admin"
    yield ("advance", "second", "start_questionnaire", "--token-file", "municipal.token",
           "--comment", COMMENT)  # fmt: skip
    yield ("advance", "second", "complete_questionnaire", "--actor", "newcomer",
           "--evidence", f"questionnaire_completion={paper}")  # fmt: skip
    yield ("advance", "second", "receive_risk_profile", "--actor", "newcomer",
           "--evidence", f"risk_profile={LINK}", "--fact", f'risks=["{NAME}"]')  # fmt: skip
    yield "advance", "second", "conclude", "--actor", NAME, "--comment", COMMENT
    yield "advance", "second", "conclude", "--actor", "newcomer", "--comment", COMMENT
    yield "advance", "second", NAME, "--actor", "newcomer"
    yield ("advance", "second", "withdraw", "--actor", "newcomer", "--reason", NAME,
           "--evidence", f"order={folder}")  # fmt: skip
    yield "advance", "second", "withdraw", "--token-file", "half.token"
    yield "advance", NAME, "withdraw", "--sign-with", "expert.key"
    yield "advance", "--batch", folder / "lines.csv"
    yield "advance", "--batch", folder / "sound.csv"
    yield ("activity", "begin", "tomari-2022", "1.2", "--actor", "municipal",
           "--comment", COMMENT)  # fmt: skip
    yield ("activity", "done", "tomari-2022", "1.2", "--actor", "municipal",
           "--evidence", f"activity_result={paper}", "--comment", COMMENT)  # fmt: skip
    yield "token", "issue", "newcomer", "--actor", "admin", "--out", "новый.token"
    yield "audit", "keygen", "--out", "log.key"
    (folder / "checkpoints").mkdir()
    yield "audit", "checkpoint", "--key", "log.key", "--to", folder / "checkpoints"
    yield "audit", "seal"
    yield "audit", "bundle", "--out", folder / "Тайнова.zip", "--evidence"
    yield ("verify",)
    yield ("person", "erase", "newcomer", "--ground", "consent_withdrawn",
           "--act", "12/2026", "--actor", "admin")  # fmt: skip
    yield "stats", "--evidence"
    yield "status", "--db", f"postgresql://office:{PASSWORD}@127.0.0.1:1/none"
    yield "status", "--db", f"postgresql://127.0.0.1:1/none?password={PASSWORD}&user=office"


def operators_lines(err: str, style: str) -> str:
    """Return the lines of standard error that are events; the rest is for whoever typed."""
    if style == "json":
        return "\n".join(one for one in err.splitlines() if one.startswith("{"))
    names = {one.name for one in events.ALL}
    return "\n".join(one for one in err.splitlines() if names & set(one.split()))


def test_nothing_planted_is_in_any_event_or_span(
    watched: Terminal, spans: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "lifecycle")
    style = watched.environment["LIFECYCLE_LOG"]
    heard, codes = [], set()
    for command in plant(watched):
        said = watched.run(*command)
        codes.add(said.code)
        heard.append(operators_lines(said.err, style))
        # What somebody typed may be told back to him, but never what lets others act.
        for secret in SECRETS if said.code == 0 else (PASSWORD, "PRIVATE+KEY", "lct_"):
            assert secret not in said.err, command
    lines = "\n".join(heard)
    attributes = [repr(vars(one)) for one in caplog.records if one.name.startswith("lifecycle")]

    assert codes >= {0, 3, 4, 5, 8}
    for name in ("transition_recorded", "evidence_stored", "transition_refused", "batch_committed",
                 "batch_line_failed", "authentication_failed", "checkpoint_signed", "person_named",
                 "bundle_written", "verified", "erased"):  # fmt: skip
        assert name in lines, name
    for text in (lines, "\n".join(attributes), told(spans)):
        assert text
        for secret in SECRETS:
            assert secret not in text
            assert secret not in text.encode().decode("unicode_escape", "replace")
    if style == "json":
        assert {"event", "level", "timestamp"} <= json.loads(heard[0].splitlines()[0]).keys()


@pytest.mark.parametrize("written", ["/ge:geheim?geheim#", "%40geheim"])
def test_no_command_shows_a_password_in_an_address(
    terminal: Terminal, server: Server, written: str
) -> None:
    with server.database() as url:
        address = url.replace("postgres@", f"postgres:{written}@")
        where = ("--db", address, "--evidence-dir", "e")
        told = [
            terminal.run("status", *where),
            terminal.run("init", "--administrator", "admin", *where),
            terminal.run("init", "--administrator", "admin", *where, "--json"),
            terminal.run("db", "doctor", *where, "--json"),
            terminal.run("db", "backup", "--to", "a.backup", "--programs", ".", *where),
            terminal.run("db", "restore", "--from", "none", *where),
        ]
    told += [
        terminal.run(*command, "--db", f"postgresql://office:{written}@{rest}", *flags)
        for rest in ("127.0.0.1:1/none", "a@127.0.0.1:1/none", "127.0.0.1:1/none?password=geheim")
        for command in (("status",), ("db", "doctor"), ("db", "grant"))
        for flags in ((), ("--json",))
    ]

    assert [one.code for one in told[:4]] == [8, 0, 8, 0]
    assert {one.code for one in told[4:]} <= {5, 8}
    assert "geheim" not in "".join(one.out + one.err for one in told)


def test_without_the_variable_nothing_is_told(office: Terminal) -> None:
    said = office.process(
        *("advance", "krasnogorsk", "start_questionnaire", "--token-file", "municipal.token"),
        *("--effective-on", "2022-01-18"),
    )

    assert (said.code, said.err) == (0, "")


def test_with_it_the_result_stays_alone_on_standard_output(office: Terminal) -> None:
    office.environment["LIFECYCLE_LOG"] = "json"
    said = office.process(
        *("advance", "krasnogorsk", "start_questionnaire", "--token-file", "municipal.token"),
        *("--effective-on", "2022-01-18", "--json"),
    )

    assert said.document["state"] == "questionnaire"
    told_of = [json.loads(one)["event"] for one in said.err.splitlines()]
    assert told_of == ["opened", "transition_recorded"]
