"""What endangers a database: each hazard with its level, what it means and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from lifecycle.domain.errors import LifecycleError, StorageFailed
from lifecycle.domain.messages import Message

Level = Literal["hazard", "advice", "note"]

TEMPLATES: Final = {
    # Both kinds of databases.
    "missing": "there is no database at {url}",
    "unreadable": "the database cannot be read: {error}: {detail}",
    "schema_older": "the schema {found} is of an earlier release: nothing is written to it",
    "clock_behind": "the clock is {seconds} s behind the last record, of {last}",
    "sealing_late": "records wait for the log since {since}, longer than was published",
    "sealing_held": "since {since} a transaction is under way that may make records: younger ones"
    " wait for its end before they become part of the log",
    "evidence_missing": "records name evidence files, and the folder {folder} is not there",
    "evidence_unreadable": "the evidence folder {folder} cannot be read or written",
    "evidence_elsewhere": "the evidence folder {folder} lies on another file system",
    "file_open": "other accounts can read or write {file} ({mode})",
    "file_group": "the group can read or write {file} ({mode})",
    "network": "{file} lies on a network file system ({kind})",
    "room_none": "{free} MiB are left where {file} lies",
    "room_little": "{free} MiB are left where {file} lies, less than it takes itself",
    # SQLite.
    "wal_fault": "the linked SQLite {version} can lose commits in a write-ahead log, and the file"
    " is kept with one",
    "wal_avoided": "the linked SQLite {version} has a fault in its write-ahead log; the engine"
    " goes without one",
    "settings": "commits are made durable by journal_mode={journal} and synchronous={synchronous}",
    "named_twice": "{file} has {names} names (hard links): who comes by another one finds neither"
    " its journal nor its locks",
    "left_over": "{file} lies there without its database",
    "unfinished": "{file} lies beside the database: a process writes, or was ended in the middle",
    # PostgreSQL.
    "setting_off": "{name} is off: a power cut can lose or damage what was acknowledged",
    "role_setting": "synchronous_commit={value} is set for {whom}",
    "commit_remote": "synchronous_commit={value}: on a standby a commit may not be on its disk",
    "damage_hidden": "{name} is on: damage is passed over in silence",
    "wal_sync_method": "wal_sync_method={value}, not {usual}, which is usual on this system",
    "no_checksums": "data checksums are off: damage by a disk is not noticed",
    "no_archive": "nothing is archived and no standby follows: what was written since the last"
    " backup is lost with the disk",
    "role_rights": "{whom} has the rights {rights} on {tables}, more than db grant gives it",
    "role_powers": "{whom} is {powers}, and no rule of the tables holds it",
    "role_member": "{whom} has the rights of {others} beside its own",
    "auditor_writes": "{whom} has the rights of {role} and of {also}: who audits must not write",
    "unlogged": "{table} is not logged: it is empty after a crash",
    "rights_wide": "{whom} has the rights {rights} on {tables}, beside what db grant gives",
    "owner_differs": "{table} belongs to {owner}, other tables to {usual}",
    "rights_wide_there": "on {server} {whom} has the rights {rights} on {tables}, beside what"
    " db shard gives",
    "owner_differs_there": "on {server} {table} belongs to {owner}, other tables to {usual}",
    "rights_untold": "{server} does not tell who may change tables there",
    "autovacuum_off": "autovacuum is off: tables grow, and stop taking rows in the end",
    "version_old": "PostgreSQL {version} is too old: {oldest} or newer is needed",
    "version_ended": "PostgreSQL {version} gets no corrections since {ended}",
    "version": "the server is PostgreSQL {version}",
    "standby": "this is a standby: it can be read only",
}
"""By code, what is the case."""

REMEDIES: Final = {
    "missing": "make one: lifecycle init; or restore one: lifecycle db restore",
    "unreadable": "mend what is named, and look again: lifecycle db doctor",
    "schema_older": "back it up and run: lifecycle db upgrade",
    "clock_behind": "set the clock by NTP; records are not dated before those they follow",
    "sealing_late": "let it run by a timer: lifecycle audit seal --every 20",
    "sealing_held": "commit or undo it; whose it is: SELECT pid FROM pg_locks WHERE locktype ="
    " 'advisory' AND classid = 1279480663 ORDER BY objid",
    "evidence_missing": "name it with --evidence-dir, or bring it back from a backup",
    "evidence_unreadable": "let this account read and write it",
    "evidence_elsewhere": "make sure that both are there before the program starts",
    "file_open": "run: chmod 600 (of a folder 700)",
    "file_group": "run: chmod 600, unless the group is meant to",
    "network": "put it on a local disk, or use PostgreSQL: locks and syncs are not relied on there",
    "room_none": "make room: nothing can be recorded on a full disk",
    "room_little": "make room, or put backups elsewhere",
    "wal_fault": "let all processes link 3.51.3 or newer (or 3.50.7, 3.44.6), or open it with the"
    " engine, which ends the log",
    "wal_avoided": "writers are faster with SQLite 3.51.3 or newer",
    "named_twice": "keep one name: remove the others, or make copies by lifecycle db backup",
    "left_over": "bring the database back that it belongs to, with this file beside it; remove"
    " neither",
    "unfinished": "never remove it; the next opening finishes or undoes what it holds",
    "setting_off": "set {name} = on in postgresql.conf, reload, and verify",
    "role_setting": "run: ALTER ROLE or ALTER DATABASE ... RESET synchronous_commit",
    "commit_remote": "set synchronous_commit = on, if the standby is what you rely on",
    "damage_hidden": "set {name} = off, and restore a backup if it was needed",
    "wal_sync_method": "set the usual one, or try this one with pg_test_fsync on that disk",
    "no_checksums": "with the server stopped run: pg_checksums --enable",
    "no_archive": "set up archive_command or a standby, and make backups: lifecycle db backup",
    "role_rights": "run: REVOKE {rights} ON {tables} FROM {whom}; and then: lifecycle db grant",
    "role_powers": "run: ALTER ROLE {whom} {without}",
    "role_member": "run: REVOKE {others} FROM {whom}",
    "auditor_writes": "use one account for each, and run: REVOKE {also} FROM {whom}",
    "unlogged": "run: ALTER TABLE {table} SET LOGGED",
    "rights_wide": "run: REVOKE ALL ON {tables} FROM {whom}; give accounts the roles of: lifecycle"
    " db grant",
    "owner_differs": "run: ALTER TABLE {table} OWNER TO {usual}; whoever owns it can change it"
    " unseen",
    "rights_wide_there": "run on that server: REVOKE ALL ON {tables} FROM {whom}",
    "owner_differs_there": "run on that server: ALTER TABLE {table} OWNER TO {usual}; whoever owns"
    " it can change it unseen",
    "rights_untold": "its view is of an earlier release; run: lifecycle db shard",
    "autovacuum_off": "set autovacuum = on",
    "version_old": "upgrade the server",
    "version_ended": "upgrade the server",
}
"""By code, how it is mended; a note needs nothing."""

HAZARDS: Final = frozenset(
    {
        "missing", "unreadable", "clock_behind", "sealing_late", "evidence_missing",
        "evidence_unreadable", "file_open", "network", "room_none", "wal_fault", "left_over",
        "role_rights", "role_powers", "role_member", "auditor_writes",
        "setting_off", "role_setting", "damage_hidden", "unlogged", "version_old",
        "rights_wide", "owner_differs", "rights_wide_there", "owner_differs_there",
        "named_twice", "sealing_held",
    }
)  # fmt: skip
"""Codes of what can lose, damage or give away what is kept."""

NOTES: Final = frozenset({"settings", "unfinished", "wal_avoided", "version", "standby"})
"""Codes of what is worth knowing only; all others are advice."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something about a database that is worth telling.

    Args:
        code: Key of ``TEMPLATES``.
        facts: Values of the placeholders.
        error: What stood in the way of looking, if something did.
    """

    code: str
    facts: dict[str, Any]
    error: LifecycleError | None = None

    @property
    def level(self) -> Level:
        """How bad it is: ``hazard``, ``advice`` or ``note``."""
        if self.code in HAZARDS:
            return "hazard"
        return "note" if self.code in NOTES else "advice"

    @property
    def message(self) -> Message:
        """What is the case."""
        return Message(TEMPLATES[self.code], self.facts)

    @property
    def remedy(self) -> Message | None:
        """How it is mended, if something is to be done: as the error says, if it is of a kind."""
        # Whatever has no code of its own tells what to do about a request, and there was none.
        if self.error is not None and self.error.code != StorageFailed.code:
            return self.error.remedy
        template = REMEDIES.get(self.code)
        return None if template is None else Message(template, self.facts)


def symptom(code: str, **facts: Any) -> Symptom:
    """Return a symptom with its facts."""
    return Symptom(code, facts)


def unreadable(error: LifecycleError) -> Symptom:
    """Return that a database cannot be looked into: locked, closed, newer, damaged."""
    facts = {"error": error.code, "detail": error.message}
    return Symptom("unreadable", facts, error)


def by_level(found: Iterable[Symptom]) -> list[Symptom]:
    """Return symptoms, hazards first."""
    order = ("hazard", "advice", "note")
    return sorted(found, key=lambda one: order.index(one.level))
