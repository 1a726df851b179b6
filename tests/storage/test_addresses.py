"""Addresses of databases are shown without what lets others in, however it is written."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from lifecycle.domain.errors import InvalidInput
from lifecycle.storage.addresses import shown_address
from lifecycle.storage.journal import database_at
from lifecycle.wiring import evidence_folder

PASSWORDS = (
    "geheim", "/geheim", "geheim/nis", ":geheim:", "geheim?nis=geheim", "#geheim#", "geheim@nis",
    "@geheim", "geheim@/nis", "geheim@nis?geheim=geheim", "ge@geheim:1/geheim", "geheim&nis=geheim",
)  # fmt: skip
FORMS = (
    "postgresql://office:{}@server:5432/name",
    "postgresql://office:{}@server/name?sslmode=require",
    "postgresql://office:{}@/name?host=/run/postgresql",
    "postgresql://:{}@/name",
    "postgresql:///name?host=/run/postgresql&user=office&password={}",
    "postgresql://server/name?sslpassword={}&sslkey=a.key",
    "postgresql+psycopg://office:{}@server/name",
    "mysql://office:{}@server/name",
    "sqlite://office:{}@/a.db",
    "postgresql://of/fice:{}@server/name",
)


@pytest.mark.parametrize("form", FORMS)
def test_no_password_is_shown_however_it_is_written(form: str) -> None:
    for password in PASSWORDS:
        for written in (password, quote(password, safe="")):
            url = form.format(written)
            shown = shown_address(url)
            assert "geheim" not in shown, url
            try:
                told = database_at(url).faults.url
            except InvalidInput as error:
                told = str(error)
            assert "geheim" not in told, url


def test_what_is_no_secret_stays_as_it_is() -> None:
    for url in ("sqlite:///a.db", "sqlite:////x/a@b/c d.db?mode=ro", "memory://",
                "postgresql://office@server:5432/name?sslmode=require"):  # fmt: skip
        assert shown_address(url) == url
    hidden = "postgresql://office:***@server/name"
    assert shown_address(hidden.replace("***", "a:b/c?d#e%40f")) == hidden
    assert shown_address("geheim") == "***"


def test_a_password_whose_end_nobody_can_tell_is_refused() -> None:
    with pytest.raises(InvalidInput, match="write %40"):
        database_at("postgresql://office:ge@heim@server/name")


def test_evidence_lies_beside_the_file_that_a_link_leads_to(tmp_path: Path) -> None:
    real, link = tmp_path / "real.db", tmp_path / "link.db"
    link.symlink_to(real)

    for path in (link, real):
        assert evidence_folder(f"sqlite:///{path}", None) == tmp_path / "real.db.evidence"
