"""What no answer may take the place of."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from lifecycle.cli.forms import WRITTEN
from lifecycle.cli.program import program
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


def written(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every command with each of its parameters that say where to write, last."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from written(below, (*words, name))
        return
    for one in command.params:
        if one.name in WRITTEN:
            needed = []
            for other in command.params:
                if other.required and other is not one:
                    kind = other.type
                    value = kind.choices[0] if isinstance(kind, click.Choice) else "x"
                    option = [other.opts[0]] if isinstance(other, click.Option) else []
                    needed += [*option, value]
            yield (*words, *needed, *([one.opts[0]] if isinstance(one, click.Option) else []))


@pytest.mark.parametrize("words", list(written(program)), ids=" ".join)
def test_no_command_writes_where_the_database_keeps_its_files(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    folder = terminal.folder
    (folder / "real").mkdir()
    (folder / "link.db").symlink_to("real/a.db")
    (folder / "lifecycle.db").symlink_to("link.db")
    (folder / "linked.db").symlink_to("real/a.db-shm")
    before = sorted(folder.rglob("*"))

    for place in ["lifecycle.db", "linked.db", "real/a.db-journal", "real/a.db.evidence"]:
        said = terminal.run(*words, place)

        assert (said.code, "is of the history, or is read by" in said.err) == (5, True), place
    assert sorted(folder.rglob("*")) == before


def test_a_file_that_only_bears_the_name_of_a_school_is_written_over(office: Terminal) -> None:
    for name in ("krasnogorsk", "xes", "en"):
        office.paper(name, "mine")
        said = office.run("audit", "export", "xes", "--out", name, "--lang", "en", "--force")
        assert said.code == 0, name
        assert (office.folder / name).read_bytes() != b"mine"


def test_a_loop_of_links_is_told_as_what_it_is(office: Terminal) -> None:
    (office.folder / "one").symlink_to("other")
    (office.folder / "other").symlink_to("one")

    said = office.run("audit", "report", "--out", "one")

    assert (said.code, "LC400" in said.err) == (7, True), said.err
