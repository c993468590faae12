"""Choices between offers: delay discounting and prospect theory, and the tasks that make the offers."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

from behavioural_modelling import Trials, fit, log_likelihood, models, simulate, tasks
from behavioural_modelling.models import exponential_discounting, hyperbolic_discounting, prospect_theory
from behavioural_modelling.tasks import delay_discounting, risky_choice

N_SUBJECTS, N_TRIALS = 5, 60
KEY = jax.random.key(0)

# In float64: 60 terms, each of some 20 roundings of logits below 100, of 1.1e-16 each, is 1.3e-11.
LL_TOLERANCE = 1e-10
# The same in float32, whose roundings are 2^-24 = 6e-8: 7e-3.
SINGLE = 1e-2


# An independent likelihood: one subject and trial after the other, in float64.


def power(x, rho):
    return x**rho if x > 0 else 0.0


def utility(x, p):
    return power(x, p["curvature"]) if x >= 0 else -p["loss_aversion"] * power(-x, p["curvature"])


def prelec(q, gamma):
    return 0.0 if q == 0 else float(np.exp(-((-np.log(q)) ** gamma)))


def tversky_kahneman(q, gamma):
    return q**gamma / (q**gamma + (1 - q) ** gamma) ** (1 / gamma)


def hyperbolic(offer, p):
    return [
        offer[f"amount_{w}"] / (1 + p["discount_rate"] * offer[f"delay_{w}"]) for w in ("sooner", "later")
    ]


def exponential(offer, p):
    return [
        offer[f"amount_{w}"] * np.exp(-p["discount_rate"] * offer[f"delay_{w}"]) for w in ("sooner", "later")
    ]


def prospect(weight):
    def values(offer, p):
        q = offer.get("probability", 0.5)
        weights = (0.5, 0.5) if weight is None else (weight(q, p["weighting"]), weight(1 - q, p["weighting"]))
        gamble = weights[0] * utility(offer["gain"], p) + weights[1] * utility(-abs(offer["loss"]), p)
        return [utility(offer["sure"], p), gamble]

    return values


def looped(values, params, trials):
    """The log-likelihood of each subject; the temperature, as it is or inverse, is among the parameters."""
    totals = []
    for i in range(trials.shape[0]):
        p = {name: float(np.broadcast_to(x, trials.shape[0])[i]) for name, x in params.items()}
        total = 0.0
        for t in np.flatnonzero(np.asarray(trials.mask)[i]):
            offer = {name: float(np.asarray(x)[i, t]) for name, x in trials.inputs.items()}
            slope = p["inverse_temperature"] if "inverse_temperature" in p else 1 / p["temperature"]
            logits = slope * np.array(values(offer, p))
            total += logits[int(trials.choices[i, t])] - np.logaddexp(*logits)
        totals.append(total)
    return np.array(totals)


DELAYED = {"discount_rate": (0.005, 0.2), "temperature": (0.3, 3.0)}
RISKY = {"curvature": (0.5, 1.1), "loss_aversion": (0.5, 3.0), "temperature": (0.3, 3.0)}
WEIGHTED = {**RISKY, "weighting": (0.4, 1.3)}
CASES = {
    "hyperbolic": (hyperbolic_discounting(), hyperbolic, DELAYED),
    "exponential": (exponential_discounting(), exponential, DELAYED),
    "prospect": (prospect_theory(), prospect(None), RISKY),
    "prelec": (prospect_theory(weighting="prelec"), prospect(prelec), WEIGHTED),
    "tversky": (prospect_theory(weighting="tversky_kahneman"), prospect(tversky_kahneman), WEIGHTED),
}
each = pytest.mark.parametrize("case", CASES)


def offers_of(model, seed=0):
    """Offers of every kind, zeros and certainties among them, for every subject and trial."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS)
    if "delay_later" in model.inputs:
        sooner = rng.uniform(1, 20, shape)
        made = {"amount_sooner": sooner, "amount_later": sooner * rng.uniform(1, 3, shape)}
        return {
            **made,
            "delay_sooner": rng.choice([0.0, 7.0], shape),
            "delay_later": rng.uniform(7, 99, shape),
        }
    keep = lambda share: rng.uniform(size=shape) < share  # noqa: E731
    made = {"gain": rng.uniform(0, 15, shape), "loss": -rng.uniform(0, 15, shape) * keep(0.7)}
    made["sure"] = rng.uniform(-5, 9, shape) * keep(0.5)
    chances = {"probability": rng.choice([0.0, 0.01, 0.3, 0.5, 0.8, 1.0], shape)}
    return {**made, **chances} if "probability" in model.inputs else made


def people(case, seed=0):
    """A model, its loop, parameters well inside their ranges, and trials some of which are masked."""
    model, values, ranges = CASES[case]
    rng = np.random.default_rng(seed + 1)
    params = {name: rng.uniform(*ends, N_SUBJECTS) for name, ends in ranges.items()}
    shape = (N_SUBJECTS, N_TRIALS)
    trials = Trials(
        rng.integers(0, 2, shape), mask=rng.uniform(size=shape) < 0.9, inputs=offers_of(model, seed)
    )
    return model, values, params, trials


# By hand.


def one_choice(model, params, choice, **offer):
    """The probability of one choice."""
    trials = Trials([[choice]], inputs={name: [[x]] for name, x in offer.items()})
    return float(np.exp(np.asarray(log_likelihood(model, params, trials), float)[0]))


def test_a_hundred_days_halve_an_amount_at_a_rate_of_one_in_a_hundred():
    offer = {"amount_sooner": 10.0, "delay_sooner": 0.0, "amount_later": 20.0, "delay_later": 100.0}
    params = {"discount_rate": 0.01, "temperature": 2.0}
    # Float32: a probability near .5 is right to a few roundings of 6e-8.
    assert abs(one_choice(hyperbolic_discounting(), params, 1, **offer) - 0.5) < 1e-6
    # Exponentially 20 / e = 7.3576 is left: 1 / (1 + e^((10 - 7.3576) / 2)) = 0.21061.
    assert abs(one_choice(exponential_discounting(), params, 1, **offer) - 0.21061) < 1e-5


def test_a_loss_that_weighs_twice_is_balanced_by_twice_the_gain():
    params = {"curvature": 1.0, "loss_aversion": 2.0, "temperature": 1.0}
    assert abs(one_choice(prospect_theory(), params, 1, gain=10.0, loss=-5.0, sure=0.0) - 0.5) < 1e-6
    # Half of 16^.5 is 2, and 4^.5 is 2.
    curved = params | {"curvature": 0.5}
    assert abs(one_choice(prospect_theory(), curved, 0, gain=16.0, loss=0.0, sure=4.0) - 0.5) < 1e-6
    # w(1/e) = 1/e under Prelec, whatever gamma: 3 e for sure, or e^2 * 3 with 1/e, and 0 else.
    weighted = prospect_theory(weighting="prelec")
    e = float(np.e)
    given = {"gain": 3 * e**2, "loss": 0.0, "sure": 3 * e, "probability": 1 / e}
    assert abs(one_choice(weighted, params | {"weighting": 0.6}, 1, **given) - 0.5) < 1e-5
    # Without e = 2.718...: .3^.61 / (.3^.61 + .7^.61)^(1/.61) = 0.318, Tversky and Kahneman's weight of .3.
    tk = prospect_theory(weighting="tversky_kahneman")
    given = {"gain": 100.0, "loss": 0.0, "sure": 31.84, "probability": 0.3}
    assert abs(one_choice(tk, params | {"weighting": 0.61}, 1, **given) - 0.5) < 0.003


# Against the loop.


@each
def test_the_likelihood_against_the_loop(case, x64):
    model, values, params, trials = people(case)
    assert np.abs(log_likelihood(model, params, trials) - looped(values, params, trials)).max() < LL_TOLERANCE


@each
def test_the_likelihood_in_single_precision(case):
    model, values, params, trials = people(case, seed=5)
    assert np.abs(log_likelihood(model, params, trials) - looped(values, params, trials)).max() < SINGLE


@pytest.mark.parametrize("case", ["hyperbolic", "prospect"])
def test_an_inverse_temperature_is_one_over_the_temperature(case, x64):
    model, values, params, trials = people(case)
    inverse = hyperbolic_discounting if case == "hyperbolic" else prospect_theory
    turned = {name: x for name, x in params.items() if name != "temperature"}
    turned["inverse_temperature"] = 1 / params["temperature"]
    expected = looped(values, turned, trials)
    found = log_likelihood(inverse(inverse_temperature=True), turned, trials)
    assert np.abs(found - expected).max() < LL_TOLERANCE


# Limits, units and signs.


def test_without_loss_aversion_or_curvature_it_is_the_model_without(x64):
    model, _, params, trials = people("prospect")
    for name in ("loss_aversion", "curvature"):
        simpler = prospect_theory(**{name: 1.0})
        assert name not in [p.name for p in simpler.parameters]
        left = {other: x for other, x in params.items() if other != name}
        whole = log_likelihood(model, {**left, name: np.ones(N_SUBJECTS)}, trials)
        assert np.abs(whole - log_likelihood(simpler, left, trials)).max() < LL_TOLERANCE


def test_with_weights_of_one_half_it_is_the_model_without_weights(x64):
    _, _, params, trials = people("prospect")
    shown = {**trials.inputs, "probability": np.full(trials.shape, 0.5)}
    weighted = prospect_theory(weighting="tversky_kahneman")
    whole = log_likelihood(
        weighted, {**params, "weighting": np.ones(N_SUBJECTS)}, trials._replace(inputs=shown)
    )
    assert np.abs(whole - log_likelihood(prospect_theory(), params, trials)).max() < LL_TOLERANCE


def test_without_discounting_the_larger_amount_counts(x64):
    _, values, params, trials = people("hyperbolic")
    none = params | {"discount_rate": np.zeros(N_SUBJECTS)}
    both = [
        log_likelihood(model, none, trials) for model in (hyperbolic_discounting(), exponential_discounting())
    ]
    assert np.abs(both[0] - both[1]).max() < LL_TOLERANCE
    assert np.abs(both[0] - looped(values, none, trials)).max() < LL_TOLERANCE


@each
def test_points_and_pence_are_the_same_people(case, x64):
    model, _, params, trials = people(case)
    money = {"amount_sooner", "amount_later", "gain", "loss", "sure"}
    pence = {name: x * (100 if name in money else 1) for name, x in trials.inputs.items()}
    again = trials._replace(inputs=pence)
    builder = getattr(models, model.name)
    given = (
        {"weighting": {"prelec": "prelec", "tversky": "tversky_kahneman"}[case]}
        if "weighting" in params
        else {}
    )
    in_pence = log_likelihood(builder(100.0, **given), params, again)
    assert np.abs(in_pence - log_likelihood(model, params, trials)).max() < LL_TOLERANCE


def test_days_and_hours_are_the_same_people(x64):
    for builder in (hyperbolic_discounting, exponential_discounting):
        _, _, params, trials = people("hyperbolic")
        hours = {name: x * (24 if "delay" in name else 1) for name, x in trials.inputs.items()}
        found = log_likelihood(builder(delay_scale=24.0), params, trials._replace(inputs=hours))
        assert np.abs(found - log_likelihood(builder(), params, trials)).max() < LL_TOLERANCE


def test_a_loss_may_have_either_sign(x64):
    model, _, params, trials = people("prospect")
    plus = trials._replace(inputs={**trials.inputs, "loss": -trials.inputs["loss"]})
    assert np.array_equal(log_likelihood(model, params, trials), log_likelihood(model, params, plus))


# Slopes.


@pytest.mark.parametrize("case", ["hyperbolic", "exponential", "prospect", "prelec", "tversky"])
def test_slopes_are_finite_at_the_bounds(case):
    model, _, params, trials = people(case)
    total = jax.jit(jax.grad(lambda p: log_likelihood(model, p, trials).sum()))
    edges = [params]
    edges += [
        params | {name: np.zeros(N_SUBJECTS)} for name in params if name.startswith(("disc", "curv", "loss"))
    ]
    edges += [params | {"temperature": np.full(N_SUBJECTS, x)} for x in (1e-3, 1e4)]
    if "weighting" in params:
        edges += [params | {"weighting": np.full(N_SUBJECTS, x)} for x in (0.05, 5.0)]
    for edge in edges:
        slopes = total({name: jnp.asarray(x, jnp.float32) for name, x in edge.items()})
        assert all(np.isfinite(x).all() for x in slopes.values()), edge
    inside = total({name: jnp.asarray(x, jnp.float32) for name, x in params.items()})
    assert all((np.abs(x) > 0).all() for x in inside.values())


@each
def test_slopes_are_finite_where_nothing_is_on_offer(case):
    """Backwards through `predict` itself, which `log_likelihood` does not do."""
    model, _, params, _ = people(case)
    zero = {name: jnp.zeros(()) for name in model.inputs}
    sure = zero | {name: jnp.ones(()) for name in model.inputs if name in ("probability", "gain")}
    for p in (params, params | {name: np.zeros(N_SUBJECTS) for name in params if "temp" not in name}):
        p = {name: jnp.float32(x[0] if name != "weighting" else 0.5) for name, x in p.items()}
        for offer in (zero, sure):
            trial = models.Trial(offer)
            slopes = jax.grad(lambda p, trial=trial: model.predict(p, (), trial) @ jnp.array([1.0, -2.0]))(p)
            assert all(np.isfinite(x) for x in slopes.values()), (p, offer)


# The records.


def test_equal_arguments_give_the_same_model():
    assert hyperbolic_discounting(40, 0) is hyperbolic_discounting(scale=40.0, inverse_temperature=False)
    assert prospect_theory(30, weighting="prelec") is prospect_theory(30.0, weighting="prelec")
    assert prospect_theory(loss_aversion=1) is not prospect_theory()
    for model, _, _ in CASES.values():
        assert pickle.loads(pickle.dumps(model)) is model


def test_a_part_of_a_model_that_remembers_can_stand_around_one_that_does_not():
    # Nothing is paid, which is not the same as no feedback: the choice itself is remembered.
    model = models.with_stickiness(hyperbolic_discounting(40.0))
    people = {"discount_rate": 0.02, "temperature": 1.0}
    sticky = simulate(KEY, model, {**people, "stickiness": 20.0}, delay_discounting(60)).choices[0]
    assert len(set(np.asarray(sticky).tolist())) == 1, "the first choice is made again and again"
    free = simulate(KEY, model, {**people, "stickiness": 0.0}, delay_discounting(60)).choices[0]
    assert len(set(np.asarray(free).tolist())) == 2


def test_the_offers_must_be_shown():
    trials = Trials([[0, 1]], inputs={"amount_sooner": [[1.0, 1.0]]})
    with pytest.raises(ValueError, match="delay_sooner"):
        log_likelihood(hyperbolic_discounting(), {"discount_rate": 0.1, "temperature": 1.0}, trials)


BAD = [
    Bad(lambda: hyperbolic_discounting(0.0), "scale", "a number above 0", "0.0"),
    Bad(lambda: hyperbolic_discounting(np.nan), "scale", "a finite number", "nan"),
    Bad(lambda: exponential_discounting(delay_scale=-1), "delay_scale", "a number above 0", "-1"),
    Bad(lambda: exponential_discounting([1.0, 2.0]), "scale", "one number", "shape (2,)"),
    Bad(lambda: prospect_theory(-2.0), "scale", "a number above 0", "-2.0"),
    Bad(lambda: prospect_theory(curvature="fixed"), "curvature", "'free'", "'fixed'"),
    Bad(lambda: prospect_theory(loss_aversion=-1.0), "loss_aversion", "at least 0", "-1.0"),
    Bad(
        lambda: prospect_theory(weighting="linear"), "weighting", "'prelec' or 'tversky_kahneman'", "'linear'"
    ),
    Bad(lambda: delay_discounting(0), "n_trials", "at least 1", "0"),
    Bad(lambda: delay_discounting(5, delays=[]), "delays", "at least one delay", "shape (0,)"),
    Bad(lambda: delay_discounting(5, delays=7.0), "delays", "at least one delay", "shape ()"),
    Bad(lambda: delay_discounting(5, delays=[7.0, -1.0]), "delays", "at least 0", "-1"),
    Bad(lambda: delay_discounting(5, amount=0.0), "amount", "above 0", "0"),
    Bad(lambda: delay_discounting(5, amount=[1.0]), "amount", "one number", "shape (1,)"),
    Bad(lambda: risky_choice(1.5), "n_trials", "a whole number", "1.5"),
    Bad(lambda: risky_choice(5, amount=np.inf), "amount", "a finite number", "inf"),
    Bad(lambda: risky_choice(5, probabilities=[0.5, 1.2]), "probabilities", "[0, 1]", "1.2"),
    Bad(lambda: risky_choice(5, probabilities=[]), "probabilities", "at least one", "shape (0,)"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.name}-{bad.received}")
def test_bad_input_is_refused(bad):
    assert_refused(bad)


# The tasks.


def test_delays_come_in_turn_and_shares_are_spread_evenly():
    shown = {name: np.asarray(x)[0] for name, x in delay_discounting(108).inputs.items()}
    assert (shown["amount_later"] == 40).all() and (shown["delay_sooner"] == 0).all()
    for delay in (1.0, 7.0, 30.0, 90.0, 180.0, 365.0):
        shares = np.sort(shown["amount_sooner"][shown["delay_later"] == delay] / 40)
        assert len(shares) == 18 and shares[0] > 0.05 and shares[-1] < 0.95
        # 18 points with golden steps leave gaps of at most 1.9 / 18 of the circle, ends included.
        assert np.diff(np.concatenate([[0.05], shares, [0.95]])).max() < 0.9 * 1.9 / 18 + 1e-6
    assert len(set(shown["amount_sooner"].round(4))) == 108, "no offer comes twice"


def test_gambles_are_of_two_kinds():
    shown = {name: np.asarray(x)[0] for name, x in risky_choice(140).inputs.items()}
    certain = shown["sure"] > 0
    assert certain.sum() == 20 and (shown["loss"][certain] == 0).all() and (shown["loss"][~certain] < 0).all()
    assert shown["gain"].min() >= 3 and shown["gain"].max() < 30
    ratio = -shown["loss"][~certain] / shown["gain"][~certain]
    assert 0.1 <= ratio.min() < 0.2 and 1.9 < ratio.max() < 2
    share = (shown["sure"] / shown["gain"])[certain]
    assert 0.2 < share.min() < 0.25 and 0.75 < share.max() < 0.8
    assert shown["gain"][certain].min() < 6 and shown["gain"][certain].max() > 25
    # Gains and losses say different things: two evenly spread numbers are all but uncorrelated.
    assert abs(np.corrcoef(shown["gain"][~certain], ratio)[0, 1]) < 0.1


def test_probabilities_come_in_turn_and_are_shown():
    shown = risky_choice(10, probabilities=[0.1, 0.9]).inputs
    assert np.allclose(shown["probability"], [[0.1, 0.9] * 5])
    assert "probability" not in risky_choice(10).inputs


def test_nothing_is_paid():
    for task in (tasks.standard("delay_discounting"), tasks.standard("risky_choice")):
        assert task.outcomes.shape == (1, task.n_trials, 2) and not np.any(task.outcomes)


# Recovery.


def test_parameters_are_found_again():
    """Rank correlations, in 60 people; the curvature is the one that such gambles hardly tell."""
    rng, n = np.random.default_rng(2), 60
    true = {
        "discount_rate": np.exp(rng.normal(np.log(0.02), 1, n)),
        "temperature": rng.uniform(0.02, 0.15, n),
    }
    for model in (hyperbolic_discounting(40.0), exponential_discounting(40.0)):
        trace = simulate(KEY, model, true, delay_discounting(108))
        found = fit(KEY, model, Trials.from_trace(trace, delay_discounting(108))).params
        for name in true:
            assert rank_correlation(true[name], found[name]) > 0.8, (model.name, name)


def rank_correlation(x, y):
    return np.corrcoef(np.argsort(np.argsort(x)), np.argsort(np.argsort(np.asarray(y))))[0, 1]
