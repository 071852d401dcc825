"""Task 7: the report.  The grader sees whether it is complete; a reader judges what it says."""

from __future__ import annotations

import re
from typing import NamedTuple

FEWEST = 40  # words of an answer


class Section(NamedTuple):
    """A section of the report as the grader sees it."""

    title: str
    words: int
    different: int  # words
    numbers: int
    todo: bool

    @property
    def missing(self) -> str:
        """What it lacks, as a sentence; empty if it is complete."""
        if self.todo:
            return "it still says TODO"
        if self.words < FEWEST:
            return f"it has {self.words} words; an answer has at least {FEWEST}"
        if 2 * self.different < FEWEST:
            return "it repeats the same words"
        if not self.numbers:
            return "it has no number; say what you measured"
        return ""


def sections(text: str) -> dict[str, Section]:
    """The sections of a report, by their titles."""
    parts = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)[1:]
    found = {}
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        plain = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
        words = re.findall(r"[^\W\d_]{2,}", plain)
        found[title] = Section(
            title, len(words), len({w.lower() for w in words}), len(re.findall(r"\d", plain)), "TODO" in plain
        )
    return found
