"""Figures on the page: room kept for them before they load, and a box to scroll in on a narrow screen.

Their text has to stay readable on a phone, so that none is shown at less than `SMALLEST` of its natural size.
A picture that brings its own colours for each mode carries one of the theme's classes, and is left alone.
"""

import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx

PIXELS = {"pt": 96 / 72, "in": 96.0, "px": 1.0, "": 1.0}  # CSS pixels to a unit
SMALLEST = 0.7
OWN_COLOURS = re.compile(r'class="[^"]*\b(?:only-light|only-dark|dark-light)\b')
IMAGE = re.compile(r'<img (?P<before>[^>]*?)src="(?:\.\./)*_images/(?P<name>[^"]+\.svg)"(?P<after>[^>]*?)/?>')


@cache
def natural_size(path: Path) -> tuple[int, int]:
    """Width and height of an SVG in CSS pixels.

    Raises:
        ValueError: If the file does not say its size.
    """
    root = ElementTree.parse(path).getroot()
    found = [re.fullmatch(r"([\d.]+)(pt|in|px|)", root.get(name, "")) for name in ("width", "height")]
    if not all(found):
        raise ValueError(f"{path}: expected width and height in pt, in or px, got {root.attrib}")
    width, height = (round(float(side[1]) * PIXELS[side[2]]) for side in found)
    return width, height


def keep_room(app: Sphinx, pagename, templatename, context, doctree: nodes.document | None) -> None:
    """Give every SVG of a page its size, its box, and leave to load it until it is near."""
    if "body" in context:
        paths = {name: Path(app.srcdir) / path for path, name in app.builder.images.items()}
        context["body"] = IMAGE.sub(lambda image: _boxed(image, paths), context["body"])


def _boxed(image: re.Match, paths: dict[str, Path]) -> str:
    if OWN_COLOURS.search(image.group()):
        return image.group()
    width, height = natural_size(paths[image["name"]])
    # A style that the page's author gave, such as a width, is left out: the box decides.
    rest = re.sub(r'\b(?:style|width|height|class)="[^"]*"', "", f"{image['before']} {image['after']}")
    source = re.search(r'src="[^"]+"', image.group()).group()
    size = f'width="{width}" height="{height}" style="min-width: {round(SMALLEST * width)}px"'
    picture = f'<img class="course-figure" loading="lazy" {size} {source} {rest.strip()}>'
    return f'<span class="figure-box">{picture}</span>'


def setup(app: Sphinx) -> dict[str, bool]:
    for script in ("scrolling.js", "printing.js"):
        app.add_js_file(script, loading_method="defer")
    app.connect("html-page-context", keep_room)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
