"""Who acts in a command, and how he shows it: an account of this machine, a token, a key.

A token is never an argument or a variable: other users of the machine see those.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lifecycle.cli.arguments import STDIN
from lifecycle.cli.forms import kept, option, together
from lifecycle.cli.language import say
from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message

if TYPE_CHECKING:
    from lifecycle.cli.session import Session
    from lifecycle.domain.model import Actor
    from lifecycle.service import Lifecycle

_MOST: Final = 4096  # bytes of a token or a key, and room to spare
_SHOWN: Final = ("token_file", "sign_with")
# As ``key new`` prints it, and as other programs write it.
_PUBLIC: Final = re.compile(rb"\s*(?:[A-Za-z0-9+/]{43}=\s*$|-----BEGIN PUBLIC KEY|ssh-ed25519 )")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

actor_option: Final = together(
    option("--actor", metavar="ID", help="Who does it: an actor's id; by a token or key as well."),
    option(
        "--token-file",
        metavar="FILE",
        expose_value=False,
        callback=kept,
        help="Act by the token in this file; '-' asks for it or reads it from standard input.",
    ),
    option(
        "--sign-with",
        metavar="FILE",
        expose_value=False,
        callback=kept,
        help="Act by signing the command with the key in this file.",
    ),
)
"""What every command takes that somebody answers for."""

LEAD: Final = "lct_"
"""What every token begins with."""


def named(session: Session, actor: str | None) -> bool:
    """Tell whether somebody is named at all, where nobody has to be."""
    return actor is not None or shown_by_secret(session)


def shown_by_secret(session: Session) -> bool:
    """Tell whether the one who acts shows a token or signs."""
    return not session.given.keys().isdisjoint(_SHOWN)


def acting(session: Session, engine: Lifecycle, actor: str | None) -> Actor:
    """Return the actor of a command, known by what he gave.

    Args:
        session: The call.
        engine: On the database of this call.
        actor: The id that was given, if one was.

    Raises:
        click.UsageError: Nobody was named, or he is named twice and otherwise.
        AuthenticationFailed: Token or key are nobody's.
        InvalidInput: The file cannot be read, or others can read it.
    """
    token, key = session.given.get("token_file"), session.given.get("sign_with")
    if token is not None and key is not None:
        raise click.UsageError(say("give --token-file or --sign-with, not both"))
    for name, given in (("--actor", actor), ("--token-file", token), ("--sign-with", key)):
        _keep_secret(name, given)
    if token is None and key is None:
        if actor is None:
            raise click.UsageError(say("say who does it: --actor ID, --token-file or --sign-with"))
        from lifecycle.wiring import operating_system_actor

        return operating_system_actor(actor)
    known = _by_token(engine, token) if token is not None else _by_key(engine, str(key))
    if actor not in (None, known.id):
        template = "--actor names {actor}, but this is shown by {holder}"
        raise click.UsageError(say(template, actor=actor, holder=known.id))
    return known


def _keep_secret(name: str, given: str | None) -> None:
    """Refuse a token in the command line, and do not tell it back: who sees it can act by it."""
    if given is not None and given.startswith(LEAD):
        detail = Message("name the file of the token, not the token; revoke it, others saw it")
        raise InvalidInput(what=name, detail=detail)


def _by_token(engine: Lifecycle, file: str) -> Actor:
    if file != STDIN:
        content = private(Path(file), "--token-file").decode("ascii", "replace")
    elif sys.stdin is None:  # It was closed before we began.
        raise click.UsageError(say("--token-file -: standard input has nothing left"))
    elif sys.stdin.isatty():
        content = click.prompt(say("token"), hide_input=True, err=True)
    else:
        content = sys.stdin.readline(_MOST)
        if not content:
            raise click.UsageError(say("--token-file -: standard input has nothing left"))
    return engine.authenticate(content.strip())


def _by_key(engine: Lifecycle, file: str) -> Actor:
    from lifecycle.keys import read_key

    key = read_key(private(Path(file), "--sign-with", public_half=_PUBLIC))
    return engine.credentials.of_key(key.public, key.sign)


def _at_once(path: str, flags: int) -> int:
    """Open a file without waiting: a pipe would wait for somebody who writes into it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def private(path: Path, what: str, *, public_half: re.Pattern[bytes] | None = None) -> bytes:
    """Return the content of a file that nobody else may read.

    Args:
        path: The file.
        what: The option that named it.
        public_half: Matches what people could take for it, and everybody may read.

    Raises:
        InvalidInput: It cannot be read, is a pipe or a device, or others can read it.
    """
    try:
        with open(path, "rb", opener=_at_once) as stream:
            # Of the file that is open: a name can come to mean another one in between.
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(_MOST) if stat.S_ISREG(mode) else b""
    except OSError as error:
        facts = {"file": str(path), "reason": error.strerror or type(error).__name__}
        detail = Message("{file} cannot be read: {reason}", facts)
        raise InvalidInput(what=what, detail=detail) from error
    if not stat.S_ISREG(mode):
        detail = Message("{file} is a device or a pipe; name a file", {"file": str(path)})
        raise InvalidInput(what=what, detail=detail)
    if public_half is not None and public_half.match(content):
        template = "{file} holds the public key; name the file that the private one was written to"
        raise InvalidInput(what=what, detail=Message(template, {"file": str(path)}))
    if os.name == "posix" and mode & _OTHERS:
        detail = Message("others can read {file}; run: chmod 600 {file}", {"file": str(path)})
        raise InvalidInput(what=what, detail=detail)
    return content
