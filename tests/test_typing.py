"""The reports of mypy and pyright on a user's program, with lucidgrad installed as a package.

`tests/typing/user_program.py` must have no errors.  A second file has one deliberate error in each line, and each
must be reported.
"""

from __future__ import annotations

import importlib.util
import re
import runpy
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "tests" / "typing" / "user_program.py"
CHECKERS = [name for name in ("mypy", "pyright") if importlib.util.find_spec(name)]  # conftest.py requires mypy

START = """\
import autograd
import nn
import nn.functional as F
import optim
from autograd import Tensor

class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)

    def forward(self, x: Tensor, *, scale: float = 1.0) -> Tensor:
        return self.linear(x) * scale

net = Net()
x = autograd.ones(2, 3, requires_grad=True)
"""
ERRORS = [
    'x + "a"',
    "x.no_such_method()",
    "number: int = x.sum()",
    "x.grad.sum()  # None before a backward",
    "x.backward(1.0)",
    'F.relu("x")',
    "F.cross_entropy(x)",
    "F.conv2d(x, x, kernel_size=3)",
    "F.max_pool2d(x, 2, return_indices=True).sum()",
    'nn.Linear("3", 4)',
    "nn.Linear(3)",
    'nn.Conv2d(3, 8, kernel_size="3")',
    "nn.Sequential([nn.ReLU()])",
    "nn.Linear(3, 4)([1.0, 2.0, 3.0])",
    "nn.Linear(3, 4)(x, x)",
    "nn.BatchNorm1d(3).running_mean + 1  # None without running statistics",
    "net(x, scales=2.0)",
    "net.linear(3)",
    'net.train("yes")',
    "net.load_state_dict(3)",
    "net.state_dict()[0]",
    "text: str = net(x)",
    "nn.init.zeros_(3)",
    "optim.SGD(net.parameters(), momentun=0.9)",
    "autograd.randn(2).reshape_as(3)",
]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with lucidgrad among its installed packages, where type checkers look for py.typed."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, symlinks=sys.platform != "win32")
    places = {"base": str(environment), "platbase": str(environment)}
    packages = Path(sysconfig.get_path("purelib", scheme="venv", vars=places))
    lines = [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    (packages / "lucidgrad.pth").write_text("\n".join(lines))
    return Path(sysconfig.get_path("scripts", scheme="venv", vars=places)) / Path(sys.executable).name


def check(checker: str, python: Path, program: Path) -> str:
    """The errors that a type checker reports, one per line."""
    options = {
        "mypy": ["--strict", f"--python-executable={python}", "--no-error-summary", "--hide-error-context"],
        "pyright": [f"--pythonpath={python}"],
    }
    command = [sys.executable, "-m", checker, *options[checker], program.name]
    done = subprocess.run(command, cwd=program.parent, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return "\n".join(line for line in done.stdout.splitlines() if re.search(r":\d+.* error: ", line))


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("checker", CHECKERS)
def test_a_users_program_has_no_errors(checker: str, python: Path, tmp_path: Path) -> None:
    program = tmp_path / PROGRAM.name
    program.write_text(PROGRAM.read_text())
    assert check(checker, python, program) == ""


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("checker", CHECKERS)
def test_every_error_of_a_user_is_reported(checker: str, python: Path, tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    program.write_text(START + "\n".join(ERRORS) + "\n")
    reported = {int(n) for n in re.findall(r"wrong\.py:(\d+)", check(checker, python, program))}
    first = START.count("\n") + 1
    missed = [line for n, line in enumerate(ERRORS, first) if n not in reported]
    assert not missed, f"{checker} reports no error in these wrong lines, so a signature is too wide: {missed}"
    false = sorted(n for n in reported if n < first)
    assert not false, f"{checker} reports errors in lines {false}, which are correct"


def test_a_users_program_runs() -> None:
    runpy.run_path(str(PROGRAM))
