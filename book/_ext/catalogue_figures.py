"""The figures of the catalogue: what people do in a model's standard task, at three values of a parameter.

What is drawn goes by the task: how a choice is learned over the trials, or how it depends on what is shown.
"""

import io
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import behavioural_modelling as bm
from behavioural_modelling.explorers import _ranges
from behavioural_modelling.models import Entry
from behavioural_modelling.plotting import use_house_style
from behavioural_modelling.tasks.standard import RANGES

SEED = 5
N_PEOPLE = 200
SHARES = (0.1, 0.5, 0.9)
"""Below the values that are shown, these shares of the default prior lie."""

EARLY = 4
"""In how many rounds of a block's stimuli learning is looked at."""

LOOKS = (("o", "-"), ("s", "--"), ("^", ":"))
SIZE = (4.6, 2.8)
LEAST_SPAN = 0.4


class Kind(NamedTuple):
    """One way to look at what people did.

    Attributes:
        x_label: What lies along the horizontal axis.
        y_label: What the lines show.
        look: From what people did to the places, or words for them, and a row of numbers for each person.
    """

    x_label: str
    y_label: str
    look: Callable[["Played"], tuple[list, np.ndarray]]


class Behaviour(NamedTuple):
    """What a figure shows.

    Attributes:
        x: The places, or words for them.
        x_label: What they are.
        y_label: What the lines show.
        lines: Their heights, by the value of the parameter.
        parameter: The parameter that differs between the lines.
    """

    x: list
    x_label: str
    y_label: str
    lines: dict[str, list[float]]
    parameter: str


def behaviour(entry: Entry) -> Behaviour:
    """What people with three values of a parameter do in the standard task."""
    model, task = entry.build(), bm.tasks.standard(entry.tasks[0])
    outcome_range, name = RANGES.get(entry.tasks[0], (0.0, 1.0)), shown_parameter(entry)
    parameter = next(each for each in model.parameters if each.name == name)
    values = rounded(_ranges.quantiles(parameter, outcome_range, SHARES))
    middle = _ranges.typical(model, outcome_range)
    people = np.repeat(values, N_PEOPLE)
    params = {other: np.full(len(people), x) for other, x in middle.items()} | {name: people}
    trace = bm.simulate(jax.random.key(SEED), model, params, task)
    trials = bm.Trials.from_trace(trace, None if isinstance(task, bm.tasks.Task) else task)
    kind = LOOKED_AT.get(entry.tasks[0], LEARNED)
    x, y = kind.look(Played(trials))
    lines = {f"{value:g}": np.nanmean(y[people == value], axis=0).tolist() for value in values}
    return Behaviour(x, kind.x_label, kind.y_label, lines, name)


def rounded(values: tuple[float, ...]) -> list[float]:
    """The values with as many digits as tell them apart well."""
    gap = min(b - a for a, b in zip(values, values[1:], strict=False))
    digits = 1 - math.floor(math.log10(gap))
    return [round(x, digits) + 0.0 for x in values]


def shown_parameter(entry: Entry) -> str:
    """The parameter whose values differ between the lines: see `Entry.shown`."""
    taken_away = next(iter(entry.limit[0]), "") if entry.limit else ""
    return entry.shown or taken_away or entry.build().parameters[0].name


class Played:
    """What people did, and what came of it; the first axis of each array is people."""

    def __init__(self, trials: Any):
        self.choices = np.asarray(trials.choices)
        parts = [np.asarray(x) for x in jax.tree.leaves(trials.outcomes)]
        self.outcomes = np.sum(
            [np.broadcast_to(x, (*self.choices.shape, x.shape[-1])) for x in parts], axis=0
        )
        shown = {name: np.asarray(x) for name, x in (trials.inputs or {}).items()}
        self.inputs = {name: np.broadcast_to(x, self.choices.shape) for name, x in shown.items()}
        resets = np.zeros(1, bool) if trials.reset is None else np.asarray(trials.reset)
        self.begins = np.broadcast_to(resets, self.choices.shape)

    @property
    def paid(self) -> np.ndarray:
        """What each choice paid."""
        return np.take_along_axis(self.outcomes, self.choices[..., None], axis=-1)[..., 0]


def in_bins(x: np.ndarray, n_bins: int = 20) -> tuple[list, np.ndarray]:
    """Means over stretches of trials, and the trials in their middle."""
    size = max(1, x.shape[1] // n_bins)
    n = x.shape[1] // size
    means = x[:, : n * size].reshape(len(x), n, size).mean(axis=2)
    return [size * i + (size + 1) / 2 for i in range(n)], means


def by(groups: list[tuple[Any, np.ndarray]], x: np.ndarray) -> tuple[list, np.ndarray]:
    """A mean for each group of trials, for each person; NaN where a person has no such trial."""
    counts = np.stack([np.broadcast_to(where, x.shape).sum(axis=1) for _, where in groups], axis=1)
    sums = np.stack([(where * x).sum(axis=1) for _, where in groups], axis=1)
    return [name for name, _ in groups], np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def chose_better(played: Played) -> tuple[list, np.ndarray]:
    """Whether the choice is of the action that pays most in the first quarter of the trials."""
    first = played.outcomes[:, : played.outcomes.shape[1] // 4]
    return in_bins(played.choices == first.mean(axis=(0, 1)).argmax())


def paid_above_chance(played: Played) -> tuple[list, np.ndarray]:
    return in_bins(played.paid - played.outcomes.mean(axis=-1), 10)


def good_decks(played: Played) -> tuple[list, np.ndarray]:
    return in_bins(played.choices >= 2, 10)


def went(played: Played) -> tuple[list, np.ndarray]:
    names = ["go to win", "go to avoid", "no-go to win", "no-go to avoid"]
    late = np.arange(played.choices.shape[1]) >= played.choices.shape[1] // 2
    cues = played.inputs["cue"]
    return by([(name, late & (cues == cue)) for cue, name in enumerate(names)], played.choices)


def right_by_size(played: Played) -> tuple[list, np.ndarray]:
    """Whether the choice is right, the first times that a stimulus comes."""
    sizes, n = played.inputs["set_size"], played.choices.shape[1]
    begun = np.maximum.accumulate(np.where(played.begins, np.arange(n), 0), axis=1)
    early = np.arange(n) - begun < EARLY * sizes
    return by([(f"{size}", early & (sizes == size)) for size in np.unique(sizes)], played.paid)


def better_by_pair(played: Played) -> tuple[list, np.ndarray]:
    late = np.arange(played.choices.shape[1]) >= played.choices.shape[1] // 2
    better = played.choices % 2 == 0
    return by(
        [(pair, late & (played.choices // 2 == i)) for i, pair in enumerate(("AB", "CD", "EF"))], better
    )


def stayed(played: Played) -> tuple[list, np.ndarray]:
    """Of the two-step task: whether the first choice is that of the trial before."""
    first, paid = played.choices[:, ::2], played.paid[:, 1::2] > 0
    common = (played.inputs["planet"][:, 1::2] == 1) == (first == 0)
    same, paid, common = first[:, 1:] == first[:, :-1], paid[:, :-1], common[:, :-1]
    groups = [("common, paid", common & paid), ("rare, paid", ~common & paid)]
    groups += [("common, unpaid", common & ~paid), ("rare, unpaid", ~common & ~paid)]
    return by(groups, same)


def returned(played: Played) -> tuple[list, np.ndarray]:
    """Of the two-step task without chance: whether the planet is that of the trial before."""
    again = played.inputs["start"][:, 1:] == played.inputs["start"][:, :-1]
    same = played.choices[:, 1:] == played.choices[:, :-1]
    much = (played.paid > 0.5)[:, :-1]
    groups = [("same start, much", again & much), ("other start, much", ~again & much)]
    groups += [("same start, little", again & ~much), ("other start, little", ~again & ~much)]
    return by(groups, same)


def later_by_delay(played: Played) -> tuple[list, np.ndarray]:
    delays = played.inputs["delay_later"]
    return by([(f"{delay:g}", delays == delay) for delay in np.unique(delays)], played.choices)


def gambled_by_loss(played: Played) -> tuple[list, np.ndarray]:
    ratio, n = -played.inputs["loss"] / played.inputs["gain"], 5
    edges = np.linspace(0.1, 2.0, n + 1)
    mixed = played.inputs["sure"] == 0
    within = lambda i: mixed & (edges[i] <= ratio) & (ratio < edges[i + 1])  # noqa: E731
    return by([(f"{edges[i]:.2g} to {edges[i + 1]:.2g}", within(i)) for i in range(n)], played.choices)


def gambled_by_chance(played: Played) -> tuple[list, np.ndarray]:
    chances = played.inputs["probability"]
    return by(
        [(f"{chance:.1f}", np.isclose(chances, chance)) for chance in np.unique(chances)], played.choices
    )


LEARNED = Kind("Trial", "Chose the better at first", chose_better)
ABOVE_CHANCE = Kind("Trial", "Paid above chance", paid_above_chance)
LOOKED_AT = {
    "delay_discounting": Kind("Delay", "Chose later", later_by_delay),
    "gain_loss_bandit": ABOVE_CHANCE,
    "go_no_go": Kind("Cue, in the second half", "Went", went),
    "iowa_gambling": Kind("Trial", "Chose a good deck", good_decks),
    "net_gain_loss_bandit": ABOVE_CHANCE,
    "probabilistic_selection": Kind("Pair, in the second half", "Chose the better one", better_by_pair),
    "restless_bandit": ABOVE_CHANCE,
    "restless_points": ABOVE_CHANCE,
    "risky_choice": Kind("Loss over gain", "Gambled", gambled_by_loss),
    "risky_choice_with_probabilities": Kind("Probability of the gain", "Gambled", gambled_by_chance),
    "rlwm": Kind("Set size", "Right, in four rounds", right_by_size),
    "two_step": Kind("Transition and outcome before", "Stayed", stayed),
    "two_step_deterministic": Kind("Start and outcome before", "Went back to the planet", returned),
}
"""What is looked at in each task; in the others, learning over the trials."""


def drawn(shown: Behaviour) -> str:
    """The figure as the text of an SVG, the same each time."""
    with mpl.rc_context():
        use_house_style()
        mpl.rcParams |= {"svg.hashsalt": "catalogue", "svg.fonttype": "path"}
        figure = Figure(figsize=SIZE, layout="constrained")
        ax = figure.subplots()
        words = isinstance(shown.x[0], str)
        places = range(len(shown.x)) if words else shown.x
        for (label, heights), (marker, dash) in zip(shown.lines.items(), LOOKS, strict=True):
            ax.plot(places, heights, marker=marker, linestyle=dash, markersize=4, label=label)
        if words:
            ax.set_xticks(places, [x.replace(", ", ",\n") for x in shown.x])
        ax.set(xlabel=shown.x_label, ylabel=shown.y_label, ylim=ends_of(shown))
        figure.legend(loc="outside upper center", ncols=3, frameon=False, title=shown.parameter)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return file.getvalue()


def ends_of(shown: Behaviour) -> tuple[float, float]:
    """The ends of the vertical axis. A share's are wide enough that chance does not look like a finding."""
    heights = np.array(list(shown.lines.values()))
    low, high = float(np.nanmin(heights)), float(np.nanmax(heights))
    if shown.y_label != ABOVE_CHANCE.y_label:
        missing = max(0.0, LEAST_SPAN - (high - low))
        low, high = max(0.0, low - missing / 2), min(1.0, high + missing / 2)
    pad = 0.05 * (high - low)
    return low - pad, high + pad


def in_words(shown: Behaviour) -> str:
    """What the figure shows, for those who do not see it."""
    ends = "; ".join(
        f"at {value} from {heights[0]:.2f} to {heights[-1]:.2f}" for value, heights in shown.lines.items()
    )
    return f"{shown.y_label}, by {shown.x_label.lower()}, for three values of {shown.parameter}: {ends}."
