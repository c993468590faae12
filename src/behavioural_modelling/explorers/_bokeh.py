"""Panels as Bokeh's figures; Bokeh is imported when it is needed."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .layers import COLOURS, DASHES, Axis, Bars, Line, Points, Words

if TYPE_CHECKING:
    from .explorer import Explorer

__all__: list[str] = []

SCRIPT = Path("server", "static", "js", "bokeh.min.js")
"""Where Bokeh's wheel keeps what draws; controls are the page's own, so Bokeh's are not needed."""


@cache
def script() -> str:
    """Bokeh's script."""
    return script_path().read_text(encoding="utf-8")


def script_path() -> Path:
    """Where the installed Bokeh keeps its script."""
    import bokeh

    return Path(bokeh.__path__[0]) / SCRIPT


def plot(explorer: Explorer, number: int) -> dict[str, Any]:
    """A panel as `Bokeh.embed.embed_item` takes it."""
    from bokeh.embed import json_item

    item = json_item(_figure(explorer, number))
    return _renumbered(item, f"{explorer.name}-{number}-")


def _renumbered(item: Any, prefix: str) -> dict[str, Any]:
    """The same with names of its parts that do not depend on what was drawn before."""
    text, names = json.dumps(item), {}
    short = lambda found: names.setdefault(found[0], f'"{prefix}{len(names)}"')  # noqa: E731
    item = json.loads(re.sub(r'"p\d+"', short, text))
    return {key: item[key] for key in ("root_id", "doc")} | {"target_id": None}


def _figure(explorer: Explorer, number: int) -> Any:
    from bokeh.models import ColumnDataSource, Range1d
    from bokeh.plotting import figure

    panel, results = explorer.panels[number], explorer.results()
    y = panel.y or Axis("", -1, 1)
    made = figure(
        height=panel.height,
        sizing_mode="stretch_width",
        min_width=200,
        tools="",
        toolbar_location=None,
        x_range=Range1d(start=panel.x.low, end=panel.x.high),
        y_range=Range1d(start=y.low, end=y.high),
        x_axis_type="log" if panel.x.log else "linear",
        y_axis_type="log" if y.log else "linear",
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border=4,
    )
    _label(made.xaxis, made.xgrid, panel.x)
    _label(made.yaxis, made.ygrid, y)
    made.yaxis.visible = made.ygrid.visible = panel.y is not None
    sources = {}
    for layer in panel.layers:
        if layer.source not in sources:
            columns: dict[str, Any] = {name: np.asarray(x) for name, x in results[layer.source].items()}
            sources[layer.source] = ColumnDataSource(columns, name=layer.source)
        DRAWN[type(layer)](made, sources[layer.source], layer)
    return made


def _label(axis: Any, grid: Any, given: Axis) -> None:
    """An axis in words. Its colours are the page's: see `explorers.js`."""
    from bokeh.models import FixedTicker

    axis.axis_label, axis.minor_tick_line_color = given.label, None
    axis.axis_label_text_font_style, axis.axis_label_text_font_size = "normal", "14px"
    axis.major_label_text_font_size = "13px"
    if given.ticks is not None:
        axis.ticker = grid.ticker = FixedTicker(ticks=list(given.ticks))
        axis.major_label_overrides = dict(given.ticks)


def _line(made: Any, source: Any, layer: Line) -> None:
    look = {"line_color": COLOURS[layer.colour], "line_width": layer.width, "line_dash": DASHES[layer.dash]}
    made.line(layer.x, layer.y, source=source, **look)


def _points(made: Any, source: Any, layer: Points) -> None:
    colour = COLOURS[layer.colour]
    look = {"line_color": colour, "line_width": 2, "fill_color": colour if layer.filled else None}
    made.scatter(layer.x, layer.y, source=source, marker=layer.marker, size=layer.size, **look)


def _bars(made: Any, source: Any, layer: Bars) -> None:
    made.vbar(layer.x, layer.width, layer.y, source=source, color=COLOURS[layer.colour])


def _words(made: Any, source: Any, layer: Words) -> None:
    """Numbers; the page turns them to text."""
    source.data[text_of(layer.number)] = [f"{x:.{layer.digits}f}" for x in source.data[layer.number]]
    place = {"text_align": "left" if layer.shift else "center", "x_offset": layer.shift}
    made.text(
        layer.x,
        layer.y,
        text_of(layer.number),
        source=source,
        text_baseline="middle",
        text_font_size="13px",
        **place,
    )


def text_of(column: str) -> str:
    """The column of the numbers of another, as text."""
    return f"{column} as text"


DRAWN: dict[type, Any] = {Line: _line, Points: _points, Bars: _bars, Words: _words}
