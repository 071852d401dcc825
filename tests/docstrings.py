"""What a docstring lacks: ``python -m tests.docstrings`` counts the public names whose docstrings are not complete.

A docstring is complete if somebody who has only it can call the function or make the object:

* Parameters names each parameter of the signature;
* where a parameter or result is a Tensor, its shape is said, or that any shape will do;
* Returns says what a function returns, unless that is None;
* Raises says when a call is refused, if the op table or the code refuses some;
* Examples has a call that runs (`test_doctests.py` runs it).

`*args`, `**kwargs` and names that begin with an underscore need not be named.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from autograd.op import table
from docs.site.names import MODULES, is_ours, public_names, source_file

_HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
_SHAPE = re.compile(r"\(|shape|dimension|one element|0-d|like ")


def sections(doc: str) -> dict[str, str]:
    """The text of each section by its heading; the summary has the heading ""."""
    parts = _HEADING.split(doc)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def entries(section: str) -> dict[str, str]:
    """The parameters that a section names, with their types and descriptions."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", section.strip("\n")):
        names, _, text = entry.partition(" : ") if " : " in entry.split("\n")[0] else entry.partition("\n")
        found |= {name.strip().lstrip("*"): text for name in names.split(",")}
    return found


def parameters(value: Any) -> list[str]:
    """The parameters that a docstring must name."""
    if inspect.isclass(value) and issubclass(value, enum.Enum):
        return ["value"]  # the other parameters of the call make a new enumeration
    kinds = inspect.Parameter
    try:
        signature = inspect.signature(value)
    except ValueError:
        return []
    return [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD) and not name.startswith("_")
    ]


def refuses(name: str, value: Any) -> bool:
    """Whether some calls are refused: by the op table, or by a raise in the function or the class's own code."""
    row = table.get(name)
    try:
        source = inspect.getsource(inspect.unwrap(value))
    except OSError:  # a class that a call made
        source = ""
    return bool(row is not None and row.bad_samples) or bool(re.search(r"^\s+raise \w", source, re.MULTILINE))


def gaps(name: str, value: Any) -> Iterator[str]:
    """What the docstring of a public function or class lacks.  Raises, for which code is read, comes last."""
    found = sections((value.__doc__ and inspect.getdoc(value)) or "")
    if not found[""].strip():
        yield "a summary"
    named = entries(found.get("Parameters", ""))
    yield from (f"parameter {parameter}" for parameter in parameters(value) if parameter not in named)
    results = found.get("Returns", "")
    returns = None if inspect.isclass(value) else inspect.get_annotations(inspect.unwrap(value)).get("return")
    if returns not in (None, "None", "NoReturn") and not results:
        yield "Returns"
    for parameter, text in {**named, "the result": results}.items():
        if re.match(r"Tensors?\b", text) and not _SHAPE.search(text):
            yield f"the shape of {parameter}"
    if ">>>" not in found.get("Examples", ""):
        yield "Examples"
    if "Raises" not in found and refuses(name, value):
        yield "Raises"


def public() -> dict[str, dict[str, Any]]:
    """All public functions and classes, each once, by the file that defines them."""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    seen: set[int] = set()
    for module in MODULES:
        holder = importlib.import_module(module)
        for name in public_names(holder):
            value = getattr(holder, name)
            if (inspect.isfunction(value) or inspect.isclass(value)) and is_ours(value) and id(value) not in seen:
                seen.add(id(value))
                found[source_file(value)][f"{module}.{name}"] = value
    return dict(found)


def open_names(names: dict[str, Any]) -> dict[str, list[str]]:
    """The names of a file whose docstrings lack something, and what."""
    lacking = {full: list(gaps(full.rpartition(".")[2], value)) for full, value in names.items()}
    return {full: said for full, said in lacking.items() if said}


def main() -> None:
    """Print the count of each file, and what is missing."""
    done = count = 0
    for file, names in sorted(public().items()):
        lacking = open_names(names)
        count, done = count + len(names), done + len(names) - len(lacking)
        print(f"{file}: {len(names) - len(lacking)} of {len(names)}")
        for name, said in lacking.items():
            print(f"    {name} lacks {', '.join(said)}")
    print(f"{done} of {count} public names have a complete docstring; {count - done} are open.")


if __name__ == "__main__":
    main()
