"""Whether ranks are evenly spread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _in_words as words

__all__: list[str] = []

SURE = 0.01
"""If nothing is wrong, something is reported no more often than this, over all quantities and both tests."""

LEAST_EXPECTED = 5
"""A chi-square test wants so many ranks per bin."""

WANTED = 20
"""With so many per bin it sees more: what is wrong with a posterior is broad, and narrow bins blur it."""

FEWEST_BINS = 5
"""Fewer bins than this do not see draws that are too wide or too narrow."""


class Tested(NamedTuple):
    """Mean and standard deviation of ranks as shares, and the tests' p-values."""

    mean: float
    sd: float
    p_histogram: float
    p_distribution: float


def n_bins(n: int, n_ranks: int) -> int:
    """How many bins of equally many ranks so many replications fill: at least 2, where ranks allow it."""
    most = max(2, min(n // LEAST_EXPECTED, max(FEWEST_BINS, n // WANTED)))
    return max((k for k in range(1, n_ranks + 1) if n_ranks % k == 0 and k <= most), default=1)


def tested(ranks: np.ndarray, n_ranks: int) -> Tested:
    """Both tests of one quantity."""
    from scipy.stats import chisquare, kstest

    bins = n_bins(len(ranks), n_ranks)
    counts = np.bincount(ranks * bins // n_ranks, minlength=bins)
    share = (ranks + 0.5) / n_ranks
    histogram = float(chisquare(counts).pvalue) if bins > 1 else float("nan")
    return Tested(float(share.mean()), float(share.std()), histogram, float(kstest(share, "uniform").pvalue))


def in_words(ranks: dict[str, np.ndarray], n_ranks: int) -> str:
    """Which quantities are off and how; nothing where none is."""
    found = []
    for name, x in ranks.items():
        test = tested(x, n_ranks)
        p = float(np.nanmin([test.p_histogram, test.p_distribution]))
        if p < SURE / (2 * len(ranks)):
            found.append(
                f"the ranks of {name} are not even ({words.p_value(p)}): draws are {_how(test, len(x))}"
            )
    return "; ".join(found)


def _how(test: Tested, n: int) -> str:
    """What the shape of the histogram says."""
    even = np.sqrt(1 / 12)
    shift = (test.mean - 0.5) / even * np.sqrt(n)
    width = (test.sd**2 * 12 - 1) * np.sqrt(
        n / 0.8
    )  # the variance of a squared deviation is 0.8 of its square
    if abs(shift) >= abs(width):
        return "too low" if shift > 0 else "too high"
    return "too narrow" if width > 0 else "too wide"
