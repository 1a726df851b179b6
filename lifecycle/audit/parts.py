"""The parts of verification: what goes wrong in one of them takes nothing from the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lifecycle.audit.findings import Finding
from lifecycle.domain.errors import StorageFailed


def broke(error: BaseException) -> bool:
    """Tell whether something broke, in us or in a library; otherwise somebody ends the whole.

    What panics in a library that is written in Rust is no ``Exception``, and has a type that no
    module offers.
    """
    kind = type(error)
    panicked = (kind.__module__, kind.__name__) == ("pyo3_runtime", "PanicException")
    return panicked or isinstance(error, Exception)


def part(name: str, findings: Iterable[Finding], stream: str | None = None) -> Iterator[Finding]:
    """Yield the findings of a part; that it broke off, where a value of no sound history broke it.

    Args:
        name: Of the part.
        findings: They are found while they are asked for.
        stream: That the part looks at, if it is a single one.

    Raises:
        StorageFailed, MemoryError, OSError: Storage or machine failed: nothing is verified then.
    """
    try:
        yield from findings
    except (StorageFailed, MemoryError, OSError):
        raise
    except BaseException as error:  # whatever it was, nobody may be led to think that all was seen
        if not broke(error):
            raise
        told = f"{type(error).__name__}: {error}"
        yield Finding("check_broken_off", stream, None, name, None, told)
