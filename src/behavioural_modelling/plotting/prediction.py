"""Figures of predictive checks and of calibration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .. import _checks
from ..studies import Calibration, Prediction, _replications, _uniform
from .colours import GREY, action_colours

__all__ = ["plot_predictive", "plot_ranks"]


def plot_predictive(
    ax: Axes,
    prediction: Prediction,
    name: str,
    *,
    by: str = "group",
    level: float = 0.95,
    parts: Sequence[str] | None = None,
    label: str | None = None,
) -> Axes:
    """A statistic of simulated people, and that of the data in black.

    Of a statistic with one number the distribution is drawn, of one with parts their medians and a band.

    Args:
        ax: Where to draw.
        prediction: What `posterior_predictive` or `prior_predictive` returned.
        name: Which statistic.
        by: "group": the mean over subjects, whose distribution is over draws. "subject": the subjects of
            all draws together, and the observed ones beside them: how people differ.
        level: Which share of the distribution is in the band.
        parts: The names of the parts, such as `signatures.histories(2)`. None: numbers from 1.
        label: What the axis calls the statistic. None: its name.

    Returns:
        `ax`.

    Raises:
        ValueError: If there is no such statistic, `by` is neither, `level` is not between 0 and 1, or there
            is not one name per part.
    """
    if name not in prediction.replicated:
        _checks.fail("name", f"one of {', '.join(prediction.replicated)}", repr(name))
    if by not in ("group", "subject"):
        _checks.fail("by", "'group' or 'subject'", repr(by))
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        _checks.fail("level", "a number between 0 and 1", repr(level))
    simulated = _numbers(prediction.replicated[name], by)
    observed = _numbers(prediction.observed[name][None], by) if prediction.observed else None
    if prediction.replicated[name].ndim == 2:
        return _distribution(ax, simulated, observed, label or name)
    return _band(ax, simulated, observed, level, parts, label or name)


def plot_ranks(
    ax: Axes,
    calibration: Calibration,
    name: str,
    *,
    n_bins: int | None = None,
    level: float = 0.99,
    label: str | None = None,
) -> Axes:
    """The histogram of ranks of a simulation-based calibration, with the band that bars stay in by chance.

    Bars that are tall at both ends say that posteriors are too narrow, a hill that they are too wide, a slope
    that they are off to one side.

    Args:
        ax: Where to draw.
        calibration: What `sbc` returned.
        name: Which quantity.
        n_bins: How many bars; a number that the ranks can be shared out among evenly. None: as the test in
            `Calibration.summary` takes.
        level: In how many of all histograms one bar stays in the band.
        label: What the axis calls the quantity. None: its name.

    Returns:
        `ax`.

    Raises:
        ValueError: If there is no such quantity, the ranks cannot be shared out evenly among `n_bins`, or
            `level` is not between 0 and 1.
    """
    from scipy.stats import binom

    if name not in calibration.ranks:
        _checks.fail("name", f"one of {', '.join(calibration.ranks)}", repr(name))
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        _checks.fail("level", "a number between 0 and 1", repr(level))
    ranks, n_ranks = calibration.ranks[name], calibration.n_ranks
    n_bins = _n_bins(n_bins, len(ranks), n_ranks)
    counts = np.bincount(ranks * n_bins // n_ranks, minlength=n_bins)
    edges = np.linspace(0, n_ranks, n_bins + 1)
    colour = action_colours(1)[0]
    ax.bar(edges[:-1], counts, np.diff(edges), align="edge", color=colour, alpha=0.7, label="ranks")
    low, high = binom.interval(level, len(ranks), 1 / n_bins)
    said = f"{level:.0%} of bars, if all is right"
    ax.axhspan(low, high, color=GREY, alpha=0.2, zorder=0, linewidth=0, label=said)
    for height, dash in ((low, ":"), (len(ranks) / n_bins, "--"), (high, ":")):
        ax.axhline(height, color="black", linestyle=dash, linewidth=0.8)
    ax.set(xlabel=f"rank of the true {label or name}", ylabel="replications", xlim=(0, n_ranks))
    ax.set_ylim(0, 1.3 * max(high, counts.max()))  # with room for a legend
    return ax


def _numbers(x: np.ndarray, by: str) -> np.ndarray:
    """Means over subjects, or subjects of all draws one after the other; parts behind."""
    return x.reshape(-1, *x.shape[2:]) if by == "subject" else _replications.over_people(x, 1)


def _distribution(ax: Axes, simulated: np.ndarray, observed: np.ndarray | None, label: str) -> Axes:
    """Of one number: a histogram, and the observed as a line, or as an outline where there are several."""
    colour, values = action_colours(1)[0], simulated[np.isfinite(simulated)]
    seen = np.zeros(0) if observed is None else observed[np.isfinite(observed)]
    several = len(seen) > 1
    edges = np.histogram_bin_edges(np.concatenate([values, seen]) if several else values, 20).tolist()
    ax.hist(values, edges, density=True, color=colour, alpha=0.6, label="simulated")
    if several:
        ax.hist(seen, edges, density=True, histtype="step", color="black", linestyle="--", label="observed")
    for value in seen if not several else ():
        ax.axvline(float(value), color="black", linestyle="--", label="observed")
    ax.set(xlabel=label, ylabel="density", yticks=[])
    return ax


def _band(
    ax: Axes,
    simulated: np.ndarray,
    observed: np.ndarray | None,
    level: float,
    parts: Sequence[str] | None,
    label: str,
) -> Axes:
    """Of several parts: the median and a band, and the observed on top."""
    n_parts, colour = simulated.shape[1], action_colours(1)[0]
    if parts is not None and len(parts) != n_parts:
        _checks.fail("parts", f"{n_parts} names", len(parts))
    place, shares = np.arange(1, n_parts + 1), [(1 - level) / 2, 0.5, (1 + level) / 2]
    low, middle, high = _replications.quantiles(simulated, shares)
    ax.fill_between(place, low, high, color=colour, alpha=0.3, label=f"simulated, {level:.0%}")
    ax.plot(place, middle, color=colour, linestyle="--", label="simulated, median")
    if observed is not None:
        mean = _replications.over_people(observed, 0)
        ax.plot(place, mean, "o-", color="black", label="observed")
    names = place if parts is None else parts
    ax.set(xlabel="part", ylabel=label, xticks=place, xticklabels=names)
    return ax


def _n_bins(n_bins: int | None, n: int, n_ranks: int) -> int:
    """How many bars there are."""
    if n_bins is None:
        return _uniform.n_bins(n, n_ranks)
    n_bins = _checks.size("n_bins", n_bins, minimum=1)
    if n_ranks % n_bins:
        _checks.fail("n_bins", f"a number that divides {n_ranks}", n_bins)
    return n_bins
