"""The tables of an export for analysis: their columns, types and meanings are a promise.

Nothing personal is in them: no ids of actors, no names, no comments, no links, no numbers of
orders, no titles of schools. What a school is, is its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FORM: Final = 1
"""Number of this form of the tables; columns may be added to it, none is changed or taken away."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Args:
        name: In snake case; no keyword of SQL.
        type: Of DuckDB: VARCHAR, BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMPTZ, JSON.
        comment: What it holds; kept in the database, too.
    """

    name: str
    type: str
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Args:
        name: Its name, and that of its Parquet file.
        comment: What a row is.
        columns: In order.
    """

    name: str
    comment: str
    columns: tuple[Column, ...]


def _table(name: str, comment: str, columns: str) -> Table:
    split = (line.split(maxsplit=2) for line in columns.strip().splitlines())
    return Table(name, comment, tuple(Column(one, of, told) for one, of, told in split))


_PLACE: Final = """
    stream       VARCHAR  Stream of the record
    sequence     BIGINT   Place in its stream, from 1
    school       VARCHAR  School; NULL for records of the office
    roadmap      VARCHAR  Road map; NULL for records of the installation"""

TABLES: Final = (
    _table(
        "about",
        "One row: what this export is of",
        """
    form         BIGINT       Form of these tables; this is 1
    origin       VARCHAR      Id of the installation
    release      VARCHAR      Release that wrote it
    read_at      TIMESTAMPTZ  When the history was read; later records are not in it
    on_day       DATE         Day of activities and indicators; NULL: today at each place
    """,
    ),
    _table(
        "definitions",
        "A row for every set of rules ever in force",
        """
    definition   VARCHAR  SHA-256 of the rules; other tables name them by it
    programme    VARCHAR  Id of the programme
    version      VARCHAR  Version of programme and road map
    roadmap      VARCHAR  Id of the road map
    region       VARCHAR  Region that the road map names
    time_zone    VARCHAR  Time zone of its days
    starts_on    DATE     First day of the road map
    ends_on      DATE     Last day
    """,
    ),
    _table(
        "participations",
        "A row for every school: where it stands",
        """
    school       VARCHAR      Id of the school
    roadmap      VARCHAR      Road map it takes part under
    definition   VARCHAR      Rules pinned at enrolment
    state        VARCHAR      Current state
    version      BIGINT       Records of its stream
    entered_at   TIMESTAMPTZ  When the state was entered, as recorded
    entered_on   DATE         Date of the act that led into the state
    due_on       DATE         When the state is to be left; NULL without a deadline
    final        BOOLEAN      Nothing leads out of the state
    """,
    ),
    _table(
        "records",
        "A row for every record of the history",
        f"""{_PLACE}
    record_id    VARCHAR      Id of the record
    hash         VARCHAR      SHA-256 of its body
    kind         VARCHAR      What was done: enrolled, advanced, role_assigned, ...
    transition   VARCHAR      Name of the transition; NULL for other kinds
    source       VARCHAR      State before
    target       VARCHAR      State after; the same where the school stayed
    definition   VARCHAR      Rules by which it was decided
    role         VARCHAR      Role of the one who acted
    known_by     VARCHAR      How he was known: host, os-uid, token, signed
    stood_in     BOOLEAN      He acted for somebody else
    recorded_at  TIMESTAMPTZ  When it was written down
    effective_on DATE         Date that the act bears
    due_on       DATE         Last day by the road map; NULL without one
    reason       VARCHAR      Code out of the list of the transition
    pieces       BIGINT       Pieces of evidence
    """,
    ),
    _table(
        "evidence",
        "A row for every piece of evidence that a record names",
        f"""{_PLACE}
    place        BIGINT   Place in the record, from 1
    kind         VARCHAR  Kind of evidence of the programme
    item         VARCHAR  What it is about where one is asked for each of several
    form         VARCHAR  file, link or reference
    sha256       VARCHAR  Of a stored file
    size         BIGINT   Of a stored file, bytes
    media_type   VARCHAR  Of a file
    personal     BOOLEAN  Its content is encrypted and can be erased
    """,
    ),
    _table(
        "facts",
        "A row for every fact stated with a transition; programmes have no free text in facts",
        f"""{_PLACE}
    transition   VARCHAR  Name of the transition
    fact         VARCHAR  Name of the fact
    value        JSON     Its value: a code, a list of codes, objects of codes, a number, a day
    """,
    ),
    _table(
        "activities",
        "A row for every occurrence of every activity of a road map in force, plan against fact",
        """
    roadmap      VARCHAR  Id of the road map
    activity     VARCHAR  Key of the row
    occurrence   VARCHAR  Which time, where it recurs
    on_day       DATE     Day of this row
    fulfilled_by VARCHAR  office or schools
    state        VARCHAR  planned, begun, done or cancelled
    due_on       DATE     Last day, after postponement
    closed_on    DATE     Day it was done or cancelled
    days_overdue BIGINT   Working days past the last day; NULL without a last day
    fulfilled    BIGINT   Schools that have fulfilled it
    missing      BIGINT   Schools that have not
    """,
    ),
    _table(
        "indicators",
        "A row for every indicator of a road map in force",
        """
    roadmap      VARCHAR  Id of the road map
    indicator    VARCHAR  Key of the indicator
    activity     VARCHAR  Key of its row
    on_day       DATE     Day of this row
    unit         VARCHAR  percent, or what is counted
    numerator    BIGINT   What was counted
    denominator  BIGINT   Out of what; NULL where no share is asked for
    value        DOUBLE   The number in the unit
    target       BIGINT   What is to be reached; NULL where none is stated
    met          BOOLEAN  The target is reached
    missing      BIGINT   Schools or occurrences not counted yet
    """,
    ),
)
"""Every table of an export, in the order in which they are written."""
