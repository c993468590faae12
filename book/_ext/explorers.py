"""The scripts of explorers, on the pages that have one: Bokeh's, out of its wheel, and the package's."""

import shutil
from pathlib import Path

from sphinx.application import Sphinx

from behavioural_modelling.explorers import _bokeh, _page

FOLDER = "explorers"
MARK = 'class="explorer"'


def copy_scripts(app: Sphinx) -> None:
    """Put all that an explorer needs beside the site's other static files."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_bokeh.script_path(), folder)
    for name in (*_page.SCRIPTS, *_page.STYLES):
        (folder / name).write_text(_page.own_file(name), encoding="utf-8")


def add_to_page(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Name the scripts on a page with an explorer. They wait until the page can be read."""
    if MARK not in context.get("body", ""):
        return
    for name in (_bokeh.SCRIPT.name, *_page.SCRIPTS):
        app.add_js_file(f"{FOLDER}/{name}", loading_method="defer")
    for name in _page.STYLES:
        app.add_css_file(f"{FOLDER}/{name}")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", copy_scripts)
    app.connect("html-page-context", add_to_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
