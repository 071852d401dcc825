"""Small programs print the same losses on both: each runs under PyTorch here, and by autograd.as_torch beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.torch_programs import PROGRAMS, START

ROOT = Path(__file__).parents[2]
RTOL = 2e-5  # float32, after a few steps of training


def test_losses_agree(tmp_path: Path) -> None:
    script = tmp_path / "all.py"
    script.write_text(
        f"START = {START!r}\nfor name, text in {list(PROGRAMS.items())!r}:\n"
        "    print(name)\n    exec(START + text, {'__name__': name})\n"
    )
    outputs = []
    for runner in (["-m", "autograd.as_torch"], []):
        done = subprocess.run([sys.executable, *runner, script], cwd=ROOT, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout.split())
    ours, theirs = outputs
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        if a in PROGRAMS:
            name = a
            assert a == b
        else:
            np.testing.assert_allclose(float(a), float(b), RTOL, err_msg=name)
