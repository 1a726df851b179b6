"""A terminal for tests: the program run in this process, or as a process of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

from lifecycle.cli import main

PROGRAM = (sys.executable, "-m", "lifecycle.cli")
RISKS = json.dumps(
    [
        {"factor": "low_equipment", "significance": "high"},
        {"factor": "low_motivation", "significance": "low"},
    ]
)


@dataclass(frozen=True)
class Said:
    """What a command said.

    Args:
        code: Exit code.
        out: Standard output.
        err: Standard error.
    """

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        read: dict[str, Any] = json.loads(self.out)
        return read

    @property
    def error(self) -> dict[str, Any]:
        """The error of the JSON document; nothing else is in it."""
        (name,) = self.document
        assert name == "error"
        found: dict[str, Any] = self.document["error"]
        return found


@dataclass
class Terminal:
    """A folder in which commands are typed.

    Args:
        folder: The current folder.
        environment: Variables beside those of the tests.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        """Return the environment: that of the tests less what would change the answers."""
        foreign = ("LC_", "LANG", "LIFECYCLE_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
        return kept | {"COLUMNS": "100"} | self.environment

    def run(self, *arguments: str | Path) -> Said:
        """Run a command in this process: as fast as a call, and nothing else differs."""
        out, err = io.StringIO(), io.StringIO()
        code = self.run_on(out, err, *arguments)
        return Said(code, out.getvalue(), err.getvalue())

    def run_on(self, out: IO[str] | None, err: IO[str], *arguments: str | Path) -> int:
        """Run a command in this process on these streams, and return its exit code."""
        with (
            patch.dict(os.environ, self.variables(), clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            return main([str(one) for one in arguments])

    def ask(self, *arguments: str | Path) -> dict[str, Any]:
        """Run a command that must succeed, and return its JSON document."""
        said = self.run(*arguments, "--json")
        assert said.code == 0, said.out + said.err
        return said.document

    def start(self, *arguments: str | Path, **settings: Any) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        usual: dict[str, Any] = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": self.variables(),
        }
        return subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            cwd=self.folder,
            text=True,
            encoding="utf-8",
            **usual | settings,
        )

    def process(self, *arguments: str | Path, **settings: Any) -> Said:
        """Run a command as a process of its own."""
        process = self.start(*arguments, **settings)
        out, err = process.communicate(timeout=60)
        return Said(process.returncode, out or "", err or "")

    def paper(self, name: str, text: str = "") -> Path:
        """Return an evidence file of this folder."""
        path = self.folder / name
        path.write_text(text or f"paper {name}\n", "utf-8")
        return path


def open_office(terminal: Terminal) -> Terminal:
    """Begin a history with the school of Tomari enrolled and everybody assigned."""
    terminal.ask("init", "--administrator", "admin")
    people = {
        "municipal": ("municipal_coordinator", "--roadmap", "tomari-2022"),
        "regional": ("regional_coordinator", "--roadmap", "tomari-2022"),
        "coordinator": ("school_coordinator", "--school", "krasnogorsk"),
        "curator": ("curator", "--school", "krasnogorsk"),
        "reviewer": ("reviewer", "--school", "krasnogorsk"),
        "expert": ("expert", "--school", "krasnogorsk"),
    }
    for person in (*people, "stranger"):
        terminal.ask("actor", "add", person, "--actor", "admin")
    terminal.ask("enrol", "krasnogorsk", "--roadmap", "tomari-2022",
                 "--title", "МБОУ СОШ с. Красногорск", "--actor", "admin")  # fmt: skip
    for person, (role, *scope) in people.items():
        terminal.ask("assign", person, role, *scope, "--actor", "admin")
    for person in ("municipal", "regional", "reviewer"):
        terminal.ask("token", "issue", person, "--actor", "admin", "--out", f"{person}.token")
    public = terminal.ask("key", "new", "--out", "expert.key")["public"]
    terminal.ask("key", "add", "expert", public, "--actor", "admin")
    return terminal


def walk(terminal: Terminal, *, until: str = "completed") -> list[dict[str, Any]]:
    """Lead the school on, step by step with real files, and return every receipt."""
    receipts = []
    for transition, actor, day, *more in _STEPS:
        for kind in [one for one in more if "=" in one and not one.startswith("-")]:
            _, _, file = kind.partition("=")
            if file.endswith(".txt"):
                terminal.paper(file, f"{transition} {file}\n")
        known = ("--actor", actor)
        if transition in APPROVALS:
            known = ("--token-file", f"{actor}.token")
            known = ("--sign-with", "expert.key") if actor == "expert" else known
        receipt = terminal.ask(
            "advance", "krasnogorsk", transition, *known, "--effective-on", day, *more
        )
        receipts.append(receipt)
        if receipt["state"] == until:
            break
    return receipts


APPROVALS = (
    "accept_concept_documents", "confirm_stage_1", "waive_stage_2_expertise", "conclude",
)  # fmt: skip
_EACH = (
    "--evidence", "supporting_document:low_equipment=equipment.txt",
    "--evidence", "supporting_document:low_motivation=https://school.example/motivation",
)  # fmt: skip

_STEPS: tuple[tuple[str, ...], ...] = (
    ("start_questionnaire", "municipal", "2022-01-18"),
    ("complete_questionnaire", "coordinator", "2022-02-04",
     "--evidence", "questionnaire_completion=questionnaire.txt"),
    ("receive_risk_profile", "coordinator", "2022-02-10",
     "--evidence", "risk_profile=profile.txt", "--fact", f"risks={RISKS}"),
    ("record_visit", "curator", "2022-03-01", "--evidence", "visit_note=note.txt",
     "--fact", 'verified_risks=["low_equipment","low_motivation"]',
     "--fact", 'activated_risks=["low_equipment","low_motivation"]'),
    ("submit_concept_documents", "coordinator", "2022-03-20",
     "--evidence", "development_concept=concept.txt",
     "--evidence", "school_roadmap=roadmap.txt",
     "--evidence", "anti_risk_programme:low_equipment=plan.txt",
     "--evidence", "anti_risk_programme:low_motivation=https://school.example/plan"),
    ("return_concept_documents", "reviewer", "2022-03-25", "--reason", "incomplete_package"),
    ("submit_concept_documents", "coordinator", "2022-03-28",
     "--evidence", "development_concept=concept-2.txt",
     "--evidence", "school_roadmap=roadmap-2.txt",
     "--evidence", "anti_risk_programme:low_equipment=plan-2.txt",
     "--evidence", "anti_risk_programme:low_motivation=plan-3.txt"),
    ("accept_concept_documents", "reviewer", "2022-04-05"),
    ("submit_stage_1_evidence", "coordinator", "2022-05-20", *_EACH),
    ("confirm_stage_1", "expert", "2022-06-01"),
    ("submit_stage_2_evidence", "coordinator", "2022-09-10", *_EACH),
    ("waive_stage_2_expertise", "regional", "2022-09-20",
     "--evidence", "sample_list=ref:52-А; 2022-09-15; Отдел образования"),
    ("conclude", "municipal", "2022-12-01", "--evidence", "indicator_analysis=analysis.txt",
     "--fact", "outcome=positive_dynamics"),
)  # fmt: skip
