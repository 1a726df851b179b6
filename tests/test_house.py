"""The house rules: sizes, the lock, and what the wheel holds."""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lifecycle.domain.errors import LifecycleError

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 400  # lines; 250 is the aim
# Strangers run it alone, so it cannot be split; below 500 lines it is read in an hour.
LONGER = {"lifecycle/audit/standalone.py": 499}
LONGEST_FUNCTION = 60  # lines with signature and docstring; 40 is the aim

# Root folder -> where it lies in the wheel (docs/decisions/0001-one-import-name.md).
SHIPPED = {
    "lifecycle": "lifecycle",
    "storage": "lifecycle/storage",
    "workflows": "lifecycle/workflows",
}


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of *folder*, without the links' targets and the interpreter's caches."""
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(parent, name) for name in names)


def modules() -> list[str]:
    return sorted(
        path.relative_to(ROOT).as_posix()
        for folder in (*SHIPPED, "tests")
        for path in files_below(ROOT / folder)
        if path.suffix == ".py"
    )


@pytest.mark.parametrize("module", modules())
def test_no_module_and_no_function_outgrows_a_reader(module: str) -> None:
    text = (ROOT / module).read_text("utf-8")
    length = len(text.splitlines())
    too_long = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    }

    assert length <= LONGER.get(module, LONGEST_MODULE), f"split {module} by reason to change"
    assert too_long == {}, f"split these functions of {module}"


def below(kind: type[LifecycleError]) -> Iterator[type[LifecycleError]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def test_no_two_errors_share_a_code() -> None:
    naming = re.compile(r"""^    code(: [^=]+)? = "LC""", re.M)
    for name in modules():
        if not name.startswith("tests/") and naming.search((ROOT / name).read_text("utf-8")):
            shipped = SHIPPED[name.partition("/")[0]] + "/" + name.partition("/")[2]
            importlib.import_module(shipped.removesuffix(".py").replace("/", "."))
    every: list[type[LifecycleError]] = [LifecycleError, *below(LifecycleError)]
    named = [(one.code, one.__name__) for one in every if "code" in vars(one)]
    first = dict(reversed(named))

    assert len(named) > 60
    assert [one for one in named if first[one[0]] != one[1]] == []


def test_the_lock_pins_every_dependency_by_hash_and_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    entries = re.findall(
        r"^([a-z0-9-]+)==(\S+)(.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+)", lock, re.M
    )
    pins = {name: version for name, version, _ in entries}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = project["project"]["dependencies"] + project["dependency-groups"]["dev"]

    assert len(entries) == len(re.findall(r"^[^\s#]", lock, re.M))
    assert "://" not in lock
    for requirement in map(Requirement, declared):
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is not in the lock: run make lock"
        assert pins[name] in requirement.specifier, (
            f"the lock does not fit {requirement}: run make lock"
        )


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without this checkout's settings, and answer with its output as text."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("COV_", "COVERAGE_", "PIP_", "PYTHON"))
    }
    return subprocess.run(
        command, cwd=cwd, env=kept, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the tree: a build leaves its traces beside its sources."""
    copy = tmp_path_factory.mktemp("tree") / "copy"
    copy.mkdir()
    for folder in SHIPPED:
        shutil.copytree(
            ROOT / folder,
            copy / folder,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)

    build = run(
        sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", cwd=copy
    )

    assert build.returncode == 0, build.stdout + build.stderr
    (built,) = (copy / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def bare_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the wheel and the libraries, not this checkout."""
    home = tmp_path_factory.mktemp("bare")
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    paths = {"base": str(home), "platbase": str(home)}
    scripts = Path(sysconfig.get_path("scripts", "venv", vars=paths))
    python = scripts / Path(sys.executable).name
    if not python.exists():
        python = scripts / ("python.exe" if os.name == "nt" else "python")
    # A folder named by a .pth is searched, its own .pth files are not run: the libraries
    # come, the editable install of this checkout does not.
    site_packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    (site_packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")

    install = run(*pip, "--no-deps", "--no-index", "--no-compile", wheel, cwd=home)

    assert install.returncode == 0, install.stdout + install.stderr
    return python


def test_the_wheel_holds_the_tree_file_by_file(wheel: Path) -> None:
    tree = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}": path.read_bytes()
        for folder, inside in SHIPPED.items()
        for path in files_below(ROOT / folder)
    }

    with zipfile.ZipFile(wheel) as archive:
        shipped = {
            name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name
        }

    assert sorted(tree.keys() - shipped.keys()) == [], "name these in pyproject.toml"
    assert sorted(shipped.keys() - tree.keys()) == []
    assert shipped == tree


def test_the_wheel_works_where_nothing_else_of_the_project_is(
    bare_python: Path, tmp_path: Path
) -> None:
    home = bare_python.parent.parent
    code = """
import lifecycle, lifecycle.storage, lifecycle.workflows
for module in lifecycle, lifecycle.storage, lifecycle.workflows:
    print(module.__file__)
"""

    found = run(bare_python, "-c", code, cwd=tmp_path)
    command = run(bare_python.with_name("lifecycle"), "--help", cwd=tmp_path)

    assert found.returncode == 0, found.stderr
    assert all(Path(place).is_relative_to(home) for place in found.stdout.splitlines())
    assert command.returncode == 0, command.stderr
    assert "Usage: lifecycle" in command.stdout


@pytest.mark.parametrize("name", ["storage", "workflows"])
def test_the_wheel_does_not_take_a_common_name(
    bare_python: Path, tmp_path: Path, name: str
) -> None:
    bare = run(bare_python, "-c", f"import {name}", cwd=tmp_path)

    assert bare.returncode == 1
    assert f"No module named '{name}'" in bare.stderr


@pytest.mark.parametrize("library", ["sqlalchemy", "alembic", "pydantic", "click", "rich"])
def test_importing_the_library_does_not_load_its_adapters(tmp_path: Path, library: str) -> None:
    loaded = run(
        sys.executable,
        "-c",
        f"import sys, lifecycle; print({library!r} in sys.modules)",
        cwd=tmp_path,
    )

    assert loaded.stdout == "False\n", loaded.stderr
