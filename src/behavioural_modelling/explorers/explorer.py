"""An explorer: controls, a function of JAX that computes what they change, and how it is drawn.

What is shown in a notebook is a picture, drawn by matplotlib, with the data of the explorer beside it. Where
the page runs scripts, `explorers.js` puts controls and a drawing of Bokeh in the place of the picture.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from .. import _checks
from . import _page
from ._float64 import in_float64
from .controls import Control
from .javascript import translated
from .layers import Panel

__all__ = ["Explorer", "STORED", "explorer"]

STORED = "BEHAVIOURAL_EXPLORERS"
"""The environment variable that `make execute` sets to "stored": then explorers come without scripts.

A site brings the scripts once for all of a page's explorers. A cell that a reader runs brings its own.
"""


NAMED = re.compile(r"\{(\w+)")
"""A number's name in a sentence."""


class Explorer(NamedTuple):
    """What a reader can try out on a page. A notebook shows it where a cell ends with it.

    Attributes:
        name: A short name, an identifier.
        title: What it is called on the page.
        controls: What the reader can set.
        compute: A function of the controls' values that JAX can trace. It returns a dict: of numbers, which
            `says` may name, and of dicts of columns, which layers show.
        panels: What is drawn, from top to bottom.
        says: Sentences for the numbers, as `str.format` takes them: "The value is {value:.2f}." One that
            names a number which is NaN is left out.
        alt: What the drawing shows, in words.
    """

    name: str
    title: str
    controls: tuple[Control, ...]
    compute: Callable[..., dict[str, Any]]
    panels: tuple[Panel, ...]
    says: tuple[str, ...]
    alt: str

    def __repr__(self) -> str:
        return f"Explorer: {self.title}"

    @property
    def start(self) -> dict[str, float]:
        """The settings that it begins with."""
        return {control.name: control.start for control in self.controls}

    def results(self, **settings: float) -> dict[str, Any]:
        """What the package computes for some settings, in float64; others are as at the start.

        Args:
            settings: Values of controls by name.

        Returns:
            What `compute` returns, as NumPy's arrays and numbers.

        Raises:
            ValueError: If a setting has no control.
        """
        for name in settings:
            if name not in self.start:
                _checks.fail("settings", f"some of {', '.join(self.start)}", repr(name))
        given = {name: np.asarray(x) for name, x in (self.start | settings).items()}
        with in_float64():
            return jax.tree.map(np.asarray, self.compute(**given))

    def words(self, **settings: float) -> str:
        """What it says of some settings.

        Args:
            settings: As in `results`.

        Returns:
            The sentences of `says` with their numbers.
        """
        numbers = {name: x for name, x in self.results(**settings).items() if _is_number(x)}
        told = [
            text for text in self.says if not any(np.isnan(numbers[name]) for name in NAMED.findall(text))
        ]
        return " ".join(told).format(**{name: x.item() for name, x in numbers.items()})

    def source(self) -> str:
        """`compute` in JavaScript: see `javascript.translated`.

        Returns:
            The text of a function of the controls' values, in their order.
        """
        return translated(self.compute, *self.start.values())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The explorer for a notebook: with its scripts, unless the environment says that it is stored."""
        html = _page.html(self)
        if os.environ.get(STORED) != "stored":
            html += _page.scripts()
        return {"text/html": html, "text/plain": repr(self)}


def explorer(
    name: str,
    title: str,
    controls: tuple[Control, ...],
    compute: Callable[..., dict[str, Any]],
    panels: tuple[Panel, ...],
    says: tuple[str, ...],
    alt: str,
) -> Explorer:
    """Put an explorer together.

    Args:
        name: As in `Explorer`.
        title: As in `Explorer`.
        controls: As in `Explorer`.
        compute: As in `Explorer`; its arguments have the names of the controls, in their order.
        panels: As in `Explorer`.
        says: As in `Explorer`.
        alt: As in `Explorer`.

    Returns:
        The explorer.

    Raises:
        ValueError: If the name is no identifier; a control does not begin with one of its values; `compute`
            takes other arguments than the controls; or a layer or `says` names what is not computed.
    """
    made = Explorer(name, title, tuple(controls), compute, tuple(panels), tuple(says), alt)
    if not name.isidentifier():
        _checks.fail("name", "an identifier", repr(name))
    for control in made.controls:
        if control.start not in control.values:
            _checks.fail("controls", f"{control.name} to start with one of its values", control.start)
    arguments = list(inspect.signature(compute).parameters)
    if arguments != list(made.start):
        _checks.fail("compute", f"the arguments {', '.join(made.start)}", ", ".join(arguments))
    _check_names(made, made.results())
    return made


def _check_names(made: Explorer, results: Mapping[str, Any]) -> None:
    """Refuse layers and sentences that name what is not there."""
    for name in NAMED.findall(" ".join(made.says)):
        if name not in results or not _is_number(results[name]):
            _checks.fail("says", "names of numbers that compute returns", repr(name))
    for layer in (layer for panel in made.panels for layer in panel.layers):
        columns = results.get(layer.source)
        wanted = {layer.x, layer.y, getattr(layer, "number", layer.x)}
        if not isinstance(columns, Mapping) or not wanted <= set(columns):
            _checks.fail(
                "panels", "layers of columns that compute returns", f"{layer.source}: {sorted(wanted)}"
            )
        lengths = {np.shape(x) for x in columns.values()}
        if len(lengths) != 1 or len(lengths.pop()) != 1:
            _checks.fail("compute", f"columns of one length in {layer.source!r}", "others")


def _is_number(x: Any) -> bool:
    return not isinstance(x, Mapping) and np.ndim(x) == 0
