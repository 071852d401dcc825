"""The grader's side of a submission's process: start it, call its functions, end it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, NamedTuple

import autograd
from examples.course import worker

PRINTED = "printed.txt"  # what the submission prints
ENDING = 1  # seconds in which a process ends that has closed its pipe, or was killed
PATIENCE = 10  # times as long a call may take if the process has hardly been given time to compute
GRACE = 10  # twentieths of a second in which an answer that is there already can be read
MOST = 1 << 20  # bytes of a submission's file


class Limits(NamedTuple):
    """What a submission's process may use.

    Attributes
    ----------
    call : float
        Seconds of one call.
    load : float
        Seconds until the file is loaded.
    task : float
        Seconds of all calls of a task, and of computing.
    memory : int
        Bytes, beside those of Python and its packages.
    """

    call: float = 20.0
    load: float = 60.0
    task: float = 400.0
    memory: int = 1 << 30


class Wrong(AssertionError):
    """A call failed in a way that belongs to its arguments: an exception, or something that is no result."""


class Stopped(Exception):
    """The process answers no more calls, or must not.  The text is a sentence without its subject."""


class NotWritten(Exception):
    """The function still raises the NotImplementedError of its TODO."""


class Remote:
    """A submission's process, with one of its files loaded.

    Parameters
    ----------
    folder : Path
        The submission.  Its Python files are copied to a private folder, which is removed at the end.
    module : str
        The file to load, without .py.
    packages : sequence of str
        What it may import beside the standard library and its own files.

    Raises
    ------
    Stopped
        The file cannot be loaded.
    """

    def __init__(self, folder: Path, module: str, packages: Sequence[str], limits: Limits = Limits()) -> None:  # noqa: B008
        self.limits, self.spent = limits, 0.0
        self.private = Path(tempfile.mkdtemp(prefix="lucidgrad-course-"))
        self._begun: tuple[float, float] | None = None  # when the call began, and its seconds
        self._late = False
        self._over = threading.Event()
        try:
            copy_files(folder, self.private)
            self._process = self._start(module, packages)
        except BaseException:
            shutil.rmtree(self.private, ignore_errors=True)
            raise
        self._watch = threading.Thread(target=self._watchdog, daemon=True)
        self._watch.start()
        try:
            loaded = self._receive(self.limits.load, "loading")
            if error := loaded.get("error"):
                raise Stopped(f"cannot be loaded: {_sentence(error)}")
        except BaseException:
            self.close()
            raise

    def _start(self, module: str, packages: Sequence[str]) -> subprocess.Popen[bytes]:
        root = Path(autograd.__file__).resolve().parents[1]
        engine = "autograd" in packages
        others = ("nn", "optim", "ml_dtypes", "scipy", "safetensors", "platformdirs") if engine else ()
        settings = {
            "folder": str(self.private),
            "module": module,
            "packages": [*packages, *others],
            "preload": [name for name in packages if "." not in name],
            "printed": PRINTED,
            "readable": [str(root / "autograd")] if engine else [],
            "memory": self.limits.memory,
            "seconds": int(self.limits.task + self.limits.load) + 1,
        }
        kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "NUMBA_THREADING_LAYER")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        threads = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment |= dict.fromkeys(threads, "1")
        environment |= dict.fromkeys(("HOME", "TMPDIR", "LUCIDGRAD_CACHE_DIR", "NUMBA_CACHE_DIR"), str(self.private))
        start = [worker.__file__]
        if engine:  # the engine may not be installed: its folder is added, behind everything else
            start = ["-c", _WITH_ENGINE, str(root), worker.__file__]
        return subprocess.Popen(
            [sys.executable, "-I", "-B", "-W", "ignore", *start, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.private,
            env=environment,
            start_new_session=True,
        )

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and all that it started, and remove its folder."""
        self._over.set()
        self._kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING)
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe:
                    pipe.close()
        shutil.rmtree(self.private, ignore_errors=True)

    def call(self, name: str, *args: Any, how: str = "call", **params: Any) -> Any:
        """The result of a function of the submission.

        Raises
        ------
        Wrong
            It raises an exception, writes to its arguments, or returns what is neither array nor number.
        NotWritten
            It is still to be written.
        Stopped
            The process ended, was too slow, or tried what is not allowed.
        """
        return self._call(name, args, how, params, timed=False)[0]

    def timed(self, name: str, *args: Any, **params: Any) -> tuple[Any, float, float]:
        """The result of a call, the seconds of the function alone, and those with sending and receiving.

        The clock is that of this process, which says when the function may begin.  A submission that has taken over its
        process could begin earlier, and would be seen in the second number.
        """
        return self._call(name, args, "call", params, timed=True)

    def _call(self, name: str, args: Any, how: str, params: dict[str, Any], *, timed: bool) -> tuple[Any, float, float]:
        began = monotonic()
        seconds = min(self.limits.call, self.limits.task - self.spent)
        if seconds <= 0:
            raise Stopped(f"took more than the {self.limits.task:g} seconds that all calls of a task may take")
        message = {"name": name, "args": list(args), "how": how, "params": params, "timed": timed}
        took, first = 0.0, perf_counter()
        try:
            reply = self._receive(seconds, name, message)
            if timed and "now" in reply:
                before = perf_counter()
                reply = self._receive(seconds, name, {})
                took = perf_counter() - before
                if "now" in reply:
                    reply = self._receive(seconds, name, {})
        finally:
            self.spent += monotonic() - began
        return result_of(name, reply), took, perf_counter() - first

    def _receive(self, seconds: float, what: str, message: Any = None) -> dict[str, Any]:
        """Send a message, if there is one, and return the answer."""
        pipes = self._process.stdin, self._process.stdout
        assert pipes[0] and pipes[1]
        self._begun = monotonic(), seconds
        try:
            if message is not None:
                worker.write(pipes[0], worker.pack(message))  # type: ignore[arg-type]
            raw = worker.read(pipes[1])  # type: ignore[arg-type]
        except (OSError, ValueError):
            raw = None
        finally:
            self._begun = None
        if raw is None:
            raise Stopped(self._how_it_ended(seconds, what))
        try:
            reply = worker.unpack(raw)
        except worker.BadMessage as error:
            raise Stopped(f"sent an answer that is no array ({error})") from error
        if not _is_reply(reply):
            raise Stopped("sent an answer of a form that the grader does not know")
        if reply.get("tried"):
            raise Stopped(f"{_visible(reply['tried'][0])}, which the course does not allow")
        return dict(reply)

    def _how_it_ended(self, seconds: float, what: str) -> str:
        try:
            status = self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._kill()
            return f"sent an answer that cannot be read during {what}"
        if self._late:
            return f"took more than {seconds:.3g} seconds for {what}: does a loop never end?"
        if status == -getattr(signal, "SIGXCPU", 0):
            return f"took too much computing time for {what}"
        ended = f"with status {status}" if status >= 0 else f"by signal {-status}"
        return f"ended its process {ended} during {what}; it may have used too much memory"

    def _kill(self) -> None:
        with suppress(OSError, AttributeError):
            os.killpg(self._process.pid, signal.SIGKILL)  # and whatever else is in its session's group
        with suppress(OSError):
            self._process.kill()

    def _watchdog(self) -> None:
        """Kill the process if a call takes too long, but not because other programs leave it no time to compute."""
        begun, computed, late = None, 0.0, 0
        while not self._over.wait(0.05):
            if self._begun is not begun:
                begun, computed, late = self._begun, _state(self._process.pid)[1], 0
            if begun is None or monotonic() < begun[0] + begun[1]:
                continue
            running, now = _state(self._process.pid)
            waits = running and now - computed < begun[1] and monotonic() < begun[0] + PATIENCE * begun[1]
            late = 0 if waits else late + 1
            if late >= GRACE:
                self._late = True
                self._kill()
                return

    def printed(self, lines: int = 8) -> str:
        """The last lines that the submission has printed, or a part of them."""
        most = lines * 100
        with suppress(OSError), open(self.private / PRINTED, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - most))
            return "\n".join(_visible(file.read(most).decode("utf-8", "replace").strip()).splitlines()[-lines:])
        return ""


# -I leaves out the current folder, and with it an engine that is not installed.
_WITH_ENGINE = """
import runpy, sys
sys.path.append(sys.argv[1])
import autograd
sys.path.remove(sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def _state(process: int) -> tuple[bool, float]:
    """Whether a process wants to compute, and the seconds that it has computed; (False, 0) where Linux does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return fields[0] == "R", (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return False, 0.0


def copy_files(source: Path, target: Path) -> None:
    """Copy a submission's Python files, but no links and nothing large."""
    for path in sorted(source.glob("*.py")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= MOST:
            shutil.copyfile(path, target / path.name)


def result_of(name: str, reply: dict[str, Any]) -> Any:
    """The result in the answer to a call of this function; errors as `Remote.call`."""
    if error := reply.get("error"):
        if error["type"] == "NotImplementedError":
            raise NotWritten(name)
        raise Wrong(f"{name} raises {_sentence(error)}")
    if reply.get("written") is not False:
        raise Wrong(f"{name} writes to an array that it was given; work on a copy (x + h - h is not always x)")
    return reply.get("result")


def _is_reply(reply: Any) -> bool:
    """Whether an answer has the parts that the grader reads."""
    if not isinstance(reply, dict):
        return False
    error, tried = reply.get("error"), reply.get("tried", [])
    texts = list(error.values()) if isinstance(error, dict) and {"type", "text", "where"} <= set(error) else [None]
    return (error is None or all(isinstance(text, str) for text in texts)) and (
        isinstance(tried, list) and all(isinstance(text, str) for text in tried)
    )


def _sentence(error: dict[str, str]) -> str:
    text = f"{error['type']}: {error['text']}" if error["text"] else error["type"]
    return _visible(f"{text} ({error['where']})" if error["where"] else text)


def _visible(text: str) -> str:
    """Text without characters that control a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
