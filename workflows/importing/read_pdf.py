"""PDF files with a text layer and ruled tables."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from lifecycle.domain.messages import Message
from lifecycle.workflows.importing import pages
from lifecycle.workflows.importing.apart import read_apart
from lifecycle.workflows.importing.cells import Row, Sheet, cell_of, clean
from lifecycle.workflows.importing.faults import LibraryMissing, UnreadableFile
from lifecycle.workflows.importing.limits import refuse_many


def read_pdf(path: Path, data: bytes) -> Sheet:
    """Read a PDF file.

    Raises:
        LibraryMissing: The extra ``pdf`` is not installed.
        UnreadableFile: It is damaged, protected, a scan, or too large.
    """
    if find_spec("pdfplumber") is None:
        raise LibraryMissing(".pdf", "pdf")
    found = read_apart(path, pages.__name__, data)
    if "pages" in found:
        detail = Message("it has more than {limit} pages", {"limit": pages.MAX_PAGES})
        hint = Message("give the pages with the road map only")
        raise UnreadableFile(str(path), detail, hint)
    if "page" in found:
        detail = Message("page {number} is no page of text", {"number": found["page"]})
        raise UnreadableFile(str(path), detail)
    if not found["letters"]:
        hint = Message("recognise the scan with an OCR program, or ask for the document as a file")
        raise UnreadableFile(str(path), Message("it is a scan: its pages hold no text"), hint)
    refuse_many(path, len(found["rows"]))
    rows = []
    for number, row in enumerate(found["rows"], 1):
        place = Message("page {page}, row {row}", {"page": row["page"], "row": row["row"]})
        cells = tuple(cell_of(text) for text in row["cells"])
        rows.append(Row(cells, 0, number, place, row["merged"]))
    return Sheet(tuple(rows), tuple(clean(line) for line in found["prose"]))
