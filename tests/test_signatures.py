"""Signatures of behaviour: by hand, against a plain loop, with masks, offers and missing feedback."""

from functools import partial

import jax
import numpy as np
import pytest
from refusals import Bad, assert_refused

import behavioural_modelling as bm
from behavioural_modelling import Trials, models, signatures
from behavioural_modelling.studies.signatures import (
    histories,
    learning_curve,
    repeat_rate,
    stay_after_loss,
    stay_after_win,
    switch_given_last,
)

NAN = float("nan")
EVERY = {
    "repeat_rate": repeat_rate,
    "stay_after_win": stay_after_win,
    "stay_after_loss": stay_after_loss,
    "switch_given_last": partial(switch_given_last, n_back=2),
    "learning_curve": partial(learning_curve, n_blocks=3, best=0),
}
each = pytest.mark.parametrize("statistic", EVERY.values(), ids=EVERY)


def test_by_hand():
    # Pairs: 0-0 after a win, 0-1 after a loss, 1-1 after a win, 1-1 after a win, 1-0 after a loss.
    trials = Trials([[0, 0, 1, 1, 1, 0]], [[1.0, 0.0, 1.0, 1.0, 0.0, 1.0]])
    assert repeat_rate(trials).tolist() == [3 / 5]
    assert stay_after_win(trials).tolist() == [1.0] and stay_after_loss(trials).tolist() == [0.0]
    # Two back on the same action: trials 3 (WL, a switch), 5 (WW, stays) and 6 (WL, a switch).
    switches = switch_given_last(trials, n_back=2)
    np.testing.assert_array_equal(switches, [[NAN, NAN, 1.0, 0.0]])
    assert histories(2) == ["LL", "LW", "WL", "WW"] and histories(1) == ["L", "W"]


def test_the_order_of_a_history_is_the_order_of_time():
    trials = Trials([[0, 0, 1]], [[0.0, 1.0, 0.0]])  # a loss, then a win, then a switch
    np.testing.assert_array_equal(switch_given_last(trials), [[NAN, 1.0, NAN, NAN]])


def test_a_win_is_an_outcome_above_a_number():
    trials = Trials([[0, 0, 1]], [[40.0, 60.0, 0.0]])
    assert stay_after_win(trials).tolist() == [0.5]
    assert stay_after_win(trials, above=50).tolist() == [0.0]
    assert stay_after_loss(trials, above=50).tolist() == [1.0]


def test_a_missed_trial_parts_its_neighbours():
    trials = Trials([[0, 0, 0, 1]], [[1.0, 1.0, 1.0, 1.0]], mask=[[True, False, True, True]])
    assert repeat_rate(trials).tolist() == [0.0]  # the third and the fourth alone
    assert stay_after_win(trials).tolist() == [0.0]


def test_a_reset_parts_its_neighbours():
    trials = Trials([[0, 0, 1, 1]], [[1.0] * 4], reset=[[False, False, True, False]])
    assert repeat_rate(trials).tolist() == [1.0]
    assert switch_given_last(trials, 1).tolist()[0][1] == 0.0


def test_a_switch_counts_only_where_staying_was_possible_and_staying_where_switching_was():
    offered = np.array([[[1, 1, 0], [0, 1, 1], [0, 1, 0], [0, 1, 1]]], bool)
    # 0, then 1 (0 is gone), 1 (nothing else is there), 2 (1 is there: a switch).
    trials = Trials([[0, 1, 1, 2]], [[1.0] * 4], available=offered)
    assert repeat_rate(trials).tolist() == [0.0]
    assert stay_after_win(trials).tolist() == [0.0]


def test_a_choice_without_feedback_is_neither_won_nor_lost_but_repeated():
    trials = Trials([[0, 0, 1]], [[NAN, 0.0, 1.0]])
    assert repeat_rate(trials).tolist() == [0.5]
    np.testing.assert_array_equal(stay_after_win(trials), [NAN])
    assert stay_after_loss(trials).tolist() == [0.0]
    np.testing.assert_array_equal(switch_given_last(trials, 1), [[1.0, NAN]])


def test_the_learning_curve_by_hand():
    outcomes = np.tile([[0.0, 1.0]], (6, 1))
    trials = Trials([[0, 0, 0, 1, 1, 1], [1] * 6], outcomes, mask=[[True] * 6, [True] * 4 + [False] * 2])
    np.testing.assert_array_equal(learning_curve(trials, 3), [[0.0, 0.5, 1.0], [1.0, 1.0, 1.0]])
    # Of the second person four trials count: their halves are two each.
    trials = Trials([[1, 1, 0, 1, 0, 0]], outcomes, mask=[[True] * 4 + [False] * 2])
    np.testing.assert_array_equal(learning_curve(trials, 2), [[1.0, 0.5]])


def test_the_best_action_is_that_of_each_stretch_between_resets():
    outcomes = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3)
    reset = [[False] * 3 + [True] + [False] * 2]
    trials = Trials([[0, 0, 0, 0, 1, 1]], outcomes, reset=reset)
    np.testing.assert_array_equal(learning_curve(trials, 6)[0], [1, 1, 1, 0, 1, 1])
    # Told, it is as it is told, also by trial, and for the people of two draws.
    best = np.array([0, 0, 0, 1, 1, 1])
    told = Trials([[0, 0, 0, 0, 1, 1]] * 4, np.zeros((4, 6)))
    np.testing.assert_array_equal(learning_curve(told, 6, best=best), [[1, 1, 1, 0, 1, 1]] * 4)
    of_two = np.stack([best, 1 - best])
    expected = np.tile([[1, 1, 1, 0, 1, 1], [0, 0, 0, 1, 0, 0]], (2, 1))
    np.testing.assert_array_equal(learning_curve(told, 6, best=of_two), expected)


def test_where_all_actions_pay_alike_nothing_counts():
    trials = Trials([[0, 1, 0, 1]], [[1.0, 0.0], [0.0, 1.0]] * 2)
    np.testing.assert_array_equal(learning_curve(trials, 2), [[NAN, NAN]])


def by_loop(trials, n_back):
    """Repeats and switches by history, one subject and one trial at a time, as the docstrings say."""
    n_subjects, n_trials = trials.shape
    mask, reset = np.asarray(trials.mask), np.asarray(trials.reset)
    choices, paid, offered = (np.asarray(x) for x in (trials.choices, trials.outcomes, trials.available))
    told = np.asarray(trials.feedback)
    repeats = [[] for _ in range(n_subjects)]
    switches = [{h: [] for h in histories(n_back)} for _ in range(n_subjects)]
    for i in range(n_subjects):
        for t in range(1, n_trials):
            if not (mask[i, t] and mask[i, t - 1]) or reset[i, t]:
                continue
            if not offered[i, t, choices[i, t - 1]] or offered[i, t].sum() < 2:
                continue
            stays = choices[i, t] == choices[i, t - 1]
            repeats[i].append(stays)
            before = range(t - n_back, t)
            if before[0] < 0 or any(reset[i, k] for k in before[1:]):
                continue
            if all(mask[i, k] and told[i, k] and choices[i, k] == choices[i, t - 1] for k in before):
                history = "".join("W" if paid[i, k, 0] > 0 else "L" for k in before)
                switches[i][history].append(not stays)
    mean = lambda x: np.mean(x) if x else NAN  # noqa: E731
    return np.array([mean(x) for x in repeats]), np.array([[mean(x) for x in s.values()] for s in switches])


@pytest.mark.parametrize("n_back", [1, 2, 3])
def test_against_a_loop(n_back):
    rng = np.random.default_rng(n_back)
    shape = 7, 60
    offered = rng.uniform(size=(*shape, 3)) < 0.9
    choices = rng.integers(0, 2, shape)
    np.put_along_axis(offered, choices[..., None], True, axis=-1)
    flags = {"mask": rng.uniform(size=shape) < 0.9, "reset": rng.uniform(size=shape) < 0.05}
    outcomes = (rng.uniform(size=shape) < 0.5).astype(float)
    trials = Trials(choices, outcomes, offered, **flags, feedback=rng.uniform(size=shape) < 0.9)
    repeats, switches = by_loop(trials, n_back)
    np.testing.assert_allclose(repeat_rate(trials), repeats, rtol=1e-12)
    np.testing.assert_allclose(switch_given_last(trials, n_back), switches, rtol=1e-12)
    assert np.isfinite(switches).mean() > 0.3  # there was something to compare


def test_win_stay_lose_shift_shows_in_its_signatures():
    # It stays after a win and leaves after a loss with probability 1 - epsilon/2 each, of two actions.
    outcomes = (np.random.default_rng(0).uniform(size=(4000, 2)) < 0.5).astype(np.float32)
    model = models.win_stay_lose_shift(2)
    (parameter,) = model.parameters
    trace = bm.simulate(jax.random.key(0), model, {parameter.name: 0.2}, outcomes)
    trials = Trials(trace.choices, outcomes)
    before, choice_p = np.asarray(trace.choices)[0, :-1], np.asarray(trace.choice_p)[0, 1:]
    won = outcomes[np.arange(3999), before] > 0
    stay_p = choice_p[np.arange(3999), before]  # the model's own probabilities
    for statistic, here in ((stay_after_win, won), (stay_after_loss, ~won)):
        p = stay_p[here].mean()
        # Four Monte-Carlo standard errors of a share.
        assert abs(statistic(trials)[0] - p) < 4 * np.sqrt(p * (1 - p) / here.sum())
    assert stay_after_win(trials)[0] > 0.8 > 0.2 > stay_after_loss(trials)[0]


@each
def test_the_order_of_subjects_and_padding_do_not_matter(statistic):
    rng = np.random.default_rng(3)
    choices, outcomes = rng.integers(0, 2, (5, 40)), rng.integers(0, 2, (5, 40)).astype(float)
    found = statistic(Trials(choices, outcomes, mask=np.ones((5, 40), bool)))
    assert found.shape[0] == 5 and np.isfinite(found).any()
    order = [3, 0, 4, 1, 2]
    np.testing.assert_array_equal(statistic(Trials(choices[order], outcomes[order])), found[order])
    padded = Trials(
        np.pad(choices, ((0, 0), (0, 3))), np.pad(outcomes, ((0, 0), (0, 3))), mask=np.arange(43) < [[40]] * 5
    )
    np.testing.assert_array_equal(statistic(padded), found)


@each
def test_somebody_without_a_trial_has_no_number(statistic):
    trials = Trials(
        [[0, 1], [0, 0]], [[1.0, 0.0], [1.0, 1.0]], mask=[[False, False], [True, True]], shared=False
    )
    assert np.isnan(statistic(trials)[0]).all()


GOOD = Trials([[0, 1, 1]], [[1.0, 0.0, 1.0]])
ALL = Trials([[0, 1, 1]], [[1.0, 0.0]] * 3)
RATED = Trials(None, [[1.0, 0.0]], responses={"ratings": [[0.1, 0.2]]})
NAMED = Trials([[0, 1]], {"money": [[1.0, 0.0]], "shock": [[0.0, 1.0]]})
BAD = {
    "no trials": Bad(lambda: repeat_rate([[0, 1]]), "trials", "Trials with choices", "list"),
    "ratings": Bad(lambda: repeat_rate(RATED), "trials", "Trials with choices", "without choices"),
    "two outcomes": Bad(lambda: stay_after_win(NAMED), "trials", "one outcome", "money, shock"),
    "above": Bad(lambda: stay_after_loss(GOOD, above="0"), "above", "a finite number", "'0'"),
    "above all": Bad(lambda: stay_after_loss(GOOD, above=NAN), "above", "a finite number", "nan"),
    "n_back": Bad(lambda: switch_given_last(GOOD, n_back=0), "n_back", "at least 1", "0"),
    "histories": Bad(lambda: histories(1.5), "n_back", "whole number", "1.5"),
    "n_blocks": Bad(lambda: learning_curve(ALL, n_blocks=0), "n_blocks", "at least 1", "0"),
    "best is needed": Bad(lambda: learning_curve(GOOD), "best", "which action is best", "None"),
    "best is no action": Bad(lambda: learning_curve(ALL, best=0.5), "best", "whole numbers", "float"),
    "best below 0": Bad(lambda: learning_curve(ALL, best=-1), "best", "whole numbers", ""),
    "best of others": Bad(lambda: learning_curve(ALL, best=[0, 1]), "best", "(3,)", "(2,)"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_named(bad):
    assert_refused(bad)


def test_they_are_in_the_package():
    assert bm.signatures is signatures
