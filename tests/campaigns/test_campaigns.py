"""The campaigns in a reduced form: whatever they try is found, and nothing forged is believed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns import bitflips, malformed, mutants, mutating


def test_flipped_bits_are_found_where_they_are(tmp_path: Path) -> None:
    tally = bitflips.sample(tmp_path, 300, 1, rate=10**9)

    assert (tally.missed, tally.apart) == ([], [])
    assert sum(tally.judged.values()) == 300


def test_malformed_inputs_are_refused_in_words() -> None:
    campaign = malformed.run(600, 1)

    assert campaign.failed == []
    assert set(campaign.tried) >= {"bundles", "keys", "notes", "records"}


@pytest.mark.parametrize("module", mutants.GROUP_OF)
def test_every_module_that_proves_has_mutants_which_are_other_programs(module: str) -> None:
    every = mutating.mutants(mutants.path_of(module))
    sound = ast.dump(ast.parse((mutating.ROOT / mutants.path_of(module)).read_text("utf-8")))

    assert len({mutants.key_of(one) for one in every}) > 10
    for mutant in every[:: len(every) // 3]:
        tree = mutating.changed(mutant)
        compile(tree, mutant.module, "exec")
        assert ast.dump(tree) != sound


def test_what_is_said_to_be_equivalent_is_still_a_mutant() -> None:
    for module, source, what in mutants.EQUIVALENT:
        every = mutating.mutants(mutants.path_of(module))

        assert (source, what) in {(one.source, one.what) for one in every}


def test_the_tests_that_have_to_notice_mutants_are_there() -> None:
    assert [path for path in mutants.tests_of([*mutants.GROUP_OF]) if not Path(path).exists()] == []


def test_a_module_that_is_loaded_anew_works_as_before_but_for_the_change() -> None:
    """Else every change of what is done once would be noticed, whatever it is."""
    text = (
        "from lifecycle.audit import bundle; from tests.campaigns import mutating as m;"
        "path = 'lifecycle/audit/bundle.py'; alive = m.functions([path]);"
        "(one,) = [one for one in m.mutants(path) if one.source.startswith('_STEP')];"
        "m.install(one, alive, anew=True); print(bundle._STEP, bundle.Choice())"
    )
    command = [sys.executable, "-c", text]
    end = subprocess.run(command, cwd=mutating.ROOT, capture_output=True, text=True, check=False)

    assert end.stdout.startswith("11 Choice(schools=None, evidence=False,"), end.stderr


def test_mutants_of_the_tiles_are_noticed() -> None:
    command = [sys.executable, "-m", "tests.campaigns.mutants"]
    options = ["--module", "tiles", "--sample", "8", "--json"]
    run = subprocess.run([*command, *options], cwd=mutating.ROOT, capture_output=True, check=False)
    report = json.loads(run.stdout)

    assert report["scores"]["proof"]["tried"] == 8
    assert report["survivors"] == [], run.stderr
    assert (run.returncode, report["score"]) == (0, 100.0)
