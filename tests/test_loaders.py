"""Data files of other packages: where they are, what is read of them, and what the book says of them."""

import csv
import importlib.machinery
import importlib.util
import math
import re
import subprocess
import sys
import zlib
from pathlib import Path

import jax
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_expit

from behavioural_modelling import Trials, fit, log_likelihood, models, trials
from behavioural_modelling.trials import _installed, _tables

ROOT = Path(__file__).resolve().parent.parent
INSIDE = {
    "hbayesdm": "common/extdata",
    "autora": "theorist/rnn_sindy_rl/data",
    "cpm": "datasets/data",
}


def needs(package):
    return pytest.mark.skipif(importlib.util.find_spec(package) is None, reason=f"{package} is not installed")


needs_hbayesdm, needs_autora, needs_cpm = map(needs, INSIDE)
LOADERS = {
    "load_go_no_go": "gng_exampleData.txt",
    "load_iowa_gambling": "igt_exampleData.txt",
    "load_two_step_example": "ts_exampleData.txt",
    "load_probabilistic_selection": "pst_exampleData.txt",
    "load_reversal": "prl_exampleData.txt",
    "load_reversal_blocks": "prl_multipleB_exampleData.txt",
    "load_two_armed_bandit": "bandit2arm_exampleData.txt",
    "load_gains_and_losses": "bandit4arm_exampleData.txt",
    "load_restless_points": "bandit4arm2_exampleData.txt",
    "load_delay_discounting": "dd_exampleData.txt",
    "load_risky_choice": "ra_data_attend.txt",
}
LISTED = re.compile(r"\| \[`(load_\w+)`\]\((data-[\w-]+\.md)\) \| (\d+) \| (\d+) \|")
each_loader = pytest.mark.parametrize("loader", LOADERS)


def rows_of(package, name):
    """The rows of a file as dicts of numbers, read without what is tested."""
    folder = Path(next(iter(importlib.util.find_spec(package).submodule_search_locations)))
    with open(folder / INSIDE[package] / name, newline="", encoding="utf-8") as file:
        read = csv.DictReader(file, delimiter="," if name.endswith(".csv") else "\t")
        return [{key: number(x) for key, x in row.items()} for row in read]


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def by_person(rows, label="subjID"):
    """The rows of each person, in the order in which people appear."""
    people = {}
    for row in rows:
        people.setdefault(row[label], []).append(row)
    return list(people.values())


def column(rows, *names):
    return np.array([[row[name] for name in names] for row in rows]).squeeze(-1 if len(names) == 1 else ())


def chosen_outcome(people):
    return np.asarray(people.outcomes)[..., 0]


# Where files are found.


def spec_at(folder, name="package"):
    return importlib.util.spec_from_file_location(name, folder / "__init__.py")


def find(monkeypatch, spec):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    return _installed.data_file("package", "data/file.txt", "load_it", "--no-deps the-package")


def test_a_file_is_found_beside_the_packages_own(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file.txt").touch()
    assert find(monkeypatch, spec_at(tmp_path)) == tmp_path / "data" / "file.txt"


def test_a_file_is_found_where_several_packages_share_a_name(monkeypatch, tmp_path):
    (tmp_path / "second" / "data").mkdir(parents=True)
    (tmp_path / "second" / "data" / "file.txt").touch()
    spec = importlib.machinery.ModuleSpec("package", None)
    spec.submodule_search_locations = [str(tmp_path / "first"), str(tmp_path / "second")]
    assert find(monkeypatch, spec) == tmp_path / "second" / "data" / "file.txt"


@pytest.mark.parametrize("there", [False, True])
def test_what_is_missing_is_named_with_what_to_install(monkeypatch, tmp_path, there):
    with pytest.raises(ModuleNotFoundError) as raised:
        find(monkeypatch, spec_at(tmp_path) if there else None)
    assert str(raised.value) == "load_it reads a file of the-package: pip install --no-deps the-package"


@pytest.mark.parametrize("loader", [*LOADERS, "load_restless_bandit", "load_bandit"])
def test_every_loader_says_what_to_install(monkeypatch, loader):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=rf"^{loader} reads a file of .*: pip install "):
        getattr(trials, loader)()


@needs_hbayesdm
@needs_autora
def test_loading_imports_neither_package_nor_pandas():
    code = (
        "import sys; from behavioural_modelling import trials; trials.load_restless_bandit();"
        "trials.load_go_no_go(); print(sorted({m.split('.')[0] for m in sys.modules}"
        " & {'autora', 'hbayesdm', 'pandas', 'torch'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Files that are not the ones described.

TABLE = "who\tx\ty\n7\t1\t0.5\n7\t2\t1.5\n3\t4\t2.5\n"
SUM = zlib.crc32(np.array([[7, 7, 3], [1, 2, 4], [0.5, 1.5, 2.5]], "<f8").tobytes())


def read(tmp_path, text=TABLE, **known):
    (tmp_path / "it.txt").write_text(text)
    expected = {"people": 2, "rows": 3, "sum_of_file": SUM} | known
    return _tables.read(tmp_path / "it.txt", ("who", "x", "y"), **expected)


def test_rows_are_laid_out_by_person(tmp_path):
    rows = read(tmp_path)
    assert rows.whole("x", less=1).tolist() == [[0, 1], [3, 0]] and rows.whole("x").dtype == np.int32
    assert rows.real("y").tolist() == [[0.5, 1.5], [2.5, 0.0]]
    assert rows.there.tolist() == [[True, True], [True, False]]


def test_line_ends_and_further_columns_make_no_difference(tmp_path):
    other = "z\t" + TABLE.replace("\n", "\r\nname\t").removesuffix("name\t")
    assert read(tmp_path, other).real("y").tolist() == read(tmp_path).real("y").tolist()


@pytest.mark.parametrize(
    "text, words",
    [
        (TABLE + "3\t5\t2.5\n", "expected 3 rows of 2 people, got 4 rows of 2 people"),
        (TABLE.replace("3\t4", "7\t4"), "expected 3 rows of 2 people, got 3 rows of 1 people"),
        # A person whose rows are not together counts twice.
        ("who\tx\ty\n7\t1\t1\n3\t2\t1\n7\t4\t2\n", "expected 3 rows of 2 people, got 3 rows of 3 people"),
        (TABLE.replace("2.5", "2.25"), "other numbers"),
        (TABLE.replace("1.5", "NA"), "other numbers"),
    ],
)
def test_another_file_is_refused(tmp_path, text, words):
    with pytest.raises(ValueError, match=rf"^it.txt: expected .*{words.split('expected ')[-1]}"):
        read(tmp_path, text)


@needs_hbayesdm
@pytest.mark.parametrize("loader", ["load_go_no_go", "load_risky_choice"])
def test_a_changed_file_is_refused(monkeypatch, tmp_path, loader):
    folder = Path(importlib.util.find_spec("hbayesdm").origin).parent / INSIDE["hbayesdm"]
    text = (folder / LOADERS[loader]).read_text()
    head, first, rest = text.split("\n", 2)
    (tmp_path / INSIDE["hbayesdm"]).mkdir(parents=True)
    (tmp_path / INSIDE["hbayesdm"] / LOADERS[loader]).write_text(f"{head}\n{rest}\n{first}")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec_at(tmp_path))
    with pytest.raises(ValueError, match=rf"^{LOADERS[loader]}: expected"):
        getattr(trials, loader)()


# What is read is the file, row by row.


@needs_hbayesdm
@each_loader
def test_everybody_has_as_many_trials_as_rows(loader):
    people = getattr(trials, loader)()
    counts = [len(rows) for rows in by_person(rows_of("hbayesdm", LOADERS[loader]))]
    found = (
        np.asarray(people.mask).sum(axis=1)
        if people.mask is not None
        else [people.shape[1]] * people.shape[0]
    )
    factor = 2 if loader == "load_two_step_example" else 1
    assert isinstance(people, Trials) and [factor * count for count in counts] == list(found)


BY_ROW = {
    "load_iowa_gambling": lambda row: (row["choice"] - 1, row["gain"] + row["loss"]),
    "load_reversal": lambda row: (row["choice"] - 1, row["outcome"]),
    "load_reversal_blocks": lambda row: (row["choice"] - 1, row["outcome"]),
    "load_two_armed_bandit": lambda row: (row["choice"] - 1, row["outcome"]),
    "load_restless_points": lambda row: (row["choice"] - 1, row["outcome"]),
    "load_go_no_go": lambda row: (row["keyPressed"], row["outcome"]),
    "load_risky_choice": lambda row: (row["gamble"], row["outcome"]),
    "load_delay_discounting": lambda row: (row["choice"], 0),
}


@needs_hbayesdm
@pytest.mark.parametrize("loader", BY_ROW)
def test_choices_and_outcomes_row_by_row(loader):
    people = getattr(trials, loader)()
    outcomes = np.broadcast_to(chosen_outcome(people), people.shape)
    for i, rows in enumerate(by_person(rows_of("hbayesdm", LOADERS[loader]))):
        expected = np.array([BY_ROW[loader](row) for row in rows])
        assert np.array_equal(np.asarray(people.choices)[i, : len(rows)], expected[:, 0])
        # Stored in float32, amounts such as -6.75 are exact, and -16.88 is right to 2^-24 of it.
        assert np.allclose(outcomes[i, : len(rows)], expected[:, 1], rtol=2.0**-23, atol=0)


SHOWN = {
    "load_go_no_go": {"cue": lambda row: [0, 2, 1, 3][int(row["cue"]) - 1]},
    "load_delay_discounting": {
        name: lambda row, name=name: row[name]
        for name in ("amount_sooner", "delay_sooner", "amount_later", "delay_later")
    },
    "load_risky_choice": {
        name: lambda row, there=there: row[there]
        for name, there in (("gain", "gain"), ("loss", "loss"), ("sure", "cert"))
    },
}


@needs_hbayesdm
@pytest.mark.parametrize("loader", SHOWN)
def test_inputs_row_by_row(loader):
    people = getattr(trials, loader)()
    assert set(people.inputs) == set(SHOWN[loader])
    for i, rows in enumerate(by_person(rows_of("hbayesdm", LOADERS[loader]))):
        for name, of in SHOWN[loader].items():
            found = np.asarray(people.inputs[name])[i, : len(rows)]
            assert np.allclose(found, [of(row) for row in rows], rtol=2.0**-23, atol=0)


@needs_hbayesdm
def test_gains_and_losses_are_two_outcomes():
    people = trials.load_gains_and_losses()
    for i, rows in enumerate(by_person(rows_of("hbayesdm", LOADERS["load_gains_and_losses"]))):
        assert np.array_equal(np.asarray(people.choices)[i], column(rows, "choice") - 1)
        for name in ("gain", "loss"):
            assert np.array_equal(np.asarray(people.outcomes[name])[i, :, 0], column(rows, name))


@needs_hbayesdm
def test_the_chosen_stimulus_is_one_of_the_pair():
    people = trials.load_probabilistic_selection()
    for i, rows in enumerate(by_person(rows_of("hbayesdm", LOADERS["load_probabilistic_selection"]))):
        for t, row in enumerate(rows):
            pair = [int(digit) - 1 for digit in str(int(row["type"]))]
            assert np.flatnonzero(people.available[i, t]).tolist() == sorted(pair)
            assert int(people.choices[i, t]) == pair[1 - int(row["choice"])]
            assert float(people.outcomes[i, t, 0]) == row["reward"]


@needs_hbayesdm
def test_two_rows_a_trial_in_the_place_of_the_trial():
    people = trials.load_two_step_example()
    choices, mask, outcomes = (np.asarray(x) for x in (people.choices, people.mask, people.outcomes))
    stage, planet = (np.asarray(people.inputs[name]) for name in ("stage", "planet"))
    assert np.array_equal(np.broadcast_to(np.arange(402) % 2, stage.shape), stage)
    for i, rows in enumerate(by_person(rows_of("hbayesdm", LOADERS["load_two_step_example"]))):
        at = 2 * (column(rows, "trial").astype(int) - 1)
        assert np.array_equal(np.flatnonzero(mask[i, ::2]) * 2, at) and np.array_equal(
            mask[i, ::2], mask[i, 1::2]
        )
        second = column(rows, "level2_choice").astype(int) - 1
        assert np.array_equal(choices[i, at], column(rows, "level1_choice") - 1)
        assert np.array_equal(choices[i, at + 1], second % 2)
        assert (planet[i, at] == 0).all() and np.array_equal(planet[i, at + 1], second // 2 + 1)
        assert (outcomes[i, at] == 0).all() and np.array_equal(outcomes[i, at + 1, 0], column(rows, "reward"))


@needs_hbayesdm
def test_blocks_begin_anew_and_times_are_seconds():
    people = trials.load_reversal_blocks()
    assert np.argwhere(people.reset).tolist() == [[i, t] for i in range(3) for t in (200, 400)]
    rows = rows_of("hbayesdm", LOADERS["load_reversal_blocks"])
    expected = column(rows, "choice.RT").reshape(3, 600) / 1000
    assert np.allclose(people.responses["times"], expected, rtol=2.0**-23, atol=0)


@needs_hbayesdm
def test_the_example_of_risky_choice_is_five_of_thirty():
    example = by_person(rows_of("hbayesdm", "ra_exampleData.txt"))
    everybody = by_person(rows_of("hbayesdm", "ra_data_attend.txt"))
    assert len(example) == 5 and len(everybody) == 30
    assert all(rows in everybody for rows in example)
    with pytest.raises(ValueError, match="condition: expected 'attend' or 'reappraisal', got 'both'"):
        trials.load_risky_choice("both")


@needs_autora
def test_the_restless_bandit_row_by_row():
    people, rows = trials.load_restless_bandit(), rows_of("autora", "bahrami_100.csv")
    names = ("action", "reward", "response_time")
    table = column(rows, *names).reshape(100, 150, 3)
    assert [len(x) for x in by_person(rows, "participant_id")] == [150] * 100
    mask = table[..., 0] >= 0
    assert np.array_equal(mask, people.mask)
    assert np.array_equal(np.asarray(people.choices)[mask], table[mask][:, 0])
    assert np.array_equal(chosen_outcome(people)[mask], table[mask][:, 1])
    assert np.allclose(people.responses["times"], table[..., 2] / 1000, rtol=2.0**-23, atol=0)
    assert people.outcomes.shape[-1] == 1, "nobody saw what the other arms would have paid"


# What the pages of the book say is what is in the files.


def page(name):
    return (ROOT / "book" / f"{name}.md").read_text(encoding="utf-8")


def percent(x):
    return f"{100 * np.mean(x):.1f} %"


def said(name, *facts):
    missing = [fact for fact in facts if fact not in page(name)]
    assert not missing, missing


@needs_hbayesdm
def test_the_page_of_hbayesdm_on_go_no_go():
    rows = rows_of("hbayesdm", LOADERS["load_go_no_go"])
    cue, pressed, outcome = (column(rows, name) for name in ("cue", "keyPressed", "outcome"))
    assert (outcome[cue <= 2] >= 0).all() and (outcome[cue >= 3] <= 0).all()
    success = column(rows, "success") == 1
    assert np.array_equal(success, np.where(np.isin(cue, (1, 3)), pressed == 1, pressed == 0))
    good = np.where(cue <= 2, outcome == 1, outcome == 0)
    shares = [percent(pressed[cue == there]) for there in (1, 3, 2, 4)]
    said(
        "data-hbayesdm",
        f"on {percent(good == success)} of all trials",
        f"{', '.join(shares[:3])} and {shares[3]}",
    )


@needs_hbayesdm
def test_the_page_of_hbayesdm_on_what_is_missing_or_odd():
    two = trials.load_two_step_example()
    mask = np.asarray(two.mask)[:, ::2]
    common = np.asarray(two.inputs["planet"])[:, 1::2] == np.asarray(two.choices)[:, ::2] + 1
    assert (~mask).any(axis=1).all()
    facts = [f"{(~mask).sum()} of {mask.size} are missing", f"{percent(common[mask])} of the first choices"]
    selection = trials.load_probabilistic_selection()
    chosen = np.asarray(selection.choices)[np.asarray(selection.mask)]
    counts = [str(n) for n in np.asarray(selection.mask).sum(axis=1)]
    facts.append(f"{', '.join(counts[:4])} and {counts[4]} trials")
    worse, better = (chosen == 5).sum(), (chosen == 4).sum()
    facts.append(f"was chosen {worse} times and the better one {better} times")
    times = np.asarray(trials.load_reversal_blocks().responses["times"])
    facts.append(f"{(times < 0.15).sum()} of {times.size} response times are below 0.15 s")
    facts.append(f"the shortest is {times.min():.3f} s")
    both = trials.load_gains_and_losses().outcomes
    together = np.asarray((both["gain"] != 0) & (both["loss"] != 0))
    facts.append(f"on {together.sum()} of {together.size} trials")
    iowa = chosen_outcome(trials.load_iowa_gambling())
    said("data-hbayesdm", *facts, f"from {iowa.min():.0f} to {iowa.max():.0f}")


@needs_hbayesdm
def test_the_page_of_hbayesdm_on_bandits_and_offers():
    bandit = trials.load_two_armed_bandit()
    paid = [percent(chosen_outcome(bandit)[np.asarray(bandit.choices) == a] == 1) for a in (0, 1)]
    facts = [f"action 0 paid on {paid[0]}", f"action 1 on {paid[1]}"]
    answers = {}
    for row in rows_of("hbayesdm", LOADERS["load_delay_discounting"]):
        offer = (row["subjID"], row["amount_later"], row["delay_later"])
        answers.setdefault(offer, []).append(row["choice"])
    differ = sum(len(set(pair)) == 2 for pair in answers.values())
    assert {len(pair) for pair in answers.values()} == {2} and len(answers) == 20 * 54
    facts += [f"{differ} of these {len(answers)} pairs"]
    risky = [trials.load_risky_choice(condition) for condition in ("attend", "reappraisal")]
    masks = [np.asarray(people.mask) for people in risky]
    short = [(mask.sum(axis=1) < 140).sum() for mask in masks]
    facts.append(f"{short[0]} people of the one condition and {short[1]} of the other have less")
    facts.append(f"{min(mask.sum(axis=1).min() for mask in masks)} at least")
    gambled = [percent(np.asarray(x.choices)[mask]) for x, mask in zip(risky, masks, strict=True)]
    said("data-hbayesdm", *facts, f"{gambled[0]} of the trials when they attended and on {gambled[1]}")
    for people, mask in zip(risky, masks, strict=True):
        offers = np.stack([np.asarray(people.inputs[name]) for name in ("gain", "loss", "sure")], axis=-1)
        assert all(len(np.unique(o[m], axis=0)) == m.sum() for o, m in zip(offers, mask, strict=True))


@needs_hbayesdm
@each_loader
def test_the_table_of_the_page_of_hbayesdm(loader):
    row = re.search(
        rf"^\| `{loader}` \| (\d+) \| (\d+)(?: to (\d+)| blocks of (\d+))?", page("data-hbayesdm"), re.M
    )
    people, first, most, block = (int(x) if x else 0 for x in row.groups())
    shape = getattr(trials, loader)().shape
    per_trial = 2 if loader == "load_two_step_example" else 1
    assert shape == (people, per_trial * (most or first * (block or 1)))


@needs_autora
def test_the_page_of_the_restless_bandit():
    people, rows = trials.load_restless_bandit(), rows_of("autora", "bahrami_100.csv")
    mask = np.asarray(people.mask)
    times = np.sort(np.asarray(people.responses["times"])[mask])
    assert times[-4] < 18 and [f"{x:.1f}" for x in times[:-4:-1]] == ["52.8", "46.3", "36.5"]
    missed = [row for row in rows if row["action"] == -1]
    assert {(row["reward"], row["response_time"], row["missed"]) for row in missed} == {(0, 0, "True")}
    paid = column(rows, *(f"reward_action{a}" for a in range(4))).reshape(100, 150, 4)
    assert (paid == paid[:1]).all()
    chosen = np.take_along_axis(paid, np.asarray(people.choices)[..., None], axis=-1)[..., 0]
    assert np.array_equal(chosen[mask], chosen_outcome(people)[mask])
    same = [len(set(c[m])) == 1 for c, m in zip(np.asarray(people.choices), mask, strict=True)]
    assert sum(same) == 1
    bold = column(rows, "BOLD")
    said(
        "data-restless-bandit",
        f"There are {(~mask).sum()} among {mask.size} trials, of {(~mask).any(axis=1).sum()} people",
        f"one person missed {(~mask).sum(axis=1).max()}",
        f"from {times[0]:.3f} to {times[-1]:.3f}",
        f"(mean {bold.mean():.3f}, standard deviation {bold.std():.3f})",
    )


@needs_cpm
def test_the_page_of_the_bandit():
    rows, people = rows_of("cpm", "bandit_small.csv"), trials.load_bandit()
    choices, mask = np.asarray(people.choices), np.asarray(people.mask)
    paid = [percent(chosen_outcome(people)[mask & (choices == a)]) for a in range(4)]
    shown = column(rows, "arm_left", "arm_right")
    _, counts = np.unique(shown, axis=0, return_counts=True)
    assert sorted(counts) == [1199] + [1200] * 11
    sides = [np.mean(column(x, "response")) for x in by_person(rows, "ppt")]
    best = np.argmax(np.asarray(people.available), axis=-1) == choices
    shares = [b[m].mean() for b, m in zip(best, mask, strict=True)]
    said(
        "data-bandit",
        f"{len(rows)} rows and not {mask.size}",
        f"{', '.join(paid[:3])} and {paid[3]}",
        f"between {min(sides):.2f} and {max(sides):.2f}",
        f"on {percent(best[mask])} of all trials",
        f"shares is {percent(min(shares))}",
    )


@needs_hbayesdm
@needs_autora
@needs_cpm
@pytest.mark.parametrize("name", ["data-hbayesdm", "data-restless-bandit", "data-bandit"])
def test_the_code_of_a_page_runs(name, capsys):
    blocks = re.findall(r"^```python\n(.*?)^```", page(name), re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", ["data-hbayesdm", "data-restless-bandit", "data-bandit"])
def test_a_page_names_the_version_that_is_pinned(name):
    package, version = re.search(r"package `([\w-]+)`, version ([\d.]+\d)", page(name)).groups()
    assert f"\n{package}=={version}\n" in (ROOT / "constraints.txt").read_text()


# Independent fits: SciPy in float64, from several starts, with likelihoods of its own.

BETTER = 1e-3
"""Ours may be better by anything, and worse by this: float32 sums of 150 terms below 10 are right to 1e-4."""


def best_by_scipy(log_likelihood, starts, bounds):
    found = [minimize(lambda x: -log_likelihood(x), x, method="L-BFGS-B", bounds=bounds).fun for x in starts]
    return -min(found)


@needs_hbayesdm
def test_discounting_is_fitted_as_by_scipy():
    people, scale = trials.load_delay_discounting(), 50.0
    shown = {name: np.asarray(x, float) for name, x in people.inputs.items()}
    sign = 2 * np.asarray(people.choices) - 1

    def of(i):
        def log_likelihood(x):
            rate, slope = np.exp(x)
            later, sooner = (
                shown[f"amount_{w}"][i] / scale / (1 + rate * shown[f"delay_{w}"][i])
                for w in ("later", "sooner")
            )
            return log_expit(slope * (later - sooner) * sign[i]).sum()

        return log_likelihood

    starts = [(rate, 2.0) for rate in (-6.0, -4.0, -2.0)]
    theirs = np.array([best_by_scipy(of(i), starts, [(-9.2, 9.2)] * 2) for i in range(20)])
    ours = fit(jax.random.key(0), models.hyperbolic_discounting(scale), people)
    difference = np.asarray(ours.log_likelihood, float) - theirs
    assert difference.min() > -BETTER and ours.converged.all()
    assert abs(difference).max() < 10 * BETTER, "the same people, as both find the highest point"


def prospect_of(people, i, scale):
    """SciPy's log-likelihood of one person's choices between a sure amount and a gamble."""
    there = np.asarray(people.mask)[i]
    gain, loss, sure = (
        np.abs(np.asarray(people.inputs[n], float)[i, there]) / scale for n in ("gain", "loss", "sure")
    )
    sign = 2 * np.asarray(people.choices)[i, there] - 1

    def log_likelihood(x):
        curvature, aversion, slope = np.exp(x)
        difference = (gain**curvature - aversion * loss**curvature) / 2 - sure**curvature
        return log_expit(slope * difference * sign).sum()

    return log_likelihood


@needs_hbayesdm
@pytest.mark.slow
@pytest.mark.parametrize("condition", ["attend", "reappraisal"])
def test_prospect_theory_is_fitted_as_by_scipy(condition):
    people, scale = trials.load_risky_choice(condition), 30.0
    starts = [(c, a, s) for c in (-0.7, 0.0) for a in (-0.5, 0.7) for s in (0.5, 2.5, 4.0)]
    bounds = [(-9.2, 2.0), (-9.2, 9.2), (-9.2, 9.2)]
    theirs = [best_by_scipy(prospect_of(people, i, scale), starts, bounds) for i in range(people.shape[0])]
    ours = fit(jax.random.key(0), models.prospect_theory(scale), people)
    difference = np.asarray(ours.log_likelihood, float) - theirs
    assert difference.min() > -BETTER
    assert np.median(difference) < 10 * BETTER, "the same likelihood, though SciPy may miss a summit"


def rescorla_wagner_of(choices, outcomes):
    """SciPy's log-likelihood of one person's choices among four arms."""

    def log_likelihood(x):
        alpha, slope, value, total = 1 / (1 + math.exp(-x[0])), math.exp(x[1]), [0.5] * 4, 0.0
        for choice, outcome in zip(choices, outcomes, strict=True):
            # Plain Python: rows of four are too short for NumPy.
            total -= math.log(sum(math.exp(slope * (v - value[choice])) for v in value))
            value[choice] += alpha * (outcome - value[choice])
        return total

    return log_likelihood


@needs_autora
@pytest.mark.slow
def test_the_restless_bandit_is_fitted_as_by_scipy():
    people = trials.load_restless_bandit().subjects(range(20))
    people = people._replace(outcomes=people.outcomes / 100)
    theirs = []
    for choices, outcomes, there in zip(
        np.asarray(people.choices), np.asarray(people.outcomes, float), np.asarray(people.mask), strict=True
    ):
        log_likelihood = rescorla_wagner_of(choices[there].tolist(), outcomes[there, 0].tolist())
        starts = [(alpha, slope) for alpha in (-1.0, 2.0) for slope in (1.0, 3.0)]
        theirs.append(best_by_scipy(log_likelihood, starts, [(-9.2, 9.2), (-9.2, 5.0)]))
    ours = fit(jax.random.key(0), models.rescorla_wagner(4), people)
    difference = np.asarray(ours.log_likelihood, float) - theirs
    assert difference.min() > -BETTER and np.median(difference) < 10 * BETTER


def go_no_go_of(cues, choices, outcomes):
    """SciPy's log-likelihood of one person's presses, from the equations of hBayesDM's gng_m1."""

    def log_likelihood(x):
        lapse, alpha, sensitivity = 1 / (1 + math.exp(-x[0])), 1 / (1 + math.exp(-x[1])), math.exp(x[2])
        value, total = [[0.0, 0.0] for _ in range(4)], 0.0
        for cue, choice, outcome in zip(cues, choices, outcomes, strict=True):
            here = value[cue]
            p = 1 / (1 + math.exp(here[1 - choice] - here[choice]))
            total += math.log((1 - lapse) * p + lapse / 2)
            here[choice] += alpha * (sensitivity * outcome - here[choice])
        return total

    return log_likelihood


@needs_hbayesdm
@pytest.mark.slow
def test_go_no_go_is_fitted_as_by_scipy():
    people, theirs = trials.load_go_no_go(), []
    arrays = (people.inputs["cue"], people.choices, chosen_outcome(people))
    for rows in zip(*map(np.asarray, arrays), strict=True):
        log_likelihood = go_no_go_of(*(row.tolist() for row in rows))
        starts = [(lapse, alpha, s) for lapse in (-4.0, -2.0) for alpha in (-2.0, 0.0) for s in (1.0, 2.5)]
        theirs.append(best_by_scipy(log_likelihood, starts, [(-9.2, 9.2), (-9.2, 9.2), (-5.0, 6.0)]))
    ours = fit(jax.random.key(0), models.go_no_go(), people)
    difference = np.asarray(ours.log_likelihood, float) - theirs
    assert difference.min() > -BETTER and np.median(difference) < 10 * BETTER


MODELS = {
    "load_iowa_gambling": lambda: models.pvl_delta(),
    "load_two_step_example": lambda: models.two_step_hybrid(),
    "load_probabilistic_selection": lambda: models.rescorla_wagner(6),
    "load_reversal_blocks": lambda: models.rescorla_wagner(2),
    "load_restless_points": lambda: models.kalman_filter(4),
    "load_gains_and_losses": lambda: models.gain_loss_sensitivities(4),
}


@needs_hbayesdm
@pytest.mark.slow
@pytest.mark.parametrize("loader", MODELS)
def test_the_model_of_a_task_takes_what_is_loaded(loader):
    people, model = getattr(trials, loader)(), MODELS[loader]()
    priors = models.default_priors(model, (0.0, 100.0) if loader == "load_restless_points" else (0.0, 1.0))
    params = {name: float(prior.sample(jax.random.key(0))) for name, prior in priors.items()}
    found = np.asarray(log_likelihood(model, params, people))
    assert found.shape == (people.shape[0],) and np.isfinite(found).all() and (found < 0).all()


@needs_hbayesdm
@needs_autora
@needs_cpm
def test_the_list_of_data_has_each_loader_with_its_size():
    text = (ROOT / "book" / "data.md").read_text(encoding="utf-8")
    listed = {m[1]: (int(m[3]), int(m[4])) for m in LISTED.finditer(text)}
    pages = {m[1]: (ROOT / "book" / m[2]).read_text(encoding="utf-8") for m in LISTED.finditer(text)}
    names = [name for name in trials.__all__ if name.startswith("load_")]
    assert sorted(listed) == names
    assert listed == {name: getattr(trials, name)().shape for name in names}
    assert [name for name in names if name not in pages[name]] == []
