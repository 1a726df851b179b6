"""The entry point: streams and language first, then the command, then one place for every end.

Click is imported only after the language is known: it takes its own words from the same
catalogue, by the process-wide domain of gettext that is set here and nowhere else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from lifecycle.cli import interruption, language, output


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: Without the name of the program; those of the process if not given.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    output.prepare_streams()
    if output.wants_lines(given):
        output.documents_are_lines()
    language.speak(language.asked_for(given, os.environ))
    with interruption.heard(lambda: _ended(KeyboardInterrupt(), given)) as ended:
        try:
            return _run(given)
        except BaseException as error:  # the one place where all ends are told
            ended()
            return _ended(error, given)


def _ended(error: BaseException, given: list[str]) -> int:
    from lifecycle.cli import failures

    return failures.told(error, as_json=output.wants_json(given))


def _run(given: list[str]) -> int:
    from click.exceptions import Exit

    from lifecycle.cli.program import program

    code = 0

    if "_LIFECYCLE_COMPLETE" in os.environ:  # the shell asks for completions
        program.main(list(given), prog_name="lifecycle", complete_var="_LIFECYCLE_COMPLETE")
    try:
        width = output.width()
        with program.make_context("lifecycle", list(given), terminal_width=width) as context:
            program.invoke(context)
    except Exit as ended:
        code = ended.exit_code
    output.flush()
    return code
