"""The way in at the command line: a draft in a file, a report row by row, one message if not."""

import os
from pathlib import Path

from tests.cli.terminal import Terminal

SEED = Path(__file__).resolve().parents[1] / "seeds" / "003_55a563c930b5f9d0.txt"


def test_an_order_becomes_a_draft_and_a_report_row_by_row(terminal: Terminal) -> None:
    said = terminal.run(
        "roadmap", "import", SEED, "--year", "2022", "--id", "k-2022", "--out", "draft.yaml",
        "--json",
    )  # fmt: skip

    assert said.code == 0
    rows = said.document["rows"]
    assert [set(row) for row in rows] == [{"key", "verdict", "reasons", "source"}] * 24
    assert rows[12] == {
        "key": "unnumbered-1",
        "verdict": "doubtful",
        "reasons": [
            "its number is missing",
            "its cells stand 1 column(s) off; they were put back by the date",
        ],
        "source": "line 55",
    }
    assert said.document["counts"] == {"recognised": 13, "doubtful": 11, "not_recognised": 0}
    assert (said.document["id"], said.document["problems"]) == ("k-2022", [])
    assert terminal.run("roadmap", "check", "draft.yaml").code == 0
    assert said.err.splitlines() == [
        "draft.yaml: activities 24; recognised 13, doubtful 11, not recognised 0",
        "look the draft through, then run: lifecycle roadmap check draft.yaml",
    ]


def test_the_report_for_people_names_row_verdict_place_and_reason(terminal: Terminal) -> None:
    said = terminal.run(
        "roadmap", "import", SEED, "--year", "2022", "--out", "draft.yaml", "--lang", "ru"
    )

    lines = said.out.splitlines()
    assert lines[0].split() == ["строка", "вывод", "где", "почему"]
    assert lines[1].split() == ["1", "распознано", "строка", "41"]
    assert lines[13].split("  ")[:2] == ["unnumbered-1", "сомнение"]
    assert "номер утрачен; ячейки сдвинуты (столбцов: 1)" in lines[13]


def test_what_is_left_to_mend_in_the_draft_is_told(terminal: Terminal) -> None:
    table = "Дорожная карта на 2024 год\n№\tМероприятие\tСроки\n1\tОпрос\tмарт\n"
    (terminal.folder / "plan.txt").write_text(table, "utf-8")

    said = terminal.run("roadmap", "import", "plan.txt", "--out", "draft.yaml", "--json")

    assert said.code == 0
    assert [one["code"] for one in said.document["problems"]] == ["LD113", "LD113"]
    assert said.document["notes"] == [
        "dates without a year were not read: the heading names 2024, say --year 2024"
    ]
    assert said.document["rows"][0]["verdict"] == "not_recognised"


def test_a_file_that_is_there_is_not_written_over_unasked(terminal: Terminal) -> None:
    (terminal.folder / "draft.yaml").write_text("mine", "utf-8")
    command = ("roadmap", "import", SEED, "--year", "2022", "--out", "draft.yaml")

    assert terminal.run(*command).code == 7
    assert (terminal.folder / "draft.yaml").read_text("utf-8") == "mine"
    assert terminal.run(*command, "--force").code == 0


def test_a_bad_file_ends_with_one_message_and_leaves_no_draft(terminal: Terminal) -> None:
    (terminal.folder / "plan.docx").write_bytes(b"")

    said = terminal.run("roadmap", "import", "plan.docx", "--out", "draft.yaml", "--json")

    assert said.code == 5
    assert (said.error["code"], said.error["message"]) == (
        "LC320",
        "plan.docx cannot be imported: the file is empty",
    )
    assert not (terminal.folder / "draft.yaml").exists()


READ = " is of the history, or is read by this command; name another file"


def test_the_document_itself_and_a_pipe_are_never_written_over(terminal: Terminal) -> None:
    order, pipe = terminal.folder / "order.txt", terminal.folder / "pipe"
    order.write_bytes(SEED.read_bytes())
    (terminal.folder / "link.txt").symlink_to(order)
    os.mkfifo(pipe)
    command = ("roadmap", "import", "order.txt", "--year", "2022", "--force", "--json", "--out")

    told = [terminal.run(*command, out) for out in ("order.txt", "link.txt", "pipe")]

    assert [(said.code, said.error["code"]) for said in told] == [(5, "LC300")] * 3
    assert [said.error["message"] for said in told] == [
        "--out is not valid: order.txt" + READ,
        "--out is not valid: link.txt" + READ,
        "--out is not valid: pipe is a device or a pipe; name a file",
    ]
    assert order.read_bytes() == SEED.read_bytes()
    assert pipe.is_fifo()
