"""Chapter 13: a model of your own."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..models import Trial
from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]


def _state_after(returned):
    """The new state of what an update returned, which must be a pair."""
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise TypeError("an update returns two things: the new values, and a dict of records")
    return returned[0]


# 13.1: forgetting.


def _forgetting(params, value, trial, chosen, outcome):
    learned = value + params["alpha"] * (outcome - value)
    forgotten = value + params["forgetting"] * (0.5 - value)
    return jnp.where(chosen == 1, learned, forgotten), {}


def _towards_zero(params, value, trial, chosen, outcome):
    learned, _ = _forgetting(params, value, trial, chosen, outcome)
    return jnp.where(chosen == 1, learned, (1 - params["forgetting"]) * value), {}


def _chosen_forgets_too(params, value, trial, chosen, outcome):
    learned = value + params["alpha"] * chosen * (outcome - value)
    return learned + params["forgetting"] * (0.5 - learned), {}


def _nobody_forgets(params, value, trial, chosen, outcome):
    return value + params["alpha"] * chosen * (outcome - value), {}


def _all_learn(params, value, trial, chosen, outcome):
    return value + params["alpha"] * (outcome - value), {}


def _share_kept(params, value, trial, chosen, outcome):
    other = {**params, "forgetting": 1 - params["forgetting"]}
    return _forgetting(other, value, trial, chosen, outcome)


def _rate_for_both(params, value, trial, chosen, outcome):
    return _forgetting({**params, "forgetting": params["alpha"]}, value, trial, chosen, outcome)


def _values_along(update, params, choices, outcomes):
    """The values after each trial, from .5, computed as a model would: traced."""

    def body(value, seen):
        chosen, outcome = seen
        after = _state_after(update(params, value, Trial(), chosen, outcome))
        return after, after

    return jax.lax.scan(body, jnp.full(3, 0.5), (jax.nn.one_hot(choices, 3), outcomes))[1]


def _forgetting_cases():
    choices = jnp.array([0, 0, 2, 1, 0])
    outcomes = jax.nn.one_hot(choices, 3) * jnp.array([1.0, 1.0, 0.0, 1.0, 0.0])[:, None]
    params = ({"alpha": 0.6, "forgetting": 0.25}, {"alpha": 0.2, "forgetting": 0.1})
    return [(each, choices, outcomes) for each in params]


FORGETTING = Exercise(
    number="13.1",
    reference=_forgetting,
    cases=_forgetting_cases,
    attempt=_values_along,
    hint="jnp.where(chosen == 1, one, other) picks one of two answers for each action.",
    mistakes=(
        Mistake("values fade towards 0", _towards_zero, "The text says where they go back to."),
        Mistake("the chosen action forgets as well", _chosen_forgets_too, "It only learns."),
        Mistake("nothing is forgotten", _nobody_forgets, "What happens to an action that is not chosen?"),
        Mistake(
            "all actions learn",
            _all_learn,
            "Of the others no outcome was seen: the 0 in its place is not one.",
        ),
        Mistake(
            "the others keep the share that they should lose",
            _share_kept,
            "With a forgetting of 0 nothing may change.",
        ),
        Mistake("alpha is the rate of forgetting too", _rate_for_both, "They are two parameters."),
    ),
)

# 13.2: two cues.


def _shown(trial):
    return jax.nn.one_hot(trial.inputs["cue"], 2)


def _cue_predict(params, value, trial):
    return (_shown(trial) * value).sum(), params["sd"]


def _cue_update(params, value, trial, rating, outcome):
    return value + params["alpha"] * _shown(trial) * (outcome - value), {}


def _both_cues_learn(params, value, trial, rating, outcome):
    return value + params["alpha"] * (outcome - value), {}


def _learn_from_the_rating(params, value, trial, rating, outcome):
    return value + params["alpha"] * _shown(trial) * (rating - value), {}


def _error_of_the_rating(params, value, trial, rating, outcome):
    return value + params["alpha"] * _shown(trial) * (outcome - rating), {}


def _other_cue(trial):
    return trial._replace(inputs={"cue": 1 - trial.inputs["cue"]})


def _learn_on_the_other(params, value, trial, rating, outcome):
    return _cue_update(params, value, _other_cue(trial), rating, outcome)


def _predict_from_the_other(params, value, trial):
    return _cue_predict(params, value, _other_cue(trial))


def _predict_the_mean(params, value, trial):
    return value.mean(), params["sd"]


def _predict_and_learn(predict, update, params, cues, ratings, outcomes):
    """Means, standard deviations and values, trial after trial, computed as a model would: traced."""

    def body(value, seen):
        cue, rating, outcome = seen
        trial = Trial({"cue": cue})
        predicted = predict(params, value, trial)
        if not isinstance(predicted, tuple) or len(predicted) != 2:
            raise TypeError("cue_predict returns two numbers: the mean, and the standard deviation")
        after = _state_after(update(params, value, trial, rating, outcome))
        return after, {"mean": predicted[0], "sd": jnp.asarray(predicted[1], float), "value": after}

    return jax.lax.scan(body, jnp.full(2, 0.5), (cues, ratings, outcomes))[1]


CUES = Exercise(
    number="13.2",
    reference=(_cue_predict, _cue_update),
    cases=lambda: [
        (
            {"alpha": 0.3, "sd": 0.2},
            jnp.array([1, 1, 0, 1, 0]),
            jnp.array([0.4, 0.7, 0.5, 0.6, 0.1]),
            jnp.array([1.0, 0.0, 0.0, 1.0, 1.0]),
        )
    ],
    attempt=_predict_and_learn,
    hint="jax.nn.one_hot(trial.inputs['cue'], 2) is 1 for the cue that is shown; prediction: mean, then sd.",
    mistakes=(
        Mistake("both cues learn", (_cue_predict, _both_cues_learn), "Only the cue that is shown learns."),
        Mistake(
            "people learn from their own rating",
            (_cue_predict, _learn_from_the_rating),
            "The prediction error is the outcome minus the value.",
        ),
        Mistake(
            "the error is that of the rating",
            (_cue_predict, _error_of_the_rating),
            "A rating has noise in it; the prediction error is about the value.",
        ),
        Mistake("the other cue learns", (_cue_predict, _learn_on_the_other), "cue is the one that is shown."),
        Mistake(
            "the rating is that of the other cue",
            (_predict_from_the_other, _cue_update),
            "In cue_predict, cue is the one that is shown.",
        ),
        Mistake(
            "the rating is the mean of both cues",
            (_predict_the_mean, _cue_update),
            "Only the value of the cue that is shown counts.",
        ),
    ),
)

# 13.3: find the bug.


def _log_density(mean, time):
    return jnp.where(time >= 0, -time / mean - jnp.log(mean), -jnp.inf)


def _of_the_colleague(mean, time):
    return jnp.where(time >= 0, -time / mean, -jnp.inf)


def _log_added(mean, time):
    return jnp.where(time >= 0, -time / mean + jnp.log(mean), -jnp.inf)


def _mean_as_rate(mean, time):
    return _log_density(1 / mean, time)


def _always_possible(mean, time):
    return -time / mean - jnp.log(mean)


def _along(function, means, times):
    """The density of several times, computed as a model would: traced. It is 0 where a time cannot be."""
    return jnp.exp(jax.jit(jax.vmap(function))(means, times))


LOG_DENSITY = Exercise(
    number="13.3",
    reference=_log_density,
    cases=lambda: [(jnp.array([3.0, 0.4, 1.5, 2.5]), jnp.array([1.2, 0.9, -0.5, 4.0]))],
    attempt=_along,
    hint="Over all times exp(-time / mean) integrates to mean: which factor makes that 1, for every mean?",
    mistakes=(
        Mistake(
            "this is the colleague's",
            _of_the_colleague,
            "Integrate it over all times: what do you get, and does it depend on the mean?",
        ),
        Mistake("the new term has the wrong sign", _log_added, "To divide is to subtract a logarithm."),
        Mistake(
            "the mean is used as a rate", _mean_as_rate, "With a longer mean, long times are more probable."
        ),
        Mistake(
            "this is a density",
            lambda mean, time: jnp.exp(_log_density(mean, time)),
            "What is asked for is its logarithm.",
        ),
        Mistake(
            "a time below 0 is possible", _always_possible, "Keep what the colleague did with such times."
        ),
    ),
)

EXERCISES = (FORGETTING, CUES, LOG_DENSITY)
