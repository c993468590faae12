"""Figures of posteriors: chains, ranks, pairs, people's intervals, one quantity beside its prior.

Draws come from a `Posterior`, or from a dict of arrays of shape (n_chains, n_draws, ...), as NumPyro's
`mcmc.get_samples(group_by_chain=True)` gives. Quantities go by the names of `Posterior.to_dataframe`:
"alpha_median", "alpha_spread", "alpha[3]" for the fourth person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from .. import _checks
from .._types import Numbers
from ..fitting import Fit, _space
from ..posteriors import Posterior
from .colours import GREY, action_colours
from .style import DASHES

__all__ = ["plot_chain_ranks", "plot_intervals", "plot_pairs", "plot_posterior", "plot_traces"]

DENSE = 1000
"""More marks than this are stored as pixels: as shapes they would make a page heavy."""

N_COLOURS = 5
"""So many colours can be told apart by everybody."""


def plot_traces(
    ax: Axes, posterior: Posterior | Mapping[str, Numbers], name: str, *, label: str | None = None
) -> Axes:
    """The draws of one quantity in the order in which they were made, one line per chain.

    Chains that have converged lie over each other and wander about one level.

    Args:
        ax: Where to draw.
        posterior: A `Posterior`, or a dict of draws, arrays of shape (n_chains, n_draws, ...).
        name: Which quantity: a column of `Posterior.to_dataframe`, such as "alpha_median" or "alpha[3]".
        label: What the axis calls it. None: its name.

    Returns:
        `ax`.

    Raises:
        ValueError: If there is no such quantity.
    """
    draws = _chains(posterior, name)
    looks = zip(cycle(action_colours(N_COLOURS)), cycle(DASHES), strict=False)
    for chain, (colour, dash) in zip(draws, looks, strict=False):
        ax.plot(chain, color=colour, linestyle=dash, linewidth=0.7, alpha=0.8, rasterized=draws.size > DENSE)
    ax.set(xlabel="draw", ylabel=label or name)
    return ax


def plot_chain_ranks(
    ax: Axes,
    posterior: Posterior | Mapping[str, Numbers],
    name: str,
    *,
    n_bins: int = 20,
    label: str | None = None,
) -> Axes:
    """Where each chain's draws rank among the draws of all chains: one row of bars per chain.

    If all chains draw from the same distribution the bars of each row reach about its dashed line. A chain
    that stays too low has its tall bars on the left.

    Args:
        ax: Where to draw.
        posterior: As in `plot_traces`.
        name: As in `plot_traces`.
        n_bins: How many bars there are in a row.
        label: What the axis calls the quantity. None: its name.

    Returns:
        `ax`.

    Raises:
        ValueError: If there is no such quantity, or `n_bins` is no whole number of at least 2.

    Source:
        Vehtari et al. (2021), doi 10.1214/20-BA1221.
    """
    draws, n_bins = _chains(posterior, name), _checks.size("n_bins", n_bins, minimum=2)
    n_chains, n_draws = draws.shape
    ranks = np.empty(draws.size)
    ranks[np.argsort(draws, axis=None, kind="stable")] = np.arange(draws.size)
    edges = np.linspace(0, draws.size, n_bins + 1)
    expected = n_draws / n_bins
    for row, (of_chain, colour) in enumerate(
        zip(ranks.reshape(draws.shape), cycle(action_colours(N_COLOURS)))
    ):
        heights = np.histogram(of_chain, edges)[0] / expected / 2  # what is expected is half a row
        ax.bar(edges[:-1], np.minimum(heights, 1), np.diff(edges), row, align="edge", color=colour, alpha=0.7)
        ax.plot([0, draws.size], [row + 0.5] * 2, "--", color="black", linewidth=0.7)
    ticks = np.arange(0, n_chains, max(1, n_chains // 8))
    ax.set(xlabel=f"rank of {label or name}", ylabel="chain", yticks=ticks + 0.5, yticklabels=ticks + 1)
    ax.set(ylim=(0, n_chains), xlim=(0, draws.size))
    ax.grid(False)
    return ax


def plot_pairs(
    ax: Axes,
    posterior: Posterior | Mapping[str, Numbers],
    x: str,
    y: str,
    *,
    divergent: Bool[np.ndarray, "n_chains n_draws"] | None = None,
    labels: tuple[str, str] | None = None,
) -> Axes:
    """The draws of two quantities against each other: a ridge, a bend or a funnel shows here.

    Args:
        ax: Where to draw.
        posterior: As in `plot_traces`.
        x: The quantity on the horizontal axis.
        y: The quantity on the vertical axis.
        divergent: Which draws ended a trajectory that lost its way, booleans, shape (n_chains, n_draws), as
            NumPyro's `mcmc.get_extra_fields(group_by_chain=True)["diverging"]`. They are black crosses.
        labels: What the axes call the two. None: their names.

    Returns:
        `ax`.

    Raises:
        ValueError: If there is no such quantity, or `divergent` has another shape than the draws.
    """
    across, up = _chains(posterior, x), _chains(posterior, y)
    if across.shape != up.shape:
        _checks.fail("y", f"draws of shape {across.shape}, as {x} has", f"shape {up.shape}")
    if divergent is not None and np.shape(divergent) != up.shape:
        _checks.fail("divergent", f"shape {up.shape}, as the draws", f"shape {np.shape(divergent)}")
    style = {"markersize": 2, "alpha": 0.5, "markeredgewidth": 0, "label": "draw"}
    ax.plot(across.ravel(), up.ravel(), "o", color=action_colours(1)[0], rasterized=up.size > DENSE, **style)
    if divergent is not None and np.any(divergent):
        lost = np.asarray(divergent, bool)
        ax.plot(across[lost], up[lost], "x", color="black", markersize=5, label="divergence")
    xlabel, ylabel = labels or (x, y)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return ax


def plot_intervals(
    ax: Axes,
    posterior: Posterior | Mapping[str, Numbers],
    name: str,
    *,
    estimates: Fit | Numbers | None = None,
    level: float = 0.95,
    label: str | None = None,
) -> Axes:
    """People's posterior means with their intervals, in order, and estimates made without the group beside.

    The less a person's trials say, the more the group pulls: shrinkage.

    Args:
        ax: Where to draw.
        posterior: As in `plot_traces`.
        name: A parameter that people have, such as "alpha".
        estimates: Other estimates of the same people, shape (n_subjects,), or a `Fit`: drawn as open squares.
        level: Which share of the draws an interval holds.
        label: What the axis calls the parameter. None: its name.

    Returns:
        `ax`.

    Raises:
        ValueError: If people have no such parameter, there is not one estimate per person, or `level` is
            not between 0 and 1.
    """
    draws = _people(posterior, name)
    if not isinstance(level, float) or not 0 < level < 1:
        _checks.fail("level", "a number between 0 and 1", repr(level))
    mean = draws.mean(axis=(0, 1))
    order, place = np.argsort(mean, kind="stable"), np.arange(1, len(mean) + 1)
    ends = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=(0, 1))
    below, above = np.maximum(0, [mean - ends[0], ends[1] - mean])[:, order]
    one, other = action_colours(2)
    style = {"markersize": 3, "elinewidth": 0.8, "label": f"posterior mean, {level:.0%} interval"}
    ax.errorbar(place, mean[order], [below, above], fmt="o", color=one, **style)
    if estimates is not None:
        own = _estimates(estimates, name, len(mean))[order]
        ax.plot(place, own, "s", markersize=4, markerfacecolor="none", color=other, label="estimate alone")
    if isinstance(posterior, Posterior) and name in posterior.group:
        middle = float(posterior.group[name].mean())
        ax.axhline(middle, color="black", linestyle="--", linewidth=0.8, label="median person")
    ax.set(xlabel="person, in the order of the posterior mean", ylabel=label or name)
    return ax


def plot_posterior(
    ax: Axes,
    draws: Numbers,
    *,
    prior: Any = None,
    true: float | None = None,
    label: str = "posterior",
    xlabel: str | None = None,
    n_bins: int = 40,
) -> Axes:
    """The distribution of one quantity's draws, with the density that it had beforehand.

    Args:
        ax: Where to draw.
        draws: Draws of any shape, such as `posterior.group["alpha"]`.
        prior: A distribution of NumPyro, drawn as a dashed line. None: none.
        true: The value that the data were simulated with, drawn as a dotted line. None: none.
        label: What the legend calls the draws.
        xlabel: What the horizontal axis says. None: nothing.
        n_bins: How many bars there are.

    Returns:
        `ax`.

    Raises:
        ValueError: If draws are not finite, or `n_bins` is no whole number of at least 2.
    """
    values = np.asarray(draws, dtype=float).ravel()
    _checks.finite("draws", values)
    n_bins = _checks.size("n_bins", n_bins, minimum=2)
    dash = DASHES[len(ax.patches) % len(DASHES)]
    ax.hist(values, n_bins, density=True, histtype="stepfilled", label=label)
    patch = ax.patches[-1]
    colour = to_rgb(patch.get_facecolor())  # the next in turn, so that a second quantity has another one
    patch.set(facecolor=(*colour, 0.35), edgecolor=colour, linestyle=dash)
    if prior is not None:
        grid, density = _density(prior, *ax.get_xlim())
        ax.plot(grid, density, color=GREY, linestyle="--", label="prior")
    if true is not None:
        ax.axvline(true, color="black", linestyle=":", label="true value")
    ax.set(ylabel="density", yticks=[])
    if xlabel is not None:
        ax.set(xlabel=xlabel)
    return ax


def _density(prior: Any, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """A prior's density between two ends, as far as it reaches there."""
    least, most = (float(end) for end in _space.support(prior))
    width = (high - low) / 1000  # off the ends, where a density may be infinite
    grid = np.linspace(max(low, least + width), min(high, most - width), 400)
    return grid, np.exp(np.asarray(prior.log_prob(grid.astype(np.float32)), dtype=float))


def _variables(posterior: Any) -> Mapping[str, Any]:
    """All draws by name."""
    if isinstance(posterior, Posterior):
        return posterior.variables()
    if not isinstance(posterior, Mapping):
        expected = "a Posterior, or a dict of arrays of shape (n_chains, n_draws, ...)"
        _checks.fail("posterior", expected, type(posterior).__name__)
    return posterior


def _chains(posterior: Any, name: Any) -> Float[np.ndarray, "n_chains n_draws"]:
    """The draws of one number."""
    variables = _variables(posterior)
    if name in variables:
        found = np.asarray(variables[name], dtype=float)
    else:
        found = _of_person(variables, name)
    if found.ndim != 2:
        expected = f"one number a draw, such as '{name}[0]'" if found.ndim == 3 else "chains of draws"
        _checks.fail("name", expected, f"{name!r} with draws of shape {found.shape}")
    return found


def _of_person(variables: Mapping[str, Any], name: Any) -> np.ndarray:
    """The draws of one person's parameter, by a name such as alpha[3]."""
    parts = re.fullmatch(r"(.+)\[(\d+)\]", str(name))
    if parts is None or parts[1] not in variables or np.ndim(variables[parts[1]]) != 3:
        some = [n if np.ndim(x) == 2 else f"{n}[0]" for n, x in variables.items()]
        _checks.fail("name", f"one of {', '.join(some)}", repr(name))
    draws, person = np.asarray(variables[parts[1]], dtype=float), int(parts[2])
    if person >= draws.shape[2]:
        _checks.fail("name", f"one of {draws.shape[2]} people, counted from 0", repr(name))
    return draws[..., person]


def _people(posterior: Any, name: Any) -> Float[np.ndarray, "n_chains n_draws n_subjects"]:
    """The draws of a parameter of all people."""
    variables = _variables(posterior)
    shared = [n for n, x in variables.items() if np.ndim(x) == 3]
    if name not in shared:
        _checks.fail("name", f"one of {', '.join(shared) or 'people, of whom there are none'}", repr(name))
    return np.asarray(variables[name], dtype=float)


def _estimates(estimates: Any, name: str, n: int) -> np.ndarray:
    """One estimate per person."""
    if isinstance(estimates, Fit):
        estimates = estimates.params.get(name, ())
    own = np.asarray(estimates, dtype=float)
    if own.shape != (n,):
        _checks.fail("estimates", f"one per person, shape ({n},)", f"shape {own.shape}")
    return own
