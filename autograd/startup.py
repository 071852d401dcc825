"""The check that `autograd`, `nn` and `optim` are lucidgrad's, made when the first of them is imported.

Other packages have these names too.  A file or folder of that name in the working directory comes first on Python's
path.  HIPS autograd installs into the same folder as lucidgrad's autograd and replaces its `__init__.py`.  Without
this check, the user sees an ImportError or AttributeError about some name that the other package lacks.
"""

from __future__ import annotations

import os.path
import warnings
from importlib.util import find_spec

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REINSTALL = "pip install --force-reinstall --no-deps lucidgrad"


def check(package: str) -> None:
    """Raise or warn where Python finds other packages than lucidgrad's beside `package`, itself one of ours.

    Raises
    ------
    ImportError
        If `package` is "nn" or "optim" and `autograd` is another package: nothing of lucidgrad works without it.

    Warns
    -----
    UserWarning
        If `package` is "autograd" and `nn` or `optim` is another package, or files of HIPS autograd are in its folder.
    """
    if package != "autograd":
        if other := _other("autograd"):
            raise ImportError(
                f"{package}: it needs lucidgrad's autograd, and Python finds another one, {other}. If that file or "
                "folder is yours, rename it. If it belongs to HIPS autograd, which is imported under the same name, "
                f"uninstall that (pip uninstall autograd), then repair lucidgrad ({REINSTALL}); use the two in "
                "separate environments."
            )
        return
    for name in ("nn", "optim"):
        if other := _other(name):
            warnings.warn(
                f"autograd: `import {name}` will not import lucidgrad's {name}, because Python finds another one "
                f"first, {other}. To use lucidgrad's, rename that file or folder, or uninstall its package.",
                stacklevel=3,
            )
    if os.path.exists(theirs := os.path.join(ROOT, "autograd", "differential_operators.py")):
        warnings.warn(
            f"autograd: HIPS autograd is installed in the same folder as lucidgrad's autograd ({theirs}), and one has "
            f"replaced files of the other. Uninstall it (pip uninstall autograd), then repair lucidgrad ({REINSTALL}); "
            "use the two in separate environments.",
            stacklevel=3,
        )


def _other(name: str) -> str | None:
    """The file or folder that Python finds for this package, where it is not lucidgrad's; None where it is."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):  # ValueError: it is imported already, by a loader that left no spec
        return None
    if spec is None:
        return None
    if spec.origin is None:  # a folder without __init__.py
        return next(iter(spec.submodule_search_locations or ()), name)
    ours = os.path.join(ROOT, name, "__init__.py")
    if os.path.normcase(os.path.realpath(spec.origin)) != os.path.normcase(os.path.realpath(ours)):
        return spec.origin
    if name == "autograd" and os.path.exists(ours):  # in a zip file it does not
        with open(ours, "rb") as file:  # HIPS autograd may have replaced it
            if b"lucidgrad" not in file.read():
                return ours
    return None
