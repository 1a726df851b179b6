"""From DOT to SVG by Graphviz: the portable graphviz-pure, or the system's own ``dot``.

Both are programs: nothing is imported, and the library works without them until a picture is asked
for. graphviz-pure goes first, because it draws the same on every machine.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from typing import ClassVar, Final

from lifecycle.domain.errors import LifecycleError
from lifecycle.pictures.markup import clean, escaped, tag

_SECONDS: Final = 60
_OPENING: Final = re.compile(r"(<svg\b[^>]*)>")


class RendererMissing(LifecycleError):
    """There is no program on this machine that lays out a diagram."""

    code = "LC601"
    template: ClassVar[str] = "no program to draw the diagram: neither graphviz-pure nor dot"
    remedy_template: ClassVar[str] = (
        "pip install 'school-lifecycle[pictures]', or take the format mermaid or dot"
    )


class RendererFailed(LifecycleError):
    """The program did not draw the diagram."""

    code = "LC602"
    template: ClassVar[str] = "{program} did not draw the diagram: {detail}"
    remedy_template: ClassVar[str] = "take the format mermaid or dot"


def drawn(dot: str) -> str:
    """Return the graph *dot* as SVG.

    Raises:
        RendererMissing: Neither graphviz-pure nor Graphviz is installed.
        RendererFailed: It did not draw the picture.
    """
    program = _program()
    try:
        result = subprocess.run(  # noqa: S603 - a program found by its name, no shell
            [program, "-Tsvg"],
            input=dot.encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RendererFailed(program=program, detail=type(error).__name__) from error
    if result.returncode != 0:
        detail = clean(result.stderr.decode(errors="replace"))[:300]
        raise RendererFailed(program=program, detail=detail or f"exit {result.returncode}")
    picture = result.stdout.decode()
    if not _OPENING.search(picture):
        raise RendererFailed(program=program, detail="it wrote no svg element")
    return picture


def accessible(picture: str, name: str, title: str, description: str) -> str:
    """Return the SVG *picture* with a title and a description for those who do not see it.

    Args:
        picture: As Graphviz wrote it.
        name: What the ids of both begin with.
        title: What it shows.
        description: What is to be seen.
    """
    names = tag("title", escaped(clean(title)), id=f"{name}-title") + tag(
        "desc", escaped(clean(description)), id=f"{name}-desc"
    )
    role = f' role="img" aria-labelledby="{name}-title {name}-desc"'
    return _OPENING.sub(lambda found: f"{found[1]}{role}>\n{names}", picture, count=1)


def _program() -> str:
    """Return the program to call; one of this environment need not be on the path."""
    scripts = sysconfig.get_path("scripts")
    found = (
        shutil.which("graphviz-pure", path=scripts)
        or shutil.which("graphviz-pure")
        or shutil.which("dot")
    )
    if found is None:
        raise RendererMissing
    return found
