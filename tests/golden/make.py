"""Makes the golden corpus of a format, once, when the format is released.

    python -m tests.golden.make tests/golden/format-1

An office with tokens, signed commands, comments, personal files, a plan, and an erasure, led
through the whole programme by the program itself; two signed checkpoints; a bundle of the whole
and one of the school. Never made again for a format that was released: every later build has to
find it sound bit for bit. The private keys and tokens are thrown away.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from tests.audit.bundles import told
from tests.cli.terminal import Terminal, open_office, walk

KEPT = (
    "lifecycle.db",
    "whole.zip",
    "school.zip",
    "first.checkpoint",
    "latest.checkpoint",
    "log.vkey",
)


def make(target: Path) -> None:
    """Write the corpus into *target*, which must not exist."""
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        office = open_office(Terminal(Path(folder)))
        office.paper("log.vkey", office.ask("audit", "keygen", "--out", "log.key")["key"] + "\n")
        office.paper("first.checkpoint", signed(office))
        walk(office)
        _more(office)
        office.paper("latest.checkpoint", signed(office))
        office.ask("audit", "bundle", "--out", "whole.zip", "--key", "log.vkey", "--evidence")
        office.ask("audit", "bundle", "--out", "school.zip", "--school", "krasnogorsk")
        for name in KEPT:
            shutil.copy(office.folder / name, target)
        shutil.copytree(office.folder / "lifecycle.db.evidence", target / "lifecycle.db.evidence")
    key = (target / "log.vkey").read_text("utf-8").strip()
    code, verdict = told(target / "whole.zip", key=key)
    assert code == 0, verdict
    expected = {name: verdict[name] for name in ("origin", "size", "root", "schools")}
    (target / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", "utf-8")


def signed(office: Terminal) -> str:
    """Sign a checkpoint and return its text."""
    return str(office.ask("audit", "checkpoint", "--key", "log.key")["note"])


def _more(office: Terminal) -> None:
    """Let one of everything happen that a record can tell."""
    admin = ("--actor", "admin")
    office.ask("enrol", "second", "--roadmap", "tomari-2022", "--title", "Школа № 2", *admin)
    for who, role in (("curator", "curator"), ("coordinator", "school_coordinator")):
        office.ask("assign", who, role, "--school", "second", *admin)
    office.ask("advance", "second", "start_questionnaire", "--actor", "municipal",
               "--comment", "начато вместе со всеми")  # fmt: skip
    office.ask("assign", "stranger", "expert", "--school", "second", *admin)
    office.ask("revoke", "stranger", "expert", "--school", "second", *admin)
    office.paper("result.txt", "Проведено.\n")
    office.ask("activity", "begin", "tomari-2022", "1.2", "--actor", "municipal")
    office.ask("activity", "done", "tomari-2022", "1.2", "--actor", "municipal",
               "--evidence", "activity_result=result.txt")  # fmt: skip
    issued = office.ask("token", "issue", "curator", *admin, "--out", "curator.token")
    office.ask("token", "revoke", issued["credential"], *admin)
    office.ask(
        "person", "erase", "reviewer", "--ground", "person_request", "--act", "7/2026", *admin
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
