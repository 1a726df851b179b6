"""A draft as a road map file: plain YAML with the doubts beside the rows they are about."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.texts import render
from lifecycle.workflows.dates import Verdict
from lifecycle.workflows.importing.draft import Draft, DraftActivity

_WIDTH: Final = 96
_MARKS: Final = {
    Verdict.DOUBTFUL: "СОМНЕНИЕ",
    Verdict.NOT_RECOGNISED: "СРОК НЕ РАСПОЗНАН",
}
# What YAML takes for the end of a line inside quotes, and JSON does not.
_LINE_ENDS: Final = {ord(char): f"\\u{ord(char):04x}" for char in "\x7f\x85\u2028\u2029\ufeff"}


def written(draft: Draft) -> str:
    """Return the draft as the text of a road map file."""
    lines = [
        *_head(draft),
        "format: 1",
        f"id: {_text(draft.id)}",
        'version: "1"',
        "programme: 500plus",
        *_comment("Код региона латиницей, например sakhalin, и его часовой пояс: укажите верные."),
        "region: unknown",
        "time_zone: Europe/Moscow",
        "title:",
        f"  ru: {_text(draft.order.title)}",
        *_comment("Название по-английски, для полноты; можно оставить.", "  "),
        f"  en: {_text(f'Road map imported from {draft.file}')}",
        *_document(draft),
        f"source: {_text(draft.file)}",
        *_period(draft),
        "participants: {schools: null, municipalities: null}",
        "adjustments: {}",
        *_sections(draft),
        "activities:",
    ]
    for activity in draft.activities:
        lines += _activity(activity)
    return "\n".join(lines) + "\n"


def _head(draft: Draft) -> Iterator[str]:
    counts = draft.counts()
    yield "# yaml-language-server: $schema=roadmap.schema.json"  # for editors
    year = f", год плана {draft.year}" if draft.year is not None else ", год плана не указан"
    yield from _comment(f"Черновик дорожной карты из файла «{draft.file}»{year}.")
    yield "#"
    yield from _comment(
        f"Мероприятий: {len(draft.activities)}. Сроки распознаны: {counts['recognised']},"
        f" с сомнением: {counts['doubtful']}, не распознаны: {counts['not_recognised']}."
    )
    yield from _comment(
        "Сомнения стоят комментариями у своих строк; решив вопрос, удалите комментарий и запись"
        " в damage. roles и drives предложены по словам таблицы: проверьте каждую строку. Пустое"
        " значение лучше неверного. Границы сроков включаются; месяц кончается последним днем."
    )
    yield from _notes((*draft.notes, *draft.order.notes), "")


def _document(draft: Draft) -> Iterator[str]:
    order = draft.order
    yield "document:"
    if order.kind == "other":
        yield from _comment(
            "regional_order_and_roadmap, regional_roadmap, municipal_order_and_roadmap,"
            " municipal_roadmap или other.",
            "  ",
        )
    yield f"  kind: {order.kind}"
    yield from _comment("Кто издал документ, дословно.", "  ")
    yield "  issuer: null"
    yield f"  number: {_text(order.number)}"
    yield f"  date: {_day(order.date)}"


def _period(draft: Draft) -> Iterator[str]:
    period = draft.period()
    if period is None:
        yield from _comment("Ни один срок не датирован: укажите первый и последний день.")
        yield "period: {start: null, end: null}"
        return
    yield from _comment("От первого до последнего из названных дней: сверьте с документом.")
    yield f"period: {{start: {_day(period[0])}, end: {_day(period[1])}}}"


def _sections(draft: Draft) -> Iterator[str]:
    if not draft.sections:
        yield "sections: []"
        return
    yield "sections:"
    for one in draft.sections:
        number, title = _text(one.number), _text(one.title)
        yield f"  - {{number: {number}, title: {title}, lines: {_list(one.lines)}}}"


def _activity(activity: DraftActivity) -> Iterator[str]:
    mark = _MARKS.get(activity.verdict)
    if mark is not None:
        for doubt in activity.doubts:
            yield from _comment(f"{mark}: {render(doubt, 'ru')}", "  ")
    yield f"  - key: {_text(activity.key)}"
    yield f"    section: {_text(activity.section)}"
    yield f"    title: {_text(activity.title)}"
    yield f"    when: {_text(activity.when)}"
    yield f"    start: {_day(activity.start)}"
    yield f"    end: {_day(activity.end)}"
    yield f"    recurrence: {_text(activity.recurrence)}"
    yield f"    responsible: {_text(activity.responsible)}"
    yield f"    roles: {_names(activity.roles)}"
    yield f"    result: {_text(activity.result)}"
    yield f"    drives: {_names(activity.drives)}"
    yield f"    lines: {_list(activity.lines)}"
    notes = (*activity.doubts, *activity.damage)
    yield "    damage:" if notes else "    damage: []"
    for note in notes:
        yield f"      - ru: {_text(render(note, 'ru'))}"
        yield f"        en: {_text(render(note, 'en'))}"


def _notes(notes: Sequence[Message], indent: str) -> Iterator[str]:
    for note in notes:
        yield from _comment(f"ЗАМЕЧАНИЕ: {render(note, 'ru')}", indent)


def _comment(text: str, indent: str = "") -> list[str]:
    lines = textwrap.wrap(
        text, _WIDTH - len(indent), break_long_words=False, break_on_hyphens=False
    )
    return [f"{indent}# {line}" for line in lines]


def _text(value: str | None) -> str:
    if value is None:
        return "null"
    return json.dumps(value, ensure_ascii=False).translate(_LINE_ENDS)


def _day(value: date | None) -> str:
    return "null" if value is None else f'"{value.isoformat()}"'


def _list(values: Iterable[int]) -> str:
    return f"[{', '.join(map(str, values))}]"


def _names(values: Iterable[str]) -> str:
    return f"[{', '.join(values)}]"
