"""Names, messages and errors: what happened, to what, and what to do next."""

import inspect
import re
from string import Formatter

import pytest

from lifecycle.domain import errors, naming
from lifecycle.domain.errors import (
    InvalidDefinition,
    InvalidIdentifier,
    LifecycleError,
    NotFound,
    UnknownSchool,
    VersionConflict,
    closest,
)
from lifecycle.domain.messages import Message, Text
from lifecycle.domain.model import participation_stream, roadmap_stream, scope_of

TREE = [
    one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, LifecycleError)
]


@pytest.mark.parametrize("value", ["a", "7", "Ana", "s-17", "a.b_c", "x" * 64])
def test_ids_are_short_ascii_words(value: str) -> None:
    assert naming.identifier(value, "school") == value


@pytest.mark.parametrize("value", ["", "-a", ".a", "a b", "школа", "a/b", "a\n", "x" * 65])
def test_other_ids_are_refused(value: str) -> None:
    with pytest.raises(InvalidIdentifier, match=r"cannot be an id \(school\)") as refused:
        naming.identifier(value, "school")

    assert refused.value.facts["value"] == value


@pytest.mark.parametrize("value", [None, 7, ["a"]])
def test_an_id_is_text(value: object) -> None:
    assert not naming.is_identifier(value)
    assert not naming.is_slug(value)


def test_a_text_is_told_in_either_language() -> None:
    title = Text(ru="Школа", en="School")

    assert [title.in_language(one) for one in ("ru", "en", "de")] == ["Школа", "School", "School"]


def test_a_message_is_rendered_with_its_parts_translated() -> None:
    words = {"{who} is {what}": "{who} — {what}", "late": "поздно"}
    message = Message("{who} is {what}", {"who": ("a", "b"), "what": Message("late")})

    assert str(message) == "a, b is late"
    assert message.rendered(lambda template: words.get(template, template)) == "a, b — поздно"


def test_parameters_are_given_as_plain_values() -> None:
    message = Message("", {"a": ("x", "y"), "b": Message("late"), "c": 3, "d": [1], "e": {"z"}})

    assert message.plain_parameters() == {
        "a": ["x", "y"],
        "b": "late",
        "c": 3,
        "d": [1],
        "e": ["z"],
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [("Tomari-2022", "tomari-2022"), ("tomary-2022", "tomari-2022"), ("xyz", None)],
)
def test_the_nearest_name_is_found(name: str, found: str | None) -> None:
    assert closest(name, ["belgorod-2021", "tomari-2022"]) == found


def test_an_unknown_name_is_answered_with_the_nearest_or_a_way_to_list_all() -> None:
    near, far = UnknownSchool("krasnogorks", ["krasnogorsk"]), UnknownSchool("x", ["krasnogorsk"])

    assert str(near) == "no school krasnogorks is enrolled"
    assert str(near.remedy) == "did you mean krasnogorsk?"
    assert str(far.remedy) == "list the schools: lifecycle status"
    assert NotFound("x").remedy is None


def test_an_error_keeps_its_facts() -> None:
    error = VersionConflict(stream="participation/s-1", actual=4, expected=3)

    assert error.facts == {"stream": "participation/s-1", "actual": 4, "expected": 3}
    assert str(error) == "participation/s-1 is at version 4, not 3: someone else moved it"


def test_a_broken_definition_tells_how_many_mistakes_it_has() -> None:
    error = InvalidDefinition("map.yaml", ["one", "two"])

    assert str(error) == "map.yaml has 2 mistake(s)"
    assert error.problems == ("one", "two")


def test_every_error_has_a_code_of_its_own_and_a_text() -> None:
    codes = [one.code for one in TREE]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"LC\d{3}", code) for code in codes)
    assert all(one.template and one.__doc__ for one in TREE)
    assert len({one.template for one in TREE}) == len(TREE)


@pytest.mark.parametrize("error", TREE, ids=lambda one: one.__name__)
def test_templates_have_named_placeholders_only(error: type[LifecycleError]) -> None:
    for template in (error.template, error.remedy_template):
        assert all(
            name is None or name.isidentifier() for _, name, _, _ in Formatter().parse(template)
        )


def test_a_stream_tells_what_a_role_in_it_is_held_on() -> None:
    assert scope_of("installation") == "installation"
    assert scope_of(roadmap_stream("tomari-2022")) == "roadmap"
    assert scope_of(participation_stream("s-1")) == "school"


@pytest.mark.parametrize("stream", ["", "installation/x", "roadmap", "schools/s-1"])
def test_nothing_else_is_a_stream(stream: str) -> None:
    with pytest.raises(ValueError, match="there is no stream"):
        scope_of(stream)
