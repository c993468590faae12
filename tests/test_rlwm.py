"""Reinforcement learning beside working memory: the task, the model against a loop in float64, its limits."""

import itertools
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from refusals import Bad, assert_refused

from behavioural_modelling import Trials, log_likelihood, models, replay, simulate, tasks
from behavioural_modelling.learning.rlwm import working_memory_update

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
KEY = jax.random.key(0)
N_SUBJECTS, N_TRIALS, N_SHORT = 27, 40, 3  # 27 sequences of 3 choices among 3 actions

# In float64: 40 terms below 50, the inverse temperature, each with a few dozen roundings of 1e-16.
LL_TOLERANCE, P_TOLERANCE = 1e-10, 1e-12

MODEL = models.rlwm()
FULL = models.rlwm(max_set_size=4, initial_value=0.2, inverse_temperature="free", neglect=True)
BOTH = {"fixed": MODEL, "free, with neglect": FULL}
both_models = pytest.mark.parametrize("model", BOTH.values(), ids=BOTH)


def policy(beta, values, offered):
    """A softmax among what is on offer, in plain floats."""
    best = max(v for v, there in zip(values, offered, strict=True) if there)
    weights = [
        math.exp(beta * (v - best)) if there else 0.0 for v, there in zip(values, offered, strict=True)
    ]
    return [weight / math.fsum(weights) for weight in weights]


def loop(own, choices, outcomes, stimuli, sizes, *, available, mask, reset, feedback, start=1 / 3):
    """One person's log-likelihood, and before each trial the probabilities, the values and the memory."""
    beta, neglect = own.get("inverse_temperature", 50.0), own.get("neglect", 0.0)
    total, told, q, w = 0.0, [], None, None
    for t, (choice, s) in enumerate(zip(choices, stimuli, strict=True)):
        if q is None or reset[t]:
            q, w = ([[start] * 3 for _ in range(6)] for _ in range(2))
        share = own["weight"] * min(1, own["capacity"] / sizes[t])
        policies = (policy(beta, table[s], available[t]) for table in (w, q))
        p = [share * of_w + (1 - share) * of_q for of_w, of_q in zip(*policies, strict=True)]
        told.append((p, list(q[s]), list(w[s])))
        if not mask[t]:
            continue
        total += math.log(p[choice])
        if not feedback[t]:
            continue
        w = [[x + own["decay"] * (start - x) for x in row] for row in w]
        for table, rate in ((q, own["alpha"]), (w, 1.0)):
            error = outcomes[t][choice] - table[s][choice]
            table[s][choice] += (rate if error > 0 else rate * (1 - neglect)) * error
    return total, told


def people(model, seed=0):
    """Parameters inside their ranges, so that no choice is beyond float64."""
    rng = np.random.default_rng(seed)
    params = {p.name: rng.uniform(0.05, 0.95, N_SUBJECTS) for p in model.parameters}
    params["capacity"] = rng.uniform(1, 4, N_SUBJECTS)
    if "inverse_temperature" in params:
        params["inverse_temperature"] = rng.uniform(1, 20, N_SUBJECTS)
    return params


def played(seed=0):
    """Choices, outcomes and what was shown to everybody, with all that trials may have."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS)
    sizes = np.repeat(rng.integers(1, 5, (N_SUBJECTS, 4)), N_TRIALS // 4, axis=1)
    stimuli = (rng.uniform(size=shape) * sizes).astype(int)
    outcomes = rng.integers(0, 2, (*shape, 3)).astype(float)
    available = (rng.uniform(size=outcomes.shape) < 0.8) | (np.arange(3) == 2)
    choices = (rng.uniform(size=available.shape) * available).argmax(axis=-1)
    mask, feedback = (rng.uniform(size=shape) < 0.85 for _ in range(2))
    reset = np.broadcast_to(np.arange(N_TRIALS) % 10 == 0, shape)
    given = {"available": available, "mask": mask, "reset": reset, "feedback": feedback}
    return choices, outcomes, stimuli, sizes, given


def as_trials(choices, outcomes, stimuli, sizes, given):
    return Trials(choices, outcomes, **given, inputs={"stimulus": stimuli, "set_size": sizes})


# The rule, by hand.


def test_the_memory_by_hand():
    memory = jnp.array([[0.5, 1.0], [0.0, 0.25]])
    updated, (before, error) = working_memory_update(
        memory, jnp.array([0, 1]), (1.0, jnp.array([1, 0])), decay=0.5, initial_value=0.5
    )
    np.testing.assert_array_equal(updated, [[0.5, 0.75], [1.0, 0.375]])
    np.testing.assert_array_equal(before, memory)
    np.testing.assert_array_equal(error, [0.75, 0])  # 0 has faded to .25
    # A quarter of a bad outcome is neglected: .75 + .75 * (0 - .75).
    updated, _ = working_memory_update(
        memory, jnp.array([1, 0]), (0.0, jnp.array([0, 1])), decay=0.5, initial_value=0.5, neglect=0.25
    )
    np.testing.assert_array_equal(updated, [[0.5, 0.1875], [0.25, 0.375]])


def test_without_a_response_the_memory_only_fades():
    memory = jnp.array([[0.5, 1.0], [0.0, 0.25]])
    updated, (_, error) = working_memory_update(memory, [0, 1], (1.0, [0, 0]), 0.5, 0.5)
    np.testing.assert_array_equal(updated, [[0.5, 0.75], [0.25, 0.375]])
    np.testing.assert_array_equal(error, [0, 0])


# The model.


@both_models
def test_the_likelihood_and_what_is_told_against_the_loop(model, x64):
    params, (choices, outcomes, stimuli, sizes, given) = people(model), played()
    trials = as_trials(choices, outcomes, stimuli, sizes, given)
    ours, trace = log_likelihood(model, params, trials), replay(model, params, trials)
    start = 0.2 if model is FULL else 1 / 3
    for i in range(N_SUBJECTS):
        own = {name: float(x[i]) for name, x in params.items()}
        of_person = {field: x[i] for field, x in given.items()}
        exact, told = loop(own, choices[i], outcomes[i], stimuli[i], sizes[i], **of_person, start=start)
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)
        counts = of_person["mask"]  # what is told of the others is no matter of the model
        for name, expected in zip(
            ("choice_p", "values", "working_memory"), zip(*told, strict=True), strict=True
        ):
            np.testing.assert_allclose(
                getattr(trace, name)[i][counts], np.array(expected)[counts], rtol=0, atol=P_TOLERANCE
            )


@both_models
def test_the_probabilities_of_all_sequences_add_up_to_one(model, x64):
    _, _, stimuli, sizes, given = played()
    choices = np.zeros((N_SUBJECTS, N_TRIALS), int)
    choices[:, :N_SHORT] = list(itertools.product(range(3), repeat=N_SHORT))
    outcomes = np.broadcast_to([0.0, 1.0, 0.0], (N_SUBJECTS, N_TRIALS, 3))
    # Only the first trials count: one shape, and so one program, for all tests here.
    given = {field: np.ones_like(x) for field, x in given.items()}
    given["mask"] = np.broadcast_to(np.arange(N_TRIALS) < N_SHORT, choices.shape)
    stimuli, sizes = np.zeros_like(stimuli), np.full_like(sizes, 2)
    given["reset"] = np.broadcast_to(np.arange(N_TRIALS) == 0, choices.shape)
    one = {name: np.full(N_SUBJECTS, x[1]) for name, x in people(model).items()}
    total = np.exp(log_likelihood(model, one, as_trials(choices, outcomes, stimuli, sizes, given))).sum()
    np.testing.assert_allclose(total, 1, rtol=0, atol=P_TOLERANCE)


@both_models
def test_slopes_are_right_and_numbers_at_the_bounds(model, x64):
    trials = as_trials(*played())
    score = lambda params: log_likelihood(model, params, trials).sum()  # noqa: E731
    slope = jax.jit(jax.grad(score))
    params = {name: jnp.asarray(x) for name, x in people(model).items()}
    check_grads(jax.jit(score), (params,), order=1, modes=["rev"], rtol=1e-5)
    for parameter in model.parameters:
        for end in {parameter.lower, parameter.upper} - {math.inf}:
            there = slope(params | {parameter.name: jnp.full(N_SUBJECTS, float(end))})
            assert all(np.isfinite(x).all() for x in there.values()), (parameter.name, end)


def test_at_weights_of_0_and_1_the_slope_is_that_of_the_mixture(x64):
    trials = as_trials(*played())
    score = jax.jit(lambda weight: log_likelihood(FULL, people(FULL) | {"weight": weight}, trials))
    slopes = jax.jit(jax.grad(lambda weight: score(weight).sum()))
    step = 1e-7
    for end, sign in ((0.0, 1), (1.0, -1)):
        at = jnp.full(N_SUBJECTS, end)
        # One-sided: off by half a step times the curvature, the square of a ratio of probabilities each.
        difference = sign * (score(at + sign * step) - score(at)) / step
        sized = np.abs(difference) < 1e3
        assert sized.sum() > 5
        np.testing.assert_allclose(slopes(at)[sized], difference[sized], rtol=1e-2, atol=1e-3)


# Limits.


def by_stimulus(seed=0):
    """Trials of one stimulus each, as people of their own, and the same put together in blocks of four."""
    rng = np.random.default_rng(seed)
    choices, outcomes = rng.integers(0, 3, (8, 10)), rng.integers(0, 2, (8, 10, 3)).astype(float)
    place = np.argsort(rng.uniform(size=(2, 40)), axis=1)  # of each person's trials
    order = np.sort(place.reshape(2, 4, 10), axis=-1)
    together = np.zeros((2, 40), int), np.zeros((2, 40, 3)), np.zeros((2, 40), int)
    for i, s in itertools.product(range(2), range(4)):
        for whole, part in zip(together, (choices, outcomes, np.full((8, 10), s)), strict=True):
            whole[i, order[i, s]] = part[4 * i + s]
    return Trials(choices, outcomes), together


@pytest.mark.parametrize("limit", ["values alone", "perfect memory"])
def test_at_its_limits_it_is_rescorla_wagner_for_each_stimulus(limit, x64):
    apart, (choices, outcomes, stimuli) = by_stimulus()
    inputs = {"stimulus": stimuli, "set_size": np.full_like(stimuli, 4)}
    model = models.rlwm(inverse_temperature=3.0)
    values_alone = limit == "values alone"
    params = {"alpha": 0.3, "weight": 0.0, "decay": 0.4, "capacity": 2.0}
    params = params if values_alone else params | {"weight": 1.0, "decay": 0.0, "capacity": 4.0}
    ours = log_likelihood(model, params, Trials(choices, outcomes, inputs=inputs))
    learner = models.rescorla_wagner(3, initial_value=1 / 3, inverse_temperature=True)
    alone = {"alpha": 0.3 if values_alone else 1.0, "inverse_temperature": 3.0}
    theirs = np.asarray(log_likelihood(learner, alone, apart)).reshape(2, 4).sum(axis=1)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)


def test_without_neglect_it_is_the_model_without(x64):
    trials, without = as_trials(*played()), models.rlwm(max_set_size=4)
    params = people(without)
    ours = log_likelihood(models.rlwm(max_set_size=4, neglect=True), params | {"neglect": 0.0}, trials)
    np.testing.assert_allclose(ours, log_likelihood(without, params, trials), rtol=0, atol=LL_TOLERANCE)


def test_points_are_scaled_by_what_is_said_of_them(x64):
    choices, outcomes, *shown = played()
    points = models.rlwm(initial_value=100 / 3, inverse_temperature=0.5)
    ours = log_likelihood(points, people(points), as_trials(choices, 100 * outcomes, *shown))
    theirs = log_likelihood(MODEL, people(MODEL), as_trials(choices, outcomes, *shown))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)


def test_lapses_come_by_composition():
    model = models.with_lapse(MODEL)
    assert [p.name for p in model.parameters] == ["alpha", "decay", "capacity", "weight", "lapse"]
    assert model.inputs == ("stimulus", "set_size") and model.levels == MODEL.levels
    trials = as_trials(*played())
    ours = log_likelihood(model, people(MODEL) | {"lapse": 1.0}, trials)
    offered = np.asarray(trials.available).sum(axis=-1)
    even = (-np.log(offered) * np.asarray(trials.mask)).sum(axis=1)
    np.testing.assert_allclose(ours, even, rtol=0, atol=N_TRIALS * 8 * UNIT)


# What it does, and what it takes.


def test_working_memory_alone_makes_large_sets_harder():
    task = tasks.rlwm(KEY, set_sizes=[2, 6], n_blocks=3, n_repetitions=8, n_subjects=200)
    right = {}
    for weight in (0.0, 0.9):
        params = {"alpha": 0.05, "decay": 0.4, "capacity": 3.0, "weight": weight}
        trace = simulate(KEY, MODEL, params, task, record=("choices",))
        paid = np.take_along_axis(np.asarray(task.outcomes), np.asarray(trace.choices)[..., None], axis=-1)
        small = np.asarray(task.inputs["set_size"]) == 2
        right[weight] = paid[..., 0][small].mean(), paid[..., 0][~small].mean()
    # 1200 stimuli in small sets, 3600 in large ones, whose shares of eight trials have a standard deviation
    # below .25: the difference of their means has one below .009.
    assert abs(right[0.0][0] - right[0.0][1]) < 5 * 0.009
    assert right[0.9][0] > right[0.9][1] + 5 * 0.009


def test_the_same_arguments_give_the_same_model():
    assert models.rlwm() is models.rlwm(np.int64(3), 6, 1 / 3, 50) is MODEL
    assert models.rlwm(4, 5).n_actions == 4
    names = ["alpha", "decay", "capacity", "weight", "inverse_temperature", "neglect"]
    assert [p.name for p in FULL.parameters] == names
    units = {p.name: p.unit for p in FULL.parameters if p.unit}
    assert units == {"inverse_temperature": "per difference"}


def test_the_prior_of_the_capacity_keeps_within_the_largest_set():
    draws = np.asarray(models.default_priors(MODEL)["capacity"].sample(KEY, (20_000,)))
    assert 0 < draws.min() and draws.max() < 6
    # The standard error of a share of 20,000 draws is .0035.
    assert abs((draws < 0.456 * 6).mean() - 0.5) < 5 * 0.0036


def beyond(**changed):
    choices, outcomes, stimuli, sizes, given = played()
    shown = {"stimulus": stimuli, "set_size": sizes} | changed
    trials = Trials(choices, outcomes, inputs=shown)
    return partial(log_likelihood, MODEL, {name: 0.5 for name in people(MODEL)}, trials)


task_of = partial(tasks.rlwm, KEY)
update = partial(working_memory_update, [[0.5, 0.5]])
BAD = {
    "one action": Bad(partial(models.rlwm, 1), "n_actions", "at least 2", "1"),
    "no stimulus": Bad(partial(models.rlwm, 3, 0), "max_set_size", "at least 1", "0"),
    "start": Bad(partial(models.rlwm, initial_value=math.inf), "initial_value", "a finite number", "inf"),
    "word": Bad(partial(models.rlwm, inverse_temperature="high"), "inverse_temperature", "'free'", "'high'"),
    "below 0": Bad(partial(models.rlwm, inverse_temperature=-1), "inverse_temperature", "at least 0", "-1"),
    "stimulus from 1": Bad(
        beyond(stimulus=np.full((N_SUBJECTS, N_TRIALS), 6)), "trials.inputs['stimulus']", "rlwm", "6"
    ),
    "set of none": Bad(
        beyond(set_size=np.zeros((N_SUBJECTS, N_TRIALS), int)), "trials.inputs['set_size']", "rlwm", "0"
    ),
    "no key": Bad(partial(tasks.rlwm, 0), "key", "one random key", "0"),
    "no set size": Bad(partial(task_of, set_sizes=3), "set_sizes", "in a row", "()"),
    "set size of 0": Bad(partial(task_of, set_sizes=[2, 0]), "set_sizes", "at least 1", "0"),
    "half a stimulus": Bad(partial(task_of, set_sizes=[2.5]), "set_sizes", "integers", "float"),
    "no block": Bad(partial(task_of, n_blocks=0), "n_blocks", "at least 1", "0"),
    "never": Bad(partial(task_of, n_repetitions=0), "n_repetitions", "at least 1", "0"),
    "task of one action": Bad(partial(task_of, n_actions=1), "n_actions", "at least 2", "1"),
    "nobody": Bad(partial(task_of, n_subjects=0), "n_subjects", "at least 1", "0"),
    "payoffs": Bad(partial(task_of, payoffs=1), "payoffs", "a pair", "int"),
    "a row": Bad(
        partial(working_memory_update, [0.5, 0.5], [1], (1.0, [1, 0]), 0.5, 0.5),
        "memory",
        "n_stimuli",
        "(2,)",
    ),
    "shown": Bad(partial(update, [2], (1.0, [1, 0]), 0.5, 0.5), "shown", "zeros and ones", "2"),
    "decay": Bad(partial(update, [1], (1.0, [1, 0]), 1.5, 0.5), "decay", "[0, 1]", "1.5"),
    "neglect": Bad(partial(update, [1], (1.0, [1, 0]), 0.5, 0.5, -0.5), "neglect", "[0, 1]", "-0.5"),
    "two starts": Bad(
        partial(update, [1], (1.0, [1, 0]), 0.5, [0.5, 0.5]), "initial_value", "one number", "(2,)"
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_refused(bad):
    assert_refused(bad)


# The task.


@pytest.fixture(scope="module")
def task():
    return tasks.rlwm(KEY, n_blocks=2, n_repetitions=9, n_subjects=20)


def blocks(task, i):
    """Each block of one person: its set size, its stimuli in order, its right actions."""
    begins = np.flatnonzero(np.asarray(task.reset[i]))
    cut = lambda x: np.split(np.asarray(x), begins)  # noqa: E731
    return zip(
        *map(cut, (task.inputs["set_size"][i], task.inputs["stimulus"][i], task.outcomes[i])), strict=True
    )


def test_each_block_shows_its_stimuli_alike_and_rewards_one_action_each(task):
    for i in range(20):
        seen = []
        for sizes, stimuli, paid in blocks(task, i):
            (size,) = set(sizes.tolist())
            seen.append(size)
            np.testing.assert_array_equal(np.bincount(stimuli), [9] * size)
            right = paid.argmax(axis=-1)
            np.testing.assert_array_equal(paid, np.eye(3)[right])
            of_stimulus = [set(right[stimuli == s].tolist()) for s in range(size)]
            assert all(len(actions) == 1 for actions in of_stimulus)
            counts = np.bincount([min(actions) for actions in of_stimulus], minlength=3)
            assert counts.max() - counts.min() <= 1
        assert sorted(seen) == [2, 2, 3, 3, 4, 4, 5, 5, 6, 6]


def test_blocks_stimuli_and_right_actions_are_in_random_order(task):
    first_sizes = {int(x) for x in task.inputs["set_size"][:, 0]}
    assert len(first_sizes) > 2
    rights = np.array(
        [[paid.argmax(axis=-1)[stimuli == 0][0] for _, stimuli, paid in blocks(task, i)] for i in range(20)]
    )
    # 200 right actions of stimulus 0, each action with probability 1/3: a standard error of .033.
    assert np.abs(np.bincount(rights.ravel()) / 200 - 1 / 3).max() < 5 * 0.034
    repeats = np.mean(
        [np.mean(np.diff(stimuli) == 0) for i in range(20) for _, stimuli, _ in blocks(task, i)]
    )
    # In random order a stimulus of n, 9 times each, follows itself in 8 / (9n - 1) of the trials.
    expected = np.mean([8 / (9 * n - 1) for n in (2, 3, 4, 5, 6)])
    assert abs(repeats - expected) < 0.03


def test_subjects_go_by_their_number_and_share_one_order_where_none_is_told(task):
    fewer = tasks.rlwm(KEY, n_blocks=2, n_repetitions=9, n_subjects=2)
    np.testing.assert_array_equal(fewer.outcomes, task.outcomes[:2])
    np.testing.assert_array_equal(fewer.inputs["stimulus"], task.inputs["stimulus"][:2])
    shared = tasks.rlwm(KEY, n_blocks=2, n_repetitions=9, payoffs=(-1, 1))
    assert shared.n_subjects is None and set(np.unique(shared.outcomes)) == {-1, 1}
    np.testing.assert_array_equal(shared.outcomes > 0, np.asarray(task.outcomes[:1]) > 0)
