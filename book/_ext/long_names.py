"""Long names in the index of modules may break after a dot or an underscore, and nowhere else."""

import re
from pathlib import Path

from sphinx.application import Sphinx

NAME = re.compile(r'(?<=<code class="xref">)[\w.]+(?=</code>)')


def mark_breaks(app: Sphinx, error: Exception | None) -> None:
    """Put places to break at into the page of modules, which Sphinx makes from a template of its own."""
    page = Path(app.outdir) / "py-modindex.html"
    if error or not page.is_file():
        return
    text = page.read_text(encoding="utf-8")
    page.write_text(NAME.sub(lambda name: re.sub("([._])", r"\1<wbr>", name.group()), text), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", mark_breaks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
