"""log_likelihood: how probable choices are, the gradient of that, and what must change neither."""

import importlib.util
import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from jax.test_util import check_grads

from behavioural_modelling import (
    Model,
    Trials,
    _by_trial,
    _scoring,
    fit,
    log_likelihood,
    models,
    responses,
    simulate,
)
from behavioural_modelling.models import Parameter
from behavioural_modelling.trials import load_bandit

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS, N_ACTIONS = 5, 30, 3
MODEL = models.asymmetric_rescorla_wagner(N_ACTIONS)
OTHER_MODELS = {
    "asymmetric, inverse": models.asymmetric_rescorla_wagner(N_ACTIONS, inverse_temperature=True),
    "symmetric": models.rescorla_wagner(N_ACTIONS),
    "symmetric, inverse": models.rescorla_wagner(N_ACTIONS, inverse_temperature=True),
}
ALL_MODELS = {"asymmetric": MODEL} | OTHER_MODELS
EVERYTHING = {"available": True, "mask": "middle", "reset": True}

# Gradients in float64, of one program against those of another: each is a sum of less than 1e4 numbers,
# each of less than 1e3 and with a few dozen roundings of 1e-16.
GRADIENT_TOLERANCE = 1e-8


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    """One floating-point type after the other, with JAX switched to it."""
    if request.param == "float64":
        request.getfixturevalue("x64")
    return np.dtype(request.param)


def some_params(model=MODEL, n_subjects=N_SUBJECTS, dtype=np.float32, seed=0):
    """One set of parameters per subject, well inside their ranges."""
    rng, names = np.random.default_rng(seed), [parameter.name for parameter in model.parameters]
    ranges = {"temperature": (0.3, 1.2), "inverse_temperature": (0.5, 3.0)}
    return {name: rng.uniform(*ranges.get(name, (0.1, 0.9)), n_subjects).astype(dtype) for name in names}


def some_mask(where):
    """Trials that are left out: others for every subject, and some for all of them."""
    mask = np.ones((N_SUBJECTS, N_TRIALS), bool)
    for subject, row in enumerate(mask):
        n = 2 * subject + 1
        row[{"start": slice(n), "middle": slice(14 - subject, 14 + n), "end": slice(-n, None)}[where]] = False
    return mask


def some_trials(
    outcomes="own", available=False, mask=None, reset=False, silent=False, dtype=np.float32, seed=0
):
    """Random trials. What the mask leaves out holds choice -1, outcome NaN and nothing on offer.

    The model starts anew before every sixth trial or so, counted or not. A third of the choices have no
    feedback where some are to be silent: of all subjects on the same trials, where outcomes are shared.
    """
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS, N_ACTIONS)
    paid = (rng.uniform(size=shape) < 0.5).astype(dtype)
    paid = {"own": paid, "shared": paid[0], "chosen": paid[..., 0]}[outcomes]
    # Action 1 is always on offer, the others half of the time.
    on_offer = (rng.uniform(size=shape) < 0.5) | (np.arange(N_ACTIONS) == 1) | (not available)
    choices = (rng.uniform(size=shape) * on_offer).argmax(axis=-1)
    if mask is not None:
        mask = some_mask(mask)
        counts = {"own": mask[..., None], "shared": mask.any(axis=0)[:, None], "chosen": mask}[outcomes]
        choices, paid = np.where(mask, choices, -1), np.where(counts, paid, np.nan).astype(dtype)
        on_offer &= mask[..., None]
    starts = rng.uniform(size=shape[:2]) < 1 / 6
    if silent:
        none = rng.uniform(size=shape[:2]) < 1 / 3
        none = {"own": none[..., None], "shared": none[0][:, None], "chosen": none}[outcomes]
        paid = np.where(none, np.nan, paid).astype(dtype)
    return Trials(choices, paid, on_offer if available else None, mask, starts if reset else None)


def some_data(dtype=np.float32, model=MODEL, **layout):
    """Parameters and trials in one floating-point type."""
    return some_params(model, dtype=dtype), some_trials(dtype=dtype, **layout)


def per_action(trials, n_actions):
    """Outcomes as (n_subjects, n_trials, n_actions); the chosen action's stands at every action."""
    return np.broadcast_to(np.asarray(trials.outcomes), (*trials.shape, n_actions))


def by_the_loop(params, trials, n_actions=N_ACTIONS):
    """`reference.log_likelihood`, subject by subject. It reads the chosen action's outcome alone."""
    choices, _, *others = (None if x is None else np.asarray(x) for x in trials[:6])
    outcomes = per_action(trials, n_actions)
    params = {name: np.broadcast_to(np.float64(x), len(choices)) for name, x in params.items()}
    alphas = [params[f"alpha_{sign}" if "alpha_p" in params else "alpha"] for sign in "pn"]
    tau = params["temperature"] if "temperature" in params else 1 / params["inverse_temperature"]
    by_subject = [choices, outcomes, *alphas, tau, *others]
    rows = ([None if x is None else x[i] for x in by_subject] for i in range(len(choices)))
    return np.array([reference.log_likelihood(*row) for row in rows])


def tolerance(params, dtype=np.float32, n_trials=N_TRIALS, n_actions=N_ACTIONS):
    """How far rounding may take each subject's likelihood, where outcomes are in [0, 1].

    A value takes on 3 roundings per trial. So on trial t it is off by up to 3 t units, and a logit, the
    difference of two values over the temperature, by (6 t + 4) / temperature. A log-probability is moved
    by twice that, and by its own exp, sum and logarithm: some units for every action, and one or two of
    its size, which is at most 1 / temperature + log(n_actions). The sum over trials adds two of its size.
    """
    tau = params["temperature"] if "temperature" in params else 1 / params["inverse_temperature"]
    logits = (6 * np.arange(n_trials) + 4).sum() / np.float64(tau)
    own = n_trials * (8 + 4 * n_actions + 4 / np.float64(tau))
    return np.finfo(dtype).eps / 2 * (2 * logits + own)


def assert_close(ours, exact, atol):
    """Equal, subject by subject, up to each subject's own tolerance."""
    ours, exact = np.asarray(ours, dtype=np.float64), np.asarray(exact, dtype=np.float64)
    assert ours.shape == exact.shape
    off = np.abs(ours - exact)
    assert (off <= atol).all(), f"off by {off}, tolerance {atol}"


def assert_same_gradients(ours, theirs, atol=GRADIENT_TOLERANCE):
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=atol)


def of_subject(i, params):
    return {name: x[i] for name, x in params.items()}


def total(params, trials, model=MODEL):
    """The likelihood of all subjects. Its gradient is every subject's, since each has its own parameters."""
    return log_likelihood(model, params, trials).sum()


# The value.


def test_hand_worked_numbers():
    # The value of the first action goes .5, .75, .875, that of the second stays .5.
    trials = Trials([[0, 0, 1]], [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    params = {"alpha": 0.5, "temperature": 1.0}
    expected = -np.log(2) - np.log1p(np.exp(-0.25)) - np.log1p(np.exp(0.375))
    # Three numbers below 1 with a few roundings each.
    ours = log_likelihood(models.rescorla_wagner(2), params, trials)
    np.testing.assert_allclose(ours, [expected], rtol=0, atol=20 * UNIT)


# Every two of: kind of outcomes, some on offer, a mask, resets, and a type. Each pair of values is there.
KINDS = [
    ("shared", False, None, False, "float32"),
    ("shared", True, "middle", True, "float64"),
    ("own", False, "middle", True, "float32"),
    ("own", True, None, False, "float64"),
    ("chosen", False, None, True, "float64"),
    ("chosen", True, "middle", False, "float32"),
    # The same programs, other trials left out.
    ("own", False, "start", True, "float32"),
    ("own", False, "end", True, "float32"),
    ("chosen", True, "start", False, "float32"),
    ("shared", True, "end", True, "float64"),
]


@pytest.mark.parametrize("outcomes, available, mask, reset, dtype", KINDS, indirect=["dtype"])
def test_against_the_loop(outcomes, available, mask, reset, dtype):
    params, trials = some_data(dtype, outcomes=outcomes, available=available, mask=mask, reset=reset)
    ours = log_likelihood(MODEL, params, trials)
    assert ours.shape == (N_SUBJECTS,) and ours.dtype == dtype
    assert_close(ours, by_the_loop(params, trials), tolerance(params, dtype))


@pytest.mark.parametrize("model", OTHER_MODELS.values(), ids=OTHER_MODELS)
def test_other_models_against_the_loop(model, x64):
    params, trials = some_data(np.float64, model, outcomes="chosen", **EVERYTHING)
    ours = log_likelihood(model, params, trials)
    assert_close(ours, by_the_loop(params, trials), tolerance(params, np.float64))


def test_twenty_actions_against_the_loop(dtype):
    model, rng = models.rescorla_wagner(20), np.random.default_rng(1)
    trials = Trials(rng.integers(0, 20, (2, N_TRIALS)), rng.uniform(size=(N_TRIALS, 20)).astype(dtype))
    params = some_params(model, n_subjects=2, dtype=dtype)
    exact = by_the_loop(params, trials, n_actions=20)
    assert_close(log_likelihood(model, params, trials), exact, tolerance(params, dtype, n_actions=20))


def test_outcomes_that_fit_two_readings_are_read_as_is_said():
    rng = np.random.default_rng(2)
    choices, square = rng.integers(0, N_ACTIONS, (N_ACTIONS, N_ACTIONS)), rng.uniform(size=(N_ACTIONS,) * 2)
    params = some_params(n_subjects=N_ACTIONS)
    chosen, shared = np.repeat(square[..., None], N_ACTIONS, axis=-1), np.stack([square] * N_ACTIONS)
    for say_shared, own in ((False, chosen), (True, shared)):
        ours = log_likelihood(MODEL, params, Trials(choices, square, shared=say_shared))
        exact = by_the_loop(params, Trials(choices, own))
        assert_close(ours, exact, tolerance(params, n_trials=N_ACTIONS))


def test_a_number_is_every_subjects():
    number = {"alpha_p": 0.5, "alpha_n": 0.25, "temperature": 1}
    each = {name: np.full(N_SUBJECTS, x, np.float32) for name, x in number.items()}
    for params in (number, number | {"alpha_n": each["alpha_n"].tolist()}, dict(reversed(each.items()))):
        ours = log_likelihood(MODEL, params, some_trials())
        np.testing.assert_array_equal(ours, log_likelihood(MODEL, each, some_trials()))


def test_float16_and_whole_outcomes_are_computed_in_float32():
    trials, params = some_trials(), some_params()
    ours = log_likelihood(MODEL, params, trials)
    for kind in (jnp.float16, int, bool):
        other = log_likelihood(MODEL, params, trials._replace(outcomes=trials.outcomes.astype(kind)))
        assert other.dtype == jnp.float32
        np.testing.assert_array_equal(other, ours)


def test_an_improbable_choice_is_not_clipped():
    # After the first trial the values are 1 and .5; the second choice is then worth -.5 / temperature.
    run = partial(log_likelihood, models.rescorla_wagner(2), trials=Trials([[0, 1]], [[1.0, 0.0]] * 2))
    score = lambda temperature: run({"alpha": 1.0, "temperature": temperature})[0]  # noqa: E731
    # Divisions by the temperature, whose own rounding counts too, and its square: a few units.
    np.testing.assert_allclose(score(1e-6), -5e5 + np.log(0.5), rtol=4 * UNIT)
    np.testing.assert_allclose(jax.grad(score)(1e-6), 5e11, rtol=8 * UNIT)


# Probabilities, and which trial teaches which.

NUMBERS = [(0.5, 0.25, 0.2), (0.9, 0.1, 1.0), (0.0, 1.0, 0.05)]


def named(numbers):
    return dict(zip(("alpha_p", "alpha_n", "temperature"), numbers, strict=True))


@pytest.mark.parametrize("numbers", NUMBERS, ids=str)
@pytest.mark.parametrize("n_actions, n_trials", [(2, 4), (3, 3)])
def test_the_probabilities_of_all_sequences_add_up_to_one(n_actions, n_trials, numbers):
    model, params = models.asymmetric_rescorla_wagner(n_actions), named(numbers)
    sequences = list(itertools.product(range(n_actions), repeat=n_trials))
    outcomes = np.random.default_rng(3).integers(0, 2, (n_trials, n_actions)).astype(np.float32)
    log_p = np.asarray(log_likelihood(model, params, Trials(sequences, outcomes)), np.float64)
    # An error of the logarithm is a relative one of the probability, so it carries over to the sum, 1.
    atol = tolerance(params, n_trials=n_trials, n_actions=n_actions)
    np.testing.assert_allclose(np.exp(log_p).sum(), 1, rtol=0, atol=atol)
    exact = [reference.sequence_probability(s, outcomes, *numbers) for s in sequences]
    np.testing.assert_allclose(np.exp(log_p), exact, rtol=atol, atol=0)


@pytest.mark.parametrize("numbers", NUMBERS, ids=str)
def test_the_probabilities_of_all_sequences_on_offer_add_up_to_one(numbers):
    on_offer = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1], [0, 0, 1]], bool)
    sequences = np.array(list(itertools.product(*map(np.flatnonzero, on_offer))))
    outcomes, params = np.eye(4, N_ACTIONS, dtype=np.float32), named(numbers)
    available = np.broadcast_to(on_offer, (len(sequences), *on_offer.shape))
    log_p = log_likelihood(MODEL, params, Trials(sequences, outcomes, available))
    atol = tolerance(params, n_trials=4)
    np.testing.assert_allclose(np.exp(np.asarray(log_p, np.float64)).sum(), 1, rtol=0, atol=atol)
    with pytest.raises(ValueError, match="^choices: .*on offer"):
        Trials([[2, 0, 1, 2]], outcomes, available[:1])


def test_the_first_trial_is_scored():
    # With a starting preference, which no outcome could have taught.
    bias = np.array([-1.0, 0.0, 2.0], np.float32)
    trials = Trials([[0], [1], [0]], np.ones((1, 2)))
    expected = -np.log1p(np.exp([1.0, 0.0, -2.0]))
    # One logarithm of a sum, below 2.
    np.testing.assert_allclose(log_likelihood(LEANING, {"bias": bias}, trials), expected, atol=16 * UNIT)


@pytest.mark.parametrize("trial", [0, 12])
def test_an_outcome_counts_from_the_next_trial_on(trial):
    choices, outcomes, *_ = map(np.asarray, some_trials())
    changed = np.where(np.c_[np.arange(N_TRIALS) == trial], 1 - outcomes, outcomes)

    def first(n, outcomes):
        return log_likelihood(MODEL, some_params(), Trials(choices[:, :n], outcomes[:, :n]))

    np.testing.assert_array_equal(first(trial + 1, outcomes), first(trial + 1, changed))
    assert (first(trial + 2, outcomes) != first(trial + 2, changed)).all()


def test_the_gradient_by_outcomes_says_which_of_them_count():
    choices, outcomes, *_ = some_trials()
    by_outcomes = jax.grad(lambda outcomes: total(some_params(), Trials(choices, outcomes)))(outcomes)
    chosen = np.eye(N_ACTIONS, dtype=bool)[np.asarray(choices)]
    chosen[:, -1] = False  # nothing comes after the last outcome
    np.testing.assert_array_equal(by_outcomes != 0, chosen)


# Trials that do not count.


def appended(trials, n):
    """The trials, and after them `n` that the mask leaves out."""
    choices, outcomes, available, mask, reset = (None if x is None else np.asarray(x) for x in trials[:5])
    own = lambda x: [(0, 0), (0, n)] + [(0, 0)] * (x.ndim - 2)  # noqa: E731
    mask = np.ones(choices.shape, bool) if mask is None else mask
    return Trials(
        np.pad(choices, own(choices), constant_values=-1),
        np.pad(outcomes, own(outcomes), constant_values=np.nan),
        None if available is None else np.pad(available, own(available)),
        np.pad(mask, own(mask)),
        None if reset is None else np.pad(reset, own(reset), constant_values=True),
    )


@pytest.mark.parametrize("layout", [{"outcomes": "shared"}, EVERYTHING], ids=str)
def test_masked_trials_at_the_end_change_neither_value_nor_gradient(layout, x64):
    params, trials = some_data(np.float64, **layout)
    value, gradient = jax.value_and_grad(total)(params, trials)
    more_value, more_gradient = jax.value_and_grad(total)(params, appended(trials, 7))
    assert_close(more_value, value, tolerance(params, np.float64).sum())
    assert_same_gradients(more_gradient, gradient)


def test_what_a_masked_trial_holds_is_not_looked_at():
    masked, params = some_trials(mask="middle"), some_params()
    other = some_trials()._replace(mask=masked.mask)
    ours, theirs = (jax.value_and_grad(total)(params, trials) for trials in (masked, other))
    # The same program, so the same numbers to the last digit.
    jax.tree.map(np.testing.assert_array_equal, ours, theirs)


def test_a_masked_trial_is_as_good_as_none():
    # The value rule forgets nothing meanwhile, so a gap and no trial at all are the same.
    choices, outcomes, *_ = map(np.asarray, some_trials())
    mask = np.broadcast_to(np.arange(N_TRIALS) % 4 != 1, choices.shape)
    gaps = log_likelihood(MODEL, some_params(), Trials(choices, outcomes, mask=mask))
    without = log_likelihood(MODEL, some_params(), Trials(choices[:, mask[0]], outcomes[:, mask[0]]))
    assert_close(gaps, without, tolerance(some_params()))


def test_unequal_numbers_of_trials(x64):
    counts, (choices, outcomes, *_) = [17, 1], map(np.asarray, some_trials(dtype=np.float64))
    params, mask = some_params(n_subjects=2, dtype=np.float64), np.arange(17) < np.c_[counts]
    padded = np.where(mask, choices[:2, :17], -1), np.where(mask[..., None], outcomes[:2, :17], np.nan)
    value, gradient = jax.value_and_grad(total)(params, Trials(*padded, mask=mask))
    for i, n in enumerate(counts):
        alone = Trials(choices[i : i + 1, :n], outcomes[i : i + 1, :n])
        one_value, one_gradient = jax.value_and_grad(total)(of_subject(i, params), alone)
        assert_same_gradients(one_gradient, of_subject(i, gradient))
        value -= one_value
    assert_close(value, 0, tolerance(params, np.float64).sum())


def test_a_subject_without_a_trial_that_counts():
    trials = Trials([[-1, -1]], np.full((1, 2, N_ACTIONS), np.nan), mask=np.zeros((1, 2), bool))
    value, gradient = jax.value_and_grad(total)(of_subject(0, some_params()), trials)
    assert value == 0
    assert all(x == 0 for x in gradient.values())


# Choices without feedback.


# Every kind of outcomes, alone and with all else, in either type.
SILENT = [
    {"outcomes": "own"},
    {"outcomes": "shared"} | EVERYTHING,
    {"outcomes": "chosen"} | EVERYTHING,
]


@pytest.mark.parametrize("layout", SILENT, ids=str)
def test_choices_without_feedback_against_the_loop(layout, x64):
    params, trials = some_data(np.float64, silent=True, **layout)
    counts = True if trials.mask is None else trials.mask
    assert (counts & ~trials.feedback).any(axis=1).all()
    value, gradient = jax.value_and_grad(total)(params, trials)
    assert_close(value, by_the_loop(params, trials).sum(), tolerance(params, np.float64).sum())
    for name, x in params.items():
        slopes = exact_slopes(lambda x: by_the_loop(params | {name: x}, trials).sum(), x)  # noqa: B023
        np.testing.assert_allclose(gradient[name], slopes, rtol=0, atol=1e-6)


def test_no_feedback_is_not_an_outcome_of_0():
    # By hand: the value of the first action is .5, 1, and stays 1; an outcome of 0 would make it .5 again.
    trials = Trials([[0, 0, 0]], [[1.5, np.nan, 1.0]])
    expected = -np.log(2) - 2 * np.log1p(np.exp(-0.5))
    ours = log_likelihood(models.rescorla_wagner(2), {"alpha": 0.5, "temperature": 1.0}, trials)
    # Three numbers below 1 with a few roundings each.
    np.testing.assert_allclose(ours, [expected], rtol=0, atol=20 * UNIT)


def test_nothing_is_learned_without_feedback_whatever_the_model():
    # A kernel of the choices stays as it was too, and a reset is heard.
    model, choices = models.choice_kernel(2), [[0, 0, 0, 0]]
    params = {"alpha_c": 0.5, "temperature_c": 1.0}
    trials = Trials(choices, np.full((1, 4), np.nan))
    np.testing.assert_allclose(log_likelihood(model, params, trials), 4 * np.log(0.5), rtol=4 * UNIT)
    after = Trials(choices, [[1.0, np.nan, np.nan, 1.0]], reset=[[False, True, False, False]])
    np.testing.assert_array_equal(log_likelihood(model, params, after), log_likelihood(model, params, trials))


def test_without_feedback_no_nan_enters_the_arithmetic():
    params = some_params()
    with jax.debug_nans(True):
        for layout in SILENT:
            trials = some_trials(silent=True, **layout)
            by_outcomes = lambda x: total(params, trials._replace(outcomes=x))  # noqa: B023, E731
            gradient = jax.grad(by_outcomes)(jnp.where(jnp.isnan(trials.outcomes), 0, trials.outcomes))
            silent = ~trials.feedback
            silent = silent.all(axis=0, keepdims=True) if layout["outcomes"] == "shared" else silent
            assert (np.asarray(gradient)[np.asarray(silent)] == 0).all()


def test_a_fit_to_choices_without_feedback():
    model, trials = models.rescorla_wagner(N_ACTIONS), some_trials(mask="middle", silent=True)
    found = fit(jax.random.key(0), model, trials, n_starts=2, progress=False)
    assert found.converged.all()
    best = by_the_loop(found.params, trials)
    assert_close(found.log_likelihood, best, tolerance(found.params))
    for factor in (0.9, 1.1):  # the loop has no higher value beside the estimate
        alpha = np.minimum(factor * found.params["alpha"], 1)
        beside = {"alpha": alpha, "temperature": factor * found.params["temperature"]}
        assert (by_the_loop(beside, trials) <= best + 1e-4).all()


def test_a_shared_outcome_may_be_unseen_by_some():
    # One is unknown: unseen by one subject, and left out by the mask for the other.
    choices, outcomes = [[0, 0, 1, 0]] * 2, np.float32([[1, 0], [1, 0], [np.nan, np.nan], [0, 1]])
    mask = np.array([[True, True, True, True], [True, True, False, True]])
    feedback = np.array([[True, False, False, True], [True, True, True, True]])
    model, params = models.rescorla_wagner(2), {"alpha": np.float32([0.5] * 2), "temperature": 1.0}

    def score(params, outcomes):
        return total(params, Trials(choices, outcomes, mask=mask, feedback=feedback), model)

    exact = by_the_loop(params, Trials(choices, outcomes, mask=mask, feedback=feedback), n_actions=2)
    value, gradient = jax.value_and_grad(score)(params, outcomes)
    assert_close(value, exact.sum(), tolerance(params, n_trials=4, n_actions=2).sum())
    assert all(np.isfinite(x).all() for x in gradient.values())
    # In a reader's own program, where values are not known, the NaN stays out of the arithmetic as well.
    np.testing.assert_allclose(jax.jit(score)(params, outcomes), value, rtol=8 * UNIT)
    fields = {"choices": jnp.asarray(choices)}, jnp.asarray(outcomes)[None], None, jnp.asarray(mask), None
    laid_out, _ = _by_trial.by_trial(np.float32, *fields, jnp.asarray(feedback), {})
    assert laid_out.outcomes.shape == (4, 2) and np.isfinite(laid_out.outcomes).all()


# Starting anew.


def test_blocks_in_one_row_are_blocks_apart(x64):
    # Three blocks of ten trials, each a subject of its own; the second begins with trials left out.
    params, trials = some_data(np.float64, available=True)
    mask = some_mask("middle") & (np.arange(N_TRIALS) % 10 + np.arange(N_TRIALS) // 10 != 1)
    reset = np.broadcast_to(np.arange(N_TRIALS) % 10 == 0, mask.shape)
    assert not mask[:, reset[0]].all()
    value, gradient = jax.value_and_grad(total)(params, trials._replace(mask=mask, reset=reset))
    apart = [x.reshape(3 * N_SUBJECTS, 10, *x.shape[2:]) for x in (*trials[:3], mask)]
    each = {name: np.repeat(x, 3) for name, x in params.items()}
    apart_value, apart_gradient = jax.value_and_grad(total)(each, Trials(*apart))
    assert_close(value, apart_value, tolerance(params, np.float64).sum())
    summed = {name: x.reshape(N_SUBJECTS, 3).sum(axis=1) for name, x in apart_gradient.items()}
    assert_same_gradients(gradient, summed)
    carried_on = total(params, trials._replace(mask=mask, reset=0 * reset > 0))
    assert abs(value - carried_on) > 0.1


def test_starting_anew_at_the_start_or_never_changes_nothing(x64):
    params, trials = some_data(np.float64, mask="start")
    value, gradient = jax.value_and_grad(total)(params, trials)
    first = np.broadcast_to(np.arange(N_TRIALS) == 0, (N_SUBJECTS, N_TRIALS))
    # Nor where nothing has been learned yet, after trials that were left out.
    until_one_counts = np.arange(N_TRIALS) <= np.asarray(trials.mask).argmax(axis=1)[:, None]
    for reset in (np.zeros_like(first), first, until_one_counts):
        other_value, other_gradient = jax.value_and_grad(total)(params, trials._replace(reset=reset))
        assert_close(other_value, value, tolerance(params, np.float64).sum())
        assert_same_gradients(other_gradient, gradient)


def test_starting_anew_before_every_trial_is_a_row_of_first_trials():
    starts = np.array([-1.0, 0.5, 3.0], np.float32)

    def init(params):
        return params["start"], jnp.array(0)

    def predict(params, state, trial):
        return jnp.stack([state[0], 0.0 * state[0]]) * (1 + state[1])

    def update(params, state, trial, chosen, outcome):
        return (state[0] - 10, state[1] + 1), {}

    # The state depends on a parameter and has a whole number in it; both come back.
    parameters = (Parameter("start", -10, 10),)
    model = Model("returning", parameters, responses.categorical(2), init, predict, update)
    trials = Trials([[0, 1, 0, 0]] * 3, np.zeros((4, 2)), reset=np.ones((3, 4), bool))
    value, gradient = jax.value_and_grad(lambda x: total({"start": x}, trials, model))(starts)
    p = 1 / (1 + np.exp(-starts.astype(np.float64)))
    # Four terms of up to 3 with some roundings each, for three subjects.
    np.testing.assert_allclose(value, (3 * np.log(p) + np.log1p(-p)).sum(), rtol=0, atol=12 * 16 * UNIT)
    np.testing.assert_allclose(gradient, 3 - 4 * p, rtol=0, atol=4 * 16 * UNIT)


# The simulator.


def test_the_simulator_and_the_likelihood_agree(dtype):
    # In float32 the outcomes are each subject's own, in float64 they are shared.
    params, which = some_params(dtype=dtype), "own" if dtype == np.float32 else "shared"
    outcomes = some_trials(which, dtype=dtype).outcomes
    trace = simulate(jax.random.key(0), MODEL, params, outcomes)
    choices = np.asarray(trace.choices)[..., None]
    log_p = np.log(np.take_along_axis(np.asarray(trace.choice_p, np.float64), choices, axis=-1)).sum((1, 2))
    ours = log_likelihood(MODEL, params, Trials(trace.choices, outcomes))
    # Both are rounded; the probability itself moves as its logarithm does.
    assert_close(ours, log_p, 2 * tolerance(params, dtype))


def test_the_score_of_simulated_choices_is_zero_on_average():
    n_subjects, outcomes = 2000, some_trials("shared").outcomes
    params = {name: np.full(n_subjects, x) for name, x in named((0.6, 0.3, 0.5)).items()}
    trace = simulate(jax.random.key(1), MODEL, params, outcomes, record=("choices",))
    gradient = jax.grad(total)(params, Trials(trace.choices, outcomes))
    for by_subject in gradient.values():
        standard_error = np.std(by_subject) / np.sqrt(n_subjects)
        assert abs(np.mean(by_subject)) < 5 * standard_error


# The gradient.


def exact_slopes(function, x, step=1e-6):
    """Central differences of a function of an array, entry by entry, in float64.

    Their error is step^2 / 6 times a third derivative of below 1e6, and rounding, some 1e-14 / step.
    """
    steps = (step * np.eye(x.size)).reshape(-1, *x.shape)
    return np.array([(function(x + h) - function(x - h)) / (2 * step) for h in steps]).reshape(x.shape)


@pytest.mark.parametrize("model", ALL_MODELS.values(), ids=ALL_MODELS)
def test_the_gradient_is_the_loops_central_differences(model, x64):
    params, trials = some_data(np.float64, model, **EVERYTHING)
    gradient = jax.grad(total)(params, trials, model)
    for name, x in params.items():
        slopes = exact_slopes(lambda x: by_the_loop(params | {name: x}, trials).sum(), x)  # noqa: B023
        np.testing.assert_allclose(gradient[name], slopes, rtol=0, atol=1e-6)


@pytest.mark.parametrize("outcomes", ["shared", "chosen"])
def test_the_gradient_by_outcomes_is_the_loops_central_differences(outcomes, x64):
    params, trials = some_data(np.float64, outcomes=outcomes, mask="middle")
    replaced = lambda x: trials._replace(outcomes=x)  # noqa: E731
    gradient = np.asarray(jax.grad(lambda x: total(params, replaced(x)))(trials.outcomes))
    known = np.isfinite(trials.outcomes)
    assert (gradient[~known] == 0).all() and not known.all()
    slopes = exact_slopes(lambda x: by_the_loop(params, replaced(x)).sum(), np.asarray(trials.outcomes))
    np.testing.assert_allclose(gradient[known], slopes[known], rtol=0, atol=1e-6)


def test_first_and_second_derivatives_by_params(x64):
    params, trials = some_data(np.float64, **EVERYTHING)
    function = partial(log_likelihood, MODEL, trials=trials)
    # Backwards twice; twice forwards, and forwards over backwards, where the hessian is tested.
    check_grads(function, (params,), order=2, modes=["rev"])
    assert np.isfinite(function(params)).all()


def test_first_and_second_derivatives_by_params_and_outcomes(x64):
    model = models.rescorla_wagner(N_ACTIONS)
    params, (choices, outcomes, *_) = some_data(np.float64, model)

    def function(params, outcomes):
        return log_likelihood(model, params, Trials(choices, outcomes))

    # Backwards alone saves time: JAX makes it out of the rule for forwards.
    check_grads(function, (params, outcomes), order=2, modes=["rev"])
    assert np.isfinite(function(params, outcomes)).all()


def test_the_hessian_forwards_and_backwards(x64):
    params, run = named((0.6, 0.3, 0.5)), partial(total, trials=some_trials(dtype=np.float64, **EVERYTHING))
    hessian = jax.jit(jax.hessian(run))(params)
    assert_same_gradients(jax.jit(jax.jacfwd(jax.jacfwd(run)))(params), hessian)
    for one, other in itertools.combinations(params, 2):
        assert hessian[one][other] != 0
        np.testing.assert_allclose(hessian[one][other], hessian[other][one], rtol=0, atol=GRADIENT_TOLERANCE)


def test_derivatives_along_a_direction(x64):
    params, trials = some_data(np.float64, **EVERYTHING)
    direction = some_params(dtype=np.float64, seed=1)
    gradient = jax.grad(total)(params, trials)
    run = partial(log_likelihood, MODEL, trials=trials)
    value, along = jax.jvp(run, (params,), (direction,))
    assert_close(value, run(params), tolerance(params, np.float64))
    # A subject's parameters move that subject alone.
    expected = sum(gradient[name] * direction[name] for name in params)
    np.testing.assert_allclose(along, expected, rtol=0, atol=GRADIENT_TOLERANCE)


def test_the_gradient_by_some_of_the_parameters(x64):
    params, trials = some_data(np.float64, **EVERYTHING)
    everything = jax.grad(total)(params, trials)
    names = ["temperature", "alpha_p"]
    some = jax.grad(lambda some: total(params | some, trials))({name: params[name] for name in names})
    assert_same_gradients(some, {name: everything[name] for name in names})


def test_a_parameter_that_outcomes_depend_on_too(x64):
    # What a point is worth: both the outcomes and the temperature move with it, and undo each other.
    params, (choices, outcomes, *_) = some_data(np.float64)
    model = models.asymmetric_rescorla_wagner(N_ACTIONS, initial_value=0.0)

    def in_other_units(worth):
        scaled = params | {"temperature": worth * params["temperature"]}
        return total(scaled, Trials(choices, worth * outcomes), model)

    value, slope = jax.value_and_grad(in_other_units)(2.0)
    assert_close(value, in_other_units(1.0), 2 * tolerance(params, np.float64).sum())
    np.testing.assert_allclose(slope, 0, atol=GRADIENT_TOLERANCE)


HOT_AND_COLD = {
    "temperature 1e-6": ("asymmetric", {"temperature": 1e-6}),
    "temperature 1e6": ("asymmetric", {"temperature": 1e6}),
    "inverse temperature 0": ("asymmetric, inverse", {"inverse_temperature": 0.0}),
    "inverse temperature 1e6": ("asymmetric, inverse", {"inverse_temperature": 1e6}),
}


@pytest.mark.parametrize("alpha_p, alpha_n", [(0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.3, 0.6)])
@pytest.mark.parametrize("edge", HOT_AND_COLD)
def test_values_and_gradients_are_finite_at_the_edges(edge, alpha_p, alpha_n):
    # The temperature is applied before anything is masked, so one layout with each kind of it is enough.
    trials = some_trials(**({} if "inverse" in edge else EVERYTHING))
    name, scale = HOT_AND_COLD[edge]
    params = {"alpha_p": alpha_p, "alpha_n": alpha_n} | scale
    run = lambda params, x: total(params, trials._replace(outcomes=x), ALL_MODELS[name])  # noqa: E731
    value, gradients = jax.value_and_grad(run, argnums=(0, 1))(params, trials.outcomes)
    assert value < 0
    assert all(np.isfinite(x).all() for x in jax.tree.leaves((value, gradients)))


@pytest.mark.parametrize("hot", ["temperature 1e6", "inverse temperature 0"])
def test_hot_choices_are_alike(hot):
    name, params = HOT_AND_COLD[hot]
    trials, params = some_trials(**EVERYTHING), {"alpha_p": 0.5, "alpha_n": 0.5} | params
    on_offer = np.asarray(trials.available).sum(axis=-1)
    expected = -np.log(np.where(trials.mask, on_offer, 1)).sum(axis=1)
    # Logits of up to 1e-6, and some roundings on every trial.
    atol = N_TRIALS * (1e-6 + 12 * UNIT)
    assert_close(log_likelihood(ALL_MODELS[name], params, trials), expected, atol)


# Compiled, mapped and alone.


def test_jit_equals_eager():
    mask = np.arange(N_TRIALS) < np.c_[[3, 2, 3, 3, 3]]
    trials = some_trials(available=True)._replace(mask=mask, reset=np.arange(N_TRIALS) == np.c_[[1] * 5])
    trials = jax.tree.map(lambda x: x[:2, :3], trials)
    params = some_params(n_subjects=2)
    with jax.disable_jit():
        eager = log_likelihood(MODEL, params, trials)
    assert_close(log_likelihood(MODEL, params, trials), eager, tolerance(params, n_trials=3))


@pytest.mark.parametrize("outcomes", ["own", "shared"])
def test_subjects_mapped_and_one_by_one(outcomes):
    params, (choices, paid, available, mask, reset, *_) = some_data(outcomes=outcomes, **EVERYTHING)

    def one_subject(params, choices, available, mask, reset, *own):
        paid_here = own[0][None] if own else paid
        trials = Trials(choices[None], paid_here, available[None], mask[None], reset[None])
        return log_likelihood(MODEL, params, trials)[0]

    together = log_likelihood(MODEL, params, Trials(choices, paid, available, mask, reset))
    by_subject = [params, choices, available, mask, reset] + [paid] * (outcomes == "own")
    assert_close(jax.vmap(one_subject)(*by_subject), together, tolerance(params))
    loop = [one_subject(*jax.tree.map(lambda x: x[i], by_subject)) for i in range(N_SUBJECTS)]  # noqa: B023
    assert_close(loop, together, tolerance(params))


def test_a_subject_does_not_depend_on_the_others():
    params, trials, others = some_params(), some_trials(**EVERYTHING), np.arange(N_SUBJECTS) != 3

    def mixed(x, other):
        return np.where(others.reshape(-1, *[1] * (x.ndim - 1)), other, x)

    changed = jax.tree.map(mixed, (params, trials), (some_params(seed=1), some_trials(seed=1, **EVERYTHING)))
    one, other = (jax.value_and_grad(total)(*data) for data in ((params, trials), changed))
    assert one[0] != other[0]
    for name in params:
        np.testing.assert_array_equal(one[1][name][3], other[1][name][3])
    one, other = (log_likelihood(MODEL, *data) for data in ((params, trials), changed))
    np.testing.assert_array_equal(one == other, ~others)


def test_sets_of_parameters_mapped():
    trials, sets = some_trials(**EVERYTHING), [some_params(seed=seed) for seed in range(3)]
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *sets)
    values = jax.vmap(lambda params: log_likelihood(MODEL, params, trials))(stacked)
    assert values.shape == (3, N_SUBJECTS)
    for params, ours in zip(sets, values, strict=True):
        assert_close(ours, log_likelihood(MODEL, params, trials), tolerance(params))
    numbers = jax.vmap(lambda params: log_likelihood(MODEL, params, trials))(sets[0])
    each = {name: np.full(N_SUBJECTS, x[2]) for name, x in sets[0].items()}
    assert_close(numbers[2], log_likelihood(MODEL, each, trials), tolerance(each))


def test_gradients_inside_jit_and_vmap(x64):
    trials = some_trials(dtype=np.float64, **EVERYTHING)
    sets = [some_params(dtype=np.float64, seed=seed) for seed in range(2)]
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *sets)
    mapped = jax.jit(jax.vmap(jax.grad(total), (0, None)))(stacked, trials)
    for i, params in enumerate(sets):
        gradient = jax.grad(total)(params, trials)
        assert_same_gradients(of_subject(i, mapped), gradient)
    # Backwards through the map, too.
    whole = jax.jit(jax.grad(lambda sets: jax.vmap(total, (0, None))(sets, trials).sum()))(stacked)
    assert_same_gradients(whole, mapped)


def test_a_readers_jit_takes_trials():
    params, trials = some_data(outcomes="chosen", **EVERYTHING)
    jitted = jax.jit(partial(log_likelihood, MODEL))
    assert_close(jitted(params, trials), log_likelihood(MODEL, params, trials), tolerance(params))
    value, gradient = jax.jit(jax.value_and_grad(total))(params, trials)
    expected = jax.value_and_grad(total)(params, trials)
    np.testing.assert_allclose(value, expected[0], rtol=0, atol=tolerance(params).sum())
    # As in `tolerance`, with slopes for probabilities: some 1e2 times as large and as much rounded.
    assert_same_gradients(gradient, expected[1], atol=100 * tolerance(params).max())


def test_gradient_ascent_inside_a_readers_scan():
    params, trials = some_data()

    def step(params, _):
        value, gradient = jax.value_and_grad(total)(params, trials)
        return jax.tree.map(lambda x, slope: x + 1e-3 * slope, params, gradient), value

    _, values = jax.lax.scan(step, jax.tree.map(jnp.asarray, params), length=5)
    assert (np.diff(values) > 0).all()


def test_compiled_once_per_model_and_shape(compilations):
    def run(seed, n_subjects=4, n_trials=9, initial_value=0.5, mask=None):
        rng = np.random.default_rng(seed)
        choices = rng.integers(0, N_ACTIONS, (n_subjects, n_trials))
        trials = Trials(choices, rng.uniform(size=(n_trials, N_ACTIONS)), mask=mask)
        model = models.asymmetric_rescorla_wagner(N_ACTIONS, initial_value)
        return log_likelihood(model, some_params(model, n_subjects, seed=seed), trials)

    run(0)
    compiled = _scoring.log_probabilities._cache_size()
    compilations.clear()
    for seed in range(1, 4):
        run(seed)
    assert compilations == []
    assert _scoring.log_probabilities._cache_size() == compiled
    run(0, n_subjects=5)
    run(0, n_trials=10)
    run(0, initial_value=0.25)
    run(0, mask=np.ones((4, 9), bool))
    assert _scoring.log_probabilities._cache_size() == compiled + 4


def test_the_gradient_is_compiled_once(compilations):
    gradient = jax.grad(total)
    gradient(*some_data())
    compilations.clear()
    for seed in range(1, 4):
        gradient(some_params(seed=seed), some_trials(seed=seed))
    assert compilations == []


# Long data.


@pytest.mark.parametrize("n_actions", [3, 7])
def test_a_long_sum_of_equal_terms_is_as_exact_as_one_of_them(n_actions):
    # Without learning every trial adds the same number. A running sum in float32 is off by 1e-4 of it.
    n_trials, model = 20_000, models.rescorla_wagner(n_actions)
    trials = Trials(np.zeros((1, n_trials), int), np.zeros((n_trials, n_actions)))
    term, ours = (
        float(log_likelihood(model, {"alpha": 0.0, "temperature": 1.0}, some)[0])
        for some in (Trials([[0]], np.zeros((1, n_actions))), trials)
    )
    # One rounding to the sum, one more in the compensation.
    np.testing.assert_allclose(ours, n_trials * term, rtol=2 * UNIT)
    # The logarithm of a small whole number.
    np.testing.assert_allclose(ours, -n_trials * np.log(n_actions), rtol=6 * UNIT)
    naive = np.cumsum(np.full(n_trials, term, np.float32))[-1]
    assert abs(naive - n_trials * term) > 10 * 2 * UNIT * abs(ours)


def test_float32_stays_close_to_float64_over_many_trials(x64):
    rng, n_trials, model = np.random.default_rng(4), 20_000, models.rescorla_wagner(2)
    choices, outcomes = rng.integers(0, 2, (3, n_trials)), rng.integers(0, 2, (3, n_trials, 2))
    params = {"alpha": np.array([0.25, 0.5, 0.75]), "temperature": np.array([0.5, 1.0, 2.0])}

    def in_type(dtype):
        typed = {name: x.astype(dtype) for name, x in params.items()}
        return log_likelihood(model, typed, Trials(choices, outcomes.astype(dtype)))

    ours, exact = in_type(np.float32), in_type(np.float64)
    assert ours.dtype == np.float32 and exact.dtype == np.float64
    # An old error of a value shrinks by 1 - alpha while a trial adds one of 2 alpha + 1 units: it never
    # passes 2 + 1 / alpha. A logit is off by twice that and 2 more, over the temperature, and a
    # log-probability by that and 8 of its own. So on every trial the same, however many came before.
    per_trial = UNIT * ((2 * (2 + 1 / params["alpha"]) + 2) / params["temperature"] + 8)
    assert_close(ours, exact, n_trials * per_trial + 2 * UNIT * np.abs(exact))


# A reader's own model.

LEANING = Model(
    "leaning",
    (Parameter("bias", -10, 10),),
    responses.categorical(2),
    init=lambda params: (),
    predict=lambda params, state, trial: jnp.stack([params["bias"], 0.0 * params["bias"]]),
    update=lambda params, state, trial, chosen, outcome: (state, {}),
)


def with_state(pack, unpack):
    """`MODEL`, which counts its trials too, whole numbers, and packs its state as it is told."""

    def init(params):
        return pack(MODEL.init(params), jnp.array(0))

    def predict(params, state, trial):
        return MODEL.predict(params, unpack(state)[0], trial)

    def update(params, state, trial, chosen, outcome):
        value, count = unpack(state)
        value, records = MODEL.update(params, value, trial, chosen, outcome)
        return pack(value, count + 1), records

    return MODEL._replace(name="own", init=init, predict=predict, update=update)


STATES = {
    "a tuple": with_state(lambda value, count: (value, count), lambda state: state),
    "a dict": with_state(
        lambda value, count: {"value": value, "more": [count]},
        lambda state: (state["value"], state["more"][0]),
    ),
}


@pytest.mark.parametrize("state, layout", [("a tuple", {}), ("a dict", EVERYTHING)], ids=STATES)
def test_a_state_may_be_any_tree_of_arrays(state, layout, x64):
    params, trials = some_data(np.float64, **layout)
    ours, theirs = (jax.value_and_grad(total)(params, trials, model) for model in (STATES[state], MODEL))
    assert_close(ours[0], theirs[0], tolerance(params, np.float64).sum())
    assert_same_gradients(ours[1], theirs[1])


def test_a_count_in_the_state_passes_over_masked_trials():
    # The second action's logit is the number of trials that counted: 0, 1, then 2 where none is masked.
    model = Model(
        "counting",
        (),
        responses.categorical(2),
        init=lambda params: jnp.array(0),
        predict=lambda params, count, trial: jnp.stack([0.0, 1.0 * count]),
        update=lambda params, count, trial, chosen, outcome: (count + 1, {}),
    )
    trials = Trials([[1, 1, 1], [1, -1, 1]], np.zeros((3, 2)), mask=[[True] * 3, [True, False, True]])
    log_p = -np.log1p(np.exp([0.0, -1.0, -2.0]))
    ours = log_likelihood(model, {}, trials)
    # Three numbers below 1 with some roundings each.
    np.testing.assert_allclose(ours, [log_p.sum(), log_p[:2].sum()], rtol=0, atol=24 * UNIT)


@pytest.mark.parametrize("outcomes", ["own", "shared", "chosen"])
def test_what_the_update_sees(outcomes):
    # The logits are the outcomes so far: of all actions, or with 0 for those of which nothing is known.
    model = Model(
        "watching",
        (Parameter("weight", 0),),
        responses.categorical(N_ACTIONS),
        init=lambda params: jnp.zeros(N_ACTIONS),
        predict=lambda params, seen, trial: params["weight"] * seen,
        update=lambda params, seen, trial, chosen, outcome: (seen + outcome, {}),
    )
    trials, chosen = some_trials(outcomes), np.eye(N_ACTIONS)[np.asarray(some_trials(outcomes).choices)]
    seen = per_action(trials, N_ACTIONS) * (chosen if outcomes == "chosen" else 1)
    logits = 0.1 * (np.cumsum(seen, axis=1) - seen)
    log_p = (logits * chosen).sum(axis=-1) - np.log(np.exp(logits).sum(axis=-1))
    ours = log_likelihood(model, {"weight": 0.1}, trials)
    # Logits of up to 3 and their softmax, some roundings each.
    assert_close(ours, log_p.sum(axis=-1), N_TRIALS * 40 * UNIT)


@pytest.mark.parametrize("scale", [1e4, -1e4])
def test_logits_need_not_be_normalised(scale):
    model = Model(
        "steep",
        (Parameter("scale", -1e5, 1e5),),
        responses.categorical(3),
        init=lambda params: (),
        predict=lambda params, state, trial: params["scale"] * jnp.array([1.0, 0.0, -1.0]),
        update=lambda params, state, trial, chosen, outcome: (state, {}),
    )
    trials = Trials([[0, 0], [0, 1], [2, 2], [1, 2]], np.zeros((2, 3)))
    # Whole numbers, and the others' probabilities are 0: nothing is rounded.
    best, steps = (0, [0, 1, 4, 3]) if scale > 0 else (2, [4, 3, 0, 1])
    assert log_likelihood(model, {"scale": scale}, trials).tolist() == [-1e4 * n for n in steps]
    sign = 1 - best
    assert jax.grad(lambda scale: total({"scale": scale}, trials, model))(scale) == -sign * sum(steps)


def test_logits_far_below_zero_stay_above_what_is_not_on_offer():
    available = np.array([[[True, True, False]] * 2])
    model = Model(
        "low",
        (Parameter("level", -1e30, 1e30),),
        responses.categorical(3),
        init=lambda params: (),
        predict=lambda params, state, trial: params["level"] * jnp.ones(3),
        update=lambda params, state, trial, chosen, outcome: (state, {}),
    )
    for level in (-1e30, 0.0, 1e30):
        trials = Trials([[0, 1]], np.zeros((2, 3)), available)
        value, slope = jax.value_and_grad(lambda x: total({"level": x}, trials, model))(level)  # noqa: B023
        np.testing.assert_allclose(value, 2 * np.log(0.5), rtol=4 * UNIT)
        assert slope == 0


def test_a_model_that_leans_from_the_start():
    bias = np.array([-1.0, 0.5, 3.0], np.float32)
    trials = Trials([[0, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 1]], np.zeros((4, 2)))
    value, gradient = jax.value_and_grad(lambda bias: total({"bias": bias}, trials, LEANING))(bias)
    firsts, p = np.array([3, 0, 3]), 1 / (1 + np.exp(-bias.astype(np.float64)))
    # Four terms of up to 3 with some roundings each, for three subjects.
    expected = (firsts * np.log(p) + (4 - firsts) * np.log1p(-p)).sum()
    np.testing.assert_allclose(value, expected, rtol=0, atol=12 * 16 * UNIT)
    np.testing.assert_allclose(gradient, firsts - 4 * p, rtol=0, atol=4 * 16 * UNIT)


def test_a_model_without_parameters():
    model = LEANING._replace(parameters=(), predict=lambda params, state, trial: jnp.zeros(2))
    choices, outcomes = np.array([[0, 1, 1], [1, 1, -1]]), np.ones((3, 2))
    trials = Trials(choices, outcomes, mask=choices >= 0)
    ours = log_likelihood(model, {}, trials)
    np.testing.assert_allclose(ours, np.log(0.5) * np.array([3, 2]), rtol=4 * UNIT)
    assert jax.grad(total)({}, trials, model) == {}
    by_outcomes = jax.grad(lambda x: total({}, trials._replace(outcomes=x), model))(trials.outcomes)
    assert (by_outcomes == 0).all()


@pytest.mark.parametrize("n_actions", [2, 20])
def test_one_trial(n_actions):
    params, model = {"alpha": 0.5, "temperature": 0.1}, models.rescorla_wagner(n_actions)
    ours = log_likelihood(model, params, Trials([[n_actions - 1]], np.ones((1, n_actions))))
    # The sum of equal numbers, and its logarithm.
    np.testing.assert_allclose(ours, [-np.log(n_actions)], rtol=(4 + n_actions) * UNIT)


# The bundled data.


@pytest.fixture(scope="module")
def bandit():
    if importlib.util.find_spec("cpm") is None:
        pytest.skip("cpm-toolbox is not installed")
    return load_bandit()


def test_real_data_against_the_loop(bandit):
    model = models.asymmetric_rescorla_wagner(4)
    params = some_params(model, n_subjects=200)
    ours, slopes = jax.vjp(lambda params: log_likelihood(model, params, bandit), params)
    (gradient,), exact = slopes(jnp.ones_like(ours)), by_the_loop(params, bandit, n_actions=4)
    assert all(np.isfinite(x).all() for x in gradient.values())
    assert ours.shape == (200,)
    assert_close(ours, exact, tolerance(params, n_trials=72, n_actions=4))


def test_real_choices_are_between_two_stimuli(bandit):
    model = models.rescorla_wagner(4, inverse_temperature=True)
    for alpha, inverse_temperature in ((0.5, 0.0), (0.0, 3.0)):
        params = {"alpha": alpha, "inverse_temperature": inverse_temperature}
        ours = log_likelihood(model, params, bandit)
        # log(1/2) and its sum: two roundings each.
        expected = np.log(0.5) * np.asarray(bandit.mask).sum(axis=1)
        np.testing.assert_allclose(ours, expected, rtol=4 * UNIT)
    hot = log_likelihood(models.rescorla_wagner(4), {"alpha": 0.5, "temperature": 1e6}, bandit)
    # The values of the two differ by at most 1, which moves log(1/2) by at most half of 1e-6.
    np.testing.assert_allclose(hot, expected, rtol=0, atol=72 * (0.5e-6 + 4 * UNIT))


def test_choices_that_are_impossible_have_a_likelihood_of_zero():
    trials = Trials([[0, *[1, 0] * 25]], [[1.0, 0.0]] * 51)
    ours = log_likelihood(models.rescorla_wagner(2), {"alpha": 1.0, "temperature": 2e-38}, trials)
    np.testing.assert_array_equal(ours, [-np.inf])


def test_slopes_by_outcomes_are_right_in_what_comes_after():
    # They are turned round on the way out. An array that JAX takes to lie otherwise gives other numbers.
    model, rng = models.rescorla_wagner(3), np.random.default_rng(0)
    choices = rng.integers(0, 3, (7, 9))
    outcomes = jnp.asarray(rng.uniform(size=(7, 9, 3)), jnp.float32)
    params = {"alpha": 0.3, "temperature": 0.5}
    total = lambda outcomes: log_likelihood(model, params, Trials(choices, outcomes)).sum()  # noqa: E731
    for gradient in (jax.grad(total), jax.jit(jax.grad(total))):
        slopes = gradient(outcomes)
        on_host = np.array(slopes)
        assert np.ptp(on_host) > 0.1
        np.testing.assert_array_equal(slopes + 1, on_host + 1)
        np.testing.assert_array_equal(slopes[2], on_host[2])
