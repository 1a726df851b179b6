"""Where definitions come from, and that nothing is read before it is needed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import InvalidDefinition, UnknownRoadmap
from lifecycle.workflows.catalogue import Catalogue, check_programme_file, check_roadmap_file

# Histories name their rules by these digests. A definition that has been released is not edited:
# its file gets a new version, and a new line here.
DIGESTS = {
    "belgorod-2021": "b69fb87a4853f1ff4e82397155ccc5d96387aee1f44b6889b139ec5a9e60e48d",
    "dmitrovsk-2022": "feffad155fc06347bda7786a6d4cd79f38cdb84ac6f08469cd485d97ccc4ae9d",
    "kaspiysk-2022": "647c8b645abf15ecd04a2e62fb27bebec4261cd1c6b8ce14a11bbe51a7f5375c",
    "neklinovsky-2022": "66cf8c6cca663b38872ed06e496b7f86ef7f6f459a8f697f1a211aa9b4679ae3",
    "tomari-2022": "17d8fe236e3a3249d90e66affc816fb09a2f3bf5b652bc5d8ba21e4c27c4c315",
}
SHIPPED = list(DIGESTS)


def test_the_shipped_definitions_are_known_by_their_ids() -> None:
    catalogue = Catalogue()

    assert catalogue.programmes() == ["500plus"]
    assert catalogue.roadmaps() == SHIPPED
    assert [catalogue.compiled(name).roadmap.id for name in SHIPPED] == SHIPPED
    assert {catalogue.compiled(name).programme for name in SHIPPED} == {"500plus"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_definition_keeps_its_digest(name: str) -> None:
    compiled = Catalogue().compiled(name)

    rebuilt = Definition.from_json(json.loads(compiled.canonical_bytes))

    assert compiled.ref.digest == DIGESTS[name]
    assert rebuilt.ref == compiled.ref


def test_a_definition_is_compiled_once() -> None:
    catalogue = Catalogue()

    assert catalogue.compiled("tomari-2022") is catalogue.compiled("tomari-2022")


def test_an_unknown_road_map_is_told_with_the_nearest_known() -> None:
    with pytest.raises(UnknownRoadmap, match="tomary-2022") as caught:
        Catalogue().compiled("tomary-2022")

    assert str(caught.value.remedy) == "did you mean tomari-2022?"


def test_a_folder_adds_programmes_and_road_maps(grants: Path) -> None:
    catalogue = Catalogue([grants], ["money_left"])

    assert catalogue.programmes() == ["500plus", "grants"]
    assert catalogue.roadmaps() == sorted([*SHIPPED, "spring-2026"])
    assert catalogue.compiled("spring-2026").programme == "grants"


def test_a_guard_that_the_host_lacks_is_a_mistake_of_the_programme(grants: Path) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        Catalogue([grants]).compiled("spring-2026")

    assert [str(problem) for problem in caught.value.problems] == [
        f"{grants / 'grants.yaml'}:70:21: LD217: no guard is registered as money_left"
    ]


def test_a_file_replaces_the_one_of_its_id_whatever_its_name(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "workflows" / "roadmaps" / "tomari-2022.yaml"
    text = shipped.read_text("utf-8").replace('version: "2"', 'version: "3"', 1)
    (tmp_path / "changed.yaml").write_text(text, "utf-8")

    catalogue = Catalogue([tmp_path])

    assert catalogue.roadmaps() == SHIPPED
    assert catalogue.compiled("tomari-2022").ref.version == "3/3"


def test_of_several_folders_the_last_one_has_its_way(grants: Path, tmp_path: Path) -> None:
    text = (grants / "spring-2026.yaml").read_text("utf-8")
    changed = text.replace("region: komi", "region: perm")
    (tmp_path / "spring-2026.yaml").write_text(changed, "utf-8")

    assert Catalogue([grants, tmp_path], ["money_left"]).compiled("spring-2026").roadmap.region == (
        "perm"
    )


def test_a_folder_with_broken_files_can_still_be_listed(grants: Path, tmp_path: Path) -> None:
    shutil.copy(grants / "grants.yaml", tmp_path)
    (tmp_path / "spring.yaml").write_text('programme: grants\nid: "spring\n', "utf-8")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "note.txt").write_text("id: note", "utf-8")

    catalogue = Catalogue([tmp_path])

    assert set(catalogue.roadmaps()) - set(SHIPPED) == {"folder", "spring"}
    with pytest.raises(InvalidDefinition, match=r"spring\.yaml has 1 mistake"):
        catalogue.compiled("spring")
    with pytest.raises(InvalidDefinition) as caught:
        catalogue.compiled("folder")
    assert [problem.code for problem in caught.value.problems] == ["LD101"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    with pytest.raises(InvalidDefinition) as caught:
        Catalogue([missing]).roadmaps()

    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{missing}:1:1: LD101: the folder cannot be read: ")


def test_a_road_map_finds_a_programme_in_its_own_folder(grants: Path) -> None:
    assert check_roadmap_file(grants / "spring-2026.yaml", guards=["money_left"]) == []


def test_a_road_map_of_a_broken_programme_tells_of_the_programme(
    grants: Path, tmp_path: Path
) -> None:
    shutil.copy(grants / "spring-2026.yaml", tmp_path)
    text = (grants / "grants.yaml").read_text("utf-8")
    (tmp_path / "grants.yaml").write_text(text.replace("initial: ", "inital: "), "utf-8")

    problems = check_roadmap_file(tmp_path / "spring-2026.yaml")

    assert [problem.file for problem in problems] == [str(tmp_path / "grants.yaml")] * 2
    assert [problem.code for problem in problems] == ["LD111", "LD110"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_road_maps_have_no_mistakes(name: str) -> None:
    folder = Path(__file__).parents[2] / "workflows" / "roadmaps"

    found = check_roadmap_file(folder / f"{name}.yaml")

    assert [str(one) for one in found if one.severity == "error"] == []


def test_the_shipped_programme_has_no_mistakes() -> None:
    folder = Path(__file__).parents[2] / "workflows" / "programmes"

    assert check_programme_file(folder / "500plus.yaml") == []


def test_the_names_are_known_without_loading_pydantic_or_a_yaml_reader() -> None:
    code = """
import sys
from lifecycle.workflows.catalogue import Catalogue
assert len(Catalogue().roadmaps()) == 5
print([name for name in ("pydantic", "ruamel.yaml") if name in sys.modules])
"""

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout == "[]\n"


def test_a_file_that_is_no_definition_does_not_vanish(grants: Path, tmp_path: Path) -> None:
    shutil.copy(grants / "grants.yaml", tmp_path)
    text = (grants / "spring-2026.yaml").read_text("utf-8")
    file = tmp_path / "spring-2026.yaml"
    file.write_text(text.replace("programme:", "programm:", 1), "utf-8")
    line = text[: text.index("programme:")].count("\n") + 1
    catalogue = Catalogue([tmp_path])

    for ask in (catalogue.roadmaps, catalogue.programmes, lambda: catalogue.compiled("spring")):
        with pytest.raises(InvalidDefinition) as caught:
            ask()
        (problem,) = caught.value.problems
        assert str(problem).startswith(f"{file}:{line}:1: LD120: neither a road map, ")
        assert str(problem.remedy) == "did you mean programme?"
    assert catalogue.compiled("tomari-2022").roadmap.id == "tomari-2022"


def test_two_files_of_one_folder_cannot_bear_one_id(grants: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    shutil.copy(grants / "spring-2026.yaml", first)
    shutil.copy(grants / "spring-2026.yaml", second)

    with pytest.raises(InvalidDefinition) as caught:
        Catalogue([grants, tmp_path]).compiled("spring-2026")

    assert [str(one) for one in caught.value.problems] == [
        f"{second}:1:1: LD121: {first} bears the id spring-2026, too"
    ]
    later = Catalogue([tmp_path, grants], ["money_left"])
    assert later.compiled("spring-2026").programme == "grants"


def test_a_pipe_is_refused_and_nobody_waits_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    told = f"{pipe}:1:1: LD101: this is a pipe or a device, not a file"

    with pytest.raises(InvalidDefinition) as caught:
        Catalogue([tmp_path]).compiled("pipe")

    assert [str(one) for one in caught.value.problems] == [told]
    assert [str(one) for one in check_roadmap_file(pipe)] == [told]
    assert [str(one) for one in check_programme_file(Path("/dev/zero"))] == [
        told.replace(str(pipe), "/dev/zero")
    ]
