"""Reading a file: what is no YAML, or more YAML than a definition needs (LD10x)."""

import random
from pathlib import Path

import pytest

from lifecycle.domain.errors import InvalidDefinition
from lifecycle.workflows.catalogue import check_programme_file, check_roadmap_file
from lifecycle.workflows.reading import MAX_FILE_BYTES, read


def told(path: Path) -> list[str]:
    with pytest.raises(InvalidDefinition) as caught:
        read(path)
    assert caught.value.facts == {"file": str(path), "count": len(caught.value.problems)}
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def content(path: Path, text: str) -> object:
    path.write_text(text, "utf-8")
    return read(path).content


# What is wrong -> the bytes of the file, and every line that is said of it.
BROKEN: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["1:1: LD104: the file is empty"]),
    "comments only": (b"# nothing\n", ["1:1: LD104: the file is empty"]),
    "a lone null": (b"null\n", ["1:1: LD104: the file is empty"]),
    "longer than allowed": (
        b"#" * (MAX_FILE_BYTES + 1),
        ["1:1: LD103: the file is longer than 524288 bytes"],
    ),
    "in windows-1251": (
        'id: x\ntitle: "Школа"\n'.encode("windows-1251"),
        ["2:9: LD102: the text is not in UTF-8"],
    ),
    "in UTF-16": ("id: x\n".encode("utf-16"), ["1:1: LD102: the text is not in UTF-8"]),
    "a zero byte": (
        b"id: x\ntitle: \0\n",
        ["2:8: LD105: not YAML: special characters are not allowed"],
    ),
    "a tab for indentation": (
        b"title:\n\tru: x\n",
        [
            "2:1: LD105: not YAML: while scanning for the next token,"
            " found character '\\t' that cannot start any token"
        ],
    ),
    "a bracket that is not closed": (
        b"by: [officer\nid: x\n",
        ["2:3: LD105: not YAML: while parsing a flow sequence, expected ',' or ']', but got ':'"],
    ),
    "an escape for no character": (
        b'id: "\\U99999999"\n',
        ["1:1: LD105: not YAML: an escape in the text after this place stands for no character"],
    ),
    "a field twice": (
        b"id: x\ntitle: {ru: a, ru: b}\nid: y\n",
        [
            "2:16: LD106: the field ru stands here twice, first in line 2",
            "3:1: LD106: the field id stands here twice, first in line 1",
        ],
    ),
    "a hundred and three mistakes": (
        b"id: x\n" * 104,
        [
            *(
                f"{line}:1: LD106: the field id stands here twice, first in line 1"
                for line in range(2, 102)
            ),
            "101:1: LD119: and 3 more mistakes",
        ],
    ),
    "an anchor and its alias": (
        b"title: &t {ru: a}\nother: *t\n",
        [
            "1:8: LD107: anchors and aliases are not used here: write the value out",
            "2:8: LD107: anchors and aliases are not used here: write the value out",
        ],
    ),
    "a tag": (b"id: !secret x\n", ["1:5: LD107: tags are not used here"]),
    "a list for a name": (
        b"? [a, b]\n: c\n{d: e}: f\n",
        [
            "1:3: LD107: the name of a field is a plain text",
            "3:1: LD107: the name of a field is a plain text",
        ],
    ),
    "an alias for a name": (
        b"*a : b\n",
        [
            "1:1: LD107: anchors and aliases are not used here: write the value out",
            "1:1: LD107: the name of a field is a plain text",
        ],
    ),
    "two documents": (
        b"id: x\n---\nid: y\n",
        ["2:1: LD107: a file holds one document, not several"],
    ),
    "nested without an end": (
        b"id: " + b"[" * 10_000,
        ["1:20: LD108: nested deeper than 16 levels"],
    ),
    "a control character": (
        b'id: "a\\u0007"\n',
        ["1:5: LD109: the text holds a character that cannot be written"],
    ),
    "half of a surrogate pair": (
        b'id: "\\ud800"\n',
        ["1:5: LD109: the text holds a character that cannot be written"],
    ),
}


@pytest.mark.parametrize(("data", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_gives_one_clear_line_for_each_mistake(
    tmp_path: Path, data: bytes, expected: list[str]
) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(data)

    assert told(path) == expected


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert told(tmp_path / "none.yaml") == ["1:1: LD101: there is no such file"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert told(tmp_path) == ["1:1: LD101: this is a folder, not a file"]


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    (line,) = told(tmp_path / ("long" * 1000))

    assert line.startswith("1:1: LD101: the file cannot be read: ")


def test_scalars_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    text = """
- [yes, no, on, off, y]
- [true, False, null, ~, ]
- [12, -3, 010, 0o17, 1_000, 12345678901234567890]
- [1.10, .5, 1e3]
- ["true", '12', 2022-03-14, 12:30]
- |
  two
  lines
"""

    values = content(tmp_path / "scalars.yaml", text)

    assert values == [
        ["yes", "no", "on", "off", "y"],
        [True, False, None, None],
        [12, -3, 10, "0o17", "1_000", 12345678901234567890.0],
        [1.1, 0.5, 1000.0],
        ["true", "12", "2022-03-14", "12:30"],
        "two\nlines\n",
    ]


def test_every_value_and_every_field_name_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "places.yaml"
    path.write_text("\ufefftitle:\n  ru: 'Школа'\nby: [a, {adjustment: b}]\n", "utf-8")

    document = read(path)

    assert document.values == {
        (): (1, 1),
        ("title",): (2, 3),
        ("title", "ru"): (2, 7),
        ("by",): (3, 5),
        ("by", 0): (3, 6),
        ("by", 1): (3, 9),
        ("by", 1, "adjustment"): (3, 22),
    }
    assert document.keys == {
        ("title",): (1, 1),
        ("title", "ru"): (2, 3),
        ("by",): (3, 1),
        ("by", 1, "adjustment"): (3, 10),
    }


BITS = [
    *("\t", '"', "'", "{", "}", "[", "]", "|", ">", "#", "@", "`", "\\x", "\\U99999999"),
    *("&a ", "*a", "!t ", "!!float ", "%YAML 9.9\n", "%TAG ! a\n", "---\n", "...\n", "<<: "),
    *(
        "? ",
        "- ",
        "- - - ",
        ": ",
        "\n",
        "\r",
        "\0",
        "\x85",
        "\u2028",
        "\ufeff",
        "null",
        "true",
        "1",
    ),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["grants.yaml", "spring-2026.yaml"])
def test_a_file_damaged_anywhere_gives_problems_and_no_other_error(
    grants: Path, tmp_path: Path, name: str, seed: int
) -> None:
    chance = random.Random(f"{name} {seed}")  # noqa: S311 - damage that can be repeated
    whole = (grants / name).read_text("utf-8")
    path = tmp_path / name
    guards = ["money_left"]
    sound = 0
    for _ in range(20):
        place, bit = chance.randrange(len(whole)), chance.choice(BITS)
        lost = chance.choice([0, 0, len(bit), chance.randrange(60)])
        path.write_text(whole[:place] + bit + whole[place + lost :], "utf-8", newline="")
        if name == "grants.yaml":
            problems = check_programme_file(path, guards)
        else:
            problems = check_roadmap_file(path, [grants], guards)
        sound += not problems
        assert all(problem.file == str(path) for problem in problems)
        assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)

    assert sound < 20
