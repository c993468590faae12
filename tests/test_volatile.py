"""Learning rates that depend on volatility: the rules of one trial, and the model."""

import pickle
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from jax.test_util import check_grads
from refusals import Bad, assert_refused

from behavioural_modelling import Trials, log_likelihood, models, replay, simulate, tasks
from behavioural_modelling.learning import rescorla_wagner as rw

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
KEY = jax.random.key(0)
STEP = rw.asymmetric_volatile_rescorla_wagner_update
CHOICE_STEP = rw.asymmetric_volatile_dynamic_rescorla_wagner_update_choice
SINGLE_STEP = rw.asymmetric_volatile_rescorla_wagner_single_value_update_choice
RATES = (-0.5, 0.8, 0.4, -0.6)  # base, volatility, pos_neg, interaction

# In float64, sums of some 40 terms below 30, each with a few hundred roundings of 1e-16.
LL_TOLERANCE = 1e-10


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def rate(rates, volatility, error):
    """The learning rate, from the definition."""
    base, by_volatility, by_sign, by_both = rates
    sign = np.sign(error)
    return sigmoid(base + by_volatility * volatility + by_sign * sign + by_both * volatility * sign)


def oracle_update(value, outcome, chosen, volatility, rates=RATES):
    """The rule in float64 NumPy: values after the trial, and prediction errors."""
    error = np.where(chosen, np.asarray(outcome, np.float64) - value, 0.0)
    return value + rate(rates, volatility, error) * error, error


# The rule of one trial.

HAND_WORKED = {  # value, outcome, chosen, volatility, rates, updated value, error
    "stable": ([0.5, 0.5], [1, 0], [1, 0], 0, (0, 2, 0, 0), [0.75, 0.5], [0.5, 0]),
    "volatile": ([0.5, 0.5], [1, 0], [1, 0], 1, (-2, 2, 0, 0), [0.75, 0.5], [0.5, 0]),
    "good surprise": ([0.5, 0.5], 1, [0, 1], 0, (-1, 9, 1, 9), [0.5, 0.75], [0, 0.5]),
    "bad surprise": ([0.5, 0.5], 0, [0, 1], 0, (1, 9, 1, 9), [0.5, 0.25], [0, -0.5]),
    "both": ([0.5, 0.5], 0, [0, 1], 1, (1, 1, 1, 1), [0.5, 0.25], [0, -0.5]),
    "no surprise": ([1.0, 0.5], 1, [1, 0], 1, (1, 1, 1, 1), [1, 0.5], [0, 0]),
    "no response": ([0.5, 0.5], 1, [0, 0], 1, (1, 1, 1, 1), [0.5, 0.5], [0, 0]),
    "one number": (0.5, 1, 1, 1, (-1, 1, 0, 0), 0.75, 0.5),
    "rows": (
        [[0.5, 0.5], [0.5, 0.5]],
        [[1, 0], [0, 1]],
        [[1, 0], [0, 1]],
        [[0], [1]],
        (0, 500, 0, 0),
        [[0.75, 0.5], [0.5, 1.0]],
        [[0.5, 0], [0, 0.5]],
    ),
}


@pytest.mark.parametrize(
    "value, outcome, chosen, v, rates, after, error", HAND_WORKED.values(), ids=HAND_WORKED
)
def test_update_by_hand(value, outcome, chosen, v, rates, after, error):
    # The rates are sigmoid(0) = 1/2, or 1 where the log-odds are 500: all numbers are exact in float32.
    updated, (before, prediction_error) = STEP(value, (outcome, chosen, v), *rates)
    np.testing.assert_array_equal(updated, after)
    np.testing.assert_array_equal(prediction_error, error)
    np.testing.assert_array_equal(before, value)
    assert updated.dtype == jnp.float32 and updated.shape == np.shape(value)


def test_update_against_the_definition():
    rng = np.random.default_rng(0)
    value, outcome = rng.uniform(-1, 1, (2, 4, 3))
    chosen = np.eye(3)[rng.integers(3, size=4)]
    volatility = rng.uniform(size=(4, 1))
    after, error = oracle_update(value, outcome, chosen, volatility)
    for run in (STEP, jax.jit(STEP)):
        updated, (_, prediction_error) = run(value, (outcome, chosen, volatility), *RATES)
        # The log-odds are off by 6 units, the rate by a quarter of that and 4 of its own; then 3 roundings.
        np.testing.assert_allclose(updated, after, rtol=0, atol=16 * UNIT)
        np.testing.assert_allclose(prediction_error, error, rtol=0, atol=4 * UNIT)


def test_without_volatility_it_is_the_asymmetric_rule():
    value, trial = jnp.array([0.2, 0.7, 0.5]), (jnp.array([1.0, 0.0, 0.3]), jnp.array([0, 0, 1]))
    base, by_sign = 0.3, -0.7
    for outcome in (0.0, 1.0):
        trial = (outcome, trial[1])
        ours = STEP(value, (*trial, 0.6), base, 0.0, by_sign, 0.0)
        theirs = rw.asymmetric_rescorla_wagner_update(
            value, trial, float(sigmoid(base + by_sign)), float(sigmoid(base - by_sign))
        )
        # The rates are computed differently, and differ by some units.
        jax.tree.map(partial(np.testing.assert_allclose, rtol=0, atol=8 * UNIT), ours, theirs)


def test_only_the_outcome_of_what_was_chosen_is_read():
    one, other = (STEP([0.5, 0.2], ([1.0, x], [1, 0], 1.0), *RATES) for x in (0.0, 1.0))
    jax.tree.map(np.testing.assert_array_equal, one, other)


def test_gradients_of_the_update(x64):
    def updated(value, outcome, *rates):
        return STEP(value, (outcome, jnp.array([1, 0]), 0.5), *rates)[0]

    arguments = (jnp.array([0.5, 0.7]), jnp.array([0.8, 0.0]), *map(jnp.array, RATES))
    check_grads(updated, arguments, order=1)
    no_surprise = (jnp.array([0.5, 0.7]), jnp.array([0.5, 0.0]), *map(jnp.array, RATES))
    slopes = jax.jacobian(updated, argnums=(0, 1, 2, 3, 4, 5))(*no_surprise)
    assert all(np.isfinite(slope).all() for slope in slopes)


# The trials with a choice.


def test_choice_step_is_softmax_a_draw_and_the_update():
    value, outcome = jnp.array([0.1, 0.5, 0.4]), jnp.array([1.0, 0.0, 1.0])
    for seed in range(8):
        key = jax.random.key(seed)
        updated, (before, choice_p, choice_array, error) = CHOICE_STEP(
            value, (outcome, key, 1.0), *RATES, temperature=0.3, n_actions=3
        )
        p = reference.softmax(value, 0.3)
        np.testing.assert_allclose(choice_p, p, rtol=0, atol=20 * UNIT)
        chosen = np.eye(3)[reference.choose(jax.random.uniform(key), p)]
        np.testing.assert_array_equal(choice_array, chosen)
        assert choice_array.dtype == jnp.int16
        expected = STEP(value, (outcome, choice_array, 1.0), *RATES)
        jax.tree.map(np.testing.assert_array_equal, (updated, (before, error)), expected)


def test_choice_step_in_jit_scan_and_vmap():
    rng = np.random.default_rng(1)
    outcomes, volatility = jnp.asarray(rng.integers(2, size=(30, 2)), float), jnp.arange(30.0) // 10 % 2
    keys = jax.random.split(KEY, (4, 30))
    bases = jnp.linspace(-2, 2, 4)

    def run(base, keys):
        step = partial(CHOICE_STEP, alpha_volatility=1.0, alpha_pos_neg=0.5, alpha_interaction=-0.5)
        body = partial(step, alpha_base=base, temperature=0.2, n_actions=2)
        return jax.lax.scan(body, jnp.full(2, 0.5), (outcomes, keys, volatility))[1]

    values, choice_p, choices, errors = map(np.asarray, jax.jit(jax.vmap(run))(bases, keys))
    for i, base in enumerate(bases):
        value = np.full(2, 0.5)
        for t in range(30):
            # Each trial adds 10 units at most, and a rate below 1 lets none of them grow.
            np.testing.assert_allclose(values[i, t], value, rtol=0, atol=300 * UNIT)
            p = reference.softmax(values[i, t], 0.2)
            np.testing.assert_allclose(choice_p[i, t], p, rtol=0, atol=20 * UNIT)
            assert choices[i, t].argmax() == reference.choose(jax.random.uniform(keys[i, t]), p)
            rates = (float(base), 1.0, 0.5, -0.5)
            value, error = oracle_update(value, outcomes[t], choices[i, t] == 1, volatility[t], rates)
            np.testing.assert_allclose(errors[i, t], error, rtol=0, atol=300 * UNIT)


@pytest.mark.parametrize(
    "value, shape", [(0.75, (1,)), (jnp.array(0.75), ()), (jnp.array([0.75]), (1,)), (np.array([0.75]), (1,))]
)
def test_single_value_by_hand(value, shape):
    # Values .75 and .25, temperature .25: 1 / (1 + e**-2). Action 0 did not pay: half of the way down.
    updated, (before, choice_p, choice_array, error) = SINGLE_STEP(
        value, (0.0, KEY, 1.0), -1.0, 1.0, 0.0, 0.0, 0.25
    )
    assert updated.shape == before.shape == error.shape == shape
    assert (updated == 0.375).all() and (before == 0.75).all() and (error == -0.75).all()
    np.testing.assert_allclose(choice_p, [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))], rtol=0, atol=20 * UNIT)
    chosen = reference.choose(jax.random.uniform(KEY), choice_p)
    assert choice_array.tolist() == np.eye(2)[chosen].tolist() and choice_array.dtype == jnp.int16


def test_the_single_value_learns_whatever_is_chosen_and_has_a_mirror_image():
    seen = set()
    for seed in range(12):
        key = jax.random.key(seed)
        updated, (_, choice_p, choice, _) = SINGLE_STEP(jnp.array(0.6), (1.0, key, 0.0), *RATES, 0.5)
        seen.add(int(choice.argmax()))
        # sigmoid(base + pos_neg) of the way from .6 to 1, for choices of either action.
        np.testing.assert_allclose(updated, 0.6 + 0.4 * sigmoid(-0.1), rtol=0, atol=8 * UNIT)
        # From the other action's side all is turned around: value, outcome, and the sign of surprises.
        base, by_volatility, by_sign, by_both = RATES
        mirrored = (base, by_volatility, -by_sign, -by_both)
        other, (_, other_p, _, _) = SINGLE_STEP(jnp.array(0.4), (0.0, key, 0.0), *mirrored, 0.5)
        np.testing.assert_allclose(other, 1 - updated, rtol=0, atol=8 * UNIT)
        np.testing.assert_allclose(other_p, choice_p[::-1], rtol=0, atol=20 * UNIT)
    assert seen == {0, 1}


@pytest.mark.parametrize("start", [jnp.array(0.5), jnp.array([0.5])])
def test_the_single_value_in_a_scan(start):
    outcomes, keys = jnp.array([1.0, 1.0, 0.0, 1.0]), jax.random.split(KEY, 4)
    body = lambda value, trial: SINGLE_STEP(value, trial, *RATES, 0.5)  # noqa: E731
    _, (values, choice_p, choices, _) = jax.lax.scan(body, start, (outcomes, keys, jnp.arange(4.0) % 2))
    assert values.shape == (4, *start.shape) and choice_p.shape == choices.shape == (4, 2)
    value = 0.5
    for t in range(4):
        np.testing.assert_allclose(values[t].squeeze(), value, rtol=0, atol=16 * 4 * UNIT)
        value, _ = oracle_update(value, outcomes[t], True, t % 2)


def trial_update(value=(0.5, 0.5), trial=(1.0, (1, 0), 0.0), rates=RATES):
    return STEP(value, trial, *rates)


def trial_choice(value=(0.5, 0.5), trial=(1.0, KEY, 0.0), rates=RATES, temperature=0.5, n_actions=2):
    return CHOICE_STEP(value, trial, *rates, temperature, n_actions)


def trial_single(value=0.5, trial=(1.0, KEY, 0.0), rates=RATES, temperature=0.5):
    return SINGLE_STEP(value, trial, *rates, temperature)


THREE = "outcome_chosen_volatility"
BAD = [
    Bad(lambda: trial_update(trial=(1.0, (1, 0))), THREE, "three", "2 of them"),
    Bad(lambda: trial_update(trial=1.0), THREE, "three", "float"),
    Bad(lambda: trial_update(value=(np.nan, 0.5)), "value", "finite", "nan at index 0"),
    Bad(lambda: trial_update(trial=((1, 0, 1), (1, 0), 0)), "outcome", "shape (2,)", "shape (3,)"),
    Bad(lambda: trial_update(trial=(np.inf, (1, 0), 0)), "outcome", "finite", "inf"),
    Bad(lambda: trial_update(trial=(1, (0.5, 0), 0)), "chosen", "zeros and ones", "0.5 at index 0"),
    Bad(lambda: trial_update(trial=(1, (1, 0), np.nan)), "volatility", "finite", "nan"),
    Bad(lambda: trial_update(trial=(1, (1, 0), (1, 0, 1))), "volatility", "a number", "shape (3,)"),
    *(
        Bad(
            lambda i=i: trial_update(rates=[np.inf if i == j else 0.0 for j in range(4)]),
            name,
            "finite",
            "inf",
        )
        for i, name in enumerate(("alpha_base", "alpha_volatility", "alpha_pos_neg", "alpha_interaction"))
    ),
    Bad(lambda: trial_update(rates=(None, 0, 0, 0)), "alpha_base", "numbers", "object"),
    Bad(lambda: trial_choice(trial=(1.0, KEY)), "outcome_key_volatility", "three", "2 of them"),
    Bad(lambda: trial_choice(trial=(1.0, 0, 0.0)), "key", "one random key", "0"),
    Bad(lambda: trial_choice(temperature=0.0), "temperature", "above 0", "0"),
    Bad(lambda: trial_choice(n_actions=3), "value", "n_actions = 3", "shape (2,)"),
    Bad(lambda: trial_choice(trial=(1.0, KEY, (0.0, 1.0, 0.0))), "volatility", "a number", "shape (3,)"),
    Bad(lambda: trial_single(value=(0.5, 0.5)), "value", "one number", "shape (2,)"),
    Bad(lambda: trial_single(value=np.nan), "value", "finite", "nan"),
    Bad(lambda: trial_single(trial=(1.0, KEY)), "outcome_key_volatility", "three", "2 of them"),
    Bad(lambda: trial_single(trial=((1, 0), KEY, 0)), "outcome", "a number", "shape (2,)"),
    Bad(lambda: trial_single(trial=(1, 3, 0)), "key", "one random key", "3"),
    Bad(lambda: trial_single(temperature=-1.0), "temperature", "above 0", "-1"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.name} {bad.received}")
def test_what_the_rules_refuse(bad):
    assert_refused(bad)


# The model.

N_SUBJECTS, N_TRIALS = 5, 40


def people(inverse=False, free=False, scale=1.0, seed=0):
    """Parameters of some people, for outcomes on a scale."""
    rng = np.random.default_rng(seed)
    names = ("alpha_base", "alpha_volatility", "alpha_pos_neg", "alpha_interaction")
    params = {name: rng.normal(0, 0.8, N_SUBJECTS) for name in names}
    temperature = rng.uniform(0.1, 0.5, N_SUBJECTS) * scale
    params |= {"inverse_temperature": 1 / temperature} if inverse else {"temperature": temperature}
    return params | ({"initial_value": rng.uniform(0, scale, N_SUBJECTS)} if free else {})


def given(scale=1.0, low=0.0, seed=1, n_actions=3):
    """Choices, outcomes and all that trials may have."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS, n_actions)
    available = (rng.uniform(size=shape) < 0.7) | (np.arange(n_actions) == n_actions - 1)
    flags = {"mask": rng.uniform(size=shape[:2]) < 0.85, "reset": rng.uniform(size=shape[:2]) < 0.1}
    flags["feedback"] = rng.uniform(size=shape[:2]) < 0.85
    return {
        "choices": (rng.uniform(size=shape) * available).argmax(axis=-1),
        "outcomes": low + scale * rng.integers(0, 2, shape).astype(float),
        "available": available,
        **flags,
        "inputs": {"volatility": rng.integers(0, 2, shape[:2])},
    }


def oracle_log_likelihood(params, trials, i, initial_value=0.5):
    """The log-likelihood of one person's choices, in a float64 loop."""
    own = {name: float(x[i]) for name, x in params.items()}
    scale = own.get("inverse_temperature") or 1 / own["temperature"]
    start = np.full(trials["available"].shape[-1], own.get("initial_value", initial_value))
    value, total = start, 0.0
    for t in range(N_TRIALS):
        value = start if trials["reset"][i, t] else value
        if not trials["mask"][i, t]:
            continue
        offered, choice = trials["available"][i, t], trials["choices"][i, t]
        weights = np.where(offered, np.exp(scale * (value - value.max())), 0)
        total += np.log(weights[choice] / weights.sum())
        if trials["feedback"][i, t]:
            chosen = np.arange(len(value)) == choice
            rates = [own[name] for name in list(own)[:4]]
            volatility = trials["inputs"]["volatility"][i, t]
            value, _ = oracle_update(value, trials["outcomes"][i, t], chosen, volatility, rates)
    return total


@pytest.mark.parametrize(
    "inverse, free, scale, low", [(False, False, 1, 0), (True, True, 100, 0), (False, True, 2, -1)]
)
def test_the_likelihood_against_the_loop(inverse, free, scale, low, x64):
    start = "free" if free else 0.5
    model = models.volatile_rescorla_wagner(3, start, inverse)
    params, trials = people(inverse, free, scale), given(scale, low)
    assert [p.name for p in model.parameters] == list(params)
    ours = log_likelihood(model, params, Trials(**trials))
    exact = [oracle_log_likelihood(params, trials, i) for i in range(N_SUBJECTS)]
    np.testing.assert_allclose(ours, exact, rtol=0, atol=LL_TOLERANCE)


def test_the_limit_is_the_asymmetric_learner(x64):
    trials = given()
    inputs = trials.pop("inputs")
    params = people() | {"alpha_volatility": 0.0, "alpha_interaction": 0.0}
    simpler = {
        "alpha_p": sigmoid(params["alpha_base"] + params["alpha_pos_neg"]),
        "alpha_n": sigmoid(params["alpha_base"] - params["alpha_pos_neg"]),
        "temperature": params["temperature"],
    }
    ours = log_likelihood(models.volatile_rescorla_wagner(3), params, Trials(**trials, inputs=inputs))
    theirs = log_likelihood(models.asymmetric_rescorla_wagner(3), simpler, Trials(**trials))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)
    moved = params | {"alpha_volatility": 1.0}
    assert (
        np.abs(
            ours - log_likelihood(models.volatile_rescorla_wagner(3), moved, Trials(**trials, inputs=inputs))
        ).max()
        > 0.1
    )


def test_simulated_in_the_standard_task_it_learns_faster_where_it_is_volatile():
    task, model = tasks.standard("volatility"), models.volatile_rescorla_wagner(2)
    # The rate is sigmoid(-2) where it is stable and 1/2 where it is volatile.
    params = {"alpha_base": -2.0, "alpha_volatility": 2.0, "alpha_pos_neg": 0.0, "alpha_interaction": 0.0}
    trace = simulate(KEY, model, params | {"temperature": np.full(20, 0.2)}, task)
    trials = Trials.from_trace(trace)
    shown = np.asarray(trials.inputs["volatility"])
    assert set(np.unique(shown)) == {0, 1} and shown.shape == (20, task.n_trials)
    errors, values = np.asarray(trace.prediction_errors), np.asarray(trace.values)
    moved = np.abs(np.diff(values, axis=1)).sum(axis=-1)
    surprise = np.abs(errors).sum(axis=-1)[:, :-1]
    share = np.where(shown[:, :-1] == 1, 0.5, sigmoid(-2.0))
    # Values are at most 1 and round once a trial; the rate by some units.
    np.testing.assert_allclose(moved, share * surprise, rtol=0, atol=16 * UNIT)
    told = replay(model, params | {"temperature": 0.2}, trials)
    np.testing.assert_allclose(told.values, values, rtol=0, atol=16 * UNIT)


def test_slopes_are_numbers_where_rates_are_extreme():
    trials = Trials(**given())
    model, params = models.volatile_rescorla_wagner(3), people()
    far = {name: jnp.full(N_SUBJECTS, 200.0) for name in list(params)[:4]}
    for sign in (1, -1):
        at = {name: sign * x for name, x in far.items()} | {"temperature": jnp.full(N_SUBJECTS, 1e-3)}
        slopes = jax.grad(lambda p: log_likelihood(model, p, trials).sum())(at)
        assert all(np.isfinite(x).all() for x in slopes.values())


def test_the_same_builder_call_gives_the_same_model():
    model = models.volatile_rescorla_wagner(2)
    assert model is models.volatile_rescorla_wagner(n_actions=2, initial_value=0.5)
    assert model is not models.volatile_rescorla_wagner(2, inverse_temperature=True)
    assert pickle.loads(pickle.dumps(model)) is model
    task = tasks.standard("volatility")
    assert task is tasks.standard("volatility") and pickle.loads(pickle.dumps(task)) is task


def without_volatility():
    trials = given()
    del trials["inputs"]
    return log_likelihood(models.volatile_rescorla_wagner(3), people(), Trials(**trials))


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: models.volatile_rescorla_wagner(1), "n_actions", "at least 2", "1"),
        Bad(lambda: models.volatile_rescorla_wagner(2, "fre"), "initial_value", "'free'", "'fre'"),
        Bad(lambda: models.volatile_rescorla_wagner(2, np.inf), "initial_value", "finite", "inf"),
        Bad(without_volatility, "trials.inputs", "'volatility'", "None"),
    ],
    ids=lambda bad: f"{bad.name} {bad.received}",
)
def test_what_the_model_refuses(bad):
    assert_refused(bad)
