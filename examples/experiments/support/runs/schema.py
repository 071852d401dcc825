"""Validation of the JSON in the files of a run: types, ranges and names, before any of it is used.

A check is a function of the place of a value, such as "progress.now.step", and of the value. It raises `Unfit`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn

Check = Callable[[str, object], None]


class Unfit(ValueError):
    """A value is invalid. The text is a clause that says where, and what is required."""


def loads(text: str | bytes) -> Any:
    """Parse JSON; duplicate keys and excessive nesting are errors, too.

    Raises
    ------
    Unfit
        The text cannot be parsed.
    """
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates)
    except RecursionError:
        raise Unfit("its JSON is nested too deeply") from None
    except Unfit:
        raise
    except ValueError as error:
        raise Unfit(f"it is not JSON: {error}") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unfit(f"its JSON has the key {twice[:40]!r} twice")
    return content


def brief(value: object) -> str:
    """Return a short description of a value for a sentence."""
    if isinstance(value, Mapping | list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) >= 1 << 64:
        return "a huge number"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _refuse(where: str, value: object, wanted: str) -> NoReturn:
    raise Unfit(f"{where} is {brief(value)}, but must be {wanted}")


def whole(least: int = 0) -> Check:
    """Return a check: an integer that is at least `least`."""

    def check(where: str, value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 63:
            _refuse(where, value, f"an integer of at least {least}")

    return check


def number(least: float = -math.inf) -> Check:
    """Return a check: a finite number that is at least `least`."""

    def check(where: str, value: object) -> None:
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not (abs(value) < 1 << 1000 and value >= least)
        ):
            _refuse(where, value, "a finite number" + ("" if least == -math.inf else f", at least {least:g}"))

    return check


def text(where: str, value: object) -> None:
    if not isinstance(value, str):
        _refuse(where, value, "text")


def setting(where: str, value: object) -> None:
    """Check for None, a bool, a finite number or text, or a list of these."""
    for item in value if isinstance(value, list) else [value]:
        if item is not None and not isinstance(item, bool | str):
            if not isinstance(item, int | float):
                _refuse(where, item, "a number, text, true, false or null")
            number()(where, item)


def anything(where: str, value: object) -> None:
    """Accept every value."""


def optional(check: Check) -> Check:
    """Return a check: None, or a value that passes `check`."""
    return lambda where, value: None if value is None else check(where, value)


def list_of(check: Check) -> Check:
    """Return a check: a list whose elements pass `check`."""

    def check_list(where: str, value: object) -> None:
        if not isinstance(value, list):
            _refuse(where, value, "a list")
        for i, item in enumerate(value):
            check(f"{where}[{i}]", item)

    return check_list


def dict_of(check: Check) -> Check:
    """Return a check: a dict whose values pass `check`."""

    def check_dict(where: str, value: object) -> None:
        if not isinstance(value, dict):
            _refuse(where, value, "a dictionary")
        for name, item in value.items():
            check(f"{where}.{name[:40]}", item)

    return check_dict


def record(fields: Mapping[str, Check], may_lack: Collection[str] = ()) -> Check:
    """Return a check: a dict with exactly these keys, whose values pass their checks."""

    def check(where: str, value: object) -> None:
        if not isinstance(value, dict):
            _refuse(where, value, "a dictionary")
        if missing := [name for name in fields if name not in value and name not in may_lack]:
            raise Unfit(f"{where} lacks {', '.join(missing)}")
        if unknown := [name for name in value if name not in fields]:
            raise Unfit(f"{where} has the unknown key {unknown[0][:40]!r}")
        for name, item in value.items():
            fields[name](f"{where}.{name}", item)

    return check
