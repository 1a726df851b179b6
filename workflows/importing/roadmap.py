"""An office's file becomes a draft of a road map: the way in, from the file to the report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message
from lifecycle.domain.naming import identifier, is_identifier
from lifecycle.workflows.date_points import FIRST_YEAR, LAST_YEAR
from lifecycle.workflows.dates import Reading, Verdict, read_window
from lifecycle.workflows.importing.cells import Sheet, clean
from lifecycle.workflows.importing.draft import Draft, DraftActivity
from lifecycle.workflows.importing.faults import NoRoadmapTable
from lifecycle.workflows.importing.limits import load
from lifecycle.workflows.importing.order import read_order
from lifecycle.workflows.importing.proposals import (
    doers_in,
    drives_of,
    persons_in,
    recurrence_in,
    roles_of,
)
from lifecycle.workflows.importing.rows import Entry
from lifecycle.workflows.importing.table import Table, read_table

_LATIN: Final = {
    **dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True)),
    **{"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya"},
    **dict.fromkeys("ъь", ""),
}
_TWO_YEARS: Final = re.compile(r"\b20[0-9]{2}\s?[-–—/]\s?(?:20)?([0-9]{2})\b")
_DEFAULT_ID: Final = "imported"
_LONGEST_ID: Final = 64


def import_roadmap(path: Path, *, year: int | None = None, roadmap_id: str | None = None) -> Draft:
    """Read the road map in an office's file.

    Args:
        path: A .docx, .xlsx, .xls, .ods, .pdf with text, .txt or .md file.
        year: The year of the plan, for dates that name none.
        roadmap_id: Id for the road map; made of the file's name if ``None``.

    Raises:
        UnreadableFile: The file cannot be read, is protected, damaged, too large or a scan.
        LibraryMissing: The extra that reads this kind of file is not installed.
        NoRoadmapTable: It has no table with activities and dates.
        InvalidIdentifier: *roadmap_id* cannot be an id.
        InvalidInput: *year* cannot be the year of a plan.
    """
    if roadmap_id is not None:
        identifier(roadmap_id, "roadmap")
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        years = {"first": FIRST_YEAR, "last": LAST_YEAR}
        detail = Message("the year of a plan lies between {first} and {last}", years)
        raise InvalidInput(what="year", detail=detail)
    sheet = read_file(path)
    table = read_table(sheet.rows)
    if table.columns is None:
        template = "none of its {count} table rows is such a heading"
        detail = Message(template, {"count": len(sheet.rows)})
        if not sheet.rows:
            detail = Message("it has no table")
        raise NoRoadmapTable(str(path), detail)
    if not table.entries:
        raise NoRoadmapTable(str(path), Message("no activity stands below the heading"))
    prose = (*sheet.prose, *table.prose)
    order = read_order(prose, clean(path.stem))
    _doubt_years(table, order.title, year)
    activities = _activities(table, prose, year)
    notes = [*sheet.notes, *table.notes]
    if year is None and any(_lacks_year(one) for one in activities):
        notes.append(_which_year(prose))
    return Draft(
        id=roadmap_id or _id_of(path, year),
        file=clean(path.name),
        order=order,
        year=year,
        sections=tuple(table.sections),
        activities=tuple(activities),
        notes=tuple(notes),
    )


def read_file(path: Path) -> Sheet:
    """Read the tables and the prose of a file.

    Raises:
        UnreadableFile: It cannot be read, is protected, damaged, too large or a scan.
        LibraryMissing: The extra that reads this kind of file is not installed.
    """
    kind, data = load(path)
    if kind == "text":
        from lifecycle.workflows.importing.read_text import read_text

        return read_text(path, data)
    if kind == "docx":
        from lifecycle.workflows.importing.read_word import read_word

        return read_word(path, data)
    if kind == "pdf":
        from lifecycle.workflows.importing.read_pdf import read_pdf

        return read_pdf(path, data)
    from lifecycle.workflows.importing.read_sheet import read_sheet

    return read_sheet(path, data, kind)


def _activities(table: Table, prose: Sequence[str], year: int | None) -> list[DraftActivity]:
    drives = drives_of([(one.texts["title"], one.texts["result"]) for one in table.entries])
    has_parties = table.columns is not None and table.columns.of("responsible") is not None
    keys = _keys(table)
    found = []
    for entry, key, driven in zip(table.entries, keys, drives, strict=True):
        title, responsible = entry.texts["title"], entry.texts["responsible"]
        reading = read_window(entry.texts["when"], year)
        recurrence = reading.recurrence or _recurrence(entry)
        if has_parties:
            roles = roles_of(responsible, prose)
            _doubt_parties(entry, responsible, roles)
        else:
            roles = doers_in(title)
        _doubt_window(entry, reading, year)
        found.append(_activity(entry, key, reading, recurrence, roles, driven))
    return found


def _activity(
    entry: Entry,
    key: str,
    reading: Reading,
    recurrence: str | None,
    roles: Sequence[str],
    drives: Sequence[str],
) -> DraftActivity:
    sure = reading.verdict is Verdict.RECOGNISED
    verdict = Verdict.DOUBTFUL if sure and entry.doubts else reading.verdict
    return DraftActivity(
        key=key,
        section=entry.section,
        title=entry.texts["title"],
        when=entry.texts["when"] or None,
        start=reading.start,
        end=reading.end,
        recurrence=recurrence,
        responsible=entry.texts["responsible"] or None,
        roles=tuple(roles),
        result=entry.texts["result"] or None,
        drives=tuple(drives),
        lines=tuple(entry.lines),
        places=tuple(entry.places),
        verdict=verdict,
        doubts=(*(() if sure else reading.reasons), *entry.doubts),
        damage=tuple(entry.damage),
        notes=reading.reasons if sure else (),
    )


def _recurrence(entry: Entry) -> str | None:
    rule = recurrence_in(entry.texts["title"], entry.texts["result"])
    if rule is not None:
        template = "it recurs by the words of the activity or its result ({rule}), not by its date"
        entry.broken(Message(template, {"rule": rule}), doubt=True)
    return rule


def _doubt_window(entry: Entry, reading: Reading, year: int | None) -> None:
    if not entry.texts["title"]:
        entry.broken(Message("the words of the activity are missing"), doubt=True)
    if year is None or reading.verdict is not Verdict.RECOGNISED:
        return
    too_late = reading.start is not None and reading.start > date(year, 12, 31)
    too_early = reading.end is not None and reading.end < date(year, 1, 1)
    if too_late or too_early:
        template = "the window lies outside the year of the plan, {year}"
        entry.broken(Message(template, {"year": year}), doubt=True)


def _doubt_years(table: Table, title: str, year: int | None) -> None:
    """Doubt the dates that took the year of the plan, where the heading names another one.

    «Дорожная карта на 2023-2024 учебный год»: its «май» is that of 2024.
    """
    named = {int(found) for found in re.findall(r"\b20[0-9]{2}\b", title)}
    named |= {2000 + int(second) for second in _TWO_YEARS.findall(title)}
    if year is None or not named or (year in named and not _TWO_YEARS.search(title)):
        return
    template = "the heading names {named}, the date no year: that of the plan was taken, {year}"
    for entry in table.entries:
        text = entry.texts["when"]
        taken, alone = read_window(text, year), read_window(text, None)
        if (taken.start, taken.end) != (alone.start, alone.end):
            years = {"named": sorted(named), "year": year}
            entry.broken(Message(template, years), doubt=True)


def _doubt_parties(entry: Entry, responsible: str, roles: Sequence[str]) -> None:
    if responsible and not roles:
        template = "no role is known for «{parties}»"
        entry.broken(Message(template, {"parties": responsible}))
    elif persons_in(responsible):
        names = {"persons": persons_in(responsible)}
        entry.broken(Message("persons are named, not roles: {persons}", names))


def _keys(table: Table) -> list[str]:
    """Return a key for each activity: ``SECTION.NUMBER``, the number, or ``unnumbered-N``."""
    keys: list[str] = []
    taken: Counter[str] = Counter()
    unnumbered = 0
    for entry in table.entries:
        if entry.number is None:
            unnumbered += 1
            key = f"unnumbered-{unnumbered}"
        elif entry.section is not None and "." not in entry.number:
            key = f"{entry.section}.{entry.number}"
        else:
            key = entry.number
            _doubt_section(entry)
        taken[key] += 1
        if taken[key] > 1:
            entry.broken(Message("the number {key} stands here again", {"key": key}), doubt=True)
            key = f"{key}-{taken[key]}"
        keys.append(key)
    return keys


def _doubt_section(entry: Entry) -> None:
    section, number = entry.section, (entry.number or "").split(".")[0]
    if section is not None and section.isdecimal() and number != section:
        template = "the number {number} stands under section {section}"
        numbers = {"number": entry.number, "section": section}
        entry.broken(Message(template, numbers), doubt=True)


def _lacks_year(activity: DraftActivity) -> bool:
    return any(reason.template == "no year is named" for reason in activity.doubts)


def _which_year(prose: Sequence[str]) -> Message:
    """Ask for the year, and offer the one that the heading names if it names one only."""
    years = set(re.findall(r"\b20[0-9]{2}\b", " ".join(prose[-5:])))
    if len(years) == 1:
        template = "dates without a year were not read: the heading names {year}, say --year {year}"
        return Message(template, {"year": years.pop()})
    return Message("dates without a year were not read: name it with --year")


def _id_of(path: Path, year: int | None) -> str:
    """Make an id of a file's name: Latin letters, digits and hyphens."""
    letters = "".join(_LATIN.get(char, char) for char in path.stem.lower())
    words = re.findall(r"[a-z0-9]+", letters)
    made = "-".join(words)[: _LONGEST_ID - 5].strip("-") or _DEFAULT_ID
    if year is not None and str(year) not in made:
        made = f"{made}-{year}"
    return made if is_identifier(made) else _DEFAULT_ID
