r"""Example files of the package hBayesDM: learning from what is shown, and choices between offers."""

from __future__ import annotations

import numpy as np

from .. import _checks
from . import _examples
from .record import Trials

__all__ = [
    "load_delay_discounting",
    "load_go_no_go",
    "load_iowa_gambling",
    "load_probabilistic_selection",
    "load_risky_choice",
    "load_two_step_example",
]

CUES = np.array([0, 2, 1, 3], np.int32)
"""The number that a cue of the go/no-go file has here: its second is that where not pressing wins."""


RISKY = {
    "attend": {"rows": 4191, "sum_of_file": 1954664065},
    "reappraisal": {"rows": 4189, "sum_of_file": 2687137641},
}
"""What is known of the files of risky choices."""


def load_go_no_go() -> Trials:
    """Orthogonalised go/no-go from hBayesDM's example file: 10 people, 240 trials, 4 cues.

    Action 1 is a press, action 0 none. The input "cue" is 0 where pressing wins, 1 where pressing avoids a
    loss, 2 where not pressing wins and 3 where not pressing avoids a loss. The outcome is 1, 0 or -1. The
    better response was better in 78 % of trials. The file has cues 1 and 2 the other way round.

    Returns:
        `Trials` with choices, outcomes of what was done, and the input "cue", each (10, 240).

    Raises:
        ModuleNotFoundError: If hbayesdm is not installed. Its own requirements cannot be, so it is installed
            without them: `pip install --no-deps hbayesdm`.
        ValueError: If the file is not the one described here.

    Example:
        >>> load_go_no_go().shape
        (10, 240)

    Source:
        hbayesdm, gng_exampleData.txt; the task is that of Guitart-Masip et al. (2012), doi
        10.1016/j.neuroimage.2012.04.024.
    """
    columns = ("subjID", "cue", "keyPressed", "outcome")
    rows = _examples.rows(
        "load_go_no_go", "gng_exampleData.txt", columns, people=10, rows=2400, sum_of_file=864201966
    )
    inputs = {"cue": CUES[rows.whole("cue", less=1)]}
    return Trials(rows.whole("keyPressed"), rows.real("outcome"), inputs=inputs)


def load_iowa_gambling() -> Trials:
    """The Iowa gambling task from hBayesDM's example file: 4 people, 100 trials, 4 decks.

    Decks A to D are actions 0 to 3. The outcome is what was won less what was lost, in dollars, from -1150 to
    100: decks A and B win 100 each time, C and D win 50.

    Returns:
        `Trials` with choices and outcomes of the chosen deck, (4, 100).

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> load_iowa_gambling().shape
        (4, 100)

    Source:
        hbayesdm, igt_exampleData.txt; the task is that of Bechara et al. (1994), doi
        10.1016/0010-0277(94)90018-3.
    """
    columns = ("subjID", "choice", "gain", "loss")
    rows = _examples.rows(
        "load_iowa_gambling", "igt_exampleData.txt", columns, people=4, rows=400, sum_of_file=27892508
    )
    return Trials(rows.whole("choice", less=1), rows.real("gain") + rows.real("loss"))


def load_two_step_example() -> Trials:
    """The two-step task from hBayesDM's example file: 11 people, 201 trials of two choices.

    The rows are those of `tasks.two_step`: row 2k is the first choice of trial k and row 2k + 1 the second,
    told apart by the inputs "stage" and "planet". The outcome is 1 or 0, and 0 at the first stage. The file
    leaves out 21 of the 2211 trials; here they are in their place, masked.

    Returns:
        `Trials` with choices, outcomes, mask, and the inputs "stage" and "planet", each (11, 402).

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> load_two_step_example().shape
        (11, 402)

    Source:
        hbayesdm, ts_exampleData.txt; the task is that of Daw et al. (2011), doi
        10.1016/j.neuron.2011.02.027.
    """
    columns = ("subjID", "trial", "level1_choice", "level2_choice", "reward")
    known = {"people": 11, "rows": 2190, "sum_of_file": 4080342084}
    rows = _examples.rows("load_two_step_example", "ts_exampleData.txt", columns, **known)
    rows = rows._replace(place=rows.columns["trial"].astype(int) - 1)
    second, there = rows.whole("level2_choice", less=1), rows.there
    first = np.where(there, rows.whole("level1_choice", less=1), 0)
    none = np.zeros_like(first)
    inputs = {"stage": _by_stage(none, none + 1), "planet": _by_stage(none, np.maximum(second, 0) // 2 + 1)}
    outcomes = _by_stage(0.0 * none, rows.real("reward"))
    return Trials(
        _by_stage(first, np.maximum(second, 0) % 2), outcomes, mask=_by_stage(there, there), inputs=inputs
    )


def load_probabilistic_selection() -> Trials:
    """Probabilistic selection from hBayesDM's example file: 5 people, 60 to 360 trials, 6 stimuli.

    The six stimuli are actions 0 to 5. On each trial one of the pairs 0 and 1, 2 and 3, 4 and 5 is on offer;
    the first of a pair is the better one, less so from pair to pair. The outcome is 1 or 0. People have 360,
    60, 120, 360 and 120 trials, so that most of the array of some is padding, masked.

    Returns:
        `Trials` with choices, outcomes of the chosen stimulus and mask, each (5, 360), and which stimuli were
        on offer, (5, 360, 6).

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> load_probabilistic_selection().mask.sum(axis=1).tolist()
        [360, 60, 120, 360, 120]

    Source:
        hbayesdm, pst_exampleData.txt; the task is that of Frank et al. (2004), doi 10.1126/science.1102941.
    """
    columns = ("subjID", "type", "choice", "reward")
    known = {"people": 5, "rows": 1020, "sum_of_file": 1685075300}
    rows = _examples.rows("load_probabilistic_selection", "pst_exampleData.txt", columns, **known)
    pair = rows.whole("type")
    # A pair is two digits, such as 34; a choice of 1 is that of the first of them.
    shown = np.stack([pair // 10, pair % 10], axis=-1) - 1
    choices = np.where(rows.whole("choice") == 1, shown[..., 0], shown[..., 1])
    available = (shown[..., None] == np.arange(6)).any(axis=2)
    return Trials(np.maximum(choices, 0), rows.real("reward"), available, rows.there)


def load_delay_discounting() -> Trials:
    """Delay discounting from hBayesDM's example file: 20 people, 108 choices between offers.

    Action 0 is 10 at once, action 1 a larger amount later: 10.5 to 49.8 after 1 to 170 days. The unit of the
    amounts is not said. Nothing is paid and nothing learned. Each person saw offers of their own, 18 for
    each of six delays.

    Returns:
        `Trials` with choices and the inputs "amount_sooner", "delay_sooner", "amount_later" and
        "delay_later", each (20, 108). Delays are in days.

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`.

    Example:
        >>> sorted(load_delay_discounting().inputs)
        ['amount_later', 'amount_sooner', 'delay_later', 'delay_sooner']

    Source:
        hbayesdm, dd_exampleData.txt.
    """
    offers = ("amount_sooner", "delay_sooner", "amount_later", "delay_later")
    known = {"people": 20, "rows": 2160, "sum_of_file": 1219899933}
    rows = _examples.rows(
        "load_delay_discounting", "dd_exampleData.txt", ("subjID", *offers, "choice"), **known
    )
    return Trials(rows.whole("choice"), inputs={name: rows.real(name) for name in offers})


def load_risky_choice(condition: str = "attend") -> Trials:
    """Gambles or a sure amount, from hBayesDM's files of Sokol-Hessner et al.: 30 people, 140 choices.

    Action 0 is the sure amount, action 1 the gamble: a gain or a loss, as likely as each other. On 120 of the
    trials the sure amount is 0, on 20 the loss is 0. Amounts are in dollars, losses below 0. What came of a
    choice was told, and is the outcome. The same people chose under two instructions: "attend", to look at
    each gamble by itself, and "reappraisal", to think like a trader. The files do not say in which order.
    hBayesDM's example file is five of those who attend.

    Some people have less than 140 trials, 136 at least. Which are missing is not known: what is left is at
    the beginning, and the end is masked.

    Args:
        condition: "attend" or "reappraisal".

    Returns:
        `Trials` with choices, outcomes of what was chosen, the inputs "gain", "loss" and "sure", and mask,
        each (30, 140).

    Raises:
        ModuleNotFoundError: As in `load_go_no_go`.
        ValueError: As in `load_go_no_go`; or if there is no such condition.

    Example:
        >>> int(load_risky_choice("reappraisal").mask.sum())
        4189

    Source:
        hbayesdm, ra_data_attend.txt and ra_data_reappraisal.txt; Sokol-Hessner et al. (2009), doi
        10.1073/pnas.0806761106.
    """
    if condition not in RISKY:
        _checks.fail("condition", " or ".join(map(repr, RISKY)), repr(condition))
    columns = ("subjID", "gain", "loss", "cert", "gamble", "outcome")
    file, known = f"ra_data_{condition}.txt", {"people": 30} | RISKY[condition]
    rows = _examples.rows("load_risky_choice", file, columns, **known)
    offers = {"gain": rows.real("gain"), "loss": rows.real("loss"), "sure": rows.real("cert")}
    return Trials(rows.whole("gamble"), rows.real("outcome"), mask=rows.there, inputs=offers)


def _by_stage(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Rows of first and second stages in turn, from one column per trial of each."""
    return np.stack([first, second], axis=-1).reshape(len(first), -1)
