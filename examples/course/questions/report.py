"""Task 7: the report.  The grader sees whether it is complete, and whether its numbers are those of the results.

An answer names the results that it is about, files of the submission:

    Result: results/overfit.json

These are the `result.json` of run folders, or any JSON of the student's own with what was measured.  Enough numbers of
the answer must stand there, to the digits that are given.  Whether they are the right ones to give, and what they mean,
is for a reader to judge.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FEWEST = 40  # words of an answer
FOUND = 2  # numbers of an answer that must be in its results
MOST = 4 << 20  # bytes of a result
PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "runs"

# which experiments an answer can be about; its number is that of the question, and (): any
EXPERIMENTS: dict[int, tuple[str, ...]] = {
    1: ("gradcheck",),
    2: ("overfit",),
    3: ("profile_layers",),
    4: ("acceleration",),
    5: ("compare_frameworks",),
    6: ("generalize", "train", "compare_optimizers"),
}
_UNITS = {"percent": 1e-2, "%": 1e-2, "points": 1e-2, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<rest>\.\d+)?(?P<power>e[+-]?\d{1,3})?(?![\w.]*\.\w)"
    rf"(?:\s*(?P<unit>{'|'.join(_UNITS)})(?!\w))?"
)
_RESULT = re.compile(r"^Results?: *(.+?) *$", re.MULTILINE)


class Number(NamedTuple):
    """A number of an answer.

    Attributes
    ----------
    text : str
        As it is written, with its unit.
    value : float
        In units of 1 and of seconds.
    digit : float
        What the last digit is worth.
    figures : int
        Digits, without zeros at the beginning.
    share : bool
        Whether it is a percentage.
    """

    text: str
    value: float
    digit: float
    figures: int
    share: bool

    def near(self, x: float, scale: float = 1.0, digits: float = 0.5) -> bool:
        """Whether x, times a scale, is this number, to half of its last digit."""
        return abs(x * scale - self.value) <= (digits + 1e-6) * self.digit

    def among(self, found: Sequence[float], scale: float = 1.0, digits: float = 0.5) -> bool:
        """Whether a number of the results is this one; of a percentage also what is left to 100 %."""
        share = self.share or scale in (1e2, 1e-2)
        return any(self.near(x, scale, digits) or (share and self.near(1 - x, scale, digits)) for x in found)


class Section(NamedTuple):
    """A section of the report as the grader sees it."""

    title: str
    words: int
    different: int  # words
    todo: bool
    results: tuple[str, ...]  # the files that it names
    numbers: tuple[Number, ...]  # that were measured
    any_number: bool

    @property
    def missing(self) -> tuple[str, str]:
        """What its text lacks, as a sentence, and the key of that; empty if it is complete."""
        if self.todo:
            return "it still says TODO", "unfinished"
        if self.words < FEWEST:
            return f"it has {self.words} words; an answer has at least {FEWEST}", "short"
        if 2 * self.different < FEWEST:
            return "it repeats the same words", "repeats"
        if not self.any_number:
            return "it has no number; say what you measured", "no number"
        if not self.results:
            return (
                "it names no result. Copy the result.json of your run into your folder, and write a line "
                "'Result: results/NAME.json'"
            ), "no result"
        return "", ""


def sections(text: str) -> dict[str, Section]:
    """The sections of a report, by their titles."""
    parts = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)[1:]
    found = {}
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        whole = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
        names = tuple(name for line in _RESULT.findall(whole) for name in re.split(r"[,\s]+", line) if name)
        plain = _RESULT.sub("", whole)
        words = re.findall(r"[^\W\d_]{2,}", plain)
        found[title] = Section(
            title,
            len(words),
            len({w.lower() for w in words}),
            "TODO" in plain,
            names,
            tuple(measured(plain)),
            bool(re.search(r"\d", plain)),
        )
    return found


def measured(text: str) -> Iterator[Number]:
    """The numbers of a text that look measured: of two digits or more, and not whole numbers below 1,000.

    Others, such as 64 images or 2 cores, can stand in any result.
    """
    for match in _NUMBER.finditer(text):
        whole, rest, power = match["whole"].replace(",", ""), match["rest"] or "", match["power"] or ""
        unit = _UNITS.get(match["unit"] or "", 1.0)
        digits = (whole + rest).replace(".", "").lstrip("0")
        if len(digits) < 2 or not (rest or power or match["unit"] or len(whole) > 3):
            continue
        value = float(whole + rest + power) * unit
        digit = 10.0 ** (int(power[1:] or 0) - max(0, len(rest) - 1)) * unit
        share = match["unit"] in ("percent", "%")
        figures = len(digits if rest else digits.rstrip("0"))
        yield Number(" ".join(match[0].split()), value, digit, figures, share)


def numbers_of(value: Any) -> Iterator[float]:
    """All numbers in a value from JSON."""
    left = [value]
    while left:
        x = left.pop()
        if isinstance(x, dict):
            left += x.values()
        elif isinstance(x, list):
            left += x
        elif isinstance(x, int | float) and not isinstance(x, bool) and abs(x) < 1e300:
            yield float(x)


class Unusable(Exception):
    """A result cannot be used.  The text is a sentence without its subject; `key` names the reason."""

    def __init__(self, text: str, key: str) -> None:
        super().__init__(text)
        self.key = key


def read(folder: Path, name: str, number: int) -> list[float]:
    """The numbers of a result in a submission, for the question of this number.

    Raises
    ------
    Unusable
        It is missing, no JSON, of another experiment, or published by lucidgrad.
    """
    path = folder / name
    inside = not Path(name).is_absolute() and folder.resolve() in path.resolve().parents
    if not inside or path.is_symlink() or not path.is_file():
        raise Unusable(f"there is no file {name} in your folder", "no file")
    try:
        if path.stat().st_size > MOST:
            raise Unusable(f"{name} has more than {MOST >> 20} MiB", "damaged")
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise Unusable(f"{name} is no JSON ({error})", "damaged") from None
    wanted = EXPERIMENTS.get(number, ())
    if isinstance(content, dict) and "experiment" in content:
        if wanted and content["experiment"] not in wanted:
            names = " or ".join(wanted)
            raise Unusable(f"{name} is a result of {content['experiment']}, not of {names}", "other experiment")
        if (content["experiment"], content.get("when")) in published():
            raise Unusable(f"{name} is a result that lucidgrad publishes; run the experiment yourself", "published")
        content = content.get("result")
    return list(numbers_of(content))


@functools.cache
def published() -> frozenset[tuple[str, str]]:
    """The results in docs/runs: experiment, and when it ended."""
    found = [json.loads(path.read_bytes()) for path in sorted(PUBLISHED.glob("*.json"))]
    return frozenset((each["experiment"], each["when"]) for each in found)


def judge(section: Section, folder: Path, number: int) -> tuple[str, str]:
    """What an answer lacks, as a sentence, and the key of that; empty if it has its points.

    Parameters
    ----------
    section : Section
    folder : Path
        The submission.
    number : int
        Of the question, from 1.
    """
    if section.missing[0]:
        return section.missing
    try:
        found = [x for name in section.results for x in read(folder, name, number)]
    except Unusable as error:
        return str(error), error.key
    there = [n for n in section.numbers if n.among(found)]
    if len(there) >= FOUND:
        return "", ""
    files, lost = " and ".join(section.results), [n for n in section.numbers if n not in there]
    said = f"{len(there)} of its {len(section.numbers)} measured numbers are in {files}, and {FOUND} must be"
    if lost:
        said += ". Not there: " + ", ".join(n.text for n in lost[:6])
    clear = [n for n in lost if n.figures > 2]  # those of two could be in any result by chance
    for key, scales, digits, words in _SLIPS:
        slips = [n for n in clear if any(n.among(found, scale, digits) for scale in scales)]
        if slips and 2 * len(slips) >= len(clear):
            return f"{said}. Hint: {words.format(slips[0].text)}", key
    return (
        f"{said}. Give numbers as they are in the result, with their unit, to two digits or more",
        "not in the result",
    )


# key, scales and last digits with which lost numbers would be there, and a hint
_SLIPS = (
    ("rounded", (1.0,), 1.0, "{} is cut off; round to the nearest digit."),
    ("percent", (1e2, 1e-2), 0.5, "is {} a percentage, or a share of 1?"),
    ("unit", (1e3, 1e-3, 1e6, 1e-6), 0.5, "is {} in seconds, ms or µs?"),
)
