"""The command ``lifecycle db shard``: laying schools on several servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lifecycle.cli.forms import Command, common_options, option
from lifecycle.cli.language import say
from lifecycle.cli.session import Session

if TYPE_CHECKING:
    from lifecycle.storage.sharding import Laid


@click.command(
    cls=Command,
    examples=(
        "lifecycle db shard --db postgresql://owner@center/name --servers servers.txt --dry-run",
        "lifecycle db shard --db postgresql://owner@center/name --servers servers.txt",
    ),
)
@option(
    "--servers",
    metavar="FILE",
    required=True,
    help="Addresses of the servers' databases, one a line; the order stays.",
)
@option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@common_options
@click.pass_context
def shard(context: click.Context, servers: str, dry_run: bool) -> None:
    """Lay the schools of an empty history on several servers.

    All that belongs to a school lies together on one of the servers; the rest lies in the database
    at --db, whose address alone the programs know. Run it as a super-user there and as the owner of
    the servers' databases, before lifecycle init. Run again, it names the servers' new addresses,
    changes the passwords by which they are reached, and replaces functions of an earlier release.

    A transaction over several servers is not atomic, and a server that is down stops everybody:
    see docs/scale.md.
    """
    from lifecycle.maintenance import shard_history

    session = Session.of(context)
    laid = shard_history(session.url, addresses_in(servers), dry_run=dry_run)
    document = [
        {
            "address": one.address,
            "statements": list(one.statements),
            "replaced": list(one.replaced),
        }
        for one in laid
    ]
    session.answer({"dry_run": dry_run, "servers": document}, _told(laid, dry_run=dry_run))


def addresses_in(file: str | None) -> list[str]:
    """Return the addresses of servers that a file lists, in order; none without a file.

    Raises:
        InvalidInput: It cannot be read.
    """
    from lifecycle.cli.keys import read_text

    if file is None:
        return []
    lines = map(str.strip, read_text(Path(file), "--servers").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _told(laid: Sequence[Laid], *, dry_run: bool) -> Iterator[str]:
    for one in laid:
        count = len(one.statements)
        if dry_run:
            yield say("{address}: statements to send: {count}", address=one.address, count=count)
            yield from (f"  {statement};" for statement in one.statements)
        else:
            yield say("{address}: statements sent: {count}", address=one.address, count=count)
        if one.replaced:
            names = ", ".join(one.replaced)
            yield say("{address}: functions made anew: {names}", address=one.address, names=names)
