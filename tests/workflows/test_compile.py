"""A programme and a road map together: adjustments, deadlines, and a definition that lasts."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from lifecycle.domain.definition import (
    AnswersSubmission,
    Choice,
    Definition,
    DifferentPerson,
    EvidenceGiven,
    EvidenceKind,
    FactField,
    FactGiven,
    FactType,
    NotHolding,
    PolicyAllows,
    ReasonGiven,
    Registered,
    Role,
    RoleAssigned,
    State,
)
from lifecycle.domain.messages import Text
from lifecycle.domain.roadmap import Activity, Document, Section
from lifecycle.workflows.catalogue import Catalogue

Compiled = Callable[..., Definition]

APRIL_30 = date(2026, 4, 30)


@pytest.fixture
def compiled(grants: Path, tmp_path: Path) -> Compiled:
    """Compile the spring call after (old, new) replacements in its road map."""

    def compile_(*edits: tuple[str, str]) -> Definition:
        text = (grants / "spring-2026.yaml").read_text("utf-8")
        for old, new in edits:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "spring-2026.yaml").write_text(text, "utf-8")
        return Catalogue([grants, tmp_path], ["money_left"]).compiled("spring-2026")

    return compile_


def test_another_programme_compiles_with_its_own_nouns(compiled: Compiled) -> None:
    grants = compiled()

    assert grants.ref.id == "grants/spring-2026"
    assert grants.ref.version == "2/1"
    assert grants.title == Text("Гранты школам", "Grants to schools")
    assert grants.initial == "applied"
    assert grants.enrolled_by == ("officer",)
    assert grants.catalogue == ()
    assert grants.roles == (
        Role("applicant", Text("Заявитель", "Applicant"), ("school",), "inference"),
        Role("officer", Text("Сотрудник фонда", "Officer"), ("roadmap",), "inference"),
        Role("checker", Text("Ревизор", "Checker"), ("roadmap", "school"), "inference"),
    )
    assert grants.evidence_kinds == (
        EvidenceKind("budget", Text("Смета", "Budget"), "inference"),
        EvidenceKind("contract", Text("Договор", "Contract"), "inference"),
        EvidenceKind("receipt", Text("Чек", "Receipt"), "inference"),
    )
    assert grants.facts == (
        FactType(
            "purchases",
            Text("Покупки", "Purchases"),
            "records",
            "inference",
            fields=(FactField("item", "slug"),),
        ),
        FactType("bought", Text("Куплено", "Bought"), "slugs", "inference"),
        FactType("amount", Text("Сумма, рубли", "Amount, roubles"), "integer", "inference"),
    )


def test_states_bear_the_latest_deadline_of_what_drives_them(compiled: Compiled) -> None:
    grants = compiled()

    assert grants.states == (
        # Row 2 names the state itself and the transition out of it, row 3 the transition only.
        State("applied", Text("Заявка", "Applied"), "inference", False, APRIL_30, ("2", "3")),
        # Row 4 drives the way out, too, but sets no date.
        State("funded", Text("Получен грант", "Funded"), "inference", False, APRIL_30, ("3",)),
        State("closed", Text("Закрыт", "Closed"), "inference", final=True),
    )


def test_transitions_bear_the_latest_deadline_of_what_drives_them(compiled: Compiled) -> None:
    grants = compiled()

    assert {one.name: (one.due_on, one.driven_by) for one in grants.transitions} == {
        "apply": (date(2026, 3, 31), ("1",)),
        "fund": (APRIL_30, ("2", "3")),
        "report": (APRIL_30, ("3",)),
        "write_off": (None, ()),
    }


def test_transitions_ask_for_what_the_programme_says(compiled: Compiled) -> None:
    grants = compiled()
    small = Text("Малые гранты без договора", "Small grants without a contract")
    too_late = Choice("too_late", Text("Поздно", "Too late"))

    assert {one.name: one.requirements for one in grants.transitions} == {
        "apply": (
            EvidenceGiven("budget"),
            EvidenceGiven("contract"),
            FactGiven("purchases", not_empty=True),
            FactGiven("amount"),
        ),
        "fund": (
            AnswersSubmission("apply"),
            DifferentPerson(("apply",)),
            RoleAssigned("applicant"),
            Registered("money_left"),
        ),
        "report": (
            FactGiven("bought", within=("purchases.item",)),
            EvidenceGiven("receipt", "bought"),
        ),
        "write_off": (
            PolicyAllows("small_grants", small, allowed=False),
            NotHolding(("applicant",)),
            ReasonGiven((too_late,)),
        ),
    }


def test_transitions_lead_where_the_programme_says(compiled: Compiled) -> None:
    moves = [(one.name, one.sources, one.target, one.roles) for one in compiled().transitions]

    assert moves == [
        ("apply", ("applied",), None, ("applicant",)),
        ("fund", ("applied",), "funded", ("checker", "officer")),
        ("report", ("funded",), "closed", ("applicant",)),
        ("write_off", ("applied", "funded"), "closed", ("checker",)),
    ]


def test_the_road_map_keeps_its_own_words(compiled: Compiled) -> None:
    roadmap = compiled().roadmap

    assert roadmap.document == Document(
        "other", None, None, None, (Text("Даты спорят.", "Dates differ."),)
    )
    assert (roadmap.start, roadmap.end) == (date(2026, 3, 1), date(2026, 6, 30))
    assert (roadmap.region, roadmap.time_zone) == ("komi", "Europe/Moscow")
    assert (roadmap.schools, roadmap.municipalities) == (None, None)
    assert roadmap.sections == (Section("I", "Прием"),)
    assert roadmap.activities[1] == Activity(
        key="2",
        section=None,
        title="Решение",
        when=None,
        start=None,
        end=date(2026, 4, 15),
        recurrence=None,
        responsible=None,
        roles=("checker", "officer"),
        result=None,
        drives=("fund", "applied"),
        lines=(5, 6),
        damage=(Text("Строка разорвана.", "The row is torn."),),
    )
    assert roadmap.activities[2].recurrence == "FREQ=WEEKLY;BYDAY=MO"


def test_what_a_road_map_leaves_alone_is_as_the_programme_has_it(compiled: Compiled) -> None:
    grants = compiled(('  deciders: {value: [checker, officer], source: "2"}\n', "  {}\n"))

    assert grants.transition["fund"].roles == ("officer",)


def test_a_road_map_narrows_what_is_asked_for(compiled: Compiled) -> None:
    grants = compiled(
        ("adjustments:\n", 'adjustments:\n  papers: {value: [budget], source: "1"}\n')
    )

    asked = grants.transition["apply"].requirements
    assert [one.kind for one in asked if isinstance(one, EvidenceGiven)] == ["budget"]


def test_a_road_map_adopts_a_policy(compiled: Compiled) -> None:
    switch = 'adjustments:\n  small_grants: {value: true, source: "4"}\n'
    grants = compiled(("adjustments:\n", switch))

    (policy, *_) = grants.transition["write_off"].requirements
    assert isinstance(policy, PolicyAllows)
    assert policy.allowed is True


def test_a_definition_is_rebuilt_from_its_bytes(compiled: Compiled) -> None:
    grants = compiled()

    rebuilt = Definition.from_json(json.loads(grants.canonical_bytes))

    assert rebuilt.ref == grants.ref
    assert rebuilt.states == grants.states
    assert rebuilt.transitions == grants.transitions
    assert rebuilt.roadmap == grants.roadmap


def test_comments_and_order_of_fields_do_not_change_the_digest(compiled: Compiled) -> None:
    plain = compiled().ref.digest

    moved = compiled(("format: 1\n", ""), ("region: komi\n", "region: komi # north\nformat: 1\n"))

    assert moved.ref.digest == plain


def test_any_other_word_changes_the_digest(compiled: Compiled) -> None:
    plain = compiled().ref.digest

    assert compiled(("Прием заявок", "Приём заявок")).ref.digest != plain
