"""The notebooks of examples/notebooks: stored without outputs, and each runs from its first cell to its last."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograd.kernels.cache import cache_folder

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))

SHOWS = {  # by the number of the notebook: the kinds of output that it is about, and an error that it shows
    "1": {"text/html", "ValueError"},
    "2": {"image/png", "text/html"},
    "3": {"image/png", "text/html"},
    "4": {"image/png", "text/html"},
    "5": {"image/png"},
}


def shown(notebook: Any) -> list[str]:
    """What the cells show: the kinds of their outputs, and the names of errors."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", ())]
    return kinds + [output.ename for output in outputs if output.output_type == "error"]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_stored_without_outputs(file: Path) -> None:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs") and not cell.get("execution_count"), (
            f"{file.name} is stored with outputs: in JupyterLab choose Edit, Clear Outputs of All Cells, and save it"
        )
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}


def test_each_names_the_next() -> None:
    for file, following in itertools.pairwise(NOTEBOOKS):
        assert f"({following.name})" in file.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parallel
@pytest.mark.filterwarnings("default")  # those of Jupyter's own packages
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_runs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("CIFAR10_DIR", raising=False)
    notebook = nbformat.read(file, as_version=4)
    where = {"metadata": {"path": str(file.parent)}}
    NotebookClient(notebook, timeout=300, startup_timeout=120, resources=where).execute()
    assert SHOWS[file.stem[0]] <= set(shown(notebook))
    here = {str(path) for path in (ROOT, Path.home(), sys.prefix, tempfile.gettempdir(), cache_folder()) if path}
    told = nbformat.writes(notebook)
    found = [path for path in here if f"{path}/" in told or f"{path}\\n" in told or f"{path}<" in told]
    assert not found, f"{file.name} shows paths of this machine: {', '.join(found)}"
