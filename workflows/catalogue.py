"""Where definitions come from: the shipped programmes and road maps, and folders of a host.

Names are found without reading YAML; pydantic and ruamel.yaml are imported when the first road
map is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import InvalidDefinition, UnknownProgramme, UnknownRoadmap, closest
from lifecycle.domain.messages import Message
from lifecycle.workflows.problems import Findings, Problem

if TYPE_CHECKING:
    from lifecycle.workflows.loading import Source
    from lifecycle.workflows.schema import ProgrammeFile
    from lifecycle.workflows.schema_roadmap import RoadmapFile

_Kind = Literal["programmes", "roadmaps"]
_ID = re.compile(rb"""^["']?id["']?\s*:\s*["']?([A-Za-z0-9_.-]+)""", re.MULTILINE)
_NAMES_PROGRAMME = re.compile(rb"""^["']?programme["']?\s*:""", re.MULTILINE)
_OF_A_PROGRAMME = re.compile(rb"""^["']?(?:states|transitions)["']?\s*:""", re.MULTILINE)
_FIELD = re.compile(rb"""^["']?([a-z_]+)["']?\s*:""", re.MULTILINE)
_HEAD = 512 * 1024
"""The size limit of ``reading``, which is imported when the first file is read in full."""


class Catalogue:
    """The programmes and road maps that can be put in force.

    Args:
        folders: Folders with more ``*.yaml`` files, programmes and road maps side by side: a road
            map is the file with a top-level field ``programme``. A file replaces the shipped one
            of its id, and one of an earlier folder; histories keep the definition they began
            under. The folders are listed once, when the first name is asked for.
        guards: Names of the guards that the host has registered.
    """

    def __init__(self, folders: Sequence[Path] = (), guards: Collection[str] = ()) -> None:
        self._folders = tuple(folders)
        self._guards = frozenset(guards)
        self._found: dict[_Kind, dict[str, Traversable]] | None = None
        self._strays: list[Problem] = []
        self._twice: dict[tuple[_Kind, str], list[Path]] = {}
        self._programmes: dict[str, Source[ProgrammeFile]] = {}
        self._compiled: dict[str, Definition] = {}

    def roadmaps(self) -> list[str]:
        """Return the ids of the road maps, sorted.

        Raises:
            InvalidDefinition: A folder cannot be read, or a file there is no definition at all.
        """
        found = self._files("roadmaps")
        self._check_strays()
        return sorted(found)

    def programmes(self) -> list[str]:
        """Return the ids of the programmes, sorted.

        Raises:
            InvalidDefinition: A folder cannot be read, or a file there is no definition at all.
        """
        found = self._files("programmes")
        self._check_strays()
        return sorted(found)

    def compiled(self, roadmap: str) -> Definition:
        """Return the programme under that road map.

        Raises:
            UnknownRoadmap: There is none of that id.
            InvalidDefinition: Its file, its programme's or a folder has mistakes; two files of
                one folder bear the id; or none does, and a file there is no definition at all.
        """
        if roadmap not in self._compiled:
            sources = self._files("roadmaps")
            if roadmap not in sources:
                self._check_strays()
                raise UnknownRoadmap(roadmap, sources)
            self._check_single("roadmaps", roadmap)
            self._compiled[roadmap] = self.compile_file(sources[roadmap])
        return self._compiled[roadmap]

    def compile_file(self, path: Traversable) -> Definition:
        """Return the definition by the road map file at *path*, wherever it lies.

        Raises:
            InvalidDefinition: The file, its programme's or a folder has mistakes.
        """
        from lifecycle.workflows.compile import compile_definition

        return compile_definition(*self.sources(path), self._guards)

    def sources(self, path: Traversable) -> tuple[Source[ProgrammeFile], Source[RoadmapFile]]:
        """Return the programme of the road map file at *path*, and the road map, both of good form.

        Raises:
            InvalidDefinition: One of the files has not the form, or there is no such programme.
        """
        from lifecycle.workflows.loading import load
        from lifecycle.workflows.schema_roadmap import RoadmapFile

        roadmap = load(RoadmapFile, path)
        name = roadmap.content.programme
        sources = self._files("programmes")
        if name not in sources:
            findings = roadmap.document.findings()
            template = "there is no programme {name}"
            findings.unknown("LD220", ("programme",), template, name, sources)
            raise findings.error()
        return self._programme(name, sources[name]), roadmap

    def programme(self, name: str) -> Definition:
        """Return the programme under no road map: everything adjustable as it is by default.

        Raises:
            UnknownProgramme: There is none of that id.
            InvalidDefinition: Its file or a folder has mistakes.
        """
        from lifecycle.workflows.unbound import compile_unbound

        sources = self._files("programmes")
        if name not in sources:
            self._check_strays()
            raise UnknownProgramme(name, sources)
        return compile_unbound(self._programme(name, sources[name]), self._guards)

    def _programme(self, name: str, path: Traversable) -> Source[ProgrammeFile]:
        from lifecycle.workflows.loading import load
        from lifecycle.workflows.schema import ProgrammeFile

        self._check_single("programmes", name)
        if name not in self._programmes:
            self._programmes[name] = load(ProgrammeFile, path)
        return self._programmes[name]

    def _files(self, kind: _Kind) -> Mapping[str, Traversable]:
        if self._found is None:
            found: dict[_Kind, dict[str, Traversable]] = {
                "programmes": dict(_shipped("programmes")),
                "roadmaps": dict(_shipped("roadmaps")),
            }
            for folder in self._folders:
                self._take(folder, found)
            self._found = found
        return self._found[kind]

    def _take(self, folder: Path, found: dict[_Kind, dict[str, Traversable]]) -> None:
        here: dict[tuple[_Kind, str], list[Path]] = {}
        for path in _yaml_files(folder):
            recognised = _recognised(path)
            if isinstance(recognised, Problem):
                self._strays.append(recognised)
            else:
                here.setdefault(recognised, []).append(path)
        for (kind, name), paths in here.items():
            found[kind][name] = paths[-1]
            self._twice[kind, name] = paths

    def _check_strays(self) -> None:
        """Tell of files that are no definitions: what is missed may well be one of them."""
        if self._strays:
            raise InvalidDefinition(self._strays[0].file, self._strays)

    def _check_single(self, kind: _Kind, name: str) -> None:
        first, *others = self._twice.get((kind, name), [None])
        if others:
            findings = Findings(str(others[0]))
            template = "{file} bears the id {name}, too"
            findings.at("LD121", (1, 1), template, file=str(first), name=name)
            raise findings.error()


def check_roadmap_file(
    path: Path,
    folders: Sequence[Path] = (),
    guards: Collection[str] = (),
    in_force: Callable[[str], Definition | None] = lambda roadmap: None,
) -> list[Problem]:
    """Return every mistake of a road map file, or those of the programme it names.

    Without a mistake, return its warnings.

    Args:
        path: The file; its programme may lie beside it.
        folders: Where other programmes lie.
        guards: Names of the guards that the host has registered.
        in_force: Tells the rules that a road map is in force by, if it is.
    """
    from lifecycle.workflows.checks_order import advise_roadmap
    from lifecycle.workflows.checks_pinned import check_pinned
    from lifecycle.workflows.compile import compile_definition

    beside = [path.parent] if path.is_file() else []
    try:
        programme, roadmap = Catalogue([*folders, *beside], guards).sources(path)
        definition = compile_definition(programme, roadmap, guards)
    except InvalidDefinition as error:
        return list(error.problems)
    findings = roadmap.document.findings()
    pinned = in_force(definition.roadmap.id)
    if pinned is not None:
        check_pinned(definition, pinned, findings)
    advise_roadmap(programme.content, roadmap.content, findings)
    return findings.told()


def check_programme_file(path: Path, guards: Collection[str] = ()) -> list[Problem]:
    """Return every mistake of a programme file; without a mistake, its warnings."""
    from lifecycle.workflows.checks import check_programme
    from lifecycle.workflows.checks_sense import advise_programme
    from lifecycle.workflows.loading import load
    from lifecycle.workflows.schema import ProgrammeFile

    try:
        programme = load(ProgrammeFile, path)
        findings = programme.document.findings()
        check_programme(programme.content, findings, guards)
        findings.end()
    except InvalidDefinition as error:
        return list(error.problems)
    findings = programme.document.findings()
    advise_programme(programme.content, findings)
    return findings.told()


def _shipped(kind: _Kind) -> Iterator[tuple[str, Traversable]]:
    """Yield the shipped files; they bear the ids as names."""
    for path in files(f"lifecycle.workflows.{kind}").iterdir():
        if path.name.endswith(".yaml"):
            yield path.name.removesuffix(".yaml"), path


def _yaml_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".yaml")
    except OSError as error:
        findings = Findings(str(folder))
        detail = error.strerror or type(error).__name__
        findings.at("LD101", (1, 1), "the folder cannot be read: {detail}", detail=detail)
        raise findings.error() from error


def _recognised(path: Path) -> tuple[_Kind, str] | Problem:
    """Tell what a file is and its id by its fields; its content is checked when needed."""
    try:
        if not path.is_file():  # to open a pipe is to wait for who writes into it
            return "roadmaps", path.stem
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return "roadmaps", path.stem  # who asks for it learns why it cannot be read
    found = _ID.search(head)
    name = found.group(1).decode("ascii") if found else path.stem
    if _NAMES_PROGRAMME.search(head):
        return "roadmaps", name
    if _OF_A_PROGRAMME.search(head):
        return "programmes", name
    return _stray(path, head)


def _stray(path: Path, head: bytes) -> Problem:
    """Tell that a file is no definition, at the field that was perhaps to make it a road map."""
    mark, near = (1, 1), None
    for field in _FIELD.finditer(head):
        near = closest(field.group(1).decode("ascii"), ("programme", "states", "transitions"))
        if near is not None:
            mark = (head.count(b"\n", 0, field.start()) + 1, 1)
            break
    template = "neither a road map, with a field programme, nor a programme, with states"
    remedy = Message("did you mean {suggestion}?", {"suggestion": near}) if near else None
    return Problem(str(path), *mark, "LD120", Message(template), remedy)
