"""Sphinx's configuration.  `docs.site.__main__` runs Sphinx with it."""

from __future__ import annotations

import re
from typing import Any

import autograd
from docs.site import docstrings
from docs.site.written import ROOT_PAGE

project = "lucidgrad"
release = autograd.__version__
copyright = "the authors of lucidgrad"
root_doc = ROOT_PAGE

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
nb_execution_mode = "force"  # the notebooks are stored without outputs
nb_execution_timeout = 300  # seconds a cell
nb_execution_raise_on_error = True
nb_merge_streams = True  # a line of output by several prints stays one block
myst_heading_anchors = 4  # as on GitHub, so that links to headings work in both places
suppress_warnings = ["toc.not_included"]  # the pages of single ops and layers: their index pages list them

autodoc_typehints = "signature"
autodoc_type_aliases = {"DTypeLike": "DTypeLike"}  # NumPy's, in place of the union of private types that it stands for
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
add_module_names = False
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
default_role = "code"  # `name` in a docstring
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"lucidgrad {release}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
pygments_style = "friendly"
pygments_dark_style = "github-dark"


def name_aliases(app: Any, what: str, name: str, obj: Any, options: Any, *signature: str | None) -> Any:
    """Write the name of an alias where Sphinx writes how it keeps the name."""
    return tuple(part and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", part) for part in signature)


def setup(app: Any) -> None:
    """Make docstrings, which are plain text, into reStructuredText before Napoleon reads their sections."""
    app.connect("autodoc-process-docstring", docstrings.process, priority=400)
    app.connect("autodoc-process-signature", name_aliases)
