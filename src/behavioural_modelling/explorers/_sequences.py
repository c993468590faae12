"""What an explorer of a model replays: some trials of one person in the standard task of the model."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np

from .._by_trial import by_trial
from .._ready import arrays_for
from ..models import Entry, Model
from ..replaying import _recorded
from ..simulation import simulate
from ..tasks import Schedule, Task, schedule, standard
from ..tasks.standard import RANGES
from ..trials import Trials
from . import _ranges

__all__: list[str] = []

SEED = 7
N_ROWS = 40
MORE_ROWS = {"two_step": 80, "go_no_go": 80, "contextual_bandit": 60}
"""How many rows are replayed where that is not `N_ROWS`."""

ONLY = {"two_step": ("stage", 0)}
"""The input and its value on the rows that are shown, where not all are."""

LINES = {"contextual_bandit": "context", "go_no_go": "cue", "two_step_deterministic": "start"}
"""The input that has a line for each of its values."""

NAMES = {
    "go_no_go": "go",
    "delay_discounting": "the later offer",
    "risky_choice": "the gamble",
    "risky_choice_with_probabilities": "the gamble",
}
"""What action 1 is, where it has a name."""

OFFERS: dict[str, tuple[str, str, dict[str, tuple[float, float]]]] = {
    "delay_discounting": (
        "delay_later",
        "Delay of 40 that could be 20 now",
        {
            "amount_sooner": (20, 20),
            "delay_sooner": (0, 0),
            "amount_later": (40, 40),
            "delay_later": (0, 200),
        },
    ),
    "risky_choice": (
        "gain",
        "What may be won, where 10 may be lost",
        {"gain": (0, 30), "loss": (-10, -10), "sure": (0, 0)},
    ),
    "risky_choice_with_probabilities": (
        "probability",
        "Probability to win 20 and not to lose 10",
        {"gain": (20, 20), "loss": (-10, -10), "sure": (0, 0), "probability": (0, 1)},
    ),
}
"""Of tasks whose offers are inputs: the one that varies, what it is in words, and both ends of each."""


class Sequence(NamedTuple):
    """What is replayed.

    Attributes:
        task: The name of the task.
        trials: The trials of one person.
        outcome_range: Between which outcomes the task pays.
        shown: The numbers of the rows that are shown.
        x: The place of each of these.
        x_label: What the places are, in words.
        choices: What was chosen on each of these.
        lines: Which of these each line is for, by its label; one line for all has the label "".
        paid_more: Of each of these, whether it paid more than on average; None where all paid alike.
    """

    task: str
    trials: Trials
    outcome_range: tuple[float, float]
    shown: np.ndarray
    x: np.ndarray
    x_label: str
    choices: np.ndarray
    lines: dict[str, np.ndarray]
    paid_more: np.ndarray | None

    @property
    def one_line(self) -> bool:
        """Whether all rows are of one kind."""
        return list(self.lines) == [""]


def sequence(entry: Entry) -> Sequence:
    """What an entry's explorer replays."""
    task, model = entry.tasks[0], entry.build()
    outcome_range = RANGES.get(task, (0.0, 1.0))
    params = _ranges.typical(model, outcome_range)
    played = _offers(task) if task in OFFERS else standard(task)
    trace = simulate(jax.random.key(SEED), model, params, played)
    trials = Trials.from_trace(trace, None if isinstance(played, Task) else played)
    n = min(trials.shape[1], MORE_ROWS.get(task, N_ROWS))
    trials = jax.tree.map(lambda x: np.asarray(x)[:1, :n], trials)
    shown = np.flatnonzero(_is_shown(task, trials))
    x, label = np.arange(1, len(shown) + 1), "Trial"
    if task in OFFERS:
        x, label = _input(trials, OFFERS[task][0]), OFFERS[task][1]
    choices, paid = np.asarray(trials.choices)[0, shown], _paid(trials)[shown]
    more = None if np.ptp(paid) == 0 else paid > paid.mean()
    lines = _lines(task, trials, shown)
    return Sequence(task, trials, outcome_range, shown, x, label, choices, lines, more)


def _offers(task: str) -> Schedule:
    """Offers of which one part varies, and whose outcomes are not told."""
    inputs = {name: np.linspace(*ends, num=N_ROWS) for name, ends in OFFERS[task][2].items()}
    return schedule(np.zeros((N_ROWS, 2)), inputs=inputs, feedback=np.zeros(N_ROWS, bool))


def _input(trials: Trials, name: str) -> np.ndarray:
    return np.asarray((trials.inputs or {})[name])[0]


def _is_shown(task: str, trials: Trials) -> np.ndarray:
    counts = np.ones(trials.shape[1], bool) if trials.mask is None else np.asarray(trials.mask)[0]
    if task not in ONLY:
        return counts
    name, value = ONLY[task]
    return counts & (_input(trials, name) == value)


def _lines(task: str, trials: Trials, shown: np.ndarray) -> dict[str, np.ndarray]:
    """Which of the shown rows each line is for."""
    if task not in LINES:
        return {"": np.arange(len(shown))}
    values = _input(trials, LINES[task])[shown]
    return {f"{LINES[task]} {value}": np.flatnonzero(values == value) for value in np.unique(values)}


def _paid(trials: Trials) -> np.ndarray:
    """What each choice paid, all parts of it together."""
    choices = np.asarray(trials.choices)[0]
    parts = [_chosen(np.asarray(x)[0], choices) for x in jax.tree.leaves(trials.outcomes)]
    return np.sum(parts, axis=0)


def _chosen(outcomes: np.ndarray, choices: np.ndarray) -> np.ndarray:
    """Of each row the outcome of what was chosen, where there is one for each action."""
    if outcomes.shape[-1] == 1:
        return outcomes[:, 0]
    return np.take_along_axis(outcomes, choices[:, None], axis=1)[:, 0]


def told(model: Model, trials: Trials, params: dict[str, Any]) -> dict[str, Any]:
    """What the model tells of each row under these parameters, as `replay` does, in float64."""
    dtype = np.dtype(np.float64)
    arrays, axes = by_trial(dtype, *arrays_for(model, trials))
    alone = lambda x, axis: x if axis is None else x[..., 0]  # noqa: E731
    rows = jax.tree.map(alone, arrays, axes)
    step = lambda state, row: _recorded(model, dtype, params, state, row)  # noqa: E731
    return jax.lax.scan(step, model.init(params), rows)[1]
