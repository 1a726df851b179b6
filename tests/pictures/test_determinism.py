"""The same plan is the same picture, byte for byte, in every process."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
from datetime import date
from hashlib import sha256
from lifecycle.pictures import dot, gantt_svg, mermaid, svg
from lifecycle.workflows.catalogue import Catalogue
from tests.pictures.examples import ROADMAPS, eventful

catalogue = Catalogue()
for name in ROADMAPS:
    definition = catalogue.compiled(name)
    day = definition.roadmap.start.replace(month=10)
    pictures = [draw(definition, "ru") for draw in (mermaid, dot, svg)]
    pictures.append(gantt_svg(eventful(definition, day), definition, day, "ru"))
    for picture in pictures:
        print(sha256(picture.encode()).hexdigest())
"""


def digests(seed: str) -> list[str]:
    """Return the digests of all pictures, made by a process with its own order of sets."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


@pytest.mark.timeout(300)
def test_pictures_do_not_depend_on_the_process() -> None:
    first, second = digests("1"), digests("2")

    assert len(set(first)) == 20
    assert first == second
