"""The job scripts, without LSF: their directives, their bash, their signals and exit statuses.

These tests cover the scripts, not LSF.  As a scheduler does, bash runs a copy from elsewhere, with LSF's
variables set, in a process group of its own.
"""

from __future__ import annotations

import functools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from autograd.kernels.cache import cache_folder
from examples.experiments.generalize import PARTS
from examples.experiments.support.optimizers import OPTIMIZERS
from tests.runs import ENDLESS, ROOT, epochs_done, outcome, wait_for

SCRIPTS = sorted((ROOT / "lsf").glob("*.lsf"))
TRAIN = ROOT / "lsf" / "train.lsf"
LOGS = r"lsf/logs/[\w.%]+"

# The options of IBM Spectrum LSF 10.1 that older schedulers have too, and their arguments
OPTIONS = {
    "-J": r'\w+|"\w+\[\d+-\d+\](%\d+)?"',
    "-q": r"\w+",
    "-n": r"\d+",
    "-W": r"\d+:[0-5]\d",
    "-R": r'"rusage\[mem=\d+\] span\[(hosts=1|ptile=\d+)\]"',
    "-o": LOGS,
    "-e": LOGS,
    "-P": r"\w+",
    "-N": "",
    "-u": r"\S+@\S+",
    "-w": r'"\w+\(\d+\)"',
    "-gpu": r'"num=1:mode=shared:j_exclusive=yes"',  # only IBM's LSF has it, as its script says
}

TINY = {"SYNTHETIC": "1", "LIMIT": "80", "VALIDATION": "16", "BATCH_SIZE": "16", "EPOCHS": "2"}
TIMES = {"BATCH_SIZE": "1", "LOOPS_BATCH": "1", "REPEAT_FOR": "0.001", "REPEATS": "1"}
ALONE = {"TORCH": "/nowhere/python", "MXNET": "/nowhere/python"}
TRIALS = {  # for each script: settings that make it quick, and the files it writes besides log.txt
    "train": (TINY, ["done.json", "metrics.jsonl"]),
    "gradcheck": ({"TRIALS": "1"}, ["result.json", "gradcheck.csv", "gradcheck.png"]),
    "generalize": (TINY, ["done.json", "result.json", "history.csv", "learning_curves.png"]),
    "generalize_deep": (TINY, ["done.json", "result.json", "history.csv", "learning_curves.png"]),
    "compare_optimizers": (
        {**TINY, "RATES": "0.003 0.01", "TRIAL_EPOCHS": "1", "SEEDS": "1"},
        ["result.json", "history.csv", "curves.png"],
    ),
    "overfit": ({"SYNTHETIC": "1"}, ["done.json", "result.json", "history.csv", "learning_curves.png"]),
    "profile_layers": (TIMES, ["result.json", "profile_layers.csv", "profile_layers.png"]),
    "acceleration": (TIMES, ["result.json", "acceleration.csv", "acceleration.png"]),
    "compare_frameworks": (
        {"SYNTHETIC": "1", "LIMIT": "64", "BATCH_SIZE": "16", "EPOCHS": "1", "STEPS": "2", "ROUNDS": "1", **ALONE},
        ["result.json", "speed.csv", "speed.png", "losses.csv", "accuracy.csv"],
    ),
}
FIRST = {"acceleration": "profile_layers"}  # scripts that have to run before
LONG_TRIALS = {"acceleration", "compare_frameworks"}  # half a minute or more; the experiments have tests of their own
SMALL = {"SYNTHETIC": "1", "LIMIT": "1100", "VALIDATION": "100", "BATCH_SIZE": "4"}
JOB = {"LSB_JOBID": "4711", "LSB_JOBINDEX": "0", "LSB_JOBNAME": "train", "LSB_QUEUE": "normal"}


def kept_kernels() -> Path:
    folder = cache_folder()
    assert folder is not None
    return folder


def submit(tmp_path: Path, variables: dict[str, str], cwd: Path = ROOT, script: Path = TRAIN) -> subprocess.Popen[str]:
    """Run a script as a scheduler does: a copy with another name, in another folder."""
    spool = tmp_path / "spool"
    spool.mkdir(exist_ok=True)
    copy = shutil.copy(script, spool / "1700000000.4711.shell")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LSB_", "LS_"))}
    settings = {
        "PYTHON": sys.executable,
        "RUNS": str(tmp_path / "runs"),
        "KERNELS": str(kept_kernels().parent),
    }
    return subprocess.Popen(
        ["bash", copy],
        cwd=spool,
        env={**kept, "LS_SUBCWD": str(cwd), **settings, **variables},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(tmp_path: Path, variables: dict[str, str], script: Path = TRAIN, timeout: float = 300) -> tuple[int, str]:
    """Run a script to its end; return its exit status and stderr."""
    job = submit(tmp_path, variables, script=script)
    _, err = job.communicate(timeout=timeout)
    return job.returncode, err


def session(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "settings.json").read_text())["sessions"][-1])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], dict[str, Any]]:
    """What an uninterrupted job leaves after `epochs` epochs."""

    @functools.cache
    def whole(epochs: int) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("small")
        assert run(folder, JOB | SMALL | {"EPOCHS": str(epochs)})[0] == 0
        return outcome(folder / "runs" / "train")

    return whole


# The text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_directives(script: Path) -> None:
    lines = script.read_text(encoding="ascii").splitlines()
    assert lines[0] == "#!/bin/bash"
    directives = [line for line in lines if "BSUB" in line]
    assert directives == lines[1 : 1 + len(directives)], "all directives must be together at the top"
    seen = []
    for line in directives:
        match = re.fullmatch(r"#BSUB (-\w+) ?(.*)", line)  # never "# BSUB" or "##BSUB"
        assert match, line
        option, value = match.groups()
        assert option in OPTIONS, line
        assert re.fullmatch(OPTIONS[option], value), line
        seen.append(option)
    assert len(seen) == len(set(seen)), "an option occurs twice, which older schedulers reject"
    assert {"-J", "-n", "-W", "-R", "-o", "-e"} <= set(seen)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_line_endings_and_syntax(script: Path) -> None:
    content = script.read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_log_folder_is_in_the_repository(script: Path) -> None:
    for file in re.findall(r"^#BSUB -[oe] (\S+)", script.read_text(), re.MULTILINE):
        assert (ROOT / file).parent.is_dir()
        assert (ROOT / file).with_name(".gitkeep").exists()  # Git does not store empty folders


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_its_name_and_its_program(script: Path) -> None:
    text = script.read_text()
    name = script.stem
    assert re.findall(r"^#BSUB -J \"?(\w+)", text, re.MULTILINE) == [name]
    assert re.findall(r"^#BSUB -[oe] (\S+)", text, re.MULTILINE) == [
        f"lsf/logs/{name}.%J.%I.out", f"lsf/logs/{name}.%J.%I.err"
    ]  # fmt: skip
    assert f" < lsf/{name}.lsf\n" in text or f" < lsf/{name}.lsf  " in text  # its usage
    assert text.endswith(f"\nsource lsf/common.sh {name}\n")  # it ends with an exec, so nothing may follow
    assert f"| `{name}.lsf` |" in (ROOT / "lsf" / "README.md").read_text()


def test_the_shared_part_is_plain_bash() -> None:
    shared = ROOT / "lsf" / "common.sh"
    assert b"\r" not in shared.read_bytes()
    subprocess.run(["bash", "-n", str(shared)], check=True)
    assert shared.read_text().splitlines()[-1].startswith('exec "$python" ')
    for path in (shared, *SCRIPTS):
        assert "((" not in path.read_text(), "bash arithmetic reads 08 as octal and executes commands in an index"


# The body


def test_there_is_a_trial_of_every_script() -> None:
    tried_below = {"compare_gpu", "compare_optimizers_collect", "grade", "report", "train_mpi", "warm_up"}
    forgotten = {script.stem for script in SCRIPTS} - {*TRIALS, *tried_below}
    assert not forgotten, f"add a trial to TRIALS in {__file__} for lsf/{', lsf/'.join(sorted(forgotten))}.lsf"
    gone = {*TRIALS, *tried_below} - {script.stem for script in SCRIPTS}
    assert not gone, f"TRIALS in {__file__} has job scripts that are not in lsf/: {', '.join(sorted(gone))}"


@pytest.mark.slow
@pytest.mark.parallel
def test_the_report_collects_runs(tmp_path: Path) -> None:
    folders = []
    for index in ("1", "2"):
        assert run(tmp_path, JOB | TINY | {"LSB_JOBINDEX": index})[0] == 0
        folders.append(tmp_path / "runs" / f"train-{index}")
    second = folders[1].rename(tmp_path / "runs" / "my second run")
    docs = tmp_path / "docs"
    variables = JOB | {"TAKE": f"{folders[0]}\n'{second}'", "DOCS": str(docs)}
    assert run(tmp_path, variables, ROOT / "lsf" / "report.lsf")[0] == 0
    assert sorted(os.listdir(docs / "runs")) == ["my second run.json", "train-1.json"]
    assert "mean ± standard deviation of 2 seeds" in (docs / "report.md").read_text()


@pytest.mark.slow
@pytest.mark.parallel
def test_the_grades_of_a_class(tmp_path: Path) -> None:
    for name in ("ada", "bob"):
        (tmp_path / "class" / name).mkdir(parents=True)
    solution = ROOT / "examples" / "course" / "solutions" / "optimizers.py"
    shutil.copy(solution, tmp_path / "class" / "ada")
    script = ROOT / "lsf" / "grade.lsf"
    variables = JOB | {"SUBMISSIONS": str(tmp_path / "class"), "EXAMPLES": "5", "SEED": "7"}
    for index in ("2", "1"):
        assert run(tmp_path, variables | {"LSB_JOBINDEX": index}, script)[0] == 0
    grades = (tmp_path / "runs" / "grade" / "grades.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in grades] == ["student", "ada", "bob"]
    assert grades[1].split(",")[8:11] == ["15", "100", "7"]
    log = tmp_path / "runs" / "grade-1" / "log.txt"
    assert "1 of 1: ada, 15 points, seed 7" in log.read_text()
    status, err = run(tmp_path, JOB, script)
    assert status == 2 and "SUBMISSIONS is not set. Name the folder" in err


def test_without_a_gpu_the_log_says_why(tmp_path: Path) -> None:
    variables = JOB | ALONE | {"SYNTHETIC": "1", "LIMIT": "64"}
    assert run(tmp_path, variables, ROOT / "lsf" / "compare_gpu.lsf")[0] == 1
    log = (tmp_path / "runs" / "compare_gpu" / "log.txt").read_text()
    for framework in ("torch", "mxnet"):
        assert f"{framework} on the gpu: " in log
    assert "Nothing could be compared" in log


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.rare] if name in LONG_TRIALS else []) for name in TRIALS]
)
def test_a_trial(name: str, tmp_path: Path) -> None:
    if name in FIRST:
        assert run(tmp_path, JOB | TRIALS[FIRST[name]][0], ROOT / "lsf" / f"{FIRST[name]}.lsf")[0] == 0
    variables, files = TRIALS[name]
    status, err = run(tmp_path, JOB | variables | {"LSB_DJOB_NUMPROC": "1"}, ROOT / "lsf" / f"{name}.lsf")
    folder = tmp_path / "runs" / name
    assert status == 0, (folder / "log.txt").read_text()
    assert f"{name}.lsf: job 4711, element 0, on " in err
    assert f"tail -f {folder}/log.txt" in err
    assert {"log.txt", *files} <= set(os.listdir(folder))


@pytest.mark.slow
@pytest.mark.parallel
def test_the_trials_of_an_array_are_in_one_folder_and_what_follows_asks_for_them_all(tmp_path: Path) -> None:
    scripts = [ROOT / "lsf" / f"compare_optimizers{end}.lsf" for end in ("", "_collect")]
    tiny = JOB | TINY | {"TRIAL_EPOCHS": "1", "SEED": "5"}
    for index in ("1", "9"):
        assert run(tmp_path, tiny | {"LSB_JOBINDEX": index}, scripts[0])[0] == 0
    trials = tmp_path / "runs" / "compare_optimizers" / "trials"
    assert sorted(os.listdir(trials)) == ["SGD-0.0001", "momentum-0.0003"]
    assert {json.loads((trial / "settings.json").read_text())["settings"]["seed"] for trial in trials.iterdir()} == {5}
    assert run(tmp_path, tiny, scripts[1])[0] == 1
    log = (tmp_path / "runs" / "compare_optimizers_collect" / "log.txt").read_text()
    assert "61 of 63 trials are not finished: 2, 3, 4, 5, 6, 7, 8, 10," in log


def test_a_job(tmp_path: Path) -> None:
    status, err = run(tmp_path, JOB | TINY | {"LSB_DJOB_NUMPROC": "1", "RUN": "mine", "LR": "0.02", "SEED": "3"})
    assert status == 0
    folder = tmp_path / "runs" / "mine"
    assert f"tail -f {folder}/log.txt" in err
    assert outcome(folder)["metrics"][0]["learning_rate"] == 0.02
    assert json.loads((folder / "settings.json").read_text())["settings"]["seed"] == 3
    assert "2 epochs are done" in (folder / "log.txt").read_text()
    assert session(folder)["threads"] == 1


def test_each_session_says_where_it_ran(tmp_path: Path) -> None:
    elements = JOB | TINY | {"LSB_JOBINDEX": "2"}
    for job, epochs in (("4711", "1"), ("4712", "2")):
        assert run(tmp_path, elements | {"LSB_JOBID": job, "EPOCHS": epochs})[0] == 0
    folder = tmp_path / "runs" / "train-2"
    sessions = json.loads((folder / "settings.json").read_text())["sessions"]
    host = socket.gethostname()
    assert [(one["job"], one["element"], one["host"]) for one in sessions] == [("4711", "2", host), ("4712", "2", host)]
    assert all(datetime.fromisoformat(one["began"]) for one in sessions)
    log = (folder / "log.txt").read_text()
    for job in ("4711", "4712"):
        assert re.search(rf"^train.lsf: job {job}, element 2, on {host}, 20\d\d-\d\d-\d\d \d\d:\d\d", log, re.M)


def test_bash_reads_no_number(tmp_path: Path) -> None:
    """Bash arithmetic reads 08 as octal and executes commands in an index."""
    trap = tmp_path / "trap"
    for variable in ("SEED", "LSB_JOBINDEX", "LSB_DJOB_NUMPROC", "LSB_MCPU_HOSTS"):
        text = f"{'here ' * (variable == 'LSB_MCPU_HOSTS')}a[$(touch${{IFS}}{trap})]"
        status, err = run(tmp_path, JOB | TINY | {"LSB_JOBINDEX": "2", variable: text})
        assert status == 2
        assert err.startswith(f"train.lsf: {variable} is 'a[$(touch"), err
        assert not trap.exists()


def test_without_real_pictures_a_job_fails(tmp_path: Path) -> None:
    """No data: an empty cache, and a proxy that does not answer instead of the network."""
    nowhere = {"CIFAR10_DIR": "", "XDG_CACHE_HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    assert run(tmp_path, JOB | TINY | nowhere | {"SYNTHETIC": "no"})[0] == 1
    folder = tmp_path / "runs" / "train"
    log = (folder / "log.txt").read_text()
    assert "There are no real images here: " in log
    assert "name its folder with DATA_DIR, or request the generated images with SYNTHETIC=yes" in log
    assert os.listdir(folder) == ["log.txt"]


@pytest.mark.parametrize(("wanted", "counts"), [("", "72 training, 8 validation"), ("16", "64 training, 16")])
def test_held_out_pictures(wanted: str, counts: str, tmp_path: Path) -> None:
    assert run(tmp_path, JOB | TINY | {"VALIDATION": wanted, "EPOCHS": "1"})[0] == 0
    assert f"This run: {counts}" in (tmp_path / "runs" / "train" / "log.txt").read_text()


@pytest.mark.parametrize("index", ["1", "2"])
def test_an_array(index: str, tmp_path: Path) -> None:
    assert run(tmp_path, JOB | TINY | {"LSB_JOBINDEX": index, "SEED": "7"})[0] == 0
    assert os.listdir(tmp_path / "runs") == [f"train-{index}"]
    settings = json.loads((tmp_path / "runs" / f"train-{index}" / "settings.json").read_text())
    assert settings["settings"]["seed"] == 6 + int(index)


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize(
    ("slots", "threads"),
    [
        ({}, 1),  # without a scheduler: one thread, and no unset variable under set -u
        ({"LSB_MCPU_HOSTS": "hostA 1 "}, 1),
        ({"LSB_MCPU_HOSTS": "hostA 100000 "}, len(os.sched_getaffinity(0))),
        ({"LSB_MCPU_HOSTS": "hostA 100000 ", "LSB_DJOB_NUMPROC": "1"}, 1),
    ],
)
def test_threads_are_the_slots_within_the_affinity(slots: dict[str, str], threads: int, tmp_path: Path) -> None:
    assert run(tmp_path, slots | TINY)[0] == 0
    assert session(tmp_path / "runs" / "train")["threads"] == threads


def test_kernels_live_on_the_node_and_start_from_the_warm_up(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.mkdir()
    warm = tmp_path / "runs" / "kernels" / kept_kernels().name
    shutil.copytree(kept_kernels(), warm)
    job = JOB | TINY | {"KERNELS": "", "NODE_DISK": str(node)}
    assert run(tmp_path, job)[0] == 0
    (kernels,) = node.iterdir()
    assert kernels.name == f"lucidgrad-{os.getuid()}"
    compiled = [path.relative_to(warm.parent) for path in warm.rglob("*.nbc")]
    assert compiled
    for path in compiled:  # copied, not compiled again
        assert (kernels / path).stat().st_mtime == (warm.parent / path).stat().st_mtime
    assert kernels.stat().st_mode & 0o077 == 0
    assert run(tmp_path, job | {"RUN": "next"})[0] == 0
    assert list(node.iterdir()) == [kernels]


# Records its arguments and variables, and does what the real one does on the first host, once
MPIRUN = """#!/bin/bash
printf '%s\\n' "$@" > "${0%/*}/arguments"
env > "${0%/*}/variables"
while [[ $1 != *python* ]]; do shift; done
"$@"
"""


def test_a_job_on_several_hosts(tmp_path: Path) -> None:
    """The whole way through mpirun to the experiment; tests/with_mpi has it with the real one."""
    (tmp_path / "bin").mkdir()
    mpirun = tmp_path / "bin" / "mpirun"
    mpirun.write_text(MPIRUN)
    mpirun.chmod(0o755)
    hosts = {"LSB_MCPU_HOSTS": "hostA 4 hostB 4 ", "THREADS": "2", "MPIRUN": str(mpirun), "SHARDS": "4"}
    script = ROOT / "lsf" / "train_mpi.lsf"
    status, err = run(tmp_path, JOB | TINY | hosts | {"LSB_JOBINDEX": "3", "EPOCHS": "1"}, script)
    folder = tmp_path / "runs" / "train_mpi-3"
    assert status == 0, (folder / "log.txt").read_text()
    assert f"on {socket.gethostname()}, 4 ranks x 2 threads on 2 hosts; follow it with: tail -f {folder}" in err
    arguments = (tmp_path / "bin" / "arguments").read_text().split("\n")
    assert arguments[:5] == ["--host", "hostA:2,hostB:2", "-np", "4", "--map-by"]
    variables = (tmp_path / "bin" / "variables").read_text()
    assert "\nPRTE_MCA_plm_ssh_agent=blaunch\n" in f"\n{variables}"
    settings = json.loads((folder / "settings.json").read_text())["settings"]
    assert (settings["shards"], settings["seed"]) == (4, 2)
    (folder / "done.json").unlink()
    for wrong in (0, 85):  # Open MPI's returns 0 if it loses the daemon of a host
        mpirun.write_text(f"#!/bin/bash\nexit {wrong}\n")
        assert run(tmp_path, JOB | hosts | {"LSB_JOBINDEX": "3"}, script)[0] == 1
    assert "rank 0 did not get to its end" in (folder / "log.txt").read_text()
    (tmp_path / "bin" / "mpirun").unlink()
    assert run(tmp_path, JOB | hosts, script)[0] == 127
    log = (tmp_path / "runs" / "train_mpi" / "log.txt").read_text()
    assert f"mpirun: there is no {mpirun}; install MPI with make environment-mpi" in log


@pytest.mark.slow
@pytest.mark.rare
@pytest.mark.timeout(3600)  # starts with an empty cache
def test_after_the_warm_up_no_job_compiles(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.mkdir()
    job = JOB | {"KERNELS": "", "NODE_DISK": str(node)}
    assert run(tmp_path, job, ROOT / "lsf" / "warm_up.lsf", timeout=3000)[0] == 0
    log = (tmp_path / "runs" / "warm_up" / "log.txt").read_text()
    warm = compiled(tmp_path / "runs" / "kernels")
    assert re.search(rf"^All is compiled: {len(warm)} kernels in ", log, re.MULTILINE)
    assert not list(node.iterdir())
    trial = {"SYNTHETIC": "yes", "LIMIT": "500", "VALIDATION": "", "EPOCHS": "1"}
    jobs = [(name, variables) for name, (variables, _) in TRIALS.items()] + [
        *(("train", {**trial, "OPTIMIZER": name, "MOMENTUM": "0.5", "WEIGHT_DECAY": "0.1"}) for name in OPTIMIZERS),
        ("train", {**trial, "LIMIT": "900", "BATCH_SIZE": "700", "MOMENTUM": "0"}),
        ("generalize", {**trial, "BATCH_SIZE": "100", "VALIDATION": "100"}),
        ("generalize_deep", {**trial, "BATCH_SIZE": "100", "VALIDATION": "100"}),
        *(("generalize", {**trial, "LIMIT": "150", "VALIDATION": "50", "WITHOUT": part}) for part in PARTS),
        ("gradcheck", {"TRIALS": "9", "SEED": "5"}),
        ("profile_layers", {**TIMES, "BATCH_SIZE": "32"}),
    ]
    for number, (name, variables) in enumerate(jobs):
        run_name = name if name in FIRST.values() and number < len(TRIALS) else f"{name}-{number}"
        again = run(tmp_path, job | variables | {"RUN": run_name}, ROOT / "lsf" / f"{name}.lsf")
        assert again[0] == 0, (tmp_path / "runs" / run_name / "log.txt").read_text()
        (cache,) = node.iterdir()
        assert compiled(cache) == warm, (name, variables)


def compiled(cache: Path) -> dict[str, int]:
    """The kernels in a cache, and the time when each was compiled."""
    return {str(path.relative_to(cache)): path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_submitted_from_elsewhere(script: Path, tmp_path: Path) -> None:
    job = submit(tmp_path, JOB, cwd=ROOT / "lsf", script=script)
    _, err = job.communicate(timeout=60)
    assert job.returncode == 2
    assert err == (
        f"{script.name}: {ROOT / 'lsf'} is not the repository's root; submit from there: bsub < lsf/{script.name}\n"
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_environment(script: Path, tmp_path: Path) -> None:
    status, err = run(tmp_path, {"PYTHON": "/nowhere/python"}, script)
    assert status == 2
    assert err.startswith(f"{script.name}: there is no /nowhere/python; make the environment")


def test_a_run_goes_on_with_the_settings_it_began_with(tmp_path: Path) -> None:
    assert run(tmp_path, JOB | TINY | {"LR": "0.02", "EPOCHS": "1"})[0] == 0
    assert run(tmp_path, JOB | {"EPOCHS": "2"})[0] == 0
    rows = outcome(tmp_path / "runs" / "train")["metrics"]
    assert [row["learning_rate"] for row in rows] == [0.02, 0.02]


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.parametrize(
    ("number", "requeue", "status"),
    [
        (signal.SIGUSR2, "85", 85),
        (signal.SIGUSR2, None, 75),
        (signal.SIGURG, "99 85", 85),
        (signal.SIGINT, "85", 130),
        (signal.SIGTERM, "85", 143),
    ],
)
def test_a_signal_to_the_process_group(
    number: signal.Signals, requeue: str | None, status: int, small: Callable[[int], dict[str, Any]], tmp_path: Path
) -> None:
    variables = JOB | SMALL | ({"LSB_EXIT_REQUEUE": requeue} if requeue else {})
    folder = tmp_path / "runs" / "train"
    job = submit(tmp_path, variables | {"EPOCHS": ENDLESS})
    wait_for(folder / "settings.json", job)
    time.sleep(random.uniform(0, 1.5))
    os.killpg(job.pid, number)
    job.communicate(timeout=60)
    assert job.returncode == status
    assert not (folder / "done.json").exists()
    log = (folder / "log.txt").read_text()
    assert f"stopped by {number.name}" in log
    if status == 85:
        assert "The queue runs this job again by itself, and it resumes from its checkpoint." in log
    else:
        assert "Submit the same job again, and it resumes from its checkpoint: RUNS=" in log
        assert f"EPOCHS={ENDLESS}" in log and " bsub < lsf/train.lsf\n" in log
    epochs = epochs_done(folder) + 1
    assert run(tmp_path, variables | {"EPOCHS": str(epochs)})[0] == 0  # the scheduler runs the job again
    log = (folder / "log.txt").read_text()
    assert log.index("stopped by") < log.index("Resuming in epoch")
    assert outcome(folder) == small(epochs)
