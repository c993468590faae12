"""`sample`: its draws against a grid and a long run of another sampler, and what it says when it cannot."""

import json
from pathlib import Path

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
from refusals import Bad, assert_refused
from scipy import stats

import behavioural_modelling as bm
from behavioural_benchmarks.posterior_task import SETTINGS

LONG_RUN = json.loads((Path(__file__).parent / "long_run.json").read_text())
MODEL = bm.models.rescorla_wagner(2, inverse_temperature=True)
PRIORS = {"alpha": dist.Beta(1.5, 1.5), "inverse_temperature": dist.Gamma(3.0, 1.0)}


@pytest.fixture(scope="module")
def bandit():
    """The small task of the race of samplers."""
    setting = SETTINGS["bandit"]
    return bm.sample(jax.random.key(1), setting.model, setting.trials(), setting.priors())


@pytest.fixture(scope="module")
def few():
    """Three people: one who says much, one who says little, one who says nothing."""
    true, outcomes = (
        {"alpha": [0.3, 0.6, 0.5], "inverse_temperature": [4.0, 2.0, 1.0]},
        [[1.0, 0.0], [0.0, 1.0]],
    )
    outcomes = outcomes * 40
    trace = bm.simulate(jax.random.key(3), MODEL, true, outcomes)
    mask = np.ones((3, 80), bool)
    mask[1, 10:] = False
    mask[2] = False
    return bm.Trials(trace.choices, outcomes, mask=mask)


def errors(posterior):
    """How far each posterior mean is from the long run's, in Monte-Carlo errors of both."""
    found = []
    for name, x in posterior.variables().items():
        kind, _, of = name.rpartition("_")
        table = {"median": "group", "spread": "spread"}.get(of, "params")
        n = posterior.n_effective[table][kind if table != "params" else name]
        mean, sd, error = (np.asarray(LONG_RUN[name][key]) for key in ("mean", "sd", "mean_error"))
        found.append(np.ravel((x.mean(axis=(0, 1)) - mean) / np.sqrt(sd**2 / n + error**2)))
    return np.concatenate(found)


def test_the_long_run_is_of_these_data():
    task = SETTINGS["bandit"].task()
    assert task.choices.sum(axis=1).tolist() == LONG_RUN["n_second"]


def test_group_and_people_agree_with_a_long_run_of_another_sampler(bandit):
    """44 z-scores: none far out, and together as far from 0 as chance has it (chi-square, .001 a tail).

    Means of one group are correlated, so the tails are taken for a third as many independent ones.
    """
    z = errors(bandit)
    assert bandit.converged and len(z) == 44
    assert np.abs(z).max() < 4.5
    n = len(z) / 3
    low, high = stats.chi2(n).ppf([0.001, 0.999]) / n
    assert low < np.mean(z**2) < high


def test_standard_deviations_agree_too(bandit):
    for name, x in bandit.variables().items():
        # The error of a standard deviation is about sd / sqrt(2 n): of 1,000 draws 2 %, of heavy tails more.
        np.testing.assert_allclose(x.std(axis=(0, 1)), LONG_RUN[name]["sd"], rtol=0.15)


def test_it_stops_when_it_has_what_was_asked_for(bandit):
    fewest = min(np.min(x) for table in bandit.n_effective.values() for x in table.values())
    worst = max(np.max(x) for table in bandit.r_hat.values() for x in table.values())
    assert fewest >= 1000 and worst <= 1.01 and bandit.problem == "" and bandit.n_divergent == 0
    assert bandit.log_likelihood.shape[1] < 2000


def test_one_person_alone_agrees_with_a_grid(few):
    posterior = bm.sample(jax.random.key(2), MODEL, few, PRIORS, hierarchical=False)
    assert posterior.converged and posterior.group == {}
    alpha = (np.arange(200) + 0.5) / 200
    beta = (np.arange(300) + 0.5) / 20
    grid = np.stack(np.meshgrid(alpha, beta, indexing="ij"), -1).reshape(-1, 2)
    params = {"alpha": grid[:, 0], "inverse_temperature": grid[:, 1]}
    prior = sum(np.asarray(PRIORS[name].log_prob(x)) for name, x in params.items())
    for i in range(3):
        one = lambda x: np.repeat(np.asarray(x)[i : i + 1], len(grid), axis=0)  # noqa: B023, E731
        trials = bm.Trials(one(few.choices), few.outcomes[0], mask=one(few.mask))
        weight = np.asarray(bm.log_likelihood(MODEL, params, trials), float) + prior
        weight = np.exp(weight - weight.max())
        weight /= weight.sum()
        for name, x in params.items():
            mean = (weight * x).sum()
            sd = np.sqrt((weight * (x - mean) ** 2).sum())
            draws = posterior.params[name][..., i]
            # Five errors of a mean of 1,000 effective draws; the grid's own is far below.
            assert abs(draws.mean() - mean) < 5 * sd / np.sqrt(1000), (name, i)
            assert abs(draws.std() / sd - 1) < 0.15, (name, i)


def test_a_person_without_trials_is_like_the_group(few):
    posterior = bm.sample(jax.random.key(2), MODEL, few)
    group, spread = posterior.group["alpha"], posterior.spread["alpha"]
    new = stats.norm.cdf(stats.norm.ppf(group) + spread * np.random.default_rng(0).normal(size=spread.shape))
    nobody = posterior.params["alpha"][..., 2]
    n = posterior.n_effective["params"]["alpha"][2]
    assert abs(nobody.mean() - new.mean()) < 5 * new.std() / np.sqrt(n)
    assert np.all(posterior.log_likelihood[..., 2] == 0)


def test_the_order_of_people_does_not_matter(bandit):
    setting = SETTINGS["bandit"]
    trials = setting.trials()
    order = np.random.default_rng(5).permutation(20)
    shuffled = bm.Trials(np.asarray(trials.choices)[order], np.asarray(trials.outcomes)[order, :, 0])
    other = bm.sample(jax.random.key(8), setting.model, shuffled, setting.priors())
    for name in bandit.params:
        a, b = bandit.params[name][..., order], other.params[name]
        sd = a.std(axis=(0, 1))
        assert np.all(np.abs(a.mean(axis=(0, 1)) - b.mean(axis=(0, 1))) < 5 * sd * np.sqrt(2 / 1000))


def test_the_same_key_gives_the_same_draws_and_another_gives_others(few, bandit):
    one, two, three = (
        bm.sample(jax.random.key(seed), MODEL, few, PRIORS, max_draws=50, hierarchical=False)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one.params["alpha"], two.params["alpha"])
    assert not np.array_equal(one.params["alpha"], three.params["alpha"])


def test_too_few_draws_do_not_look_converged(few):
    posterior = bm.sample(jax.random.key(2), MODEL, few, PRIORS, max_draws=50, hierarchical=False, n_chains=4)
    assert not posterior.converged
    assert "max_draws" in posterior.problem


def two_answers(rate):
    """A model with two answers: `a` is about -2 or 2, and nothing between; `b` does nothing."""
    return bm.Model(
        "two_answers",
        (bm.models.Parameter("a", -np.inf), bm.models.Parameter("b", -np.inf)),
        bm.responses.categorical(2),
        lambda params: params["a"] * 0,
        lambda params, state, trial: rate * (params["a"] ** 2 - 4.0) ** 2 * jax.numpy.array([1.0, 0.0]),
        lambda params, state, trial, responded, outcome: (state, {}),
    )


def test_chains_that_disagree_are_said_to():
    """Two ends, at -2 and 2, with nothing between: chains stay where they begin."""
    priors = {"a": dist.Normal(0.0, 2.0), "b": dist.Normal(0.0, 1.0)}
    trials = bm.Trials(np.ones((1, 400), int), np.zeros((1, 400, 2)))
    posterior = bm.sample(
        jax.random.key(0), two_answers(3.0), trials, priors, hierarchical=False, max_draws=150, n_chains=4
    )
    assert not posterior.converged and posterior.problem.startswith(("not converged", "only"))


def test_a_group_difference_and_a_condition_are_found_where_they_are():
    """24 people in two sessions; the groups differ by 1 on the probit line in alpha, the sessions by -0.6."""
    rng = np.random.default_rng(4)
    group, drug = np.repeat([-0.5, 0.5], 24), np.tile([-0.5, 0.5], 24)
    person = np.repeat(rng.normal(size=24) * 0.3, 2)
    true = {
        "alpha": stats.norm.cdf(-0.3 + 1.0 * group - 0.6 * drug + person),
        "inverse_temperature": 4 * np.exp(0.2 * np.repeat(rng.normal(size=24), 2)),
    }
    outcomes = (rng.random((48, 150, 2)) < np.array([0.7, 0.3])).astype(float)
    trials = bm.Trials(bm.simulate(jax.random.key(5), MODEL, true, outcomes).choices, outcomes)
    covariates = {"group": group, "drug": drug}
    options = {"subjects": np.repeat(np.arange(24), 2), "covariates": covariates}
    posterior = bm.sample(jax.random.key(6), MODEL, trials, n_effective=400, **options)
    assert posterior.converged, posterior.problem
    for covariate, expected in (("group", 1.0), ("drug", -0.6)):
        draws = posterior.effects[covariate]["alpha"]
        assert abs(draws.mean() - expected) < 4 * draws.std()
        other = posterior.effects[covariate]["inverse_temperature"]
        assert abs(other.mean()) < 4 * other.std()
    assert len(posterior.summary()) == 2 + 4 + 2 + 4
    assert set(posterior.spread) == {*posterior.group, "alpha_drug", "inverse_temperature_drug"}
    assert set(posterior.effects["group"]) == set(posterior.spread)


def test_everybody_s_proposals_cover_the_posterior(bandit):
    """Half of a proposal is the group's, so that weights are bounded: twice the likelihood at its best."""
    k = bandit.pareto_k()
    assert k.shape == (20,) and k.max() < 0.5
    assert bandit.own_acceptance.min() > 0.3
    best = bandit.log_weights.max(axis=(0, 1)) - np.log(np.exp(bandit.log_weights).mean(axis=(0, 1)))
    assert best.max() < np.log(20)


def test_the_tables(bandit):
    summary = bandit.summary(people=True)
    assert len(summary) == 2 + 2 + 40 and list(summary["kind"].unique()) == [
        "median person",
        "spread",
        "person",
    ]
    row = summary.iloc[0]
    assert row["lower"] < row["mean"] < row["upper"] and row["mean"] == bandit.group["alpha"].mean()
    table = bandit.to_dataframe()
    n_chains, n_draws, _ = bandit.params["alpha"].shape
    assert len(table) == n_chains * n_draws
    assert table.loc[n_draws, "alpha[3]"] == bandit.params["alpha"][1, 0, 3]
    inside = bandit.interval(0.5)["alpha"]
    share = ((bandit.params["alpha"] > inside[:, 0]) & (bandit.params["alpha"] < inside[:, 1])).mean()
    assert abs(share - 0.5) < 0.01


def sampled(**options):
    trials = options.pop("trials", bm.Trials([[0, 1, 0], [1, 1, 0]], [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))
    return bm.sample(options.pop("key", jax.random.key(0)), options.pop("model", MODEL), trials, **options)


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: sampled(key=0), "key", "random key", "0"),
        Bad(lambda: sampled(trials=[[0]]), "trials", "Trials", "list"),
        Bad(lambda: sampled(model=3), "model", "a Model", "int"),
        Bad(lambda: sampled(priors={"beta": dist.Normal(0, 1)}), "priors", "some of alpha", "'beta'"),
        Bad(lambda: sampled(priors={"alpha": 0.5}), "priors['alpha']", "distribution", "float"),
        Bad(lambda: sampled(priors=[]), "priors", "None, or a dict", "list"),
        Bad(
            lambda: sampled(priors={"alpha_spread": dist.Normal(0, 1)}),
            "priors['alpha_spread']",
            "above 0",
            "Normal",
        ),
        Bad(lambda: sampled(hierarchical=1), "hierarchical", "True or False", "1"),
        Bad(lambda: sampled(hierarchical=False, correlations=True), "correlations", "none of it", "some"),
        Bad(lambda: sampled(covariates=[1, 2]), "covariates", "a dict", "list"),
        Bad(lambda: sampled(covariates={"age": [1.0]}), "covariates['age']", "each of 2 rows", "(1,)"),
        Bad(lambda: sampled(covariates={"age": [1.0, 1.0]}), "covariates['age']", "differ", "1 for all"),
        Bad(lambda: sampled(covariates={"age": [1.0, np.nan]}), "covariates['age']", "finite", "nan"),
        Bad(lambda: sampled(covariates={"a b": [1.0, 2.0]}), "covariates", "letters", "'a b'"),
        Bad(lambda: sampled(covariates={"spread": [1.0, 2.0]}), "covariates", "other names", "alpha_spread"),
        Bad(lambda: sampled(subjects=["a"]), "subjects", "2 rows", "(1,)"),
        Bad(lambda: sampled(n_effective=0), "n_effective", "at least 1", "0"),
        Bad(lambda: sampled(max_draws=10), "max_draws", "at least 50", "10"),
        Bad(lambda: sampled(n_chains=5), "n_chains", "even", "5"),
        Bad(lambda: sampled(fixed={"alpha": 2.0}), "fixed['alpha']", "1", "2"),
    ],
    ids=lambda bad: f"{bad.name}, {bad.received}",
)
def test_bad_input_is_answered(bad):
    assert_refused(bad)
