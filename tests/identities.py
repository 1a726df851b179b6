"""People of an office with tokens and keys of their own, for tests of who acted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from lifecycle import Actor, Lifecycle
from lifecycle.keys import Key, new_key
from tests.factories import ADMIN


@dataclass
class Identities:
    """Issues what people show, and gives the actors that they are with it.

    Args:
        engine: The engine.
    """

    engine: Lifecycle
    tokens: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)

    def token(
        self, person: str, scopes: Iterable[str] = (), expires_at: datetime | None = None
    ) -> Actor:
        """Return *person* as he is known by a new token."""
        issued = self.engine.credentials.issue_token(
            person, actor=ADMIN, scopes=scopes, expires_at=expires_at
        )
        self.tokens[person] = issued.token
        return self.engine.authenticate(issued.token)

    def key(self, person: str, scopes: Iterable[str] = ()) -> Actor:
        """Return *person* as he is known by a new key."""
        key = self.keys[person] = new_key()
        self.engine.credentials.add_key(person, key.public, actor=ADMIN, scopes=scopes)
        return self.engine.credentials.of_key(key.public, key.sign)

    def by(self, method: str, person: str) -> Actor:
        """Return *person* as he is known by *method*."""
        if method == "token":
            return self.token(person)
        if method == "signed":
            return self.key(person)
        return Actor(person, {"host": "host:test", "os-uid": "os-uid:1000"}[method])


def credential_id(actor: Actor) -> str:
    """Return the id of the credential that *actor* is known by."""
    return actor.authentication.partition(":")[2]
