"""The command ``lifecycle audit erasure-extract``.

The extract from the journal of event registration that goes with an act of destruction. It bears
what order No 179 of Roskomnadzor of 28.10.2022 asks for according to published commentaries; the
text in force is for the operator's lawyer. What the engine does not know is left to be filled in.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lifecycle.cli import files
from lifecycle.cli.documents import day
from lifecycle.cli.forms import Command, common_options, option
from lifecycle.cli.language import say, spoken
from lifecycle.cli.session import Session
from lifecycle.domain.erasure import GROUND, place_of
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from lifecycle.service.people import Destroyed

TEMPLATES: Final = {
    "names": "name of the person, if one was kept",
    "comments": "comments: {count}",
    "file_names": "names of files: {count}",
    "files": "personal files and their keys: {count}",
}
"""Categories of destroyed data."""

_BLANK: Final = "_" * 40


@click.command(
    "erasure-extract",
    cls=Command,
    examples=(
        "lifecycle audit erasure-extract --act 12/2026 --lang ru --out extract.txt",
        "lifecycle audit erasure-extract --json",
    ),
)
@option("--act", metavar="NUMBER", help="Only what was destroyed by this act.")
@option("--out", metavar="FILE", help="Write it to a file instead.")
@files.force_option
@common_options
@click.pass_context
def erasure_extract(context: click.Context, act: str | None, out: str | None, force: bool) -> None:
    """Make the extract that an act of destruction needs.

    What was destroyed, of whom, when and why, from the history itself; the names that the engine
    does not know are left to be filled in. What act and extract have to hold, and for how long
    they are kept, says the law in force: let a lawyer compare them with it.
    """
    session = Session.of(context)
    if out is not None:
        files.check_free(Path(out), force=force)
    with session.engine() as engine:
        found = engine.people.destroyed(act)
    if not found:
        session.tell("nothing was erased")
    document = {"erasures": [_document(one) for one in found]}
    lines = [text for one in found for text in _lines(one)]
    if out is not None:
        files.write(Path(out), "".join(f"{text}\n" for text in lines).encode(), force=force)
        lines = [say("the extract is in {file}", file=out)]
    session.answer(document, lines)


def _document(one: Destroyed) -> dict[str, Any]:
    record, facts = one.record, one.record.facts or {}
    ground = GROUND[facts["ground"]]
    return {
        "person": facts["actor"],
        "destroyed": {
            "name": True,
            "comments": one.comments,
            "file_names": one.file_names,
            "files": one.files,
        },
        "records": list(one.places),
        "information_system": {"name": None, "installation": one.origin},
        "ground": {
            "code": ground.code,
            "title": ground.title.in_language(spoken()),
            "source": ground.source,
        },
        "act": facts["act"],
        "erased_at": moment_text(record.recorded_at),
        "dated": day(record.effective_on),
        "ordered_by": record.actor.id,
        "record": place_of(record),
        "hash": record.hash,
    }


def _lines(one: Destroyed) -> Iterator[str]:
    """Yield whose data, what, where, why and when, then where that comes from."""
    record, facts = one.record, one.record.facts or {}
    ground = GROUND[facts["ground"]]
    counts = {"comments": one.comments, "file_names": one.file_names, "files": one.files}
    yield say("Extract from the journal of event registration, act {act}", act=facts["act"])
    yield say("whose data: {person} (name: {blank})", person=facts["actor"], blank=_BLANK)
    yield say("what was destroyed:")
    yield f"  - {say(TEMPLATES['names'])}"
    for name, count in counts.items():
        yield f"  - {say(TEMPLATES[name], count=count)}"
    yield say(
        "information system: {blank} (installation {origin})", blank=_BLANK, origin=one.origin
    )
    title = ground.title.in_language(spoken())
    yield say("reason: {title} ({source})", title=title, source=ground.source)
    yield say("destroyed: {moment}", moment=moment_text(record.recorded_at))
    yield say("entered by: {actor} (name, position: {blank})", actor=record.actor.id, blank=_BLANK)
    yield say("record {place}, hash {hash}", place=place_of(record), hash=record.hash)
    yield say("records that bore the data: {places}", places=", ".join(one.places) or "-")
    yield ""
