"""What can never be met is a mistake; what was hardly meant is a warning and stops nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lifecycle.workflows.catalogue import Catalogue, check_programme_file, check_roadmap_file
from tests.workflows.conftest import GUARDS, edited, places

Edits = list[tuple[str, str]]
Told = Callable[..., list[str]]
SHIPPED = Path(__file__).parents[2] / "workflows" / "roadmaps"

# What is wrong -> the edits that make it so, and every line the checker then says.
PROGRAMMES = {
    "nobody may hold the one role that is asked for": (
        [("not_holding: [applicant]", "not_holding: [officer, checker]")],
        [
            "88:22: LD237: nobody can make write_off: it keeps away whoever holds one of officer,"
            " checker",
        ],
    ),
    "nobody may hold a role that is set by default": (
        [("role_assigned: applicant", "not_holding: [officer]")],
        ["69:22: LD237: nobody can make fund: it keeps away whoever holds one of officer"],
    ),
    "codes of a fact that is asked for later": (
        [("role_assigned: applicant", "evidence: {kind: receipt, each: bought}")],
        ["69:41: LD238: the fact bought is asked for later only, so it is always empty here"],
    ),
    "a fact within one that is asked for later": (
        [
            ("      - fact: amount\n", ""),
            ("{name: purchases, not_empty: true}", "{name: purchases}"),
            ("role_assigned: applicant", "fact: {name: bought, within: [bought]}"),
            ("- registered: money_left", "- registered: money_left\n      - fact: amount"),
        ],
        [],
    ),
    "a role of enrolment that is held on schools only": (
        [("by: [officer], source", "by: [applicant, administrator], source")],
        ["7:18: LD271: nobody holds applicant on a road map"],
    ),
    "evidence that nothing asks for": (
        [
            ("allowed: [budget, contract]", "allowed: [budget]"),
            ("default: [budget, contract]", "default: [budget]"),
        ],
        ["14:10: LD301: warning: no transition asks for evidence contract"],
    ),
    "a fact that nothing asks for": (
        [("- fact: amount", "- role_assigned: applicant")],
        ["23:10: LD302: warning: no transition asks for the fact amount"],
    ),
    "reasons that nothing asks for": (
        [("- reason: refusals", "- role_assigned: applicant")],
        ["25:9: LD303: warning: no transition asks for a reason of refusals"],
    ),
    "an adjustment that nothing depends on": (
        [("- policy: small_grants", "- role_assigned: applicant")],
        ["28:9: LD304: warning: nothing depends on the adjustment small_grants"],
    ),
    "four eyes that look at nothing": (
        [("different_person: [apply]", "different_person: [apply, report]")],
        ["68:35: LD305: warning: report is never made before this: it keeps nobody away"],
    ),
    "a state with no ordinary end": (
        [("from: [funded]", "from: [applied]")],
        [
            "47:10: LD306: warning: no ordinary end is reached from funded: only write_off leads"
            " out",
        ],
    ),
    "several warnings, in the order of the file": (
        [
            ("- fact: amount", "- role_assigned: applicant"),
            ("different_person: [apply]", "different_person: [report]"),
        ],
        [
            "23:10: LD302: warning: no transition asks for the fact amount",
            "68:28: LD305: warning: report is never made before this: it keeps nobody away",
        ],
    ),
    "a mistake hides the warnings": (
        [("- fact: amount", "- role_assigned: applicant"), ("to: funded", "to: fnded")],
        ["63:9: LD210: there is no state fnded; did you mean funded?"],
    ),
}

ROADMAPS = {
    "a row that is due before the one it follows": (
        [
            ("drives: [fund, report, funded]", "drives: [report, funded]"),
            ('end: "2026-04-30"', 'end: "2026-04-10"'),
        ],
        [
            "53:10: LD311: warning: 3 ends on 2026-04-10, before 2 that it follows, which ends on"
            " 2026-04-15",
        ],
    ),
    "an answer that is due before the submission": (
        [
            ('end: "2026-03-31"', 'end: "2026-05-10"'),
        ],
        [
            "53:10: LD311: warning: 3 ends on 2026-04-30, before 1 that it follows, which ends on"
            " 2026-05-10",
        ],
    ),
    "work of the office that nobody may report": (
        [
            (
                "roles: []\n    result: null\n    drives: [report]",
                "roles: [applicant]\n    result: null\n    drives: []",
            )
        ],
        [
            "68:12: LD312: warning: nobody may say what became of 4: no role is held on the road"
            " map",
        ],
    ),
    "work of the office that an officer may report": (
        [
            (
                "roles: []\n    result: null\n    drives: [report]",
                "roles: [officer]\n    result: null\n    drives: []",
            )
        ],
        [],
    ),
}


@pytest.mark.parametrize(("edits", "said"), PROGRAMMES.values(), ids=PROGRAMMES.keys())
def test_a_programme_is_told_what_makes_no_sense(
    told_of_programme: Told, edits: Edits, said: list[str]
) -> None:
    assert told_of_programme(*edits) == said


@pytest.mark.parametrize(("edits", "said"), ROADMAPS.values(), ids=ROADMAPS.keys())
def test_a_road_map_is_told_what_makes_no_sense(
    told_of_roadmap: Told, edits: Edits, said: list[str]
) -> None:
    assert told_of_roadmap(*edits) == said


def told_of_both(folder: Path, grants: Path, programme: Edits, roadmap: Edits) -> list[str]:
    """Edit both files, and return what is said of the road map."""
    edited(grants / "grants.yaml", folder, tuple(programme))
    file = edited(grants / "spring-2026.yaml", folder, tuple(roadmap))
    return places(file, check_roadmap_file(file, [folder], GUARDS))


def test_a_road_map_must_not_leave_a_transition_to_nobody(grants: Path, tmp_path: Path) -> None:
    programme = [("role_assigned: applicant", "not_holding: [checker]")]
    roadmap = [("value: [checker, officer]", "value: [checker]")]

    assert told_of_both(tmp_path, grants, programme, roadmap) == [
        "18:21: LD244: nobody could make fund: it keeps away whoever holds one of checker"
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "as adjusted, no end is reached from {state}"),
        (
            [("- policy: small_grants", "- role_assigned: applicant")],
            "as adjusted, no ordinary end is reached from {state}: only write_off leads out",
        ),
    ],
)
def test_a_road_map_must_not_close_the_only_way(
    grants: Path, tmp_path: Path, more: Edits, said: str
) -> None:
    receipts = "- evidence: {kind: receipt, each: bought}"
    policy = [(receipts, f"{receipts}\n      - policy: small_grants")]

    assert told_of_both(tmp_path, grants, [*more, *policy], []) == [
        f"18:3: LD313: warning: {said.format(state=state)}" for state in ("applied", "funded")
    ]


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ((), []),
        (
            (('end: "2026-04-15"', 'end: "2026-04-16"'),),
            [
                "3:10: LD281: spring-2026 is in force as version 2/1 [{digest}] with other content;"
                " what runs keeps its rules; for a new version undo the edit, copy the file, and"
                " give the copy a version and an id of its own, such as spring-2026-2"
            ],
        ),
        (
            (('version: "1"', 'version: "2"'),),
            [
                "3:10: LD314: warning: spring-2026 stays in force as version 2/1 [{digest}]; this"
                " file changes nothing"
            ],
        ),
    ],
)
def test_what_is_in_force_is_not_edited(
    grants: Path, tmp_path: Path, edits: tuple[tuple[str, str], ...], said: list[str]
) -> None:
    edited(grants / "grants.yaml", tmp_path, ())
    pinned = Catalogue([grants], GUARDS).compiled("spring-2026")
    file = edited(grants / "spring-2026.yaml", tmp_path, edits)
    found = check_roadmap_file(file, [tmp_path], GUARDS, in_force={"spring-2026": pinned}.get)

    assert places(file, found) == [one.format(digest=pinned.ref.digest[:12]) for one in said]


def test_tomari_is_due_before_what_it_follows() -> None:
    (found,) = check_roadmap_file(SHIPPED / "tomari-2022.yaml")

    assert (found.code, found.severity) == ("LD311", "warning")
    assert str(found.message) == (
        "4.1 ends on 2022-02-07, before 2.3 that it follows, which ends on 2022-02-16"
    )


def test_the_shipped_programme_declares_nothing_in_vain() -> None:
    assert check_programme_file(SHIPPED.parent / "programmes" / "500plus.yaml") == []
