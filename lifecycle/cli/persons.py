"""Commands on people's data: person name, show, erase; evidence get; refusals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli import arguments, documents, files, output
from lifecycle.cli.forms import Command, Group, argument, common_options, option
from lifecycle.cli.identity import acting, actor_option
from lifecycle.cli.language import say
from lifecycle.cli.schools import command_id_option
from lifecycle.cli.session import Session
from lifecycle.domain.erasure import GROUND, place_of
from lifecycle.domain.model import participation_stream
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from lifecycle.domain.model import RefusedAttempt
    from lifecycle.service.people import Person


@click.group(cls=Group, examples=("lifecycle person show curator-1",))
@common_options
def person() -> None:
    """Keep, show and erase people's data.

    Records name people by opaque ids. Names, comments and names of files lie outside the
    history, and so do the keys of personal files: there they can be erased.
    """


@person.command(
    "name",
    cls=Command,
    examples=("lifecycle person name curator-1 'Т. Петрова' --actor admin",),
)
@argument("id", help="Opaque id of the person.")
@argument(
    "name",
    callback=arguments.unseen,
    help="Name, in place of any earlier one; '-' reads it from standard input.",
)
@actor_option
@common_options
@click.pass_context
def name_person(context: click.Context, id: str, name: str, actor: str | None) -> None:
    """Keep the name of a person.

    Nothing of it comes into the history. Done by an administrator.
    """
    session = Session.of(context)
    with session.engine() as engine:
        engine.people.name(id, name, actor=acting(session, engine, actor))
    session.answer({"actor": id, "named": True}, [say("the name of {id} is kept", id=id)])


@person.command("show", cls=Command, examples=("lifecycle person show curator-1 --json",))
@argument("id", help="Opaque id of the person.")
@common_options
@click.pass_context
def show_person(context: click.Context, id: str) -> None:
    """Show what is kept of a person.

    Name, how many comments and names of files are kept and how many personal files can be read,
    and by which acts data were erased.
    """
    session = Session.of(context)
    with session.engine() as engine:
        kept = engine.people.show(id)
    session.answer(_document(kept), _lines(kept))


def _document(kept: Person) -> dict[str, Any]:
    return {
        "actor": kept.actor,
        "name": kept.name,
        "values": kept.values,
        "files": kept.files,
        "erasures": [
            {
                "ground": (one.facts or {})["ground"],
                "act": (one.facts or {})["act"],
                "recorded_at": moment_text(one.recorded_at),
                "record": place_of(one),
            }
            for one in kept.erasures
        ],
    }


def _lines(kept: Person) -> Iterator[str]:
    yield f"{kept.actor}: {kept.name or say('no name is kept')}"
    template = "comments, names of files and contents kept: {values}; personal files: {files}"
    yield "  " + say(template, values=kept.values, files=kept.files)
    for one in kept.erasures:
        facts = one.facts or {}
        template = "erased by act {act} ({ground}), recorded {moment}"
        moment = moment_text(one.recorded_at)
        yield "  " + say(template, act=facts["act"], ground=facts["ground"], moment=moment)


@person.command(
    "erase",
    cls=Command,
    examples=(
        "lifecycle person erase curator-1 --ground consent_withdrawn --act 12/2026 --actor admin",
        "lifecycle person erase curator-1 --ground person_request --act 13/2026 \\",
        "    --record participation/krasnogorsk#7 --actor admin",
    ),
)
@argument("id", help="Opaque id of the person.")
@option(
    "--ground",
    type=click.Choice(tuple(GROUND)),
    required=True,
    help="Ground in law (152-FZ), by its code.",
)
@option("--act", metavar="NUMBER", required=True, help="Number of the act of destruction.")
@option(
    "--record",
    metavar="STREAM#NUMBER",
    multiple=True,
    help="A record of somebody else whose comment or file is about this person. May be repeated.",
)
@actor_option
@command_id_option
@common_options
@click.pass_context
def erase_person(
    context: click.Context,
    id: str,
    ground: str,
    act: str,
    record: Sequence[str],
    actor: str | None,
    command_id: str | None,
) -> None:
    """Erase what a person wrote.

    His name, his comments, the names of his files, and his personal files with their keys are
    destroyed for ever. The records stay, and the history still verifies. Interrupted, it is
    finished by the same command id again.
    """
    session = Session.of(context)
    with session.command(command_id) as request, session.engine() as engine:
        receipt = engine.people.erase(
            id,
            ground=ground,
            act=act,
            records=record,
            actor=acting(session, engine, actor),
            command_id=request,
        )
    template = "what {id} wrote is erased by act {act}, record {sequence}, {hash}"
    facts = {"id": id, "act": act, "sequence": receipt.version, "hash": receipt.record.hash[:12]}
    session.answer(
        {"actor": id, "ground": ground, "act": act, **documents.receipt(receipt)},
        [say(template, **facts)],
    )
    session.tell("backups made before still hold it: destroy it there as well")


@click.group(cls=Group, examples=("lifecycle evidence get SHA256 --out note.pdf",))
@common_options
def evidence() -> None:
    """Take evidence files out again.

    Files lie in the evidence folder under the SHA-256 of what is stored; personal ones are
    encrypted there.
    """


@evidence.command(
    "get",
    cls=Command,
    examples=(f"lifecycle evidence get {'0' * 64} --out note.pdf",),
)
@argument("sha256", metavar="ADDRESS", help="Address of the file, as records name it.")
@option("--out", metavar="FILE", required=True, help="Where to write it.")
@files.force_option
@common_options
@click.pass_context
def get_evidence(context: click.Context, sha256: str, out: str, force: bool) -> None:
    """Write an evidence file as it was filed.

    A personal file is decrypted; after an erasure it is gone for ever.
    """
    session, path = Session.of(context), Path(out)
    files.check_free(path, force=force)
    with session.engine() as engine:
        content = engine.people.evidence(sha256)
    files.write(path, content, force=force, secret=True)
    session.answer(
        {"sha256": sha256, "file": str(path), "size": len(content)},
        [say("{file}: {size} B", file=str(path), size=len(content))],
    )


@click.command(
    cls=Command,
    examples=("lifecycle refusals", "lifecycle refusals --school krasnogorsk --json"),
)
@option("--school", metavar="SCHOOL", help="Only attempts on this school.")
@common_options
@click.pass_context
def refusals(context: click.Context, school: str | None) -> None:
    """Show what was tried and refused.

    Refused attempts are no part of the history and prove nothing; they are kept for operators.
    """
    session = Session.of(context)
    stream = None if school is None else participation_stream(school)
    with session.engine() as engine, engine.context.journal.reading() as view:
        attempts = list(view.refused(stream))
    if not attempts:
        session.tell("nothing was refused")
    session.answer(
        {
            "refusals": [
                {
                    "at": moment_text(one.at),
                    "stream": one.stream,
                    "actor": one.actor,
                    "what": one.what,
                    "command_id": one.command_id,
                    "unmet": [dict(reason) for reason in one.unmet],
                }
                for one in attempts
            ]
        },
        lambda: _refused(attempts),
    )


def _refused(attempts: Sequence[RefusedAttempt]) -> None:
    if attempts:
        heads = ("at", "stream", "actor", "tried", "reasons")
        output.table([say(head) for head in heads], map(_refused_row, attempts))


def _refused_row(one: RefusedAttempt) -> Sequence[str]:
    reasons = ", ".join(str(reason["code"]) for reason in one.unmet)
    return (moment_text(one.at), one.stream, one.actor, one.what, reasons)
