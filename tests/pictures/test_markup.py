"""Text in pictures: well-formed, and within its column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.pictures.markup import clean, escaped, tag, width_of, wrapped
from tests.pictures.examples import parsed


@given(st.text(), st.text())
def test_any_text_is_an_attribute_and_a_content(attribute: str, content: str) -> None:
    read = parsed(tag("g", escaped(content), id=attribute))

    assert clean(read.attrib["id"]) == clean(attribute)
    assert clean(read.text or "") == clean(content)


@given(st.text(), st.floats(30, 500), st.integers(1, 3))
def test_no_line_is_wider_than_its_column(text: str, width: float, lines: int) -> None:
    shown = wrapped(text, width, 12, lines)

    assert 1 <= len(shown) <= lines
    assert all(width_of(line, 12) <= width for line in shown)


@given(st.text(min_size=1).filter(clean), st.integers(1, 3))
def test_a_text_with_room_is_shown_whole(text: str, lines: int) -> None:
    assert wrapped(text, 10_000, 12, lines) == [clean(text)]


@pytest.mark.parametrize(
    ("text", "lines", "shown"),
    [
        ("Анкетирование кураторов", 2, ["Анкетирование", "кураторов"]),
        ("Анкетирование кураторов школ", 1, ["Анкетирование…"]),
        ("Анкетирование, кураторов школ", 1, ["Анкетирование…"]),
        ("а" * 40, 2, ["а" * 14, "а" * 13 + "…"]),
        ("", 2, [""]),
    ],
)
def test_what_does_not_fit_ends_with_an_ellipsis(text: str, lines: int, shown: list[str]) -> None:
    assert wrapped(text, 102, 12, lines) == shown


def test_letters_of_any_script_have_a_width() -> None:
    assert width_of("Ш", 10) > width_of("а", 10) > width_of(".", 10)
    assert width_of("学", 10) == 10
    assert width_of("и\u0306", 10) == width_of("и", 10)
