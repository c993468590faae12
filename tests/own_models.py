"""Models that a reader might write, with inputs, ratings or two stages; and the same in plain Python."""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import reference

from behavioural_modelling import Model, responses
from behavioural_modelling.models import Parameter

N_CONTEXTS, N_ACTIONS = 3, 2

# Values learned in each context. The more there is to remember, the more the choices are alike.


def _contextual_predict(params, state, trial):
    value = state[trial.inputs["context"]]
    return value * jnp.exp(-params["load"] * trial.inputs["size"]) / params["temperature"]


def _contextual_update(params, state, trial, chosen, outcome):
    context = trial.inputs["context"]
    value = state[context]
    error = chosen * (outcome - value)
    state = state.at[context].set(value + params["alpha"] * error)
    return state, {"values": value, "prediction_errors": error}


CONTEXTUAL = Model(
    "contextual",
    (Parameter("alpha", 0, 1), Parameter("temperature", 0, above=True), Parameter("load", 0)),
    responses.categorical(N_ACTIONS),
    init=lambda params: jnp.full((N_CONTEXTS, N_ACTIONS), 0.5),
    predict=_contextual_predict,
    update=_contextual_update,
    inputs=("context", "size"),
)


# A rating around what is expected, which is learned from two outcomes that have names.


def _rating_update(params, value, trial, rating, outcome):
    error = outcome["pain"] - params["weight"] * outcome["relief"] - value
    return value + params["alpha"] * error, {"values": value, "prediction_errors": error, "rated": rating}


RATER = Model(
    "rater",
    (Parameter("alpha", 0, 1), Parameter("weight", 0), Parameter("noise", 0, above=True)),
    responses.normal(),
    init=lambda params: jnp.asarray(0.25),
    predict=lambda params, value, trial: (value * trial.inputs["scale"], params["noise"]),
    update=_rating_update,
    inputs=("scale",),
)


# Two choices a trial. What the second pays is learned for both of them.


def _two_step_update(params, state, trial, chosen, outcome):
    values, first = state
    planet, at_first = trial.inputs["planet"], trial.inputs["stage"] == 0
    error = chosen * (outcome - values[planet])
    learned = values.at[planet].add(params["alpha"] * error)
    learned = learned.at[0].add(params["alpha"] * first * ((chosen * outcome).sum() - values[0]))
    values, first = jnp.where(at_first, values, learned), jnp.where(at_first, chosen, first)
    return (values, first), {"prediction_errors": error}


TWO_STEP = Model(
    "two steps",
    (Parameter("alpha", 0, 1), Parameter("inverse_temperature", 0)),
    responses.categorical(2),
    init=lambda params: (jnp.full((3, 2), 0.5), jnp.zeros(2)),
    predict=lambda params, state, trial: params["inverse_temperature"] * state[0][trial.inputs["planet"]],
    update=_two_step_update,
    inputs=("stage", "planet"),
)


class Rules(NamedTuple):
    """A model as plain Python. `shown` is a dict of the trial's inputs.

    `log_prob(params, state, shown, response, on_offer)` is a number, `told(params, state, shown)` what is
    known before the response, `update(params, state, shown, response, outcome)` gives the next state and the
    error.
    """

    init: object
    log_prob: object
    told: object
    update: object


def _contextual_logits(params, state, shown):
    scale = math.exp(-params["load"] * shown["size"]) / params["temperature"]
    return [v * scale for v in state[int(shown["context"])]]


def _log_p(logits, choice, on_offer):
    return math.log(reference.exp_normalised([logits[a] for a in on_offer])[list(on_offer).index(choice)])


def _learn_in_context(params, state, shown, choice, outcome):
    context, errors, state = int(shown["context"]), [0.0] * N_ACTIONS, [list(row) for row in state]
    errors[choice] = outcome[choice] - state[context][choice]
    state[context][choice] += params["alpha"] * errors[choice]
    return state, errors


def _rate(params, value, shown, rating, on_offer):
    z = (rating - value * shown["scale"]) / params["noise"]
    return -0.5 * z * z - math.log(params["noise"] * math.sqrt(2 * math.pi))


def _learn_to_rate(params, value, shown, rating, outcome):
    error = outcome["pain"][0] - params["weight"] * outcome["relief"][0] - value
    return value + params["alpha"] * error, error


def _learn_in_two_steps(params, state, shown, choice, outcome):
    values, first = [list(row) for row in state[0]], state[1]
    planet, errors = int(shown["planet"]), [0.0, 0.0]
    errors[choice] = outcome[choice] - values[planet][choice]
    if shown["stage"] == 0:
        return (values, choice), errors
    values[planet][choice] += params["alpha"] * errors[choice]
    if first is not None:
        values[0][first] += params["alpha"] * (outcome[choice] - values[0][first])
    return (values, first), errors


RULES = {
    CONTEXTUAL.name: Rules(
        init=lambda params: [[0.5] * N_ACTIONS] * N_CONTEXTS,
        log_prob=lambda p, state, shown, choice, on_offer: _log_p(
            _contextual_logits(p, state, shown), choice, on_offer
        ),
        told=lambda params, state, shown: state[int(shown["context"])],
        update=_learn_in_context,
    ),
    RATER.name: Rules(
        init=lambda params: 0.25, log_prob=_rate, told=lambda p, value, shown: value, update=_learn_to_rate
    ),
    TWO_STEP.name: Rules(
        init=lambda params: ([[0.5, 0.5]] * 3, None),
        log_prob=lambda p, state, shown, choice, on_offer: _log_p(
            [p["inverse_temperature"] * v for v in state[0][int(shown["planet"])]], choice, on_offer
        ),
        told=lambda p, state, shown: state[0][int(shown["planet"])],
        update=_learn_in_two_steps,
    ),
}


def of_subject(i, x, n_subjects):
    """One subject's rows of an array, or of each array of a dict; in float64 where they are real."""
    if x is None or isinstance(x, dict):
        return x and {name: of_subject(i, y, n_subjects) for name, y in x.items()}
    x = np.asarray(x)
    x = x.astype(np.float64) if x.dtype.kind == "f" else x
    return x[i] if len(x) == n_subjects else x[0]


def by_hand(name, params, trials):
    """Log-probabilities, what was told before the responses, and errors.

    Axes (n_subjects, n_trials) are in front. On a trial that does not count the first is NaN; where nothing
    was learned the last is.
    """
    rules, n_subjects = RULES[name], trials.shape[0]
    part = trials.choices if trials.choices is not None else trials.responses["ratings"]
    everyone = []
    for i in range(n_subjects):
        own = {key: float(np.broadcast_to(x, n_subjects)[i]) for key, x in params.items()}
        fields = (part, trials.outcomes, trials.inputs, trials.available, trials.mask, trials.reset)
        one = [of_subject(i, x, n_subjects) for x in (*fields, trials.feedback)]
        everyone.append(_one_subject(rules, own, *one))
    return tuple(np.array(x, np.float64) for x in zip(*everyone, strict=True))


def _one_subject(rules, params, responded, outcomes, inputs, available, mask, reset, feedback):
    state, rows = rules.init(params), []
    for t, response in enumerate(responded):
        shown = {name: x[t] for name, x in inputs.items()}
        if reset is not None and reset[t]:
            state = rules.init(params)
        told = rules.told(params, state, shown)
        nothing = np.full(np.shape(told), np.nan)
        if mask is not None and not mask[t]:
            rows.append((np.nan, told, nothing))
            continue
        on_offer = range(N_ACTIONS) if available is None else np.flatnonzero(available[t])
        log_prob = rules.log_prob(params, state, shown, response, on_offer)
        if feedback is not None and not feedback[t]:
            rows.append((log_prob, told, nothing))
            continue
        outcome = {n: x[t] for n, x in outcomes.items()} if isinstance(outcomes, dict) else outcomes[t]
        if not isinstance(outcome, dict) and len(outcome) == 1:
            outcome = np.repeat(outcome, N_ACTIONS)
        state, error = rules.update(params, state, shown, response, outcome)
        rows.append((log_prob, told, error))
    return tuple(np.array([row[i] for row in rows], np.float64) for i in range(3))


# Data for them.

N_SUBJECTS, N_TRIALS = 4, 24
SETS = {
    CONTEXTUAL.name: {"alpha": (0.1, 0.9), "temperature": (0.2, 1.0), "load": (0.05, 0.4)},
    RATER.name: {"alpha": (0.1, 0.9), "weight": (0.2, 1.5), "noise": (0.2, 0.6)},
    TWO_STEP.name: {"alpha": (0.1, 0.9), "inverse_temperature": (1.0, 4.0)},
}
MODELS = {model.name: model for model in (CONTEXTUAL, RATER, TWO_STEP)}


def params_for(name, dtype=np.float32, seed=0):
    """Parameters of every subject, well inside their ranges."""
    rng = np.random.default_rng(seed)
    return {key: rng.uniform(*span, N_SUBJECTS).astype(dtype) for key, span in SETS[name].items()}


def some_mask():
    """Trials that are left out, others for every subject; the fifth is for all of them."""
    mask = np.random.default_rng(5).uniform(size=(N_SUBJECTS, N_TRIALS)) > 0.2
    mask[:, 4], mask[:, 0] = False, True
    return mask


def fields_for(name, dtype=np.float32, seed=0):
    """The arguments of `Trials`: some of them each subject's own, some shared."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS)
    paid = rng.integers(0, 2, (*shape, 2)).astype(dtype)
    if name == CONTEXTUAL.name:
        context, size = rng.integers(0, N_CONTEXTS, shape), rng.uniform(1, 4, N_TRIALS).astype(dtype)
        inputs = {"context": context, "size": size}
        return {"choices": rng.integers(0, 2, shape), "outcomes": paid, "inputs": inputs}
    if name == RATER.name:
        outcomes = {"pain": paid[..., 0], "relief": paid[0, :, 1]}
        inputs = {"scale": rng.uniform(0.5, 1.5, shape).astype(dtype)}
        ratings = rng.uniform(size=shape).astype(dtype)
        return {"choices": None, "outcomes": outcomes, "inputs": inputs, "responses": {"ratings": ratings}}
    stage = np.arange(N_TRIALS) % 2
    planet = np.where(stage == 1, rng.integers(1, 3, shape), 0)
    paid = np.where(stage == 1, paid[..., 0], 0).astype(dtype)
    inputs = {"stage": stage, "planet": planet}
    return {"choices": rng.integers(0, 2, shape), "outcomes": paid, "inputs": inputs}


def with_gaps(fields, dtype=np.float32):
    """The arguments, with trials left out, resets and no feedback here and there. What is left out is NaN."""
    rng, mask = np.random.default_rng(6), some_mask()
    silent = rng.uniform(size=mask.shape) < 0.2
    reset = rng.uniform(size=mask.shape) < 0.1

    def blank(x):
        x = np.asarray(x)
        if x.dtype.kind != "f":
            return x
        counts = mask.any(axis=0) if x.ndim == 1 else mask.reshape(*mask.shape, *[1] * (x.ndim - 2))
        return np.where(counts, x, np.nan).astype(dtype)

    named = ("outcomes", "inputs", "responses")
    blanked = {name: _each(blank, fields[name]) for name in named if name in fields}
    return fields | blanked | {"mask": mask, "feedback": ~silent, "reset": reset}


def _each(function, x):
    return {name: function(y) for name, y in x.items()} if isinstance(x, dict) else function(x)
