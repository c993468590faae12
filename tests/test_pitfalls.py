"""One test for each mistake in PITFALLS.md that this part of the package could make."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from behavioural_modelling import Trials, decision_rules, models, simulate, utils
from behavioural_modelling.learning import rescorla_wagner as rw

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
MODEL = models.asymmetric_rescorla_wagner(2)


def params(n_subjects=1, **numbers):
    numbers = {"alpha_p": 0.4, "alpha_n": 0.2, "temperature": 0.3} | numbers
    return {name: np.full(n_subjects, x) for name, x in numbers.items()}


def bernoulli(*shape, seed=0):
    return (np.random.default_rng(seed).uniform(size=shape) < 0.5).astype(np.float32)


@pytest.mark.parametrize("value", [[0.0, 1.0], [90.0, 100.0], [-1000.0, 0.0]])
def test_softmax_does_not_overflow(value):
    # At a temperature of .001 a value of .1 is already past 88, where exp overflows in float32.
    for rule in (decision_rules.softmax, decision_rules.softmax_subtract_max):
        assert rule(value, 0.001).tolist() == [0.0, 1.0]
    assert decision_rules.softmax_inverse_temperature(value, 1000.0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("n_actions", [2, 4])
def test_lapse_and_choice_are_not_correlated(n_actions):
    # With one key for the lapse test, the choice and the random action: .60/.40 and .30/.30/.30/.10.
    n_draws, probs = 40_000, np.full(n_actions, 1 / n_actions)
    choices = utils.choice_from_action_p(jax.random.key(0), np.broadcast_to(probs, (n_draws, n_actions)), 0.2)
    frequencies = np.bincount(choices, minlength=n_actions) / n_draws
    # 4 standard errors: .01 and .009, where the mistake is off by .1 and .15.
    standard_error = np.sqrt(probs * (1 - probs) / n_draws)
    assert (np.abs(frequencies - probs) < 4 * standard_error).all()


def test_subjects_do_not_share_their_luck():
    n_subjects = 400
    model = models.rescorla_wagner(2, inverse_temperature=True)
    trace = simulate(
        jax.random.key(1),
        model,
        {"alpha": np.zeros(n_subjects), "inverse_temperature": 1.0},
        np.ones((3, 2)),
    )
    # Every choice is a fair coin: the share of subjects who choose 1 has a standard error of .025.
    shares = np.asarray(trace.choices).mean(axis=0)
    assert (np.abs(shares - 0.5) < 5 * 0.5 / np.sqrt(n_subjects)).all()
    # Choices of one subject on two trials agree half of the time: trials do not share luck either.
    agree = (trace.choices[:, 0] == trace.choices[:, 1]).mean()
    assert abs(agree - 0.5) < 5 * 0.5 / np.sqrt(n_subjects)


def test_all_of_the_row_is_divided_by_its_sum():
    # probs + 1e-6 / sum(probs) would leave a row that does not add up to 1.
    rows = np.random.default_rng(2).gamma(1, size=(50, 4)) * 100
    mixed = decision_rules.lapse_mixture(rows, 0.1)
    # Four numbers of at most 1 with a few roundings each.
    np.testing.assert_allclose(mixed.sum(axis=-1), 1, rtol=0, atol=16 * UNIT)


def test_the_defaults_are_usable():
    value = [0.2, 0.8]
    plain = decision_rules.softmax(value)
    assert decision_rules.softmax_stickiness(value).tolist() == plain.tolist()
    assert decision_rules.softmax_stickiness(value, stickiness=2.0).tolist() == plain.tolist()
    assert utils.choice_from_action_p(jax.random.key(0), [0.0, 1.0]) == 1


def test_alignment():
    # The choice on trial t comes from the value before outcome t, trial 1 included. An action that pays
    # on trial 3 alone is no better than the other up to trial 3 itself.
    outcomes = np.zeros((5, 2))
    outcomes[2] = [1.0, 1.0]
    trace = simulate(jax.random.key(3), MODEL, params(20, alpha_n=0.0), outcomes)
    assert (trace.choice_p[:, :3] == 0.5).all()
    assert (trace.choice_p[:, 3:] != 0.5).all()
    assert (trace.prediction_errors[:, 2].max(axis=-1) == 0.5).all()


def test_a_missed_response_is_refused_or_masked_and_never_the_last_action():
    outcomes = [[1.0, 1.0], [1.0, 1.0]]
    with pytest.raises(ValueError, match="choices: .*got -1"):
        Trials([[0, -1]], outcomes)
    with pytest.raises(ValueError, match="choices: .*got -1"):
        rw.asymmetric_rescorla_wagner_update_iterator(outcomes, [0, -1], 0.5, 0.5)
    masked = Trials([[0, -1]], outcomes, mask=[[True, False]])
    assert not masked.mask[0, 1]
    # In a compiled function, where values are not checked, nothing is learned from it.
    learn = jax.jit(rw.asymmetric_rescorla_wagner_update_iterator)
    _, errors = learn(jnp.array(outcomes), jnp.array([-1, 0]), 0.5, 0.5)
    assert errors.tolist() == [[0.0, 0.0], [0.5, 0.0]]


@pytest.mark.parametrize("choices", [[[1, 2]], [[1.0, 0.0]], [["left", "right"]]])
def test_other_codings_of_choices_are_refused(choices):
    with pytest.raises(ValueError, match="^choices: "):
        Trials(choices, [[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize(
    "counterfactual, reward, expected",
    [
        (rw.complement_counterfactual, 1.0, [0.75, 0.25]),
        (rw.complement_counterfactual, 0.0, [0.25, 0.75]),
        (lambda reward, chosen: -reward, 1.0, [0.75, -0.25]),
        (lambda reward, chosen: -reward, -1.0, [-0.25, 0.75]),
    ],
)
def test_counterfactual_coding(counterfactual, reward, expected):
    # From .5 halfway to the reward, and for the other action halfway to the counterfactual one.
    updated, _ = rw.asymmetric_rescorla_wagner_update(
        [0.5, 0.5], (reward, [1, 0]), 0.5, 0.5, counterfactual, update_all_options=True
    )
    assert updated.tolist() == expected


def test_temperature_divides_and_inverse_temperature_multiplies():
    value = [0.0, np.log(3)]
    # By hand: 3**2 and 3**(1/2) to 1. Logits of at most 2.2 with a few roundings.
    twice, half = [0.1, 0.9], [1 / (1 + 3**0.5), 3**0.5 / (1 + 3**0.5)]
    for rule, first, second in (
        (decision_rules.softmax, half, twice),
        (decision_rules.softmax_stickiness, half, twice),
        (decision_rules.softmax_inverse_temperature, twice, half),
        (decision_rules.softmax_stickiness_inverse_temperature, twice, half),
    ):
        np.testing.assert_allclose(rule(value, 2.0), first, rtol=20 * UNIT)
        np.testing.assert_allclose(rule(value, 0.5), second, rtol=20 * UNIT)


def test_the_value_is_learned():
    # A loop that writes the new value into the trial it came from never learns.
    values, _ = rw.asymmetric_rescorla_wagner_update_iterator(np.ones((4, 2)), np.zeros(4, int), 0.5, 0.5)
    assert values.tolist() == [[0.5, 0.5], [0.75, 0.5], [0.875, 0.5], [0.9375, 0.5]]
    loop, _ = reference.learn(np.ones((4, 2)), [0] * 4, 0.5, 0.5)
    assert loop.tolist() == values.tolist()


def test_no_number_is_frozen_by_a_compiled_function():
    # A second call with other numbers of the same shapes gives the other numbers' result.
    outcomes, key = bernoulli(30, 2), jax.random.key(4)
    for alpha, initial_value in ((0.2, 0.5), (0.9, 0.5), (0.2, 0.0)):
        model = models.rescorla_wagner(2, initial_value)
        trace = simulate(key, model, {"alpha": alpha, "temperature": 0.3}, outcomes)
        uniforms = jax.random.uniform(jax.random.fold_in(key, 0), (30,))
        expected = reference.play(uniforms, outcomes, alpha, alpha, 0.3, initial_value=initial_value)
        # 30 trials of three roundings each.
        np.testing.assert_allclose(trace.values[0], expected[0], rtol=0, atol=100 * UNIT)


def test_equal_random_numbers_make_equal_choices_in_any_program():
    # Loop, iterator and simulate agree when they are given the same random numbers.
    outcomes, key = bernoulli(40, 2, seed=5), jax.random.key(5)
    own = jax.random.fold_in(key, 0)
    loop = reference.play(jax.random.uniform(own, (40,)), outcomes, 0.4, 0.2, 0.3)
    iterated = rw.asymmetric_rescorla_wagner_update_choice_iterator(outcomes, 0.4, 0.2, 0.3, 2, own)
    simulated = simulate(key, MODEL, params(), outcomes)
    assert iterated[2].argmax(axis=1).tolist() == simulated.choices[0].tolist() == loop[2].tolist()
