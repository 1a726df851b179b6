"""The shipped road maps as plain YAML: nothing of the project reads them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROADMAPS = Path(__file__).resolve().parents[2] / "workflows" / "roadmaps"


@cache
def load(name: str) -> dict[str, Any]:
    """Return the document of a road map, the same for all who ask: it is not to be changed."""
    document = YAML(typ="safe", pure=True).load((ROADMAPS / f"{name}.yaml").read_text("utf-8"))
    assert isinstance(document, dict)
    return document
