"""`numpyro_model`: the posterior of `sample`, written for NumPyro; and how both get to ArviZ."""

import sys

import jax
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
from numpyro.infer.util import log_density
from refusals import Bad, assert_refused
from scipy import stats

import behavioural_modelling as bm

MODEL = bm.models.rescorla_wagner(2, initial_value="free", inverse_temperature=True)
NAMES = ("alpha", "inverse_temperature", "initial_value")
AGE, DRUG = [-1.0, -1.0, 0.5, 0.5, 2.0, 2.0], [-0.5, 0.5] * 3


def some_trials(n_rows: int) -> bm.Trials:
    rng = np.random.default_rng(3)
    choices = rng.integers(0, 2, (n_rows, 12))
    return bm.Trials(choices, rng.integers(0, 2, (n_rows, 12, 2)).astype(float))


def joint(model, values):
    """NumPyro's log-density at some values of its sites, and what else it makes of them."""
    traced = numpyro.handlers.trace(numpyro.handlers.substitute(model, data=values)).get_trace()
    natural = {name: np.asarray(traced[name]["value"], float) for name in NAMES}
    return float(log_density(model, (), {}, values)[0]), natural


def test_a_group_with_covariates_by_hand():
    """Every term of the density from SciPy: medians, spreads, effects, deviations, and the likelihood."""
    trials = some_trials(6)
    model = bm.numpyro_model(
        MODEL, trials, subjects=["b", "b", "a", "a", "c", "c"], covariates={"age": AGE, "drug": DRUG}
    )
    rng = np.random.default_rng(0)
    latents = [*NAMES, *(f"{name}_drug" for name in NAMES)]
    values = {"alpha_median": 0.3, "inverse_temperature_median": 4.0, "initial_value_median": 0.6}
    values |= {name: x for name, x in zip(latents[3:], (0.2, -0.1, 0.3), strict=True)}
    values |= {f"{name}_spread": x for name, x in zip(latents, rng.uniform(0.2, 1, 6), strict=True)}
    values |= {f"{name}_age": x for name, x in zip(latents, rng.normal(size=6), strict=True)}
    values |= {f"{name}_z": rng.normal(size=3) for name in latents}
    found, natural = joint(model, {name: jax.numpy.asarray(x, float) for name, x in values.items()})

    line = {"alpha": stats.norm.ppf(0.3), "inverse_temperature": np.log(4.0), "initial_value": 0.6}
    line |= {name: values[name] for name in latents[3:]}
    size = {name: 0.5 if name.startswith("initial") else 1.0 for name in latents}  # its prior's deviation
    age = np.array([-1.0, 0.5, 2.0])
    person = {
        name: line[name] + values[f"{name}_age"] * age + values[f"{name}_spread"] * values[f"{name}_z"]
        for name in latents
    }
    rows = {name: np.repeat(person[name], 2) + np.repeat(person[f"{name}_drug"], 2) * DRUG for name in NAMES}
    expected = {
        "alpha": stats.norm.cdf(rows["alpha"]),
        "inverse_temperature": np.exp(rows["inverse_temperature"]),
        "initial_value": rows["initial_value"],
    }
    for name in NAMES:
        np.testing.assert_allclose(natural[name], expected[name], rtol=1e-4)
    total = float(np.sum(bm.log_likelihood(MODEL, expected, trials), dtype=float))
    priors = bm.models.default_priors(MODEL)
    total += sum(float(priors[name].log_prob(values[f"{name}_median"])) for name in NAMES)
    for name in latents:
        total += stats.halfnorm(scale=0.7 * size[name]).logpdf(values[f"{name}_spread"])
        total += stats.norm(scale=size[name]).logpdf(values[f"{name}_age"])
        total += stats.norm.logpdf(values[f"{name}_z"]).sum()
    total += sum(stats.norm(scale=size[name]).logpdf(values[name]) for name in latents[3:])
    np.testing.assert_allclose(found, total, rtol=1e-5)  # sums of about a hundred numbers in 32 bits


def test_people_alone_by_hand():
    trials = some_trials(3)
    priors = {"alpha": dist.Beta(2.0, 3.0), "initial_value": dist.Delta(0.5)}
    values = {"alpha": np.array([0.2, 0.5, 0.7]), "inverse_temperature": np.array([1.0, 3.0, 6.0])}
    model = bm.numpyro_model(MODEL, trials, priors, hierarchical=False)
    found = float(log_density(model, (), {}, {k: jax.numpy.asarray(x) for k, x in values.items()})[0])
    expected = float(np.sum(bm.log_likelihood(MODEL, values | {"initial_value": 0.5}, trials), dtype=float))
    expected += stats.beta(2, 3).logpdf(values["alpha"]).sum()
    default = bm.models.default_priors(MODEL)["inverse_temperature"]
    expected += float(default.log_prob(values["inverse_temperature"]).sum())
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_correlated_people_have_the_correlation():
    """With people's deviations all along one direction, the others follow through the factor."""
    model = bm.numpyro_model(MODEL, some_trials(3), correlations=True)
    factor = np.linalg.cholesky(np.array([[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 1.0]]))
    values = {f"{name}_median": 0.5 for name in NAMES} | {f"{name}_spread": 1.0 for name in NAMES}
    values |= {"alpha_z": [1.0, 0.0, -1.0], "inverse_temperature_z": [0.0] * 3, "initial_value_z": [0.0] * 3}
    values = {name: jax.numpy.asarray(x, float) for name, x in values.items()} | {"correlation": factor}
    _, natural = joint(model, values)
    np.testing.assert_allclose(np.log(natural["inverse_temperature"] / 0.5), [0.8, 0.0, -0.8], atol=1e-5)


@pytest.fixture(scope="module")
def drawn():
    model = bm.models.rescorla_wagner(2)
    return bm.sample(jax.random.key(0), model, some_trials(3), max_draws=50, n_chains=4, n_effective=50)


def test_arviz_0_gets_inference_data(drawn):
    data = drawn.to_arviz()
    assert data.posterior["alpha"].dims == ("chain", "draw", "subject")
    assert data.posterior["alpha_median"].shape == (4, 50)
    assert data.log_likelihood["responses"].shape == (4, 50, 3)


def test_arviz_1_gets_a_tree(drawn, monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz", None)
    tree = drawn.to_arviz()
    assert type(tree).__name__ == "DataTree"
    assert tree["posterior"]["alpha"].dims == ("chain", "draw", "subject")
    np.testing.assert_array_equal(tree["posterior"]["alpha_spread"], drawn.spread["alpha"])


def test_without_arviz_it_says_what_to_install(drawn, monkeypatch):
    for name in ("arviz", "arviz_base"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match="pip install arviz"):
        drawn.to_arviz()


def test_arviz_reads_a_run_of_numpyro():
    import arviz_base
    from numpyro.infer import MCMC, NUTS

    model = bm.numpyro_model(bm.models.rescorla_wagner(2), some_trials(3))
    mcmc = MCMC(NUTS(model), num_warmup=20, num_samples=20, progress_bar=False)
    mcmc.run(jax.random.key(0))
    tree = arviz_base.from_numpyro(mcmc, log_likelihood=True)
    assert tree["posterior"]["alpha"].shape == (1, 20, 3)
    assert tree["log_likelihood"]["responses"].shape == (1, 20, 3)


def test_bad_input_is_answered():
    model = bm.models.rescorla_wagner(2)
    assert_refused(Bad(lambda: bm.numpyro_model(model, [[0]]), "trials", "Trials", "list"))
    bad = {"slope": dist.Normal(0.0, 1.0)}
    assert_refused(
        Bad(lambda: bm.numpyro_model(model, some_trials(2), bad), "priors", "some of alpha", "'slope'")
    )
