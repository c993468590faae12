"""The models: builders, parameters, and the functions of one trial."""

import inspect
import itertools
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from jax.test_util import check_grads

from behavioural_modelling import Model, Trials, log_likelihood, models, responses, simulate
from behavioural_modelling.models import Trial

UNIT = 2.0**-24  # the largest relative error of one rounding in float32

BUILDERS = {
    "rescorla_wagner": (models.rescorla_wagner, ("alpha",)),
    "asymmetric_rescorla_wagner": (models.asymmetric_rescorla_wagner, ("alpha_p", "alpha_n")),
}
each_builder = pytest.mark.parametrize("builder, alphas", BUILDERS.values(), ids=BUILDERS)

SHARE = (0, 1, False, ("Beta", (1.1, 1.1)), None)
ABOVE_0 = (0, np.inf, True, ("LogNormal", (-math.log(5), 1.0)))
FROM_0 = (0, np.inf, False, ("LogNormal", (math.log(5), 1.0)))
OF_A_KERNEL = ("LogNormal", (0.0, 1.0)), None
NEW_BUILDERS = {
    "biased_random": models.biased_random,
    "win_stay_lose_shift": models.win_stay_lose_shift,
    "choice_kernel": models.choice_kernel,
    "rescorla_wagner_choice_kernel": models.rescorla_wagner_choice_kernel,
}
ALL_BUILDERS = {name: builder for name, (builder, _) in BUILDERS.items()} | NEW_BUILDERS
each_new_builder = pytest.mark.parametrize("name", NEW_BUILDERS)
each_of_all = pytest.mark.parametrize("name", ALL_BUILDERS)


def test_what_a_model_is_made_of():
    defaults = {"inputs": (), "needs_all_outcomes": False, "levels": ()}
    fields = ("name", "parameters", "response", "init", "predict", "update", *defaults)
    assert Model._fields == fields and Model._field_defaults == defaults
    assert Trial() == ({}, None) and Trial._fields == ("inputs", "available")
    rating = models.rescorla_wagner(2)._replace(response=responses.normal())
    assert rating.n_actions is None
    assert models.rescorla_wagner(2)._replace(response=responses.wald_race(4)).n_actions == 4


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
    assert model.n_actions == 3 and model.response is responses.categorical(3)
    assert model.name == builder.__name__ and model.inputs == ()
    rates = tuple((alpha, *SHARE) for alpha in alphas)
    assert model.parameters == (*rates, ("temperature", *ABOVE_0, "difference"))
    inverse = builder(3, inverse_temperature=True).parameters
    assert inverse == (*rates, ("inverse_temperature", *FROM_0, "per difference"))


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
    state, told = model.update(params, state, Trial(), jnp.array([1, 0]), jnp.array([1.0, 0.0]))
    # Three roundings of numbers below 1.
    np.testing.assert_allclose(state, [0.7, 0.5], rtol=0, atol=4 * UNIT)
    assert set(told) == {"values", "prediction_errors"} and told["values"].tolist() == [0.5, 0.5]
    np.testing.assert_allclose(told["prediction_errors"], [0.5, 0], rtol=0, atol=4 * UNIT)
    probs = jax.nn.softmax(model.predict(params, state, Trial()))
    np.testing.assert_allclose(probs, reference.softmax([0.7, 0.5], 0.5), rtol=0, atol=16 * UNIT)
    before = state
    state, told = model.update(params, state, Trial(), jnp.array([0, 1]), jnp.array([1.0, 0.0]))
    rate = 0.2 if len(alphas) == 2 else 0.4
    np.testing.assert_allclose(state, [0.7, 0.5 - rate * 0.5], rtol=0, atol=8 * UNIT)
    np.testing.assert_array_equal(told["values"], before)
    np.testing.assert_allclose(told["prediction_errors"], [0, -0.5], rtol=0, atol=4 * UNIT)


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

    def predict(params, state, trial):
        value, previous = state
        return value / params["temperature"] + params["stickiness"] * previous

    def update(params, state, trial, chosen, outcome):
        value, _ = state
        error = chosen * (outcome - value)
        return (value + params["alpha"] * error, chosen), {"errors": error}

    parameters = (
        models.Parameter("alpha", 0, 1),
        models.Parameter("temperature", 0, above=True),
        models.Parameter("stickiness", -np.inf),
    )
    return Model("sticky", parameters, responses.categorical(n_actions), init, predict, update)


def test_a_readers_own_model_with_a_tuple_state():
    outcomes, key = some_outcomes(3), jax.random.key(7)
    alpha, temperature, stickiness = map(np.float32, (0.3, 0.5, 1.5))
    params = {"alpha": alpha, "temperature": temperature, "stickiness": [stickiness, 0]}
    kept = ("state", "errors", "choice_p", "choices")
    trace = simulate(key, sticky_model(3), params, outcomes, record=kept)
    values, previous = trace.state
    assert values.shape == previous.shape == trace.errors.shape == (2, 40, 3)
    # It tells no values by that name, as its state is its own affair.
    assert trace.values is None and trace.prediction_errors is None
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
        value, error = reference.update(value, outcome, choice, alpha, alpha)
        np.testing.assert_allclose(trace.errors[0, trial], error, rtol=0, atol=120 * UNIT)
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
        parameters=(),
        response=responses.categorical(2),
        init=lambda params: jnp.zeros(2),
        predict=lambda params, state, trial: state,
        update=lambda params, state, trial, chosen, outcome: (state, {}),
    )
    trace = simulate(jax.random.key(8), model, {}, np.ones((3, 5, 2)))
    assert trace.choices.shape == (3, 5) and set(trace.records) == {"choices", "choice_p"}
    assert (trace.choice_p == 0.5).all()


# The models that learn no values, and the choice kernel.


@each_new_builder
def test_the_same_call_returns_the_same_new_model(name):
    builder = NEW_BUILDERS[name]
    model = builder(3)
    assert isinstance(model, Model) and model.name == name and model.n_actions == 3
    assert builder(n_actions=3) is builder(np.int32(3)) is model
    different = [model, builder(4), models.rescorla_wagner(3)]
    if "choice_kernel" in name:
        assert builder(3, inverse_temperature=0) is model
        different.append(builder(3, inverse_temperature=True))
    if name == "rescorla_wagner_choice_kernel":
        assert builder(3, np.float32(0.5), False) is model
        assert builder(3, 0) is builder(3, initial_value=0.0)
        different.append(builder(3, 0.25))
    assert len(set(different)) == len(different)


@pytest.mark.parametrize(
    "model, expected",
    [
        (models.biased_random(2), {"bias": SHARE}),
        (models.biased_random(4), {"bias_0": SHARE, "bias_1": SHARE, "bias_2": SHARE}),
        (models.win_stay_lose_shift(2), {"lapse": SHARE}),
        (models.choice_kernel(2), {"alpha_c": SHARE, "temperature_c": (*ABOVE_0[:3], *OF_A_KERNEL)}),
        (
            models.choice_kernel(2, True),
            {"alpha_c": SHARE, "inverse_temperature_c": (*FROM_0[:3], *OF_A_KERNEL)},
        ),
        (
            models.rescorla_wagner_choice_kernel(2),
            {
                "alpha": SHARE,
                "temperature": (*ABOVE_0, "difference"),
                "alpha_c": SHARE,
                "temperature_c": (*ABOVE_0[:3], *OF_A_KERNEL),
            },
        ),
        (
            models.rescorla_wagner_choice_kernel(2, inverse_temperature=True),
            {
                "alpha": SHARE,
                "inverse_temperature": (*FROM_0, "per difference"),
                "alpha_c": SHARE,
                "inverse_temperature_c": (*FROM_0[:3], *OF_A_KERNEL),
            },
        ),
    ],
)
def test_the_parameters_of_the_new_models(model, expected):
    assert model.parameters == tuple((name, *rest) for name, rest in expected.items())


def choice_p_before_each_trial(model, params, choices, outcomes):
    """The functions of the model, trial by trial: probabilities before each trial and after the last."""
    params = {name: jnp.float32(x) for name, x in params.items()}
    state, rows = model.init(params), []
    for choice, outcome in zip(choices, outcomes, strict=True):
        rows.append(jax.nn.softmax(model.predict(params, state, Trial())))
        chosen = jnp.eye(model.n_actions)[choice]
        state, _ = model.update(params, state, Trial(), chosen, jnp.asarray(outcome))
    return np.array([*rows, jax.nn.softmax(model.predict(params, state, Trial()))])


@pytest.mark.parametrize("bias", [0.25, 0.0, 1.0])
def test_biased_random_by_hand(bias):
    rows = choice_p_before_each_trial(models.biased_random(2), {"bias": bias}, [1, 0], np.eye(2))
    # Two logarithms, two exponentials, a sum and a division.
    np.testing.assert_allclose(rows, [[bias, 1 - bias]] * 3, rtol=0, atol=8 * UNIT)


def test_biased_random_breaks_a_stick():
    rows = choice_p_before_each_trial(
        models.biased_random(3), {"bias_0": 0.2, "bias_1": 0.25}, [0], [[1] * 3]
    )
    # .2 of the stick, a quarter of the .8 that is left, and the rest; roundings as above and one sum more.
    np.testing.assert_allclose(rows, [[0.2, 0.2, 0.6]] * 2, rtol=0, atol=12 * UNIT)
    gone = choice_p_before_each_trial(models.biased_random(3), {"bias_0": 1.0, "bias_1": 0.5}, [0], [[1] * 3])
    np.testing.assert_allclose(gone, [[1, 0, 0]] * 2, rtol=0, atol=1e-17)


@pytest.mark.parametrize("n_actions", [2, 4])
@pytest.mark.parametrize("bias", [0.0, 0.3])
def test_biased_random_has_a_slope_where_an_action_is_never_chosen(n_actions, bias):
    model = models.biased_random(n_actions)
    trials = Trials([[n_actions - 1] * 5], np.zeros((1, 5)))
    alike = lambda bias: log_likelihood(model, {p.name: bias for p in model.parameters}, trials)[0]  # noqa: E731
    # The last action is chosen with probability (1 - b) to the power of how many others there are.
    expected = -5 * (n_actions - 1) / (1 - bias)
    np.testing.assert_allclose(jax.grad(alike)(bias), expected, rtol=64 * UNIT)
    assert np.isfinite(jax.grad(jax.grad(alike))(bias))


def test_win_stay_lose_shift_by_hand():
    # Action 2 paid, then action 2 paid 0, then action 0 cost 1. One tenth of .3 for every action.
    outcomes = [[0.0, 0.0, 1.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 1.0]]
    rows = choice_p_before_each_trial(models.win_stay_lose_shift(3), {"lapse": 0.3}, [2, 2, 0], outcomes)
    expected = [[1 / 3] * 3, [0.1, 0.1, 0.8], [0.45, 0.45, 0.1], [0.1, 0.45, 0.45]]
    # The mixture, the logarithm, the exponential and the sum: some roundings of numbers up to 2.3.
    np.testing.assert_allclose(rows, expected, rtol=0, atol=16 * UNIT)
    rows = choice_p_before_each_trial(models.win_stay_lose_shift(2), {"lapse": 0.0}, [1, 1], [[0, 1], [1, 0]])
    assert rows.tolist() == [[0.5, 0.5], [0, 1], [1, 0]]
    # Probabilities are divided by their sum, so they do not show whether the goal is.
    params, model = {"lapse": jnp.array(0.3)}, models.win_stay_lose_shift(3)
    chosen, paid = jnp.array([0, 1, 0]), jnp.array([1.0, 0.0, 1.0])
    goal, told = model.update(params, model.init(params), Trial(), chosen, paid)
    assert goal.tolist() == [0.5, 0, 0.5] and told == {}


def test_a_lapse_is_spread_over_what_is_on_offer(x64):
    # Action 0 wins, then costs; on offer are four, two, three. P(stay) is .8 + .2 / 2; after the loss the
    # goal is a third for 1, 2 and 3, of which 2 and 3 are there. A goal not on offer: an even choice.
    model = models.win_stay_lose_shift(4)
    outcomes = np.array([[1.0, 0, 0, 0], [-1, 0, 0, 0], [0] * 4])
    offers = [[1, 1, 1, 1], [1, 0, 1, 0], [1, 0, 1, 1]]
    trials = Trials([[0, 0, 2]], outcomes, np.array([offers], bool))
    right = 0.25 * 0.9 * (0.8 / 2 + 0.2 / 3)
    np.testing.assert_allclose(np.exp(log_likelihood(model, {"lapse": 0.2}, trials)), right, rtol=1e-12)
    away = Trials([[0, 2]], outcomes[:2], np.array([[[1] * 4, [0, 0, 1, 1]]], bool))
    np.testing.assert_allclose(np.exp(log_likelihood(model, {"lapse": 0.2}, away)), 0.25 / 2, rtol=1e-12)
    trial = Trial(available=away.available[0, 1])
    logits = model.predict({"lapse": 0.2}, jnp.array([1.0, 0, 0, 0]), trial)
    assert np.exp(logits).tolist() == [0, 0, 0.5, 0.5]
    sure = np.array([[1, 0, 0, 0], offers[1], offers[2]], bool)
    trace = simulate(jax.random.key(0), model, {"lapse": [0.2, 0.0]}, outcomes, available=sure)
    np.testing.assert_allclose(trace.choice_p[:, 1], [[0.9, 0, 0.1, 0], [1, 0, 0, 0]], rtol=1e-12)


def test_slopes_by_the_lapse_are_finite_at_its_ends():
    available = np.array([[[1, 1, 1], [1, 0, 1], [1, 1, 1]]], bool)
    trials = Trials([[0, 0, 0]], np.ones((3, 3)), available)
    slope = jax.grad(lambda lapse: log_likelihood(models.win_stay_lose_shift(3), {"lapse": lapse}, trials)[0])
    assert np.isfinite(slope(0.0))
    # log(1 - lapse / 2) + log(1 - 2 lapse / 3) at 1 has the slope -1 - 2; some roundings in float32.
    np.testing.assert_allclose(slope(1.0), -3, rtol=16 * UNIT)


def test_a_win_is_above_the_threshold(x64):
    assert models.win_stay_lose_shift(2, threshold=0) is models.win_stay_lose_shift(2, 0.0)
    points = models.win_stay_lose_shift(2, 50)
    assert points is models.win_stay_lose_shift(n_actions=2, threshold=np.float32(50))
    assert points != models.win_stay_lose_shift(2)
    # 51 points are a win, 50 are not: stay, shift, and by mistake stay.
    trials = Trials([[0, 0, 1, 1]], [[51.0, 50.0, 20.0, 90.0]])
    ours = np.exp(log_likelihood(points, {"lapse": 0.2}, trials))
    np.testing.assert_allclose(ours, 0.5 * 0.9 * 0.9 * 0.1, rtol=1e-12)
    with pytest.raises(ValueError, match="^threshold: expected a finite number"):
        models.win_stay_lose_shift(2, np.nan)


def test_choice_kernel_by_hand():
    # The kernel goes (0, 0), (0, .5), (.5, .25), whatever is paid.
    params, model = {"alpha_c": 0.5, "temperature_c": 0.25}, models.choice_kernel(2)
    rows = choice_p_before_each_trial(model, params, [1, 0], [[5.0, -5.0]] * 2)
    expected = [[0.5, 0.5], reference.softmax([0, 0.5], 0.25), reference.softmax([0.5, 0.25], 0.25)]
    # Powers of two but for the softmax.
    np.testing.assert_allclose(rows, expected, rtol=0, atol=16 * UNIT)


def test_rescorla_wagner_choice_kernel_by_hand():
    # Values go (.5, .5), (.5, .75), (.25, .75), the kernel as above. At V / .5 + K / .25 both count.
    params = {"alpha": 0.5, "temperature": 0.5, "alpha_c": 0.5, "temperature_c": 0.25}
    rows = choice_p_before_each_trial(
        models.rescorla_wagner_choice_kernel(2), params, [1, 0], [[0.0, 1.0]] * 2
    )
    logits = [[1.0, 1.0], [1.0, 3.5], [0.5 + 2, 1.5 + 1]]
    expected = [reference.exp_normalised(row) for row in logits]
    np.testing.assert_allclose(rows, expected, rtol=0, atol=16 * UNIT)


# All models against the loops in reference.py. In float64, where rounding leaves nothing to argue about: a
# log-likelihood is a sum of some 30 terms below 30, each with a few hundred roundings of 1e-16 of what it
# is made of, numbers below 30. That is below 1e-10, and a probability, one of them, is below 1e-11 off.
LL_TOLERANCE, CHOICE_P_TOLERANCE = 1e-10, 1e-11
N_SUBJECTS, N_TRIALS = 6, 30


def params_inside(model, n_subjects=N_SUBJECTS, seed=0):
    """Parameters well inside their ranges, one set per subject."""
    rng = np.random.default_rng(seed)
    low_high = {p.name: (0.1, 0.9) if p.upper == 1 else (0.3, 3) for p in model.parameters}
    return {name: rng.uniform(*ends, n_subjects) for name, ends in low_high.items()}


def random_task(n_actions, n_trials=N_TRIALS, seed=0):
    """Outcomes in {-1, 0, 1}, what is on offer (the last action always) and resets, of every subject."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, n_trials, n_actions)
    available = (rng.uniform(size=shape) < 0.6) | (np.arange(n_actions) == n_actions - 1)
    return rng.integers(-1, 2, shape).astype(float), available, rng.uniform(size=shape[:2]) < 0.15


def of_each_subject(function, name, params, choices, outcomes, **task):
    """A function of reference.py for one subject after the other."""
    return np.array(
        [
            function(
                name,
                {parameter: x[i] for parameter, x in params.items()},
                choices[i],
                outcomes[i],
                **{kind: x[i] for kind, x in task.items()},
            )
            for i in range(len(choices))
        ]
    )


@each_new_builder
@pytest.mark.parametrize("n_actions", [2, 4])
def test_the_likelihood_against_the_loop(name, n_actions, x64):
    model = ALL_BUILDERS[name](n_actions)
    params, (outcomes, available, reset) = params_inside(model), random_task(n_actions)
    rng = np.random.default_rng(1)
    choices = (rng.uniform(size=outcomes.shape) * available).argmax(axis=-1)
    mask = rng.uniform(size=choices.shape) < 0.8
    # What is left out holds choice -1, outcome NaN and nothing on offer; resets are there all the same.
    choices, outcomes = np.where(mask, choices, -1), np.where(mask[..., None], outcomes, np.nan)
    available &= mask[..., None]
    ours = log_likelihood(model, params, Trials(choices, outcomes, available, mask, reset))
    task = {"available": available, "mask": mask, "reset": reset}
    exact = of_each_subject(reference.log_likelihood_of, name, params, choices, outcomes, **task)
    assert (reset & ~mask).any()
    np.testing.assert_allclose(ours, exact, rtol=0, atol=LL_TOLERANCE)


@each_new_builder
@pytest.mark.parametrize("n_actions", [2, 4])
def test_simulated_probabilities_against_the_loop(name, n_actions, x64):
    model, key = ALL_BUILDERS[name](n_actions), jax.random.key(9)
    params, (outcomes, available, reset) = params_inside(model), random_task(n_actions)
    task = {"available": available, "reset": reset}
    trace = simulate(key, model, params, outcomes, **task, record=("choice_p", "choices"))
    choices = np.asarray(trace.choices)
    exact = of_each_subject(reference.choice_p_of, name, params, choices, outcomes, **task)
    np.testing.assert_allclose(trace.choice_p, exact, rtol=0, atol=CHOICE_P_TOLERANCE)
    for i in range(N_SUBJECTS):
        uniforms = jax.random.uniform(jax.random.fold_in(key, i), (N_TRIALS,))
        assert [reference.choose(u, p) for u, p in zip(uniforms, exact[i], strict=True)] == choices[
            i
        ].tolist()


@each_of_all
@pytest.mark.parametrize("n_actions", [2, 3])
def test_the_probabilities_of_all_sequences_add_up_to_one(name, n_actions, x64):
    model, n_trials = ALL_BUILDERS[name](n_actions), 4
    sequences = np.array(list(itertools.product(range(n_actions), repeat=n_trials)))
    outcomes = np.random.default_rng(2).integers(-1, 2, (n_trials, n_actions)).astype(float)
    params = {parameter: x[0] for parameter, x in params_inside(model).items()}
    probabilities = np.exp(log_likelihood(model, params, Trials(sequences, outcomes)))
    np.testing.assert_allclose(probabilities.sum(), 1, rtol=0, atol=LL_TOLERANCE)
    exact = [reference.log_likelihood_of(name, params, sequence, outcomes) for sequence in sequences]
    np.testing.assert_allclose(np.log(probabilities), exact, rtol=0, atol=LL_TOLERANCE)


# Special cases.


def some_trials(n_actions=3):
    """Random choices and outcomes, without more to them."""
    outcomes, _, _ = random_task(n_actions)
    return Trials(np.random.default_rng(3).integers(0, n_actions, outcomes.shape[:2]), outcomes)


def test_without_one_of_its_parts_the_joint_model_is_the_other(x64):
    joint, trials = models.rescorla_wagner_choice_kernel(3, inverse_temperature=True), some_trials()
    params = params_inside(joint)
    for silent, left in (
        ("inverse_temperature_c", models.rescorla_wagner(3, inverse_temperature=True)),
        ("inverse_temperature", models.choice_kernel(3, inverse_temperature=True)),
    ):
        ours = log_likelihood(joint, params | {silent: 0.0 * params[silent]}, trials)
        theirs = log_likelihood(left, {p.name: params[p.name] for p in left.parameters}, trials)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)
        assert (np.abs(ours - log_likelihood(joint, params, trials)) > 0.01).all()


def test_a_choice_kernel_with_a_rate_of_one_repeats_the_last_choice(x64):
    model, trials = models.choice_kernel(3, inverse_temperature=True), some_trials()
    beta, choices = np.linspace(0, 3, N_SUBJECTS), np.asarray(trials.choices)
    ours = log_likelihood(model, {"alpha_c": np.ones(N_SUBJECTS), "inverse_temperature_c": beta}, trials)
    # Against each of the other two actions the log-odds of the last one are beta; the first trial is even.
    repeats = (choices[:, 1:] == choices[:, :-1]).sum(axis=1)
    expected = -np.log(3) + beta * repeats - (N_TRIALS - 1) * np.log(np.exp(beta) + 2)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=LL_TOLERANCE)


def test_random_choices_by_four_names(x64):
    trials, inverse = some_trials(), {"inverse_temperature": True}
    ones = np.ones(N_SUBJECTS)
    for model, params in (
        (models.win_stay_lose_shift(3), {"lapse": ones}),
        (models.biased_random(3), {"bias_0": ones / 3, "bias_1": ones / 2}),
        (models.rescorla_wagner(3, **inverse), {"alpha": 0.5 * ones, "inverse_temperature": 0 * ones}),
        (models.choice_kernel(3, **inverse), {"alpha_c": 0.5 * ones, "inverse_temperature_c": 0 * ones}),
    ):
        ours = log_likelihood(model, params, trials)
        np.testing.assert_allclose(ours, -N_TRIALS * np.log(3), rtol=0, atol=LL_TOLERANCE)


@pytest.mark.parametrize("name", ["choice_kernel", "rescorla_wagner_choice_kernel"])
def test_inverse_temperatures_are_one_over_temperatures(name, x64):
    inverse, trials = ALL_BUILDERS[name](3, inverse_temperature=True), some_trials()
    params = params_inside(inverse)
    turned = {n.removeprefix("inverse_"): 1 / x if "temperature" in n else x for n, x in params.items()}
    ours, theirs = (
        log_likelihood(inverse, params, trials),
        log_likelihood(ALL_BUILDERS[name](3), turned, trials),
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)


# Gradients; those of the other models are in test_likelihood.py.


@each_new_builder
def test_the_slopes_of_the_likelihood(name, x64):
    model = ALL_BUILDERS[name](3)
    run, params = partial(log_likelihood, model, trials=some_trials()), params_inside(model)
    check_grads(run, (params,), order=1, modes=["rev"])
    assert (run(params) < 0).all()


@each_new_builder
def test_gradients_are_finite_near_the_edges(name):
    # As near as float32 can tell from 1, near 0, and the ends themselves for learning rates. Each subject
    # holds one combination.
    model = ALL_BUILDERS[name](3)
    near = {"bias": (1e-6, 1 - UNIT), "lapse": (1e-6, 1 - UNIT), "alpha": (0.0, 1.0)}
    ends = [near.get(p.name.split("_")[0], (1e-3, 1e3)) for p in model.parameters]
    sets = np.array(list(itertools.product(*ends)), np.float32).T
    params = {p.name: jnp.asarray(x) for p, x in zip(model.parameters, sets, strict=True)}
    one, n = some_trials(), sets.shape[1]
    trials = Trials(np.repeat(one.choices[:1], n, axis=0), np.asarray(one.outcomes[0]))
    value, gradient = jax.value_and_grad(lambda params: log_likelihood(model, params, trials).sum())(params)
    assert all(np.isfinite(x).all() for x in jax.tree.leaves((value, gradient)))
    assert any((x != 0).any() for x in gradient.values())


# What is known about parameters beforehand.


@pytest.mark.parametrize("inverse", [False, True], ids=["temperature", "inverse temperature"])
@each_of_all
def test_default_priors(name, inverse):
    numpyro = pytest.importorskip("numpyro")
    takes_it = "inverse_temperature" in inspect.signature(ALL_BUILDERS[name]).parameters
    model = ALL_BUILDERS[name](3, **({"inverse_temperature": inverse} if takes_it else {}))
    priors = models.default_priors(model)
    assert list(priors) == [parameter.name for parameter in model.parameters]
    for parameter in model.parameters:
        prior, constraints = priors[parameter.name], numpyro.distributions.constraints
        assert isinstance(prior, numpyro.distributions.Distribution)
        assert prior.batch_shape == prior.event_shape == ()
        # Of a log-normal the mean is e^(m + s^2 / 2), the variance (e^(s^2) - 1) times its square.
        if parameter.upper == 1:
            mean, variance, support = 0.5, 0.25 / 3.2, constraints.unit_interval
        else:
            middle = 5 if parameter.name.startswith("inverse") else 1 / 5
            middle = 1 if parameter.name.endswith("_c") else middle  # of a kernel
            mean, support = middle * math.exp(0.5), constraints.positive
            variance = (math.e - 1) * mean**2
        assert prior.support is support
        np.testing.assert_allclose([prior.mean, prior.variance], [mean, variance], rtol=64 * UNIT)


@pytest.mark.parametrize(
    "model, message",
    [
        (sticky_model(2), "model: expected a default prior for every parameter, got none for alpha, temp"),
        (models.rescorla_wagner, "model: expected a Model, as the builders in models make it, got function"),
    ],
    ids=["no priors", "a builder"],
)
def test_default_priors_that_cannot_be(model, message):
    pytest.importorskip("numpyro")
    with pytest.raises(ValueError, match=f"^{message}"):
        models.default_priors(model)


def test_a_readers_own_model_with_priors():
    dist = pytest.importorskip("numpyro.distributions")
    prior = models.Prior("Normal", (1.0, 2.0))
    model = sticky_model(2)
    model = model._replace(parameters=(models.Parameter("stickiness", -np.inf, prior=prior),))
    ours = models.default_priors(model)["stickiness"]
    assert isinstance(ours, dist.Normal) and (ours.loc, ours.scale) == (1, 2)
