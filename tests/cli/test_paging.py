"""history, a page at a time and as a stream: always one document, and all of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from lifecycle import Actor, open_lifecycle
from lifecycle.cli.pages import AT_ONCE
from tests.cli.terminal import Terminal


def test_pages_follow_one_another_until_nothing_is_left(archive: Terminal) -> None:
    whole = archive.ask("history", "krasnogorsk")
    found, after, pages = [], "0", 0
    while True:
        page = archive.ask("history", "krasnogorsk", "--limit", "4", "--after", after)
        found += page["records"]
        pages += 1
        if page["next"] is None:
            break
        assert page["next"] == page["records"][-1]["sequence"]
        after = str(page["next"])

    assert found == whole["records"]
    assert whole["next"] is None
    assert pages == -(-len(found) // 4) > 2


def test_a_page_that_ends_with_the_history_is_the_last(archive: Terminal) -> None:
    count = len(archive.ask("history", "krasnogorsk")["records"])
    exact = archive.ask("history", "krasnogorsk", "--limit", str(count))
    behind = archive.ask("history", "krasnogorsk", "--after", str(count))

    assert (len(exact["records"]), exact["next"]) == (count, None)
    assert behind == {"records": [], "next": None}


def test_people_are_told_where_it_goes_on(archive: Terminal) -> None:
    said = archive.run("history", "krasnogorsk", "--limit", "2")
    last = archive.run("history", "--installation", "--after", "2")

    assert said.err == "there are more records: --after 2\n"
    assert said.out.startswith("   1  ")
    assert "\n   3  " not in said.out
    assert last.out.startswith("   3  ")
    assert last.err == ""


def test_a_long_document_is_written_as_any_other(archive: Terminal) -> None:
    said = archive.run("history", "krasnogorsk", "--json")
    empty = archive.run("history", "krasnogorsk", "--json", "--after", "99")

    assert said.out == json.dumps(said.document, ensure_ascii=False, indent=2) + "\n"
    assert empty.out == json.dumps(empty.document, ensure_ascii=False, indent=2) + "\n"


def test_a_record_that_cannot_be_read_leaves_no_half_document(archive: Terminal) -> None:
    """The last of them: all before it could have been written already."""
    with closing(sqlite3.connect(archive.folder / "lifecycle.db")) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            database.execute(f"DROP TRIGGER {name}")
        stream = "stream = 'participation/krasnogorsk'"
        database.execute(
            f"UPDATE lifecycle_records SET body = x'00' WHERE {stream} AND sequence ="  # noqa: S608
            f" (SELECT max(sequence) FROM lifecycle_records WHERE {stream})"
        )
    said = archive.run("history", "krasnogorsk", "--json")
    words = archive.run("history", "krasnogorsk")
    before = archive.ask("history", "krasnogorsk", "--limit", "3")

    assert (said.code, said.error["code"]) == (8, "LC502")
    assert (words.code, words.out) == (8, "")
    assert before["next"] == 3


def test_more_records_than_are_opened_at_once_are_all_shown(archive: Terminal) -> None:
    with open_lifecycle(f"sqlite:///{archive.folder / 'lifecycle.db'}") as engine:
        chief = Actor("admin", "host:test")
        for number in range(AT_ONCE):
            engine.add_actor(f"many-{number}", actor=chief)
    found = archive.ask("history", "--installation")["records"]

    assert len(found) > AT_ONCE
    assert [one["sequence"] for one in found] == list(range(1, len(found) + 1))
