"""The report: ``python -m examples.report``, or ``make report``.

It is made from results alone (`examples.experiments.support.runs.results`), in ``docs/runs``: no number in it is
typed by hand, and making it trains nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from examples.experiments.support import cli, job
from examples.experiments.support.runs.files import check_writable, sweep, write_whole
from examples.experiments.support.runs.results import FILE, Record, ResultError, parse, read, read_bytes
from examples.experiments.support.runs.run_folder import locked
from examples.report.manifest import Manifest
from examples.report.page import Figures, Results
from examples.report.sections import (
    acceleration,
    compare_frameworks,
    compare_optimizers,
    generalize,
    gradcheck,
    overfit,
    profile_layers,
    train,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
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

REPORT, MANIFEST = "report.md", "report-files.json"
_ANOTHER_FORM = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


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
    add("--replace", action="store_true",
        help="with --take: overwrite results of other runs that are kept under the same names")  # fmt: skip
    args = parser.parse_args(argv)
    check_writable(args.docs / MANIFEST)
    with locked(args.docs, "--docs"):
        changed = make(args.docs, args.take, replace=args.replace)
    for path in changed:
        print(f"{path} is of an earlier report, and was changed since: it was left where it is.")
    print(f"The report is {args.docs / REPORT}.")
    return 0


def make(docs: Path, take: Sequence[Path] = (), *, replace: bool = False) -> list[Path]:
    """Write the report and its figures, and remove what earlier reports made that is in it no more.

    Parameters
    ----------
    docs : Path
        The folder of runs/, report.md and figures/; no other process makes a report there meanwhile.
    take : sequence of Path
        Run folders whose results are kept in docs/runs first: all of them, or none where one is of no use.
    replace : bool
        The results may overwrite kept ones.

    Returns
    -------
    list of Path
        Files of earlier reports that are in this one no more, but were changed by hand and therefore left.

    Raises
    ------
    ResultError
        A result cannot be used, or would overwrite another.
    NotOurs
        A file that no report made, or that was changed since, is in the way.
    """
    runs, figures = docs / "runs", docs / "figures"
    kept = {path: read(path) for path in sorted(runs.glob("*.json"))}
    taken = _taken(take, runs, replace)
    content = _compose({**kept, **{path: record._replace(name=path.stem) for path, (record, _) in taken.items()}})
    manifest = Manifest(docs / MANIFEST)
    manifest.check(content)
    for path in (runs / "any.json", figures / "any.svg"):
        check_writable(path)
    for folder in (runs, figures):
        sweep(folder)
    _keep({path: text for path, (_, text) in taken.items()})
    return manifest.write(content)


def _taken(folders: Sequence[Path], runs: Path, replace: bool) -> dict[Path, tuple[Record, bytes]]:
    """Read the results of run folders; return each, with its bytes, by the file it is to be kept in."""
    shown = [_experiment(section) for section in SECTIONS]
    taken: dict[Path, tuple[Record, bytes]] = {}
    whose: dict[Path, Path] = {}
    for folder in folders:
        content = read_bytes(folder / FILE)
        record = parse(content, folder / FILE)
        if record.experiment not in shown:
            raise ResultError(
                f"{folder} is a run of {record.experiment}, which has no section in the report; those that have one "
                f"are {', '.join(shown)}."
            )
        path = runs / f"{folder.resolve().name}.json"
        if path in taken and taken[path][1] != content:
            raise ResultError(
                f"{whose[path]} and {folder} have other results, and both would be kept as {path}. Rename one of the "
                "two folders."
            )
        if path.exists() and not replace and path.read_bytes() != content:
            raise ResultError(
                f"{path} is kept already, and {folder} has another result. Overwrite it with --replace, or rename the "
                "folder."
            )
        taken[path], whose[path] = (record, content), folder
    for path, (record, _) in taken.items():
        _check_form(whose[path] / FILE, record)
    return taken


def _keep(contents: Mapping[Path, bytes]) -> None:
    """Write files, all of them or none."""
    before: dict[Path, bytes | None] = {}
    try:
        for path, content in contents.items():
            before[path] = path.read_bytes() if path.exists() else None
            write_whole(path, content)
    except BaseException:
        for path, old in before.items():
            with suppress(OSError):
                path.unlink(missing_ok=True) if old is None else write_whole(path, old)
        raise


def _compose(records: Mapping[Path, Record]) -> dict[str, bytes]:
    """Make the report and its figures, by their paths in docs."""
    figures = Figures("figures")
    results = Results(records.values())
    parts = ["# What the experiments found", *_effort(results)]
    for section in SECTIONS:
        try:
            parts += [f"## {section.TITLE}", *section.section(results, figures)]
        except _ANOTHER_FORM as error:
            for path, record in records.items():
                if record.experiment == _experiment(section):
                    _check_form(path, record)
            raise ResultError(
                f"The results of {_experiment(section)} do not go together ({type(error).__name__}: {error}). Remove "
                "those of older versions from runs/."
            ) from error
    return {REPORT: ("\n\n".join(parts) + "\n").encode(), **figures.files}


def _check_form(path: Path, record: Record) -> None:
    """Refuse a result that the section on its experiment cannot read: by letting it try."""
    for section in SECTIONS:
        if _experiment(section) == record.experiment:
            try:
                section.section(Results([record]), Figures("figures"))
            except _ANOTHER_FORM as error:
                raise ResultError(
                    f"{path} has another form than the report on {record.experiment} reads ({type(error).__name__}: "
                    f"{error}). Run the experiment again with this version."
                ) from error


def _experiment(section: ModuleType) -> str:
    return section.__name__.rpartition(".")[2]


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
