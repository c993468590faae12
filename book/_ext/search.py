"""The search page understands questions: book/_static/search.js, which is loaded there, before Sphinx's own.

(Sphinx's setting html_search_scorer puts a script behind the one that it is to change.)
"""

from sphinx.application import Sphinx


def add_script(app: Sphinx, pagename, templatename, context, doctree) -> None:
    if pagename == "search":
        app.add_js_file("search.js")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
