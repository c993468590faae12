"""The asymmetric Rescorla-Wagner rule: one trial, one trial with a choice, all trials."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from jax.test_util import check_grads
from refusals import Bad, assert_refused

from behavioural_modelling import decision_rules, utils
from behavioural_modelling.learning import rescorla_wagner as rw

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_TRIALS, N_ACTIONS = 60, 3
ALPHA_P, ALPHA_N, TEMPERATURE = (np.float32(x) for x in (0.4, 0.2, 0.15))

# One update v + a (r - v) rounds three times, numbers of at most `scale`; at worst the errors add up
# over trials: 3 u per trial. Probabilities move by at most dv / (2 temperature), and round themselves.
VALUE_TOLERANCE = 3 * UNIT * N_TRIALS
CHOICE_P_TOLERANCE = VALUE_TOLERANCE / (2 * TEMPERATURE) + 20 * UNIT

STEP = rw.asymmetric_rescorla_wagner_update
CHOICE_STEP = rw.asymmetric_rescorla_wagner_update_choice
STICKY_STEP = rw.asymmetric_rescorla_wagner_update_choice_sticky
ITERATOR = rw.asymmetric_rescorla_wagner_update_iterator
CHOICE_ITERATOR = rw.asymmetric_rescorla_wagner_update_choice_iterator


def bernoulli_outcomes(seed=0, n_trials=N_TRIALS, n_actions=N_ACTIONS):
    rng = np.random.default_rng(seed)
    return (rng.uniform(size=(n_trials, n_actions)) < 0.5).astype(np.float32)


def one_hot(choices, n_actions=N_ACTIONS):
    return np.eye(n_actions, dtype=np.int16)[choices]


def oracle_update(value, outcome, chosen, counterfactual=None):
    """`reference.update`, row by row."""
    value = np.asarray(value, dtype=np.float64)
    outcome, chosen = np.broadcast_to(outcome, value.shape), np.broadcast_to(chosen, value.shape)
    new, errors = np.empty(value.shape), np.empty(value.shape)
    for row in np.ndindex(value.shape[:-1]):
        choice = int(np.argmax(chosen[row])) if chosen[row].any() else None
        new[row], errors[row] = reference.update(
            value[row], outcome[row], choice, ALPHA_P, ALPHA_N, counterfactual
        )
    return new, errors


# The rule by hand: (value, outcome, chosen, updated value, prediction error), alpha_p .4, alpha_n .2.
HAND_WORKED = {
    "positive error": ([0.5, 0.5], [1, 0], [1, 0], [0.7, 0.5], [0.5, 0]),
    "negative error": ([0.5, 0.5], [0, 1], [1, 0], [0.4, 0.5], [-0.5, 0]),
    "no error": ([0.5, 0.25], [0.5, 1], [1, 0], [0.5, 0.25], [0, 0]),
    "last action": ([0.5, 0.2, 0.1], [1, 1, 1], [0, 0, 1], [0.5, 0.2, 0.46], [0, 0, 0.9]),
    "no response": ([0.5, 0.2], [1, 1], [0, 0], [0.5, 0.2], [0, 0]),
    "one number for the outcome": ([0.5, 0.2], 1, [0, 1], [0.5, 0.52], [0, 0.8]),
    "one number for the value": (0.5, 1, 1, 0.7, 0.5),
    "one number, negative error": (0.5, 0, 1, 0.4, -0.5),
    "one number, not chosen": (0.5, 1, 0, 0.5, 0),
    "rows": (
        [[0.5, 0.5], [0.0, 1.0]],
        [[1, 0], [0, -1]],
        [[1, 0], [0, 1]],
        [[0.7, 0.5], [0.0, 0.6]],
        [[0.5, 0], [0, -2]],
    ),
}


@pytest.mark.parametrize("value, outcome, chosen, expected, error", HAND_WORKED.values(), ids=HAND_WORKED)
def test_update_by_hand(value, outcome, chosen, expected, error):
    updated, (before, prediction_error) = STEP(value, (outcome, chosen), ALPHA_P, ALPHA_N)
    # Three roundings, of numbers up to 2, and those of the numbers typed here.
    np.testing.assert_allclose(updated, expected, rtol=0, atol=8 * UNIT)
    np.testing.assert_allclose(prediction_error, error, rtol=0, atol=4 * UNIT)
    np.testing.assert_array_equal(before, np.asarray(value, dtype=np.float32))
    assert updated.dtype == jnp.float32
    assert updated.shape == prediction_error.shape == np.shape(value)


@pytest.mark.parametrize("shape", [(3,), (2, 4, 3)])
@pytest.mark.parametrize("counterfactual", ["none", "complement", "sign"])
def test_update_against_the_loop(shape, counterfactual):
    rng = np.random.default_rng(1)
    value = rng.uniform(-1, 1, size=shape).astype(np.float32)
    outcome = rng.integers(2, size=shape).astype(np.float32)
    outcome = 2 * outcome - 1 if counterfactual == "sign" else outcome
    chosen = one_hot(rng.integers(3, size=shape[:-1]))
    options, oracle = {
        "none": ({}, None),
        "complement": ({"update_all_options": True}, lambda reward: 1 - reward),
        "sign": (
            {
                "update_all_options": True,
                "counterfactual_value": lambda reward, chosen: -(reward * chosen).sum(axis=-1, keepdims=True),
            },
            lambda reward: -reward,
        ),
    }[counterfactual]
    step = partial(STEP, alpha_p=ALPHA_P, alpha_n=ALPHA_N, **options)
    expected, error = oracle_update(value, outcome, chosen, oracle)
    for run in (step, jax.jit(step)):
        updated, (_, prediction_error) = run(value, (outcome, chosen))
        # Three roundings of numbers up to 2.
        np.testing.assert_allclose(updated, expected, rtol=0, atol=8 * UNIT)
        np.testing.assert_allclose(prediction_error, error, rtol=0, atol=4 * UNIT)


def test_all_options_learn_by_hand():
    # Reward 1 for the first: the others are taken to have paid 0. Errors .5, -.5, -.2.
    updated, (_, error) = STEP([0.5, 0.5, 0.2], ([1, 1, 1], [1, 0, 0]), 0.4, 0.2, update_all_options=True)
    np.testing.assert_allclose(updated, [0.7, 0.4, 0.16], rtol=0, atol=8 * UNIT)
    np.testing.assert_allclose(error, [0.5, -0.5, -0.2], rtol=0, atol=4 * UNIT)
    # One number as the outcome, 0: the others are taken to have paid 1.
    updated, _ = STEP([0.5, 0.5, 0.2], (0, [1, 0, 0]), 0.4, 0.2, update_all_options=True)
    np.testing.assert_allclose(updated, [0.4, 0.7, 0.52], rtol=0, atol=8 * UNIT)


def test_counterfactual_is_not_used_unless_all_options_learn():
    def counterfactual(reward, chosen):
        return jnp.full(2, 99.0)

    updated, _ = STEP([0.5, 0.5], ([1, 1], [1, 0]), 0.4, 0.2, counterfactual)
    np.testing.assert_allclose(updated, [0.7, 0.5], rtol=0, atol=8 * UNIT)


def test_the_outcome_of_an_unchosen_action_is_not_read():
    value, chosen = jnp.array([0.5, 0.2]), jnp.array([1, 0])
    for update_all_options in (False, True):
        one, other = (
            STEP(value, ([1.0, x], chosen), 0.4, 0.2, update_all_options=update_all_options)
            for x in (0.0, 1.0)
        )
        jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.mark.parametrize(
    "reward, chosen, expected",
    [
        ([1, 0, 0], [1, 0, 0], [0, 0, 0]),
        ([0, 1, 1], [1, 0, 0], [0, 1, 1]),
        ([0.2, 0.9], [0, 1], [0.1, 0]),
        (0.25, [0, 1, 0], [0.75, 0, 0.75]),
        (1.0, 1, 0),
        ([[1, 0], [1, 0]], [[1, 0], [0, 1]], [[0, 0], [1, 0]]),
    ],
)
def test_complement_counterfactual_by_hand(reward, chosen, expected):
    # One subtraction.
    np.testing.assert_allclose(rw.complement_counterfactual(reward, chosen), expected, rtol=0, atol=2 * UNIT)


@pytest.mark.parametrize("alpha_p, alpha_n", [(0, 0), (1, 1), (0, 1), (1, 0)])
def test_learning_rates_of_zero_and_one(alpha_p, alpha_n):
    # All numbers are exact in float32.
    updated, _ = STEP([0.25, 0.75], ([1, 0], [1, 0]), alpha_p, alpha_n)
    assert updated.tolist() == [1 if alpha_p else 0.25, 0.75]
    updated, _ = STEP([0.25, 0.75], ([1, 0], [0, 1]), alpha_p, alpha_n)
    assert updated.tolist() == [0.25, 0 if alpha_n else 0.75]


@pytest.mark.parametrize("update_all_options", [False, True])
def test_update_is_a_scan_body(update_all_options):
    outcomes = bernoulli_outcomes(2)
    choices = np.random.default_rng(2).integers(N_ACTIONS, size=N_TRIALS)
    body = partial(STEP, alpha_p=ALPHA_P, alpha_n=ALPHA_N, update_all_options=update_all_options)
    last, (values, errors) = jax.lax.scan(body, jnp.full(N_ACTIONS, 0.5), (outcomes, one_hot(choices)))
    loop = np.full(N_ACTIONS, 0.5)
    counterfactual = (lambda reward: 1 - reward) if update_all_options else None
    for trial in range(N_TRIALS):
        np.testing.assert_allclose(values[trial], loop, rtol=0, atol=VALUE_TOLERANCE)
        loop, error = reference.update(
            loop, outcomes[trial], choices[trial], ALPHA_P, ALPHA_N, counterfactual
        )
        np.testing.assert_allclose(errors[trial], error, rtol=0, atol=VALUE_TOLERANCE)
    np.testing.assert_allclose(last, loop, rtol=0, atol=VALUE_TOLERANCE)


def test_vmap_of_the_update_equals_a_loop():
    rng = np.random.default_rng(3)
    value = jnp.asarray(rng.uniform(size=(5, 3)), dtype=jnp.float32)
    outcome, chosen = jnp.asarray(bernoulli_outcomes(3, 5)), jnp.asarray(one_hot([0, 1, 2, 0, 1]))
    alpha = jnp.asarray(rng.uniform(size=5), dtype=jnp.float32)
    mapped = jax.jit(jax.vmap(STEP))(value, (outcome, chosen), alpha, alpha / 2)
    loop = [STEP(value[i], (outcome[i], chosen[i]), alpha[i], alpha[i] / 2) for i in range(5)]
    loop = jax.tree.map(lambda *rows: jnp.stack(rows), *loop)
    # Compiled, a multiplication and an addition may become one instruction with one rounding.
    jax.tree.map(partial(np.testing.assert_allclose, rtol=0, atol=2 * UNIT), mapped, loop)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_gradients_of_the_update(alpha, x64):
    def updated(value, outcome, alpha_p, alpha_n):
        return STEP(value, (outcome, jnp.array([1, 0])), alpha_p, alpha_n, update_all_options=True)[0]

    # Reward .8: errors are +.3 and -.5, away from the kink at 0.
    arguments = (jnp.array([0.5, 0.7]), jnp.array([0.8, 0.0]), jnp.array(alpha), jnp.array(alpha))
    jacobian = jax.jacobian(updated, argnums=(2, 3))(*arguments)
    # Exact but for the rounding of .8 - .5 and the like, 2**-53 each.
    np.testing.assert_allclose(jacobian[0], [0.3, 0.0], rtol=0, atol=1e-15)
    np.testing.assert_allclose(jacobian[1], [0.0, -0.5], rtol=0, atol=1e-15)
    if alpha == 0.3:  # central differences leave [0, 1] at its ends
        check_grads(updated, arguments, order=1)


def test_gradient_is_finite_where_there_is_no_surprise():
    def updated(value, alpha):
        return STEP(value, (jnp.array([1.0, 0.0]), jnp.array([1, 0])), alpha, alpha)[0].sum()

    gradients = jax.grad(updated, argnums=(0, 1))(jnp.array([1.0, 0.0]), 0.5)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_choice_step_by_hand():
    # At this temperature the second action is certain: e**-500 is 0 in float32.
    updated, recorded = CHOICE_STEP(
        [0.25, 0.75], ([1.0, 0.0], jax.random.key(0)), 0.4, 0.2, 1e-3, n_actions=2
    )
    value, choice_p, choice_array, error = recorded
    assert value.tolist() == [0.25, 0.75]
    assert choice_p.tolist() == [0, 1]
    assert choice_array.tolist() == [0, 1]
    assert choice_array.dtype == jnp.int16
    np.testing.assert_allclose(updated, [0.25, 0.6], rtol=0, atol=4 * UNIT)
    np.testing.assert_allclose(error, [0, -0.75], rtol=0, atol=4 * UNIT)


def test_choice_step_is_softmax_a_draw_and_the_update():
    value = jnp.array([0.1, 0.5, 0.4])
    outcome = jnp.array([1.0, 0.0, 1.0])
    for seed in range(10):
        key = jax.random.key(seed)
        updated, (before, choice_p, choice_array, error) = CHOICE_STEP(
            value, (outcome, key), ALPHA_P, ALPHA_N, TEMPERATURE, 3, update_all_options=True
        )
        np.testing.assert_array_equal(choice_p, decision_rules.softmax(value, TEMPERATURE))
        choice = utils.choice_from_action_p(key, choice_p)
        np.testing.assert_array_equal(choice_array, one_hot(int(choice)))
        expected = STEP(value, (outcome, choice_array), ALPHA_P, ALPHA_N, update_all_options=True)
        jax.tree.map(np.testing.assert_array_equal, (updated, (before, error)), expected)


def test_choice_step_takes_a_counterfactual():
    options = {"counterfactual_value": lambda reward, chosen: -reward, "update_all_options": True}
    updated, (_, _, choice_array, _) = CHOICE_STEP(
        [0.5, 0.5], (1.0, jax.random.key(0)), 0.5, 0.5, 1.0, 2, **options
    )
    # Halfway from .5 to +1 for the chosen, to -1 for the other: exact in float32.
    np.testing.assert_array_equal(updated, np.where(choice_array, 0.75, -0.25))


def test_choice_frequencies_of_the_step():
    keys = jax.random.split(jax.random.key(1), 20_000)
    step = partial(CHOICE_STEP, alpha_p=0.1, alpha_n=0.1, temperature=0.5, n_actions=3)
    value = jnp.array([0.0, 0.5, 1.0])
    _, (_, _, choices, _) = jax.jit(jax.vmap(lambda key: step(value, (1.0, key))))(keys)
    p = reference.softmax(value, 0.5)
    # 5 standard errors of a frequency.
    assert (np.abs(choices.mean(axis=0) - p) < 5 * np.sqrt(p * (1 - p) / 20_000)).all()


def test_choice_step_in_partial_jit_scan_and_vmap():
    outcomes = jnp.asarray(bernoulli_outcomes(4))
    keys = jax.random.split(jax.random.key(2), (5, N_TRIALS))
    alphas = jnp.linspace(0.1, 0.9, 5)

    def run(step, alpha, keys):
        body = partial(step, alpha_p=alpha, alpha_n=ALPHA_N, temperature=TEMPERATURE, n_actions=N_ACTIONS)
        return jax.lax.scan(body, jnp.full(N_ACTIONS, 0.5), (outcomes, keys))[1]

    mapped = jax.jit(jax.vmap(partial(run, CHOICE_STEP)))(alphas, keys)
    assert mapped[2].dtype == jnp.int16
    static = jax.jit(CHOICE_STEP, static_argnames=("n_actions", "update_all_options"))
    for subject in range(5):
        one = run(static, alphas[subject], keys[subject])
        np.testing.assert_array_equal(one[2], mapped[2][subject])
        for ours, theirs in zip(one, mapped, strict=True):
            np.testing.assert_allclose(ours, theirs[subject], rtol=0, atol=CHOICE_P_TOLERANCE)
        first = reference.choose(jax.random.uniform(keys[subject, 0]), [1 / 3] * 3)
        assert one[2][0].tolist() == one_hot(first).tolist()


@pytest.mark.parametrize("n_actions", [2, np.int64(2), jnp.array(2)], ids=["int", "numpy", "jax"])
def test_n_actions_may_be_any_integer(n_actions):
    updated, _ = CHOICE_STEP([0.5, 0.5], (1.0, jax.random.key(0)), 0.1, 0.1, 1.0, n_actions)
    assert updated.shape == (2,)


# The step with stickiness.


def test_sticky_step_by_hand():
    # Values .25 and .75, a bonus of 1 for the first, temperature .25: logits 5 and 3, so 1 / (1 + e**-2).
    (updated, carried), (value, choice_p, choice_array, error) = STICKY_STEP(
        ([0.25, 0.75], [1, 0]), ([1.0, 1.0], jax.random.key(0)), 0.4, 0.2, 0.25, 1.0, n_actions=2
    )
    assert value.tolist() == [0.25, 0.75]
    # Some roundings in the logits, of up to 5 units of 4, and those of the softmax.
    np.testing.assert_allclose(choice_p, [1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))], rtol=0, atol=32 * UNIT)
    assert choice_array.dtype == carried.dtype == jnp.int16
    np.testing.assert_array_equal(carried, choice_array)
    expected = np.where(choice_array, np.add(value, 0.4 * (1 - value)), value)
    np.testing.assert_allclose(updated, expected, rtol=0, atol=8 * UNIT)
    np.testing.assert_allclose(error, choice_array * (1 - value), rtol=0, atol=4 * UNIT)


@pytest.mark.parametrize("last", [[0, 0, 0], [0, 1, 0]])
def test_without_stickiness_the_sticky_step_is_the_other(last):
    value, outcome = jnp.array([0.1, 0.5, 0.4]), jnp.array([1.0, 0.0, 1.0])
    for seed in range(5):
        trial = (outcome, jax.random.key(seed))
        (updated, carried), recorded = STICKY_STEP(
            (value, last), trial, ALPHA_P, ALPHA_N, TEMPERATURE, 0.0, 3, update_all_options=True
        )
        same, others = CHOICE_STEP(value, trial, ALPHA_P, ALPHA_N, TEMPERATURE, 3, update_all_options=True)
        np.testing.assert_array_equal(carried, recorded[2])
        np.testing.assert_array_equal(recorded[2], others[2])
        for ours, theirs in zip((updated, *recorded), (same, *others), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=32 * UNIT)


@pytest.mark.parametrize("stickiness", [-0.3, 0.4])
@pytest.mark.parametrize("dtype", [jnp.int16, jnp.int32, jnp.float32])
def test_sticky_scan_against_the_loop(stickiness, dtype):
    outcomes, keys = bernoulli_outcomes(20), jax.random.split(jax.random.key(20), N_TRIALS)
    step = partial(STICKY_STEP, stickiness=stickiness, n_actions=N_ACTIONS)
    body = partial(step, alpha_p=ALPHA_P, alpha_n=ALPHA_N, temperature=TEMPERATURE)
    start = (jnp.full(N_ACTIONS, 0.5), jnp.zeros(N_ACTIONS, dtype))
    (_, last), (values, choice_p, choices, errors) = jax.lax.scan(body, start, (outcomes, keys))
    assert last.dtype == dtype and choices.dtype == jnp.int16
    np.testing.assert_array_equal(last, choices[-1])
    uniforms = np.asarray(jax.vmap(jax.random.uniform)(keys))
    value, bonus = np.full(N_ACTIONS, 0.5), np.zeros(N_ACTIONS)
    for trial in range(N_TRIALS):
        p = reference.softmax(value + stickiness * bonus, TEMPERATURE)
        np.testing.assert_allclose(choice_p[trial], p, rtol=0, atol=CHOICE_P_TOLERANCE)
        np.testing.assert_allclose(values[trial], value, rtol=0, atol=VALUE_TOLERANCE)
        choice = reference.choose(uniforms[trial], p)
        assert choices[trial].tolist() == one_hot(choice).tolist()
        value, error = reference.update(value, outcomes[trial], choice, ALPHA_P, ALPHA_N)
        np.testing.assert_allclose(errors[trial], error, rtol=0, atol=VALUE_TOLERANCE)
        bonus = np.eye(N_ACTIONS)[choice]


def test_sticky_step_does_not_overflow():
    # Values of 1 at a temperature of .001 are e**1000 without the maximum taken off.
    _, (_, choice_p, _, _) = STICKY_STEP(
        (jnp.ones(2), [0, 1]), (1.0, jax.random.key(0)), 0.1, 0.1, 1e-3, 1.0, 2
    )
    assert choice_p.tolist() == [0, 1]


KEY = jax.random.key(0)


def sticky(value=(0.5, 0.5), last=(1, 0), trial=None, temperature=0.5, stickiness=0.1, n_actions=2):
    trial = (1.0, KEY) if trial is None else trial
    return STICKY_STEP((value, last), trial, 0.3, 0.1, temperature, stickiness, n_actions)


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: STICKY_STEP([0.5], (1.0, KEY), 0.3, 0.1, 0.5, 0.1, 1), "value_choice", "a pair", "1 of"),
        Bad(lambda: sticky(value=(0.5, np.nan)), "value", "finite", "nan at index 1"),
        Bad(lambda: sticky(n_actions=3), "value", "n_actions = 3", "shape (2,)"),
        Bad(lambda: sticky(last=(1, 1)), "choice_array", "at most one", "more than one 1"),
        Bad(lambda: sticky(last=(0.5, 0)), "choice_array", "zeros and ones", "0.5 at index 0"),
        Bad(lambda: sticky(last=1), "choice_array", "one entry per action", "shape ()"),
        Bad(lambda: sticky(last=None), "choice_array", "numbers", "object"),
        Bad(lambda: sticky(trial=1.0), "outcome_key", "a pair", "float"),
        Bad(lambda: sticky(trial=(1.0, 0)), "key", "one random key", "0"),
        Bad(lambda: sticky(temperature=0.0), "temperature", "above 0", "0"),
        Bad(lambda: sticky(stickiness=np.inf), "stickiness", "finite", "inf"),
        Bad(lambda: sticky(stickiness=[0.1, 0.2]), "stickiness", "one number", "shape (2,)"),
    ],
    ids=lambda bad: f"{bad.name} {bad.received}",
)
def test_what_the_sticky_step_refuses(bad):
    assert_refused(bad)


@pytest.mark.parametrize("seed", range(4))
def test_choice_iterator_against_the_loop(seed):
    outcomes, key = bernoulli_outcomes(seed), jax.random.key(seed)
    uniforms = np.asarray(jax.random.uniform(key, (N_TRIALS,)))
    values, choice_p, choices, errors = CHOICE_ITERATOR(
        outcomes, ALPHA_P, ALPHA_N, TEMPERATURE, N_ACTIONS, key
    )
    loop_values, loop_p, loop_choices, loop_errors = reference.play(
        uniforms, outcomes, ALPHA_P, ALPHA_N, TEMPERATURE
    )
    np.testing.assert_array_equal(choices, one_hot(loop_choices))
    np.testing.assert_allclose(values, loop_values, rtol=0, atol=VALUE_TOLERANCE)
    np.testing.assert_allclose(choice_p, loop_p, rtol=0, atol=CHOICE_P_TOLERANCE)
    np.testing.assert_allclose(errors, loop_errors, rtol=0, atol=VALUE_TOLERANCE)


@pytest.mark.parametrize("coding", ["integers", "one-hot", "one-hot, outcomes of the chosen"])
def test_iterator_against_the_loop(coding):
    outcomes = bernoulli_outcomes(5)
    choices = np.random.default_rng(5).integers(N_ACTIONS, size=N_TRIALS)
    arguments = {
        "integers": (outcomes, choices),
        "one-hot": (outcomes, one_hot(choices)),
        "one-hot, outcomes of the chosen": (
            outcomes[np.arange(N_TRIALS), choices],
            one_hot(choices),
        ),
    }[coding]
    values, errors = ITERATOR(*arguments, ALPHA_P, ALPHA_N)
    loop_values, loop_errors = reference.learn(outcomes, choices, ALPHA_P, ALPHA_N)
    np.testing.assert_allclose(values, loop_values, rtol=0, atol=VALUE_TOLERANCE)
    np.testing.assert_allclose(errors, loop_errors, rtol=0, atol=VALUE_TOLERANCE)


def test_the_iterators_agree():
    outcomes = bernoulli_outcomes(6)
    values, _, choices, errors = CHOICE_ITERATOR(
        outcomes, ALPHA_P, ALPHA_N, TEMPERATURE, N_ACTIONS, jax.random.key(6)
    )
    learned = ITERATOR(outcomes, choices, ALPHA_P, ALPHA_N)
    # The same arithmetic, compiled twice.
    np.testing.assert_allclose(learned[0], values, rtol=0, atol=VALUE_TOLERANCE)
    np.testing.assert_allclose(learned[1], errors, rtol=0, atol=VALUE_TOLERANCE)


@pytest.mark.parametrize("n_trials, n_actions", [(1, 3), (60, 1), (7, 5)])
def test_sizes_come_from_the_outcomes(n_trials, n_actions):
    outcomes = bernoulli_outcomes(7, n_trials, n_actions)
    recorded = CHOICE_ITERATOR(outcomes, 0.3, 0.1, 0.2, n_actions, jax.random.key(0))
    assert [x.shape for x in recorded] == [(n_trials, n_actions)] * 4
    assert [x.dtype for x in recorded] == [jnp.float32, jnp.float32, jnp.int16, jnp.float32]
    assert (recorded[2].sum(axis=1) == 1).all()
    learned = ITERATOR(outcomes, recorded[2], 0.3, 0.1)
    assert [x.shape for x in learned] == [(n_trials, n_actions)] * 2


def test_values_start_at_a_half_and_trial_t_writes_trial_t_plus_one():
    outcomes = bernoulli_outcomes(8)
    values, choice_p, choices, errors = map(
        np.asarray,
        CHOICE_ITERATOR(outcomes, 0.5, 0.25, TEMPERATURE, N_ACTIONS, jax.random.key(8)),
    )
    assert (values[0] == 0.5).all()
    # The error is that of the chosen action's outcome from the value before it; one rounding.
    np.testing.assert_allclose(errors, choices * (outcomes - values), rtol=0, atol=UNIT)
    rate = np.where(errors > 0, 0.5, 0.25)
    # The rates are powers of two: one rounding in the sum, another where the compiler reorders.
    np.testing.assert_allclose(values[1:], (values + rate * errors)[:-1], rtol=0, atol=2 * UNIT)
    np.testing.assert_allclose(choice_p, reference.softmax(values, TEMPERATURE), rtol=0, atol=20 * UNIT)


@pytest.mark.parametrize("trial", [0, 1, 30, N_TRIALS - 1])
def test_what_is_recorded_on_a_trial_comes_before_its_outcome(trial):
    outcomes, key = bernoulli_outcomes(9), jax.random.key(9)
    changed = outcomes.copy()
    changed[trial:] = 5 - changed[trial:]
    one, other = (
        CHOICE_ITERATOR(o, ALPHA_P, ALPHA_N, TEMPERATURE, N_ACTIONS, key) for o in (outcomes, changed)
    )
    for before, after in zip(one[:3], other[:3], strict=True):  # values, choice_p, choices
        np.testing.assert_array_equal(before[: trial + 1], after[: trial + 1])
    assert (np.abs(one[3][trial] - other[3][trial]).max()) > 1
    learned, relearned = (ITERATOR(o, one[2], ALPHA_P, ALPHA_N) for o in (outcomes, changed))
    np.testing.assert_array_equal(learned[0][: trial + 1], relearned[0][: trial + 1])
    if trial + 1 < N_TRIALS:
        assert (one[0][trial + 1] != other[0][trial + 1]).any()
        assert (learned[0][trial + 1] != relearned[0][trial + 1]).any()


def test_nothing_is_learned_without_a_response():
    outcomes = bernoulli_outcomes(10)
    choices = one_hot(np.random.default_rng(10).integers(N_ACTIONS, size=N_TRIALS))
    missed = np.arange(N_TRIALS) % 4 == 1
    choices[missed] = 0
    values, errors = map(np.asarray, ITERATOR(outcomes, choices, ALPHA_P, ALPHA_N))
    assert (errors[missed] == 0).all()
    np.testing.assert_array_equal(values[1:][missed[:-1]], values[:-1][missed[:-1]])
    # The trials that remain are learned from as if the others had not been there.
    kept, kept_errors = ITERATOR(outcomes[~missed], choices[~missed], ALPHA_P, ALPHA_N)
    np.testing.assert_allclose(values[~missed], kept, rtol=0, atol=VALUE_TOLERANCE)
    np.testing.assert_allclose(errors[~missed], kept_errors, rtol=0, atol=VALUE_TOLERANCE)


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_positional_vmap_of_the_choice_iterator_equals_a_loop(wrap):
    n_subjects, rng = 6, np.random.default_rng(11)
    outcomes = jnp.asarray(bernoulli_outcomes(11))
    alpha_p, alpha_n, temperature = jnp.asarray(
        rng.uniform(0.1, 0.9, size=(3, n_subjects)), dtype=jnp.float32
    )
    keys = utils.subject_keys(jax.random.key(11), n_subjects)
    mapped = wrap(jax.vmap(CHOICE_ITERATOR, in_axes=(None, 0, 0, 0, None, 0)))(
        outcomes, alpha_p, alpha_n, temperature, N_ACTIONS, keys
    )
    assert [x.shape for x in mapped] == [(n_subjects, N_TRIALS, N_ACTIONS)] * 4
    for i in range(n_subjects):
        one = CHOICE_ITERATOR(outcomes, alpha_p[i], alpha_n[i], temperature[i], N_ACTIONS, keys[i])
        np.testing.assert_array_equal(mapped[2][i], one[2])
        for ours, theirs in zip(mapped, one, strict=True):
            np.testing.assert_allclose(ours[i], theirs, rtol=0, atol=CHOICE_P_TOLERANCE)


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["eager", "jit"])
def test_positional_vmap_of_the_iterator_equals_a_loop(wrap):
    rng = np.random.default_rng(12)
    outcomes, choices = bernoulli_outcomes(12), rng.integers(N_ACTIONS, size=(4, N_TRIALS))
    alpha = jnp.asarray(rng.uniform(size=(2, 4)), dtype=jnp.float32)
    mapped = wrap(jax.vmap(ITERATOR, in_axes=(None, 0, 0, 0)))(outcomes, choices, *alpha)
    for i in range(4):
        expected = reference.learn(outcomes, choices[i], alpha[0, i], alpha[1, i])
        np.testing.assert_allclose(mapped[0][i], expected[0], rtol=0, atol=VALUE_TOLERANCE)
        np.testing.assert_allclose(mapped[1][i], expected[1], rtol=0, atol=VALUE_TOLERANCE)


def test_a_second_vmap_over_blocks():
    outcomes = jnp.asarray(bernoulli_outcomes(13, 4 * N_TRIALS).reshape(4, N_TRIALS, N_ACTIONS))
    alpha = jnp.array([0.2, 0.5])
    keys = jax.random.split(jax.random.key(13), (4, 2))
    subjects = jax.vmap(CHOICE_ITERATOR, in_axes=(None, 0, 0, None, None, 0))
    blocks = jax.vmap(subjects, in_axes=(0, None, None, None, None, 0))
    recorded = blocks(outcomes, alpha, alpha, TEMPERATURE, N_ACTIONS, keys)
    assert [x.shape for x in recorded] == [(4, 2, N_TRIALS, N_ACTIONS)] * 4
    one = CHOICE_ITERATOR(outcomes[3], alpha[1], alpha[1], TEMPERATURE, N_ACTIONS, keys[3, 1])
    np.testing.assert_array_equal(recorded[2][3, 1], one[2])


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_gradients_through_all_trials(alpha, x64):
    outcomes = np.random.default_rng(14).uniform(size=(12, 2))
    choices = np.random.default_rng(14).integers(2, size=12)

    def total(alpha_p, alpha_n):
        return jnp.sum(ITERATOR(outcomes, choices, alpha_p, alpha_n)[0] ** 2)

    gradient = jax.grad(total, argnums=(0, 1))(alpha, alpha)
    assert np.isfinite(gradient).all()
    if alpha == 0.3:  # central differences leave [0, 1] at its ends
        check_grads(total, (alpha, alpha), order=1)


@pytest.mark.parametrize("alpha, temperature", [(0.0, 1e-6), (1.0, 1e-6), (0.5, 1e6), (1.0, 1e6)])
def test_gradients_of_the_choice_iterator_are_finite_at_the_edges(alpha, temperature):
    def total(alpha_p, alpha_n, temperature):
        recorded = CHOICE_ITERATOR(
            bernoulli_outcomes(15), alpha_p, alpha_n, temperature, N_ACTIONS, jax.random.key(15)
        )
        return recorded[1][:, 0].sum() + recorded[0].sum()

    gradient = jax.grad(total, argnums=(0, 1, 2))(alpha, alpha, temperature)
    assert np.isfinite(gradient).all()


def test_float64_where_jax_has_it_switched_on(x64):
    outcomes = bernoulli_outcomes(16).astype(np.float64)
    key = jax.random.key(16)
    uniforms = np.asarray(jax.random.uniform(key, (N_TRIALS,)))
    recorded = CHOICE_ITERATOR(outcomes, 0.4, 0.2, 0.15, N_ACTIONS, key)
    loop = reference.play(uniforms, outcomes, 0.4, 0.2, 0.15)
    assert recorded[0].dtype == recorded[1].dtype == jnp.float64
    np.testing.assert_array_equal(recorded[2], one_hot(loop[2]))
    # As VALUE_TOLERANCE and CHOICE_P_TOLERANCE, with units of 2**-53: below 1e-13.
    for i in (0, 1, 3):
        np.testing.assert_allclose(recorded[i], loop[i], rtol=0, atol=1e-13)
    learned = ITERATOR(outcomes, recorded[2], 0.4, 0.2)
    np.testing.assert_allclose(learned[0], loop[0], rtol=0, atol=1e-13)


def test_python_numbers_leave_float32_as_it_is(x64):
    # As in JAX itself; otherwise the carry of a scan over float32 values would change its type.
    value, outcomes = jnp.full(N_ACTIONS, 0.5, dtype=jnp.float32), jnp.asarray(bernoulli_outcomes(18))
    body = partial(STEP, alpha_p=0.4, alpha_n=0.2)
    last, _ = jax.lax.scan(body, value, (outcomes, one_hot(np.zeros(N_TRIALS, int))))
    assert last.dtype == jnp.float32


def test_a_second_run_compiles_nothing(compilations):
    outcomes, key = bernoulli_outcomes(17), jax.random.key(17)
    CHOICE_ITERATOR(outcomes, 0.4, 0.2, 0.15, N_ACTIONS, key)
    ITERATOR(outcomes, np.zeros(N_TRIALS, int), 0.4, 0.2)
    compilations.clear()
    CHOICE_ITERATOR(1 - outcomes, 0.3, 0.1, 0.5, N_ACTIONS, key)
    ITERATOR(1 - outcomes, np.ones(N_TRIALS, int), 0.3, 0.1)
    assert compilations == []


@pytest.mark.parametrize("flag", [True, np.True_, jnp.array(True)])
def test_no_response_changes_nothing_even_where_all_options_learn(flag):
    value = jnp.array([0.5, 0.2])
    updated, (_, error) = rw.asymmetric_rescorla_wagner_update(
        value, (jnp.array([1.0, 0.0]), jnp.array([0, 0])), 0.3, 0.1, update_all_options=flag
    )
    np.testing.assert_array_equal(updated, value)
    np.testing.assert_array_equal(error, 0)


def test_low_precision_arrays_are_taken():
    value = jnp.full(2, 0.5, dtype=jnp.bfloat16)
    updated, _ = rw.asymmetric_rescorla_wagner_update(value, (1.0, jnp.array([1, 0])), 0.5, 0.5)
    np.testing.assert_array_equal(updated.astype(float), [0.75, 0.5])
    assert updated.dtype == jnp.bfloat16


@pytest.mark.parametrize(
    "call, name",
    [
        (lambda: rw.asymmetric_rescorla_wagner_update(jnp.zeros(2), 1.0, 0.3, 0.1), "outcome_chosen"),
        (lambda: rw.asymmetric_rescorla_wagner_update(jnp.zeros(2), (1, 2, 3), 0.3, 0.1), "outcome_chosen"),
        (
            lambda: rw.asymmetric_rescorla_wagner_update_choice(jnp.zeros(2), 1.0, 0.3, 0.1, 0.2, 2),
            "outcome_key",
        ),
        (
            lambda: rw.asymmetric_rescorla_wagner_update(jnp.zeros(2), (1.0, [1, 0]), 0.3, 0.1, True),
            "counterfactual_value",
        ),
        (lambda: rw.complement_counterfactual([1.0, 1.0, 0.0], [1, 1, 0]), "chosen"),
    ],
)
def test_pairs_functions_and_single_choices_are_asked_for(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        call()
