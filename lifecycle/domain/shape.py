"""The shape of a record's body: which members there are, and of which type each is.

A body that comes from storage is believed nowhere. With this check done, nobody behind it asks
for types again. What a member may say is a matter of the rules, not of the shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

_TEXTS: Final = (
    "origin",
    "stream",
    "previous",
    "record_id",
    "command_id",
    "request",
    "recorded_at",
    "effective_on",
)
_OPTIONAL_TEXTS: Final = ("transition", "from", "to", "due_on", "reason", "comment")
_texts: Final = itemgetter(*_TEXTS)
_optional_texts: Final = itemgetter(*_OPTIONAL_TEXTS)
_TEXT: Final[frozenset[type]] = frozenset({str})
_TEXT_OR_NONE: Final[frozenset[type]] = frozenset({str, type(None)})

_PLAN_KINDS: Final = ("activity_begun", "activity_done", "activity_postponed", "activity_cancelled")
_PLAN_FACTS: Final = frozenset({"activity", "occurrence", "postponed_to", "counts"})

# The facts of each kind of record; a transition bears those that the programme declares.
_FACTS: Final[Mapping[str, frozenset[str] | None]] = {
    "installed": frozenset({"maximum_merge_delay"}),
    "actor_added": frozenset({"actor"}),
    "roadmap_adopted": frozenset({"roadmap"}),
    "role_assigned": frozenset({"actor", "role"}),
    "role_revoked": frozenset({"actor", "role", "assignment"}),
    "enrolled": frozenset({"school", "roadmap", "title"}),
    "advanced": None,
    **dict.fromkeys(_PLAN_KINDS),
    "credential_added": frozenset(
        {"actor", "credential", "method", "proof", "scopes", "expires_at"}
    ),
    "credential_revoked": frozenset({"actor", "credential"}),
    "person_erased": None,
}
_ERASURE_FACTS: Final = frozenset({"actor", "ground", "act", "records"})
_COMMITMENTS: Final = ("name", "content")

_EVIDENCE: Final[Mapping[str, tuple[str, ...]]] = {
    "file": ("sha256", "media_type"),
    "link": ("url",),
    "reference": ("number", "date", "issuer"),
}
"""The texts that a piece has by its form."""


def check_shape(body: Mapping[str, Any]) -> None:
    """Check that the members of a record's body have their types.

    Raises:
        KeyError: A member is missing, or there is no such kind of record or form of evidence.
        TypeError, ValueError: One is of another type than it has to be.
    """
    _expect_all(_TEXT, _TEXTS, _texts(body))
    _expect_all(_TEXT_OR_NONE, _OPTIONAL_TEXTS, _optional_texts(body))
    _expect(type(body["sequence"]) is int and body["sequence"] > 0, "sequence")
    rules, actor, consulted = body["definition"], body["actor"], body["consulted"]
    _expect(rules is None or _is_object_of_texts(rules), "definition")
    _expect(_is_object_of_texts({**actor, **_optional(actor)}), "actor")
    _expect(_TEXT.issuperset(map(type, body["requirements"])), "requirements")
    _expect(all(type(version) is int for version in consulted.values()), "consulted")
    _check_facts(body["kind"], body["facts"])
    for piece in body["evidence"]:
        _check_evidence(piece)


def _optional(actor: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that an actor may lack, as texts where he does."""
    names = ("assignment", "on_behalf_of", "signature")
    return {name: "" if actor[name] is None else actor[name] for name in names}


def _check_facts(kind: str, facts: Mapping[str, Any]) -> None:
    names = _FACTS[kind]
    if names is not None:
        _expect(facts.keys() == names and _is_object_of_texts(facts), "facts")
    elif kind in _PLAN_KINDS:
        _check_plan_facts(facts)
    elif kind == "person_erased":
        _check_erasure_facts(facts)


def _check_erasure_facts(facts: Mapping[str, Any]) -> None:
    _expect(facts.keys() == _ERASURE_FACTS and isinstance(facts["records"], list), "facts")
    texts = (facts["actor"], facts["ground"], facts["act"], *facts["records"])
    _expect(all(isinstance(one, str) for one in texts), "facts")


def _check_plan_facts(facts: Mapping[str, Any]) -> None:
    _expect(facts.keys() == _PLAN_FACTS and isinstance(facts["activity"], str), "facts")
    _expect(_is_optional_text(facts["occurrence"]), "occurrence")
    _expect(_is_optional_text(facts["postponed_to"]), "postponed_to")
    counts = facts["counts"]
    _expect(isinstance(counts, Mapping), "counts")
    _expect(all(type(number) is int for number in counts.values()), "counts")


def _check_evidence(piece: Mapping[str, Any]) -> None:
    _expect(isinstance(piece["kind"], str) and _is_optional_text(piece["item"]), "evidence")
    names = _EVIDENCE[piece["form"]]
    _expect_all(_TEXT, names, [piece[name] for name in names])
    if piece["form"] == "file":
        _expect(type(piece["size"]) is int, "evidence size")
        for name in _COMMITMENTS:
            _expect(_is_optional_text(piece[name]), f"evidence {name}")


def _is_optional_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_object_of_texts(value: Mapping[str, Any]) -> bool:
    return _TEXT.issuperset(map(type, value.values()))


def _expect_all(kinds: frozenset[type], names: Sequence[str], values: Sequence[object]) -> None:
    """Check many members at once; which one it is, is looked for where one is wrong."""
    if not kinds.issuperset(map(type, values)):
        wrong = [name for name, one in zip(names, values, strict=True) if type(one) not in kinds]
        _expect(False, wrong[0])


def _expect(fits: bool, what: str) -> None:
    if not fits:
        raise ValueError(f"{what} is of another type than it has to be")
