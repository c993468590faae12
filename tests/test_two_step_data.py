"""The two files of the deterministic two-step task: what is in them, what is wrong, and fits that agree."""

import ast
import csv
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import jax
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_expit

from behavioural_modelling import fit, log_likelihood, models
from behavioural_modelling.trials import (
    _installed,
    load_two_step_adults,
    load_two_step_app,
    load_two_step_example,
    two_step_data,
)

pytestmark = pytest.mark.skipif(find_spec("cpm") is None, reason="cpm-toolbox is not installed")
PAGE = Path(__file__).resolve().parent.parent / "book" / "data-two-step.md"
LOADERS = {"adults": load_two_step_adults, "app": load_two_step_app}
FILES = {"adults": "two_step_adults.csv", "app": "model_based_model_free.csv"}


def file_of(name):
    return _installed.data_file("cpm", f"datasets/data/{FILES[name]}", "this test", "cpm-toolbox")


@cache
def columns(name):
    """The columns of a file as the csv module reads them; of pairs both."""
    with open(file_of(name), newline="", encoding="utf-8") as lines:
        table = list(csv.DictReader(lines))
    return {column: np.array([ast.literal_eval(row[column]) for row in table]) for column in table[0]}


def arrays(name):
    trials = LOADERS[name]()
    mask = np.asarray(trials.mask)
    inputs = {x: np.asarray(y) for x, y in trials.inputs.items()}
    return trials, mask, inputs, np.asarray(trials.outcomes, float)[..., 0] * 9


# What the loaders give, row by row.


def test_each_row_of_the_adults_is_where_it_belongs():
    trials, mask, inputs, points = arrays("adults")
    file = {name: x.reshape(24, 140) for name, x in columns("adults").items()}
    assert (file["ppt"] == file["ppt"][:, :1]).all() and (file["trial"] == np.arange(140)).all()
    assert (mask == (file["choice"] != -1)).all()
    assert (np.asarray(trials.feedback)[mask] == (file["timeout_2"] == 0)[mask]).all()
    assert (np.asarray(trials.choices)[mask] == file["s2"][mask] - 1).all()
    assert (inputs["start"] == file["s1"] - 1).all() and (inputs["stake"] == file["stake"]).all()
    chosen_left = file["choice"] == file["stimuli_left"]
    assert ((np.asarray(trials.choices) == inputs["left"]) == chosen_left)[mask].all()
    known = mask & np.asarray(trials.feedback)
    np.testing.assert_allclose(points[known] / 9, file["points"][known], rtol=0, atol=1e-6)  # six digits
    assert set(np.unique(points[known].round(4))) == set(range(10))


def test_each_row_of_the_app_is_where_it_belongs():
    trials, mask, inputs, points = arrays("app")
    file = columns("app")
    for who in range(93):
        rows = file["userID"] == who + 1
        of = {name: x[rows] for name, x in file.items()}
        assert mask[who, : rows.sum()].all() and not mask[who, rows.sum() :].any()
        there = mask[who]
        assert (np.asarray(trials.choices)[who, there] == of["planet"] - 1).all()
        assert (inputs["start"][who, there] == of["s"][:, 0] - 1).all()
        assert (inputs["stake"][who, there] == of["stake"]).all()
        chosen_left = of["choice"] == of["stimuli"][:, 0]
        assert ((np.asarray(trials.choices) == inputs["left"])[who, there] == chosen_left).all()
        np.testing.assert_allclose(points[who, there], of["points"], rtol=0, atol=1e-5)
        begins = np.flatnonzero(np.diff(of["trial"], prepend=0) < 0)
        assert np.flatnonzero(np.asarray(trials.reset)[who]).tolist() == begins.tolist()
    assert np.asarray(trials.reset).sum(axis=1).max() == 1


@pytest.mark.parametrize("name", LOADERS)
def test_another_file_is_refused(name, tmp_path, monkeypatch):
    text = file_of(name).read_text()
    changed, shorter = tmp_path / "changed.csv", tmp_path / "shorter.csv"
    old, new = {"adults": ("0.888889", "0.777778"), "app": (",250,5,", ",250,6,")}[name]  # points
    changed.write_text(text.replace(old, new, 1))
    shorter.write_text(text.rstrip("\n").rsplit("\n", 1)[0] + "\n")
    for file, said in ((changed, "other numbers"), (shorter, r"rows")):
        monkeypatch.setattr(two_step_data._installed, "data_file", lambda *_, file=file: file)
        with pytest.raises(ValueError, match=rf"{file.name}: expected .* got .*{said}"):
            LOADERS[name]()


@pytest.mark.parametrize("name", LOADERS)
def test_without_the_package_the_error_says_what_to_install(name, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=f"load_two_step_{name} .*pip install cpm-toolbox"):
        LOADERS[name]()


# What the page says of the files.


def said(*numbers):
    """The page holds a sentence with these words and numbers, as they stand here."""
    text = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
    missing = [words for words in numbers if words not in text]
    assert not missing, missing


def test_what_the_page_says_of_the_adults():
    file = columns("adults")
    rows, people = len(file["ppt"]), np.unique(file["ppt"])
    assert (rows, len(people), len(np.unique(file["block"]))) == (3360, 24, 4)
    assert sorted(set(range(100, 126)) - set(people)) == [103, 113]
    first, second = file["timeout_1"] == 1, file["timeout_2"] == 1
    assert (first.sum(), second.sum(), (first | second).sum()) == (23, 70, 93)
    assert (file["choice"][first] == -1).all() and (file["s2"][first] == 0).all()
    assert (file["missed"] == (first | second)).all() and not (first & second).any()
    assert (file["choice"][second] > 0).all() and (file["points"][second] == 0).all()
    assert (file["rt_2"][first | second] == -1).all()
    by_person = np.array([second[file["ppt"] == who].sum() for who in people])
    assert ((by_person > 0).sum(), by_person.max(), people[by_person.argmax()]) == (17, 16, 112)
    here = ~first
    assert (file["s2"][here] == 1 + file["choice"][here] % 2).all()  # odd spaceships fly to planet 2
    paid = np.where(file["s2"] == 1, file["rews_1"], file["rews_2"])
    assert (paid == file["points"])[~(first | second)].all()
    gained = np.diff(file["score"])[np.diff(file["ppt"]) == 0]
    worth = (file["points"] * file["stake"])[1:][np.diff(file["ppt"]) == 0]
    np.testing.assert_allclose(gained, worth, atol=2e-3)  # the score has six digits, up to 300
    told = here & (file["rews_1"] != file["rews_2"])
    better = ((file["s2"] == 1) == (file["rews_1"] > file["rews_2"]))[told].mean()
    assert f"{better:.1%}" == "63.5%"
    fast = (file["rt_2"][~(first | second)] < 0.1).sum()
    assert (fast, (file["rt_1"][here] < 0.1).sum(), f"{file['rt_1'].max():.2f} s") == (129, 1, "1.99 s")
    said("24 people", "140 trials", "93 trials, 2.8 %", "In 23 nothing was chosen", "In 70")
    said("Of 17 people", "16 of them are of one", "63.5 %", "in 129 trials", "103 and 113", "1.99 s")


def test_what_the_page_says_of_the_app():
    file = columns("app")
    user, trial = file["userID"], file["trial"]
    assert (len(user), len(np.unique(user)), int((trial == 1).sum())) == (8001, 93, 100)
    sessions = {who: int((trial[user == who] == 1).sum()) for who in np.unique(user)}
    twice = [who for who, n in sessions.items() if n == 2]
    apart = [who for who in twice if np.diff(np.flatnonzero(user == who)).max() > 1]
    assert (twice, apart) == ([1, 8, 13, 25, 38, 47, 53], [25, 38, 47, 53])
    assert 1 + (np.diff(user) != 0).sum() == 97 and np.isin(file["choice"], (1, 2, 3, 4)).all()
    pairs, n = np.unique(np.stack([user, trial]), axis=1, return_counts=True)
    assert (n == 2).sum() == 560 and n.max() == 2
    assert np.unique(user[trial == 81]).tolist() == [50] and (file["block"] == 3).sum() == 1
    assert (file["planet"] == 2 - file["choice"] % 2).all()  # odd spaceships fly to planet 1
    assert (file["points_real"] == 10 * file["points"] * file["stake"]).all()
    # `rews` is in the order of the screen: of the spaceship on the left, then of that on the right.
    on_the_right = (file["choice"] == file["stimuli"][:, 1]).astype(int)
    by_place = file["rews"][np.arange(8001), on_the_right] / 10
    by_planet = file["rews"][np.arange(8001), file["planet"] - 1] / 10
    assert (by_place == file["points"]).all() and (by_planet != file["points"]).sum() == 3538
    turned = file["stimuli"][:, 0] > file["stimuli"][:, 1]
    assert (turned.sum(), (by_planet != file["points"])[~turned].sum()) == (3978, 0)
    planets = np.where(turned[:, None], file["rews"][:, ::-1], file["rews"])
    told, best = planets[:, 0] != planets[:, 1], 1 + (planets[:, 1] > planets[:, 0])
    wrong = (2 - file["theor_best_choice"] % 2 != best)[told]
    assert (told.sum(), wrong.sum()) == (7116, 3538)
    assert f"{(file['planet'] == best)[told].mean():.1%}" == "59.6%"
    # Walks step by at most 3 points nine times out of ten; read as the file says they leap.
    session = np.cumsum(trial == 1)
    within = np.diff(session) == 0
    steps, leaps = (abs(np.diff(x, axis=0))[within].mean() / 10 for x in (planets, file["rews"]))
    assert (f"{steps:.1f}", f"{leaps:.1f}") == ("1.4", "2.1")
    walks = [planets[(session == s) & (trial <= 80)].tobytes() for s in range(1, 101)]
    assert (len(set(walks)), sum(walks.count(walk) > 1 for walk in walks)) == (48, 84)
    share = np.array([(file["planet"][session == s] == 1).mean() for s in range(1, 101)])
    assert ((share > 0.9) | (share < 0.1)).sum() == 2
    assert (file["RT"].min(), (file["RT"] > 10_000).sum(), (file["RT"] > 60_000).sum()) == (1172, 153, 7)
    assert file["RT"].max() == 239_275
    said("93 people", "100 sessions", "7 people played twice", "four of them (25, 38, 47 and 53)")
    said(
        "finds 97 people",
        "560 pairs",
        "3538 of the 8001 trials, 44.2 %",
        "3538 of the 7116",
        "59.6 %",
        "by 1.4 points",
        "2.1",
    )
    said(
        "48 different",
        "84 of the 100",
        "1.17 s",
        "153 are longer than 10 s",
        "239 s",
        "Person 50",
        "In 2 sessions",
    )


@pytest.mark.slow
def test_the_code_of_the_page_runs(capsys):
    namespace = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, namespace)
    assert int(namespace["published"].mask.sum()) == 3360 - 93
    assert "w_high" in capsys.readouterr().out


# Fits by SciPy in float64, which know nothing of the package.


def scipy_log_likelihood(p, rows):
    """Of many parameter sets at once, (n, 5): alpha, trace, w, log inverse temperature, stickiness."""
    alpha, trace, w, log_beta, kappa = p.T
    beta = np.exp(log_beta)
    habit, planet = np.full((len(p), 2, 2), 0.5), np.full((len(p), 2), 0.5)
    total, last = np.zeros(len(p)), None
    for choice, start, outcome, scored, learned, anew in rows:
        if anew:
            habit[:], planet[:], last = 0.5, 0.5, None
        if not scored:
            continue
        gap = w * (planet[:, 1] - planet[:, 0]) + (1 - w) * (habit[:, start, 1] - habit[:, start, 0])
        log_odds = beta * gap
        if last is not None and last[0] == start:
            log_odds = log_odds + kappa * (2 * last[1] - 1)
        total += log_expit(log_odds if choice == 1 else -log_odds)
        if not learned:
            continue
        last = (start, choice)
        error = outcome - planet[:, choice]
        habit[:, start, choice] += alpha * (planet[:, choice] - habit[:, start, choice] + trace * error)
        planet[:, choice] += alpha * error
    return total


# The largest inverse temperature is that of `fit`: beyond, what is left to gain is told in `problem`.
BOUNDS = np.array([(0, 1), (0, 1), (0, 1), (-7, np.log(1e4)), (-20, 20)], float)


def scipy_fit(rows, seed):
    """The largest log-likelihood from the best of many random starts."""

    def downhill(p):
        h = 1e-6 * np.where(p + 1e-6 > BOUNDS[:, 1], -1, 1)  # stays inside the bounds
        values = scipy_log_likelihood(np.concatenate([p[None], p + np.diag(h)]), rows)
        return -values[0], -(values[1:] - values[0]) / h

    rng = np.random.default_rng(seed)
    starts = rng.uniform([0, 0, 0, -1, -1], [1, 1, 1, 4, 1], (300, 5))
    best = starts[np.argsort(-scipy_log_likelihood(starts, rows))[:4]]
    options = {"ftol": 1e-12, "gtol": 1e-5}
    found = [minimize(downhill, p, jac=True, method="L-BFGS-B", bounds=BOUNDS, options=options) for p in best]
    return -min(result.fun for result in found)


def rows_of(trials, i):
    """One person's trials, without those that pad them at the end."""
    mask = np.asarray(trials.mask)[i]
    feedback = np.ones_like(mask) if trials.feedback is None else np.asarray(trials.feedback)[i]
    reset = np.zeros_like(mask) if trials.reset is None else np.asarray(trials.reset)[i]
    x = (trials.choices, trials.inputs["start"], np.asarray(trials.outcomes, float)[..., 0])
    n = np.flatnonzero(mask).max() + 1
    return list(
        zip(*(np.asarray(part)[i, :n].tolist() for part in x), mask[:n], feedback[:n], reset[:n], strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", LOADERS)
def test_maxima_are_those_of_scipy_or_better(name, x64):
    trials = LOADERS[name]()
    model = models.two_step_deterministic_hybrid(inverse_temperature=True)
    ours = fit(jax.random.key(0), model, trials, n_starts=12)
    assert [p.name for p in model.parameters] == [
        *("alpha", "eligibility_trace", "w", "inverse_temperature", "stickiness")
    ]
    params = np.stack([np.asarray(ours.params[p.name]) for p in model.parameters], axis=1)
    params[:, 3] = np.log(np.maximum(params[:, 3], 1e-300))
    n = trials.shape[0]
    again = np.array([scipy_log_likelihood(params[i][None], rows_of(trials, i))[0] for i in range(n)])
    # Roundings of 1e-16, times an inverse temperature that goes up to 1e4 where a learning rate goes to 0.
    np.testing.assert_allclose(ours.log_likelihood, again, rtol=0, atol=1e-6)
    theirs = np.array([scipy_fit(rows_of(trials, i), seed=i) for i in range(n)])
    behind = again - theirs
    # Where a learning rate goes to 0 and an inverse temperature to infinity there is no maximum, but a ridge
    # that still rises a little. The fit says so.
    endless = np.array(["ridge" in x or "limit of the search" in x for x in ours.problem])
    assert behind[~endless].min() > -1e-3, (behind.argmin(), behind.min())
    assert behind.min() > -0.02 and (behind < -1e-3).sum() <= 3
    # SciPy finds most of them, too: it is no straw man.
    assert (behind < 1e-3).mean() > 0.9, np.sort(behind)[-10:]


def test_the_likelihood_of_real_data_is_that_of_the_loop():
    """A few people at one point: what the slow test looks at for all of them, at their maxima."""
    model = models.two_step_deterministic_hybrid(inverse_temperature=True)
    params = {"alpha": 0.6, "eligibility_trace": 0.5, "w": 0.7, "inverse_temperature": 4.0, "stickiness": 0.2}
    for load in LOADERS.values():
        trials = load()
        ours = log_likelihood(model, params, trials)
        p = np.array([[0.6, 0.5, 0.7, np.log(4.0), 0.2]])
        exact = [scipy_log_likelihood(p, rows_of(trials, i))[0] for i in range(trials.shape[0])]
        # Float32: up to 160 terms below 5, each of up to 16 roundings of 6e-8.
        np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-3)


@pytest.mark.skipif(find_spec("hbayesdm") is None, reason="hbayesdm is not installed")
def test_the_hybrid_of_daw_fits_the_example_of_hbayesdm():
    trials = load_two_step_example()
    model = models.two_step_hybrid(0.0, by_stage=False)
    found = fit(jax.random.key(0), model, trials, n_starts=4)
    n = trials.shape[1] if trials.mask is None else np.asarray(trials.mask).sum(axis=1)
    assert np.asarray(found.converged).all()
    # Better than coins by more than 5 parameters are worth; in sum by far.
    gain = np.asarray(found.log_likelihood) - n * np.log(0.5)
    assert (gain > 5).all() and gain.sum() > 500
