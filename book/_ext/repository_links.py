"""Links of a notebook to pages of the book by their address in the repository are links within the site.

A notebook in Colab has no other page beside it: `make repository URL=...` gives its links to .md pages a
whole address (scripts/set_repository.py). On the site the page itself is better.
"""

import re

from sphinx.application import Sphinx

PAGE = r"/blob/[\w.-]+/book/([\w-]+\.(?:md|ipynb))"


def within_site(text: str, repository: str) -> str:
    """A page's source in which links to pages of the repository's book are relative."""
    return re.sub(rf"(?<=\]\(){re.escape(repository.rstrip('/'))}{PAGE}(?=[#)])", r"\1", text)


def turn_back(app: Sphinx, page: str, source: list[str]) -> None:
    if app.config.course_repository:
        source[0] = within_site(source[0], app.config.course_repository)


def keep_address(app: Sphinx, config) -> None:
    """Remember the address: the theme's own setting is emptied where it leads nowhere."""
    config.course_repository = config.html_theme_options.get("repository_url") or ""


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("course_repository", "", "env", types=frozenset({str}))
    app.connect("config-inited", keep_address, priority=400)
    app.connect("source-read", turn_back)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
