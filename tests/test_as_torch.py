"""`python -m autograd.as_torch`: programs that say `import torch` run on lucidgrad as they would on PyTorch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograd import torch_names
from tests.torch_programs import PROGRAMS, START

ROOT = Path(__file__).parents[1]


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "autograd.as_torch", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stderr
    return done


def test_programs_run(tmp_path: Path) -> None:
    """All in one process, each in a namespace of its own.  tests/with_torch compares their numbers."""
    script = tmp_path / "all.py"
    script.write_text(
        f"START = {START!r}\nfor text in {list(PROGRAMS.values())!r}:\n    exec(START + text, {{'__name__': 'x'}})"
    )
    numbers = [float(line.split()[0]) for line in run(script).stdout.splitlines()]
    assert len(numbers) == 5 + 3 * (len(PROGRAMS) - 1)
    assert all(abs(x) < 100 for x in numbers)


SCRIPT = """\
import sys
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset

class Numbers(Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, i):
        return torch.ones(2) * i

def annotated(x: torch.Tensor, d: torch.device, t: torch.dtype, o: torch.optim.Optimizer, m: torch.nn.Module): ...

if __name__ == "__main__":
    print(sys.argv[1:], __file__ == sys.argv[0], torch.__version__ > "2.0", isinstance(torch.float32, torch.dtype))
    print(sys.modules["__main__"].__dict__ is globals(), __package__)
    print(isinstance(torch.ones(1), torch.Tensor), issubclass(nn.Linear, torch.nn.Module), nn.functional is nn.F2)
"""


def test_a_script_is_run_as_by_python(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("here = True\n")
    script = tmp_path / "script.py"
    script.write_text(
        SCRIPT.replace("nn.F2", "__import__('torch.nn.functional').nn.functional")
        + "    import beside\n    def inner():\n        raise KeyError('x')\n    inner()\n"
    )
    done = run(script, "a", "-b", code=1)
    assert done.stdout.splitlines() == [
        "['a', '-b'] True True True",
        "True None",
        "True True True",
    ]
    ours = done.stderr
    lines = ours.splitlines()
    assert lines[0] == "Traceback (most recent call last):" and lines[-1] == "KeyError: 'x'"
    assert lines[1].startswith(f'  File "{script}"') and ours.count("File ") == 2


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize("way", ["script", "module"])
def test_workers_import_torch_too(tmp_path: Path, way: str) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "three.py").write_text("three = 3\n")
    program = package / "program.py"
    start = "from .three import three\n" if way == "module" else "three = 3\n"
    loop = """\
    for method in ("spawn", "forkserver"):
        if method in torch.multiprocessing.get_all_start_methods():
            loader = DataLoader(Numbers(), batch_size=2, num_workers=1, multiprocessing_context=method)
            assert sum(b.sum().item() for b in loader) == 12 and three == 3
    print("done")
"""
    program.write_text(start + SCRIPT.split("    print")[0] + loop)
    if way == "script":
        assert run(program).stdout == "done\n"
    else:
        starter = tmp_path / "start.py"
        starter.write_text(
            f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n"
            "from autograd.as_torch.main import run\nif __name__ == '__main__':\n    run(['-m', 'package.program'])\n"
        )
        done = subprocess.run([sys.executable, starter], capture_output=True, text=True, timeout=300)
        assert done.stdout == "done\n", done.stderr


def test_a_program_of_several_processes_runs_as_one(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("""\
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data.distributed import DistributedSampler
dist.init_process_group(backend="mpi")
model = DDP(torch.nn.Linear(2, 1), device_ids=None)
sampler = DistributedSampler(range(4), shuffle=False)
model(torch.ones(1, 2)).sum().backward()
total = torch.tensor([3.0])
dist.all_reduce(total, op=dist.ReduceOp.SUM)
print(dist.get_rank(), dist.get_world_size(), list(sampler), total.item(), model.module.weight.grad.tolist())
dist.destroy_process_group()
""")
    assert run(script).stdout == "0 1 [0, 1, 2, 3] 3.0 [[1.0, 1.0]]\n"


def test_what_is_missing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("""\
import torch
assert not hasattr(torch.nn, "Nothing") and hasattr(torch, "nn")
for line in ("torch.nn.Nothing", "from torch.nn import Nothing", "import torch.jit", "from torch.jit import script",
             "from torch import quantization", "import torchvision.models"):
    try:
        exec(line)
        print("no error")
    except AttributeError as error:
        print("A", error)
    except ImportError as error:
        print("I", error)
""")
    lines = run(script).stdout.splitlines()
    assert [line[0] for line in lines] == list("AIIIII")
    assert lines[0][2:] == torch_names.missing("torch.nn.Nothing") == lines[1][2:]
    assert "leave out script and trace" in lines[2] and lines[2].startswith("I torch.jit is not in lucidgrad; ")
    assert "has no quantization" in lines[4]
    assert "torchvision.models" in lines[5]


def test_wrong_calls(tmp_path: Path) -> None:
    assert "usage:" in run(code=2).stderr
    assert "can't open file" in run(tmp_path / "none.py", code=2).stderr
    script = tmp_path / "script.py"
    script.write_text("def f(:\n")
    assert run(script, code=1).stderr.endswith("SyntaxError: invalid syntax\n")
    program = "import sys, types; sys.modules['torch'] = types.ModuleType('torch'); import autograd.as_torch"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert "torch itself is imported already" in done.stderr


def test_modules_have_what_their_name_says() -> None:
    assert torch_names.find("torch.nn.modules.linear", "Linear") is torch_names.find("torch.nn", "Linear")
    with pytest.raises(KeyError):
        torch_names.find("torch", "engine")
