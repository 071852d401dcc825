"""Runs a script or a module as Python would, in the module `__main__`."""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any, NoReturn

from autograd.startup import ROOT

# What the worker processes of the program read: "script PATH" or "module NAME".
VARIABLE = "LUCIDGRAD_AS_TORCH"
USAGE = "usage: python -m autograd.as_torch (SCRIPT | -m MODULE) [argument ...]"


class MainSpec(ModuleSpec):
    """The `__spec__` of the program.

    A worker process that does not start as a copy of its parent runs the parent's main program again, by the name in
    `__main__.__spec__`.  So this name is `autograd.as_torch.worker`, which first makes `import torch` work.  `parent`,
    which relative imports read, is that of the program.
    """

    def __init__(self, package: str) -> None:
        super().__init__("autograd.as_torch.worker", None)
        self.package = package

    @property
    def parent(self) -> str:
        return self.package


def load(what: str) -> tuple[CodeType, dict[str, Any]]:
    """The code of "script PATH" or "module NAME", and what its namespace has before it runs."""
    kind, _, name = what.partition(" ")
    if kind == "script":
        with io.open_code(name) as file:
            code = compile(file.read(), name, "exec", dont_inherit=True)
        return code, {"__file__": name, "__package__": None, "__cached__": None, "__spec__": MainSpec("")}
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        name += ".__main__"
        spec = importlib.util.find_spec(name)
    if spec is None or not hasattr(spec.loader, "get_code"):
        raise ImportError(f"No module named {name}")
    found = spec.loader.get_code(name)  # type: ignore[union-attr]
    package = spec.parent or ""
    return found, {
        "__file__": spec.origin,
        "__package__": package,
        "__cached__": spec.cached,
        "__loader__": spec.loader,
        "__spec__": MainSpec(package),
    }


def run(arguments: list[str]) -> None:
    """Run the program of these arguments.  An exception ends this process, as it ends `python script.py`."""
    if arguments[:1] == ["-m"] and len(arguments) > 1:
        what, name, sys.argv = f"module {arguments[1]}", arguments[1], arguments[1:]
    elif arguments and (not arguments[0].startswith("-")):
        what, name, sys.argv = f"script {os.path.abspath(arguments[0])}", arguments[0], list(arguments)
        if not sys.flags.safe_path:
            sys.path[0] = os.path.dirname(os.path.realpath(name))
            if ROOT not in sys.path:  # lucidgrad was found in the working folder, and workers must find it too
                sys.path.insert(1, ROOT)
    else:
        if arguments not in (["-h"], ["--help"]):
            _end(USAGE)
        print(USAGE)
        return
    try:
        code, names = load(what)
    except OSError as error:
        _end(f"{sys.executable}: can't open file {what[7:]!r}: [Errno {error.errno}] {error.strerror}")
    except ImportError as error:
        _end(f"{sys.executable}: {error}")
    except SyntaxError as error:
        sys.excepthook(SyntaxError, error, None)
        raise SystemExit(1) from None
    if what.startswith("module"):
        sys.argv[0] = names["__file__"]
    os.environ[VARIABLE] = what
    main = ModuleType("__main__")
    main.__dict__.update(names, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    try:
        exec(code, main.__dict__)
    except Exception as error:
        trace = error.__traceback__
        assert trace is not None
        error.__traceback__ = trace.tb_next  # from the program's first line on
        sys.excepthook(type(error), error, error.__traceback__)
        raise SystemExit(1) from None


def _end(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(2)
