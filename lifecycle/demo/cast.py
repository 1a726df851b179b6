"""Who takes part in the demonstration: schools, and the people who act for them.

The orders name one school. Belgorod's says how many there are and nothing more, those of three
districts not even that, so these have numbers for names. People are opaque ids, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lifecycle.demo.stories import (
    BELGOROD_ELSE,
    BELGOROD_STORIES,
    DISTRICT_STORIES,
    SELECTIVE_STORY,
    TOMARI_STORY,
)

TOMARI = "tomari-2022"
BELGOROD = "belgorod-2021"
DMITROVSK = "dmitrovsk-2022"
KASPIYSK = "kaspiysk-2022"
NEKLINOVSKY = "neklinovsky-2022"
ROADMAPS = (TOMARI, BELGOROD, DMITROVSK, KASPIYSK, NEKLINOVSKY)
ADMINISTRATOR = "admin-1"
SHOWS_HIS_OWN = "reviewer-tomari"
SIGNS = "expert-tomari"

# Belgorod's road map, row 7: 19 municipalities for 22 schools, so three of them have two.
_MUNICIPALITIES = 19
# Regions report 1.4 to 2.6 schools for each curator.
_SCHOOLS_PER_CURATOR = 2
_REVIEWERS = 2
_EXPERTS = 3


_DISTRICTS: Mapping[str, tuple[str, str]] = {
    DMITROVSK: ("oryol", "Дмитровский район"),
    KASPIYSK: ("dagestan", "город Каспийск"),
    NEKLINOVSKY: ("rostov", "Неклиновский район"),
}
"""Region of each district, and its name."""


@dataclass(frozen=True, slots=True)
class School:
    """A school of the demonstration.

    Args:
        id: Its id.
        number: Place in the demonstration; what differs between schools derives from it.
        title: Its name, or what stands for one.
        roadmap: Road map it takes part under.
        people: Actor for each role; on the school or on its road map.
        story: Transitions it makes, in order.
    """

    id: str
    number: int
    title: str
    roadmap: str
    people: Mapping[str, str]
    story: tuple[str, ...]


# Roles held on the school itself; the curator is named later, when the profile is due.
ON_SCHOOL = ("municipal_coordinator", "school_coordinator")


def _of_district(roadmap: str) -> tuple[tuple[str, str], ...]:
    region, _ = _DISTRICTS[roadmap]
    district = roadmap.partition("-")[0]
    return (
        ("regional_coordinator", f"coordinator-{region}"),
        ("municipal_coordinator", f"coordinator-{district}"),
        ("reviewer", f"reviewer-{district}"),
        ("expert", f"expert-{district}"),
    )


ON_ROADMAP: Mapping[str, tuple[tuple[str, str], ...]] = {
    TOMARI: (
        ("regional_coordinator", "coordinator-sakhalin"),
        ("municipal_coordinator", "coordinator-tomari"),
        ("reviewer", "reviewer-tomari"),
        ("expert", "expert-tomari"),
    ),
    BELGOROD: (
        ("regional_coordinator", "coordinator-belgorod"),
        *(("reviewer", f"reviewer-{n + 1}") for n in range(_REVIEWERS)),
        *(("expert", f"expert-{n + 1}") for n in range(_EXPERTS)),
        # Two people with two hats each: what they may do elsewhere they may not do at home.
        ("reviewer", "school-01"),
        ("expert", "curator-01"),
    ),
    **{roadmap: _of_district(roadmap) for roadmap in _DISTRICTS},
}


def krasnogorsk() -> School:
    """Return the one school of the Tomari district, as the order names it."""
    people = {
        **dict(ON_ROADMAP[TOMARI]),
        "school_coordinator": "school-krasnogorsk",
        "curator": "curator-tomari",
    }
    return School("krasnogorsk", 0, "МБОУ СОШ с.Красногорск", TOMARI, people, TOMARI_STORY)


def belgorod(count: int) -> Iterator[School]:
    """Yield *count* schools of the Belgorod region under numbers instead of names."""
    for place in range(count):
        number = place + 1
        people = {
            "regional_coordinator": "coordinator-belgorod",
            "municipal_coordinator": f"municipal-{place % _MUNICIPALITIES + 1:02}",
            "school_coordinator": f"school-{number:02}",
            "curator": f"curator-{place // _SCHOOLS_PER_CURATOR + 1:02}",
            "reviewer": f"reviewer-{place % _REVIEWERS + 1}",
            "expert": f"expert-{place % _EXPERTS + 1}",
        }
        title = f"Школа № {number} (условная), Белгородская область"
        story = BELGOROD_STORIES.get(number, BELGOROD_ELSE[place % len(BELGOROD_ELSE)])
        yield School(f"belgorod-{number:02}", number, title, BELGOROD, people, story)


def districts() -> Iterator[School]:
    """Yield a few schools of each of the three districts that do not say which theirs are."""
    for roadmap, (_, name) in _DISTRICTS.items():
        district = roadmap.partition("-")[0]
        for place, usual in enumerate(DISTRICT_STORIES):
            number = place + 1
            people = {
                **dict(ON_ROADMAP[roadmap]),
                "school_coordinator": f"school-{district}-{number}",
                "curator": f"curator-{district}-{place // _SCHOOLS_PER_CURATOR + 1}",
            }
            # Where the expertise of stage 2 is a sample, the first school was not drawn.
            drawn = place or roadmap != NEKLINOVSKY
            story = usual if drawn else SELECTIVE_STORY
            title = f"Школа № {number} (условная), {name}"
            yield School(f"{district}-{number}", number, title, roadmap, people, story)


def everybody(schools: tuple[School, ...]) -> list[str]:
    """Return the ids of all who act, the administrator left out."""
    on_maps = {actor for held in ON_ROADMAP.values() for _, actor in held}
    return sorted(on_maps.union(*(school.people.values() for school in schools)))
