"""compare and confusion: which model made these choices, and how often that question is answered wrongly."""

from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

import behavioural_modelling as bm
from behavioural_modelling import Confusion, Model, Trials, compare, models, responses, tasks
from behavioural_modelling.models import Parameter
from behavioural_modelling.studies import comparison

KEY = jax.random.key(0)
N_TRIALS = 200
RANDOM = models.biased_random(2)
RULE = models.win_stay_lose_shift(2)
LEARNER = models.rescorla_wagner(2, inverse_temperature=True)
LEARNER_WITH_KERNEL = models.rescorla_wagner_choice_kernel(2, inverse_temperature=True)

# Log-likelihoods of about 100 are rounded in 32 bits, and searches end a little below: see test_fitting.
ROUNDING = 1e-3

fit = partial(bm.fit, progress=False)
confusion = partial(bm.confusion, progress=False)


@pytest.fixture(scope="module")
def outcomes():
    """The two arms of Wilson & Collins, which pay with probabilities .2 and .8."""
    return (np.random.default_rng(1).uniform(size=(N_TRIALS, 2)) < [0.2, 0.8]).astype(np.float32)


def test_crowds_pooled_to_as_many_subjects_as_trials_and_actions_keep_their_shared_outcomes():
    # Two subjects of each model, in a task of four trials with four actions.
    outcomes = np.arange(16, dtype=np.float32).reshape(4, 4)
    pooled = comparison._pooled([Trials([[0, 1, 2, 3]] * 2, outcomes)] * 2)
    assert pooled.choices.shape == (4, 4)
    np.testing.assert_array_equal(pooled.outcomes, outcomes[None])


# The matrices.

BY_HAND = Confusion(("a", "b"), np.array([[8, 2], [1, 3]]), np.array([0, 6]), "bic")


def test_confusion_and_inversion_by_hand():
    np.testing.assert_allclose(BY_HAND.matrix, [[0.8, 0.2], [0.25, 0.75]], rtol=1e-15)
    # By columns of the confusion matrix, not of the counts, of which the second row has fewer.
    np.testing.assert_allclose(
        BY_HAND.inversion, [[0.8 / 1.05, 0.2 / 0.95], [0.25 / 1.05, 0.75 / 0.95]], rtol=1e-15
    )


def test_inversion_of_a_published_matrix():
    # Wilson & Collins (2019), figure 5A; their text gives .54 and .97 for these two.
    shares = [[100, 0, 0, 0, 0], [1, 99, 0, 0, 0], [34, 12, 54, 0, 0], [35, 9, 0, 54, 1], [14, 4, 26, 26, 30]]
    matrix = Confusion(tuple("12345"), np.array(shares), np.zeros(5, int), "bic")
    # Printed shares are rounded to .01, and the fourth row adds up to .99.
    assert abs(matrix.inversion[0, 0] - 0.54) < 0.01
    assert abs(matrix.inversion[4, 4] - 0.97) < 0.01


def test_a_model_that_was_never_chosen():
    never = BY_HAND._replace(counts=np.array([[4, 0], [2, 0]]))
    np.testing.assert_array_equal(never.matrix, [[1, 0], [1, 0]])
    np.testing.assert_array_equal(never.inversion, [[0.5, np.nan], [0.5, np.nan]])
    nothing = BY_HAND._replace(counts=np.array([[4, 0], [0, 0]]))
    np.testing.assert_array_equal(nothing.matrix, [[1, 0], [np.nan, np.nan]])


@pytest.mark.parametrize("which", ["matrix", "inversion", "counts"])
def test_the_tables(which):
    table = BY_HAND.to_dataframe(which)
    np.testing.assert_array_equal(table, getattr(BY_HAND, which))
    assert table.index.tolist() == table.columns.tolist() == ["a", "b"]
    assert (table.index.name, table.columns.name) == ("simulated", "chosen")
    assert BY_HAND.to_dataframe().equals(BY_HAND.to_dataframe("matrix"))
    with pytest.raises(ValueError, match="^which: expected .*got 'rows'"):
        BY_HAND.to_dataframe("rows")


# Counting.

PARAMS = {
    "random": {"bias": 0.5},
    "rule": {"lapse": 0.1},
    "learner": {"alpha": 0.3, "inverse_temperature": 5},
}
MODELS = {"random": RANDOM, "rule": RULE, "learner": LEARNER}


def test_what_is_fitted_and_how_it_is_counted(monkeypatch):
    nan, seen = np.nan, []
    # One row per model that is fitted, one column per data set: two of each model that simulates. The third
    # has a tie, which goes to the first; the fourth no number from one model, the last from none.
    scores = {RANDOM: [1, 5, 2, nan, 1, nan], RULE: [2, 4, 2, 7, 0, nan], LEARNER: [3, 3, 2, 9, 2, nan]}

    def no_fit(key, model, trials, priors, n_starts, fixed, *, progress):
        seen.append((jax.random.key_data(key).tolist(), trials, priors, n_starts))
        return SimpleNamespace(aic=np.array(scores[model]))

    monkeypatch.setattr(comparison, "fit", no_fit)
    priors = {"rule": {"lapse": dist.Beta(2.0, 2.0)}}
    outcomes = np.ones((5, 2), np.float32)
    found = confusion(KEY, MODELS, PARAMS, outcomes, n_subjects=2, criterion="aic", priors=priors, n_starts=3)
    assert found.names == ("random", "rule", "learner") and found.criterion == "aic"
    np.testing.assert_array_equal(found.counts, [[1, 0, 1], [1, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(found.n_failed, [0, 0, 1])
    # Every model is fitted to all data sets, each with priors of its own and another key.
    keys, trials, with_priors, n_starts = zip(*seen, strict=True)
    assert len(set(map(tuple, keys))) == 3 and set(n_starts) == {3}
    assert with_priors == (None, priors["rule"], None)
    assert all(each is trials[0] for each in trials) and trials[0].choices.shape == (6, 5)


@pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
def test_the_trials_of_all_models_are_put_together(own, monkeypatch):
    n = 3
    outcomes = np.random.default_rng(2).uniform(size=(n, 4, 2) if own else (4, 2)).astype(np.float32)
    available = np.broadcast_to([True, False], (4, 2))
    seen = []
    monkeypatch.setattr(
        comparison,
        "fit",
        lambda *arguments, **_: seen.append(arguments[2]) or SimpleNamespace(bic=np.zeros(6)),
    )
    two = {name: MODELS[name] for name in ("random", "rule")}
    params = {name: PARAMS[name] for name in two}
    task = {"available": available, "reset": np.arange(4) == 2, "n_subjects": None if own else n}
    confusion(KEY, two, params, outcomes, **task)
    trials = seen[0]
    assert isinstance(trials, Trials) and trials.mask is None
    assert (np.asarray(trials.choices) == 0).all() and trials.choices.shape == (6, 4)
    np.testing.assert_array_equal(trials.outcomes, np.concatenate([outcomes] * 2) if own else outcomes[None])
    np.testing.assert_array_equal(trials.available, np.broadcast_to(available, (6, 4, 2)))
    np.testing.assert_array_equal(trials.reset, np.broadcast_to(np.arange(4) == 2, (6, 4)))


# Two models of ratings: what is said is the last outcome but for noise, or it is all noise around a half.
SAID = (Parameter("sd", 0, above=True),)
RATERS = {
    name: Model(
        name,
        SAID,
        responses.normal(),
        lambda params: jnp.full((), 0.5),
        lambda params, state, trial: (state, params["sd"]),
        update,
    )
    for name, update in (
        ("last", lambda params, state, trial, rating, outcome: (outcome, {})),
        ("middle", lambda params, state, trial, rating, outcome: (state, {})),
    )
}
RATED = {"last": {"sd": 0.2}, "middle": {"sd": 0.4}}


def test_models_of_ratings_are_told_apart():
    shocks = np.random.default_rng(4).integers(0, 2, 60).astype(np.float32)
    found = confusion(KEY, RATERS, RATED, shocks, n_subjects=3, n_starts=1)
    np.testing.assert_array_equal(found.counts, [[3, 0], [0, 3]])


def test_a_model_with_inputs_beside_one_without():
    # The action that is shown is taken by the one; the other has a bias. Both play what is shown to one.
    shown = models.biased_random(2)._replace(
        name="shown",
        parameters=(Parameter("trust", 0),),
        predict=lambda params, state, trial: params["trust"] * (jnp.arange(2) == trial.inputs["shown"]),
        inputs=("shown",),
    )
    two = {"random": RANDOM, "shown": shown}
    params = {"random": {"bias": 0.8}, "shown": {"trust": 3.0}}
    given = {"n_subjects": 3, "inputs": {"shown": np.arange(60) % 2}, "n_starts": 2}
    found = confusion(KEY, two, params, np.zeros((60, 2)), **given)
    np.testing.assert_array_equal(found.counts, [[3, 0], [0, 3]])


def test_models_play_a_task_that_reacts():
    two = {"random": RANDOM, "rule": RULE}
    params = {"random": {"bias": 0.1}, "rule": {"lapse": 0.05}}
    task = tasks.reversal(80, (0.8, 0.2), at=(40,))
    found = confusion(KEY, two, params, task, n_subjects=3, n_starts=2)
    np.testing.assert_array_equal(found.counts, [[3, 0], [0, 3]])


def test_two_models_that_cannot_be_mistaken(outcomes):
    # A subject who keeps to the rule on 199 choices in 200, and one who chooses action 0 once in 200.
    two = {"random": RANDOM, "rule": RULE}
    params = {"random": {"bias": 0.005}, "rule": {"lapse": np.full(4, 0.01)}}
    found = confusion(KEY, two, params, outcomes, n_subjects=4)
    np.testing.assert_array_equal(found.counts, [[4, 0], [0, 4]])
    np.testing.assert_array_equal(found.matrix, np.eye(2))
    np.testing.assert_array_equal(found.inversion, np.eye(2))
    assert found.n_failed.tolist() == [0, 0] and found.criterion == "bic"


@pytest.mark.slow
def test_wilson_and_collins_in_small(outcomes):
    # Three of their models, 30 data sets of 200 trials, parameters as in their figure 5B. Twenty other keys
    # gave shares on the diagonal of .96 (.034), .92 (.050) and .75 (.043), in brackets standard deviations
    # between sets; bounds are 5 of them below. With 1,000 trials they print .97, .96 and .94.
    any_share, beta = dist.Uniform(0.0, 1.0), 1 + np.random.default_rng(3).exponential(size=30)
    params = {
        "random": {"bias": any_share},
        "rule": {"lapse": any_share},
        "learner": {"alpha": any_share, "inverse_temperature": beta},
    }
    found = confusion(KEY, MODELS, params, outcomes, n_subjects=30)
    assert found.counts.sum(axis=1).tolist() == [30, 30, 30] and found.n_failed.tolist() == [0, 0, 0]
    np.testing.assert_allclose(found.matrix.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(found.inversion.sum(axis=0), 1, rtol=1e-12)
    assert (np.diagonal(found.matrix) > [0.79, 0.67, 0.54]).all(), found.to_dataframe()
    # What is missed goes to the simplest, as printed: of learners more than of rules.
    assert found.counts[2, 0] > found.counts[2, 1]


BAD = {
    "key": ("key", {"key": 0}),
    "one model": ("models", {"models": {"random": RANDOM}}),
    "a list of models": ("models", {"models": [RANDOM, RULE]}),
    "no models": ("models", {"models": MODELS | {"rule": "win_stay_lose_shift"}}),
    "other actions": ("models", {"models": MODELS | {"rule": models.win_stay_lose_shift(3)}}),
    "choices and ratings": ("models", {"models": MODELS | {"rule": RATERS["last"]}}),
    "choices and times": (
        "models",
        {"models": MODELS | {"rule": RULE._replace(response=responses.wald_race(2))}},
    ),
    "a response that is none": ("model.response", {"models": MODELS | {"rule": RULE._replace(response=2)}}),
    "inputs beside a task": ("inputs", {"outcomes": tasks.bandit(4, (0.8, 0.2)), "inputs": {"a": [0.0] * 4}}),
    "params a list": ("params", {"params": [PARAMS]}),
    "params missing": ("params", {"params": {"random": {"bias": 0.5}}}),
    "params unknown": ("params", {"params": PARAMS | {"other": {}}}),
    "params of another model": ("params", {"params": PARAMS | {"rule": {"bias": 0.5}}}),
    "priors unknown": ("priors", {"priors": {"other": {}}}),
    "priors a list": ("priors", {"priors": [{}]}),
    "priors of another model": ("priors", {"priors": {"random": {"lapse": dist.Beta(2.0, 2.0)}}}),
    "criterion": ("criterion", {"criterion": "loo"}),
    "n_subjects": ("n_subjects", {"n_subjects": None}),
    "n_starts": ("n_starts", {"n_starts": 0}),
}


@pytest.mark.parametrize("name, changes", BAD.values(), ids=BAD)
def test_bad_input(name, changes):
    good = {"models": MODELS, "params": PARAMS, "outcomes": np.ones((4, 2)), "n_subjects": 2}
    with pytest.raises(ValueError, match=f"^{name}: expected .*got "):
        confusion(**({"key": KEY} | good | changes))


# Fits side by side.


@pytest.fixture(scope="module")
def fits(outcomes):
    """Eight learners, and four models fitted to them."""
    true = {"alpha": np.linspace(0.1, 0.8, 8), "inverse_temperature": np.linspace(6, 2, 8)}
    choices = np.asarray(bm.simulate(jax.random.key(1), LEARNER, true, outcomes).choices)
    some = MODELS | {"both": LEARNER_WITH_KERNEL}
    return {name: fit(KEY, model, Trials(choices, outcomes)) for name, model in some.items()}


def test_more_parameters_never_fit_worse(fits):
    # Without its kernel, at an inverse temperature of 0, the larger model is the smaller one.
    assert (fits["both"].log_likelihood >= fits["learner"].log_likelihood - ROUNDING).all()
    assert len(fits["both"].params) == 4


def test_compare_adds_up(fits):
    table = compare(fits)
    assert table.index.tolist() == list(fits) and table.index.name == "model"
    assert table["n_parameters"].tolist() == [1, 1, 2, 4]
    bic = np.array([found.bic for found in fits.values()])
    for i, (name, found) in enumerate(fits.items()):
        row, k, total = table.loc[name], len(found.params), found.log_likelihood.astype(float).sum()
        # Sums of eight numbers of about 200 in float32.
        np.testing.assert_allclose(row["log_likelihood"], total, rtol=1e-6)
        np.testing.assert_allclose(row["aic"], 8 * 2 * k - 2 * total, rtol=1e-6)
        np.testing.assert_allclose(row["bic"], 8 * k * np.log(N_TRIALS) - 2 * total, rtol=1e-6)
        assert row["best_by_bic"] == (bic.argmin(axis=0) == i).sum()
        assert (row["n"], row["n_failed"]) == (8, 0) and row["n_problems"] == (found.problem != "").sum()
    assert table["best_by_aic"].sum() == table["best_by_bic"].sum() == 8
    assert table["bic"].idxmin() == "learner"


def test_compare_leaves_out_whom_one_model_has_no_number_for(fits):
    without = fits["rule"].log_likelihood.copy()
    without[2] = np.nan
    problem = np.where(np.isnan(without), "the log-probability is not a number", "")
    odd = fits | {"rule": fits["rule"]._replace(log_likelihood=without, problem=problem)}
    table, others = compare(odd), np.arange(8) != 2
    assert table["n"].tolist() == [7] * 4 and table["n_failed"].tolist() == [1] * 4
    assert table.loc["rule", "n_problems"] == 1
    for name, found in fits.items():
        # For every model the same seven subjects.
        np.testing.assert_allclose(table.loc[name, "bic"], found.bic[others].sum(), rtol=1e-6)
    assert table["best_by_aic"].sum() == 7
    assert compare({"rule": fits["rule"]})["best_by_bic"].tolist() == [8]


def test_compare_refuses_other_trials(fits):
    other = fits["rule"]._replace(digest=fits["rule"].digest + (np.arange(8) == 5).astype(np.uint64))
    with pytest.raises(
        ValueError, match=r"^fits\['rule'\]: expected a fit to the trials of fits\['random'\].*5"
    ):
        compare(fits | {"rule": other})
    of_three = jax.tree.map(lambda x: x[:3], fits["rule"])
    with pytest.raises(ValueError, match=r"^fits\['rule'\]: expected a fit to the trials"):
        compare(fits | {"rule": of_three})
    for bad in ({}, [fits["rule"]], fits["rule"], {"rule": fits["rule"].bic}):
        with pytest.raises(ValueError, match="^fits: expected a dict"):
            compare(bad)
