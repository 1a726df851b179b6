"""The report as a file: whole, safe, the same for the same history, and small."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode, b64encode, encodebytes
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from lifecycle import Evidence, Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.domain.record import Record
from lifecycle.report import ReportFile, report_html
from lifecycle.report.data import Packed
from lifecycle.report.words import WORDS
from lifecycle.workflows.working_days import RussianCalendar
from tests.factories import Office
from tests.report.examples import HOSTILE, STAGES, report_of

MADE = datetime(2022, 6, 1, tzinfo=UTC)
LATE = RussianCalendar().days_late


def unpacked(report: ReportFile) -> dict[str, Any]:
    """Return the data of a page, as its script unpacks it."""
    data: dict[str, Any] = json.loads(_enclosed(report, "data"))
    return data


def hashes(report: ReportFile) -> list[str]:
    """Return the hashes of a page: those of the records in order, then all others."""
    content = _enclosed(report, "hashes")
    return [content[place : place + 32].hex() for place in range(0, len(content), 32)]


def _enclosed(report: ReportFile, name: str) -> bytes:
    pattern = rf'<script type="text/plain" id="{name}">(.*?)</script>'.encode()
    packed = re.search(pattern, report.content, re.S)
    assert packed is not None
    return zlib.decompress(b64decode(packed[1]))


def report_of_records(
    definition: Definition, records: Sequence[Record], **changes: Any
) -> ReportFile:
    settings: dict[str, Any] = {
        "origin": "origin-1",
        "size": 9,
        "made_at": MADE,
        "days_late": LATE,
        **changes,
    }
    return report_html([(definition, records)], **settings)


def of_records(definition: Definition, records: Sequence[Record], **changes: Any) -> dict[str, Any]:
    return unpacked(report_of_records(definition, records, **changes))


def extras(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what only some records of the first school have, record by record."""
    return [row[9] if len(row) > 9 else {} for row in data["schools"][0][3]]


def test_a_report_holds_every_record_with_its_hash(led: Lifecycle) -> None:
    report = report_of(led)
    data = unpacked(report)

    found = [(school, len(rows)) for school, _, _, rows in data["schools"]]
    histories = {school: led.history(school) for school in sorted([*STAGES, "omega"])}
    assert found == [(school, len(history)) for school, history in histories.items()]
    every = [one.hash for history in histories.values() for one in history]
    assert hashes(report)[: len(every)] == every
    assert report.records == len(every)
    assert report.schools == len(found)


def test_the_same_history_gives_the_same_bytes(led: Lifecycle) -> None:
    with led.histories() as past:
        schools = list(past.schools)
    first, second = (
        report_html(iter(schools), origin="o", size=1, made_at=MADE, days_late=LATE) for _ in "12"
    )

    assert first == second


def test_a_report_can_be_limited_to_a_road_map(led: Lifecycle) -> None:
    data = unpacked(report_of(led, roadmap="belgorod-2021"))

    assert [school[0] for school in data["schools"]] == ["omega"]
    assert data["roadmap"] == "belgorod-2021"


def test_a_report_of_nothing_is_a_whole_page() -> None:
    report = report_html([], origin="o", size=1, made_at=MADE, days_late=LATE)

    assert (report.schools, report.records) == (0, 0)
    assert unpacked(report)["schools"] == []
    assert report.content.rstrip().endswith(b"</html>")


def test_the_policy_of_the_page_names_its_own_style_and_script_and_nothing_else(
    led: Lifecycle,
) -> None:
    report = report_of(led)
    text = report.content.decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    style = unpacked(report)["style"]
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.S)

    for kind, source in (("style", style), ("script", script)):
        digest = b64encode(sha256(source.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_page_refers_to_nothing_outside_itself(led: Lifecycle) -> None:
    report = report_of(led)
    text = report.content.decode() + unpacked(report)["style"]

    assert re.findall(r"\b(?:src|href|action|xlink:href)=\"(?!#)", text) == []
    assert re.findall(r"url\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\(", text) == []
    # A namespace is a name, not an address.
    assert set(re.findall(r"https?://[^\s\"']*", text)) == {"http://www.w3.org/2000/svg"}


def test_nothing_that_somebody_wrote_stands_in_the_page_as_text(led: Lifecycle) -> None:
    report = report_of(led)

    assert report.content.count(b"</script>") == 3
    assert b"onerror" not in report.content
    assert HOSTILE in [school[1] for school in unpacked(report)["schools"]]


def test_hostile_facts_evidence_and_origins_come_back_as_they_were(office: Office) -> None:
    wild = {"a<b": ["</script>", {"<!--": "\u2028\u202e\x00"}], "__proto__": "constructor"}
    enrolled = office.engine.history("krasnogorsk")[0]
    pieces = (
        Evidence("link", form="link", url="javascript:alert(1)"),
        Evidence("<b>", item="</style>", form="reference", number="\u2029", issuer="--!>"),
    )
    second = replace(
        enrolled, sequence=2, kind="advanced", transition="<i>", source="selected",
        target="no such state", facts=wild, evidence=pieces, reason="</script>",
    )  # fmt: skip

    data = of_records(office.definition, [enrolled, second], origin="</script><!--\u2028")

    assert data["origin"] == "</script><!--\u2028"
    _, more = extras(data)
    assert {data["facts"][place][0]: value for place, value in more["f"]} == wild
    assert [data["pieces"][place][1:] for place in more["e"]] == [
        ["javascript:alert(1)"], ["\u2029", None, "--!>"],
    ]  # fmt: skip
    (_, _, _, rows) = data["schools"][0]
    assert data["rules"][0]["states"][rows[1][3]][0] == "no such state"


def test_half_a_character_does_not_stop_a_report(office: Office) -> None:
    records = office.engine.history("krasnogorsk")[:1]

    data = of_records(office.definition, records, checkpoint="\udcff")

    assert data["checkpoint"] == "\udcff"


def test_what_few_records_have_is_told_where_they_have_it(office: Office) -> None:
    first, second, *_ = office.engine.history("krasnogorsk")
    commitment = "ab" * 32
    file = Evidence("visit_note", sha256="cd" * 32, size=3, media_type="text/plain",
                    name=commitment, content="not a hash")  # fmt: skip
    actor = replace(second.actor, on_behalf_of="boss", signature="sig")
    odd = replace(
        second, actor=actor, comment=commitment, due_on=date(2022, 5, 1), evidence=(file,),
        previous="ef" * 32, effective_on=date(2000, 1, 1),
    )  # fmt: skip

    report = report_of_records(office.definition, [first, odd])

    data, (_, _, *others) = unpacked(report), hashes(report)
    plain, more = extras(data)
    kind, sha256, *rest = data["pieces"][more["e"][0]]
    assert set(plain) <= {"q"}
    assert data["names"][more["b"]] == "boss"
    assert (more["s"], more["u"]) == (1, (date(2022, 5, 1) - date(1970, 1, 1)).days)
    assert data["kinds"][kind][0] == "visit_note"
    # A hash that is there already is not written again: the comment's is that of the name.
    assert rest == [3, more["m"], "not a hash"]
    assert (others[sha256], others[more["m"]]) == ("cd" * 32, commitment)
    assert others[more["p"]] == "ef" * 32
    assert len(others) == 3
    assert more["c"] == (first.effective_on - date(1970, 1, 1)).days


def test_a_deadline_of_the_rules_is_told_once_and_not_with_every_record(
    led: Lifecycle, definition: Definition
) -> None:
    data = unpacked(report_of(led))
    (rules,) = [one for one in data["rules"] if one["digest"] == definition.ref.digest]
    due = definition.transition["complete_questionnaire"].due_on

    assert due is not None
    assert rules["due"]["complete_questionnaire"] == (due - date(1970, 1, 1)).days
    assert not any("u" in more for more in extras(data))


def test_every_word_of_the_page_is_there_in_both_languages() -> None:
    for key, text in WORDS.items():
        assert text.ru, key
        assert text.en, key
        assert set(re.findall(r"\{\w+\}", text.ru)) == set(re.findall(r"\{\w+\}", text.en)), key
        assert text.ru.count("|") == (2 if "|" in text.en else 0), key
        assert re.search("[а-яё]", text.ru), key


def test_every_word_is_used_and_every_word_that_is_used_is_there(led: Lifecycle) -> None:
    page = report_of(led).content.decode()
    used = set(re.findall(r'data-(?:t|label)="(\w+)"', page))
    used |= set(re.findall(r'\b(?:word|term|fact)\((?:list, )?"(\w+)"', page))
    # Chosen by what is shown.
    used |= {"lag", "ahead", "play", "pause", "no_checkpoint", "enclosed", "administrator"}
    used |= {"later_recorded", "later_effective", "as_of_recorded", "as_of_effective"}
    used |= {"enrolled", "role_assigned", "role_revoked"}
    used |= {f"facts_{name}" for name in ("actor", "role", "assignment")}

    assert used == WORDS.keys()


def test_a_report_of_a_hundred_schools_with_eight_records_takes_less_than_a_hundred_kilobytes(
    office: Office,
) -> None:
    office.lead("krasnogorsk", "completed")
    records = office.engine.history("krasnogorsk")[:8]

    chance = Random(8)  # noqa: S311 - nothing secret

    def recorded(school: int) -> list[Record]:
        # As different as real ones: ids, people and times, which no packing foresees.
        return [
            replace(
                one,
                stream=f"participation/school-{school:03}",
                command_id=f"{school}",
                recorded_at=MADE + timedelta(days=one.sequence, seconds=chance.random() * 86_400),
                actor=replace(one.actor, id=f"{one.actor.id}.{school // 5}"),
            )
            for one in records
        ]

    histories = ((office.definition, recorded(school)) for school in range(100))
    made = report_html(histories, origin="o", size=800, made_at=MADE, days_late=LATE)

    assert (made.schools, made.records) == (100, 800)
    assert len(made.content) < 100_000


def test_a_hash_takes_no_more_than_its_bytes_in_base64(office: Office) -> None:
    first, second, *_ = office.engine.history("krasnogorsk")

    def size(files: int) -> int:
        digests = [sha256(bytes([number])).hexdigest() for number in range(files)]
        pieces = tuple(
            Evidence("visit_note", sha256=one, size=3, media_type="text/plain") for one in digests
        )
        records = [first, replace(second, evidence=pieces)]
        return len(report_of_records(office.definition, records).content)

    # Four characters for three bytes, a line end after 76 of them, and a few to name the place.
    assert size(250) - size(50) < 200 * (32 * 4 / 3 * 77 / 76 + 8)


def test_what_is_long_is_written_in_pieces_as_it_would_be_as_a_whole() -> None:
    many = bytes(number % 251 for number in range(200_000))
    packed = Packed(bytearray(many), (bytearray(many[:99_968]), bytearray(many[99_968:])))

    assert b"".join(packed.data()) == encodebytes(many)
    assert zlib.decompress(b64decode(b"".join(packed.digests()))) == many
    assert max(map(len, packed.data())) < 100_000


def test_working_days_are_told_from_the_first_deadline_to_the_day_it_was_made(
    office: Office,
) -> None:
    records = office.engine.history(office.enrol("one").record.stream.partition("/")[2])
    first, marks = of_records(office.definition, records)["worked"]

    ends = [one.due_on for one in office.definition.states if one.due_on is not None]
    assert first == (min(ends) - date(1970, 1, 1)).days
    assert len(marks) == (date(2022, 6, 2) - min(ends)).days + 1
    assert [marks[(date(2022, *day) - min(ends)).days] for day in ((3, 5), (3, 6), (3, 8))] == [
        "1",
        "0",
        "0",
    ]


def test_rules_without_deadlines_tell_no_working_days(office: Office) -> None:
    states = tuple(replace(one, due_on=None) for one in office.definition.states)
    records = office.engine.history(office.enrol("one").record.stream.partition("/")[2])

    assert of_records(replace(office.definition, states=states), records)["worked"][1] == ""
