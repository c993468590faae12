r"""Choices between offers: what is on offer is shown, nothing is told of what came of a choice.

The offers are spread evenly, by multiples of irrational numbers: the same for everybody, without chance.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _checks
from .._types import Numbers
from . import _parts
from .schedule import Schedule, schedule

__all__ = ["delay_discounting", "risky_choice"]

ROOT = 1.32471795724474602596  # of x^3 = x + 1: its powers spread points in a square evenly


def delay_discounting(
    n_trials: int, *, delays: Numbers = (1.0, 7.0, 30.0, 90.0, 180.0, 365.0), amount: float = 40.0
) -> Schedule:
    r"""Choices between a smaller amount at once and a larger one after a delay.

    .. math:: A_\text{sooner} = x_t A_\text{later}, \qquad x_t \in (0.05, 0.95)

    The later amount is always the same. The delays come in turn, and with each of them the sooner amounts are
    spread evenly. Action 0 is sooner, action 1 later. Shown are the inputs "amount_sooner", "delay_sooner",
    which is 0, "amount_later" and "delay_later". Nothing is paid.

    Args:
        n_trials: How many trials, at least 1.
        delays: The delays, at least one, each at least 0, shape (n_delays,).
        amount: The later amount, above 0.

    Returns:
        The `Schedule`.

    Raises:
        ValueError: If there is no trial, `delays` is no row of numbers of at least 0, or `amount` is no
            finite number above 0.

    Example:
        >>> delay_discounting(4, delays=[7.0, 30.0]).inputs["delay_later"].tolist()
        [[7.0, 30.0, 7.0, 30.0]]

    Source:
        Kirby & Marakovic (1996), doi 10.3758/BF03210748, for choices between amounts.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    waits = _parts.numbers("delays", delays)
    if waits.ndim != 1 or not waits.size:
        _checks.fail("delays", "at least one delay, shape (n_delays,)", f"shape {waits.shape}")
    _checks.in_range("delays", waits, 0)
    later = np.full(n_trials, _amount("amount", amount))
    round_of, turn = np.divmod(np.arange(n_trials), len(waits))
    # Each delay begins elsewhere, or every round would ask for the same share six times.
    share = 0.05 + 0.9 * _spread(round_of + turn / len(waits), 2 / (1 + math.sqrt(5)))
    offers = {"amount_sooner": share * later, "delay_sooner": 0.0 * later}
    return _offered({**offers, "amount_later": later, "delay_later": waits[turn]})


def risky_choice(n_trials: int, *, amount: float = 30.0, probabilities: Numbers | None = None) -> Schedule:
    r"""Choices between a sure amount and a gamble.

    .. math::
        x_\text{gain} = g_t A, \qquad x_\text{loss} = -r_t\, x_\text{gain}, \qquad
        g_t \in (0.1, 1), \quad r_t \in (0.1, 2)

    On six of seven trials the gamble may be lost, and nothing is sure. On every seventh it may win or give
    nothing, and a share of the gain, from a fifth to four fifths, is sure. Action 0 is the sure amount,
    action 1 the gamble. Shown are the inputs "gain", "loss", which is never above 0, and "sure". What came of
    a gamble is not told.

    Args:
        n_trials: How many trials, at least 1.
        amount: :math:`A`, the largest gain, above 0.
        probabilities: The probabilities of the gain, at least one, each in [0, 1], shape (n_probabilities,):
            they come in turn, and are one more input, "probability". None: gain and loss are as likely as
            each other, and no such input is shown.

    Returns:
        The `Schedule`.

    Raises:
        ValueError: If there is no trial, `amount` is no finite number above 0, or `probabilities` is no row
            of probabilities.

    Example:
        >>> sorted(risky_choice(140).inputs)
        ['gain', 'loss', 'sure']

    Source:
        Sokol-Hessner et al. (2009), doi 10.1073/pnas.0806761106, for the two kinds of trials.
    """
    n_trials = _checks.size("n_trials", n_trials, minimum=1)
    trial = np.arange(n_trials)
    certain = trial % 7 == 6
    # Counted apart: of numbers that are spread evenly, every seventh may all be alike.
    index = np.where(certain, trial // 7, trial - trial // 7)
    gain = _amount("amount", amount) * (0.1 + 0.9 * _spread(index, 1 / ROOT))
    ratio = _spread(index, 1 / ROOT**2)
    offers = {
        "gain": gain,
        "loss": np.where(certain, 0, -gain * (0.1 + 1.9 * ratio)),
        "sure": np.where(certain, gain * (0.2 + 0.6 * ratio), 0),
    }
    if probabilities is None:
        return _offered(offers)
    chances = _parts.numbers("probabilities", probabilities)
    if chances.ndim != 1 or not chances.size:
        expected = "at least one probability, shape (n_probabilities,)"
        _checks.fail("probabilities", expected, f"shape {chances.shape}")
    _checks.in_range("probabilities", chances, 0, 1)
    return _offered({**offers, "probability": chances[trial % len(chances)]})


def _amount(name: str, amount: Any) -> float:
    """One amount above 0."""
    x = _parts.numbers(name, amount)
    if x.shape != ():
        _checks.fail(name, "one number", f"shape {x.shape}")
    _checks.in_range(name, x, 0, above=True)
    return float(x)


def _spread(index: np.ndarray, step: float) -> np.ndarray:
    """Numbers in [0, 1), each a step on from the one before it, around a circle."""
    return (0.5 + index * step) % 1


def _offered(offers: dict[str, np.ndarray]) -> Schedule:
    """The schedule of two actions that pay nothing."""
    n_trials = len(next(iter(offers.values())))
    return schedule(np.zeros((n_trials, 2)), inputs=offers)
