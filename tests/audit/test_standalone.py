"""The verifier that stands alone, on bundles as they are and as somebody changed them."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lifecycle.audit import standalone
from lifecycle.audit.note import origin_line
from tests.audit.breaking_in import SCHOOL
from tests.audit.bundles import (
    KEY,
    SIGNER,
    Files,
    alone,
    bundle_of,
    changed,
    continued,
    sign,
    told,
    write,
)
from tests.audit.signing import Signer
from tests.factories import ADMIN, ORIGIN


@pytest.fixture(scope="module")
def grown(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with three checkpoints, and its bundles: the whole, and that of one school."""
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("grown") / "copy"))
    with continued(folder) as engine:
        (folder / "first").write_text(sign(engine), "utf-8")
        engine.add_actor("late", actor=ADMIN)
        (folder / "second").write_text(sign(engine), "utf-8")
        engine.add_actor("later", actor=ADMIN)
        sign(engine)
        engine.add_actor("latest", actor=ADMIN)
        write(engine, folder / "whole.zip", keys=(SIGNER.key,), evidence=True)
        write(engine, folder / "school.zip", schools=(SCHOOL,))
    return folder


@pytest.fixture
def whole(grown: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(grown / "whole.zip", tmp_path))


@pytest.fixture
def school(grown: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(grown / "school.zip", tmp_path))


def test_a_stranger_verifies_a_bundle_without_our_package(grown: Path) -> None:
    end = alone(grown, "whole.zip", "--key", KEY, "--checkpoint", "first")

    assert (end.returncode, end.stderr) == (0, "")
    assert f"{SCHOOL}: stage_2_monitoring, version 13" in end.stdout
    assert end.stdout.splitlines()[-1] == f"sound: 40 records of {origin_line(ORIGIN)}"


def test_a_stranger_sees_what_was_changed(grown: Path, whole: Path) -> None:
    def change(files: Files) -> None:
        files["records.jsonl"] = files["records.jsonl"].replace(b'"low_equip', b'"low_equik', 1)

    end = alone(grown, str(changed(whole, change)), "--key", KEY)

    assert (end.returncode, end.stderr) == (6, "")
    assert "FINDING checkpoint: it is of other records" in end.stdout
    assert f"FINDING participation/{SCHOOL}#" in end.stdout


def test_the_verdict_is_told_as_json(grown: Path) -> None:
    end = alone(grown, "school.zip", "--key", KEY, "--school", SCHOOL, "--json")

    verdict = json.loads(end.stdout)
    assert (end.returncode, verdict["findings"], verdict["partial"]) == (0, [], True)
    assert verdict["verdict"] == "sound as far as it goes"
    assert verdict["schools"] == {SCHOOL: ["stage_2_monitoring", 13]}
    assert verdict["size"] == 40


def test_a_key_that_came_with_the_bundle_is_told_of_loudly(whole: Path) -> None:
    code, verdict = told(whole, key=None)

    assert code == 0
    assert verdict["notes"][0].startswith("THE KEY CAME WITH THE BUNDLE")


def test_a_key_can_lie_in_a_file(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "log.vkey").write_text(f"{KEY}\n", "utf-8")

    assert told(whole, key=str(tmp_path / "log.vkey"))[0] == 0


def test_a_school_s_bundle_holds_no_other_school(school: Path) -> None:
    with zipfile.ZipFile(school) as archive:
        records = archive.read("records.jsonl")

    assert f'"stream":"participation/{SCHOOL}"'.encode() in records
    assert b'"stream":"participation/ilyinskoye"' not in records


@pytest.mark.parametrize("bundle", ["whole.zip", "school.zip"])
@pytest.mark.parametrize("kept", ["first", "second"])
def test_a_checkpoint_that_the_auditor_kept_is_compared(
    grown: Path, bundle: str, kept: str
) -> None:
    words = ("--checkpoint", str(grown / kept), "--school", SCHOOL)
    assert told(grown / bundle, *words)[0] == 0


@pytest.mark.parametrize("bundle", ["whole.zip", "school.zip"])
def test_a_checkpoint_of_another_history_is_a_finding(
    grown: Path, tmp_path: Path, bundle: str
) -> None:
    for size in (0, 38, 39, 40, 41):
        (tmp_path / "split").write_text(SIGNER.checkpoint(size, bytes(32)), "utf-8")

        code, verdict = told(grown / bundle, "--checkpoint", str(tmp_path / "split"))

        assert code == 6, size
        assert [one["place"] for one in verdict["findings"]] == [str(tmp_path / "split")]


def test_a_checkpoint_that_nobody_proves_the_growth_from_is_not_verified(
    grown: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text(SIGNER.checkpoint(17, bytes(32)), "utf-8")

    words = ("--checkpoint", str(tmp_path / "mine"), "--school", SCHOOL)
    code, verdict = told(grown / "school.zip", *words)

    assert (code, verdict["verdict"]) == (8, "not verified")
    assert verdict["doubts"] == [f"{tmp_path / 'mine'}: ask for a bundle that has growth/17"]


def test_the_growth_from_a_checkpoint_of_the_auditor_is_proved_where_he_asks(
    original: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(original, tmp_path / "copy"))
    with continued(folder) as engine:
        mine = sign(engine)
        engine.add_actor("late", actor=ADMIN)
        sign(engine)
    # He kept it, and the database lost it.
    path = bundle_of(folder, resign=False, schools=(SCHOOL,), since=(mine, "no checkpoint"))
    (tmp_path / "mine").write_text(mine, "utf-8")

    words = ("--checkpoint", str(tmp_path / "mine"), "--school", SCHOOL)
    assert told(path, *words)[0] == 0


@pytest.mark.parametrize(
    ("signer", "told_of"),
    [
        (Signer(origin_line(ORIGIN), 2), "not signed by a key"),
        (Signer("school-lifecycle/other"), "not signed by a key of school-lifecycle/other"),
    ],
)
def test_a_checkpoint_by_another_key_is_a_finding(
    whole: Path, tmp_path: Path, signer: Signer, told_of: str
) -> None:
    (tmp_path / "theirs").write_text(signer.checkpoint(40, bytes(32)), "utf-8")

    code, verdict = told(whole, "--checkpoint", str(tmp_path / "theirs"))

    assert code == 6
    assert told_of in verdict["findings"][0]["text"]


def test_an_earlier_key_of_the_log_is_believed_if_the_auditor_does(
    whole: Path, tmp_path: Path
) -> None:
    former = Signer(origin_line(ORIGIN), 2)
    lines = whole.read_bytes()
    tree = standalone.Tree()
    (tmp_path / "former").write_text(former.checkpoint(0, tree.root()), "utf-8")

    code, _ = told(whole, "--checkpoint", str(tmp_path / "former"), "--key", former.key.text)

    assert (code, whole.read_bytes()) == (0, lines)


def lines_of(files: Files) -> list[bytes]:
    return files["records.jsonl"].splitlines(keepends=True)


def flip(name: str, at: int = 40) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        found = next(one for one in sorted(files) if one.startswith(name))
        content = bytearray(files[found])
        content[at] ^= 1
        files[found] = bytes(content)

    return change


def drop(files: Files) -> None:
    files["records.jsonl"] = b"".join(lines_of(files)[:-1])


def drop_inside(files: Files) -> None:
    lines = lines_of(files)
    del lines[20]
    files["records.jsonl"] = b"".join(lines)


def swap(files: Files) -> None:
    lines = lines_of(files)
    lines[20], lines[21] = lines[21], lines[20]
    files["records.jsonl"] = b"".join(lines)


def double(files: Files) -> None:
    files["records.jsonl"] = b"".join([*lines_of(files), lines_of(files)[20]])


def unended(files: Files) -> None:
    files["records.jsonl"] = files["records.jsonl"][:-1]


def long_line(files: Files) -> None:
    files["records.jsonl"] += b" " * (1 << 17) + b"\n"


def noise(files: Files) -> None:
    files["records.jsonl"] += b"[]\n" * 1100


def older_checkpoint(files: Files) -> None:
    files["checkpoint"] = files["checkpoints/1"]


def without(name: str) -> Callable[[Files], object]:
    return lambda files: files.pop(next(one for one in sorted(files) if one.startswith(name)))


def added(name: str) -> Callable[[Files], object]:
    return lambda files: files.update({name: b"x"})


CHANGES = [
    (flip("records.jsonl"), "record 1"),
    (flip("checkpoint"), "bundle"),
    (flip("checkpoints/1"), "checkpoints/1"),
    (flip("definitions/"), "definitions/"),
    (flip("evidence/"), "evidence/"),
    (flip("bundle.json", 0), "bundle"),
    (drop, "records.jsonl"),
    (drop_inside, "records.jsonl"),
    (swap, "checkpoint"),
    (double, "records.jsonl"),
    (unended, "records.jsonl"),
    (long_line, "records.jsonl"),
    (noise, "records.jsonl"),
    (older_checkpoint, "records.jsonl"),
    (without("checkpoint"), "bundle"),
    (without("records.jsonl"), "records.jsonl"),
    (without("definitions/"), "roadmap/"),
    (added("evil.py"), "bundle"),
    (added("records.jsonl#"), "bundle"),
    (added("../records.jsonl"), "bundle"),
]


@pytest.mark.parametrize("name", ["proofs/0", "growth/1"])
def test_a_proof_in_a_whole_bundle_where_nothing_asks_for_any_is_found(
    whole: Path, name: str
) -> None:
    code, verdict = told(changed(whole, lambda files: files.update({name: b"junk"})))

    finding = {"place": "bundle.json", "text": "proofs to spare"}
    assert (code, verdict["findings"]) == (6, [finding])


@pytest.mark.parametrize(("change", "where"), CHANGES)
def test_whatever_is_changed_in_a_bundle_is_found(
    whole: Path, change: Callable[[Files], object], where: str
) -> None:
    code, verdict = told(changed(whole, change))

    assert code == 6
    found = [one["place"] for one in verdict["findings"]]
    assert any(place.startswith(where) for place in found), verdict["findings"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (flip("proofs/10"), "record "),
        (flip("proofs/10", 28), "record "),
        (flip("growth/38"), "checkpoints/1"),
        (without("proofs/10"), "records.jsonl"),
        (drop, "records.jsonl"),
        (swap, "record "),
        (lambda files: files.update({"proofs/10": files["proofs/11"]}), "record "),
        (lambda files: files.update({"growth/38": files["growth/39"]}), "checkpoints/1"),
    ],
)
def test_whatever_is_changed_in_the_bundle_of_a_school_is_found(
    school: Path, change: Callable[[Files], object], where: str
) -> None:
    code, verdict = told(changed(school, change))

    assert code == 6
    found = [one["place"] for one in verdict["findings"]]
    assert any(place.startswith(where) for place in found), verdict["findings"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_bundle_is_not_verified(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)

    code, verdict = told(tmp_path / "x.zip")

    assert code in (6, 8)
    assert verdict["verdict"] != "sound"


def test_half_a_bundle_is_not_verified(whole: Path) -> None:
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])

    assert told(whole)[0] == 8


@pytest.mark.parametrize(
    "words",
    [
        ["--key", "school-lifecycle/x+00000000+AAAA"],
        ["--key", "nowhere"],
        ["--checkpoint", "nowhere"],
    ],
)
def test_a_key_or_a_checkpoint_that_is_none_is_wrong_use(
    whole: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        standalone.main([str(whole), *words])

    assert end.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_verdict_in_words_names_every_finding_and_doubt(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = standalone.main([str(tmp_path), "--key", KEY])

    said = capsys.readouterr().out
    assert code == 8
    assert "NOT VERIFIED it cannot be verified: IsADirectoryError" in said
    assert said.splitlines()[-1].startswith("not verified")


def test_a_guard_in_python_is_counted_and_not_asked() -> None:
    history = standalone.History("origin", {})
    stream = history.stream("participation/x")
    body = {"facts": {}, "actor": {"id": "a", "on_behalf_of": None}}

    fits = history.met({"type": "registered", "name": "own"}, body, stream, [])

    assert (fits, history.unmade) == (True, 1)
    assert standalone.label({"type": "registered", "name": "own"}) == "registered/own"


def test_it_is_shorter_than_500_lines() -> None:
    text = Path(standalone.__file__).read_text("utf-8")

    assert len(text.splitlines()) < 500
    assert max(map(len, text.splitlines())) <= 100
