"""The words of the page, in both languages; ``|`` stands between the forms of a number.

Russian has three forms (1 школа, 2 школы, 5 школ), English two.
"""

from __future__ import annotations

from typing import Final

from lifecycle.domain.messages import Text

WORDS: Final[dict[str, Text]] = {
    "title": Text("Аудиторский отчёт", "Audit report"),
    "subtitle": Text("История школ на любой момент", "The history of schools as of any moment"),
    "to_schools": Text("К списку школ", "Skip to the schools"),
    "language": Text("Язык", "Language"),
    "print": Text("Печать", "Print"),
    "origin": Text("Установка", "Installation"),
    "made": Text("Составлен", "Made"),
    "scope": Text("Охват", "Scope"),
    "all_roadmaps": Text("все дорожные карты", "all road maps"),
    "size": Text("Записей в истории", "Records in the history"),
    "of_which": Text("{n} здесь, у школ", "{n} here, of schools"),
    "checkpoint": Text("Контрольная точка", "Checkpoint"),
    "no_checkpoint": Text("не приложена", "none enclosed"),
    "enclosed": Text("приложена ниже", "enclosed below"),
    "proves": Text("Что этот файл доказывает и что нет", "What this file proves and what not"),
    "proves_shows": Text(
        "Показаны записи школ, как они лежали в базе, когда файл был составлен: в порядке потока,"
        " с причинами, подтверждениями и хешами. Состояние на любой момент вычислено лишь из них.",
        "It shows the records of the schools as they lay in the database when the file was made:"
        " in the order of their stream, with reasons, evidence and hashes. The board of any moment"
        " is computed from them alone.",
    ),
    "proves_hash": Text(
        "Хеш записи — SHA-256 от байта 00 и тела записи; следующая запись называет его. Самих тел"
        " здесь нет, поэтому один этот файл хешей не проверяет: это делает «lifecycle verify» на"
        " базе.",
        "The hash of a record is SHA-256 of the byte 00 and the record's body; the next record"
        " names it. The bodies are not in here, so this file alone cannot check the hashes:"
        " “lifecycle verify” does, on the database.",
    ),
    "proves_tail": Text(
        "Отрезанный конец истории, исчезнувшую целиком школу и возврат к старой копии выдаёт"
        " только контрольная точка, которую хранили вне базы.",
        "A history cut off at its end, a school removed as a whole, a return to an older copy: only"
        " a checkpoint that was kept outside the database gives these away.",
    ),
    "proves_dates": Text(
        "Время записи поставили часы сервера. Дату действия назвал тот, кто его внёс; разрыв между"
        " ними отмечен.",
        "The time of recording is that of the server's clock. The date of an act was stated by"
        " whoever entered it; a gap between the two is marked.",
    ),
    "proves_file": Text(
        "Файл не подписан: тому, кто мог его подменить, верить нельзя. Людей обозначают условные"
        " номера; имён и пояснений в файле нет.",
        "The file is not signed: do not trust whoever could have changed it on its way. People are"
        " opaque ids; names and comments are not in here.",
    ),
    "when": Text("Момент", "Moment"),
    "by": Text("Отсчёт", "Counted"),
    "by_recorded": Text("что было известно", "what was known"),
    "by_recorded_hint": Text("по времени записи", "by recorded time"),
    "by_effective": Text("что было на деле", "what was true"),
    "by_effective_hint": Text("по дате действия", "by effective date"),
    "slider": Text("Момент истории", "Moment of the history"),
    "first": Text("В начало", "To the beginning"),
    "back": Text("Шаг назад", "Step back"),
    "play": Text("Пуск", "Play"),
    "pause": Text("Стоп", "Pause"),
    "forward": Text("Шаг вперёд", "Step forward"),
    "last": Text("В конец", "To the end"),
    "go_to": Text("Дата", "Date"),
    "keys": Text(
        "Стрелки: к соседней перемене. Page Up и Page Down: на десятую часть. Пробел: пуск и стоп.",
        "Arrows: to the next change. Page Up and Page Down: by a tenth. Space: play and pause.",
    ),
    "board": Text("Состояния", "States"),
    "not_yet": Text("Ещё не участвует", "Does not take part yet"),
    "late_short": Text("{n} с просрочкой", "{n} overdue"),
    "schools": Text("Школы", "Schools"),
    "search": Text("Поиск", "Search"),
    "search_hint": Text(
        "Название, id, участник, подтверждение, хеш", "Name, id, actor, evidence, hash"
    ),
    "roadmap": Text("Дорожная карта", "Road map"),
    "any": Text("все", "all"),
    "only_late": Text("только с просрочкой", "only overdue"),
    "clear": Text("Сбросить", "Clear"),
    "shown": Text(
        "Показана {n} школа|Показаны {n} школы|Показано {n} школ",
        "{n} school shown|{n} schools shown",
    ),
    "nothing": Text(
        "Здесь нет ни одной школы: измените момент или отбор.",
        "There is no school here: choose another moment, or clear the filters.",
    ),
    "since": Text("с", "since"),
    "due": Text("срок", "due"),
    "overdue": Text(
        "просрочка {n} раб. день|просрочка {n} раб. дня|просрочка {n} раб. дней",
        "{n} working day overdue|{n} working days overdue",
    ),
    "rules": Text("Правила", "Rules"),
    "recorded": Text("записано", "recorded"),
    "dated": Text("дата действия", "bears the date"),
    "counts": Text("действует с {day}", "counts from {day}"),
    "lag": Text(
        "записано через {n} день|записано через {n} дня|записано через {n} дней",
        "written down {n} day later|written down {n} days later",
    ),
    "ahead": Text(
        "записано за {n} день до даты|записано за {n} дня до даты|записано за {n} дней до даты",
        "written down {n} day before its date|written down {n} days before its date",
    ),
    "later_recorded": Text("ещё не известно", "not known yet"),
    "later_effective": Text("ещё не наступило", "not true yet"),
    "actor": Text("Кто", "Who"),
    "as_role": Text("роль: {role}", "as {role}"),
    "behalf": Text("за {actor}", "for {actor}"),
    "authenticated": Text("опознан: {how}", "authenticated: {how}"),
    "signed": Text("подписано им самим", "signed by himself"),
    "evidence": Text("Подтверждения", "Evidence"),
    "facts": Text("Факты", "Facts"),
    "reason": Text("Причина", "Reason"),
    "checked": Text("Проверено", "Checked"),
    "deadline": Text("Срок перехода", "Deadline"),
    "comment": Text("Пояснение", "Comment"),
    "committed": Text(
        "вне истории; обязательство {hash}", "outside the history; commitment {hash}"
    ),
    "file_name": Text("имя файла: обязательство {hash}", "file name: commitment {hash}"),
    "content": Text("содержание: обязательство {hash}", "content: commitment {hash}"),
    "bytes": Text("{n} байт|{n} байта|{n} байт", "{n} byte|{n} bytes"),
    "dated_paper": Text("№ {number} от {day}", "No. {number} of {day}"),
    "hash": Text("Хеш", "Hash"),
    "previous": Text("Предыдущий", "Previous"),
    "genesis": Text("начало потока", "beginning of the stream"),
    "broken": Text(
        "Цепь разорвана: запись называет другого предшественника",
        "The chain is broken here: the record names another predecessor",
    ),
    "enrolled": Text("Зачислена в программу", "Enrolled"),
    "role_assigned": Text("Роль назначена", "Role assigned"),
    "role_revoked": Text("Роль снята", "Role revoked"),
    "facts_actor": Text("участник", "actor"),
    "facts_role": Text("роль", "role"),
    "facts_assignment": Text("назначение", "assignment"),
    "administrator": Text("администратор", "administrator"),
    "as_of_recorded": Text("Что было известно на {moment}", "What was known as of {moment}"),
    "as_of_effective": Text("Что было на деле {moment}", "What was true on {moment}"),
    "timeline_label": Text("Записи по порядку", "Records in order"),
}

NO_SCRIPT: Final = Text(
    "Файлу нужен JavaScript; сеть ему не нужна.",
    "This file needs JavaScript; it needs no network.",
)

FAILED: Final = Text(
    "Файл не открылся: он повреждён, или браузер старше 2023 года.",
    "The file could not be opened: it is damaged, or the browser is older than 2023.",
)
