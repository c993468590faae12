r"""Responses: what a subject does on a trial, how probable a prediction makes it, and how it is drawn.

`categorical` is a choice among actions, `normal` a rating on a continuous scale, `wald_race` a choice with
its response time. A `Response` of your own is a record of the same functions.
"""

from .choice import categorical
from .race import wald_race
from .rating import normal
from .response import Response

__all__ = ["Response", "categorical", "normal", "wald_race"]
