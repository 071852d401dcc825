"""Signals: recorded, distinguished, and answered with the exit status that the batch system needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from examples.experiments.support import cli
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested, exit_status
from tests.runs import ENDLESS, ROOT, SMALL, epochs_done, finish, program, start, wait_for

HANDLED = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2, signal.SIGURG]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Restore every signal handler that a test changes."""
    before = {number: signal.getsignal(number) for number in HANDLED}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "requeue", "status"),
    [
        (signal.SIGINT, "", 130),
        (signal.SIGINT, "85", 130),  # otherwise bkill would make the job restart forever
        (signal.SIGTERM, "", 143),
        (signal.SIGTERM, "all", 143),
        (signal.SIGHUP, "", 129),
        (signal.SIGHUP, "all", 129),
        (signal.SIGUSR2, "", 75),
        (signal.SIGUSR2, "85", 85),
        (signal.SIGUSR2, "99 85", 85),
        (signal.SIGUSR2, "99,85", 85),
        (signal.SIGUSR2, "EXCLUDE(85)", 85),
        (signal.SIGUSR2, "all", 85),
        (signal.SIGUSR2, "all ~1 ~2", 85),
        (signal.SIGUSR2, "all ~85", 75),
        (signal.SIGUSR2, "185 850", 75),
        (signal.SIGURG, "85", 85),
        (signal.SIGURG, "99", 75),
    ],
)
def test_exit_status(number: int, requeue: str, status: int) -> None:
    assert exit_status(number, requeue) == status


@pytest.mark.parametrize("number", HANDLED)
def test_a_signal_is_noted_and_raised_at_the_next_check_only(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSB_EXIT_REQUEUE", "85")
    with pytest.raises(StopRequested, match=signal.Signals(number).name) as caught, StopOnSignal() as stop:
        stop.check()
        signal.raise_signal(number)  # does not interrupt this line
        assert stop.received == number
        stop.check()
    assert caught.value.status == exit_status(number, "85")


def test_the_first_signal_decides_and_a_second_ctrl_c_changes_nothing() -> None:
    with pytest.raises(StopRequested, match="SIGTERM"), StopOnSignal() as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        stop.check()
    signal.raise_signal(signal.SIGINT)  # during the exit: no KeyboardInterrupt


@pytest.mark.parametrize("error", [None, ValueError("of the block")])
def test_the_handlers_come_back(error: Exception | None) -> None:
    before = [signal.getsignal(number) for number in HANDLED]
    try:
        with StopOnSignal():
            assert [signal.getsignal(number) for number in HANDLED] != before
            if error:
                raise error
    except ValueError:
        pass
    assert [signal.getsignal(number) for number in HANDLED] == before


@pytest.mark.parametrize("number", HANDLED)
def test_what_is_ignored_at_the_start_stays_ignored(number: int) -> None:
    signal.signal(number, signal.SIG_IGN)
    with StopOnSignal() as stop:
        signal.raise_signal(number)
        stop.check()
        assert signal.getsignal(number) is signal.SIG_IGN
    assert signal.getsignal(number) is signal.SIG_IGN


def test_a_run_that_was_stopped_leaves_the_next_one_in_this_process_its_signals() -> None:
    for _ in range(2):
        with pytest.raises(StopRequested, match="SIGINT"), StopOnSignal() as stop:
            signal.raise_signal(signal.SIGINT)
            stop.check()


@pytest.mark.slow
@pytest.mark.parallel
def test_in_the_background_and_under_nohup(tmp_path: Path) -> None:
    """Ctrl-C in the terminal, and closing it, do not concern the run; TERM from bkill or the system does."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # as a shell does before it starts a program
    process = start(*SMALL, ENDLESS, "--out", str(tmp_path))
    wait_for(tmp_path / "metrics.jsonl", process)
    for number in (signal.SIGINT, signal.SIGHUP):
        os.killpg(process.pid, number)
    epochs = epochs_done(tmp_path)
    while epochs_done(tmp_path) < epochs + 2:
        assert process.poll() is None, finish(process)
    os.killpg(process.pid, signal.SIGTERM)
    status, _, err = finish(process)
    assert status == 143 and "stopped by SIGTERM; nothing is lost" in err


def test_a_terminal_that_is_closed(tmp_path: Path) -> None:
    process = start(*SMALL, ENDLESS, "--out", str(tmp_path))
    wait_for(tmp_path / "metrics.jsonl", process)
    os.killpg(process.pid, signal.SIGHUP)
    status, _, err = finish(process)
    assert status == 129 and "stopped by SIGHUP; nothing is lost" in err


@pytest.mark.parametrize("experiment", ["train", "report", "download", "torch_cnn"])
@pytest.mark.parametrize("caught", [False, True])
def test_ctrl_c_during_the_imports(experiment: str, caught: bool, tmp_path: Path) -> None:
    """A slow import stands in for NumPy's.  It may even catch the KeyboardInterrupt."""
    (tmp_path / "numpy.py").write_text(
        "import sys, time\n"
        "print('here', flush=True)\n"
        f"try: time.sleep(60)\nexcept {'KeyboardInterrupt' if caught else 'ZeroDivisionError'}: pass\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", program(experiment)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    assert finish(process) == (130, "", "Stopped before anything began.\n")


def test_importing_the_experiments_leaves_ctrl_c_alone() -> None:
    """A notebook that imports them may handle Ctrl-C in its own way."""
    code = (
        "import signal, examples.experiments.train; "
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_ctrl_c_in_an_experiment_that_notes_no_signals(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)

    def interrupted(argv: Sequence[str] | None) -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    assert cli.command(stopped="Stopped.")(interrupted)([]) == 130
    assert capsys.readouterr().err == "Stopped.\n"
    assert signal.getsignal(signal.SIGINT) is before


LATE = """
import os, signal, sys
from examples.experiments.support.runs.signals import StopOnSignal, StopRequested

class Late:  # deleted while Python ends, when it has taken its own handlers away
    def __del__(self):
        os.kill(os.getpid(), signal.SIGUSR2)

late = Late()
try:
    with StopOnSignal() as stop:
        signal.raise_signal(signal.SIGUSR2)
        stop.check()
except StopRequested as stopped:
    sys.exit(stopped.status)
"""


def test_a_second_signal_while_python_ends() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "LSB_EXIT_REQUEUE"}
    assert subprocess.run([sys.executable, "-c", LATE], cwd=ROOT, env=environment, check=False).returncode == 75
