"""The check below each exercise: every reference passes, every known mistake is named, no answer is told."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling import exercises
from behavioural_modelling.exercises import Exercise, Mistake, checking, registry

ALL = [one for chapter in registry.chapters() for one in exercises.of_chapter(chapter)]
MISTAKES = [(one, mistake) for one in ALL for mistake in one.mistakes]
each_exercise = pytest.mark.parametrize("one", ALL, ids=lambda one: one.number)


def as_tuple(functions):
    return functions if isinstance(functions, tuple) else (functions,)


@each_exercise
def test_the_reference_is_correct(one):
    assert checking.verdict(one, as_tuple(one.reference)) == "Correct."


@each_exercise
def test_there_are_three_known_mistakes_with_words_of_their_own(one):
    names = {mistake.name for mistake in one.mistakes}
    assert len(names) == len(one.mistakes) >= 3
    for mistake in one.mistakes:
        assert not mistake.name.endswith(".") and mistake.look.endswith((".", "?"))
    assert one.hint.endswith((".", "?"))


@pytest.mark.parametrize("one, mistake", MISTAKES, ids=lambda x: getattr(x, "number", None) or x.name)
def test_a_known_mistake_is_named(one, mistake):
    words = checking.verdict(one, as_tuple(mistake.answer))
    assert words == f"Not quite: {mistake.name}. {mistake.look}"


# The check itself, on an exercise made for it.


def double(x):
    return 2 * x


TASK = Exercise(
    "0.1",
    double,
    lambda: [(jnp.array([1.0, 4.0]),)],
    "Twice the number.",
    (Mistake("it is squared", lambda x: x**2, "Look at the power."),),
)


def stub(x): ...


def stub_of_two(x, y): ...


def stub_with_words(x):
    """Twice the number."""
    ...


@pytest.mark.parametrize("function", [stub, stub_of_two, stub_with_words, lambda x: None])
def test_no_answer_yet(function):
    assert checking.verdict(TASK, (function,)) == checking.NO_ANSWER


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda x: x**2, "Not quite: it is squared. Look at the power."),
        (lambda x: 2 * x + np.array([0, 0.5]), "Not quite: entry [1] is 8.5, off by 0.5. Twice the number."),
        (lambda x: x.sum(), "Not quite: expected shape (2,), got (). Twice the number."),
        (lambda x: x * np.nan, "Not quite: there is a NaN in your answer. Twice the number."),
        (lambda x: [[1.0], [1.0, 2.0]], "Not quite: TypeError: expected numbers, got list\nLook at: Twice"),
        (lambda x: print(end=""), "Not quite: TypeError: your function returns nothing"),
        (lambda x: x[7.5], "Not quite: TypeError in line 1 of <lambda>"),
        (lambda: 1, "Not quite: TypeError: "),
    ],
)
def test_a_wrong_answer_is_told_where_it_differs_and_never_what_is_right(function, words):
    told = checking.verdict(TASK, (function,))
    assert told.startswith(words)
    assert len(told.splitlines()) <= 2
    assert not re.search(r"\b[28]\.0\b", told)


def test_close_is_correct_and_no_mistake():
    assert checking.verdict(TASK, (lambda x: 2.000001 * x,)) == "Correct."


def test_the_type_of_a_carry_that_changes_is_said_in_full():
    def body(carry, x):
        return jnp.ones(2, jnp.int16), x

    task = TASK._replace(attempt=lambda f, x: jax.lax.scan(f, jnp.zeros(2), x)[1])
    told = checking.verdict(task, (body,))
    assert "float32[2]" in told and "int16[2]" in told and len(told.splitlines()) == 2


def if_on_a_tracer(carry, x):
    return carry if carry[0] > 0 else carry, x


def changed_in_place(carry, x):
    carry[0] = x
    return carry, x


def one_result(carry, x):
    return carry


def other_carry(carry, x):
    return (carry, x), x


def forgotten_import(carry, x):
    return softmax_stickiness(carry), x  # noqa: F821


@pytest.mark.parametrize(
    "body, look",
    [
        (if_on_a_tracer, "There is an `if` on a traced value: use jnp.where."),
        (changed_in_place, "JAX arrays cannot be changed in place: x.at[i].set(y) returns a new one."),
        (one_result, "The body takes (carry, x) and returns two things"),
        (other_carry, "The body takes (carry, x) and returns two things"),
        (forgotten_import, "softmax_stickiness is not there yet: define or import it"),
        (
            lambda carry: carry,
            "The check calls your function with the arguments of the first line of the stub.",
        ),
    ],
)
def test_an_error_of_jax_is_told_in_two_lines_with_its_cure(body, look):
    task = TASK._replace(attempt=lambda f, x: jax.lax.scan(f, jnp.zeros(2), x)[1])
    told = checking.verdict(task, (body,)).splitlines()
    assert len(told) == 2 and told[0].startswith("Not quite: ") and told[1].startswith(f"Look at: {look}")
    assert len(told[0]) < 250


def test_progress_counts_what_is_solved(capsys):
    one, *others = exercises.of_chapter(2)
    exercises.progress(2)
    exercises.check(one.number, one.reference)
    exercises.progress(2)
    exercises.check(one.number, stub)
    exercises.progress(2)
    out = capsys.readouterr().out.splitlines()
    left = ", ".join(x.number for x in others)
    assert out[2] == f"Chapter 2: 1 of {len(others) + 1} exercises solved. Left: {left}."
    assert out[0] == out[4] == f"Chapter 2: 0 of {len(others) + 1} exercises solved. Left: 2.1, {left}."


@pytest.mark.parametrize("number", ["2.9", "99.1", "two", 2.1, ""])
def test_an_exercise_that_is_not_there_is_refused(number):
    with pytest.raises(ValueError, match="number"):
        exercises.check(number, double)


@pytest.mark.parametrize("function", [lambda x: 0.5, lambda x: 2, lambda x: (1.0, 2.0)])
def test_a_constant_is_an_answer(function):
    assert checking.verdict(TASK, (function,)).startswith("Not quite")


def test_an_answer_that_changes_its_input_does_not_change_what_is_right():
    def in_place(x):
        x += 1
        return 2 * x

    task = TASK._replace(cases=lambda: [(np.array([1.0, 4.0]),)])
    assert checking.verdict(task, (in_place,)).startswith("Not quite: entry [0] is 4")


def test_an_infinite_answer_must_be_met_exactly():
    task = TASK._replace(reference=lambda x: x / np.array([1.0, np.inf]) - np.array([0.0, np.inf]))
    assert checking.verdict(task, (task.reference,)) == "Correct."
    assert checking.verdict(task, (lambda x: np.array([1.0, 7.0]),)).startswith("Not quite: entry [1] is 7")
