"""Every text for people is there in Russian, with the same placeholders, and nothing else is."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from lifecycle import Message
from lifecycle.cli.language import paragraphs
from lifecycle.texts import LOCALES, language_of, render, translated

ROOT = Path(__file__).resolve().parent.parent
PO = LOCALES / "ru" / "LC_MESSAGES" / "messages.po"

# The same in every language.
SAME = {
    "JSON", "URL", "LIFECYCLE_LOG", "--checkpoint", "--definitions", "--erasures", "--from",
    "--key", "--servers", "--to", "--token-file",
}  # fmt: skip
# Parameters by which texts and the engine's own words are handed on.
HANDED = ("template", "detail", "hint", "scope", "what")
# Names of variables and tables that hold texts.
HOLDERS = {"template", "remedy_template", "detail", "what", "heads"}
TABLES = {"TEMPLATES", "REMEDIES", "LEVELS", "_UNKNOWN", "_MESSAGES"}
# Of click's own texts those that this program can show.
CLICKS = {
    "Commands",
    "Did you mean {possibility}?",
    "Got unexpected extra argument ({args})",
    "Invalid value for {param_hint}: {message}",
    "Invalid value: {message}",
    "Missing argument",
    "Missing command.",
    "Missing option",
    "No such command {name!r}.",
    "No such option {name!r}.",
    "Option {name!r} does not take a value.",
    "Option {name!r} requires an argument.",
    "Options",
    "Positional arguments",
    "Usage:",
    "{value!r} is not {choice}.",
}
# What click and the engine make up from names of their own.
MADE_UP = {"OPTIONS", "COMMAND", "ARGS", "required"}
# What a role is held on, and what an id can be an id of.
NOUNS = {"installation", "roadmap", "school", "actor", "command"}

Texts = dict[str, set[str]]


class Collector(ast.NodeVisitor):
    """Finds the texts of one module.

    A text is what is handed on as a template or as a word of the engine, a value in a table of
    texts, the help of an option or argument, a word of a metavar, the docstring of a command.

    Args:
        positions: Where functions take texts, by their names.
    """

    def __init__(self, positions: dict[str, set[int]]) -> None:
        self.texts: set[str] = set()
        self._positions = positions

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assigned({ast.unparse(target) for target in node.targets}, node.value)
        for target in node.targets:
            # ``code, template = table.get(name, (code, text))``
            if isinstance(target, ast.Tuple) and "template" in map(ast.unparse, target.elts):
                for inner in ast.walk(node.value):
                    if isinstance(inner, ast.Tuple):
                        self._take(inner.elts[-1])
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assigned({ast.unparse(node.target)}, node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = last_name(node.func)
        for position in self._positions.get(name, ()):
            if position < len(node.args):
                self._take(node.args[position])
        named = {one.arg: one.value for one in node.keywords if one.arg is not None}
        for handed in HANDED:
            if handed in named:
                self._take(named[handed])
        if name in ("option", "argument"):
            self._take(named.get("help"))
            shown = named.get("metavar") or (node.args[0] if name == "argument" else None)
            if isinstance(shown, ast.Constant):
                word = str(shown.value) if "metavar" in named else str(shown.value).upper()
                self.texts.update(re.findall("[A-Z]{2,}", word))
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        decorators = {ast.unparse(one).partition("(")[0] for one in node.decorator_list}
        if any(one.endswith((".command", ".group")) for one in decorators):
            self.texts.update(paragraphs(ast.get_docstring(node) or ""))
        self.generic_visit(node)

    def _assigned(self, names: set[str], value: ast.expr) -> None:
        if names & HOLDERS or names & TABLES:
            self._take(value)

    def _take(self, node: ast.expr | None) -> None:
        match node:
            case ast.Constant(value=str(text)):
                self.texts.add(text)
            case ast.IfExp():
                self._take(node.body)
                self._take(node.orelse)
            case ast.Tuple() if all(isinstance(one, ast.Constant) for one in node.elts):
                for one in node.elts:
                    self._take(one)
            case ast.Dict():
                # A value is a text, or a code and a text.
                for value in node.values:
                    self._take(value.elts[-1] if isinstance(value, ast.Tuple) else value)
            case _:
                pass


def last_name(node: ast.expr) -> str:
    """Return what something is called, without what it is looked up in."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def modules() -> list[Path]:
    return [
        path
        for folder in ("lifecycle", "storage", "workflows")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    ]


def positions(trees: list[ast.Module]) -> dict[str, set[int]]:
    """Return where each function takes texts, by its name."""
    found = {"Message": {0}, "NoteInvalid": {0}, "ProofInvalid": {0}}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [one.arg for one in node.args.args if one.arg not in ("self", "cls")]
                for word in {"template", "detail", "hint"} & set(names):
                    found.setdefault(node.name, set()).add(names.index(word))
    return found


@cache
def collected() -> Texts:
    """Return every text that is to be translated, with the modules that it stands in."""
    paths = modules()
    trees = [ast.parse(path.read_text("utf-8")) for path in paths]
    taken = positions(trees)
    found: Texts = {text: {"tests"} for text in MADE_UP | NOUNS | requests()}
    for path, tree in zip(paths, trees, strict=True):
        collector = Collector(taken)
        collector.visit(tree)
        for text in collector.texts:
            if text not in SAME and re.search("[A-Za-z]", without_placeholders(text)):
                found.setdefault(text, set()).add(path.relative_to(ROOT).as_posix())
    return found


def requests() -> set[str]:
    """Return the names of the requests that an administrator can be refused."""
    tree = ast.parse((ROOT / "lifecycle" / "domain" / "requests.py").read_text("utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    return names - {"Request", "Found", "Advance"}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def without_placeholders(text: str) -> str:
    return "".join(literal for literal, _, _, _ in string.Formatter().parse(text))


@cache
def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="ru", domain="messages", abort_invalid=True)


def entries(of: Catalog | None = None) -> dict[str, tuple[str, ...]]:
    """Return the translations by their keys; a key with a plural is its singular."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]: forms_of(message)
        for message in (catalogue() if of is None else of)
        if message.id
    }


def forms_of(entry: Entry) -> tuple[str, ...]:
    """Return the translation, or its forms for one, few and many."""
    if entry.string is None or isinstance(entry.string, str):
        return (entry.string or "",)
    return tuple(entry.string)


def test_the_collector_sees_the_texts_of_every_room() -> None:
    rooms = {place.rpartition("/")[0] for places in collected().values() for place in places}

    assert rooms >= {
        "lifecycle", "lifecycle/audit", "lifecycle/cli", "lifecycle/demo", "lifecycle/domain",
        "lifecycle/service", "storage", "workflows",
    }  # fmt: skip
    assert "{school} cannot {transition} from state {state}" in collected()
    assert "the stored body does not have the stored hash" in collected()
    assert len(collected()) > 350


def test_every_text_has_its_russian() -> None:
    known = entries()
    missing = {text: places for text, places in collected().items() if text not in known}

    assert missing == {}, f"add them to {PO.relative_to(ROOT)} and run: make texts"


def test_every_text_of_click_that_can_be_shown_has_its_russian() -> None:
    source = "".join(
        path.read_text("utf-8") for path in sorted(Path(click.__file__).parent.glob("*.py"))
    )

    assert sorted(CLICKS - entries().keys()) == []
    assert sorted(text for text in CLICKS if f'"{text}"' not in source) == []


def test_the_catalogue_has_no_orphans() -> None:
    orphans = entries().keys() - collected().keys() - CLICKS

    assert sorted(orphans) == []


def test_translations_have_the_placeholders_of_their_texts() -> None:
    wrong = {}
    for message in catalogue():
        if message.id and isinstance(message.id, str):
            if placeholders(message.id) != placeholders(str(message.string)):
                wrong[message.id] = message.string
        elif message.id:
            known = placeholders("".join(message.id))
            for form in forms_of(message):
                if not placeholders(form) <= known:
                    wrong[message.id[0]] = form

    assert wrong == {}


def test_translations_are_russian_and_complete() -> None:
    latin = [key for key, forms in entries().items() for form in forms
             if not re.search("[А-Яа-я№]", form)]  # fmt: skip

    assert latin == []
    assert [message.id for message in catalogue() if message.fuzzy] == []
    assert catalogue().num_plurals == 3


def test_a_russian_word_is_spelt_in_one_way_with_its_own_letter() -> None:
    """Where a word has its «ё» once, it has it everywhere."""
    text = " ".join(form for forms in entries().values() for form in forms).lower()
    words = set(re.findall("[а-яё]+", text))
    # Words of their own without it: all of them, with all.
    twins = {"всё", "всём"}

    assert sorted(word for word in words - twins if word.replace("ё", "е") in words - {word}) == []
    assert {"её", "ещё", "ведёт", "учётным"} <= words


def test_the_compiled_catalogue_is_that_of_the_source() -> None:
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = entries(read_mo(file))

    assert compiled == entries(), "run: make texts"


def test_a_message_is_rendered_in_both_languages() -> None:
    message = Message("fact {fact} is missing", {"fact": "risks"})

    assert render(message, "en") == "fact risks is missing"
    assert render(message, "ru") == "не указан факт risks"


def test_words_of_the_engine_are_translated_inside_a_message_and_names_are_not() -> None:
    message = Message("{what} exists already: {name}", {"what": "school", "name": "school"})

    assert render(message, "ru") == "школа: уже есть school"


def test_a_text_without_translation_stays_english() -> None:
    assert translated("no such text", "ru") == "no such text"
    assert translated("", "ru") == ""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "ru_RU", "LANG": "en_US.UTF-8"}, "ru"),
        ({"LIFECYCLE_LANG": "ru", "LC_ALL": "en_US.UTF-8"}, "ru"),
        ({"LIFECYCLE_LANG": "", "LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_language_comes_from_the_environment(
    environment: dict[str, str], language: str
) -> None:
    assert language_of(environment) == language
