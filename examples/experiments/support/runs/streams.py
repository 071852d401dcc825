"""stdout and stderr that may fail: a run goes on where nobody can read what it says.

==========================================  =============================================================
what is wrong                               what happens
==========================================  =============================================================
closed (``>&-``)                            nothing is said; the exit status is the run's
the reader has gone (``| head -1``)         the same
stdout is on a full disk, or fails          the run ends; then a sentence on stderr, and exit status 1
stderr is on a full disk, or fails          nothing more is said there; the exit status is the run's
it cannot show a character (ASCII alone)    the character is shown as an escape, such as ``\\xd7``
==========================================  =============================================================
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


def open_closed() -> None:
    """Give stdin, stdout and stderr that are closed to the null device.

    Otherwise the next file that is opened takes their number, and what is printed goes into it. To be called before
    other modules are imported, which may open files.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            if os.open(os.devnull, os.O_RDWR) == number:  # the lowest number that is free
                os.set_inheritable(number, True)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (for as long as the process lasts)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


class Steady:
    """A text stream that notes the first error, and from then on takes everything and writes nothing."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._try(lambda: self._write(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
        except UnicodeEncodeError as error:
            self._stream.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))

    def _try(self, do: Callable[[], object]) -> None:
        if self.error:
            return
        try:
            do()
        except OSError as error:
            self.error = error
            # What the stream still holds would fail once more when Python ends, with status 120: let it go nowhere.
            with suppress(OSError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self._stream.fileno())
                os.close(null)

    def status(self, status: int) -> int:
        """Return the exit status of a run; if writing failed, say so on stderr and return 1 in place of 0."""
        self.flush()
        error = self.error
        if error is None or _reader_has_gone(error):
            return status
        print(
            f"Standard output could not be written: {error.strerror or error}. The rest of what the run printed is "
            "lost; its files are complete. Free some space there, or redirect the output elsewhere.",
            file=sys.stderr,
        )
        return status or 1


def _reader_has_gone(error: OSError) -> bool:
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == errno.EINVAL)


@contextmanager
def steady() -> Iterator[Steady]:
    """Let stdout and stderr fail without an exception inside the ``with`` block; yield the new stdout."""
    before = sys.stdout, sys.stderr
    with open(os.devnull, "w") as nowhere:
        stdout, stderr = (Steady(stream or nowhere) for stream in before)
        sys.stdout, sys.stderr = stdout, stderr  # type: ignore[assignment]
        try:
            yield stdout
        finally:
            stdout.flush()
            stderr.flush()
            sys.stdout, sys.stderr = before
