"""Who asks: somebody who was registered, and has what was issued to him.

It is shown inside the write transaction.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from lifecycle.domain.access import Access, credential_of, known_by, statement
from lifecycle.domain.credentials import token_credential, token_proof
from lifecycle.domain.errors import InvalidInput, UnknownActor
from lifecycle.domain.errors_access import AuthenticationFailed
from lifecycle.domain.messages import Message
from lifecycle.domain.model import INSTALLATION, Actor, Credential, Head
from lifecycle.domain.naming import identifier
from lifecycle.domain.ports import Reading, SignatureCheck
from lifecycle.domain.requests import Request

if TYPE_CHECKING:
    from lifecycle.service.known import Known

Asked = TypeVar("Asked", bound=Request)


def check_form(actor: Actor) -> None:
    """Keep out of records, which are never erased, what does not belong there.

    Raises:
        InvalidIdentifier: The actor stands in for somebody whose id is none.
        InvalidInput: How he was authenticated is not told as it has to be.
    """
    if actor.on_behalf_of is not None:
        identifier(actor.on_behalf_of, "actor")
    if known_by(actor.authentication) is None:
        detail = Message("write it as host:NAME, up to 100 ASCII letters, digits and _.:/-")
        raise InvalidInput(what="authentication", detail=detail)


def check_actor(view: Reading, request: Request, known: Known | None = None) -> None:
    """Refuse an actor whom nobody registered.

    Args:
        view: The history.
        request: What is asked.
        known: What earlier requests looked at.

    Raises:
        UnknownActor: Nobody registered him.
        InvalidInput: As ``check_form``.
    """
    check_form(request.actor)
    registered = view.has_actor if known is None else known.has_actor
    for actor in named(request.actor):
        if not registered(actor):
            raise UnknownActor(actor, view.actors())


def named(actor: Actor) -> tuple[str, ...]:
    """Return whom an actor names: himself, and whoever he stands in for."""
    return (actor.id,) if actor.on_behalf_of is None else (actor.id, actor.on_behalf_of)


def access_of(view: Reading, actor: Actor, check: SignatureCheck) -> Access:
    """Return what the installation says of those who may act, *actor* above all."""
    name = credential_of(actor.authentication)
    return Access(
        version=view.head(INSTALLATION).version,
        roles=view.assignments([INSTALLATION]),
        credential=None if name is None else view.credential(name),
        check=check,
    )


def proved(view: Reading, request: Asked, head: Head) -> Asked:
    """Let the actor show that he has what his authentication names.

    Args:
        view: The write transaction.
        request: What he asks.
        head: Head of the stream that gets the record: what he signs names the place.

    Returns:
        The request, with his signature where he signs.

    Raises:
        AuthenticationFailed: The token is not the one that was issued.
    """
    actor = request.actor
    if actor.authentication.startswith("signed:") and actor.prove is not None:
        signature = actor.prove(statement(head, request))
        return replace(request, actor=replace(actor, signature=signature))
    if actor.authentication.startswith("token:"):
        token = "" if actor.prove is None else actor.prove(b"")
        found = view.credential(actor.authentication.removeprefix("token:"))
        if found is None or not fits(token, found):
            detail = Message("{actor} did not show the token", {"actor": actor.id})
            raise AuthenticationFailed(detail, head.stream, type(request).__name__)
    return request


def fits(token: str, credential: Credential) -> bool:
    """Tell whether *token* is the one that *credential* was made of, in constant time."""
    return hmac.compare_digest(token_proof(token), credential.proof)


def by_token(view: Reading, token: str, now: str, on_behalf_of: str | None) -> Actor:
    """Return the actor whose token this is.

    Args:
        view: The history.
        token: As it was issued.
        now: The moment, as records write it.
        on_behalf_of: Whom he stands in for.

    Raises:
        AuthenticationFailed: It is no token, or not one that is good for anything now.
    """
    name = token_credential(token)
    if name is None:
        raise AuthenticationFailed(Message("this is no token, or a part of it is missing"))
    found = view.credential(name)
    if found is None or found.method != "token" or not fits(token, found):
        raise AuthenticationFailed(Message("nobody was issued this token here"))
    _check_good(found, now)
    return Actor(found.actor, f"token:{name}", on_behalf_of, prove=lambda _: token)


def by_key(
    view: Reading, public: str, sign: Callable[[bytes], str], now: str, on_behalf_of: str | None
) -> Actor:
    """Return the actor whose public key this is, signing what he asks.

    Args:
        view: The history.
        public: Base64 of the Ed25519 public key.
        sign: Signs a statement; gives the signature in base64.
        now: The moment, as records write it.
        on_behalf_of: Whom he stands in for.

    Raises:
        AuthenticationFailed: It is nobody's key, or not one that is good for anything now.
    """
    keys = [one for one in view.credentials() if one.method == "key" and one.proof == public]
    if not keys:
        raise AuthenticationFailed(Message("this key was not added for anybody here"))
    found = next((one for one in keys if one.revoked is None), keys[-1])
    _check_good(found, now)
    return Actor(found.actor, f"signed:{found.id}", on_behalf_of, prove=sign)


def _check_good(found: Credential, now: str) -> None:
    """Say early and plainly what the write transaction would refuse.

    Raises:
        AuthenticationFailed: The credential was revoked, or has expired.
    """
    facts = {"credential": found.id, "moment": found.expires_at}
    if found.revoked is not None:
        raise AuthenticationFailed(Message("the credential {credential} was revoked", facts))
    if found.expires_at and now >= found.expires_at:
        template = "the credential {credential} expired at {moment}"
        raise AuthenticationFailed(Message(template, facts))
