"""The page for operators says what the program does."""

import re
from pathlib import Path

from lifecycle import events

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "operating.md").read_text("utf-8")


def test_the_table_of_events_names_each_one_with_its_level_and_fields() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (info|warning) \| (.*?) \| (.*) \|$", PAGE, re.M)

    assert rows == [
        (
            one.name,
            "warning" if one.warns else "info",
            ", ".join(f"`{name}`" for name in one.fields),
            one.meaning,
        )
        for one in events.ALL
    ]
