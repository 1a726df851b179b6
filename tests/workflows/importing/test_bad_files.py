"""Files that cannot be imported: one clear message each, and never anything else."""

import copy
import io
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
import typst
import xlsxwriter

from lifecycle.domain.errors import InvalidIdentifier, InvalidInput
from lifecycle.workflows.importing import limits
from lifecycle.workflows.importing.faults import LibraryMissing, NoRoadmapTable, UnreadableFile
from lifecycle.workflows.importing.roadmap import import_roadmap
from tests.workflows.importing.offices import opendocument

FILES = Path(__file__).parent / "files"
HEADING = "№\tМероприятие\tСроки\n"


def refusal(path: Path) -> str:
    """Import the file, which must be refused, and return message and remedy."""
    with pytest.raises(InvalidInput) as caught:
        import_roadmap(path)
    assert isinstance(caught.value, UnreadableFile | NoRoadmapTable)
    return f"{str(caught.value).replace(str(path), 'FILE')}; {caught.value.remedy}"


def word(rows: int = 1) -> bytes:
    document = docx.Document()
    table = document.add_table(2, 3)
    for row, texts in zip(
        table.rows, (("№", "Мероприятие", "Сроки"), ("1", "Опрос", "март")), strict=True
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    last = table.rows[-1]._tr
    for _ in range(rows - 1):
        last.addnext(copy.deepcopy(last))
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


def archive(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return packed.getvalue()


def picture() -> bytes:
    """Return a PNG of one grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00\x80"))
            + chunk(b"IEND", b""))  # fmt: skip


def scan(tmp_path: Path) -> bytes:
    (tmp_path / "page.png").write_bytes(picture())
    (tmp_path / "scan.typ").write_text('#image("page.png", width: 100%)', "utf-8")
    return typst.compile(str(tmp_path / "scan.typ"))


def workbook(cells: dict[tuple[int, int], str]) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet = book.add_worksheet()
        for (row, column), text in cells.items():
            sheet.write(row, column, text)
    return packed.getvalue()


def liar() -> bytes:
    """Return a document whose directory says that a member is ten bytes long."""
    data = bytearray(word())
    name = b"word/document.xml"
    for place, offset in ((data.find(name), 8), (data.rfind(name), 22)):
        struct.pack_into("<I", data, place - offset, 10)
    return bytes(data)


def word_of(body: bytes) -> bytes:
    """Return a document with this body."""
    head, tail = b"<w:body>", b"</w:body>"
    with zipfile.ZipFile(io.BytesIO(word())) as made:
        members = {name: made.read(name) for name in made.namelist()}
    whole = members["word/document.xml"]
    start, end = whole.index(head) + len(head), whole.index(tail)
    return archive({**members, "word/document.xml": whole[:start] + body + whole[end:]})


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BOMB = "FILE cannot be imported: unpacked it is far larger than any road map"
ANEW = "save the document anew in an office program"
AS_WORD = "open it in an office program and save it as .docx"
DAMAGED = f"FILE cannot be imported: the file is damaged; {ANEW}"
GIVE = "give the file as .docx, .xlsx, .pdf with text, .txt or .md"
PROTECTED = (
    "FILE cannot be imported: it is protected with a password;"
    " open it with the password and save it without one"
)
SHEETS = "give the sheet or the pages with the road map only"
MANY = f"FILE cannot be imported: its tables have more than 2000 rows; {SHEETS}"
COLUMNS = (
    "the table needs a row of headings with the activity («Мероприятия», «Содержание», «Задачи»)"
    " and its date («Сроки», «Дата реализации»)"
)

BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty": ("plan.docx", lambda: b"", f"FILE cannot be imported: the file is empty; {GIVE}"),
    "blank": ("plan.txt", lambda: b" \n ", f"FILE cannot be imported: the file is empty; {GIVE}"),
    "docx named xlsx": (
        "plan.xlsx", word,
        "FILE cannot be imported: its name ends in .xlsx, but it is a file of kind docx;"
        " name it .docx",
    ),
    "text named docx": (
        "plan.docx", HEADING.encode,
        "FILE cannot be imported: its name ends in .docx, but it is a file of kind text;"
        " name it .txt",
    ),
    "text of no kind": (
        "plan.log", HEADING.encode,
        f"FILE cannot be imported: files named .log are not read; {GIVE}",
    ),
    "old Word": (
        "plan.doc", lambda: OLE + "WordDocument".encode("utf-16-le"),
        f"FILE cannot be imported: documents of this kind are not read: .doc; {AS_WORD}",
    ),
    "rich text": (
        "plan.rtf", lambda: b"{\\rtf1 plan}",
        f"FILE cannot be imported: documents of this kind are not read: .rtf; {AS_WORD}",
    ),
    "text of OpenDocument": (
        "plan.odt",
        lambda: archive({"mimetype": b"application/vnd.oasis.opendocument.text",
                         "content.xml": b""}),
        f"FILE cannot be imported: documents of this kind are not read: .odt; {AS_WORD}",
    ),
    "archive": (
        "plan.zip", lambda: archive({"plan.docx": b"1"}),
        f"FILE cannot be imported: it is an archive, not a document; {GIVE}",
    ),
    "bytes": (
        "plan.txt", lambda: bytes(range(256)),
        f"FILE cannot be imported: it is of no known kind; {GIVE}",
    ),
    "half a docx": ("plan.docx", lambda: word()[:5000], DAMAGED),
    "docx of nothing": (
        "plan.docx", lambda: archive({"word/document.xml": b"<a/>"}),
        f"FILE cannot be imported: the file is damaged; {GIVE}",
    ),
    "docx not XML": (
        "plan.docx",
        lambda: archive({**members(word()), "word/document.xml": b"<w:document"}),
        f"FILE cannot be imported: the file is damaged; {GIVE}",
    ),
    "a size that lies": ("plan.docx", liar, DAMAGED),
    "bomb in docx": (
        "plan.docx", lambda: archive({**members(word()), "word/media/a.xml": bytes(10**8)}),
        f"{BOMB}; {ANEW}",
    ),
    "bomb of tags": (
        "plan.docx",
        lambda: word_of(f"<!--{os.urandom(60_000).hex()}-->".encode() + b"<w:p/>" * 1_500_000),
        f"{BOMB}; {ANEW}",
    ),
    "bomb in xlsx": (
        "plan.xlsx",
        lambda: archive({"xl/workbook.xml": b"<a/>", "xl/sharedStrings.xml": bytes(10**8)}),
        f"{BOMB}; {ANEW}",
    ),
    "bomb of many": (
        "plan.docx",
        lambda: archive({"word/document.xml": b"", **{f"{n}": b"" for n in range(1000)}}),
        f"{BOMB}; {ANEW}",
    ),
    "bomb of noise": (
        "plan.docx",
        lambda: archive({
            "word/document.xml": b"",
            **{f"{n}": os.urandom(10**4) * 400 for n in range(20)},
        }),
        f"{BOMB}; {ANEW}",
    ),
    "docx of 10,000 rows": ("plan.docx", lambda: word(10_000), MANY),
    "xlsx of 10,000 rows": (
        "plan.xlsx",
        lambda: workbook({(n, 0): "1" for n in range(10_000)}),
        MANY,
    ),
    "text of 10,000 rows": (
        "plan.txt", lambda: (HEADING + "1\tОпрос\tмарт\n" * 10_000).encode(), MANY,
    ),
    "a cell far away": (
        "plan.xlsx",
        lambda: workbook({(0, 0): "1", (1_048_575, 16_383): "1"}),
        "FILE cannot be imported: its cells are spread over 1048576 rows and 16384 columns;"
        f" {GIVE}",
    ),
    "a cell repeated": (
        "plan.ods",
        lambda: opendocument(
            '<table:table-row table:number-rows-repeated="1048576"><table:table-cell'
            ' office:value-type="string" table:number-columns-repeated="16384"><text:p>1</text:p>'
            "</table:table-cell></table:table-row>"
        ),
        "FILE cannot be imported: its cells are spread over 1048576 rows and 16384 columns;"
        f" {GIVE}",
    ),
    "xls not a workbook": (
        "plan.xls", lambda: OLE + "Workbook".encode("utf-16-le") + bytes(2000),
        "FILE cannot be imported: the file is damaged; " + GIVE,
    ),
    "ods with a password": (
        "plan.ods", lambda: opendocument("", "<manifest:encryption-data/>"), PROTECTED,
    ),
    "pdf of nothing": (
        "plan.pdf", lambda: b"%PDF-1.7\nnothing",
        f"FILE cannot be imported: the file is damaged; {GIVE}",
    ),
    "pdf of many pages": (
        "plan.pdf", lambda: typst.compile(b"#for n in range(101) [text #pagebreak()]"),
        "FILE cannot be imported: it has more than 100 pages;"
        " give the pages with the road map only",
    ),
    "pdf without a table": (
        "plan.pdf", lambda: typst.compile("Приказ".encode()),
        f"there is no road map in FILE: it has no table; {COLUMNS}",
    ),
    "text in KOI8": (
        "plan.txt", lambda: "Мероприятие\tСроки\nОпрос участников\tмарт".encode("koi8-r"),
        "FILE cannot be imported: the text is neither UTF-8 nor Windows-1251;"
        " save it as text in UTF-8",
    ),
    "no table": (
        "plan.md", "Приказ\nоб утверждении дорожной карты".encode,
        f"there is no road map in FILE: it has no table; {COLUMNS}",
    ),
    "another table": (
        "plan.md", "ФИО\tТелефон\nИванова\t1".encode,
        f"there is no road map in FILE: none of its 2 table rows is such a heading; {COLUMNS}",
    ),
    "a heading only": (
        "plan.md", HEADING.encode,
        f"there is no road map in FILE: no activity stands below the heading; {COLUMNS}",
    ),
}  # fmt: skip


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        return {name: made.read(name) for name in made.namelist()}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_gets_one_clear_message(case: str, tmp_path: Path) -> None:
    name, content, message = BAD[case]
    path = tmp_path / name
    path.write_bytes(content())

    assert refusal(path) == message


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pdf"])
def test_a_file_with_a_password_is_not_guessed_at(kind: str) -> None:
    assert refusal(FILES / f"password.{kind}") == PROTECTED


def test_a_scan_is_told_from_a_text(tmp_path: Path) -> None:
    path = tmp_path / "plan.pdf"
    path.write_bytes(scan(tmp_path))

    assert refusal(path) == (
        "FILE cannot be imported: it is a scan: its pages hold no text;"
        " recognise the scan with an OCR program, or ask for the document as a file"
    )


def test_a_file_of_100_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.docx"
    with path.open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)

    assert refusal(path) == (
        "FILE cannot be imported: it is larger than 20 MB;"
        " take the pictures out, or give the pages with the table only"
    )


def test_a_folder_a_missing_file_and_a_device_are_told_apart(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (f"FILE cannot be imported: this is a folder, not a file; {GIVE}")
    assert refusal(tmp_path / "plan.docx") == (
        "FILE cannot be imported: there is no such file; check the name and the folder"
    )
    assert refusal(Path(os.devnull)) == (
        f"FILE cannot be imported: this is not a file with content; {GIVE}"
    )
    assert refusal(tmp_path / "a\0b") == (
        "FILE cannot be imported: there is no such file; check the name and the folder"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_text_is_read_in_the_encodings_of_offices(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    path.write_bytes((HEADING + "1\tОпрос участников\tмарт").encode(encoding))

    draft = import_roadmap(path, year=2024)

    assert draft.activities[0].title == "Опрос участников"
    assert [str(note) for note in draft.notes] == (
        ["the text is not in UTF-8; it was read as Windows-1251"] if encoding == "cp1251" else []
    )


@pytest.mark.parametrize(
    ("library", "kind", "extra"),
    [
        ("docx", "docx", "office"),
        ("python_calamine", "xlsx", "office"),
        ("pdfplumber", "pdf", "pdf"),
    ],
)
def test_without_the_extra_the_message_names_it(
    library: str, kind: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents: dict[str, Callable[[], bytes]] = {
        "docx": word,
        "xlsx": lambda: workbook({}),
        "pdf": lambda: typst.compile(b"text"),
    }
    path = tmp_path / f"plan.{kind}"
    path.write_bytes(contents[kind]())
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(LibraryMissing) as caught:
        import_roadmap(path)

    assert str(caught.value) == f"reading .{kind} needs the extra {extra}"
    assert str(caught.value.remedy) == f"install it: pip install 'school-lifecycle[{extra}]'"


def test_an_id_and_a_year_are_checked_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidIdentifier):
        import_roadmap(tmp_path, roadmap_id="дорожная карта")
    with pytest.raises(InvalidInput, match="the year of a plan lies between 1990 and 2099"):
        import_roadmap(tmp_path, year=22)


def test_the_limits_leave_room_for_real_documents() -> None:
    seeds = Path(__file__).resolve().parents[2] / "seeds"
    largest = max(path.stat().st_size for path in seeds.iterdir())

    assert largest * 100 < limits.MAX_FILE_BYTES
