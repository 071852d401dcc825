"""The report: ``python -m examples.report``, or ``make report``.

It is generated from the results in ``docs/runs`` alone (`examples.experiments.support.runs.results`). No number in it
is typed by hand, and generating it trains nothing.
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
    generalize_deep,
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
    generalize_deep,
    compare_optimizers,
)

REPORT, MANIFEST = "report.md", "report-files.json"
_ANOTHER_FORM = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


@cli.command(stopped="Stopped before the report was written.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = job.Parser(
        "python -m examples.report",
        description="Make docs/report.md and its figures from the results in docs/runs.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--take", type=Path, nargs="+", default=[], metavar="FOLDER",
        help="first store the results of these run folders, each under the name of its folder")  # fmt: skip
    add("--docs", type=Path, default=DOCS, metavar="DIR",
        help="the folder that contains runs/, report.md and figures/ (default: docs/)")  # fmt: skip
    add("--replace", action="store_true",
        help="with --take: overwrite stored results of the same names")  # fmt: skip
    args = parser.parse_args(argv)
    check_writable(args.docs / MANIFEST)
    with locked(args.docs, "--docs"):
        changed = make(args.docs, args.take, replace=args.replace)
    for path in changed:
        print(f"{path} is from an earlier report and was changed since; it was not removed.")
    print(f"The report is {args.docs / REPORT}.")
    return 0


def make(docs: Path, take: Sequence[Path] = (), *, replace: bool = False) -> list[Path]:
    """Write the report and its figures, and remove files of earlier reports that are no longer part of it.

    Parameters
    ----------
    docs : Path
        The folder that contains runs/, report.md and figures/. No other process may write a report there meanwhile.
    take : sequence of Path
        Run folders whose results are stored in docs/runs first: all of them, or none if one cannot be used.
    replace : bool
        Allow overwriting stored results.

    Returns
    -------
    list of Path
        Files of earlier reports that were not removed because they were changed by hand.

    Raises
    ------
    ResultError
        A result cannot be used, or would overwrite another.
    NotOurs
        A file that no report wrote, or that was changed since, is in the way.
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
    """Read the results of run folders; return each with its bytes, by the file to store it in."""
    shown = [name for section in SECTIONS for name in _experiments(section)]
    taken: dict[Path, tuple[Record, bytes]] = {}
    whose: dict[Path, Path] = {}
    for folder in folders:
        content = read_bytes(folder / FILE)
        record = parse(content, folder / FILE)
        if record.experiment not in shown:
            raise ResultError(
                f"{folder} is a run of {record.experiment}, which has no section in the report. Experiments that have "
                f"one: {', '.join(shown)}."
            )
        path = runs / f"{folder.resolve().name}.json"
        if path in taken and taken[path][1] != content:
            raise ResultError(
                f"{whose[path]} and {folder} have different results, and both would be stored as {path}. Rename one of "
                "the two folders."
            )
        if path.exists() and not replace and path.read_bytes() != content:
            raise ResultError(
                f"{path} exists already, and {folder} has a different result. Overwrite it with --replace, or rename "
                "the folder."
            )
        taken[path], whose[path] = (record, content), folder
    for path, (record, _) in taken.items():
        _check_form(whose[path] / FILE, record)
    return taken


def _keep(contents: Mapping[Path, bytes]) -> None:
    """Write all of the files, or none."""
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
    """Return the report and its figures by their paths in docs."""
    figures = Figures("figures")
    results = Results(records.values())
    parts = ["# Results of the experiments", *_effort(results)]
    for section in SECTIONS:
        try:
            parts += [f"## {section.TITLE}", *section.section(results, figures)]
        except _ANOTHER_FORM as error:
            for path, record in records.items():
                if record.experiment in _experiments(section):
                    _check_form(path, record)
            raise ResultError(
                f"The results of {_experiments(section)[0]} cannot be combined ({type(error).__name__}: {error}). "
                "Remove results of older versions from runs/."
            ) from error
    return {REPORT: ("\n\n".join(parts) + "\n").encode(), **figures.files}


def _check_form(path: Path, record: Record) -> None:
    """Raise if the section on the experiment cannot read the result, by trying it."""
    for section in SECTIONS:
        if record.experiment in _experiments(section):
            try:
                section.section(Results([record]), Figures("figures"))
            except _ANOTHER_FORM as error:
                raise ResultError(
                    f"{path} does not have the form that the section on {record.experiment} reads "
                    f"({type(error).__name__}: {error}). Run the experiment again with this version."
                ) from error


def _experiments(section: ModuleType) -> list[str]:
    """Return the experiment that the section is named after, and those that it shows beside it."""
    return [section.__name__.rpartition(".")[2], *getattr(section, "BESIDE", ())]


def _effort(results: Results) -> list[str]:
    """Say where the numbers come from and how long the runs took."""
    records = results.all()
    if not records:
        return []
    longest = max(records, key=lambda record: record.seconds)
    minutes, most = (f"{seconds / 60:,.0f}" for seconds in (sum(record.seconds for record in records), longest.seconds))
    changed = [record.name for record in records if (record.data or {}).get("published") is False]
    told = [
        "`make report` generates this page from the results in [runs](runs); no number is typed by hand. The "
        f"{len(records)} runs took {minutes} minutes in total, the longest one ({longest.name}) {most} minutes. "
        "Results of shortened runs say so."
    ]
    if changed:
        told.append(
            f"The images of these runs are not the published pixels of CIFAR-10: {', '.join(changed)}. Their mean and "
            "standard deviation differ, as after a compression with loss. Accuracies on them are not comparable with "
            "published ones."
        )
    return told


if __name__ == "__main__":
    sys.exit(main())
