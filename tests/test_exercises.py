"""The check below each exercise: every reference passes, every known mistake is named, no answer is told."""

import copy
import re
from decimal import Decimal
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from behavioural_modelling import exercises
from behavioural_modelling.exercises import Exercise, Mistake, checking, registry
from behavioural_modelling.models import Trial

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
        (lambda x: x.sum(), "Not quite: expected numbers of shape (2,), got a number. Twice the number."),
        (lambda x: x * np.nan, "Not quite: there is a NaN in your answer. Twice the number."),
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


# Answers of another kind than was asked for.


def numbers_by_and_by(x):
    yield from x


@pytest.mark.parametrize(
    "answer, got",
    [
        ({"alpha": 0.3, "temperature": 2.0}, "a dict with alpha, temperature"),
        ({}, "an empty dict"),
        (dict.fromkeys(range(30)), "a dict with 0, 1, 2, 3, 4 and 25 more"),
        ("two and eight", "a str"),
        (["2", "8"], "a list with a str in it"),
        (np.array(["2", "8"]), "an array with a str in it"),
        ({2.0, 7.0}, "a set"),
        ([2.0, None], "a list with None in it"),
        ((2.0, {"other": 7.0}), "a tuple with a dict in it"),
        (numbers_by_and_by([2.0, 7.0]), "a generator"),
        (map(float, [2, 7]), "a map"),
        (double, "a function"),
        (2j, "a complex"),
        (jax.random.key(0), "a PRNGKeyArray"),
        ([[1.0], [1.0, 2.0]], "a list whose parts differ in shape"),
        ((np.ones(2), np.ones(3)), "a tuple whose parts differ in shape"),
        ([np.ones((2, 3)), np.ones((2, 2))], "a list whose parts differ in shape"),
        (jnp.ones((2, 1)), "numbers of shape (2, 1)"),
        (pd.DataFrame({"a": [2.0], "b": [7.0]}), "a DataFrame of shape (1, 2)"),
        (pd.DataFrame({"a": [2.0], "b": ["7"]}), "a DataFrame with a str in it"),
        (pd.Series([2.0, 7.0, 1.0]), "a Series of shape (3,)"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_an_answer_of_another_kind_is_told_what_was_expected_and_what_came(answer, got):
    told = checking.verdict(TASK, (lambda x: answer,))
    assert told == f"Not quite: expected numbers of shape (2,), got {got}. Twice the number."
    one_number = TASK._replace(reference=lambda x: 2.0)
    assert checking.verdict(one_number, (lambda x: answer,)).startswith(
        f"Not quite: expected a number, got {got}. "
    )


RIGHT = [2.0, 8.0]


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        tuple(map(int, RIGHT)),
        jnp.array(RIGHT),
        [jnp.array(2.0), np.float32(8.0)],
        pd.Series(RIGHT),
        [Fraction(2), Decimal(8)],
        np.array(RIGHT, dtype=object),
        jnp.array(RIGHT, jnp.bfloat16),
    ],
    ids=lambda x: type(x).__name__,
)
def test_numbers_of_any_kind_are_an_answer(answer):
    assert checking.verdict(TASK, (lambda x: answer,)) == "Correct."


def test_parts_with_names_are_told_by_name():
    task = TASK._replace(attempt=lambda f, x: {"first": f(x)[0], "both": f(x)})
    words = "Not quite: both: expected numbers of shape (2,), got a list with None in it. Twice"
    assert checking.verdict(task, (lambda x: [2.0, None],)).startswith(words)
    task = TASK._replace(reference=lambda x: {"one": 2.0, "other": 8.0})
    words = "Not quite: expected a dict with one, other, got "
    assert checking.verdict(task, (lambda x: {"one": 2.0},)).startswith(f"{words}a dict with one.")
    assert checking.verdict(task, (lambda x: [2.0, 8.0],)).startswith(f"{words}numbers of shape (2,).")


def test_a_function_that_returns_nothing_is_told_so_whatever_asks_for_its_answer():
    for one in (exercises.find("4.1"), exercises.find("9.2"), exercises.find("12.1")):
        told = checking.verdict(one, (lambda *given: print(end=""),))
        assert told.startswith("Not quite: TypeError: your function returns nothing: is there a return?")


# Answers that change what they are handed. Each returns what is right.


def in_place(x):
    x *= 2
    return x


def emptied(x):
    return [2 * x.pop(0) for _ in range(2)]


def key_replaced(x):
    x["one"] = 2 * x["one"]
    return np.array([x["one"], 2 * x["other"]])


def key_removed(x):
    return np.array([2 * x.pop("one"), 2 * x.pop("other")])


def inner_array(x):
    x["both"] *= 2
    return x["both"]


def inner_list(x):
    x[0].append(4.0)
    return 2 * np.array(x[0])


def field_of_a_record(x):
    x.inputs["cue"] = 2 * x.inputs["cue"]
    return x.inputs["cue"]


def new_column(x):
    x["b"] = 2 * x["a"]
    return x["b"]


def of_a_column(x):
    x.iloc[:] = 2 * x
    return x


def any_arguments(*given):
    given[0][:] *= 2
    return given[0]


def array():
    return np.array([1.0, 4.0])


@pytest.mark.parametrize(
    "function, handed, which, cure",
    [
        (in_place, array, "x", "x.copy()"),
        (emptied, lambda: [1.0, 4.0], "x", "x.copy()"),
        (key_replaced, lambda: {"one": 1.0, "other": 4.0}, "x", "x.copy()"),
        (key_removed, lambda: {"one": 1.0, "other": 4.0}, "x", "x.copy()"),
        (inner_array, lambda: {"both": array()}, "x", "copy.deepcopy(x)"),
        (inner_list, lambda: ([1.0],), "x", "copy.deepcopy(x)"),
        (field_of_a_record, lambda: Trial({"cue": array()}), "x", "copy.deepcopy(x)"),
        (new_column, lambda: pd.DataFrame({"a": array()}), "x", "x.copy()"),
        (of_a_column, lambda: pd.Series(array()), "x", "x.copy()"),
        (any_arguments, array, "given", "copy.deepcopy(given)"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_an_answer_that_changes_what_it_is_handed_is_told_which_argument(function, handed, which, cure):
    task = TASK._replace(cases=lambda: [(handed(),)], reference=lambda x: np.array(RIGHT))
    assert checking.verdict(task, (function,)) == (
        f"Not quite: {function.__name__} changes what it is handed: {which}. "
        f"Leave that as it is, and change a copy: {cure}."
    )


@pytest.mark.parametrize(
    "function, handed",
    [
        (lambda x: in_place(x.copy()), array),
        (lambda x: emptied(x.copy()), lambda: [1.0, 4.0]),
        (lambda x: inner_array(copy.deepcopy(x)), lambda: {"both": array()}),
        (lambda x: field_of_a_record(copy.deepcopy(x)), lambda: Trial({"cue": array()})),
        (lambda x: new_column(x.copy()), lambda: pd.DataFrame({"a": array()})),
        (lambda x: 2 * x[1:], lambda: np.array([np.nan, 1.0, 4.0])),
        (lambda x: 2 * x["a"], lambda: pd.DataFrame({"a": array(), "b": [np.nan, 1.0]})),
        (lambda x: 2 * x()[:], lambda: array),
        (lambda x: [2, 8] if x == {1, 4} else [], lambda: {1, 4}),
        (jax.jit(double), array),
    ],
)
def test_an_answer_that_changes_a_copy_or_nothing_is_correct(function, handed):
    task = TASK._replace(cases=lambda: [(handed(),)], reference=lambda x: np.array(RIGHT))
    assert checking.verdict(task, (function,)) == "Correct."


def test_what_is_changed_is_a_copy_that_only_the_answer_has():
    shared = array()
    task = TASK._replace(cases=lambda: [(shared,)])
    assert checking.verdict(task, (in_place,)).startswith("Not quite: in_place changes")
    assert shared.tolist() == [1.0, 4.0]


def test_a_change_is_told_before_the_wrong_numbers_that_may_come_of_it():
    def in_place_and_wrong(x):
        x += 1
        return 2 * x

    task = TASK._replace(cases=lambda: [(array(),)])
    assert checking.verdict(task, (in_place_and_wrong,)).startswith("Not quite: in_place_and_wrong changes")


def test_the_change_of_a_traced_value_is_told():
    def forgetting(params, value, trial, chosen, outcome):
        params["alpha"] = params["alpha"] * chosen
        return value + params["alpha"] * (outcome - value), {}

    told = checking.verdict(exercises.find("13.1"), (forgetting,))
    assert told.startswith("Not quite: forgetting changes what it is handed: params.")


def kalman_in_place(mean, s, choice, outcome, drift):
    gain = s[choice] / (s[choice] + 1)
    mean[choice] += gain * (outcome - mean[choice])
    s[choice] *= 1 - gain
    s += drift**2
    return [mean, s]


def forget_in_place(value, choice, outcome, alpha, forgetting, towards):
    learnt = value[choice] + alpha * (outcome - value[choice])
    value += forgetting * (towards - value)
    value[choice] = learnt
    return value


@pytest.mark.parametrize(
    "number, function, words",
    [
        ("20.1", kalman_in_place, "mean, s. Leave that as it is, and change a copy: mean.copy(), s.copy()."),
        ("19.1", forget_in_place, "value. Leave that as it is, and change a copy: value.copy()."),
    ],
)
def test_right_numbers_do_not_make_up_for_a_change_in_place(number, function, words):
    one = exercises.find(number)

    def careful(*given):
        return function(*copy.deepcopy(given))

    assert checking.verdict(one, (careful,)) == "Correct."
    told = checking.verdict(one, (function,))
    assert told == f"Not quite: {function.__name__} changes what it is handed: {words}"


def test_an_argument_is_told_by_its_place_where_the_function_does_not_say_its_name():
    def nameless(x):
        return in_place(x)

    nameless.__signature__ = "not known, as of much that is built in"
    task = TASK._replace(cases=lambda: [(array(),)])
    told = checking.verdict(task, (nameless,))
    assert told.endswith(
        "changes what it is handed: args[0]. Leave that as it is, and change a copy: args[0].copy()."
    )


def test_an_infinite_answer_must_be_met_exactly():
    task = TASK._replace(reference=lambda x: x / np.array([1.0, np.inf]) - np.array([0.0, np.inf]))
    assert checking.verdict(task, (task.reference,)) == "Correct."
    assert checking.verdict(task, (lambda x: np.array([1.0, 7.0]),)).startswith("Not quite: entry [1] is 7")
