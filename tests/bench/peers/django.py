"""Django with django-fsm-2 and django-fsm-log, in the transactions that Django advises for SQLite.

Role and evidence are its permission and conditions, and go as text into the description that its
log keeps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import django
from django.conf import settings as django_settings

from tests.bench.work import (
    ROLES,
    STATES,
    STEPS,
    Command,
    Peer,
    Refused,
    Settings,
    guard_rest,
    main,
)


def _set_up(path: Path, settings: Settings) -> None:
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        "init_command": (
            f"PRAGMA journal_mode={settings.journal_mode};"
            f"PRAGMA synchronous={settings.synchronous};"
        ),
    }
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
    django_settings.configure(
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django_fsm_log",
        ],
        DATABASES={"default": database},
    )
    django.setup()


def _transition(field: Any, place: int) -> Callable[..., None]:
    """Return the method of a step."""
    from django_fsm import transition
    from django_fsm_log.decorators import fsm_log_by, fsm_log_description

    def has_evidence(school: Any) -> bool:
        try:
            guard_rest(place, ROLES[place % len(ROLES)], school.asked.evidence)
        except Refused:
            return False
        return True

    def may(school: Any, user: Any) -> bool:
        return bool(school.asked.role == ROLES[place % len(ROLES)])

    def step(self: Any, by: Any = None, description: Any = None) -> None:
        """Do nothing but move."""

    step.__name__ = STEPS[place]
    moved = transition(
        field=field,
        source=STATES[place],
        target=STATES[place + 1],
        conditions=[has_evidence],
        permission=may,
    )(step)
    made: Callable[..., None] = fsm_log_by(fsm_log_description(moved))
    return made


def _model() -> Any:
    from django.db import models
    from django_fsm import FSMField

    field = FSMField(default=STATES[0], protected=True, db_index=True)
    content: dict[str, Any] = {
        "__module__": "school",
        "code": models.CharField(max_length=24, unique=True),
        "state": field,
        "Meta": type("Meta", (), {"app_label": "auth"}),
    }
    content |= {step: _transition(field, place) for place, step in enumerate(STEPS)}
    return type("School", (models.Model,), content)


class Django(Peer):
    batches = True

    def open(self, schools: int) -> None:
        _set_up(self.path, self.settings)
        from django.contrib.auth.models import User
        from django.core.management import call_command
        from django.db import connection, transaction

        self._school, self._atomic = _model(), transaction.atomic
        call_command("migrate", verbosity=0)
        with connection.schema_editor() as editor:
            editor.create_model(self._school)
        with self._atomic():
            User.objects.bulk_create([User(username=f"clerk.{role}") for role in ROLES])
            self._school.objects.bulk_create(
                [self._school(id=number + 1, code=f"relay.{number}") for number in range(schools)]
            )
        self._users = {user.username: user for user in User.objects.all()}

    def advance(self, asked: Command) -> None:
        self.advance_many((asked,))

    def advance_many(self, asked: Sequence[Command]) -> None:
        with self._atomic():
            for one in asked:
                self._step(one)

    def _step(self, asked: Command) -> None:
        from django_fsm import has_transition_perm

        school = self._school.objects.select_for_update().get(pk=asked.number + 1)
        school.asked = asked
        user, method = self._users[asked.actor], getattr(school, asked.step)
        if not has_transition_perm(method, user):
            raise Refused(asked.step)
        kept = {"role": asked.role, "evidence": asked.evidence, "payload": {}}
        method(by=user, description=json.dumps(kept, ensure_ascii=False))
        school.save()

    def states(self) -> Mapping[int, str]:
        return {pk - 1: state for pk, state in self._school.objects.values_list("id", "state")}


if __name__ == "__main__":
    main(Django)
