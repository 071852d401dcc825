"""Reading the variables of a job."""

from __future__ import annotations

MOST = 2**63 - 1  # the largest seed


class Refused(Exception):
    """A job cannot start. The text says which variable is wrong, why, and what to do."""


def number(name: str, text: str | None, usual: int) -> int:
    """Parse a whole number in decimal digits; 08 is 8."""
    text = (text or "").strip()
    if not text:
        return usual
    if not (text.isascii() and text.isdigit()):
        raise Refused(f"{name} is {text!r}; it must be a whole number in digits, such as {name}=8.")
    if len(text.lstrip("0")) > len(str(MOST)):  # Python may refuse to parse that many digits
        raise Refused(f"{name} is {text}, which is too large.")
    return int(text)
