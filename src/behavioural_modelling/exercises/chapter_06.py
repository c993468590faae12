"""Chapter 6: loops that learn, an honest stopwatch, and when it pays to compile."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from unittest import mock

import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 6.1: the values of one arm, each before its outcome.


def _all_values(outcomes, alpha, *, start=0.5, sign=1):
    values = np.full(len(outcomes) + 1, start)
    for t, outcome in enumerate(outcomes):
        values[t + 1] = values[t] + sign * alpha * (outcome - values[t])
    return values


def _values_of_one_arm(outcomes, alpha):
    return _all_values(outcomes, alpha)[:-1]


def _never_learns(outcomes, alpha):
    return np.full(len(outcomes), 0.5)


def _after_the_outcome(outcomes, alpha):
    return _all_values(outcomes, alpha)[1:]


def _from_zero(outcomes, alpha):
    return _all_values(outcomes, alpha, start=0.0)[:-1]


def _away_from_the_outcome(outcomes, alpha):
    return _all_values(outcomes, alpha, sign=-1)[:-1]


def _always_from_the_start(outcomes, alpha):
    return np.append(0.5, 0.5 + alpha * (outcomes - 0.5))[:-1]


NEVER_LEARNS = Exercise(
    number="6.1",
    reference=_values_of_one_arm,
    cases=lambda: [(np.array([0.0, 1.0, 1.0, 0.0, 1.0]), 0.4), (np.array([1.0, 1.0, 0.0]), 0.2)],
    hint="Trial t makes the value of trial t + 1; the last outcome makes none that is returned.",
    mistakes=(
        Mistake("the values never change", _never_learns, "Where does the new value go?"),
        Mistake(
            "each value is the one after its outcome",
            _after_the_outcome,
            "values[t] is what was known before outcome t: the first is the start.",
        ),
        Mistake(
            "the last value is one too many",
            _all_values,
            "There are as many values as outcomes: what the last outcome changes is not asked for.",
        ),
        Mistake("the values start at 0", _from_zero, "Before the first outcome the value is one half."),
        Mistake(
            "the values move away from the outcomes",
            _away_from_the_outcome,
            "An outcome above the value raises it: look at the sign of the prediction error.",
        ),
        Mistake(
            "every update starts from the first value",
            _always_from_the_start,
            "The value of one trial is made from that of the trial before.",
        ),
    ),
)

# 6.2: a stopwatch. The check's clock moves only where somebody waits for a result.


class _Pretender:
    """A function that says at once that it is done, and does its work only when a result is waited for."""

    def __init__(self, seconds):
        self.seconds, self.now, self.calls, self.done = seconds, 0.0, 0, 0

    def __call__(self):
        self.calls += 1
        return self

    def block_until_ready(self):
        for call in range(self.done, self.calls):
            self.now += self.seconds[call % len(self.seconds)]
        self.done = self.calls
        return self

    def clock(self):
        return self.now


def _with_a_clock(function, seconds, repeats):
    pretender = _Pretender(seconds)
    with mock.patch("time.perf_counter", pretender.clock), mock.patch("time.time", pretender.clock):
        answer = function(pretender, repeats)
    return {"seconds": answer, "calls": pretender.calls}


def _times(function, repeats, *, wait=True):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        if wait:
            result.block_until_ready()
        times.append(time.perf_counter() - start)
    return times


def _stopwatch(summary: Callable = statistics.median, *, wait: bool = True):
    def steady_state(function, repeats):
        function().block_until_ready()
        return summary(_times(function, repeats, wait=wait))

    return steady_state


def _no_warm_up(function, repeats):
    return statistics.median(_times(function, repeats))


def _warm_up_not_awaited(function, repeats):
    function()
    return _no_warm_up(function, repeats)


def _first_among_them(function, repeats):
    return _no_warm_up(function, repeats + 1)


STOPWATCH = Exercise(
    number="6.2",
    reference=_stopwatch(),
    cases=lambda: [((0.3, 0.02, 0.001, 0.021, 0.2, 0.022), 5), ((1.0, 0.004, 0.5, 0.003), 3)],
    hint="Warm up, wait inside the timed part, and take the median of what time.perf_counter says.",
    attempt=_with_a_clock,
    mistakes=(
        Mistake(
            "nobody waits for the result",
            _stopwatch(wait=False),
            "The clock must stop only when the result is there.",
        ),
        Mistake(
            "the first call is timed with the others",
            _no_warm_up,
            "It compiles: call the function once before you time it.",
        ),
        Mistake(
            "the first call is not waited for",
            _warm_up_not_awaited,
            "Its work still goes on when the clock starts, and the next call pays for it.",
        ),
        Mistake(
            "the first call is among those that are timed",
            _first_among_them,
            "There are `repeats` timed calls, and one before them that is not timed.",
        ),
        Mistake(
            "this is the mean",
            _stopwatch(statistics.fmean),
            "One slow call spoils it: which number does not mind?",
        ),
        Mistake("this is the fastest call", _stopwatch(min), "The fastest call is luck, as the slowest is."),
        Mistake(
            "this is the time of all calls together", _stopwatch(sum), "What does one call take, typically?"
        ),
        Mistake(
            "the answer is in milliseconds",
            _stopwatch(lambda times: 1e3 * statistics.median(times)),
            "Seconds were asked for.",
        ),
    ),
)

# 6.3: from how many subjects on compiling pays.


def _break_even(loop, compiling, compiled):
    return math.floor(compiling / (loop - compiled)) + 1


BREAK_EVEN = Exercise(
    number="6.3",
    reference=_break_even,
    cases=lambda: [(10.0, 300.0, 2.0), (2.5, 1000.0, 0.6), (3.0, 100.0, 1.0)],
    hint="Both take the same time where loop * n = compiling + compiled * n. Solve for n, then round.",
    mistakes=(
        Mistake(
            "this is not a whole number of subjects",
            lambda loop, compiling, compiled: compiling / (loop - compiled),
            "There is no part of a subject: which way do you round?",
        ),
        Mistake(
            "at this number the loop is still ahead, or they are even",
            lambda loop, compiling, compiled: math.floor(compiling / (loop - compiled)),
            "JAX is to be faster: which way do you round?",
        ),
        Mistake(
            "where both take the same time, JAX counts as faster here",
            lambda loop, compiling, compiled: math.ceil(compiling / (loop - compiled)),
            "What if they are even at a whole number of subjects?",
        ),
        Mistake(
            "the compiled program is taken to need no time for a subject",
            lambda loop, compiling, compiled: math.floor(compiling / loop) + 1,
            "What does each subject cost after compiling?",
        ),
        Mistake(
            "the two times per subject are added",
            lambda loop, compiling, compiled: math.floor(compiling / (loop + compiled)) + 1,
            "How much does each subject gain over the loop?",
        ),
        Mistake(
            "compiling costs nothing here",
            lambda loop, compiling, compiled: 1,
            "The first call counts: it compiles.",
        ),
    ),
)

EXERCISES = (NEVER_LEARNS, STOPWATCH, BREAK_EVEN)
