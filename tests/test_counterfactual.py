"""Learners of all actions: full feedback, fictitious outcomes by a stated coding, and what is refused."""

import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

import behavioural_modelling as bm
from behavioural_modelling import Trials, fit, log_likelihood, models, replay, simulate

KEY = jax.random.key(0)
UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS = 6, 40

# In float64: 40 terms below 40, each with a few hundred roundings of 1e-16.
LL_TOLERANCE = 1e-10

RATES = {  # of the chosen action and of the others, for positive and for negative prediction errors
    "counterfactual_rescorla_wagner": ("alpha", "alpha", "alpha_unchosen", "alpha_unchosen"),
    "asymmetric_counterfactual_rescorla_wagner": (
        "alpha_p",
        "alpha_n",
        "alpha_unchosen_p",
        "alpha_unchosen_n",
    ),
    "confirmation_bias": ("alpha_conf", "alpha_disc", "alpha_disc", "alpha_conf"),
}
PAYOFFS = {"1 - r": (0.0, 1.0), "-r": (-1.0, 1.0), (0, 100): (0.0, 100.0)}
each_builder = pytest.mark.parametrize("name", RATES)


def built(name, coding, n_actions=2, **options):
    return getattr(models, name)(n_actions, coding, **options)


def params_inside(model, width=1.0):
    """Parameters well inside their ranges, one set per subject, for outcomes over a range of `width`."""
    rng = np.random.default_rng(1)
    scale = {"difference": width, "per difference": 1 / width}
    return {
        p.name: rng.uniform(0.1, 0.9, N_SUBJECTS) * (scale.get(p.unit, 1.0) if p.upper != 1 else 1.0)
        for p in model.parameters
    }


def data(payoffs, n_actions=2, seed=0):
    """Outcomes of all actions, and trials of every kind."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS, n_actions)
    outcomes = np.where(rng.uniform(size=shape) < 0.6, payoffs[1], payoffs[0])
    available = (rng.uniform(size=shape) < 0.8) | (np.arange(n_actions) == n_actions - 1)
    choices = (rng.uniform(size=shape) * available).argmax(axis=-1)
    mask, feedback, reset = (rng.uniform(size=shape[:2]) < share for share in (0.9, 0.9, 0.1))
    return outcomes, {"available": available, "mask": mask, "feedback": feedback, "reset": reset}, choices


def exact_log_likelihood(rates, params, choices, paid, start, scale, available, mask, feedback, reset):
    """One subject's, in plain Python. `paid(trial)` gives what each action paid, or is taken to have paid."""
    value, total = None, []
    for trial, choice in enumerate(choices):
        if value is None or reset[trial]:
            value = [start] * len(available[trial])
        if not mask[trial]:
            continue
        offered = [a for a, there in enumerate(available[trial]) if there]
        total.append(scale * value[choice] - math.log(sum(math.exp(scale * value[a]) for a in offered)))
        if not feedback[trial]:
            continue
        for a in offered:
            error = paid(trial)[a] - value[a]
            name = rates[(0 if a == choice else 2) + (0 if error > 0 else 1)]
            value[a] += params[name] * error
    return math.fsum(total)


def of_subject(i, params, task):
    return {name: float(x[i]) for name, x in params.items()}, {name: x[i] for name, x in task.items()}


def exact(model, rates, params, i, choices, paid, start, task):
    own, given = of_subject(i, params, task)
    scale = own["inverse_temperature"] if "inverse_temperature" in own else 1 / own["temperature"]
    return exact_log_likelihood(rates, own, choices[i], paid, own.get("initial_value", start), scale, **given)


# Against the loop.


@pytest.mark.parametrize("options", [{}, {"initial_value": "free", "inverse_temperature": True}], ids=str)
@each_builder
def test_full_feedback_against_the_loop(name, options, x64):
    model = built(name, "seen", 3, **options)
    outcomes, task, choices = data((-1.0, 2.0), 3)
    params = params_inside(model)
    ours = log_likelihood(model, params, Trials(choices, outcomes, **task))
    for i in range(N_SUBJECTS):
        theirs = exact(model, RATES[name], params, i, choices, lambda t, i=i: outcomes[i, t], 0.5, task)
        np.testing.assert_allclose(ours[i], theirs, rtol=0, atol=LL_TOLERANCE)


@pytest.mark.parametrize("coding", PAYOFFS, ids=str)
@each_builder
def test_fictitious_outcomes_against_the_loop(name, coding, x64):
    model, (low, high) = built(name, coding), PAYOFFS[coding]
    outcomes, task, choices = data((low, high))
    params = params_inside(model, high - low)
    own = np.take_along_axis(outcomes, choices[..., None], axis=-1)[..., 0]
    ours = log_likelihood(model, params, Trials(choices, own, **task, shared=False))
    for i in range(N_SUBJECTS):

        def paid(t, i=i):
            return [own[i, t] if a == choices[i, t] else low + high - own[i, t] for a in range(2)]

        theirs = exact(model, RATES[name], params, i, choices, paid, (low + high) / 2, task)
        np.testing.assert_allclose(ours[i], theirs, rtol=0, atol=LL_TOLERANCE)
    # What the others really paid is not looked at.
    both = log_likelihood(model, params, Trials(choices, outcomes, **task))
    np.testing.assert_allclose(both, ours, rtol=0, atol=LL_TOLERANCE)


def prl_fictitious(alphas, beta, choices, outcomes):
    """hBayesDM's two models without an indecision point; `alphas` go by the sign of the factual error.

    Written from the equations in prl_fictitious_woa.stan and prl_fictitious_rp_woa.stan.
    """
    value, total = [0.0, 0.0], []
    for choice, outcome in zip(choices, outcomes, strict=True):
        total.append(-math.log1p(math.exp(beta * (value[1 - choice] - value[choice]))))
        error, other = outcome - value[choice], -outcome - value[1 - choice]
        alpha = alphas[0 if error >= 0 else 1]
        value[choice] += alpha * error
        value[1 - choice] += alpha * other
    return math.fsum(total)


@pytest.mark.parametrize("two", [False, True], ids=["prl_fictitious_woa", "prl_fictitious_rp_woa"])
def test_hbayesdm_models_of_fictitious_outcomes(two, x64):
    options = {"initial_value": 0.0, "inverse_temperature": True}
    if two:
        model = models.confirmation_bias(2, "-r", **options)
    else:
        model = models.counterfactual_rescorla_wagner(2, "-r", one_rate=True, **options)
    params = params_inside(model)
    rng = np.random.default_rng(3)
    choices = rng.integers(0, 2, (N_SUBJECTS, N_TRIALS))
    outcomes = rng.choice([-1.0, 1.0], (N_SUBJECTS, N_TRIALS))
    ours = log_likelihood(model, params, Trials(choices, outcomes))
    names = ("alpha_conf", "alpha_disc") if two else ("alpha", "alpha")
    for i in range(N_SUBJECTS):
        alphas, beta = [params[name][i] for name in names], params["inverse_temperature"][i]
        theirs = prl_fictitious(alphas, beta, choices[i], outcomes[i])
        np.testing.assert_allclose(ours[i], theirs, rtol=0, atol=LL_TOLERANCE)


def test_two_trials_by_hand():
    # Value .5 and .5; action 0 pays 1, so action 1 is taken to have paid 0.
    model = models.counterfactual_rescorla_wagner(2, "1 - r")
    params = {"alpha": 0.5, "alpha_unchosen": 0.2, "temperature": 1.0}
    trace = replay(model, params, Trials([[0, 1]], [[1.0, 1.0]]))
    np.testing.assert_allclose(trace.values[0], [[0.5, 0.5], [0.75, 0.4]], rtol=4 * UNIT)
    np.testing.assert_allclose(trace.prediction_errors[0], [[0.5, -0.5], [-0.75, 0.6]], rtol=8 * UNIT)
    # Good news of what was chosen and bad news of the other confirm: .5 + .4 * .5, .5 - .4 * .5.
    params = {"alpha_conf": 0.4, "alpha_disc": 0.1, "temperature": 1.0}
    told = replay(models.confirmation_bias(2, "1 - r"), params, Trials([[0, 0, 0]], [[1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(told.values[0, 1], [0.7, 0.3], rtol=8 * UNIT)
    np.testing.assert_allclose(told.values[0, 2], [0.7 - 0.07, 0.3 + 0.07], rtol=16 * UNIT)


# Limiting cases.


@pytest.mark.parametrize("coding", ["seen", "1 - r"])
@pytest.mark.parametrize(
    "name, off, simpler",
    [
        ("counterfactual_rescorla_wagner", ["alpha_unchosen"], "rescorla_wagner"),
        (
            "asymmetric_counterfactual_rescorla_wagner",
            ["alpha_unchosen_p", "alpha_unchosen_n"],
            "asymmetric_rescorla_wagner",
        ),
    ],
)
def test_where_the_others_do_not_learn_it_is_the_simpler_model(name, off, simpler, coding, x64):
    model, plain = built(name, coding), getattr(models, simpler)(2)
    outcomes, task, choices = data((0.0, 1.0))
    trials, params = Trials(choices, outcomes, **task), params_inside(model)
    inside = log_likelihood(model, params, trials)
    ours = log_likelihood(model, params | dict.fromkeys(off, 0.0), trials)
    own = {p.name: params[p.name] for p in plain.parameters}
    np.testing.assert_allclose(ours, log_likelihood(plain, own, trials), rtol=0, atol=LL_TOLERANCE)
    assert np.abs(inside - ours).min() > 1e-3


def test_confirmation_bias_is_a_case_of_four_rates(x64):
    outcomes, task, choices = data((0.0, 1.0))
    trials = Trials(choices, outcomes, **task)
    biased, general = (
        built("confirmation_bias", "seen"),
        built("asymmetric_counterfactual_rescorla_wagner", "seen"),
    )
    own = params_inside(biased)
    pairs = zip(RATES["asymmetric_counterfactual_rescorla_wagner"], RATES["confirmation_bias"], strict=True)
    params = {name: own[other] for name, other in pairs} | {"temperature": own["temperature"]}
    ours, theirs = log_likelihood(biased, own, trials), log_likelihood(general, params, trials)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)


def test_points_are_a_matter_of_units(x64):
    # Outcomes, and with them the temperature, a hundred times as large: the same probabilities.
    outcomes, task, choices = data((0.0, 1.0))
    small = built("counterfactual_rescorla_wagner", "1 - r")
    large = built("counterfactual_rescorla_wagner", (0, 100))
    params = params_inside(small)
    ours = log_likelihood(small, params, Trials(choices, outcomes, **task))
    params = params | {"temperature": 100 * params["temperature"]}
    theirs = log_likelihood(large, params, Trials(choices, 100 * outcomes, **task))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)


def test_slopes_are_finite_at_the_bounds_and_under_jit_and_vmap():
    outcomes, task, choices = data((-1.0, 1.0))
    model, trials = built("confirmation_bias", "-r"), Trials(choices, outcomes, **task)
    score = lambda params: log_likelihood(model, params, trials).sum()  # noqa: E731
    ends = jnp.array([(a, b, t) for a in (0.0, 1.0) for b in (0.0, 1.0) for t in (0.1, 5.0)])
    names = [p.name for p in model.parameters]
    both = jax.jit(jax.vmap(jax.value_and_grad(lambda row: score(dict(zip(names, row, strict=True))))))
    values, slopes = both(ends)
    assert np.isfinite(values).all() and np.isfinite(slopes).all()
    # 240 terms below 40 of up to 64 units each, in two programs.
    for row, value in zip(ends, values, strict=True):
        np.testing.assert_allclose(value, score(dict(zip(names, row, strict=True))), rtol=64 * UNIT)


# What is refused where data are read.

FULL = models.counterfactual_rescorla_wagner(2, "seen")
CODED = models.counterfactual_rescorla_wagner(2, "1 - r")
PARAMS = {"alpha": 0.5, "alpha_unchosen": 0.2, "temperature": 1.0}
DRIVERS = {
    "log_likelihood": lambda model, trials: log_likelihood(model, PARAMS, trials),
    "replay": lambda model, trials: replay(model, PARAMS, trials),
    "fit": lambda model, trials: fit(KEY, model, trials, progress=False),
    "sample": lambda model, trials: bm.sample(KEY, model, trials, progress=False),
    "numpyro_model": lambda model, trials: bm.numpyro_model(model, trials),
    "grad": lambda model, trials: jax.grad(
        lambda x: log_likelihood(model, PARAMS | {"alpha": x}, trials).sum()
    )(0.5),
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_full_feedback_is_not_learned_from_the_chosen_action_alone(driver):
    trials = Trials([[0, 1, 1]], [[1.0, 0.0, 1.0]])
    expected = "what each of 2 actions would have paid, as counterfactual_rescorla_wagner learns from all"
    call = lambda: DRIVERS[driver](FULL, trials)  # noqa: E731
    assert_refused(Bad(call, "outcomes", expected, "what the chosen one paid"))


def test_a_task_that_pays_the_chosen_action_alone_is_refused():
    task = bm.tasks.bandit(20, [0.2, 0.8])
    alone = task._replace(respond=lambda key, state, choice: (jnp.ones(()), state))
    call = lambda: simulate(KEY, FULL, PARAMS, alone)  # noqa: E731
    assert_refused(Bad(call, "outcomes", "what each of 2 actions", "what the chosen one paid"))
    assert simulate(KEY, FULL, PARAMS, task).choices.shape == (1, 20)


@pytest.mark.parametrize("driver", DRIVERS)
def test_outcomes_that_do_not_fit_the_coding_are_refused(driver):
    trials = Trials([[0, 1, 1]], [[1.0, -1.0, 1.0]])
    expected = "0 or 1, which counterfactual_rescorla_wagner is for"
    call = lambda: DRIVERS[driver](CODED, trials)  # noqa: E731
    assert_refused(Bad(call, "trials.outcomes", expected, "-1 at index (0, 1, 0)"))


def test_outcomes_that_do_not_fit_are_refused_in_a_simulation():
    words = "0 or 1, which counterfactual_rescorla_wagner is for"
    schedule = lambda: simulate(KEY, CODED, PARAMS, [[1.0, 0.0], [0.5, 0.0]])  # noqa: E731
    assert_refused(Bad(schedule, "outcomes", words, "0.5 at index (0, 1, 0)"))
    signed = bm.tasks.bandit(20, [0.2, 0.8], payoffs=(-1.0, 1.0))
    for record in (None, ("choices",)):
        reacting = lambda record=record: simulate(KEY, CODED, PARAMS, signed, record=record)  # noqa: E731
        assert_refused(Bad(reacting, "outcomes", words, "-1 at index"))
    plain = bm.tasks.bandit(20, [0.2, 0.8])
    trace = simulate(KEY, CODED, PARAMS, plain, record=("choices",))
    assert list(trace.records) == ["choices"]
    np.testing.assert_array_equal(trace.choices, simulate(KEY, CODED, PARAMS, plain).choices)


def test_what_does_not_count_may_be_any_outcome():
    choices, mask = [[0, 1, 1, 0]], [[True, False, True, True]]
    outcomes = [[1.0, -7.0, np.nan, 0.0]]
    ours = log_likelihood(CODED, PARAMS, Trials(choices, outcomes, mask=mask))
    theirs = log_likelihood(
        CODED,
        PARAMS,
        Trials(choices, [[1.0, 0.0, 0.0, 0.0]], mask=mask, feedback=[[True, True, False, True]]),
    )
    assert np.isfinite(ours) and ours == theirs


@pytest.mark.parametrize(
    "call, name, expected, received",
    [
        (lambda: built("confirmation_bias", "r"), "counterfactual_outcome", "'1 - r'", "'r'"),
        (
            lambda: built("confirmation_bias", (0, 1, 2)),
            "counterfactual_outcome",
            "two outcomes",
            "(0, 1, 2)",
        ),
        (lambda: built("confirmation_bias", ("0", 1)), "counterfactual_outcome", "two outcomes", "('0', 1)"),
        (lambda: built("confirmation_bias", (1, 1)), "counterfactual_outcome", "two different", "(1, 1)"),
        (lambda: built("confirmation_bias", (0, math.inf)), "counterfactual_outcome", "two", "inf"),
        (lambda: built("confirmation_bias", None), "counterfactual_outcome", "'seen'", "None"),
        (lambda: built("confirmation_bias", "seen", 1), "n_actions", "at least 2", "1"),
        (lambda: built("confirmation_bias", "seen", initial_value="x"), "initial_value", "'free'", "'x'"),
    ],
)
def test_a_coding_that_is_none_is_refused(call, name, expected, received):
    assert_refused(Bad(call, name, expected, received))


def test_there_is_no_default_coding():
    for name in RATES:
        with pytest.raises(TypeError, match="counterfactual_outcome"):
            getattr(models, name)(2)


def test_the_same_arguments_give_the_same_model():
    one = built("confirmation_bias", "-r")
    assert one is built("confirmation_bias", "- r") is built("confirmation_bias", (-1, 1), initial_value=0)
    assert pickle.loads(pickle.dumps(one)) is one and not one.needs_all_outcomes
    assert one.levels == (("outcomes", (-1.0, 1.0)),)
    lapsing = models.with_lapse(FULL)
    assert lapsing.needs_all_outcomes and pickle.loads(pickle.dumps(lapsing)) is lapsing
    assert [p.name for p in built("counterfactual_rescorla_wagner", "-r", one_rate=True).parameters] == [
        "alpha",
        "temperature",
    ]
    assert set(models.default_priors(FULL)) == set(PARAMS)
