"""Working days of Russia: within a year, over its end, and over whole years."""

from datetime import date, timedelta

import pytest
from holidays import country_holidays

from lifecycle.workflows.working_days import ODD, RussianCalendar, is_working


@pytest.mark.parametrize(
    ("due_on", "until", "days"),
    [
        # 31 December 2021 was free by transfer, and so were the days up to 9 January.
        (date(2021, 12, 30), date(2022, 1, 9), 0),
        (date(2021, 12, 30), date(2022, 1, 10), 1),
        (date(2024, 2, 28), date(2024, 2, 29), 1),
        # 247 working days by the production calendar of each of these years.
        (date(2020, 12, 31), date(2021, 12, 31), 247),
        (date(2020, 12, 31), date(2023, 12, 31), 3 * 247),
        (date(2022, 3, 2), date(2022, 3, 1), 0),
        (date(2023, 3, 1), date(2022, 3, 1), 0),
    ],
)
def test_working_days_after_a_last_day_are_counted(due_on: date, until: date, days: int) -> None:
    assert RussianCalendar().days_late(due_on, until) == days


@pytest.mark.parametrize("year", [*sorted(ODD), min(ODD) - 1, max(ODD) + 1])
def test_every_day_is_worked_as_the_library_says(year: int) -> None:
    library = country_holidays("RU", years=year)
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]

    assert [is_working(day) for day in days] == [library.is_working_day(day) for day in days]
