"""The command that publishes the JSON Schemas of definition files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lifecycle.cli import files, output
from lifecycle.cli.forms import Command, argument, common_options, option
from lifecycle.cli.language import say
from lifecycle.cli.session import Session

_KINDS = ("programme", "roadmap")


@click.command(
    cls=Command,
    examples=(
        "lifecycle schema roadmap",
        "lifecycle schema roadmap --out roadmap.schema.json",
    ),
)
@argument("kind", type=click.Choice(_KINDS), help="Of which files: programme or roadmap.")
@option("--out", metavar="FILE", help="Where to write it; to standard output if not given.")
@files.force_option
@common_options
@click.pass_context
def schema(context: click.Context, kind: str, out: str | None, force: bool) -> None:
    """Print the JSON Schema of programme or road map files.

    Editors complete and check a file whose first line names it. What names refer to is told by
    programme check and roadmap check. Needs no database.
    """
    from lifecycle.workflows.json_schemas import KINDS, shipped

    session = Session.of(context)
    (wanted,) = (one for one in KINDS if one == kind)
    text = shipped(wanted)
    if out is None:
        session.answer(json.loads(text), lambda: output.write(text))
        return
    files.write(Path(out), text.encode(), force=force)
    line = f"# yaml-language-server: $schema={Path(out).name}"
    session.answer({"kind": kind, "file": out}, [say("{file} is written", file=out)])
    session.tell("first line of a file beside it: {line}", line=line)
