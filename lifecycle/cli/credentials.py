"""Commands on what people show to be known: token, key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from lifecycle.cli import documents, files, moments, output
from lifecycle.cli.forms import Command, Group, argument, common_options, option, together
from lifecycle.cli.identity import LEAD, acting, actor_option
from lifecycle.cli.language import say
from lifecycle.cli.schools import command_id_option
from lifecycle.cli.session import Session
from lifecycle.domain.errors import UnknownActor

if TYPE_CHECKING:
    from datetime import datetime

    from lifecycle.domain.model import Credential
    from lifecycle.service import Lifecycle

Method = Literal["token", "key"]

# What is asked to add a token or a key, behind the actor it is for.
_add_options: Final = together(
    option(
        "--expires",
        metavar="DATE",
        help="Good until then, without end if not given. A date alone means the end of that day,"
        " UTC; a moment that names no time zone is UTC.",
    ),
    option(
        "--scope",
        metavar="SCOPE",
        multiple=True,
        help="Good only for: advance, plan, enrol, administer. May be repeated.",
    ),
    actor_option,
    command_id_option,
    common_options,
    click.pass_context,
)
_revoke_options: Final = together(
    argument("credential", help="Id of the credential, as the list shows it."),
    actor_option,
    command_id_option,
    common_options,
    click.pass_context,
)


@click.group(
    cls=Group,
    examples=("lifecycle token issue expert-1 --actor admin --out expert-1.token",),
)
@common_options
def token() -> None:
    """Issue, list and revoke personal tokens.

    Whoever has the token acts as the one it was issued to. Only its SHA-256 is kept.
    """


@token.command(
    "issue",
    cls=Command,
    examples=(
        "lifecycle token issue expert-1 --actor admin --out expert-1.token",
        "lifecycle token issue portal --actor admin --scope advance --expires 2027-12-31",
    ),
)
@argument("actor_id", metavar="ACTOR", help="Whom it is issued to.")
@option("--out", metavar="FILE", help="File for the token, readable by nobody else.")
@_add_options
def issue(
    context: click.Context,
    /,
    actor_id: str,
    out: str | None,
    expires: str | None,
    scope: Sequence[str],
    actor: str | None,
    command_id: str | None,
) -> None:
    """Issue a token; it is shown this once.

    Without --out it is printed. Done by an administrator.
    """
    from lifecycle.service.credentials import new_token

    session = Session.of(context)
    fresh, expires_at = new_token(), _moment(session, expires)
    with session.engine() as engine:
        administrator = acting(session, engine, actor)
        # Written first: a token that was issued and lost would have to be revoked.
        with (
            session.command(command_id) as request,
            files.private(out, f"{fresh[1]}\n".encode()),
        ):
            issued = engine.credentials.issue_token(
                actor_id,
                actor=administrator,
                scopes=scope,
                expires_at=expires_at,
                command_id=request,
                fresh=fresh,
            )
        document = {"actor": actor_id, "credential": issued.credential, "out": out}
        document["token"] = issued.token if out is None else None
        lines = [issued.token] if out is None else [say("the token is in {file}", file=out)]
        try:
            session.answer({**document, **documents.receipt(issued.receipt)}, lines)
        except (BrokenPipeError, output.OutputFailed):
            if out is None:
                # Nobody has seen it whole: what was printed of it may lie anywhere.
                engine.credentials.revoke(issued.credential, actor=administrator)
                session.tell(
                    "token {credential} is revoked: it could not be shown",
                    credential=issued.credential,
                )
            raise
    session.tell(
        "token {credential} of {actor}; revoke it: lifecycle token revoke {credential}",
        credential=issued.credential,
        actor=actor_id,
    )


@token.command("list", cls=Command, examples=("lifecycle token list", "lifecycle token list ID"))
@argument("actor_id", metavar="ACTOR", required=False, help="Only those of this actor.")
@common_options
@click.pass_context
def list_tokens(context: click.Context, actor_id: str | None) -> None:
    """List tokens, without what would let anybody act.

    Whose they are, what they are good for, and which were revoked.
    """
    _list(Session.of(context), "token", actor_id)


@token.command("revoke", cls=Command, examples=("lifecycle token revoke 0f3a91c2d4 --actor admin",))
@_revoke_options
def revoke_token(context: click.Context, /, **given: Any) -> None:
    """Revoke a token.

    What was done by it stays in the history. Done by an administrator.
    """
    _revoke(Session.of(context), "token", **given)


@click.group(cls=Group, examples=("lifecycle key new --out expert-1.key",))
@common_options
def key() -> None:
    """Make, add, list and revoke personal keys.

    Commands signed by a key can be proved years later, and against the operator as well.
    """


@key.command("new", cls=Command, examples=("lifecycle key new --out expert-1.key",))
@option("--out", metavar="FILE", required=True, help="File for the key, readable by nobody else.")
@common_options
@click.pass_context
def new(context: click.Context, out: str) -> None:
    """Make an Ed25519 key and print its public half.

    The file stays with the person; an administrator gets the public half only.
    """
    from lifecycle.keys import new_key

    session = Session.of(context)
    output.check_open()
    made = new_key()
    with files.private(out, made.pem):
        pass
    session.answer({"public": made.public, "out": out}, [made.public])
    session.tell("next: lifecycle key add ACTOR {public} --actor ADMIN", public=made.public)


@key.command(
    "add",
    cls=Command,
    examples=(
        "lifecycle key add expert-1 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo= --actor admin",
    ),
)
@argument("actor_id", metavar="ACTOR", help="Whose key it is.")
@argument("public", help="The public half, as lifecycle key new prints it.")
@_add_options
def add(
    context: click.Context,
    /,
    actor_id: str,
    public: str,
    expires: str | None,
    scope: Sequence[str],
    actor: str | None,
    command_id: str | None,
) -> None:
    """Let an actor be known by signing with a key.

    Done by an administrator, who has made sure whose key it is.
    """
    session = Session.of(context)
    expires_at = _moment(session, expires)
    with session.command(command_id) as request, session.engine() as engine:
        receipt = engine.credentials.add_key(
            actor_id,
            public,
            actor=acting(session, engine, actor),
            scopes=scope,
            expires_at=expires_at,
            command_id=request,
        )
    name = (receipt.record.facts or {})["credential"]
    session.answer(
        {"actor": actor_id, "credential": name, "public": public, **documents.receipt(receipt)},
        [say("key {credential} of {actor} is added", credential=name, actor=actor_id)],
    )


@key.command("list", cls=Command, examples=("lifecycle key list", "lifecycle key list expert-1"))
@argument("actor_id", metavar="ACTOR", required=False, help="Only those of this actor.")
@common_options
@click.pass_context
def list_keys(context: click.Context, actor_id: str | None) -> None:
    """List keys.

    Whose they are, what they are good for, and which were revoked.
    """
    _list(Session.of(context), "key", actor_id)


@key.command("revoke", cls=Command, examples=("lifecycle key revoke 0f3a91c2d4 --actor admin",))
@_revoke_options
def revoke_key(context: click.Context, /, **given: Any) -> None:
    """Revoke a key.

    What was signed by it stays proved. Done by an administrator.
    """
    _revoke(Session.of(context), "key", **given)


def _moment(session: Session, text: str | None) -> datetime | None:
    return None if text is None else moments.moment(session, text)


def _revoke(
    session: Session,
    method: Method,
    *,
    credential: str,
    actor: str | None,
    command_id: str | None,
) -> None:
    if credential.startswith(LEAD):
        # Whoever found a token revokes it so; it is told of by its id only.
        credential = credential.removeprefix(LEAD).partition("_")[0]
    with session.command(command_id) as request, session.engine() as engine:
        administrator = acting(session, engine, actor)
        with engine.context.journal.reading() as view:
            known = view.credential(credential)
        if known is not None and known.method != method:
            template = "{credential} is a {method}: lifecycle {method} revoke {credential}"
            raise click.UsageError(say(template, credential=credential, method=known.method))
        receipt = engine.credentials.revoke(credential, actor=administrator, command_id=request)
    session.answer(
        {"credential": credential, **documents.receipt(receipt)},
        [say("{credential} is good for nothing any more", credential=credential)],
    )


def _list(session: Session, method: Method, actor: str | None) -> None:
    with session.engine() as engine:
        found = _of(engine, method, actor)
    session.answer(
        {"credentials": [_document(one) for one in found]}, lambda: _table(found) if found else None
    )


def _of(engine: Lifecycle, method: Method, actor: str | None) -> list[Credential]:
    if actor is not None:
        with engine.context.journal.reading() as view:
            if not view.has_actor(actor):
                raise UnknownActor(actor, view.actors())
    every = engine.credentials.all()
    return [one for one in every if one.method == method and actor in (None, one.actor)]


def _document(one: Credential) -> dict[str, Any]:
    return {
        "credential": one.id,
        "actor": one.actor,
        "public": one.proof if one.method == "key" else None,
        "scopes": one.scopes.split(),
        "expires_at": one.expires_at or None,
        "sequence": one.sequence,
        "revoked": one.revoked,
    }


def _table(found: Sequence[Credential]) -> None:
    heads = ("credential", "actor", "good for", "expires", "added", "revoked")
    output.table(
        [say(head) for head in heads],
        [
            (
                one.id,
                one.actor,
                one.scopes or say("everything"),
                one.expires_at or None,
                one.sequence,
                one.revoked,
            )
            for one in found
        ],
    )
