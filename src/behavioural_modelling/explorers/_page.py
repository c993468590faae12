"""What a notebook holds of an explorer: the picture, the data, and where a reader runs it, the scripts."""

from __future__ import annotations

import html as escaping
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from . import _bokeh, _picture
from .controls import Slider
from .layers import COLOURS, DASHES

if TYPE_CHECKING:
    from .explorer import Explorer

__all__: list[str] = []

TRANSLATED_NEED = ("random.js", "special.js")
"""What translated functions call."""

SCRIPTS = (*TRANSLATED_NEED, "explorers.js")
STYLES = ("explorers.css",)


def html(explorer: Explorer, picture: str = "") -> str:
    """A picture with a text, and the data that `explorers.js` makes an explorer of.

    On a page with many, `picture` is the address of the picture, which is fetched when it comes near, and so
    does the explorer start.
    """
    data = json.dumps(_data(explorer), separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
    alt = escaping.escape(f"{explorer.title}. {explorer.alt}")
    start, loading = (' data-start="near"', ' loading="lazy"') if picture else ("", "")
    source = picture or _picture.data_uri(explorer)
    return (
        f'<div class="explorer" data-explorer="{explorer.name}"{start}>\n'
        f'<img class="explorer-picture"{loading} src="{source}" alt="{alt}" />\n'
        f"<p>{escaping.escape(explorer.words())}</p>\n"
        f'<script type="application/json">{data}</script>\n'
        "</div>\n"
    )


def scripts() -> str:
    """All that an explorer needs on a page that does not bring it: Bokeh's script, and ours."""
    styles = "".join(f"<style>{own_file(name)}</style>\n" for name in STYLES)
    library = f"if (!globalThis.Bokeh) {{\n{_bokeh.script()}\n}}"
    texts = [library, *(own_file(name) for name in SCRIPTS)]
    return styles + "".join(f"<script>{text}</script>\n" for text in texts)


@cache
def own_file(name: str) -> str:
    """A script or a style sheet of this package."""
    return (
        resources.files("behavioural_modelling.explorers").joinpath("page", name).read_text(encoding="utf-8")
    )


def _data(explorer: Explorer) -> dict[str, Any]:
    """What the page has to know."""
    return {
        "title": explorer.title,
        "alt": explorer.alt,
        "says": explorer.says,
        "compute": explorer.source(),
        "controls": [_control(control) for control in explorer.controls],
        "panels": [_panel(explorer, number) for number in range(len(explorer.panels))],
    }


def _control(control: Any) -> dict[str, Any]:
    kind = "slider" if isinstance(control, Slider) else "switch"
    return {"kind": kind, **control._asdict(), "values": list(control.values)}


def _panel(explorer: Explorer, number: int) -> dict[str, Any]:
    """A panel's drawing, its key, and what of it is written or dragged."""
    panel = explorer.panels[number]
    words = [x._asdict() for x in panel.layers if hasattr(x, "number")]
    labelled = [x for x in panel.layers if getattr(x, "label", None)]
    return {
        "plot": _bokeh.plot(explorer, number),
        "height": panel.height,
        "drag": panel.drag,
        "key": [_key(layer) for layer in labelled],
        "words": [{key: word[key] for key in ("source", "number", "digits")} for word in words],
    }


def _key(layer: Any) -> dict[str, Any]:
    """What the key shows of a layer."""
    kind = type(layer).__name__.lower()
    entry = {"kind": kind, "label": layer.label, "colour": COLOURS[layer.colour]}
    if kind == "line":
        entry["dash"] = DASHES[layer.dash]
    if kind == "points":
        entry |= {"marker": layer.marker, "filled": layer.filled}
    return entry
