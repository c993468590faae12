"""The explorers of the catalogue's models: what a page computes of each is what `replay` tells."""

import sys
from functools import cache

import numpy as np
import pytest
from site_browser import ROOT

import behavioural_modelling as bm
from behavioural_modelling.explorers import _page, _ranges, _sequences, controls, layers, model_explorer
from behavioural_modelling.models import Parameter
from behavioural_modelling.models.catalogue import ENTRIES

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import catalogue  # noqa: E402

N_SETTINGS = 6
# Rounding of float64, through as many as 80 trials that build on each other.
CLOSE = {"rtol": 1e-8, "atol": 1e-8}
SHOWN = {catalogue.tried_out(members).called for members in catalogue.families(ENTRIES).values()}
"""Those on the page of the catalogue; the others take as long, and are tried once a week."""

each_entry = pytest.mark.parametrize(
    "name", [pytest.param(e.called, marks=[] if e.called in SHOWN else [pytest.mark.weekly]) for e in ENTRIES]
)
made = cache(model_explorer)


@pytest.fixture(scope="module")
def page(browser):
    context = browser.new_context()
    page = context.new_page()
    for script in _page.TRANSLATED_NEED:
        page.add_script_tag(content=_page.own_file(script))
    yield page
    context.close()


def settings_of(explorer):
    """Where the sliders begin, at both of their ends, and in between."""
    rng = np.random.default_rng(1)
    some = [{c.name: float(rng.choice(c.values)) for c in explorer.controls} for _ in range(N_SETTINGS)]
    ends = [{c.name: c.values[end] for c in explorer.controls} for end in (0, -1)]
    return [explorer.start, *ends, *some]


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, x in expected.items():
        if isinstance(x, dict):
            assert_same(found[name], x)
        else:
            np.testing.assert_allclose(np.array(found[name], float), np.asarray(x, float), **CLOSE)


@pytest.mark.browser
@each_entry
def test_the_page_computes_what_the_model_does(page, name):
    settings = settings_of(made(name))
    script = f"(all) => {{ const f = {made(name).source()}; return all.map((x) => f(...x)); }}"
    found = page.evaluate(script, [list(each.values()) for each in settings])
    for each, result in zip(settings, found, strict=True):
        assert_same(result, made(name).results(**each))


@each_entry
def test_an_explorer_tells_what_replay_tells(name):
    entry = next(entry for entry in ENTRIES if entry.called == name)
    sequence, results = _sequences.sequence(entry), made(name).results()
    trace = bm.replay(entry.build(), made(name).start, sequence.trials)
    log_prob, chances = (np.asarray(x)[0, sequence.shown] for x in (trace.log_prob, trace.choice_p))
    # `replay` computes in 32 bits: 80 terms, each off by some roundings of 6e-8 of a logit of up to 100.
    np.testing.assert_allclose(results["log_likelihood"], log_prob.sum(), rtol=1e-4, atol=1e-3)
    lines = {source: x for source, x in results.items() if source.startswith("p_")}
    assert sum(len(x["y"]) for x in lines.values()) >= len(sequence.shown)
    off = [np.abs(x["y"][:, None] - chances.ravel()).min(axis=1).max() for x in lines.values()]
    assert max(off) < 1e-4
    chosen = results["chosen"]
    assert len(chosen["x"]) == len(sequence.shown) == results["n_choices"]


@each_entry
def test_an_explorer_is_light_and_its_lines_can_be_told_apart(name):
    assert len(_page.html(made(name), "picture.svg")) < 60_000
    for panel in made(name).panels:
        lines = [x for x in panel.layers if isinstance(x, layers.Line) and x.label]
        points = [x for x in panel.layers if isinstance(x, layers.Points) and x.label]
        assert len({(x.dash, x.width) for x in lines}) == len(lines) <= 4
        assert len({(x.marker, x.filled) for x in points}) == len(points)


def test_a_picture_of_its_own_is_fetched_when_it_comes_near():
    html = _page.html(made("rescorla_wagner"), "../picture.svg")
    assert 'data-start="near"' in html and 'loading="lazy" src="../picture.svg"' in html
    assert 'data-start="near"' not in _page.html(made("rescorla_wagner"))


@pytest.mark.browser
def test_an_explorer_far_below_starts_when_it_is_scrolled_to(browser, tmp_path):
    head = (
        '<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>x</title><p style="height: 5000px">'
    )
    html = _page.html(made("rescorla_wagner"), "data:image/svg+xml,<svg/>")
    (tmp_path / "x.html").write_text(f"{head}</p>{html}{_page.scripts()}", encoding="utf-8")
    tab = browser.new_page()
    tab.goto((tmp_path / "x.html").as_uri())
    tab.wait_for_timeout(500)
    assert tab.locator(".explorer[data-started]").count() == 0
    tab.locator(".explorer").scroll_into_view_if_needed()
    tab.wait_for_selector(".explorer[data-ready]")
    tab.close()


def test_a_model_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="model: expected one of .*rescorla_wagner.*, got 'rescorla'"):
        model_explorer("rescorla")


@pytest.mark.parametrize(
    ("parameter", "first", "last"),
    [
        (Parameter("x", 0, 1, prior=bm.models.Prior("Beta", (1.1, 1.1))), 0.0, 1.0),
        # LogNormal(0, 1): its 2 % and 98 % points are e^-2.054 and e^2.054.
        (Parameter("x", 0, prior=bm.models.Prior("LogNormal", (0.0, 1.0))), 0.128, 7.8),
        # Normal(0, 1): from -2.054 to 2.054 in 20 steps of .2054, rounded up to .25.
        (Parameter("x", -np.inf, prior=bm.models.Prior("Normal", (0.0, 1.0))), -2.5, 2.5),
    ],
)
def test_a_slider_spans_what_people_may_have(parameter, first, last):
    slider = _ranges.slider(parameter, (0.0, 1.0))
    assert isinstance(slider, controls.Slider) and len(slider.values) == _ranges.STOPS
    np.testing.assert_allclose([slider.values[0], slider.values[-1]], [first, last], rtol=0.01)
    assert slider.start in slider.values
