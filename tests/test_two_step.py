"""The two-step tasks: learners by habit and by planning, the deterministic task, and what people do again."""

import math
import pickle
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

from behavioural_modelling import Trials, log_likelihood, models, replay, simulate, tasks
from behavioural_modelling.learning.two_stage import two_stage_update
from behavioural_modelling.studies import two_step_deterministic_stays, two_step_stays

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
KEY = jax.random.key(0)
N_SUBJECTS, N_TRIALS = 6, 40  # trials of two rows in the two-step task

# In float64: sums of some 80 terms below 30, each with a few hundred roundings of 1e-16.
LL_TOLERANCE = 1e-10
FOUR = 4  # Monte-Carlo standard errors that a mean may be off: 1 in 16 000 is farther off by chance


# What both stages learn.


def test_the_update_by_hand():
    values = jnp.array([0.5, 0.25]), jnp.array([0.0, 0.5, 0.75, 1.0])
    trial = jnp.float32(1.0), jnp.array([0, 1]), jnp.array([0, 0, 1, 0])
    # Errors .75 - .25 = .5 and 1 - .75 = .25. The first learns .5 (.5 + .5 x .25), the second .25 x .25.
    (first, second), (before, errors) = two_stage_update(values, trial, 0.5, 0.25, 0.5)
    assert first.tolist() == [0.5, 0.5625] and second.tolist() == [0.0, 0.5, 0.8125, 1.0]
    assert before[0].tolist() == [0.5, 0.25] and before[1].tolist() == values[1].tolist()
    assert errors[0].tolist() == [0.0, 0.5] and errors[1].tolist() == [0, 0, 0.25, 0]


@pytest.mark.parametrize("trace, expected", [(0.0, 0.75), (1.0, 1.0)])
def test_the_trace_leads_from_the_second_value_to_what_was_paid(trace, expected):
    values = jnp.array([0.5, 0.25]), jnp.array([0.75, 0.5])
    trial = 1.0, jnp.array([0, 1]), jnp.array([1, 0])
    (first, _), _ = two_stage_update(values, trial, 1.0, 0.5, trace)
    assert first.tolist() == [0.5, expected]


def test_without_a_choice_nothing_is_learned():
    values = jnp.array([0.5, 0.25]), jnp.array([0.75, 0.5])
    (first, second), (_, errors) = two_stage_update(values, (1.0, [0, 0], [1, 0]), 0.5, 0.5, 1.0)
    assert first.tolist() == [0.5, 0.25] and second.tolist() == [0.875, 0.5]
    (first, second), (_, errors) = two_stage_update(values, (1.0, [1, 0], [0, 0]), 0.5, 0.5, 1.0)
    assert first.tolist() == [0.5, 0.25] and second.tolist() == [0.75, 0.5]
    assert all((error == 0).all() for error in errors)


VALUES, TRIAL = ([0.5, 0.5], [0.5, 0.5]), (1.0, [1, 0], [0, 1])


@pytest.mark.parametrize(
    "arguments, name, expected, received",
    [
        (((0.5, [0.5, 0.5]), TRIAL, 0.1, 0.1, 0.1), "values", "two rows of values", "shape ()"),
        ((([0.5, 0.5],), TRIAL, 0.1, 0.1, 0.1), "values", "a pair", "1 of them"),
        ((([0.5, math.nan], [0.5, 0.5]), TRIAL, 0.1, 0.1, 0.1), "values", "finite", "nan at index 1"),
        ((VALUES, (1.0, [1, 0]), 0.1, 0.1, 0.1), "outcome_chosen", "the outcome and two choices", "2"),
        ((VALUES, 1.0, 0.1, 0.1, 0.1), "outcome_chosen", "the outcome and two choices", "float"),
        ((VALUES, ([1.0, 0.0], *TRIAL[1:]), 0.1, 0.1, 0.1), "outcome", "a number", "shape (2,)"),
        ((VALUES, (1.0, [1, 0, 0], [0, 1]), 0.1, 0.1, 0.1), "chosen_1", "shape (2,)", "shape (3,)"),
        ((VALUES, (1.0, [1, 0], [1, 1]), 0.1, 0.1, 0.1), "chosen_2", "at most one", "more than one 1"),
        ((VALUES, TRIAL, 1.1, 0.1, 0.1), "alpha_1", "[0, 1]", "1.1"),
        ((VALUES, TRIAL, 0.1, -0.1, 0.1), "alpha_2", "[0, 1]", "-0.1"),
        ((VALUES, TRIAL, 0.1, 0.1, 2.0), "eligibility_trace", "[0, 1]", "2"),
    ],
)
def test_what_the_update_refuses(arguments, name, expected, received):
    assert_refused(Bad(lambda: two_stage_update(*arguments), name, expected, received))


# The models against loops over trials in plain Python, in float64.


def log_p(logits, choice):
    top = max(logits)
    return logits[choice] - top - math.log(sum(math.exp(x - top) for x in logits))


def two_step_loop(p, choices, stages, planets, outcomes, mask, reset, feedback, *, common=0.7, start=0.5):
    """The log-likelihood of one person's rows; `p` has all parameters of the hybrid, inverse temperatures."""
    total, fresh = 0.0, lambda: ([start, start], [[start, start], [start, start]], None, None)
    habit, planet_values, last, first = fresh()
    for t, choice in enumerate(choices):
        if reset[t]:
            habit, planet_values, last, first = fresh()
        if not mask[t]:
            continue
        if stages[t] == 0:
            best = [max(row) for row in planet_values]
            plan = [common * best[0] + (1 - common) * best[1], (1 - common) * best[0] + common * best[1]]
            logits = [p["beta_1"] * (p["w"] * plan[a] + (1 - p["w"]) * habit[a]) for a in (0, 1)]
            if last is not None:
                logits[last] += p["stickiness"]
            total += log_p(logits, choice)
            if feedback[t]:
                last = first = choice
            continue
        row = planet_values[planets[t] - 1]
        total += log_p([p["beta_2"] * v for v in row], choice)
        if not feedback[t]:
            continue
        error = outcomes[t][choice] - row[choice]
        if first is not None:
            habit[first] += p["alpha_1"] * (row[choice] - habit[first] + p["trace"] * error)
        row[choice] += p["alpha_2"] * error
        first = None
    return total


def deterministic_loop(p, choices, starts, stakes, lefts, outcomes, mask, reset, feedback, *, start=0.5):
    total = 0.0
    fresh = lambda: ([[start, start], [start, start]], [start, start], None, None)  # noqa: E731
    habits, planet_values, last, side = fresh()
    for t, choice in enumerate(choices):
        if reset[t]:
            habits, planet_values, last, side = fresh()
        if not mask[t]:
            continue
        w, habit = p["w_high"] if stakes[t] > 1 else p["w_low"], habits[starts[t]]
        logits = [p["beta"] * (w * planet_values[a] + (1 - w) * habit[a]) for a in (0, 1)]
        if last is not None and last[0] == starts[t]:
            logits[last[1]] += p["stickiness"]
        if side is not None:  # the action that is shown where the last choice was shown
            logits[lefts[t] if side == "left" else 1 - lefts[t]] += p["side_stickiness"]
        total += log_p(logits, choice)
        if not feedback[t]:
            continue
        last, side = (starts[t], choice), "left" if choice == lefts[t] else "right"
        error = outcomes[t][choice] - planet_values[choice]
        habit[choice] += p["alpha"] * (planet_values[choice] - habit[choice] + p["trace"] * error)
        planet_values[choice] += p["alpha"] * error
    return total


def random_trials(task, seed=0, scale=1.0):
    """Trials with choices at random, of which some are missed, without feedback, or begin anew."""
    rng = np.random.default_rng(seed)
    n_rows = 2 * N_TRIALS if task == "two_step" else N_TRIALS
    shape = (N_SUBJECTS, n_rows)
    if task == "two_step":
        stage = np.tile(np.arange(n_rows) % 2, (N_SUBJECTS, 1))
        inputs = {"stage": stage, "planet": stage * rng.integers(1, 3, shape)}
    else:
        inputs = {name: rng.integers(0, 2, shape) for name in ("start", "left")}
        inputs["stake"] = rng.choice([1.0, 5.0], shape)
    odd = {"mask": rng.uniform(size=shape) < 0.85, "feedback": rng.uniform(size=shape) < 0.9}
    odd["reset"] = rng.uniform(size=shape) < 0.05
    outcomes = scale * rng.integers(-3, 10, (*shape, 2)) / 9
    return Trials(rng.integers(0, 2, shape), outcomes, inputs=inputs, **odd)


def params_inside(model, seed=0):
    """Parameters well inside their ranges, one set per subject."""
    rng = np.random.default_rng(seed)
    ranges = {
        p.name: (-1.5, 1.5) if math.isinf(p.lower) else (0.1, 0.9) if p.upper == 1 else (0.3, 3)
        for p in model.parameters
    }
    return {name: rng.uniform(*ends, N_SUBJECTS) for name, ends in ranges.items()}


def in_the_loops_words(params, i, w=None):
    """One person's parameters as the loops call them, whichever of them the model has."""
    own = {name: float(x[i]) for name, x in params.items()}

    def of(*names, other=None):
        return next((own[name] for name in names if name in own), other)

    said = {"trace": of("eligibility_trace", other=0.0), "stickiness": own["stickiness"]}
    said["side_stickiness"] = of("side_stickiness", other=0.0)
    said["w"] = of("w", other=w)
    said["w_low"], said["w_high"] = of("w_low", other=said["w"]), of("w_high", other=said["w"])
    for end in ("", "_1", "_2"):
        said[f"alpha{end}"] = of(f"alpha{end}", "alpha", other=0.0)
        inverse = of(f"inverse_temperature{end}", "inverse_temperature")
        temperature = of(f"temperature{end}", "temperature")
        said[f"beta{end}"] = inverse if temperature is None else 1 / temperature
    return said, own.get("initial_value")


def exact(task, model, params, trials, initial_value=0.5, **given):
    """The log-likelihoods of all people by the loops."""
    w = {"two_step_model_free": 0.0, "two_step_model_based": 1.0}.get(model.name)
    shown = ("stage", "planet") if task == "two_step" else ("start", "stake", "left")
    loop, found = two_step_loop if task == "two_step" else deterministic_loop, []
    for i in range(trials.shape[0]):
        own, start = in_the_loops_words(params, i, w)
        rows = [np.asarray(trials.choices[i]), *(np.asarray(trials.inputs[name])[i] for name in shown)]
        rows += [np.asarray(x)[i] for x in (trials.outcomes, trials.mask, trials.reset, trials.feedback)]
        start = initial_value if start is None else start
        found.append(loop(own, *(row.tolist() for row in rows), start=start, **given))
    return found


DETERMINISTIC = models.two_step_deterministic_hybrid
CASES = {
    "hybrid": ("two_step", models.two_step_hybrid(), {}),
    "hybrid, all options": (
        "two_step",
        models.two_step_hybrid("free", inverse_temperature=True, common=0.8, by_stage=False),
        {"common": 0.8},
    ),
    "model-free": ("two_step", models.two_step_model_free(0.25), {"initial_value": 0.25}),
    "model-based": ("two_step", models.two_step_model_based(by_stage=False), {}),
    "deterministic": ("deterministic", DETERMINISTIC(0.0, True), {"initial_value": 0.0}),
    "deterministic, all options": (
        "deterministic",
        DETERMINISTIC("free", by_stake=True, side_stickiness=True),
        {},
    ),
}


@pytest.mark.parametrize("task, model, given", CASES.values(), ids=CASES)
def test_the_likelihood_against_the_loop(task, model, given, x64):
    trials, params = random_trials(task), params_inside(model)
    ours = log_likelihood(model, params, trials)
    np.testing.assert_allclose(ours, exact(task, model, params, trials, **given), rtol=0, atol=LL_TOLERANCE)


def test_in_float32_the_likelihood_is_as_near_as_its_roundings():
    task, model, _ = CASES["hybrid"]
    trials, params = random_trials(task), params_inside(model)
    ours = log_likelihood(model, {name: jnp.float32(x) for name, x in params.items()}, trials)
    assert ours.dtype == jnp.float32
    # 80 terms below 10, each of up to 64 roundings, and the values of up to 40 trials.
    tolerance = 80 * 10 * 64 * UNIT
    np.testing.assert_allclose(ours, exact(task, model, params, trials), rtol=0, atol=tolerance)


# Special cases.


@pytest.mark.parametrize("w, of", [(0.0, models.two_step_model_free), (1.0, models.two_step_model_based)])
def test_the_hybrid_at_either_end_is_the_simpler_model(w, of):
    model, simpler, trials = models.two_step_hybrid(), of(), random_trials("two_step")
    params = {name: jnp.float32(x) for name, x in params_inside(model).items()} | {
        "w": jnp.full(N_SUBJECTS, w)
    }
    own = {parameter.name: params[parameter.name] for parameter in simpler.parameters}
    ours, theirs = log_likelihood(model, params, trials), log_likelihood(simpler, own, trials)
    # 80 terms below 10 of up to 16 units each, where two programs are compiled apart.
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=80 * 16 * 10 * UNIT)
    inside = log_likelihood(model, params | {"w": jnp.full(N_SUBJECTS, 0.5)}, trials)
    assert (abs(inside - theirs) > 0.01).all()


def test_one_weight_is_two_equal_weights_and_no_bonus_of_sides():
    plain, wide = DETERMINISTIC(), DETERMINISTIC(by_stake=True, side_stickiness=True)
    trials = random_trials("deterministic")
    params = {name: jnp.float32(x) for name, x in params_inside(plain).items()}
    same = {"w_low": params["w"], "w_high": params["w"], "side_stickiness": jnp.zeros(N_SUBJECTS)}
    own = {name: x for name, x in params.items() if name != "w"} | same
    ours, theirs = log_likelihood(wide, own, trials), log_likelihood(plain, params, trials)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=40 * 16 * 10 * UNIT)


def hbayesdm_loop(p, first, second, planet, reward):
    """The rule of hBayesDM's two-step models: the trace takes the error that the second choice leaves."""
    total, q1, q2, last = 0.0, [0.0, 0.0], [[0.0, 0.0], [0.0, 0.0]], None
    for a1, a2, s, r in zip(first, second, planet, reward, strict=True):
        best = [max(row) for row in q2]
        plan = [0.7 * best[0] + 0.3 * best[1], 0.3 * best[0] + 0.7 * best[1]]
        net = [p["w"] * plan[a] + (1 - p["w"]) * q1[a] for a in (0, 1)]
        bonus = 0.0 if last is None else p["pi"] * (1 if last == 1 else -1)
        log_odds = p["beta1"] * (net[1] - net[0]) + bonus
        total -= math.log1p(math.exp(-log_odds if a1 == 1 else log_odds))
        log_odds = p["beta2"] * (q2[s][1] - q2[s][0])
        total -= math.log1p(math.exp(-log_odds if a2 == 1 else log_odds))
        q1[a1] += p["a1"] * (q2[s][a2] - q1[a1])
        q2[s][a2] += p["a2"] * (r - q2[s][a2])
        q1[a1] += p["lambda"] * p["a1"] * (r - q2[s][a2])
        last = a1
    return total


@pytest.mark.parametrize("n_parameters", [4, 6, 7])
def test_hbayesdms_models_are_special_cases(n_parameters, x64):
    own = {"w": 0.6, "pi": 0.8, "a1": 0.35, "a2": 0.7, "beta1": 3.0, "beta2": 2.0, "lambda": 0.4}
    if n_parameters < 7:
        own["lambda"] = 1.0
    if n_parameters < 6:
        own["a2"], own["beta2"] = own["a1"], own["beta1"]
    model = models.two_step_hybrid(0.0, inverse_temperature=True, by_stage=n_parameters > 4)
    params = {"w": own["w"], "stickiness": own["pi"]}
    params["eligibility_trace"] = own["lambda"] * (1 - own["a2"])
    ends = {"_1": "1", "_2": "2"} if n_parameters > 4 else {"": "1"}
    params |= {f"alpha{end}": own[f"a{stage}"] for end, stage in ends.items()}
    params |= {f"inverse_temperature{end}": own[f"beta{stage}"] for end, stage in ends.items()}
    rng = np.random.default_rng(4)
    first, second, planet, reward = rng.integers(0, 2, (4, 60))
    theirs = hbayesdm_loop(own, *(x.tolist() for x in (first, second, planet, reward)))
    paid = np.stack([0 * reward, reward], axis=1).ravel().astype(float)
    inputs = {"stage": np.tile([0, 1], 60), "planet": np.stack([0 * planet, planet + 1], axis=1).ravel()}
    trials = Trials(np.stack([first, second], axis=1).reshape(1, -1), paid[None], inputs=inputs)
    np.testing.assert_allclose(log_likelihood(model, params, trials), [theirs], rtol=0, atol=LL_TOLERANCE)


@pytest.mark.parametrize("name", ["hybrid", "deterministic, all options"])
def test_points_and_pence(name, x64):
    """A hundred times the outcomes is a hundred times the temperature and the initial value."""
    task, model, _ = CASES[name]
    model = models.two_step_hybrid("free") if name == "hybrid" else model
    params = params_inside(model)
    units = {parameter.name: parameter.unit for parameter in model.parameters}
    assert set(units.values()) == {None, "value", "difference"}
    pence = {name: x * (1 if units[name] is None else 100) for name, x in params.items()}
    ours = log_likelihood(model, pence, random_trials(task, scale=100.0))
    np.testing.assert_allclose(
        ours, log_likelihood(model, params, random_trials(task)), rtol=0, atol=LL_TOLERANCE
    )


# By hand.


def test_a_trial_of_two_steps_by_hand():
    model = models.two_step_hybrid(0.0, inverse_temperature=True)
    rates = {"alpha_1": 0.5, "alpha_2": 0.5, "eligibility_trace": 0.5, "w": 0.5}
    params = rates | {"inverse_temperature_1": 4.0, "inverse_temperature_2": 2.0, "stickiness": 1.0}
    inputs = {"stage": [0, 1, 0, 1], "planet": [0, 2, 0, 2]}
    trace = replay(model, params, Trials([[0, 1, 0, 1]], [[0.0, 1.0, 0.0, 0.0]], inputs=inputs))
    # Action 0 led to planet 2, where action 1 paid: a habit of .5 x .5 x 1 = .25, a value of .5 there, and so
    # a plan of .3 x .5 = .15 and .7 x .5 = .35. Together .2 and .175, with a bonus of 1 for action 0.
    np.testing.assert_allclose(trace.values[0], [[0, 0], [0, 0], [0.2, 0.175], [0, 0.5]], atol=4 * UNIT)
    p = [[0.5, 0.5], [0.5, 0.5], [1 / (1 + math.exp(-1.1)), None], [None, 1 / (1 + math.exp(-1.0))]]
    p[2][1], p[3][0] = 1 - p[2][0], 1 - p[3][1]
    np.testing.assert_allclose(trace.choice_p[0], p, rtol=16 * UNIT)
    assert trace.prediction_errors[0].tolist() == [[0, 0], [0, 1], [0, 0], [0, -0.5]]
    # The habit of .25 expected less than the .5 of the second choice.
    assert trace.first_stage_errors[0].tolist() == [0, 0, 0, 0.25]


def test_a_planner_carries_on_to_the_other_start_what_a_habit_does_not():
    model = DETERMINISTIC(0.0, inverse_temperature=True)
    params = {"alpha": 0.5, "eligibility_trace": 1.0, "inverse_temperature": 2.0, "stickiness": 3.0}
    trials = Trials([[0, 0, 0]], [[1.0, 1.0, 1.0]], inputs={"start": [0, 1, 1]})
    trace = replay(model, params | {"w": 1.0}, trials)
    assert trace.values[0].tolist() == [[0, 0], [0.5, 0], [0.75, 0]]
    trace = replay(model, params | {"w": 0.0}, trials)
    assert trace.values[0].tolist() == [[0, 0], [0, 0], [0.5, 0]]
    # The bonus is for the same action from the same start: none in the second trial, 3 in the third.
    p = [0.5, 0.5, 1 / (1 + math.exp(-4.0))]
    np.testing.assert_allclose(trace.choice_p[0, :, 0], p, rtol=16 * UNIT)
    assert trace.prediction_errors[0].tolist() == [[1, 0], [0.5, 0], [0.25, 0]]


def test_the_weight_is_of_the_stake_and_the_bonus_of_the_side():
    model = DETERMINISTIC(0.0, True, by_stake=True, side_stickiness=True)
    params = {"alpha": 1.0, "eligibility_trace": 0.0, "w_low": 0.25, "w_high": 0.75, "stickiness": 0.0}
    params |= {"inverse_temperature": 1.0, "side_stickiness": math.log(3)}
    inputs = {"start": [0, 1, 1], "stake": [1, 5, 1], "left": [0, 1, 1]}
    trace = replay(model, params, Trials([[0, 1, 0]], [[0.5, 0.0, 1.0]], inputs=inputs))
    assert trace.values[0].tolist() == [[0, 0], [0.375, 0], [0.125, 0]]
    # Left was chosen, and left is action 1 now: a bonus of log 3 for action 1, in both trials.
    p = [0.5, 3 / (3 + math.exp(0.375)), 3 / (3 + math.exp(0.125))]
    np.testing.assert_allclose(trace.choice_p[0, :, 1], p, rtol=16 * UNIT)


def test_a_second_stage_whose_first_was_missed_is_learned_from_alone():
    model = models.two_step_model_free(0.0, inverse_temperature=True)
    names = ("alpha_1", "alpha_2", "eligibility_trace", "inverse_temperature_1", "inverse_temperature_2")
    params = dict.fromkeys(names, 1.0) | {"stickiness": 0.0}
    inputs = {"stage": [0, 1, 0, 1, 0, 1], "planet": [0, 1, 0, 1, 0, 1]}
    mask = [[True, True, False, True, True, True]]
    trials = Trials([[0, 0, 0, 1, 0, 1]], [[0.0, 0.25, 0.0, 1.0, 0.0, 0.0]], mask=mask, inputs=inputs)
    trace = replay(model, params, trials)
    # After the first trial the habit is .25, and the reward of the second trial does not go to it.
    assert trace.values[0, 4].tolist() == [0.25, 0] and trace.values[0, 5].tolist() == [0.25, 1.0]


# Numbers at the edges.


@pytest.mark.parametrize("name", CASES)
def test_slopes_are_finite_at_the_bounds_of_parameters(name):
    task, model, _ = CASES[name]
    trials = random_trials(task).subjects([0, 1])
    slopes = jax.jit(jax.grad(lambda params: log_likelihood(model, params, trials).sum()))
    for share in (0.0, 1.0):
        for scale in (1e-3, 1.0, 1e6):
            params = {
                p.name: jnp.float32(share if p.upper == 1 else scale if p.lower == 0 else 0.5)
                for p in model.parameters
            }
            assert all(np.isfinite(x).all() for x in slopes(params).values()), (share, scale)


# What is made, and what is refused.


HABIT, TEMPERATURES = ["alpha_1", "alpha_2", "eligibility_trace"], ["temperature_1", "temperature_2"]


@pytest.mark.parametrize(
    "model, names",
    [
        (models.two_step_hybrid(), [*HABIT, "w", *TEMPERATURES, "stickiness"]),
        (models.two_step_model_free(), [*HABIT, *TEMPERATURES, "stickiness"]),
        (models.two_step_model_based(), ["alpha_2", *TEMPERATURES, "stickiness"]),
        (models.two_step_model_based(by_stage=False), ["alpha", "temperature", "stickiness"]),
        (
            models.two_step_hybrid("free", True, by_stage=False),
            ["alpha", "eligibility_trace", "w", "inverse_temperature", "stickiness", "initial_value"],
        ),
        (DETERMINISTIC(), ["alpha", "eligibility_trace", "w", "temperature", "stickiness"]),
    ],
)
def test_the_parameters_and_their_priors(model, names):
    assert [parameter.name for parameter in model.parameters] == names
    assert model.n_actions == 2 and pickle.loads(pickle.dumps(model)) is model
    priors = models.default_priors(model, (0, 100))
    assert list(priors) == names
    # Logits have no unit: other outcomes change nothing.
    assert priors["stickiness"].loc == 0 and priors["stickiness"].scale == 1


def test_the_same_call_returns_the_same_model():
    assert models.two_step_hybrid(0.5, np.False_, common=0.7) is models.two_step_hybrid()
    assert models.two_step_model_free(by_stage=True) is models.two_step_model_free()
    assert models.two_step_model_based(common=np.float64(0.7)) is models.two_step_model_based()
    assert DETERMINISTIC(initial_value=0.5) is DETERMINISTIC()
    makers = (models.two_step_hybrid, models.two_step_model_free, models.two_step_model_based)
    several = {*(make() for make in makers), models.two_step_hybrid(common=0.8), DETERMINISTIC(by_stake=True)}
    assert len(several | {models.two_step_hybrid(by_stage=False), DETERMINISTIC()}) == 7
    assert DETERMINISTIC(by_stake=True).inputs == ("start", "stake")
    assert DETERMINISTIC(side_stickiness=True).inputs == ("start", "left")


@pytest.mark.parametrize(
    "call, name, expected, received",
    [
        (lambda: models.two_step_hybrid("fixed"), "initial_value", "one number, or 'free'", "'fixed'"),
        (lambda: models.two_step_model_free(math.inf), "initial_value", "a finite number", "inf"),
        (lambda: DETERMINISTIC([0.5, 0.5]), "initial_value", "one number", "shape (2,)"),
        (lambda: models.two_step_hybrid(common=1.2), "common", "a probability", "1.2"),
        (lambda: models.two_step_model_based(common="rare"), "common", "one number", "shape ()"),
    ],
)
def test_what_the_builders_refuse(call, name, expected, received):
    assert_refused(Bad(call, name, expected, received))


def test_stages_and_starts_that_do_not_exist_are_refused():
    wrong = Trials([[0, 1]], [[0.0, 1.0]], inputs={"stage": [1, 2], "planet": [0, 1]})
    params = {name: 0.5 for name in ("alpha", "eligibility_trace", "w", "temperature", "stickiness")}
    with pytest.raises(ValueError, match="stage"):
        log_likelihood(models.two_step_hybrid(by_stage=False), params, wrong)
    wrong = Trials([[0, 1]], [[0.0, 1.0]], inputs={"start": [1, 2]})
    with pytest.raises(ValueError, match="start"):
        log_likelihood(DETERMINISTIC(), params, wrong)


# The deterministic task.


PEOPLE = 400


@pytest.fixture(scope="module")
def played():
    """400 planners in the task, 100 trials."""
    params = {"alpha": 0.8, "eligibility_trace": 0.5, "w": 1.0, "temperature": 0.2, "stickiness": 0.0}
    params = {name: np.full(PEOPLE, x) for name, x in params.items()}
    trace = simulate(KEY, DETERMINISTIC(), params, tasks.two_step_deterministic(100))
    return trace


def test_what_the_deterministic_task_shows_and_pays(played):
    shown = {name: np.asarray(x) for name, x in played.inputs.items()}
    assert set(shown) == {"start", "stake", "left"}
    values = {"start": {0, 1}, "left": {0, 1}, "stake": {1.0, 5.0}}
    assert all(set(np.unique(shown[name])) == values[name] for name in values)
    drawn = np.stack([shown["start"], shown["left"], shown["stake"] == 5.0])
    n = drawn[0].size
    assert (abs(drawn.mean(axis=(1, 2)) - 0.5) < FOUR * 0.5 / math.sqrt(n)).all()
    # Apart from each other, and from the trial before.
    pairs = [(drawn[0], drawn[1]), (drawn[0], drawn[2]), (drawn[1], drawn[2])]
    pairs += [(x[:, 1:], x[:, :-1]) for x in drawn]
    for one, other in pairs:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < FOUR / math.sqrt(other.size)
    points = np.asarray(played.outcomes, float) * 9
    assert abs(points - points.round()).max() < 9 * 4 * UNIT
    assert set(np.unique(points.round())) == set(range(10))


def test_the_planets_walk_each_by_itself(played):
    points = (np.asarray(played.outcomes, float) * 9).round()
    steps = np.diff(points, axis=1)
    # From 4 or 5 points: anywhere within a point, a normal step of 2, mirrored at 0 and 9, and rounded.
    rng, start = np.random.default_rng(6), np.repeat([4.0, 5.0], 500_000)
    x = start + rng.uniform(-0.5, 0.5, start.shape) + rng.normal(0, 2, start.shape)
    x = np.where(x < 0, -x, np.where(x > 9, 18 - x, x))
    expected = np.square(x.round() - start)
    from_the_middle = np.square(steps[np.isin(points[:, :-1], (4, 5))])
    error = math.hypot(*(x.std() / math.sqrt(x.size) for x in (expected, from_the_middle)))
    assert abs(from_the_middle.mean() - expected.mean()) < FOUR * error
    one, other = steps[..., 0].ravel(), steps[..., 1].ravel()
    assert abs(np.corrcoef(one, other)[0, 1]) < FOUR / math.sqrt(one.size)


def test_the_deterministic_task_is_made_of_its_arguments():
    make = tasks.two_step_deterministic
    assert make(9, sd=2, stakes=[1, 5], payoffs=(0, 1)) is make(9) != make(9, sd=1.0)
    assert pickle.loads(pickle.dumps(make(9))) is make(9)
    task = make(9, sd=0.0, stakes=(2, 3), payoffs=(-1.0, 8.0))
    state = task.init(KEY)
    outcome, after = task.respond(KEY, state, 0)
    assert outcome.tolist() == (jnp.round(state[1]) - 1).tolist() and after[1].tolist() == state[1].tolist()
    assert float(task.show(after, 1).inputs["stake"]) in (2.0, 3.0)
    other, _ = task.respond(KEY, state, {"choices": 1, "times": 0.3})
    assert other.tolist() == outcome.tolist()


@pytest.mark.parametrize(
    "call, name, expected, received",
    [
        (lambda: tasks.two_step_deterministic(0), "n_trials", "at least 1", "0"),
        (lambda: tasks.two_step_deterministic(9, sd=-1.0), "sd", "at least 0", "-1"),
        (lambda: tasks.two_step_deterministic(9, sd=[1.0, 1.0]), "sd", "one number", "shape (2,)"),
        (lambda: tasks.two_step_deterministic(9, stakes=5), "stakes", "a pair", "int"),
        (lambda: tasks.two_step_deterministic(9, payoffs=(0, math.nan)), "payoffs", "finite", "nan"),
    ],
)
def test_what_the_deterministic_task_refuses(call, name, expected, received):
    assert_refused(Bad(call, name, expected, received))


# What people do again.


def test_stays_in_the_two_step_task_by_hand():
    stage, planet = [0, 1] * 6, [0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 1]
    #  trials   common won     rare lost      rare won       common lost    -- last two --
    choices = [[0, 0, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0]]
    outcomes = [[0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]]
    inputs = {"stage": stage, "planet": planet}
    trials = Trials(choices, np.array(outcomes, float), inputs=inputs)
    # 0 common won, stays; 0 rare lost, goes; 1 rare won, stays; 1 common lost, stays; 1 rare won, goes.
    assert two_step_stays(trials).tolist() == [[1.0, 0.5, 1.0, 0.0]]
    some = lambda *out: np.array([[t not in out for t in range(12)]])  # noqa: E731
    # Without a second choice, or without the next first one, a trial does not count.
    nan = math.nan
    for left_out in ({"mask": some(1)}, {"feedback": some(1)}, {"mask": some(2)}, {"reset": ~some(2)}):
        found = two_step_stays(Trials(choices, np.array(outcomes, float), inputs=inputs, **left_out))
        lost_too = "mask" in left_out and not left_out["mask"][0, 2]
        np.testing.assert_array_equal(found, [[nan, 0.5, 1.0, nan if lost_too else 0.0]])
    np.testing.assert_array_equal(two_step_stays(trials, above=1.0), [[nan, nan, 1.0, 1 / 3]])


def test_stays_in_the_deterministic_task_by_hand():
    inputs = {"start": [0, 0, 1, 1, 0, 0]}
    trials = Trials([[0, 0, 1, 1, 1, 0]], [[1.0, 0.9, 0.0, 0.2, 0.6, 0.1]], inputs=inputs)
    # Same start, won, stays; other, won, goes; same, lost, stays; other, lost, stays; same, won, goes.
    assert two_step_deterministic_stays(trials).tolist() == [[0.5, 0.0, 1.0, 1.0]]
    without = trials._replace(mask=[[True, True, False, True, True, True]])
    np.testing.assert_array_equal(two_step_deterministic_stays(without), [[0.5, math.nan, math.nan, 1.0]])
    strict = two_step_deterministic_stays(trials, above=0.95)
    np.testing.assert_array_equal(strict, [[1.0, math.nan, 0.5, 0.5]])


@pytest.mark.parametrize(
    "call, name, expected, received",
    [
        (lambda: two_step_stays(Trials([[0, 1]], [[0.0, 1.0]])), "trials", "the input 'stage'", "none"),
        (
            lambda: two_step_stays(
                Trials([[0, 1]], [[0.0, 1.0]], inputs={"stage": [0, 0], "planet": [0, 1]})
            ),
            "trials",
            "rows of stage 0 and of stage 1 in turn",
            "stages [0 0]",
        ),
        (
            lambda: two_step_deterministic_stays(Trials([[0, 1]], [[0.0, 1.0]], inputs={"stage": [0, 1]})),
            "trials",
            "the input 'start'",
            "stage",
        ),
        (lambda: two_step_stays([0, 1]), "trials", "Trials with choices", "list"),
    ],
)
def test_what_the_stays_refuse(call, name, expected, received):
    assert_refused(Bad(call, name, expected, received))


def mean_stays(model, stays, task, own):
    """The mean of stays over many people who are alike, and its standard errors."""
    params = {p.name: np.full(PEOPLE, own[p.name]) for p in model.parameters}
    found = stays(Trials.from_trace(simulate(KEY, model, params, task)))
    return np.nanmean(found, axis=0), np.nanstd(found, axis=0) / math.sqrt(PEOPLE)


def effects(mean):
    """The main effect of the columns' first factor, and the interaction of both."""
    (a, b, c, d) = mean
    return (a + b - c - d) / 2, (a - b - c + d) / 2


OWN = dict.fromkeys(("alpha_1", "alpha_2", "eligibility_trace", "alpha"), 0.5) | {"w": 0.5, "stickiness": 0.3}
OWN |= {"temperature_1": 0.2, "temperature_2": 0.2, "temperature": 0.2}


def test_the_classic_pattern_of_habit_and_planning():
    task, found = tasks.two_step(200), {}
    for model in (models.two_step_model_free(), models.two_step_model_based(), models.two_step_hybrid()):
        mean, error = mean_stays(model, two_step_stays, task, OWN)
        found[model.name] = effects(mean), FOUR * math.hypot(*error) / 2
    (reward, interaction), margin = found["two_step_model_free"]
    # A habit knows nothing of transitions: an effect of reward alone.
    assert reward > 0.1 and abs(interaction) < margin
    # The planner's interaction comes without an effect of reward, but for what planets remember: a small one.
    (reward, interaction), margin = found["two_step_model_based"]
    assert interaction > 0.05 and abs(reward) < 0.5 * interaction
    assert min(found["two_step_hybrid"][0]) > margin


def test_the_pattern_of_the_deterministic_task():
    task, stays = tasks.two_step_deterministic(200), two_step_deterministic_stays
    habit, habit_error = mean_stays(DETERMINISTIC(), stays, task, OWN | {"w": 0.0, "stickiness": 0.0})
    plan, plan_error = mean_stays(DETERMINISTIC(), stays, task, OWN | {"w": 1.0, "stickiness": 0.0})
    # From the same start and from the other: good minus other outcomes.
    same, other = habit[0] - habit[2], habit[1] - habit[3]
    assert same > other + FOUR * math.hypot(*habit_error)
    same, other = plan[0] - plan[2], plan[1] - plan[3]
    assert same > 0.2 and abs(same - other) < FOUR * math.hypot(*plan_error)


def test_other_numbers_compile_nothing(compilations):
    model, trials = models.two_step_hybrid(), random_trials("two_step")
    log_likelihood(model, params_inside(model), trials)
    compilations.clear()
    log_likelihood(models.two_step_hybrid(), params_inside(model, seed=1), trials)
    assert compilations == []


def test_jit_and_vmap():
    model, trials = models.two_step_hybrid(), random_trials("two_step")
    params = {name: jnp.float32(x) for name, x in params_inside(model).items()}
    run = partial(log_likelihood, model, trials=trials)
    # Other programs: 80 terms below 10 of some roundings each.
    np.testing.assert_allclose(jax.jit(run)(params), run(params), rtol=0, atol=80 * 64 * UNIT)
    both = {name: jnp.stack([x, x]) for name, x in params.items()}
    np.testing.assert_allclose(jax.vmap(run)(both)[1], run(params), rtol=0, atol=80 * 64 * UNIT)
