"""The documentation as a web site: ``python -m docs.site``, or ``make docs``.

First a folder of Markdown pages is made, then Sphinx builds the site from it.  The pages are

* those that are read in the repository, such as README.md and docs/design.md (`docs.site.written`);
* those made from the tables: a page for each op, layer, loss, optimizer and scheduler, and a page for each module
  (`docs.site.made`, with `docs.site.figures` and `docs.site.code`);
* source files that another page links to.
"""
