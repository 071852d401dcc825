"""The message for a user if Python finds another package named autograd, nn or optim."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograd import startup

ROOT = Path(__file__).parents[1]
HIPS = [  # the files of HIPS autograd 1.8
    "__init__.py",
    "builtins.py",
    "core.py",
    "differential_operators.py",
    "extend.py",
    "numpy/__init__.py",
    "numpy/linalg.py",
    "scipy/__init__.py",
    "tracer.py",
    "util.py",
    "wrap_util.py",
]


def install_hips(folder: Path, *, keep: tuple[str, ...] = ()) -> None:
    """Write files with the names of HIPS autograd over those in the folder, except `keep`."""
    for name in HIPS:
        path = folder / "autograd" / name
        if name not in keep:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("def grad(function): ...\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """lucidgrad as installed from a wheel."""
    for package in ("autograd", "nn", "optim"):
        shutil.copytree(ROOT / package, tmp_path / "site" / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "site"


def run(tmp_path: Path, path: list[Path], code: str, name: str = "program.py") -> str:
    """The output of a program in the working directory, with these folders on the import path."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    (work / name).write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, name], cwd=work, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout + done.stderr


def written(tmp_path: Path, name: str, text: str = "") -> Path:
    path = tmp_path / "work" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_nothing_is_said_where_all_is_well(tmp_path: Path, site: Path) -> None:
    (tmp_path / "work" / "nn").mkdir(parents=True)  # a folder without __init__.py gives way to a package
    code = "import warnings; warnings.simplefilter('error')\nimport nn, optim, autograd; print(nn.Linear)"
    assert run(tmp_path, [site], code) == "<class 'nn.linear.Linear'>\n"


@pytest.mark.parametrize("package", ["nn", "optim"])
def test_hips_over_ours(tmp_path: Path, site: Path, package: str) -> None:
    install_hips(site)
    said = run(tmp_path, [site], f"import {package}")
    assert f"ImportError: {package}: it needs lucidgrad's autograd" in said
    assert str(site / "autograd" / "__init__.py") in said
    assert "pip uninstall autograd" in said and "pip install --force-reinstall --no-deps lucidgrad" in said


def test_hips_under_ours(tmp_path: Path, site: Path) -> None:
    install_hips(site, keep=("__init__.py",))
    said = run(tmp_path, [site], "import autograd\nprint(autograd.ones(1))")
    assert "UserWarning: autograd: HIPS autograd is installed in the same folder" in said
    assert "program.py:1" in said  # the user's line
    assert "pip uninstall autograd" in said and "tensor([1.])" in said


def test_hips_uninstalled_over_ours(tmp_path: Path, site: Path) -> None:
    (site / "autograd" / "__init__.py").unlink()
    said = run(tmp_path, [site], "import nn")
    assert "ImportError: nn: it needs lucidgrad's autograd, and Python finds another one, " in said
    assert "--force-reinstall" in said  # the other file is another copy of lucidgrad, if this Python has one


def test_hips_before_ours(tmp_path: Path, site: Path) -> None:
    install_hips(tmp_path / "other")
    said = run(tmp_path, [tmp_path / "other", site], "import optim")
    assert f"finds another one, {tmp_path / 'other' / 'autograd' / '__init__.py'}. " in said


@pytest.mark.parametrize("name", ["autograd.py", "autograd/__init__.py"])
def test_a_users_autograd(tmp_path: Path, site: Path, name: str) -> None:
    mine = written(tmp_path, name)
    said = run(tmp_path, [site], "import nn")
    assert f"finds another one, {mine}. If that file or folder is yours, rename it." in said


def test_a_program_named_autograd(tmp_path: Path, site: Path) -> None:
    said = run(tmp_path, [site], "import nn\nnn.Linear(1, 1)", name="autograd.py")
    assert f"finds another one, {tmp_path / 'work' / 'autograd.py'}. " in said


@pytest.mark.parametrize("name", ["nn.py", "nn/__init__.py", "optim.py"])
def test_a_users_nn_or_optim(tmp_path: Path, site: Path, name: str) -> None:
    mine, package = written(tmp_path, name), name[: 2 if name.startswith("nn") else 5]
    said = run(tmp_path, [site], "import autograd")
    assert f"UserWarning: autograd: `import {package}` will not import lucidgrad's {package}" in said
    assert f"finds another one first, {mine}. " in said and "program.py:1" in said
    assert said.count("UserWarning") == 1


@pytest.mark.parametrize("package", ["autograd", "nn", "optim"])
def test_the_check_takes_under_a_millisecond(package: str) -> None:
    times = []
    for _ in range(20):
        start = time.perf_counter()
        startup.check(package)
        times.append(time.perf_counter() - start)
    assert min(times) < 1e-3
