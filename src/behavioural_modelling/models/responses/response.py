"""What a response is: the record of functions between a model's prediction and what people do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import _pickling

__all__ = ["Response"]


class Response(NamedTuple):
    """What subjects do on a trial, as pure functions of one prediction and one response.

    A response of one part is a number: a choice, a rating. One of several parts is a dict of numbers, such as
    `{"choices": 1, "times": 0.43}`. The functions are handed whatever `Model.predict` gives as a prediction.

    Attributes:
        log_prob: `log_prob(prediction, response)` gives the log-probability, or log-density, of a response.
        draw: `draw(prediction, uniforms)` gives a response, made from `n_uniforms` random numbers in [0, 1),
            shape (n_uniforms,). All randomness comes from them.
        n_uniforms: How many random numbers a draw takes.
        encode: `encode(response)` gives what `Model.update` sees: one-hot for choices, itself otherwise.
        parts: What a response is made of, by the names that `Trials` and `Trace` have for it: `("choices",)`,
            `("ratings",)`, `("choices", "times")`. The part "choices" holds integers, others real numbers.
        n_actions: How many actions there are to choose from; None where nothing is chosen. With actions the
            outcome that `update` sees is one number per action, without it is one number.
        on_offer: `on_offer(prediction, available)` gives the prediction of a response among the available
            actions alone. None: what is on offer plays no part in the response.
        report: `report(prediction)` gives a dict of what a `Trace` tells of a prediction, such as choice
            probabilities. None: nothing.
    """

    log_prob: Callable[[Any, Any], Any]
    draw: Callable[[Any, Any], Any]
    n_uniforms: int
    encode: Callable[[Any], Any]
    parts: tuple[str, ...]
    n_actions: int | None = None
    on_offer: Callable[[Any, Any], Any] | None = None
    report: Callable[[Any], dict[str, Any]] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _pickling.reduced(self)
