"""Errors of looking after a database: upgrading it, backing it up, rebuilding what follows."""

from __future__ import annotations

from lifecycle.domain.errors import (
    Conflict,
    DatabaseLocked,
    DatabaseReadOnly,
    InvalidInput,
    StorageFailed,
)


class FileClosed(DatabaseReadOnly):
    """The file of the database cannot even be read by this account."""

    template = "{url} cannot be read: {detail}"


class ServerReadOnly(DatabaseReadOnly):
    """A server takes nothing: a standby, or one that was told so, or an address with mode=ro."""

    remedy_template = "ask the server that leads, by an address without mode=ro"


class RightsMissing(DatabaseReadOnly):
    """The account on the server has no right to what was asked."""

    template = "the account {account} may not do this in {url}: {detail}"
    remedy_template = (
        "let the owner of the tables run: lifecycle db grant; then give the account a role that"
        " may, such as: GRANT lifecycle_app TO {account}"
    )


class FileRefused(StorageFailed):
    """The system does not let a command write its file: a missing right, a disk that fails."""

    code = "LC518"
    template = "{file} cannot be written: {reason}"
    remedy_template = "check the permissions of the file and its folder"


class DatabaseOlder(StorageFailed):
    """An earlier release made the schema; it is read as it is, and not written to."""

    code = "LC511"
    template = "{url} has the schema {found} of an earlier release, this one writes {known}"
    remedy_template = "back it up and bring it up to date: lifecycle db upgrade"


class BackupFailed(StorageFailed):
    """A backup could not be made or put in place."""

    code = "LC512"
    template = "backing up or restoring failed: {detail}"
    remedy_template = "nothing that looks like a backup or a database was left; mend it and repeat"


class ProgramMissing(StorageFailed):
    """A program of PostgreSQL that does the work is not there."""

    code = "LC513"
    template = "{program} of PostgreSQL {version} or newer was not found ({found})"
    remedy_template = (
        "install it (Debian and Ubuntu: apt install postgresql-client-{version}), or name the"
        " folder that it lies in: --programs FOLDER"
    )


class StreamHeld(DatabaseLocked):
    """Somebody else holds a stream; he was not waited for, and the transaction goes on."""


class CommitUnheard(StorageFailed):
    """The line to a server broke after a commit was sent, before the answer came."""

    code = "LC514"
    template = "the line to {url} broke before it answered whether it recorded"
    remedy_template = "it is not known whether it was recorded; ask again with the same command id"


class DatabaseMoved(StorageFailed):
    """The file of the database was moved, deleted or replaced in the middle of a transaction."""

    code = "LC519"
    template = "the file of {url} was moved, deleted or replaced while it was in use"
    remedy_template = (
        "nothing was acknowledged; put the right file in its place, and ask again with the same"
        " command id"
    )


class DatabaseReplaced(StorageFailed):
    """The address leads to another history than when it was opened."""

    code = "LC520"
    template = "{url} holds another history than before: {found} in place of {expected}"
    remedy_template = (
        "nothing was written to it; put the former one back, or start the program anew to work"
        " with this one"
    )


class RestoreUnheard(StorageFailed):
    """The line broke when what was restored was to be kept, and the server cannot be asked."""

    code = "LC515"
    template = "the line to {url} broke, and it is not known whether the restored database is there"
    remedy_template = (
        "the evidence files stay in {folder}; look when the server answers: lifecycle verify"
        " --db {url}. If nothing was restored (LC501, LC502), take that folder away, and repeat"
    )


class RestoreLeft(StorageFailed):
    """What was brought back and not kept lies in the database still; nobody can open it."""

    code = "LC516"
    template = "nothing was restored, but a part may lie in {url}: {detail}"
    remedy_template = "nobody can open it; restore once more, which takes it away before"


class SchemaElsewhere(StorageFailed):
    """The tables of a backup lie in a schema that tables are not made in where it is to go."""

    code = "LC517"
    template = "the tables of the backup lie in the schema {schema}; {url} makes tables in {found}"
    remedy_template = (
        "nothing was changed; run there: CREATE SCHEMA {schema}; and restore by an address that"
        " leads into it: ?options=-csearch_path%3D{schema}"
    )


class BackupDamaged(InvalidInput):
    """A file is no whole backup, or not one that can be restored there."""

    code = "LC350"
    template = "{file} cannot be restored: {detail}"
    remedy_template = "nothing was changed; take another backup"


class PlaceTaken(Conflict):
    """Something lies where a backup is to be written or restored."""

    code = "LC404"
    template = "{place} is not empty"
    remedy_template = "nothing was changed; name another place, nothing is ever written over"
