"""Bad input: every message names the argument, what was expected and what came, before any compiling."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

from behavioural_modelling import (
    Trace,
    Trials,
    _scoring,
    decision_rules,
    log_likelihood,
    models,
    replaying,
    simulate,
    simulation,
    utils,
)
from behavioural_modelling.learning import rescorla_wagner as rw

NAN, INF = np.nan, np.inf
KEY = jax.random.key(0)
KEYS = jax.random.split(KEY, 3)
OLD_KEYS = jax.random.split(jax.random.PRNGKey(0), 3)
COMPLEX = jnp.array([1 + 1j, 0])
MODEL = models.asymmetric_rescorla_wagner(2)
HALF = np.array([0.5, 0.5])
OUTCOMES = np.ones((4, 2))
PARAMS = {"alpha_p": 0.3, "alpha_n": 0.1, "temperature": 0.5}
CHOICES = np.array([[0, 1, 1], [1, 0, 0]])
PAID = np.ones((2, 3, 2))
SQUARE = np.array([[0, 1], [1, 0]])


# What is compiled when the input is good.
DRIVERS = (
    *(simulation._simulate, simulation._simulate_in_blocks),
    *(_scoring.log_probabilities, replaying._replay),
)


def update(value=HALF, outcome=1.0, chosen=(1, 0), alpha_p=0.3, alpha_n=0.1):
    return rw.asymmetric_rescorla_wagner_update(value, (outcome, chosen), alpha_p, alpha_n)


def update_choice(value=HALF, outcome=1.0, key=KEY, alpha_p=0.3, alpha_n=0.1, temperature=0.5, n_actions=2):
    return rw.asymmetric_rescorla_wagner_update_choice(
        value, (outcome, key), alpha_p, alpha_n, temperature, n_actions
    )


def choice_iterator(outcomes=OUTCOMES, alpha_p=0.3, alpha_n=0.1, temperature=0.5, n_actions=2, key=KEY):
    return rw.asymmetric_rescorla_wagner_update_choice_iterator(
        outcomes, alpha_p, alpha_n, temperature, n_actions, key
    )


def iterator(outcomes=OUTCOMES, choices=(0, 1, 1, 0), alpha_p=0.3, alpha_n=0.1):
    return rw.asymmetric_rescorla_wagner_update_iterator(outcomes, choices, alpha_p, alpha_n)


def simulated(
    key=KEY, model=MODEL, outcomes=OUTCOMES, record=("choices",), available=None, reset=None, **params
):
    params = PARAMS | params
    return simulate(key, model, params, outcomes, available=available, reset=reset, record=record)


def trials(choices=CHOICES, outcomes=PAID, available=None, mask=None, reset=None, **more):
    return Trials(choices, outcomes, available, mask, reset, **more)


def scored(model=MODEL, of=trials, **params):
    """The likelihood of the trials that `of` puts together, when the call is made."""
    return log_likelihood(model, PARAMS | params, of() if callable(of) else of)


NO_KEYS = {
    "an int": (0, "0"),
    "None": (None, "None"),
    "a string": ("0", "'0'"),
    "a float": (0.5, "0.5"),
    "an array of keys": (KEYS, "an array of keys of shape (3,)"),
    "an array of old keys": (OLD_KEYS, "shape (3, 2)"),
    "a float array": (np.zeros(2), "float64"),
    "three numbers": (np.zeros(3, np.uint32), "shape (3,)"),
    "signed numbers": (np.zeros(2, np.int32), "int32"),
}
TAKE_A_KEY = {
    "choice_from_action_p": lambda key: utils.choice_from_action_p(key, HALF),
    "choice_from_action_p_single": lambda key: utils.choice_from_action_p_single(key, HALF),
    "subject_keys": lambda key: utils.subject_keys(key, 3),
    "update_choice": lambda key: update_choice(key=key),
    "choice_iterator": lambda key: choice_iterator(key=key),
    "simulate": lambda key: simulated(key=key),
}
OUT_OF_UNIT = {"-0.1": -0.1, "1.1": 1.1, "nan": NAN, "inf": INF}
TAKE_A_LEARNING_RATE = {
    "update": (update, "{}"),
    "update_choice": (update_choice, "{}"),
    "choice_iterator": (choice_iterator, "{}"),
    "iterator": (iterator, "{}"),
    "simulate": (simulated, "params['{}']"),
    "log_likelihood": (scored, "params['{}']"),
}
NOT_POSITIVE = {"0": 0, "-1": -1.0, "nan": NAN, "inf": INF}
TAKE_A_TEMPERATURE = {
    "softmax_logits": lambda t: decision_rules.softmax_logits(HALF, t),
    "softmax": lambda t: decision_rules.softmax(HALF, t),
    "softmax_subtract_max": lambda t: decision_rules.softmax_subtract_max(HALF, t),
    "softmax_stickiness": lambda t: decision_rules.softmax_stickiness(HALF, t),
    "update_choice": lambda t: update_choice(temperature=t),
    "choice_iterator": lambda t: choice_iterator(temperature=t),
}
TAKE_A_VALUE = {
    "softmax_logits": decision_rules.softmax_logits,
    "softmax": decision_rules.softmax,
    "softmax_subtract_max": decision_rules.softmax_subtract_max,
    "softmax_inverse_temperature": decision_rules.softmax_inverse_temperature,
    "softmax_stickiness": decision_rules.softmax_stickiness,
    "softmax_stickiness_inverse_temperature": decision_rules.softmax_stickiness_inverse_temperature,
}
TAKE_AN_INVERSE_TEMPERATURE = {
    name: rule for name, rule in TAKE_A_VALUE.items() if name.endswith("inverse_temperature")
}
TAKE_STICKINESS = {name: rule for name, rule in TAKE_A_VALUE.items() if "stickiness" in name}
BAD_VALUES = {
    "nan": ([0.5, NAN], "finite numbers", "nan at index 1"),
    "inf": ([[0.5, 1], [-INF, 1]], "finite numbers", "-inf at index (1, 0)"),
    "no action": (np.zeros((3, 0)), "last axis", "shape (3, 0)"),
    "a number": (0.5, "last axis", "shape ()"),
    "strings": (["a", "b"], "numbers", "values"),
    "None": (None, "numbers", "object values"),
    "complex": (COMPLEX, "numbers", "complex64 values"),
    "ragged": ([[0.5, 0.5], [1.0]], "rectangular", "unequal length"),
}
TAKE_PROBS = {
    "lapse_mixture": lambda probs, **lapse: decision_rules.lapse_mixture(probs, **lapse),
    "choice_from_action_p": partial(utils.choice_from_action_p, KEY),
    "choice_from_uniform": partial(utils.choice_from_uniform, 0.5),
}
BAD_PROBS = {
    "negative": ([-0.5, 1.5], "at least 0", "-0.5 at index 0"),
    "nan": ([0.5, NAN], "at least 0", "nan at index 1"),
    "inf": ([0.5, INF], "at least 0", "inf at index 1"),
    "zeros": ([[0.5, 0.5], [0.0, 0.0]], "a positive probability", "a row of entries up to 0"),
    "no action": (np.zeros((3, 0)), "last axis", "shape (3, 0)"),
    "a number": (0.5, "last axis", "shape ()"),
    "ragged": ([[0.5, 0.5], [1.0]], "rectangular", "unequal length"),
}
TAKE_OUTCOMES = {"choice_iterator": choice_iterator, "iterator": iterator, "simulate": simulated}

BAD = {
    # A key that is no key.
    **{
        f"{function}: key is {what}": Bad(partial(call, key), "key", "one random key", received)
        for function, call in TAKE_A_KEY.items()
        for what, (key, received) in NO_KEYS.items()
    },
    # Learning rates outside [0, 1].
    **{
        f"{function}: {alpha} = {shown}": Bad(
            partial(call, **{alpha: x}), name.format(alpha), "[0, 1]", shown
        )
        for function, (call, name) in TAKE_A_LEARNING_RATE.items()
        for alpha in ("alpha_p", "alpha_n")
        for shown, x in OUT_OF_UNIT.items()
    },
    # Temperatures that are not above 0.
    **{
        f"{function}: temperature = {shown}": Bad(partial(call, t), "temperature", "above 0", shown)
        for function, call in TAKE_A_TEMPERATURE.items()
        for shown, t in NOT_POSITIVE.items()
    },
    **{
        f"{function}: temperature = {shown}": Bad(
            partial(call, temperature=t), "params['temperature']", "above 0", shown
        )
        for function, call in {"simulate": simulated, "log_likelihood": scored}.items()
        for shown, t in NOT_POSITIVE.items()
    },
    **{
        f"{function}: inverse_temperature = {shown}": Bad(
            partial(call, HALF, beta), "inverse_temperature", "at least 0", shown
        )
        for function, call in TAKE_AN_INVERSE_TEMPERATURE.items()
        for shown, beta in {"-1": -1, "nan": NAN, "inf": INF}.items()
    },
    # The other arguments of the decision rules.
    **{
        f"{function}: value: {what}": Bad(partial(call, value), "value", expected, received)
        for function, call in TAKE_A_VALUE.items()
        for what, (value, expected, received) in BAD_VALUES.items()
    },
    "softmax: temperature, wrong shape": Bad(
        lambda: decision_rules.softmax(np.zeros((3, 2)), [1.0, 2.0]), "temperature", "(3,)", "(2,)"
    ),
    "softmax: temperature per action": Bad(
        lambda: decision_rules.softmax(HALF, [1.0, 2.0]), "temperature", "()", "(2,)"
    ),
    "softmax: one bad temperature among many": Bad(
        lambda: decision_rules.softmax(np.zeros((3, 2)), [1.0, 0.0, 2.0]),
        "temperature",
        "above 0",
        "0 at index 1",
    ),
    "softmax_inverse_temperature: wrong shape": Bad(
        lambda: decision_rules.softmax_inverse_temperature(np.zeros((3, 2)), [1.0, 2.0]),
        "inverse_temperature",
        "(3,)",
        "(2,)",
    ),
    **{
        f"{function}: {what}": Bad(partial(call, HALF, 1.0, *rest), name, expected, received)
        for function, call in TAKE_STICKINESS.items()
        for what, rest, name, expected, received in (
            ("stickiness nan", (NAN,), "stickiness", "finite", "nan"),
            ("stickiness inf", (INF, [1, 0]), "stickiness", "finite", "inf"),
            ("stickiness shape", ([1.0, 2.0],), "stickiness", "()", "(2,)"),
            ("prev_choice 2", (1.0, [2, 0]), "prev_choice", "zeros and ones", "2 at index 0"),
            ("prev_choice .5", (1.0, [0.5, 0.5]), "prev_choice", "zeros and ones", "0.5"),
            ("prev_choice an action", (1.0, 1), "prev_choice", "shape (2,)", "shape ()"),
            ("prev_choice too long", (1.0, [1, 0, 0]), "prev_choice", "shape (2,)", "shape (3,)"),
            ("prev_choice rows", (1.0, np.eye(2)), "prev_choice", "shape (2,)", "shape (2, 2)"),
        )
    },
    # Probabilities and lapses.
    **{
        f"{function}: probs: {what}": Bad(partial(call, probs), "probs", expected, received)
        for function, call in TAKE_PROBS.items()
        for what, (probs, expected, received) in BAD_PROBS.items()
    },
    **{
        f"{function}: lapse: {what}": Bad(partial(call, HALF, lapse=x), "lapse", expected, received)
        for function, call in TAKE_PROBS.items()
        for what, x, expected, received in (
            ("-0.1", -0.1, "[0, 1]", "-0.1"),
            ("1.1", 1.1, "[0, 1]", "1.1"),
            ("nan", NAN, "[0, 1]", "nan"),
            ("shape", [0.1, 0.2], "()", "(2,)"),
        )
    },
    "choice_from_action_p_single: rows": Bad(
        lambda: utils.choice_from_action_p_single(KEY, np.ones((3, 2))), "probs", "one row", "(3, 2)"
    ),
    "choice_from_action_p_single: a number": Bad(
        lambda: utils.choice_from_action_p_single(KEY, 0.5), "probs", "one row", "()"
    ),
    **{
        f"choice_from_uniform: {shown}": Bad(
            partial(utils.choice_from_uniform, u, HALF), "uniform", expected, shown
        )
        for shown, u, expected in (
            ("-0.1", -0.1, "[0, 1]"),
            ("1.5", 1.5, "[0, 1]"),
            ("nan", NAN, "[0, 1]"),
            ("(3,)", [0.1, 0.2, 0.3], "()"),
        )
    },
    **{
        f"subject_keys: n_subjects = {n!r}": Bad(
            partial(utils.subject_keys, KEY, n), "n_subjects", expected, repr(n)
        )
        for n, expected in (
            (0, "at least 1"),
            (-2, "at least 1"),
            (2.5, "a whole number"),
            (True, "a whole number"),
            ("3", "a whole number"),
        )
    },
    # One trial.
    "complement_counterfactual: chosen": Bad(
        lambda: rw.complement_counterfactual(HALF, [2, 0]), "chosen", "zeros and ones", "2"
    ),
    "complement_counterfactual: reward": Bad(
        lambda: rw.complement_counterfactual([1.0, 0.0, 1.0], [1, 0]), "reward", "(2,)", "(3,)"
    ),
    **{
        f"{function.__name__}: value and outcome: {what}": Bad(
            partial(function, **arguments), next(iter(arguments)), expected, received
        )
        for function in (update, update_choice)
        for what, arguments, expected, received in (
            ("value nan", {"value": [0.5, NAN]}, "finite", "nan at index 1"),
            ("outcome nan", {"outcome": NAN}, "finite", "nan"),
            ("outcome inf", {"outcome": [1.0, INF]}, "finite", "inf at index 1"),
            ("outcome shape", {"outcome": [1.0, 0.0, 1.0]}, "(2,)", "(3,)"),
            ("outcome rows", {"outcome": np.ones((3, 2))}, "(2,)", "(3, 2)"),
            ("alpha_p shape", {"alpha_p": [0.1, 0.2, 0.3]}, "", "(3,)"),
            ("alpha_n shape", {"alpha_n": [[0.1], [0.2]]}, "", "(2, 1)"),
        )
    },
    **{
        f"update: chosen {what}": Bad(partial(update, chosen=chosen), "chosen", expected, received)
        for what, chosen, expected, received in (
            ("2", [2, 0], "zeros and ones", "2 at index 0"),
            ("-1", [-1, 0], "zeros and ones", "-1 at index 0"),
            (".5", [0.5, 0.5], "zeros and ones", "0.5 at index 0"),
            ("an action", 1, "(2,)", "()"),
            ("too long", [1, 0, 0], "(2,)", "(3,)"),
        )
    },
    **{
        f"update_choice: {what}": Bad(
            partial(update_choice, **arguments), next(iter(arguments)), expected, received
        )
        for what, arguments, expected, received in (
            ("value a number", {"value": 0.5}, "n_actions", "shape ()"),
            ("value rows", {"value": np.zeros((3, 2))}, "(n_actions,)", "shape (3, 2)"),
            ("value too long", {"value": np.zeros(3)}, "n_actions = 2", "shape (3,)"),
            ("n_actions 2.0", {"n_actions": 2.0}, "a whole number", "2.0"),
            ("n_actions 0", {"n_actions": 0}, "at least 1", "0"),
            ("temperature shape", {"temperature": [1.0, 2.0]}, "", "(2,)"),
        )
    },
    # All trials.
    **{
        f"{function}: outcomes: {what}": Bad(partial(call, outcomes=outcomes), "outcomes", expected, received)
        for function, call in TAKE_OUTCOMES.items()
        for what, outcomes, expected, received in (
            ("nan", [[1.0, NAN]] * 4, "finite", "nan at index (0, 1)"),
            ("inf", [[1.0, 0.0], [-INF, 0.0]] * 2, "finite", "-inf at index (1, 0)"),
            ("no trial", np.zeros((0, 2)), "at least one", "(0, 2)"),
            ("a number", 1.0, "shape", "()"),
            ("four axes", np.zeros((1, 1, 4, 2)), "shape", "(1, 1, 4, 2)"),
            ("strings", [["a", "b"]] * 4, "numbers", "values"),
            ("ragged", [[1.0, 0.0], [1.0]], "rectangular", "unequal length"),
        )
    },
    "choice_iterator: outcomes of one axis": Bad(
        lambda: choice_iterator(outcomes=[1.0, 0.0]), "outcomes", "(n_trials, n_actions)", "(2,)"
    ),
    "choice_iterator: outcomes of many subjects": Bad(
        lambda: choice_iterator(outcomes=PAID), "outcomes", "(n_trials, n_actions)", "(2, 3, 2)"
    ),
    "choice_iterator: n_actions too many": Bad(
        lambda: choice_iterator(n_actions=3), "outcomes", "n_actions = 3", "(4, 2)"
    ),
    "choice_iterator: n_actions 2.0": Bad(
        lambda: choice_iterator(n_actions=2.0), "n_actions", "a whole number", "2.0"
    ),
    **{
        f"{call.__name__}: many subjects' {name}": Bad(
            partial(call, **{name: [0.1, 0.2]}), name, "vmap", "(2,)"
        )
        for call, names in (
            (iterator, ("alpha_p", "alpha_n")),
            (choice_iterator, ("alpha_p", "alpha_n", "temperature")),
        )
        for name in names
    },
    **{
        f"iterator: choices: {what}": Bad(partial(iterator, choices=choices), "choices", expected, received)
        for what, choices, expected, received in (
            ("too high", [0, 1, 2, 0], "from 0 to 1", "2 at index 2"),
            ("negative", [0, 1, -1, 0], "from 0 to 1", "-1 at index 2"),
            ("floats", [0.0, 1.0, 1.0, 0.0], "integers", "float64"),
            ("nan", [0.0, NAN, 1.0, 0.0], "integers", "float64"),
            ("booleans", [True, False, True, True], "integers", "bool"),
            ("too few", [0, 1], "(4,)", "(2,)"),
            ("a number", 0, "(4,)", "()"),
            ("halves", np.full((4, 2), 0.5), "zeros and ones", "0.5 at index (0, 0)"),
            ("two at once", np.ones((4, 2), int), "at most one", "more than one"),
            ("three columns", np.eye(3, dtype=int)[[0, 1, 1, 0]], "(4, 2)", "(4, 3)"),
            ("too few rows", np.eye(2, dtype=int), "(4, n_actions)", "(2, 2)"),
            ("ragged", [[1, 0], [1], [0, 1], [1, 0]], "rectangular", "unequal length"),
        )
    },
    "iterator: integers beside outcomes of the chosen": Bad(
        lambda: iterator(outcomes=[1.0, 0.0], choices=[0, 1]), "choices", "one-hot", "(2,)"
    ),
    "iterator: no trial of the chosen": Bad(
        lambda: iterator(outcomes=[], choices=np.zeros((0, 2))), "outcomes", "one trial", "(0,)"
    ),
    # The builders.
    **{
        f"{builder.__name__}: {what}": Bad(partial(builder, **arguments), name, expected, received)
        for builder in (
            *(models.rescorla_wagner, models.asymmetric_rescorla_wagner, models.biased_random),
            *(models.win_stay_lose_shift, models.choice_kernel, models.rescorla_wagner_choice_kernel),
        )
        for what, arguments, name, expected, received in (
            ("no action", {"n_actions": 0}, "n_actions", "at least 2", "0"),
            ("one action", {"n_actions": 1}, "n_actions", "at least 2", "1"),
            ("2.0 actions", {"n_actions": 2.0}, "n_actions", "a whole number", "2.0"),
        )
    },
    **{
        f"{builder.__name__}: {what}": Bad(partial(builder, **arguments), name, expected, received)
        for builder in (
            *(models.rescorla_wagner, models.asymmetric_rescorla_wagner),
            models.rescorla_wagner_choice_kernel,
        )
        for what, arguments, name, expected, received in (
            ("nan", {"n_actions": 2, "initial_value": NAN}, "initial_value", "finite", "nan"),
            ("inf", {"n_actions": 2, "initial_value": INF}, "initial_value", "finite", "inf"),
            ("many", {"n_actions": 2, "initial_value": HALF}, "initial_value", "number", "(2,)"),
            ("text", {"n_actions": 2, "initial_value": "0"}, "initial_value", "number, or 'free'", "'0'"),
        )
    },
    # Trials.
    **{
        f"Trials: {what}": Bad(
            partial(trials, **arguments), name or next(iter(arguments)), expected, received
        )
        for what, arguments, name, expected, received in (
            ("choices of floats", {"choices": CHOICES * 1.0}, "", "integers", "float64"),
            ("choices of booleans", {"choices": CHOICES == 1}, "", "integers", "bool"),
            ("choices of strings", {"choices": [["a", "b"]]}, "", "integers", "values"),
            ("choices of keys", {"choices": KEYS[None]}, "", "integers", "key"),
            ("choices of one axis", {"choices": CHOICES[0]}, "", "(n_subjects, n_trials)", "(3,)"),
            ("choices of three axes", {"choices": PAID.astype(int)}, "", "shape", "(2, 3, 2)"),
            ("ragged choices", {"choices": [[0, 1, 1], [1, 0]]}, "", "rectangular", "unequal"),
            ("no subject", {"choices": np.zeros((0, 3), int)}, "", "at least one", "(0, 3)"),
            ("no trial", {"choices": np.zeros((2, 0), int)}, "", "at least one", "(2, 0)"),
            ("choice too high", {"choices": CHOICES * 2}, "", "from 0 to 1", "2 at index (0, 1)"),
            ("choice 1-based", {"choices": CHOICES + 1}, "", "from 0 to 1", "2 at index (0, 1)"),
            ("choice -1", {"choices": CHOICES - 1}, "", "from 0 to 1", "-1 at index (0, 0)"),
            ("choice beyond int32", {"choices": CHOICES * 2**32}, "", "from 0 to 1", "4294967296"),
            (
                "choice -1 beside outcomes of the chosen",
                {"choices": CHOICES - 1, "outcomes": PAID[:, :, 0]},
                "",
                "from 0",
                "-1 at index (0, 0)",
            ),
            (
                "choice too high for available",
                {"choices": CHOICES * 2, "outcomes": PAID[:, :, 0], "available": PAID == 1},
                "",
                "from 0 to 1",
                "2 at index (0, 1)",
            ),
            (
                "choice not on offer",
                {"choices": CHOICES, "available": PAID * [1, 0] == 1},
                "",
                "on offer",
                "action 1 of subject 0 on trial 1",
            ),
            (
                "choice not on offer, outcomes of the chosen",
                {"choices": CHOICES, "outcomes": PAID[..., 0], "available": PAID * [1, 0] == 1},
                "",
                "on offer",
                "action 1 of subject 0 on trial 1",
            ),
            (
                "outcomes nan of one",
                {"outcomes": PAID * [1, NAN]},
                "",
                "every action",
                "nan at index (0, 0, 1)",
            ),
            (
                "outcomes nan of one, shared",
                {"outcomes": PAID[0] * [[1, 1], [NAN, 1], [NAN, NAN]]},
                "",
                "every action",
                "nan at index (1, 0)",
            ),
            (
                "outcomes inf of the chosen",
                {"outcomes": PAID[..., 0] * INF},
                "",
                "finite",
                "inf at index (0, 0)",
            ),
            ("outcomes inf", {"outcomes": PAID[0] * INF}, "", "finite", "inf at index (0, 0)"),
            ("outcomes of strings", {"outcomes": [["a"]]}, "", "numbers", "values"),
            ("outcomes too few", {"outcomes": PAID[:, :2]}, "", "(2, 3, n_actions)", "(2, 2, 2)"),
            ("outcomes for others", {"outcomes": PAID[[0, 0, 0]]}, "", "(2, 3, n_actions)", "(3, 3, 2)"),
            ("outcomes without actions", {"outcomes": PAID[..., :0]}, "", "shape", "(2, 3, 0)"),
            ("outcomes a number", {"outcomes": 1.0}, "", "shape", "()"),
            ("outcomes ragged", {"outcomes": [[1.0], [1.0, 0.0]]}, "", "rectangular", "unequal"),
            ("available of integers", {"available": PAID.astype(int)}, "", "booleans", "int64"),
            ("available a bool", {"available": True}, "", "(2, 3, n_actions)", "()"),
            (
                "available a bool, outcomes of the chosen",
                {"available": True, "outcomes": PAID[:, :, 0]},
                "",
                "shape",
                "()",
            ),
            ("available shape", {"available": np.ones((3, 2), bool)}, "", "(2, 3, n_actions)", "(3, 2)"),
            ("available for others", {"available": np.ones((3, 3, 2), bool)}, "", "(2, 3, 2)", "(3, 3, 2)"),
            (
                "available, actions",
                {"available": PAID[..., [0] * 4] == 1},
                "outcomes",
                "4 actions",
                "(2, 3, 2)",
            ),
            ("mask of floats", {"mask": np.ones((2, 3))}, "", "booleans", "float64"),
            ("mask shape", {"mask": np.ones(3, bool)}, "", "(2, 3)", "(3,)"),
            ("reset of integers", {"reset": CHOICES}, "", "booleans", "int64"),
            ("reset shape", {"reset": np.ones((3, 2), bool)}, "", "(2, 3)", "(3, 2)"),
            ("reset of blocks", {"reset": [True, False, False]}, "", "(2, 3)", "(3,)"),
            ("ragged reset", {"reset": [[True] * 3, [True]]}, "", "rectangular", "unequal"),
            ("feedback of numbers", {"feedback": PAID[..., 0]}, "", "booleans", "float64"),
            ("feedback shape", {"feedback": np.ones(3, bool)}, "", "(2, 3)", "(3,)"),
            ("shared by name", {"shared": "yes"}, "", "None, True or False", "'yes'"),
            ("shared, own", {"shared": True}, "", "False or None", "True"),
            ("shared, chosen", {"shared": True, "outcomes": PAID[..., 0]}, "shared", "(2, 3)", "True"),
            ("chosen, shared", {"shared": False, "outcomes": PAID[0]}, "shared", "True or None", "False"),
            (
                "shared, a choice too high",
                {"shared": True, "choices": 2 * SQUARE, "outcomes": PAID[:, 1:, 0]},
                "choices",
                "from 0 to 1",
                "2 at index (0, 1)",
            ),
        )
    },
    "Trials: outcome inf on a trial that counts": Bad(
        lambda: trials(outcomes=PAID[:, :, 0] * [1, INF, 1], mask=CHOICES == CHOICES),
        "outcomes",
        "finite",
        "inf at index (0, 1)",
    ),
    # Outcomes that may be read in two ways.
    **{
        f"Trials: {what}": Bad(
            partial(trials, **{"choices": SQUARE, "outcomes": PAID[:, 1:, 0]} | arguments), "outcomes", *said
        )
        for what, arguments in (
            ("two readings", {}),
            ("two readings, as many on offer", {"available": np.ones((2, 2, 2), bool)}),
            ("two readings, other actions masked", {"choices": SQUARE + 1, "mask": SQUARE == 0}),
        )
        for said in [("shared=True where these are what each action paid", "shape (2, 2), which may be")]
    },
    "Trials: choice -1 on a trial that counts": Bad(
        lambda: trials(choices=[[0, -1, 1], [1, 0, -1]], mask=np.array([[True, False, True]] * 2)),
        "choices",
        "from 0 to 1",
        "-1 at index (1, 2)",
    ),
    # Parameters, of whatever takes a dict of them.
    **{
        f"{function}: {what}": Bad(partial(call, **arguments), name, expected, received)
        for function, call in {"simulate": simulated, "log_likelihood": scored}.items()
        for what, arguments, name, expected, received in (
            ("unknown parameter", {"beta": 1.0}, "params", "alpha_p, alpha_n", "unknown 'beta'"),
            ("text", {"alpha_p": "0.5"}, "params['alpha_p']", "numbers", "values"),
            ("None", {"alpha_p": None}, "params['alpha_p']", "numbers", "object values"),
            ("rows", {"alpha_p": [[0.1, 0.2]]}, "params['alpha_p']", "(n_subjects,)", "(1, 2)"),
            ("no subject", {"alpha_p": []}, "params['alpha_p']", "(n_subjects,)", "(0,)"),
            ("one bad subject", {"alpha_n": [0.1, 1.5]}, "params['alpha_n']", "[0, 1]", "1.5 at index 1"),
            (
                "numbers of subjects",
                {"alpha_p": [0.1, 0.2], "temperature": [1.0, 2.0, 3.0]},
                "params['temperature']",
                "2 subjects, as in params['alpha_p']",
                "3",
            ),
        )
    },
    # simulate.
    **{
        f"simulate: {what}": Bad(partial(simulated, **arguments), name, expected, received)
        for what, arguments, name, expected, received in (
            (
                "no subject's outcomes",
                {"outcomes": np.zeros((0, 4, 2))},
                "outcomes",
                "at least one subject",
                "(0, 4, 2)",
            ),
            (
                "no trial of many subjects",
                {"outcomes": np.zeros((3, 0, 2))},
                "outcomes",
                "one trial",
                "(3, 0, 2)",
            ),
            (
                "numbers of subjects and outcomes",
                {"alpha_p": [0.1] * 3, "outcomes": np.ones((2, 4, 2))},
                "outcomes",
                "3 subjects",
                "2",
            ),
            (
                "one subject beside outcomes of two",
                {"alpha_p": [0.1], "outcomes": np.ones((2, 4, 2))},
                "outcomes",
                "1 subjects",
                "2",
            ),
            ("outcomes of one axis", {"outcomes": HALF}, "outcomes", "(n_trials, n_actions)", "(2,)"),
            ("outcomes, actions", {"outcomes": np.ones((4, 3))}, "outcomes", "(n_trials, 2)", "3)"),
            ("available of integers", {"available": OUTCOMES.astype(int)}, "available", "booleans", "int64"),
            ("available, a bool", {"available": True}, "available", "(4, 2)", "()"),
            ("available, trials", {"available": OUTCOMES[:3] == 1}, "available", "(4, 2)", "(3, 2)"),
            ("available, actions", {"available": np.ones((4, 3), bool)}, "available", "(4, 2)", "(4, 3)"),
            ("available, own trials", {"available": PAID == 1}, "available", "(2, 4, 2)", "(2, 3, 2)"),
            ("no subject's available", {"available": np.ones((0, 4, 2), bool)}, "available", "(1, ", "(0, "),
            ("ragged available", {"available": [[True] * 2, [True]]}, "available", "rectangular", "unequal"),
            (
                "nothing on offer",
                {"available": OUTCOMES * [[1], [1], [0], [0]] == 1},
                "available",
                "an action on offer on every trial",
                "none at index (2,)",
            ),
            (
                "nothing on offer for one subject",
                {"available": np.stack([OUTCOMES, OUTCOMES * [[1], [1], [1], [0]]]) == 1},
                "available",
                "an action on offer",
                "none at index (1, 3)",
            ),
            ("reset of integers", {"reset": [1, 0, 0, 0]}, "reset", "booleans", "int64"),
            ("reset, a bool", {"reset": True}, "reset", "(4,)", "()"),
            ("reset, trials", {"reset": np.ones(3, bool)}, "reset", "(4,)", "(3,)"),
            ("reset, own trials", {"reset": np.ones((2, 3), bool)}, "reset", "(2, 4)", "(2, 3)"),
            ("reset per action", {"reset": np.ones((1, 4, 2), bool)}, "reset", "(4,)", "(1, 4, 2)"),
            ("no subject's reset", {"reset": np.ones((0, 4), bool)}, "reset", "(1, 4)", "(0, 4)"),
            (
                "numbers of subjects and available",
                {"alpha_p": [0.1] * 3, "available": np.ones((2, 4, 2), bool)},
                "available",
                "3 subjects",
                "2",
            ),
            (
                "numbers of subjects, outcomes and reset",
                {"outcomes": np.ones((3, 4, 2)), "reset": np.ones((2, 4), bool)},
                "reset",
                "3 subjects, as in outcomes",
                "2",
            ),
            ("record", {"record": ("value",)}, "record", "values, choice_p", "'value'"),
            ("record nothing", {"record": ()}, "record", "values, choice_p", "nothing"),
            ("model a builder", {"model": models.rescorla_wagner}, "model", "a Model", "function"),
            ("model a name", {"model": "rescorla_wagner"}, "model", "a Model", "str"),
        )
    },
    "simulate: missing parameter": Bad(
        lambda: simulate(KEY, MODEL, {"alpha_p": 0.1, "temperature": 1.0}, OUTCOMES),
        "params",
        "alpha_p, alpha_n, temperature",
        "missing 'alpha_n'",
    ),
    "simulate: no parameters": Bad(
        lambda: simulate(KEY, MODEL, {}, OUTCOMES), "params", "alpha_p", "missing 'alpha_p'"
    ),
    "simulate: another model's parameters": Bad(
        lambda: simulate(KEY, models.rescorla_wagner(2), PARAMS, OUTCOMES),
        "params",
        "alpha, temperature",
        "unknown 'alpha_p', 'alpha_n'",
    ),
    "simulate: temperature for an inverse one": Bad(
        lambda: simulate(
            KEY, models.asymmetric_rescorla_wagner(2, inverse_temperature=True), PARAMS, OUTCOMES
        ),
        "params",
        "inverse_temperature",
        "unknown 'temperature'",
    ),
    "simulate: negative inverse temperature": Bad(
        lambda: simulate(
            KEY,
            models.rescorla_wagner(2, inverse_temperature=True),
            {"alpha": 0.5, "inverse_temperature": -1.0},
            OUTCOMES,
        ),
        "params['inverse_temperature']",
        "at least 0",
        "-1",
    ),
    "simulate: params a list": Bad(
        lambda: simulate(KEY, MODEL, [0.1, 0.1, 1.0], OUTCOMES), "params", "a dict", "list"
    ),
    # log_likelihood.
    **{
        f"log_likelihood: {what}": Bad(partial(scored, **arguments), name, expected, received)
        for what, arguments, name, expected, received in (
            (
                "three subjects beside trials of two",
                {"alpha_n": [0.1, 0.2, 0.3]},
                "trials",
                "3 subjects, as in params['alpha_n']",
                "2",
            ),
            ("one subject beside trials of two", {"temperature": [0.1]}, "trials", "1 subjects", "2"),
            ("trials a pair", {"of": (CHOICES, PAID)}, "trials", "Trials", "tuple"),
            ("trials an array", {"of": CHOICES}, "trials", "Trials", "ndarray"),
            ("trials a dict", {"of": {"choices": CHOICES, "outcomes": PAID}}, "trials", "Trials", "dict"),
            ("trials None", {"of": None}, "trials", "Trials", "None"),
            ("trials a Trace", {"of": Trace(choices=CHOICES)}, "trials", "Trials", "Trace"),
            (
                "outcomes of three actions",
                {"of": partial(trials, outcomes=np.ones((2, 3, 3)))},
                "trials.outcomes",
                "2 actions, as in the model",
                "3",
            ),
            (
                "shared outcomes of four actions",
                {"of": partial(trials, outcomes=np.ones((3, 4)))},
                "trials.outcomes",
                "2 actions, as in the model",
                "4",
            ),
            (
                "outcomes of two actions for a model of three",
                {"of": trials, "model": models.asymmetric_rescorla_wagner(3)},
                "trials.outcomes",
                "3 actions, as in the model",
                "2",
            ),
            (
                "available, three actions",
                {"of": partial(trials, outcomes=PAID[..., 0], available=np.ones((2, 3, 3), bool))},
                "trials.available",
                "2 actions, as in the model",
                "3",
            ),
            (
                "choices beyond the model's actions",
                {"of": partial(trials, choices=2 * CHOICES, outcomes=PAID[..., 0])},
                "trials.choices",
                "actions from 0 to 1",
                "2 at index (0, 1)",
            ),
            (
                "choices beyond the model's actions on a trial that counts",
                {"of": partial(trials, 2 * CHOICES, PAID[..., 0], mask=np.array([[True, False, True]] * 2))},
                "trials.choices",
                "actions from 0 to 1",
                "2 at index (0, 2)",
            ),
            ("model a builder", {"model": models.rescorla_wagner}, "model", "a Model", "function"),
            ("model a name", {"model": "rescorla_wagner"}, "model", "a Model", "str"),
        )
    },
    "log_likelihood: missing parameter": Bad(
        lambda: log_likelihood(MODEL, {"alpha_p": 0.1, "temperature": 1.0}, trials()),
        "params",
        "alpha_p, alpha_n, temperature",
        "missing 'alpha_n'",
    ),
    "log_likelihood: no parameters": Bad(
        lambda: log_likelihood(MODEL, {}, trials()), "params", "alpha_p", "missing 'alpha_p'"
    ),
    "log_likelihood: another model's parameters": Bad(
        lambda: log_likelihood(models.rescorla_wagner(2), PARAMS, trials()),
        "params",
        "alpha, temperature",
        "unknown 'alpha_p', 'alpha_n'",
    ),
    "log_likelihood: params a list": Bad(
        lambda: log_likelihood(MODEL, [0.1, 0.1, 1.0], trials()), "params", "a dict", "list"
    ),
    **{
        f"log_likelihood: inverse temperature = {shown}": Bad(
            lambda beta=beta: log_likelihood(
                models.rescorla_wagner(2, inverse_temperature=True),
                {"alpha": 0.5, "inverse_temperature": beta},
                trials(),
            ),
            "params['inverse_temperature']",
            "at least 0",
            shown,
        )
        for shown, beta in {"-1": -1.0, "nan": NAN, "inf": INF}.items()
    },
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(bad, compilations):
    compiled = [driver._cache_size() for driver in DRIVERS]
    assert_refused(bad)
    assert [driver._cache_size() for driver in DRIVERS] == compiled


def test_nothing_is_compiled_before_bad_input_is_refused(compilations):
    # With everything forgotten, so that what one call compiles is named with the first call that does.
    jax.clear_caches()
    early = {}
    for name, bad in BAD.items():
        compilations.clear()
        try:
            bad.call()
        except Exception:  # what is raised is the other test's business
            if compilations:
                early[name] = list(compilations)
    assert early == {}, "\n".join(f"{name}: {compiled}" for name, compiled in early.items())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_smallest_good_input_passes(n):
    assert decision_rules.softmax(np.zeros(n), 1e-6).shape == (n,)
    assert trials(np.zeros((1, n), int), np.zeros((1, n))).choices.shape == (1, n)
    assert simulated(alpha_p=[1] * n, alpha_n=0, outcomes=[[0, 0]]).choices.shape == (n, 1)


def test_values_are_not_checked_inside_jit():
    nan = jnp.array(NAN)
    assert np.isnan(jax.jit(decision_rules.softmax)(jnp.array([0.0, NAN]), 1.0)).all()
    assert jax.jit(decision_rules.softmax)(HALF, -1.0).shape == (2,)
    assert jax.jit(decision_rules.lapse_mixture)(HALF, 2.0).shape == (2,)
    assert jax.jit(utils.choice_from_action_p)(KEY, jnp.array([-1.0, 0.5])).shape == ()
    updated, _ = jax.jit(update)(outcome=nan, alpha_p=jnp.array(7.0))
    assert np.isnan(updated[0]) and updated[1] == 0.5
    assert np.isfinite(jax.jit(update)(alpha_p=7.0)[0]).all()
    assert jax.jit(partial(choice_iterator, n_actions=2, key=KEY))(OUTCOMES * NAN)[0].shape == (4, 2)
    assert jax.jit(iterator)(choices=jnp.array([0, 1, 5, -1]))[0].shape == (4, 2)
    trace = jax.jit(lambda params: simulate(KEY, MODEL, params, OUTCOMES))(
        PARAMS | {"alpha_p": 1.5, "temperature": -1.0}
    )
    assert trace.values.shape == (1, 4, 2)
    nothing_on_offer = jax.jit(lambda available: simulated(available=available))(OUTCOMES == 0)
    assert nothing_on_offer.choices.shape == (1, 4)
    made = jax.jit(Trials)(jnp.full((2, 3), 9), jnp.full((2, 3, 2), NAN))
    assert isinstance(made, Trials) and (made.choices == 9).all()


def test_values_are_not_checked_inside_vmap_and_grad():
    alphas = jnp.array([0.5, -1.0, 7.0])
    assert jax.vmap(lambda alpha: update(alpha_p=alpha)[0])(alphas).shape == (3, 2)
    temperatures = jnp.array([1.0, -1.0])
    assert jax.vmap(decision_rules.softmax, in_axes=(None, 0))(HALF, temperatures).shape == (2, 2)
    run = jax.vmap(lambda alpha: simulated(alpha_p=alpha).choices)
    assert run(alphas).shape == (3, 1, 4)
    assert np.isfinite(jax.grad(lambda alpha: update(alpha_p=alpha)[0].sum())(7.0))


def test_shapes_are_checked_inside_jit_and_vmap():
    with pytest.raises(ValueError, match=r"^temperature: .*got shape \(2,\)"):
        jax.jit(decision_rules.softmax)(HALF, jnp.array([1.0, 2.0]))
    with pytest.raises(ValueError, match=r"^outcomes: .*got shape \(4, 3\)"):
        jax.jit(lambda outcomes: simulated(outcomes=outcomes))(jnp.ones((4, 3)))
    with pytest.raises(ValueError, match=r"^chosen: .*got shape \(3,\)"):
        jax.vmap(lambda chosen: update(chosen=chosen))(jnp.ones((5, 3)))
    with pytest.raises(ValueError, match=r"^reset: .*got shape \(3,\)"):
        jax.jit(lambda reset: simulated(reset=reset))(np.ones(3, bool))
    with pytest.raises(ValueError, match=r"^key: .*got an array of keys of shape \(3,\)"):
        jax.jit(lambda key: simulated(key=key))(KEYS)


def test_lists_of_traced_numbers_are_arrays():
    gradient = jax.grad(lambda x: decision_rules.softmax([x, 0.0])[0])(0.0)
    assert gradient == 0.25
    choice = jax.jit(lambda p: utils.choice_from_action_p(KEY, [p, 1 - p]))(1.0)
    assert choice == 0
    trace = jax.jit(lambda r: simulated(outcomes=[[r, 0.0]] * 3, record=("values",)))(2.0)
    assert trace.values.shape == (1, 3, 2)


def test_a_models_functions_must_be_hashable():
    # A list of parameters cannot be told apart by jit; the message should say what to write.
    model = MODEL._replace(name="listed", parameters=list(MODEL.parameters))
    with pytest.raises(ValueError, match="parameters|hash"):
        simulated(model=model)
