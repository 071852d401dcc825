"""From the variables of a job to a command line, and the output of a program started by a job."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from examples.experiments import compare_frameworks, compare_optimizers, generalize, generalize_deep, overfit, train
from examples.experiments.support import cli, job, ranks
from examples.experiments.support.data import cifar10, download
from examples.experiments.support.job import NO_OPTIONS, SCRIPTS, TRAINED_BY_RANKS
from examples.experiments.support.runs.signals import StopRequested
from examples.experiments.support.variables import Refused
from tests.runs import ROOT

# Variables that a login shell on a cluster may set and that could be mistaken for a setting
TYPICAL = """
    BASH BASHOPTS BASH_ENV CDPATH CLUSTER COLORTERM COLUMNS CONDA_DEFAULT_ENV CONDA_EXE CONDA_PREFIX CONDA_SHLVL
    CPATH CUDA_HOME CUDA_VISIBLE_DEVICES CXX DBUS_SESSION_BUS_ADDRESS DISPLAY EDITOR EGO_TOP ENV ENVIRONMENT FPATH
    GROUP HISTCONTROL HISTSIZE HISTTIMEFORMAT HOME HOST HOSTNAME HOSTTYPE HTTP_PROXY http_proxy INFOPATH INPUTRC
    JAVA_HOME KDEDIRS KRB5CCNAME LANG LANGUAGE LC_ALL LC_CTYPE LD_LIBRARY_PATH LESS LESSCLOSE LESSOPEN
    LIBRARY_PATH LINES LMOD_CMD LMOD_DIR LOADEDMODULES LOGNAME LSB_BATCH_JID LSB_JOBNAME LSB_QUEUE LSF_BINDIR
    LSF_ENVDIR LSF_LIBDIR LSF_SERVERDIR LS_COLORS LS_JOBPID LS_SUBCWD MACHTYPE MAIL MAILCHECK MANPATH MKLROOT
    MODULEPATH MODULESHOME MODULES_CMD NLSPATH NUMBA_NUM_THREADS OLDPWD OMP_NUM_THREADS OSTYPE PAGER PATH
    PIP_CACHE_DIR PKG_CONFIG_PATH PROMPT_COMMAND PS1 PWD PYTHONPATH PYTHONSTARTUP PYTHONUNBUFFERED PYTHON_VERSION
    QTDIR REMOTEHOST SCRATCH SHELL SHLVL SSH_AUTH_SOCK SSH_CLIENT SSH_CONNECTION SSH_TTY STARTED TEMP TERM TERMCAP
    TEXINPUTS TMOUT TMP TMPDIR TZ UID USER USERNAME VENDOR VIRTUAL_ENV VISUAL WORKDIR XAUTHORITY XDG_CONFIG_HOME
    XDG_DATA_DIRS XDG_RUNTIME_DIR XDG_SESSION_ID XLSF_UIDDIR _
"""

# Runs the Python part of a job script without the experiment: prints its command line and environment instead
STAND_IN = """
import json, os, sys
from examples.experiments.support import job
os.execve = lambda program, command, variables: (print(json.dumps([command, variables]), flush=True), os._exit(0))
job.main(sys.argv[1:])
"""


class Launched(NamedTuple):
    """What the Python part of a job script did."""

    status: int
    err: str
    log: str
    options: list[str]
    environment: dict[str, str]


Launch = Callable[..., Launched]


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """Run the Python part of a job script up to the point where it would become the experiment."""

    def start(name: str, **variables: str) -> Launched:
        settings = {"RUNS": str(tmp_path / "runs"), "KERNELS": str(tmp_path / "kernels"), **variables}
        plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-c", STAND_IN, name], cwd=ROOT, env=plain | settings, capture_output=True, text=True
        )
        assert not done.stdout and "Traceback" not in done.stderr, done.stderr
        logs = sorted((tmp_path / "runs").glob("*/log.txt"), key=lambda path: path.stat().st_mtime_ns)
        log = logs[-1].read_text() if logs else ""
        command, environment = json.loads(log.splitlines()[-1]) if done.returncode == 0 else ([], {})
        return Launched(done.returncode, done.stderr, log, command[2:], environment)

    return start


@pytest.fixture
def in_a_job(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Make this process look as if train.lsf had started it without settings."""
    for variable in ("LSB_JOBINDEX", *job.COMMON, *(name for one in SCRIPTS.values() for name in one.settings)):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LSB_JOBID", "4711")
    monkeypatch.setenv(job.STARTED, "train")
    yield monkeypatch


def option(launched: Launched, name: str) -> str:
    return launched.options[launched.options.index(name) + 1]


# Numbers


@pytest.mark.parametrize(
    ("seed", "element", "expected"),
    [("08", "", 8), ("08", "0", 8), ("08", "1", 8), ("08", "2", 9), ("010", "1", 10), (" 7 ", "08", 14), ("", "3", 2)],
)
def test_numbers_are_decimal(launch: Launch, seed: str, element: str, expected: int) -> None:
    launched = launch("train", SEED=seed, LSB_JOBINDEX=element)
    assert option(launched, "--seed") == str(expected)
    folder = Path(option(launched, "--out"))
    assert folder.name == (f"train-{int(element)}" if element.strip("0") else "train")


@pytest.mark.parametrize(
    "text",
    ["abc", "1+1", "-1", "1.5", "0x10", "1e3", "²", "٣", "1_0", "99999999999999999999", "9" * 5000],
    ids=lambda text: text[:24],
)
@pytest.mark.parametrize("variable", ["SEED", "LSB_JOBINDEX", "LSB_DJOB_NUMPROC", "LSB_MCPU_HOSTS"])
def test_what_is_no_number_is_a_sentence(launch: Launch, variable: str, text: str) -> None:
    launched = launch("train", **{variable: f"here {text}" if variable == "LSB_MCPU_HOSTS" else text})
    assert launched.status == 2
    assert launched.err.startswith(f"train.lsf: {variable} is ") and launched.err.count("\n") == 1
    if variable == "LSB_JOBINDEX":
        assert not launched.log  # without an array index there is no folder
    else:
        began, said = launched.log.splitlines(keepends=True)
        assert re.fullmatch(r"train\.lsf: job none, element 0, on \S+, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S+\n", began)
        assert said == launched.err


def test_the_last_seed_of_an_array_is_not_too_large(launch: Launch) -> None:
    largest = str(job.MOST - 2)
    assert option(launch("train", SEED=largest, LSB_JOBINDEX="1"), "--seed") == largest
    launched = launch("train", SEED=largest, LSB_JOBINDEX="2")
    assert (launched.status, launched.err) == (
        2,
        f"train.lsf: the seed {job.MOST - 1} is too large; choose a smaller SEED.\n",
    )


def test_threads(launch: Launch) -> None:
    cpus = len(os.sched_getaffinity(0))
    for slots, expected in ((None, 1), ("here 01 there 8", 1), ("here 100000", cpus), ("here", 1)):
        hosts = {"LSB_MCPU_HOSTS": slots} if slots else {}
        for names in ({}, {"LSB_DJOB_NUMPROC": "1"}):
            environment = launch("train", OMP_NUM_THREADS="77", **hosts, **names).environment
            for variable in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
                assert environment[variable] == str(1 if names else expected)


# Settings


@pytest.mark.parametrize("value", ["yes", "YES", "true", "True", "1", "on", " on "])
def test_drawn_pictures_are_turned_on(launch: Launch, value: str) -> None:
    assert "--synthetic" in launch("train", SYNTHETIC=value).options


@pytest.mark.parametrize("value", ["no", "No", "false", "0", "off", ""])
def test_drawn_pictures_are_turned_off(launch: Launch, value: str) -> None:
    options = launch("train", SYNTHETIC=value).options
    assert "--synthetic" not in options
    assert ("--no-synthetic" in options) == bool(value)  # if set, it overrides the settings of an earlier session


def test_drawn_pictures_perhaps(launch: Launch) -> None:
    launched = launch("train", SYNTHETIC="2")
    assert launched.status == 2
    assert launched.log.splitlines(keepends=True)[1:] == [launched.err]
    assert launched.err == "train.lsf: SYNTHETIC is '2'; it must be yes or no (or true, false, on, off, 1, 0).\n"


def test_lists(launch: Launch) -> None:
    options = launch("compare_optimizers", RATES=" 0.01\n0.1 ").options
    assert options[options.index("--rates") :][:3] == ["--rates", "0.01", "0.1"]
    options = launch("report", TAKE="runs/a 'runs/my run'\n$(touch x)").options
    assert options[-5:] == ["--take", "runs/a", "runs/my run", "$(touch", "x)"]
    launched = launch("report", TAKE="runs/a 'runs/my run")
    assert launched.status == 2
    assert launched.err == launched.log.splitlines(keepends=True)[-1]
    assert launched.err.startswith(
        "report.lsf: TAKE cannot be split into words (No closing quotation): runs/a 'runs/my run"
    )


@pytest.mark.parametrize("take", ["", " \n"])
def test_a_report_of_nothing(launch: Launch, take: str) -> None:
    launched = launch("report", TAKE=take, DOCS="elsewhere")
    assert launched.status == 2
    assert launched.log.splitlines(keepends=True)[1:] == [launched.err]
    assert launched.err.startswith("report.lsf: TAKE is not set. Name the run folders for the report, ")


def test_a_run_folder_that_cannot_be_made(launch: Launch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for runs, reason in ((str(file), "Not a directory"), ("/proc/nowhere", "No such file or directory")):
        launched = launch("train", RUNS=runs)
        assert launched.status == 2
        assert launched.err == (
            f"train.lsf: the run folder {runs}/train cannot be created or written to ({reason}). Name another "
            "folder with RUNS, or another run with RUN.\n"
        )


@pytest.mark.parametrize(
    ("variable", "setting"),
    [
        ("EPOCH", "EPOCHS"), ("Epochs", "EPOCHS"), ("epochs", "EPOCHS"), ("EPOCSH", "EPOCHS"), ("lr", "LR"),
        ("LRS", "LR"), ("BATCHSIZE", "BATCH_SIZE"), ("batch_size", "BATCH_SIZE"), ("BATCH_SIZES", "BATCH_SIZE"),
        ("SEEDS", "SEED"), ("DATADIR", "DATA_DIR"), ("OPTIMISER", "OPTIMIZER"), ("SYNTETIC", "SYNTHETIC"),
        ("VALIDATON", "VALIDATION"),
    ],
)  # fmt: skip
def test_a_variable_that_nearly_is_a_setting(launch: Launch, variable: str, setting: str) -> None:
    launched = launch("train", **{variable: "7"})
    assert launched.status == 0
    assert f"train.lsf: the variable {variable} is ignored; did you mean {setting}?\n" in launched.log


def test_a_setting_of_another_script(launch: Launch) -> None:
    log = launch("gradcheck", EPOCHS="7", DATA_DIR="/data", SEED="1").log
    assert "gradcheck.lsf: the variable EPOCHS is ignored: this script has no such setting.\n" in log
    assert log.count("is ignored") == 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_usual_environment_is_nearly_no_setting(name: str) -> None:
    assert job.overlooked(name, dict.fromkeys([*TYPICAL.split(), *os.environ], "1")) == []
    assert job.overlooked(name, {"EPOCH": ""}) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_setting_is_an_option_of_the_program(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    settings = [f"--{name.lower().replace('_', '-')}" for name in SCRIPTS[name].settings if name not in NO_OPTIONS]
    if not settings:
        return
    package = ".__main__" if name in ("report", "grade") else ""
    command = ["grade"] if name == "grade" else []
    with pytest.raises(SystemExit):
        importlib.import_module(SCRIPTS[name].program + package).main([*command, "--help"])
    listed = set(re.findall(r"--[\w-]+", capsys.readouterr().out))
    assert set(settings) <= listed


def test_the_readme_names_every_setting() -> None:
    text = (ROOT / "lsf" / "README.md").read_text()
    rows = {row[0]: row for row in (line.strip("| ").split(" | ") for line in text.splitlines()) if len(row) == 3}
    own = {setting: set(SCRIPTS[setting].settings) for setting in SCRIPTS}
    written = {name: set(re.findall(r"`([A-Z_]+)`", rows[f"`{name}.lsf`"][2])) for name in SCRIPTS}
    step_4 = {
        name
        for row in text.split("| default |")[-1].split("\n\n")[0].splitlines()
        for name in re.findall("`([A-Z_]+)`", row)
    }
    assert step_4 == own["train"] | {"RUN", "RUNS", "SEED"}
    assert written["train"] == set()  # "all of step 4"
    for name in ("gradcheck", "profile_layers", "compare_frameworks", "compare_optimizers", "generalize", "grade",
                 "report"):  # fmt: skip
        assert written[name] - {"EPOCHS", "SEEDS"} == own[name] - {"EPOCHS", "SEEDS"}, name
    assert written["train_mpi"] == own["train_mpi"] - own["train"] == {"SHARDS", "THREADS", "MPIRUN", "EXPERIMENT"}
    of_three_layers = {"WITHOUT", "FILTERS", "PATCH_SIZE", "CHANNELS"}
    assert written["generalize_deep"] == own["generalize"] - own["generalize_deep"] == of_three_layers
    assert own["overfit"] == own["train"] - {"VALIDATION", "LIMIT"}
    assert own["compare_gpu"] == own["compare_frameworks"] - {"EPOCHS", "STEPS"}
    assert own["acceleration"] == own["profile_layers"] | {"PROFILE"}
    assert own["compare_optimizers_collect"] == own["compare_optimizers"]


# Command line of each script


@pytest.mark.parametrize("name", TRAINED_BY_RANKS)
def test_ranks_train_the_experiment_that_is_named(launch: Launch, name: str) -> None:
    options = launch("train_mpi", EXPERIMENT=name, SHARDS="4").options
    assert f"examples.experiments.{name}" in options and "--shards=4" in options
    assert not any("EXPERIMENT" in option or "experiment=" in option for option in options)


def test_ranks_cannot_train_another_experiment(launch: Launch) -> None:
    launched = launch("train_mpi", EXPERIMENT="gradcheck")
    assert launched.log.endswith("EXPERIMENT is 'gradcheck'; it must be one of train, generalize, generalize_deep.\n")


def test_the_programs(launch: Launch, tmp_path: Path) -> None:
    runs = str(tmp_path / "runs")
    alone = {"TORCH": sys.executable, "MXNET": "/nowhere/python"}
    launched = launch("compare_frameworks", SEED="4", EPOCHS="2", **alone)
    assert launched.options == [
        "-m", "examples.experiments.compare_frameworks", "--devices", "cpu", "--accuracy",
        "--out", f"{runs}/compare_frameworks", "--seeds", "4", "5", "6",
        "--python", f"torch={sys.executable}", "--epochs=2",
    ]  # fmt: skip
    launched = launch("compare_optimizers", SEED="4", LSB_JOBINDEX="3")
    assert launched.options == [
        "-m", "examples.experiments.compare_optimizers", "--resume", "--out", f"{runs}/compare_optimizers",
        "--seed", "4", "--trial", "3",
    ]  # fmt: skip
    assert (tmp_path / "runs" / "compare_optimizers-3" / "log.txt").exists()
    launched = launch("compare_optimizers_collect", SEED="4")
    assert launched.options == [
        "-m", "examples.experiments.compare_optimizers", "--collect", "--resume",
        "--out", f"{runs}/compare_optimizers",
        "--seed", "4",
    ]  # fmt: skip
    launched = launch("acceleration", PROFILE="my profile")
    assert launched.options[-5:] == ["--seed", "0", "--profile", f"{runs}/profile_layers", "--profile=my profile"]
    assert launched.environment[job.STARTED] == "acceleration"


# Several hosts


TWO = {"LSB_MCPU_HOSTS": "hostA 4 hostB 2 "}
BINDING = ["hostA 0,1,2", "hostB 0,1 0 1", "hostA 3,4"]  # hostB's line also has its memory nodes


def laid_out(tmp_path: Path, **variables: str) -> str:
    """Say where the ranks of a job run; a variable that names a file has its lines here."""
    for name in ("LSB_DJOB_HOSTFILE", "LSB_AFFINITY_HOSTFILE"):
        if name in variables:
            (tmp_path / name).write_text(variables[name])
            variables[name] = str(tmp_path / name)
    where = ranks.layout(variables)
    return f"{where}: {where.ranks}, {' '.join(where.cpus)}"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (TWO, "6 ranks x 1 thread on 2 hosts: {'hostA': 4, 'hostB': 2}, "),
        (TWO | {"THREADS": "2"}, "3 ranks x 2 threads on 2 hosts: {'hostA': 2, 'hostB': 1}, "),
        (TWO | {"THREADS": "0"}, "6 ranks x 1 thread on 2 hosts: {'hostA': 4, 'hostB': 2}, "),
        ({"LSB_MCPU_HOSTS": "hostA 1 hostB 1 hostA 2"}, "4 ranks x 1 thread on 2 hosts: {'hostA': 3, 'hostB': 1}, "),
        ({"LSB_DJOB_HOSTFILE": "hostA\nhostB\n\nhostA\n"}, "3 ranks x 1 thread on 2 hosts: {'hostA': 2, 'hostB': 1}, "),
        ({"LSB_HOSTS": "hostA hostB hostA "}, "3 ranks x 1 thread on 2 hosts: {'hostA': 2, 'hostB': 1}, "),
        ({}, f"1 rank x 1 thread on 1 host: {{'{socket.gethostname()}': 1}}, "),
        (  # the ranks are in the order of the hosts, not of the file
            {"LSB_MCPU_HOSTS": "hostA 2 hostB 1", "LSB_AFFINITY_HOSTFILE": "\n".join(BINDING)},
            "3 ranks x 2 threads on 2 hosts: {'hostA': 2, 'hostB': 1}, 0,1,2 3,4 0,1",
        ),
        (
            {"LSB_MCPU_HOSTS": "hostA 2 hostB 1", "LSB_AFFINITY_HOSTFILE": "\n".join(BINDING), "THREADS": "1"},
            "3 ranks x 1 thread on 2 hosts: {'hostA': 2, 'hostB': 1}, 0,1,2 3,4 0,1",
        ),
        *(  # what cannot be understood binds nothing
            (TWO | {"LSB_AFFINITY_HOSTFILE": text}, "6 ranks x 1 thread on 2 hosts: {'hostA': 4, 'hostB': 2}, ")
            for text in ("", "hostA 0", "hostC 0\n" * 6, "hostA x\n" * 4 + "hostB 0\n" * 2, "hostA\n" * 6)
        ),
    ],
)  # fmt: skip
def test_where_the_ranks_run(variables: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert laid_out(tmp_path, **variables) == expected


def test_threads_that_do_not_fit(launch: Launch, tmp_path: Path) -> None:
    launched = launch("train_mpi", LSB_MCPU_HOSTS="hostA 4 hostB 3", THREADS="2")
    assert launched.status == 2
    assert launched.err == launched.log.splitlines(keepends=True)[-1] == (
        "train_mpi.lsf: hostB has 3 slots, which THREADS=2 does not divide. -n is ranks times threads; ask for a "
        'multiple of 2 on each host, such as -n 6 -R "span[ptile=2]".\n'
    )  # fmt: skip
    with pytest.raises(Refused, match=r"THREADS is 3, but LSF gives each rank 2 cores: affinity\[core\(2\)\]\."):
        laid_out(tmp_path, LSB_MCPU_HOSTS="hostA 1", LSB_AFFINITY_HOSTFILE="hostA 0,1", THREADS="3")


def test_the_command_of_several_ranks(launch: Launch, tmp_path: Path) -> None:
    node = {"KERNELS": "", "NODE_DISK": str(tmp_path), "LUCIDGRAD_CACHE_DIR": "/shared"}
    binding = tmp_path / "binding"
    binding.write_text("hostA 0,1\nhostA 2,3\nhostB 4,5\nhostB 6,7\n")
    launched = launch(
        "train_mpi", LSB_MCPU_HOSTS="hostA 2 hostB 2", LSB_AFFINITY_HOSTFILE=str(binding), SHARDS="16",
        LSB_EXIT_REQUEUE="85", MPIRUN="/opt/mpi/bin/mpirun", **node,
    )  # fmt: skip
    assert f"job none, element 0, on {socket.gethostname()}, 4 ranks x 2 threads on 2 hosts; follow" in launched.err
    own = [sys.executable, "-u", "-m"]
    at = launched.options.index("examples.experiments.support.ranks")
    given, program = launched.options[: at - 3], launched.options[at + 1 :]
    assert launched.options[at - 3 : at] == own
    assert program[:4] == [*own, "examples.experiments.train"] and "--shards=16" in program
    assert not any("THREADS" in word or "mpirun" in word for word in program)
    assert given[:10] == [
        "-m", "examples.experiments.support.mpirun", "--host", "hostA:2,hostB:2", "-np", "4", "--map-by", "slot",
        "--bind-to", "none",
    ]  # fmt: skip
    assert given[10] == "--leave-session-attached"
    passed = set(given[12::2])
    assert set(given[11::2]) == {"-x"} and passed <= set(launched.environment)  # mpirun warns of what is not set
    assert {"PATH", "NUMBA_NUM_THREADS", "LSB_EXIT_REQUEUE", job.STARTED, ranks.BOUND, ranks.KERNELS} <= passed
    assert launched.environment[ranks.BOUND] == "0,1 2,3 4,5 6,7"
    assert launched.environment["NUMBA_NUM_THREADS"] == "2"
    assert launched.environment["PRTE_MCA_plm_ssh_agent"] == launched.environment["OMPI_MCA_plm_rsh_agent"] == "blaunch"
    for variable in ("LSB_AFFINITY_HOSTFILE", "LUCIDGRAD_CACHE_DIR"):
        assert variable not in launched.environment


def test_a_rank_takes_its_cpus_and_the_kernels_of_its_node(tmp_path: Path) -> None:
    compiled(tmp_path)
    last = max(os.sched_getaffinity(0))
    show = "import os; print(*os.sched_getaffinity(0), os.environ['LUCIDGRAD_CACHE_DIR'])"
    environment = {"PATH": os.environ["PATH"], ranks.KERNELS: f"{tmp_path / 'kernels'}\n{tmp_path}"}
    for bound, expected in ((f"0 {last}", {last}), ("0 99999", os.sched_getaffinity(0)), ("", os.sched_getaffinity(0))):
        variables = environment | {"OMPI_COMM_WORLD_RANK": "1", ranks.BOUND: bound}
        command = [sys.executable, "-m", "examples.experiments.support.ranks", sys.executable, "-c", show]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True)
        *cpus, folder = done.stdout.split()
        assert set(map(int, cpus)) == expected
        assert folder == str(tmp_path / f"lucidgrad-{os.getuid()}")
        assert (Path(folder) / "kernels-0123" / "sgd.nbc").read_text() == "code"


# Kernels


def compiled(runs: Path, mode: int = 0o700) -> Path:
    """Kernels left by a warm-up."""
    folder = runs / "kernels" / "kernels-0123"
    folder.mkdir(parents=True)
    (folder / "sgd.nbc").write_text("code")
    (folder / "sgd.nbc").chmod(0o666)
    (folder / ".adam.nbc.0123.tmp").touch()  # a process is still writing it
    folder.chmod(mode)
    return folder


def test_a_node_starts_from_the_warm_up(launch: Launch, tmp_path: Path) -> None:
    compiled(tmp_path / "runs")
    node = tmp_path / "node"
    node.mkdir()
    cache = Path(launch("train", KERNELS="", NODE_DISK=str(node)).environment["LUCIDGRAD_CACHE_DIR"])
    assert cache == node / f"lucidgrad-{os.getuid()}"
    assert (cache / "kernels-0123" / "sgd.nbc").read_text() == "code"
    for path in (cache, *cache.rglob("*")):
        assert not path.stat().st_mode & 0o077, path
    launch("train", KERNELS="", NODE_DISK=str(node))
    assert sorted(path.name for path in cache.rglob("*")) == ["kernels-0123", "sgd.nbc"]


def test_kernels_that_others_can_write_are_not_taken(launch: Launch, tmp_path: Path) -> None:
    """Neither kernels from the warm-up's folder, nor a folder on the node planted by somebody else."""
    node, foreign = tmp_path / "node", tmp_path / "foreign"
    node.mkdir()
    compiled(tmp_path / "runs", 0o770)
    own = {"KERNELS": "", "NODE_DISK": str(node)}
    assert launch("train", **own).status == 0
    assert not list(node.rglob("kernels-*"))
    (tmp_path / "runs" / "kernels" / "kernels-0123").chmod(0o700)
    (cache,) = node.iterdir()
    cache.chmod(0o777)
    assert launch("train", **own).status == 0
    assert not list(node.rglob("kernels-*"))
    cache.rmdir()
    foreign.mkdir(mode=0o700)
    cache.symlink_to(foreign)
    assert launch("train", **own).status == 0
    assert not list(foreign.iterdir())


def test_the_warm_up_compiles_into_the_shared_folder(launch: Launch, tmp_path: Path) -> None:
    cache = launch("warm_up", KERNELS="").environment["LUCIDGRAD_CACHE_DIR"]
    assert cache == str(tmp_path / "runs" / "kernels")


# Messages


def test_a_wrong_setting_is_named(
    in_a_job: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    in_a_job.chdir(tmp_path)  # a run in the checkout's runs/train would be refused first
    for options, sentence in (
        (["--lr=0"], "LR: must be above 0 and finite, not 0"),
        (["--batch-size=x"], "BATCH_SIZE: 'x' is not a whole number"),
        (["--optimizer=x"], "OPTIMIZER: invalid choice: 'x'"),
        (["--validation=80", "--limit=80"], "VALIDATION=80 leaves no image of LIMIT=80 to train on"),
        (["--synthetic", "--data-dir=x"], "SYNTHETIC=yes and DATA_DIR are two sources of images; choose one of them"),
    ):
        with pytest.raises(SystemExit) as left:
            train.main(options)
        assert left.value.code == 2
        err = capsys.readouterr().err
        assert err.startswith(f"train.lsf: {sentence}") and err.count("\n") == 1


def test_a_run_that_cannot_go_on(
    in_a_job: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--resume", "--synthetic", "--limit=40", "--batch-size=8", "--out", str(tmp_path / "run")]
    assert train.main([*options, "--epochs=2"]) == 0
    capsys.readouterr()
    assert train.main(["--resume", "--epochs=2", "--out", str(tmp_path / "run")]) == 0
    assert "already finished: 2 epochs are done. Train further with more EPOCHS.\n" in capsys.readouterr().out
    assert train.main([*options, "--epochs=1"]) == 1
    assert "EPOCHS is 1. Give more EPOCHS, or choose another RUN.\n" in capsys.readouterr().err
    assert train.main([*options, "--lr=0.5"]) == 1
    assert "start again with another RUN.\n" in capsys.readouterr().err


def test_how_to_go_on(in_a_job: pytest.MonkeyPatch) -> None:
    assert job.go_on("…") == "Submit the same job again, and it continues from what is done: bsub < lsf/train.lsf"
    for variable, value in {"RUN": "my run", "EPOCHS": "3", "LSB_JOBINDEX": "2", "TRIALS": "7"}.items():
        in_a_job.setenv(variable, value)
    command = """RUN='my run' EPOCHS=3 bsub -J "train[2]" < lsf/train.lsf"""
    assert job.go_on("…", then="that is all") == f"Submit the same job again, and that is all: {command}"
    assert (
        job.go_on("…", requeued=True) == "The queue runs this job again by itself, and it continues from what is done."
    )
    in_a_job.delenv(job.STARTED)
    assert job.go_on("The same command goes on.", requeued=True) == "The same command goes on."


def test_a_job_that_is_interrupted(in_a_job: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(argv: Any) -> int:
        raise KeyboardInterrupt

    assert cli.command(stopped="Stopped; go on with --resume.")(interrupted)([]) == 130
    assert capsys.readouterr().err == f"{job.go_on('')}\n"


def test_only_the_limit_signals_are_requeued(in_a_job: pytest.MonkeyPatch) -> None:
    in_a_job.setenv("LSB_EXIT_REQUEUE", "85")
    assert [StopRequested(number).requeued for number in (signal.SIGUSR2, signal.SIGTERM)] == [True, False]


def _sentences() -> Iterator[tuple[str, str]]:
    """All messages in the source of the job scripts' programs: file, text."""
    others = {"benchmark", "sections", "download", "mxnet_cnn", "torch_cnn", "train_rebuilt", "job", "__init__"}
    for file in (ROOT / "examples").rglob("*.py"):
        if others & {file.stem, *file.relative_to(ROOT).parts}:
            continue
        tree = ast.parse(file.read_text())
        passed = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        declared: set[ast.AST] = set()  # docstrings, and help texts and descriptions, which --help shows
        for call in passed:
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in ("add", "add_argument", "training_parser", "Parser", "parser", "go_on", "stopping"):
                declared.update(ast.walk(call))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
                declared.update(ast.walk(node.body[0]))
        for node in ast.walk(tree):
            if node not in declared and isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield file.stem, node.value


def test_every_sentence_names_variables(in_a_job: pytest.MonkeyPatch) -> None:
    known = {*job.COMMON, *(setting for script in SCRIPTS.values() for setting in script.settings)}
    never = {  # only printed when started by hand, because a job always resumes
        ("run_folder", "RESUME"), ("overfit", "RESUME"), ("cli", "RESUME"), ("profile_layers", "RESUME"),
        ("acceleration", "RESUME"), ("compare_optimizers", "RESUME"), ("compare_optimizers", "TRIAL"),
        ("compare_optimizers", "COLLECT"),
        ("cli", "FIND_LR"),  # no job script has it
    }  # fmt: skip
    found = 0
    for file, text in _sentences():
        if re.search("--[a-z]", text) and not re.fullmatch("--[a-z-]+ ?", text):
            found += 1
            said = job.worded(text)
            assert not re.search("(?<![a-z])--[a-z]", said), said
            for option in re.findall(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)", text):
                variable = re.split("[= ]", job.worded(f"--{option}"))[0]
                assert variable in known | {"-n"} or (file, variable) in never, (file, text)
    assert found > 15


@pytest.mark.parametrize(
    "main", [train.main, overfit.main, generalize.main, generalize_deep.main, compare_optimizers.main,
             compare_frameworks.main],
    ids=lambda main: main.__module__,
)  # fmt: skip
def test_a_job_wants_real_pictures(
    main: Callable[[list[str]], int],
    in_a_job: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise download.DownloadError("nobody answers.")

    in_a_job.delenv("CIFAR10_DIR", raising=False)
    in_a_job.setattr(cifar10, "cache_folder", lambda: tmp_path / "nothing")
    in_a_job.setattr(download, "fetch", no_network)
    for started in ("train", ""):  # by a job script, and by `bsub python -m …`
        in_a_job.setenv(job.STARTED, started)
        assert main(["--out", str(tmp_path / "run")]) == 1
        out, err = capsys.readouterr()
        names = "DATA_DIR, or request the generated images with SYNTHETIC=yes" if started else (
            "--data-dir, or request the generated images with --synthetic"
        )  # fmt: skip
        assert "There are no real images here: no copy is on this machine, and the download failed: nobody" in err
        assert err.endswith(f"name its folder with {names}.\n") and "epoch" not in out
    assert not (tmp_path / "run" / "result.json").exists()
