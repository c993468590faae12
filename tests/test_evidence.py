"""log_evidence, loo, compare of posteriors and held_out, against integrals on grids."""

import sys
import warnings
from typing import NamedTuple

import arviz_stats
import jax
import numpy as np
import numpyro.distributions as dist
import own_models
import pytest
import reference
from refusals import Bad, assert_refused
from scipy import special, stats

import behavioural_modelling as bm
from behavioural_modelling import Trials
from behavioural_modelling.posteriors import _given
from behavioural_modelling.studies import _new_person, _pointwise, _psis

MODEL = bm.models.rescorla_wagner(2)
PRIORS = bm.models.default_priors(MODEL)
N_TRIALS = 40
PARAMS = {"alpha": np.array([0.2, 0.35, 0.5, 0.65]), "temperature": np.array([0.2, 0.3, 0.4, 0.25])}


@pytest.fixture(scope="module")
def trials():
    """Four learners of two arms, whose eighth and last trial were missed."""
    outcomes = (np.random.default_rng(0).uniform(size=(N_TRIALS, 2)) < [0.8, 0.2]).astype(np.float32)
    choices = np.asarray(bm.simulate(jax.random.key(0), MODEL, PARAMS, outcomes).choices)
    mask = np.ones(choices.shape, bool)
    mask[:, [7, -1]] = False
    return Trials(choices, outcomes, mask=mask)


def terms_of(trials, subject, alpha, temperature):
    """The log-probability of each scored trial, by plain Python."""
    choices = np.asarray(trials.choices)[subject].tolist()
    outcomes, mask = np.asarray(trials.outcomes)[0].tolist(), np.asarray(trials.mask)[subject].tolist()
    value, terms = [0.5, 0.5], []
    for choice, outcome, counts in zip(choices, outcomes, mask, strict=True):
        if counts:
            terms.append(np.log(reference.softmax(value, temperature)[choice]))
            value, _ = reference.update(value, outcome, choice, alpha, alpha)
    return np.array(terms)


# Laplace and BIC.


@pytest.fixture(scope="module")
def fit(trials):
    return bm.fit(jax.random.key(1), MODEL, trials, PRIORS, progress=False)


def test_laplace_against_an_integral_on_a_grid(trials, fit):
    found = bm.log_evidence(fit)
    alpha = (np.arange(200) + 0.5) / 200
    log_tau = np.linspace(-6, 3, 300)
    grid_alpha, grid_tau = (x.ravel() for x in np.meshgrid(alpha, np.exp(log_tau), indexing="ij"))
    prior = np.asarray(PRIORS["alpha"].log_prob(grid_alpha) + PRIORS["temperature"].log_prob(grid_tau))
    cell = np.log((alpha[1] - alpha[0]) * (log_tau[1] - log_tau[0])) + np.log(grid_tau)
    params = {"alpha": grid_alpha[:, None].repeat(4, 1), "temperature": grid_tau[:, None].repeat(4, 1)}
    likelihood = _pointwise.by_subject(MODEL, params, trials)
    exact = special.logsumexp(likelihood + (prior + cell)[:, None], axis=0)
    # The approximation's error falls as 1 / n_trials; with 38 it is .14 at most where no bound is near. Two
    # are close to one: the second does well, and the third, with a learning rate of .014, is wrong by
    # several nats.
    doubtful = np.char.startswith(found.problem, "doubtful: alpha")
    off = np.abs(found.log_evidence - exact)
    assert doubtful.tolist() == [False, True, True, False], found.problem
    assert off[~doubtful].max() < 0.2 and off[2] > 1, off
    assert found.method == "laplace" and found.log_evidence.dtype == float


def test_the_formulas(fit):
    found = bm.log_evidence(fit).log_evidence
    for i in range(4):
        (a, b), (_, c) = fit.covariance[i].astype(float)
        by_hand = fit.log_prob[i] + np.log(2 * np.pi) + np.log(a * c - b * b) / 2
        # float32 in, products of about 1e-3 with relative error 1e-6.
        np.testing.assert_allclose(found[i], by_hand, atol=1e-4)
    np.testing.assert_allclose(bm.log_evidence(fit, "bic").log_evidence, -fit.bic / 2, rtol=1e-6)


def test_a_parameter_that_is_held_is_no_parameter(trials):
    fixed = bm.fit(jax.random.key(1), MODEL, trials, PRIORS, fixed={"temperature": 0.3}, progress=False)
    found = bm.log_evidence(fixed).log_evidence
    by_hand = fixed.log_prob + np.log(2 * np.pi * fixed.covariance[:, 0, 0]) / 2
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)


def test_who_has_no_evidence_is_named(fit):
    bound = {name: np.array([False, name == "alpha", False, False]) for name in fit.params}
    covariance = fit.covariance.copy()
    covariance[1, 0] = covariance[1, :, 0] = np.nan
    found = bm.log_evidence(fit._replace(at_bound=bound, covariance=covariance))
    assert np.isnan(found.log_evidence).tolist() == [False, True, False, False]
    assert found.problem[1].startswith("no evidence: alpha at a bound") and found.problem[0] == fit.problem[0]
    with pytest.raises(ValueError, match="^log_evidence: expected .*got nan for subject 1 under 'a'$"):
        bm.select_models({"a": found, "b": np.zeros(4)})
    both = bm.select_models({"a": bm.log_evidence(fit), "b": bm.log_evidence(fit, "bic")})
    assert both.names == ("a", "b") and both.responsibilities.shape == (4, 2)


def test_uniform_priors_are_priors(trials):
    # Densities of 1 everywhere are those of uniform priors on [0, 1], if that is all there is.
    biased = bm.models.biased_random(2)
    for priors in (None, {"bias": dist.Uniform(0.0, 1.0)}):
        found = bm.log_evidence(bm.fit(jax.random.key(0), biased, trials, priors, progress=False))
        left = (np.asarray(trials.choices == 0) & np.asarray(trials.mask)).sum(axis=1)
        exact = special.betaln(left + 1, 38 - left + 1)
        # Laplace of a beta integral is off by about 1 / (12 of each count), with the smallest count of 4
        # here.
        assert (np.abs(found.log_evidence - exact) < 0.1).all(), found.log_evidence - exact


def test_bad_evidence(trials, fit):
    likely = bm.fit(jax.random.key(1), MODEL, trials, progress=False)
    assert_refused(Bad(lambda: bm.log_evidence(likely), "fit", "with priors", "maximum-likelihood"))
    assert_refused(Bad(lambda: bm.log_evidence(trials), "fit", "`fit` returned", "Trials"))
    assert_refused(Bad(lambda: bm.log_evidence(fit, "aic"), "method", "'laplace' or 'bic'", "'aic'"))
    assert np.isfinite(bm.log_evidence(likely, "bic").log_evidence).all()


# Leave-one-out.


def posterior_of(
    trials,
    params,
    group=None,
    spread=None,
    *,
    model=MODEL,
    subjects=None,
    covariates=None,
    effects=None,
    correlation=None,
):
    """A posterior of given draws, each of shape (n_chains, n_draws, ...)."""
    asked = _given.asked(
        model,
        trials,
        bm.models.default_priors(model),
        group is not None,
        fixed={},
        subjects=subjects,
        covariates=covariates,
        correlations=correlation is not None,
    )
    params = {name: np.asarray(x, np.float32) for name, x in params.items()}
    shape = next(iter(params.values())).shape
    flat = {name: x.reshape(-1, shape[2]) for name, x in params.items()}
    return bm.Posterior(
        model=model,
        trials=trials,
        params=params,
        group=group or {},
        spread=spread or {},
        effects=effects or {},
        correlation=correlation or {},
        log_likelihood=_pointwise.by_subject(model, flat, trials).reshape(shape),
        r_hat={},
        n_effective={},
        acceptance=np.ones(shape[0]),
        own_acceptance=np.ones(shape[2]),
        log_weights=np.zeros(shape),
        n_divergent=0,
        converged=True,
        problem="",
        subjects=asked.labels,
        form=asked.target.form,
        given=asked.given,
    )


def test_leave_one_trial_out_against_a_grid(trials):
    # One person. Every quantity is a sum over a grid: also that without a trial, by dividing the trial out.
    one = trials.subjects([0])
    alpha, tau = (np.arange(30) + 0.5) / 30, np.exp(np.linspace(-4, 1, 30))
    points = [(a, t) for a in alpha for t in tau]
    terms = np.array([terms_of(one, 0, *point) for point in points])
    prior = np.array([np.log(t) + stats.lognorm(1).logpdf(t) for _, t in points])
    without = prior[:, None] + terms.sum(axis=1)[:, None] - terms
    exact = special.logsumexp(without + terms, axis=0) - special.logsumexp(without, axis=0)
    weights = np.exp(prior + terms.sum(axis=1) - special.logsumexp(prior + terms.sum(axis=1)))
    # Draws at even steps of the cumulated weights, in random order: their error is below that of 4,000
    # random ones.
    drawn = np.searchsorted(np.cumsum(weights), (np.arange(4000) + 0.5) / 4000).clip(max=len(points) - 1)
    drawn = np.random.default_rng(1).permutation(drawn).reshape(4, 1000, 1)
    grid = np.array(points)
    posterior = posterior_of(one, {"alpha": grid[drawn, 0], "temperature": grid[drawn, 1]})
    found = bm.loo(posterior, n_draws=4000)
    assert found.unit == "trial" and found.trial.tolist() == np.flatnonzero(one.mask[0]).tolist()
    # The error of a weighted mean of the p of a trial: its standard deviation under the weights 1 / p,
    # squared weights counted; five of them, and 1e-3 for the smoothing.
    p = np.exp(terms[drawn.ravel()])
    w = 1 / p / (1 / p).sum(axis=0)
    error = np.sqrt((w**2 * (p - np.exp(exact)) ** 2).sum(axis=0)) / np.exp(exact)
    assert (np.abs(found.elpd - exact) < 5 * error + 1e-3).all(), np.abs(found.elpd - exact).max()
    within = special.logsumexp(np.log(weights)[:, None] + terms, axis=0)
    # `within` of the draws has an error too, by even steps below .002 a trial, and there are 38.
    np.testing.assert_allclose(found.p.sum(), (within - exact).sum(), atol=0.1)
    # WAIC by its definition.
    mean = within - (weights @ terms**2 - (weights @ terms) ** 2)
    np.testing.assert_allclose(found.elpd_waic, mean, atol=0.02)


def grid_of_line(n=120):
    """A grid over the line: the coordinates, natural values, log of a cell's size."""
    x, y = (a.ravel() for a in np.meshgrid(np.linspace(-5, 5, n), np.linspace(-7, 3, n), indexing="ij"))
    return np.stack([x, y], -1), special.ndtr(x), np.exp(y), 2 * np.log(10 / (n - 1))


def on_grid(trials, draws):
    """log p(person | group) by quadrature, for each of `draws`: a mean by person, and a covariance."""
    line, alpha, tau, cell = grid_of_line()
    lanes = {"alpha": alpha, "temperature": tau}
    lanes = {name: x[:, None].repeat(trials.shape[0], 1) for name, x in lanes.items()}
    likelihood = _pointwise.by_subject(MODEL, lanes, trials)
    return np.array(
        [
            [
                special.logsumexp(likelihood[:, i] + stats.multivariate_normal(m, c).logpdf(line) + cell)
                for i, m in enumerate(mean)
            ]
            for mean, c in draws
        ]
    )


def people(rng, shape=(4, 50), n=4):
    """Draws of people's own parameters, not far from the truth."""
    return {
        "alpha": special.ndtr(special.ndtri(PARAMS["alpha"][:n]) + 0.4 * rng.normal(size=(*shape, n))),
        "temperature": np.exp(np.log(PARAMS["temperature"][:n]) + 0.3 * rng.normal(size=(*shape, n))),
    }


def test_a_new_person_with_correlations_and_a_covariate_against_quadrature(trials):
    rng, shape = np.random.default_rng(2), (4, 50)
    mean = {"alpha": -0.3 + 0.1 * rng.normal(size=shape), "temperature": -1.2 + 0.1 * rng.normal(size=shape)}
    group = {"alpha": special.ndtr(mean["alpha"]), "temperature": np.exp(mean["temperature"])}
    spread = {"alpha": np.full(shape, 0.6), "temperature": np.full(shape, 0.4)}
    age = np.array([-1.0, 0.0, 1.0, 2.0])
    effects = {"age": {"alpha": np.full(shape, 0.2), "temperature": np.full(shape, -0.1)}}
    correlation = {"alpha, temperature": np.full(shape, -0.5)}
    given = {"covariates": {"age": age}, "effects": effects, "correlation": correlation}
    posterior = posterior_of(trials, people(rng), group, spread, **given)
    found, error = _new_person.by_person(posterior, 1000, 4000)
    which = [0, 77, 199]
    covariance = np.array([[0.36, -0.12], [-0.12, 0.16]])
    flat = [np.stack([mean["alpha"].ravel(), mean["temperature"].ravel()], -1)[s] for s in which]
    draws = [(m + age[:, None] * np.array([0.2, -0.1]), covariance) for m in flat]
    # Five standard errors of independent points; these are even, and the error is smaller.
    exact = on_grid(trials, draws)
    assert (np.abs(found[which] - exact) < 5 * error + 1e-3).all(), np.abs(found[which] - exact)
    assert error.max() < 0.05


def test_leave_one_subject_out_against_exact_sums(trials):
    # Of the group the mean of alpha alone is unknown: all that leave-one-out needs is a sum over a line of
    # means.
    means, rng = np.linspace(-2.0, 1.5, 50), np.random.default_rng(3)
    draws = [(np.tile([m, -1.2], (4, 1)), np.diag([0.25, 0.16])) for m in means]
    terms = on_grid(trials, draws)
    without = terms.sum(axis=1)[:, None] - terms
    exact = special.logsumexp(without + terms, axis=0) - special.logsumexp(without, axis=0)
    weights = np.exp(terms.sum(axis=1) - special.logsumexp(terms.sum(axis=1)))
    below = np.cumsum(weights) - weights / 2
    drawn = rng.permutation(np.interp((np.arange(2000) + 0.5) / 2000, below, means)).reshape(4, 500)
    group = {"alpha": special.ndtr(drawn), "temperature": np.full(drawn.shape, np.exp(-1.2))}
    spread = {"alpha": np.full(drawn.shape, 0.5), "temperature": np.full(drawn.shape, 0.4)}
    posterior = posterior_of(trials, people(rng, drawn.shape), group, spread)
    found = bm.loo(posterior, "subject", n_draws=2000, n_points=2000)
    assert found.elpd.shape == (4,) and found.unit == "subject" and found.problem == ""
    # Weights are bounded, so draws at even steps err by about their spread / sqrt(2000), below .01.
    np.testing.assert_allclose(found.elpd, exact, atol=0.02 + 3 * found.error.max())
    # The person's own parameters, which were learned from what is left out, would say much more.
    assert found.p.sum() < bm.loo(posterior).p.sum()


# Many parameters, and conditions, against 60,000 independent points.

VARY = 0.9
"""How much the spreads of a group vary between its draws: in some its people are hardly different."""

FOUR = bm.models.rescorla_wagner_choice_kernel(2)
SIX = bm.models.with_stickiness(bm.models.with_choice_kernel(bm.models.with_forgetting(MODEL)))
MEDIANS = {"alpha": -0.4, "temperature": -1.3, "alpha_c": -0.5, "temperature_c": 0.0}
MEDIANS |= {"forgetting": -1.0, "stickiness": 0.3}


class Made(NamedTuple):
    """A made-up posterior, and the integrals of all people by brute force with their errors."""

    posterior: bm.Posterior
    exact: np.ndarray
    error: np.ndarray


def to_natural(name, line):
    """Natural values: shares by the probit, temperatures by the logarithm, stickiness as it is."""
    if name.startswith("temperature"):
        return np.exp(line)
    return line if name == "stickiness" else special.ndtr(line)


class Crowd(NamedTuple):
    """Three people with a row each; or with two, in the second of which each parameter has a slope."""

    model: bm.Model
    rows: np.ndarray
    condition: np.ndarray | None
    center: np.ndarray
    trials: Trials | None

    @property
    def names(self):
        return [p.name for p in self.model.parameters]

    def natural(self, latents):
        """Natural values, shape (n, n_rows), of the latents of each row, shape (n, n_rows, n_latents)."""
        n = len(self.names)
        line = latents[..., :n]
        if self.condition is not None:
            line = line + self.condition[:, None] * latents[..., n:]
        return {name: to_natural(name, line[..., k]).astype(np.float32) for k, name in enumerate(self.names)}


def crowd(rng, model, condition):
    """People around the medians; slopes are about .4."""
    rows = np.arange(3) if condition is None else np.repeat(np.arange(3), 2)
    values = None if condition is None else np.tile([0.0, 1.0], 3)
    n = len(model.parameters)
    center = np.array([MEDIANS[p.name] for p in model.parameters] + [0.4] * (n * (condition is not None)))
    made = Crowd(model, rows, values, center, None)
    true = made.natural((center + 0.5 * rng.normal(size=(3, len(center))))[rows][None])
    outcomes = (rng.uniform(size=(40, 2)) < [0.8, 0.2]).astype(np.float32)
    choices = bm.simulate(jax.random.key(5), model, {k: x[0] for k, x in true.items()}, outcomes).choices
    return made._replace(trials=Trials(choices, outcomes))


def brute_force(rng, made, mean, spread, n_each):
    """The integrals, their relative errors, and five draws of each person's latents given each group.

    As many random points from each draw of the group, all weighted against their mixture.
    """
    each = mean[:, None] + spread[:, None] * rng.normal(size=(len(mean), n_each, mean.shape[1]))
    points = each.reshape(-1, mean.shape[1])
    params = made.natural(np.broadcast_to(points[:, None], (len(points), len(made.rows), points.shape[1])))
    by_row = _pointwise.by_subject(made.model, params, made.trials)
    weight = np.stack([by_row[:, made.rows == i].sum(axis=1) for i in range(3)], axis=1)
    density = np.array(
        [stats.norm(m, sd).logpdf(points).sum(axis=1) for m, sd in zip(mean, spread, strict=True)]
    )
    mixture = special.logsumexp(density, axis=0) - np.log(len(mean))
    sums, errors, drawn = [], [], []
    for one in density:
        terms = np.exp((one - mixture)[:, None] + weight - weight.max(axis=0))
        sums.append(terms.mean(axis=0))
        errors.append(terms.std(axis=0) / np.sqrt(len(points)) / sums[-1])
        up_to = np.cumsum(terms, axis=0).T
        drawn.append([points[np.searchsorted(x, rng.uniform(size=5) * x[-1])] for x in up_to])
    return np.log(sums) + weight.max(axis=0), np.array(errors), np.moveaxis(drawn, 2, 0)


def made_up(model, condition=None, n_each=300):
    """A group of which 200 draws differ in mean and spread, each of them there five times."""
    rng = np.random.default_rng(4)
    made = crowd(rng, model, condition)
    n, shape = len(model.parameters), (200, len(made.center))
    mean, spread = made.center + 0.12 * rng.normal(size=shape), 0.4 * np.exp(VARY * rng.normal(size=shape))
    exact, error, drawn = brute_force(rng, made, mean, spread, n_each)
    own = made.natural(drawn.reshape(1000, 3, -1)[:, made.rows])
    five = lambda x: np.tile(x, 5).reshape(4, 250)  # noqa: E731
    slopes = [f"{name}_{condition}" for name in made.names] if condition else []
    spreads = {name: five(spread[:, k]) for k, name in enumerate([*made.names, *slopes])}
    given = {"model": model}
    if condition:
        effects = {name: five(mean[:, n + k]) for k, name in enumerate(made.names)}
        given |= {"covariates": {condition: made.condition}, "effects": {condition: effects}}
        given |= {"subjects": made.rows}
    group = {name: five(to_natural(name, mean[:, k])) for k, name in enumerate(made.names)}
    own = {name: x.reshape(4, 250, -1) for name, x in own.items()}
    return Made(posterior_of(made.trials, own, group, spreads, **given), exact, error)


@pytest.mark.parametrize(
    ("model", "condition"), [(FOUR, None), (SIX, None), (MODEL, "drug")], ids=["4", "6", "condition"]
)
def test_new_people_of_many_parameters_against_many_points(model, condition):
    made = made_up(model, condition)
    n = len(made.posterior.form.latents)
    found, error = _new_person.by_person(made.posterior, 1000, 1000 * n)
    # Draws of the group are there five times. Errors vary between them; their mean square is known to half.
    off = found.reshape(5, 200, 3)[0] - made.exact
    mean_square = lambda x: np.square(x).mean(axis=0)  # noqa: E731
    assert (mean_square(off) < 1.5 * (mean_square(made.error) + error**2)).all(), (mean_square(off), error)
    leave_out = bm.loo(made.posterior, "subject")
    assert (leave_out.pareto_k <= leave_out.good_k).all(), leave_out.pareto_k
    assert leave_out.problem == "", error
    # One over the mean of one over these: errors of about .1 in each of 200 draws, of which the brute force
    # and the package have their own; the draws that count most are perhaps 50. Three errors of .02.
    exact = np.log(200) - special.logsumexp(-made.exact, axis=0)
    np.testing.assert_allclose(leave_out.elpd, exact, atol=0.06)


def test_people_are_taken_in_turn_when_there_are_many(monkeypatch):
    """With memory for two people at a time the numbers are the same."""
    made = made_up(FOUR, n_each=10)
    whole = _new_person.by_person(made.posterior, 100, 500)
    monkeypatch.setattr(_new_person, "VALUES", 2 * 500 * 4)
    turns = list(_new_person._in_turn(3, 500 * 4))
    assert [x.tolist() for x in turns] == [[0, 1], [1, 2]]
    for one, other in zip(whole, _new_person.by_person(made.posterior, 100, 500), strict=True):
        # float32 log-likelihoods of 40 trials, in programs of other sizes.
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_the_tables(trials):
    rng = np.random.default_rng(5)
    wide, narrow = (posterior_of(trials, people(rng, (4, 100))) for _ in range(2))
    parts = {"a": bm.loo(wide), "b": bm.loo(narrow)}
    table = bm.compare({"a": wide, "b": narrow})
    assert bm.compare(parts).equals(table) and table["unit"].tolist() == ["trial"] * 2
    best = table["elpd_loo"].idxmax()
    off = parts["b"].elpd - parts["a"].elpd
    np.testing.assert_allclose(table["difference"].min(), -abs(off.sum()), rtol=1e-9)
    np.testing.assert_allclose(table["se_difference"].max(), np.sqrt(len(off)) * off.std(ddof=1), rtol=1e-9)
    assert table.loc[best, "difference"] == 0 and table["n"].tolist() == [4 * 38] * 2
    points = parts["a"].to_dataframe()
    assert points.columns[:3].tolist() == ["subject", "trial", "elpd"]
    np.testing.assert_allclose(points["elpd"].sum(), parts["a"].total)
    assert parts["a"].subject.tolist() == np.repeat(range(4), 38).tolist()


def test_the_order_of_subjects_does_not_matter(trials):
    draws, order = people(np.random.default_rng(6)), [2, 0, 3, 1]
    one = bm.loo(posterior_of(trials, draws))
    turned = {name: x[:, :, order] for name, x in draws.items()}
    other = bm.loo(posterior_of(trials.subjects(order), turned))
    # Sums of float32 log-probabilities in the same order.
    np.testing.assert_allclose(other.elpd.reshape(4, 38), one.elpd.reshape(4, 38)[order], atol=1e-5)


def test_what_makes_numbers_doubtful_is_said(trials):
    draws = people(np.random.default_rng(7))
    posterior = posterior_of(trials, draws)._replace(problem="r-hat is 1.2")
    found = bm.loo(posterior)
    assert "the posterior: r-hat is 1.2" in found.problem
    heavy = np.random.default_rng(8).pareto(0.9, (1000, 1)) * -1.0
    assert _psis.accuracy(-np.log1p(-heavy)).pareto_k[0] > 0.7
    constant = _psis.accuracy(np.full((200, 2), np.log(0.5)))
    np.testing.assert_allclose(constant.elpd, np.log(0.5))
    np.testing.assert_array_equal([constant.pareto_k, constant.p, constant.p_waic], 0)


def test_the_highest_good_k_falls_with_the_number_of_draws(trials):
    # By hand: 1 - 1 / log10(S), log10 being 2, 3 and 4, and never above .7.
    np.testing.assert_allclose([_psis.good_k(n) for n in (100, 1000, 10_000)], [1 / 2, 2 / 3, 0.7])
    posterior = posterior_of(trials, people(np.random.default_rng(7)))
    found = bm.loo(posterior, n_draws=100)
    high = int((found.pareto_k > 0.5).sum())
    assert found.good_k == 0.5 and high > (found.pareto_k > 0.7).sum(), "no k tells the two limits apart"
    worst = f"the worst {found.pareto_k.max():.2f}"
    assert f"{high} of 152 trials have a Pareto k above 0.5, {worst}" in found.problem
    assert bm.compare({"a": found}).loc["a", "share_high_k"] == high / 152
    # ArviZ's own limit for all 200 draws.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs = arviz_stats.loo(posterior.to_arviz()).good_k
    np.testing.assert_allclose(bm.loo(posterior).good_k, theirs)


def test_bad_leave_one_out(trials):
    posterior = posterior_of(trials, people(np.random.default_rng(9)))
    few = posterior._replace(log_likelihood=posterior.log_likelihood[:, :10])
    other = posterior_of(trials.subjects([1, 0, 2, 3]), posterior.params)
    fit = bm.fit(jax.random.key(0), MODEL, trials, PRIORS, n_starts=1, progress=False)
    for bad in (
        Bad(lambda: bm.loo(fit), "posterior", "`sample` returned", "Fit"),
        Bad(lambda: bm.loo(posterior, "block"), "unit", "'trial' or 'subject'", "'block'"),
        Bad(lambda: bm.loo(posterior, "subject"), "posterior", "with a group", "hierarchical=False"),
        Bad(lambda: bm.loo(posterior, n_draws=10), "n_draws", "at least 100", "10"),
        Bad(lambda: bm.loo(posterior, n_points=10), "n_points", "at least 100", "10"),
        Bad(lambda: bm.loo(few), "posterior", "at least 100 draws", "40"),
        Bad(lambda: bm.compare({"a": posterior, "b": other}), "fits['b']", "fits['a']", "to others"),
        Bad(lambda: bm.compare({"a": bm.loo(posterior)}, unit="subject"), "unit", "'trial'", "'subject'"),
        Bad(lambda: bm.compare({"a": fit}, unit="trial"), "unit", "None beside fits", "'trial'"),
        Bad(lambda: bm.compare({"a": posterior, "b": fit}), "fits", "a dict", "dict"),
    ):
        assert_refused(bad)


# Held-out blocks.


@pytest.fixture(scope="module")
def blocks():
    """Three blocks of 20 trials for two people."""
    outcomes = (np.random.default_rng(1).uniform(size=(60, 2)) < [0.8, 0.2]).astype(np.float32)
    reset = np.broadcast_to(np.arange(60) % 20 == 0, (2, 60))
    params = {"alpha": [0.3, 0.5], "temperature": 0.25}
    trace = bm.simulate(jax.random.key(2), MODEL, params, outcomes, reset=reset[0])
    return Trials(trace.choices, outcomes, reset=reset)


def test_a_block_is_predicted_from_the_others(blocks):
    held = (np.arange(60) >= 20) & (np.arange(60) < 40)
    found = bm.held_out(jax.random.key(0), MODEL, blocks, held, PRIORS, progress=False)
    # The others alone, cut out and put together; and the block alone.
    others = Trials(
        blocks.choices[:, ~held],
        np.asarray(blocks.outcomes)[0, ~held],
        reset=np.asarray(blocks.reset)[:, ~held],
    )
    fit = bm.fit(jax.random.key(0), MODEL, others, PRIORS, progress=False)
    block = Trials(blocks.choices[:, held], np.asarray(blocks.outcomes)[0, held])
    expected = bm.log_likelihood(MODEL, fit.params, block)
    # The search ends within .001 of its maximum.
    np.testing.assert_allclose(found.log_likelihood, expected, atol=0.02)
    np.testing.assert_allclose(found.found.log_likelihood, fit.log_likelihood, atol=0.01)
    assert isinstance(found, bm.HeldOut) and found.n_trials.tolist() == [20, 20]
    np.testing.assert_allclose(found.chance, 20 * np.log(0.5), rtol=1e-6)
    np.testing.assert_allclose(found.per_trial, found.log_likelihood / 20)


def test_a_part_of_a_block_is_learned_from_and_not_counted(blocks):
    held = (np.arange(60) >= 25) & (np.arange(60) < 33)
    found = bm.held_out(jax.random.key(0), MODEL, blocks, held, PRIORS, progress=False)
    # Of every trial the log-probability at some parameters, after all that came before.
    params = {"alpha": np.linspace(0.02, 0.98, 49), "temperature": np.exp(np.linspace(-3, 0.5, 40))}
    grid = dict(zip(params, (x.ravel() for x in np.meshgrid(*params.values(), indexing="ij")), strict=True))
    prior = sum(np.asarray(PRIORS[name].log_prob(x), float) for name, x in grid.items())
    for i in range(2):
        many = blocks.subjects(np.full(len(grid["alpha"]), i))
        terms = np.asarray(bm.replay(MODEL, grid, many).records["log_prob"], float)
        # What was maximised is the sum over the others: nowhere on a grid is there more than was found.
        assert found.found.log_prob[i] >= (terms[:, ~held].sum(axis=1) + prior).max() - 1e-3
        estimate = {name: x[[i]] for name, x in found.found.params.items()}
        at = np.asarray(bm.replay(MODEL, estimate, blocks.subjects([i])).records["log_prob"], float)[0]
        np.testing.assert_allclose(found.log_likelihood[i], at[held].sum(), atol=1e-4)
        np.testing.assert_allclose(found.found.log_likelihood[i], at[~held].sum(), atol=1e-4)
    assert found.n_trials.tolist() == [8, 8] and found.found.n_trials.tolist() == [52, 52]
    np.testing.assert_allclose(found.chance, 8 * np.log(0.5), rtol=1e-6)


def learns_from_offers(params, value, trial, responded, outcome):
    after, records = MODEL.update(params, value, trial, responded, outcome)
    return after if trial.available is None else after * (0.5 + trial.available / 2), records


OFFERED = MODEL._replace(name="offered", update=learns_from_offers)


def test_of_some_subjects_alone(blocks):
    held = np.zeros((2, 60), bool)
    held[1, 40:] = True
    found = bm.held_out(jax.random.key(0), MODEL, blocks, held, progress=False, n_starts=2)
    assert (
        found.n_trials.tolist() == [0, 20] and found.log_likelihood[0] == 0 and np.isnan(found.per_trial[0])
    )
    assert found.found.n_trials.tolist() == [60, 40]


def test_a_posterior_predicts_by_its_mean_likelihood(blocks, monkeypatch):
    module = sys.modules["behavioural_modelling.studies.held_out"]  # its function has the same name
    draws, seen = people(np.random.default_rng(3), (2, 60), 2), []

    def no_sampling(key, model, trials, priors, **options):
        seen.append((trials, options))
        return posterior_of(trials, draws)

    monkeypatch.setattr(module, "sample", no_sampling)
    held = np.arange(60) >= 40
    found = bm.held_out(jax.random.key(0), MODEL, blocks, held, method="sample", hierarchical=False)
    assert np.asarray(seen[0][0].mask).sum(axis=1).tolist() == [40, 40]
    assert seen[0][1] == {"fixed": None, "progress": None, "hierarchical": False}
    block = Trials(blocks.choices[:, 40:], np.asarray(blocks.outcomes)[0, 40:])
    each = [
        bm.log_likelihood(MODEL, {name: x.reshape(-1, 2)[s].astype("f") for name, x in draws.items()}, block)
        for s in range(120)
    ]
    # Sums of 20 float32 log-probabilities.
    expected = special.logsumexp(np.array(each, float), axis=0) - np.log(120)
    np.testing.assert_allclose(found.log_likelihood, expected, atol=1e-4)


def test_bad_held_out(blocks):
    def call(held, model=MODEL, **more):
        return bm.held_out(jax.random.key(0), model, blocks, held, progress=False, **more)

    block, part = np.arange(60) >= 40, (np.arange(60) >= 45) & (np.arange(60) < 50)
    ratings = Trials(None, np.full((2, 6), 0.5), responses={"ratings": np.full((2, 6), 0.4)})
    rater = own_models.RATER._replace(inputs=(), predict=lambda p, value, trial: (value, p["noise"]))
    rated = lambda: bm.held_out(jax.random.key(0), rater, ratings, np.arange(6) > 3)  # noqa: E731
    for bad in (
        Bad(lambda: call(part, model=OFFERED), "held", "learns from what was on offer", "parts of blocks"),
        Bad(rated, "held", "responses are no choices", "from trial 0 of subject 0"),
        Bad(lambda: call(np.zeros(60, bool)), "held", "to hold out", "none"),
        Bad(lambda: call(np.ones(60, bool)), "held", "left to fit", "all of subject 0"),
        Bad(lambda: call(block.astype(int)), "held", "booleans", "int64"),
        Bad(lambda: call(block[:50]), "held", "(2, 60)", "(50,)"),
        Bad(lambda: call(block, method="map"), "method", "'fit' or 'sample'", "'map'"),
        Bad(lambda: bm.held_out(0, MODEL, blocks, block), "key", "one random key", "0"),
    ):
        assert_refused(bad)
