"""The page: one file with style, script and data, and a policy that lets nothing else in."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.resources import files

from lifecycle.domain.definition import Definition
from lifecycle.domain.record import Record
from lifecycle.report.data import DaysLate, Histories, Packed, micros, worked_days
from lifecycle.report.words import FAILED, NO_SCRIPT, WORDS


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report that was made.

    Args:
        packed: What the page reads.
        language: That it opens in.
        schools: How many schools it shows.
        records: How many records it shows.
    """

    packed: Packed
    language: str
    schools: int
    records: int

    def pieces(self) -> Iterator[bytes]:
        """Yield the file, UTF-8, piece by piece; the whole of it is never in memory."""
        return _filled(self.packed, self.language)

    @property
    def content(self) -> bytes:
        """The whole file, UTF-8."""
        return b"".join(self.pieces())


def report_html(
    schools: Iterable[tuple[Definition, Sequence[Record]]],
    *,
    origin: str,
    size: int,
    made_at: datetime,
    days_late: DaysLate,
    language: str = "en",
    roadmap: str | None = None,
    checkpoint: str | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> ReportFile:
    """Return the histories of *schools* as one HTML file; the same values give the same bytes.

    Args:
        schools: Rules and records of one school after the other; none is kept, only its row.
        origin: Id of the installation.
        size: How many records the whole history holds.
        made_at: When the records were read, UTC.
        days_late: Counts working days; the page says by how many a school is late.
        language: The language it opens in, ``ru`` or ``en``; it holds both.
        roadmap: The road map that it was limited to.
        checkpoint: Text of the latest checkpoint of the log, if one is known.
        progress: Told how many schools were read.
    """
    histories = Histories()
    for definition, records in schools:
        histories.add(definition, records)
        progress(histories.schools)
    # A clock that was set back since reads less than the latest record bears.
    latest = max(made_at, histories.latest or made_at)
    head = {
        "origin": origin,
        "size": size,
        "made": micros(made_at),
        "language": "ru" if language == "ru" else "en",
        "roadmap": roadmap,
        "checkpoint": checkpoint,
        # A day more: where the sun rises first, the day after has begun.
        "worked": worked_days(histories.first_due, latest.date() + timedelta(days=1), days_late),
        "style": _source("page.css"),
        "words": {key: [text.ru, text.en] for key, text in WORDS.items()},
    }
    packed = histories.sealed(head)
    return ReportFile(packed, str(head["language"]), histories.schools, histories.records)


def _filled(packed: Packed, language: str) -> Iterator[bytes]:
    style, script = _source("page.css"), _source("page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_fingerprint(style)}'",
            f"script-src '{_fingerprint(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    long = {"data": packed.data, "hashes": packed.digests}
    parts = {
        "language": language,
        "policy": policy,
        "title": html.escape(WORDS["title"].in_language(language)),
        "no_script": html.escape(f"{NO_SCRIPT.ru} {NO_SCRIPT.en}"),
        "failed": html.escape(f"{FAILED.ru} {FAILED.en}"),
        "script": script,
    }
    # Split, not replaced one by one: what is filled in is not looked at again.
    first, *rest = _source("page.html").split("{{")
    yield first.encode()
    for piece in rest:
        name, _, after = piece.partition("}}")
        if name in long:
            yield from long[name]()
        else:
            yield parts[name].encode()
        yield after.encode()


def _fingerprint(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _source(name: str) -> str:
    return files("lifecycle.report").joinpath(name).read_text("utf-8")
