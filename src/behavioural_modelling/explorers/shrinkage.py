"""Explorer: how far a group pulls the estimates of its people."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

from ..likelihood import log_likelihood
from ..models import rescorla_wagner
from ..posteriors import _links
from ..trials import Trials
from ._people import played
from .controls import Slider, Switch, evenly
from .explorer import Explorer, explorer
from .layers import Axis, Line, Panel, Points

__all__ = ["shrinkage"]

N_PEOPLE = 12
N_TRIALS = (5, 10, 20, 30, 50, 70, 100)
CHANCES = (0.7, 0.3)
"""How probably each action pays."""

TEMPERATURE = 0.2
"""That of all people, which the model knows."""

MEDIAN = 0.4
"""The learning rate of the person in the middle, which the model does not know."""

SPREADS = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0)
"""What the model may believe of the group's spread."""

EDGES = np.linspace(0, 1, 41)
RATES = (EDGES[1:] + EDGES[:-1]) / 2
"""The learning rates that are looked at: the middles of 40 cells."""

MEDIANS = np.array(evenly(0.1, 0.9, 0.05))
"""What the group's median may be."""

PLACE = (0.0, 1.0, 1.0)
"""The ends of a learning rate and its unit, from which follows how it lies on the line."""

USUAL_SEED = 5
"""A run with errors of .16 and .10 as it starts; their means over all seeds are .17 and .10."""

MODEL = rescorla_wagner(2)


def shrinkage() -> Explorer:
    """The learning rates of 12 people, estimated alone and as members of a group.

    The people choose between two actions, which pay with probabilities .7 and .3, at a temperature of .2
    that the model knows. On the probit line their learning rates are the quantiles of a normal distribution.
    Person i with the seed s is the first subject of `simulate` with the key `jax.random.key(12 * s + i)`.

    An estimate alone is the learning rate, of 40 from .0125 to .9875, that makes a person's choices most
    probable. One with the group is the mean of the posterior, whose prior is normal on the probit line. The
    prior's median is the one, of 17 from .1 to .9, that makes the choices of all 12 most probable; its spread
    is set, or found likewise.

    Returns:
        The explorer.

    Example:
        >>> results = shrinkage().results()
        >>> bool(results["error_group"] < results["error_own"])
        True
    """
    controls = (
        Slider("n_trials", "Trials per person", N_TRIALS, 20, digits=0),
        Slider("spread", "True spread of the people, on the probit line", evenly(0, 1, 0.1), 0.3, digits=1),
        Slider("believed", "Spread that the model believes", SPREADS, 0.5),
        Switch("learn", "Learn the spread from the group"),
        Slider("seed", "Seed: another run of luck", tuple(range(50)), USUAL_SEED, digits=0),
    )
    layers = (
        Line("middle", "alpha", "person", "the group's median, as estimated", "grey", "dotted"),
        Line("pull", "alpha", "person", None, "grey", width=1.5),
        Points("people", "true", "person", "true learning rate", "green", "diamond", 13, filled=False),
        Points("people", "own", "person", "estimate alone", "orange", "square", 8),
        Points("people", "group", "person", "estimate with the group", "blue", "circle", 10),
    )
    ticks = {float(i): str(i) for i in range(1, N_PEOPLE + 1)}
    return explorer(
        "shrinkage",
        "Estimates pulled to the group",
        controls,
        _compute,
        (Panel(Axis("Learning rate α", -0.02, 1.02), Axis("Person", 0.4, 12.6, ticks=ticks), layers, 340),),
        (
            "Estimates alone miss the true learning rate by {error_own:.2f} on average, those with the group "
            "by {error_group:.2f}.",
            "The model takes the group's median for {median:.2f} and its spread for {used:.2f}.",
        ),
        "A row for each of 12 people. Markers show the true learning rate, the estimate from the person's "
        "own choices and the estimate with the group; a line joins the estimates. Most of those with the "
        "group lie nearer to its median, which is a vertical line.",
    )


@jax.jit
def _compute(n_trials: Any, spread: Any, believed: Any, learn: Any, seed: Any) -> dict[str, Any]:
    true, own, likelihoods = _people(spread, n_trials, seed)
    allowed = (learn > 0) | (jnp.array(SPREADS) == believed)
    group, mean, used = _as_a_group(likelihoods, allowed)
    median, person = _natural(mean), jnp.arange(1.0, N_PEOPLE + 1)
    lines = jnp.stack([own, group, jnp.full(N_PEOPLE, jnp.nan)], axis=1)
    return {
        "error_own": jnp.abs(own - true).mean(),
        "error_group": jnp.abs(group - true).mean(),
        "median": median,
        "used": used,
        "middle": {"alpha": jnp.stack([median, median]), "person": jnp.array([0.0, N_PEOPLE + 1.0])},
        "pull": {"alpha": lines.reshape(-1), "person": jnp.repeat(person, 3)},
        "people": {"person": person, "true": true, "own": own, "group": group},
    }


def _people(spread: Any, n_trials: Any, seed: Any) -> tuple[Any, Any, Any]:
    """Each person's true learning rate, the one that suits the choices best, and how all suit beside it."""

    def one(given):
        number, place = given
        true = _natural(_on_line(MEDIAN) + spread * place)
        trials = _trials(true, n_trials, seed * N_PEOPLE + number)

        def better(best, rate):
            score = log_likelihood(MODEL, {"alpha": rate, "temperature": TEMPERATURE}, trials)[0]
            return _better((score, rate), best), score

        (highest, own), scores = jax.lax.scan(better, (-jnp.inf, 0.0), jnp.array(RATES))
        return true, own, jnp.exp(scores - highest)

    return jax.lax.map(one, (jnp.arange(N_PEOPLE), jnp.array(_quantiles())))


def _trials(alpha: Any, n_trials: Any, seed: Any) -> Trials:
    """What a person does who has a seed of its own."""
    key = jax.random.fold_in(jax.random.key(seed), 1)
    luck = jax.random.uniform(key, (N_TRIALS[-1], len(CHANCES)), jnp.float32)
    outcomes = jax.lax.map(lambda row: (row < jnp.array(CHANCES, row.dtype)).astype(float), luck)
    choices, _ = played(MODEL, {"alpha": alpha, "temperature": TEMPERATURE}, outcomes, seed)
    mask = jnp.arange(N_TRIALS[-1]) < n_trials
    return Trials(choices[None], outcomes[None], mask=mask[None])


def _as_a_group(likelihoods: Any, allowed: Any) -> tuple[Any, Any, Any]:
    """Posterior means under the mean and the spread that make all choices most probable; and the two."""

    def with_spread(best, given):
        spread, may_be = given

        def with_mean(best, mean):
            evidence, group = _posterior(mean, spread, likelihoods)
            return _better((jnp.where(may_be, evidence, -jnp.inf), group, mean, spread), best), None

        return jax.lax.scan(with_mean, best, jnp.array(_on_line(MEDIANS)))[0], None

    start = (-jnp.inf, jnp.zeros(N_PEOPLE), 0.0, 0.0)
    return jax.lax.scan(with_spread, start, (jnp.array(SPREADS), allowed))[0][1:]


def _posterior(mean: Any, spread: Any, likelihoods: Any) -> tuple[Any, Any]:
    """The logarithm of how probable all choices are in a group, and each person's posterior mean."""
    shares = jnp.diff(norm.cdf(jnp.array(_on_line(EDGES)), mean, spread))

    def one(likelihood):
        def add(sums, given):
            rate, joint = given[0], given[1] * given[2]
            return (sums[0] + joint, sums[1] + rate * joint), None

        (evidence, weighted), _ = jax.lax.scan(add, (0.0, 0.0), (jnp.array(RATES), shares, likelihood))
        return jnp.log(evidence), weighted / evidence

    evidence, means = jax.lax.map(one, likelihoods)
    return evidence.sum(), means


def _better(new: Any, best: Any) -> Any:
    """The one of two tuples whose first entry is higher."""
    higher = new[0] > best[0]
    return tuple(jnp.where(higher, a, b) for a, b in zip(new, best, strict=True))


def _natural(line: Any) -> Any:
    return _links.to_natural(_links.INTERVAL, line, *PLACE)


def _on_line(rate: Any) -> np.ndarray:
    return _links.to_line(_links.INTERVAL, np.asarray(rate), *PLACE)


def _quantiles() -> np.ndarray:
    """Where people are on the line, from the lowest to the highest, if their mean is 0 and their spread 1."""
    z = _on_line((np.arange(N_PEOPLE) + 0.5) / N_PEOPLE)
    return z / z.std()
