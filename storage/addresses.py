"""Addresses of databases as others may see them: what opens a door is not in them."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_SECRET: Final = re.compile("password|secret|scram_(client|server)_key")
"""In the names of options of libpq whose values let others in."""


def is_secret(name: str) -> bool:
    """Tell whether an option of libpq is one whose value lets others in."""
    return _SECRET.search(name.lower()) is not None


def shown_address(url: str) -> str:
    """Return an address without its password, for messages and documents.

    This is the only way by which an address comes into either. What cannot be told from a
    password, because a character in it is not written as %40 and the like, is left out, too.

    Args:
        url: As it was given, of any kind of database or of none.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        return "***"
    if not is_unambiguous(url, address):
        return f"{address.drivername}://***"
    if any(map(is_secret, address.query)):
        # A secret with an «&» goes on in what looks like other options.
        address = address.set(query={})
    elif address.password is None and address.get_backend_name() != "postgresql":
        return url
    return address.render_as_string(hide_password=True)


def is_unambiguous(url: str, address: URL) -> bool:
    """Tell whether every «@» of an address stands where an account ends, or in a file's name.

    Args:
        url: As it was given.
        address: As it was read: up to the first of them, which one in a password would be.
    """
    known = address.username is not None or address.password is not None
    if address.get_backend_name() == "sqlite" and not known:
        return True
    return url.count("@") == int(known)
