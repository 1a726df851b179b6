"""The command that writes the history as tables: export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import click

from lifecycle.cli import files, output
from lifecycle.cli.forms import Command, argument, common_options, option
from lifecycle.cli.language import say
from lifecycle.cli.session import Session

_FORMATS: Final = ("duckdb", "parquet")


@click.command(
    "export",
    cls=Command,
    examples=(
        "lifecycle export duckdb --out history.duckdb",
        "lifecycle export parquet --out tables",
        "lifecycle export parquet --out tables-2022-04 --on 2022-04-01 --json",
    ),
)
@argument("format", type=click.Choice(_FORMATS))
@option(
    "--out",
    metavar="PATH",
    required=True,
    help="Where to write it: a file for duckdb, a new or empty folder for parquet.",
)
@option(
    "--on",
    metavar="DATE",
    help="Day of activities and indicators; today if not given. Records are always all of them.",
)
@files.force_option
@common_options
@click.pass_context
def export(context: click.Context, format: str, out: str, on: str | None, force: bool) -> None:
    """Write the history as tables for analysis.

    Records, participations, evidence, facts, definitions, activities and indicators, in one
    DuckDB database or as Parquet files, which R, Python, Spark and others read. Nothing personal
    is in them: no ids of people, no names, no comments, links or numbers of orders, no titles of
    schools. Needs the extra analysis.
    """
    from lifecycle.domain.dates import day_of

    session, path, day = Session.of(context), Path(out), day_of(on)
    _check_extra(format)
    if format == "duckdb":
        files.check_free(path, force=force)
        with files.written(path, force=force) as beside, _made(session, path, day) as (made, rows):
            made.replace(beside)
    else:
        files.check_empty(path)
        with files.written_folder(path) as beside, _made(session, path, day, beside) as (_, rows):
            pass
    template = "{file} is written, records: {count}, schools: {schools}"
    facts = {"count": rows.get("records", 0), "schools": rows.get("participations", 0)}
    session.answer(
        {"format": format, "file": out, "on": on, "rows": rows},
        [say(template, file=out, **facts)],
    )


def _check_extra(format: str) -> None:
    """Refuse before anything is read.

    Raises:
        AnalysisMissing: The library is not installed.
    """
    try:
        import duckdb  # noqa: F401 - only whether it is there
    except ImportError as error:
        from lifecycle.domain.errors_analysis import AnalysisMissing

        raise AnalysisMissing(format=format, package=error.name or "duckdb") from error


@contextmanager
def _made(
    session: Session, out: Path, on: date | None, parquet: Path | None = None
) -> Iterator[tuple[Path, dict[str, int]]]:
    """Fill a database in a folder of its own beside *out*, and lend it; write *parquet* of it.

    Yields:
        The database, and how many rows each table has.
    """
    from importlib.metadata import version

    from lifecycle.analysis import fill
    from lifecycle.analysis.duck import DuckTables
    from lifecycle.storage.staging import staging

    progress = output.Progress(say("records written: {count}", count="{count}"))
    with staging(out.parent) as scratch:
        database = scratch / "tables.duckdb"
        with session.engine() as engine, DuckTables(database) as tables:
            try:
                with engine.context.journal.reading() as view:
                    rows = fill(
                        engine.context,
                        view,
                        tables,
                        on=on,
                        release=version("school-lifecycle"),
                        progress=progress,
                    )
                if parquet is not None:
                    tables.write_parquet(parquet)
            finally:
                progress.end()
        yield database, rows
