"""The catalogue: what it lists, what its page says, and that its models are what they should be."""

import inspect
import itertools
import json
import re
import sys

import numpy as np
import pytest
import scipy.stats
from refusals import Bad, assert_refused
from site_browser import ROOT

import behavioural_modelling as bm
from behavioural_modelling.models import Entry, Listing, Parameter, Prior, list_models
from behavioural_modelling.models.catalogue import ENTRIES
from behavioural_modelling.tasks.standard import RANGES, STANDARD, standard

sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import catalogue  # noqa: E402
import catalogue_figures  # noqa: E402
import make_catalogue_recovery as recovery  # noqa: E402

BY_NAME = {entry.called: entry for entry in ENTRIES}
STORED = recovery.stored()
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.called)
N_CHECKED = 40


# The list.


def test_every_model_is_listed_once_and_printed():
    listed = list_models()
    assert isinstance(listed, Listing) and list(listed) == list(ENTRIES)
    assert len(BY_NAME) == len(ENTRIES) >= 30
    printed = str(listed)
    first = [line.split("  ")[0].strip() for line in printed.splitlines()[2:]]
    assert [name for name in first if name] == list(BY_NAME)
    assert max(map(len, printed.splitlines())) < 130


def test_every_builder_is_in_the_catalogue():
    public = [getattr(bm.models, name) for name in bm.models.__all__ if name[0].islower()]
    builders = {f for f in public if inspect.isfunction(f)} - {bm.models.default_priors, list_models}
    # A model of ratings has no choices to show; it is in the reference.
    left_out = {f.__name__ for f in builders - {entry.builder for entry in ENTRIES}}
    assert left_out <= {"binary_hgf_rating"}


@pytest.mark.parametrize("task", sorted({task for entry in ENTRIES for task in entry.tasks}))
def test_the_list_is_filtered_by_task(task):
    listed = list_models(task)
    assert {entry.called for entry in listed} == {e.called for e in ENTRIES if task in e.tasks}
    assert str(listed).count("\n") >= len(listed) + 1


def test_an_unknown_task_is_refused_by_the_names_of_those_known():
    with pytest.raises(ValueError, match=r"task: expected one of .*bandit.*reversal.*, got 'bandits'"):
        list_models("bandits")
    assert_refused(Bad(lambda: standard("bandits"), "name", "bandit, ", "'bandits'"))


@each_entry
def test_an_entry_fits_together(entry):
    """Its names are known, its call builds it, and its docstring holds what the page takes from it."""
    model = entry.build()
    assert eval(entry.call, {"bm": bm}) is model is entry.build()
    names = [parameter.name for parameter in model.parameters]
    assert set(entry.tasks) <= set(STANDARD)
    assert not entry.shown or entry.shown in names
    assert ".. math::" in inspect.getdoc(entry.builder) and catalogue.source(entry.builder)
    assert all(parameter.prior for parameter in model.parameters)
    if entry.limit:
        values, other = entry.limit
        assert set(values) <= set(names)
        assert {p.name for p in BY_NAME[other].build().parameters} <= set(names) - set(values)


@pytest.mark.parametrize("name", STANDARD)
def test_a_standard_task_can_be_played_by_its_models(name):
    task = standard(name)
    for entry in list_models() if name in {t for e in ENTRIES for t in e.tasks} else ():
        if entry.tasks[0] == name and isinstance(task, bm.tasks.Task):
            assert entry.build().n_actions == task.n_actions
    assert task.n_trials >= 40


def test_only_standard_tasks_have_a_range():
    assert set(RANGES) <= set(STANDARD) and all(low < high for low, high in RANGES.values())


# What is stored of recovery.


def test_the_bounds_are_those_of_bonett_and_wright():
    """By hand: r = .5, n = 103: z = .5493, its error is sqrt(1.125 / 100) = .1061; .5493 -+ .2079."""
    low, high = recovery.bounds(0.5, 103)
    np.testing.assert_allclose([low, high], np.tanh([0.5493 - 0.2079, 0.5493 + 0.2079]), atol=1e-4)
    assert all(map(np.isnan, recovery.bounds(np.nan, 200)))


@each_entry
def test_recovery_is_stored_for_the_model_as_it_is(entry):
    """Else run scripts/make_catalogue_recovery.py, which does those that have changed."""
    stored = STORED[entry.called]
    assert stored["digest"] == recovery.digest(entry)
    assert list(stored["recovered"]) == [parameter.name for parameter in entry.build().parameters]
    for r, low, high, n in stored["recovered"].values():
        assert -1 <= low < r < high <= 1 and n > 0.95 * recovery.N_PEOPLE
        np.testing.assert_allclose((low, high), recovery.bounds(r, n), atol=2e-3)  # r is rounded


def test_nothing_is_stored_of_models_that_are_gone():
    assert list(STORED) == list(BY_NAME)


def test_the_digest_notices_another_prior_and_another_task():
    entry = BY_NAME["rescorla_wagner"]
    other = entry._replace(arguments={"n_actions": 2, "inverse_temperature": True})
    moved = entry._replace(tasks=("reversal",))
    assert len({recovery.digest(each) for each in (entry, other, moved)}) == 3


AGAIN = ["rescorla_wagner", "choice_kernel", "hyperbolic_discounting", "go_no_go_m1"]


@pytest.mark.slow
@pytest.mark.parametrize("name", AGAIN)
def test_other_people_recover_alike(name):
    n = 100
    for parameter, (r, *_, m) in STORED[name]["recovered"].items():
        again = recovery.recovered(BY_NAME[name], n, seed=99)[parameter][0]
        error = np.sqrt((1 + r**2 / 2) * (1 / (n - 3) + 1 / (m - 3)))
        # Beyond 4 errors: 1 in 16,000, for each of about ten parameters.
        assert abs(np.arctanh(again) - np.arctanh(r)) < 4 * error


UNFOUND = re.compile(r"(\w+) \((-?\d\.\d+|nan)\)")


FIRST = {members[0].called for members in catalogue.families(ENTRIES).values()}
"""One of each family: these are looked at by each run of the slow tests, the others once a week."""


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(e, id=e.called, marks=pytest.mark.slow if e.called in FIRST else pytest.mark.weekly)
        for e in ENTRIES
    ],
)
def test_a_model_passes_its_check(entry):
    """In its standard task. What is stored as weak may be lost among so few people, fitted without priors."""
    limit = (entry.limit[0], BY_NAME[entry.limit[1]].build()) if entry.limit else None
    task, priors = standard(entry.tasks[0]), recovery.priors_of(entry)
    check = bm.testing.check_model(entry.build(), task=task, params=priors, limit=limit, n_subjects=N_CHECKED)
    problems = [problem for problem in check.problems if not problem.startswith("recovery: no rank")]
    assert problems == [], check
    lost = {name for problem in check.problems for name, _ in UNFOUND.findall(problem)}
    assert all(STORED[entry.called]["recovered"][name][0] < 0.75 for name in lost), check


# The page.


def test_what_a_prior_claims_is_what_scipy_says():
    beta = scipy.stats.beta(1.1, 1.1).ppf([0.05, 0.5, 0.95])
    share = bm.models.rescorla_wagner(2).parameters[0]
    found = catalogue._ranges.quantiles(share, (0.0, 1.0), (0.05, 0.5, 0.95))
    np.testing.assert_allclose(found, beta, atol=1e-4)
    assert catalogue.claims(share, (0.0, 1.0)) == "0.5 (0.06 to 0.94)"
    points = Parameter("level", -np.inf, prior=Prior("Normal", (0.5, 0.5)), unit="value")
    # Stretched to points from -100 to 100: mean 0, sd 100.
    found = catalogue._ranges.quantiles(points, (-100.0, 100.0), (0.05, 0.5, 0.95))
    np.testing.assert_allclose(found, [-164.49, 0, 164.49], atol=0.1)
    assert "for outcomes from -100 to 100" in catalogue.prior_of(points, (-100.0, 100.0))


def test_ranges_are_told_in_words():
    tell = lambda *given, **named: catalogue.range_of(Parameter("x", *given, **named))  # noqa: E731
    assert tell(0, 1) == "0 to 1" and tell(0, above=True) == "above 0" and tell(0) == "from 0 on"
    assert tell(-np.inf) == "any number" and tell(-np.inf, 3) == "up to 3"
    assert tell(0, unit="per difference") == "from 0 on, per unit of the outcomes"


def test_a_doi_becomes_a_link():
    def builder():
        """One.

        .. math:: x

        More.

        Parameters: `x`.

        And more.

        Args:
            none

        Source:
            One et al. (2001), doi 10.1/ab.c; Two (2002), doi 10.2/d.
        """

    assert catalogue.source(builder) == (
        "One et al. (2001), [doi 10.1/ab.c](https://doi.org/10.1/ab.c); "
        "Two (2002), [doi 10.2/d](https://doi.org/10.2/d)."
    )
    assert catalogue.about(builder) == "One.\n\n.. math:: x\n\nMore.\n\nParameters: `x`."


def test_the_page_says_of_a_model_what_the_model_says(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "KEPT", ROOT / "_build" / "catalogue_of_tests")
    entries = (BY_NAME["rescorla_wagner"], BY_NAME["rescorla_wagner_stickiness"])
    text = catalogue.page_text(entries, tmp_path)
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        f"## {entries[0].family}",
        "### rescorla_wagner",
        f"## {entries[1].family}",
        "### rescorla_wagner_stickiness",
    ]
    row = "| `stickiness` | any number | Normal(0, 1) | 0 (-1.6 to 1.6) | "
    assert re.search(re.escape(row) + r"0\.\d\d \(0\.\d\d to 0\.\d\d\) \|", text)
    assert "With `stickiness` at 0 it is [rescorla_wagner](#rescorla_wagner)." in text
    assert text.count(".. math::") >= 2 and text.count('class="explorer"') == 2
    assert {path.name for path in tmp_path.iterdir()} == {f"{e.called}.svg" for e in entries}
    again = catalogue.page_text(entries, tmp_path)
    assert again == text, "what is kept is another text"


def test_the_page_of_the_book_asks_for_the_catalogue():
    assert (ROOT / "book" / "catalogue.md").read_text(encoding="utf-8").count(catalogue.MARK) == 1


def test_the_figure_is_what_simulate_gives():
    """Of an agent whose bias is known: the mean of 200 people, in bins of 10 trials."""
    entry = BY_NAME["biased_random"]
    shown = catalogue_figures.behaviour(entry)
    assert shown.parameter == "bias" and len(shown.x) == 20 and shown.x[0] == 5.5
    for value, heights in shown.lines.items():
        # Action 1 pays more; it is chosen with 1 - bias. Error of a mean of 2,000 choices, 60 of them.
        p = 1 - float(value)
        assert np.abs(np.array(heights) - p).max() < 4.5 * np.sqrt(p * (1 - p) / 2000)
    assert "from" in catalogue_figures.in_words(shown) and "bias" in catalogue_figures.in_words(shown)
    assert catalogue_figures.drawn(shown) == catalogue_figures.drawn(shown)


def test_the_parameter_that_is_shown_is_the_one_that_the_limit_takes_away():
    assert catalogue_figures.shown_parameter(BY_NAME["rescorla_wagner_stickiness"]) == "stickiness"
    assert catalogue_figures.shown_parameter(BY_NAME["rescorla_wagner"]) == "alpha"
    assert catalogue_figures.shown_parameter(BY_NAME["rescorla_wagner"]._replace(shown="temperature")) == (
        "temperature"
    )


def test_stays_are_counted_by_transition_and_outcome():
    """By hand: four trials of one person; three pairs of neighbours."""
    choices = [[0, 1, 0, 0, 1, 1, 1, 0]]  # first stages 0 0 1 1
    planet = [[0, 1, 0, 2, 0, 2, 0, 1]]  # common, rare, common, rare
    outcomes = np.zeros((1, 8, 2))
    outcomes[0, 1] = outcomes[0, 5] = 1.0  # trials 0 and 2 paid
    stage = [[0, 1] * 4]
    trials = bm.Trials(choices, outcomes, inputs={"planet": planet, "stage": stage})
    names, shares = catalogue_figures.stayed(catalogue_figures.Played(trials))
    # Trial 0 (common, paid): stayed. Trial 1 (rare, unpaid): left. Trial 2 (common, paid): stayed.
    assert names == ["common, paid", "rare, paid", "common, unpaid", "rare, unpaid"]
    np.testing.assert_array_equal(shares, [[1.0, np.nan, np.nan, 0.0]])


def test_families_are_told_apart_and_each_has_one_that_can_be_tried():
    found = catalogue.families(ENTRIES)
    assert list(itertools.chain.from_iterable(found.values())) and len(found) >= 5
    for family, members in found.items():
        tried = catalogue.tried_out(members)
        assert tried in members, family
        assert len(tried.build().parameters) <= catalogue.MOST_SLIDERS


def test_what_is_kept_is_made_anew_where_its_key_is_another(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "KEPT", tmp_path)
    made = []
    make = lambda: made.append(1) or {"n": len(made)}  # noqa: E731
    assert catalogue.kept("x.json", make) == catalogue.kept("x.json", make) == {"n": 1}
    text = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    (tmp_path / "x.json").write_text(json.dumps(text | {"key": "another"}), encoding="utf-8")
    assert catalogue.kept("x.json", make) == {"n": 2}


def test_an_entry_is_named_after_its_builder_unless_it_has_a_name():
    entry = Entry(bm.models.rescorla_wagner, "Family", ("bandit",), {"n_actions": 3})
    assert entry.called == "rescorla_wagner" and entry._replace(name="other").called == "other"
    assert entry.call == "bm.models.rescorla_wagner(n_actions=3)"
    assert entry.build() is bm.models.rescorla_wagner(3)
    assert entry.summary == "Rescorla-Wagner learning with one learning rate, and softmax choice."
