"""Bundles made to deceive, to hang or to garble, and machines that lack something."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lifecycle.audit import standalone
from lifecycle.audit.note import origin_line
from lifecycle.domain import canonical
from tests.audit.breaking_in import SCHOOL
from tests.audit.bundles import KEY, SIGNER, Files, alone, changed, continued, sign, told, write
from tests.audit.signing import Signer
from tests.factories import ORIGIN

OTHER = "ilyinskoye"


@pytest.fixture(scope="module")
def made(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with two checkpoints, and its bundles."""
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("hostile") / "copy"))
    with continued(folder) as engine:
        (folder / "kept").write_text(sign(engine), "utf-8")
        write(engine, folder / "whole.zip", keys=(SIGNER.key,))
        write(engine, folder / "school.zip", schools=(SCHOOL,))
        write(engine, folder / "both.zip", schools=(SCHOOL, OTHER))
    return folder


@pytest.fixture
def whole(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made / "whole.zip", tmp_path))


def without(files: Files, *, stream: str, after: int = 0) -> None:
    """Leave records of a stream out of a bundle of some schools, with their proofs."""
    lines = files["records.jsonl"].splitlines(keepends=True)
    places = sorted((one for one in files if one.startswith("proofs/")), key=lambda n: int(n[7:]))
    kept = []
    for name, line in zip(places, lines, strict=True):
        body = json.loads(line)
        if body["stream"] == stream and body["sequence"] > after:
            del files[name]
        else:
            kept.append(line)
    files["records.jsonl"] = b"".join(kept)


def about(files: Files, **members: Any) -> None:
    files["bundle.json"] = canonical.encode({**json.loads(files["bundle.json"]), **members})


def test_a_partial_bundle_is_sound_only_to_whoever_names_its_schools(made: Path) -> None:
    code, verdict = told(made / "school.zip")
    assert (code, verdict["verdict"], verdict["findings"]) == (8, "not verified", [])
    assert SCHOOL in verdict["doubts"][0]

    end = alone(made, "school.zip", "--key", KEY, "--school", SCHOOL)
    assert end.returncode == 0
    assert re.search(r"^NOTE PARTIAL: \d+ of \d+ records; nothing is said of the other", end.stdout,
                     re.MULTILINE)  # fmt: skip
    assert end.stdout.splitlines()[-1].startswith("sound as far as it goes: ")


@pytest.mark.parametrize("words", [(), (SCHOOL,), (OTHER,), (SCHOOL, OTHER, "third")])
def test_other_schools_than_those_named_are_not_verified(made: Path, words: tuple[str]) -> None:
    named = [part for one in words for part in ("--school", one)]

    assert told(made / "both.zip", *named)[0] == 8
    assert told(made / "both.zip", "--school", OTHER, "--school", SCHOOL)[0] == 0


def test_a_school_that_a_whole_bundle_lacks_is_not_verified(made: Path) -> None:
    assert told(made / "whole.zip", "--school", SCHOOL)[0] == 0
    assert told(made / "whole.zip", "--school", "third")[0] == 8


def test_a_school_left_out_of_a_partial_bundle_is_found(made: Path) -> None:
    path = changed(made / "both.zip", lambda files: without(files, stream=f"participation/{OTHER}"))

    code, verdict = told(path, "--school", SCHOOL)

    assert code == 6
    assert [one["place"] for one in verdict["findings"]] == ["bundle.json"]


def test_a_bundle_of_nothing_is_refused(made: Path) -> None:
    def change(files: Files) -> None:
        for name in [one for one in files if one.startswith("proofs/")]:
            del files[name]
        files["records.jsonl"] = b""

    code, verdict = told(changed(made / "school.zip", change), "--school", SCHOOL)

    assert code == 6
    assert {one["place"] for one in verdict["findings"]} == {"records.jsonl", "bundle.json"}


def test_a_tail_cut_off_a_partial_bundle_is_told_to_be_possible(made: Path) -> None:
    # No hash tells of which stream a record is: the words say so, as docs/audit.md does.
    stream = f"participation/{SCHOOL}"
    path = changed(made / "school.zip", lambda files: without(files, stream=stream, after=5))

    assert told(path)[0] == 8
    code, verdict = told(path, "--school", SCHOOL)
    assert (code, verdict["verdict"]) == (0, "sound as far as it goes")
    assert "nor of later ones of these streams" in verdict["notes"][-1]


def test_a_bundle_of_another_format_is_not_verified(whole: Path) -> None:
    change = changed(whole, lambda files: about(files, format="school-lifecycle/bundle/2"))

    assert told(change)[0] == 8


def test_what_the_office_itself_found_is_told_loudly(whole: Path) -> None:
    code, verdict = told(changed(whole, lambda files: about(files, findings=7)))

    assert code == 0
    assert "THE OFFICE ITSELF HAD 7 FINDINGS" in verdict["notes"]


def test_lines_without_end_are_not_read_to_their_end(whole: Path) -> None:
    begun = time.monotonic()
    path = changed(whole, lambda files: files.update({"records.jsonl": b"\n" * 50_000_000}))
    made_in = time.monotonic() - begun

    code, verdict = told(path)

    assert code in (6, 8)
    assert verdict["verdict"] != "sound"
    assert time.monotonic() - begun < made_in + 30


def bomb(files: Files) -> None:
    for number in range(3):
        data = bytes([number]) * (1 << 26)
        files[f"evidence/{hashlib.sha256(data).hexdigest()}"] = data


def many_checkpoints(files: Files) -> None:
    files.update({f"checkpoints/{number}": files["checkpoint"] for number in range(1, 5000)})


@pytest.mark.parametrize("change", [bomb, many_checkpoints])
def test_what_inflates_beyond_measure_is_not_read(whole: Path, change: Any) -> None:
    code, verdict = told(changed(whole, change))

    assert (code, verdict["findings"]) == (8, [])
    assert "beyond measure" in verdict["doubts"][0]


def test_a_definition_is_no_longer_than_the_package_s(whole: Path) -> None:
    data = b"[" + b"0," * (canonical.MAX_DEFINITION_BYTES // 2) + b"0]"
    name = f"definitions/{hashlib.sha256(data).hexdigest()}"

    code, verdict = told(changed(whole, lambda files: files.update({name: data})))

    assert code == 6
    assert [one["place"] for one in verdict["findings"]] == [name]
    assert "too long" in verdict["findings"][0]["text"]


def test_bodies_are_as_long_as_the_package_s() -> None:
    fits = canonical.encode("x" * (canonical.MAX_BODY_BYTES - 2))

    assert standalone.value_from(fits) == canonical.decode(fits)
    with pytest.raises(ValueError, match="too long"):
        standalone.value_from(fits[:-1] + b'x"')


def test_a_key_signs_once(whole: Path) -> None:
    text = SIGNER.checkpoint(1, bytes(32))
    again = f"{text}{text.splitlines()[-1]}\n"
    key = standalone.key_from(KEY)

    assert standalone.checkpoint_from(text, [key]) == (1, bytes(32))
    with pytest.raises(ValueError, match="not signed"):
        standalone.checkpoint_from(again, [key])


@pytest.mark.parametrize("form", ["\ufeff{}", "{}\n\n", "crlf"])
def test_a_kept_checkpoint_may_have_gone_through_an_editor(
    made: Path, tmp_path: Path, form: str
) -> None:
    note = (made / "kept").read_text("utf-8")
    text = note.replace("\n", "\r\n") if form == "crlf" else form.format(note)
    (tmp_path / "kept").write_bytes(text.encode())

    assert told(made / "whole.zip", "--checkpoint", str(tmp_path / "kept"))[0] == 0


def test_a_file_that_is_no_checkpoint_is_wrong_use(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        standalone.main([str(made / "whole.zip"), "--checkpoint", str(Path(__file__))])

    assert end.value.code == 2
    assert "invalid checkpoint value" in capsys.readouterr().err


def test_the_order_of_the_keys_does_not_matter(made: Path) -> None:
    stranger = Signer("school-lifecycle/other", 3)

    for keys in ([KEY, stranger.key.text], [stranger.key.text, KEY]):
        code, verdict = told(made / "whole.zip", "--key", keys[1], key=keys[0])
        assert (code, verdict["origin"]) == (0, origin_line(ORIGIN))


def test_a_checkpoint_of_another_log_is_a_finding_whatever_its_root(
    made: Path, tmp_path: Path
) -> None:
    stranger = Signer("school-lifecycle/other", 3)
    (tmp_path / "kept").write_text(stranger.checkpoint(0, standalone.sha()), "utf-8")

    code, verdict = told(
        made / "whole.zip", "--key", stranger.key.text, "--checkpoint", str(tmp_path / "kept")
    )

    assert code == 6
    assert "another log" in verdict["findings"][0]["text"]


def garbled(files: Files) -> None:
    lines = files["records.jsonl"].splitlines()
    body = json.loads(lines[20])
    body["stream"] = "participation/x\x1b[2Jé\nsound: all records"
    lines[20] = canonical.encode(body)
    files["records.jsonl"] = b"\n".join(lines) + b"\n"


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_words_of_a_stranger_move_no_cursor(whole: Path, tmp_path: Path, locale: str) -> None:
    path = changed(whole, garbled)
    command = [sys.executable, "-I", standalone.__file__, str(path), "--key", KEY]
    environment = {"LC_ALL": locale, "PYTHONUTF8": "0"}

    for words in ([], ["--json"]):
        end = subprocess.run([*command, *words], capture_output=True, check=False, env=environment)
        assert (end.returncode, end.stderr) == (6, b"")
        assert re.fullmatch(rb"[ -~\n]+", end.stdout)
        assert b"\nsound" not in end.stdout


def test_a_verdict_that_cannot_be_told_is_none(made: Path) -> None:
    command = [sys.executable, "-I", standalone.__file__, "whole.zip", "--key", KEY]
    with Path("/dev/full").open("w") as full:
        end = subprocess.run(
            command, cwd=made, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert end.returncode == 8
    assert end.stderr.startswith("the verdict cannot be told")
    assert "Traceback" not in end.stderr


def test_a_full_disk_is_told_where_there_is_room(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails, too
    monkeypatch.setattr(sys, "stdout", full)
    code = standalone.main([str(made / "whole.zip"), "--key", KEY])
    with contextlib.suppress(OSError):
        full.close()

    assert code == 8
    assert "the verdict cannot be told" in capsys.readouterr().err


def test_nobody_reads_any_more(made: Path) -> None:
    command = [sys.executable, "-I", standalone.__file__, "whole.zip", "--key", KEY]
    process = subprocess.Popen(command, cwd=made, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    words = process.stderr.read()
    process.stderr.close()

    assert process.wait() == 8
    assert b"Traceback" not in words
    assert b"Exception" not in words


def test_without_time_zones_nothing_is_verified(made: Path) -> None:
    program = (
        "import runpy, sys, zoneinfo\n"
        "sys.modules['tzdata'] = None\n"
        "zoneinfo.reset_tzpath(to=[])\n"
        f"sys.argv = ['verify.py', 'whole.zip', '--key', {KEY!r}]\n"
        f"runpy.run_path({standalone.__file__!r}, run_name='__main__')\n"
    )
    end = subprocess.run(
        [sys.executable, "-c", program], cwd=made, capture_output=True, text=True, check=False
    )

    assert end.returncode == 8
    assert "FINDING" not in end.stdout
    assert "No time zone found" in end.stdout


def test_an_archive_is_read_as_far_as_it_says(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("checkpoint", b"x" * 1000)
    data = (tmp_path / "x.zip").read_bytes()
    size = (1000).to_bytes(4, "little")
    (tmp_path / "x.zip").write_bytes(data.replace(size, (10).to_bytes(4, "little")))

    try:
        found = standalone.Archive(str(tmp_path / "x.zip")).read("checkpoint")
    except (OSError, zipfile.BadZipFile):
        found = b""
    assert len(found) <= 10
