"""The check that every exercise ends with."""

import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling.exercises import check_answer


@pytest.mark.parametrize(
    "answer, expected",
    [(0.5, 0.5), (1, 1.0), ([0.1, 0.2], jnp.array([0.1, 0.2])), (0.500001, 0.5), (np.int64(3), 3)],
)
def test_a_right_answer_is_correct(answer, expected, capsys):
    check_answer(answer, expected)
    assert capsys.readouterr().out == "Correct.\n"


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_yet(answer, capsys):
    check_answer(answer, 0.5, hint="a hint that comes too early")
    out = capsys.readouterr().out
    assert out.startswith("No answer yet.") and "hint" not in out


@pytest.mark.parametrize(
    "answer, problem",
    [
        (0.6, "a number is off by 0.1"),
        ([0.5, 0.5], "expected shape (), got (2,)"),
        (np.nan, "there is a NaN"),
        ("half", "expected numbers, got str"),
        ([[1.0], [1.0, 2.0]], "expected numbers, got list"),
        (lambda: 0.5, "expected numbers, got function"),
    ],
)
def test_a_wrong_answer_gets_the_problem_and_the_hint(answer, problem, capsys):
    check_answer(answer, 0.5, hint="Try again.")
    out = capsys.readouterr().out
    assert out.startswith(f"Not quite: {problem}") and out.endswith("Try again.\n")


def test_the_tolerance_is_the_largest_distance(capsys):
    check_answer([1.0, 1.09], [1.0, 1.0], tolerance=0.1)
    check_answer([1.0, 1.11], [1.0, 1.0], tolerance=0.1)
    assert [line[:7] for line in capsys.readouterr().out.splitlines()] == ["Correct", "Not qui"]
