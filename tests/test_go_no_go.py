"""Go/no-go learning: hBayesDM's four models, their limits, and the task."""

import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

import behavioural_modelling as bm
from behavioural_modelling import Trials, log_likelihood, models, replay, simulate, tasks

KEY = jax.random.key(0)
UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS = 6, 80

# In float64: 80 terms below 40, each with a few hundred roundings of 1e-16.
LL_TOLERANCE = 1e-10

SWITCHES = {
    "m1": {},
    "m2": {"go_bias": True},
    "m3": {"go_bias": True, "pavlovian_bias": True},
    "m4": {"go_bias": True, "pavlovian_bias": True, "two_sensitivities": True},
}
MODELS = {name: models.go_no_go(**switches) for name, switches in SWITCHES.items()}
each_model = pytest.mark.parametrize("name", MODELS)


def params_inside(model):
    rng = np.random.default_rng(1)
    ranges = {
        "go_bias": (-1.5, 1.5),
        "pavlovian_bias": (-1.0, 1.0),
        "lapse": (0.02, 0.3),
        "alpha": (0.1, 0.9),
    }
    return {p.name: rng.uniform(*ranges.get(p.name, (0.5, 6)), N_SUBJECTS) for p in model.parameters}


def data(seed=0):
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS)
    return rng.integers(0, 2, shape), rng.integers(-1, 2, shape).astype(float), rng.integers(0, 4, shape)


def some_trials(**more):
    choices, outcomes, cues = data()
    return Trials(choices, outcomes, inputs={"cue": cues}, **more)


def gng(choices, outcomes, cues, xi, ep, rho_rew, rho_pun, b=0.0, pi=0.0, resets=()):
    """hBayesDM's gng_m1 to gng_m4, one subject: written from the equations in gng_m4.stan."""
    total = []
    for trial, (press, outcome, cue) in enumerate(zip(choices, outcomes, cues, strict=True)):
        if trial == 0 or trial in resets:
            go, no_go, of_cue = np.zeros(4), np.zeros(4), np.zeros(4)
        weight = go[cue] + b + pi * of_cue[cue]
        p_go = (1 - xi) / (1 + math.exp(no_go[cue] - weight)) + xi / 2
        total.append(math.log(p_go if press else 1 - p_go))
        felt = (rho_rew if outcome >= 0 else rho_pun) * outcome
        of_cue[cue] += ep * (felt - of_cue[cue])
        action = go if press else no_go
        action[cue] += ep * (felt - action[cue])
    return math.fsum(total)


def as_stan(params, i):
    """A subject's parameters under their names in the Stan files."""
    own = {name: float(x[i]) for name, x in params.items()}
    both = own.get("sensitivity")
    return {
        "xi": own["lapse"],
        "ep": own["alpha"],
        "rho_rew": own.get("reward_sensitivity", both),
        "rho_pun": own.get("punishment_sensitivity", both),
        "b": own.get("go_bias", 0.0),
        "pi": own.get("pavlovian_bias", 0.0),
    }


@each_model
def test_the_likelihood_against_hbayesdm(name, x64):
    model, (choices, outcomes, cues) = MODELS[name], data()
    params, reset = params_inside(model), np.random.default_rng(2).uniform(size=choices.shape) < 0.05
    ours = log_likelihood(model, params, some_trials(reset=reset))
    for i in range(N_SUBJECTS):
        resets = np.flatnonzero(reset[i]).tolist()
        exact = gng(choices[i], outcomes[i], cues[i], **as_stan(params, i), resets=resets)
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


LIMITS = {"m2": ("go_bias", "m1"), "m3": ("pavlovian_bias", "m2")}


@pytest.mark.parametrize("name", LIMITS)
def test_without_a_bias_it_is_the_simpler_model(name, x64):
    off, simpler = LIMITS[name]
    params, trials = params_inside(MODELS[name]), some_trials()
    own = {p.name: params[p.name] for p in MODELS[simpler].parameters}
    ours = log_likelihood(MODELS[name], params | {off: 0.0}, trials)
    theirs = log_likelihood(MODELS[simpler], own, trials)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)
    assert np.abs(ours - log_likelihood(MODELS[name], params, trials)).min() > 1e-3


def test_equal_sensitivities_are_one(x64):
    params, trials = params_inside(MODELS["m4"]), some_trials()
    same = params | {"punishment_sensitivity": params["reward_sensitivity"]}
    own = {p.name: params.get(p.name, params["reward_sensitivity"]) for p in MODELS["m3"].parameters}
    ours, theirs = (log_likelihood(MODELS[m], x, trials) for m, x in (("m4", same), ("m3", own)))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)
    assert np.abs(ours - log_likelihood(MODELS["m4"], params, trials)).min() > 1e-3


def test_three_trials_by_hand():
    params = {"alpha": 0.5, "sensitivity": 4.0, "go_bias": 1.0, "pavlovian_bias": 0.5, "lapse": 0.2}
    trials = Trials([[1, 0, 1]], [[1.0, -1.0, 0.0]], inputs={"cue": [[0, 3, 0]]})
    told = replay(MODELS["m3"], params, trials)
    np.testing.assert_allclose(told.values[0], [[0, 0], [0, 0], [0, 2]], rtol=4 * UNIT)
    np.testing.assert_allclose(told.cue_value[0], [0, 0, 2], rtol=4 * UNIT)
    np.testing.assert_allclose(told.prediction_errors[0], [[0, 4], [-4, 0], [0, -2]], rtol=4 * UNIT)
    p = [0.8 / (1 + math.exp(-x)) + 0.1 for x in (1.0, 1.0, 2 + 1 + 0.5 * 2)]
    np.testing.assert_allclose(told.choice_p[0, :, 1], p, rtol=32 * UNIT)


@each_model
def test_slopes_are_finite_at_the_bounds(name):
    model, trials = MODELS[name], some_trials()
    names = [p.name for p in model.parameters]
    run = lambda row: log_likelihood(model, dict(zip(names, row, strict=True)), trials).sum()  # noqa: E731
    middle = {"alpha": 0.5, "lapse": 0.1, "go_bias": 0.5, "pavlovian_bias": 0.5}
    at = [middle.get(name, 5.0) for name in names]
    ends = {"alpha": (0.0, 1.0), "lapse": (0.0, 1.0), "go_bias": (0.0, 9.0), "pavlovian_bias": (0.0, 9.0)}
    moved = [[*at[:k], end, *at[k + 1 :]] for k, n in enumerate(names) for end in ends.get(n, (0.0, 50.0))]
    values, slopes = jax.jit(jax.vmap(jax.value_and_grad(run)))(jnp.array(moved))
    assert np.isfinite(values).all() and np.isfinite(slopes).all()


def test_missed_trials_and_cues_on_them():
    choices, outcomes, cues = data()
    mask = np.random.default_rng(3).uniform(size=choices.shape) < 0.8
    model, params = MODELS["m4"], params_inside(MODELS["m4"])
    # A missed trial may hold any cue, and is as if it had not been.
    odd = Trials(choices, outcomes, mask=mask, inputs={"cue": np.where(mask, cues, 7)})
    ours = log_likelihood(model, params, odd)
    for i in range(N_SUBJECTS):
        some = mask[i]
        exact = gng(choices[i][some], outcomes[i][some], cues[i][some], **as_stan(params, i))
        # Some 64 terms below 40, of up to 64 units each.
        np.testing.assert_allclose(ours[i], exact, rtol=64 * UNIT)


def test_a_cue_that_is_none_is_refused():
    choices, outcomes, cues = data()
    params, words = params_inside(MODELS["m1"]), "0, 1, 2 or 3, which go_no_go is for"
    from_one = Trials(choices, outcomes, inputs={"cue": cues + 1})
    for call in (
        lambda: log_likelihood(MODELS["m1"], params, from_one),
        lambda: replay(MODELS["m1"], params, from_one),
        lambda: bm.fit(KEY, MODELS["m1"], from_one, progress=False),
    ):
        assert_refused(Bad(call, "trials.inputs['cue']", words, "4 at index"))
    one = {name: x[0] for name, x in params.items()}
    paid = np.zeros((3, 2))
    call = lambda: simulate(KEY, MODELS["m1"], one, paid, inputs={"cue": [0, 1, 4]})  # noqa: E731
    assert_refused(Bad(call, "inputs['cue']", words, "4 at index (0, 2)"))
    few = models.go_no_go(2)
    call = lambda: simulate(KEY, few, one, tasks.go_no_go(40), record=("choices",))  # noqa: E731
    assert_refused(Bad(call, "inputs['cue']", "0 or 1, which go_no_go is for", "at index"))


def test_the_task():
    n = 8_000
    always = {name: x[0] for name, x in params_inside(MODELS["m1"]).items()}
    trace = simulate(KEY, MODELS["m1"], always, tasks.go_no_go(n, probability=0.7))
    cues, paid = np.asarray(trace.inputs["cue"][0]), np.asarray(trace.outcomes[0])
    assert cues.dtype == np.int32
    rounds = cues.reshape(-1, 4)
    np.testing.assert_array_equal(np.sort(rounds, axis=1), np.tile(np.arange(4), (n // 4, 1)))
    # Each of the 24 orders has its share of the rounds: to five standard errors.
    counts = np.unique(rounds @ [64, 16, 4, 1], return_counts=True)[1]
    assert len(counts) == 24
    share, rows = 1 / 24, n // 4
    assert np.abs(counts / rows - share).max() < 5 * math.sqrt(share * (1 - share) / rows)
    better = [(0, 1), (1, 1), (2, 0), (3, 0)]  # the action that is right at each cue
    for cue, right in better:
        best = 1.0 if cue in (0, 2) else 0.0
        here = paid[cues == cue]
        assert set(np.unique(here)) == {best - 1, best}
        rates = (here == best).mean(axis=0)
        # Five standard errors of 2,000 draws.
        np.testing.assert_allclose(
            [rates[right], rates[1 - right]], [0.7, 0.3], atol=5 * math.sqrt(0.21 / 2_000)
        )
    assert tasks.go_no_go(40) is tasks.go_no_go(40, probability=0.8)
    assert pickle.loads(pickle.dumps(tasks.go_no_go(40))) is tasks.go_no_go(40)


def test_the_pavlovian_bias_shows_where_it_should():
    # With a bias, more is right where going wins and not going avoids than at the two cues that cross.
    params = {"alpha": 0.2, "sensitivity": 5.0, "go_bias": 0.0, "pavlovian_bias": 0.5, "lapse": 0.05}
    subjects = {name: np.full(60, x) for name, x in params.items()}
    trace = simulate(KEY, MODELS["m3"], subjects, tasks.go_no_go(160))
    cues, choices = np.asarray(trace.inputs["cue"]), np.asarray(trace.choices)
    right = choices == np.isin(cues, (0, 1))
    share = [right[cues == cue].mean() for cue in range(4)]
    # Each share is of 2,400 choices: standard errors are below .01, and the differences are far above five.
    assert share[0] - share[2] > 0.08 and share[3] - share[1] > 0.08


def test_what_is_refused():
    assert_refused(Bad(lambda: models.go_no_go(0), "n_cues", "at least 1", "0"))
    assert_refused(Bad(lambda: tasks.go_no_go(0), "n_trials", "at least 1", "0"))
    assert_refused(Bad(lambda: tasks.go_no_go(4, probability=1.2), "probability", "", "1.2"))
    assert_refused(
        Bad(lambda: tasks.go_no_go(4, probability=[0.5, 0.5]), "probability", "one number", "(2,)")
    )
    params, trials = params_inside(MODELS["m1"]), Trials(*data()[:2])
    call = lambda: log_likelihood(MODELS["m1"], params, trials)  # noqa: E731
    assert_refused(Bad(call, "trials.inputs", "'cue', which go_no_go needs", "None"))


def test_the_same_arguments_give_the_same_model():
    for name, switches in SWITCHES.items():
        assert models.go_no_go(4, **{key: 1 for key in switches}) is MODELS[name]
        assert pickle.loads(pickle.dumps(MODELS[name])) is MODELS[name]
    assert len({model.name for model in MODELS.values()}) == 4
    assert MODELS["m1"].levels == (("cue", (0, 1, 2, 3)),)


# hBayesDM's own data.


PUBLISHED = {"lapse": (0.03, 0.02), "alpha": (0.15, 0.02), "sensitivity": (5.97, 0.72)}
"""Mean and standard deviation of the group's posterior under gng_m1, as hBayesDM's authors report them."""


@pytest.mark.slow
def test_the_posterior_of_hbayesdms_data():
    dist = pytest.importorskip("numpyro.distributions")
    # The priors of gng_m1.stan: standard normal on the line for the group, spreads half-normal with scale .2.
    priors = {"lapse": dist.Uniform(0, 1), "alpha": dist.Uniform(0, 1), "sensitivity": dist.LogNormal(0, 1)}
    priors |= {f"{name}_spread": dist.HalfNormal(0.2) for name in PUBLISHED}
    found = bm.sample(KEY, MODELS["m1"], bm.trials.load_go_no_go(), priors, progress=False)
    assert found.converged, found.problem
    for name, (mean, sd) in PUBLISHED.items():
        draws = np.asarray(found.group[name])
        # Which priors of the spreads the reported run had is not known: with half-normal ones of scale .7 the
        # means move by up to a sixth of a standard deviation. Half of one is allowed, and the rounding.
        np.testing.assert_allclose(draws.mean(), mean, rtol=0, atol=sd / 2 + 0.005)
        np.testing.assert_allclose(draws.std(), sd, rtol=0.1, atol=0.005)
