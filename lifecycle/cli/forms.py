"""Click's commands and parameters, with help in the reader's language and examples below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, TypeVar

import click

from lifecycle.cli import output
from lifecycle.cli.language import help_text, say
from lifecycle.cli.session import Session
from lifecycle.texts import LANGUAGES

Function = TypeVar("Function", bound=Callable[..., Any])


COMMON: Final = frozenset({"db", "evidence_dir", "definitions", "lang", "json", "help"})
"""Parameters that every command takes, before its name and after it."""

WRITTEN: Final = ("out", "to", "to_git", "folder")
"""Parameters that say where an answer goes, whatever kind of file or folder it is."""

_WORD = re.compile(r"[A-Z]{2,}")


def _named(metavar: str) -> str:
    """Return a metavar with each of its words in the language in use."""
    return _WORD.sub(lambda word: say(word.group()), metavar)


@contextmanager
def _translated(parameter: Option | Argument) -> Iterator[None]:
    """Let click see the help of a parameter in the language in use."""
    english = parameter.help
    try:
        parameter.help = help_text(english) if english else english
        yield
    finally:
        parameter.help = english


class Option(click.Option):
    """An option; its help is an English text that is translated when it is shown."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Return the metavar in the language in use."""
        return _named(super().make_metavar(ctx))

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return names and help, in the language in use."""
        with _translated(self):
            return super().get_help_record(ctx)


class Argument(click.Argument):
    """An argument; its help is an English text that is translated when it is shown."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Return the metavar in the language in use."""
        return _named(super().make_metavar(ctx))

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Return name and help, in the language in use."""
        with _translated(self):
            return super().get_help_record(ctx)


class Command(click.Command):
    """A command: its docstring is its help, its examples stand below the options.

    Before it runs, whatever it would write is held against what the call needs: ``WRITTEN``.

    Args:
        examples: Command lines, shown as they are.
    """

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.examples = tuple(examples)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, unless it would write onto the history or what it reads itself.

        Raises:
            InvalidInput: It would.
        """
        if any(ctx.params.get(name) for name in WRITTEN):
            # Only then: most commands write no file.
            from lifecycle.cli.needed import refuse_needed

            refuse_needed(ctx)
        return super().invoke(ctx)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the pieces of the usage line, in the language in use."""
        return [_named(piece) for piece in super().collect_usage_pieces(ctx)]

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first paragraph in full."""
        return help_text(self.help or "").partition("\n\n")[0].removesuffix(".")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help in the language in use."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(help_text(self.help or ""))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options first, then those that every command takes."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            row = param.get_help_record(ctx)
            if row is not None and isinstance(param, click.Option):
                (common if param.name in COMMON else own).append(row)
        for title, rows in ((say("Options"), own), (say("Common options"), common)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are: a wrapped command line cannot be copied."""
        if self.examples:
            with formatter.section(say("Examples")):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class Group(Command, click.Group):
    """A group of commands.

    Args:
        later: Commands that are loaded when they are asked for, by name: the module, and the
            first paragraph of the help.
    """

    command_class = Command

    def __init__(
        self,
        *arguments: Any,
        later: Mapping[str, tuple[str, str]] = MappingProxyType({}),
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        self.later: Final = later

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*self.commands, *self.later})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, loaded now if it was not before."""
        if cmd_name in self.later and cmd_name not in self.commands:
            module = import_module(self.later[cmd_name][0])
            self.add_command(getattr(module, cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command asked for, or tell of those named like it, loaded or not."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            known = self.list_commands(ctx)
            raise click.NoSuchCommand(error.command_name, possibilities=known, ctx=ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write commands first: they are what one looks for. None is loaded for it."""
        with formatter.section(say("Commands")):
            formatter.write_dl([(name, self._short(ctx, name)) for name in self.list_commands(ctx)])
        Command.format_options(self, ctx, formatter)

    def _short(self, ctx: click.Context, name: str) -> str:
        if name in self.later:
            return help_text(self.later[name][1]).removesuffix(".")
        command = self.get_command(ctx, name)
        return "" if command is None else command.get_short_help_str()


class Whole(click.ParamType[int]):
    """A whole number.

    Args:
        least: The smallest one allowed.
    """

    name = "number"

    def __init__(self, least: int) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number, or fail in words."""
        text = str(value)
        digits = text.isascii() and text.isdecimal()
        if digits and len(text) < 16 and int(text) >= self._least:
            return int(text)
        if digits and len(text) >= 16:
            self.fail(say("{value} has more than {count} digits", value=text, count=15), param, ctx)
        template = "{value} is not a whole number of {least} or more"
        self.fail(say(template, value=text, least=self._least), param, ctx)


def option(*names: str, **named: Any) -> Callable[[Function], Function]:
    """Declare an option."""
    return click.option(*names, cls=Option, **named)


def argument(name: str, **named: Any) -> Callable[[Function], Function]:
    """Declare an argument."""
    return click.argument(name, cls=Argument, **named)


def kept(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep a common option: the one that stands later wins."""
    if value is not None and value != () and value is not False:
        Session.of(context).keep(parameter.name or "", value)


def _show_help(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        for text in context.get_help().split("\n"):
            output.line(text)
        context.exit()


_COMMON = (
    option(
        "--db",
        metavar="URL",
        expose_value=False,
        callback=kept,
        help="Database: sqlite:///relative.db, sqlite:////absolute.db or"
        " postgresql://user@server/name. Otherwise"
        " LIFECYCLE_DATABASE_URL, or else sqlite:///lifecycle.db.",
    ),
    option(
        "--evidence-dir",
        metavar="FOLDER",
        expose_value=False,
        callback=kept,
        help="Folder of the evidence files. Otherwise LIFECYCLE_EVIDENCE, or else beside"
        " the database.",
    ),
    option(
        "--definitions",
        metavar="FOLDER",
        multiple=True,
        expose_value=False,
        callback=kept,
        help="Folder with further programmes and road maps; may be repeated. Otherwise"
        " LIFECYCLE_DEFINITIONS.",
    ),
    option(
        "--lang",
        type=click.Choice(LANGUAGES),
        expose_value=False,
        callback=kept,
        help="Language. Otherwise LIFECYCLE_LANG, or else that of the locale.",
    ),
    option(
        "--json",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=kept,
        help="Print one JSON document.",
    ),
    option(
        "--help",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_help,
        help="Show this help and exit.",
    ),
)


def together(*declared: Callable[[Any], Any]) -> Callable[[Function], Function]:
    """Return one decorator for several, in the order in which they would be written."""

    def declare(function: Function) -> Function:
        for one in reversed(declared):
            function = one(function)
        return function

    return declare


common_options: Final = together(*_COMMON)
"""What every command takes, before its name and after it."""
