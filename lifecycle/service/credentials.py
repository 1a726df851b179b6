"""Use cases on what people show to be known: tokens and keys."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lifecycle import events
from lifecycle.domain import credentials as decisions
from lifecycle.domain.decision import Decision
from lifecycle.domain.errors import (
    AdministrationRefused,
    InvalidDate,
    InvalidInput,
    UnknownActor,
)
from lifecycle.domain.errors_access import AuthenticationFailed
from lifecycle.domain.messages import Message
from lifecycle.domain.model import INSTALLATION, Actor, Credential
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.record import moment_text
from lifecycle.domain.requests import AddCredential, Request, RevokeCredential
from lifecycle.service.arguments import told_by_name
from lifecycle.service.context import Context, carry_out, settle
from lifecycle.service.identity import access_of, by_key, by_token
from lifecycle.service.results import Receipt
from lifecycle.service.times import no_earlier

_ID_BYTES: Final = 5
_SECRET_BYTES: Final = 32
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Issued:
    """A token just issued: it is shown this once, and kept nowhere.

    Args:
        receipt: The acknowledgement.
        credential: Id of the credential.
        token: The token itself.
    """

    receipt: Receipt
    credential: str
    token: str = field(repr=False)


def new_token() -> tuple[str, str]:
    """Return the id of a new credential, and its token: a secret of 256 bits."""
    credential = secrets.token_hex(_ID_BYTES)
    return credential, decisions.token_text(credential, secrets.token_urlsafe(_SECRET_BYTES))


@told_by_name
class Credentials:
    """Tokens and keys of those who act.

    Args:
        context: The adapters.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def issue_token(
        self,
        holder: str,
        *,
        actor: Actor,
        scopes: Iterable[str] = (),
        expires_at: datetime | None = None,
        command_id: str | None = None,
        fresh: tuple[str, str] | None = None,
    ) -> Issued:
        """Let *holder* be known by a token.

        Args:
            holder: Whom it is issued to.
            actor: An administrator.
            scopes: What it is good for: ``advance``, ``plan``, ``enrol``, ``administer``;
                everything if none is named.
            expires_at: From when it is good for nothing, aware.
            command_id: Id of the request; repeated, it is another token and so refused.
            fresh: What ``new_token`` gave, where the token is put somewhere safe beforehand.

        Raises:
            AdministrationRefused: *actor* is not an administrator, or that moment has passed.
            UnknownActor: Nobody registered *holder*.
            InvalidInput: There is no such scope.
            InvalidDate: *expires_at* is not aware.
        """
        name, token = fresh or new_token()
        proof = decisions.token_proof(token)
        request = self._addition(
            holder, actor, name, "token", proof, scopes, expires_at, command_id
        )
        return Issued(self._add(request), name, token)

    def add_key(
        self,
        holder: str,
        public: str,
        *,
        actor: Actor,
        scopes: Iterable[str] = (),
        expires_at: datetime | None = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Let *holder* be known by signing his commands.

        Args:
            holder: Whose key it is.
            public: Ed25519 public key, 32 bytes in base64.
            actor: An administrator.
            scopes: As for a token.
            expires_at: As for a token.
            command_id: Id of the request.

        Raises:
            InvalidInput: It is no public key, or one that nobody can sign with, or there is no
                such scope.
            AlreadyExists: The key shows somebody already.
            AdministrationRefused, UnknownActor, InvalidDate: As for a token.
        """
        self._check_key(public)
        name = secrets.token_hex(_ID_BYTES)
        with self._context.journal.reading() as view:
            again = view.command(command_id) if command_id is not None else None
        if again is not None and again.kind == "credential_added":
            name = (again.facts or {})["credential"]  # the same request again, not another one
        request = self._addition(holder, actor, name, "key", public, scopes, expires_at, command_id)
        return self._add(request)

    def revoke(self, credential: str, *, actor: Actor, command_id: str | None = None) -> Receipt:
        """Let a token or a key be good for nothing from now on.

        What was done by it stays in the history.

        Raises:
            AdministrationRefused: *actor* is not an administrator, or it was revoked before.
            UnknownCredential: There is none of that id.
        """
        request = RevokeCredential(
            actor=actor, command_id=self._context.command(command_id), credential=credential
        )

        def decide(tx: Writing, asked: RevokeCredential) -> Decision:
            head = tx.lock(INSTALLATION)
            return decisions.decide_revoke_credential(
                access_of(tx, asked.actor, self._context.signatures),
                tx.credential(asked.credential),
                asked,
                self._context.stamp(after=no_earlier(tx, head)),
                head,
            )

        return carry_out(
            self._context,
            request,
            INSTALLATION,
            lambda tx, asked: _settled(tx, decide(tx, asked), asked, "revoke credentials"),
        )

    def of_token(self, token: str, on_behalf_of: str | None = None) -> Actor:
        """Return the actor whose token this is, to act with.

        Raises:
            AuthenticationFailed: It is no token, or not one that is good for anything now.
        """
        with self._failing("by_token"), self._context.journal.reading() as view:
            return by_token(view, token, self._now(view), on_behalf_of)

    def of_key(
        self, public: str, sign: Callable[[bytes], str], on_behalf_of: str | None = None
    ) -> Actor:
        """Return the actor whose key this is; every command that he makes is signed.

        Args:
            public: Ed25519 public key, base64.
            sign: Gives the signature of a statement, base64; it is called inside the write
                transaction, so it does not wait for people.
            on_behalf_of: Whom he stands in for.

        Raises:
            AuthenticationFailed: It is nobody's key, or not one that is good for anything now.
        """
        with self._failing("by_key"), self._context.journal.reading() as view:
            return by_key(view, public, sign, self._now(view), on_behalf_of)

    def all(self) -> tuple[Credential, ...]:
        """Return every credential, revoked ones included, sorted by id."""
        with self._context.journal.reading() as view:
            return view.credentials()

    @contextmanager
    def _failing(self, way: str) -> Iterator[None]:
        """Tell operators of somebody who does not show who he is."""
        try:
            yield
        except AuthenticationFailed as error:
            self._context.log(events.AUTHENTICATION_FAILED, request=way, error=error.code)
            raise

    def _now(self, view: Reading) -> str:
        """Return the time that a record would bear: what has expired stays so."""
        return moment_text(self._context.stamp(after=no_earlier(view)).now)

    def _addition(
        self,
        holder: str,
        actor: Actor,
        name: str,
        method: str,
        proof: str,
        scopes: Iterable[str],
        expires_at: datetime | None,
        command_id: str | None,
    ) -> AddCredential:
        if expires_at is not None and expires_at.tzinfo is None:
            raise InvalidDate(value=expires_at.isoformat())
        return AddCredential(
            actor=actor,
            command_id=self._context.command(command_id),
            holder=holder,
            credential=name,
            method=method,
            proof=proof,
            scopes=decisions.scopes_text(scopes),
            expires_at="" if expires_at is None else moment_text(expires_at),
        )

    def _check_key(self, public: str) -> None:
        """Refuse what is a key by its length, but no signature is ever proved by.

        Raises:
            InvalidInput: It is no point of the curve, or one of small order.
        """
        try:
            key = base64.b64decode(public, validate=True)
        except ValueError:  # The decision says how a key is written.
            return
        if len(key) == _KEY_BYTES and not self._context.public_keys(key):
            detail = Message(
                "no signature can be proved by this key; print it by lifecycle key new"
            )
            raise InvalidInput(what="key", detail=detail)

    def _add(self, request: AddCredential) -> Receipt:
        def decide(tx: Writing, asked: AddCredential) -> Decision:
            if not tx.has_actor(asked.holder):
                raise UnknownActor(asked.holder, tx.actors())
            head = tx.lock(INSTALLATION)
            return decisions.decide_add_credential(
                access_of(tx, asked.actor, self._context.signatures),
                _known(tx, asked),
                asked,
                self._context.stamp(after=no_earlier(tx, head)),
                head,
            )

        return carry_out(
            self._context,
            request,
            INSTALLATION,
            lambda tx, asked: _settled(tx, decide(tx, asked), asked, "add credentials"),
        )


def _known(view: Reading, asked: AddCredential) -> Credential | None:
    """Return a credential that stands in the way of the one that is to be added."""
    known = view.credentials()
    return next((one for one in known if decisions.stands_in_way(one, asked)), None)


def _settled(tx: Writing, decision: Decision, request: Request, template: str) -> Receipt:
    return settle(
        tx,
        decision,
        lambda unmet: AdministrationRefused(
            unmet,
            actor=request.actor.id,
            request=Message(template),
            what=type(request).__name__,
            stream=INSTALLATION,
        ),
    )
