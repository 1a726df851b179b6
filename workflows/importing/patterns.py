"""What the words of a road map stand for: tables to read and to add to, not code.

Taken from five road maps of regions and municipalities and from the usual names of the bodies; no
pattern knows a road map by name. A row that no pattern fits gets nothing: a wrong proposal costs an
office more than a missing one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SCHOOL: Final = r"обще?образовательн\w*\s+(?:организаци|учреждени|школ)\w*"

# Party in words -> roles. The longer and more exact comes first: what it covers is not read again.
PARTIES: Final = tuple(
    (re.compile(pattern), tuple(roles.split()))
    for pattern, roles in (
        # «Специалисты ОО» beside the head of a department are its specialists, not a school's.
        (r"(?i:специалист\w*)\s+ОО\b", "municipal_coordinator"),
        (r"(?i)участник\w*\s+проекта", "municipal_coordinator curator school_coordinator"),
        (r"(?i)федеральн\w*\s+(?:координатор|оператор)\w*|рособрнадзор\w*|\bфис\s*око\b|\bфиоко\b",
         "federal_coordinator"),
        (r"(?i)муниципальн\w*\s+(?:орган|отдел|управлени)\w*\s+(?:управлени\w*\s+)?образовани\w*",
         "municipal_coordinator"),
        (r"(?i)(?:отдел|управлени|комитет)\w*\s+образовани\w*|«управление образования»",
         "municipal_coordinator"),
        (r"\bМОУО\b|\bОМСУ\b|\bМКУ\s+«[^»]*»|\bРУО\b|\bГУО\b|\bММС\b|\bРИЦ\b|\bРМК\b",
         "municipal_coordinator"),
        (r"(?i)региональн\w*\s+и\s+муниципальн\w*", "regional_coordinator municipal_coordinator"),
        (r"(?i)муниципальн\w*\s+и\s+школьн\w*", "municipal_coordinator school_coordinator"),
        (r"(?i)муниципальн\w*\s+(?:координатор|оператор|методи\w+)\w*", "municipal_coordinator"),
        (r"(?i)(?:департамент|министерств)\w*(?:\s+\w+){0,3}\s+образовани\w*|\bминобр\w*",
         "regional_coordinator"),
        (r"\b\w*АОУ\s+ДПО\b(?:\s+«[^»]*»|\s+[А-ЯЁ]{3,})?|\b\w*БУ\s+ДПО\b(?:\s+«[^»]*»)?"
         r"|«?\b(?:[А-Яа-яё]*ИРО|[А-Я]?ИПК\w*|РЦОКО|ЦОКО|РИРО|ИРОСО)\b»?|\bМОН\s+[А-ЯЁ]{2}\b",
         "regional_coordinator"),
        (r"(?i)институт\w*\s+развития\s+образования", "regional_coordinator"),
        (r"(?i)региональн\w*\s+(?:координатор|оператор|методи\w+)\w*", "regional_coordinator"),
        # A scanner takes «т» for «г».
        (r"(?i)\bкура[тг]ор\w*(?:\s+(?:школ\w*|шнор)\b)*", "curator"),
        (r"(?i)школьн\w*\s+(?:координатор|команд)\w*|управленческ\w*\s+команд\w*",
         "school_coordinator"),
        (r"(?i)(?:директор|руководител|администраци)\w*\s+(?:школ|оо\b|обще|образовательн)\w*",
         "school_coordinator"),
        (rf"(?i){_SCHOOL}|образовательн\w*\s+организаци\w*", "school_coordinator"),
        (r"(?i)школ\w*\s*[-–]?\s*участниц\w*|\bшнор\w*\b", "school_coordinator"),
        (r"\bОО\b|\bОУ\b|\bМБОУ\b|\bМКОУ\b|\bМАОУ\b|\bСОШ\b", "school_coordinator"),
    )
)  # fmt: skip

# Who has to be asked is not who does the work.
NOT_PARTIES: Final = re.compile(r"(?i)по\s+согласованию\s+с\b.*")

# Who acts, where a table has no column of parties: only a doer in the instrumental case, or whose
# report it is.
DOERS: Final = tuple(
    (re.compile(pattern), role)
    for pattern, role in (
        (r"(?i)\bфедеральным\s+координатором", "federal_coordinator"),
        (r"(?i)\bрегиональным\s+координатором", "regional_coordinator"),
        (r"(?i)\bмуниципальным\s+координатором", "municipal_coordinator"),
        (
            r"(?i)\b(?<!\bс )(?:закрепленными\s+)?куратор(?:ами|ом)\s+(?:с\s+целью|школ|в\s)",
            "curator",
        ),
        (r"(?i)^подготовка\s+отчет\w*\s+куратор\w+", "curator"),
    )
)


@dataclass(frozen=True, slots=True)
class Move:
    """What a row drives if its words fit.

    Args:
        drives: Transitions of the programme.
        title: What the activity has to say.
        without: What neither it nor its result may say.
        result: What the result has to say, if it matters.
    """

    drives: tuple[str, ...]
    title: re.Pattern[str]
    without: re.Pattern[str] | None = None
    result: re.Pattern[str] | None = None


def _move(drives: str, title: str, without: str = "", result: str = "") -> Move:
    def compiled(pattern: str) -> re.Pattern[str] | None:
        return re.compile(pattern, re.IGNORECASE) if pattern else None

    return Move(
        tuple(drives.split()),
        re.compile(title, re.IGNORECASE),
        compiled(without),
        compiled(result),
    )


# Talk about a step is not the step; nor is the monitoring of a road map that of a school.
_TALK: Final = (
    r"вебинар|консультирован|консультаци|семинар|совещани|рекомендаци|по\s+вопросам|отчет\w*\s+о"
    r"|мониторинг\w*\s+(?:реализации|эффективности|вовлеченности)|^организовать\s+анализ"
    r"|анализ\s+(?:перв|втор)\w+\s+этапа|опрос"
)
_FIRST: Final = r"(?:перв\w+|\b1|\bi)(?:-?\w{1,2})?\s+этап"
_SECOND: Final = r"(?:втор\w+|\b2|\bii)(?:-?\w{1,2})?\s+этап"
_CONCEPT: Final = r"концептуальн\w+\s+документ\w*"
_EVIDENCE: Final = (
    r"подтверждающ\w+\s+документ\w*|документ\w*(?:\s+в\s+ИС\s+МЭДК)?,\s+подтверждающ\w+"
)

# Every entry that fits adds its drives.
MOVES: Final = (
    _move("start_questionnaire", r"\b(?:старт|начало|запуск)\w*\s+анкетировани",
          rf"кандидат|{_TALK}"),
    _move("complete_questionnaire", r"\b(?:заверш|окончан)\w*\s+анкетировани",
          rf"кандидат|{_TALK}"),
    _move("start_questionnaire complete_questionnaire",
          rf"(?:участи\w+\s+в\s+анкетировани\w*|^анкетирование|проведение\s+анкетирования)"
          rf".*(?:\bОО\b|{_SCHOOL}|школ|образовательн\w+\s+(?:процесс|отношени))",
          rf"кандидат|результат\w*\s+анкетирован|{_TALK}"),
    _move("start_questionnaire complete_questionnaire", r"стартов\w+\s+диагностик\w+", _TALK),
    _move("receive_risk_profile",
          r"(?:получени|скачивани)\w+\s+рисков\w+\s+профил|анализ\s+сформированн\w+\s+риск\w+\s+профил"
          r"|начал\w+\s+работы.*с\s+рисков\w+\s+профил|\bработа\b.*\bс\s+РПШ\b", _TALK),
    _move("record_visit", r"^(?:организ\w+\s+|провед\w+\s+|провести\s+)?первичн\w+\s+посещени",
          _TALK),
    _move("record_visit", r"рисков\w+\s+профил", _TALK,
          r"верифицир\w+\s+риск.*активир|активир\w+.*рисков"),
    _move("submit_concept_documents",
          rf"(?:^работа\b.*\bс\s+|разработ\w+\s+|размещени\w+\s+){_CONCEPT}",
          rf"экспертиз|{_TALK}"),
    _move("accept_concept_documents return_concept_documents", rf"экспертиз\w*\s+{_CONCEPT}",
          _TALK),
    _move("submit_stage_1_evidence", rf"подготовк\w+\s+(?:{_EVIDENCE}).*{_FIRST}",
          rf"экспертиз|{_TALK}"),
    _move("submit_stage_2_evidence", rf"подготовк\w+\s+(?:{_EVIDENCE}).*{_SECOND}",
          rf"экспертиз|{_TALK}"),
    _move("submit_stage_2_evidence", rf"подготовка\s+к\s+мониторингу\s+{_SECOND}", _TALK),
    _move("confirm_stage_1 return_stage_1_evidence",
          rf"(?:экспертиз|содержательн\w+\s+анализ).*(?:{_EVIDENCE}).*{_FIRST}", _TALK),
    _move("confirm_stage_2 return_stage_2_evidence",
          rf"(?:экспертиз|содержательн\w+\s+анализ).*(?:{_EVIDENCE}).*{_SECOND}", _TALK),
    _move("waive_stage_2_expertise",
          rf"выборочн\w+.*(?:экспертиз|анализ).*(?:{_EVIDENCE}).*{_SECOND}", _TALK),
    _move("confirm_stage_1", rf"^мониторинг\s+{_FIRST}\w*\s+в\s+ИС\s+МЭДК", _TALK),
    _move("confirm_stage_2", rf"^мониторинг\s+{_SECOND}\w*\s+в\s+ИС\s+МЭДК", _TALK),
    _move("confirm_stage_1", rf"мониторинг\s+позитивных\s+изменений.*{_FIRST}", _TALK),
    _move("confirm_stage_2", rf"мониторинг\s+позитивных\s+изменений.*{_SECOND}", _TALK),
    _move("conclude", r"^(?:итоги|подведение\s+итогов)(?:\s+\w+){0,4}\s+.*проекта", _TALK),
)  # fmt: skip

# A recurrence in the words of the activity or its result; «раз в месяц» is read by the grammar of
# dates. It is proposed with a doubt.
RECURRENCES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), rule)
    for pattern, rule in (
        (r"\bежедневн\w+", "FREQ=DAILY"),
        (r"\bеженедельн\w+", "FREQ=WEEKLY"),
        (r"\bежемесячн\w+", "FREQ=MONTHLY"),
        (r"\bежеквартальн\w+", "FREQ=MONTHLY;INTERVAL=3"),
    )
)
