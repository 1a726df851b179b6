"""The campaign in its reduced form: what was multiplied is sound for the screen and in full."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle import Lifecycle, open_lifecycle, verify
from tests.audit.court import Court
from tests.campaigns.verify_scale import corpus, measured

RECORDS = 900
FIRST = 1700  # 15 hours after the originals: at every place another day begins on the way


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scale")
    for name in ("", ".part"):
        left = folder / f"records-{RECORDS}{name}"  # by makings that were interrupted
        left.mkdir()
        (left / "lifecycle.db").write_bytes(b"half of it")
    return corpus(folder, RECORDS, FIRST)


@pytest.fixture(scope="module")
def engine(place: Path) -> Iterator[Lifecycle]:
    url = f"sqlite:///{place}/lifecycle.db"
    with open_lifecycle(url, evidence=place / "evidence") as engine:
        yield engine


def test_a_multiplied_history_is_sound(engine: Lifecycle) -> None:
    report = verify(engine)

    assert report.findings == ()
    assert report.records >= RECORDS


def test_the_screen_passes_every_school_and_the_full_check_finds_nothing(
    engine: Lifecycle,
) -> None:
    court = Court(engine)

    assert {name for name, found in court.streams.items() if not court.passes(name, found)} == set()
    assert [
        one for name, found in court.streams.items() for one in court.findings(name, found)
    ] == []


def test_a_history_that_was_made_is_not_made_again(place: Path) -> None:
    before = (place / "lifecycle.db").stat().st_mtime_ns

    assert corpus(place.parent, RECORDS) == place
    assert (place / "lifecycle.db").stat().st_mtime_ns == before
    assert [one.name for one in place.parent.iterdir()] == [place.name]


def test_the_campaign_tells_what_it_measured(place: Path) -> None:
    told = measured(place, 1)

    assert told["records"] >= RECORDS
    assert told["workers"] == 1
