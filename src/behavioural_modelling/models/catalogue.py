r"""The catalogue: which models there are, for which tasks, and how each is built."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from .. import _checks
from .binary_hgf import binary_hgf
from .choice_kernel import choice_kernel, rescorla_wagner_choice_kernel, with_choice_kernel
from .composition import with_forgetting, with_lapse, with_stickiness
from .counterfactual import (
    asymmetric_counterfactual_rescorla_wagner,
    confirmation_bias,
    counterfactual_rescorla_wagner,
)
from .discounting import exponential_discounting, hyperbolic_discounting
from .go_no_go import go_no_go
from .iowa_gambling import orl, pvl_decay, pvl_delta, vpp
from .kalman_filter import kalman_filter
from .leaky_beta import leaky_beta
from .model import Model
from .pearce_hall import pearce_hall
from .prospect_theory import prospect_theory
from .rescorla_wagner import asymmetric_rescorla_wagner, rescorla_wagner
from .rlwm import rlwm
from .sensitivities import gain_loss_sensitivities, rescorla_wagner_sensitivities
from .two_step import two_step_hybrid, two_step_model_based, two_step_model_free
from .two_step_deterministic import two_step_deterministic_hybrid
from .volatile import volatile_rescorla_wagner
from .without_learning import biased_random, win_stay_lose_shift

__all__ = ["ENTRIES", "Entry", "Listing", "list_models"]

BANDITS = ("bandit", "reversal", "restless_bandit")
"""The tasks that any learner of the values of actions is for."""


class Entry(NamedTuple):
    """A model of the catalogue.

    Attributes:
        builder: What builds it. Its docstring holds the equation and the source.
        family: The family that it belongs to, in words: a heading of the catalogue.
        tasks: The tasks that it is for, by the names of `tasks.standard`; the first is where it is shown.
        arguments: The arguments of the builder for the first of the tasks.
        name: What it is listed as; "" for the name of the builder.
        limit: The parameters at which it is another model, and that model's name in the catalogue; None
            where there is none.
        shown: The parameter whose low, middle and high values the catalogue shows; "" for the one that
            `limit` takes away, or else the first.
        around: What is put into the builder, where this is one of `with_...`; None where nothing is.
    """

    builder: Callable[..., Model]
    family: str
    tasks: tuple[str, ...]
    arguments: Mapping[str, Any] = {}
    name: str = ""
    limit: tuple[Mapping[str, float], str] | None = None
    shown: str = ""
    around: Entry | None = None

    def build(self) -> Model:
        """The model, for the first of its tasks."""
        inside = () if self.around is None else (self.around.build(),)
        return self.builder(*inside, **self.arguments)

    @property
    def called(self) -> str:
        """What it is listed as."""
        return self.name or self.builder.__name__

    @property
    def summary(self) -> str:
        """What it is, in one line: the first of the builder's docstring."""
        return (inspect.getdoc(self.builder) or "").split("\n", 1)[0]

    @property
    def call(self) -> str:
        """The call that builds it."""
        inside = [] if self.around is None else [self.around.call]
        arguments = ", ".join([*inside, *(f"{name}={value!r}" for name, value in self.arguments.items())])
        return f"bm.models.{self.builder.__name__}({arguments})"


COLUMNS = {"model": 5, "parameters": 23, "tasks": 24, "what it is": 28}
"""The columns of a printed listing, and how wide each is; the first takes the longest name."""


class Listing(tuple[Entry, ...]):
    """Entries of the catalogue, in order. Printed, they are a table.

    Args:
        iterable: The entries.
    """

    __slots__ = ()

    def __new__(cls, iterable: Iterable[Entry] = ()) -> Listing:
        return super().__new__(cls, iterable)

    def __repr__(self) -> str:
        names, *others = COLUMNS.values()
        widths = [max([names, *(len(entry.called) for entry in self)]), *others]
        rows = [list(COLUMNS), ["-" * width for width in widths], *map(_cells, self)]
        return "\n".join(line for row in rows for line in _in_columns(row, widths))

    __str__ = __repr__


def _cells(entry: Entry) -> list[str]:
    """What a listing says of an entry, column by column."""
    parameters = ", ".join(parameter.name for parameter in entry.build().parameters)
    return [entry.called, parameters, ", ".join(entry.tasks), entry.summary]


def _in_columns(cells: list[str], widths: list[int]) -> list[str]:
    """A row of a table: as many lines as its longest cell takes."""
    wrapped = [textwrap.wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    depth = max(map(len, wrapped))
    filled = [[*lines, *[""] * (depth - len(lines))] for lines in wrapped]
    rows = zip(*filled, strict=True)
    return ["  ".join(x.ljust(w) for x, w in zip(row, widths, strict=True)).rstrip() for row in rows]


_ONE_RATE = Entry(rescorla_wagner, "Rescorla-Wagner", BANDITS, {"n_actions": 2})
_TWO_RATES = Entry(asymmetric_rescorla_wagner, "Rescorla-Wagner", BANDITS, {"n_actions": 2})


def _composed(builder: Callable[..., Model], suffix: str, off: Mapping[str, float] | None, **arguments: Any):
    """A part around the learners with one rate and with two; `off` are the values that undo it."""
    for inside in (_ONE_RATE, _TWO_RATES):
        limit = None if off is None else (off, inside.called)
        name = f"{inside.called}_{suffix}"
        yield Entry(builder, "Compositions", BANDITS, arguments, name, limit, around=inside)


ENTRIES: tuple[Entry, ...] = (
    _ONE_RATE,
    _TWO_RATES,
    Entry(choice_kernel, "Choices without values", BANDITS, {"n_actions": 2}),
    Entry(rescorla_wagner_choice_kernel, "Rescorla-Wagner", BANDITS, {"n_actions": 2}),
    Entry(biased_random, "Choices without values", BANDITS, {"n_actions": 2}),
    Entry(win_stay_lose_shift, "Choices without values", BANDITS, {"n_actions": 2}),
    Entry(rlwm, "Working memory", ("rlwm",), shown="capacity"),
    Entry(
        rescorla_wagner,
        "Rescorla-Wagner",
        ("probabilistic_selection",),
        {"n_actions": 6, "initial_value": 0.0, "inverse_temperature": True},
        "probabilistic_selection",
    ),
    Entry(
        asymmetric_rescorla_wagner,
        "Rescorla-Wagner",
        ("probabilistic_selection",),
        {"n_actions": 6, "initial_value": 0.0, "inverse_temperature": True},
        "probabilistic_selection_asymmetric",
    ),
    Entry(pvl_delta, "Iowa gambling", ("iowa_gambling",)),
    Entry(pvl_decay, "Iowa gambling", ("iowa_gambling",)),
    Entry(vpp, "Iowa gambling", ("iowa_gambling",), limit=({"weight": 1.0}, "pvl_delta")),
    Entry(orl, "Iowa gambling", ("iowa_gambling",)),
    Entry(
        two_step_hybrid, "Two-step task", ("two_step",), limit=({"w": 0.0}, "two_step_model_free"), shown="w"
    ),
    Entry(two_step_model_free, "Two-step task", ("two_step",), shown="eligibility_trace"),
    Entry(two_step_model_based, "Two-step task", ("two_step",)),
    Entry(two_step_deterministic_hybrid, "Two-step task", ("two_step_deterministic",), shown="w"),
    Entry(hyperbolic_discounting, "Offers", ("delay_discounting",), {"scale": 40.0}),
    Entry(exponential_discounting, "Offers", ("delay_discounting",), {"scale": 40.0}),
    Entry(
        prospect_theory,
        "Offers",
        ("risky_choice",),
        {"scale": 30.0},
        limit=({"loss_aversion": 1.0}, "prospect_theory_without_loss_aversion"),
    ),
    Entry(
        prospect_theory,
        "Offers",
        ("risky_choice",),
        {"scale": 30.0, "loss_aversion": 1.0},
        "prospect_theory_without_loss_aversion",
    ),
    Entry(
        prospect_theory,
        "Offers",
        ("risky_choice",),
        {"scale": 30.0, "curvature": 1.0},
        "prospect_theory_without_curvature",
    ),
    Entry(
        prospect_theory,
        "Offers",
        ("risky_choice_with_probabilities",),
        {"scale": 30.0, "weighting": "prelec"},
        "prospect_theory_with_weighted_probabilities",
        shown="weighting",
    ),
    *_composed(with_stickiness, "stickiness", {"stickiness": 0.0}),
    *_composed(with_lapse, "lapse", {"lapse": 0.0}),
    *_composed(with_forgetting, "forgetting", {"forgetting": 0.0}),
    *_composed(with_forgetting, "forgetting_towards_0", {"forgetting": 0.0}, towards=0.0),
    tuple(_composed(with_choice_kernel, "choice_kernel", None))[1],
    Entry(
        counterfactual_rescorla_wagner,
        "Counterfactual learning",
        BANDITS,
        {"n_actions": 2, "counterfactual_outcome": "seen"},
        limit=({"alpha_unchosen": 0.0}, "rescorla_wagner"),
    ),
    Entry(
        counterfactual_rescorla_wagner,
        "Counterfactual learning",
        BANDITS,
        {"n_actions": 2, "counterfactual_outcome": "1 - r"},
        "fictitious_rescorla_wagner",
        limit=({"alpha_unchosen": 0.0}, "rescorla_wagner"),
    ),
    Entry(
        counterfactual_rescorla_wagner,
        "Counterfactual learning",
        BANDITS,
        {"n_actions": 2, "counterfactual_outcome": "1 - r", "one_rate": True},
        "fictitious_rescorla_wagner_one_rate",
    ),
    Entry(
        asymmetric_counterfactual_rescorla_wagner,
        "Counterfactual learning",
        BANDITS,
        {"n_actions": 2, "counterfactual_outcome": "seen"},
        limit=({"alpha_unchosen_p": 0.0, "alpha_unchosen_n": 0.0}, "asymmetric_rescorla_wagner"),
    ),
    Entry(
        confirmation_bias,
        "Counterfactual learning",
        BANDITS,
        {"n_actions": 2, "counterfactual_outcome": "seen"},
    ),
    Entry(
        confirmation_bias,
        "Counterfactual learning",
        BANDITS,
        {"n_actions": 2, "counterfactual_outcome": "1 - r"},
        "fictitious_confirmation_bias",
    ),
    Entry(
        rescorla_wagner_sensitivities,
        "Sensitivities",
        ("net_gain_loss_bandit",),
        {"n_actions": 4},
        shown="punishment_sensitivity",
    ),
    Entry(
        rescorla_wagner_sensitivities,
        "Sensitivities",
        ("net_gain_loss_bandit",),
        {"n_actions": 4, "two_rates": True},
        "asymmetric_rescorla_wagner_sensitivities",
        shown="punishment_sensitivity",
    ),
    Entry(
        gain_loss_sensitivities,
        "Sensitivities",
        ("gain_loss_bandit",),
        {"n_actions": 4},
        shown="punishment_sensitivity",
    ),
    Entry(go_no_go, "Go/no-go", ("go_no_go",), {"n_cues": 4}, "go_no_go_m1"),
    Entry(
        go_no_go,
        "Go/no-go",
        ("go_no_go",),
        {"n_cues": 4, "go_bias": True},
        "go_no_go_m2",
        limit=({"go_bias": 0.0}, "go_no_go_m1"),
    ),
    Entry(
        go_no_go,
        "Go/no-go",
        ("go_no_go",),
        {"n_cues": 4, "go_bias": True, "pavlovian_bias": True},
        "go_no_go_m3",
        limit=({"pavlovian_bias": 0.0}, "go_no_go_m2"),
    ),
    Entry(
        go_no_go,
        "Go/no-go",
        ("go_no_go",),
        {"n_cues": 4, "go_bias": True, "pavlovian_bias": True, "two_sensitivities": True},
        "go_no_go_m4",
        shown="pavlovian_bias",
    ),
    Entry(
        volatile_rescorla_wagner,
        "Uncertainty and volatility",
        ("volatility",),
        {"n_actions": 2},
        shown="alpha_volatility",
    ),
    Entry(
        leaky_beta,
        "Uncertainty and volatility",
        ("reversal", "bandit", "restless_bandit"),
        {"n_actions": 2},
        shown="decay",
    ),
    Entry(pearce_hall, "Uncertainty and volatility", BANDITS, {"n_actions": 2}, shown="eta"),
    Entry(
        kalman_filter,
        "Uncertainty and volatility",
        ("restless_points",),
        {"n_actions": 4, "initial_value": 50.0},
    ),
    Entry(
        kalman_filter,
        "Uncertainty and volatility",
        ("restless_points",),
        {"n_actions": 4, "initial_value": 50.0, "choice": "bonus"},
        "kalman_filter_bonus",
        limit=({"uncertainty_bonus": 0.0}, "kalman_filter"),
    ),
    Entry(
        kalman_filter,
        "Uncertainty and volatility",
        ("restless_points",),
        {"n_actions": 4, "initial_value": 50.0, "mean_reversion": True},
        "kalman_filter_mean_reversion",
        limit=({"decay": 1.0, "centre": 50.0}, "kalman_filter"),
        shown="decay",
    ),
    Entry(
        kalman_filter,
        "Uncertainty and volatility",
        ("reversal", "bandit", "restless_bandit"),
        {"n_actions": 2, "choice": "thompson"},
        "kalman_filter_thompson",
    ),
    Entry(
        binary_hgf,
        "Uncertainty and volatility",
        ("reversal", "bandit", "restless_bandit"),
        {"levels": 2},
        "binary_hgf_2",
    ),
    Entry(
        binary_hgf,
        "Uncertainty and volatility",
        ("reversal", "bandit", "restless_bandit"),
        {"levels": 3},
        "binary_hgf_3",
    ),
)
"""All models, in the order of the catalogue."""


def list_models(task: str | None = None) -> Listing:
    """Which models there are, all of them or those for one task.

    Args:
        task: The name of a task, as in `tasks.standard`. None: all models.

    Returns:
        The entries of the catalogue, to be printed or gone through: `entry.build()` gives the model.

    Raises:
        ValueError: If no model is for a task of this name.

    Example:
        >>> [entry.called for entry in list_models("bandit")][:2]
        ['rescorla_wagner', 'asymmetric_rescorla_wagner']
        >>> print(Listing(list_models("bandit")[:1]))
        model            parameters               tasks                     what it is
        ---------------  -----------------------  ------------------------  ----------------------------
        rescorla_wagner  alpha, temperature       bandit, reversal,         Rescorla-Wagner learning
                                                  restless_bandit           with one learning rate, and
                                                                            softmax choice.
    """
    known = sorted({name for entry in ENTRIES for name in entry.tasks})
    if task is not None and task not in known:
        _checks.fail("task", f"one of {', '.join(known)}", repr(task))
    return Listing(entry for entry in ENTRIES if task is None or task in entry.tasks)
