"""What a process miner makes of our exports: made by the program, read back by pm4py.

Not collected with the other tests, because it needs the environment of ``make mining``.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lifecycle import Lifecycle
from lifecycle.wiring import create_lifecycle
from lifecycle.workflows.catalogue import Catalogue
from tests.cli.terminal import Terminal
from tests.factories import ADMIN
from tests.mining import planting, walks

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-mining" / "bin" / "python"
ROADMAPS = tuple(Catalogue().roadmaps())
EACH = 8  # schools under each road map
NETS = ("pnml", "bpmn")

# The first test waits for all the rest: the walks, the exports and the miner.
pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Job:
    """What was exported, what was planted in it, and what the miner says.

    Args:
        folder: Where the exports lie.
        words: The activities of every school by road map, out of the history itself.
        planted: What was planted, by road map.
        verdict: What the miner says.
    """

    folder: Path
    words: dict[str, dict[str, list[str]]]
    planted: dict[str, list[planting.Planted]]
    verdict: dict[str, Any]

    def replayed(self, roadmap: str, log: str, net: str) -> list[dict[str, Any]]:
        """Return what the miner says of each case of *log* on *net*."""
        said: list[dict[str, Any]] = self.verdict["roadmaps"][roadmap]["replayed"][
            f"{log} on {net}"
        ]
        return said


def _words(engine: Lifecycle, roadmap: str) -> dict[str, list[str]]:
    """Return the activities of every school, out of the history itself."""
    kinds = ("enrolled", "advanced")
    schools = [row.standing.school for row in engine.status(roadmap=roadmap)]
    return {
        school: [one.transition or one.kind for one in engine.history(school) if one.kind in kinds]
        for school in schools
    }


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Job:
    """Lead schools, export everything by the program, plant deviations, let the miner read."""
    terminal = Terminal(tmp_path_factory.mktemp("mining"))
    folder = terminal.folder
    with create_lifecycle(f"sqlite:///{folder}/lifecycle.db", administrator=ADMIN) as engine:
        walks.lead_many(engine, catalogue, ROADMAPS, EACH)
        words = {roadmap: _words(engine, roadmap) for roadmap in ROADMAPS}
    planted = {}
    for roadmap in ROADMAPS:
        for which in ("finished", "open"):
            stem, chosen = f"{roadmap}.{which}", (roadmap, "--cases", which, "--lang", "ru")
            for form in ("xes", *NETS):
                terminal.ask("audit", "export", form, *chosen, "--out", f"{stem}.{form}")
        log = folder / f"{roadmap}.finished.xes"
        definition = catalogue.compiled(roadmap)
        planted[roadmap] = planting.plant(log, folder / f"{roadmap}.planted.xes", definition)
    for form in ("json", "sqlite"):
        out = ("--out", f"all.ocel.{form}")
        terminal.ask("audit", "export", f"ocel-{form}", "--cases", "all", *out)
    read = [PYTHON, ROOT / "tests" / "mining" / "read_back.py", folder]
    ended = subprocess.run(read, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return Job(folder, words, planted, json.loads((folder / "verdict.json").read_text("utf-8")))


def test_the_histories_go_every_way_that_the_rules_leave_open(
    job: Job, catalogue: Catalogue
) -> None:
    made = {step for each in job.words.values() for word in each.values() for step in word}
    known = {one for roadmap in ROADMAPS for one in walks.activities(catalogue.compiled(roadmap))}

    assert [len(one) for one in job.words.values()] == [EACH] * len(ROADMAPS)
    assert made == known


@pytest.mark.parametrize("roadmap", ROADMAPS)
def test_the_miner_reads_every_finished_and_every_open_history_as_it_is(
    job: Job, roadmap: str
) -> None:
    read = {
        one["case"]: one["word"]
        for which in ("finished", "open")
        for one in job.replayed(roadmap, which, "open.pnml")
    }

    assert read == job.words[roadmap]


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("roadmap", ROADMAPS)
def test_every_net_is_a_sound_workflow_net(job: Job, roadmap: str, net: str) -> None:
    sound = job.verdict["roadmaps"][roadmap]["sound"]

    assert (sound[f"finished.{net}"], sound[f"open.{net}"]) == (True, True)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("roadmap", ROADMAPS)
def test_every_finished_history_fits_by_tokens_and_by_alignment(
    job: Job, roadmap: str, net: str
) -> None:
    said = job.replayed(roadmap, "finished", f"finished.{net}")

    assert said
    assert {(one["token_fitness"], one["fitness"]) for one in said} == {(1.0, 1.0)}
    assert [one["moves"] for one in said] == [[]] * len(said)


@pytest.mark.parametrize("net", NETS)
def test_every_open_history_fits_the_net_with_a_way_out_of_every_state(job: Job, net: str) -> None:
    said = [one for each in ROADMAPS for one in job.replayed(each, "open", f"open.{net}")]

    assert said
    assert {(one["token_fitness"], one["fitness"]) for one in said} == {(1.0, 1.0)}


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("roadmap", ROADMAPS)
def test_every_planted_deviation_is_found_where_it_is_and_named(
    job: Job, roadmap: str, net: str
) -> None:
    said = job.replayed(roadmap, "planted", f"finished.{net}")
    unlawful = {one.case: one for one in job.planted[roadmap] if not one.lawful}
    found = {one["case"]: one for one in said if one["token_fitness"] < 1 and one["fitness"] < 1}

    assert found.keys() == unlawful.keys()
    for case, planted in unlawful.items():
        named = {move["activity"] for move in found[case]["moves"]}
        assert named & set(planted.names), (case, found[case], planted)


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("roadmap", ROADMAPS)
def test_what_states_allow_fits_although_it_was_planted(job: Job, roadmap: str, net: str) -> None:
    said = job.replayed(roadmap, "planted", f"finished.{net}")
    lawful = {one.case for one in job.planted[roadmap] if one.lawful}

    assert {one["case"] for one in said if one["fitness"] == 1.0} == lawful


def test_deviations_of_every_kind_were_planted(job: Job) -> None:
    kinds = Counter(one.kind for each in job.planted.values() for one in each if not one.lawful)

    assert set(kinds) == {"skip", "insert", "swap"}
    assert min(kinds.values()) >= 20, kinds


@pytest.mark.parametrize("form", ["json", "sqlite"])
def test_the_object_log_holds_every_history_along_its_participation(job: Job, form: str) -> None:
    said = job.verdict["objects"][form]
    words = {
        f"participation/{school}": word
        for each in job.words.values()
        for school, word in each.items()
    }

    assert said["words"] == words
    assert said["events"] == sum(map(len, words.values()))


@pytest.mark.parametrize("form", ["json", "sqlite"])
def test_no_object_is_lost_on_the_way_into_the_miner(job: Job, form: str) -> None:
    said = job.verdict["objects"][form]
    written = json.loads((job.folder / "all.ocel.json").read_text("utf-8"))

    assert said["objects"] == Counter(one["type"] for one in written["objects"])
    assert said["objects"]["school"] == EACH * len(ROADMAPS)
    assert said["objects"]["programme"] == 1
    assert said["relations"] == sum(len(one["relationships"]) for one in written["events"])
    assert said["between_objects"] == sum(len(one["relationships"]) for one in written["objects"])
    assert said["changes"] > said["objects"]["participation"]
