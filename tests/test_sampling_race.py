"""The samplers of the race draw from the same posterior, and what is said of their draws is right."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import behavioural_modelling as bm
from behavioural_benchmarks import blackjax_chees, numpyro_bandit, sampling_race, stan_bandit
from behavioural_benchmarks.make_long_run import as_text, rounded
from behavioural_benchmarks.posterior_summary import (
    bulk,
    check_same_posterior,
    diagnosed,
    error_of_mean,
    summary,
)
from behavioural_benchmarks.posterior_task import REWARDED, SETTINGS, make_posterior_task
from behavioural_benchmarks.sampling_entrants import ENTRANTS, Compiling, Entrant, Run, entrants_of

BANDIT = SETTINGS["bandit"]
LONG_RUN = json.loads(Path(__file__).with_name("long_run.json").read_text())
NAMES = {f"{name}{of}" for name in BANDIT.names for of in ("", "_median", "_spread")}


def log_joint(task, mu, sigma, z):
    """The log-density of the smallest task up to a constant, in 64 bits; z has shape (n_subjects, 2)."""
    alpha, beta = stats.norm.cdf(mu[0] + sigma[0] * z[:, 0]), 5 * stats.norm.cdf(mu[1] + sigma[1] * z[:, 1])
    total = -np.sum(np.square(mu)) / 2 - np.sum(np.square(sigma / 0.2)) / 2 - np.sum(np.square(z)) / 2
    for s, (choices, outcomes) in enumerate(zip(task.choices, task.outcomes, strict=True)):
        values = [0.0, 0.0]
        for c, outcome in zip(choices, outcomes.astype(float), strict=True):
            total -= np.log1p(np.exp(beta[s] * (values[1 - c] - values[c])))
            values[c] += alpha[s] * (outcome - values[c])
    return total


@pytest.fixture(scope="module")
def points():
    """Places in the region of the posterior: mu, sigma and z of each."""
    rng = np.random.default_rng(0)
    return [
        (rng.normal([-0.5, -0.2], 0.1), rng.uniform(0.1, 0.3, 2), rng.normal(size=(20, 2))) for _ in range(4)
    ]


@pytest.fixture(scope="module")
def expected(points):
    """How much the log-density is above that of the first place."""
    found = np.array([log_joint(BANDIT.task(), *point) for point in points])
    return found - found[0]


# A sum of 2,000 terms of about 0.5, each right to some units of 2**-24: 1e-3; the change is as wrong.
CLOSE = {"rtol": 0, "atol": 4e-3}


def test_the_reader_s_model_has_the_density(points, expected):
    from numpyro.infer.util import log_density

    task, found = BANDIT.task(), []
    for mu, sigma, z in points:
        sites = {"mu": mu, "sigma": sigma, "z": z}
        found.append(log_density(numpyro_bandit.bandit, (task.choices, task.outcomes), {}, sites)[0])
    np.testing.assert_allclose(np.array(found) - found[0], expected, **CLOSE)


def test_the_model_on_our_likelihood_has_the_density(points, expected):
    from numpyro.infer.util import log_density

    model, found = numpyro_bandit.on_our_likelihood(BANDIT), []
    for mu, sigma, z in points:
        sites = {}
        for i, name in enumerate(BANDIT.names):
            median = stats.norm.cdf(mu[i]) * (5 if i else 1)
            sites |= {f"{name}_median": median, f"{name}_spread": sigma[i], f"{name}_z": z[:, i]}
        # A median that is uniform is a normal mu: the density of mu has the slope of the one by the other.
        found.append(log_density(model, (BANDIT.trials(),), {}, sites)[0] - np.sum(np.square(mu)) / 2)
    np.testing.assert_allclose(np.array(found) - found[0], expected, **CLOSE)


def test_our_target_has_the_density():
    density = bm.posterior_density(jax.random.key(0), BANDIT.model, BANDIT.trials(), BANDIT.priors())
    assert density.n_dimensions == 44
    flat = lambda x: jnp.concatenate([jnp.atleast_1d(y) for _, y in sorted(density.natural(x).items())])  # noqa: E731
    ours, theirs = [], []
    for x in density.start(jax.random.key(1), 4):
        natural = {name: np.asarray(y, float) for name, y in density.natural(x).items()}
        _, log_determinant = np.linalg.slogdet(np.asarray(jax.jacfwd(flat)(x), float))
        mu, sigma, z, log_slopes = [], [], [], 0.0
        for i, name in enumerate(BANDIT.names):
            share = {k: v / (5 if i else 1) for k, v in natural.items() if k in (name, f"{name}_median")}
            line = stats.norm.ppf(share[name])
            mu.append(stats.norm.ppf(share[f"{name}_median"]))
            sigma.append(natural[f"{name}_spread"])
            z.append((line - mu[i]) / sigma[i])
            # By how much natural values change with mu and z.
            log_slopes += stats.norm.logpdf(mu[i]) + np.sum(stats.norm.logpdf(line) + np.log(sigma[i]))
        joint = log_joint(BANDIT.task(), np.array(mu), np.array(sigma), np.transpose(z))
        ours.append(density.log_prob(x))
        theirs.append(joint - log_slopes + log_determinant)
    # The slopes of 44 natural values are differentiated in 32 bits too.
    np.testing.assert_allclose(np.array(ours) - ours[0], np.array(theirs) - theirs[0], rtol=0, atol=2e-2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # pystan calls its own libraries in ways that they deprecate
def test_stan_has_the_density_and_draws_from_it(points, expected):
    if stan_bandit.why_no_stan():
        pytest.skip(stan_bandit.why_no_stan())
    with stan_bandit.compiled(BANDIT.task(), 1) as model:
        # Stan's own coordinates, by column of each matrix; the density of the logarithms has their slope.
        free = [np.concatenate([mu, np.log(sigma), z.ravel()]) for mu, sigma, z in points]
        found = [model.log_prob(list(x), adjust_transform=False) for x in free]
        draws, n_divergent = stan_bandit.stan_nuts(model, n_draws=300, n_warm_up=300)
    np.testing.assert_allclose(np.array(found) - found[0], expected, rtol=0, atol=1e-8)
    agrees_with_the_long_run(draws)
    assert n_divergent == 0


@pytest.mark.slow
def test_nuts_draws_from_the_posterior():
    task = BANDIT.task()
    draws, n_divergent = numpyro_bandit.nuts(
        numpyro_bandit.bandit, (task.choices, task.outcomes), 1, n_draws=1000, n_chains=1
    )
    agrees_with_the_long_run(draws)
    ours, _ = numpyro_bandit.nuts(
        numpyro_bandit.on_our_likelihood(BANDIT), (BANDIT.trials(),), 1, n_draws=1000, n_chains=1
    )
    agrees_with_the_long_run(ours)
    assert n_divergent == 0


@pytest.mark.slow
def test_chees_draws_from_the_posterior():
    if blackjax_chees.why_no_blackjax():
        pytest.skip(blackjax_chees.why_no_blackjax())
    density = bm.posterior_density(jax.random.key(0), BANDIT.model, BANDIT.trials(), BANDIT.priors())
    draws, n_divergent = blackjax_chees.chees(density, n_draws=50)(1)
    agrees_with_the_long_run(draws)
    assert draws["alpha"].shape == (64, 50, 20) and n_divergent == 0


def agrees_with_the_long_run(draws):
    """Means of all parameters within Monte-Carlo error: no z-score of 44 above 5, and a spread of about 1."""
    assert set(draws) == NAMES
    long = {k: {"means": np.atleast_1d(LONG_RUN[k]["mean"])} for k in NAMES}
    errors = {k: np.atleast_1d(LONG_RUN[k]["mean_error"]) for k in NAMES}
    row = {"means": {k: x["means"] for k, x in long.items()}, "errors": errors}
    check_same_posterior({"these": [diagnosed(draws)], "the long run": [row]})


def test_the_long_run_is_of_these_data():
    task = BANDIT.task()
    assert task.choices.sum(1).tolist() == LONG_RUN["n_second"]
    assert task.outcomes.sum(1).tolist() == LONG_RUN["sum_outcomes"]
    assert LONG_RUN["n_divergent"] == 0 and NAMES < set(LONG_RUN)
    for name in NAMES:
        mean, sd, mean_error = (np.array(LONG_RUN[name][k]) for k in ("mean", "sd", "mean_error"))
        assert mean.shape == task.params.get(name, np.array(0)).shape and (mean_error < 0.01 * sd).all()
        assert np.max(LONG_RUN[name]["r_hat"]) < 1.002
    # The people were drawn from about these: four posterior standard deviations.
    for name in BANDIT.names:
        mean, sd = (np.array(LONG_RUN[name][k]) for k in ("mean", "sd"))
        assert (np.abs(task.params[name] - mean) < 4 * sd).all()


@pytest.mark.parametrize("setting", ["bandit", "asymmetric", "five"])
def test_people_choose_as_their_model_says(setting):
    about = SETTINGS[setting]
    task = make_posterior_task(40, about.n_trials, about.names)
    record = bm.replay(about.model, task.params, bm.Trials(task.choices, task.outcomes))
    p = np.asarray(record.choice_p, float)
    said = np.take_along_axis(np.log(p), task.choices[..., None], -1)
    mean = (p * np.log(p)).sum(-1)
    variance = (p * np.square(np.log(p))).sum(-1) - mean**2
    # Log-probabilities less what is expected of them sum to a martingale.
    assert abs((said[..., 0] - mean).sum()) < 4 * np.sqrt(variance.sum())
    second = (task.choices - p[..., 1]).sum() / np.sqrt((p[..., 0] * p[..., 1]).sum())
    assert abs(second) < 4
    for action, rewarded in enumerate(REWARDED):
        paid = task.outcomes[task.choices == action]
        assert set(paid) == {-1, 1}
        assert abs((paid > 0).mean() - rewarded) < 4 * np.sqrt(rewarded * (1 - rewarded) / len(paid))


def test_fewer_people_are_the_first_of_more():
    few, more = make_posterior_task(3), make_posterior_task(5)
    np.testing.assert_array_equal(few.choices, more.choices[:3])
    np.testing.assert_array_equal(few.outcomes, more.outcomes[:3])
    np.testing.assert_array_equal(few.params["alpha"], more.params["alpha"][:3])


def autoregressive(phi, shape, seed=0):
    """Chains that forget: the next is phi times the last, and something new; variance 1."""
    new = np.random.default_rng(seed).normal(size=shape)
    new[:, 1:] *= np.sqrt(1 - phi**2)
    for t in range(1, shape[1]):
        new[:, t] += phi * new[:, t - 1]
    return new


@pytest.mark.parametrize("phi", [0.0, 0.6, 0.9])
def test_effective_sample_sizes_of_chains_that_forget(phi):
    draws = autoregressive(phi, (8, 4000))
    expected = draws.size * (1 - phi) / (1 + phi)
    # A window of some hundred lags of 32,000 draws gives the sum of correlations to about a tenth.
    assert bulk(draws)[0] == pytest.approx(expected, rel=0.2)
    assert error_of_mean(draws) == pytest.approx(1 / np.sqrt(expected), rel=0.15)
    # Ranks know no scale.
    assert bulk(np.exp(3 * draws)) == pytest.approx(bulk(draws), rel=1e-6)


def test_the_worst_parameter_counts_and_chains_that_stay_apart_are_seen():
    good, slow = (autoregressive(phi, (4, 1000), seed) for phi, seed in ((0.0, 1), (0.9, 2)))
    both = np.stack([good, slow], axis=-1)
    assert bulk(both) == pytest.approx((bulk(slow)[0], max(bulk(slow)[1], bulk(good)[1])))
    apart = good + np.array([0, 0, 0, 0.5])[:, None]
    # The means of the eight halves, two of them .5, have a variance of .25 * 1.5 / 7; within they have 1.
    assert bulk(apart)[1] == pytest.approx(np.sqrt(1 + 0.25 * 1.5 / 7), abs=0.01)
    assert bulk(good)[1] < 1.01 and bulk(apart)[0] < 200 < 3000 < bulk(good)[0]


def test_the_summary_of_known_draws():
    draws = np.random.default_rng(3).normal([1.0, 5.0], [2.0, 0.1], (4, 5000, 2))
    said = summary(draws)
    assert [x.shape for x in said.values()] == [(2,)] * 5
    # Errors of independent draws: sd / sqrt(n), and of the sd of normal draws sd / sqrt(2 n).
    np.testing.assert_allclose(said["mean_error"], np.array([2, 0.1]) / np.sqrt(20_000), rtol=0.1)
    np.testing.assert_allclose(said["sd_error"], np.array([2, 0.1]) / np.sqrt(40_000), rtol=0.1)
    read = json.loads(as_text({"a": rounded(said), "seed": 1}))
    assert read["seed"] == 1 and read["a"]["mean"] == np.round(said["mean"], 6).tolist()


def drawn(seed, shift=0.0, scale=1.0):
    return diagnosed({"a": shift + scale * np.random.default_rng(seed).normal(size=(4, 500, 50))})


def test_programs_that_agree_and_programs_that_do_not():
    same = {"one": [drawn(0), drawn(1)], "other": [drawn(2), drawn(3)]}
    assert 0.7 < check_same_posterior(same)["one"] < 1.3
    # A mean has an error of 1 / sqrt(2,000), .022. Three times that in all parameters is seen by the spread.
    with pytest.raises(AssertionError, match="one and other have different posterior means"):
        check_same_posterior({"one": [drawn(0, shift=0.07)], "other": [drawn(2)]})
    far = drawn(0)
    far["means"]["a"][7] += 0.3
    # The error of a difference is .032.
    with pytest.raises(AssertionError, match="up to (8|9|10)"):
        check_same_posterior({"one": [far], "other": [drawn(2)]})
    with pytest.raises(AssertionError, match="the programs name"):
        check_same_posterior({"one": [{"means": {"b": [0]}, "errors": {"b": [1]}}], "other": [drawn(2)]})


def test_spans_within_spans_count_once():
    clock = Compiling()
    clock.spans = [(0.0, 1.0), (0.5, 0.8), (0.9, 2.0), (3.0, 4.0)]
    assert clock.seconds() == 3.0


def test_what_compiles_is_heard_while_listening():
    with Compiling() as compiling:
        jax.jit(lambda x: jnp.sin(x) * 1.2345)(3.0).block_until_ready()
    heard = compiling.seconds()
    jax.jit(lambda x: jnp.sin(x) * 2.3456)(3.0).block_until_ready()
    assert 0 < heard == compiling.seconds()


ROW = {"compile": 2.0, "sampling": 0.5, "to_1000": 0.4, "ess": 1200.0, "r_hat": 1.004, "n_divergent": 0}
ROW |= {"stops": True, **{k: v for k, v in drawn(5).items() if k in ("means", "errors")}}


def test_rounds_are_merged_and_the_worst_is_told():
    worse = ROW | {"to_1000": 0.8, "r_hat": 1.02, "ess": 900.0, "n_divergent": 3}
    row = sampling_race.merged([ROW, worse, ROW])
    assert (row["to_1000"], row["fastest"], row["slowest"]) == (0.4, 0.4, 0.8)
    assert (row["r_hat"], row["n_divergent"], row["smallest_ess"]) == (1.02, 3, 900)
    line = sampling_race.as_text({"entrant": "bm.sample", **row}, row)
    assert "r-hat is too large" in line and "it stopped too early" in line
    good = sampling_race.merged([ROW] * 3)
    assert "too" not in sampling_race.as_text({"entrant": "bm.sample", **good}, good)


def test_draws_beyond_what_is_wanted_are_scaled_down_and_too_few_up(monkeypatch):
    draws = {"a": autoregressive(0.0, (4, 1000))}
    ess = bulk(draws["a"])[0]
    for stops, expected in ((False, 8.0 * 1000 / ess), (True, 8.0)):
        entrant = Entrant(lambda setting, seed: Run(draws, 0, 1.0, 8.0), stops=stops)
        monkeypatch.setitem(ENTRANTS, "stub", {"it": entrant})
        assert sampling_race.run_entrant("stub", "it", 0)["to_1000"] == pytest.approx(expected)
    few = {"a": autoregressive(0.0, (4, 100))}
    monkeypatch.setitem(ENTRANTS, "stub", {"it": Entrant(lambda *about: Run(few, 0, 1.0, 8.0), stops=True)})
    assert sampling_race.run_entrant("stub", "it", 0)["to_1000"] > 15


def stubbed(monkeypatch, rows):
    asked = []
    monkeypatch.setattr(sampling_race, "in_a_process", lambda *about: asked.append(about) or rows[about[1]])
    entrants = {name: Entrant(lambda *about: None) for name in rows}
    absent = Entrant(lambda *about: None, lambda: "it is not installed")
    monkeypatch.setitem(ENTRANTS, "bandit", entrants | {"absent": absent})
    return asked


def test_the_race_prints_a_table(capsys, monkeypatch):
    slow = ROW | {"to_1000": 40.0, "compile": 30.0, "stops": False}
    asked = stubbed(monkeypatch, {"ours": ROW, "slow": slow})
    assert sampling_race.main(["--rounds", "2"]) == 0
    table = capsys.readouterr().out
    # In turns, so that a slow minute of the machine hits all of them.
    assert asked == [("bandit", name, seed) for seed in (0, 1) for name in ("ours", "slow")]
    ours, theirs = (line for line in table.splitlines() if line.endswith("1.004          0"))
    assert " 1.0" in ours and " 100.0" in theirs and " 29.2" in theirs  # 40 / .4, and 70 / 2.4
    assert "left out: it is not installed" in table and "z-scores with a root mean square of 0.00" in table


def test_the_race_prints_lines_of_json(capsys, monkeypatch):
    stubbed(monkeypatch, {"ours": ROW, "slow": ROW})
    assert sampling_race.main(["--rounds", "1", "--json", "--without", "absent"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["entrant"] for row in rows] == ["ours", "slow"] and rows[0]["to_1000"] == ROW["to_1000"]


def test_programs_that_disagree_get_no_times(capsys, monkeypatch):
    other = ROW | {k: v for k, v in drawn(6, shift=0.5).items() if k == "means"}
    stubbed(monkeypatch, {"ours": ROW, "wrong": other})
    with pytest.raises(AssertionError, match="ours and wrong have different posterior means"):
        sampling_race.main(["--rounds", "1"])
    assert "compile" not in capsys.readouterr().out


def test_unknown_tasks_and_options_are_refused(capsys):
    with pytest.raises(SystemExit, match="no task chess; there are bandit, asymmetric, five"):
        entrants_of("chess")
    with pytest.raises(SystemExit):
        sampling_race.main(["--no-such-option"])
    assert "unrecognized" in capsys.readouterr().err
