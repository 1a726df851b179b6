"""Bundles whose records have a form or a place that no record has, and what an auditor brings."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lifecycle.audit import standalone
from lifecycle.audit.note import origin_line
from lifecycle.domain import canonical
from lifecycle.domain.record import genesis_hash, record_hash
from tests.audit.breaking_in import MAP, SCHOOL, STREAM, Body, of
from tests.audit.bundles import KEY, SIGNER, Files, changed, continued, sign, told, write
from tests.audit.signing import Signer
from tests.factories import ADMIN, ORIGIN


@pytest.fixture(scope="module")
def made(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with a checkpoint of an earlier key, and its bundle without a key."""
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("forms") / "copy"))
    with continued(folder) as engine:
        (folder / "former").write_text(sign(engine, FORMER), "utf-8")
        engine.add_actor("late", actor=ADMIN)
        sign(engine)
        write(engine, folder / "whole.zip")
        write(engine, folder / "school.zip", schools=(SCHOOL,))
    return folder


FORMER = Signer(origin_line(ORIGIN), 2)


@pytest.fixture
def whole(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made / "whole.zip", tmp_path))


def forged(path: Path, change: Callable[[list[Body]], object]) -> Path:
    """Change the records of a bundle and cover every track, as whoever has the log's key can."""

    def rewrite(files: Files) -> None:
        bodies = [json.loads(line) for line in files["records.jsonl"].splitlines()]
        known = {one["request"] for one in bodies}
        change(bodies)
        heads: dict[str, tuple[int, str]] = {}
        tree, lines = standalone.Tree(), b""
        for body in bodies:
            stream = body["stream"]
            version, link = heads.get(stream, (0, genesis_hash(ORIGIN, stream)))
            body |= {"sequence": version + 1, "previous": link}
            if body["request"] in known and body["kind"] in standalone.FORMS:
                asked = [standalone.asked(body, day) for day in (None, body["effective_on"])]
                body["request"] = body["request"] if body["request"] in asked else asked[1]
            line = standalone.canonical(body)
            heads[stream] = version + 1, record_hash(line)
            tree.add(standalone.sha(b"\0", line))
            lines += line + b"\n"
        about = json.loads(files["bundle.json"]) | {"size": tree.size}
        files["bundle.json"], files["records.jsonl"] = canonical.encode(about), lines
        files["checkpoint"] = SIGNER.checkpoint(tree.size, tree.root()).encode()
        for name in [one for one in files if one.startswith("checkpoints/")]:
            del files[name]

    return changed(path, rewrite)


def test_the_history_written_anew_without_a_change_is_sound(whole: Path) -> None:
    assert told(forged(whole, lambda bodies: None))[0] == 0


def act_on_activity(bodies: list[Body], stream: str, **facts: object) -> Body:
    """An act that would be lawful, but for what is to be tried with it."""
    rules = of(bodies, "confirm_stage_1")["definition"]
    given = next(
        one for one in bodies if one["kind"] == "role_assigned" and one["stream"] == stream
    )
    body = copy.deepcopy(bodies[-1])
    body |= {
        "stream": stream, "kind": "activity_begun", "definition": rules, "record_id": "x",
        "command_id": "x", "consulted": {"installation": 3}, "evidence": [], "comment": None,
        "requirements": ["role", "date", "authentication", "activity"],
        "facts": {"activity": "1.2", "occurrence": None, "postponed_to": None, "counts": {}},
    }  # fmt: skip
    body["actor"] |= {
        "id": given["facts"]["actor"],
        "role": given["facts"]["role"],
        "assignment": given["record_id"],
    }
    body["facts"] |= facts
    return body


def test_an_act_on_an_activity_has_no_place_in_a_school_s_stream(whole: Path) -> None:
    path = forged(whole, lambda bodies: bodies.append(act_on_activity(bodies, STREAM)))

    code, verdict = told(path)

    assert code == 6
    assert next(one["text"] for one in verdict["findings"]) == "it is out of place"


def test_what_a_member_spells_hides_no_record_of_a_shared_stream(whole: Path) -> None:
    def change(bodies: list[Body]) -> None:
        place = next(n for n, one in enumerate(bodies) if one["kind"] == "role_revoked")
        hidden = act_on_activity(bodies, MAP, counts={"stream": "participation/"})
        hidden["recorded_at"] = bodies[place]["recorded_at"]
        hidden["effective_on"] = bodies[place]["effective_on"]
        bodies.insert(place, hidden)

    code, verdict = told(forged(whole, change))

    assert code == 6
    assert "counts is no such value" in [one["text"] for one in verdict["findings"]]


@pytest.mark.parametrize("name", ["dated", "form_", "title"])
def test_a_piece_of_evidence_has_no_member_too_many(whole: Path, name: str) -> None:
    def change(bodies: list[Body]) -> None:
        pieces = [one for body in bodies for one in body["evidence"]]
        piece = next(one for one in pieces if one["form"] == "reference")
        piece[name], piece["date"] = piece["date"], "1999-01-01"

    code, verdict = told(forged(whole, change))

    assert code == 6
    assert "it has not the members of reference" in [one["text"] for one in verdict["findings"]]


def test_the_third_record_makes_the_founder_an_administrator(whole: Path) -> None:
    def change(bodies: list[Body]) -> None:
        del bodies[3:]
        bodies[2]["facts"]["role"] = "auditor"

    code, verdict = told(forged(whole, change))

    assert code == 6
    assert [one["place"] for one in verdict["findings"]] == ["installation#3"]


@pytest.mark.parametrize(
    "members", [{"size": 5}, {"evidence": 77}, {"findings": "0"}, {"origin": "x"}, {"more": 1}]
)
def test_a_bundle_tells_the_truth_of_itself(whole: Path, members: Body) -> None:
    def change(files: Files) -> None:
        about = json.loads(files["bundle.json"]) | members
        files["bundle.json"] = canonical.encode(about)

    code, verdict = told(changed(whole, change), "--key", FORMER.key.text)

    assert code == 6
    assert [one["place"] for one in verdict["findings"]] == ["bundle.json"]


def test_without_any_key_it_is_said_that_one_is_needed_and_nothing_else(made: Path) -> None:
    code, verdict = told(made / "school.zip", "--school", SCHOOL, key=None)

    assert (code, verdict["findings"]) == (8, [])
    (doubt,) = verdict["doubts"]
    assert "--key" in doubt


def test_after_a_change_of_the_key_both_keys_are_given(made: Path, tmp_path: Path) -> None:
    both = tmp_path / "log+keys"
    both.write_text(f"{FORMER.key.text}\n\n{KEY}\r\n", "utf-8")
    words = ("--checkpoint", str(made / "former"))

    assert told(made / "whole.zip", *words, key=str(both))[0] == 0
    assert told(made / "whole.zip", *words, "--key", FORMER.key.text)[0] == 0
    code, verdict = told(made / "whole.zip", *words)
    assert code == 6
    assert {one["place"] for one in verdict["findings"]} == {words[1], "checkpoints/1"}


def test_a_bundle_can_bear_both_keys(made: Path) -> None:
    def change(files: Files) -> None:
        files["log.key"] = f"{KEY}\n{FORMER.key.text}\n".encode()

    assert told(changed(made / "whole.zip", change), key=None)[0] == 0


@pytest.mark.parametrize("around", [("", ""), ("\n\n", "\n\n"), ("\ufeff", "\r\n")])
def test_a_kept_checkpoint_may_have_empty_lines_around(
    made: Path, tmp_path: Path, around: tuple[str, str]
) -> None:
    kept = (made / "former").read_text("utf-8").strip("\n")
    (tmp_path / "kept").write_text(kept.join(around), "utf-8")

    words = ("--checkpoint", str(tmp_path / "kept"), "--key", FORMER.key.text)
    assert told(made / "whole.zip", *words)[0] == 0


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\n\n", b"no key", b"\x00" * 9])
@pytest.mark.parametrize("option", ["--key", "--checkpoint"])
def test_a_file_that_holds_nothing_of_use_is_named(
    whole: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    content: bytes,
) -> None:
    (tmp_path / "file+x").write_bytes(content)
    for path in (str(tmp_path / "file+x"), "/dev/null", str(tmp_path), "missing+x"):
        with pytest.raises(SystemExit) as end:
            standalone.main([str(whole), option, path])

        said = capsys.readouterr().err
        assert end.value.code == 2
        assert path in said
        assert len([line for line in said.splitlines() if "error" in line]) == 1
