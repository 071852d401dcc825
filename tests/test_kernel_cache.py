"""The cache of compiled kernels: what it trusts, what it survives, and that programs run without it."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import json
import os
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import pytest
from llvmlite import binding as llvm

import autograd
from autograd.kernels import cache

ROOT = Path(__file__).resolve().parents[1]

KERNELS = """
from autograd.kernels.jit import kernel

@kernel(allocates=True)
def twice(x):
    return 2 * x

@kernel(allocates=True)
def triple(x):
    return 3 * twice(x) - 3 * x
"""

# Runs an op and prints the result, whether its kernel came from the cache, and the warnings.
PROGRAM = """
import json, sys, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import autograd
    {after_import}
    y = autograd.tensor([-1.0, 0.5, 3.0]).relu()
    stats = sys.modules["autograd.ops.relu"]._relu.serial.stats
    print(json.dumps({{
        "y": y.tolist(),
        "cache": autograd.config()["cache"],
        "hits": sum(stats.cache_hits.values()),
        "misses": sum(stats.cache_misses.values()),
        "warnings": [str(warning.message) for warning in caught],
    }}))
"""


def run(
    environment: dict[str, str | None], before: str = "", after_import: str = "pass", cwd: Path = ROOT
) -> dict[str, Any]:
    """The output of PROGRAM in a process of its own.  Variables with the value None are not set there."""
    variables = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    out = subprocess.run(
        [sys.executable, "-c", before + PROGRAM.format(after_import=after_import)],
        cwd=cwd,
        env={**variables, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert out.returncode == 0, out.stderr
    result = json.loads(out.stdout)
    assert result["y"] == [0.0, 0.5, 3.0]
    return result


def mode(path: Path | str) -> int:
    return os.lstat(path).st_mode & 0o7777


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder and a temporary folder of the test, in which a cache folder is then chosen."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)  # like /tmp: others may write to it
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LUCIDGRAD_CACHE_DIR", raising=False)
    monkeypatch.setattr(cache.atexit, "register", lambda *call: None)
    return tmp_path


def choose() -> Path | None:
    return cache.cache_folder.__wrapped__()


def choose_silently() -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = choose()
    assert folder is not None
    assert mode(folder) == mode(folder.parent) == 0o700
    return folder


def refused(place: Path, *, names: Path, why: str) -> None:
    """The cache uses a new private folder, after one warning that names the folder, the reason and a remedy."""
    with pytest.warns(RuntimeWarning) as caught:
        folder = choose()
    assert len(caught) == 1
    text = str(caught[0].message)
    assert f"{names} " in text and why in text and str(folder) in text
    assert "LUCIDGRAD_CACHE_DIR" in text or f"chmod go-w {names}" in text
    assert folder is not None and folder.parent == place / "tmp"
    assert mode(folder) == 0o700
    assert not any(folder.iterdir())


# ── which folder ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("umask", [0o002, 0o000, 0o077])
def test_every_folder_made_is_closed_to_others_whatever_the_umask(
    umask: int, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "new" / "home"))
    before = os.umask(umask)
    try:
        folder = choose_silently()
        assert choose_silently() == folder, "the new folder is accepted the next time"
    finally:
        os.umask(before)
    assert folder.parent == place / "new" / "home" / "lucidgrad"
    assert mode(place / "new") == mode(place / "new" / "home") == 0o700


@pytest.mark.parametrize("bits", [0o777, 0o1777, 0o775, 0o702])
@pytest.mark.parametrize("which", ["chosen root", "user's root", "folder in it"])
def test_a_folder_that_others_may_write_to_is_refused(
    bits: int, which: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if which == "chosen root":
        monkeypatch.setenv("LUCIDGRAD_CACHE_DIR", str(place / "chosen"))
    folder = choose_silently()
    opened = folder if which == "folder in it" else folder.parent
    opened.chmod(bits)
    refused(place, names=opened, why="users other than you may write to it")
    assert not any(folder.iterdir())


def unusable_home(place: Path) -> None:
    """A file is in place of the user's cache folder.  (A read-only folder would not do, since root can write to it.)"""
    (place / "home").write_text("")


def test_without_a_writable_home_a_folder_that_the_next_process_finds_again(place: Path) -> None:
    unusable_home(place)
    folder = choose_silently()
    assert folder.parent == place / "tmp" / f"lucidgrad-{os.geteuid()}"
    assert choose_silently() == folder


@pytest.mark.parametrize("planted", ["link to a folder", "link to nothing", "file", "link inside", "file inside"])
def test_what_is_planted_in_the_temporary_folder_is_not_used(planted: str, place: Path) -> None:
    unusable_home(place)
    folder = choose_silently()
    target = place / "elsewhere"
    target.mkdir(mode=0o700)
    victim = folder if "inside" in planted else folder.parent
    shutil.rmtree(victim)
    if "file" in planted:
        victim.write_text("")
    else:
        victim.symlink_to(place / "nothing" if "nothing" in planted else target)
    refused(place, names=victim, why="it is not a folder" if "file" in planted else "it is a symbolic link")
    assert not any(target.iterdir()) and not (place / "nothing").exists()


def test_a_folder_of_another_user_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unusable_home(place)
    owner = os.geteuid()
    planted = place / "tmp" / f"lucidgrad-{owner + 1}"
    planted.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    refused(place, names=planted, why=f"it belongs to user {owner}, and you are user {owner + 1}")
    assert not any(planted.iterdir())


def test_a_link_in_the_variable_is_followed_if_it_is_the_users_own(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "link").symlink_to(place / "disk")
    monkeypatch.setenv("LUCIDGRAD_CACHE_DIR", str(place / "link"))
    assert choose_silently().parent == place / "disk"
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    monkeypatch.setattr(Path, "lstat", lambda path: os.stat_result((0o120777, 0, 0, 1, owner + 2, 0, 0, 0, 0, 0)))
    refused(place, names=place / "link", why="is a link of another user's")


def test_a_chosen_folder_that_cannot_be_used_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").write_text("")
    monkeypatch.setenv("LUCIDGRAD_CACHE_DIR", str(place / "file" / "kernels"))
    with pytest.warns(RuntimeWarning) as caught:
        folder = choose()
    assert folder is not None and folder.parent == place / "tmp" / f"lucidgrad-{os.geteuid()}"
    (warning,) = caught
    assert f"names {place / 'file' / 'kernels'}, which cannot be used: Not a directory" in str(warning.message)
    assert str(folder) in str(warning.message)


def test_kernels_run_where_no_folder_can_be_made(
    place: Path, module: Callable[[], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*anything: Any, **more: Any) -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    unusable_home(place)
    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    monkeypatch.setattr(tempfile, "mkdtemp", nowhere)
    with pytest.warns(RuntimeWarning, match="so compiled kernels are not stored") as caught:
        assert choose() is None
    assert len(caught) == 1
    monkeypatch.setattr(cache, "cache_folder", lambda: None)
    twice = module().twice
    assert twice(1.5) == 3.0
    assert twice.stats.cache_path is None
    monkeypatch.setattr(sys.modules["autograd.config"], "cache_folder", lambda: None)
    assert autograd.config()["cache"] == "none"


def test_the_private_folder_goes_when_its_process_ends_and_not_with_a_fork_of_it(tmp_path: Path) -> None:
    kernels, temporary = tmp_path / "kernels", tmp_path / "tmp"
    kernels.mkdir()
    kernels.chmod(0o777)
    temporary.mkdir()
    fork = "import os; child = os.fork(); child or sys.exit(); os.waitpid(child, 0)"
    result = run({"LUCIDGRAD_CACHE_DIR": str(kernels), "TMPDIR": str(temporary)}, after_import=fork)
    (warning,) = result["warnings"]
    assert str(kernels) in warning and result["cache"] in warning
    assert Path(result["cache"]).parent == temporary
    assert not any(temporary.iterdir()) and not any(kernels.iterdir())


def test_a_user_without_home_and_passwd_entry(tmp_path: Path) -> None:
    """For example in a container that runs under an arbitrary uid."""
    unknown = """
import pwd

def getpwuid(user):
    raise KeyError(f"getpwuid(): uid not found: {user}")

pwd.getpwuid = getpwuid
"""
    (tmp_path / "tmp").mkdir()
    unset = dict.fromkeys(["HOME", "XDG_CACHE_HOME", "LUCIDGRAD_CACHE_DIR", "USER", "LOGNAME"])
    result = run({**unset, "TMPDIR": str(tmp_path / "tmp")}, before=unknown, cwd=tmp_path)
    assert result["warnings"] == []
    assert Path(result["cache"]).parent == tmp_path / "tmp" / f"lucidgrad-{os.geteuid()}"
    assert len(list(Path(result["cache"]).glob("relu._relu-*.nbc"))) == 1
    assert os.listdir(tmp_path) == ["tmp"], "there must be no folder named ~"


def test_without_a_home_no_folder_of_the_name_tilde(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older platformdirs leave the ~ as it is."""
    monkeypatch.chdir(place)
    monkeypatch.setattr(cache.platformdirs, "user_cache_path", lambda name: Path("~/.cache", name))
    assert choose_silently().parent == place / "tmp" / f"lucidgrad-{os.geteuid()}"
    assert os.listdir(place) == ["tmp"]


def test_a_relative_folder_counts_from_where_the_process_was_at_import(tmp_path: Path) -> None:
    (tmp_path / "start").mkdir()
    (tmp_path / "end").mkdir()
    moved = f"import os; os.chdir({str(tmp_path / 'end')!r})"
    for hits in (0, 1):
        result = run({"LUCIDGRAD_CACHE_DIR": "kernels"}, after_import=moved, cwd=tmp_path / "start")
        assert (result["hits"], result["misses"], result["warnings"]) == (hits, 1 - hits, [])
    assert Path(result["cache"]).parent == tmp_path / "start" / "kernels"
    assert not any((tmp_path / "end").iterdir())


def test_the_folder_changes_with_every_kernel_source_and_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    shutil.copytree(cache.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "PACKAGE", package)
    monkeypatch.setenv("LUCIDGRAD_CACHE_DIR", str(tmp_path / "cache"))

    def name() -> str:
        folder = choose_silently()
        assert folder.parent == tmp_path / "cache"
        return folder.name

    def edit(file: str) -> None:
        with open(package / file, "a") as source:
            source.write("# edited\n")

    names = [name()]
    assert name() == names[0]
    edit("tensor.py")
    assert name() == names[0], "this file has no kernel"
    for file in ("kernels/microkernels.py", "kernels/gemm.py", "kernels/conv.py", "kernels/jit.py", "ops/relu.py"):
        edit(file)
        names.append(name())
    for variable in ("LUCIDGRAD_VECTOR_BYTES", "LUCIDGRAD_VECTOR_REGISTERS"):
        monkeypatch.setenv(variable, "16" if os.environ.get(variable) != "16" else "32")
        names.append(name())
    monkeypatch.setattr(numba, "__version__", "0.0")
    names.append(name())
    monkeypatch.setattr(llvm, "get_host_cpu_name", lambda: "another")
    names.append(name())
    assert len(set(names)) == len(names)


def test_a_kernel_of_another_package_is_compiled_again_after_an_edit_in_that_package(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "other_package"
    (package / "inner").mkdir(parents=True)
    for file, text in {
        "__init__.py": "",
        "plain.py": "x = 1\n",
        "inner/__init__.py": "",
        "inner/helper.py": "from autograd.kernels.jit import kernel\n\n"
        "@kernel(allocates=True)\ndef add(x):\n    return x + 1\n",
        "caller.py": "from autograd.kernels.jit import kernel\nfrom other_package.inner.helper import add\n\n"
        "@kernel(allocates=True)\ndef call(x):\n    return add(x)\n",
    }.items():
        (package / file).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))

    def run_in_a_new_process() -> tuple[int, bool]:
        for name in [name for name in sys.modules if name.partition(".")[0] == "other_package"]:
            monkeypatch.delitem(sys.modules, name)
        importlib.invalidate_caches()
        cache._package_sources.cache_clear()
        call = importlib.import_module("other_package.caller").call
        return call(1), compiled(call)

    assert run_in_a_new_process() == (2, True)
    assert run_in_a_new_process() == (2, False)
    (package / "plain.py").write_text("x = 2\n")
    assert run_in_a_new_process() == (2, False), "this file has no kernel"
    helper = package / "inner" / "helper.py"
    helper.write_text(helper.read_text().replace("x + 1", "x + 100"))
    assert run_in_a_new_process() == (101, True), "the code of the kernel that calls it has changed"


# ── damaged or foreign files ───────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the kernels of `module` are stored."""
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(cache, "cache_folder", lambda: folder)
    return folder


@pytest.fixture
def module(tmp_path: Path) -> Iterator[Callable[[], ModuleType]]:
    """Imports two kernels.  Each call imports them again, as a new process would."""
    path = tmp_path / "two_kernels.py"
    path.write_text(KERNELS)

    def load() -> ModuleType:
        spec = importlib.util.spec_from_file_location("two_kernels", path)
        assert spec is not None and spec.loader is not None
        sys.modules["two_kernels"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    sys.modules.pop("two_kernels", None)


def compiled(kernel: Any) -> bool:
    """Whether a kernel's only specialization was compiled, not read from the cache."""
    hits, misses = sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values())
    assert hits + misses == 1
    return misses == 1


def flip(at: float) -> Callable[[Path], object]:
    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        start = int(at * (len(content) - 4))
        content[start : start + 4] = bytes(byte ^ 0xFF for byte in content[start : start + 4])
        file.write_bytes(content)

    return damage


def cut(to: Callable[[int], int]) -> Callable[[Path], object]:
    return lambda file: os.truncate(file, to(file.stat().st_size))


def in_its_place(make: Callable[[Path, Path], object]) -> Callable[[Path], object]:
    """Move the file away and make something else under its name; it may use the moved file."""

    def damage(file: Path) -> None:
        make(file, file.rename(file.with_suffix(".moved")))

    return damage


def full_folder(file: Path, _: Path) -> None:
    (file / "deep").mkdir(parents=True)
    (file / "deep" / "file").write_text("text")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": cut(lambda size: 0),
    "cut within the digest": cut(lambda size: 31),
    "cut after the digest": cut(lambda size: 32),
    "half": cut(lambda size: size // 2),
    "without its last byte": cut(lambda size: size - 1),
    "a byte longer": cut(lambda size: size + 1),
    **{f"4 bytes flipped at {at}": flip(at) for at in (0.0, 0.01, 0.3, 0.6, 0.9, 1.0)},
    "removed": Path.unlink,
    "an empty folder": in_its_place(lambda file, _: file.mkdir()),
    "a full folder": in_its_place(full_folder),
    "a link to the file": in_its_place(lambda file, moved: file.symlink_to(moved)),
    "a link to nothing": in_its_place(lambda file, _: file.symlink_to("nothing")),
    "a named pipe": in_its_place(lambda file, _: os.mkfifo(file)),
    "writable by the group": lambda file: file.chmod(0o660),
    "writable by all": lambda file: file.chmod(0o602),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_compiled_again_and_replaced(
    damage: str, folder: Path, module: Callable[[], ModuleType]
) -> None:
    twice = module().twice
    assert twice(1.5) == 3.0 and compiled(twice)
    (file,) = folder.iterdir()
    assert mode(file) == 0o600
    assert not compiled_again(module), "an undamaged file is read"
    DAMAGE[damage](file)
    assert compiled_again(module)
    assert file.is_file() and not file.is_symlink() and mode(file) == 0o600
    assert not compiled_again(module), "the damaged file was replaced"


def compiled_again(module: Callable[[], ModuleType]) -> bool:
    twice = module().twice
    assert twice(1.5) == 3.0
    return compiled(twice)


def test_a_file_of_another_user_is_compiled_again(
    folder: Path, module: Callable[[], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compiled_again(module) and not compiled_again(module)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert compiled_again(module)


def test_a_whole_file_under_the_name_of_another_kernel_is_not_used(
    folder: Path, module: Callable[[], ModuleType]
) -> None:
    kernels = module()
    assert (kernels.twice(1.5), kernels.triple(1.5)) == (3.0, 4.5)
    assert not compiled_again(module)
    files = {file.name.split("-")[0]: file for file in folder.iterdir()}
    shutil.copyfile(files["two_kernels.triple"], files["two_kernels.twice"])
    assert compiled_again(module)


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_nothing_is_unpickled_that_has_no_digest(
    folder: Path, tmp_path: Path, module: Callable[[], ModuleType]
) -> None:
    assert compiled_again(module)
    (file,) = folder.iterdir()
    bomb = pickle.dumps(Bomb(tmp_path / "exploded"))
    for content in (bomb, bytes(32) + bomb, cache.hashlib.sha256(bomb).digest() + bomb):
        file.write_bytes(content)
        assert compiled_again(module)
        assert not (tmp_path / "exploded").exists()


@pytest.mark.slow
@pytest.mark.parallel
def test_an_op_with_every_file_of_its_cache_damaged(tmp_path: Path) -> None:
    """The same in separate processes, where Numba's own cache reader would crash in LLVM."""
    environment: dict[str, str | None] = {"LUCIDGRAD_CACHE_DIR": str(tmp_path / "kernels")}
    first = run(environment)
    assert first["misses"] == 1
    for damage in ("4 bytes flipped at 0.6", "a full folder"):
        kept = [file for file in Path(first["cache"]).rglob("*.nb?") if file.is_file()]
        assert kept
        for file in kept:
            DAMAGE[damage](file)
        result = run(environment)
        assert (result["misses"], result["warnings"], result["cache"]) == (1, [], first["cache"])
    result = run(environment)
    assert (result["hits"], result["misses"]) == (1, 0)


def test_an_edited_source_is_compiled_again(folder: Path, tmp_path: Path, module: Callable[[], ModuleType]) -> None:
    assert compiled_again(module) and not compiled_again(module)
    path = tmp_path / "two_kernels.py"
    path.write_text(KERNELS.replace("return 2 * x", "return 4 * x"))  # same length as before
    os.utime(path, ns=(1, 1))
    twice = module().twice
    assert twice(1.5) == 6.0 and compiled(twice)


def test_a_kernel_that_is_in_no_file_runs_and_is_not_kept(folder: Path) -> None:
    names: dict[str, Any] = {}
    exec(KERNELS, names)
    assert names["triple"](1.5) == 4.5
    assert not any(folder.iterdir())


def test_recompile_forgets_what_was_kept(folder: Path, module: Callable[[], ModuleType]) -> None:
    kernels = module()
    assert (kernels.twice(1.5), kernels.triple(1.5)) == (3.0, 4.5)
    kernels.twice.recompile()
    assert sum(kernels.twice.stats.cache_misses.values()) == 2
    assert len(list(folder.glob("*.nbc"))) == 2


# ── full disks ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOENT, errno.EIO])
def test_a_kernel_that_cannot_be_kept_runs_with_one_warning(
    number: int, folder: Path, module: Callable[[], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*anything: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fail)
    monkeypatch.setattr(cache, "_warned", False)
    with pytest.warns(RuntimeWarning) as caught:
        kernels = module()
        assert (kernels.twice(1.5), kernels.twice(2), kernels.triple(1.5)) == (3.0, 4, 4.5)
    (warning,) = caught
    assert f"cannot be stored in {folder}: {os.strerror(number)}" in str(warning.message)
    assert "LUCIDGRAD_CACHE_DIR" in str(warning.message)
    assert not any(folder.iterdir()), "a temporary file is left"


def test_an_op_with_a_full_disk_under_its_cache(tmp_path: Path) -> None:
    """The size of files is limited, so writes fail as on a full disk."""
    assert hasattr(resource, "RLIMIT_FSIZE")
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))"
    result = run({"LUCIDGRAD_CACHE_DIR": str(tmp_path / "kernels")}, after_import=full)
    (warning,) = result["warnings"]
    assert f"cannot be stored in {result['cache']}: File too large" in warning
    assert not any(Path(result["cache"]).iterdir())


def test_temporary_files_of_killed_processes_are_removed(folder: Path, module: Callable[[], ModuleType]) -> None:
    old, young = folder / ".twice.0123.tmp", folder / ".twice.4567.tmp"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, times=(time.time() - 7200,) * 2)
    assert compiled_again(module)
    assert not old.exists()
    assert young.exists(), "its writer may still be running"


# ── many processes ─────────────────────────────────────────────────────────────────────


def test_forms_of_a_kernel_compiled_at_the_same_time_are_all_kept(
    folder: Path, module: Callable[[], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other processes compile for other types, from start to end, just before this one renames its files."""
    replace = os.replace
    others: list[Any] = [2, 1.5j]

    def meanwhile(source: Any, target: Any) -> None:
        if others:
            x = others.pop()
            assert module().twice(x) == 2 * x
        replace(source, target)

    monkeypatch.setattr(os, "replace", meanwhile)
    assert module().twice(1.5) == 3.0
    assert others == []
    twice = module().twice
    for x in (1.5, 2, 1.5j):
        assert twice(x) == 2 * x
    assert (len(twice.stats.cache_hits), len(twice.stats.cache_misses)) == (3, 0)


# Two kernels are compiled for two types, in an order that differs by process, once the start file exists.
CROWD = """
import fcntl, hashlib, json, sys, time
from pathlib import Path

def no_locks(*anything):
    raise OSError(37, "No locks available")

fcntl.flock = fcntl.lockf = fcntl.fcntl = no_locks
sys.path.insert(0, sys.argv[1])
import numpy as np
import two_kernels

calls = [(kernel, dtype) for kernel in (two_kernels.twice, two_kernels.triple) for dtype in ("f4", "f8")]
turn = int(sys.argv[3])
while not Path(sys.argv[2]).exists():
    time.sleep(0.01)
bits = {}
for kernel, dtype in calls[turn:] + calls[:turn]:
    y = kernel(np.linspace(0, 1, 1001, dtype=dtype))
    bits[kernel.__name__ + dtype] = hashlib.sha256(y.tobytes()).hexdigest()
misses = sum(sum(kernel.stats.cache_misses.values()) for kernel, _ in calls[::2])
print(json.dumps([misses, sorted(bits.items())]))
"""


@pytest.mark.slow
def test_many_processes_compile_at_once_into_one_cache_without_locks(tmp_path: Path) -> None:
    (tmp_path / "two_kernels.py").write_text(KERNELS)
    start = tmp_path / "start"

    def process(turn: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", CROWD, str(tmp_path), str(start), str(turn)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "LUCIDGRAD_CACHE_DIR": str(tmp_path / "kernels")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def result(process: subprocess.Popen[str]) -> Any:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
        assert not err
        return json.loads(out)

    crowd = [process(turn % 4) for turn in range(6)]
    start.touch()
    _, bits = result(crowd[0])
    for other in crowd[1:]:
        assert result(other)[1] == bits
    assert result(process(0)) == [0, bits]
