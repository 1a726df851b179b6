"""How the screen reads bodies: by the standard library, or by a faster parser that is handed in.

The audit itself uses the standard library only. A parser is trusted with nothing but speed: what
it read is written again and has to give the very bytes that are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from lifecycle.domain import canonical


class Parser(NamedTuple):
    """A reader of JSON and the writer that belongs to it.

    Args:
        loads: Returns the value that bytes spell; raises ``ValueError`` where they are no JSON.
        dumps: Returns the canonical bytes of a value: UTF-8, keys sorted, no spaces.
    """

    loads: Callable[[bytes], Any]
    dumps: Callable[[Any], bytes]


STANDARD = Parser(canonical.parse, canonical.encode)
"""The standard library's."""
