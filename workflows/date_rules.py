"""Recurrences in date cells: «ежемесячно», «раз в квартал», «до 5 числа каждого месяца»."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.date_words import Token

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MONTHS: Final = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_LONGEST_INTERVAL: Final = 99
_END: Final = Token("end", None, 0, 0)


def rule_of(unit: str, interval: int = 1) -> str | None:
    """Return the RFC 5545 rule for every *interval* of a unit."""
    if unit in {"day", "week"}:
        rule = "FREQ=DAILY" if unit == "day" else "FREQ=WEEKLY"
    elif unit == "year":
        rule = "FREQ=YEARLY"
    elif unit in _MONTHS:
        rule, interval = "FREQ=MONTHLY", interval * _MONTHS[unit]
    else:
        return None
    if not 1 <= interval <= _LONGEST_INTERVAL:
        return None
    return rule if interval == 1 else f"{rule};INTERVAL={interval}"


class RuleReader:
    """Reads one recurrence; *place* is where it stopped, *doubts* what it leaves open."""

    def __init__(self, tokens: Sequence[Token], place: int) -> None:
        self._tokens = tokens
        self.place = place
        self.doubts: list[Message] = []

    def read(self) -> str | None:
        """Return the rule that begins here, RFC 5545, or ``None``."""
        start = self.place
        for way in (self._adverb, self._times, self._each, self._on_weekdays, self._monthly_day):
            self.place = start
            rule = way()
            if rule is not None:
                return rule
        self.place = start
        return None

    def _peek(self, ahead: int = 0) -> Token:
        place = self.place + ahead
        return self._tokens[place] if place < len(self._tokens) else _END

    def _take(self, *kinds: str) -> Token | None:
        token = self._peek()
        if token.kind not in kinds:
            return None
        self.place += 1
        return token

    def _adverb(self) -> str | None:
        token = self._take("rule")
        if token is None:
            return None
        rule, after = str(token.value), self.place
        self._take("comma")
        self._deadline()
        day = self._take("number", "ordinal")
        if rule == "FREQ=MONTHLY" and day is not None and self._take("day_word"):
            return self._by_month_day(day)
        self.place = after
        return rule

    def _deadline(self) -> None:
        """Skip «до», «не позднее», «к»."""
        while self._take("until", "not", "later", "by"):
            pass

    def _times(self) -> str | None:
        """Read «не реже одного раза в месяц», «раз в две недели», «2 раза в год»."""
        self._take("to")
        if self._peek().kind == "not" and self._peek(1).kind == "rarer":
            self.place += 2
        count = self._take("number")
        if not self._take("times"):
            return None
        self._take("filler")
        every = self._take("number")
        unit = self._take("unit")
        if unit is None or (count is not None and not 1 <= count.value <= 31):
            return None
        times = count.value if count is not None else 1
        interval = every.value if every is not None else 1
        if times == 1:
            return rule_of(unit.value, interval)
        template = "{count} times in a period: how they are spread is not said"
        self.doubts.append(Message(template, {"count": times}))
        months = _MONTHS.get(unit.value, 0) * interval
        if months and months % times == 0:
            return rule_of("month", months // times)
        return rule_of(unit.value, interval)

    def _each(self) -> str | None:
        """Read «каждую неделю», «каждые 2 месяца», «каждое 5-е число», «каждый понедельник»."""
        if not self._take("each"):
            return None
        number = self._take("number", "ordinal")
        if number is not None and self._take("day_word"):
            self._take("unit")
            return self._by_month_day(number)
        weekday = self._take("weekday")
        if weekday is not None:  # «каждый первый вторник» is not every Tuesday
            return self._weekly([weekday]) if number is None else None
        unit = self._take("unit")
        if unit is None or (number is not None and number.kind == "ordinal"):
            return None
        return rule_of(unit.value, number.value if number is not None else 1)

    def _on_weekdays(self) -> str | None:
        """Read «по понедельникам и средам»."""
        if not self._take("to"):
            return None
        days = []
        while weekday := self._take("weekday"):
            days.append(weekday)
            after = self.place
            if not (self._take("comma", "and") and self._peek().kind == "weekday"):
                self.place = after
        return self._weekly(days) if days else None

    def _weekly(self, days: Sequence[Token]) -> str:
        names = [_DAYS[number] for number in sorted({day.value - 1 for day in days})]
        return f"FREQ=WEEKLY;BYDAY={','.join(names)}"

    def _monthly_day(self) -> str | None:
        """Read «до 5 числа каждого месяца»."""
        self._deadline()
        day = self._take("number", "ordinal")
        if day is None or not self._take("day_word") or not self._take("each"):
            return None
        unit = self._take("unit")
        if unit is None or unit.value != "month":
            return None
        return self._by_month_day(day)

    def _by_month_day(self, day: Token) -> str | None:
        if not 1 <= day.value <= 31:
            return None
        if day.value > 28:
            template = "not every month has a day {day}"
            self.doubts.append(Message(template, {"day": day.value}))
        return f"FREQ=MONTHLY;BYMONTHDAY={day.value}"
