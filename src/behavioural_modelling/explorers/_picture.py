"""Panels as one picture, for where no script runs: in print, and in a notebook that is not trusted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from .layers import COLOURS, DASHES, Axis, Bars, Line, Panel, Points, Words

if TYPE_CHECKING:
    from .explorer import Explorer

__all__: list[str] = []

WIDTH = 6.4
INCH = 96
"""Pixels of a page."""
KEY_ROW = 0.25
"""How high a row of a key is, in inches."""

MARKERS = {"circle": "o", "diamond": "D", "square": "s", "triangle": "^"}
KEPT = " !$&'()*+,-./:;=?@_~{}[]|"
"""What may stand in the address of a picture as it is; the rest would need more room otherwise."""


def data_uri(explorer: Explorer) -> str:
    """The picture as an address that holds it."""
    return f"data:image/svg+xml,{quote(svg(explorer), safe=KEPT)}"


def svg(explorer: Explorer) -> str:
    """The explorer as it begins, drawn by matplotlib; the same text each time."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from ..plotting import use_house_style

    file, heights = (
        io.StringIO(),
        [panel.height / INCH + KEY_ROW * _key_rows(panel) for panel in explorer.panels],
    )
    with mpl.rc_context():
        use_house_style()
        mpl.rcParams |= {"svg.hashsalt": explorer.name, "svg.fonttype": "path"}
        figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
        grid = {"gridspec_kw": {"height_ratios": heights}, "squeeze": False}
        axes = figure.subplots(len(heights), 1, **grid)
        for ax, panel in zip(axes.ravel(), explorer.panels, strict=True):
            _draw(ax, panel, explorer.results())
        figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = file.getvalue()
    return " ".join(line.strip() for line in text[text.index("<svg") :].splitlines())


def _draw(ax: Any, panel: Panel, results: dict[str, Any]) -> None:
    from matplotlib.ticker import NullLocator

    y = panel.y or Axis("", -1, 1)
    for layer in panel.layers:
        DRAWN[type(layer)](ax, results[layer.source], layer)
    scales = {"xscale": _scale(panel.x), "yscale": _scale(y)}
    ax.set(
        xlim=(panel.x.low, panel.x.high), ylim=(y.low, y.high), xlabel=panel.x.label, ylabel=y.label, **scales
    )
    for axis, given in ((ax.xaxis, panel.x), (ax.yaxis, y)):
        if given.ticks is not None:
            axis.set_ticks(list(given.ticks), list(given.ticks.values()))
            axis.set_minor_locator(NullLocator())
    ax.yaxis.set_visible(panel.y is not None)
    ax.spines["left"].set_visible(panel.y is not None)
    if _key_rows(panel):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)


def _key_rows(panel: Panel) -> int:
    """How many rows its key has, of two entries each."""
    return (sum(getattr(layer, "label", None) is not None for layer in panel.layers) + 1) // 2


def _scale(axis: Axis) -> str:
    return "log" if axis.log else "linear"


def _line(ax: Any, columns: dict[str, Any], layer: Line) -> None:
    dash = (0, [x / layer.width for x in DASHES[layer.dash]]) if DASHES[layer.dash] else "-"
    look = {"color": COLOURS[layer.colour], "linewidth": layer.width * 0.75, "linestyle": dash}
    ax.plot(columns[layer.x], columns[layer.y], label=layer.label, **look)


def _points(ax: Any, columns: dict[str, Any], layer: Points) -> None:
    size = columns[layer.size] if isinstance(layer.size, str) else layer.size
    colour = COLOURS[layer.colour]
    look = {"edgecolors": colour, "facecolors": colour if layer.filled else "none", "linewidths": 1.5}
    area = (0.75 * np.asarray(size)) ** 2  # matplotlib's sizes are areas, in points
    x, y = columns[layer.x], columns[layer.y]
    ax.scatter(x, y, area, marker=MARKERS[layer.marker], label=layer.label, clip_on=False, zorder=3, **look)


def _bars(ax: Any, columns: dict[str, Any], layer: Bars) -> None:
    ax.bar(columns[layer.x], columns[layer.y], layer.width, color=COLOURS[layer.colour], label=layer.label)


def _words(ax: Any, columns: dict[str, Any], layer: Words) -> None:
    align = {"horizontalalignment": "left" if layer.shift else "center", "verticalalignment": "center"}
    for x, y, number in zip(columns[layer.x], columns[layer.y], columns[layer.number], strict=True):
        if np.isfinite(x) and np.isfinite(y):
            move = {"xytext": (0.75 * layer.shift, 0), "textcoords": "offset points"}
            ax.annotate(f"{number:.{layer.digits}f}", (x, y), **move, **align)


DRAWN: dict[type, Any] = {Line: _line, Points: _points, Bars: _bars, Words: _words}
