"""Send the dozen icons that the pages show, not the 1.5 MB script and the fonts with all that there are.

The theme's own style sheet can draw its icons with a font; its script, which draws them once more, is left
out (mended_html.py). Here the fonts are cut down to the icons that occur, and the rules of the others go.
"""

import logging
import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from sphinx.application import Sphinx

STYLES = "styles/pydata-sphinx-theme.css"
FONTS = "vendor/fontawesome/webfonts"
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
RULE = re.compile(r'((?:\.fa-[\w-]+:{1,2}before,?)+)\{content:"[^"]*"\}')
NAME = re.compile(r"\bfa-[a-z0-9-]+")
SOURCE = re.compile(
    r'src:url\(([^)]*?/fa-[a-z]+-\d+)\.woff2\) format\("woff2"\),url\([^)]*\) format\("truetype"\)'
)
# An icon lies in the part of Unicode that is nobody's.
AS_ESCAPE, AS_CHARACTER = re.compile(r"\\([ef][0-9a-f]{3})\b"), re.compile("[\ue000-\uf8ff]")
# What the theme brings beside them: sources for its developers.
NEVER_FETCHED = ["scripts/*.map", "styles/*.map", "scripts/fontawesome*", f"{FONTS}/*"]


def used_names(site: Path) -> set[str]:
    """The names of icons, such as fa-list, in the pages and in the scripts."""
    files = [*site.rglob("*.html"), *site.glob("_static/scripts/*-theme.js"), *site.glob("_static/*.js")]
    return {name for file in files for name in NAME.findall(file.read_text(encoding="utf-8"))}


def lean_styles(styles: str, names: set[str]) -> str:
    """The theme's styles without the rules of other icons, and with the small fonts."""

    def keep(rule):
        return rule.group(0) if names & set(NAME.findall(rule.group(1))) else ""

    return SOURCE.sub(r'src:url(\1.woff) format("woff")', RULE.sub(keep, styles))


def characters(styles: str) -> set[int]:
    """The icons that styles show, as numbers of Unicode."""
    escapes = {int(escape, 16) for escape in AS_ESCAPE.findall(styles)}
    return escapes | {ord(character) for character in AS_CHARACTER.findall(styles)}


def write_fonts(folder: Path, wanted: set[int]) -> None:
    """Write each font of the theme with no more than the wanted characters."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells each of its steps
    folder.mkdir(parents=True, exist_ok=True)
    for source in (THEME / FONTS).glob("*.ttf"):
        options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=wanted)
        with subset.load_font(str(source), options) as font:
            subsetter.subset(font)
            subset.save_font(font, str(folder / f"{source.stem}.woff"), options)


def cut_down(app: Sphinx, exception) -> None:
    static = Path(app.outdir) / "_static"
    if exception or not (static / STYLES).is_file():
        return
    for path in {path for pattern in NEVER_FETCHED for path in static.glob(pattern)}:
        path.unlink()
    # From the theme's copy, so that a second build of the same folder does no harm.
    styles = lean_styles((THEME / STYLES).read_text(encoding="utf-8"), used_names(Path(app.outdir)))
    (static / STYLES).write_text(styles, encoding="utf-8")
    others = [path.read_text(encoding="utf-8") for path in static.rglob("*.css")]
    write_fonts(static / FONTS, characters("".join([styles, *others])))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", cut_down, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
