"""The tasks that react: what they pay, when they change, where they lead."""

import math
import pickle
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling.models import Trial
from behavioural_modelling.tasks import (
    _parts,
    bandit,
    contextual_bandit,
    gaussian_bandit,
    restless_bandit,
    reversal,
    reversal_at_criterion,
    two_step,
    volatility,
)

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
FOUR = 4  # Monte-Carlo standard errors that a mean may be off: 1 in 16 000 is farther off by chance

BUILDERS = {
    "bandit": lambda n: bandit(n, [0.8, 0.2]),
    "gaussian_bandit": lambda n: gaussian_bandit(n, [1.0, 2.0, 3.0], sd=0.5),
    "restless_bandit": lambda n: restless_bandit(n, 4),
    "restless_bandit from a start": lambda n: restless_bandit(n, 2, start=[0.3, 0.6]),
    "contextual_bandit": lambda n: contextual_bandit(n, [[0.8, 0.2], [0.2, 0.8], [0.5, 0.5]]),
    "reversal": lambda n: reversal(n, [0.8, 0.2], at=[5, 10]),
    "volatility": lambda n: volatility([(8, None), (n - 8, 3)], [0.8, 0.2], show_block=True),
    "reversal_at_criterion": lambda n: reversal_at_criterion(n, [0.8, 0.2, 0.2], n_correct=2, window=3),
    "two_step": lambda n: two_step(n // 2),
}
REACTING = ("reversal_at_criterion", "two_step")
OUTCOME_TOLERANCE = 8 * 4 * UNIT  # some roundings of a graded outcome, a number of about 4 at most
each_task = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
each_that_does_not_react = pytest.mark.parametrize(
    "build", [build for name, build in BUILDERS.items() if name not in REACTING]
)


MANY = 4000  # subjects, where a frequency is looked at
MOST_TRIALS = 200


@cache
def keys_of(seed):
    """The keys of the subjects, and those of their trials: on the host, which cuts them without compiling."""
    subject_keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(seed), np.arange(MANY))
    by_trial = jax.vmap(jax.vmap(jax.random.fold_in, (0, None)), (None, 0))
    trial_keys = jax.jit(by_trial)(subject_keys, np.arange(MOST_TRIALS))
    return np.asarray(jax.random.key_data(subject_keys)), np.asarray(jax.random.key_data(trial_keys))


def play(task, choices, seed=0, compiled=True):
    """Many subjects play: one loop over trials, the key of each `fold_in(key, trial)`, the state handed on.

    Args:
        task: The task.
        choices: What is chosen, shape (n_subjects, n_trials).
        seed: Of the key; subject i's own is `fold_in(key, i)`.
        compiled: Whether a trial is compiled as a whole, which pays from about 20 trials on.

    Returns:
        What was shown, a dict of (n_subjects, n_trials); outcomes, (n_subjects, n_trials, n_actions); and the
        states before each trial, each with these two leading axes.
    """
    choices = np.asarray(choices, np.int32)
    subject_keys, trial_keys = (keys[..., : len(choices), :] for keys in keys_of(seed))
    play_trial = compiled_trial(task) if compiled else mapped_trial(task)
    state, rows = jax.vmap(task.init)(jax.random.wrap_key_data(subject_keys)), []
    for t, choice in enumerate(choices.T):
        shown, outcome, after = play_trial(trial_keys[t], np.int32(t), state, choice)
        rows.append(jax.tree.map(np.asarray, (shown, outcome, state)))
        state = after
    return jax.tree.map(lambda *leaves: np.stack(leaves, axis=1), *rows)


def mapped_trial(task):
    """One trial of many subjects: what is shown, what is paid, and the state after it."""

    def play_trial(key_data, t, state, choice):
        key = jax.random.wrap_key_data(key_data)
        return task.show(state, t).inputs, *task.respond(key, state, choice)

    return jax.vmap(play_trial, (0, None, 0, 0))


@cache
def compiled_trial(task):
    return jax.jit(mapped_trial(task))


def responses_from(task, state, choice=0):
    """What many subjects in one state are paid, shape (MANY, n_actions), and their states after it."""
    keys = jax.random.wrap_key_data(keys_of(0)[1][0])
    told = jax.vmap(task.respond, (0, None, None), axis_size=MANY)(keys, state, choice)
    return jax.tree.map(np.asarray, told)


def some_choices(n_subjects, task, seed=0):
    return np.random.default_rng(seed).integers(task.n_actions, size=(n_subjects, task.n_trials))


def assert_frequency(hits, probability):
    """The mean of independent draws is their probability, up to chance; certain ones are certain."""
    assert np.size(hits) > 100
    error = math.sqrt(probability * (1 - probability) / np.size(hits))
    assert abs(np.mean(hits, dtype=float) - probability) <= FOUR * error


# What holds for every task.


@each_task
@pytest.mark.parametrize("precision", [32, 64])
def test_the_state_keeps_its_shapes_and_types(build, precision, request):
    if precision == 64:
        request.getfixturevalue("x64")
    task = build(20)
    state = jax.eval_shape(task.init, jax.random.key(0))
    shown = jax.eval_shape(task.show, state, 3)
    outcome, after = jax.eval_shape(task.respond, jax.random.key(0), state, jnp.int32(1))
    assert isinstance(shown, Trial) and shown.available is None
    assert all(x.shape == () and x.dtype == jnp.int32 for x in shown.inputs.values())
    assert (outcome.shape, outcome.dtype) == ((task.n_actions,), jnp.dtype(f"float{precision}"))
    assert jax.tree.structure(after) == jax.tree.structure(state)
    for old, new in zip(jax.tree.leaves(state), jax.tree.leaves(after), strict=True):
        assert (new.shape, new.dtype, new.weak_type) == (old.shape, old.dtype, old.weak_type)
    assert not any(x.weak_type for x in jax.tree.leaves((state, outcome)))


@each_task
def test_compiled_and_mapped_tasks_pay_as_a_plain_loop_does(build):
    task, n_subjects = build(20), 3
    choices = some_choices(n_subjects, task)
    shown, outcomes, states = play(task, choices)
    for i in range(n_subjects):
        key = jax.random.fold_in(jax.random.key(0), i)
        state = task.init(key)
        for t in range(task.n_trials):
            # A walk of 20 steps rounds a few times per step, each time a number of at most 3.
            ours = jax.tree.leaves((task.show(state, t).inputs, state))
            theirs = jax.tree.leaves(jax.tree.map(lambda x, i=i, t=t: x[i, t], (shown, states)))
            for x, y in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(x, y, rtol=0, atol=20 * 5 * 3 * UNIT)
            outcome, state = task.respond(jax.random.fold_in(key, t), state, int(choices[i, t]))
            np.testing.assert_allclose(outcome, outcomes[i, t], rtol=0, atol=OUTCOME_TOLERANCE)


@each_task
def test_a_task_runs_in_a_scan(build):
    task = build(20)
    choices = some_choices(3, task)
    key = jax.random.fold_in(jax.random.key(0), 1)

    def step(state, trial):
        t, choice = trial
        outcome, after = task.respond(jax.random.fold_in(key, t), state, choice)
        return after, (task.show(state, t).inputs, outcome)

    trials = (jnp.arange(task.n_trials), jnp.asarray(choices[1], jnp.int32))
    _, (shown, outcomes) = jax.jit(lambda: jax.lax.scan(step, task.init(key), trials))()
    looped = play(task, choices)
    np.testing.assert_allclose(outcomes, looped[1][1], rtol=0, atol=OUTCOME_TOLERANCE)
    assert shown.keys() == looped[0].keys()
    for name, x in shown.items():
        np.testing.assert_array_equal(x, looped[0][name][1])


@each_that_does_not_react
def test_outcomes_go_by_key_and_trial_alone_where_nothing_reacts(build):
    task = build(20)
    choices = some_choices(3, task)
    outcomes = play(task, choices)[1]
    np.testing.assert_array_equal(play(task, 1 - choices % 2)[1], outcomes)
    np.testing.assert_array_equal(play(task, choices[:, :7])[1], outcomes[:, :7])
    assert (play(task, choices, seed=1)[1] != outcomes).any()


@pytest.mark.parametrize("name", ["restless_bandit", "reversal"])
def test_a_longer_task_begins_like_a_shorter_one(name):
    short, long = (BUILDERS[name](n) for n in (20, 40))
    choices = some_choices(3, short)
    np.testing.assert_array_equal(play(long, choices)[1], play(short, choices)[1])


@pytest.mark.parametrize("seed", range(2))
def test_a_trial_of_a_bandit_needs_no_trial_before_it(seed):
    task = bandit(30, [0.5, 0.5])
    outcomes = play(task, np.zeros((1, 30)), seed)[1]
    key = jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), 0), 29)
    np.testing.assert_array_equal(task.respond(key, (), 0)[0], outcomes[0, 29])


@pytest.mark.parametrize(
    "make",
    [
        lambda x, n: bandit(n(9), x([0.75, 0.25]), payoffs=(n(0), n(1))),
        lambda x, n: gaussian_bandit(n(9), x([1.0, 2.0]), sd=x([0.5, 0.5])),
        lambda x, n: restless_bandit(n(9), n(2), start=x([0.5, 0.5]), bounds=(0.25, 0.75)),
        lambda x, n: contextual_bandit(n(9), x([[0.75, 0.25], [0.5, 1.0]])),
        lambda x, n: reversal(n(9), x([0.75, 0.25]), at=x([3, 6])),
        lambda x, n: volatility([(n(9), None), (n(8), n(4))], x([0.75, 0.25])),
        lambda x, n: reversal_at_criterion(n(9), x([0.75, 0.25]), n_correct=n(3)),
        lambda x, n: two_step(n(9), common=0.75, payoffs=(n(-1), n(1))),
    ],
)
def test_the_same_arguments_give_the_same_task(make):
    task = make(list, int)
    assert make(np.array, np.int64) is make(jnp.asarray, int) is make(tuple, int) is task
    # Inside jit, too, the settings stay on the host, and nothing that is traced stays behind in the task.
    jax.jit(lambda: task is make(list, int) or 1 / 0)()
    assert pickle.loads(pickle.dumps(task)) is task


def test_settings_that_come_to_the_same_give_the_same_task():
    assert gaussian_bandit(9, [1, 2], sd=3) is gaussian_bandit(9, [1.0, 2.0], sd=[3.0, 3.0])
    assert restless_bandit(9, 2, start=0.5) is restless_bandit(9, 2, start=[0.5, 0.5])
    assert reversal(9, [0.8, 0.2], at=4) is reversal(9, [0.8, 0.2], at=range(4, 5))
    assert reversal_at_criterion(9, [0.8, 0.2], n_correct=3) is reversal_at_criterion(
        9, [0.8, 0.2], n_correct=3, window=3
    )


def test_other_arguments_give_another_task():
    tasks = [
        *(bandit(9, [0.8, 0.2]), bandit(8, [0.8, 0.2]), bandit(9, [0.2, 0.8])),
        *(bandit(9, [0.8, 0.2], payoffs=(-1.0, 1.0)), restless_bandit(9, 2), restless_bandit(9, 2, sd=0.1)),
        *(restless_bandit(9, 2, start=0.5), restless_bandit(9, 2, bounds=(0.2, 0.8)), two_step(9)),
        *(two_step(9, common=0.8), two_step(9, sd=0.1), two_step(9, bounds=(0.2, 0.8))),
        *(reversal(9, [0.8, 0.2], at=3), reversal(9, [0.8, 0.2], at=4)),
    ]
    assert len(set(tasks)) == len(tasks)


def test_names_and_sizes():
    built = {name: build(20) for name, build in BUILDERS.items()}
    assert [task.name for task in built.values()] == [name.split(" ")[0] for name in built]
    assert {task.n_trials for task in built.values()} == {20}
    assert [task.n_actions for task in built.values()] == [2, 3, 4, 2, 2, 2, 2, 3, 2]


# Bandits.


@pytest.mark.parametrize("low, high", [(0, 1), (-2.5, 100), (0, -3)])
def test_a_bandit_pays_with_its_probabilities(low, high):
    probabilities = [0.0, 0.2, 0.7, 1.0]
    task = bandit(50, probabilities, payoffs=(low, high))
    outcomes, _ = responses_from(task, ())
    assert set(np.unique(outcomes)) == {low, high}
    for action, probability in enumerate(probabilities):
        assert_frequency(outcomes[:, action] == high, probability)


def correlation(x, y):
    return np.corrcoef(np.ravel(x), np.ravel(y))[0, 1]


@pytest.mark.parametrize(
    "task", [bandit(41, [0.5, 0.5]), gaussian_bandit(41, [1.0, 1.0], sd=1.0)], ids=lambda task: task.name
)
def test_draws_of_actions_trials_and_subjects_are_apart(task):
    _, outcomes, _ = play(task, np.zeros((101, 41)))
    n = 100 * 40  # of independent pairs, whose correlation has a standard error of 1 / sqrt(n)
    for other in (outcomes[:-1, :-1, 1], outcomes[1:, :-1, 0], outcomes[:-1, 1:, 0], outcomes[:-1, 1:, 1]):
        assert abs(correlation(outcomes[:-1, :-1, 0], other)) < FOUR / math.sqrt(n)


def test_graded_outcomes_have_their_means_and_standard_deviations():
    means, sds, n = np.array([-10.0, 40.0, 60.0]), np.array([0.0, 2.0, 8.0]), MANY
    outcomes, _ = responses_from(gaussian_bandit(50, means, sd=sds), ())
    x = outcomes.astype(float)
    np.testing.assert_array_equal(x[:, 0], -10)
    assert (abs(x.mean(axis=0) - means) <= FOUR * sds / math.sqrt(n)).all()
    # The standard error of a normal sample's standard deviation is sd / sqrt(2 n).
    assert (abs(x.std(axis=0) - sds) <= FOUR * sds / math.sqrt(2 * n)).all()
    # A normal sample lies within one standard deviation with probability .6827.
    assert_frequency(abs(x[:, 2] - 60) < 8, 0.682689)


@pytest.mark.parametrize(
    "x, reflected",
    # Within the bounds and at them nothing changes; .02 beyond comes back .02 inside; a step from side to
    # side is folded again: 1.30 to .20 to .30, -.40 to .90 to .60, 2.30 to -.80 to 1.30 and on.
    [(0.5, 0.5), (0.25, 0.25), (0.75, 0.75), (0.77, 0.73), (0.2, 0.3), (1.3, 0.3), (-0.4, 0.6), (2.3, 0.3)]
    + [(1.25, 0.25), (-0.25, 0.75)],
)
def test_the_reflection_by_hand(x, reflected):
    # Four roundings of numbers of at most 2.3, and that of x.
    assert abs(float(_parts.reflected(jnp.float32(x), 0.25, 0.75)) - reflected) < 5 * 2.3 * UNIT


def reflected(x, low, high):
    """Step back over the bound as long as one lies beyond it."""
    while not low <= x <= high:
        x = 2 * high - x if x > high else 2 * low - x
    return x


def test_a_walk_is_the_one_of_a_numpy_loop():
    sd = 0.4  # so wide that many steps are reflected, and some twice
    task = restless_bandit(60, 3, sd=sd)
    probabilities = play(task, np.zeros((1, 60)))[2][0]
    key = jax.random.fold_in(jax.random.key(0), 0)
    p = np.asarray(probabilities[0], float)
    for t in range(60):
        # Six roundings a step of numbers below 3, which reflections neither shrink nor stretch.
        np.testing.assert_allclose(probabilities[t], p, rtol=0, atol=6 * 3 * UNIT * (t + 1))
        walk_key = jax.random.split(jax.random.fold_in(key, t))[1]
        steps = sd * np.asarray(jax.random.normal(walk_key, (3,)), float)
        p = np.array([reflected(x, 0.25, 0.75) for x in p + steps])


@pytest.mark.parametrize("low, high", [(0.1, 0.3), (0.0, 1.0)])
def test_a_walk_stays_in_its_bounds_and_reaches_all_of_them(low, high):
    task = restless_bandit(200, 2, sd=0.3, bounds=(low, high))
    probabilities = play(task, np.zeros((50, 200)))[2]
    assert probabilities.min() >= np.float32(low) and probabilities.max() <= np.float32(high)
    # The walk is even over its bounds in the long run, and with steps that wide at once: of 20 000 numbers,
    # about 200 lie within the hundredth next to a bound.
    place = (probabilities - low) / (high - low)
    assert (place < 0.01).sum() > 100 and (place > 0.99).sum() > 100


def steps_from(start, sd=0.025):
    """Steps of a walk within [.25, .75]."""
    _, after = responses_from(restless_bandit(2, 2, sd=sd), jnp.full(2, start))
    return np.ravel(after.astype(float) - start)


def test_the_steps_of_a_walk_have_their_standard_deviation():
    steps = steps_from(0.5)  # ten standard deviations from the bounds
    assert abs(steps.mean()) < FOUR * 0.025 / math.sqrt(steps.size)
    assert abs(steps.std() - 0.025) < FOUR * 0.025 / math.sqrt(2 * steps.size)
    assert (steps_from(0.5, sd=0) == 0).all()


@pytest.mark.parametrize("bound, inwards", [(0.25, 1), (0.75, -1)])
def test_from_a_bound_all_steps_lead_inwards(bound, inwards):
    steps = inwards * steps_from(bound)
    assert (steps >= 0).all()
    # The size of a normal step: its mean is sd sqrt(2 / pi), its variance sd^2 (1 - 2 / pi).
    error = 0.025 * math.sqrt((1 - 2 / math.pi) / steps.size)
    assert abs(steps.mean() - 0.025 * math.sqrt(2 / math.pi)) < FOUR * error


def test_walks_are_apart_from_each_other_and_from_what_is_paid():
    task = restless_bandit(41, 2, sd=0.01, start=0.5, bounds=(0.0, 1.0))
    _, outcomes, probabilities = play(task, np.zeros((100, 41)))
    steps = np.diff(probabilities, axis=1)
    n = 100 * 39
    others = steps[:, :-1, 1], steps[:, 1:, 0], steps[:, 1:, 1], outcomes[:, :-2, 0], outcomes[:, 1:-1, 0]
    for other in others:
        assert abs(correlation(steps[:, :-1, 0], other)) < FOUR / math.sqrt(n)


def test_a_restless_bandit_pays_before_it_walks():
    task = restless_bandit(2, 2, bounds=(0.0, 1.0), sd=0.5)
    outcomes, after = responses_from(task, jnp.array([1.0, 0.0]))
    assert (outcomes == [1, 0]).all()
    assert after[:, 0].mean() < 0.8 and after[:, 1].mean() > 0.2


def test_walks_begin_anywhere_within_their_bounds_or_at_their_start():
    n, key = MANY, jax.random.key(0)
    keys = jax.random.wrap_key_data(keys_of(0)[0])
    states = np.asarray(jax.vmap(restless_bandit(1, 2, bounds=(0.2, 0.6)).init)(keys))
    place = np.sort((states - 0.2) / 0.4, axis=0)
    even = (np.arange(n) + 0.5) / n
    # Kolmogorov and Smirnov: a distance above 1.95 / sqrt(n) comes by chance 1 time in 1000.
    assert abs(place - even[:, None]).max() < 1.95 / math.sqrt(n)
    assert abs(correlation(*states.T)) < FOUR / math.sqrt(n)
    started = restless_bandit(1, 2, start=[0.3, 0.7]).init(key)
    np.testing.assert_array_equal(started, np.float32([0.3, 0.7]))


def test_where_a_walk_begins_says_no_more_of_the_first_outcomes_than_its_probability():
    # The subject's key and the keys of its trials are related: draws from them must not be the same.
    task = restless_bandit(3, 2, bounds=(0.0, 1.0), sd=0.0)
    _, outcomes, probabilities = play(task, np.zeros((MANY, 3)), compiled=False)
    upper = probabilities[:, 0] > 0.5
    for trial in range(3):
        for action in range(2):
            # Half of all start above .5, evenly: with probability 3/4 on average. Likewise below, with 1/4.
            paid, high = outcomes[:, trial, action], upper[:, action]
            assert_frequency(paid[high], 0.75)
            assert_frequency(paid[~high], 0.25)


def test_a_contextual_bandit_pays_by_the_context_that_it_shows():
    task = contextual_bandit(30, np.eye(3))
    shown, outcomes, _ = play(task, some_choices(20, task), compiled=False)
    np.testing.assert_array_equal(outcomes, np.eye(3)[shown["context"]])
    assert (shown["context"][:, 1:] != shown["context"][:, :-1]).any()


def test_contexts_are_even_and_each_has_its_probabilities():
    probabilities = np.array([[0.8, 0.3], [0.1, 0.6], [0.5, 1.0]])
    task = contextual_bandit(20, probabilities, payoffs=(-1.0, 1.0))
    shown, outcomes, _ = play(task, some_choices(1000, task))
    context = shown["context"]
    assert context.dtype == np.int32 and set(np.unique(context)) == {0, 1, 2}
    for c in range(3):
        assert_frequency(context == c, 1 / 3)
        assert_frequency(context[:, 0] == c, 1 / 3)  # drawn by init
        assert_frequency(context[:, 1] == c, 1 / 3)  # and by respond
        # A context says nothing of the next, nor what was paid of what is shown then.
        assert_frequency(context[:, 1:][context[:, :-1] == c] == c, 1 / 3)
        assert_frequency(context[:, 1:][outcomes[:, :-1, 0] == 1] == c, 1 / 3)
        for trials in (slice(0, 1), slice(None)):
            here = context[:, trials] == c
            for action in range(2):
                assert_frequency(outcomes[:, trials, action][here] == 1, probabilities[c, action])


# Reversals.


def sure(*better):
    """Outcomes of two actions, the better one paying 1 for sure, the other 0."""
    return np.eye(2)[list(better)]


@pytest.mark.parametrize(
    "at, better",
    [
        ([3], [0, 0, 0, 1, 1, 1]),
        (1, [0, 1, 1, 1, 1, 1]),
        ([5], [0, 0, 0, 0, 0, 1]),
        ([2, 3, 5], [0, 0, 1, 0, 0, 1]),
        (np.arange(1, 6), [0, 1, 0, 1, 0, 1]),
    ],
)
def test_a_reversal_comes_on_its_very_trial(at, better):
    task = reversal(6, [1.0, 0.0], at=at)
    shown, outcomes, _ = play(task, some_choices(2, task), compiled=False)
    np.testing.assert_array_equal(outcomes, [sure(*better)] * 2)
    assert shown == {}


def test_a_reversal_turns_the_order_of_the_actions_round():
    task = reversal(4, [1.0, 0.0, 0.0, 0.0], at=[2], payoffs=(-1.0, 5.0))
    outcomes = play(task, np.zeros((1, 4)), compiled=False)[1][0]
    np.testing.assert_array_equal(outcomes, [[5, -1, -1, -1]] * 2 + [[-1, -1, -1, 5]] * 2)


def test_before_and_after_a_reversal_the_probabilities_are_those_given():
    task = reversal(40, [0.8, 0.5, 0.1], at=[20])
    before, after = (responses_from(task, jnp.int32(trial))[0] for trial in (19, 20))
    for action, probability in enumerate([0.8, 0.5, 0.1]):
        assert_frequency(before[:, action], probability)
        assert_frequency(after[:, 2 - action], probability)


@pytest.mark.parametrize(
    "blocks, better, volatile",
    [
        # Stretches of 5, of 2, 2 and 2, and of 3 trials.
        (((5, None), (6, 2), (3, None)), [0] * 5 + [1, 1, 0, 0, 1, 1] + [0] * 3, [0] * 5 + [1] * 6 + [0] * 3),
        # A last stretch that is shorter; and volatile first.
        (((5, 2), (4, None)), [0, 0, 1, 1, 0, 1, 1, 1, 1], [1] * 5 + [0] * 4),
        (((3, None), (2, None)), [0, 0, 0, 1, 1], [0] * 5),
        (((4, 1),), [0, 1, 0, 1], [1] * 4),
        (((4, None),), [0] * 4, [0] * 4),
    ],
)
def test_stable_and_volatile_blocks(blocks, better, volatile):
    shows = volatility(blocks, [1.0, 0.0], show_block=True)
    hides = volatility(list(map(list, blocks)), [1.0, 0.0])
    assert shows.n_trials == hides.n_trials == len(better)
    shown, outcomes, _ = play(shows, some_choices(2, shows), compiled=False)
    np.testing.assert_array_equal(outcomes, [sure(*better)] * 2)
    np.testing.assert_array_equal(shown["volatility"], [volatile] * 2)
    assert shown["volatility"].dtype == np.int32
    shown, outcomes, _ = play(hides, some_choices(2, hides), compiled=False)
    np.testing.assert_array_equal(outcomes, [sure(*better)] * 2)
    assert shown == {}


def test_volatile_blocks_pay_with_the_probabilities_given():
    task = volatility([(20, None), (20, 10)], [0.7, 0.2], payoffs=(-1.0, 1.0))
    for trial, better in ((0, 0), (19, 0), (20, 1), (29, 1), (30, 0), (39, 0)):
        outcomes, _ = responses_from(task, jnp.int32(trial))
        assert_frequency(outcomes[:, better] == 1, 0.7)
        assert_frequency(outcomes[:, 1 - better] == 1, 0.2)


N_SUBJECTS = 30  # as many in both tests of the criterion, whose tasks are then compiled once


def reversed_after(choices, best, n_correct, window):
    """Whether the probabilities are reversed on each trial: the criterion in plain Python."""
    is_reversed, since, told = False, [], []
    for choice in choices:
        told.append(is_reversed)
        since.append(choice == best[is_reversed])
        if window is None:
            reached = len(since) >= n_correct and all(since[-n_correct:])
        else:
            reached = sum(since[-window:]) >= n_correct
        if reached:
            is_reversed, since = not is_reversed, []
    return told


@pytest.mark.parametrize(
    "n_actions, n_correct, window",
    [(2, 1, None), (2, 3, None), (2, 2, 3), (3, 3, 5), (2, 5, 80)],
)
def test_the_criterion_is_the_one_of_plain_python(n_actions, n_correct, window):
    sure_action = np.eye(n_actions)
    task = reversal_at_criterion(60, sure_action[0], n_correct=n_correct, window=window)
    choices = some_choices(N_SUBJECTS, task)
    _, outcomes, _ = play(task, choices)
    best = (0, n_actions - 1)
    told = np.array([reversed_after(row, best, n_correct, window) for row in choices.tolist()])
    assert np.diff(told, axis=1).sum() >= 10, "too few reversals to test"
    np.testing.assert_array_equal(outcomes, sure_action[np.where(told, best[1], best[0])])


@pytest.mark.parametrize(
    "n_correct, window, choices, better",
    [
        # Three in a row: an error starts the count anew, and so does a reversal.
        (3, None, [0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0]),
        # Two among three: 0, 1, 0 reach it. After it the 0 before counts no more: it takes two new ones.
        (2, 3, [0, 1, 0, 1, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1, 1, 1, 0]),
        # One alone: every correct choice reverses.
        (1, None, [0, 1, 0, 0, 1], [0, 1, 0, 1, 1]),
    ],
)
def test_the_criterion_by_hand(n_correct, window, choices, better):
    task = reversal_at_criterion(60, [1.0, 0.0], n_correct=n_correct, window=window)
    _, outcomes, _ = play(task, [choices] * N_SUBJECTS)
    np.testing.assert_array_equal(outcomes, [sure(*better)] * N_SUBJECTS)


def test_a_criterion_looks_at_what_is_best_not_at_what_paid():
    task = reversal_at_criterion(9, [0.02, 0.01], n_correct=2)
    state = task.init(jax.random.key(0))
    outcomes, (is_reversed, recent) = responses_from(task, state, choice=0)
    assert_frequency(outcomes[:, 0], 0.02)
    np.testing.assert_array_equal(is_reversed, [False] * MANY)
    np.testing.assert_array_equal(recent, [[False, True]] * MANY)
    outcomes, (is_reversed, recent) = responses_from(task, (is_reversed[0], recent[0]), choice=0)
    assert_frequency(outcomes[:, 0], 0.02)  # the reversal is for the next trial
    np.testing.assert_array_equal(is_reversed, [True] * MANY)
    np.testing.assert_array_equal(recent, [[False, False]] * MANY)
    outcomes, _ = responses_from(task, (is_reversed[0], recent[0]), choice=0)
    assert_frequency(outcomes[:, 0], 0.01)


@pytest.mark.parametrize("task", [reversal_at_criterion(9, [0.8, 0.2], n_correct=1), two_step(9)])
def test_a_choice_may_come_with_its_time(task):
    key, others = jax.random.key(0), 0
    state = task.init(key)
    for choice in (0, 1):
        plain = task.respond(key, state, jnp.int32(choice))
        timed = task.respond(key, state, {"choices": jnp.int32(choice), "times": jnp.float32(0.4)})
        assert jax.tree.all(jax.tree.map(jnp.array_equal, plain, timed))
        others += not jax.tree.all(jax.tree.map(jnp.array_equal, plain, task.respond(key, state, 1 - choice)))
    assert others == 2  # so the choice does tell


# Two steps.


@pytest.fixture(scope="module")
def played_two_step():
    """400 subjects, 25 trials: choices, what was shown, outcomes, and planets and probabilities before."""
    choices = some_choices(400, two_step(25))
    shown, outcomes, (planet, probabilities) = play(two_step(25), choices)
    return choices, shown, outcomes, planet, probabilities.astype(float)


def test_rows_are_by_turns_first_and_second_stages(played_two_step):
    _, shown, outcomes, planet, _ = played_two_step
    assert two_step(25).n_trials == 50
    np.testing.assert_array_equal(shown["stage"], [[0, 1] * 25] * 400)
    np.testing.assert_array_equal(shown["planet"] == 0, shown["stage"] == 0)
    assert set(np.unique(shown["planet"][:, 1::2])) == {1, 2}
    assert {x.dtype for x in shown.values()} == {np.dtype(np.int32)}
    assert (outcomes[:, 0::2] == 0).all()
    assert set(np.unique(outcomes[:, 1::2])) == {0, 1}
    np.testing.assert_array_equal(shown["planet"], planet)


def test_the_first_choice_leads_to_its_planet_with_the_common_probability(played_two_step):
    choices, shown, outcomes, *_ = played_two_step
    first, planet = choices[:, 0::2], shown["planet"][:, 1::2]
    for choice in range(2):
        assert_frequency(planet[first == choice] == choice + 1, 0.7)
    # Where it leads says nothing of what it pays, nor of where the next one leads.
    is_common = planet == first + 1
    assert abs(correlation(is_common, outcomes[:, 1::2, 0])) < FOUR / math.sqrt(is_common.size)
    assert abs(correlation(is_common[:, 1:], is_common[:, :-1])) < FOUR / math.sqrt(is_common[:, 1:].size)


@pytest.mark.parametrize("common, payoffs", [(1.0, (-1.0, 1.0)), (0.0, (2.0, 3.0))])
def test_sure_transitions_and_other_payoffs(common, payoffs):
    task, key, told = two_step(12, common=common, payoffs=payoffs), jax.random.key(0), []
    state = task.init(key)
    for t, choice in enumerate(np.tile([0, 1, 1, 0], 6).tolist()):
        shown = {name: int(x) for name, x in task.show(state, t).inputs.items()}
        outcome, state = task.respond(jax.random.fold_in(key, t), state, choice)
        told.append((shown["stage"], shown["planet"], *outcome.tolist()))
    stages, planets, *paid = np.array(told).T
    assert stages.tolist() == [0, 1] * 12
    # The first choices are 0, 1, 0, 1 and so on.
    assert planets[0::2].tolist() == [0] * 12
    assert planets[1::2].tolist() == ([1, 2] if common else [2, 1]) * 6
    assert (np.array(paid)[:, 0::2] == 0).all() and set(np.ravel(paid)) == {0, *payoffs}


@pytest.mark.parametrize("planet, paid", [(0, [0, 0]), (1, [5, 2]), (2, [2, 5])])
def test_each_planet_pays_with_its_own_probabilities(planet, paid):
    task = two_step(5, bounds=(0.0, 1.0), payoffs=(2.0, 5.0))
    state = (jnp.int32(planet), jnp.eye(2))
    for choice in range(2):
        outcome, _ = task.respond(jax.random.key(3), state, choice)
        np.testing.assert_array_equal(outcome, paid)


def test_second_stages_pay_with_the_probabilities_of_the_state(played_two_step):
    _, _, outcomes, planet, probabilities = played_two_step
    subject, row = np.nonzero(planet > 0)
    p = probabilities[subject, row, planet[subject, row] - 1]
    paid = outcomes[subject, row]
    for place in (p < 0.4, (p >= 0.4) & (p < 0.6), p >= 0.6):
        # A sum of independent draws, each with its own probability: its variance is the sum of p (1 - p).
        error = math.sqrt((p * (1 - p))[place].sum())
        assert place.sum() > 1000 and abs((paid - p)[place].sum()) < FOUR * error


def test_all_probabilities_walk_after_the_second_stage_and_rest_after_the_first(played_two_step):
    p = played_two_step[-1]
    np.testing.assert_array_equal(p[:, 0::2], p[:, 1::2])
    assert p.min() >= 0.25 and p.max() <= 0.75
    # Five standard deviations from the bounds nothing is reflected.
    inside = abs(p[:, 0:-2:2] - 0.5) < 0.125
    steps = (p[:, 2::2] - p[:, 0:-2:2])[inside]
    assert inside.sum() > 5000
    assert abs(steps.mean()) < FOUR * 0.025 / math.sqrt(steps.size)
    assert abs(steps.std() - 0.025) < FOUR * 0.025 / math.sqrt(2 * steps.size)
    every = np.diff(p[:, 0::2], axis=1).reshape(-1, 4)
    assert (every != 0).mean(axis=0).min() > 0.999  # on both planets, for both actions
    apart = np.corrcoef(every.T)[np.triu_indices(4, 1)]
    assert abs(apart).max() < FOUR / math.sqrt(len(every))


def test_the_two_step_walk_begins_evenly_within_its_bounds(played_two_step):
    n = 400
    start = played_two_step[-1][:, 0].reshape(n, 4)
    place = np.sort((start - 0.25) / 0.5, axis=0)
    assert abs(place - ((np.arange(n) + 0.5) / n)[:, None]).max() < 1.95 / math.sqrt(n)


def test_the_first_trials_say_no_more_of_the_start_than_its_probabilities():
    task = two_step(2, bounds=(0.0, 1.0), sd=0.0)
    choices = some_choices(MANY, task)
    _, outcomes, (planet, probabilities) = play(task, choices)
    for row in (1, 3):
        p = np.take_along_axis(probabilities[:, row], planet[:, row, None, None] - 1, axis=1)[:, 0]
        for action in range(2):
            assert_frequency(outcomes[:, row, action][p[:, action] > 0.5], 0.75)
        is_common = planet[:, row] == choices[:, row - 1] + 1
        assert_frequency(is_common[p[:, 0] > 0.5], 0.7)


# What is refused.

PAIR, TWO = (0.8, 0.2), "one number per action, for at least 2 actions"


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: bandit(0, PAIR), "n_trials: expected at least 1, got 0"),
        (lambda: bandit(10.0, PAIR), "n_trials: expected a whole number, got 10.0"),
        (lambda: bandit(9, [0.8]), f"probabilities: expected {TWO}, got shape \\(1,\\)"),
        (lambda: bandit(9, 0.8), f"probabilities: expected {TWO}, got shape \\(\\)"),
        (lambda: bandit(9, [PAIR, PAIR]), f"probabilities: expected {TWO}, got shape \\(2, 2\\)"),
        (lambda: bandit(9, [0.8, 1.2]), r"probabilities: expected a number in \[0, 1\], got 1.2 at index 1"),
        (lambda: bandit(9, [-0.1, 1]), r"probabilities: expected a number in \[0, 1\], got -0.1 at index 0"),
        (lambda: bandit(9, [np.nan, 1]), r"probabilities: expected a number in \[0, 1\], got nan at index 0"),
        (lambda: bandit(9, ["a", "b"]), "probabilities: expected real numbers, got <U1 values"),
        (lambda: bandit(9, PAIR, payoffs=(1.0,)), "payoffs: expected a pair, got 1 of them"),
        (lambda: bandit(9, PAIR, payoffs=1.0), "payoffs: expected a pair, got float"),
        (lambda: bandit(9, PAIR, payoffs=(0, np.nan)), "payoffs: expected finite numbers, got nan at"),
        (lambda: bandit(9, PAIR, payoffs=(PAIR, PAIR)), r"payoffs: expected two numbers, got shape \(2, 2\)"),
        (lambda: gaussian_bandit(0, PAIR, sd=1), "n_trials: expected at least 1, got 0"),
        (lambda: gaussian_bandit(9, [1.0], sd=1), f"means: expected {TWO}, got shape \\(1,\\)"),
        (lambda: gaussian_bandit(9, [1, np.inf], sd=1), "means: expected finite numbers, got inf at index 1"),
        (lambda: gaussian_bandit(9, PAIR, sd=-1), "sd: expected a finite number of at least 0, got -1"),
        (lambda: gaussian_bandit(9, PAIR, sd=[1, -2]), "sd: .* of at least 0, got -2 at index 1"),
        (lambda: gaussian_bandit(9, PAIR, sd=[1, 2, 3]), r"sd: .* one per action, .*got shape \(3,\)"),
        (lambda: restless_bandit(0, 2), "n_trials: expected at least 1, got 0"),
        (lambda: restless_bandit(9, 1), "n_actions: expected at least 2, got 1"),
        (lambda: restless_bandit(9, 2, sd=-0.1), "sd: expected a finite number of at least 0, got -0.1"),
        (lambda: restless_bandit(9, 2, sd=np.inf), "sd: expected a finite number of at least 0, got inf"),
        (lambda: restless_bandit(9, 2, sd=[0.1, 0.1]), r"sd: expected one number, got shape \(2,\)"),
        (lambda: restless_bandit(9, 2, bounds=0.5), "bounds: expected a pair, got float"),
        (lambda: restless_bandit(9, 2, bounds=(0.7, 0.3)), r"bounds: .* smaller first, got \(0.7, 0.3\)"),
        (lambda: restless_bandit(9, 2, bounds=(0.5, 0.5)), r"bounds: .* smaller first, got \(0.5, 0.5\)"),
        (lambda: restless_bandit(9, 2, bounds=(-0.1, 1)), r"bounds: expected two prob.*\(-0.1, 1.0\)"),
        (lambda: restless_bandit(9, 2, bounds=(0, 1.1)), r"bounds: expected two prob.*\(0.0, 1.1\)"),
        (lambda: restless_bandit(9, 2, start=0.8), r"start: expected a number in \[0.25, 0.75\], got 0.8"),
        (lambda: restless_bandit(9, 2, start=[0.5] * 3), r"start: expected .*shape \(2,\), got shape \(3,\)"),
        (lambda: restless_bandit(9, 2, payoffs=(1.0,)), "payoffs: expected a pair, got 1 of them"),
        (lambda: contextual_bandit(0, [PAIR]), "n_trials: expected at least 1, got 0"),
        (lambda: contextual_bandit(9, PAIR), r"probabilities: .*\(n_contexts, n_actions\).* \(2,\)"),
        (lambda: contextual_bandit(9, [[0.5]]), r"probabilities: .* at least 2 actions, got shape \(1, 1\)"),
        (lambda: contextual_bandit(9, np.ones((0, 2))), r"probabilities: .* got shape \(0, 2\)"),
        (lambda: contextual_bandit(9, [PAIR, (0.5, 2)]), r"probabilities: .* got 2 at index \(1, 1\)"),
        (lambda: contextual_bandit(9, [PAIR, (0.5,)]), "probabilities: expected a rectangular array"),
        (lambda: reversal(0, PAIR, at=1), "n_trials: expected at least 1, got 0"),
        (lambda: reversal(9, [0.8], at=1), f"probabilities: expected {TWO}"),
        (lambda: reversal(9, [0.5, 0.5], at=1), "probabilities: expected a row that a reversal changes"),
        (lambda: reversal(9, [0.2, 0.8, 0.2], at=1), "probabilities: expected a row that a reversal changes"),
        (lambda: reversal(9, PAIR, at=[]), r"at: expected the trials of the reversals, .* got shape \(0,\)"),
        (lambda: reversal(9, PAIR, at=[[1, 2]]), r"at: expected the trials of .* got shape \(1, 2\)"),
        (lambda: reversal(9, PAIR, at=[2.0]), "at: expected integers, got float64 values"),
        (lambda: reversal(9, PAIR, at=[0, 3]), "at: expected trials from 1 to 8, got 0 at index 0"),
        (lambda: reversal(9, PAIR, at=[3, 9]), "at: expected trials from 1 to 8, got 9 at index 1"),
        (lambda: reversal(9, PAIR, at=[3, 3]), r"at: expected rising trials, each once, got \[3, 3\]"),
        (lambda: reversal(9, PAIR, at=[5, 3]), r"at: expected rising trials, each once, got \[5, 3\]"),
        (lambda: reversal(9, PAIR, at=3, payoffs=(1.0,)), "payoffs: expected a pair, got 1 of them"),
        (lambda: volatility([], PAIR), r"blocks: expected pairs of .*, at least one, got \[\]"),
        (lambda: volatility(120, PAIR), "blocks: expected pairs of .*, at least one, got 120"),
        (lambda: volatility((120, None), PAIR), r"blocks\[0\]: expected a pair, got int"),
        (lambda: volatility([(9, None), (0, None)], PAIR), r"n_trials of blocks\[1\]: .* at least 1, got 0"),
        (lambda: volatility([(9, 0)], PAIR), r"reverses_every of blocks\[0\]: expected at least 1, got 0"),
        (lambda: volatility([(9, 9)], PAIR), r"reverses_every of blocks\[0\]: .* than its 9 trials, got 9"),
        (lambda: volatility([(9, 2.5)], PAIR), r"reverses_every of blocks\[0\]: .* whole number, got 2.5"),
        (lambda: volatility([(9, 3)], [0.5, 0.5]), "probabilities: expected a row that a reversal changes"),
        (lambda: volatility([(9, 3)], PAIR, payoffs=3), "payoffs: expected a pair, got int"),
        (lambda: reversal_at_criterion(0, PAIR, n_correct=1), "n_trials: expected at least 1, got 0"),
        (lambda: reversal_at_criterion(9, PAIR, n_correct=0), "n_correct: expected at least 1, got 0"),
        (lambda: reversal_at_criterion(9, PAIR, n_correct=4, window=3), "window: expected at least 4, got 3"),
        (lambda: reversal_at_criterion(9, [0.8, 0.8, 0.2], n_correct=2), "probabilities: .* action better"),
        (lambda: reversal_at_criterion(9, [0.5, 0.5], n_correct=2), "probabilities: .* a reversal changes"),
        (lambda: reversal_at_criterion(9, PAIR, n_correct=2, payoffs=(0, -1)), "payoffs: .* the larger"),
        (lambda: two_step(0), "n_trials: expected at least 1, got 0"),
        (lambda: two_step(9, common=1.1), r"common: expected a number in \[0, 1\], got 1.1"),
        (lambda: two_step(9, common=[0.7, 0.3]), r"common: expected one number, got shape \(2,\)"),
        (lambda: two_step(9, sd=-1), "sd: expected a finite number of at least 0, got -1"),
        (lambda: two_step(9, bounds=(1, 0)), r"bounds: .* smaller first, got \(1.0, 0.0\)"),
        (lambda: two_step(9, payoffs=(1, 2, 3)), "payoffs: expected a pair, got 3 of them"),
    ],
)
def test_refusals_name_the_argument(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
