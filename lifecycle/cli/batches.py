"""Many transitions by one command: ``advance --batch FILE``."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lifecycle.cli import documents, output
from lifecycle.cli.failures import exit_code_of, of_batch, unmet_document, unmet_lines
from lifecycle.cli.forms import Whole, option, together
from lifecycle.cli.identity import acting, named, shown_by_secret
from lifecycle.cli.language import say, shown
from lifecycle.cli.session import Session
from lifecycle.domain.errors import (
    CommandReused,
    InvalidDate,
    InvalidEvidence,
    InvalidFact,
    LifecycleError,
    Refused,
    UnknownActor,
    UnknownSchool,
    UnknownTransition,
    VersionConflict,
)
from lifecycle.domain.errors_people import InvalidComment
from lifecycle.domain.messages import Message

if TYPE_CHECKING:
    from lifecycle.service import AdvanceCommand, Outcome, Receipt
    from lifecycle.workflows.batches.lines import Line, Reader
    from lifecycle.workflows.batches.reading import BatchFile

batch_options: Final = together(
    option(
        "--batch",
        metavar="FILE",
        help="Make the transition of every line of this file: .jsonl, .csv or .xlsx.",
    ),
    option(
        "--stop-on-refusal",
        is_flag=True,
        help="With --batch: stop at the first line that is not recorded; those before it stay.",
    ),
    option(
        "--per-transaction",
        metavar="N",
        type=Whole(1),
        help="With --batch: how many lines at most are committed together; 500 if not given.",
    ),
)

# Given by every line, and so not on the command line.
_BY_LINE: Final = (
    *("school", "transition", "evidence", "fact", "reason", "comment"),
    *("effective_on", "command_id", "expect_version"),
)
_COLUMNS: Final = {
    UnknownSchool: "school",
    UnknownTransition: "transition",
    UnknownActor: "actor",
    InvalidEvidence: "evidence",
    InvalidDate: "effective_on",
    InvalidComment: "comment",
    VersionConflict: "expected_version",
    CommandReused: "command_id",
}
"""Error -> the column that it speaks of."""
_ENDS: Final = ("recorded", "unchanged", "refused", "invalid", "not_found", "conflict")


def missing(context: click.Context, name: str) -> click.UsageError:
    """Return the error for an argument that is not there."""
    (found,) = (one for one in context.command.params if one.name == name)
    return click.MissingParameter(ctx=context, param=found, param_hint=f"'{say(name.upper())}'")


def refuse_alone(context: click.Context) -> None:
    """Refuse options that mean nothing without a batch.

    Raises:
        click.UsageError: One was given.
    """
    for name in ("stop_on_refusal", "per_transaction"):
        if context.params[name]:
            template = "{option} goes with --batch"
            option_name = f"--{name.replace('_', '-')}"
            raise click.UsageError(say(template, option=option_name), context)


def moved(school: str, receipt: Receipt) -> str:
    """Tell people what a transition came to."""
    record = receipt.record
    facts = {
        "school": school,
        "source": record.source,
        "target": record.target,
        "version": receipt.version,
        "hash": record.hash[:12],
    }
    if receipt.dry_run:
        return say("{school} would go: {source} -> {target}; nothing was recorded", **facts)
    if receipt.repeated:
        template = "{school}: recorded before as version {version}: {source} -> {target}"
        return say(template, **facts)
    return say("{school}: {source} -> {target}, version {version}, record {hash}", **facts)


def run(
    context: click.Context,
    file: str,
    actor: str | None,
    *,
    dry_run: bool,
    stop_on_refusal: bool,
    per_transaction: int | None,
) -> None:
    """Make the transitions of a file, and end with the highest exit code of its lines.

    Raises:
        click.UsageError: Something was given that the lines give.
        InvalidBatch: The file cannot be read as lines.
    """
    from lifecycle.service.engine import PER_TRANSACTION
    from lifecycle.workflows.batches.reading import BatchFile

    for one in context.command.params:
        if one.name in _BY_LINE and context.params[one.name] not in (None, ()):
            argument = isinstance(one, click.Argument)
            name = say(one.name.upper()) if argument else one.opts[0]
            template = "with --batch, {name} is given by the lines of the file"
            raise click.UsageError(say(template, name=name), context)
    session = Session.of(context)
    with BatchFile(Path(file)) as batch, session.engine() as engine:
        reader = _reader(session, engine, batch, actor)
        told = _Telling(session, dry_run=dry_run)
        count = _checked(batch, reader, told)
        if told.code:
            session.tell("nothing was recorded: mend the lines, and run the file again")
            context.exit(told.code)
        with of_batch():
            numbers: deque[int] = deque()
            for outcome in engine.advance_many(
                _commands(batch, replace(reader, looks=False), numbers),
                per_transaction=per_transaction or PER_TRANSACTION,
                dry_run=dry_run,
                stop_on_refusal=stop_on_refusal,
            ):
                told.outcome(numbers.popleft(), outcome)
        told.end(count)
    context.exit(told.code)


def _reader(session: Session, engine: Any, batch: BatchFile, actor: str | None) -> Reader:
    from lifecycle.wiring import operating_system_actor
    from lifecycle.workflows.batches.lines import Reader

    return Reader(
        folder=batch.path.absolute().parent,
        digest=batch.digest,
        actor=acting(session, engine, actor) if named(session, actor) else None,
        claimed=None if shown_by_secret(session) else operating_system_actor,
    )


def _checked(batch: BatchFile, reader: Reader, told: _Telling) -> int:
    """Look whether every line is of the right form; return how many there are.

    Raises:
        InvalidBatch: There are none.
    """
    from lifecycle.workflows.batches.faults import InvalidBatch
    from lifecycle.workflows.batches.lines import LineInvalid

    progress = output.Progress(say("checking the lines: {count}", count="{count}"))
    count = 0
    for line in batch.lines():
        count += 1
        try:
            reader.command(line)
        except LineInvalid as error:
            told.invalid(line, error)
        if not count % 1000:
            progress(count)
    progress.end()
    if not count:
        detail = Message("it has no lines")
        raise InvalidBatch(str(batch.path), detail, Message("give one transition a line"))
    return count


def _commands(batch: BatchFile, reader: Reader, numbers: deque[int]) -> Iterator[AdvanceCommand]:
    """Yield the command of every line, and put the line's number to *numbers*."""
    from lifecycle.workflows.batches.lines import LineInvalid

    for line in batch.lines():
        try:
            command = reader.command(line)
        except LineInvalid as error:  # a folder was changed since the line was checked
            raise error.error from error
        numbers.append(line.number)
        yield command


class _Telling:
    """Tells what became of each line, as soon as that is durable.

    Args:
        session: The call.
        dry_run: Nothing is recorded.
    """

    def __init__(self, session: Session, *, dry_run: bool) -> None:
        self.code = 0
        self._session = session
        self._dry_run = dry_run
        self._ends: Counter[str] = Counter()
        self._last = 0

    def outcome(self, number: int, outcome: Outcome) -> None:
        """Tell what became of a line."""
        self._ends[outcome.kind] += 1
        self._last = number
        command, receipt = outcome.command, outcome.receipt
        head = {
            "line": number,
            "outcome": outcome.kind,
            "school": command.school,
            "transition": command.transition,
            "command_id": command.command_id,
            "dry_run": self._dry_run,
        }
        if outcome.error is not None:
            self._failed(head, outcome.error, _column(outcome.error))
        elif receipt is not None:
            self._done(head, receipt)

    def invalid(self, line: Line, error: Any) -> None:
        """Tell what is wrong with a line that could not be made a command."""
        head = {"line": line.number, "outcome": "invalid", "dry_run": self._dry_run}
        self._failed(head, error.error, error.column)

    def end(self, count: int) -> None:
        """Tell how many lines came to what."""
        done = sum(self._ends.values())
        if done < count:
            template = "stopped at line {line}; lines not tried: {count}"
            self._session.tell(template, line=self._last, count=count - done)
        if self._dry_run:
            self._session.tell("dry run: nothing was recorded")
        self._session.tell(
            "lines {count}: recorded {recorded}, unchanged {unchanged}, refused {refused},"
            " invalid {invalid}, not found {not_found}, conflicts {conflict}",
            count=count,
            **{name: self._ends[name] for name in _ENDS},
        )

    def _done(self, head: dict[str, Any], receipt: Receipt) -> None:
        self._session.answer(
            {**head, **documents.move(receipt), "dry_run": self._dry_run},
            [_line(head, moved(head["school"], receipt))],
        )
        if not self._session.as_json:
            for notice in receipt.notices:
                text = say("warning: {text}", text=shown(notice.message))
                output.tell(_line(head, text))

    def _failed(self, head: dict[str, Any], error: LifecycleError, column: str | None) -> None:
        self.code = max(self.code, exit_code_of(error))
        unmet = error.unmet if isinstance(error, Refused) else ()
        text, remedy = shown(error.message), error.remedy
        about = {
            "code": error.code,
            "message": text,
            "remedy": shown(remedy) if remedy else None,
            "column": column,
            "unmet": [unmet_document(one) for one in unmet],
        }
        lines = [_line(head, say("error {code}: {text}", code=error.code, text=text))]
        lines += unmet_lines(unmet, "    ")
        if remedy and not unmet:
            lines.append(f"    {shown(remedy)}")
        self._session.answer({**head, "error": about}, lines)


def _line(head: dict[str, Any], text: str) -> str:
    return say("line {line}: {text}", line=head["line"], text=text)


def _column(error: LifecycleError) -> str | None:
    """Return the column that an error of the engine speaks of."""
    if isinstance(error, InvalidFact):
        return f"fact.{error.facts['name']}"
    return next((name for kind, name in _COLUMNS.items() if isinstance(error, kind)), None)
