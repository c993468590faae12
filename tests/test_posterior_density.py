"""The coordinates that `sample` moves in: the density in them is the posterior's, for every population."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from refusals import Bad, assert_refused
from scipy import stats

import behavioural_modelling as bm
from behavioural_modelling.posteriors import _given, _population, _sites, _target

try:
    from jax import enable_x64
except ImportError:  # JAX before 0.8
    from jax.experimental import enable_x64

N_PEOPLE, N_TRIALS = 3, 12
MODEL = bm.models.rescorla_wagner(2)
INITIAL = bm.models.rescorla_wagner(2, initial_value="free", inverse_temperature=True)
AGE, DRUG = [-1.0, -1.0, 0.5, 0.5, 2.0, 2.0], [-0.5, 0.5] * 3
TWICE = {"subjects": ["b", "b", "a", "a", "c", "c"]}
NARROW = {"temperature": dist.Uniform(0.1, 2.0), "alpha_spread": dist.Exponential(2.0)}
CASES = {
    "group": (MODEL, {}),
    "correlated": (INITIAL, {"correlations": True}),
    "between": (MODEL, {"covariates": {"age": [0.1, -0.4, 0.3]}}),
    "within": (MODEL, {**TWICE, "covariates": {"drug": DRUG, "age": AGE}, "correlations": True}),
    "alone": (INITIAL, {"hierarchical": False}),
    "narrow": (
        MODEL,
        {"priors": {"temperature": dist.Uniform(0.1, 2.0), "alpha_spread": dist.Exponential(2.0)}},
    ),
}


def some_trials(n_rows: int) -> bm.Trials:
    rng = np.random.default_rng(3)
    choices = rng.integers(0, 2, (n_rows, N_TRIALS))
    return bm.Trials(choices, rng.integers(0, 2, (n_rows, N_TRIALS, 2)).astype(float))


def machinery(model, options):
    """What `posterior_density` is made of, in 64 bits."""
    n_rows = len(options.get("subjects", range(N_PEOPLE)))
    defaults = {"fixed": None, "subjects": None, "covariates": None, "correlations": False}
    given = {**defaults, **{k: v for k, v in options.items() if k in defaults}}
    asked = _given.asked(
        model, some_trials(n_rows), options.get("priors"), options.get("hierarchical", True), **given
    )
    found = lambda f, n: [np.asarray(x) for x in f(np.arange(n))]  # noqa: E731
    sites, frame = _sites.found(asked.target, asked.given, asked.data, asked.fixed, jax.random.key(0), found)
    return asked, _target.Numbers(asked.given, sites, frame, asked.data, asked.fixed)


def point(form, x):
    people = x[form.n_group :].reshape(len(form.latents), 1, -1)
    return _target.At(x[None, : form.n_group], people)


def latents(asked, numbers, x):
    """The group's coordinates and people's latents, one after the other, from a point."""
    form, given = asked.target.form, numbers.given
    n = form.n_group
    group, _ = _target.group_at(form, given, numbers.frame, x[None, :n])
    there = _target.conditional(form, given, numbers.sites, group)
    z = _target.deviations(there, x[n:].reshape(len(form.latents), 1, -1))
    return jnp.concatenate([x[:n], _target.latents_of(group, there.mean, z).ravel()])


def log_posterior(asked, frame, trials, x, y):
    """The log-density of latents and group, from SciPy and `log_likelihood`: no code of the target's."""
    form, given = asked.target.form, asked.given
    n = len(form.latents)
    people = np.asarray(y)[form.n_group :].reshape(n, -1).T
    total = 0.0
    if form.hierarchical:
        base = np.asarray(x)[None, : form.n_group] @ np.asarray(frame.width).T + frame.middle
        group = jax.tree.map(np.asarray, _population.group_of(form, given, base))
        total += float(_population.log_prior(form, given, base, _population.group_of(form, given, base))[0])
        corr = np.eye(n) if group.factor is None else group.factor[..., 0] @ group.factor[..., 0].T
        covariance = np.outer(group.spread[:, 0], group.spread[:, 0]) * corr
        for i, person in enumerate(people):
            mean = group.mean[:, 0] + np.einsum("ek,e->k", group.effects[..., 0], given.covariates[i])
            total += stats.multivariate_normal(mean, covariance).logpdf(person)
    else:
        for k, name in enumerate(form.names):
            lower, upper, scale = (a[k] for a in given.places)
            natural = natural_of(form.kinds[k], people[:, k], lower, upper, scale)
            step = 1e-5
            slope = natural_of(form.kinds[k], people[:, k] + step, lower, upper, scale)
            slope = (slope - natural_of(form.kinds[k], people[:, k] - step, lower, upper, scale)) / (2 * step)
            total += float((given.priors[name].log_prob(natural) + np.log(slope)).sum())
    params = {}
    for k, name in enumerate(form.names):
        line = people[given.person, k]
        for w in range(len(form.within)):
            line = line + people[given.person, (w + 1) * len(form.names) + k] * given.design[:, w]
        params[name] = natural_of(form.kinds[k], line, *(a[k] for a in given.places))
    return total + float(bm.log_likelihood(asked.target.model, params, trials).sum())


def natural_of(kind, line, lower, upper, scale):
    if kind == "interval":
        return lower + (upper - lower) * stats.norm.cdf(line)
    return scale * line if kind == "line" else lower + scale * np.exp(line)


@pytest.mark.parametrize("name", CASES)
def test_the_change_of_coordinates_is_exact(name):
    """log p(x) is log p(latents, group) plus the logarithm of the volume, up to one constant."""
    model, options = CASES[name]
    with enable_x64(True):
        asked, numbers = machinery(model, options)
        trials = some_trials(len(asked.given.person))
        log_likelihood = _target.likelihood_of(asked.target, numbers.data, numbers.fixed, 1, np.dtype(float))
        form = asked.target.form
        tell = _target.target_of(form, numbers.given, numbers.sites, numbers.frame, log_likelihood)
        n = form.n_group + len(form.latents) * len(asked.given.covariates)
        there = jax.jit(lambda x: latents(asked, numbers, x))
        volume = jax.jit(jax.jacfwd(there))
        density = jax.jit(lambda x: _target.total(tell(point(form, x)))[0])
        off = []
        for x in np.random.default_rng(1).normal(size=(5, n)):
            log_volume = np.linalg.slogdet(np.asarray(volume(x)))[1]
            off.append(
                float(density(x)) - log_posterior(asked, numbers.frame, trials, x, there(x)) - log_volume
            )
    # Sums of a few hundred terms in 64 bits; a slope by differences is right to about 1e-9.
    np.testing.assert_allclose(off, off[0], atol=1e-6)


def test_the_prior_of_a_spread_is_standard_normal_in_its_coordinate():
    x = jnp.linspace(-6, 8, 141)
    with enable_x64(True):
        x = jnp.asarray(np.linspace(-6, 8, 141))
        spread = np.asarray(_population.half_normal_quantile(x))
        density = stats.halfnorm.logpdf(spread) + np.asarray(_population.log_slope_of_quantile(x, spread))
    np.testing.assert_allclose(density, stats.norm.logpdf(np.asarray(x)), atol=1e-4)  # the series below -2
    assert np.isfinite(np.asarray(_population.half_normal_quantile(jnp.array([-30.0, 30.0])))).all()


@pytest.fixture(scope="module")
def density():
    true, outcomes = {"alpha": [0.2, 0.3, 0.5], "temperature": 0.2}, [[1.0, 0.0], [0.0, 1.0]] * 100
    trace = bm.simulate(jax.random.key(0), MODEL, true, outcomes)
    trials = bm.Trials(trace.choices, outcomes)
    return bm.posterior_density(jax.random.key(0), MODEL, trials), trials


def test_it_is_close_to_a_standard_normal(density):
    """Of a standard normal the slope at a draw is minus the draw."""
    target, _ = density
    assert isinstance(target, bm.Density) and target.n_dimensions == 4 + 2 * 3
    x = np.asarray(target.start(jax.random.key(2), 64))
    slope = np.asarray(jax.jit(jax.vmap(jax.grad(target.log_prob)))(x))
    together = [np.corrcoef(-a, b)[0, 1] for a, b in zip(x.T, slope.T, strict=True)]
    assert np.median(together) > 0.8 and min(together) > 0.4, together


def test_numpyro_samples_from_it(density):
    from numpyro.infer import MCMC, NUTS

    target, trials = density
    mcmc = MCMC(
        NUTS(potential_fn=lambda x: -target.log_prob(x)), num_warmup=300, num_samples=800, progress_bar=False
    )
    mcmc.run(jax.random.key(4), init_params=target.start(jax.random.key(3), 1)[0])
    theirs = jax.vmap(target.natural)(mcmc.get_samples())
    ours = bm.sample(jax.random.key(5), MODEL, trials)
    for name in ("alpha_median", "temperature_median", "alpha_spread", "alpha"):
        a, b = np.asarray(theirs[name]), ours.variables()[name]
        b = b.reshape(-1, *b.shape[2:])
        # Each chain's mean is off by about sd / sqrt(400) or less: 5 such errors, of 400 effective draws.
        assert np.all(np.abs(a.mean(0) - b.mean(0)) < 5 * b.std(0) * np.sqrt(1 / 400 + 1 / 1000)), name


def begun(n_chains):
    key = jax.random.key(0)
    return bm.posterior_density(key, MODEL, some_trials(3)).start(key, n_chains)


@pytest.mark.parametrize(
    "bad",
    [
        Bad(lambda: bm.posterior_density(1, MODEL, some_trials(3)), "key", "random key", "1"),
        Bad(
            lambda: bm.posterior_density(jax.random.key(0), MODEL, some_trials(3)).start(
                jax.random.key(0), 0
            ),
            "n_chains",
            "at least 1",
            "0",
        ),
    ],
    ids=["key", "chains"],
)
def test_bad_input_is_answered(bad):
    assert_refused(bad)
