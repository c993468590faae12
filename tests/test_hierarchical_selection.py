"""Several models at once: shares of a Dirichlet distribution, and which model made whose choices."""

import jax
import numpy as np
import pytest
from refusals import Bad, assert_refused
from scipy.special import digamma, expit
from scipy.stats import beta, dirichlet, gamma, norm

from behavioural_modelling import Trials, _dirichlet, models, simulate
from behavioural_modelling.posteriors import _em, _laplace
from behavioural_modelling.posteriors import hierarchical_selection as selection
from behavioural_modelling.posteriors.hierarchical_selection import hierarchical_model_selection

KEY = jax.random.key(5)
LEARNER = models.rescorla_wagner(2, inverse_temperature=True)
REPEATER = models.choice_kernel(2, inverse_temperature=True)
MODELS = {"learner": LEARNER, "repeater": REPEATER}


def crowd(n_learners, n_repeaters, n_trials, seed=0):
    """The first people learn from outcomes, the others only repeat what they chose."""
    rng = np.random.default_rng(seed)
    better = np.where(np.arange(n_trials) // 20 % 2, 0.8, 0.2)  # the arms change places every 20 trials
    n = n_learners + n_repeaters
    outcomes = (rng.random((n, n_trials, 2)) < np.stack([better, 1 - better], axis=-1)).astype(np.float32)
    choices = []
    for place, (model, m) in enumerate(((LEARNER, n_learners), (REPEATER, n_repeaters))):
        names, own = [p.name for p in model.parameters], slice(place * n_learners, place * n_learners + m)
        rate, slope = expit(-0.5 + 0.4 * rng.standard_normal(m)), np.exp(1 + 0.3 * rng.standard_normal(m))
        if m:
            params = dict(zip(names, (rate, slope), strict=True))
            choices.append(simulate(jax.random.key(seed + place), model, params, outcomes[own]).choices)
    return Trials(np.concatenate([np.asarray(x) for x in choices]), outcomes)


@pytest.fixture(scope="module")
def trials():
    return crowd(10, 30, 100)


@pytest.fixture(scope="module")
def found(trials):
    return hierarchical_model_selection(KEY, MODELS, trials)


@pytest.mark.parametrize("alpha", [(8.157, 3.843), (0.3, 0.2), (3e4, 3.01e4), (1.0, 400.0)])
def test_the_exceedance_of_two_shares_is_that_of_a_beta_variable(alpha):
    # To 12 digits of 1, of which sums of 2,001 terms lose one.
    np.testing.assert_allclose(_dirichlet.exceedance(np.array(alpha))[1], beta.cdf(0.5, *alpha), atol=1e-11)


@pytest.mark.parametrize("alpha", [(1, 1, 1), (4.0, 3.0, 5.0, 0.5), (1000, 1010, 20, 990)])
def test_the_exceedance_of_several_shares_is_that_of_draws(alpha):
    n = 200_000
    largest = dirichlet.rvs(alpha, n, random_state=0).argmax(axis=1)
    share = np.bincount(largest, minlength=len(alpha)) / n
    exact = _dirichlet.exceedance(np.array(alpha, float))
    assert exact.sum() == pytest.approx(1)
    assert (np.abs(share - exact) < 4 * np.sqrt(exact * (1 - exact) / n) + 1e-5).all()  # four standard errors


def test_the_larger_kind_is_found_and_who_is_of_it(found):
    assert isinstance(found, selection.HierarchicalSelection)
    assert found.converged and found.problem == ""
    assert found.names == ("learner", "repeater")
    # Of 40 people about whom the data say much, hardly any is taken for one of the other kind.
    assert abs(found.frequencies[1] - 0.75) < 0.1
    assert (found.responsibilities.argmax(axis=1) == np.repeat([0, 1], [10, 30])).mean() > 0.9
    assert found.exceedance[1] > 0.95 and found.protected_exceedance[1] > 0.95
    np.testing.assert_allclose(found.responsibilities.sum(axis=1), 1)
    # These are of the turn before.
    np.testing.assert_allclose(found.alpha, 1 + found.responsibilities.sum(axis=0), atol=0.1)
    # The groups are those that were simulated: on the probit .6 of a logit, each told by its own people.
    assert abs(found.group["learner"]["alpha"] - expit(-0.5)) < 0.12
    assert abs(found.group["repeater"]["alpha_c"] - expit(-0.5)) < 0.12
    assert abs(found.mean["learner"]["inverse_temperature"] - 1) < 4 * 0.3 / np.sqrt(10)


def test_every_turn_raises_the_bound(trials):
    tasks = [_em.task_of(model, trials, None, None) for model in MODELS.values()]
    with selection.ThreadPoolExecutor(1) as threads:
        starts = [_laplace.best_of_many(KEY, t, _em.first_group(t), 4, threads) for t in tasks]
        given = [tasks, starts, np.ones(40, bool)]
        turns = [
            selection._until_still(*given, n, 1e-9, threads, lambda: None, np.ones((40, 2)))
            for n in range(1, 9)
        ]
    # Turns climb the bound by coordinates. Modes stand for people's posteriors, so it is raised but for that.
    bounds = np.array([end.bound for end in turns])
    assert (np.diff(bounds) > -0.2).all() and bounds[-1] > bounds[0] + 1, bounds


def test_the_same_model_twice_is_as_responsible_twice(trials):
    some = Trials(trials.choices[:8], trials.outcomes[:8])
    twice = {"a": LEARNER, "b": LEARNER._replace(name="the same again")}
    tasks = [_em.task_of(model, some, None, None) for model in twice.values()]
    with selection.ThreadPoolExecutor(1) as threads:
        starts = [_laplace.best_of_many(KEY, t, _em.first_group(t), 4, threads) for t in tasks]
        given = tasks, starts, np.ones(8, bool), 100, 1e-3, threads, lambda: None
        end = selection._until_still(*given, np.ones((8, 2)))
        null = selection._until_still(*given, np.full((8, 2), 0.5), equal=True)
    np.testing.assert_allclose(end.shares, 0.5, atol=1e-3)
    np.testing.assert_allclose(end.alpha, 5, atol=1e-2)
    # Then the bounds differ by what it costs to believe anything of the frequencies, and by nothing else.
    even = selection._dirichlet_surprise(end.alpha)
    spoken = 8 * (np.log(2) + digamma(5) - digamma(10))
    assert end.bound - null.bound == pytest.approx(spoken - even, abs=0.01)


def test_models_in_another_order_are_the_same_models(trials, found):
    other = hierarchical_model_selection(KEY, dict(reversed(MODELS.items())), trials)
    # Both end within .001 of where they would stand still, which is reached at a share of the way a turn.
    np.testing.assert_allclose(found.frequencies, other.frequencies[::-1], atol=0.01)
    np.testing.assert_allclose(found.protected_exceedance, other.protected_exceedance[::-1], atol=0.01)


def test_protected_exceedance_is_between_exceedance_and_chance(found):
    mixed = (1 - found.omnibus_risk) * found.exceedance + found.omnibus_risk / 2
    np.testing.assert_allclose(found.protected_exceedance, mixed)
    np.testing.assert_allclose(found.exceedance, _dirichlet.exceedance(found.alpha))
    assert found.to_dataframe().index.tolist() == list(found.names)


def test_surprise_is_the_mean_of_the_log_ratio():
    """The divergences, by draws from what is believed."""
    belief = selection._Belief(np.array([0.7]), 9.0, 4.5, np.array([3.0]))
    rng, n = np.random.default_rng(0), 200_000
    tau = rng.gamma(4.5, 1 / 3.0, n)
    mu = 0.7 + rng.standard_normal(n) / np.sqrt(9 * tau)
    now = gamma.logpdf(tau, 4.5, scale=1 / 3.0) + norm.logpdf(mu, 0.7, 1 / np.sqrt(9 * tau))
    before = gamma.logpdf(tau, selection.SHAPE, scale=1 / selection.RATE)
    ratio = now - before - norm.logpdf(mu, 0, 1 / np.sqrt(tau))
    four_errors = 4 * ratio.std() / np.sqrt(n)
    assert selection._surprise(belief, np.zeros(1)) == pytest.approx(ratio.mean(), abs=four_errors)
    alpha = np.array([5.0, 2.0, 1.5])
    shares = dirichlet.rvs(alpha, n, random_state=1).T
    ratio = dirichlet.logpdf(shares, alpha) - dirichlet.logpdf(shares, np.ones(3))
    four_errors = 4 * ratio.std() / np.sqrt(n)
    assert selection._dirichlet_surprise(alpha) == pytest.approx(ratio.mean(), abs=four_errors)


def test_people_without_trials_are_left_out_and_what_is_cut_short_says_so(trials):
    some = slice(6, 14)
    mask = np.ones((8, 100), bool)
    mask[3] = False
    found = hierarchical_model_selection(
        KEY, MODELS, Trials(trials.choices[some], trials.outcomes[some], mask=mask), max_iterations=1
    )
    assert np.isnan(found.responsibilities[3]).all()
    assert found.alpha.sum() > 2 and not found.converged
    assert found.problem.endswith("; 1 people left out") and "not converged after 1 turns" in found.problem


def select(models=MODELS, **options):
    return hierarchical_model_selection(KEY, models, crowd(2, 2, 20), **options)


BAD = [
    Bad(lambda: hierarchical_model_selection(5, MODELS, None), "key", "one random key", "5"),
    Bad(lambda: select({"one": LEARNER}), "models", "at least two models", "dict"),
    Bad(lambda: select([LEARNER, REPEATER]), "models", "a dict", "list"),
    Bad(lambda: select({"a": LEARNER, "b": "two"}), "model", "Model", "str"),
    Bad(lambda: select(fixed={"three": {}}), "fixed", "'learner'", "'three'"),
    Bad(lambda: select(n_starts=0), "n_starts", "at least 1", "0"),
    Bad(lambda: select(max_iterations=0), "max_iterations", "at least 1", "0"),
    Bad(lambda: select(tolerance=2), "tolerance", "between 0 and 1", "2"),
    Bad(lambda: hierarchical_model_selection(KEY, MODELS, crowd(1, 0, 20)), "trials", "at least 2", "1"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.name}-{bad.received}")
def test_bad_input_is_refused(bad):
    assert_refused(bad)
