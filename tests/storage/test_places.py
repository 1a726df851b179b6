"""Places for checkpoints: real folders and real repositories, and what goes wrong in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lifecycle.audit.note import Checkpoint, origin_line
from lifecycle.domain.errors import Conflict
from lifecycle.domain.errors_log import ExportFailed, PlaceFailed
from lifecycle.storage.places import Folder, GitRepository
from lifecycle.storage.static_folder import StaticFolder
from tests.audit.signing import Signer
from tests.storage.samples import ORIGIN

LOG = Signer(origin_line(ORIGIN))
NEW = Signer(origin_line(ORIGIN), 7)
FIVE = Checkpoint(origin_line(ORIGIN), 5, bytes(32))
NOTE = LOG.checkpoint(5, bytes(32))


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@localhost", *words],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    return tmp_path


def test_a_checkpoint_is_written_once_and_is_the_latest(tmp_path: Path) -> None:
    first = Folder(tmp_path).put(FIVE, NOTE)
    at = first.stat().st_mtime_ns
    again = Folder(tmp_path).put(FIVE, NOTE)

    assert (again, again.stat().st_mtime_ns) == (first, at)
    assert sorted(one.name for one in tmp_path.iterdir()) == [first.name, "latest"]
    assert [one.text for one in Folder(tmp_path).notes()] == [NOTE, NOTE]


def test_a_new_key_signs_the_same_log_into_a_file_of_its_own(tmp_path: Path) -> None:
    old = Folder(tmp_path).put(FIVE, NOTE)
    new = Folder(tmp_path).put(FIVE, NEW.checkpoint(5, bytes(32)))

    assert old != new
    assert old.read_text("utf-8") == NOTE


def test_what_is_kept_is_never_written_over(tmp_path: Path) -> None:
    file = Folder(tmp_path).put(FIVE, NOTE)
    file.write_text("something else", "utf-8")

    with pytest.raises(PlaceFailed, match="is another checkpoint there"):
        Folder(tmp_path).put(FIVE, NOTE)
    assert file.read_text("utf-8") == "something else"


def test_a_pipe_in_the_way_of_the_monitor_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "latest")

    with pytest.raises(PlaceFailed, match="latest is no file"):
        Folder(tmp_path).notes()


def test_other_files_in_the_folder_are_none_of_its_business(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "old").mkdir()
    Folder(tmp_path).put(FIVE, NOTE)

    assert len(Folder(tmp_path).notes()) == 2


def test_what_a_killed_writer_left_beside_checkpoints_is_gone_with_the_next(tmp_path: Path) -> None:
    name = "000000000005-0123abcd.checkpoint"
    left = [tmp_path / f".{one}.0123abcd.part" for one in (name, "latest")]
    kept = [tmp_path / one for one in (".latest.89abcdef.part", ".other.0123abcd.part", name)]
    for one in (*left, *kept):
        one.write_text("half")
    for one in (*left, *kept[1:]):
        os.utime(one, (0, 0))

    Folder(tmp_path).put(FIVE, NOTE)

    assert [one.exists() for one in (*left, *kept)] == [False, False, True, True, True]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    for step in (
        Folder(tmp_path / "absent").notes,
        lambda: Folder(tmp_path / "no").put(FIVE, NOTE),
    ):
        with pytest.raises(PlaceFailed, match="No such file"):
            step()


def test_a_dirty_repository_keeps_what_is_its_owner_s(repository: Path) -> None:
    (repository / "minutes.txt").write_text("draft", "utf-8")
    git(repository, "add", "minutes.txt")
    GitRepository(repository).put(FIVE, NOTE)

    assert "minutes.txt" not in git(repository, "show", "--stat", "HEAD")
    assert git(repository, "status", "--porcelain") == "A  minutes.txt\n"
    assert len(GitRepository(repository).notes()) == 2


def test_a_repository_without_a_branch_is_refused_before_anything_is_written(
    repository: Path,
) -> None:
    GitRepository(repository).put(FIVE, NOTE)
    git(repository, "checkout", "--quiet", "--detach")

    for step in (
        GitRepository(repository).notes,
        lambda: GitRepository(repository).put(FIVE, NEW.checkpoint(5, bytes(32))),
    ):
        with pytest.raises(PlaceFailed, match="no branch is checked out"):
            step()
    assert len(list((repository / "checkpoints").iterdir())) == 2


def test_a_bare_repository_and_a_plain_folder_are_no_work_trees(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    git(tmp_path, "init", "--quiet", "--bare", "bare")

    with pytest.raises(PlaceFailed, match="not a work tree"):
        GitRepository(tmp_path / "bare").notes()
    with pytest.raises(PlaceFailed, match="not a git repository"):
        GitRepository(tmp_path / "plain").notes()
    assert not (tmp_path / "bare" / "checkpoints").exists()


def test_a_repository_that_ignores_checkpoints_says_so(repository: Path) -> None:
    (repository / ".gitignore").write_text("checkpoints/\n", "utf-8")

    with pytest.raises(PlaceFailed, match="ignored"):
        GitRepository(repository).put(FIVE, NOTE)


def test_a_hook_of_another_repository_does_not_lead_git_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ours", "theirs"):
        git(tmp_path, "init", "--quiet", "--initial-branch=main", name)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "theirs" / ".git"))
    GitRepository(tmp_path / "ours").put(FIVE, NOTE)
    monkeypatch.delenv("GIT_DIR")

    assert git(tmp_path / "ours", "log", "--format=%s") == "Keep the checkpoint of 5 records\n"
    assert git(tmp_path / "theirs", "status", "--porcelain") == ""


def test_a_static_folder_is_a_log_or_is_left_alone(tmp_path: Path) -> None:
    folder = StaticFolder(tmp_path / "www")

    assert folder.served() is None
    assert folder.put("tile/0/000.p/5", b"hashes")
    assert not folder.put("tile/0/000.p/5", b"hashes")
    assert folder.served() is None  # a run that was killed before the checkpoint
    folder.publish(NOTE)
    assert folder.served() == FIVE
    with pytest.raises(Conflict, match="not of this log"):
        folder.put("tile/0/000.p/5", b"others")
    (tmp_path / "www" / "checkpoint").write_bytes(b"\xff")
    with pytest.raises(Conflict, match="holds checkpoint"):
        folder.served()
    (tmp_path / "www" / "index.html").touch()
    with pytest.raises(Conflict, match=r"holds index\.html"):
        folder.served()


def test_what_a_killed_run_left_in_a_static_folder_is_gone_with_the_next(tmp_path: Path) -> None:
    folder = StaticFolder(tmp_path)
    folder.put("tile/0/000.p/5", b"hashes")
    old, young = (tmp_path / "tile" / f".{digit * 16}.part" for digit in "01")
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))

    folder.publish(NOTE)

    assert (old.exists(), young.exists()) == (False, True)


def test_a_static_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inside = StaticFolder(tmp_path / "file" / "www")

    with pytest.raises(ExportFailed, match="Not a directory"):
        StaticFolder(tmp_path / "file").served()
    with pytest.raises(ExportFailed, match="Not a directory"):
        inside.put("tile/0/000", b"")
    with pytest.raises(ExportFailed, match="Not a directory"):
        inside.publish(NOTE)
