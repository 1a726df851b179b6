"""The form of definition files: fields, types, dates (LD11x)."""

from collections.abc import Callable
from pathlib import Path

import pytest

Edits = list[tuple[str, str]]
Told = Callable[..., list[str]]

# What is wrong -> the edits that make it so, and every line the checker then says.
PROGRAMMES = {
    "another format": (
        [("format: 1", "format: 2")],
        ["2:9: LD118: format 2 is not known; this release reads format 1"],
    ),
    "format of another type": (
        [("format: 1", "format: true")],
        ["2:9: LD112: format has to be a whole number"],
    ),
    "missing field": ([("format: 1\n", "")], ["2:1: LD111: the field format is missing"]),
    "unknown field": (
        [("- policy: small", "- polcy: small")],
        ["87:9: LD110: there is no field polcy here; did you mean policy?"],
    ),
    "unknown field with nothing near": (
        [("initial: applied", "initial: applied\ncolour: red")],
        ["7:1: LD110: there is no field colour here"],
    ),
    "unknown field in a shorthand": (
        [("by: [applicant]", "by: {adjustmnt: deciders}")],
        ["54:10: LD110: there is no field adjustmnt here; did you mean adjustment?"],
    ),
    "number for a text": (
        [('version: "2"', "version: 2")],
        ["4:10: LD112: version has to be a text; put it in quotes"],
    ),
    "text for a list": (
        [("by: [officer], source", "by: officer, source")],
        ["7:17: LD112: by has to be a list"],
    ),
    "text for a mapping": (
        [('{ru: "Чек", en: "Receipt"}', '"Чек"')],
        ["15:26: LD112: title has to be a mapping of fields"],
    ),
    "text for an item": (
        [("- policy: small_grants", "- policy")],
        ["87:9: LD112: requires[1] has to be a mapping of fields"],
    ),
    "blank text": ([('en: "Receipt"', 'en: " "')], ["15:42: LD112: en must not be empty"]),
    "empty list": ([("scopes: [school]", "scopes: []")], ["9:72: LD112: scopes must not be empty"]),
    "word outside a list": (
        [("scopes: [school]", "scopes: [scool]")],
        ["9:73: LD112: scopes[1] has to be one of: roadmap, school"],
    ),
    "false where only true is said": (
        [("stays: true", "stays: false")],
        ["53:12: LD112: stays has to be one of: true"],
    ),
    "text for a flag": (
        [("not_empty: true", 'not_empty: "yes"')],
        ["58:44: LD112: not_empty has to be true or false"],
    ),
    "neither flag nor names": (
        [("default: [officer]", "default: 3")],
        ["37:14: LD112: default has to be true, false, or a list of names"],
    ),
    "capitals in a code": (
        [("{code: too_late,", "{code: Too-late,")],
        ["26:22: LD115: Too-late cannot be a code: small ASCII letters, digits and _ only"],
    ),
    "id in another alphabet": (
        [("id: grants", "id: гранты")],
        ["3:5: LD116: гранты cannot be an id: ASCII letters, digits, _, . and - only"],
    ),
}

ROADMAPS = {
    "no such day": (
        [('start: "2026-03-01"', 'start: "2026-02-30"')],
        ["15:17: LD113: 2026-02-30 is not a date; write YEAR-MONTH-DAY, such as 2022-03-01"],
    ),
    "date written the russian way": (
        [('end: "2026-06-30"', "end: 30.06.2026")],
        ["15:36: LD113: 30.06.2026 is not a date; write YEAR-MONTH-DAY, such as 2022-03-01"],
    ),
    "unknown time zone": (
        [("Europe/Moscow", "Europe/Moskow")],
        [
            (
                "6:12: LD114: Europe/Moskow is not the name of a time zone; did you mean "
                "Europe/Moscow?"
            )
        ],
    ),
    "time zone outside the database": (
        [("Europe/Moscow", "../../etc/passwd")],
        ["6:12: LD114: ../../etc/passwd is not the name of a time zone"],
    ),
    "time zone of a whole continent": (
        [("Europe/Moscow", "Europe")],
        ["6:12: LD114: Europe is not the name of a time zone; did you mean Europe/Rome?"],
    ),
    "time zone with a name too long": (
        [("Europe/Moscow", "a" * 300)],
        [f"6:12: LD114: {'a' * 300} is not the name of a time zone"],
    ),
    "time zone of this machine": (
        [("Europe/Moscow", "localtime")],
        ["6:12: LD114: localtime is not the name of a time zone"],
    ),
    "recurrence in words": (
        [("FREQ=WEEKLY;BYDAY=MO", "weekly")],
        ["54:17: LD117: weekly is not a recurrence; write one such as FREQ=MONTHLY"],
    ),
    "row number without quotes": (
        [('key: "2"', "key: 1.10")],
        ["34:10: LD112: key has to be a text; put it in quotes"],
    ),
    "text for a number": (
        [("lines: [4]", 'lines: ["4"]')],
        ["33:13: LD112: lines[1] has to be a whole number"],
    ),
    "line before the first": (
        [("lines: [4]", "lines: [0]")],
        ["33:13: LD112: lines[1] has to be 1 or more"],
    ),
    "fewer than none": (
        [("schools: null", "schools: -1")],
        ["16:25: LD112: schools has to be 0 or more"],
    ),
    "list for a mapping": (
        [('deciders: {value: [checker, officer], source: "2"}', "- deciders")],
        ["18:3: LD112: adjustments has to be a mapping of fields"],
    ),
}


@pytest.mark.parametrize(("edits", "expected"), PROGRAMMES.values(), ids=PROGRAMMES.keys())
def test_a_mistake_in_a_programme_is_told_with_its_place(
    told_of_programme: Told, edits: Edits, expected: list[str]
) -> None:
    assert told_of_programme(*edits) == expected


@pytest.mark.parametrize(("edits", "expected"), ROADMAPS.values(), ids=ROADMAPS.keys())
def test_a_mistake_in_a_road_map_is_told_with_its_place(
    told_of_roadmap: Told, edits: Edits, expected: list[str]
) -> None:
    assert told_of_roadmap(*edits) == expected


def test_a_file_that_is_no_mapping_is_told_in_one_line(told_of_roadmap: Told, grants: Path) -> None:
    whole = (grants / "spring-2026.yaml").read_text("utf-8")

    assert told_of_roadmap((whole, "- a\n- b\n")) == [
        "1:1: LD112: file has to be a mapping of fields"
    ]


def test_all_mistakes_of_form_are_told_at_once_in_the_order_of_the_file(
    told_of_roadmap: Told,
) -> None:
    told = told_of_roadmap(
        ("region: komi", "region: Komi"),
        ("issuer: null", "isuer: null"),
        ('start: "2026-03-01"', 'start: "yesterday"'),
    )

    assert told == [
        "5:9: LD115: Komi cannot be a code: small ASCII letters, digits and _ only",
        "9:3: LD111: the field issuer is missing",
        "10:3: LD110: there is no field isuer here; did you mean issuer?",
        "15:17: LD113: yesterday is not a date; write YEAR-MONTH-DAY, such as 2022-03-01",
    ]
