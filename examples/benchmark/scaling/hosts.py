"""Two hosts imitated on one machine: two network namespaces, joined by a virtual cable.

Programs in them have a host name and an address of their own, and share processors, files and processes. A `blaunch`
for them starts a command in the other namespace, as LSF's starts one on another host. Needs Linux, root, and ``ip``.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_NETWORK = "10.213.77"


class NoHosts(Exception):
    """This machine cannot imitate hosts. The text says why."""


class TwoHosts:
    """A context manager.

    Attributes
    ----------
    names : tuple of str
        The addresses of the hosts, which mpirun takes as names.
    bin : Path
        A folder with `blaunch`, and `launched`, a line for each command that it started.

    Raises
    ------
    NoHosts
    """

    def __init__(self) -> None:
        self.names = (f"{_NETWORK}.1", f"{_NETWORK}.2")
        self._spaces = [f"lucidgrad-{os.getpid()}-{name}" for name in "ab"]
        self._cables = [f"lg{os.getpid()}{name}" for name in "ab"]
        self._folder = tempfile.TemporaryDirectory()
        self.bin = Path(self._folder.name)

    def __enter__(self) -> Self:
        if not sys.platform.startswith("linux") or os.getuid() != 0 or shutil.which("ip") is None:
            raise NoHosts("two hosts can be imitated only on Linux, by root, with the command ip")
        try:
            for space in self._spaces:
                _run("ip", "netns", "add", space)
            first, second = self._spaces
            _run("ip", "link", "add", self._cables[0], "netns", first, "type", "veth", "peer", "name", self._cables[1],
                 "netns", second)  # fmt: skip
            for space, cable, address in zip(self._spaces, self._cables, self.names, strict=True):
                _run("ip", "-n", space, "address", "add", f"{address}/24", "dev", cable)
                for device in (cable, "lo"):
                    _run("ip", "-n", space, "link", "set", device, "up")
        except subprocess.CalledProcessError as error:
            self.__exit__(None, None, None)
            raise NoHosts(f"two hosts cannot be imitated here: {error.stderr.strip()}") from error
        script = self.bin / "blaunch"
        enter, launched = " ".join(map(shlex.quote, self._entering(1))), shlex.quote(str(self.bin / "launched"))
        script.write_text(
            "#!/bin/bash\n"
            f'[[ $1 == {self.names[1]} ]] || {{ echo "blaunch: $1 is no host of this job" >&2; exit 1; }}\n'
            "shift\n"
            f'echo "$*" >> {launched}\n'
            f'exec {enter} bash -c "$*"\n'
        )
        script.chmod(0o755)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for space in self._spaces:
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)
        self._folder.cleanup()

    def _entering(self, host: int) -> list[str]:
        """The beginning of a command that runs on a host: its network, and its name."""
        space = self._spaces[host]
        return ["ip", "netns", "exec", space, "unshare", "--uts", "sh", "-c", f'hostname {space}; exec "$@"', "sh"]

    def on_first(self, command: Sequence[str]) -> list[str]:
        """The command, on the first host."""
        return [*self._entering(0), *command]

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """An environment in which `blaunch` is found."""
        return {**environment, "PATH": f"{self.bin}:{environment.get('PATH', '')}"}

    def limit(self, megabits: int) -> None:
        """Let the cable carry so many Mbit/s in each direction.

        Raises
        ------
        NoHosts
            The kernel has no token bucket filter.
        """
        try:
            for space, cable in zip(self._spaces, self._cables, strict=True):
                _run("ip", "netns", "exec", space, "tc", "qdisc", "replace", "dev", cable, "root", "tbf", "rate",
                     f"{megabits}mbit", "burst", "256kb", "latency", "100ms")  # fmt: skip
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            why = getattr(error, "stderr", None) or error
            raise NoHosts(f"the cable cannot be limited: {str(why).strip()}") from error


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
