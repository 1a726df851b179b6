"""The tables of the seeds as offices would send them: Word, Excel, OpenDocument, PDF, Markdown.

The seeds are cut here by plain means, without the importer, so that its faults cannot hide.
"""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import docx
import typst
import xlsxwriter
import xlwt
from docx.document import Document

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
YEARS = {
    "000_dc06332c6ad9c389.txt": 2022,
    "001_2ecc4953d65512eb.txt": 2021,
    "002_44903cfe29e69c1e.txt": 2022,
    "003_55a563c930b5f9d0.txt": 2022,
    "004_f4178387b0778432.txt": 2022,
}


@dataclass(frozen=True)
class Cell:
    """Paragraphs of a cell, and whether they are bold."""

    paragraphs: tuple[str, ...]
    bold: bool = False


Grid = list[list[Cell]]


def seed(name: str) -> tuple[list[str], list[Grid]]:
    """Return the lines before the tables, and the tables: a line «№» without «п/п» begins anew."""
    prose: list[str] = []
    grids: list[Grid] = []
    for line in (SEEDS / name).read_text("utf-8").split("\n"):
        if "\t" in line:
            if not grids or line.startswith("№\t"):
                grids.append([])
            grids[-1].append([cut(cell) for cell in line.split("\t")])
        elif not grids and line.strip():
            prose.append(re.sub(r"\*\*", "", line).strip())
    for grid in grids:
        width = max(len(row) for row in grid)
        for row in grid:
            row += [Cell(())] * (width - len(row))
    return prose, grids


def cut(cell: str) -> Cell:
    links = re.sub(r'<a href="[^"]*">(.*?)</a>', r"\1", cell)
    parts = re.findall(r"<p>(.*?)</p>", links) or [links]
    texts = (" ".join(re.sub(r"</?b>", " ", part).split()) for part in parts)
    return Cell(tuple(text for text in texts if text), cell.strip().startswith("<b>"))


def is_heading(row: Sequence[Cell]) -> bool:
    """Tell whether only the first cell is filled, as in the row of a section."""
    return bool(row[0].paragraphs) and not any(cell.paragraphs for cell in row[1:])


def write_docx(path: Path, prose: Sequence[str], grids: Sequence[Grid]) -> None:
    document = docx.Document()
    for line in prose:
        document.add_paragraph(line)
    for grid in grids:
        add_table(document, grid)
        document.add_paragraph("")
    document.save(str(path))


def add_table(document: Document, grid: Grid) -> None:
    table = document.add_table(rows=len(grid), cols=len(grid[0]))
    for row, cells in zip(table.rows, grid, strict=True):
        places = row.cells
        if is_heading(cells) and len(cells[0].paragraphs[0]) > 8:
            places[0].merge(places[-1])
        for place, cell in zip(places, cells, strict=True):
            for number, text in enumerate(cell.paragraphs):
                paragraph = place.paragraphs[0] if number == 0 else place.add_paragraph()
                paragraph.add_run(text).bold = cell.bold


def write_xlsx(path: Path, prose: Sequence[str], grids: Sequence[Grid]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Дорожная карта")
        number = 0
        for line in prose:
            sheet.write_string(number, 0, line)
            number += 1
        for grid in grids:
            for cells in grid:
                texts = ["\n".join(cell.paragraphs) for cell in cells]
                if is_heading(cells) and len(texts[0]) > 8:
                    sheet.merge_range(number, 0, number, len(cells) - 1, texts[0])
                else:
                    for column, text in enumerate(texts):
                        sheet.write_string(number, column, text)
                number += 1


def write_xls(path: Path, prose: Sequence[str], grids: Sequence[Grid]) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("План")
    rows = [[line] for line in prose]
    rows += [["\n".join(cell.paragraphs) for cell in cells] for grid in grids for cells in grid]
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text:
                sheet.write(number, column, text)
    book.save(str(path))


def write_ods(path: Path, prose: Sequence[str], grids: Sequence[Grid]) -> None:
    rows = [[Cell((line,))] for line in prose]
    rows += [row for grid in grids for row in grid]
    xml = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
    )
    # An office program closes a sheet with one empty row that stands for all the others.
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    xml += f'<table:table-row table:number-rows-repeated="1048000">{empty}</table:table-row>'
    path.write_bytes(opendocument(xml))


def _ods_cell(cell: Cell) -> str:
    if not cell.paragraphs:
        return "<table:table-cell/>"
    texts = "".join(f"<text:p>{escape(text)}</text:p>" for text in cell.paragraphs)
    return f'<table:table-cell office:value-type="string">{texts}</table:table-cell>'


def opendocument(rows: str, manifest: str = "") -> bytes:
    """Return a spreadsheet of OpenDocument with these rows."""
    names = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        f' xmlns:office="{names}office:1.0" xmlns:table="{names}table:1.0"'
        f' xmlns:text="{names}text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="План">{rows}</table:table>'
        f"</office:spreadsheet></office:body></office:document-content>"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest or "<manifest/>")
        archive.writestr("content.xml", content)
    return packed.getvalue()


def write_md(path: Path, prose: Sequence[str], grids: Sequence[Grid]) -> None:
    lines = [*prose, ""]
    for grid in grids:
        for number, cells in enumerate(grid):
            lines.append(f"| {' | '.join('<br>'.join(cell.paragraphs) for cell in cells)} |")
            if number == 0:
                lines.append(f"|{' --- |' * len(cells)}")
        lines.append("")
    path.write_text("\n".join(lines), "utf-8")


def write_pdf(path: Path, prose: Sequence[str], grids: Sequence[Grid]) -> None:
    path.write_bytes(typst.compile(typeset(prose, grids).encode()))


def typeset(prose: Sequence[str], grids: Sequence[Grid]) -> str:
    """Return the document in the language of typst, which breaks rows over pages as Word does."""
    parts = [
        '#set page(paper: "a4", flipped: true, margin: 1cm)',
        '#set text(size: 7pt, lang: "ru", hyphenate: false)',
        "#set par(leading: 0.5em, spacing: 1.3em)",
        *(f"{_typst(line)}\n" for line in prose),
    ]
    for grid in grids:
        width = len(grid[0])
        longest = max(len(cell.paragraphs[0]) for row in grid for cell in row[:1]
                      if cell.paragraphs and not is_heading(row))  # fmt: skip
        columns = ", ".join(["3em" if longest < 10 else "1fr"] + ["1fr"] * (width - 1))
        cells = []
        for row in grid:
            if is_heading(row) and len(row[0].paragraphs[0]) > 8:
                cells.append(f"table.cell(colspan: {width})[{_typst(row[0].paragraphs[0])}]")
                continue
            cells += [f"[{'#parbreak()'.join(map(_typst, cell.paragraphs))}]" for cell in row]
        parts.append(f"#table(columns: ({columns}), stroke: 0.5pt, {', '.join(cells)})")
    return "\n".join(parts)


def _typst(text: str) -> str:
    # A long address would run over its column: the host is enough of it.
    shorter = re.sub(r"(https?://[^/\s]+)/\S*", r"\1", text)
    quoted = shorter.replace("\\", "\\\\").replace('"', '\\"')
    return f'#text("{quoted}")'


WRITERS: dict[str, Callable[[Path, Sequence[str], Sequence[Grid]], None]] = {
    "docx": write_docx,
    "xlsx": write_xlsx,
    "xls": write_xls,
    "ods": write_ods,
    "md": write_md,
    "pdf": write_pdf,
}
