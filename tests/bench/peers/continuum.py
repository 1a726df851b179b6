"""SQLAlchemy-Continuum: a versioned model, whose versions are the history.

State, role and evidence are guarded by us; every step writes its actor, role, evidence and payload
into the columns that are versioned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session, configure_mappers
from sqlalchemy_continuum import make_versioned, version_class

from tests.bench.work import MOMENT, STATES, Command, Peer, guard, main, set_everywhere

make_versioned(user_cls=None)


class Base(DeclarativeBase):
    pass


class School(Base):
    __tablename__ = "school"
    __versioned__: dict[str, Any] = {}  # noqa: RUF012
    id: Any = sa.Column(sa.Integer, primary_key=True)
    code: Any = sa.Column(sa.String, nullable=False, unique=True)
    state: Any = sa.Column(sa.Integer, nullable=False)
    trigger: Any = sa.Column(sa.String)
    actor: Any = sa.Column(sa.String)
    role: Any = sa.Column(sa.String)
    at: Any = sa.Column(sa.String)
    evidence: Any = sa.Column(sa.JSON)
    payload: Any = sa.Column(sa.JSON)


configure_mappers()


class Continuum(Peer):
    batches = True

    def open(self, schools: int) -> None:
        set_everywhere(self.settings)
        self._engine = sa.create_engine(f"sqlite:///{self.path}")
        Base.metadata.create_all(self._engine)
        with Session(self._engine) as session, session.begin():
            session.add_all(
                School(id=number + 1, code=f"relay.{number}", state=0) for number in range(schools)
            )

    def advance(self, asked: Command) -> None:
        with Session(self._engine) as session, session.begin():
            self._step(session.get(School, asked.number + 1), asked)

    def advance_many(self, asked: Sequence[Command]) -> None:
        wanted = School.id.in_([one.number + 1 for one in asked])
        with Session(self._engine) as session, session.begin():
            found = {one.id: one for one in session.scalars(sa.select(School).where(wanted))}
            for one in asked:
                self._step(found[one.number + 1], one)

    def _step(self, school: Any, asked: Command) -> None:
        guard(STATES[school.state], asked)
        school.state += 1
        school.trigger, school.actor, school.role = asked.step, asked.actor, asked.role
        school.at, school.evidence, school.payload = MOMENT, list(asked.evidence), {}

    def states(self) -> Mapping[int, str]:
        table = version_class(School).__table__
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(table.c.id, table.c.state).order_by(table.c.transaction_id)
            )
            return {number - 1: STATES[state] for number, state in rows}

    def close(self) -> None:
        self._engine.dispose()


if __name__ == "__main__":
    main(Continuum)
