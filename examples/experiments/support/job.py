"""Jobs of a batch system: turn the variables of a job into the command line of an experiment.

``python -m examples.experiments.support.job train`` is what ``lsf/train.lsf`` runs, by way of ``lsf/common.sh``. It
checks the variables, makes the run folder, sends all output to ``log.txt`` there, and becomes
``python -m examples.experiments.train`` with the options that the variables ask for. It replaces
itself with that program (exec), because signals go to the whole process group and the job needs its exit status.

A program started in this way says "submit the job again" and "LR" instead of "the same command" and "--lr";
see `worded` and `go_on`.

This module imports only the standard library, so that a job starts quickly and a wrong setting is reported first.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import shlex
import socket
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from examples.experiments.support import ranks
from examples.experiments.support.node import kernels_on_node
from examples.experiments.support.variables import MOST, Refused, number

STARTED = "LUCIDGRAD_JOB"  # the name of the job script that started this program
COMMON = ("RUN", "RUNS", "SEED", "PYTHON", "KERNELS", "NODE_DISK")  # settings of every script
PLACES = {"DATA_DIR", "PROFILE", "TAKE", "DOCS", "TORCH", "MXNET"}  # often exported once for several scripts
LISTS = {"RATES", "TAKE"}
OF_MPIRUN = ("THREADS", "MPIRUN")  # settings of `ranks` and `mpirun`, not options of a program
YES, NO = {"yes", "true", "on", "1"}, {"no", "false", "off", "0"}
WRONG = 2  # exit status, as argparse's


class Job(NamedTuple):
    """The validated variables of a job."""

    variables: Mapping[str, str]
    runs: Path
    out: Path  # the run folder; in an array it has the index of the element
    element: int  # index in an array; 0 outside arrays
    seed: int  # in an array it increases by one per element
    threads: int

    @property
    def first_seed(self) -> int:
        """The seed of the first element of the array."""
        return self.seed - max(self.element - 1, 0)


class Script(NamedTuple):
    """A job script: its program, the variables that become options, and the fixed options."""

    program: str
    settings: tuple[str, ...]
    options: Callable[[Job], list[str]]


def _resumed(job: Job) -> list[str]:
    return ["--resume", "--out", str(job.out), "--seed", str(job.seed)]


def _profiled(job: Job) -> list[str]:
    return [*_resumed(job), "--profile", str(job.runs / "profile_layers")]


def _checked(job: Job) -> list[str]:
    return ["--out", str(job.out), "--seed", str(job.seed)]


def _frameworks(job: Job) -> list[str]:
    """Return the options for the Python of each framework; a missing one is left out of the comparison."""
    options = []
    for framework in ("torch", "mxnet"):
        python = job.variables.get(framework.upper()) or f".venv-{framework}/bin/python"
        if os.access(python, os.X_OK):
            options += ["--python", f"{framework}={python}"]
    return options


def _on_cpu(job: Job) -> list[str]:
    seeds = [str(job.seed + i) for i in range(3)]
    return ["--devices", "cpu", "--accuracy", "--out", str(job.out), "--seeds", *seeds, *_frameworks(job)]


def _on_gpu(job: Job) -> list[str]:
    return ["--devices", "gpu", "--out", str(job.out), *_frameworks(job)]


def _trial(job: Job) -> list[str]:
    """Return the options of a trial. All trials share a folder and a seed; the folder of the element has its log."""
    folder = job.runs / (job.variables.get("RUN") or "compare_optimizers")
    trial = ["--trial", str(job.element)] if job.element else []
    return ["--resume", "--out", str(folder), "--seed", str(job.first_seed), *trial]


def _collect(job: Job) -> list[str]:
    return ["--collect", *_trial(job._replace(element=0))]


def _graded(job: Job) -> list[str]:
    """Return the options of a submission. All have one folder for the grades; that of the element has its log."""
    submissions = job.variables.get("SUBMISSIONS", "").strip()
    if not submissions:
        raise Refused("SUBMISSIONS is not set. Name the folder that has a folder for each student.")
    options = ["grade", submissions, "--out", str(job.runs / (job.variables.get("RUN") or "grade"))]
    options += ["--seed", str(job.first_seed)] if job.variables.get("SEED") else []
    return [*options, *(["--element", str(job.element)] if job.element else [])]


_PICTURES = ("DATA_DIR", "SYNTHETIC")
_OPTIMIZER = ("EPOCHS", "BATCH_SIZE", "OPTIMIZER", "LR", "MOMENTUM", "WEIGHT_DECAY")
_SPLITS = ("VALIDATION", "LIMIT")
_NET = ("EPOCHS", "BATCH_SIZE", "LR", *_SPLITS, *_PICTURES, "SHARDS")
_PARTS = ("WITHOUT", "FILTERS", "PATCH_SIZE", "CHANNELS")
_TIMES = ("BATCH_SIZE", "LOOPS_BATCH", "REPEAT_FOR", "REPEATS")
_BOTH = ("BATCH_SIZE", "LR", "MOMENTUM", "ROUNDS", "LIMIT", *_PICTURES, "TORCH", "MXNET")
_TRIALS = (*_PICTURES, *_SPLITS, "NET", "BATCH_SIZE", "RATES", "TRIAL_EPOCHS", "EPOCHS", "SEEDS")

NO_OPTIONS = {"TORCH", "MXNET", "SUBMISSIONS", "EXPERIMENT", *OF_MPIRUN}  # settings that jobs read themselves
TRAINED_BY_RANKS = ("train", "generalize", "generalize_deep")

SCRIPTS = {
    "train": Script("examples.experiments.train", (*_OPTIMIZER, *_SPLITS, *_PICTURES), _resumed),
    "train_mpi": Script(
        "examples.experiments.train",
        (*_OPTIMIZER, *_SPLITS, *_PICTURES, "SHARDS", "EXPERIMENT", *OF_MPIRUN),
        _resumed,
    ),
    "gradcheck": Script("examples.experiments.gradcheck", ("TRIALS",), _checked),
    "overfit": Script("examples.experiments.overfit", (*_OPTIMIZER, *_PICTURES), _resumed),
    "profile_layers": Script("examples.experiments.profile_layers", _TIMES, _resumed),
    "acceleration": Script("examples.experiments.acceleration", (*_TIMES, "PROFILE"), _profiled),
    "compare_frameworks": Script("examples.experiments.compare_frameworks", ("EPOCHS", "STEPS", *_BOTH), _on_cpu),
    "compare_gpu": Script("examples.experiments.compare_frameworks", _BOTH, _on_gpu),
    "compare_optimizers": Script("examples.experiments.compare_optimizers", _TRIALS, _trial),
    "compare_optimizers_collect": Script("examples.experiments.compare_optimizers", _TRIALS, _collect),
    "generalize": Script("examples.experiments.generalize", (*_NET, *_PARTS), _resumed),
    "generalize_deep": Script("examples.experiments.generalize_deep", _NET, _resumed),
    "grade": Script("examples.course", ("SUBMISSIONS", "EXAMPLES"), _graded),
    "report": Script("examples.report", ("TAKE", "DOCS", "REPLACE"), lambda job: []),
    "warm_up": Script("examples.experiments.support.warm_up", (), lambda job: []),
}


# Messages of a program that a job started


def script() -> str | None:
    """Return the name of the job script that started this program, or None."""
    name = os.environ.get(STARTED)
    return name if name in SCRIPTS else None


def in_batch() -> bool:
    """Return whether a batch system runs this program, so that nobody watches it."""
    return bool(os.environ.get("LSB_JOBID")) or script() is not None


def identity() -> dict[str, Any]:
    """Return job id, array index (0 outside arrays) and host, for the records of a run."""
    job, element = (os.environ.get(name) or None for name in ("LSB_JOBID", "LSB_JOBINDEX"))
    return {"job": job, "element": element, "host": socket.gethostname()}


def worded(text: str) -> str:
    """In a job, replace options in a message by variables: LR for --lr, LIMIT=80 for --limit 80."""
    if script() is None:
        return text
    text = re.sub(r"--python (\w+)=", lambda match: f"{match[1].upper()}=", text)
    return re.sub(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)( (?=[0-9]))?", _variable, text)


def _variable(option: re.Match[str]) -> str:
    known = {
        "out": "RUN",
        "threads": "-n",
        "synthetic": "SYNTHETIC=yes",
        "no-synthetic": "SYNTHETIC=no",
        "replace": "REPLACE=yes",
    }
    if name := known.get(option[1]):
        return name + (option[2] or "")
    return option[1].upper().replace("-", "_") + ("=" if option[2] else "")


def go_on(otherwise: str, *, then: str = "it continues from what is done", requeued: bool = False) -> str:
    """Say how to continue a stopped run: `otherwise`, or in a job how to submit it again.

    `then` is what the job does next; `requeued` means that the batch system runs it again by itself.
    """
    name = script()
    if name is None:
        return otherwise
    if requeued:
        return f"The queue runs this job again by itself, and {then}."
    variables = [
        f"{variable}={shlex.quote(value)}"
        for variable in (*COMMON, *SCRIPTS[name].settings)
        if (value := os.environ.get(variable))
    ]
    index = os.environ.get("LSB_JOBINDEX") or "0"
    element = ["-J", f'"{name}[{index}]"'] if index != "0" else []
    command = " ".join([*variables, "bsub", *element, f"< lsf/{name}.lsf"])
    return f"Submit the same job again, and {then}: {command}"


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors, in a job, name variables instead of options."""

    silent = False  # in all ranks but one, which have the same command line

    def _print_message(self, message: str, file: Any = None) -> None:
        if not self.silent:
            super()._print_message(message, file)

    def error(self, message: str) -> NoReturn:
        name = script()
        if name is None:
            super().error(message)
        self.exit(WRONG, f"{name}.lsf: {worded(message).removeprefix('argument ')}\n")


# From the variables to the program


def main(argv: list[str]) -> NoReturn:
    """Replace this process with the program of a job script; exit with 2 if a setting is wrong."""
    name = argv[0]
    variables = dict(os.environ)
    log = None
    try:
        element = number("LSB_JOBINDEX", variables.get("LSB_JOBINDEX"), 0)
        runs = Path(variables.get("RUNS") or "runs")
        out = runs / ((variables.get("RUN") or name) + (f"-{element}" if element else ""))
        log = _open_log(out)
        who = f"{name}.lsf: job {variables.get('LSB_JOBID') or 'none'}, element {element}, on {socket.gethostname()}"
        os.write(log, f"{who}, {datetime.now().astimezone().isoformat(sep=' ', timespec='seconds')}\n".encode())
        where = ranks.layout(variables) if "THREADS" in SCRIPTS[name].settings else None
        threads = where.threads if where else _threads(variables)
        job = Job(variables, runs, out, element, _seed(variables, element), threads)
        command = [sys.executable, "-u", "-m", _program(name, variables)]
        command += [*SCRIPTS[name].options(job), *chosen(name, variables)]
    except Refused as refusal:
        line = f"{name}.lsf: {refusal}\n"
        sys.stderr.write(line)
        if log is not None:
            os.write(log, line.encode())
        sys.exit(WRONG)
    who += f", {where or job.threads}" + ("" if where else f" thread{'s' * (job.threads != 1)}")
    path = shlex.quote(str(job.out.absolute() / "log.txt"))
    print(f"{who}; follow it with: tail -f {path}", file=sys.stderr, flush=True)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    for line in overlooked(name, variables):
        print(f"{name}.lsf: {line}")
    print(f"{name}.lsf: {shlex.join(command)}", flush=True)
    variables |= dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(job.threads))
    variables[STARTED] = name
    shared, disk = job.runs / "kernels", Path(variables.get("NODE_DISK") or "/tmp")
    if folder := variables.get("KERNELS") or (name == "warm_up" and shared):
        variables["LUCIDGRAD_CACHE_DIR"] = str(Path(folder).absolute())
    elif where:  # each rank asks for the folder of its node
        variables.pop("LUCIDGRAD_CACHE_DIR", None)
    else:
        variables["LUCIDGRAD_CACHE_DIR"] = str(kernels_on_node(shared, disk).absolute())
    if where:
        variables = ranks.environment(where, variables, shared, disk)
        command = ranks.command(where, command, variables)
    os.execve(sys.executable, command, variables)


def _program(name: str, variables: Mapping[str, str]) -> str:
    """Return the module of the script; EXPERIMENT names another one that several ranks can train."""
    program = SCRIPTS[name].program
    if "EXPERIMENT" not in SCRIPTS[name].settings or not (wanted := variables.get("EXPERIMENT", "").strip()):
        return program
    if wanted not in TRAINED_BY_RANKS:
        raise Refused(f"EXPERIMENT is {wanted!r}; it must be one of {', '.join(TRAINED_BY_RANKS)}.")
    return f"{program.rpartition('.')[0]}.{wanted}"


def _seed(variables: Mapping[str, str], element: int) -> int:
    """Return SEED; in an array it increases by one per element."""
    seed = number("SEED", variables.get("SEED"), 0) + max(element - 1, 0)
    if seed > MOST - 2:  # compare_frameworks also uses the next two seeds
        raise Refused(f"the seed {seed} is too large; choose a smaller SEED.")
    return seed


def _threads(variables: Mapping[str, str]) -> int:
    """Return the slots of this job on this host, limited to the usable CPUs.

    The engine computes the same itself; the environment variables set from it are for other libraries.
    """
    hosts = (variables.get("LSB_MCPU_HOSTS") or "").split()  # host slots host slots ...; this host is the first
    slots = number("LSB_MCPU_HOSTS", hosts[1] if len(hosts) > 1 else None, 1)
    slots = number("LSB_DJOB_NUMPROC", variables.get("LSB_DJOB_NUMPROC"), slots)
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(slots, cpus))


def chosen(name: str, variables: Mapping[str, str]) -> list[str]:
    """Return the options for the variables: EPOCHS=5 is --epochs=5; an empty variable is not set.

    Raises
    ------
    Refused
        SYNTHETIC or REPLACE is neither yes nor no, a list cannot be split, or TAKE names no run.
    """
    options = []
    for variable in SCRIPTS[name].settings:
        value = variables.get(variable, "").strip()
        option = f"--{variable.lower().replace('_', '-')}"
        if not value:
            if variable == "TAKE":
                raise Refused(
                    "TAKE is not set. Name the run folders for the report, such as "
                    "TAKE=\"runs/generalize-1 'runs/my run'\"."
                )
        elif variable == "SYNTHETIC":
            options.append(option if _yes(variable, value) else f"--no{option[1:]}")
        elif variable == "REPLACE":
            options += [option] if _yes(variable, value) else []
        elif variable in LISTS:
            options += [option, *_words(variable, value)]
        elif variable not in (
            "TORCH",
            "MXNET",
            "SUBMISSIONS",
            "EXPERIMENT",
            *OF_MPIRUN,
        ):  # which `Script.options` reads
            options.append(f"{option}={value}")
    return options


def _yes(name: str, value: str) -> bool:
    if value.lower() in YES | NO:
        return value.lower() in YES
    raise Refused(f"{name} is {value!r}; it must be yes or no (or true, false, on, off, 1, 0).")


def _words(name: str, value: str) -> list[str]:
    """Split a list at spaces and line ends as a shell does; quotes keep a name with a space together."""
    try:
        return shlex.split(value)
    except ValueError as error:
        raise Refused(f"{name} cannot be split into words ({error}): {value}") from error


def overlooked(name: str, variables: Mapping[str, str]) -> list[str]:
    """Return warnings about variables that resemble settings of this script, or belong to another script."""
    settings = (*COMMON, *SCRIPTS[name].settings)
    others = {setting for other in SCRIPTS.values() for setting in other.settings} - PLACES
    close = {setting.replace("_", ""): setting for setting in settings}
    lines = []
    for variable, value in sorted(variables.items()):
        if not value or variable in {*settings, *PLACES}:
            continue
        plain = variable.upper().replace("_", "").replace("-", "")
        near = [close[match] for match in difflib.get_close_matches(plain, close, 1, 0.8) if match[0] == plain[0]]
        if near and not any(character.isdigit() for character in variable):
            lines.append(f"the variable {variable} is ignored; did you mean {near[0]}?")
        elif variable in others:
            lines.append(f"the variable {variable} is ignored: this script has no such setting.")
    return lines


def _open_log(out: Path) -> int:
    """Create the run folder and open its log, to which every session appends.

    LSF writes its own output file only when the job ends, and a requeue loses the first one.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        return os.open(out / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Refused(
            f"the run folder {out} cannot be created or written to ({reason}). Name another folder with RUNS, or "
            "another run with RUN."
        ) from error


if __name__ == "__main__":
    main(sys.argv[1:])
