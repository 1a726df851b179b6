"""Every way a command can end without its result: one message, one exit code, no traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from lifecycle.cli import output
from lifecycle.cli.language import say, shown
from lifecycle.domain.errors import (
    Conflict,
    InvalidDefinition,
    InvalidInput,
    LifecycleError,
    NotFound,
    Refused,
    StorageFailed,
)

if TYPE_CHECKING:
    from lifecycle.domain.guards import Unmet

UNEXPECTED: Final = 1
USAGE: Final = 2
INVALID: Final = 5
FINDINGS: Final = 6
INTERRUPTED: Final = 130
NOBODY_READS: Final = 141
"""What a shell reports for a process that SIGPIPE ended."""

# The family of an error decides the exit code.
_CODES: Final = (
    (NotFound, 3),
    (Refused, 4),
    (InvalidInput, INVALID),
    (Conflict, 7),
    (StorageFailed, 8),
)


_failing: str | None = None
"""Id of the command that has begun and not succeeded."""
_again: str | None = None
"""How what has begun and not succeeded can be done again."""


@contextmanager
def of_command(command_id: str) -> Iterator[None]:
    """Tell with a failure inside which id the command can be repeated with."""
    global _failing, _again  # noqa: PLW0603, RUF100 - one process, one command
    _failing = command_id
    template = "repeated with --command-id {command_id}, it has no second effect"
    _again = say(template, command_id=command_id)
    yield
    _failing = _again = None


@contextmanager
def of_batch() -> Iterator[None]:
    """Tell with a failure inside that the file can be run again."""
    global _again  # noqa: PLW0603, RUF100 - one process, one command
    _again = say("what is recorded stays; run the same file again, and nothing is doubled")
    yield
    _again = None


def told(error: BaseException, *, as_json: bool) -> int:
    """Tell the user how the command ended, and return the exit code."""
    global _failing, _again  # noqa: PLW0603, RUF100 - one process, one command
    command_id, again = _failing, _again
    _failing = _again = None
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else UNEXPECTED
    if isinstance(error, BrokenPipeError):
        output.give_up_stdout()
        return NOBODY_READS
    ended = _usage(error, as_json=as_json)
    if isinstance(ended, int):
        return ended
    code, text, remedy, exit_code = ended or _described(error)
    if exit_code == UNEXPECTED and os.environ.get("LIFECYCLE_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    unmet = error.unmet if isinstance(error, Refused) else ()
    uncertain = exit_code in (UNEXPECTED, 8)
    if exit_code == INTERRUPTED and again is not None:
        text = f"{text}; {again}"
    _write(
        {
            "code": code,
            "message": text,
            "remedy": remedy,
            "unmet": [unmet_document(one) for one in unmet],
            **({"command_id": command_id} if command_id is not None else {}),
            **(
                {"problems": problem_documents(error.problems)}
                if isinstance(error, InvalidDefinition)
                else {}
            ),
        },
        [
            say("error {code}: {text}", code=code, text=text),
            *unmet_lines(unmet),
            *(_problem_lines(error) if isinstance(error, InvalidDefinition) else ()),
            *([f"  {remedy}"] if remedy else []),
            *([f"  {again}"] if again is not None and uncertain else []),
        ],
        as_json=as_json and not isinstance(error, output.OutputFailed),
    )
    return exit_code


def exit_code_of(error: LifecycleError) -> int:
    """Return the exit code of an error of the engine."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), UNEXPECTED)


def unmet_document(one: Unmet) -> dict[str, Any]:
    """Return an unmet requirement as JSON values."""
    return {
        "code": one.code,
        "message": shown(one.message),
        "parameters": one.message.plain_parameters(),
        "who": list(one.who),
        "actors": list(one.actors),
    }


def unmet_lines(unmet: Iterable[Unmet], indent: str = "  ") -> list[str]:
    """Return unmet requirements for people: each one, and below it who can mend it."""
    lines = []
    for one in unmet:
        line = f"{indent}- {shown(one.message)}"
        if one.code == "role_missing" and one.message.parameters.get("actor") is None:
            # Nobody in particular was asked about: the roles are named already.
            lines.append(line + (f" ({', '.join(one.actors)})" if one.actors else ""))
            continue
        lines.append(line)
        if one.who:
            template = "who can mend it: {roles}"
            if one.actors:
                template = "who can mend it: {roles} ({actors})"
            lines.append(f"{indent}  {say(template, roles=one.who, actors=one.actors)}")
    return lines


def problem_documents(found: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the mistakes of a definition file as JSON values."""
    return [
        {
            "file": one.file,
            "line": one.line,
            "column": one.column,
            "code": one.code,
            "severity": one.severity,
            "message": shown(one.message),
            "remedy": shown(one.remedy) if one.remedy else None,
        }
        for one in found
    ]


def problem_line(one: dict[str, Any]) -> str:
    """Return a mistake as editors and compilers write it."""
    hint = f"; {one['remedy']}" if one["remedy"] else ""
    text = (
        one["message"]
        if one["severity"] == "error"
        else say("warning: {text}", text=one["message"])
    )
    return f"{one['file']}:{one['line']}:{one['column']}: {one['code']}: {text}{hint}"


def _problem_lines(error: InvalidDefinition) -> list[str]:
    return [f"  {problem_line(one)}" for one in problem_documents(error.problems)]


def _usage(error: BaseException, *, as_json: bool) -> tuple[str, str, str | None, int] | int | None:
    """Describe what click raised; its exit codes where it has nothing to say."""
    if "click" not in sys.modules:
        return None
    import click

    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        if not as_json:
            for line in error.ctx.get_help().split("\n"):
                output.tell(line)
            return USAGE
        return "LC002", say("a command is missing"), None, USAGE
    if isinstance(error, click.Abort):  # Ctrl-C or Ctrl-D where a secret is asked for
        return "LC004", say("interrupted"), None, INTERRUPTED
    if isinstance(error, click.UsageError):
        remedy = None
        if error.ctx is not None:
            remedy = say("see: {command} --help", command=error.ctx.command_path)
        return "LC002", error.format_message(), remedy, USAGE
    return None


def _described(error: BaseException) -> tuple[str, str, str | None, int]:
    """Return code, text, remedy and exit code of an error."""
    if isinstance(error, LifecycleError):
        remedy = error.remedy
        told_remedy = shown(remedy) if remedy else None
        return error.code, shown(error.message), told_remedy, exit_code_of(error)
    if isinstance(error, KeyboardInterrupt):
        return "LC004", say("interrupted"), None, INTERRUPTED
    if isinstance(error, output.OutputFailed):
        output.give_up_stdout()
        text = say("the result cannot be written: {detail}", detail=str(error))
        remedy_text = (
            say("what was recorded stays recorded; see: lifecycle status")
            if error.started
            else say("nothing was done; open standard output, or send it to a file")
        )
        return "LC003", text, remedy_text, UNEXPECTED
    text = say("unexpected: {kind}: {detail}", kind=type(error).__name__, detail=str(error))
    remedy_text = say(
        "this is a defect; LIFECYCLE_LOG=console shows the events before it,"
        " LIFECYCLE_DEBUG=1 the traceback"
    )
    return "LC000", " ".join(text.split()), remedy_text, UNEXPECTED


def _write(content: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    if as_json:
        try:
            output.document({"error": content})
            output.flush()
        except (BrokenPipeError, output.OutputFailed):
            output.give_up_stdout()
        else:
            return
    for text in lines:
        output.tell(text)
