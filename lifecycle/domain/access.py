"""Whether somebody may act at all: how he is known, what was issued to him, duties kept apart.

What a request says of its actor is believed nowhere: the credential is looked up in the
installation's stream as it stood, and a signature is checked against the very command. The same
functions judge a request inside its write transaction and a record when the history is verified.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from lifecycle.domain import canonical
from lifecycle.domain.definition import Authentication
from lifecycle.domain.guards import Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import (
    ADMINISTRATOR,
    AUDITOR,
    METHODS,
    Actor,
    Assignment,
    Credential,
    Head,
)
from lifecycle.domain.naming import is_identifier
from lifecycle.domain.ports import SignatureCheck
from lifecycle.domain.record import moment_text
from lifecycle.domain.requests import (
    ActOnActivity,
    AddActor,
    AddCredential,
    Adopt,
    Advance,
    AssignRole,
    Enrol,
    ErasePerson,
    NamePerson,
    Request,
    RevokeCredential,
    RevokeRole,
)
from lifecycle.domain.values import quick

SCOPES: Final = ("advance", "plan", "enrol", "administer")
"""What a credential can be limited to."""

ANY: Final = Authentication()

_SCOPE_OF: Final[Mapping[type[Request], str]] = {
    Advance: "advance",
    ActOnActivity: "plan",
    Enrol: "enrol",
    **dict.fromkeys((AddActor, Adopt, AssignRole, RevokeRole), "administer"),
    **dict.fromkeys((AddCredential, RevokeCredential), "administer"),
    **dict.fromkeys((NamePerson, ErasePerson), "administer"),
}
# The method of a credential by the method that it lets an actor be known by.
_SHOWN_BY: Final = {"token": "token", "signed": "key"}
# No '@' and no '+': neither an address nor a phone of somebody gets into records with it.
_VOUCHED: Final = re.compile(r"host:[A-Za-z0-9][A-Za-z0-9_.:/-]{0,94}|os-uid:[0-9]{1,10}")
_STATEMENT: Final = "school-lifecycle/command/1"


@quick
@dataclass(frozen=True, slots=True)
class Access:
    """What the installation's stream says of those who may act, as it stood.

    Args:
        version: Version of that stream.
        roles: Roles held on the installation.
        credential: The credential that the actor's authentication names, if it was ever added.
        check: Checks signatures.
    """

    version: int
    roles: tuple[Assignment, ...]
    credential: Credential | None
    check: SignatureCheck

    def holders(self, role: str) -> tuple[str, ...]:
        """Return who holds *role* on the installation, in a stable order."""
        return tuple(sorted({one.actor for one in self.roles if one.role == role}))


@lru_cache(maxsize=256)
def known_by(authentication: str) -> tuple[str, str] | None:
    """Return the method and the name behind it; ``None`` if it is no way to be known."""
    method, _, name = authentication.partition(":")
    if method in _SHOWN_BY:
        return (method, name) if is_identifier(name) else None
    return (method, name) if _VOUCHED.fullmatch(authentication) else None


def credential_of(authentication: str) -> str | None:
    """Return the id of the credential that an authentication names, if it names one."""
    known = known_by(authentication)
    return known[1] if known is not None and known[0] in _SHOWN_BY else None


def statement(head: Head, request: Request) -> bytes:
    """Return what an actor signs: this very command at this very place of this history.

    The place is the version that the command moves the stream to, behind the record that stands
    there now: a signature fits no other version, stream or installation, and no history written
    anew. The content binds all that is asked and by whom, with comments and personal files as the
    record commits to them.
    """
    place = [head.origin, head.stream, head.version + 1, head.hash]
    return canonical.encode([_STATEMENT, *place, request.command_id, request.content])


def admission(
    access: Access,
    request: Request,
    at: datetime,
    authentication: Authentication = ANY,
    *,
    approval: bool = False,
) -> Iterator[Unmet]:
    """Yield why the actor of *request* may not make such a one, whatever he signs.

    Args:
        access: What the installation says of those who may act.
        request: What is asked, or would be.
        at: The time that the record will bear.
        authentication: Which methods are enough by the rules in force.
        approval: What is asked is an approval.
    """
    yield from _duties(access, request.actor, approval=approval)
    yield from _method(access, request.actor, authentication, approval=approval)
    method, _, name = request.actor.authentication.partition(":")
    if method in _SHOWN_BY:
        yield from _credential(access, request, at, method, name)


def _duties(access: Access, actor: Actor, *, approval: bool) -> Iterator[Unmet]:
    """Yield which other duty of his stands in the way."""
    persons = {actor.id, actor.on_behalf_of}
    if persons.isdisjoint([one.actor for one in access.roles]):
        return
    for auditor in access.holders(AUDITOR):
        if auditor in persons:
            yield _unmet(access, "auditor_only_reads", "{actor} is an auditor, who only reads",
                         actor=auditor)  # fmt: skip
    for administrator in access.holders(ADMINISTRATOR) if approval else ():
        if administrator in persons:
            template = "{actor} is an administrator, who approves nothing"
            yield _unmet(access, "administrator_approves", template, actor=administrator)


def _method(
    access: Access, actor: Actor, authentication: Authentication, *, approval: bool
) -> Iterator[Unmet]:
    """Yield why it is not enough how he is known."""
    known = known_by(actor.authentication)
    if known is None:
        yield _unmet(
            access,
            "authentication_unknown",
            "{authentication} is no way to be known; these are: {methods}",
            authentication=actor.authentication,
            methods=METHODS,
        )
        return
    wanted = authentication.approval if approval else authentication.any
    if known[0] not in wanted:
        template = "{method} is not enough here; {actor} has to be known by: {methods}"
        if approval:
            template = "{method} is not enough to approve; {actor} has to be known by: {methods}"
        yield _unmet(
            access,
            "authentication_insufficient",
            template,
            actor=actor.id,
            method=known[0],
            methods=wanted,
        )


def objections(
    access: Access,
    request: Request,
    head: Head,
    at: datetime,
    authentication: Authentication = ANY,
    *,
    approval: bool = False,
) -> Iterator[Unmet]:
    """Yield why the actor of *request* may not make it, role and rules of the school aside.

    Args:
        access: What the installation says.
        request: What is asked.
        head: Where the stream of the record stands.
        at: The time that the record will bear.
        authentication: Which methods are enough by the rules in force.
        approval: What is asked is an approval.
    """
    actor = request.actor
    yield from admission(access, request, at, authentication, approval=approval)
    method = actor.authentication.partition(":")[0]
    if method == "signed":
        yield from _signature(access, request, head)
    elif actor.signature is not None:
        template = "a command of somebody known by {method} bears no signature"
        yield _unmet(access, "signature_unexpected", template, method=method)


def _credential(
    access: Access, request: Request, at: datetime, method: str, name: str
) -> Iterator[Unmet]:
    found, actor, scope = access.credential, request.actor.id, _SCOPE_OF[type(request)]
    if found is None or found.actor != actor or found.method != _SHOWN_BY[method]:
        template = "{actor} has no such credential: {credential}"
        yield _unmet(access, "credential_unknown", template, actor=actor, credential=name)
        return
    if found.revoked is not None:
        template = "the credential {credential} was revoked"
        yield _unmet(access, "credential_revoked", template, credential=name)
    if found.expires_at and moment_text(at) >= found.expires_at:
        template = "the credential {credential} expired at {moment}"
        moment = found.expires_at
        yield _unmet(access, "credential_expired", template, credential=name, moment=moment)
    if found.scopes and scope not in found.scopes.split(" "):
        template = "the credential {credential} is not good for {scope}, only for: {scopes}"
        scopes = tuple(found.scopes.split(" "))
        yield _unmet(
            access, "credential_scope", template, credential=name, scope=scope, scopes=scopes
        )


def _signature(access: Access, request: Request, head: Head) -> Iterator[Unmet]:
    signature = request.actor.signature
    if signature is None:
        template = "the command of {actor} bears no signature"
        yield _unmet(access, "signature_missing", template, actor=request.actor.id)
    elif access.credential is not None and not _signed(access, request, head, signature):
        template = "the signature is not that of {credential} under this very command"
        name = access.credential.id
        yield _unmet(access, "signature_invalid", template, credential=name)


def _signed(access: Access, request: Request, head: Head, signature: str) -> bool:
    assert access.credential is not None  # noqa: S101 - asked before
    try:
        public = base64.b64decode(access.credential.proof, validate=True)
        signed = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    # One text for one signature: base64 with other spare bits would be another record.
    whole = base64.b64encode(signed).decode() == signature
    return whole and access.check(public, statement(head, request), signed)


def _unmet(access: Access, code: str, template: str, **parameters: object) -> Unmet:
    """Build a reason that an administrator can mend."""
    administrators = access.holders(ADMINISTRATOR)
    return Unmet(code, Message(template, parameters), (ADMINISTRATOR,), administrators)
