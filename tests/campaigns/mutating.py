"""Small changes of a module: what they are, and how one is put into the running interpreter.

A mutant is one change of one place: a comparison turned, an operator swapped, a number moved by
one, a truth value turned, a condition negated, a statement left out, a returned value lost, bytes
emptied, a machine's word (a text without a space) spoilt. Texts for people, docstrings,
annotations and decorators are left alone.

Nothing is imported anew for a mutant: a function that is alive gets the code that the changed
source compiles to, and a value of the module is replaced wherever it was imported to.
"""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
_SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Add, ast.Mod: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.BitXor: ast.BitOr,
}  # fmt: skip
# What only the type checker reads, and what is known before a module can be changed.
_NOT_READ = ("annotation", "returns", "decorator_list", "type_params", "bases", "keywords")

Change = Callable[[Any], object]
Functions = dict[str, dict[tuple[str, int], list[FunctionType]]]


class Place(NamedTuple):
    """A node, the lines that a test has to touch, and whether a function bears it."""

    node: ast.AST
    lines: range
    inside: bool


@dataclass(frozen=True)
class Mutant:
    """A changed module.

    Args:
        module: Path of the module below the root.
        number: Which of its changes.
        line: Where it is changed, as an editor counts.
        what: What is changed, and at which sign of that line.
        source: The line, without what is around it.
        lines: Where a test has to pass to notice.
        inside: Whether it lies in a function; else it is done once, when the module is loaded.
    """

    module: str
    number: int
    line: int
    what: str
    source: str
    lines: range
    inside: bool


def mutants(module: str) -> list[Mutant]:
    """Return every mutant of a module."""
    text = _text(module)
    rows, found = text.splitlines(), list[Mutant]()
    for place, what, _ in _all_changes(ast.parse(text)):
        node = place.node
        assert isinstance(node, ast.stmt | ast.expr)
        row = rows[node.lineno - 1]
        before = len(row.encode()[: node.col_offset].decode()) - len(row) + len(row.lstrip())
        what, inside = f"{what} at {before + 1}", place.inside
        found.append(
            Mutant(module, len(found), node.lineno, what, row.strip(), place.lines, inside)
        )
    return found


def changed(mutant: Mutant) -> ast.Module:
    """Return the module's tree with the change."""
    tree = ast.parse(_text(mutant.module))
    for number, (place, _, change) in enumerate(_all_changes(tree)):
        if number == mutant.number:
            change(place.node)
            return ast.fix_missing_locations(tree)
    raise LookupError(mutant)


@cache
def _text(module: str) -> str:
    """Read a module once: somebody may go on writing it while a campaign lasts."""
    return (ROOT / module).read_text("utf-8")


def _all_changes(tree: ast.Module) -> Iterator[tuple[Place, str, Change]]:
    for place in _places(tree, range(0), inside=False):
        for what, change in _changes(place):
            yield place, what, change


def _places(node: ast.AST, lines: range, *, inside: bool) -> Iterator[Place]:
    """Yield the nodes that can be changed, outer ones first."""
    if isinstance(node, ast.stmt):
        last = node.end_lineno or node.lineno
        body = getattr(node, "body", None) or getattr(node, "cases", None)
        if isinstance(body, list):  # only its head: the rest has statements of its own
            first = body[0].pattern if isinstance(body[0], ast.match_case) else body[0]
            last = max(node.lineno, first.lineno - 1)
        lines = range(node.lineno, last + 1)
    yield Place(node, lines, inside)
    for name, value in ast.iter_fields(node):
        if name in _NOT_READ and not (name == "keywords" and isinstance(node, ast.Call)):
            continue
        here = inside or (isinstance(node, ast.FunctionDef) and name == "body")
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _left_alone(node, child):
                yield from _places(child, lines, inside=here)


def _left_alone(node: ast.AST, child: ast.AST) -> bool:
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # a docstring
    if isinstance(child, ast.Constant) and isinstance(node, ast.JoinedStr):
        return True  # a piece of a text for people
    if isinstance(child, ast.FormattedValue):
        return not isinstance(child.value, ast.Call)
    if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
        return child.targets[0].id == "__slots__"
    if isinstance(child, ast.If) and isinstance(child.test, ast.Compare | ast.Name):
        return ast.unparse(child.test) in ("TYPE_CHECKING", "__name__ == '__main__'")
    return isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("Literal", "Callable")


def _changes(place: Place) -> Iterator[tuple[str, Change]]:
    """Yield what can be changed of a node, and how."""
    node = place.node
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            if type(operator) in _SWAPS:
                yield f"comparison {index}", _turned(index)
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in _SWAPS:
        yield "operator", lambda one: setattr(one, "op", _SWAPS[type(one.op)]())
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "condition", lambda one: setattr(one, "test", ast.UnaryOp(ast.Not(), one.test))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", lambda one: setattr(one, "op", ast.UAdd())
    elif isinstance(node, ast.Return) and not isinstance(node.value, ast.Constant | None):
        yield "returned value", lambda one: setattr(one, "value", ast.Constant(None))
    elif isinstance(node, ast.Constant):
        yield from _other_values(node.value)
    if isinstance(node, ast.Expr | ast.Raise | ast.AugAssign) and place.inside:
        # A node's class is what it says: the statement is one that does nothing.
        yield "left out", lambda one: setattr(one, "__class__", ast.Pass)


def _other_values(value: object) -> Iterator[tuple[str, Change]]:
    if type(value) is int:
        yield "number", lambda one: setattr(one, "value", one.value + 1)
    elif type(value) is bool:
        yield "truth", lambda one: setattr(one, "value", not one.value)
    elif type(value) is bytes and value:
        yield "bytes", lambda one: setattr(one, "value", b"")
    elif type(value) is str and " " not in value:
        yield "word", lambda one: setattr(one, "value", one.value + "X")


def _turned(place: int) -> Change:
    return lambda one: one.ops.__setitem__(place, _SWAPS[type(one.ops[place])]())


def functions(modules: list[str]) -> Functions:
    """Return the functions of modules that are alive, by file, name and line."""
    found: Functions = {str(ROOT / module): {} for module in modules}
    gc.unfreeze()  # what tests froze is not among the objects
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in found:
            code = one.__code__
            key = code.co_qualname, code.co_firstlineno
            found[code.co_filename].setdefault(key, []).append(one)
    return found


def install(mutant: Mutant, alive: Functions, *, anew: bool) -> None:
    """Change this very process, for good.

    Args:
        mutant: The change.
        alive: What ``functions`` found before.
        anew: Whether the change lies in what is done once, when the module is loaded.

    Raises:
        Exception: The changed module cannot be loaded; nobody would overlook that.
    """
    path = str(ROOT / mutant.module)
    code = compile(changed(mutant), path, "exec", dont_inherit=True)
    for inner in _inner(code):
        for one in alive[path].get((inner.co_qualname, inner.co_firstlineno), ()):
            one.__code__ = inner
    if anew:
        name = mutant.module.removesuffix(".py").replace("/", ".")
        loaded, other = sys.modules[name], ModuleType(name)
        other.__file__ = path
        sys.modules[name] = other  # dataclasses look their module up
        exec(code, other.__dict__)  # noqa: S102 - this is what a campaign is
        sys.modules[name] = loaded
        _replace(loaded, other, name)
    for name, module in list(sys.modules.items()):
        if name.startswith("lifecycle"):
            for value in list(vars(module).values()):
                getattr(value, "cache_clear", int)()  # what was computed by the sound code


def _inner(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _inner(one)


def _replace(old: Any, new: Any, name: str) -> None:
    """Replace the values of a module or class, and the defaults of its functions."""
    for key, value in list(vars(new).items()):
        before = vars(old).get(key)
        if isinstance(value, FunctionType) and isinstance(before, FunctionType):
            before.__defaults__, before.__kwdefaults__ = value.__defaults__, value.__kwdefaults__
        elif isinstance(value, type) and getattr(value, "__module__", "") == name:
            if isinstance(before, type) and before is not value:
                _replace(before, value, name)
        elif not key.startswith("__") and key in vars(old) and _plain(value) and before != value:
            setattr(old, key, value)
            for module in list(sys.modules.values()):
                if vars(module).get(key) is before and isinstance(old, ModuleType):
                    setattr(module, key, value)


def _plain(value: object) -> bool:
    # A slot belongs to its own class: in another one it would break whatever is made of that.
    if isinstance(value, MemberDescriptorType):
        return False
    return not callable(value) and not isinstance(value, ModuleType | staticmethod | classmethod)
