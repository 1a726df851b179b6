"""Options that every command takes: before its name, after it, and from the environment."""

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

OTHER = "sqlite:///other.db"


def test_common_options_stand_before_or_after_the_command(office: Terminal) -> None:
    after = office.run("status", "--json", "--lang", "ru")
    before = office.run("--json", "--lang", "ru", "status")

    assert before == after
    assert before.document["schools"][0]["school"] == "krasnogorsk"


def test_common_options_stand_between_a_group_and_its_command(terminal: Terminal) -> None:
    assert terminal.run("roadmap", "--json", "list") == terminal.run("roadmap", "list", "--json")


def test_the_option_after_the_command_wins(office: Terminal) -> None:
    office.ask("init", "--administrator", "other", "--db", OTHER)

    assert office.ask("--db", "sqlite:///nothing.db", "status", "--db", OTHER) == {"schools": []}
    said = office.run("--lang", "en", "explain", "nothing", "--lang", "ru")
    assert "nothing" in said.err
    assert said.err != office.run("explain", "nothing").err


def test_the_address_of_the_database_comes_from_the_environment(terminal: Terminal) -> None:
    terminal.environment["LIFECYCLE_DATABASE_URL"] = OTHER
    terminal.ask("init", "--administrator", "admin")

    assert (terminal.folder / "other.db").is_file()
    assert terminal.run("status", "--db", "sqlite:///lifecycle.db").code == 8


def test_the_evidence_folder_can_be_another(office: Terminal) -> None:
    papers = office.folder / "papers"
    office.ask(
        "advance", "krasnogorsk", "withdraw", "--actor", "regional", "--reason", "school_closed",
        "--evidence", f"order={office.paper('order.pdf')}", "--evidence-dir", papers,
    )  # fmt: skip

    assert len([path for path in papers.rglob("*") if path.is_file()]) == 1
    assert office.run("verify").code == 6
    assert office.run("verify", "--evidence-dir", papers).code == 0
    office.environment["LIFECYCLE_EVIDENCE"] = str(papers)
    assert office.run("verify").code == 0


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    """A folder with one more road map."""
    shipped = Path(__file__).parents[2] / "workflows" / "roadmaps" / "tomari-2022.yaml"
    folder = tmp_path / "plans"
    folder.mkdir()
    text = shipped.read_text("utf-8").replace("id: tomari-2022\n", "id: another-2022\n", 1)
    (folder / "another.yaml").write_text(text, "utf-8")
    return folder


def test_further_road_maps_come_from_folders(office: Terminal, plans: Path) -> None:
    shown = office.ask("roadmap", "show", "another-2022", "--definitions", plans)

    assert shown["id"] == "another-2022"
    assert shown["activities"][0]["source"]["document"] == "002_44903cfe29e69c1e.txt"
    assert office.run("roadmap", "show", "another-2022").code == 3
    office.environment["LIFECYCLE_DEFINITIONS"] = str(plans)
    office.ask("enrol", "school-2", "--roadmap", "another-2022", "--title", "2", "--actor", "admin")
    assert office.ask("status", "school-2")["schools"][0]["roadmap"] == "another-2022"


def test_one_broken_road_map_does_not_hide_the_others(office: Terminal, plans: Path) -> None:
    (plans / "broken.yaml").write_text("format: 1\nid: broken\nprogramme: 500plus\n", "utf-8")
    said = office.run("roadmap", "list", "--definitions", plans, "--json")

    assert "broken.yaml" in terminal_lines(office, plans)
    names = [one["id"] for one in said.document["roadmaps"]]
    assert {"another-2022", "tomari-2022"} <= set(names)
    assert "broken" not in names
    assert "broken.yaml" in said.err


def terminal_lines(office: Terminal, plans: Path) -> str:
    said = office.run("roadmap", "list", "--definitions", plans)
    assert said.out.startswith("road map")
    assert "another-2022" in said.out
    return said.err


def test_events_for_operators_are_written_when_asked_for(office: Terminal) -> None:
    office.environment["LIFECYCLE_LOG"] = "json"
    said = office.run(
        "assign", "stranger", "expert", "--roadmap", "tomari-2022", "--actor", "admin"
    )
    office.environment["LIFECYCLE_LOG"] = "loud"
    wrong = office.run("status")

    assert '"event": "record_appended"' in said.err
    assert "expert" in said.out
    assert wrong.code == 5
    assert wrong.err.startswith("error LC300: LIFECYCLE_LOG is not valid: loud is neither")
