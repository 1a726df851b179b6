"""What a file may be before anything is read out of it: its kind by content, and its size.

A Word or Excel file is a zip archive from outside. It is unpacked here under limits, by what comes
out and not by what its directory says, and packed anew without compression, so that the libraries
see nothing that was not measured.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.importing.faults import UnreadableFile

MAX_FILE_BYTES: Final = 20 * 1024 * 1024
"""A road map of 45 activities with an order takes 60 KB as .docx."""
MAX_ROWS: Final = 2000
"""Rows of the tables of a file; the longest road map known has 70."""
MAX_MEMBERS: Final = 1000
MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
MAX_RATIO: Final = 200
"""Unpacked to packed; office files reach 50."""
_RATIO_MATTERS: Final = 8 * 1024 * 1024  # bytes; a smaller member may repeat itself as it likes
_CHUNK: Final = 64 * 1024

_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_WORKBOOK: Final = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book"))
# All that the archive module raises on bytes that are no archive.
_DAMAGE: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
    *(ValueError, OSError, RuntimeError),
)
_SUFFIXES: Final = {
    "docx": (".docx", ".docm"),
    "xlsx": (".xlsx", ".xlsm"),
    "xls": (".xls",),
    "ods": (".ods",),
    "pdf": (".pdf",),
    "text": (".txt", ".md", ".tsv", ""),
}
_AS_WORD: Final = Message("open it in an office program and save it as .docx")
_ARCHIVE: Final = Message("save the document anew in an office program")


def load(path: Path) -> tuple[str, bytes]:
    """Return the kind of a file (``docx``, ``xlsx``, ``xls``, ``ods``, ``pdf``, ``text``) and it.

    Args:
        path: The file, given by a person.

    Raises:
        UnreadableFile: It cannot be read, is of no known kind, or exceeds a limit.
    """
    data = _bytes(path)
    kind = _kind(path, data)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES[kind]:
        named = next((name for name, ends in _SUFFIXES.items() if suffix in ends), None)
        if named is None and kind == "text":
            detail = Message("files named {suffix} are not read", {"suffix": suffix})
            raise UnreadableFile(str(path), detail)
        if named is not None:
            mismatch = {"suffix": suffix, "kind": kind}
            detail = Message("its name ends in {suffix}, but it is a file of kind {kind}", mismatch)
            hint = Message("name it {suffix}", {"suffix": _SUFFIXES[kind][0]})
            raise UnreadableFile(str(path), detail, hint)
    return kind, _repacked(path, data) if kind in {"docx", "xlsx", "ods"} else data


def refuse_many(path: Path, rows: int) -> None:
    """Refuse a file with so many rows that it cannot be a road map.

    Raises:
        UnreadableFile: There are more than ``MAX_ROWS``.
    """
    if rows > MAX_ROWS:
        detail = Message("its tables have more than {limit} rows", {"limit": MAX_ROWS})
        hint = Message("give the sheet or the pages with the road map only")
        raise UnreadableFile(str(path), detail, hint)


def protected(path: Path) -> UnreadableFile:
    """Return the error for a file that needs a password."""
    hint = Message("open it with the password and save it without one")
    return UnreadableFile(str(path), Message("it is protected with a password"), hint)


def swollen(path: Path) -> UnreadableFile:
    """Return the error for a file that unpacks to more than any road map holds."""
    detail = Message("unpacked it is far larger than any road map")
    return UnreadableFile(str(path), detail, _ARCHIVE)


def _bytes(path: Path) -> bytes:
    name = str(path)
    try:
        if path.is_dir():
            raise UnreadableFile(name, Message("this is a folder, not a file"))
        if not path.exists():
            hint = Message("check the name and the folder")
            raise UnreadableFile(name, Message("there is no such file"), hint)
        if not path.is_file():
            raise UnreadableFile(name, Message("this is not a file with content"))
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        detail = Message("the system says: {detail}", {"detail": error.strerror or str(error)})
        raise UnreadableFile(name, detail) from error
    except ValueError as error:  # a null byte in the name
        raise UnreadableFile(name, Message("this cannot be the name of a file")) from error
    if len(data) > MAX_FILE_BYTES:
        limit = {"limit": MAX_FILE_BYTES // 1024 // 1024}
        detail = Message("it is larger than {limit} MB", limit)
        hint = Message("take the pictures out, or give the pages with the table only")
        raise UnreadableFile(name, detail, hint)
    if not data.strip():
        raise UnreadableFile(name, Message("the file is empty"))
    return data


def _kind(path: Path, data: bytes) -> str:
    if data.startswith(_ZIP):
        return _kind_of_archive(path, data)
    if data.startswith(_OLE):
        return _kind_of_compound(path, data)
    if _PDF in data[:1024]:
        return "pdf"
    if data.startswith(b"{\\rtf") or path.suffix.lower() in {".rtf", ".odt", ".doc", ".html"}:
        detail = Message("documents of this kind are not read: {kind}", {"kind": path.suffix})
        raise UnreadableFile(str(path), detail, _AS_WORD)
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile(str(path), Message("it is of no known kind"))
    return "text"


def _kind_of_archive(path: Path, data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "word/document.xml" in names:
                return "docx"
            if "xl/workbook.xml" in names:
                return "xlsx"
            if "content.xml" in names:
                return _kind_of_opendocument(path, archive)
    except _DAMAGE as error:
        raise UnreadableFile(str(path), Message("the file is damaged"), _ARCHIVE) from error
    raise UnreadableFile(str(path), Message("it is an archive, not a document"))


def _kind_of_opendocument(path: Path, archive: zipfile.ZipFile) -> str:
    with archive.open("META-INF/manifest.xml") if "META-INF/manifest.xml" in archive.namelist() \
            else io.BytesIO() as stream:  # fmt: skip
        manifest = stream.read(1024 * 1024)
    if b"encryption-data" in manifest:
        raise protected(path)
    with archive.open("mimetype") if "mimetype" in archive.namelist() else io.BytesIO() as stream:
        kind = stream.read(200)
    if b"spreadsheet" in kind or path.suffix.lower() == ".ods":
        return "ods"
    detail = Message("documents of this kind are not read: {kind}", {"kind": path.suffix})
    raise UnreadableFile(str(path), detail, _AS_WORD)


def _kind_of_compound(path: Path, data: bytes) -> str:
    if _ENCRYPTED in data:
        raise protected(path)
    if any(name in data for name in _WORKBOOK):
        return "xls"
    detail = Message("documents of this kind are not read: {kind}", {"kind": ".doc"})
    raise UnreadableFile(str(path), detail, _AS_WORD)


def _repacked(path: Path, data: bytes) -> bytes:
    """Return the archive without compression, every member of it measured."""
    packed = io.BytesIO()
    left = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(packed, "w") as copy:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise swollen(path)
            for member in members:
                if member.flag_bits & 0x1:
                    raise protected(path)
                content = _unpacked(path, archive, member, left)
                left -= len(content)
                if not member.is_dir():
                    copy.writestr(zipfile.ZipInfo(member.filename), content)
    except _DAMAGE as error:
        raise UnreadableFile(str(path), Message("the file is damaged"), _ARCHIVE) from error
    return packed.getvalue()


def _unpacked(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> bytes:
    """Unpack a member, stopping as soon as it is too much for its size or for the rest."""
    content = bytearray()
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            content += chunk
            too_much = len(content) > max(_RATIO_MATTERS, member.compress_size * MAX_RATIO)
            if len(content) > left or too_much:
                raise swollen(path)
    return bytes(content)
