"""Send a page only what it uses: no script of a kernel, no style of cards that it lacks, maths with formulas.

MathJax comes in parts here: the combined file that Sphinx would take brings a menu, a reader of formulas and
two more notations. What a page does not need and others do, it has fetched in idle time, for the pages to
come: a second page is then light, whichever it is.
"""

import re
import shutil
from pathlib import Path
from zlib import crc32

from sphinx.application import Sphinx

# A script or style that has the first in its name or text is needed where a page has the second; None: never.
NEEDED = {
    r"thebe": None,
    r"sphinx-design|design-tabs": r'class="[^"]*\bsd-',
    r"toggle": r'class="[^"]*\b(?:toggle|dropdown)\b',
    r"clipboard|copybutton": r'class="highlight',
    r"mystnb": r'class="[^"]*\bcell',
    r"mathjax": r'class="[^"]*\bmath\b|class="[^"]*\btext_latex\b',
}
MATHS = ["core", "input/tex", "output/chtml", "a11y/assistive-mml"]
# What these parts ask for in turn, and the letters that every formula has.
MATHS_PARTS = [f"mathjax/{part}.js" for part in ("startup", *MATHS, "output/chtml/fonts/tex")]
MATHS_FONTS = [
    f"mathjax/output/chtml/fonts/woff-v2/MathJax_{name}.woff" for name in ("Main-Regular", "Math-Italic")
]
MATHS_KEPT = [*MATHS_PARTS, "mathjax/input/tex/*", "mathjax/output/chtml/*"]


def choose_maths(app: Sphinx, config) -> None:
    """Have MathJax load the parts that a page needs, not one file with everything."""
    config.mathjax_path = "mathjax/startup.js"
    config.mathjax3_config = {"loader": {"load": MATHS}} | (config.mathjax3_config or {})


def keep_what_is_used(app: Sphinx, pagename, templatename, context, doctree) -> None:
    body = context.get("body") or ""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if _is_used(file, body)]
    links = _maths_links(body, context["pathto"]) + _explorer_links(app, body, context["pathto"])
    context["metatags"] = (context.get("metatags") or "") + links


def _is_used(file, body: str) -> bool:
    attributes = getattr(file, "attributes", None) or {}
    named = f"{getattr(file, 'filename', None) or file} {attributes.get('body', '')}"
    for name, sign in NEEDED.items():
        if re.search(name, named, re.IGNORECASE) and not (sign and re.search(sign, body)):
            return False
    return True


def _maths_links(body: str, pathto) -> str:
    """Links that fetch MathJax's parts side by side where there are formulas, and in idle time elsewhere."""
    if re.search(NEEDED["mathjax"], body):
        return "".join(_link("preload", "script", part, pathto) for part in MATHS_PARTS[1:])
    parts = [_link("prefetch", "script", part, pathto) for part in MATHS_PARTS]
    return "".join(parts + [_link("prefetch", "font", font, pathto) for font in MATHS_FONTS])


def _explorer_links(app: Sphinx, body: str, pathto) -> str:
    """Links that fetch the scripts of explorers (explorers.py) on pages that have none."""
    if 'class="explorer"' in body:
        return ""
    scripts = sorted((Path(app.outdir) / "_static" / "explorers").glob("*.js"))
    marked = [f"explorers/{path.name}?v={_mark(path)}" for path in scripts]
    return "".join(_link("prefetch", "script", name, pathto) for name in marked)


def _mark(path: Path) -> str:
    """The mark of its content that Sphinx puts behind a name: with another, it would be fetched again."""
    return f"{crc32(path.read_bytes().translate(None, bytes([13]))):08x}"


def _link(how: str, kind: str, name: str, pathto) -> str:
    crossorigin = " crossorigin" if kind == "font" else ""
    return f'\n<link rel="{how}" as="{kind}" href="{pathto("_static/" + name, 1)}"{crossorigin} />'


def drop_unused_files(app: Sphinx, exception) -> None:
    """Take away the parts of MathJax that no page asks for: 20 of 24 MB."""
    static = Path(app.outdir) / "_static"
    folder = static / "mathjax"
    if exception or not folder.is_dir():
        return
    kept = {path for pattern in MATHS_KEPT for path in static.glob(pattern)}
    for path in sorted(folder.rglob("*"), reverse=True):
        if not any(path == keep or keep in path.parents or path in keep.parents for keep in kept):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", choose_maths, priority=900)
    app.connect("html-page-context", keep_what_is_used, priority=900)
    app.connect("build-finished", drop_unused_files, priority=900)  # after the extension that copies them
    return {"parallel_read_safe": True, "parallel_write_safe": True}
