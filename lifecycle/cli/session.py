"""What the commands of one call share: the settings in force, the engine, how to answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli import output
from lifecycle.cli.language import say, shown

# Most modules are imported where they are used: --help needs none of them.
if TYPE_CHECKING:
    from lifecycle.domain.decision import Notice
    from lifecycle.service import Lifecycle
    from lifecycle.settings import Settings


@dataclass
class Session:
    """One call of the program.

    Args:
        given: Common options by name, as far as they were given.
    """

    given: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, context: click.Context) -> Session:
        """Return the session that the whole call shares."""
        found = context.find_root().ensure_object(cls)
        assert isinstance(found, cls)  # noqa: S101 - nothing else is ever kept there
        return found

    def keep(self, name: str, value: object) -> None:
        """Keep a common option; the one that is kept later wins."""
        self.given[name] = value

    @cached_property
    def settings(self) -> Settings:
        """What the environment sets; the events for operators begin when it is first asked for.

        Raises:
            InvalidInput: A variable has a value that is none.
        """
        from lifecycle.settings import Settings

        settings = Settings.from_environment(os.environ)
        if settings.log is not None:
            from lifecycle import logs

            logs.configure(settings.log)
        return settings

    @property
    def as_json(self) -> bool:
        """Whether the result is to be one JSON document."""
        return bool(self.given.get("json"))

    @property
    def url(self) -> str:
        """Address of the database."""
        settings = self.settings
        return str(self.given.get("db", settings.url))

    @property
    def shown_url(self) -> str:
        """The address without a password, for answers that others may see."""
        from lifecycle.storage.addresses import shown_address

        return shown_address(self.url)

    @property
    def names_database(self) -> bool:
        """Whether the address was chosen: then a database has to be there."""
        from lifecycle.settings import DEFAULT_URL

        return "db" in self.given or self.url != DEFAULT_URL

    @property
    def evidence(self) -> Path | None:
        """Folder of the evidence files, if one was named."""
        folder = self.given.get("evidence_dir", self.settings.evidence)
        return None if folder is None else Path(folder)

    @property
    def definitions(self) -> tuple[Path, ...]:
        """Folders with further programmes and road maps.

        Raises:
            InvalidInput: One of them is none.
        """
        given = self.given.get("definitions")
        folders = self.settings.definitions if given is None else tuple(map(Path, given))
        for folder in folders:
            if not folder.is_dir():
                from lifecycle.domain.errors import InvalidInput
                from lifecycle.domain.messages import Message

                detail = Message("there is no folder {folder}", {"folder": str(folder)})
                raise InvalidInput(what="--definitions", detail=detail)
        return folders

    @contextmanager
    def engine(self) -> Iterator[Lifecycle]:
        """Open the engine on the database of this call."""
        from lifecycle.wiring import open_lifecycle

        output.check_open()
        with open_lifecycle(
            self.url, evidence=self.evidence, definitions=self.definitions
        ) as engine:
            yield engine

    @contextmanager
    def command(self, command_id: str | None) -> Iterator[str]:
        """Give a request its command id, so that whoever has to repeat it knows the id."""
        from lifecycle.cli import failures
        from lifecycle.wiring import new_id

        chosen = new_id() if command_id is None else command_id
        with failures.of_command(chosen):
            yield chosen

    def answer(
        self,
        document: Mapping[str, Any],
        lines: Iterable[str] | Callable[[], None],
    ) -> None:
        """Print the result: *document*, or *lines* for people (or what prints them)."""
        if self.as_json:
            output.document(document)
        elif callable(lines):
            lines()
        else:
            for text in lines:
                output.line(text)
        output.flush()

    def warn(self, notices: Iterable[Notice]) -> None:
        """Tell what is worth saying about an accepted request."""
        for notice in notices:
            output.tell(say("warning: {text}", text=shown(notice.message)))

    def tell(self, template: str, **parameters: Any) -> None:
        """Say something that is not the result."""
        output.tell(say(template, **parameters))
