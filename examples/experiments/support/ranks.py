"""The ranks of a job on several hosts: from LSF's variables to the arguments of mpirun, and what each rank does first.

`job` calls `layout` and `command` for ``lsf/train_mpi.lsf``. mpirun then runs
``python -m examples.experiments.support.ranks`` in each slot. It binds the process to the CPUs that LSF chose for it,
fetches the compiled kernels onto the disk of its node, and becomes the program.

Open MPI's own reading of LSF's binding is off (LSB_AFFINITY_HOSTFILE is not passed on): it is one rank per slot, and
it fails in some releases, https://github.com/open-mpi/ompi/issues/12794.

This module imports only the standard library, as `job` does.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from examples.experiments.support.node import kernels_on_node
from examples.experiments.support.variables import Refused, number

BOUND = "LUCIDGRAD_CPUS"  # the CPUs of each rank: "0,1 2,3 0,1 2,3"
KERNELS = "LUCIDGRAD_KERNELS"  # where the warm-up left its kernels, and the disk of a node, separated by a line end

# What the daemons on other hosts do not have from LSF: they start with the environment of blaunch
_PASSED = (
    "PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "CIFAR10_DIR", "XDG_CACHE_HOME",
    "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
    "LUCIDGRAD_CACHE_DIR", BOUND, KERNELS, "LUCIDGRAD_JOB",
    "LSB_JOBID", "LSB_JOBINDEX", "LSB_EXIT_REQUEUE",
)  # fmt: skip


class Layout(NamedTuple):
    """Where the ranks of a job run."""

    ranks: dict[str, int]  # by host, in the order of the ranks; the job's script runs on the first
    threads: int  # of each rank
    cpus: tuple[str, ...] = ()  # of each rank, such as "0,1"; empty where LSF binds nothing

    @property
    def size(self) -> int:
        """The number of ranks."""
        return sum(self.ranks.values())

    def __str__(self) -> str:
        counts = [(self.size, "rank"), (self.threads, "thread")]
        each = " x ".join(f"{count} {what}{'s' * (count != 1)}" for count, what in counts)
        return f"{each} on {len(self.ranks)} host{'s' * (len(self.ranks) != 1)}"


def layout(variables: Mapping[str, str]) -> Layout:
    """Return the ranks that fit into the slots of this job.

    A slot is a core, and a rank takes THREADS of them (1 if it is not set). Where LSF was asked for affinity, a slot
    is a task with the cores that were asked for, and each rank is one task.

    Raises
    ------
    Refused
        THREADS is not a number, or does not divide the slots of a host; a variable of LSF cannot be read.
    """
    slots = _slots(variables)
    if tasks := _tasks(variables, slots):
        cpus = tuple(tasks)
        most = min(len(each.split(",")) for each in cpus)
        threads = number("THREADS", variables.get("THREADS"), most)
        if not 1 <= threads <= most:
            raise Refused(
                f"THREADS is {threads}, but LSF gives each rank {most} cores: affinity[core({most})]. Leave THREADS "
                "out, or ask for more cores."
            )
        return Layout(slots, threads, cpus)
    threads = max(1, number("THREADS", variables.get("THREADS"), 1))
    for host, count in slots.items():
        if count % threads:
            raise Refused(
                f"{host} has {count} slot{'s' * (count != 1)}, which THREADS={threads} does not divide. -n is ranks "
                f"times threads; ask for a multiple of {threads} on each host, such as "
                f'-n {threads * max(1, sum(slots.values()) // threads)} -R "span[ptile={threads}]".'
            )
    return Layout({host: count // threads for host, count in slots.items()}, threads)


def _slots(variables: Mapping[str, str]) -> dict[str, int]:
    """Return the slots of each host. LSB_MCPU_HOSTS is "hostA 4 hostB 4"; the others repeat a host for each slot."""
    slots: dict[str, int] = {}
    if words := (variables.get("LSB_MCPU_HOSTS") or "").split():
        for host, count in zip(words[::2], [*words[1::2], ""][: len(words[::2])]):
            slots[host] = slots.get(host, 0) + number("LSB_MCPU_HOSTS", count, 1)
        return slots
    for host in _lines(variables, "LSB_DJOB_HOSTFILE") or (variables.get("LSB_HOSTS") or "").split():
        slots[host] = slots.get(host, 0) + 1
    return slots or {socket.gethostname(): 1}


def _tasks(variables: Mapping[str, str], slots: dict[str, int]) -> list[str]:
    """Return the CPUs of each task, in the order of the ranks; empty where LSF binds nothing.

    A line of LSB_AFFINITY_HOSTFILE is a host, the CPUs of one task, and perhaps its memory nodes: "hostA 0,1,2 0 2".
    """
    of_host: dict[str, list[str]] = {host: [] for host in slots}
    for line in _lines(variables, "LSB_AFFINITY_HOSTFILE"):
        host, cpus, *_ = [*line.split(), ""]
        if host not in of_host or not all(cpu.isdecimal() for cpu in cpus.split(",")):
            return []  # of another form: bind nothing
        of_host[host].append(cpus)
    if any(len(of_host[host]) != count for host, count in slots.items()):
        return []
    return [cpus for each in of_host.values() for cpus in each]


def _lines(variables: Mapping[str, str], name: str) -> list[str]:
    """Return the lines of a file that a variable names, without empty ones; none if there is no such file."""
    try:
        return [
            line.strip() for line in Path(variables.get(name) or os.devnull).read_text().splitlines() if line.strip()
        ]
    except (OSError, ValueError):
        return []


def command(where: Layout, program: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    """Return the command that runs a program in all ranks.

    Parameters
    ----------
    where : Layout
    program : sequence of str
        Python and its arguments.
    variables : mapping
        What `environment` returns.
    """
    hosts = ",".join(f"{host}:{count}" for host, count in where.ranks.items())
    python = [program[0], "-u", "-m"]
    placed = ["--host", hosts, "-np", str(where.size), "--map-by", "slot", "--bind-to", "none"]
    if len(where.ranks) > 1:
        placed.append("--leave-session-attached")  # otherwise the daemons leave blaunch, and LSF loses them
    passed = [word for name in _PASSED if variables.get(name) for word in ("-x", name)]
    return [
        *python, "examples.experiments.support.mpirun", *placed, *passed,
        *python, "examples.experiments.support.ranks", *program,
    ]  # fmt: skip


def environment(where: Layout, variables: Mapping[str, str], shared: Path, disk: Path) -> dict[str, str]:
    """Return the variables of mpirun, and through it of all ranks.

    Parameters
    ----------
    where : Layout
    variables : mapping
        Those of the job.
    shared, disk : Path
        Where the warm-up left its kernels, and where a node keeps its own.
    """
    kept = {name: value for name, value in variables.items() if name != "LSB_AFFINITY_HOSTFILE"}
    agent = {}
    if len(where.ranks) > 1:  # an Open MPI built with LSF starts its daemons itself and reads none of these
        agent = {
            "OMPI_MCA_plm_rsh_agent": "blaunch",  # Open MPI 4
            "OMPI_MCA_plm_rsh_no_tree_spawn": "1",
            "PRTE_MCA_plm_ssh_agent": "blaunch",  # Open MPI 5
            "PRTE_MCA_plm_ssh_no_tree_spawn": "1",  # all from the first host, whose blaunch LSF knows
        }
    bound = {BOUND: " ".join(where.cpus)} if where.cpus else {}
    return {**kept, **agent, **bound, KERNELS: f"{shared.absolute()}\n{disk.absolute()}"}


def main(program: list[str]) -> NoReturn:
    """Prepare this rank, and replace this process with its program."""
    rank = int(os.environ.get("OMPI_COMM_WORLD_RANK") or 0)
    bound = os.environ.get(BOUND, "").split()
    if rank < len(bound) and hasattr(os, "sched_setaffinity"):
        with suppress(OSError):  # LSF keeps the job to other CPUs
            os.sched_setaffinity(0, {int(cpu) for cpu in bound[rank].split(",")})
    if not os.environ.get("LUCIDGRAD_CACHE_DIR"):
        shared, disk = os.environ[KERNELS].split("\n")
        os.environ["LUCIDGRAD_CACHE_DIR"] = str(kernels_on_node(Path(shared), Path(disk)).absolute())
    os.execv(shutil.which(program[0]) or program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
