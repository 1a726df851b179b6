"""The command export-log: the log as static files for readers that are not ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lifecycle.cli import documents, output
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.findings import finding_lines
from lifecycle.cli.forms import Command, argument, common_options
from lifecycle.cli.language import say
from lifecycle.cli.proofs import latest
from lifecycle.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lifecycle.domain.ports import Auditing


@click.command("export-log", cls=Command, examples=("lifecycle audit export-log /srv/www/log",))
@argument("folder", help="Where to; a new or empty folder, or one with this log as it was.")
@common_options
@click.pass_context
def export_log(context: click.Context, folder: str) -> None:
    """Write the log as static files that any web server can serve.

    As C2SP's tlog-tiles: the latest signed checkpoint, the tiles of the tree, and the records
    in entry bundles. Every body is hashed first; where the log is not the one that was signed,
    or not the one that the folder served before, nothing is written and the command ends with 6.
    Repeated, it adds what is new.
    """
    from lifecycle.audit.static_log import resources, unfit
    from lifecycle.storage.static_folder import StaticFolder

    session = Session.of(context)
    place = StaticFolder(Path(folder))
    progress = output.Progress(say("records hashed: {count}", count="{count}"))
    with session.engine() as engine, engine.context.journal.auditing() as view:
        note, newest = latest(view)
        served = place.served()
        try:
            findings = unfit(view, newest, served, folder, progress)
        finally:
            progress.end()
        added = 0
        if not findings:
            for path, content in resources(_bodies(view, newest.size)):
                added += place.put(path, content)
            place.publish(note)
    document = {
        "ok": not findings,
        "folder": folder,
        "size": newest.size,
        "added": added,
        "findings": [documents.finding(one) for one in findings],
    }
    lines = list(finding_lines(findings))
    template = "{folder} serves {size} records; files added: {count}"
    end = say("nothing was written")
    if not findings:
        end = say(template, folder=folder, size=newest.size, count=added)
    session.answer(document, [*lines, end])
    if findings:
        context.exit(FINDINGS)


def _bodies(view: Auditing, size: int) -> Iterator[bytes]:
    for leaf, body in view.log.bodies(0):
        if leaf.idx == size:
            return
        yield body
