"""What no answer may take the place of."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal


@pytest.mark.parametrize(
    "out",
    [
        "lifecycle.db",
        "lifecycle.db-journal",
        "./away/../lifecycle.db",
        "linked.db",
        "hard.db",
        "lifecycle.db.evidence/ab",
        "log.key",
    ],
)
def test_nothing_is_written_over_the_history_or_what_the_command_reads(
    office: Terminal, out: str
) -> None:
    folder = office.folder
    (folder / "away").mkdir()
    (folder / "log.key").write_text("secret", "utf-8")
    (folder / "linked.db").symlink_to(folder / "lifecycle.db")
    (folder / "hard.db").hardlink_to(folder / "lifecycle.db")
    before = (folder / "lifecycle.db").read_bytes()

    said = office.run(
        "audit", "bundle", "--key", "log.key", "--out", out, "--force"
    )  # fmt: skip

    assert said.code == 5
    assert "is of the history, or is read by this command; name another file" in said.err
    assert (folder / "lifecycle.db").read_bytes() == before
    assert (folder / "log.key").read_text("utf-8") == "secret"
    assert not (folder / "lifecycle.db-journal").exists()


def test_a_file_that_only_bears_the_name_of_a_school_is_written_over(office: Terminal) -> None:
    for name in ("krasnogorsk", "xes", "en"):
        office.paper(name, "mine")
        said = office.run("audit", "export", "xes", "--out", name, "--lang", "en", "--force")
        assert said.code == 0, name
        assert (office.folder / name).read_bytes() != b"mine"
