"""The command that publishes the JSON Schemas of definition files."""

from __future__ import annotations

import json

import click

from lifecycle.cli import output
from lifecycle.cli.forms import Command, argument, common_options
from lifecycle.cli.session import Session

_KINDS = ("programme", "roadmap")


@click.command(
    cls=Command,
    examples=(
        "lifecycle schema roadmap > roadmap.schema.json",
        "# first line of a road map file, for editors:",
        "# yaml-language-server: $schema=roadmap.schema.json",
    ),
)
@argument("kind", type=click.Choice(_KINDS), help="Of which files: programme or roadmap.")
@common_options
@click.pass_context
def schema(context: click.Context, kind: str) -> None:
    """Print the JSON Schema of programme or road map files.

    Editors complete and check a file whose first line names it. What names refer to is told by
    programme check and roadmap check. Needs no database.
    """
    from lifecycle.workflows.json_schemas import KINDS, shipped

    (wanted,) = (one for one in KINDS if one == kind)
    text = shipped(wanted)
    Session.of(context).answer(json.loads(text), lambda: output.write(text))
