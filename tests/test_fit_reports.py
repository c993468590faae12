"""What `fit` says of people whose choices leave something open, and that it comes back at all."""

import math
import subprocess
import sys
import textwrap
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import behavioural_modelling as bm
from behavioural_modelling import Model, Trials, models, responses
from behavioural_modelling._door import spec_of
from behavioural_modelling.fitting import _programs
from behavioural_modelling.models import Parameter
from behavioural_modelling.trials import load_bandit

KEY = jax.random.key(0)
BOTH = {
    "inverse_temperature": models.rescorla_wagner(2, inverse_temperature=True),
    "temperature": models.rescorla_wagner(2),
}
fit = partial(bm.fit, progress=False)


# It ends.


def in_a_process(code, seconds):
    """Run code in a process of its own; one that does not end fails the test, and is ended."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, timeout=seconds)
    assert done.returncode == 0, done.stderr.decode()


MORE_BLOCKS_THAN_CORES = """
    import os, jax, numpy as np, behavioural_modelling as bm
    n_blocks = 2 * os.cpu_count() + 1
    for n in (2, 7, 12):
        choices = np.random.default_rng(n).integers(0, n + 1, (16 * n_blocks, 20))
        model = bm.models.biased_random(n + 1)
        fit = bm.fit(jax.random.key(0), model, bm.Trials(choices, np.zeros(choices.shape)), progress=False)
        counts = np.stack([(choices == action).sum(axis=1) for action in range(n + 1)], axis=1)
        right = np.where(counts > 0, counts * np.log(np.maximum(counts, 1) / 20), 0).sum(axis=1)
        assert np.allclose(fit.log_likelihood, right, atol=1e-3), n
"""

A_LIBRARY_IN_THE_MODEL = """
    import os, jax, jax.numpy as jnp, numpy as np, behavioural_modelling as bm
    plain = bm.models.biased_random(3)
    model = plain._replace(predict=lambda *trial: jnp.linalg.inv(jnp.eye(3)) @ plain.predict(*trial))
    choices = np.random.default_rng(0).integers(0, 3, (16 * (os.cpu_count() + 1), 5))
    trials = bm.Trials(choices, np.zeros(choices.shape))
    bm.fit(jax.random.key(0), model, trials, progress=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [MORE_BLOCKS_THAN_CORES, A_LIBRARY_IN_THE_MODEL], ids=["ours", "reader's"])
def test_a_fit_in_more_blocks_than_there_are_cores_ends(code):
    # On two cores alone a minute at most; two other processes may keep them busy.
    in_a_process(code, seconds=300)


def calls_a_library(model, n_outcomes=2, available=None):
    outcomes = np.ones((1, 3, n_outcomes))
    return _programs.calls_a_library(model, spec_of(outcomes, available, {}, np.float32), False)


def test_a_model_that_calls_a_library_is_known():
    model, inverse = models.biased_random(2), jnp.linalg.inv
    own = model._replace(predict=lambda *trial: inverse(jnp.eye(2)) @ model.predict(*trial))
    assert calls_a_library(own) and not calls_a_library(model)
    assert calls_a_library(models.with_lapse(own))
    assert not calls_a_library(
        model._replace(predict=lambda *trial: jnp.sqrt(model.predict(*trial) ** 2 + 1))
    )
    for each in (*BOTH.values(), models.win_stay_lose_shift(2), models.with_choice_kernel(model)):
        assert not calls_a_library(each) and not calls_a_library(each, available=np.ones((1, 3, 2), bool))


@pytest.mark.parametrize("response", [responses.categorical(2), responses.normal(), responses.wald_race(2)])
@pytest.mark.parametrize("function", ["log_prob", "draw", "encode"])
def test_a_response_that_calls_a_library_is_known(response, function):
    def predict(params, state, trial):
        race = {"drifts": jnp.ones(2), "threshold": 1.0, "non_decision_time": 0.0}
        prediction = {1: jnp.zeros(2), 2: race}.get(len(response.parts))
        return prediction if response.n_actions else (0.0, 1.0)

    model = Model(
        "still", (), response, lambda params: (), predict, lambda params, state, *trial: (state, {})
    )
    n_outcomes = response.n_actions or 1
    assert not calls_a_library(model, n_outcomes)

    def by_library(*arguments):
        root = jnp.linalg.cholesky(jnp.eye(2))[0, 0]
        given = getattr(response, function)(*arguments)
        return jax.tree.map(lambda x: x * root.astype(jnp.asarray(x).dtype), given)

    own = model._replace(response=response._replace(**{function: by_library}))
    # What is drawn plays no part in a fit, and is looked at all the same: it is cheap to be careful.
    assert calls_a_library(own, n_outcomes)


# Kinks.


@pytest.mark.parametrize("span", [(0.0, 1.0), (-1.0, 1.0)], ids=str)
def test_maxima_on_kinks_are_maxima(span):
    outcomes = np.random.default_rng(0).uniform(*span, size=(100, 2)).round(2)
    model = models.asymmetric_rescorla_wagner(2, initial_value=0.0)
    true = {"alpha_p": np.full(60, 0.4), "alpha_n": 0.2, "temperature": 0.2}
    trials = Trials(bm.simulate(KEY, model, true, outcomes, record="choices").choices, outcomes)
    found = fit(jax.random.key(1), model, trials)
    assert found.converged.mean() > 0.97
    kinks = np.flatnonzero(found.problem == "at a kink")
    assert len(kinks) and found.gradient_norm[kinks].max() > 0.05
    # No step of a twentieth or a hundredth of a standard error gains more than .001, to any side.
    errors = [np.nan_to_num(found.standard_errors[name]) for name in true]
    for step in np.concatenate([np.eye(3), -np.eye(3), [[1, 1, 1], [-1, 1, 0], [1, -1, 0]]]):
        for length in (0.05, 0.01):
            moves = dict(zip(true, (length * s * e for s, e in zip(step, errors, strict=True)), strict=True))
            there = {name: found.params[name] + moves[name] for name in true}
            inside = {n: np.clip(x, 1e-6 if n == "temperature" else 0, 1) for n, x in there.items()}
            gain = bm.log_likelihood(model, inside, trials) - found.log_likelihood
            assert gain[kinks].max() < 2e-3


# Ridges and guessers.

LOSER = Trials(
    [[1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1]], [[0.0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0]]
)


@pytest.mark.parametrize("name, sign", [("inverse_temperature", "x"), ("temperature", "/")])
def test_a_ridge_is_named_and_what_is_known_on_it(name, sign):
    found = fit(KEY, BOTH[name], LOSER)
    # With alpha to 0 and alpha times beta = kappa the model is logistic in kappa times the sum of r - .5.
    assert f"only alpha {sign} {name} = 0.54 can be told" in found.problem[0]
    np.testing.assert_allclose(found.log_likelihood, -10.44115, rtol=0, atol=1e-3)
    assert not found.at_bound["alpha"] and not found.at_bound[name]
    assert np.isnan(found.standard_errors[name]) and np.isnan(found.standard_errors["alpha"])


def test_no_ridge_is_reported_as_a_clean_fit():
    choices = np.random.default_rng(0).integers(0, 2, (200, 60))
    outcomes = (np.random.default_rng(1).random((200, 60)) < 0.5).astype(float)
    found = fit(KEY, BOTH["inverse_temperature"], Trials(choices, outcomes))
    wild = found.params["inverse_temperature"] > 100
    assert wild.sum() > 15 and (found.problem[wild] != "").all()
    bandit = fit(KEY, models.rescorla_wagner(4), load_bandit())
    extreme = bandit.params["temperature"] < 0.01
    # So close to a temperature of 0 rounding decides where a search ends; few escape.
    assert extreme.sum() > 15 and (bandit.problem[extreme] != "").mean() > 0.85
    # And most fits are clean.
    assert (bandit.problem == "").mean() > 0.85


def test_learners_are_on_no_ridge():
    outcomes = (np.random.default_rng(0).random((300, 2)) < [0.7, 0.3]).astype(float)
    true = {"alpha": np.linspace(0.1, 0.8, 40), "inverse_temperature": 4.0}
    model = BOTH["inverse_temperature"]
    choices = bm.simulate(KEY, model, true, outcomes, record="choices").choices
    assert (fit(KEY, model, Trials(choices, outcomes)).problem == "").all()


@pytest.mark.parametrize("name", BOTH)
def test_of_a_guesser_no_learning_rate_can_be_told(name):
    choices = [[0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0]]
    outcomes = [[1.0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1]]
    found = fit(KEY, BOTH[name], Trials(choices, outcomes))
    assert "flat in alpha" in found.problem[0]
    np.testing.assert_allclose(found.log_likelihood, 16 * math.log(0.5), rtol=0, atol=1e-3)


def test_guessers_at_the_bound_of_an_inverse_temperature_are_flat_in_alpha():
    choices = np.random.default_rng(2).integers(0, 2, (300, 40))
    found = fit(KEY, BOTH["inverse_temperature"], Trials(choices, 1.0 - choices))
    guesses = found.at_bound["inverse_temperature"]
    assert guesses.sum() > 20
    assert all("flat in alpha" in problem for problem in found.problem[guesses])


@pytest.mark.parametrize("name", BOTH)
def test_who_always_chooses_the_same_is_reported_with_either_temperature(name):
    outcomes = np.stack([np.ones(30), np.arange(30) % 3 > 0]).astype(float)
    found = fit(KEY, BOTH[name], Trials(np.zeros((2, 30), int), outcomes))
    assert all("alpha" in problem and name in problem for problem in found.problem)
    assert not found.at_bound[name].any()


# Where the search ends.


@pytest.mark.parametrize("top, beyond", [(1e6, True), (1e-7, True), (30.0, False)])
def test_a_maximum_beyond_the_search_is_reported(top, beyond):
    # Whoever chooses evenly has the strength `top`, and the search goes from 1e-4 to 1e4.
    model = models.biased_random(2)._replace(
        name="strength",
        parameters=(Parameter("strength", 0, above=True),),
        predict=lambda params, state, trial: jnp.stack([jnp.log(params["strength"] / top), 0.0]),
    )
    found = fit(KEY, model, Trials([[0, 1] * 20], np.zeros((1, 40))), n_starts=2)
    assert found.problem.tolist() == ["strength at the limit of the search" if beyond else ""]
    assert not found.at_bound["strength"][0]
    assert (found.log_likelihood[0] < 40 * math.log(0.5) - 1) == beyond


def test_the_bound_itself_is_tried():
    # Only staying away from 0 costs anything: every choice goes to the action that never changes its value.
    model = models.rescorla_wagner(2, initial_value=0.0, inverse_temperature=True)
    choices = np.tile([0, 1], (1, 20))
    outcomes = np.where(choices == 0, 1.0, -1.0)
    found = fit(KEY, model, Trials(choices, outcomes))
    assert found.at_bound["alpha"][0] or found.at_bound["inverse_temperature"][0]
    np.testing.assert_allclose(found.log_likelihood, 40 * math.log(0.5), rtol=0, atol=1e-4)


def test_the_ends_of_an_unbounded_range_are_no_bounds():
    model = models.biased_random(2)._replace(
        parameters=(Parameter("lean", -math.inf),),
        predict=lambda params, state, trial: jnp.stack([params["lean"], 0.0 * params["lean"]]),
    )
    found = fit(KEY, model, Trials(np.array([[0] * 30, [1] * 30, [0, 1] * 15]), np.zeros((3, 30))))
    assert not found.at_bound["lean"].any()
    assert found.problem[0].startswith("any lean above") and found.problem[1].startswith("any lean below")
    assert found.problem[2] == ""
