"""Signals: noted, told apart, and answered with the exit status that the batch system needs."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from examples.support.signals import StopOnSignal, StopRequested, exit_status

HANDLED = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR2, signal.SIGURG]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back every handler that a test leaves changed."""
    before = {number: signal.getsignal(number) for number in HANDLED}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "requeue", "status"),
    [
        (signal.SIGINT, "", 130),
        (signal.SIGINT, "85", 130),  # or bkill would start the job anew, for ever
        (signal.SIGTERM, "", 143),
        (signal.SIGTERM, "all", 143),
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
    signal.raise_signal(signal.SIGINT)  # on the way out: no KeyboardInterrupt


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
