"""A line of a batch as a command, or what is wrong with it, by column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lifecycle.domain.dates import day_from
from lifecycle.domain.errors import InvalidEvidence, InvalidFact, InvalidInput, closest
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Actor, Evidence, EvidenceFile
from lifecycle.domain.naming import identifier
from lifecycle.service.commands import AdvanceCommand
from lifecycle.workflows.batches.columns import COLUMNS, EVIDENCE, FACT, column_of
from lifecycle.workflows.batches.faults import InvalidColumn
from lifecycle.workflows.written import Malformed, fact_from, piece_from, start_of

_DIGITS: Final = 15  # of a number in a cell, as of one in an option
_MOST_PIECES: Final = 1000  # the engine's limit is lower; this one keeps a line small
_FACT_EXAMPLE: Final = '["low_equipment"]'
_EVIDENCE_EXAMPLE: Final = "visit_note=note.pdf"
_REFERENCE_EXAMPLE: Final = "order=ref:52-A;2022-03-14;Tomari education department"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was read.

    Args:
        number: Its number in the file, from 1; in a workbook that of the row.
        values: By heading: texts, or what JSON has.
        fault: Why it could not be read, in place of values.
        cells: The values are those of the cells of a table, all of them texts.
    """

    number: int
    values: Mapping[str, Any]
    fault: Message | None = None
    cells: bool = False


class LineInvalid(Exception):
    """A line that is not of the form it must have.

    Args:
        column: The column that is wrong; ``None`` for the line as a whole.
        error: What is wrong with it.
    """

    def __init__(self, column: str | None, error: InvalidInput) -> None:
        super().__init__(str(error))
        self.column, self.error = column, error


@dataclass(frozen=True)
class Reader:
    """Makes commands of lines.

    Args:
        folder: Where the files of the evidence lie; those outside of it are not taken.
        digest: SHA-256 of the file, 64 hexadecimal digits.
        actor: Who acts where a line names nobody.
        claimed: Returns the actor that a line names; ``None`` where everybody has to show who
            he is, so that only *actor* can act.
        looks: Whether the files of the evidence have to be there when a line is read.
    """

    folder: Path
    digest: str
    actor: Actor | None
    claimed: Callable[[str], Actor] | None
    looks: bool = True

    def command(self, line: Line) -> AdvanceCommand:
        """Return the command that a line is.

        Raises:
            LineInvalid: It is none.
        """
        if line.fault is not None:
            raise LineInvalid(None, InvalidInput(what="line", detail=line.fault))
        values = _by_column(line.values)
        given = Given(values, cells=line.cells)
        return AdvanceCommand(
            school=given.identifier("school", "school"),
            transition=given.required("transition"),
            actor=self._actor(given),
            evidence=[self._inside(piece) for piece in given.evidence()],
            facts=given.facts(),
            reason=given.text("reason"),
            comment=given.text("comment"),
            effective_on=given.day("effective_on"),
            command_id=self.command_id(line, given),
            expected_version=given.whole("expected_version"),
        )

    def command_id(self, line: Line, given: Given) -> str:
        """Return the id of the line's command: its own, or one of file and place.

        The same file makes the same ids, so it can be run again.
        """
        if given.text("command_id") is not None:
            return given.identifier("command_id", "command")
        return f"batch-{self.digest[:40]}-{line.number}"

    def _actor(self, given: Given) -> Actor:
        name, actor = given.text("actor"), self.actor
        if name is not None:
            name = given.identifier("actor", "actor")
        if name is not None and (actor is None or actor.id != name):
            if self.claimed is None:
                detail = Message("{name} did not show who he is", {"name": name})
                raise LineInvalid("actor", InvalidColumn("actor", detail))
            actor = self.claimed(name)
        if actor is None:
            detail = Message("nobody is named, neither here nor by --actor")
            raise LineInvalid("actor", InvalidColumn("actor", detail))
        if given.text("on_behalf_of") is None:
            return actor
        return replace(actor, on_behalf_of=given.identifier("on_behalf_of", "actor"))

    def _inside(self, piece: Evidence | EvidenceFile) -> Evidence | EvidenceFile:
        """Return a piece with its file named from here.

        Raises:
            LineInvalid: There is no such file, or it lies outside of the folder: whoever wrote
                the batch need not be the one who runs it.
        """
        if not isinstance(piece, EvidenceFile):
            return piece
        with _of("evidence"):
            try:
                path = (self.folder / piece.path).resolve()
                inside = path.is_relative_to(self.folder.resolve())
                there = not self.looks or path.is_file()
            except (OSError, ValueError):
                inside = there = False
            if not there:
                detail = Message("there is no file {file}", {"file": str(piece.path)})
            elif not inside:
                facts = {"file": str(piece.path), "folder": str(self.folder)}
                detail = Message("{file} lies outside of the folder {folder}", facts)
            else:
                return replace(piece, path=path)
            hint = Message("name it from the folder in which the batch lies")
            raise InvalidEvidence(kind=piece.kind, detail=detail, hint=hint)


class Given:
    """The values of a line, each read as what it has to be.

    Args:
        values: By column; what is empty is not there.
        cells: As ``Line.cells``: facts are written in them as JSON, or as a bare code.
    """

    def __init__(self, values: Mapping[str, Any], *, cells: bool = False) -> None:
        self._values = values
        self._cells = cells

    def text(self, column: str) -> str | None:
        """Return a text; ``None`` if there is none."""
        value = self._values.get(column)
        if value is not None and not isinstance(value, str):
            raise LineInvalid(column, InvalidColumn(column, Message("it is not a text")))
        return value if column == "comment" or value is None else value.strip()

    def required(self, column: str) -> str:
        """Return a text that has to be there."""
        value = self.text(column)
        if value is None:
            raise LineInvalid(column, InvalidColumn(column, Message("it is empty")))
        return value

    def identifier(self, column: str, what: str) -> str:
        """Return the id of a *what*."""
        with _of(column):
            return identifier(self.required(column), what)

    def day(self, column: str) -> str | None:
        """Return a date, as it is written."""
        value = self.text(column)
        with _of(column):
            return None if value is None else day_from(value).isoformat()

    def whole(self, column: str) -> int | None:
        """Return a whole number of 0 or more."""
        value = self._values.get(column)
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
            if len(value.strip()) > _DIGITS:
                detail = Message("it has more than {count} digits", {"count": _DIGITS})
                raise LineInvalid(column, InvalidColumn(column, detail))
            value = int(value)
        if value is None or (type(value) is int and value >= 0):
            return value
        raise LineInvalid(column, InvalidColumn(column, Message("it is not a whole number")))

    def facts(self) -> dict[str, Any]:
        """Return the facts: those of ``facts``, an object, and of every ``fact.NAME``."""
        found: dict[str, Any] = {}
        together = self._values.get("facts")
        with _of("facts"):
            if self._cells and isinstance(together, str):
                together = fact_from("facts", together, f'{{"risks": {_FACT_EXAMPLE}}}')
            if together is not None and not isinstance(together, dict):
                raise InvalidColumn("facts", Message("it is not an object with facts by name"))
            found |= together or {}
        for column, value in self._values.items():
            if column.startswith(FACT):
                name = column.removeprefix(FACT)
                with _of(column):
                    if name in found:
                        raise InvalidFact(name=name, detail=Message("it is given twice"), hint="")
                    if self._cells:
                        value = fact_from(name, value.strip(), _FACT_EXAMPLE)
                    found[name] = value
        return found

    def evidence(self) -> Iterator[Evidence | EvidenceFile]:
        """Yield the pieces of ``evidence`` and of every ``evidence.KIND[:ITEM]``."""
        for column, value in self._values.items():
            if column != "evidence" and not column.startswith(EVIDENCE):
                continue
            texts = value if isinstance(value, list) else [value]
            kind = column.removeprefix(EVIDENCE) + "=" if column != "evidence" else ""
            with _of(column):
                for text in texts[:_MOST_PIECES]:
                    if not isinstance(text, str):
                        raise InvalidColumn(column, Message("it is not a text"))
                    for part in filter(None, map(str.strip, text.splitlines())):
                        yield _piece(column, kind + part)


def _piece(column: str, text: str) -> Evidence | EvidenceFile:
    try:
        return piece_from(text)
    except Malformed as error:
        template = "{given} has not the form KIND[:ITEM]=FILE; for example: {example}"
        example = _EVIDENCE_EXAMPLE
        if error.part == "reference":
            template = "{given} does not name number, date and issuer; for example: {example}"
            example = _REFERENCE_EXAMPLE
        facts = {"given": start_of(error.given), "example": example}
        raise InvalidColumn(column, Message(template, facts)) from error


def _by_column(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by column, without those that are empty.

    Raises:
        LineInvalid: A heading names no column, or a column is named twice.
    """
    found: dict[str, Any] = {}
    for heading, value in values.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        column = column_of(heading)
        if column is None:
            raise LineInvalid(heading, InvalidColumn(heading, unknown(heading)))
        if column in found:
            raise LineInvalid(column, InvalidColumn(column, Message("it is given twice")))
        found[column] = value
    return found


def unknown(heading: str) -> Message:
    """Say that a heading names no column."""
    near = closest(heading, COLUMNS)
    if near is not None:
        template = "there is no such column; did you mean {suggestion}?"
        return Message(template, {"suggestion": near})
    return Message("there is no such column")


@contextmanager
def _of(column: str) -> Iterator[None]:
    """Tell an error inside as one of *column*."""
    try:
        yield
    except InvalidInput as error:
        raise LineInvalid(column, error) from error
