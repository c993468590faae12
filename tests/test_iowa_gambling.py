"""The Iowa gambling task: its cards, four models of it against loops in float64, and real choices."""

import itertools
import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from refusals import Bad, assert_refused
from scipy.optimize import minimize

from behavioural_modelling import Trials, fit, log_likelihood, models, replay, simulate, tasks
from behavioural_modelling.learning.iowa_gambling import (
    decay_update,
    outcome_representation_update,
)
from behavioural_modelling.learning.utility import prospect_utility
from behavioural_modelling.trials import load_iowa_gambling

UNIT = 2.0**-24  # the largest relative error of one rounding in float32
KEY = jax.random.key(0)
N_SUBJECTS, N_TRIALS, N_SHORT = 64, 12, 3  # 64 sequences of 3 choices among 4 decks

# In float64: at most 12 terms below some 1e4 (an inverse temperature of 242 times a utility), each with a
# hundred roundings of 1e-16.
LL_TOLERANCE = 1e-9

BUILDERS = {
    "pvl_delta": models.pvl_delta,
    "pvl_decay": models.pvl_decay,
    "vpp": models.vpp,
    "orl": models.orl,
}
each_model = pytest.mark.parametrize("name", BUILDERS)


# The equations once more, for one person in plain floats: the state before and after a trial.


def utility(x, shape, loss_aversion):
    if x == 0:
        return 0.0
    return x**shape if x > 0 else -loss_aversion * (-x) ** shape


def loop(name, own, choices, outcomes, *, available, mask, reset, feedback, payscale=100.0):
    """The log-likelihood of one person, and the preferences before each trial."""
    total, preferences, state = 0.0, [], None
    for t, choice in enumerate(choices):
        state = STARTS[name]() if state is None or reset[t] else state
        logits = LOGITS[name](own, state)
        preferences.append(logits)
        if not mask[t]:
            continue
        offered = [logit for logit, offered in zip(logits, available[t], strict=True) if offered]
        total += logits[choice] - max(offered)
        total -= math.log(math.fsum(math.exp(logit - max(offered)) for logit in offered))
        if feedback[t]:
            RULES[name](own, state, choice, outcomes[t] / payscale)
    return total, preferences


STARTS = {
    "pvl_delta": lambda: {"ev": [0.0] * 4},
    "pvl_decay": lambda: {"ev": [0.0] * 4},
    "vpp": lambda: {"ev": [0.0] * 4, "pers": [0.0] * 4},
    "orl": lambda: {"ev": [0.0] * 4, "ef": [0.0] * 4, "pers": [0.0] * 4},
}


def consistent(own, preference):
    return [(3 ** own["consistency"] - 1) * x for x in preference]


def vpp_logits(own, state):
    pairs = zip(state["ev"], state["pers"], strict=True)
    return consistent(own, [own["weight"] * ev + (1 - own["weight"]) * pers for ev, pers in pairs])


def orl_logits(own, state):
    decks = zip(state["ev"], state["ef"], state["pers"], strict=True)
    return [v + own["weight_frequency"] * f + own["weight_perseverance"] * p for v, f, p in decks]


LOGITS = {
    "pvl_delta": lambda own, state: consistent(own, state["ev"]),
    "pvl_decay": lambda own, state: consistent(own, state["ev"]),
    "vpp": vpp_logits,
    "orl": orl_logits,
}


def delta_rule(own, state, choice, x):
    u = utility(x, own["shape"], own["loss_aversion"])
    state["ev"][choice] += own["alpha"] * (u - state["ev"][choice])


def decay_rule(own, state, choice, x):
    state["ev"] = [own["retention"] * v for v in state["ev"]]
    state["ev"][choice] += utility(x, own["shape"], own["loss_aversion"])


def vpp_rule(own, state, choice, x):
    state["pers"] = [own["retention"] * p for p in state["pers"]]
    state["pers"][choice] += own["perseverance_gain"] if x >= 0 else own["perseverance_loss"]
    delta_rule(own, state, choice, x)


def orl_rule(own, state, choice, x):
    rewarded, sign = x >= 0, float(np.sign(x))
    rates = [own["alpha_reward"], own["alpha_punishment"]]
    chosen_rate, other_rate = rates if rewarded else rates[::-1]
    for deck in range(4):
        if deck == choice:
            state["ev"][deck] += chosen_rate * (x - state["ev"][deck])
            state["ef"][deck] += chosen_rate * (sign - state["ef"][deck])
            state["pers"][deck] = 1.0
        else:
            state["ef"][deck] += other_rate * (-sign / 3 - state["ef"][deck])
        state["pers"][deck] /= 3 ** own["perseverance_decay"]


RULES = {"pvl_delta": delta_rule, "pvl_decay": decay_rule, "vpp": vpp_rule, "orl": orl_rule}


def people(model, seed=0):
    """Parameters of everybody, all over their ranges, the bounds among them."""
    rng, params = np.random.default_rng(seed), {}
    for p in model.parameters:
        low, high = (-2.0, 2.0) if math.isinf(p.lower) else (p.lower, p.upper)
        params[p.name] = rng.uniform(low, high, N_SUBJECTS)
        params[p.name][:4] = rng.permutation([low, high, low, high])
    return params


def played(seed=0):
    """Choices and net outcomes of everybody, some of them 0, with all that trials may have."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS)
    outcomes = rng.choice([100.0, 50.0, 0.0, -25.0, -250.0, -1150.0], shape)
    available = (rng.uniform(size=(*shape, 4)) < 0.7) | (np.arange(4) == 3)
    choices = (rng.uniform(size=available.shape) * available).argmax(axis=-1)
    mask, feedback = (rng.uniform(size=shape) < 0.8 for _ in range(2))
    reset = rng.uniform(size=shape) < 0.1
    return choices, outcomes, {"available": available, "mask": mask, "reset": reset, "feedback": feedback}


# The rules, by hand.


def test_the_utility_by_hand():
    # 9^.5 = 3, times 2 for a loss; nothing is worth nothing, of any shape.
    np.testing.assert_allclose(prospect_utility([9.0, 0.0, -9.0], 0.5, 2.0), [3, 0, -6], rtol=8 * UNIT)
    np.testing.assert_allclose(prospect_utility([9.0, 0.0, -9.0], 0.0, 2.0), [1, 0, -2], rtol=8 * UNIT)


def test_the_utility_of_nothing_has_a_slope_of_nothing():
    for shape in (0.0, 0.5, 1.0, 2.0):
        slopes = jax.grad(prospect_utility, argnums=(0, 1, 2))(0.0, shape, 2.0)
        assert [float(slope) for slope in slopes] == [0, 0, 0]


def test_the_decay_rule_by_hand():
    value, chosen = jnp.array([1.0, 2.0, -4.0]), jnp.array([0, 0, 1])
    updated, before = decay_update(value, (3.0, chosen), 0.5)
    np.testing.assert_array_equal(updated, [0.5, 1.0, 1.0])  # -2 + 3
    np.testing.assert_array_equal(before, value)
    unmoved, _ = decay_update(value, (3.0, jnp.zeros(3)), 0.5)
    np.testing.assert_array_equal(unmoved, value)


def test_outcome_representation_by_hand():
    state = (jnp.array([1.0, 2.0, 3.0]), jnp.array([0.5, 0.0, -0.5]), jnp.array([0.9, 0.3, 0.0]))
    # A loss of 3: the chosen deck learns at .5, the others at .25; they are taken to have won half.
    (value, frequency, recent), (before, error) = outcome_representation_update(
        state, (-3.0, jnp.array([1, 0, 0])), 0.25, 0.5, 1.0
    )
    np.testing.assert_array_equal(value, [-1, 2, 3])  # 1 + .5 * (-3 - 1)
    np.testing.assert_array_equal(error, [-4, 0, 0])
    # .5 + .5 * (-1 - .5), 0 + .25 * (.5 - 0), -.5 + .25 * (.5 + .5)
    np.testing.assert_array_equal(frequency, [-0.25, 0.125, -0.25])
    np.testing.assert_allclose(recent, [1 / 3, 0.1, 0], rtol=8 * UNIT)
    assert all((x == y).all() for x, y in zip(before, state, strict=True))
    # Of 0 the sign is 0, and it counts as a reward.
    (_, frequency, _), _ = outcome_representation_update(state, (0.0, jnp.array([1, 0, 0])), 0.25, 0.5, 1.0)
    np.testing.assert_array_equal(frequency, [0.375, 0, -0.25])


def test_without_a_choice_outcome_representation_stays_as_it_is():
    state = (jnp.array([1.0, 2.0]), jnp.array([0.5, 0.0]), jnp.array([0.9, 0.3]))
    after, _ = outcome_representation_update(state, (-3.0, jnp.zeros(2)), 0.25, 0.5, 1.0)
    assert all((x == y).all() for x, y in zip(after, state, strict=True))


# The models.


@each_model
def test_the_likelihood_against_the_loop(name, x64):
    model, (choices, outcomes, given) = BUILDERS[name](), played()
    params = people(model)
    trials = Trials(choices, outcomes, **given)
    ours, trace = log_likelihood(model, params, trials), replay(model, params, trials)
    for i in range(N_SUBJECTS):
        own = {p: float(x[i]) for p, x in params.items()}
        of_person = {field: x[i] for field, x in given.items()}
        exact, logits = loop(name, own, choices[i], outcomes[i], **of_person)
        np.testing.assert_allclose(ours[i], exact, rtol=1e-12, atol=LL_TOLERANCE)
        # What is told of a trial that does not count is no matter of the model.
        chances = np.where(of_person["available"], np.array(logits), -np.inf)[of_person["mask"]]
        chances = np.exp(chances - chances.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        told = trace.choice_p[i][of_person["mask"]]
        np.testing.assert_allclose(told, chances, rtol=0, atol=LL_TOLERANCE)


@pytest.mark.parametrize("name", ["vpp", "orl"])  # which hold the others
def test_in_float32_it_is_the_same_to_its_rounding(name):
    model, (choices, outcomes, given) = BUILDERS[name](), played()
    params = {p: np.asarray(x, np.float32) for p, x in people(model).items()}
    # Utilities up to 12^1 and inverse temperatures up to 3^2: logits below some hundred, each off by a
    # few dozen roundings of its size, a dozen of them added up.
    params = {p: np.minimum(x, {"shape": 1, "consistency": 2}.get(p, x)) for p, x in params.items()}
    ours = log_likelihood(model, params, Trials(choices, outcomes.astype(np.float32), **given))
    for i in range(N_SUBJECTS):
        own = {p: float(x[i]) for p, x in params.items()}
        exact, logits = loop(name, own, choices[i], outcomes[i], **{k: x[i] for k, x in given.items()})
        size = max(1, np.abs(logits).max())
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=N_TRIALS * 40 * UNIT * size)


@each_model
def test_the_probabilities_of_all_sequences_add_up_to_one(name, x64):
    model, (_, _, given) = BUILDERS[name](), played()
    choices = np.zeros((N_SUBJECTS, N_TRIALS), int)
    choices[:, :N_SHORT] = list(itertools.product(range(4), repeat=N_SHORT))
    by_deck = np.array([100.0, -250.0, 50.0, 0.0])
    # Only the first trials count: one shape, and so one program, for all tests here.
    given = {field: np.ones_like(x) for field, x in given.items()} | {"reset": np.zeros_like(given["reset"])}
    given["mask"] = np.broadcast_to(np.arange(N_TRIALS) < N_SHORT, choices.shape)
    one = {p: np.full(N_SUBJECTS, x[10]) for p, x in people(model).items()}
    total = np.exp(log_likelihood(model, one, Trials(choices, by_deck[choices], **given))).sum()
    np.testing.assert_allclose(total, 1, rtol=0, atol=LL_TOLERANCE)


@each_model
def test_slopes_are_right_and_finite_at_the_bounds(name, x64):
    model, (choices, outcomes, given) = BUILDERS[name](), played()
    trials = Trials(choices, outcomes, **given)
    score = lambda params: log_likelihood(model, params, trials).sum()  # noqa: E731
    slope = jax.jit(jax.grad(score))
    inside = {p: jnp.asarray(x) for p, x in people(model).items()}
    # The first four are at bounds, where a difference would step out of the range.
    assert all(np.isfinite(x).all() for x in slope(inside).values())
    rng = np.random.default_rng(1)
    inside = {p: 0.1 + 0.8 * rng.uniform(size=N_SUBJECTS) for p in inside}
    check_grads(jax.jit(score), (inside,), order=1, modes=["rev"], rtol=1e-6)
    for parameter in model.parameters:
        for end in {parameter.lower, parameter.upper} - {-math.inf, math.inf}:
            there = slope(inside | {parameter.name: np.full(N_SUBJECTS, float(end))})
            assert all(np.isfinite(x).all() for x in there.values()), (parameter.name, end)


# What one model is at the limit of another.


def dollars(seed=3):
    choices, outcomes, given = played(seed)
    return Trials(choices, outcomes, **given)


def test_vpp_with_all_weight_on_values_is_pvl_delta(x64):
    model, params = models.vpp(), people(models.vpp())
    alone = {p.name: params[p.name] for p in models.pvl_delta().parameters}
    ours = log_likelihood(model, params | {"weight": 1.0}, dollars())
    np.testing.assert_allclose(ours, log_likelihood(models.pvl_delta(), alone, dollars()), rtol=1e-14)


def test_pvl_delta_without_curvature_or_loss_aversion_is_rescorla_wagner(x64):
    params = people(models.pvl_delta())
    ours = log_likelihood(models.pvl_delta(), params | {"shape": 1.0, "loss_aversion": 1.0}, dollars())
    learner = models.rescorla_wagner(4, initial_value=0.0, inverse_temperature=True)
    own = {"alpha": params["alpha"], "inverse_temperature": (3 ** params["consistency"] - 1) / 100}
    np.testing.assert_allclose(ours, log_likelihood(learner, own, dollars()), rtol=1e-12, atol=LL_TOLERANCE)


def test_orl_of_values_alone_is_rescorla_wagner(x64):
    params, rate = people(models.orl()), np.linspace(0, 1, N_SUBJECTS)
    alone = {"weight_frequency": 0.0, "weight_perseverance": 0.0}
    alone |= {"alpha_reward": rate, "alpha_punishment": rate}
    learner = models.rescorla_wagner(4, initial_value=0.0, inverse_temperature=True)
    theirs = log_likelihood(learner, {"alpha": rate, "inverse_temperature": 0.01}, dollars())
    np.testing.assert_allclose(
        log_likelihood(models.orl(), params | alone, dollars()), theirs, rtol=1e-12, atol=LL_TOLERANCE
    )


@pytest.mark.parametrize("name", ["vpp", "orl"])
def test_dollars_and_hundreds_of_dollars_are_one_model(name, x64):
    trials, params = dollars(), people(BUILDERS[name]())
    hundreds = trials._replace(outcomes=np.asarray(trials.outcomes) / 100)
    ours = log_likelihood(BUILDERS[name](4, 1.0), params, hundreds)
    theirs = log_likelihood(BUILDERS[name](), params, trials)
    # 242 * 10 * 11.5^2 is a logit of 3e5; one rounding of each outcome is doubled by the shape.
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=LL_TOLERANCE)


# What they take, and what they say beforehand.


@each_model
def test_the_same_arguments_give_the_same_model(name):
    assert BUILDERS[name]() is BUILDERS[name](np.int64(4), payscale=100)
    assert BUILDERS[name](n_actions=2).n_actions == 2


MEDIANS = {"shape": 0.42, "loss_aversion": 1.67, "consistency": 1.0, "perseverance_decay": 0.44}


@each_model
def test_default_priors_keep_within_the_published_ranges(name):
    model = BUILDERS[name]()
    for parameter, prior in zip(model.parameters, models.default_priors(model).values(), strict=True):
        draws = np.asarray(prior.sample(KEY, (20_000,)))
        assert draws.min() >= parameter.lower and draws.max() <= parameter.upper
        if math.isfinite(parameter.upper) and parameter.upper > 1:
            # The medians that the module tells of; of 20,000 draws the share below the median has a standard
            # error of .0035, and a median that is rounded to two digits is off by another .01 at most.
            assert abs((draws < MEDIANS[parameter.name]).mean() - 0.5) < 5 * 0.0036 + 0.01


BAD = {
    "one deck": Bad(partial(models.pvl_delta, 1), "n_actions", "at least 2", "1"),
    "no payscale": Bad(partial(models.pvl_decay, payscale=0), "payscale", "above 0", "0"),
    "payscale of two": Bad(partial(models.vpp, payscale=[1, 2]), "payscale", "one number", "(2,)"),
    "payscale nan": Bad(partial(models.orl, payscale=math.nan), "payscale", "a finite number", "nan"),
    "no trial": Bad(partial(tasks.iowa_gambling, 0), "n_trials", "at least 1", "0"),
    "shape": Bad(partial(prospect_utility, 1.0, -1.0, 1.0), "shape", "at least 0", "-1"),
    "loss aversion": Bad(partial(prospect_utility, 1.0, 1.0, -1.0), "loss_aversion", "at least 0", "-1"),
    "outcome": Bad(partial(prospect_utility, math.inf, 1.0, 1.0), "outcome", "finite", "inf"),
    "retention": Bad(partial(decay_update, [1.0, 2.0], (1.0, [1, 0]), 1.5), "retention", "[0, 1]", "1.5"),
    "no pair": Bad(partial(decay_update, [1.0, 2.0], 1.0, 0.5), "outcome_chosen", "a pair", "float"),
    "chosen": Bad(partial(decay_update, [1.0, 2.0], (1.0, [1, 2]), 0.5), "chosen", "zeros and ones", "2"),
    "no state": Bad(
        partial(outcome_representation_update, [1.0, 2.0], (1.0, [1, 0]), 0.5, 0.5, 1.0),
        "state",
        "three arrays",
        "2 of them",
    ),
    "state of two shapes": Bad(
        partial(outcome_representation_update, ([1.0, 2], [1.0], [1.0, 2]), (1.0, [1, 0]), 0.5, 0.5, 1.0),
        "frequency",
        "shape (2,)",
        "shape (1,)",
    ),
    "both chosen": Bad(
        partial(outcome_representation_update, [[1.0, 2.0]] * 3, (1.0, [1, 1]), 0.5, 0.5, 1.0),
        "chosen",
        "at most one",
        "more than one",
    ),
    "rate": Bad(
        partial(outcome_representation_update, [[1.0, 2.0]] * 3, (1.0, [1, 0]), 0.5, 2.0, 1.0),
        "alpha_punishment",
        "[0, 1]",
        "2",
    ),
    "decay": Bad(
        partial(outcome_representation_update, [[1.0, 2.0]] * 3, (1.0, [1, 0]), 0.5, 0.5, -1.0),
        "perseverance_decay",
        "at least 0",
        "-1",
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_refused(bad):
    assert_refused(bad)


# The task.


def test_the_decks_pay_as_in_the_laboratory():
    task = tasks.iowa_gambling(4000)
    even = models.biased_random(4)
    chances = {"bias_0": 1 / 4, "bias_1": 1 / 3, "bias_2": 1 / 2}
    paid = np.asarray(simulate(KEY, even, chances, task).outcomes[0])
    cards = [
        {100: 0.5, -50: 0.1, -100: 0.1, -150: 0.1, -200: 0.1, -250: 0.1},
        {100: 0.9, -1150: 0.1},
        {50: 0.5, 25: 0.1, 0: 0.3, -25: 0.1},
        {50: 0.9, -200: 0.1},
    ]
    means = [sum(x * p for x, p in deck.items()) for deck in cards]
    np.testing.assert_allclose(means, [-25, -25, 25, 25], rtol=1e-12)  # per ten cards -250 and 250
    for deck, expected in enumerate(cards):
        values, counts = np.unique(paid[:, deck], return_counts=True)
        assert set(values.tolist()) == set(expected)
        for value, count in zip(values.tolist(), counts, strict=True):
            p = expected[value]
            assert abs(count / 4000 - p) < 5 * math.sqrt(p * (1 - p) / 4000)


def test_the_cards_of_different_decks_and_trials_are_drawn_apart():
    paid = np.asarray(
        simulate(
            KEY,
            models.biased_random(4),
            dict.fromkeys(["bias_0", "bias_1", "bias_2"], 0.5),
            tasks.iowa_gambling(4000),
        ).outcomes[0]
    )
    among = np.corrcoef(np.concatenate([paid[1:], paid[:-1]], axis=1).T) - np.eye(8)
    assert np.abs(among).max() < 5 / math.sqrt(4000)


# Real choices.


def test_the_example_file_is_fitted_as_scipy_fits_it():
    trials, model = load_iowa_gambling(), models.pvl_delta()
    names = [p.name for p in model.parameters]
    ends = [(p.lower, p.upper) for p in model.parameters]
    found = fit(KEY, model, trials, progress=False)
    choices = np.asarray(trials.choices)
    net = np.asarray(trials.outcomes, np.float64)[..., 0]

    def minus(x, i):
        return -many_pvl_delta(dict(zip(names, x[:, None], strict=True)), choices[i], net[i])[0]

    for i in range(trials.shape[0]):
        rng = np.random.default_rng(i)
        starts = [rng.uniform(low, high, 4000) for low, high in ends]
        scores = many_pvl_delta(dict(zip(names, starts, strict=True)), choices[i], net[i])
        best = max(
            -minimize(minus, [x[k] for x in starts], bounds=ends, method="L-BFGS-B", args=(i,)).fun
            for k in np.argsort(-scores)[:2]
        )
        assert found.log_likelihood[i] > best - 1e-3
        own = {name: np.float64(x[i])[None] for name, x in found.params.items()}
        # In float32 100 terms of about 1, each off by some dozen roundings.
        exact = many_pvl_delta(own, choices[i], net[i])[0]
        np.testing.assert_allclose(found.log_likelihood[i], exact, rtol=0, atol=1e-3)


def many_pvl_delta(params, choices, net):
    """The log-likelihood of one person's choices under many sets of parameters at once."""
    value, total = np.zeros((len(params["alpha"]), 4)), 0.0
    for choice, x in zip(choices, net / 100, strict=True):
        logits = (3 ** params["consistency"] - 1)[:, None] * value
        logits = logits - logits.max(axis=1, keepdims=True)
        total = total + logits[:, choice] - np.log(np.exp(logits).sum(axis=1))
        gained = abs(x) ** params["shape"] * (1 if x > 0 else -params["loss_aversion"]) if x else 0.0
        value[:, choice] += params["alpha"] * (gained - value[:, choice])
    return total
