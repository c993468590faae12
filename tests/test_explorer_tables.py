"""The stored tables of two explorers: made as their recipes say, and the recipes give the same again."""

import itertools
import sys

import numpy as np
import pytest
from site_browser import ROOT

from behavioural_modelling.explorers import _tables, confusion, designer

sys.path.insert(0, str(ROOT / "scripts"))
import make_explorer_tables  # noqa: E402


@pytest.mark.parametrize("name", ["confusion", "designer"])
def test_a_table_has_the_recipe_of_the_script_and_a_number_for_each_place(name):
    stored = _tables.table(name)
    assert stored["recipe"] == make_explorer_tables.RECIPES[name]
    shape = tuple(map(len, stored["recipe"]["grid"].values()))
    for key, column in stored.items():
        if key != "recipe":
            assert np.shape(column)[: len(shape)] == shape and np.isfinite(np.array(column)).all()


@pytest.mark.slow
def test_confusion_is_what_the_recipe_gives():
    """Fewer people of the same model are recognised about as often."""
    stored, n = _tables.table("confusion"), 40
    place = {"n_trials": 25, "temperature": 0.2}
    again = np.array(make_explorer_tables.entry("confusion", stored["recipe"], place, n)["share"])
    kept = np.array(stored["share"][0][1])
    assert np.allclose(kept.sum(axis=1), 1, atol=1e-3)
    # Two shares of the same probability, from 40 and 200 people; one of 16 beyond 4 errors: 1 in 1,000.
    p = (again * n + kept * 200) / (n + 200)
    assert (abs(again - kept) <= 4 * np.sqrt(p * (1 - p) * (1 / n + 1 / 200)) + 1e-4).all()


@pytest.mark.slow
def test_the_designers_spread_is_what_the_recipe_gives():
    stored, n = _tables.table("designer"), 100
    place = {"n_trials": 50, "alpha": 0.3, "temperature": 0.2}
    again = make_explorer_tables.entry("designer", stored["recipe"], place, n)
    kept = {key: stored[key][1][1][1] for key in ("mean", "sd")}
    assert again["n"] == n
    error = kept["sd"] * np.sqrt(1 / n + 1 / 400)
    # Of a standard deviation the error is about that of a mean over the root of 2, more with heavy tails.
    assert abs(again["mean"] - kept["mean"]) < 4 * error
    assert abs(again["sd"] - kept["sd"]) < 4 * error


def test_the_explorers_show_the_tables():
    stored = _tables.table("confusion")
    places = itertools.product(*map(enumerate, stored["recipe"]["grid"].values()))
    for (i, n_trials), (j, temperature) in places:
        results = confusion().results(n_trials=n_trials, temperature=temperature)
        expected = 100 * np.array(stored["share"][i][j])
        assert np.allclose(results["cells"]["percent"], expected.ravel())
        assert np.allclose([results[f"right_{k}"] for k in range(4)], np.diag(expected))
    results = designer().results(n_trials=200, alpha=0.6, temperature=0.4, n_people=100)
    table = _tables.table("designer")
    assert results["low"] == table["low"][3][2][2] and results["high"] == table["high"][3][2][2]
    assert np.isclose(results["bias"], table["mean"][3][2][2] - 0.6)
    assert np.isclose(results["half_width"], 1.96 * table["sd"][3][2][2] / 10)
