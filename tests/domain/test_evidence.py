"""Evidence that is accepted can be found again: by content, by address, by order."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lifecycle.domain.errors import InvalidEvidence
from lifecycle.domain.evidence import (
    MAX_NUMBER,
    MAX_TEXT,
    MAX_URL,
    check_piece,
    check_reference,
)
from lifecycle.domain.model import Evidence

DAY = date(2022, 3, 14)


def order(number: str, issuer: str = "Отдел") -> Evidence:
    return Evidence("order", form="reference", number=number, dated=DAY, issuer=issuer)


def link(url: str | None) -> Evidence:
    return Evidence("note", form="link", url=url)


@pytest.mark.parametrize(
    "piece",
    [
        link("https://example.org/a?b=c#d"),
        link("HTTP://example.org"),
        link("https://пример.рф/справка"),
        link("https://example.org/" + "x" * (MAX_URL - 20)),
        Evidence("order", form="reference", number="52 -а", dated=DAY, issuer="Отдел"),
        order("1" + "x" * (MAX_NUMBER - 1), "О" * MAX_TEXT),
        order("б/н", "Управление образования, ул. Ленина, 12, каб. 345"),
        order("01-05/2022-123456", "МБОУ СОШ № 12345"),
        link("https://www.youtube.com/@school/video?id=1234567890123"),
    ],
)
def test_links_and_orders_are_taken_as_they_are(piece: Evidence) -> None:
    assert check_reference(piece) is piece


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "example.org/note",
        "ftp://example.org/note",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https:///note",
        "https://[note",
        "https://example.org/a b",
        "https://example.org/a\nb",
        "https://example.org/\ud800",
        "https://example.org/" + "x" * MAX_URL,
    ],
)
def test_what_is_no_address_is_refused(url: str | None) -> None:
    with pytest.raises(InvalidEvidence, match="the link is not an address"):
        check_reference(link(url))


@pytest.mark.parametrize("url", ["https://ana:pass@example.org/", "https://ana@example.org/"])
def test_a_link_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(InvalidEvidence, match="user name or password") as refused:
        check_reference(link(url))

    assert "never erased" in str(refused.value.remedy)


@pytest.mark.parametrize("missing", [None, "", "  ", "52\n", "x" * (MAX_TEXT + 1)])
def test_an_order_without_number_or_issuer_is_refused(missing: str | None) -> None:
    without_number = Evidence("order", form="reference", number=missing, dated=DAY, issuer="Отдел")
    without_issuer = Evidence("order", form="reference", number="52", dated=DAY, issuer=missing)

    for piece in (without_number, without_issuer):
        with pytest.raises(InvalidEvidence, match="number, date and issuer"):
            check_reference(piece)


def test_an_order_without_a_date_is_refused() -> None:
    with pytest.raises(InvalidEvidence, match="number, date and issuer"):
        check_reference(Evidence("order", form="reference", number="52", issuer="Отдел"))


@pytest.mark.parametrize("number", ["Иванов Иван Иванович", "б/н от Петровой", "1" * 61])
def test_words_are_no_number_of_an_order(number: str) -> None:
    with pytest.raises(InvalidEvidence, match="has a digit and 60 characters") as refused:
        check_reference(order(number))

    assert "write б/н" in str(refused.value.remedy)


@pytest.mark.parametrize(
    "piece",
    [
        order("5 petrova@example.org"),
        order("5", "Петрова, petrova@пример.рф"),
        order("5", "Петрова, +7 (999) 111-22-33"),
        order("5", "Петрова, 8 999 111 22 33"),
        order("5", "Петрова, СНИЛС 123-456-789 01"),
        order("5", "Петрова, паспорт 4509 123456"),
        link("https://example.org/?to=petrova@example.org"),
        link("https://example.org/petrova%40example.org"),
    ],
)
def test_addresses_and_numbers_of_people_are_kept_out_of_records(piece: Evidence) -> None:
    with pytest.raises(InvalidEvidence, match="an e-mail address, or the number") as refused:
        check_reference(piece)

    assert "never erased" in str(refused.value.remedy)
    assert "Петрова" not in str(refused.value)


@pytest.mark.parametrize("item", ["", "Иванов", "low equipment", "low-equipment", "x" * 65])
def test_words_are_not_what_a_piece_is_for(item: str) -> None:
    stored = Evidence("note", item=item, sha256="0" * 64, size=1, media_type="text/plain")

    for piece in (stored, Evidence("note", item=item, form="link", url="https://example.org")):
        with pytest.raises(InvalidEvidence, match="is no code"):
            check_piece(piece)


def test_a_piece_has_the_members_of_one_form() -> None:
    """Those of another would be in what was asked and not in the record."""
    stored = Evidence("note", sha256="0" * 64, size=1, media_type="text/plain")
    others = (
        replace(stored, issuer="Иванов"),
        replace(link("https://example.org"), number="5"),
        replace(order("5"), name="0" * 64),
    )

    for piece in others:
        with pytest.raises(InvalidEvidence, match="members of another form"):
            check_piece(piece)


@pytest.mark.parametrize("dated", [None, datetime(2022, 3, 14, 9, tzinfo=UTC), "2022-03-14", ""])
def test_an_order_is_dated_by_a_day(dated: Any) -> None:
    with pytest.raises(InvalidEvidence, match="needs number, date and issuer"):
        check_piece(replace(order("5"), dated=dated))


def test_a_caller_cannot_pass_a_file_off_as_stored() -> None:
    with pytest.raises(InvalidEvidence, match="a file is given by its path"):
        check_reference(Evidence("note", sha256="0" * 64, size=1, media_type="text/plain"))


def test_a_stored_file_is_a_sound_piece() -> None:
    piece = Evidence("note", sha256="0123456789abcdef" * 4, size=1, media_type="text/plain")

    check_piece(piece)

    assert Evidence.from_json(piece.to_json()) == piece


@pytest.mark.parametrize(
    ("sha256", "size"),
    [
        (None, 1),
        ("", 1),
        ("0" * 63, 1),
        ("0" * 64 + "\n", 1),
        ("A" * 64, 1),
        ("../" + "0" * 61, 1),
        ("0" * 64, None),
        ("0" * 64, 0),
        ("0" * 64, -1),
    ],
)
def test_a_file_that_is_not_named_by_its_content_is_refused(
    sha256: str | None, size: int | None
) -> None:
    with pytest.raises(InvalidEvidence, match="not named by its content"):
        check_piece(Evidence("note", sha256=sha256, size=size, media_type="text/plain"))


def test_a_piece_that_is_no_file_is_checked_as_what_it_is() -> None:
    with pytest.raises(InvalidEvidence, match="not an address"):
        check_piece(link("nowhere"))
