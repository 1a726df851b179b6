"""The installation in figures, as the command line tells it."""

from __future__ import annotations

from tests.cli.terminal import Terminal


def test_figures_of_an_office_are_told_to_people_and_to_programs(archive: Terminal) -> None:
    archive.ask("audit", "keygen", "--out", "log.key")
    outside = archive.folder / "outside"
    outside.mkdir()
    empty = archive.ask("stats", "--from", "outside")
    signed = archive.ask("audit", "checkpoint", "--key", "log.key", "--to", "outside")
    (outside / "999999999999-00000000.checkpoint").write_text("no checkpoint\n")
    archive.ask("actor", "add", "newcomer", "--actor", "admin")

    found = archive.ask("stats", "--evidence", "--from", "outside")
    said = archive.run("stats", "--evidence", "--from", "outside")

    records = archive.ask("verify")["records"]
    assert (empty["checkpoint"], empty["outside"]) == (None, [{"folder": "outside", "size": None}])
    assert (found["records"], found["log"]["size"], found["unsigned"]) == (records, records, 1)
    assert found["checkpoint"]["size"] == signed["size"] == records - 1
    assert found["outside"] == [{"folder": "outside", "size": signed["size"]}]
    assert found["states"] == [{"roadmap": "tomari-2022", "state": "completed", "schools": 1}]
    (rules,) = found["definitions"]
    assert (rules["roadmap"], rules["schools"], len(rules["digest"])) == ("tomari-2022", 1, 64)
    stored = [one for one in archive.folder.rglob("sha256/*/*/*") if one.is_file()]
    assert found["evidence"] == {
        "files": len(stored),
        "bytes": sum(one.stat().st_size for one in stored),
    }
    assert found["bytes"] == (archive.folder / "lifecycle.db").stat().st_size
    assert said.code == 0
    assert f"records: {records}\n" in said.out
    assert "tomari-2022  completed  1\n" in said.out
    assert f"evidence files: {len(stored)}," in said.out


def test_without_anything_to_count_figures_are_told_as_well(terminal: Terminal) -> None:
    terminal.ask("init", "--administrator", "admin")
    found = terminal.ask("stats")

    assert (found["records"], found["schools"], found["states"]) == (3, 0, [])
    assert (found["evidence"], found["log"]["waited_seconds"], found["log"]["late"]) == (
        None, None, False,
    )  # fmt: skip
