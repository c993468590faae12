"""simulate: many subjects at once."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

from behavioural_modelling import (
    Model,
    Trace,
    Trials,
    log_likelihood,
    models,
    responses,
    simulate,
    simulation,
    utils,
)
from behavioural_modelling.learning import rescorla_wagner as rw

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS, N_ACTIONS = 12, 50, 3
MODEL = models.asymmetric_rescorla_wagner(N_ACTIONS)
TWO_ACTIONS = models.asymmetric_rescorla_wagner(2)

# As in test_rescorla_wagner.py: three roundings per trial of numbers of at most 1, and probabilities
# that move by at most dv / (2 temperature), with temperatures of at least .1.
VALUE_TOLERANCE = 3 * UNIT * N_TRIALS
CHOICE_P_TOLERANCE = VALUE_TOLERANCE / (2 * 0.1) + 20 * UNIT

RECORDED = ("values", "choice_p", "choices", "prediction_errors")


def some_params(n_subjects=N_SUBJECTS, seed=0):
    """One set of parameters per subject; a larger sample begins with the smaller one."""
    alpha_p, alpha_n, temperature = np.random.default_rng(seed).uniform(size=(n_subjects, 3)).T
    params = {"alpha_p": alpha_p, "alpha_n": alpha_n, "temperature": 0.1 + temperature}
    return {name: x.astype(np.float32) for name, x in params.items()}


def some_outcomes(*shape, seed=0):
    shape = shape or (N_TRIALS, N_ACTIONS)
    return (np.random.default_rng(seed).uniform(size=shape) < 0.5).astype(np.float32)


def assert_close(trace, other):
    """The same choices, and the same numbers up to rounding."""
    np.testing.assert_array_equal(trace.choices, other.choices)
    for name, tolerance in (
        ("values", VALUE_TOLERANCE),
        ("choice_p", CHOICE_P_TOLERANCE),
        ("prediction_errors", VALUE_TOLERANCE),
    ):
        ours, theirs = getattr(trace, name), getattr(other, name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def loop_over_subjects(key, params, outcomes, **task):
    """`reference.play` for every subject, given the random numbers that `simulate` documents."""
    n_subjects, n_trials = len(params["alpha_p"]), outcomes.shape[-2]
    own = np.broadcast_to(outcomes, (n_subjects, *outcomes.shape[-2:]))
    subjects = []
    for i in range(n_subjects):
        uniforms = np.asarray(jax.random.uniform(jax.random.fold_in(key, i), (n_trials,)))
        numbers = (params[name][i] for name in ("alpha_p", "alpha_n", "temperature"))
        rest = {name: x[i] if len(x) == n_subjects else x for name, x in task.items()}
        subjects.append(reference.play(uniforms, own[i], *numbers, **rest))
    records = (np.stack(record) for record in zip(*subjects, strict=True))
    return Trace(**dict(zip(RECORDED, records, strict=True)))


@pytest.mark.parametrize("n_subjects, own_outcomes", [(1, True), (3, False), (3, True)])
def test_shapes_and_types(n_subjects, own_outcomes):
    shape = (n_subjects, 7, N_ACTIONS)[0 if own_outcomes else 1 :]
    trace = simulate(jax.random.key(0), MODEL, some_params(n_subjects), some_outcomes(*shape))
    assert isinstance(trace, Trace) and set(trace.records) == set(RECORDED) and trace.parts == ("choices",)
    for name in ("values", "choice_p", "prediction_errors"):
        assert getattr(trace, name).shape == (n_subjects, 7, N_ACTIONS)
        assert getattr(trace, name).dtype == jnp.float32
    assert trace.choices.shape == (n_subjects, 7)
    assert trace.choices.dtype == jnp.int32
    # Three numbers of at most 1 are added.
    np.testing.assert_allclose(trace.choice_p.sum(axis=-1), 1, rtol=0, atol=8 * UNIT)


def test_numbers_alone_make_one_subject():
    params = {"alpha_p": 0.3, "alpha_n": 0.1, "temperature": 1}
    trace = simulate(jax.random.key(0), MODEL, params, some_outcomes())
    assert trace.choices.shape == (1, N_TRIALS)
    one = simulate(jax.random.key(0), MODEL, {n: [x] for n, x in params.items()}, some_outcomes())
    assert_close(trace, one)


def test_a_number_is_every_subjects():
    params = some_params() | {"temperature": 0.5}
    trace = simulate(jax.random.key(0), MODEL, params, some_outcomes())
    each = params | {"temperature": np.full(N_SUBJECTS, 0.5)}
    assert_close(trace, simulate(jax.random.key(0), MODEL, each, some_outcomes()))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("own_outcomes", [False, True], ids=["shared", "own outcomes"])
def test_against_the_loop(seed, own_outcomes):
    shape = (N_SUBJECTS, N_TRIALS, N_ACTIONS)[0 if own_outcomes else 1 :]
    key, params, outcomes = jax.random.key(seed), some_params(), some_outcomes(*shape, seed=seed)
    trace = simulate(key, MODEL, params, outcomes)
    assert_close(trace, loop_over_subjects(key, params, outcomes))


def test_against_the_loop_in_float64(x64):
    key, outcomes = jax.random.key(1), some_outcomes().astype(np.float64)
    params = {name: x.astype(np.float64) for name, x in some_params().items()}
    trace = simulate(key, MODEL, params, outcomes)
    loop = loop_over_subjects(key, params, outcomes)
    np.testing.assert_array_equal(trace.choices, loop.choices)
    for name in ("values", "choice_p", "prediction_errors"):
        assert getattr(trace, name).dtype == jnp.float64
        # The tolerances above with units of 2**-53: below 1e-13.
        np.testing.assert_allclose(getattr(trace, name), getattr(loop, name), rtol=0, atol=1e-13)


def some_task(own):
    """What is on offer, the last action always, and resets: each subject's own or all subjects'."""
    rng, shape = np.random.default_rng(3), (N_SUBJECTS, N_TRIALS, N_ACTIONS)
    available = (rng.uniform(size=shape) < 0.5) | (np.arange(N_ACTIONS) == N_ACTIONS - 1)
    reset = rng.uniform(size=shape[:2]) < 0.1
    return {"available": available, "reset": reset} if own else {"available": available[0], "reset": reset[0]}


@pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
def test_choice_sets_and_resets_against_the_loop(own):
    key, params, outcomes, task = jax.random.key(20), some_params(), some_outcomes(), some_task(own)
    trace = simulate(key, MODEL, params, outcomes, **task)
    assert_close(trace, loop_over_subjects(key, params, outcomes, **task))
    on_offer = np.broadcast_to(task["available"], trace.choice_p.shape)
    reset = np.broadcast_to(task["reset"], trace.choices.shape)
    assert (np.asarray(trace.choice_p)[~on_offer] == 0).all() and not on_offer.all()
    assert np.take_along_axis(on_offer, np.asarray(trace.choices)[..., None], axis=-1).all()
    assert (np.asarray(trace.values)[reset] == 0.5).all() and reset.sum() > 2


def test_the_likelihood_of_choices_among_those_on_offer():
    params, outcomes, task = some_params(), some_outcomes(), some_task(own=True)
    trace = simulate(jax.random.key(21), MODEL, params, outcomes, **task)
    chosen = np.asarray(trace.choices)[..., None]
    log_p = np.log(np.take_along_axis(np.asarray(trace.choice_p, np.float64), chosen, axis=-1)).sum((1, 2))
    ours = log_likelihood(MODEL, params, Trials(trace.choices, outcomes, **task))
    # On every trial both are rounded: a logit is off by up to two values over a temperature of .1, its
    # log-probability by twice that, and by some units of its own size, which is at most 12.
    per_trial = 2 * (2 * VALUE_TOLERANCE / 0.1) + 40 * 12 * UNIT
    np.testing.assert_allclose(ours, log_p, rtol=0, atol=2 * N_TRIALS * per_trial)


def test_everything_on_offer_and_no_reset_change_nothing():
    key, params, outcomes, task = jax.random.key(22), some_params(), some_outcomes(), some_task(own=True)
    trace = simulate(key, MODEL, params, outcomes)
    everything, never = np.ones_like(task["available"]), np.zeros_like(task["reset"])
    first = np.broadcast_to(np.arange(N_TRIALS) == 0, never.shape)
    for reset in (never, first):
        assert_close(simulate(key, MODEL, params, outcomes, available=everything, reset=reset), trace)


def test_another_choice_set_for_one_subject_leaves_the_others_alone():
    key, params, outcomes, task = jax.random.key(23), some_params(), some_outcomes(), some_task(own=True)
    others = np.arange(N_SUBJECTS) != 4
    changed = {"available": task["available"].copy(), "reset": task["reset"].copy()}
    changed["available"][4], changed["reset"][4] = True, False
    one, other = (simulate(key, MODEL, params, outcomes, **each) for each in (task, changed))
    assert (one.choices[4] != other.choices[4]).any()
    jax.tree.map(lambda x, y: np.testing.assert_array_equal(x[others], y[others]), one, other)


@pytest.mark.parametrize("task", [{"available": np.ones((3, 4, 2), bool)}, {"reset": np.zeros((3, 4), bool)}])
def test_the_task_says_how_many_subjects_there_are(task):
    params = {"alpha_p": 0.3, "alpha_n": 0.1, "temperature": 1.0}
    shapes = jax.eval_shape(lambda: simulate(jax.random.key(0), TWO_ACTIONS, params, np.ones((4, 2)), **task))
    assert shapes.choices.shape == (3, 4)


@pytest.mark.parametrize(
    "model, params",
    [
        (models.win_stay_lose_shift(3), {"lapse": 0.0}),
        (models.biased_random(3), {"bias_0": 1.0, "bias_1": 0.5}),
    ],
    ids=["win_stay_lose_shift", "biased_random"],
)
def test_a_choice_is_on_offer_even_if_the_model_says_never(model, params):
    # Action 0 always pays, and after the first trial it is not on offer.
    available = np.array([[True, False, False], [False, True, True], [False, True, True]])
    trace = simulate(jax.random.key(24), model, params, np.eye(3)[[0] * 3], available=available)
    assert trace.choices[0, 0] == 0 and (trace.choices[0, 1:] > 0).all()
    assert (np.asarray(trace.choice_p)[0][~available] == 0).all()


def test_equals_the_vmapped_iterator():
    key, params, outcomes = jax.random.key(2), some_params(), some_outcomes()
    trace = simulate(key, MODEL, params, outcomes)
    iterate = jax.vmap(rw.asymmetric_rescorla_wagner_update_choice_iterator, in_axes=(None, 0, 0, 0, None, 0))
    values, choice_p, choices, errors = iterate(
        outcomes, *params.values(), N_ACTIONS, utils.subject_keys(key, N_SUBJECTS)
    )
    records = values, choice_p, choices.argmax(axis=-1), errors
    assert_close(trace, Trace(**dict(zip(RECORDED, records, strict=True))))


def test_own_outcomes_that_are_alike_equal_shared_ones():
    outcomes = some_outcomes()
    shared = simulate(jax.random.key(3), MODEL, some_params(), outcomes)
    own = simulate(jax.random.key(3), MODEL, some_params(), np.stack([outcomes] * N_SUBJECTS))
    assert_close(own, shared)


@pytest.mark.parametrize("n_subjects", [1, 40])
def test_a_subject_does_not_depend_on_how_many_there_are(n_subjects):
    key, outcomes, n_shared = jax.random.key(4), some_outcomes(), min(n_subjects, N_SUBJECTS)
    trace = simulate(key, MODEL, some_params(), outcomes)
    other = simulate(key, MODEL, some_params(n_subjects), outcomes)
    assert_close(*(jax.tree.map(lambda x: x[:n_shared], t) for t in (trace, other)))


def test_a_subject_does_not_depend_on_the_others():
    key = jax.random.key(5)
    outcomes, changed = some_outcomes(N_SUBJECTS, N_TRIALS, N_ACTIONS), some_params(seed=1)
    params = some_params()
    others = np.arange(N_SUBJECTS) != 4
    mixed = {name: np.where(others, changed[name], params[name]) for name in params}
    mixed_outcomes = np.where(others[:, None, None], 1 - outcomes, outcomes)
    trace = simulate(key, MODEL, params, outcomes)
    other = simulate(key, MODEL, mixed, mixed_outcomes)
    assert_close(*(jax.tree.map(lambda x: x[4], t) for t in (trace, other)))
    assert (trace.choices != other.choices).any()


def test_different_keys_differ_and_the_same_key_repeats():
    run = partial(simulate, model=MODEL, params=some_params(), outcomes=some_outcomes())
    one, again, other = (run(jax.random.key(seed)).choices for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    old = run(jax.random.PRNGKey(0)).choices
    np.testing.assert_array_equal(old, one)


RECORDS = [("values",), ("choice_p",), ["choices"], "choices", ("prediction_errors", "choice_p")]


@pytest.mark.parametrize("record", [*RECORDS, tuple(reversed(RECORDED)), None], ids=str)
def test_only_what_is_asked_for_is_kept(record):
    key, params, outcomes = jax.random.key(6), some_params(2), some_outcomes(5, N_ACTIONS)
    trace = simulate(key, MODEL, params, outcomes, record=record)
    everything = simulate(key, MODEL, params, outcomes)
    asked = RECORDED if record is None else [record] if isinstance(record, str) else record
    assert set(trace.records) == set(asked)
    for name in RECORDED:
        if name in asked:
            # The same numbers; the compiler may fuse them differently, as in CHOICE_P_TOLERANCE.
            np.testing.assert_allclose(
                getattr(trace, name), getattr(everything, name), rtol=0, atol=CHOICE_P_TOLERANCE
            )
        else:
            assert getattr(trace, name) is None


def test_the_trace_feeds_into_trials():
    for shape in ((N_TRIALS, N_ACTIONS), (N_SUBJECTS, N_TRIALS, N_ACTIONS)):
        outcomes = some_outcomes(*shape)
        trace = simulate(jax.random.key(7), MODEL, some_params(), outcomes)
        trials = Trials(trace.choices, outcomes)
        np.testing.assert_array_equal(trials.choices, trace.choices)
        np.testing.assert_array_equal(trials.outcomes, outcomes if len(shape) == 3 else outcomes[None])


def test_choices_follow_the_choice_probabilities():
    n_subjects = 500
    trace = simulate(jax.random.key(8), MODEL, some_params(n_subjects), some_outcomes())
    chosen = np.eye(N_ACTIONS)[np.asarray(trace.choices)]
    p = np.asarray(trace.choice_p, dtype=np.float64)
    # Choice minus probability has mean 0 given the past, so the sum over all trials has the variance
    # sum p (1 - p). Over early and late trials and every action apart, within 5 standard errors.
    for trials in (slice(0, 1), slice(1, 10), slice(10, N_TRIALS)):
        excess = (chosen - p)[:, trials].sum(axis=(0, 1))
        standard_error = np.sqrt((p * (1 - p))[:, trials].sum(axis=(0, 1)))
        assert (np.abs(excess) < 5 * standard_error).all()
    # Likely and unlikely choices apart: a draw from too flat or too sharp probabilities would show.
    for low, high in itertools.pairwise([0, 0.1, 0.3, 0.6, 0.9, 1.01]):
        here = (p >= low) & (p < high)
        excess = (chosen - p)[here].sum()
        assert abs(excess) < 5 * np.sqrt((p * (1 - p))[here].sum())


TASK = {
    "alternating": [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]],
    "the first always pays": [[1.0, 0.0]] * 4,
}
SEQUENCES = list(itertools.product(range(2), repeat=4))


def probability_of(sequence, params, outcomes):
    """The probability of a sequence of choices, by the functions of the model."""
    state, probability = TWO_ACTIONS.init(params), 1.0
    for choice, outcome in zip(sequence, outcomes, strict=True):
        probability *= jax.nn.softmax(TWO_ACTIONS.predict(params, state, models.Trial()))[choice]
        given = models.Trial(), jnp.eye(2)[choice], jnp.asarray(outcome)
        state, _ = TWO_ACTIONS.update(params, state, *given)
    return probability


@pytest.mark.parametrize("outcomes", TASK.values(), ids=TASK)
@pytest.mark.parametrize("numbers", [(0.5, 0.25, 0.2), (0.9, 0.1, 1.0), (0.0, 1.0, 0.05)], ids=str)
def test_the_probabilities_of_all_sequences_add_up_to_one(outcomes, numbers):
    params = dict(zip(("alpha_p", "alpha_n", "temperature"), map(jnp.float32, numbers), strict=True))
    probabilities = np.array([float(probability_of(s, params, outcomes)) for s in SEQUENCES])
    # Four factors with 8 units each, times the 1 that they add up to.
    np.testing.assert_allclose(probabilities.sum(), 1, rtol=0, atol=40 * UNIT)
    exact = [reference.sequence_probability(s, outcomes, *numbers) for s in SEQUENCES]
    # Four values with 3 roundings each over a temperature of .05, and the softmax itself.
    np.testing.assert_allclose(probabilities, exact, rtol=0, atol=4 * 12 * UNIT / 0.05)


@pytest.mark.parametrize("outcomes", TASK.values(), ids=TASK)
def test_the_frequencies_of_all_sequences(outcomes):
    n_subjects, numbers = 40_000, (0.6, 0.3, 0.3)
    names = ("alpha_p", "alpha_n", "temperature")
    params = {name: np.full(n_subjects, x) for name, x in zip(names, numbers, strict=True)}
    trace = simulate(jax.random.key(9), TWO_ACTIONS, params, outcomes, record=("choices",))
    codes = np.asarray(trace.choices) @ [8, 4, 2, 1]
    frequencies = np.bincount(codes, minlength=16) / n_subjects
    p = np.array([reference.sequence_probability(s, outcomes, *numbers) for s in SEQUENCES])
    # 16 frequencies, each within 5 of its standard errors.
    assert (np.abs(frequencies - p) < 5 * np.sqrt(p * (1 - p) / n_subjects)).all()


@pytest.mark.parametrize("trial", [0, 20, N_TRIALS - 1])
def test_what_is_recorded_on_a_trial_comes_before_its_outcome(trial):
    outcomes = some_outcomes()
    changed = outcomes.copy()
    changed[trial:] = 5 - changed[trial:]
    one, other = (simulate(jax.random.key(10), MODEL, some_params(), o) for o in (outcomes, changed))
    for name in ("values", "choice_p", "choices"):
        np.testing.assert_array_equal(
            getattr(one, name)[:, : trial + 1], getattr(other, name)[:, : trial + 1]
        )
    assert (one.prediction_errors[:, trial] != other.prediction_errors[:, trial]).any(axis=-1).all()
    if trial + 1 < N_TRIALS:
        assert (one.values[:, trial + 1] != other.values[:, trial + 1]).any(axis=-1).all()


def test_inside_a_readers_jit():
    key, params, outcomes = jax.random.key(11), some_params(), some_outcomes()
    trace = jax.jit(lambda *args: simulate(args[0], MODEL, *args[1:]))(key, params, outcomes)
    assert_close(trace, simulate(key, MODEL, params, outcomes))


def test_inside_a_readers_vmap_over_keys():
    keys = jax.random.split(jax.random.key(12), 4)
    run = partial(simulate, model=MODEL, params=some_params(3), outcomes=some_outcomes())
    traces = jax.vmap(run)(keys)
    assert traces.choices.shape == (4, 3, N_TRIALS)
    for i, key in enumerate(keys):
        assert_close(jax.tree.map(lambda x: x[i], traces), run(key))  # noqa: B023


def test_inside_a_readers_vmap_over_params():
    params, key, outcomes = some_params(), jax.random.key(13), some_outcomes()
    traces = jax.vmap(lambda one: simulate(key, MODEL, one, outcomes))(params)
    assert traces.choices.shape == (N_SUBJECTS, 1, N_TRIALS)
    one = simulate(key, MODEL, {name: x[5] for name, x in params.items()}, outcomes)
    assert_close(jax.tree.map(lambda x: x[5], traces), one)


def test_inside_a_readers_grad(x64):
    params = {name: jnp.asarray(x[:2], jnp.float64) for name, x in some_params().items()}
    outcomes = some_outcomes().astype(np.float64)

    def total(params):
        trace = simulate(jax.random.key(14), MODEL, params, outcomes)
        return (trace.values**2).sum() + trace.choice_p[..., 0].sum()

    gradient = jax.jit(jax.grad(total))(params)
    # The choices stay as they are under a small enough step, so central differences are the gradient:
    # the step of 1e-6 has an error of about 1e-12 times a third derivative of below 1e5.
    for name in params:
        step = {n: x + 1e-6 * (n == name) * jnp.array([1, 0]) for n, x in params.items()}
        back = {n: x - 1e-6 * (n == name) * jnp.array([1, 0]) for n, x in params.items()}
        difference = (total(step) - total(back)) / 2e-6
        np.testing.assert_allclose(gradient[name][0], difference, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("temperature", [1e-6, 1e6])
def test_numbers_and_gradients_are_finite_at_the_edges(alpha, temperature):
    def total(params):
        trace = simulate(jax.random.key(15), MODEL, params, 1e3 * some_outcomes())
        return trace.values.mean() + trace.choice_p[..., 0].sum(), trace

    params = {"alpha_p": alpha, "alpha_n": alpha, "temperature": temperature}
    gradient, trace = jax.grad(total, has_aux=True)(params)
    assert all(np.isfinite(x).all() for x in jax.tree.leaves((gradient, trace)))


def test_one_trial_and_many_actions():
    trace = simulate(
        jax.random.key(16),
        models.rescorla_wagner(20),
        {"alpha": 0.5, "temperature": 1.0},
        np.ones((1, 20)),
    )
    assert trace.values.shape == (1, 1, 20)
    np.testing.assert_allclose(trace.choice_p, 1 / 20, rtol=32 * UNIT)


def test_params_may_come_in_any_order_and_any_type():
    params, outcomes = some_params(2), some_outcomes()
    trace = simulate(jax.random.key(17), MODEL, params, outcomes)
    turned = {name: jnp.asarray(params[name]) for name in reversed(params)}
    assert_close(simulate(jax.random.key(17), MODEL, turned, outcomes), trace)
    listed = {name: x.tolist() for name, x in params.items()}
    assert_close(simulate(jax.random.key(17), MODEL, listed, outcomes.tolist()), trace)
    whole = {"alpha_p": 1, "alpha_n": 0, "temperature": 2}
    assert simulate(jax.random.key(17), MODEL, whole, outcomes.astype(int)).values.max() == 1


def test_compiled_once_per_model_and_shape(compilations):
    def run(seed, n_subjects=4, n_trials=9, initial_value=0.5):
        return simulate(
            jax.random.key(seed),
            models.asymmetric_rescorla_wagner(N_ACTIONS, initial_value),
            some_params(n_subjects, seed),
            some_outcomes(n_trials, N_ACTIONS, seed=seed),
        )

    run(0)
    compiled = simulation._simulate_in_blocks._cache_size()
    compilations.clear()
    for seed in range(1, 4):
        run(seed)
    assert compilations == []
    assert simulation._simulate_in_blocks._cache_size() == compiled
    run(0, n_subjects=5)
    run(0, n_trials=10)
    run(0, initial_value=0.25)
    assert simulation._simulate_in_blocks._cache_size() == compiled + 3


def test_traced_once_per_shape():
    traced = []

    def init(params):
        traced.append("init")
        return jnp.zeros(2)

    parameters, update = (models.Parameter("x", 0),), lambda p, s, t, c, o: (s, {"chosen": c})
    model = Model("counted", parameters, responses.categorical(2), init, lambda p, s, t: s, update)
    simulate(jax.random.key(0), model, {"x": [0.1, 1.0]}, np.zeros((3, 2)))  # and the check of the model
    traced.clear()
    simulate(jax.random.key(0), model, {"x": [0.1, 1.0]}, np.zeros((4, 2)))
    once = len(traced)
    for seed in range(1, 4):
        simulate(jax.random.key(seed), model, {"x": [0.1 * seed, 1.0]}, np.full((4, 2), seed))
    assert 1 <= once == len(traced)
    simulate(jax.random.key(0), model, {"x": [0.1, 1.0, 2.0]}, np.zeros((3, 2)))
    assert len(traced) == 2 * once


def test_float16_outcomes_are_computed_in_float32():
    outcomes = jnp.ones((20, 2), dtype=jnp.float16)
    params = {"alpha": 0.5, "temperature": 1e-8}
    trace = simulate(jax.random.key(0), models.rescorla_wagner(2), params, outcomes)
    assert trace.choice_p.dtype == jnp.float32
    np.testing.assert_allclose(trace.choice_p.sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize("record", [5, (), ("values", "kernel"), {"values": True}])
def test_record_must_name_what_is_there(record):
    with pytest.raises(ValueError, match="^record: expected"):
        simulate(
            jax.random.key(0),
            models.rescorla_wagner(2),
            {"alpha": 0.5, "temperature": 0.1},
            jnp.ones((5, 2)),
            record=record,
        )


def test_a_traced_initial_value_is_refused():
    with pytest.raises(ValueError, match="^initial_value: expected"):
        jax.jit(lambda v: models.rescorla_wagner(2, initial_value=v).init({"a": v}))(0.3)
