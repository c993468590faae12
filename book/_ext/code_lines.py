"""Code that wraps: each line of a block becomes an element of its own, so that a style can indent its rest.

Nothing is cut at any width, nor in print. Printed columns, as of tables and arrays, would be unreadable when
wrapped: they keep their lines, and scroll in their own box where the screen is narrow. What is copied from a
block is what was written, since the text stays as it is.
"""

import html
import re

from sphinx.application import Sphinx

BLOCK = re.compile(r'highlight-([\w+-]+) notranslate"><div class="highlight"><pre>(.*?)</pre>', re.DOTALL)
TAG = re.compile(r"<(/?)\w[^>]*>")
COLUMNS = re.compile(r"\S {2,}\S")
CODE = {"python", "ipython", "ipython3", "default", "bash", "console", "pycon", "yaml", "toml"}


def wrap_code(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Mark the lines of all code blocks of a page."""
    if "body" in context:
        context["body"] = BLOCK.sub(_marked, context["body"])


def _marked(block: re.Match) -> str:
    language, code = block.groups()
    lines = code.removeprefix("<span></span>").splitlines(keepends=True)
    if not all(map(_is_whole, lines)):  # an element over several lines: it cannot be divided
        return block.group()
    kept = language not in CODE and sum(bool(COLUMNS.search(_text(line))) for line in lines) > 1
    pre = '<pre class="columns">' if kept else "<pre>"
    return block.group().replace(f"<pre>{code}", pre + "<span></span>" + "".join(map(_line, lines)))


def _line(line: str) -> str:
    """A line, with how far it is indented. Its end stays outside, where it is copied once."""
    text = _text(line).rstrip("\n")
    if not text.strip():
        return line
    indent = len(text) - len(text.lstrip(" "))
    style = f' style="--indent: {indent}ch"' if indent else ""
    within, end = (line[:-1], "\n") if line.endswith("\n") else (line, "")
    return f'<span class="code-line"{style}>{within}</span>{end}'


def _text(line: str) -> str:
    return html.unescape(TAG.sub("", line))


def _is_whole(line: str) -> bool:
    """Whether every element that begins in this line ends in it."""
    ends = [bool(tag.group(1)) for tag in TAG.finditer(line)]
    return 2 * sum(ends) == len(ends)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", wrap_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
