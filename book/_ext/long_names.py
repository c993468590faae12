"""Long names in the two indices may break after a dot or an underscore, and nowhere else."""

import re
from pathlib import Path

from sphinx.application import Sphinx

PAGES = ("genindex.html", "py-modindex.html")
INDEX = re.compile(r"<table[^>]*indextable.*?</table>", re.DOTALL)
# In the text, not in an address: "fit() (in module behavioural_modelling.fitting)".
NAME = re.compile(r"(?<![\w#./-])[a-z]\w*[._][\w.]+(?=[^<>]*<)")


def with_breaks(page: str) -> str:
    """The page of an index, with places to break at in the names that it lists."""
    marked = lambda name: re.sub("([._])", r"\1<wbr>", name.group())  # noqa: E731
    return INDEX.sub(lambda table: NAME.sub(marked, table.group()), page)


def mark_breaks(app: Sphinx, error: Exception | None) -> None:
    """Mark the pages, which Sphinx makes from templates of its own."""
    for page in () if error else PAGES:
        path = Path(app.outdir) / page
        if path.is_file():
            path.write_text(with_breaks(path.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", mark_breaks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
