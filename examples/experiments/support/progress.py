"""Progress bars: in a terminal, in a notebook, and as a line every half minute in the log of a job."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from tqdm import tqdm as plain
from tqdm.auto import tqdm as automatic

SECONDS = 30.0  # between two lines of a log
LINE = "{desc}{n_fmt} of {total_fmt} {unit}, {elapsed} so far, {remaining} left{postfix}"


class _Log:
    """A file that writes what a bar shows as lines to stderr, as it is at that moment."""

    def write(self, text: str) -> int:
        """Write a line, unless the bar was wiped out."""
        shown = text.strip()
        if shown:
            sys.stderr.write(shown + "\n")
        return len(text)

    def flush(self) -> None:
        """Flush stderr."""
        sys.stderr.flush()


class _Logged(plain):  # type: ignore[misc]
    """A bar that writes a line every half minute, even while a single step takes longer than that."""

    last_print_t: float  # tqdm's: when it wrote last, by its clock

    def __init__(self, *args: Any, **options: Any) -> None:
        self._closed = threading.Event()
        super().__init__(*args, **options)
        threading.Thread(target=self._watch, daemon=True, name="progress").start()

    def _watch(self) -> None:
        wait = SECONDS
        while not self._closed.wait(wait):
            with self._lock:
                quiet_for = self._time() - max(self.last_print_t, self.start_t)
                if quiet_for >= SECONDS and not self._closed.is_set():
                    self.refresh(nolock=True)
                    self.last_print_t = self._time()
                    quiet_for = 0.0
            wait = max(SECONDS - quiet_for, 0.01)

    def __iter__(self) -> Iterator[Any]:
        """Count each element at once.  tqdm's own loop counts it again after a line that the thread has written."""
        try:
            for element in self.iterable:
                yield element
                self.update()
        finally:
            self.close()

    def close(self) -> None:
        """End the bar and its thread."""
        self._closed.set()
        super().close()


def in_notebook() -> bool:
    """Whether bars are drawn by a notebook."""
    return any(kind.__module__ == "tqdm.notebook" for kind in automatic.__mro__)


def write_line(text: str, file: TextIO) -> None:
    """Write a line to stdout or stderr, above the bars of a terminal, at once."""
    automatic.write(text, file=file)
    file.flush()


def progress_bar(iterable: Iterable[Any] | None = None, *, quiet: bool = False, **options: Any) -> Any:
    """A bar of tqdm, which disappears at the end.

    Parameters
    ----------
    iterable : iterable, optional
        What to count.
    quiet : bool
        Show nothing.
    **options
        tqdm's: total, initial, desc, unit …

    Returns
    -------
    tqdm
        In a terminal or a notebook a bar.  Elsewhere it writes a line to stderr every half minute, and none before.
    """
    options = {"leave": False, **options}
    if quiet or in_notebook() or sys.stderr.isatty():
        return automatic(iterable, disable=quiet, **options)
    options |= {"mininterval": SECONDS, "miniters": 1, "maxinterval": 0, "delay": SECONDS}
    if "desc" in options:
        options["desc"] += ": "
    return _Logged(iterable, file=_Log(), bar_format=LINE, **options)
