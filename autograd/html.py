"""Tables as a notebook shows them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def table(
    heading: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[int], notes: Sequence[str] = ()
) -> str:
    """A table as HTML, with the page's own colours.

    Parameters
    ----------
    heading : sequence of str
    rows : sequence of sequence of str
        As many cells as the heading has.  Spaces at the start of a cell indent it.
    left : sequence of int
        The columns that are aligned to the left; the others are numbers, aligned to the right.
    notes : sequence of str
        Paragraphs below the table.

    Returns
    -------
    str
    """

    def line(kind: str, cells: Sequence[str]) -> str:
        # headings are broken rather than make their columns wider, so that a profile fits beside a list of files
        look = f"padding: .15em .4em; white-space: {'pre' if kind == 'td' else 'normal'}; text-align"
        made = [
            f'<{kind} style="{look}: {"left" if i in left else "right"}">{escape(cell)}</{kind}>'
            for i, cell in enumerate(cells)
        ]
        return f"<tr>{''.join(made)}</tr>"

    body = "\n".join(line("td", row) for row in rows)
    below = "".join(f"<p>{escape(note)}</p>" for note in notes)
    head = line("th", heading)
    return f'<div style="overflow-x: auto"><table><thead>{head}</thead>\n<tbody>{body}</tbody></table></div>{below}'
