"""Empirical Bayes: against a plain float64 version in NumPy, against the truth, and what must not matter."""

import jax
import numpy as np
import pytest
from refusals import Bad, assert_refused
from scipy.special import expit, logsumexp, ndtr, ndtri
from scipy.stats import multivariate_normal, norm

from behavioural_modelling import Trials, models, simulate
from behavioural_modelling.posteriors import _em, _laplace
from behavioural_modelling.posteriors.empirical_bayes import empirical_bayes

KEY = jax.random.key(3)
MODEL = models.rescorla_wagner(2, inverse_temperature=True)
RANGES = {"inverse_temperature": (0.0, 5.0)}
TIGHT = 1e-6
"""A tolerance in log-evidence: what is left of a mean is sqrt(2e-6) = .0014 of its error, and the last of
the turns, which halve the distance at least, goes half of that."""


def people(n_people, n_trials, *, seed=0, mean=(-0.4, 0.2), spread=(0.6, 0.5), correlation=0.0, model=MODEL):
    """Trials of people whose learning rates and inverse temperatures are normal on the probit line."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky([[1, correlation], [correlation, 1]])
    line = np.array(mean) + np.array(spread) * (rng.standard_normal((n_people, 2)) @ root.T)
    params = {"alpha": ndtr(line[:, 0]), "inverse_temperature": 5 * ndtr(line[:, 1])}
    outcomes = (rng.random((n_people, n_trials, 2)) < [0.75, 0.35]).astype(np.float32)
    choices = simulate(jax.random.key(seed), model, params, outcomes, record=("choices",)).choices
    return Trials(np.asarray(choices), outcomes)


def fitted(trials, model=MODEL, **options):
    return empirical_bayes(KEY, model, trials, **({"ranges": RANGES, "tolerance": TIGHT} | options))


SMALL = people(6, 60)


# The same in NumPy, as Huys et al. (2011) have it: plain turns, derivatives by differences.


def log_likelihood(line, trials):
    """Of each person at many places of the line, shape (..., n_people, 2)."""
    alpha, beta = ndtr(line[..., 0]), 5 * ndtr(line[..., 1])
    values, total = np.full((*alpha.shape, 2), 0.5), 0.0
    outcomes = np.asarray(trials.outcomes, float)
    for choice, outcome in zip(np.asarray(trials.choices).T, np.swapaxes(outcomes, 0, 1), strict=True):
        chosen = choice[:, None] == np.arange(2)
        logits = beta[..., None] * values
        total = total + (chosen * logits).sum(axis=-1) - np.logaddexp(logits[..., 0], logits[..., 1])
        values = values + alpha[..., None] * chosen * (outcome - values)
    return total


def log_posterior(line, group, trials):
    off = line - group[0]
    return (
        log_likelihood(line, trials) - np.einsum("...j,jk,...k->...", off, np.linalg.inv(group[1]), off) / 2
    )


E = 1e-3 * np.eye(2)
CROSS = np.array([[[a + b, a - b, b - a, -a - b] for a in E] for b in E])
"""Central differences: second derivatives from these are good to 1e-6, by their square."""


def plain_people(group, modes, trials):
    """Everybody's mode by Newton's method, and the covariance there."""
    for _ in range(60):
        rise = log_posterior(modes + np.array([E, -E])[:, :, None], group, trials)
        slope = (rise[0] - rise[1]).T / 2e-3
        value = log_posterior(modes + CROSS[..., None, :], group, trials)
        second = (value[:, :, 0] - value[:, :, 1] - value[:, :, 2] + value[:, :, 3]) / 4e-6
        sizes, axes = np.linalg.eigh(-np.moveaxis(second, -1, 0))
        covariance = (
            axes / np.abs(sizes)[:, None] @ np.swapaxes(axes, 1, 2)
        )  # uphill also where it curves upwards
        move = np.einsum("sjk,sk->sj", covariance, slope)
        if np.abs(move).max() < 1e-6 and (sizes > 0).all():
            return modes, covariance
        modes = modes + move / np.maximum(1, 2 * np.abs(move).max(axis=1, keepdims=True))
    raise AssertionError("the plain version does not find the modes")


def plain_group(modes, covariances, correlations):
    """What Huys et al. write: the mean of the modes, and the mean square plus variance less the mean's
    square."""
    mean = modes.mean(axis=0)
    covariance = (modes[:, :, None] * modes[:, None] + covariances).mean(axis=0) - np.outer(mean, mean)
    return mean, covariance if correlations else np.diag(np.diagonal(covariance))


@pytest.mark.parametrize("correlations", [False, True])
def test_a_plain_version_in_float64_ends_at_the_same_group_and_people(correlations):
    trials = people(6, 60, spread=(0.9, 0.8))
    group, modes = (np.zeros(2), np.eye(2)), np.zeros((6, 2))
    moved, n = 1.0, 0
    while moved > 1e-6 and (n := n + 1) < 1000:
        modes, covariances = plain_people(group, modes, trials)
        new = plain_group(modes, covariances, correlations)
        moved, group = max(abs(a - b).max() for a, b in zip(new, group, strict=True)), new
    found = fitted(trials, correlations=correlations, tolerance=1e-8)
    assert found.converged and found.problem == ""
    # Plain turns that still move 1e-6 have 1e-6 / (1 - rate) before them: 1e-4 where a turn goes 1 % of
    # the way. # The last of the other's turns goes sqrt(2e-8) of the errors of means and of logarithms of
    # spreads, both below .5, # which is 7e-5, and turns leave up to 90 % of the way: 7e-4.
    mean, spread = group[0], np.sqrt(np.diagonal(group[1]))
    np.testing.assert_allclose(list(found.mean.values()), mean, atol=1e-3)
    np.testing.assert_allclose(list(found.spread.values()), spread, atol=1e-3)
    # A correlation is as well known as a logarithm of a spread.
    assert found.correlation[0, 1] == pytest.approx(group[1][0, 1] / spread.prod(), abs=2e-3)
    natural = ndtr(modes[:, 0]), 5 * ndtr(modes[:, 1])  # slopes below .4 and 2
    np.testing.assert_allclose(found.params["alpha"], natural[0], atol=1e-3)
    np.testing.assert_allclose(found.params["inverse_temperature"], natural[1], atol=4e-3)
    np.testing.assert_allclose(found.covariance, covariances, atol=2e-3)
    # The evidence, by the formula of Laplace's approximation under that group.
    expected = log_likelihood(modes, trials) + multivariate_normal(mean, group[1]).logpdf(modes)
    expected += np.log(2 * np.pi) + np.linalg.slogdet(covariances)[1] / 2
    np.testing.assert_allclose(found.log_evidence, expected, atol=2e-3)
    assert found.integrated_bic == pytest.approx(
        -2 * expected.sum() + (4 + correlations) * np.log(360), abs=0.03
    )


def test_the_evidence_is_near_the_integral_over_people():
    found = fitted(SMALL)
    x, w = np.polynomial.hermite_e.hermegauss(60)
    nodes = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1)
    line = np.array(list(found.mean.values())) + nodes * np.array(list(found.spread.values()))
    weights = np.log(np.outer(w, w) / (2 * np.pi))
    exact = logsumexp(weights[..., None] + log_likelihood(line[:, :, None], SMALL), axis=(0, 1))
    # Laplace's approximation is off by the order of 1 / (effective trials), and never by chance in one
    # direction.
    assert np.abs(found.log_evidence - exact).max() < 0.1
    assert np.abs(found.log_evidence - exact).max() > 1e-4  # it is not the integral


def test_many_people_give_the_group_back():
    found = fitted(people(400, 200, correlation=0.5), correlations=True)
    assert found.converged and found.problem == ""
    # Errors of the means, and of spreads and the correlation: 400 people who are known to the share
    # `reliability` # tell a logarithm of a spread to 1 / (reliability sqrt(800)). Four of each, and 5 %
    # for Laplace's approximation.
    for name, mean, spread in (("alpha", -0.4, 0.6), ("inverse_temperature", 0.2, 0.5)):
        assert abs(found.mean[name] - mean) < 4 * found.mean_errors[name] + 0.05 * spread
        assert abs(np.log(found.spread[name] / spread)) < 4 / (found.reliability[name] * np.sqrt(800)) + 0.05
    reliability = np.sqrt(np.prod(list(found.reliability.values())))
    assert abs(found.correlation[0, 1] - 0.5) < 4 / (reliability * np.sqrt(400)) + 0.05


def test_errors_of_the_means_are_those_of_many_groups():
    groups = [fitted(people(30, 80, seed=seed)) for seed in range(60)]
    for name, mean in (("alpha", -0.4), ("inverse_temperature", 0.2)):
        z = np.array([(found.mean[name] - mean) / found.mean_errors[name] for found in groups])
        # The standard deviation of 60 draws is known to 1 / sqrt(120) = 9 %.
        assert 0.7 < z.std() < 1.35, name
        # Modes are not means, which 80 trials leave off by more than half an error; 60 draws tell that to
        # .13.
        assert abs(z.mean()) < 1, name


def test_people_in_another_order_are_the_same_people():
    order = np.array([4, 2, 0, 5, 1, 3])
    one, other = fitted(SMALL), fitted(Trials(SMALL.choices[order], SMALL.outcomes[order]))
    for name in one.group:
        assert one.mean[name] == pytest.approx(other.mean[name], abs=1e-3)  # as in the comparison above
        np.testing.assert_allclose(one.params[name][order], other.params[name], rtol=2e-3)
    np.testing.assert_allclose(one.log_evidence[order], other.log_evidence, atol=1e-3)


def test_somebody_without_a_scored_trial_is_the_median_person_and_changes_nothing():
    choices, outcomes = (np.concatenate([x, x[:1]]) for x in (np.asarray(SMALL.choices), SMALL.outcomes))
    mask = np.ones(choices.shape, bool)
    mask[-1] = False
    one, other = fitted(SMALL), fitted(Trials(choices, outcomes, mask=mask))
    for name in one.group:
        assert one.mean[name] == pytest.approx(other.mean[name], abs=1e-3)
        assert other.params[name][-1] == pytest.approx(other.group[name], rel=1e-5)
    # What is left open of such a person is all that people differ by, and no choice has probability 1.
    spread = np.array(list(other.spread.values()))
    np.testing.assert_allclose(other.covariance[-1], np.diag(spread**2), rtol=1e-4, atol=1e-6)
    assert other.log_evidence[-1] == pytest.approx(0, abs=1e-5)
    assert other.n_trials.tolist() == [60] * 6 + [0]
    assert (
        other.problems[-1] == "no scored trial: the median person's values"
        and not (other.problems[:-1] != "").any()
    )
    assert other.problem == "1 of 7 people with problems of their own"


def test_points_and_pence_give_the_same_group():
    free = models.rescorla_wagner(2, inverse_temperature=True, initial_value="free")
    trials = people(20, 80)
    pence = Trials(trials.choices, 100 * np.asarray(trials.outcomes))
    one, other = (fitted(x, free, ranges=None, tolerance=1e-4) for x in (trials, pence))
    assert one.converged and other.converged
    for name in one.mean:
        # The same numbers but for rounding in 32 bits; both stop within sqrt(2e-4) errors of the top.
        assert one.mean[name] == pytest.approx(other.mean[name], abs=0.03 * one.mean_errors[name])
        assert one.spread[name] == pytest.approx(other.spread[name], rel=0.03)
    factor = {"alpha": 1, "inverse_temperature": 0.01, "initial_value": 100}
    for name, times in factor.items():
        assert other.group[name] == pytest.approx(times * one.group[name], rel=0.02)
    np.testing.assert_allclose(one.log_evidence, other.log_evidence, atol=0.02)


ASYMMETRIC = models.asymmetric_rescorla_wagner(2, inverse_temperature=True)
SEVERAL = {
    1: models.biased_random(2),
    3: ASYMMETRIC,
    4: models.with_stickiness(ASYMMETRIC),
    5: models.rescorla_wagner_choice_kernel(2, inverse_temperature=True, initial_value="free"),
    6: models.with_lapse(models.with_choice_kernel(ASYMMETRIC, inverse_temperature=True)),
}


@pytest.mark.parametrize("n", SEVERAL)
def test_models_of_one_to_six_parameters_stand_still_at_their_people(n):
    model = SEVERAL[n]
    found = fitted(people(30, 100), model, ranges=None, tolerance=1e-3)
    assert found.converged and len(found.group) == n and found.covariance.shape == (30, n, n)
    line = np.stack([to_line(found, name) for name in found.group], axis=-1)
    variance = line.var(axis=0) + np.einsum("sjj->j", found.covariance) / 30
    for k, name in enumerate(found.group):
        # The group is what its people are, to a few hundredths of its error: sqrt(2 x .001) of the error
        # of the # mean and of the logarithm of the variance, times what is known of each. A spread of .01
        # stands at its limit.
        assert line[:, k].mean() == pytest.approx(found.mean[name], abs=0.05 * found.spread[name])
        if found.spread[name] > 0.011:
            assert variance[k] == pytest.approx(found.spread[name] ** 2, rel=0.1)
        else:
            assert name in found.problem


def to_line(found, name):
    (lower, upper), y = found.ranges[name], found.params[name].astype(float)
    if np.isinf(upper):
        return y / found.units[name] if np.isinf(lower) else np.log((y - lower) / found.units[name])
    return ndtri((y - lower) / (upper - lower))


def test_people_who_are_all_alike_are_said_to_be():
    found = fitted(people(30, 60, seed=3, spread=(0, 0)))
    assert found.converged
    # With nothing to tell them apart the estimated spread is 0 in half of such groups; this is one such in
    # both.
    alike = [name for name, x in found.reliability.items() if x < 0.05]
    assert alike and found.problem == f"people cannot be told apart in {', '.join(alike)}"
    for name in alike:
        assert found.spread[name] < 0.15
        np.testing.assert_allclose(found.params[name], found.group[name], rtol=0.05)


def test_a_fit_that_is_cut_short_says_so():
    found = fitted(people(20, 60), max_iterations=1)
    assert not found.converged and found.n_iterations == 1
    assert found.problem.startswith("not converged: after 1 turns another one promises ")


def test_a_response_without_a_number_is_said_and_left_out():
    def predict(params, state, trial):
        return jax.numpy.where(trial.inputs["broken"] > 0, jax.numpy.nan, 1.0) * MODEL.predict(
            params, state, trial
        )

    model = MODEL._replace(name="sometimes broken", predict=predict, inputs=("broken",))
    broken = np.zeros(SMALL.shape)
    broken[2] = 1.0
    found = fitted(Trials(SMALL.choices, SMALL.outcomes, inputs={"broken": broken}), model)
    others = np.delete(np.arange(6), 2)
    alone = fitted(Trials(SMALL.choices[others], SMALL.outcomes[others]))
    assert found.problems[2].startswith("the log-probability is not a number")
    assert np.isnan([found.params["alpha"][2], found.log_evidence[2], found.log_likelihood[2]]).all()
    assert found.mean["alpha"] == pytest.approx(alone.mean["alpha"], abs=1e-3)
    assert np.isfinite(found.integrated_bic)


def test_what_is_fixed_stays_and_the_others_fit_it():
    found = fitted(SMALL, fixed={"alpha": [0.3] * 6})
    assert list(found.group) == ["inverse_temperature"] and found.n_group == 2
    np.testing.assert_array_equal(found.params["alpha"], np.float32(0.3))
    assert found.converged and found.summary().index.tolist() == ["inverse_temperature"]


def test_ranges_are_where_people_are():
    trials = people(20, 80)
    narrow, wide = fitted(trials, ranges={"inverse_temperature": (0, 1)}), fitted(trials, ranges=None)
    assert narrow.params["inverse_temperature"].max() <= 1 < wide.params["inverse_temperature"].max()
    # Without an upper end the line is the logarithm.
    assert wide.group["inverse_temperature"] == pytest.approx(
        np.exp(wide.mean["inverse_temperature"]), rel=1e-4
    )


def test_a_second_call_compiles_nothing_and_numbers_of_people_do_not_matter(compilations):
    some, others = people(7, 60), people(9, 60, seed=5)
    fitted(some)
    compilations.clear()
    fitted(others, correlations=True)
    assert compilations == []


def test_double_precision_agrees(x64):
    double = people(6, 60)
    double = Trials(double.choices, np.asarray(double.outcomes, np.float64))
    found = fitted(double)
    assert found.params["alpha"].dtype == np.float64
    modes, covariances = plain_people(
        (np.array(list(found.mean.values())), np.diag(np.square(list(found.spread.values())))),
        np.zeros((6, 2)),
        double,
    )
    # Slopes by differences are good to 1e-6 as well. A lane ends where a step promises 1e-5, .0045 of an
    # error, and that # step is gone: what is left is its square. The covariance is that of the place
    # before it.
    np.testing.assert_allclose(found.params["alpha"], ndtr(modes[:, 0]), atol=5e-5)
    np.testing.assert_allclose(found.covariance, covariances, rtol=0.01, atol=1e-4)


def test_the_tables_say_what_was_found():
    found = fitted(SMALL)
    table, summary = found.to_dataframe(list("abcdef")), found.summary(level=0.9)
    assert table["subject"].tolist() == list("abcdef") and table["n_trials"].tolist() == [60] * 6
    np.testing.assert_allclose(table["alpha"], found.params["alpha"], rtol=1e-6)
    row, z = summary.loc["inverse_temperature"], norm.ppf(0.95)
    for end, side in (("lower", -1), ("upper", 1)):
        line = found.mean["inverse_temperature"] + side * z * found.mean_errors["inverse_temperature"]
        assert row[end] == pytest.approx(5 * ndtr(line), rel=1e-5)
    assert row["lower"] < row["median_person"] < row["upper"]


def test_turns_go_back_where_one_went_too_far():
    """One parameter, people who are known but for what is left open of them, and steps ten times too long."""
    data, noise, weights = np.random.default_rng(0).normal(1.0, 1.5, 50), 1.0, np.ones(50)

    def known(group):
        precision = 1 / group.covariance[0, 0] + 1 / noise
        mode = (group.mean / group.covariance[0, 0] + data / noise) / precision
        total = norm(group.mean, np.sqrt(group.covariance[0] + noise)).logpdf(data)
        covariance = np.full((50, 1, 1), 1 / precision)
        return _laplace.Modes(mode[:, None], covariance, total, total, total, data > -99, data > -99)

    def turn(group, modes, share, times=1):
        new, promise = _em.stepped(group, modes, weights, False, times * share)
        return new, promise, _em.pooled(modes, weights, False)

    start = _em.Group(np.zeros(1), np.eye(1) * 9)
    right = _em.until_still(known, turn, start, tolerance=1e-10, max_turns=100)
    # Of normal data the most probable group is known: their mean, and their variance less the noise.
    assert right.n < 20
    assert right.group.mean[0] == pytest.approx(data.mean(), abs=1e-5)
    assert right.group.covariance[0, 0] == pytest.approx(data.var() - noise, rel=1e-4)
    wild = lambda group, modes, share: turn(group, modes, share, times=10)  # noqa: E731
    cut = _em.until_still(known, wild, start, tolerance=1e-10, max_turns=100)
    assert known(cut.group).log_evidence.sum() > known(start).log_evidence.sum()
    assert cut.n == 100


def one_person():
    return Trials(SMALL.choices[:1], SMALL.outcomes[:1])


BAD = [
    Bad(lambda: empirical_bayes(3, MODEL, SMALL), "key", "one random key", "3"),
    Bad(lambda: empirical_bayes(KEY, "rw", SMALL), "model", "Model", "str"),
    Bad(lambda: empirical_bayes(KEY, MODEL, None), "trials", "Trials", "NoneType"),
    Bad(lambda: empirical_bayes(KEY, MODEL, one_person()), "trials", "at least 2 people", "1"),
    Bad(lambda: fitted(SMALL, correlations="no"), "correlations", "True or False", "'no'"),
    Bad(lambda: fitted(SMALL, ranges=[(0, 5)]), "ranges", "a dict", "list"),
    Bad(lambda: fitted(SMALL, ranges={"beta": (0, 5)}), "ranges", "alpha, inverse_temperature", "'beta'"),
    Bad(lambda: fitted(SMALL, ranges={"alpha": (0, 2)}), "ranges['alpha']", "in [0, 1]", "0, 2"),
    Bad(
        lambda: fitted(SMALL, ranges={"alpha": (0.5, 0.5)}),
        "ranges['alpha']",
        "the smaller first",
        "0.5, 0.5",
    ),
    Bad(lambda: fitted(SMALL, ranges={"alpha": 3}), "ranges['alpha']", "a pair", "int"),
    Bad(lambda: fitted(SMALL, fixed={"gamma": 1}), "fixed", "alpha, inverse_temperature", "'gamma'"),
    Bad(
        lambda: fitted(SMALL, fixed={"alpha": 0.5, "inverse_temperature": 1}),
        "fixed",
        "left to fit",
        "all of",
    ),
    Bad(lambda: fitted(SMALL, n_starts=0), "n_starts", "at least 1", "0"),
    Bad(lambda: fitted(SMALL, max_iterations=0), "max_iterations", "at least 1", "0"),
    Bad(lambda: fitted(SMALL, tolerance=0), "tolerance", "between 0 and 1", "0"),
    Bad(lambda: fitted(SMALL).summary(level=95), "level", "between 0 and 1", "95"),
    Bad(lambda: fitted(SMALL).to_dataframe(["a"]), "subjects", "6 labels", "(1,)"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.name}-{bad.received}")
def test_bad_input_is_refused(bad):
    assert_refused(bad)


def test_logits_are_not_what_the_line_is():
    """The line of a learning rate is the probit: its median person at mean -.4 has .345, not the .401 of a
    logit."""
    found = fitted(people(200, 100))
    assert found.group["alpha"] == pytest.approx(ndtr(found.mean["alpha"]), rel=1e-5)
    assert abs(found.group["alpha"] - expit(found.mean["alpha"])) > 0.03
