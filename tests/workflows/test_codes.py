"""Every code of a mistake in a definition file is provoked by a test."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def codes_in(folder: Path, pattern: str) -> set[str]:
    texts = (path.read_text("utf-8") for path in folder.glob("*.py"))
    return {code for text in texts for code in re.findall(pattern, text)}


def test_every_code_is_provoked() -> None:
    declared = codes_in(ROOT / "workflows", r'"(LD\d{3})"')

    provoked = codes_in(ROOT / "tests" / "workflows", r"\d: (LD\d{3}): ")

    assert provoked == declared
