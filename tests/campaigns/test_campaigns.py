"""The campaigns in a reduced form: whatever they try is found, and nothing forged is believed."""

from __future__ import annotations

from pathlib import Path

from tests.campaigns import bitflips, malformed, mutants


def test_flipped_bits_are_found_where_they_are(tmp_path: Path) -> None:
    campaign = bitflips.run(tmp_path, 400, 1)

    assert campaign.missed == []
    assert sum(campaign.judged.values()) == 400


def test_malformed_inputs_are_refused_in_words() -> None:
    campaign = malformed.run(600, 1)

    assert campaign.failed == []
    assert set(campaign.tried) >= {"bundles", "keys", "notes", "records"}


def test_every_module_that_proves_has_mutants() -> None:
    for module in mutants.MODULES:
        first = next(mutants.mutants(module))

        compile(first.text, module, "exec")
        assert first.text != (mutants.ROOT / module).read_text("utf-8")
