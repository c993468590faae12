"""The binary hierarchical Gaussian filter: against pyhgf, against a loop from the papers, and by hand."""

import itertools
import pickle
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from refusals import Bad, assert_refused

from behavioural_modelling import Trials, log_likelihood, models, replay, simulate
from behavioural_modelling.learning.hgf import binary_hgf_update
from behavioural_modelling.models import binary_hgf, binary_hgf_rating

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS = 5, 40
LL_TOLERANCE = 1e-10  # in float64: 40 terms below 50, each with a few hundred roundings of 1e-16
LL_TOLERANCE_32 = 40 * 64 * UNIT  # in float32, where two programs are compiled apart: as in test_composition

# What pyhgf 0.2.12 gives with JAX 0.4.31, which it needs and we have not, in float64. Made by
#     rng = np.random.default_rng(13)
#     inputs = (rng.random(40) < np.repeat([0.8, 0.2, 0.8, 0.2], 10)).astype(float)
#     filter = HGF(n_levels=levels, model_type="binary", update_type=update,
#         initial_mean={"1": 0.0, "2": 0.0, "3": 1.0}, initial_precision={"1": 0.0, "2": 1.0, "3": 1.0},
#         tonic_volatility={"1": None, "2": omega_2, "3": omega_3},
#         volatility_coupling={"1": None, "2": kappa})
#     filter.input_data(inputs)
# and its `node_trajectories`: mean and precision of node 1, of node 2 where there are three levels, and the
# expected mean of node 0; after trials 10, 25 and 40. Our theta is exp(omega_3). On its own example of 320
# inputs the largest difference on any trial was 3e-15.
PYHGF = {
    # (update, omega_2, omega_3, kappa): rows of trials
    ("standard", -2.0, None, 1.0): [
        (-0.3522650472535926, 1.4523590567021012, 0.49758490973224717),
        (0.34156765418607293, 1.4318433459218027, 0.49768824420284),
        (-0.7496309980229479, 1.3906966501560465, 0.3837418129069973),
    ],
    ("standard", -2.0, -2.0, 1.0): [
        (-0.5230098156586117, 0.9342454930828885, 0.9962826663667771, 0.5990429844609733, 0.5041578931906858),
        (0.7672474378120494, 0.9225001365146219, 0.9971676933634888, 0.48951345422445214, 0.5764160256852944),
        (-0.815078858628104, 0.8694496830917446, 1.0092602777960418, 0.4756779076985982, 0.41687710923640425),
    ],
    ("eHGF", -2.0, -2.0, 1.0): [
        (-0.5221380386220433, 0.9353848109963001, 0.9927373468415213, 0.5986501152996703, 0.5042310652938491),
        (0.7562600040657551, 0.9326095596722492, 0.9694389903628098, 0.48526105175313755, 0.5744265161275057),
        (-0.8152341409420911, 0.8872212654596587, 0.9562776630484021, 0.4685922305282892, 0.4136144411996769),
    ],
    ("standard", -1.0, -1.0, 0.7): [
        (
            -0.7802104781280531,
            0.6838207597568277,
            1.0010746071598895,
            0.33175636955428706,
            0.48069602326290584,
        ),
        (1.110724470801791, 0.6611460643472787, 1.046428118027634, 0.2817509394151963, 0.6367549543809188),
        (
            -0.8074723963470268,
            0.6218760221833688,
            1.2254868802553094,
            0.26709890719639423,
            0.49855616404923303,
        ),
    ],
    ("eHGF", -1.0, -1.0, 0.7): [
        (
            -0.7770973485457743,
            0.6854312064047128,
            0.9888164578837982,
            0.33127186080998444,
            0.48126987011884165,
        ),
        (1.0795845722936408, 0.682284398433292, 0.9324781844147028, 0.27432743321844405, 0.6317930446948116),
        (-0.8087439572601652, 0.6577921086808662, 0.996601612056416, 0.25494623683787576, 0.4804073066639539),
    ],
    ("eHGF", -3.0, -6.0, 1.0): [
        (-0.3529293142185561, 1.4527058326020494, 0.999201388834456, 1.08421663197007, 0.4973596347712861),
        (0.3372608826991036, 1.4350350698540197, 0.9977514423930448, 1.2202455375272498, 0.4966206674649001),
        (-0.7502937982168384, 1.3962433389096822, 0.9908940890064916, 1.3614578908523882, 0.3832411728594804),
    ],
}


# By the same filter with omega_2 = omega_3 = -2 and kappa = 1, for `choices = rng.integers(0, 2, 40)`: minus
# the sum of `response.binary_softmax_inverse_temperature(filter, choices, 2.5)`.
PYHGF_LOG_LIKELIHOOD = {"ehgf": -52.310505539166336, "standard": -52.42476588918785}


def inputs_and_choices_of_pyhgf():
    rng = np.random.default_rng(13)
    inputs = (rng.random(40) < np.repeat([0.8, 0.2, 0.8, 0.2], 10)).astype(float)
    return inputs, rng.integers(0, 2, 40)


def logistic(x):
    return 1 / (1 + np.exp(-x))


def looped(inputs, omega_2, theta=None, kappa=1.0, update="ehgf", belief=(0.0, 1.0, 0.0, 1.0), reset=()):
    """All beliefs before each input and after the last, from the equations of the papers, in variances.

    Mathys et al. (2014), equations 8 to 13 and their appendix, where the third level's precision is given by
    the weight w and the relative difference r of what was added to the variance and what was there.
    """
    start, rows = belief, []
    for t, u in enumerate(inputs):
        belief = start if len(reset) and reset[t] else belief
        m2, p2, m3, p3 = belief
        rows.append(belief)
        if np.isnan(u):  # neither seen nor learned from
            continue
        sa2, th = 1 / p2, 0.0 if theta is None else theta
        added = np.exp((kappa * m3 if theta is not None else 0) + omega_2)
        mu1 = logistic(m2)
        sahat2 = sa2 + added
        sa2_new = 1 / (1 / sahat2 + mu1 * (1 - mu1))
        m2_new = m2 + sa2_new * (u - mu1)
        if theta is not None:
            w, r = added / sahat2, (added - sa2) / sahat2
            surprise = (sa2_new + (m2_new - m2) ** 2) / sahat2 - 1
            pihat3 = 1 / (1 / p3 + th)
            p3 = pihat3 + kappa**2 / 2 * w * (w + r * surprise)
            assert p3 > 0.1 * pihat3, "where the published equations still hold"
            m3 = m3 + kappa / 2 * w * surprise / (p3 if update == "standard" else pihat3)
        belief = (m2_new, 1 / sa2_new, m3, p3)
    return np.array([*rows, belief])


def run(inputs, belief, *arguments):
    """Our update over all inputs: the beliefs after each, and the predictions."""

    def step(belief, u):
        belief, (prediction, _) = binary_hgf_update(belief, u, *arguments)
        return belief, (*belief, prediction)

    belief = tuple(map(jnp.asarray, belief))
    return np.array(jax.lax.scan(step, belief, jnp.asarray(inputs))[1]).T


# The rule.


@pytest.mark.parametrize("setting", PYHGF, ids=str)
def test_the_beliefs_are_those_of_pyhgf(setting, x64):
    update, omega_2, omega_3, kappa = setting
    belief = (0.0, 1.0) if omega_3 is None else (0.0, 1.0, 1.0, 1.0)
    theta = None if omega_3 is None else np.exp(omega_3)
    ours = run(inputs_and_choices_of_pyhgf()[0], belief, omega_2, theta, kappa, update.lower())
    # Some twenty roundings of 1e-16 a trial, which the filter forgets as it forgets its inputs.
    np.testing.assert_allclose(ours[[9, 24, 39]], PYHGF[setting], rtol=0, atol=2e-14)


@pytest.mark.parametrize("update", PYHGF_LOG_LIKELIHOOD)
def test_the_likelihood_is_that_of_pyhgf(update, x64):
    inputs, choices = inputs_and_choices_of_pyhgf()
    model = binary_hgf(update=update, theta=float(np.exp(-2)), initial_means=(0.0, 1.0))
    trials = Trials(choices[None], np.c_[1 - inputs, inputs])
    ours = log_likelihood(model, {"omega_2": -2.0, "inverse_temperature": 2.5}, trials)
    np.testing.assert_allclose(ours, PYHGF_LOG_LIKELIHOOD[update], rtol=0, atol=LL_TOLERANCE)


@pytest.mark.parametrize("update", ["ehgf", "standard"])
def test_the_beliefs_against_the_loop(update, x64):
    rng = np.random.default_rng(1)
    for omega_2, theta, kappa in ((-4.0, 0.01, 1.0), (-2.0, 0.3, 0.5), (-1.0, 0.1, 1.0)):
        inputs, belief = rng.integers(0, 2, 60).astype(float), (0.3, 0.8, -0.5, 2.0)
        ours = run(inputs, belief, omega_2, theta, kappa, update)
        exact = looped(inputs, omega_2, theta, kappa, update, belief)
        np.testing.assert_allclose(ours[:, :4], exact[1:], rtol=0, atol=1e-12)
        np.testing.assert_allclose(ours[:, 4], logistic(exact[:-1, 0]), rtol=0, atol=1e-12)


def test_one_trial_by_hand():
    # The volatility is e^0: a predicted precision of 1/2, and 1/4 more. The surprise of the second level is
    # (4/3 + 4/9) / 2 - 1 = -1/9, and its weight 1/2; the third level's predicted precision is 1/2 as well.
    two, told = binary_hgf_update((0.0, 1.0), 1, 0.0)
    np.testing.assert_allclose(two, [2 / 3, 3 / 4], rtol=8 * UNIT)
    np.testing.assert_array_equal(told, [0.5, 0.5])
    for update, by in (("ehgf", 1 / 2), ("standard", 5 / 8)):
        three, _ = binary_hgf_update((0.0, 1.0, 0.0, 1.0), 1, 0.0, 1.0, update=update)
        np.testing.assert_allclose(three, [2 / 3, 3 / 4, -1 / 36 / by, 5 / 8], rtol=32 * UNIT)


def test_without_a_coupling_the_third_level_has_no_say(x64):
    inputs = np.random.default_rng(2).integers(0, 2, 50).astype(float)
    three = run(inputs, (0.0, 1.0, 3.0, 1.0), -2.0, 0.5, 0.0)
    two = run(inputs, (0.0, 1.0), -2.0)
    np.testing.assert_allclose(three[:, [0, 1, 4]], two, rtol=0, atol=1e-13)  # two programs
    np.testing.assert_array_equal(three[:, 2], 3)


def test_many_people_at_once():
    rng = np.random.default_rng(3)
    belief = rng.normal(size=6), rng.uniform(0.5, 2, 6), rng.normal(size=6), rng.uniform(0.5, 2, 6)
    u, omega_2, theta = rng.integers(0, 2, 6), rng.normal(-2, 1, 6), rng.uniform(0, 0.5, 6)
    (together, _), alone = binary_hgf_update(belief, u, omega_2, theta), []
    for i in range(6):
        alone.append(binary_hgf_update(tuple(x[i] for x in belief), u[i], omega_2[i], theta[i])[0])
    np.testing.assert_allclose(together, np.transpose(alone), rtol=32 * UNIT)


# The models against the loop.


def made_up(seed=4):
    """Choices, outcomes of each action that do not complement each other, and which trials count."""
    rng = np.random.default_rng(seed)
    shape = (N_SUBJECTS, N_TRIALS)
    choices, outcomes = rng.integers(0, 2, shape), rng.integers(0, 2, (*shape, 2)).astype(float)
    return choices, outcomes, rng.uniform(size=shape) < 0.8, rng.uniform(size=shape) < 0.05


RANGES = {"omega_2": (-5, -1), "theta": (0.01, 0.3), "kappa": (0.2, 1), "inverse_temperature": (0.3, 4)}
RANGES |= {"rating_sd": (0.05, 0.4)}


def some_params(model):
    rng = np.random.default_rng(5)
    drawn = {name: rng.uniform(*ends, N_SUBJECTS) for name, ends in RANGES.items()}
    return {p.name: drawn[p.name] for p in model.parameters}


def beliefs(own, inputs, update, reset):
    """The beliefs before each trial of one person; those of a builder that begins at its defaults."""
    learned = {"theta": own.get("theta"), "kappa": own.get("kappa", 1.0)}
    return looped(inputs, own["omega_2"], **learned, update=update, reset=reset)[:-1]


BUILDS = {
    "two levels": {"levels": 2},
    "softmax": {"theta": "free", "kappa": "free", "sigmoid": "softmax"},
    "standard": {"theta": "free", "update": "standard"},
}


@pytest.mark.parametrize("build", BUILDS)
def test_the_likelihood_against_the_loop(build, x64):
    arguments = BUILDS[build]
    model, (choices, outcomes, counts, reset) = binary_hgf(**arguments), made_up()
    signs = 2 * outcomes - 1 if build == "softmax" else outcomes  # -1 and +1, or 0 and 1
    trials = Trials(choices, signs, mask=counts, reset=reset)
    params = some_params(model)
    ours, told = log_likelihood(model, params, trials), replay(model, params, trials)
    for i in range(N_SUBJECTS):
        own = {name: float(x[i]) for name, x in params.items()}
        paid = np.take_along_axis(outcomes[i], choices[i][:, None], -1)[:, 0]
        inputs = np.where(counts[i], np.where(choices[i] == 1, paid, 1 - paid), np.nan)
        rows = beliefs(own, inputs, arguments.get("update", "ehgf"), reset[i])
        m, zeta = logistic(rows[:, 0]), own["inverse_temperature"]
        p1 = m**zeta / (m**zeta + (1 - m) ** zeta)
        if build == "softmax":
            p1 = np.exp(zeta * m) / (np.exp(zeta * m) + np.exp(zeta * (1 - m)))
        p = np.where(choices[i] == 1, p1, 1 - p1)
        np.testing.assert_allclose(ours[i], np.log(p)[counts[i]].sum(), rtol=0, atol=LL_TOLERANCE)
        np.testing.assert_allclose(told.choice_p[i, :, 1], p1, rtol=0, atol=LL_TOLERANCE)
        np.testing.assert_allclose(told.values[i], np.c_[1 - m, m], rtol=0, atol=LL_TOLERANCE)
        np.testing.assert_allclose(told.log_odds[i], rows[:, 0], rtol=0, atol=LL_TOLERANCE)
        error = (paid - np.where(choices[i] == 1, m, 1 - m))[counts[i]]
        ours_of_chosen = np.take_along_axis(np.asarray(told.prediction_errors[i]), choices[i][:, None], -1)
        np.testing.assert_allclose(ours_of_chosen[counts[i], 0], error, rtol=0, atol=LL_TOLERANCE)


def test_ratings_against_the_loop(x64):
    model, (_, outcomes, _, reset) = binary_hgf_rating(theta="free"), made_up()
    ratings = np.random.default_rng(6).uniform(size=reset.shape)
    params = some_params(model)
    trials = Trials(None, outcomes[..., 0], reset=reset, responses={"ratings": ratings})
    ours = log_likelihood(model, params, trials)
    for i in range(N_SUBJECTS):
        own = {name: float(x[i]) for name, x in params.items()}
        off = (ratings[i] - logistic(beliefs(own, outcomes[i, :, 0], "ehgf", reset[i])[:, 0])) / own[
            "rating_sd"
        ]
        exact = np.sum(-0.5 * off**2 - np.log(own["rating_sd"]) - 0.5 * np.log(2 * np.pi))
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


def test_the_input_is_the_same_whichever_action_says_so():
    # Action 1 pays, or action 0 does not: the belief moves as one, and it is that action 1 is right.
    params = {"omega_2": -2.0, "inverse_temperature": 2.0}
    chosen = [[1, 1, 1], [0, 0, 0], [1, 0, 1]]
    paid = [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
    told = replay(binary_hgf(), params, Trials(chosen, paid, shared=False))
    np.testing.assert_array_equal(told.log_odds[0], told.log_odds[1])
    np.testing.assert_array_equal(told.log_odds[0], told.log_odds[2])
    assert told.values[0, 1, 1] > 0.5 and told.log_odds[0, 1] > 0


def test_points_with_a_threshold():
    choices, outcomes, counts, _ = made_up()
    params = {"omega_2": -2.0, "inverse_temperature": 2.0}
    ones = log_likelihood(binary_hgf(), params, Trials(choices, outcomes, mask=counts))
    points = log_likelihood(
        binary_hgf(threshold=50), params, Trials(choices, 30 + 40 * outcomes, mask=counts)
    )
    np.testing.assert_array_equal(ones, points)


def test_the_probabilities_of_all_sequences_add_up_to_one():
    sequences = np.array(list(itertools.product(range(2), repeat=7)))
    outcomes = np.random.default_rng(7).integers(0, 2, (7, 2)).astype(float)
    params = {"omega_2": -1.0, "inverse_temperature": 1.5}
    total = np.exp(np.asarray(log_likelihood(binary_hgf(), params, Trials(sequences, outcomes)), float)).sum()
    # 128 probabilities, each with a relative error of some 7 * 64 units.
    np.testing.assert_allclose(total, 1, rtol=7 * 64 * UNIT)


# Limits and edges.


def test_without_a_coupling_the_model_is_that_of_two_levels():
    choices, outcomes, counts, reset = made_up()
    trials = Trials(choices, outcomes, mask=counts, reset=reset)
    model, two = binary_hgf(theta="free", kappa="free"), binary_hgf(2)
    params = some_params(model)
    own = {p.name: params[p.name] for p in two.parameters}
    theirs = log_likelihood(two, own, trials)
    ours = log_likelihood(model, params | {"kappa": np.zeros(N_SUBJECTS)}, trials)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE_32)
    fast = {"omega_2": np.full(N_SUBJECTS, -1.0), "theta": np.ones(N_SUBJECTS), "kappa": np.ones(N_SUBJECTS)}
    there = log_likelihood(two, own | {"omega_2": fast["omega_2"]}, trials)
    assert np.abs(log_likelihood(model, params | fast, trials) - there).max() > 0.05


@pytest.mark.parametrize("update", ["ehgf", "standard"])
def test_slopes_where_the_filter_works_and_where_it_runs_away(update, x64):
    choices, outcomes, _, _ = made_up()
    model, trials = binary_hgf(theta="free", kappa="free", update=update), Trials(choices, outcomes)
    params = {name: jnp.asarray(x) for name, x in some_params(model).items()}
    total = jax.jit(lambda p: log_likelihood(model, p, trials).sum())
    check_grads(total, (params,), order=1, modes=["rev"], rtol=1e-5, atol=1e-5)
    score = jax.jit(jax.value_and_grad(total))
    for name, x in itertools.product(("theta", "kappa"), (0, 1)):
        value, slopes = score(params | {name: jnp.full(N_SUBJECTS, float(x))})
        assert np.isfinite(value) and all(np.isfinite(s).all() for s in slopes.values())
    for omega_2 in (-1e4, 0.5, 1.5, 10.0, 1e4):
        far = {"omega_2": omega_2, "theta": 1.0, "kappa": 1.0, "inverse_temperature": 5.0}
        value, slopes = score({name: jnp.full(N_SUBJECTS, x) for name, x in far.items()})
        assert np.isfinite(value) and all(np.isfinite(s).all() for s in slopes.values()), omega_2


def test_what_runs_away_is_held(x64):
    # Inputs that alternate, and volatilities far beyond any at which the published equations have an answer.
    inputs = np.arange(300) % 2 * 1.0
    for update, omega_2 in itertools.product(("ehgf", "standard"), (0.5, 3.0, 50.0)):
        rows = run(inputs, (0.0, 1.0, 0.0, 1.0), omega_2, 1.0, 1.0, update)
        assert np.isfinite(rows).all()
        assert np.abs(rows[:, 2]).max() <= 16 and rows[:, 3].min() >= 1e-4 and rows[:, 1].min() > 0
    # A volatility of e^4 at most: the predicted precision is 1 / (1 + e^4), and a quarter is added.
    (_, precision), _ = binary_hgf_update((0.0, 1.0), 1, 50.0)
    np.testing.assert_allclose(precision, 1 / (1 + np.exp(4)) + 0.25, rtol=1e-12)


def test_float32_parameters_where_float64_is_switched_on(x64):
    choices, outcomes, _, _ = made_up()
    params = {name: np.float32(x) for name, x in some_params(binary_hgf()).items()}
    found = log_likelihood(binary_hgf(), params, Trials(choices, np.float32(outcomes)))
    assert found.dtype == np.float32


def test_what_a_trace_tells():
    params = {"omega_2": -2.0, "inverse_temperature": 2.0}
    told = {"values", "prediction_errors", "log_odds", "precisions", "choices", "choice_p"}
    play = partial(simulate, jax.random.key(0), params=params, outcomes=np.ones((5, 2)))
    assert set(play(model=binary_hgf(2)).records) == told
    assert set(play(model=binary_hgf()).records) == told | {"volatilities"}


# What is made, and what is refused.


def test_the_same_call_returns_the_same_model():
    model = binary_hgf()
    assert binary_hgf(3, kappa=1, initial_means=[0, 0]) is model
    assert pickle.loads(pickle.dumps(model)) is model
    assert model.n_actions == 2 and model.name == "binary_hgf_3"
    assert [p.name for p in model.parameters] == ["omega_2", "inverse_temperature"]
    free = binary_hgf(theta="free", kappa="free")
    assert [p.name for p in free.parameters] == ["omega_2", "theta", "kappa", "inverse_temperature"]
    assert [p.name for p in binary_hgf(2, theta="free").parameters] == ["omega_2", "inverse_temperature"]
    assert binary_hgf_rating() is binary_hgf_rating(theta=0.05)
    assert [p.name for p in binary_hgf_rating(2).parameters] == ["omega_2", "rating_sd"]
    assert all(p.unit is None for p in free.parameters)


def test_every_parameter_has_a_prior():
    pytest.importorskip("numpyro")
    for model in (binary_hgf(theta="free", kappa="free"), binary_hgf_rating()):
        assert list(models.default_priors(model)) == [p.name for p in model.parameters]


BELIEF = (0.0, 1.0)


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: binary_hgf(4), "levels", "2 or 3", "4"),
        Bad(lambda: binary_hgf(True), "levels", "2 or 3", "True"),
        Bad(lambda: binary_hgf(sigmoid="logit"), "sigmoid", "unit_square, softmax", "'logit'"),
        Bad(lambda: binary_hgf(update="unbounded"), "update", "ehgf, standard", "'unbounded'"),
        Bad(lambda: binary_hgf(theta=1.5), "theta", "[0, 1]", "1.5"),
        Bad(lambda: binary_hgf(theta="fixed"), "theta", "or 'free'", "'fixed'"),
        Bad(lambda: binary_hgf(kappa=0), "kappa", "above 0", "0.0"),
        Bad(lambda: binary_hgf(kappa=2), "kappa", "at most 1", "2"),
        Bad(lambda: binary_hgf(threshold=np.inf), "threshold", "finite", "inf"),
        Bad(lambda: binary_hgf(initial_means=0.0), "initial_means", "a pair", "float"),
        Bad(lambda: binary_hgf(initial_means=(0.0, np.nan)), "initial_means[1]", "finite", "nan"),
        Bad(lambda: binary_hgf(initial_precisions=(1.0, 0.0)), "initial_precisions", "above 0", "0.0"),
        Bad(lambda: binary_hgf_rating(1), "levels", "2 or 3", "1"),
        Bad(lambda: binary_hgf_update((0.0, 1.0, 2.0), 1, 0.0), "belief", "a tuple of 2 or 4", "3 parts"),
        Bad(lambda: binary_hgf_update(0.0, 1, 0.0), "belief", "a tuple of 2 or 4", "float"),
        Bad(lambda: binary_hgf_update((0.0, 0.0), 1, 0.0), "precision_2", "above 0", "0"),
        Bad(lambda: binary_hgf_update((np.nan, 1.0), 1, 0.0), "mean_2", "finite", "nan"),
        Bad(lambda: binary_hgf_update(BELIEF, 0.5, 0.0), "observation", "zeros and ones", "0.5"),
        Bad(lambda: binary_hgf_update(BELIEF, 1, np.inf), "omega_2", "finite", "inf"),
        Bad(lambda: binary_hgf_update(BELIEF, 1, 0.0, 0.1), "theta", "None with a belief of two", "2"),
        Bad(lambda: binary_hgf_update((*BELIEF, 0.0, 1.0), 1, 0.0), "theta", "one of four", "None"),
        Bad(lambda: binary_hgf_update((*BELIEF, 0.0, 1.0), 1, 0.0, -1.0), "theta", "at least 0", "-1"),
        Bad(lambda: binary_hgf_update(BELIEF, 1, 0.0, kappa=-1.0), "kappa", "at least 0", "-1"),
        Bad(lambda: binary_hgf_update(BELIEF, 1, 0.0, update="x"), "update", "ehgf, standard", "'x'"),
    ],
    ids=lambda bad: bad.name,
)
def test_what_is_refused(bad):
    assert_refused(bad)
