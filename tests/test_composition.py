"""What turns a model into another one: lapses, stickiness, a choice kernel, forgetting; alone and nested."""

import inspect
import itertools
import math
from functools import partial, reduce

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from jax.test_util import check_grads
from refusals import Bad, assert_refused

from behavioural_modelling import Model, Trials, log_likelihood, models, replay, responses, simulate
from behavioural_modelling.models import Parameter, Trial

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
KEY = jax.random.key(0)
N_SUBJECTS, N_TRIALS = 6, 30

# In float64: sums of some 30 terms below 30, each with a few hundred roundings of 1e-16: as in test_models.
LL_TOLERANCE, CHOICE_P_TOLERANCE = 1e-10, 1e-11

WITH = {
    "lapse": models.with_lapse,
    "stickiness": models.with_stickiness,
    "choice_kernel": models.with_choice_kernel,
    "forgetting": models.with_forgetting,
}
OWN_PARAMETERS = {
    "lapse": ["lapse"],
    "stickiness": ["stickiness"],
    "choice_kernel": ["alpha_c", "temperature_c"],
    "forgetting": ["forgetting"],
}
LEARNERS = {
    "one rate": models.rescorla_wagner,
    "two rates": models.asymmetric_rescorla_wagner,
    "free": partial(models.rescorla_wagner, initial_value="free"),
    "inverse": partial(models.rescorla_wagner, inverse_temperature=True),
}
# Forgetting goes around a state that is one value per action, so inside of what has a state of its own.
ORDERS = [
    order
    for order in itertools.permutations(WITH)
    if order.index("forgetting") < min(order.index("stickiness"), order.index("choice_kernel"))
]
# Each order is a program of its own, and compiling it takes seconds: every third of them.
NESTINGS = [("lapse", "stickiness"), ("stickiness", "lapse"), *ORDERS[::3]]
SOME = [*((part,) for part in WITH), ORDERS[0]]
each_part = pytest.mark.parametrize("part", WITH)
each_nesting = pytest.mark.parametrize("parts", NESTINGS, ids="+".join)
some_nestings = pytest.mark.parametrize("parts", SOME, ids="+".join)


def nested(parts, learner="one rate", n_actions=3):
    return reduce(lambda model, part: WITH[part](model), parts, LEARNERS[learner](n_actions))


def params_inside(model, seed=0):
    """Parameters well inside their ranges, one set per subject."""
    rng = np.random.default_rng(seed)
    ranges = {
        p.name: (-1.5, 1.5) if math.isinf(p.lower) else (0.1, 0.9) if p.upper == 1 else (0.3, 3)
        for p in model.parameters
    }
    return {name: rng.uniform(*ends, N_SUBJECTS) for name, ends in ranges.items()}


def task_of(n_actions, seed=0):
    """Outcomes in {-1, 0, 1}, what is on offer (the last action always), and resets, of every subject."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS, n_actions)
    available = (rng.uniform(size=shape) < 0.6) | (np.arange(n_actions) == n_actions - 1)
    return rng.integers(-1, 2, shape).astype(float), available, rng.uniform(size=shape[:2]) < 0.15


def some_trials(n_actions=3):
    outcomes, _, _ = task_of(n_actions)
    return Trials(np.random.default_rng(3).integers(0, n_actions, outcomes.shape[:2]), outcomes)


def of_subject(i, params, **task):
    return {name: float(x[i]) for name, x in params.items()}, {name: x[i] for name, x in task.items()}


# Against the loop in reference.py.


@pytest.mark.parametrize(
    "learner, n_actions", [("one rate", 4), ("two rates", 2), ("free", 3), ("inverse", 2)]
)
@each_part
def test_the_likelihood_against_the_loop(part, n_actions, learner, x64):
    model = nested([part], learner, n_actions)
    params, (outcomes, available, reset) = params_inside(model), task_of(n_actions)
    rng = np.random.default_rng(1)
    choices = (rng.uniform(size=outcomes.shape) * available).argmax(axis=-1)
    mask, feedback = (rng.uniform(size=choices.shape) < 0.8 for _ in range(2))
    task = {"available": available, "mask": mask, "reset": reset, "feedback": feedback}
    ours = log_likelihood(model, params, Trials(choices, outcomes, **task))
    for i in range(N_SUBJECTS):
        own, given = of_subject(i, params, **task)
        exact = reference.composed_log_likelihood([part], own, choices[i], outcomes[i], **given)
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


@each_nesting
def test_nested_in_any_order_against_the_loop(parts, x64):
    model = nested(parts)
    params, (outcomes, available, reset) = params_inside(model), task_of(3)
    assert list(params) == [
        "alpha",
        "temperature",
        *(name for part in parts for name in OWN_PARAMETERS[part]),
    ]
    task = {"available": available, "reset": reset}
    trace = simulate(KEY, model, params, outcomes, **task)
    ours = log_likelihood(model, params, Trials(trace.choices, outcomes, **task))
    told = {"values", "prediction_errors", "choices", "choice_p", *(["kernel"] * ("choice_kernel" in parts))}
    assert set(trace.records) == told
    for i in range(N_SUBJECTS):
        own, given = of_subject(i, params, **task)
        choices = np.asarray(trace.choices[i])
        rows, kernels = reference.composed(parts, own, choices, outcomes[i], **given)
        np.testing.assert_allclose(trace.choice_p[i], rows, rtol=0, atol=CHOICE_P_TOLERANCE)
        if "choice_kernel" in parts:
            np.testing.assert_allclose(trace.kernel[i], kernels, rtol=0, atol=CHOICE_P_TOLERANCE)
        uniforms = jax.random.uniform(jax.random.fold_in(KEY, i), (N_TRIALS,))
        assert [reference.choose(u, row) for u, row in zip(uniforms, rows, strict=True)] == choices.tolist()
        exact = reference.composed_log_likelihood(parts, own, choices, outcomes[i], **given)
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


@some_nestings
def test_the_probabilities_of_all_sequences_add_up_to_one(parts, x64):
    model, n_trials = nested(parts), 4
    sequences = np.array(list(itertools.product(range(3), repeat=n_trials)))
    outcomes = np.random.default_rng(2).integers(-1, 2, (n_trials, 3)).astype(float)
    params = {name: x[0] for name, x in params_inside(model).items()}
    total = np.exp(log_likelihood(model, params, Trials(sequences, outcomes))).sum()
    np.testing.assert_allclose(total, 1, rtol=0, atol=LL_TOLERANCE)


# The builders are compositions.


@pytest.mark.parametrize("inverse", [False, True], ids=["temperature", "inverse"])
@pytest.mark.parametrize("initial_value", [0.2, "free"])
def test_the_learner_beside_a_kernel_is_a_composition(initial_value, inverse, x64):
    built = models.rescorla_wagner_choice_kernel(3, initial_value, inverse)
    learner = models.rescorla_wagner(3, initial_value, inverse)
    made = models.with_choice_kernel(learner, inverse)
    assert built == made._replace(name="rescorla_wagner_choice_kernel")
    assert made.name == "rescorla_wagner+choice_kernel"
    trials, params = some_trials(), params_inside(built)
    ours = log_likelihood(built, params, trials)
    np.testing.assert_array_equal(ours, log_likelihood(made, params, trials))
    for i in range(N_SUBJECTS):
        own, _ = of_subject(i, params)
        start = own.pop("initial_value", initial_value)
        name, choices = "rescorla_wagner_choice_kernel", np.asarray(trials.choices[i])
        exact = reference.log_likelihood_of(name, own, choices, trials.outcomes[i], initial_value=start)
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


def even(n_actions):
    """A reader's own model to whom all actions are alike."""
    return Model(
        "even",
        (),
        responses.categorical(n_actions),
        lambda params: (),
        lambda params, state, trial: jnp.zeros(n_actions),
        lambda params, state, trial, chosen, outcome: (state, {}),
    )


def strict_rule(n_actions, threshold):
    """A reader's own win-stay lose-shift without error; its state is the last choice, and whether it won."""

    def predict(params, state, trial):
        last, won, begun = state
        log_p = jnp.log(
            jnp.where(won, last, 1 - last)
        )  # of the others, one over how many they are is dropped
        return jnp.where(begun, log_p, 0.0)

    def update(params, state, trial, chosen, outcome):
        return (chosen.astype(float), (chosen * outcome).sum() > threshold, True), {}

    start = lambda params: (jnp.zeros(n_actions), False, False)  # noqa: E731
    return Model("strict", (), responses.categorical(n_actions), start, predict, update)


@pytest.mark.parametrize("n_actions", [2, 4])
@pytest.mark.parametrize(
    "name, made",
    [
        ("choice_kernel", lambda n: models.with_choice_kernel(even(n))),
        ("win_stay_lose_shift", lambda n: models.with_lapse(strict_rule(n, 0.0))),
    ],
)
def test_the_other_builders_are_compositions(name, made, n_actions, x64):
    built, made = getattr(models, name)(n_actions), made(n_actions)
    # The default prior of its lapses is another one.
    bounds = [[parameter[:4] for parameter in model.parameters] for model in (built, made)]
    assert built.name == name and bounds[0] == bounds[1]
    params, (outcomes, available, reset) = params_inside(built), task_of(n_actions)
    task = {"available": available, "reset": reset}
    one, other = (simulate(KEY, model, params, outcomes, **task) for model in (built, made))
    np.testing.assert_array_equal(one.choices, other.choices)
    np.testing.assert_allclose(one.choice_p, other.choice_p, rtol=0, atol=CHOICE_P_TOLERANCE)
    trials = Trials(one.choices, outcomes, **task)
    ours, theirs = (log_likelihood(model, params, trials) for model in (built, made))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)
    for i in range(N_SUBJECTS):
        own, given = of_subject(i, params, **task)
        choices = np.asarray(one.choices[i])
        exact = reference.log_likelihood_of(name, own, choices, outcomes[i], **given)
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)
        rows = reference.choice_p_of(name, own, choices, outcomes[i], **given)
        np.testing.assert_allclose(one.choice_p[i], rows, rtol=0, atol=CHOICE_P_TOLERANCE)


@pytest.mark.parametrize(
    "model, told",
    [
        (models.choice_kernel(2), {"kernel"}),
        (models.rescorla_wagner_choice_kernel(2), {"values", "prediction_errors", "kernel"}),
        (models.win_stay_lose_shift(2), set()),
        (models.biased_random(2), set()),
        (models.with_lapse(models.rescorla_wagner(2)), {"values", "prediction_errors"}),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_what_a_trace_tells(model, told):
    params = {name: x[0] for name, x in params_inside(model).items()}
    trace = simulate(KEY, model, params, np.ones((5, 2)))
    assert set(trace.records) == told | {"choices", "choice_p"}
    trials = Trials(trace.choices, np.ones((5, 2)))
    assert set(replay(model, params, trials).records) == told | {"choice_p", "log_prob"}


# Special cases.


LIMITS = {
    "lapse": {"lapse": 0.0},
    "stickiness": {"stickiness": 0.0},
    "choice_kernel": {"alpha_c": 0.0},
    "forgetting": {"forgetting": 0.0},
}


@pytest.mark.parametrize("learner", ["two rates", "free"])
@each_part
def test_without_its_part_the_model_is_what_it_was(part, learner):
    plain, trials = LEARNERS[learner](3), some_trials()
    model = WITH[part](plain)
    inside = {name: jnp.float32(x) for name, x in params_inside(model).items()}
    params = inside | {name: jnp.full(N_SUBJECTS, x) for name, x in LIMITS[part].items()}
    own = {parameter.name: params[parameter.name] for parameter in plain.parameters}
    ours, theirs = log_likelihood(model, params, trials), log_likelihood(plain, own, trials)
    # 30 terms below 10 of up to 64 units each, where two programs are compiled apart.
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=30 * 64 * UNIT)
    assert np.median(np.abs(ours - log_likelihood(model, inside, trials))) > 0.1


def test_without_its_part_a_trial_is_exactly_what_it_was():
    # Op by op, as JAX computes outside of jit, nothing is joined: adding 0 changes nothing.
    plain, state = models.rescorla_wagner(3), jnp.float32([0.1, 0.9, 0.4])
    params = {"alpha": jnp.float32(0.3), "temperature": jnp.float32(0.7)}
    logits = plain.predict(params, state, Trial())
    chosen, paid = jnp.float32([0, 1, 0]), jnp.float32([1.0, 0.0, 1.0])
    after, told = plain.update(params, state, Trial(), chosen, paid)
    sticky, kernel, forgetting = (WITH[part](plain) for part in ("stickiness", "choice_kernel", "forgetting"))
    last = jnp.float32([1, 0, 0])
    np.testing.assert_array_equal(
        sticky.predict(params | {"stickiness": 0.0}, (state, last), Trial()), logits
    )
    none = params | {"alpha_c": 0.0, "temperature_c": 1.0}
    (inner, still), _ = kernel.update(none, kernel.init(none), Trial(), chosen, paid)
    assert still.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(kernel.predict(none, (state, still), Trial()), logits)
    same, also = forgetting.update(params | {"forgetting": 0.0}, state, Trial(), chosen, paid)
    np.testing.assert_array_equal(same, after)
    assert set(also) == set(told)


@pytest.mark.parametrize("offered", [False, True], ids=["all", "some"])
def test_a_lapse_of_one_is_an_even_choice_among_what_is_on_offer(offered):
    outcomes, available, _ = task_of(4)
    model = models.with_lapse(models.rescorla_wagner(4))
    params = params_inside(model) | {"lapse": 1.0}
    trace = simulate(KEY, model, params, outcomes, available=available if offered else None)
    even = available / available.sum(axis=-1, keepdims=True) if offered else np.full(outcomes.shape, 0.25)
    # Two logarithms, two exponentials, a sum and a division.
    np.testing.assert_allclose(trace.choice_p, even, rtol=16 * UNIT)
    trials = Trials(trace.choices, outcomes, available if offered else None)
    expected = np.log(even.max(axis=-1)).sum(axis=1)
    np.testing.assert_allclose(log_likelihood(model, params, trials), expected, rtol=64 * UNIT)


def test_a_lapse_is_spread_over_what_is_on_offer_alone():
    # Values are equal but for action 3, so of the three on offer each has a third, lapse or not; the one that
    # is not on offer has nothing.
    model = models.with_lapse(models.rescorla_wagner(4))
    params = {"alpha": 0.5, "temperature": 0.1, "lapse": 0.6}
    available = np.array([[True] * 4, [True, True, True, False], [False, False, True, True]])
    outcomes = np.array([[0.5, 0.5, 0.5, 1.5]] * 3)
    trials = Trials([[3, 0, 3]], outcomes, available[None])
    p = replay(model, params, trials).choice_p[0]
    np.testing.assert_allclose(p[1], [1 / 3, 1 / 3, 1 / 3, 0], rtol=16 * UNIT)
    # After it action 3 is worth 1, or 5 over the temperature better: .4 of its softmax, and .3 of the lapse.
    better = 0.4 / (1 + math.exp(-5)) + 0.3
    np.testing.assert_allclose(p[2], [0, 0, 1 - better, better], rtol=0, atol=64 * UNIT)


def test_forgetting_everything_leaves_the_value_of_what_was_chosen():
    model = models.with_forgetting(models.rescorla_wagner(3, initial_value=0.25))
    params = {"alpha": 0.5, "temperature": 1.0, "forgetting": 1.0}
    trace = replay(model, params, Trials([[0, 1, 1, 2]], [[1.0, 1.0, 0.0, 1.0]]))
    # Exact in powers of 2: half way to the outcome each, all others back at .25.
    expected = [[0.25] * 3, [0.625, 0.25, 0.25], [0.25, 0.625, 0.25], [0.25, 0.3125, 0.25]]
    assert trace.values[0].tolist() == expected
    assert trace.prediction_errors[0].tolist() == [[0.75, 0, 0], [0, 0.75, 0], [0, -0.625, 0], [0, 0, 0.75]]


def test_forgetting_by_hand():
    model = models.with_forgetting(models.rescorla_wagner(2))
    params = {"alpha": 0.5, "temperature": 1.0, "forgetting": 0.25}
    trace = replay(model, params, Trials([[0, 1, 1]], [[1.0, 0.0, 0.0]]))
    # .75 goes back to .5 by a quarter of the way: .6875, and again: .640625.
    assert trace.values[0].tolist() == [[0.5, 0.5], [0.75, 0.5], [0.6875, 0.25]]


def test_stickiness_by_hand():
    # Values stay .5: the log-odds of a repetition are the stickiness alone. A reset forgets the last choice.
    model = models.with_stickiness(models.rescorla_wagner(2))
    params = {"alpha": 0.0, "temperature": 1.0, "stickiness": math.log(3)}
    trials = Trials([[1, 1, 0, 0]], [[1.0] * 4], reset=[[False, False, False, True]])
    p = replay(model, params, trials).choice_p[0]
    np.testing.assert_allclose(
        p, [[1 / 2, 1 / 2], [1 / 4, 3 / 4], [1 / 4, 3 / 4], [1 / 2, 1 / 2]], rtol=16 * UNIT
    )


def test_stickiness_is_a_kernel_of_one_trial(x64):
    # At a rate of 1 the kernel is the last choice; softmax_stickiness counts it in the unit of the values.
    plain, trials = models.rescorla_wagner(3), some_trials()
    sticky, kernel = models.with_stickiness(plain), models.with_choice_kernel(plain)
    params = {"alpha": 0.3, "temperature": 0.7}
    ours = log_likelihood(sticky, params | {"stickiness": 1.6}, trials)
    theirs = log_likelihood(kernel, params | {"alpha_c": 1.0, "temperature_c": 1 / 1.6}, trials)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)
    trace = replay(sticky, params | {"stickiness": 1.6}, trials)
    last = np.eye(3)[np.asarray(trials.choices[:, :-1])]
    rows = reference.softmax(trace.values[:, 1:], 0.7, 1.6 * 0.7, last)
    np.testing.assert_allclose(trace.choice_p[:, 1:], rows, rtol=0, atol=CHOICE_P_TOLERANCE)


# Numbers at the edges.


@pytest.mark.parametrize("gap", [60.0, 79.0, 120.0])
def test_without_a_lapse_a_choice_that_is_all_but_impossible_keeps_its_log_probability(gap):
    # Both values .5, then one of them 1: with a temperature of .5 / gap the other is `gap` behind.
    model = models.with_lapse(models.rescorla_wagner(2))
    trials = Trials([[0, 1]], [[1.0, 1.0], [0.0, 0.0]])
    params = {"alpha": 1.0, "temperature": 0.5 / gap, "lapse": 0.0}
    ours = log_likelihood(model, params, trials)
    # A quotient and a sum, each rounded once or twice.
    np.testing.assert_allclose(ours, [math.log(0.5) - gap], rtol=8 * UNIT)
    # The least of lapses lifts it to that share of a half.
    small = log_likelihood(model, params | {"lapse": 1e-12}, trials)
    np.testing.assert_allclose(small, [math.log(0.5) + math.log(0.5e-12)], rtol=8 * UNIT)


def total(model, trials):
    return lambda params: log_likelihood(model, params, trials).sum()


@pytest.mark.parametrize(
    "model, outcomes",
    [
        (models.with_lapse(models.rescorla_wagner(2)), [[1.0, 1.0, 0.0, 1.0]]),
        (models.with_lapse(models.rescorla_wagner_choice_kernel(2)), [[1.0, 1.0, 0.0, 1.0]]),
        (models.with_stickiness(models.with_lapse(models.rescorla_wagner(2))), [[1.0, 1.0, 0.0, 1.0]]),
        # Stay after a win, shift after a loss: with 0 lapses these choices are possible, or impossible.
        (models.win_stay_lose_shift(2), [[-1.0, 1.0, 1.0, -1.0]]),
        (models.win_stay_lose_shift(2), [[1.0, -1.0, -1.0, 1.0]]),
    ],
    ids=["learner", "kernel", "inside", "rule kept", "rule broken"],
)
def test_slopes_and_curvatures_are_finite_where_the_lapse_ends(model, outcomes):
    run = total(model, Trials([[0, 1, 1, 1]], outcomes))
    derivatives = jax.jit(lambda params: (jax.grad(run)(params), jax.jacfwd(jax.jacfwd(run))(params)))
    names = [parameter.name for parameter in model.parameters]
    # Gaps of 1, 60 and 120 between the two.
    for lapse, temperature in itertools.product((0.0, 1e-30, 1.0), (1.0, 0.5 / 60, 0.5 / 120)):
        params = dict.fromkeys(names, 0.5) | {name: temperature for name in names if name == "temperature"}
        found = derivatives({name: jnp.float32(x) for name, x in (params | {"lapse": lapse}).items()})
        assert all(np.isfinite(x) for x in jax.tree.leaves(found)), (lapse, temperature)


@some_nestings
def test_the_slopes_of_the_likelihood(parts, x64):
    model = nested(parts)
    run, params = partial(log_likelihood, model, trials=some_trials()), params_inside(model)
    check_grads(run, (params,), order=1, modes=["rev"])
    assert (run(params) < 0).all()


@each_part
def test_the_curvature_of_the_likelihood(part, x64):
    model, trials = nested([part]), some_trials().subjects([0])
    params = {name: x[0] for name, x in params_inside(model).items()}
    run = total(model, trials)
    curvature, slopes = jax.jit(jax.jacfwd(jax.jacfwd(run)))(params), jax.jit(jax.grad(run))
    for name in params:
        # Central differences of exact slopes: the step squared times a fourth derivative, and roundings of
        # 1e-13 over the step, of numbers up to some hundreds.
        up, down = (slopes(params | {name: params[name] + step}) for step in (1e-5, -1e-5))
        for other in params:
            slope = (up[other] - down[other]) / 2e-5
            np.testing.assert_allclose(curvature[other][name], slope, rtol=1e-5, atol=1e-5)


@each_part
def test_float32_parameters_where_float64_is_switched_on(part, x64):
    model = nested([part])
    params = {name: np.float32(x) for name, x in params_inside(model).items()}
    one = some_trials()
    trials = Trials(one.choices, np.asarray(one.outcomes, np.float32))
    assert log_likelihood(model, params, trials).dtype == np.float32
    trace = simulate(KEY, model, params, np.asarray(one.outcomes, np.float32))
    assert trace.choice_p.dtype == np.float32


@each_part
def test_jit_and_vmap(part):
    model, trials = nested([part]), some_trials()
    params = {name: jnp.float32(x) for name, x in params_inside(model).items()}
    run = lambda params: log_likelihood(model, params, trials)  # noqa: E731
    # Other programs: 30 terms below 10 of some roundings each.
    np.testing.assert_allclose(jax.jit(run)(params), run(params), rtol=0, atol=30 * 64 * UNIT)
    two = {name: jnp.stack([x, x / 2]) for name, x in params.items()}
    each = jnp.stack([run(params), run({name: x / 2 for name, x in params.items()})])
    np.testing.assert_allclose(jax.vmap(run)(two), each, rtol=0, atol=30 * 64 * UNIT)


def test_other_numbers_compile_nothing(compilations):
    model, trials = nested(["lapse", "choice_kernel"], n_actions=2), some_trials(2)
    log_likelihood(model, params_inside(model), trials)
    compilations.clear()
    log_likelihood(nested(["lapse", "choice_kernel"], n_actions=2), params_inside(model, seed=1), trials)
    assert compilations == []


# What is made, and what is refused.


@each_part
def test_the_same_call_returns_the_same_model(part):
    plain = models.rescorla_wagner(3)
    model = WITH[part](plain)
    assert WITH[part](models.rescorla_wagner(n_actions=3)) is WITH[part](model=plain) is model
    assert model.name == f"rescorla_wagner+{part}" and model.response is plain.response
    assert model.n_actions == 3 and model.parameters[:2] == plain.parameters
    assert [p.name for p in model.parameters[2:]] == OWN_PARAMETERS[part]
    others = {WITH[part](models.rescorla_wagner(4)), WITH[part](models.asymmetric_rescorla_wagner(3)), plain}
    assert len(others | {model}) == 4 and hash(model) == hash(WITH[part](plain))


def test_a_kernel_with_either_temperature():
    plain = models.rescorla_wagner(2)
    inverse = models.with_choice_kernel(plain, inverse_temperature=True)
    assert models.with_choice_kernel(plain, 1) is models.with_choice_kernel(plain, np.True_) is inverse
    assert models.with_choice_kernel(plain, False) is models.with_choice_kernel(plain) != inverse
    assert [p.name for p in inverse.parameters[2:]] == ["alpha_c", "inverse_temperature_c"]
    assert list(inspect.signature(models.with_choice_kernel).parameters) == ["model", "inverse_temperature"]


def test_a_composition_may_be_made_inside_jit():
    def run(lapse):
        model = models.with_lapse(models.with_forgetting(models.rescorla_wagner(3, initial_value=0.125)))
        params = {"alpha": 0.5, "temperature": 1.0, "forgetting": 0.5, "lapse": lapse}
        return log_likelihood(model, params, some_trials())

    np.testing.assert_allclose(jax.jit(run)(0.25), run(0.25), rtol=0, atol=30 * 64 * UNIT)


def test_the_parameters_and_their_priors():
    dist = pytest.importorskip("numpyro.distributions")
    model = nested(["forgetting", "stickiness", "choice_kernel", "lapse"], n_actions=2)
    of = {parameter.name: parameter for parameter in model.parameters}
    for name in ("forgetting", "alpha_c"):
        assert of[name] == Parameter(name, 0, 1, prior=models.Prior("Beta", (1.1, 1.1)))
    assert of["lapse"] == Parameter("lapse", 0, 1, prior=models.Prior("Beta", (1.1, 9.0)))
    sticky = of["stickiness"]
    assert (sticky.lower, sticky.upper, sticky.unit) == (-math.inf, math.inf, None)
    priors = models.default_priors(model, (0, 100))
    assert list(priors) == list(of)
    assert isinstance(priors["lapse"], dist.Beta) and isinstance(priors["stickiness"], dist.Normal)
    # Logits have no unit: other outcomes change nothing.
    assert priors["stickiness"].loc == 0 and priors["stickiness"].scale == 1


def with_inputs():
    """A reader's own model that looks at a stimulus and at what is on offer, with a state of its own."""

    def update(params, value, trial, chosen, outcome):
        error = chosen * (outcome["paid"] - outcome["cost"] - value)
        return value + params["alpha"] * trial.inputs["salience"] * error, {"errors": error}

    return Model(
        "salient",
        (Parameter("alpha", 0, 1),),
        responses.categorical(2),
        lambda params: jnp.zeros(2),
        lambda params, value, trial: value + trial.inputs["salience"],
        update,
        ("salience",),
    )


@some_nestings
def test_inputs_outcomes_with_names_and_records_go_through(parts):
    model = reduce(lambda model, part: WITH[part](model), parts, with_inputs())
    assert model.inputs == ("salience",)
    rng = np.random.default_rng(5)
    outcomes = {"paid": rng.uniform(size=(8, 2)), "cost": rng.uniform(size=(8, 2))}
    inputs = {"salience": rng.uniform(size=8)}
    params = {name: x[0] for name, x in params_inside(model).items()}
    trace = simulate(KEY, model, params, outcomes, inputs=inputs)
    plain = simulate(KEY, with_inputs(), {"alpha": params["alpha"]}, outcomes, inputs=inputs)
    assert trace.errors.shape == (1, 8, 2)
    if "forgetting" not in parts:
        # The first trial's error depends on no part.
        chosen = int(trace.choices[0, 0])
        expected = outcomes["paid"][0, chosen] - outcomes["cost"][0, chosen]
        np.testing.assert_allclose(trace.errors[0, 0, chosen], expected, rtol=8 * UNIT)
    neutral = {"lapse": 0.0, "stickiness": 0.0, "forgetting": 0.0, "alpha_c": 0.0, "temperature_c": 1.0}
    params = {name: neutral.get(name, x) for name, x in params.items()}
    without = simulate(KEY, model, params, outcomes, inputs=inputs)
    np.testing.assert_array_equal(without.choices, plain.choices)
    np.testing.assert_allclose(without.errors, plain.errors, rtol=0, atol=32 * UNIT)


RATING = Model(
    "rating",
    (Parameter("sd", 0, above=True),),
    responses.normal(),
    lambda params: jnp.zeros(()),
    lambda params, state, trial: (state, params["sd"]),
    lambda params, state, trial, rated, outcome: (state, {}),
)
RACING = RATING._replace(name="racing", response=responses.wald_race(2))
OTHER = models.rescorla_wagner(2)._replace(response=responses.categorical(2)._replace(n_uniforms=2))


@pytest.mark.parametrize(
    "model, expected, received",
    [
        (models.rescorla_wagner, "a Model, as the builders in models make it", "function"),
        (None, "a Model", "NoneType"),
        (RATING, "a model whose response is categorical", "('ratings',)"),
        (RACING, "a model whose response is categorical", "('choices', 'times')"),
        (OTHER, "a model whose response is categorical", "('choices',)"),
    ],
    ids=["a builder", "None", "ratings", "times", "a response of one's own"],
)
@each_part
def test_what_is_no_model_of_choices_is_refused(part, model, expected, received):
    assert_refused(Bad(lambda: WITH[part](model), "model", expected, received))


@pytest.mark.parametrize(
    "make, names, received",
    [
        (lambda: models.with_lapse(models.win_stay_lose_shift(2)), "'lapse'", "win_stay_lose_shift"),
        (lambda: models.with_choice_kernel(models.choice_kernel(2)), "'alpha_c'", "choice_kernel"),
        (lambda: models.with_choice_kernel(models.choice_kernel(2), True), "'alpha_c'", "choice_kernel"),
        *(
            (
                partial(nested, [part, part]),
                repr(OWN_PARAMETERS[part][0]),
                f"rescorla_wagner+{part}, which has one",
            )
            for part in WITH
        ),
        (partial(nested, ["lapse", "stickiness", "lapse"]), "'lapse'", "rescorla_wagner+lapse+stickiness"),
    ],
)
def test_a_parameter_twice_is_refused(make, names, received):
    assert_refused(Bad(make, "model", f"no parameter {names}", received))


@pytest.mark.parametrize(
    "model, received",
    [
        (models.with_stickiness(models.rescorla_wagner(2)), "tuple"),
        (models.choice_kernel(2), "tuple"),
        (models.biased_random(2), "tuple"),
        (with_inputs()._replace(init=lambda params: jnp.zeros((2, 2))), "shape (2, 2)"),
        (with_inputs()._replace(init=lambda params: params["alpha"]), "shape ()"),
        (with_inputs()._replace(init=lambda params: {"value": jnp.zeros(2)}), "dict"),
    ],
    ids=["stickiness", "kernel", "nothing", "a table", "a number", "a dict"],
)
def test_forgetting_is_refused_where_the_state_is_not_one_value_per_action(model, received):
    expected = "a state of one value per action, shape (2,)"
    assert_refused(Bad(lambda: models.with_forgetting(model), "model", expected, received))


# Where forgotten values go.


def forgetting_towards(end, params, choices, outcomes, reset):
    """The log-likelihood of one subject who learns from .5 and forgets towards `end`, in plain Python."""
    value, total = [0.5] * 3, []
    for trial, choice in enumerate(choices):
        value = [0.5] * 3 if reset[trial] else value
        weights = [math.exp(v / params["temperature"]) for v in value]
        total.append(math.log(weights[choice] / sum(weights)))
        for a in range(3):
            goal = outcomes[trial][a] if a == choice else end
            value[a] += params["alpha" if a == choice else "forgetting"] * (goal - value[a])
    return math.fsum(total)


@pytest.mark.parametrize("end", [0.0, -0.25, 0.5])
def test_forgetting_towards_a_number_against_the_loop(end, x64):
    model = models.with_forgetting(models.rescorla_wagner(3), towards=end)
    params, (outcomes, _, reset) = params_inside(model), task_of(3)
    choices = np.random.default_rng(4).integers(0, 3, outcomes.shape[:2])
    trials = Trials(choices, outcomes, reset=reset)
    ours = log_likelihood(model, params, trials)
    for i in range(N_SUBJECTS):
        own, _ = of_subject(i, params)
        exact = forgetting_towards(end, own, choices[i], outcomes[i], reset[i])
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)
    start = log_likelihood(models.with_forgetting(models.rescorla_wagner(3)), params, trials)
    if end == 0.5:  # where values start
        np.testing.assert_allclose(ours, start, rtol=0, atol=LL_TOLERANCE)
    else:
        assert np.abs(ours - start).max() > 1e-2


def test_forgetting_has_two_ends_and_their_names():
    plain = models.rescorla_wagner(3)
    start, none = models.with_forgetting(plain), models.with_forgetting(plain, 0)
    assert models.with_forgetting(plain, "start") is start and start.name == "rescorla_wagner+forgetting"
    assert models.with_forgetting(plain, towards=0.0) is none != start
    assert none.name == "rescorla_wagner+forgetting_towards_0" and none.parameters == start.parameters
    for towards, received in (("end", "'end'"), (math.inf, "inf"), ([0, 0], "shape (2,)")):
        call = partial(models.with_forgetting, plain, towards)
        assert_refused(Bad(call, "towards", "number", received))
