"""The Russian wording of what the import says, and of the doubts about dates.

A draft carries its doubts in both languages inside the file, whatever language the terminal has.
"""

from __future__ import annotations

from typing import Final

from lifecycle.domain.messages import Message

_DATES: Final = {
    "«{word}» was read as a deadline that includes the day":
        "«{word}» прочитано как срок, включающий этот день",
    "one end of the range is a whole year, the other is not":
        "один край промежутка — целый год, другой — нет",
    "the cell says what it is not before, and no end":
        "сказано, раньше чего нельзя, а конец не назван",
    "«до» before a month or longer: read as its end, perhaps its beginning is meant":
        "«до» перед месяцем или большим сроком: взят конец, но, может быть, это начало",
    "«до» includes the day it names": "«до» включает названный день",
    "a school year was read as 1 September to 31 August":
        "учебный год прочитан как 1 сентября – 31 августа",
    "the cell leaves a choice": "в ячейке оставлен выбор",
    "three numbers were read as day, month and year":
        "три числа прочитаны как день, месяц и год",
    "the days of a week of a month were counted by sevens":
        "недели месяца отсчитаны по семь дней",
    "two years: perhaps a school year is meant": "два года: возможно, имеется в виду учебный год",
    "a year has no such part: {number}": "в году нет такой части: {number}",
    "a month has no such part: {number}": "в месяце нет такой части: {number}",
    "a day is named without its month": "день назван без месяца",
    "there is no plan for the year {year}": "год {year} не может быть годом плана",
    "there is no month {month}": "месяца {month} не бывает",
    "there is no day {date}": "дня {date} не существует",
    "{count} times in a period: how they are spread is not said":
        "{count} раза за период: как они распределены, не сказано",
    "not every month has a day {day}": "число {day} есть не в каждом месяце",
    "«{text}» was taken for {word}": "«{text}» принято за «{word}»",
    "«{text}» was read as the year {year}": "«{text}» прочитано как год {year}",
    "«{text}» was read as a Roman number": "«{text}» прочитано как римское число",
    "«{text}» was read as day, month and year": "«{text}» прочитано как день, месяц и год",
    "a letter among digits was read as {digit}: «{text}»":
        "буква среди цифр прочитана как {digit}: «{text}»",
    "the time counts from an event that the cell does not date":
        "срок отсчитывается от события, дата которого здесь не названа",
    "the date is set by another document": "срок задан другим документом",
    "the work is done as the need arises": "работа ведется по мере необходимости",
    "the date is to be agreed on or set later": "срок согласуется или назначается отдельно",
    "the time is that of the whole project, which the cell does not date":
        "срок — весь проект, а его границы здесь не названы",
    "no date was recognised in «{text}»": "в тексте «{text}» дата не распознана",
    "the window ends before it begins: {start} to {end}":
        "срок кончается раньше, чем начинается: {start} – {end}",
    "the window is longer than a year: {days} days": "срок длиннее года: {days} дней",
    "the cell names {count} times; the window runs from the first to the last":
        "в ячейке несколько сроков ({count}); взято от первого до последнего",
    "the cell names no date": "срок в ячейке не назван",
    "the text is too long for a date": "текст слишком длинный для срока",
    "no year is named": "год не назван",
    "the range was read as going over New Year: {start} to {end}":
        "промежуток прочитан как переходящий через Новый год: {start} – {end}",
    "the year {year} is far from the plan's, {plan}": "год {year} далек от года плана, {plan}",
    "not understood: «{words}»": "не понято: «{words}»",
    "no bounds are named; read as the whole year": "границы не названы; прочитано как весь год",
    "the cell names several recurrences": "в ячейке названо несколько повторений",
    "the days of a part of a period are a guess": "дни части периода — предположение",
}  # fmt: skip

_ROWS: Final = {
    "line {number}": "строка {number}",
    "table {table}, row {row}": "таблица {table}, строка {row}",
    "sheet «{sheet}», row {number}": "лист «{sheet}», строка {number}",
    "page {page}, row {row}": "страница {page}, строка {row}",
    "from {place} on there is a table of something else": "с места «{place}» идет другая таблица",
    "{place} has the number {number} and nothing else; it was left out":
        "{place}: есть номер {number} и больше ничего; пропущено",
    "its links go on in {place}": "ссылки продолжаются: {place}",
    "the section «{title}» has no number of its own; it was given {number}":
        "у раздела «{title}» нет своего номера; ему дан номер {number}",
    "it goes on in {place}; the parts were joined": "продолжение: {place}; части соединены",
    "perhaps {place} is an activity of its own, without number and date":
        "возможно, {place} — отдельное мероприятие без номера и срока",
    "its number is missing": "номер утрачен",
    "its cells stand {columns} column(s) off; they were put back by the date":
        "ячейки сдвинуты (столбцов: {columns}); расставлены по ячейке со сроком",
    "«{text}» stands in a cell of no column; it was left out":
        "«{text}» стоит в лишней ячейке; не взято",
    "its end stands in the cells of the next one ({place}); parted by paragraphs":
        "конец стоит в ячейках следующего мероприятия ({place}); разделено по абзацам",
    "its cells begin with the end of the one before; parted by paragraphs":
        "ячейки начинаются с конца предыдущего мероприятия; разделено по абзацам",
    "{count} activities stand in one row ({place}); taken in order":
        "в одной строке ({place}) мероприятий: {count}; взяты по порядку",
    "several dates stand in one cell; they were parted and taken in order":
        "несколько сроков стоят в одной ячейке; разделены и взяты по порядку",
    "{count} activities share {found} date(s): which is whose is not decided":
        "мероприятий {count}, сроков {found}: какой чей, не решено",
    "{count} activities share {found} entry(ies) of parties: not decided":
        "мероприятий {count}, записей ответственных {found}: чья какая, не решено",
    "{count} activities share {found} result(s): which is whose is not decided":
        "мероприятий {count}, результатов {found}: чей какой, не решено",
    "it recurs by the words of the activity or its result ({rule}), not by its date":
        "повторение ({rule}) взято из слов мероприятия или результата, а не из срока",
    "the words of the activity are missing": "текст мероприятия утрачен",
    "the window lies outside the year of the plan, {year}": "срок лежит вне года плана, {year}",
    "no role is known for «{parties}»": "для «{parties}» роль не известна",
    "persons are named, not roles: {persons}": "названы лица, а не роли: {persons}",
    "the number {key} stands here again": "номер {key} стоит здесь повторно",
    "the number {number} stands under section {section}":
        "номер {number} стоит в разделе {section}",
}  # fmt: skip

_FILE: Final = {
    "dates without a year were not read: the heading names {year}, say --year {year}":
        "сроки без года не прочитаны: в заголовке назван {year}, задайте --year {year}",
    "dates without a year were not read: name it with --year":
        "сроки без года не прочитаны: задайте его через --year",
    "the text is not in UTF-8; it was read as Windows-1251":
        "текст не в UTF-8; прочитан как Windows-1251",
    "the document bears several numbers: {found}; none was taken":
        "в документе несколько номеров: {found}; не взят ни один",
    "the document bears several dates: {found}; none was taken":
        "в документе несколько дат: {found}; не взята ни одна",
}  # fmt: skip

RUSSIAN: Final = {**_DATES, **_ROWS, **_FILE}
"""English template -> Russian one, for all messages of a reading that succeeds."""


def in_language(message: Message, language: str) -> str:
    """Return a message of the import in Russian for ``ru``, in English for anything else."""
    if language != "ru":
        return str(message)
    return message.rendered(lambda template: RUSSIAN.get(template, template))
