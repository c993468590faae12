"""What an explorer draws: panels and the layers in them, by Bokeh on a page, by matplotlib as a picture.

A layer names the columns that it shows: `source` is an entry of what the explorer computes, a dict of columns
of equal length; `x`, `y` and the like are keys of that dict.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Axis", "Bars", "COLOURS", "Layer", "Line", "Panel", "Points", "Words"]

COLOURS = {"blue": "#0072b2", "orange": "#d55e00", "green": "#008a63", "pink": "#b8578f", "grey": "#767676"}
"""The colours of layers, after Okabe and Ito. Each has a contrast of 3:1 to white and to dark pages."""

DASHES: dict[str, list[int]] = {"solid": [], "dashed": [6, 4], "dotted": [2, 3]}
MARKERS = ("circle", "diamond", "square", "triangle")


class Axis(NamedTuple):
    """An axis of a panel.

    Attributes:
        label: What it shows, with the unit.
        low: Where it begins.
        high: Where it ends.
        log: Whether its scale is logarithmic.
        ticks: Words at places of the axis, by place; None: numbers.
    """

    label: str
    low: float
    high: float
    log: bool = False
    ticks: dict[float, str] | None = None


class Line(NamedTuple):
    """A line through points; NaN interrupts it.

    Attributes:
        source: Which columns, as the module says.
        x: The column of horizontal places.
        y: The column of vertical places.
        label: Its name in the key; None: it has none.
        colour: A name of `COLOURS`.
        dash: "solid", "dashed" or "dotted".
        width: How wide, in pixels.
    """

    source: str
    x: str
    y: str
    label: str | None = None
    colour: str = "blue"
    dash: str = "solid"
    width: float = 2.0


class Points(NamedTuple):
    """Markers; one at NaN is not shown.

    Attributes:
        source: As in `Line`.
        x: As in `Line`.
        y: As in `Line`.
        label: As in `Line`.
        colour: As in `Line`.
        marker: "circle", "diamond", "square" or "triangle".
        size: How large in pixels: a number, or the name of a column.
        filled: Whether it is filled.
    """

    source: str
    x: str
    y: str
    label: str | None = None
    colour: str = "blue"
    marker: str = "circle"
    size: float | str = 9.0
    filled: bool = True


class Bars(NamedTuple):
    """Upright bars that stand on 0.

    Attributes:
        source: As in `Line`.
        x: The column of their middles.
        y: The column of their heights.
        label: As in `Line`.
        colour: As in `Line`.
        width: How wide, in units of the axis.
    """

    source: str
    x: str
    y: str
    label: str | None = None
    colour: str = "blue"
    width: float = 0.6


class Words(NamedTuple):
    """Numbers written at places.

    Attributes:
        source: As in `Line`.
        x: As in `Line`.
        y: As in `Line`.
        number: The column of what is written.
        digits: How many digits after the point.
        shift: How many pixels to the right of the place.
    """

    source: str
    x: str
    y: str
    number: str
    digits: int = 0
    shift: int = 0


Layer = Line | Points | Bars | Words


class Panel(NamedTuple):
    """Axes and what is drawn on them.

    Attributes:
        x: The horizontal axis.
        y: The vertical axis; None: it has no meaning and is not shown, and goes from -1 to 1.
        layers: What is drawn, from back to front.
        height: How high, in pixels.
        drag: The names of two sliders that follow the pointer, horizontally and vertically; None: none do.
    """

    x: Axis
    y: Axis | None
    layers: tuple[Layer, ...]
    height: int = 260
    drag: tuple[str, str] | None = None
