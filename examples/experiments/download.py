"""Download CIFAR-10 for machines without a network: ``python -m examples.experiments.download``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.experiments.support import cli
from examples.experiments.support.data import download
from examples.experiments.support.data.cifar10 import DataError, cache_folder, read_folder


@cli.command(stopped="Stopped before the download was complete; nothing was stored.")
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        "python -m examples.experiments.download",
        description="Download CIFAR-10 (170 MB), verify it, and unpack it where the experiments look for it.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="the folder to create, for --data-dir (default: the user's cache, which is found without --data-dir)",
    )
    chosen = parser.parse_args(argv).out
    try:
        folder = chosen or cache_folder()
        if folder.exists():
            print(f"Already downloaded: {read_folder(folder)}")
        else:
            download.fetch(folder)
            print(read_folder(folder))
    except DataError as error:
        print(error, file=sys.stderr)
        if isinstance(error, download.DownloadError):
            print(
                f"To do this by hand, download {download.PUBLISHED.url} on a machine that can reach it, unpack it "
                "here, and name its folder with --data-dir.",
                file=sys.stderr,
            )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
