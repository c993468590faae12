"""Learners with sensitivities to reward and punishment, and the bandit that gains and loses."""

import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

from behavioural_modelling import Trials, log_likelihood, models, replay, simulate, tasks

KEY = jax.random.key(0)
UNIT = 2.0**-24  # the largest relative error of one rounding in float32
N_SUBJECTS, N_TRIALS, N_ACTIONS = 6, 60, 4

# In float64: 60 terms below 100, each with a few hundred roundings of 1e-16.
LL_TOLERANCE = 1e-10

ONE, TWO = (
    models.rescorla_wagner_sensitivities(N_ACTIONS),
    models.rescorla_wagner_sensitivities(N_ACTIONS, True),
)
APART = models.gain_loss_sensitivities(N_ACTIONS)


def params_inside(model):
    rng = np.random.default_rng(1)
    return {
        p.name: rng.uniform(*((0.1, 0.9) if p.upper == 1 else (0.5, 6.0)), N_SUBJECTS)
        for p in model.parameters
    }


def data(seed=0):
    """Choices among four, and what came of them: gains, and losses."""
    rng, shape = np.random.default_rng(seed), (N_SUBJECTS, N_TRIALS)
    gain, loss = rng.integers(0, 2, shape).astype(float), -rng.integers(0, 3, shape).astype(float)
    return rng.integers(0, N_ACTIONS, shape), gain, loss


def log_softmax_of(value, choice):
    top = max(value)
    return value[choice] - top - math.log(math.fsum(math.exp(v - top) for v in value))


def felt_log_likelihood(choices, outcomes, alpha_p, alpha_n, reward, punishment):
    """Rescorla-Wagner learning from felt outcomes, one subject, in plain Python."""
    value, total = [0.0] * N_ACTIONS, []
    for choice, outcome in zip(choices, outcomes, strict=True):
        total.append(log_softmax_of(value, choice))
        error = (reward if outcome > 0 else punishment) * outcome - value[choice]
        value[choice] += (alpha_p if error > 0 else alpha_n) * error
    return math.fsum(total)


def four_parameters(choices, gains, losses, alpha_reward, alpha_punishment, reward, punishment):
    """hBayesDM's bandit4arm_4par, one subject: written from the equations in bandit4arm_4par.stan."""
    good, bad, total = np.zeros(N_ACTIONS), np.zeros(N_ACTIONS), []
    for choice, gain, loss in zip(choices, gains, losses, strict=True):
        total.append(log_softmax_of((good + bad).tolist(), choice))
        error, other = reward * gain - good[choice], punishment * -abs(loss) - bad[choice]
        kept, lost = good[choice], bad[choice]
        good, bad = good + alpha_reward * -good, bad + alpha_punishment * -bad
        good[choice], bad[choice] = kept + alpha_reward * error, lost + alpha_punishment * other
    return math.fsum(total)


@pytest.mark.parametrize("model", [ONE, TWO], ids=["one rate", "two rates"])
def test_felt_outcomes_against_the_loop(model, x64):
    choices, gain, loss = data()
    params = params_inside(model)
    ours = log_likelihood(model, params, Trials(choices, gain + loss))
    for i in range(N_SUBJECTS):
        numbers = [float(x[i]) for x in params.values()]
        numbers = numbers if model is TWO else [numbers[0], *numbers]
        exact = felt_log_likelihood(choices[i], (gain + loss)[i], *numbers)
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)


def test_gains_and_losses_apart_against_the_loop(x64):
    choices, gain, loss = data()
    params = params_inside(APART)
    ours = log_likelihood(APART, params, Trials(choices, {"gain": gain, "loss": loss}))
    for i in range(N_SUBJECTS):
        exact = four_parameters(choices[i], gain[i], loss[i], *(float(x[i]) for x in params.values()))
        np.testing.assert_allclose(ours[i], exact, rtol=0, atol=LL_TOLERANCE)
    # A loss is a loss, whichever sign it is written with.
    again = log_likelihood(APART, params, Trials(choices, {"gain": gain, "loss": -loss}))
    np.testing.assert_array_equal(again, ours)


def test_a_trial_by_hand():
    params = {"alpha": 0.5, "reward_sensitivity": 4.0, "punishment_sensitivity": 2.0}
    told = replay(models.rescorla_wagner_sensitivities(2), params, Trials([[0, 1, 0]], [[1.0, -1.0, 0.0]]))
    np.testing.assert_allclose(told.values[0], [[0, 0], [2, 0], [2, -1]], rtol=4 * UNIT)
    np.testing.assert_allclose(told.prediction_errors[0], [[4, 0], [0, -2], [-2, 0]], rtol=4 * UNIT)
    params = {
        "alpha_reward": 0.5,
        "alpha_punishment": 0.25,
        "reward_sensitivity": 4,
        "punishment_sensitivity": 8,
    }
    outcomes = {"gain": [[1.0, 0.0]], "loss": [[-1.0, 0.0]]}
    told = replay(models.gain_loss_sensitivities(2), params, Trials([[0, 1]], outcomes))
    np.testing.assert_allclose(told.gain_values[0], [[0, 0], [2, 0]], rtol=4 * UNIT)
    np.testing.assert_allclose(told.loss_values[0], [[0, 0], [-2, 0]], rtol=4 * UNIT)
    np.testing.assert_allclose(told.values[0], [[0, 0], [0, 0]], atol=4 * UNIT)


@pytest.mark.parametrize(
    "model, plain",
    [
        (ONE, models.rescorla_wagner(N_ACTIONS, 0.0, True)),
        (TWO, models.asymmetric_rescorla_wagner(N_ACTIONS, 0.0, True)),
    ],
    ids=["one rate", "two rates"],
)
def test_equal_sensitivities_are_an_inverse_temperature(model, plain, x64):
    choices, gain, loss = data()
    params, trials = params_inside(model), Trials(choices, gain + loss)
    same = params | {"punishment_sensitivity": params["reward_sensitivity"]}
    own = {p.name: params.get(p.name, params["reward_sensitivity"]) for p in plain.parameters}
    ours, theirs = log_likelihood(model, same, trials), log_likelihood(plain, own, trials)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=LL_TOLERANCE)
    assert np.abs(ours - log_likelihood(model, params, trials)).min() > 1e-3


def test_pence_are_a_matter_of_units(x64):
    choices, gain, loss = data()
    for model, paid in ((ONE, gain + loss), (APART, {"gain": gain, "loss": loss})):
        params = params_inside(model)
        ours = log_likelihood(model, params, Trials(choices, paid))
        less = {name: x / 100 if name.endswith("sensitivity") else x for name, x in params.items()}
        pence = jax.tree.map(lambda x: 100 * x, paid)
        np.testing.assert_allclose(
            ours, log_likelihood(model, less, Trials(choices, pence)), atol=LL_TOLERANCE
        )
        scaled = models.default_priors(model, (0, 100))["reward_sensitivity"]
        plain = models.default_priors(model)["reward_sensitivity"]
        difference = plain.log_prob(2.0) - scaled.log_prob(0.02)
        np.testing.assert_allclose(difference, -math.log(100), rtol=1e-6)  # a handful of roundings in float32


def test_feedback_masks_resets_and_offers():
    choices, gain, loss = data()
    rng = np.random.default_rng(2)
    mask, feedback, reset = (rng.uniform(size=gain.shape) < share for share in (0.9, 0.9, 0.1))
    available = np.ones((*gain.shape, N_ACTIONS), bool)
    outcomes = {"gain": np.where(mask, gain, np.nan), "loss": loss}
    trials = Trials(choices, outcomes, available, mask, reset, feedback=feedback)
    params = params_inside(APART)
    ours = log_likelihood(APART, params, trials)
    assert np.isfinite(ours).all()
    # A trial without feedback is scored and changes nothing: those after it are what they are without it.
    i, t = np.argwhere(mask & ~feedback)[0]
    told = replay(APART, {name: x[[i]] for name, x in params.items()}, trials.subjects([i]))
    if t + 1 < N_TRIALS and not reset[i, t + 1]:
        np.testing.assert_array_equal(told.values[0, t + 1], told.values[0, t])
    assert np.isnan(told.log_prob[0]).sum() == (~mask[i]).sum()


@pytest.mark.parametrize("model", [TWO, APART], ids=["one outcome", "two outcomes"])
def test_slopes_are_finite_at_the_bounds(model):
    choices, gain, loss = data()
    paid = {"gain": gain, "loss": loss} if model is APART else gain + loss
    trials, names = Trials(choices, paid), [p.name for p in model.parameters]
    run = lambda row: log_likelihood(model, dict(zip(names, row, strict=True)), trials).sum()  # noqa: E731
    rates = [(a, b) for a in (0.0, 1.0) for b in (0.0, 1.0)]
    ends = jnp.array([(*ab, r, p) for ab in rates for r in (0.0, 30.0) for p in (0.0, 30.0)])
    values, slopes = jax.jit(jax.vmap(jax.value_and_grad(run)))(ends)
    assert np.isfinite(values).all() and np.isfinite(slopes).all()
    np.testing.assert_allclose(values[0], N_SUBJECTS * N_TRIALS * -math.log(4), rtol=64 * UNIT)


def test_the_bandit_that_gains_and_loses():
    task = tasks.gain_loss_bandit(4_000, 2, sd=0.0, bounds=(0.3, 0.6))
    trace = simulate(KEY, models.gain_loss_sensitivities(2), dict.fromkeys(params_inside(APART), 0.5), task)
    gain, loss = np.asarray(trace.outcomes["gain"][0]), np.asarray(trace.outcomes["loss"][0])
    assert set(np.unique(gain)) == {0, 1} and set(np.unique(loss)) == {-1, 0}
    # Chances stay where they were drawn, within the bounds; five standard errors of 4,000 draws.
    for rate in (gain.mean(axis=0), -loss.mean(axis=0)):
        assert ((rate > 0.3 - 0.04) & (rate < 0.6 + 0.04)).all()
    # Drawn independently: correlations are 0 to five standard errors.
    four = np.corrcoef(np.concatenate([gain, loss], axis=1).T)
    assert np.abs(four[~np.eye(4, dtype=bool)]).max() < 5 / math.sqrt(4_000)
    net = tasks.gain_loss_bandit(4_000, 2, sd=0.0, bounds=(0.3, 0.6), net=True)
    plain = models.rescorla_wagner(2)
    paid = simulate(KEY, plain, {"alpha": 0.5, "temperature": 1.0}, net).outcomes[0]
    np.testing.assert_array_equal(paid, gain + loss)  # the same key, so the same draws
    assert pickle.loads(pickle.dumps(task)) is task and net is not task


def test_what_is_refused():
    choices, gain, loss = data()
    params = params_inside(APART)
    words = "a dict with 'gain' and 'loss', which gain_loss_sensitivities needs"
    for paid, received in ((gain, "without a name"), ({"gain": gain}, "'gain'")):
        call = lambda paid=paid: log_likelihood(APART, params, Trials(choices, paid))  # noqa: E731
        assert_refused(Bad(call, "outcomes", words, received))
    bad = {
        "n_actions": [lambda: models.gain_loss_sensitivities(1), lambda: tasks.gain_loss_bandit(10, 1)],
        "n_trials": [lambda: tasks.gain_loss_bandit(0)],
        "sd": [lambda: tasks.gain_loss_bandit(10, sd=-1.0)],
        "bounds": [lambda: tasks.gain_loss_bandit(10, bounds=(0.6, 0.3))],
    }
    for name, calls in bad.items():
        for call in calls:
            assert_refused(Bad(call, name, "", ""))


def test_the_same_arguments_give_the_same_model():
    assert models.rescorla_wagner_sensitivities(N_ACTIONS, 1) is TWO and ONE is not TWO
    assert pickle.loads(pickle.dumps(APART)) is APART
    assert [p.name for p in TWO.parameters][:2] == ["alpha_p", "alpha_n"]
