"""Posterior and prior predictive checks: against simulations, by hand, and priors against NumPyro's."""

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.stats
from made_up_posteriors import posterior
from numpyro.infer import Predictive
from refusals import Bad, assert_refused

import behavioural_modelling as bm
from behavioural_modelling import Prediction, Trials, models, signatures, tasks
from behavioural_modelling.posteriors import _crowds, _given
from behavioural_modelling.studies import _beforehand, _replications

KEY = jax.random.key(0)
MODEL = models.rescorla_wagner(2)
REPEAT = {"repeat": signatures.repeat_rate}
N = 4
OUTCOMES = (np.random.default_rng(0).uniform(size=(40, 2)) < [0.7, 0.3]).astype(np.float32)
TRUE = {"alpha": np.array([0.1, 0.3, 0.5, 0.7]), "temperature": np.full(N, 0.3)}
DATA = Trials(bm.simulate(jax.random.key(1), MODEL, TRUE, OUTCOMES).choices, OUTCOMES)


def around(rng, middle, width, *shape):
    return (middle + width * rng.uniform(-1, 1, shape)).astype(np.float32)


def known(trials=DATA, model=MODEL, n_draws=50, **options):
    """A posterior of two chains whose draws are known."""
    rng, n = np.random.default_rng(2), trials.shape[0]
    params = {
        "alpha": around(rng, 0.5, 0.3, 2, n_draws, n),
        "temperature": around(rng, 0.3, 0.1, 2, n_draws, n),
    }
    group = {"alpha": around(rng, 0.4, 0.1, 2, n_draws), "temperature": around(rng, 0.3, 0.1, 2, n_draws)}
    spread = {name: around(rng, 0.5, 0.1, 2, n_draws) for name in group}
    return posterior(model, trials, params, group, spread, **options)


# Replications.


def choices(trials):
    """All choices: a statistic of many parts."""
    return np.asarray(trials.choices)


def test_the_observed_and_the_shape_of_the_replicated():
    check = bm.posterior_predictive(KEY, known(), REPEAT | {"choices": choices}, n_draws=30)
    assert isinstance(check, Prediction) and check.note == ""
    np.testing.assert_array_equal(check.observed["repeat"], signatures.repeat_rate(DATA))
    np.testing.assert_array_equal(check.observed["choices"], DATA.choices)
    assert check.replicated["repeat"].shape == (30, N)
    assert check.replicated["choices"].shape == (30, N, 40)


def test_every_replication_has_random_numbers_of_its_own():
    points = {"alpha": 0.0, "temperature": 0.3}  # nothing is learned: all choices are even
    check = bm.posterior_predictive(KEY, points, {"x": choices}, model=MODEL, trials=DATA)
    x = check.replicated["x"].reshape(-1, 40)
    assert len(np.unique(x, axis=0)) == len(x) == 400
    # 16,000 fair coins: their share of ones has the standard error .5 / sqrt(16000) = .004.
    assert abs(x.mean() - 0.5) < 4 * 0.004


def test_frequencies_are_those_of_a_simulation_of_the_same_people():
    """The people of draws are the draws: per subject, against `simulate` at 4,000 people of each subject."""
    points = {"alpha": [0.05, 0.3, 0.6, 0.9], "temperature": [0.5, 0.2, 0.2, 0.1]}
    check = bm.posterior_predictive(KEY, points, REPEAT, n_draws=1000, model=MODEL, trials=DATA)
    params = {name: np.repeat(x, 1000) for name, x in points.items()}
    trace = bm.simulate(jax.random.key(9), MODEL, params, OUTCOMES)
    alone = signatures.repeat_rate(Trials(trace.choices, OUTCOMES)).reshape(N, 1000)
    for i in range(N):
        one, other = check.replicated["repeat"][:, i], alone[i]
        error = np.sqrt((one.var() + other.var()) / 1000)
        assert abs(one.mean() - other.mean()) < 4 * error
    assert np.ptp(check.replicated["repeat"].mean(axis=0)) > 0.1  # the people differ


def test_the_parameters_of_a_draw_are_of_one_draw_and_of_their_person():
    made = known()
    which = _crowds.picked(KEY, made, 20)
    assert len(set(which)) == 20 and which.max() < 100
    flat = {name: x.reshape(100, N) for name, x in made.params.items()}
    # Somebody who always repeats by a parameter: the model's choice tells which draw was played.
    model = deterministic()
    made = known(model=model)
    check = bm.posterior_predictive(KEY, made, {"first": lambda t: np.asarray(t.choices)[:, 0]}, n_draws=100)
    np.testing.assert_array_equal(check.replicated["first"], (flat["alpha"] > 0.5).astype(float))


def deterministic():
    """A model that chooses action 1 if alpha is above .5, and else 0, for certain."""
    base = models.rescorla_wagner(2)

    def predict(params, state, trial):
        large = params["alpha"] > 0.5
        return jax.numpy.where(large, jax.numpy.array([-1e4, 0.0]), jax.numpy.array([0.0, -1e4]))

    return base._replace(name="deterministic", predict=predict)


def test_offers_misses_resets_and_silences_are_those_of_the_data():
    rng = np.random.default_rng(4)
    offered = np.ones((N, 40, 2), bool)
    offered[:, 5] = [True, False]
    mask, reset = rng.uniform(size=(N, 40)) < 0.8, rng.uniform(size=(N, 40)) < 0.1
    feedback = rng.uniform(size=(N, 40)) < 0.7
    chosen = np.where(offered[..., 1], DATA.choices, 0)
    trials = Trials(chosen, OUTCOMES, offered, mask, reset, feedback=feedback)
    seen = []

    def look(trials):
        seen.append(trials)
        return np.zeros(trials.shape[0])

    bm.posterior_predictive(KEY, TRUE, {"look": look}, n_draws=3, model=MODEL, trials=trials)
    data, simulated = seen
    assert simulated.shape == (3 * N, 40)
    for name in ("available", "mask", "reset", "feedback"):
        mine, other = np.asarray(getattr(data, name)), np.asarray(getattr(simulated, name))
        np.testing.assert_array_equal(other, np.tile(mine, (3, *[1] * (mine.ndim - 1))))
    assert (np.asarray(simulated.choices)[:, 5][simulated.mask[:, 5]] == 0).all()


def test_parts_give_what_all_at_once_would_in_distribution_and_shape(monkeypatch):
    monkeypatch.setattr(_replications, "MOST_TRIALS", 7 * N * 40)
    check = bm.posterior_predictive(KEY, known(), {"x": choices}, n_draws=20)
    x = check.replicated["x"]
    assert x.shape == (20, N, 40)
    assert len(np.unique(x.reshape(-1, 40), axis=0)) == 20 * N  # no part repeats another


def test_the_chosen_outcome_alone_needs_a_task():
    own = Trials(DATA.choices, np.asarray(OUTCOMES)[np.arange(40), np.asarray(DATA.choices)])
    bad = lambda: bm.posterior_predictive(KEY, TRUE, REPEAT, model=MODEL, trials=own)  # noqa: E731
    assert_refused(Bad(bad, "outcomes", "what each action would pay", "None"))
    for outcomes in (OUTCOMES, tasks.schedule(OUTCOMES), tasks.bandit(40, [0.7, 0.3])):
        found = bm.posterior_predictive(
            KEY, TRUE, REPEAT, outcomes=outcomes, n_draws=2, model=MODEL, trials=own
        )
        assert found.replicated["repeat"].shape == (2, N)


def test_point_estimates_say_what_they_leave_out():
    fit = bm.fit(KEY, MODEL, DATA, n_starts=2, priors=models.default_priors(MODEL), progress=False)
    check = bm.posterior_predictive(KEY, fit, REPEAT, model=MODEL, trials=DATA)
    again = bm.posterior_predictive(KEY, fit.params, REPEAT, model=MODEL, trials=DATA)
    assert "point estimates" in check.note
    np.testing.assert_array_equal(check.replicated["repeat"], again.replicated["repeat"])


# What is made of them.


def test_p_values_by_hand():
    # Means over people: observed 2; replicated 1, 2, 3, 4. Two are at most 2, three at least.
    replicated = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]])
    made = Prediction({"x": np.array([1.0, 3.0])}, {"x": replicated}, "")
    assert made.p_values()["x"] == 1.0  # 2 * 2 / 4
    np.testing.assert_allclose(made.p_values("subject")["x"], [2 * 1 / 4, 2 * 2 / 4])
    extreme = Prediction({"x": np.array([9.0, 9.0])}, {"x": replicated}, "")
    assert extreme.p_values()["x"] == 0.0
    row = made.summary(0.5).iloc[0]
    assert [row["observed"], row["median"], row["lower"], row["upper"], row["p"]] == [
        2.0,
        2.5,
        1.75,
        3.25,
        1.0,
    ]


def test_a_person_without_a_case_is_left_out():
    nan = np.nan
    replicated = np.array([[1.0, nan], [nan, nan], [3.0, 5.0]])
    made = Prediction({"x": np.array([nan, 2.0])}, {"x": replicated}, "")
    # Means of those who have a number: observed 2; replicated 1, none, 4.
    assert made.p_values()["x"] == 2 * 1 / 2
    np.testing.assert_array_equal(made.p_values("subject")["x"], [nan, 0.0])
    row = made.summary().iloc[0]
    assert row["observed"] == 2.0 and row["median"] == 2.5


def test_the_tidy_table():
    made = Prediction({"x": np.array([[1.0, 2.0]])}, {"x": np.arange(4.0).reshape(2, 1, 2)}, "")
    table = made.to_dataframe()
    assert list(table.columns) == ["source", "draw", "subject", "statistic", "part", "value"]
    assert table["value"].tolist() == [1.0, 2.0, 0.0, 1.0, 2.0, 3.0]
    assert table["draw"].tolist() == [-1, -1, 0, 0, 1, 1] and table["part"].tolist() == [0, 1] * 3


def test_a_model_that_lacks_something_shows():
    """People who perseverate, and a model that only learns: their repeats are out of its reach."""
    model = models.with_stickiness(MODEL)
    params = {"alpha": np.full(40, 0.3), "temperature": 0.3, "stickiness": 1.5}
    sticky = Trials(bm.simulate(KEY, model, params, OUTCOMES).choices, OUTCOMES)
    wrong = {"alpha": 0.3, "temperature": 0.3}
    check = bm.posterior_predictive(KEY, wrong, REPEAT, model=MODEL, trials=sticky)
    right = bm.posterior_predictive(KEY, params, REPEAT, model=model, trials=sticky)
    assert check.p_values()["repeat"] == 0.0 and right.p_values()["repeat"] > 0.01


# New people.


def on_the_line(people):
    """The people of the first group: the probit of alpha, the logarithm of the temperature."""
    alpha, temperature = (people[name][0].astype(float) for name in ("alpha", "temperature"))
    return scipy.stats.norm.ppf(alpha), np.log(temperature)


def test_new_people_vary_as_the_group_says():
    """With a group that is known: its people on the line are normal with its mean and spread."""
    n_draws, n = 4, 5000
    params = {name: np.full((2, 2, N), 0.3, np.float32) for name in TRUE}
    group = {"alpha": np.full((2, 2), 0.3, np.float32), "temperature": np.full((2, 2), 0.2, np.float32)}
    spread = {"alpha": np.full((2, 2), 0.5), "temperature": np.full((2, 2), 0.8)}
    found = bm.new_people(KEY, posterior(MODEL, DATA, params, group, spread), n)
    assert found["alpha"].shape == (n_draws, n)
    line = on_the_line(found)
    expected = (scipy.stats.norm.ppf(0.3), 0.5), (np.log(0.2), 0.8)
    for x, (mean, sd) in zip(line, expected, strict=True):
        assert scipy.stats.kstest(x, "norm", (mean, sd)).pvalue > 1e-3
    assert abs(np.corrcoef(line)[0, 1]) < 4 / np.sqrt(n)


def test_new_people_have_their_covariates_and_correlations():
    n, age = 5000, np.array([-1.0, 0.0, 0.0, 1.0])
    alike = lambda x: np.full((2, 2), x, np.float32)  # noqa: E731
    params = {name: np.full((2, 2, N), 0.3, np.float32) for name in TRUE}
    group, spread = {"alpha": alike(0.5), "temperature": alike(0.2)}, {n: alike(0.5) for n in TRUE}
    more = {"effects": {"age": {"alpha": alike(0.7), "temperature": alike(0.0)}}}
    more["correlation"] = {"alpha, temperature": alike(0.8)}
    options = {"correlations": True, "covariates": {"age": age}}
    made = posterior(MODEL, DATA, params, group, spread, **more, **options)
    found = bm.new_people(KEY, made, n, covariates={"age": 1.0}, n_draws=1)
    line = on_the_line(found)
    # Standard errors: of the mean .5 / sqrt(5000) = .007, of the correlation (1 - .64) / sqrt(5000) = .005.
    assert abs(line[0].mean() - 0.7) < 4 * 0.007
    assert abs(np.corrcoef(line)[0, 1] - 0.8) < 4 * 0.005
    in_place = bm.new_people(KEY, made)["alpha"]
    assert in_place.shape == (4, N)
    # More people leave the deviations of those before as they were.
    few = bm.new_people(KEY, made, 3, covariates={"age": 1.0}, n_draws=1)["alpha"]
    np.testing.assert_array_equal(few, found["alpha"][:, :3])


def test_new_people_can_be_predicted():
    same = bm.posterior_predictive(KEY, known(), REPEAT, n_draws=40)
    new = bm.posterior_predictive(KEY, known(), REPEAT, n_draws=40, people="new")
    assert new.replicated["repeat"].shape == (40, N)
    assert not np.array_equal(same.replicated["repeat"], new.replicated["repeat"])


# Priors.


WITHIN = np.array([0.0, 1.0, 0.0, 1.0])
PEOPLE = np.array([0, 0, 1, 1])


@pytest.mark.parametrize("hierarchical", [True, False])
def test_priors_are_those_that_numpyro_draws_from(hierarchical):
    """The same model written for NumPyro, run without data: an independent road to the same distribution."""
    n = 2000
    priors = {"alpha": dist.Beta(2.0, 3.0)}
    program = bm.numpyro_model(MODEL, DATA, priors, hierarchical)
    theirs = Predictive(program, num_samples=n)(jax.random.key(5))
    task = _replications._synthetic.task_of(OUTCOMES, None, None, None, MODEL)
    ours = _beforehand.drawn(KEY, MODEL, task, priors, hierarchical, n, N)
    found = ours.group | {name: x[:, 0] for name, x in ours.params.items()}
    assert set(found) == ({"alpha", "temperature"} | (set(ours.group) if hierarchical else set()))
    assert len(ours.group) == 4 * hierarchical
    for name, x in found.items():
        other = np.asarray(theirs[name])
        other = other if other.ndim == 1 else other[:, 0]
        assert scipy.stats.ks_2samp(x, other).pvalue > 1e-3, name


def test_priors_of_conditions_covariates_and_correlations_are_numpyros_too():
    n, covariates = 1000, {"drug": WITHIN, "age": np.array([-1.0, -1.0, 1.0, 1.0])}
    options = {"correlations": True, "covariates": covariates, "subjects": PEOPLE, "fixed": None}
    asked = _given.asked(MODEL, DATA, None, True, **options)
    form, given = asked.target.form, asked.given
    crowds = _crowds.beforehand(KEY, form, given, n)
    people = _crowds.drawn(jax.random.key(6), form, given, crowds, _crowds.rows_of(given))
    del options["fixed"]
    theirs = Predictive(bm.numpyro_model(MODEL, DATA, **options), num_samples=n)(jax.random.key(5))
    for name, x in people.items():
        for row in range(N):
            pair = x[:, row], np.asarray(theirs[name])[:, row]
            assert scipy.stats.ks_2samp(*pair).pvalue > 1e-3, (name, row)
        # How a person's two rows differ, too.
        pair = x[:, 1] - x[:, 0], np.asarray(theirs[name])[:, 1] - np.asarray(theirs[name])[:, 0]
        assert scipy.stats.ks_2samp(*pair).pvalue > 1e-3
    assert crowds.factor.shape == (n, 4, 4)


def test_a_prior_that_reaches_beyond_the_range_is_cut_off():
    priors = {"alpha": dist.Normal(0.9, 0.2)}
    drawn = bm.prior_predictive(
        KEY, MODEL, OUTCOMES, REPEAT, priors=priors, hierarchical=False, n_subjects=N, n_draws=5
    )
    assert np.isfinite(drawn.replicated["repeat"]).all()
    task = _replications._synthetic.task_of(OUTCOMES, None, None, None, MODEL)
    alpha = _beforehand.drawn(KEY, MODEL, task, priors, False, 1000, N).params["alpha"].ravel()
    cut = scipy.stats.truncnorm((0 - 0.9) / 0.2, (1 - 0.9) / 0.2, 0.9, 0.2)
    assert scipy.stats.kstest(alpha.astype(float), cut.cdf).pvalue > 1e-3


def test_the_prior_predictive_is_what_its_priors_make():
    """Point priors: the same behaviour as that of people with these parameters."""
    priors = {"alpha": dist.Delta(0.3), "temperature": dist.LogNormal(-1.5, 1e-4)}
    found = bm.prior_predictive(
        KEY, MODEL, OUTCOMES, REPEAT, priors=priors, hierarchical=False, n_draws=500, n_subjects=N
    )
    assert found.observed == {} and np.isnan(found.summary()["observed"]).all()
    trace = bm.simulate(KEY, MODEL, {"alpha": np.full(2000, 0.3), "temperature": np.exp(-1.5)}, OUTCOMES)
    other = signatures.repeat_rate(Trials(trace.choices, OUTCOMES))
    mine = found.replicated["repeat"].ravel()
    assert abs(mine.mean() - other.mean()) < 4 * np.sqrt((mine.var() + other.var()) / 2000)


def test_the_prior_predictive_of_a_task_that_reacts():
    task = tasks.bandit(40, [0.7, 0.3])
    found = bm.prior_predictive(KEY, MODEL, task, REPEAT, n_draws=3, n_subjects=N)
    assert found.replicated["repeat"].shape == (3, N)


ALONE = {"model": MODEL, "trials": DATA}
ODD = {"odd": lambda trials: np.zeros(3)}
BAD = {
    "key": Bad(lambda: bm.posterior_predictive(0.5, TRUE, REPEAT, **ALONE), "key", "", ""),
    "posterior": Bad(
        lambda: bm.posterior_predictive(KEY, 3, REPEAT), "posterior", "a Posterior, a Fit", "int"
    ),
    "statistics": Bad(
        lambda: bm.posterior_predictive(KEY, TRUE, 3, **ALONE), "statistics", "functions", "int"
    ),
    "statistic": Bad(
        lambda: bm.posterior_predictive(KEY, TRUE, {"x": 3}, **ALONE), "statistics", "functions", "x: int"
    ),
    "its shape": Bad(
        lambda: bm.posterior_predictive(KEY, TRUE, ODD, **ALONE), "statistics['odd']", "by subject", "(3,)"
    ),
    "n_draws": Bad(
        lambda: bm.posterior_predictive(KEY, TRUE, REPEAT, n_draws=0, **ALONE), "n_draws", "at least 1", "0"
    ),
    "too many draws": Bad(
        lambda: bm.posterior_predictive(KEY, known(), REPEAT, n_draws=101), "n_draws", "at most 100", "101"
    ),
    "people": Bad(
        lambda: bm.posterior_predictive(KEY, known(), REPEAT, people="old"),
        "people",
        "'same' or 'new'",
        "'old'",
    ),
    "no group": Bad(
        lambda: bm.posterior_predictive(KEY, TRUE, REPEAT, people="new", **ALONE),
        "posterior",
        "a group",
        "dict",
    ),
    "no trials": Bad(
        lambda: bm.posterior_predictive(KEY, TRUE, REPEAT, model=MODEL),
        "trials",
        "point estimates",
        "NoneType",
    ),
    "no model": Bad(
        lambda: bm.posterior_predictive(KEY, TRUE, REPEAT, trials=DATA), "model", "a Model", "NoneType"
    ),
    "model twice": Bad(
        lambda: bm.posterior_predictive(KEY, known(), REPEAT, model=MODEL),
        "model",
        "None, as the posterior",
        "",
    ),
    "schedule of others": Bad(
        lambda: bm.posterior_predictive(
            KEY, TRUE, REPEAT, outcomes=tasks.schedule(np.ones((3, 40, 2))), **ALONE
        ),
        "outcomes",
        "4 subjects",
        "3",
    ),
    "prior": Bad(
        lambda: bm.prior_predictive(KEY, MODEL, OUTCOMES, REPEAT, priors={"beta": dist.Normal()}),
        "priors",
        "alpha",
        "unknown 'beta'",
    ),
    "prior elsewhere": Bad(
        lambda: bm.prior_predictive(
            KEY, MODEL, OUTCOMES, REPEAT, priors={"alpha": dist.Normal(50.0, 1.0)}, hierarchical=False
        ),
        "priors['alpha']",
        "mostly in [0, 1]",
        "Normal",
    ),
    "n_subjects": Bad(
        lambda: bm.prior_predictive(KEY, MODEL, OUTCOMES, REPEAT, n_subjects=-1),
        "n_subjects",
        "at least 1",
        "-1",
    ),
    "nobody new": Bad(lambda: bm.new_people(KEY, known(), 0), "n_people", "at least 1", "0"),
    "covariates": Bad(
        lambda: bm.new_people(KEY, known(), 2, covariates={"age": 1.0}), "covariates", "nothing", "'age'"
    ),
    "covariates in place": Bad(
        lambda: bm.new_people(KEY, known(), covariates={"age": 1.0}),
        "covariates",
        "None without n_people",
        "",
    ),
    "by": Bad(lambda: Prediction({}, {}, "").p_values("all"), "by", "'group' or 'subject'", "'all'"),
    "level": Bad(lambda: Prediction({}, {}, "").summary(95), "level", "between 0 and 1", "95"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_named(bad):
    assert_refused(bad)
