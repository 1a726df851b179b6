"""Errors of looking after a database: upgrading it, backing it up, rebuilding what follows."""

from __future__ import annotations

from lifecycle.domain.errors import Conflict, DatabaseReadOnly, InvalidInput, StorageFailed


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

    code = "LC515"
    template = "{file} cannot be written: {reason}"
    remedy_template = "check the permissions of the file and its folder"


class DatabaseOlder(StorageFailed):
    """An earlier release made the schema; it is read as it is, and not written to."""

    code = "LC511"
    template = "{url} has the schema {found} of an earlier release, this one writes {known}"
    remedy_template = (
        "nothing was recorded; back it up and bring it up to date: lifecycle db upgrade"
    )


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


class SchemaElsewhere(StorageFailed):
    """The tables of a backup lie in a schema that tables are not made in where it is to go."""

    code = "LC514"
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
