"""The models: builders, parameters, and the functions of one trial."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from behavioural_modelling import Model, models, simulate

UNIT = 2.0**-24  # the largest relative error of one rounding in float32

BUILDERS = {
    "rescorla_wagner": (models.rescorla_wagner, ("alpha",)),
    "asymmetric_rescorla_wagner": (models.asymmetric_rescorla_wagner, ("alpha_p", "alpha_n")),
}
each_builder = pytest.mark.parametrize("builder, alphas", BUILDERS.values(), ids=BUILDERS)


@each_builder
def test_the_same_call_returns_the_same_model(builder, alphas):
    model = builder(3)
    assert builder(n_actions=3) is model
    assert builder(np.int32(3), 0.5, False) is model
    assert builder(3, initial_value=np.float32(0.5)) is model
    assert builder(3, initial_value=0) is builder(3, initial_value=0.0)
    different = [builder(4), builder(3, 0.25), builder(3, inverse_temperature=True)]
    assert len({model, *different}) == 4
    assert hash(model) == hash(builder(3))


def test_two_builders_return_different_models():
    assert models.rescorla_wagner(2) != models.asymmetric_rescorla_wagner(2)


@each_builder
def test_the_parameters(builder, alphas):
    model = builder(3)
    assert isinstance(model, Model)
    assert model.n_actions == 3
    assert model.name == builder.__name__
    rates = tuple((alpha, 0, 1, False) for alpha in alphas)
    assert model.parameters == (*rates, ("temperature", 0, np.inf, True))
    inverse = builder(3, inverse_temperature=True).parameters
    assert inverse == (*rates, ("inverse_temperature", 0, np.inf, False))


def test_the_signature_is_the_documented_one():
    for builder, _ in BUILDERS.values():
        parameters = inspect.signature(builder).parameters
        assert list(parameters) == ["n_actions", "initial_value", "inverse_temperature"]
        assert parameters["initial_value"].default == 0.5
        assert parameters["inverse_temperature"].default is False


@each_builder
def test_one_trial_by_hand(builder, alphas):
    model = builder(2)
    params = dict(zip(alphas, (0.4, 0.2), strict=False)) | {"temperature": 0.5}
    params = {name: jnp.float32(x) for name, x in params.items()}
    state = model.init(params)
    assert state.tolist() == [0.5, 0.5]
    state, error = model.update(params, state, jnp.array([1, 0]), jnp.array([1.0, 0.0]))
    # Three roundings of numbers below 1.
    np.testing.assert_allclose(state, [0.7, 0.5], rtol=0, atol=4 * UNIT)
    np.testing.assert_allclose(error, [0.5, 0], rtol=0, atol=4 * UNIT)
    probs = jax.nn.softmax(model.policy(params, state))
    np.testing.assert_allclose(probs, reference.softmax([0.7, 0.5], 0.5), rtol=0, atol=16 * UNIT)
    state, error = model.update(params, state, jnp.array([0, 1]), jnp.array([1.0, 0.0]))
    rate = 0.2 if len(alphas) == 2 else 0.4
    np.testing.assert_allclose(state, [0.7, 0.5 - rate * 0.5], rtol=0, atol=8 * UNIT)
    np.testing.assert_allclose(error, [0, -0.5], rtol=0, atol=4 * UNIT)


def some_outcomes(n_actions=3, n_trials=40):
    rng = np.random.default_rng(1)
    return (rng.uniform(size=(n_trials, n_actions)) < 0.5).astype(np.float32)


def assert_same_trace(one, other, atol=0):
    np.testing.assert_array_equal(one.choices, other.choices)
    for name in ("values", "choice_p", "prediction_errors"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=atol)


def test_one_learning_rate_is_two_equal_ones():
    rng = np.random.default_rng(2)
    alpha, temperature = rng.uniform(size=20), rng.uniform(0.1, 1, size=20)
    key, outcomes = jax.random.key(2), some_outcomes()
    one = simulate(key, models.rescorla_wagner(3), {"alpha": alpha, "temperature": temperature}, outcomes)
    two = simulate(
        key,
        models.asymmetric_rescorla_wagner(3),
        {"alpha_p": alpha, "alpha_n": alpha, "temperature": temperature},
        outcomes,
    )
    # The same arithmetic, which the compiler may fuse differently: one unit per trial, and for the
    # probabilities that over a temperature of .1.
    assert_same_trace(one, two, atol=40 * UNIT / 0.1)


@each_builder
def test_inverse_temperature_is_one_over_temperature(builder, alphas):
    key, outcomes = jax.random.key(3), some_outcomes()
    params = dict.fromkeys(alphas, 0.3)
    # Powers of two, so that both numbers are exact; fusion apart, as above.
    one = simulate(key, builder(3), params | {"temperature": 0.125}, outcomes)
    model = builder(3, inverse_temperature=True)
    two = simulate(key, model, params | {"inverse_temperature": 8.0}, outcomes)
    assert_same_trace(one, two, atol=40 * UNIT / 0.125)
    assert two.choice_p.std() > 0.1


def test_an_inverse_temperature_of_zero_is_a_random_choice():
    model = models.rescorla_wagner(4, inverse_temperature=True)
    trace = simulate(jax.random.key(4), model, {"alpha": 0.5, "inverse_temperature": 0}, some_outcomes(4))
    assert (trace.choice_p == 0.25).all()


@each_builder
@pytest.mark.parametrize("initial_value", [-3.0, 0])
def test_initial_value(builder, alphas, initial_value):
    model = builder(3, initial_value=initial_value)
    params = dict.fromkeys(alphas, 0.5) | {"temperature": 1.0}
    trace = simulate(jax.random.key(5), model, params, some_outcomes())
    assert (trace.values[0, 0] == initial_value).all()
    # All values are equal, so all actions are.
    np.testing.assert_allclose(trace.choice_p[0, 0], 1 / 3, rtol=4 * UNIT)


def test_initial_value_keeps_its_precision(x64):
    model = models.rescorla_wagner(2, initial_value=0.3)
    params = {"alpha": jnp.array(0.5), "temperature": jnp.array(1.0)}
    assert model.init(params).tolist() == [0.3, 0.3]


def test_a_model_built_in_float32_keeps_its_precision_in_float64(request):
    model = models.rescorla_wagner(2, initial_value=0.3)
    request.getfixturevalue("x64")
    assert models.rescorla_wagner(2, initial_value=0.3) is model
    params = {"alpha": jnp.array(0.5), "temperature": jnp.array(1.0)}
    assert model.init(params).tolist() == [0.3, 0.3]


def test_a_model_may_be_built_inside_jit():
    def total(alpha):
        model = models.rescorla_wagner(2, initial_value=0.25)
        params = {"alpha": alpha, "temperature": 0.5}
        return simulate(jax.random.key(6), model, params, some_outcomes(2)).values.sum()

    # A sum of 80 float32 values below 1, in any order.
    np.testing.assert_allclose(jax.jit(total)(0.3), total(0.3), rtol=80 * UNIT)


def sticky_model(n_actions):
    """A reader's own model: values and the previous choice, in a tuple."""

    def init(params):
        return jnp.full(n_actions, 0.5), jnp.zeros(n_actions)

    def policy(params, state):
        value, previous = state
        return value / params["temperature"] + params["stickiness"] * previous

    def update(params, state, chosen, outcome):
        value, _ = state
        error = chosen * (outcome - value)
        return (value + params["alpha"] * error, chosen), error

    parameters = (
        models.Parameter("alpha", 0, 1),
        models.Parameter("temperature", 0, above=True),
        models.Parameter("stickiness", -np.inf),
    )
    return Model("sticky", n_actions, parameters, init, policy, update)


def test_a_readers_own_model_with_a_tuple_state():
    outcomes, key = some_outcomes(3), jax.random.key(7)
    alpha, temperature, stickiness = map(np.float32, (0.3, 0.5, 1.5))
    params = {"alpha": alpha, "temperature": temperature, "stickiness": [stickiness, 0]}
    trace = simulate(key, sticky_model(3), params, outcomes)
    values, previous = trace.values
    assert values.shape == previous.shape == (2, 40, 3)
    uniforms = np.asarray(jax.random.uniform(jax.random.fold_in(key, 0), (40,)))
    value, last = [0.5] * 3, [0.0] * 3
    for trial, (outcome, uniform) in enumerate(zip(outcomes, uniforms, strict=True)):
        # 40 trials of at most 3 roundings, over a temperature of .5.
        np.testing.assert_allclose(values[0, trial], value, rtol=0, atol=120 * UNIT)
        np.testing.assert_array_equal(previous[0, trial], last)
        logits = [v / temperature + stickiness * c for v, c in zip(value, last, strict=True)]
        probs = reference.exp_normalised(logits)
        np.testing.assert_allclose(trace.choice_p[0, trial], probs, rtol=0, atol=300 * UNIT)
        choice = reference.choose(uniform, probs)
        assert trace.choices[0, trial] == choice
        value, _ = reference.update(value, outcome, choice, alpha, alpha)
        last = [float(action == choice) for action in range(3)]
    # Without stickiness the second subject is an ordinary Rescorla-Wagner learner.
    plain = simulate(
        key, models.rescorla_wagner(3), {"alpha": [alpha] * 2, "temperature": temperature}, outcomes
    )
    np.testing.assert_array_equal(trace.choices[1], plain.choices[1])
    np.testing.assert_allclose(values[1], plain.values[1], rtol=0, atol=120 * UNIT)


def test_a_readers_own_model_without_parameters():
    model = Model(
        "random",
        n_actions=2,
        parameters=(),
        init=lambda params: jnp.zeros(2),
        policy=lambda params, state: state,
        update=lambda params, state, chosen, outcome: (state, jnp.zeros(2)),
    )
    trace = simulate(jax.random.key(8), model, {}, np.ones((3, 5, 2)))
    assert trace.choices.shape == (3, 5)
    assert (trace.choice_p == 0.5).all()
