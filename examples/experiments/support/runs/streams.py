"""stdout and stderr may fail: a run continues even if its output cannot be written.

==========================================  =============================================================
problem                                     effect
==========================================  =============================================================
closed (``>&-``)                            no output; the exit status of the run
the reader has gone (``| head -1``)         the same
stdout is on a full disk, or fails          the run finishes; a sentence on stderr, exit status 1
stderr is on a full disk, or fails          no more output there; the exit status of the run
a character cannot be encoded (ASCII)       an escape in its place, such as ``\\xd7``
a line is wider than the terminal           it is broken between words, not inside a number
==========================================  =============================================================
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


def open_closed() -> None:
    """Open the null device for each of stdin, stdout and stderr that is closed.

    Otherwise the next opened file gets its number, and printed text goes into that file. Call this before importing
    other modules, which may open files.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            if os.open(os.devnull, os.O_RDWR) == number:  # the lowest free number
                os.set_inheritable(number, True)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (open until the process ends)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


class Steady:
    """A text stream that records its first error and then discards all further output."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._try(lambda: self._write(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _write(self, text: str) -> None:
        if self._stream.isatty():
            text = _broken(text, shutil.get_terminal_size().columns)
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
            # At exit Python would flush the buffered text, fail again and exit with 120. Send it to the null device.
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


def _broken(text: str, columns: int) -> str:
    """Break lines of more columns between words. Bars and tables, which have gaps between columns, stay as they are."""
    if "\r" in text or "\x1b" in text:
        return text
    lines = text.split("\n")
    return "\n".join(
        line
        if len(line) <= columns or "   " in line.strip()
        else "\n".join(textwrap.wrap(line, columns, break_long_words=False, break_on_hyphens=False))
        for line in lines
    )


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
