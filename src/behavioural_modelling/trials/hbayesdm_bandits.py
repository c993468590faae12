r"""Example files of the package hBayesDM: bandits and reversals."""

from __future__ import annotations

import numpy as np

from . import _examples
from .record import Trials

__all__ = [
    "load_gains_and_losses",
    "load_restless_points",
    "load_reversal",
    "load_reversal_blocks",
    "load_two_armed_bandit",
]


def load_two_armed_bandit() -> Trials:
    """A two-armed bandit from hBayesDM's example file: 20 people, 100 trials.

    The outcome is 1 or -1. Action 0 paid in 65 % of the trials on which it was chosen, action 1 in 35 %.

    Returns:
        `Trials` with choices and outcomes of the chosen action, (20, 100).

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> load_two_armed_bandit().shape
        (20, 100)

    Source:
        hbayesdm, bandit2arm_exampleData.txt.
    """
    known = {"people": 20, "rows": 2000, "sum_of_file": 614310866}
    return _choices_and_outcomes("load_two_armed_bandit", "bandit2arm_exampleData.txt", known)


def load_gains_and_losses() -> Trials:
    """A four-armed bandit that pays and charges, from hBayesDM's example file: 10 people, 200 trials.

    There are two outcomes: "gain", 1 or 0, and "loss", -1 or 0; both came together on 129 trials.

    Returns:
        `Trials` with choices, (10, 200), and the outcomes "gain" and "loss" of the chosen action.

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> list(load_gains_and_losses().outcomes)
        ['gain', 'loss']

    Source:
        hbayesdm, bandit4arm_exampleData.txt; the task is that of Seymour et al. (2012), doi
        10.1523/JNEUROSCI.0053-12.2012.
    """
    columns = ("subjID", "gain", "loss", "choice")
    known = {"people": 10, "rows": 2000, "sum_of_file": 153447684}
    rows = _examples.rows("load_gains_and_losses", "bandit4arm_exampleData.txt", columns, **known)
    return Trials(rows.whole("choice", less=1), {name: rows.real(name) for name in ("gain", "loss")})


def load_restless_points() -> Trials:
    """A four-armed bandit that pays points and drifts, from hBayesDM's example file: 10 people, 300 trials.

    The outcome is points, from 20 to 97. Each action was chosen on about a quarter of the trials.

    Returns:
        `Trials` with choices and outcomes of the chosen action, (10, 300).

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> load_restless_points().shape
        (10, 300)

    Source:
        hbayesdm, bandit4arm2_exampleData.txt; the task is that of Daw et al. (2006), doi 10.1038/nature04766.
    """
    known = {"people": 10, "rows": 3000, "sum_of_file": 3378045003}
    return _choices_and_outcomes("load_restless_points", "bandit4arm2_exampleData.txt", known)


def load_reversal() -> Trials:
    """Probabilistic reversal learning from hBayesDM's example file: 20 people, 100 trials.

    Which of the two actions is the better one, and when that changes, is not in the file. The outcome is 1 or
    -1.

    Returns:
        `Trials` with choices and outcomes of the chosen action, (20, 100).

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> load_reversal().shape
        (20, 100)

    Source:
        hbayesdm, prl_exampleData.txt.
    """
    known = {"people": 20, "rows": 2000, "sum_of_file": 2928923406}
    return _choices_and_outcomes("load_reversal", "prl_exampleData.txt", known)


def load_reversal_blocks() -> Trials:
    """Reversal learning in blocks from hBayesDM's example file: 3 people, 3 blocks of 200 trials.

    The outcome is 25 or -25; the unit is not said. Response times are in seconds. 64 of the 1800 are below
    .15 s, too short for a response to what was shown; nothing is left out for that.

    Returns:
        `Trials` with choices, outcomes of the chosen action, resets before each block after the first, and
        the responses "times", each (3, 600).

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> load_reversal_blocks().reset.sum(axis=1).tolist()
        [2, 2, 2]

    Source:
        hbayesdm, prl_multipleB_exampleData.txt.
    """
    columns = ("subjID", "block", "choice", "outcome", "choice.RT")
    known = {"people": 3, "rows": 1800, "sum_of_file": 1593666502}
    rows = _examples.rows("load_reversal_blocks", "prl_multipleB_exampleData.txt", columns, **known)
    block = rows.whole("block")
    reset = np.diff(block, axis=1, prepend=block[:, :1]) != 0
    times = {"times": rows.real("choice.RT") / 1000}
    return Trials(rows.whole("choice", less=1), rows.real("outcome"), reset=reset, responses=times)


def _choices_and_outcomes(loader: str, file: str, known: dict[str, int]) -> Trials:
    """A file of choices counted from 1, and what each of them paid."""
    rows = _examples.rows(loader, file, ("subjID", "choice", "outcome"), **known)
    return Trials(rows.whole("choice", less=1), rows.real("outcome"))
