"""Each model of the catalogue can be raced against a composition that reads the same choices."""

import json

import numpy as np
import pytest

import behavioural_modelling as bm
from behavioural_benchmarks import library_race

ENTRIES = {entry.called: entry for entry in bm.models.list_models()}


# One whose task reacts and shows inputs, and one without learning, whose task does not react.
@pytest.mark.parametrize("name", ["two_step_model_free", "hyperbolic_discounting"])
def test_both_read_the_same_choices(name, monkeypatch):
    read, fit = [], bm.fit

    def seen(key, model, trials, **options):
        read.append((model, trials))
        return fit(key, model, trials, **options | {"n_starts": 1})

    monkeypatch.setattr(bm, "fit", seen)
    row = library_race.race(ENTRIES[name], n_people=2, n_rounds=1)
    (ours, trials), (composition, same), *later = read
    assert ours is ENTRIES[name].build() and len(later) == 2
    assert composition is library_race.composed(ours.n_actions, len(ours.parameters)) and same is trials
    assert len(trials.choices) == 2 and set(ours.inputs) <= set(trials.inputs)
    assert all(
        np.isfinite(row[f"{x}{of}"]) and row[f"{x}{of}"] > 0
        for x in library_race.MEASURED
        for of in ("", "_ratio")
    )


@pytest.mark.parametrize("n", range(1, 9))
def test_the_composition_has_as_many_parameters_or_one_more(n):
    found = len(library_race.composed(4, n).parameters)
    assert found == (n if n in range(2, 7) or n == 8 else n + 1)


def test_the_race_prints_a_row_for_each_model(capsys, monkeypatch):
    row = {f"{x}{of}": 2.0 for x in library_race.MEASURED for of in ("", "_ratio")}
    monkeypatch.setattr(library_race, "race", lambda entry, people, rounds: {"model": entry.called} | row)
    assert library_race.main(["--only", "kalman"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    kalman = [name for name in ENTRIES if "kalman" in name]
    assert [line.split()[0] for line in lines] == kalman and len(kalman) > 1
    assert [float(x) for x in lines[0].split()[1:]] == [2.0] * 6 and len(head) == len(lines[0])
    assert library_race.main(["--only", kalman[-1], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"model": kalman[-1]} | row
