"""Generated values: canonical JSON, definitions, records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from lifecycle.domain.canonical import MAX_INTEGER
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
    Transition,
)
from lifecycle.domain.messages import Text
from lifecycle.domain.model import DefinitionRef, Evidence
from lifecycle.domain.record import ActedAs, Record
from lifecycle.domain.roadmap import Activity, Document, Roadmap, Section

words = st.text(st.characters(codec="utf-8"), max_size=12)
slugs = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
moments = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2099, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    timezones=st.just(UTC),
)
hashes = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
texts = st.builds(Text, ru=words, en=words)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | words,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def tuples_of(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return tuples of one or two *items*, or none."""
    return st.lists(items, max_size=2).map(tuple)


choices = st.builds(Choice, code=slugs, title=texts, source=st.none() | words)
fields = st.builds(
    FactField,
    name=slugs,
    type=st.sampled_from(["slug", "choice"]),
    choices=tuples_of(choices),
    catalogue=st.booleans(),
)
facts = st.builds(
    FactType,
    name=slugs,
    title=texts,
    type=st.sampled_from(["choice", "slugs", "records", "integer", "date", "boolean"]),
    source=words,
    choices=tuples_of(choices),
    fields=tuples_of(fields),
)
requirements = st.one_of(
    st.builds(RoleAssigned, role=slugs),
    st.builds(EvidenceGiven, kind=slugs, each=st.none() | slugs),
    st.builds(FactGiven, fact=slugs, not_empty=st.booleans(), within=tuples_of(slugs)),
    st.builds(ReasonGiven, reasons=tuples_of(choices)),
    st.builds(AnswersSubmission, submission=slugs),
    st.builds(DifferentPerson, transitions=tuples_of(slugs)),
    st.builds(NotHolding, roles=tuples_of(slugs)),
    st.builds(PolicyAllows, policy=slugs, title=texts, allowed=st.booleans()),
    st.builds(Registered, name=slugs),
)
roadmaps = st.builds(
    Roadmap,
    id=slugs,
    version=words,
    title=texts,
    region=words,
    time_zone=st.sampled_from(["Asia/Sakhalin", "Europe/Moscow", "UTC"]),
    start=days,
    end=days,
    document=st.builds(Document, kind=words, issuer=st.none() | words, date=st.none() | days),
    sections=tuples_of(st.builds(Section, number=words, title=words)),
    activities=tuples_of(
        st.builds(
            Activity,
            start=st.none() | days,
            end=st.none() | days,
            drives=tuples_of(slugs),
            lines=tuples_of(st.integers(1, 99)),
            damage=tuples_of(texts),
        )
    ),
)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """A definition whose transitions lead between its states; nothing else has to fit."""
    names = draw(st.lists(slugs, min_size=1, max_size=4, unique=True))
    moves = draw(st.lists(slugs, max_size=5, unique=True))
    some_states = st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)
    return Definition(
        programme=draw(slugs),
        programme_version=draw(words),
        title=draw(texts),
        roadmap=draw(roadmaps),
        initial=names[0],
        states=tuple(
            draw(st.builds(State, name=st.just(name), due_on=st.none() | days)) for name in names
        ),
        transitions=tuple(
            draw(
                st.builds(
                    Transition,
                    name=st.just(name),
                    sources=some_states,
                    target=st.none() | st.sampled_from(names),
                    roles=tuples_of(slugs),
                    requirements=tuples_of(requirements),
                    due_on=st.none() | days,
                )
            )
            for name in moves
        ),
        roles=draw(tuples_of(st.builds(Role, name=slugs, scopes=st.just(("school",))))),
        evidence_kinds=draw(tuples_of(st.builds(EvidenceKind, name=slugs))),
        facts=draw(tuples_of(facts)),
        enrolled_by=draw(tuples_of(slugs)),
        catalogue=draw(tuples_of(choices)),
    )


pieces = st.one_of(
    st.builds(
        Evidence,
        kind=slugs,
        item=st.none() | slugs,
        form=st.just("file"),
        sha256=hashes,
        size=st.integers(1, MAX_INTEGER),
        media_type=words,
        name=st.none() | hashes,
        content=st.none() | hashes,
    ),
    st.builds(Evidence, kind=slugs, item=st.none() | slugs, form=st.just("link"), url=words),
    st.builds(
        Evidence,
        kind=slugs,
        item=st.none() | slugs,
        form=st.just("reference"),
        number=words,
        dated=days,
        issuer=words,
    ),
)
records = st.builds(
    Record,
    origin=words,
    stream=words,
    sequence=st.integers(1, MAX_INTEGER),
    previous=hashes,
    record_id=words,
    command_id=words,
    request=hashes,
    kind=st.just("advanced"),
    actor=st.builds(
        ActedAs,
        assignment=st.none() | words,
        on_behalf_of=st.none() | words,
        signature=st.none() | words,
    ),
    recorded_at=moments,
    effective_on=days,
    transition=st.none() | slugs,
    source=st.none() | slugs,
    target=st.none() | slugs,
    definition=st.none() | st.builds(DefinitionRef, id=words, version=words, digest=hashes),
    requirements=tuples_of(words),
    due_on=st.none() | days,
    evidence=tuples_of(pieces),
    facts=st.dictionaries(slugs, json_values, max_size=3),
    reason=st.none() | slugs,
    comment=st.none() | hashes,
    consulted=st.dictionaries(slugs, st.integers(0, MAX_INTEGER), max_size=2),
)
