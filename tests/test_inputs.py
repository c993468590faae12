"""log_likelihood of models with inputs, ratings, times and several outcomes; its slopes by all of them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import own_models
import pytest
from own_models import CONTEXTUAL, MODELS, N_SUBJECTS, N_TRIALS, RATER, TWO_STEP

from behavioural_modelling import Model, Trials, _scoring, log_likelihood, models, responses, simulate
from behavioural_modelling.models import Parameter

NAN = np.nan
UNIT = 2.0**-24  # the largest relative error of one rounding in float32

# Central differences in float64: the step squared times a third derivative of below 1e7, and rounding, some
# 1e-13 over the step.
STEP, SLOPES = 1e-6, 2e-6
each_model = pytest.mark.parametrize("name", MODELS)
with_or_without_gaps = pytest.mark.parametrize("gaps", [False, True], ids=["", "gaps"])


def some(name, gaps=False, dtype=np.float64, **more):
    """Parameters and trials of a model."""
    fields = own_models.fields_for(name, dtype)
    fields = own_models.with_gaps(fields, dtype) if gaps else fields
    return own_models.params_for(name, dtype), Trials(**fields | more)


def total(name, params, trials):
    return log_likelihood(MODELS[name], params, trials).sum()


def by_hand(name, params, trials):
    return np.nansum(own_models.by_hand(name, params, trials)[0], axis=1)


def exact_slopes(function, x):
    """Central differences, entry by entry; of one that is NaN none."""
    x, slopes = np.array(x, np.float64), np.zeros(np.shape(x))
    for at in np.argwhere(np.isfinite(x)):
        up, down = x.copy(), x.copy()
        up[tuple(at)] += STEP
        down[tuple(at)] -= STEP
        slopes[tuple(at)] = (function(up) - function(down)) / (2 * STEP)
    return slopes


# The value.


@each_model
@with_or_without_gaps
def test_against_the_loop(name, gaps, x64):
    params, trials = some(name, gaps)
    ours = log_likelihood(MODELS[name], params, trials)
    assert ours.shape == (N_SUBJECTS,) and ours.dtype == np.float64
    # Sums of 24 numbers of up to some hundreds, of which each has lost a few digits of 16.
    np.testing.assert_allclose(ours, by_hand(name, params, trials), rtol=0, atol=1e-11)


@each_model
@with_or_without_gaps
def test_in_float32(name, gaps):
    params, trials = some(name, gaps, np.float32)
    ours = log_likelihood(MODELS[name], params, trials)
    assert ours.dtype == np.float32
    # Values are off by three roundings per trial. Their scale is 5 at the most for choices; for ratings the
    # squared distance, in units of .2, moves by up to twice its root, 10, times 5.
    scale = 100 if name == RATER.name else 2 * 5
    atol = N_TRIALS * scale * (3 * N_TRIALS + 10) * UNIT
    np.testing.assert_allclose(ours, by_hand(name, params, trials), rtol=0, atol=atol)


def test_hand_worked_numbers():
    # The second context is new on the second trial. With a load of log 2 the scale is 1/2, then 1/4.
    params = {"alpha": 0.5, "temperature": 1.0, "load": np.log(2)}
    trials = Trials(
        [[0, 0, 0]], [[1.0, 1.0, 1.0]], inputs={"context": [[0, 1, 0]], "size": [[1.0, 1.0, 2.0]]}
    )
    expected = -2 * np.log(2) - np.log1p(np.exp(-0.25 / 4))
    # Three numbers below 1 with a few roundings each.
    np.testing.assert_allclose(log_likelihood(CONTEXTUAL, params, trials), [expected], rtol=0, atol=30 * UNIT)
    # One rating of .75 where .25 + .5 * (1 - .25) = .625 is expected, times 2.
    params = {"alpha": 0.5, "weight": 1.0, "noise": 0.5}
    rated = {"ratings": [[0.25, 0.75]]}
    trials = Trials(
        None, {"pain": [1.0, 0.0], "relief": [0.0, 0.0]}, responses=rated, inputs={"scale": [[1.0, 2.0]]}
    )
    expected = -0.5 * (0.75 - 1.25) ** 2 / 0.25 - 2 * np.log(0.5 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(log_likelihood(RATER, params, trials), [expected], rtol=0, atol=30 * UNIT)


def test_the_probabilities_of_all_sequences_add_up_to_one():
    sequences = np.array(list(itertools.product(range(2), repeat=5)))
    inputs = {"context": [0, 1, 0, 2, 0], "size": [1.0, 2.0, 3.0, 1.0, 2.0]}
    outcomes = np.random.default_rng(1).integers(0, 2, (5, 2))
    params = {"alpha": 0.7, "temperature": 0.2, "load": 0.1}
    p = np.exp(
        np.asarray(log_likelihood(CONTEXTUAL, params, Trials(sequences, outcomes, inputs=inputs)), float)
    )
    # Five factors, whose logits of up to 5 are off by twenty roundings or so.
    np.testing.assert_allclose(p.sum(), 1, rtol=0, atol=5 * 5 * 20 * UNIT)
    assert p.min() > 0 and np.ptp(p) > 0.05


@each_model
def test_what_all_share_may_be_each_subjects_own(name, x64):
    params, trials = some(name)
    spread = lambda x: np.array(np.broadcast_to(x, (N_SUBJECTS, *x.shape[1:])))  # noqa: E731
    own = trials._replace(
        inputs=jax.tree.map(spread, trials.inputs), outcomes=jax.tree.map(spread, trials.outcomes)
    )
    shapes = lambda trials: {x.shape[0] for x in jax.tree.leaves((trials.inputs, trials.outcomes))}  # noqa: E731
    assert shapes(own) == {N_SUBJECTS} and 1 in shapes(trials)
    one, other = (jax.value_and_grad(total, 1)(name, params, some) for some in (trials, own))
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-10), one, other)


def test_one_subject_of_all_and_alone(x64):
    params, trials = some(RATER.name, True)
    together = log_likelihood(RATER, params, trials)
    for i in range(N_SUBJECTS):
        alone = {name: x[i] for name, x in params.items()}
        one = log_likelihood(RATER, alone, trials.subjects(i))
        np.testing.assert_allclose(one, together[i : i + 1], rtol=1e-12)
    some_of_them = log_likelihood(RATER, {n: x[[3, 1]] for n, x in params.items()}, trials.subjects([3, 1]))
    np.testing.assert_allclose(some_of_them, together[jnp.array([3, 1])], rtol=1e-12)


def test_an_input_that_is_not_asked_for_changes_nothing():
    params, trials = some(CONTEXTUAL.name, True, np.float32)
    more = trials._replace(inputs=trials.inputs | {"noise": np.ones((N_SUBJECTS, N_TRIALS, 7))})
    one, other = (log_likelihood(CONTEXTUAL, params, some) for some in (trials, more))
    np.testing.assert_array_equal(one, other)
    plain = models.rescorla_wagner(2)
    choices = Trials(trials.choices, np.nan_to_num(trials.outcomes), mask=trials.mask)
    one, other = (
        log_likelihood(plain, {"alpha": 0.5, "temperature": 0.5}, some)
        for some in (
            choices,
            choices._replace(inputs=trials.inputs, responses={"times": np.ones(trials.shape)}),
        )
    )
    np.testing.assert_array_equal(one, other)


def test_the_simulator_and_the_likelihood_agree(x64):
    for name, model in MODELS.items():
        params, trials = some(name)
        outcomes = trials.outcomes
        if name == TWO_STEP.name:
            outcomes = np.broadcast_to(outcomes, (N_SUBJECTS, N_TRIALS, 2))
        inputs = trials.inputs
        trace = simulate(
            jax.random.key(0),
            model,
            params,
            outcomes,
            inputs=inputs,
            record=(*model.response.parts, "log_prob"),
        )
        made = {"choices": trace.choices, "responses": None}
        if name == RATER.name:
            made = {"choices": None, "responses": {"ratings": trace.ratings}}
        ours = log_likelihood(model, params, Trials(outcomes=outcomes, inputs=inputs, **made))
        np.testing.assert_allclose(ours, trace.log_prob.sum(axis=1), rtol=1e-10)


# The slopes.


@each_model
@with_or_without_gaps
def test_the_slope_by_parameters_is_the_loops_central_differences(name, gaps, x64):
    params, trials = some(name, gaps)
    gradient = jax.grad(total, 1)(name, params, trials)
    for key, x in params.items():
        slopes = exact_slopes(lambda x: by_hand(name, params | {key: x}, trials).sum(), x)  # noqa: B023
        np.testing.assert_allclose(gradient[key], slopes, rtol=1e-7, atol=SLOPES)


def replaced(trials, field, key, x):
    """The trials with another array in one field, as a reader's own program may put it there."""
    value = x if key is None else getattr(trials, field) | {key: x}
    fields = dict(zip(trials._fields, trials, strict=True)) | {field: value}
    return Trials(**fields)


BY_DATA = [
    (CONTEXTUAL.name, "inputs", "size"),  # which all subjects share
    (CONTEXTUAL.name, "outcomes", None),
    (RATER.name, "inputs", "scale"),
    (RATER.name, "outcomes", "pain"),
    (RATER.name, "outcomes", "relief"),  # which all subjects share
    (RATER.name, "responses", "ratings"),
    (TWO_STEP.name, "outcomes", None),
]


@pytest.mark.parametrize("name, field, key", BY_DATA)
@with_or_without_gaps
def test_the_slope_by_data_is_the_loops_central_differences(name, field, key, gaps, x64):
    params, trials = some(name, gaps)
    x = getattr(trials, field) if key is None else getattr(trials, field)[key]
    slopes = jax.grad(lambda x: total(name, params, replaced(trials, field, key, x)))(x)
    assert slopes.shape == x.shape and np.isfinite(slopes).all()
    exact = exact_slopes(lambda x: by_hand(name, params, replaced(trials, field, key, x)).sum(), x)
    np.testing.assert_allclose(slopes, exact, rtol=1e-7, atol=SLOPES)
    assert (np.asarray(slopes) != 0).any()


def test_the_slope_by_parameters_and_data_at_once(x64):
    params, trials = some(RATER.name, True)
    by_both = lambda x, scale: total(RATER.name, x, replaced(trials, "inputs", "scale", scale))  # noqa: E731
    scale = jnp.nan_to_num(trials.inputs["scale"])
    ours = jax.grad(by_both, (0, 1))(params, scale)
    for one, other in zip(ours, (jax.grad(by_both, i)(params, scale) for i in (0, 1)), strict=True):
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-10), one, other)
    # In another unit of ratings, of what is expected and of the noise, the density is divided by that unit.
    k = 3.0
    other = replaced(trials, "responses", "ratings", k * trials.responses["ratings"])
    other = replaced(other, "inputs", "scale", k * trials.inputs["scale"])
    counts = np.asarray(trials.mask).sum()
    in_other_units = total(RATER.name, params | {"noise": k * params["noise"]}, other)
    np.testing.assert_allclose(
        in_other_units, total(RATER.name, params, trials) - counts * np.log(k), rtol=1e-12
    )


def test_second_derivatives_and_vmap(x64):
    params, trials = some(RATER.name, True)
    run = lambda params: total(RATER.name, params, trials)  # noqa: E731
    numbers = {name: jnp.float64(x[0]) for name, x in params.items()}
    hessian = jax.hessian(run)(numbers)
    for a, b in itertools.product(numbers, repeat=2):
        step = lambda sign: numbers | {b: numbers[b] + sign * 1e-5}  # noqa: B023, E731
        exact = (jax.grad(run)(step(1))[a] - jax.grad(run)(step(-1))[a]) / 2e-5
        # The step squared times a third derivative of below 1e5.
        np.testing.assert_allclose(hessian[a][b], exact, rtol=1e-5, atol=1e-4)
    sets = jax.tree.map(lambda x: jnp.stack([x, 0.9 * x]), params)
    both = jax.jit(jax.vmap(jax.grad(run)))(sets)
    second = jax.grad(run)(jax.tree.map(lambda x: 0.9 * x, params))
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x[1], y, rtol=1e-9), both, second)


# Trials that do not count.


def appended(trials, n):
    """The trials, and behind them `n` that the mask leaves out, which hold NaN wherever they can."""

    def pad(x, fill):
        return np.pad(x, [(0, 0), (0, n)] + [(0, 0)] * (np.ndim(x) - 2), constant_values=fill)

    def junk(x):
        x = np.asarray(x)
        return pad(x, NAN if x.dtype.kind == "f" else 0)

    mask = np.ones(trials.shape, bool) if trials.mask is None else np.asarray(trials.mask)
    fields = {name: x for name, x in trials._asdict().items() if x is not None}
    padded = {name: jax.tree.map(junk, x) for name, x in fields.items() if name not in ("mask", "feedback")}
    told = {"feedback": pad(np.asarray(trials.feedback), True)} if trials.feedback is not None else {}
    return Trials(**{"choices": None} | padded | told, mask=pad(mask, False))


@each_model
@with_or_without_gaps
def test_padding_changes_neither_value_nor_slope(name, gaps, x64):
    params, trials = some(name, gaps)
    padded = appended(trials, 5)
    assert padded.shape == (N_SUBJECTS, N_TRIALS + 5)
    with jax.debug_nans(True):
        one, other = (jax.value_and_grad(total, 1)(name, params, x) for x in (trials, padded))
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12), one, other)


@pytest.mark.parametrize("name, field, key", BY_DATA)
def test_padding_has_no_slope(name, field, key, x64):
    params, trials = some(name, True)
    padded = appended(trials, 5)
    x = getattr(padded, field) if key is None else getattr(padded, field)[key]
    slopes = jax.grad(lambda x: total(name, params, replaced(padded, field, key, x)))(x)
    assert (slopes[:, N_TRIALS:] == 0).all() and np.isfinite(slopes).all()


@each_model
def test_what_a_masked_trial_holds_is_not_looked_at(name):
    params, trials = some(name, True, np.float32)
    whole = own_models.fields_for(name, np.float32)
    counts = {part: getattr(trials, part) for part in ("mask", "reset", "feedback")}
    ours, theirs = (jax.value_and_grad(total, 1)(name, params, x) for x in (trials, Trials(**whole | counts)))
    # The same program, so the same numbers to the last digit.
    jax.tree.map(np.testing.assert_array_equal, ours, theirs)


def test_a_masked_trial_is_as_good_as_none(x64):
    params, trials = some(RATER.name)
    keep = np.arange(N_TRIALS) % 4 != 1
    mask = np.broadcast_to(keep, trials.shape)
    cut = lambda x: np.asarray(x)[:, keep]  # noqa: E731
    without = Trials(
        None,
        jax.tree.map(cut, trials.outcomes),
        inputs=jax.tree.map(cut, trials.inputs),
        responses=jax.tree.map(cut, trials.responses),
    )
    one, other = (log_likelihood(RATER, params, x) for x in (trials._replace(mask=mask), without))
    np.testing.assert_allclose(one, other, rtol=1e-12)


# A choice with its time.


def racer():
    """The more an action has paid, the faster it is; how much is shown slows both."""

    def predict(params, state, trial):
        drifts = params["gain"] * state / trial.inputs["size"]
        return {"drifts": drifts, "threshold": params["threshold"], "non_decision_time": params["delay"]}

    def update(params, state, trial, responded, outcome):
        return state + 0.3 * responded["choices"] * (outcome - state), {}

    parameters = Parameter("gain", 0), Parameter("threshold", 0, above=True), Parameter("delay", 0)
    start = lambda params: jnp.full(2, 0.5)  # noqa: E731
    return Model("racer", parameters, responses.wald_race(2), start, predict, update, ("size",))


RACER = racer()
RACED = {"gain": np.array([2.0, 3.0]), "threshold": np.array([1.0, 1.2]), "delay": np.array([0.1, 0.05])}


def raced(mask=None, junk=1.0):
    rng = np.random.default_rng(3)
    times, size = rng.uniform(0.3, 1.5, (2, 15)), rng.uniform(1, 2, (2, 15))
    blank = lambda x: x if mask is None else np.where(mask, x, junk)  # noqa: E731
    choices, paid = rng.integers(0, 2, (2, 15)), rng.integers(0, 2, (2, 15)) * 1.0
    fields = {"inputs": {"size": blank(size)}, "responses": {"times": blank(times)}}
    return Trials(choices, blank(paid), mask=mask, **fields, shared=False)


def test_choices_with_their_times(x64):
    trials = raced()
    ours, exact = log_likelihood(RACER, RACED, trials), np.zeros(2)
    for i in range(2):
        state, params = np.full(2, 0.5), {name: x[i] for name, x in RACED.items()}
        for t in range(15):
            choice, time = int(trials.choices[i, t]), float(trials.responses["times"][i, t])
            drifts = params["gain"] * state / float(trials.inputs["size"][i, t])
            prediction = {
                "drifts": jnp.asarray(drifts),
                "threshold": params["threshold"],
                "non_decision_time": params["delay"],
            }
            # The density itself is held elsewhere; here it is which one is added up.
            exact[i] += float(RACER.response.log_prob(prediction, {"choices": choice, "times": time}))
            state[choice] += 0.3 * (float(trials.outcomes[i, t, 0]) - state[choice])
    np.testing.assert_allclose(ours, exact, rtol=1e-11)


@pytest.mark.parametrize("junk", [NAN, np.inf, 0.0, -1e30])
def test_times_on_trials_that_do_not_count(junk, x64):
    mask = np.arange(15) % 4 != np.array([[1], [2]])
    by = lambda params, times, trials: log_likelihood(  # noqa: E731
        RACER, params, replaced(trials, "responses", "times", times)
    ).sum()
    slope = jax.value_and_grad(by, (0, 1))
    results = []
    for trials in (raced(mask), raced(mask, junk)):
        results.append(slope(RACED, trials.responses["times"], trials))
    jax.tree.map(np.testing.assert_array_equal, *results)
    by_times = np.asarray(results[0][1][1])
    assert (by_times[~mask] == 0).all() and (by_times[mask] != 0).all() and np.isfinite(by_times).all()


def test_slopes_by_times_are_central_differences(x64):
    trials = raced()
    run = lambda x: log_likelihood(RACER, RACED, replaced(trials, "responses", "times", x)).sum()  # noqa: E731
    times = trials.responses["times"]
    np.testing.assert_allclose(
        jax.grad(run)(times), exact_slopes(lambda x: float(run(x)), times), rtol=1e-6, atol=1e-6
    )


# Compiled.


def test_compiled_once_per_kind_of_data(compilations):
    def run(seed, **more):
        fields = own_models.fields_for(CONTEXTUAL.name, seed=seed)
        return log_likelihood(
            CONTEXTUAL, own_models.params_for(CONTEXTUAL.name, seed=seed), Trials(**fields | more)
        )

    run(0)
    compiled = _scoring.log_probabilities._cache_size()
    compilations.clear()
    for seed in range(1, 4):
        run(seed)
    assert compilations == [] and _scoring.log_probabilities._cache_size() == compiled
    run(0, mask=own_models.some_mask())
    assert _scoring.log_probabilities._cache_size() == compiled + 1


@each_model
def test_a_readers_jit_takes_trials(name, x64):
    params, trials = some(name, True)
    compiled = jax.jit(jax.value_and_grad(lambda params, trials: total(name, params, trials)))
    ours, theirs = compiled(params, trials), jax.value_and_grad(total, 1)(name, params, trials)
    jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-10), ours, theirs)


def test_slopes_by_all_of_the_trials(x64):
    # Whole numbers and booleans have none; JAX gives them back as a type of their own.
    params, trials = some(CONTEXTUAL.name, True)
    by_trials = jax.grad(lambda trials: total(CONTEXTUAL.name, params, trials), allow_int=True)(trials)
    assert isinstance(by_trials, Trials) and by_trials.inputs["context"].dtype == jax.dtypes.float0
    size = trials.inputs["size"]
    alone = jax.grad(lambda x: total(CONTEXTUAL.name, params, replaced(trials, "inputs", "size", x)))(size)
    np.testing.assert_allclose(by_trials.inputs["size"], alone, rtol=1e-10)
