"""The number of threads, threading layers, and kernels launched from several Python threads and processes.

.ci/run also runs these tests on Numba's workqueue layer.
"""

from __future__ import annotations

import ast
import ctypes
import os
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite import binding as llvm

import autograd
import nn
import nn.functional as F
import optim
from autograd.kernels import jit, threads
from autograd.kernels.jit import kernel, limit_threads, set_threads
from optim import fused

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.threads


@pytest.fixture
def most() -> Iterator[int]:
    """The largest number of threads, which is set for the test.  The previous number is restored afterwards."""
    before = autograd.get_num_threads()
    autograd.set_num_threads(threads.settings.NUMBA_NUM_THREADS)
    yield threads.settings.NUMBA_NUM_THREADS
    autograd.set_num_threads(before)


@kernel(parallel=True, cached=False)
def count_threads(wanted, found):
    before = limit_threads(wanted)
    found[0] = numba.get_num_threads()
    for i in numba.prange(1, len(found)):
        found[i] = i
    set_threads(before)


def launched_on(wanted: int = 1000) -> int:
    """The number of threads that run a kernel launched here with `wanted` as the limit."""
    found = np.zeros(64, np.int64)
    count_threads(wanted, found)
    assert (found[1:] == np.arange(1, 64)).all()
    return int(found[0])


def in_a_thread(function: Callable[[], Any]) -> Any:
    """The function's result in a new Python thread."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def run_script(tmp_path: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program whose only variables of Numba and the batch system are these."""
    file = tmp_path / "script.py"
    file.write_text(script)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LSB_", "NUMBA_"))}
    environment = {**kept, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=500
    )


def output(tmp_path: Path, script: str, **variables: str) -> str:
    done = run_script(tmp_path, script, **variables)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stderr}"
    return done.stdout


# ── the number of threads ──────────────────────────────────────────────────────────────


def test_set_num_threads(most: int) -> None:
    numbers: list[Any] = [1, np.int64(2), most]
    for number in numbers:
        autograd.set_num_threads(number)
        assert type(autograd.get_num_threads()) is int
        assert autograd.get_num_threads() == launched_on() == number
    for wrong in (0, -1, 10_000):
        with pytest.raises(ValueError, match=f"set_num_threads: {wrong} is not between 1 and {most}"):
            autograd.set_num_threads(wrong)
    assert autograd.get_num_threads() == most


@pytest.mark.parametrize("wrong", ["2", 2.0, np.float64(2), True, np.True_, None, [2]])
def test_set_num_threads_expects_an_integer(most: int, wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"set_num_threads: expects an int, got {type(wrong).__name__} "):
        autograd.set_num_threads(wrong)
    assert autograd.get_num_threads() == most


def test_the_number_of_threads_holds_for_all_python_threads(most: int) -> None:
    autograd.set_num_threads(2)
    assert in_a_thread(autograd.get_num_threads) == in_a_thread(launched_on) == 2
    in_a_thread(lambda: autograd.set_num_threads(3))
    assert autograd.get_num_threads() == launched_on() == 3


def test_a_python_thread_that_ran_kernels_before_follows(most: int) -> None:
    ran, go, found = threading.Event(), threading.Event(), []

    def work() -> None:
        found.append(launched_on())
        ran.set()
        go.wait()
        found.append(launched_on())

    thread = threading.Thread(target=work)
    thread.start()
    ran.wait()
    autograd.set_num_threads(1)
    go.set()
    thread.join()
    assert found == [most, 1]


def default_threads(tmp_path: Path, **variables: str) -> int:
    """The number of threads that run the kernels of a new process, in any Python thread."""
    script = """
import threading
import numba, numpy as np
import autograd
from tests.test_threads import in_a_thread, launched_on

print(*{autograd.get_num_threads(), in_a_thread(autograd.get_num_threads), launched_on(), in_a_thread(launched_on)})
"""
    return int(output(tmp_path, script, NUMBA_NUM_THREADS="3", **variables))


def test_slots_of_the_batch_system_hold_for_all_python_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LSB_DJOB_NUMPROC", raising=False)
    monkeypatch.delenv("LSB_MCPU_HOSTS", raising=False)
    available = min(3, threads.available_threads())
    assert default_threads(tmp_path, LSB_DJOB_NUMPROC="1") == 1
    assert default_threads(tmp_path, LSB_DJOB_NUMPROC="10000") == default_threads(tmp_path) == available


@pytest.mark.parametrize(
    ("slots", "hosts", "expected"),
    [
        (None, None, 8),
        ("3", None, 3),
        ("64", None, 8),
        ("0", None, 1),
        ("-3", "", 8),
        ("many", None, 8),
        ("many", "here 3", 3),
        ("", "here", 8),
        ("2", "here 3", 2),
        ("4", "here 2 there 8", 4),
        (None, "here 3 there 5", 3),
    ],
)
def test_available_threads_is_the_smaller_of_affinity_and_slots(
    monkeypatch: pytest.MonkeyPatch, slots: str | None, hosts: str | None, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    for variable, value in (("LSB_DJOB_NUMPROC", slots), ("LSB_MCPU_HOSTS", hosts)):
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    assert threads.available_threads() == expected


# ── kernels with little work ───────────────────────────────────────────────────────────


def test_a_kernel_with_little_work_runs_on_few_threads_and_leaves_numbas_number_as_it_was(most: int) -> None:
    launched_on()  # Numba starts its threads and then knows how many there are
    numba.set_num_threads(most - 1)  # as if other code of this Python thread had set it
    try:
        assert [launched_on(wanted) for wanted in (0, 1, 2, 1000)] == [1, 1, 2, most]
        assert numba.get_num_threads() == most - 1
        for fusion in (True, False):
            net = nn.Sequential(
                nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3), nn.ReLU()
            )
            x = autograd.randn(1, 1, 8, 8, requires_grad=True)
            with nn.set_fusion_enabled(fusion):
                F.cross_entropy(net(x), autograd.tensor([1])).backward()
            optim.SGD(net.parameters(), lr=0.1).step()
            assert numba.get_num_threads() == most - 1
            assert autograd.get_num_threads() == most
    finally:
        numba.set_num_threads(most)


def test_an_exception_in_a_small_kernel_leaves_the_number_of_threads_as_it_was(most: int) -> None:
    launched_on()
    before = numba.get_num_threads()

    def interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    interrupted.serial = interrupted  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        jit.elementwise(interrupted, np.ones(3))
    with pytest.raises(KeyboardInterrupt):
        fused.launch(interrupted, (), [(np.ones(3), np.ones(3))])
    assert (numba.get_num_threads(), autograd.get_num_threads(), launched_on()) == (before, most, most)


class Interrupt(Exception):
    pass


if hasattr(signal, "setitimer"):

    def test_signals_at_any_moment_leave_the_number_of_threads_as_it_was(most: int) -> None:
        x, net = autograd.ones(3), nn.Linear(2, 1)
        optimizer = optim.SGD(net.parameters(), lr=0.1)
        for parameter in net.parameters():
            parameter.grad = autograd.zeros(*parameter.shape)

        def small_kernels() -> None:
            with autograd.no_grad():
                autograd.relu(x)
            optimizer.step()

        def interrupt(*arguments: Any) -> None:
            raise Interrupt

        small_kernels()
        errors = np.geterr()
        before, handler = numba.get_num_threads(), signal.signal(signal.SIGALRM, interrupt)
        try:
            for trial in range(1000):
                with pytest.raises(Interrupt):
                    signal.setitimer(signal.ITIMER_REAL, 1e-5 + 1e-6 * (trial % 100))
                    while True:
                        small_kernels()
                autograd.set_grad_enabled(True)  # the signal may also have interrupted these contexts
                np.seterr(**errors)
                assert (numba.get_num_threads(), autograd.get_num_threads()) == (before, most)
        finally:
            signal.signal(signal.SIGALRM, handler)
        assert launched_on() == most


def parallel_kernels() -> list[tuple[str, ast.FunctionDef]]:
    files = [file for package in ("autograd", "nn", "optim") for file in (ROOT / package).rglob("*.py")]
    return [
        (f"{file.name}: {function.name}", function)
        for file in files
        for function in ast.walk(ast.parse(file.read_text()))
        if isinstance(function, ast.FunctionDef)
        and any("kernel(parallel=True" in ast.unparse(decorator) for decorator in function.decorator_list)
    ]


@pytest.mark.parametrize(("name", "function"), [pytest.param(*k, id=k[0]) for k in parallel_kernels()])
def test_parallel_kernels_limit_their_threads(name: str, function: ast.FunctionDef) -> None:
    """Without it, a kernel would run with Numba's number, which differs between Python threads."""
    lines = [ast.unparse(statement).splitlines()[0] for statement in function.body]
    first = min(i for i, line in enumerate(lines) if line.startswith("for ") and "prange(" in line)
    assert sum(line.startswith("threads = limit_threads(") for line in lines[:first]) == 1
    assert lines[-1] == "set_threads(threads)"
    assert not any(isinstance(node, ast.Return) for node in ast.walk(function))


def test_parallel_kernels_are_found() -> None:
    assert len(parallel_kernels()) > 40


# ── several Python threads ─────────────────────────────────────────────────────────────

TRAIN = """
import threading
import numpy as np
import autograd, nn, optim
import nn.functional as F

def train(seed, steps=20):
    random = np.random.default_rng(seed)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(196, 5))
    for parameter in net.parameters():
        parameter.detach().copy_(autograd.tensor(random.standard_normal(parameter.shape).astype(np.float32)))
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    x = autograd.tensor(random.standard_normal((32, 1, 16, 16)).astype(np.float32))
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(net(x), autograd.tensor(np.arange(32) % 5)).backward()
        optimizer.step()
    return b"".join(p.detach().numpy().tobytes() for p in net.parameters())
"""

LAYERS = ["default", "workqueue"]


@pytest.mark.parametrize("layer", LAYERS)
def test_python_threads_that_train_at_once_have_the_bits_of_one_after_the_other(tmp_path: Path, layer: str) -> None:
    script = f"""{TRAIN}
alone = [train(seed) for seed in range(4)]
together = [None] * 4
def work(seed):
    together[seed] = train(seed)
running = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
for thread in running: thread.start()
for thread in running: thread.join()
assert together == alone
autograd.set_num_threads(1)
assert [train(seed) for seed in range(4)] == alone
from autograd.kernels import threads
import numba
assert threads.choose_layer() == numba.threading_layer()
print(numba.threading_layer())
"""
    found = output(tmp_path, script, NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="4").strip()
    assert layer in ("default", found)


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_while_another_thread_launches_kernels(tmp_path: Path, layer: str) -> None:
    script = f"""{TRAIN}
import faulthandler, os, warnings
from autograd.kernels import threads
expected = train(0, 2)
began, stop = threading.Event(), threading.Event()
def work():
    while not stop.is_set():
        train(1, 1)
        began.set()
thread = threading.Thread(target=work, daemon=True)  # the program ends with the first child that fails
thread.start()
began.wait()
for _ in range(10):
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            autograd.set_num_threads(3)
        tbb = threads.choose_layer() == "tbb"
        as_promised = (autograd.get_num_threads(), len(found)) == ((1, 1) if tbb else (3, 0))
        same = train(0, 2) == expected
        os._exit(0 if same and as_promised else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
thread.join()
"""
    output(tmp_path, script, NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="4", PYTHONWARNINGS="ignore")


def test_work_for_one_thread_does_not_enter_the_threading_layer() -> None:
    calls = []
    word = ctypes.c_size_t
    work = ctypes.CFUNCTYPE(None, *[word] * 4)(lambda *arguments: calls.append((arguments, threading.get_ident())))
    address = llvm.address_of_symbol("numba_parallel_for")  # through which kernels enter it
    assert address == threads.start().get_function_address("enter")
    enter = ctypes.CFUNCTYPE(None, *[word] * 7, ctypes.c_int32)(address)
    enter(ctypes.cast(work, ctypes.c_void_p).value, 1, 2, 3, 4, 5, 6, 1)
    assert calls == [((1, 2, 3, 4), threading.get_ident())]


@pytest.mark.parametrize("layer", LAYERS)
def test_processes_forked_and_spawned_after_the_import_and_after_a_kernel(tmp_path: Path, layer: str) -> None:
    script = f"""{TRAIN}
import multiprocessing

def child(expected_threads, channel):
    channel.put((autograd.get_num_threads() == expected_threads, train(0, 2)))

if __name__ == "__main__":
    default = autograd.get_num_threads()
    bits = []
    for ran in (False, True):
        if ran:
            bits.append(train(0, 2))
        autograd.set_num_threads(3)
        for method in set(multiprocessing.get_all_start_methods()) & {{"fork", "spawn"}}:
            context = multiprocessing.get_context(method)
            channel = context.Queue()
            process = context.Process(target=child, args=(3 if method == "fork" else default, channel))
            process.start()
            as_expected, found = channel.get(timeout=200)
            process.join()
            assert process.exitcode == 0 and as_expected, method
            bits.append(found)
    assert len(set(bits)) == 1
"""
    output(tmp_path, script, NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS="4", PYTHONWARNINGS="ignore")


def test_the_import_does_not_settle_the_start_method_of_processes(tmp_path: Path) -> None:
    script = """
import multiprocessing
import autograd, nn, optim
assert multiprocessing.get_start_method(allow_none=True) is None
multiprocessing.set_start_method("spawn")
autograd.set_num_threads(autograd.get_num_threads())
autograd.show_config()
multiprocessing.set_start_method("spawn", force=True)
print(autograd.relu(autograd.tensor([-1.0, 2.0])).tolist())
"""
    assert "[0.0, 2.0]" in output(tmp_path, script)


def test_the_lock_of_workqueue_lets_one_thread_at_a_time_in_and_is_free_after_an_exception() -> None:
    inside, most_inside = 0, 0

    def launch(fail: bool) -> int:
        nonlocal inside, most_inside
        inside += 1
        most_inside = max(most_inside, inside)
        threading.Event().wait(0.01)
        inside -= 1
        if fail:
            raise ValueError
        return 7

    serialized = threads._Serialized(launch)
    with pytest.raises(ValueError):
        serialized(True)
    running = [threading.Thread(target=serialized, args=(False,)) for _ in range(5)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert (most_inside, in_a_thread(lambda: serialized(False))) == (1, 7)


def test_compiled_code_cannot_pass_the_lock_of_workqueue() -> None:
    serialized = threads._Serialized(count_threads)

    @numba.njit
    def compiled(found):  # type: ignore[no-untyped-def]
        serialized(1, found)

    with pytest.raises(numba.TypingError):
        compiled(np.zeros(3, np.int64))


# ── threading layers ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("there", "vendor", "layer", "order"),
    [
        ({"tbb", "omp"}, "GNU", "tbb", ["tbb", "omp", "workqueue"]),
        ({"tbb"}, None, "tbb", ["tbb", "omp", "workqueue"]),
        ({"omp"}, "Intel", "omp", ["tbb", "omp", "workqueue"]),  # LLVM's or Intel's, as on macOS
        ({"omp"}, "MS", "omp", ["tbb", "omp", "workqueue"]),
        ({"omp"}, "GNU", "workqueue", ["tbb", "workqueue", "omp"]),
        (set(), None, "workqueue", ["tbb", "workqueue", "omp"]),
    ],
)
def test_the_layer_is_tbb_or_a_safe_openmp_or_workqueue(
    monkeypatch: pytest.MonkeyPatch, there: set[str], vendor: str | None, layer: str, order: list[str]
) -> None:
    def not_launched() -> str:
        raise ValueError

    def loaded(name: str) -> Any:
        return types.SimpleNamespace(openmp_vendor=vendor) if name in there else None

    monkeypatch.delenv("NUMBA_THREADING_LAYER_PRIORITY", raising=False)
    monkeypatch.setattr(numba, "threading_layer", not_launched)
    monkeypatch.setattr(threads, "_loaded", loaded)
    monkeypatch.setattr(threads.settings, "THREADING_LAYER", "default")
    monkeypatch.setattr(threads.settings, "THREADING_LAYER_PRIORITY", [])
    assert threads.choose_layer() == layer
    assert order == threads.settings.THREADING_LAYER_PRIORITY


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"NUMBA_THREADING_LAYER": "tbb"},
        {"NUMBA_THREADING_LAYER": "workqueue"},
        {"NUMBA_THREADING_LAYER": "forksafe"},
        {"NUMBA_THREADING_LAYER": "threadsafe"},
        {"NUMBA_THREADING_LAYER_PRIORITY": "workqueue omp tbb"},
    ],
)
def test_the_layer_that_is_foretold_is_the_one_that_numba_takes(tmp_path: Path, variables: dict[str, str]) -> None:
    script = """
from autograd.kernels import threads
foretold = threads.choose_layer()
import autograd, numba
autograd.relu(autograd.ones(3))
assert foretold == numba.threading_layer() == threads.choose_layer() == autograd.config()["threading_layer"]
assert (threads.serialized is threads._Serialized) == (foretold == "workqueue")
"""
    output(tmp_path, script, **variables)


def test_a_layer_that_numba_has_started_before_stays(tmp_path: Path) -> None:
    script = """
import numba
numba.config.THREADING_LAYER = "workqueue"
numba.get_num_threads()
numba.config.THREADING_LAYER = "default"
from autograd.kernels import threads
assert threads.choose_layer() == "workqueue" and threads.serialized is threads._Serialized
"""
    output(tmp_path, script)


# ── NUMBA_DISABLE_JIT ──────────────────────────────────────────────────────────────────


def test_without_compiler_reference_works_and_all_else_says_so(tmp_path: Path) -> None:
    script = """
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import autograd, nn, optim
    import nn.functional as F
(warning,) = caught
assert warning.category is RuntimeWarning
assert "NUMBA_DISABLE_JIT" in str(warning.message) and "autograd.reference()" in str(warning.message)
autograd.show_config()
net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3))
x = autograd.randn(2, 1, 8, 8)
with autograd.reference():
    F.cross_entropy(net(x), autograd.tensor([1, 2])).backward()
    optim.Adam(net.parameters(), lr=0.1).step()
    assert (autograd.ones(400, 400) + autograd.ones(400, 400)).sum().item() == 320_000
assert all(p.grad is not None for p in net.parameters())
for function in (lambda: net(x), lambda: autograd.relu(x), optim.SGD(net.parameters(), lr=0.1).step):
    try:
        function()
    except RuntimeError as error:
        assert "NUMBA_DISABLE_JIT is set" in str(error) and "autograd.reference()" in str(error), error
    else:
        raise AssertionError
"""
    output(tmp_path, script, NUMBA_DISABLE_JIT="1")
