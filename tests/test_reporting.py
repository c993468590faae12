"""report and preregistration: every figure in the text is one of the objects'."""

import inspect
import re

import jax
import numpy as np
import numpyro.distributions as dist
import own_models
import pytest
import refusals
import scipy.stats
from refusals import Bad

import behavioural_modelling as bm
from behavioural_modelling import Power, Report, models, preregistration, report
from behavioural_modelling.studies import _beginning, _in_words, _of_models, _sample, _told, _typeset

KEY = jax.random.key(0)
MODEL = models.rescorla_wagner(2)
STICKY = models.with_stickiness(MODEL)
N = 6
PRIORS = {"alpha": dist.Beta(2.0, 3.0), "temperature": dist.Gamma(2.0, 4.0)}


def made_trials():
    """Six people, of whom the first missed four trials."""
    true = {"alpha": np.linspace(0.2, 0.6, N), "temperature": 0.3}
    trace = bm.simulate(KEY, MODEL, true, bm.tasks.bandit(50, [0.8, 0.2]))
    mask = np.ones((N, 50), bool)
    mask[0, :4] = False
    return bm.Trials(np.asarray(trace.choices), np.asarray(trace.outcomes), mask=mask)


TRIALS = made_trials()


@pytest.fixture(scope="module")
def likeliest():
    return bm.fit(KEY, MODEL, TRIALS, n_starts=3, progress=False)


@pytest.fixture(scope="module")
def with_priors():
    return bm.fit(KEY, MODEL, TRIALS, PRIORS, n_starts=3, progress=False)


@pytest.fixture(scope="module")
def posterior():
    priors = {"alpha": dist.Beta(2.0, 3.0), "temperature_spread": dist.HalfNormal(0.4)}
    asked = {"priors": priors, "n_effective": 50, "max_draws": 50, "n_chains": 4, "progress": False}
    return bm.sample(KEY, MODEL, TRIALS, covariates={"age": np.arange(N) - 2.5}, **asked)


@pytest.fixture(scope="module")
def group():
    return bm.empirical_bayes(KEY, MODEL, TRIALS, n_starts=2, progress=False)


# Words and numbers.


def test_numbers_are_printed_as_in_a_paper():
    said = {0: "0", 3: "3", 0.5: "0.50", 12.345: "12.35", 0.0341: "0.034", 1e-5: "1e-05", 1053.4: "1,053"}
    assert {x: _in_words.number(x) for x in said} == said
    assert [_in_words.number(x) for x in (np.nan, np.inf, -0.0)] == ["not known", "infinity", "0"]


def test_distributions_are_printed_with_their_numbers():
    said = {
        "Beta(1.1, 1.1)": dist.Beta(1.1, 1.1),
        "half-normal with scale 0.7": dist.HalfNormal(0.7),
        "gamma with shape 2 and rate 4": dist.Gamma(2.0, 4.0),
        "uniform from 0 to 5": dist.Uniform(0.0, 5.0),
        "log-normal with median 5 and log-sd 1": dist.LogNormal(np.log(5.0), 1.0),
        "normal with mean 0 and sd 2, cut off below 0": dist.TruncatedNormal(0.0, 2.0, low=0.0),
        "StudentT(df = 3, loc = 0, scale = 1)": dist.StudentT(3.0, 0.0, 1.0),
        "held at 0.5": dist.Delta(0.5),
        "LKJ with concentration 2": dist.LKJCholesky(2, 2.0),
    }
    assert {_in_words.distribution(prior): prior for prior in said.values()} == said


def test_default_priors_in_points_are_merged():
    priors = models.default_priors(models.rescorla_wagner(2, "free"), (-50, 50))
    assert _in_words.distribution(priors["temperature"]) == "log-normal with median 20 and log-sd 1"
    assert _in_words.distribution(priors["initial_value"]) == "normal with mean 0 and sd 50"
    stretched = dist.TransformedDistribution(dist.Beta(2.0, 2.0), dist.transforms.AffineTransform(1.0, 3.0))
    assert _in_words.distribution(stretched) == "Beta(2, 2), times 3, plus 1"


ENTRIES = [pytest.param(entry, id=entry.called) for entry in models.list_models()]


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_builder_gives_a_paragraph(entry):
    model, builder = entry.build(), entry.builder
    base, made_by = _of_models.builders(model)
    steps = [builder] if entry.around is None else [entry.around.builder, builder]
    assert base is None and [made.builder for made in made_by] == steps
    text = _of_models.described(model)
    summary = inspect.getdoc(builder).split("\n\n")[0].replace("\n", " ").rstrip(".")
    assert summary[1:] in text and text.startswith(f"`{model.name}`: ")
    assert all(f"`{name}`" in text for name in model.inputs)
    assert ("what every action paid" in text) == model.needs_all_outcomes
    written = preregistration(model)
    assert text in written
    assert all(
        f"`{one.name}` ({_in_words.span(one.lower, one.upper, one.above)}" in written
        for one in model.parameters
    )
    assert not re.search(r"[\\$^]", written.replace("\\_", "_"))  # in tables, Markdown's own


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_builder_has_equations_of_its_choices(entry):
    equations = _of_models.equations(entry.build())
    assert len(equations) >= 1 + (entry.around is not None)
    assert "P(" in " ".join(equations), "no equation says what is chosen"
    for one in equations:
        assert one.count("{") == one.count("}") and one.count("(") == one.count(")")
        assert "\\mathtt" not in one and "\\text{or}" not in one and not one.endswith(("qquad", ","))
        assert one.count("\\begin") == one.count("\\end")


# What a builder was told decides which parts of its equations are the model's.


@pytest.mark.parametrize(
    ("model", "there", "not_there"),
    [
        (models.prospect_theory(), ["w(p) = 1/2"], [r"\gamma"]),
        (models.prospect_theory(weighting="prelec"), [r"w(p) = e^{-(-\log p)^\gamma}"], ["1/2", "frac"]),
        (models.prospect_theory(weighting="tversky_kahneman"), [r"\frac{p^\gamma}"], ["1/2", r"\log"]),
        (models.binary_hgf(sigmoid="softmax"), [r"s(\zeta\, (2 "], [r"^\zeta"]),
        (models.binary_hgf(), [r"\hat\mu_1^\zeta}"], [r"s(\zeta"]),
        (models.kalman_filter(2), [r"e^{\mu(a)/\tau}", r"\lambda = 1"], [r"\sqrt", r"\sigma_o"]),
        (models.kalman_filter(2, choice="bonus"), [r"b \sqrt{s(a)})/\tau}"], [r"\sigma_o", r"\mu(a)/\tau"]),
        (models.kalman_filter(2, choice="thompson"), [r"\sigma_o^2"], [r"\tau"]),
        (models.kalman_filter(2, mean_reversion=True), [r"\theta"], [r"\lambda = 1"]),
        (models.leaky_beta(2), ["b = 0"], []),
        (models.leaky_beta(2, uncertainty_bonus=True), [r"b\, s(a)"], ["b = 0"]),
        (models.leaky_beta(2, True), [r"\beta\, (\mu(a) + b\, s(a))", r"\tau^+"], [r"/ \tau"]),
        (models.go_no_go(4, go_bias=True), [r"\pi = 0"], ["b = 0", r"\rho_{r|p}"]),
        (models.counterfactual_rescorla_wagner(2, "seen"), [r"\alpha_u"], ["r_0", r"\alpha_u = "]),
        (
            models.counterfactual_rescorla_wagner(2, "1 - r", one_rate=True),
            ["r_0 + r_1", r"\alpha_u = \alpha"],
            [],
        ),
        (
            models.two_step_hybrid(inverse_temperature=True, by_stage=False),
            [r"\beta_1\, Q(a)", r"\beta_2\, Q_2(s, a)"],
            [r"\tau"],
        ),
        (
            models.two_step_model_based(inverse_temperature=True),
            [r"\beta_1\, Q_{MB}(a) + ", r"\beta_2\, Q_2(s, a)"],
            [r"\tau"],
        ),
    ],
)
def test_an_equation_has_the_parts_of_its_model(model, there, not_there):
    text = " ".join(_of_models.equations(model))
    assert all(one in text for one in there) and not any(one in text for one in not_there)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            models.go_no_go(4, go_bias=True),
            "(`go_bias` = yes, `pavlovian_bias` = no, `two_sensitivities` = no)",
        ),
        (models.go_no_go(4), "On each trial it is given the input `cue` (0, 1, 2 or 3)"),
        (models.rlwm(3, 6), "given the inputs `stimulus` (0 to 5) and `set_size` (1 to 6)"),
        (models.rlwm(3, 6), "(`inverse_temperature` = 50, `neglect` = no)"),
        (models.counterfactual_rescorla_wagner(2, "-r"), "Outcomes are -1 or 1"),
        (models.counterfactual_rescorla_wagner(2, "seen"), "It learns from what every action paid"),
        (models.binary_hgf(kappa="free"), "`levels` = 3, `update` = `ehgf`, `theta` = 0.05, `initial_means`"),
        (
            models.binary_hgf_rating(2, threshold=0.5),
            "event is that may come now (`threshold` = 0.5, `levels` = 2",
        ),
        (models.with_forgetting(MODEL, 0.25), "that were not chosen (`towards` = 0.25)"),
        (
            models.with_lapse(models.prospect_theory(30)),
            "softmax choice (`scale` = 30); with `with_lapse`, the",
        ),
        (
            MODEL._replace(inputs=("shape",)),
            "package's builders. On each trial it is given the input `shape`",
        ),
    ],
)
def test_what_a_builder_was_told_and_what_a_model_is_given_are_said(model, expected):
    assert expected in _of_models.described(model)
    assert expected in preregistration(model)


def test_a_report_says_what_a_model_is_given():
    model = models.volatile_rescorla_wagner(2)
    trials = TRIALS._replace(inputs={"volatility": np.zeros((N, 50))})
    fit = bm.fit(KEY, model, trials, n_starts=1, progress=False)
    assert "is given the input `volatility`. Estimated: `alpha_base`" in report(fit, model=model).methods


def test_a_model_of_ones_own_is_said_to_be_one():
    own = MODEL._replace(name="rescorla_wagner", init=lambda params: np.zeros(2))
    assert "not one of the package's builders" in _of_models.what_it_does(own)
    assert _of_models.equations(own) == ()


LEARNED = r"V(a_t) \leftarrow V(a_t) + \alpha\, (R - V(a_t))"
KERNEL = r"K(a) \leftarrow K(a) + \alpha_c\, (c_t(a) - K(a))"
INVERSE = models.rescorla_wagner(2, inverse_temperature=True)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (MODEL, [r"P(a) \propto e^{V(a)/\tau}, \qquad " + LEARNED]),
        (INVERSE, [r"P(a) \propto e^{\beta\, V(a)}, \qquad " + LEARNED]),
        (models.choice_kernel(2, True), [r"P(a) \propto e^{\beta_c\, K(a)}, \qquad " + KERNEL]),
        (
            models.rescorla_wagner_choice_kernel(2, inverse_temperature=True),
            [r"P(a) \propto e^{\beta\, V(a) + \beta_c\, K(a)}, \qquad " + LEARNED, KERNEL],
        ),
        (
            models.with_choice_kernel(INVERSE),
            [
                r"P(a) \propto e^{\beta\, V(a)}, \qquad " + LEARNED,
                r"P(a) \propto e^{\ell_a + K(a)/\tau_c}, \qquad " + KERNEL,
            ],
        ),
        (
            models.with_choice_kernel(MODEL, inverse_temperature=True),
            [
                r"P(a) \propto e^{V(a)/\tau}, \qquad " + LEARNED,
                r"P(a) \propto e^{\ell_a + \beta_c\, K(a)}, \qquad " + KERNEL,
            ],
        ),
    ],
    ids=["temperature", "inverse", "kernel", "both", "inverse and temperature", "temperature and inverse"],
)
def test_an_equation_has_the_temperature_of_its_model(model, expected):
    assert list(_of_models.equations(model)) == expected


def with_either_temperature(entry, inverse):
    """An entry's model, and what is put into it, with temperatures or with inverse ones."""
    inside = () if entry.around is None else (with_either_temperature(entry.around, inverse),)
    asked = {"inverse_temperature": inverse} if takes_either(entry) else {}
    return entry.builder(*inside, **{**entry.arguments, **asked})


def takes_either(entry):
    """Whether a builder asks whether a temperature is inverse, not what it is, and makes a model with one."""
    found = inspect.signature(entry.builder).parameters.get("inverse_temperature")
    has_one = any("temperature" in parameter.name for parameter in entry.build().parameters)
    return found is not None and found.default is False and has_one


OF_EITHER = [pytest.param(entry, id=entry.called) for entry in models.list_models() if takes_either(entry)]


@pytest.mark.parametrize("entry", OF_EITHER)
def test_no_builder_writes_a_temperature_that_its_model_does_not_have(entry):
    made = [with_either_temperature(entry, inverse) for inverse in (False, True)]
    one, other = (" ".join(_of_models.equations(model)) for model in made)
    n_divided = len(re.findall(r"/ ?\\tau", one))
    assert (
        n_divided >= 1
        and not re.search(r"/ ?\\tau", other)
        and other.count("beta") == one.count("beta") + n_divided
    )


def test_every_family_with_a_temperature_is_asked():
    assert len(OF_EITHER) > 20


def test_a_model_of_ones_own_has_the_equations_of_its_docstrings():
    def predict(params, state, trial):
        r"""The choice.

        .. math:: P(a) \propto e^{\theta\, V(a)}
        """
        return params["alpha"] * state

    def update(params, state, trial, responded, outcome):
        r"""Learning.

        .. math::
            V(a) \leftarrow
            V(a) + 1

        More words.
        """
        return state + 1, {}

    own = MODEL._replace(name="rescorla_wagner", predict=predict, update=update)
    choice, learning = r"P(a) \propto e^{\theta\, V(a)}", r"V(a) \leftarrow V(a) + 1"
    assert _of_models.equations(own) == (choice, learning)
    # Inside of a builder of the package it is still one's own, whatever its name.
    inside = models.with_lapse(own)
    assert _of_models.equations(inside)[:2] == (choice, learning) and len(_of_models.equations(inside)) == 3
    words = _of_models.what_it_does(inside)
    assert "not one of the package's builders" in words and "with `with_lapse`" in words


# What a model learns from.


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (models.rescorla_wagner(2, 0.1), "`values` is 0.1 for every action"),
        (models.rescorla_wagner(3, "free"), "`values` is the parameter `initial_value` for every action"),
        (
            models.with_choice_kernel(MODEL),
            "`values` is 0.5 for every action and `kernel` is 0 for every action",
        ),
        (models.win_stay_lose_shift(4), "the state is 0.25 for every action"),
        (models.biased_random(2), "none, as nothing is carried from trial to trial"),
        (MODEL._replace(init=lambda p: np.array([0.2, 0.7], np.float32)), "`values` is 0.2 and 0.7 for"),
        (MODEL._replace(init=lambda p: p["alpha"] * np.ones(2)), "`values` is the parameter `alpha`"),
        (
            MODEL._replace(init=lambda p: p["alpha"] / 2 * np.ones(2)),
            "`values` is computed from the parameters",
        ),
        (
            STICKY._replace(init=lambda p: {"a": np.zeros(2), "b": np.zeros(30)}),
            "`a` is 0 for every action and",
        ),
        (STICKY._replace(init=lambda p: np.arange(9.0)), "the state is from 0 to 8"),
    ],
)
def test_the_initial_values_are_those_of_init(model, expected):
    text = _beginning.in_words(model, None)
    assert text.startswith("Initial values: ") and expected in text


@pytest.mark.parametrize("name", own_models.MODELS)
def test_initial_values_of_models_with_inputs_and_ratings(name):
    model, trials = own_models.MODELS[name], bm.Trials(**own_models.fields_for(name))
    expected = {
        "contextual": "the state is 0.5",
        "rater": "`values` is 0.25",
        "two steps": "1 of the state is 0.5",
    }
    assert expected[name] in _beginning.in_words(model, trials)


def test_what_was_held_is_told_with_its_values():
    free = models.rescorla_wagner(2, "free")
    held = {"initial_value": 0.25, "temperature": np.linspace(0.2, 0.4, N)}
    fit = bm.fit(KEY, free, TRIALS, fixed=held, n_starts=1, progress=False)
    text = report(fit, model=free, trials=TRIALS).methods
    assert "held at given values: `temperature` (from 0.2 to 0.4) and `initial_value` (0.25)" in text
    assert "`values` is the parameter `initial_value`" in text


# Trials without a response, and blocks.


def sample_in_words(rows=2, n=6, **fields):
    outcomes = np.tile([1.0, 0.0], (rows, n // 2))
    return _sample.in_words(None, bm.Trials(np.zeros((rows, n), int), outcomes, **fields), None)


def test_trials_without_a_response_are_counted():
    assert "No trial was missed or left out." in sample_in_words()
    mask = np.ones((2, 6), bool)
    mask[0, 2] = mask[1, 0] = False
    assert "2 of 12 trials (16.7%) had no response that counts" in sample_in_words(mask=mask)
    assert "nothing was scored or learned there." in sample_in_words(mask=mask)
    mask[1, 4:] = False  # after the last response, perhaps for the length of the row alone
    text = sample_in_words(mask=mask)
    assert "2 of 10 trials (20.0%)" in text and "2 trials after the last response are not among them" in text
    mask[0, 2] = mask[1, 0] = mask[1, 4] = True
    text = sample_in_words(mask=mask)
    assert "0 of 11 trials (0.0%)" in text and "1 trial after the last response is not" in text
    assert "scored or learned" not in text


def test_whether_learning_began_anew():
    reset = np.zeros((2, 6), bool)
    assert "was carried through all trials of a person" in sample_in_words(reset=reset)
    reset[:, 0] = True  # before the first trial there is nothing to set back
    assert "was carried through all trials of a person" in sample_in_words(reset=reset)
    reset[:, 3] = reset[0, 5] = True
    assert "was set back 3 times (1 to 2 in each person)" in sample_in_words(reset=reset)
    mask = np.ones((2, 6), bool)
    mask[0, :3] = mask[:, 5] = False  # the first person's begins at 3, and nobody goes on at 5
    assert "was set back 1 time (0 to 1 in each person)" in sample_in_words(reset=reset, mask=mask)


def test_choices_without_feedback_are_told():
    text = sample_in_words(feedback=[[True] * 5 + [False], [True] * 6])
    assert "1 of 12 scored choices (8.3%) had no feedback, and nothing was learned there" in text


def test_one_person_is_not_people():
    one = TRIALS.subjects([0])
    text = report(bm.fit(KEY, MODEL, one, n_starts=1, progress=False), model=MODEL, trials=one)
    said = " ".join([text.methods, *text.warnings])
    assert "1 person left 46 scored trials" in said and "of 1 person" in said and "from 1 start" in said
    assert not re.search(r"\b1 (people|estimates|trials|starts|models|chains|decisions|sessions)\b", said)
    assert "1 person, 1 trial each" in preregistration(MODEL, n_subjects=1, n_trials=1)


def test_estimates_at_a_bound_are_counted(likeliest):
    at = {"alpha": np.arange(N) < 1, "temperature": np.arange(N) < 2}
    warnings = report(likeliest._replace(at_bound=at), model=MODEL).warnings
    assert "1 estimate of `alpha` is at a bound" in warnings
    assert "2 estimates of `temperature` are at a bound" in warnings


def test_p_values_are_never_0():
    said = {0.0: "p < .001", 1e-9: "p < .001", 0.0011: "p = .001", 0.0321: "p = .032", 0.25: "p = .25"}
    assert {p: _in_words.p_value(p) for p in said} == said
    assert [_in_words.p_value(p) for p in (np.nan, 0.999)] == ["p not known", "p > .99"]


def test_text_means_itself_in_markdown_and_in_latex():
    assert _typeset.escaped("a|b_c `d_e` 5*") == "a\\|b\\_c `d_e` 5\\*"
    assert _typeset.latex("5% of `a_b` & **c#**") == "5\\% of \\texttt{a\\_b} \\& \\textbf{c\\#}"


# The table of people who were fitted apart.


@pytest.mark.parametrize("n", [3, 6, 11, 40])
def test_the_interval_of_the_median_is_that_of_the_sign_test(n):
    x = np.arange(1.0, n + 1)
    lower, upper = _told.median_interval(x, 0.95)
    if n == 3:  # one in four times the median is outside all three
        assert np.isnan(lower) and np.isnan(upper)
        return
    k = int(lower)
    # The k-th from both sides misses the median where fewer than k of n people are on one side of it.
    miss = lambda k: 2 * scipy.stats.binom.cdf(k - 1, n, 0.5)  # noqa: E731
    assert upper == n + 1 - k and miss(k) <= 0.05 < miss(k + 1)


def test_people_across_by_hand():
    table = _told.across_people({"x": np.array([3.0, 1.0, np.nan, 2.0])}, 0.95, {"x": 1})
    assert table.loc[0, ["parameter", "n", "mean", "sd", "median"]].tolist() == ["x", 3, 2, 1, 2]
    assert table.loc[0, "n_at_bound"] == 1


# Reports.


def test_a_report_of_a_maximum_likelihood_fit(likeliest):
    written = report(likeliest, model=MODEL, trials=TRIALS)
    assert isinstance(written, Report)
    text = written.methods
    assert "6 people left 296 scored trials (46 to 50 each). 4 of 300 trials (1.3%)" in text
    assert "`values` is 0.5 for every action" in text and "nothing was set back" in text
    assert "maximum likelihood" in text and "from 3 starts" in text and "Priors" not in text
    assert f"converged for {likeliest.converged.sum()} of 6 " in text
    for name in ("alpha", "temperature"):
        assert f"{likeliest.at_bound[name].sum()} of `{name}`" in text
    np.testing.assert_allclose(
        written.table["mean"], [likeliest.params[k].mean() for k in likeliest.params], rtol=1e-6
    )
    assert "in 32 bits" in text and f"jax {jax.__version__}" in text
    assert any("no other model" in one for one in written.warnings)


def test_a_report_without_trials_says_so(likeliest):
    written = report(likeliest, model=MODEL)
    assert "6 people took 296 decisions (46 to 50 each)." in written.methods
    assert any("trials were not given" in one for one in written.warnings)


def test_a_report_of_a_map_tells_the_priors(with_priors):
    text = report(with_priors, model=MODEL, trials=TRIALS, priors=PRIORS).methods
    assert "maximum a posteriori" in text
    assert "`alpha` Beta(2, 3); `temperature` gamma with shape 2 and rate 4" in text


def test_people_who_did_not_converge_come_first(likeliest):
    converged = np.array([False, True, False, True, True, True])
    problem = np.where(converged, "", "not converged")
    written = report(likeliest._replace(converged=converged, problem=problem), model=MODEL)
    assert written.methods.startswith("**These results have not converged")
    assert "did not converge for 2 of 6 people (33.3%)" in written.methods.split("**")[1]
    assert "2 people with a problem: not converged (2)" in written.warnings


def test_a_posterior_that_did_not_converge_says_so_first(posterior):
    assert not posterior.converged, "50 draws of 4 chains should not be enough: the test shows nothing"
    text = report(posterior).methods
    assert text.startswith("**These results have not converged")
    assert posterior.problem in text.split("**")[1]


def test_the_figures_of_a_posterior(posterior):
    well = posterior._replace(converged=True, problem="")
    written = report(well, level=0.9)
    text, numbers = written.methods, [x for table in well.r_hat.values() for x in table.values()]
    assert not text.startswith("**") and "6 people left 296" in text
    assert f"largest r-hat is {np.max([np.max(x) for x in numbers]):.3f}" in text
    sizes = [np.min(x) for table in well.n_effective.values() for x in table.values()]
    assert f"effective sample size {int(min(sizes)):,}; {well.n_divergent} traject" in text
    assert "4 chains of 50" in text and "covariates between people: `age`" in text
    assert "the median person's `alpha`: Beta(2, 3)" in text
    assert "the spread of `temperature` on the line: half-normal with scale 0.4" in text
    assert "the spread of `alpha` on the line: half-normal with scale 0.7" in text
    row = written.table.set_index(["kind", "parameter"]).loc[("median person", "alpha")]
    assert row["mean"] == well.group["alpha"].mean()
    np.testing.assert_allclose(row["lower"], np.quantile(well.group["alpha"], 0.05))


def test_people_apart_have_a_table_of_posterior_means(posterior):
    form = posterior.form._replace(hierarchical=False)
    empty = posterior._replace(form=form, group={}, spread={}, effects={}, correlation={})
    written = report(empty)
    assert "without a group" in written.methods
    np.testing.assert_allclose(written.table["mean"][0], posterior.params["alpha"].mean(), rtol=1e-5)


def test_the_figures_of_empirical_bayes(group):
    written = report(group, model=MODEL, trials=TRIALS)
    assert f"after {group.n_iterations} turn" in written.methods
    assert written.table["median_person"].tolist() == list(group.group.values())
    failed = report(group._replace(converged=False, problem="it went on and on"), model=MODEL)
    assert "it went on and on" in failed.methods.split("**")[1] and "it went on and on" in failed.warnings


def test_several_models_have_the_table_of_compare(likeliest):
    sticky = bm.fit(KEY, STICKY, TRIALS, n_starts=3, progress=False)
    fits = {"plain": likeliest, "sticky": sticky}
    written = report(fits, model={"plain": MODEL, "sticky": STICKY}, trials=TRIALS)
    assert written.table.equals(bm.compare(fits))
    assert "The model `plain` was `rescorla_wagner`" in written.methods
    assert "The 2 models were compared by AIC and BIC" in written.methods
    assert len(written.equations) == 2
    assert not any("no other model" in one for one in written.warnings)


def test_several_posteriors_are_compared_by_leave_one_out(posterior):
    well = posterior._replace(converged=True, problem="")
    swapped = {name: x[:, :, ::-1] for name, x in well.params.items()}  # everybody has another one's
    results = {"own": well, "swapped": well._replace(params=swapped)}
    for unit in ("trial", "subject"):
        written = report(results, unit=unit)
        assert written.table.equals(bm.compare(results, unit=unit))
        assert written.table["unit"].tolist() == [unit] * 2
    assert report(results).table["elpd_loo"].idxmax() == "own"
    text = written.methods
    assert "The model `own` was" in text and "The model `swapped` was" in text
    assert "The 2 models were compared by leave-one-out cross-validation" in text
    assert not text.startswith("**") and text.count("Hamiltonian Monte Carlo") == 1
    # One that has not converged is named before all else.
    failed = report(results | {"swapped": results["swapped"]._replace(converged=False, problem="it sticks")})
    assert failed.methods.startswith("**These results have not converged")
    assert "`swapped`: it sticks" in failed.methods.split("**")[1]
    assert not any("no other model" in one for one in failed.warnings)


def test_several_groups_are_compared_by_the_integrated_bic(group):
    other = group._replace(log_evidence=group.log_evidence - 1)
    table = report({"a": group, "b": other}, model={"a": MODEL, "b": MODEL}).table
    assert table["integrated_bic"].tolist() == [group.integrated_bic, other.integrated_bic]
    np.testing.assert_allclose(table["difference"], [0, 2 * N], rtol=1e-5)


def test_the_methods_have_no_latex_and_the_latex_no_bare_signs(likeliest):
    written = report(likeliest, model=MODEL, trials=TRIALS)
    assert not re.search(r"[\\$^{}]", written.methods)
    latex = written.to_latex()
    prose = re.sub(r"\\\[.*?\\\]", "", latex, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)[%$#_]", prose), "a sign that LaTeX does not take for text"
    assert latex.count("\\begin{") == latex.count("\\end{")
    rows = [line for line in prose.splitlines() if line.endswith("\\\\")]
    assert {line.count("&") - line.count("\\&") for line in rows} == {len(written.table.columns) - 1}
    markdown = written.to_markdown()
    assert markdown.startswith(written.methods) and "$$" in markdown and "| n\\_at\\_bound |" in markdown
    assert all(f"- {one}" in markdown for one in written.warnings)


# Preregistration.


def test_the_claims_of_priors_are_their_quantiles():
    priors = {"alpha": dist.Beta(2.0, 3.0), "temperature": dist.Uniform(0.0, 5.0)}
    text = preregistration(MODEL, priors=priors, estimator="map")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| rescorla")]
    told = {row[1]: [float(x) for x in row[3:]] for row in rows}
    q = [0.05, 0.5, 0.95]
    # 100,000 draws: an error below .003 of a range of 1; printed to two digits, half of which is .005.
    np.testing.assert_allclose(told["alpha"], scipy.stats.beta.ppf(q, 2, 3), atol=4 * 0.003 + 0.005)
    np.testing.assert_allclose(told["temperature"], 5 * np.array(q), atol=5 * 4 * 0.003 + 0.005)


def test_a_persons_claims_are_wider_than_the_median_persons():
    priors = {"alpha": dist.Uniform(0.0, 1.0), "alpha_spread": dist.Delta(1.0)}
    text = preregistration(MODEL, priors=priors)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if "| alpha |" in line]
    told = {row[2]: [float(x) for x in row[3:]] for row in rows}
    # A uniform share has a standard normal probit; with a spread of 1 the variance is 2.
    expected = scipy.stats.norm.cdf(2**0.5 * scipy.stats.norm.ppf([0.05, 0.5, 0.95]))
    np.testing.assert_allclose(told["a person"], expected, atol=4 * 0.003 + 0.005)
    np.testing.assert_allclose(told["the median person"], [0.05, 0.5, 0.95], atol=4 * 0.003 + 0.005)


def made_power(method="two-step", level=0.95):
    found = np.array([[True] * 3 + [False], [True] * 4])
    rest = (np.zeros((2, 4), bool), "alpha", 0.5, (0.31, 0.42), method, level)
    return Power(np.array([10, 20]), np.array([50, 50]), found, np.zeros((2, 4)), *rest)


def test_sections_gaps_and_power():
    given = {"question": "Who learns faster?", "task": "A bandit.", "exclusions": "Nobody."}
    text = preregistration(MODEL, n_subjects=10, n_trials=50, power=made_power(), estimator="map", **given)
    for title, words in (("Question", given["question"]), ("Task", "A bandit."), ("Exclusions", "Nobody.")):
        assert f"## {title}\n\n{words}\n" in text
    assert "10 people in each of two groups, 50 trials each" in text
    assert "In 4 simulated studies (each person fitted apart, then Welch's t-test at 5%), a" in text
    assert "a difference of 0.5 in `alpha`" in text
    assert "0.31 and 0.42" in text and "share of 0.75" in text and "none in 0.00" in text
    assert "One model is fitted" in text
    gaps = preregistration({"a": MODEL, "b": STICKY})
    assert gaps.count("[how many]") == 2 and "[the question;" in gaps and "`confusion`" in gaps
    assert re.findall("^## (.*)$", gaps, re.MULTILINE) == re.findall("^## (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("method", "estimator", "simulated", "planned"),
    [
        (
            "two-step",
            "map",
            "(each person fitted apart, then Welch's t-test at 10%)",
            "The two groups' estimates are compared on the line by Welch's t-test, two-sided, at 10%.",
        ),
        (
            "hierarchical",
            "hierarchical",
            "(one hierarchical model with the group as a covariate, 90% interval)",
            "`sample` has the group as a covariate: a difference is found where the 90% interval of its "
            "effect leaves out 0.",
        ),
    ],
)
def test_the_planned_test_is_that_of_the_power(method, estimator, simulated, planned):
    plan = {"n_subjects": 10, "n_trials": 50, "estimator": estimator}
    text = preregistration(MODEL, power=made_power(method, level=0.9), **plan)
    sections = dict(part.split("\n\n", 1) for part in text.split("## ")[1:])
    assert simulated in sections["Sample size and power"] and planned in sections["Estimation"]
    without = preregistration(MODEL, estimator=estimator)
    assert "Welch" not in without and "interval of its effect" not in without


# Bad input.


def bad_reports(likeliest, with_priors, posterior, group):
    other = MODEL._replace(name="other", init=lambda params: np.zeros(2, np.float32))
    moved = bm.Trials(
        1 - np.asarray(TRIALS.choices), np.asarray(TRIALS.outcomes), mask=np.asarray(TRIALS.mask)
    )
    two = {"a": likeliest, "b": likeliest}
    one = lambda *given, **named: lambda: report(*given, **named)  # noqa: E731
    return [
        Bad(one("fit"), "results", "a Fit, a Posterior", "str"),
        Bad(one({"a": likeliest}), "results", "two or more of one kind", "1 of them"),
        Bad(one({"a": likeliest, "b": group}), "results", "of one kind", "EmpiricalBayes and Fit"),
        Bad(one(likeliest), "model", "which a Fit does not keep", "None"),
        Bad(one(likeliest, model=STICKY), "model", "alpha, temperature", "stickiness"),
        Bad(one(likeliest, model=other, trials=TRIALS), "model", "the model of results", "other"),
        Bad(one(likeliest, model=MODEL, trials=moved), "trials", "those of results", "others"),
        Bad(one(likeliest, model=MODEL, trials=1), "trials", "Trials", "int"),
        Bad(one(likeliest, model=MODEL, priors=PRIORS), "priors", "those of results", "Beta(2, 3)"),
        Bad(one(with_priors, model=MODEL), "priors", "those of results", "None"),
        Bad(one(posterior, priors=PRIORS), "priors", "None", "'alpha'"),
        Bad(one(posterior, model=STICKY), "model", "that of results", "another one"),
        Bad(one(posterior, trials=moved), "trials", "that of results", "another one"),
        Bad(one(two, model=MODEL), "model", "a dict with 'a', 'b'", "Model"),
        Bad(one(two, model={"c": MODEL}), "model", "a dict with 'a', 'b'", "'c'"),
        Bad(one(likeliest, model=MODEL, level=95), "level", "between 0 and 1", "95"),
        Bad(one(likeliest, model=MODEL, unit="trial"), "unit", "None", "'trial'"),
    ]


def test_bad_reports_are_refused(likeliest, with_priors, posterior, group):
    for bad in bad_reports(likeliest, with_priors, posterior, group):
        refusals.assert_refused(bad)


def bad_plans():
    call = lambda model=MODEL, **given: lambda: preregistration(model, **given)  # noqa: E731
    plan = lambda n: {"n_subjects": n, "n_trials": 50, "estimator": "map"}  # noqa: E731
    return [
        Bad(call("model"), "models", "a Model, or a dict", "str"),
        Bad(call({}), "models", "a Model, or a dict", "dict"),
        Bad(call({"a": 1}), "models['a']", "a Model", "int"),
        Bad(call(estimator="bayes"), "estimator", "'hierarchical' or 'map'", "'bayes'"),
        Bad(call(priors=[1]), "priors", "a dict", "list"),
        Bad(call(priors={"beta": dist.Normal(0.0, 1.0)}), "priors", "alpha", "'beta'"),
        Bad(call(priors={"alpha": 1}), "priors['alpha']", "a distribution", "int"),
        Bad(call({"a": MODEL}, priors={"b": {}}), "priors", "'a'", "'b'"),
        Bad(call(n_subjects=0), "n_subjects", "at least 1", "0"),
        Bad(call(n_trials=1.5), "n_trials", "a whole number", "1.5"),
        Bad(call(power=0.8), "power", "what `power` found", "float"),
        Bad(call(power=made_power(), **plan(11)), "power", "10 x 50, 20 x 50", "n_subjects=11"),
        Bad(call(power=made_power("hierarchical"), **plan(10)), "power", "that is planned", "hierarchical"),
        Bad(
            call(power=made_power(), **plan(10) | {"estimator": "hierarchical"}),
            "power",
            "'hierarchical'",
            "two-step",
        ),
        Bad(call(outcome_range=(1, 0)), "outcome_range", "the smaller first", "(1, 0)"),
        Bad(call(task=1), "task", "words", "int"),
    ]


@pytest.mark.parametrize("bad", bad_plans(), ids=lambda bad: f"{bad.name}-{bad.received}")
def test_bad_plans_are_refused(bad):
    refusals.assert_refused(bad)
