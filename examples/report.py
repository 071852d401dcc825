"""The report: ``python -m examples.report``, or ``make report``.

It is made from results alone (`examples.support.results`), in ``docs/runs``: no number in it is
typed by hand, and making it trains nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from examples.support import cli, job
from examples.support.files import check_writable, write_whole
from examples.support.page import Figures, Results
from examples.support.results import FILE, ResultError, read
from examples.support.sections import (
    acceleration,
    compare_frameworks,
    compare_optimizers,
    generalize,
    gradcheck,
    overfit,
    profile_layers,
    train,
)

DOCS = Path(__file__).resolve().parents[1] / "docs"
SECTIONS: tuple[ModuleType, ...] = (
    gradcheck,
    overfit,
    profile_layers,
    acceleration,
    compare_frameworks,
    train,
    generalize,
    compare_optimizers,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    return cli.guarded(_run, argv, stopped="Stopped before the report was written.")


def _run(argv: Sequence[str] | None) -> int:
    parser = job.Parser(
        "python -m examples.report",
        description="Make docs/report.md and its figures from the results in docs/runs.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--take", type=Path, nargs="+", default=[], metavar="FOLDER",
        help="first keep the results of these run folders, each under the folder's name")  # fmt: skip
    add("--docs", type=Path, default=DOCS, metavar="DIR",
        help="the folder of runs/, report.md and figures/ (default: docs/ beside the examples)")  # fmt: skip
    args = parser.parse_args(argv)
    take(args.take, args.docs)
    make(args.docs)
    print(f"The report is {args.docs / 'report.md'}.")
    return 0


def take(folders: Sequence[Path], docs: Path) -> None:
    """Keep the results of run folders, each under its folder's name; all of them, or none where one is no use."""
    shown = [section.__name__.rpartition(".")[2] for section in SECTIONS]
    for folder in folders:
        if (experiment := read(folder / FILE).experiment) not in shown:
            raise ResultError(
                f"{folder} is a run of {experiment}, which has no section in the report; those that have one are "
                f"{', '.join(shown)}."
            )
    for folder in folders:
        kept = docs / "runs" / f"{folder.resolve().name}.json"
        check_writable(kept)
        write_whole(kept, (folder / FILE).read_bytes())


def make(docs: Path) -> None:
    """Write the report and its figures; remove the figures of earlier reports that are in it no more."""
    results = Results(docs / "runs")
    figures = Figures(docs / "figures", "figures")
    check_writable(figures.folder / "any.svg")
    parts = ["# What the experiments found", *_effort(results)]
    for section in SECTIONS:
        parts += [f"## {section.TITLE}", *section.section(results, figures)]
    write_whole(docs / "report.md", ("\n\n".join(parts) + "\n").encode())
    for path in figures.folder.iterdir():
        if path.name not in figures.names:
            path.unlink()


def _effort(results: Results) -> list[str]:
    """Say where the numbers come from, and what they cost."""
    records = results.all()
    if not records:
        return []
    longest = max(records, key=lambda record: record.seconds)
    minutes, most = (f"{seconds / 60:,.0f}" for seconds in (sum(record.seconds for record in records), longest.seconds))
    return [
        "Every number below is read from the results in [runs](runs), by `make report`. All runs together "
        f"({len(records)}) took {minutes} minutes, the longest ({longest.name}) {most}; what was cut short says so."
    ]


if __name__ == "__main__":
    sys.exit(main())
