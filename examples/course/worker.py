"""The process in which a submission runs.  It answers calls with arrays, and knows no right answers.

The grader (`remote.py`) starts this file by its path, so that nothing of this package can be imported here, and talks
to it through two pipes.  A message is its length and a JSON tree, in which each array is a number, followed by the
arrays in NumPy's .npy format.  Nothing is unpickled on either side.

Before the submission is loaded, the process gives up what it does not need: network, other programs, files outside its
folder, memory and time.  The limits of the system hold in any case.  The audit hook is a second
fence, which names what was tried; it is written in Python, so it is not a wall.  The points do not depend on it:
whoever gets past it is in a process that only can send arrays, and these have to be right.
"""

from __future__ import annotations

import importlib
import io
import json
import linecache
import os
import struct
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

import numpy as np

LENGTH = struct.Struct("<Q")
LARGEST = 1 << 26  # bytes of a message
HEADER = 10_000  # characters of an array's header, as NumPy's own limit


class BadMessage(Exception):
    """A message that is not of the form above."""


# ── messages ───────────────────────────────────────────────────────────────────────────


class Cubic:
    """f(x) = Σ a x³ + (Σ b x)², a function for a gradient checker; its argument is like a and b, which are alike."""

    def __init__(self, a: np.ndarray, b: np.ndarray) -> None:
        self.a, self.b = a, b

    def __call__(self, x: Any) -> float:
        x = np.asarray(x, np.float64)
        if x.shape != self.a.shape:
            raise ValueError(f"f expects an array of shape {self.a.shape}, got {x.shape}")
        return float((self.a * x**3).sum() + (self.b * x).sum() ** 2)

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """The gradient of f at x."""
        return np.asarray(3 * self.a * x**2 + 2 * (self.b * x).sum() * self.b)


def pack(tree: Any) -> bytes:
    """A message with this tree of dicts, lists, tuples, strings, numbers, None and arrays."""
    arrays: list[bytes] = []
    head = json.dumps(_plain(tree, arrays)).encode()
    return b"".join([LENGTH.pack(len(head)), head, *(LENGTH.pack(len(a)) + a for a in arrays)])


def _plain(x: Any, arrays: list[bytes]) -> Any:
    if isinstance(x, Cubic):
        return {"cubic": [_plain(x.a, arrays), _plain(x.b, arrays)]}
    if isinstance(x, np.ndarray | np.generic):
        if np.asarray(x).dtype.kind not in "biuf":
            raise BadMessage(f"an array of {np.asarray(x).dtype}")
        out = io.BytesIO()
        np.lib.format.write_array(out, np.asarray(x), allow_pickle=False)
        arrays.append(out.getvalue())
        return {"array": len(arrays) - 1}
    if isinstance(x, list | tuple):
        return {type(x).__name__ if type(x) in (list, tuple) else "tuple": [_plain(one, arrays) for one in x]}
    if isinstance(x, dict):
        return {"dict": [[str(name), _plain(one, arrays)] for name, one in x.items()]}
    if x is None or isinstance(x, bool | int | float | str):
        return x
    raise BadMessage(f"a {type(x).__name__}")


def unpack(message: bytes) -> Any:
    """The tree of a message.

    Raises
    ------
    BadMessage
        For any bytes that are no message, and for arrays of anything but numbers and bools.
    """
    try:
        stream = io.BytesIO(message)
        head = json.loads(_part(stream))
        arrays = []
        while stream.tell() < len(message):
            array = np.lib.format.read_array(io.BytesIO(_part(stream)), allow_pickle=False, max_header_size=HEADER)
            if array.dtype.kind not in "biuf":
                raise BadMessage(f"an array of {array.dtype}")
            arrays.append(array)
        return _tree(head, arrays)
    except BadMessage:
        raise
    except Exception as error:  # whatever a hostile message makes json or NumPy raise
        raise BadMessage(str(error) or type(error).__name__) from error


def _part(stream: BinaryIO) -> bytes:
    (size,) = LENGTH.unpack(stream.read(LENGTH.size))
    part = stream.read(min(size, LARGEST))
    if len(part) != size:
        raise BadMessage("it ends too early")
    return part


def _tree(x: Any, arrays: list[np.ndarray]) -> Any:
    if not isinstance(x, dict):
        return x
    ((kind, value),) = x.items()
    if kind == "array":
        return arrays[value]
    if kind == "cubic":
        return Cubic(*(_tree(one, arrays) for one in value))
    if kind == "dict":
        return {name: _tree(one, arrays) for name, one in value}
    return {"list": list, "tuple": tuple}[kind](_tree(one, arrays) for one in value)


def read(pipe: BinaryIO) -> bytes | None:
    """The next message, or None at the end of the pipe or for a length that cannot be."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    if size > LARGEST:
        return None
    message = pipe.read(size)
    return message if len(message) == size else None


def write(pipe: BinaryIO, message: bytes) -> None:
    """Send a message."""
    pipe.write(LENGTH.pack(len(message)) + message)
    pipe.flush()


# ── fences ─────────────────────────────────────────────────────────────────────────────


def leave_the_network() -> None:
    """Move into namespaces without a network, where the system allows it; the process must have one thread."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    new_user, new_net = 0x10000000, 0x40000000
    if libc.unshare(new_user | new_net):
        return
    with suppress(OSError):  # keep the own number, which files belong to
        Path("/proc/self/setgroups").write_text("deny")
    with suppress(OSError):
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def limit(memory: int, seconds: int) -> None:
    """Limit the memory beyond what is used now, the seconds of computing, the size of files, and new processes."""
    with suppress(ImportError):  # Windows has no such limits
        import resource

        used = 0
        with suppress(OSError):
            used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        for name, most in (("AS", used + memory), ("CPU", seconds), ("FSIZE", 1 << 20), ("NPROC", 0), ("CORE", 0)):
            with suppress(OSError, ValueError):
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


REFUSED = {
    "socket.": "uses the network",
    "subprocess.": "starts another program",
    "os.system": "starts another program",
    "os.exec": "starts another program",
    "os.posix_spawn": "starts another program",
    "os.spawn": "starts another program",
    "os.startfile": "starts another program",
    "os.fork": "starts another process",
    "pty.spawn": "starts another process",
    "os.kill": "sends a signal to another process",
    "resource.": "changes its limits",
    "gc.get_": "looks into the memory of the grader",
    "sys._current_frames": "looks into the memory of the grader",
    "sys.settrace": "traces the grader",
    "sys.setprofile": "traces the grader",
    "syslog.": "writes to the system's log",
    "ctypes.": "calls functions of the system",
}
STARTERS = {"_posixsubprocess", "_winapi"}
SOLVERS = {"autograd", "nn", "optim", "examples", "torch", "jax", "tensorflow", "mxnet", "mygrad"}
SYSTEM = ("/usr/lib", "/usr/share", "/dev/urandom", "/proc/self", "/etc/localtime", "/sys/devices/system")
FILES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown",
         "os.truncate", "os.utime", "shutil.")  # fmt: skip


def fence(folder: Path, readable: list[str], packages: list[str], tried: list[str]) -> None:
    """Refuse from now on what no task needs, and note in `tried` what it was."""
    readable = [os.path.realpath(place) for place in readable]
    own, known = os.path.realpath(folder), set(sys.stdlib_module_names)
    refused = {name: text for name, text in REFUSED.items() if name != "ctypes." or "numba" not in packages}
    may_import = {*packages, *(path.stem for path in folder.glob("*.py"))}
    realpath, fspath, frame_of = os.path.realpath, os.fspath, sys._getframe

    def among(path: Any, places: list[str]) -> bool:
        whole = realpath(os.fsdecode(fspath(path)))
        return any(whole == place or whole.startswith(place + os.sep) for place in places)

    def stop(what: str) -> None:
        tried.append(what)
        raise PermissionError(f"the submission {what}, which the course does not allow")

    def hook(event: str, args: tuple[Any, ...]) -> None:
        for name, what in refused.items():
            if event.startswith(name):
                stop(what)
        if event == "open" and not isinstance(args[0], int):
            path, _, flags = args
            writes = bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))
            if not among(path, [own, os.devnull] if writes else [own, os.devnull, *readable]):
                stop(f"{'writes' if writes else 'reads'} the file {os.fsdecode(fspath(path))}")
        elif event == "import":
            root = str(args[0]).partition(".")[0]
            if root in STARTERS:
                stop("starts another program")
            if root in may_import or root in known or root.startswith("_"):
                return
            frame: FrameType | None = frame_of(1)
            while frame is not None and "importlib" in frame.f_code.co_filename:
                frame = frame.f_back
            # a package may look for others, such as Numba for SciPy, but not for what solves the tasks
            if root in SOLVERS or frame is None or among(frame.f_code.co_filename, [own]):
                stop(f"imports {root}")
        elif event.startswith(FILES) and not among(args[0], [own]):
            stop(f"changes the file {os.fsdecode(fspath(args[0]))}")

    sys.addaudithook(hook)


# ── calls ──────────────────────────────────────────────────────────────────────────────


def where(error: BaseException, folder: Path) -> str:
    """The submission's own line that raised the error."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{Path(error.filename or '').name}, line {error.lineno}: {(error.text or '').strip()}"
    own = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    for file, line in reversed(own):
        if file.parent == folder:
            return f"{file.name}, line {line}: {linecache.getline(str(file), line).strip()}"
    return ""


def failure(error: BaseException, folder: Path) -> dict[str, str]:
    """An exception for the grader."""
    text = str(error) if isinstance(error, Exception) else ""
    return {"type": type(error).__name__, "text": text[:500], "where": where(error, folder)[:500]}


def derivatives(op: Any, how: str, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """y = op(x), or its gradient for an out-gradient g, or the gradients of ⟨that gradient, h⟩ by x and g."""
    import autograd

    x, *others = args
    leaf = autograd.tensor(x, requires_grad=True)
    y = op(leaf, **params)
    if how == "value":
        return y.detach().numpy()
    g = autograd.tensor(others[0], requires_grad=True)
    with autograd.reference():  # the ops that backward calls run in NumPy, and compile nothing
        (dx,) = autograd.grad(y, leaf, g, create_graph=how == "second")
        if how == "gradient":
            return dx.detach().numpy()
        made = autograd.grad(dx, [leaf, g], autograd.tensor(others[1]), allow_unused=True)
        return tuple(np.zeros_like(x) if d is None else d.detach().numpy() for d in made)


def answer(module: Any, call: dict[str, Any], wait: Any) -> dict[str, Any]:
    """The result of a call, and which of its arrays the function has written to."""
    function = getattr(module, call["name"], None)
    if function is None:
        raise AttributeError(f"there is no {call['name']} in {module.__name__}.py")
    args, params = tuple(call["args"]), call["params"]
    arrays = [x for x in args if isinstance(x, np.ndarray)]
    arrays += [x for one in args if isinstance(one, dict) for x in one.values() if isinstance(x, np.ndarray)]
    before = [x.copy() for x in arrays]
    if call["timed"]:
        wait()
    if call["how"] == "call":
        result = function(*args, **params)
    else:
        result = derivatives(function, call["how"], args, params)
    if call["timed"]:
        wait()
    written = any(a.tobytes() != b.tobytes() for a, b in zip(arrays, before, strict=True))
    return {"result": result, "written": written}


def main() -> None:
    """Load the submission's module and answer calls until the pipe ends.  The settings are this program's argument."""
    settings = json.loads(sys.argv[1])
    folder = Path(settings["folder"])
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    printed = os.open(folder / settings["printed"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for target, source in ((0, nothing), (1, printed), (2, printed)):
        os.dup2(source, target)
    leave_the_network()
    for name in settings["preload"]:
        importlib.import_module(name)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = [""]
    tried: list[str] = []
    readable = [sys.prefix, sys.base_prefix, *(p for p in sys.path if p), *settings["readable"], *SYSTEM]
    limit(settings["memory"], settings["seconds"])
    fence(folder, readable, settings["packages"], tried)

    def wait() -> None:
        write(answers, pack({"now": True}))
        read(calls)

    def attempt(function: Any, *args: Any) -> dict[str, Any]:
        try:
            return dict(function(*args))
        except BaseException as error:  # SystemExit and KeyboardInterrupt, too: the submission may raise anything
            return {"error": failure(error, folder)}

    modules: list[Any] = []

    def load() -> dict[str, Any]:
        modules.append(importlib.import_module(settings["module"]))
        return {"result": True}

    reply = attempt(load)
    while True:
        with suppress(OSError):
            sys.stdout.flush()
        try:
            message = pack({**reply, "tried": tried[:5]})
        except BadMessage as error:
            wrong = {"type": "TypeError", "text": f"it returns {error}", "where": ""}
            message = pack({"error": wrong, "tried": tried[:5]})
        write(answers, message)
        request = read(calls)
        if request is None:
            return
        reply = attempt(lambda: answer(modules[0], unpack(request), wait))  # noqa: B023 (at once)


if __name__ == "__main__":
    main()
