"""The door of a model: a reader's own model that cannot be right is refused before anything is computed."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

import behavioural_modelling as bm
from behavioural_modelling import (
    Model,
    Trials,
    _door,
    fit,
    log_likelihood,
    models,
    replay,
    responses,
    simulate,
)
from behavioural_modelling.models import Parameter

KEY = jax.random.key(0)
DATA = Trials([[0, 1, 1]], np.ones((3, 2), np.float32))
GOOD = Model(
    "good",
    (Parameter("alpha", 0, 1), Parameter("scale", 0)),
    responses.categorical(2),
    init=lambda params: {"value": jnp.zeros(2), "count": jnp.array(0)},
    predict=lambda params, state, trial: params["scale"] * state["value"],
    update=lambda params, state, trial, chosen, outcome: (
        {"value": state["value"] + params["alpha"] * chosen * outcome, "count": state["count"] + 1},
        {"values": state["value"]},
    ),
)
PARAMS = {"alpha": 0.5, "scale": 1.0}


def look(model, dtype=np.float32, outcomes=DATA.outcomes, available=None, inputs=None):
    """The whole door, for trials like these."""
    return _door.check(_door.checked(model), _door.spec_of(outcomes, available, inputs or {}, dtype), dtype)


def with_predict(predict, **fields):
    return GOOD._replace(predict=predict, **fields)


def with_state(first, change, records=lambda state: {}):
    """A model whose state begins as `first(params)` and goes on as `change(state)`."""
    update = lambda params, state, trial, chosen, outcome: (change(state), records(state))  # noqa: E731
    return GOOD._replace(init=first, predict=lambda params, state, trial: jnp.zeros(2), update=update)


def telling(records):
    """A model that records this, whatever happens."""
    return with_state(lambda params: jnp.zeros(2), lambda state: state, lambda state: records)


def responding(**fields):
    """The good model, with another function in its response."""
    return GOOD._replace(response=GOOD.response._replace(**fields))


def rating(**fields):
    """A model of ratings, which learns from one number."""
    return Model(
        "rating",
        (Parameter("sd", 0, above=True),),
        responses.normal()._replace(**fields),
        init=lambda params: jnp.zeros(()),
        predict=lambda params, state, trial: (state, params["sd"]),
        update=lambda params, state, trial, rated, outcome: (state + outcome, {"values": state}),
    )


def racing(update=None, **fields):
    """A model of choices with response times, which learns nothing."""
    return Model(
        "racing",
        (Parameter("drift", 0),),
        responses.wald_race(2)._replace(**fields),
        init=lambda params: (),
        predict=lambda params, state, trial: {
            "drifts": params["drift"] * jnp.ones(2),
            "threshold": 1.0,
            "non_decision_time": 0.1,
        },
        update=update or (lambda params, state, trial, responded, outcome: (state, {})),
    )


ONES = lambda n, dtype=float: lambda params, state, trial: jnp.ones(n, dtype)  # noqa: E731
LOGITS = "logits, floating-point numbers of shape (2,)"
PAIR = "the pair (state, dict of records)"
NAMED = "records whose names can stand behind a dot, and mean nothing else in a Trace"
ONE_HOT = "the choice one-hot, shape (2,), alone or as 'choices' in a dict"
LEVELS = "a tuple of pairs of a name and a tuple of numbers"
A_SCORE = "one log-probability, floating-point numbers of shape ()"
BAD = {
    "a builder": (models.rescorla_wagner, "model", "a Model, as the builders in models make it", "function"),
    "a number of actions": (
        GOOD._replace(response=2),
        "model.response",
        "a Response, such as responses.categorical(n_actions)",
        "int",
    ),
    "a builder of responses": (
        GOOD._replace(response=responses.categorical),
        "model.response",
        "a Response",
        "function",
    ),
    "one logit": (with_predict(ONES(1)), "model.predict", LOGITS, "float32 of shape (1,)"),
    "three logits": (with_predict(ONES(3)), "model.predict", LOGITS, "float32 of shape (3,)"),
    "a number": (with_predict(lambda *a: 0.0), "model.predict", LOGITS, "float32 of shape ()"),
    "whole numbers": (with_predict(ONES(2, int)), "model.predict", LOGITS, "int32 of shape (2,)"),
    "a list": (with_predict(lambda *a: [0.0, a[0]["scale"]]), "model.predict", LOGITS, "a list"),
    "text": (with_predict(lambda *a: "left"), "model.predict", "arrays", "str"),
    "a state of text": (GOOD._replace(init=lambda params: ("new",)), "model.init", "arrays", "str"),
    "no pair": (GOOD._replace(update=lambda *a: a[1]), "model.update", PAIR, "dict"),
    "three": (GOOD._replace(update=lambda *a: (a[1], a[2], a[3])), "model.update", PAIR, "3 things"),
    "an array as the second": (
        GOOD._replace(update=lambda *a: (a[1], a[3])),
        "model.update",
        PAIR,
        "Tracer as the second",
    ),
    "None as the second": (telling(None), "model.update", PAIR, "a NoneType as the second"),
    "a record of text": (telling({"said": "left"}), "model.update", "arrays", "str"),
    "a record of a number": (telling({1: 0.0}), "model.update", NAMED, "1"),
    "a record with a blank": (telling({"my values": 0.0}), "model.update", NAMED, "'my values'"),
    "a private record": (telling({"_values": 0.0}), "model.update", NAMED, "'_values'"),
    "a record that is a word of Python": (telling({"lambda": 0.0}), "model.update", NAMED, "'lambda'"),
    **{
        f"a record called {name}": (telling({name: 0.0}), "model.update", NAMED, repr(name))
        for name in (*_door.TAKEN, "choice_p")
    },
    "a record in place of the rating": (
        rating()._replace(update=lambda *a: (a[1], {"ratings": 0.0})),
        "model.update",
        NAMED,
        "'ratings'",
    ),
    "a record in place of the time": (
        racing(lambda *a: (a[1], {"times": 0.0})),
        "model.update",
        NAMED,
        "'times'",
    ),
    "a record in place of a report": (
        racing(lambda *a: (a[1], {"drifts": 0.0})),
        "model.update",
        NAMED,
        "'drifts'",
    ),
    "a report of the choice": (
        responding(report=lambda logits: {"choices": logits}),
        "model.response.report",
        NAMED,
        "'choices'",
    ),
    "a report with a blank": (
        rating(report=lambda prediction: {"the mean": prediction[0]}),
        "model.response.report",
        NAMED,
        "'the mean'",
    ),
    "int to float": (
        with_state(lambda params: {"n": jnp.array([0])}, lambda state: {"n": state["n"] + 0.5}),
        "model.update",
        "state['n'] to stay int32 of shape (1,), as init gives it",
        "float32 of shape (1,)",
    ),
    "a state that grows": (
        with_state(lambda params: (jnp.zeros(1), 0), lambda state: (jnp.zeros(2), 0)),
        "model.update",
        "state[0] to stay float32 of shape (1,)",
        "float32 of shape (2,)",
    ),
    "another tree": (
        with_state(lambda params: jnp.zeros(2), lambda state: (state, state)),
        "model.update",
        "a state as init gives it, *",
        "(*, *)",
    ),
    "half a random number": (
        responding(n_uniforms=0.5),
        "model.response.n_uniforms",
        "a whole number",
        "0.5",
    ),
    "fewer than no random numbers": (
        responding(n_uniforms=-1),
        "model.response.n_uniforms",
        "at least 0",
        "-1",
    ),
    "two choices": (
        responding(draw=lambda logits, uniforms: jnp.zeros(2, int)),
        "model.response.draw",
        "one number",
        "int32 of shape (2,)",
    ),
    "a choice without its time": (
        racing(draw=lambda prediction, uniforms: jnp.argmax(prediction["drifts"])),
        "model.response.draw",
        "a dict of numbers 'choices', 'times'",
        "int32 of shape ()",
    ),
    **{
        f"{n} drifts": (
            racing()._replace(
                predict=lambda params, state, trial, n=n: {
                    "drifts": jnp.ones(n),
                    "threshold": 1.0,
                    "non_decision_time": 0.1,
                }
            ),
            "model.predict",
            "'drifts' of shape (2,)",
            f"shape ({n},)",
        )
        for n in (1, 3)
    },
    "a time of another name": (
        racing(draw=lambda prediction, uniforms: {"choices": 0, "rt": uniforms[0]}),
        "model.response.draw",
        "a dict of numbers 'choices', 'times'",
        "'rt'",
    ),
    "a log-probability of every action": (
        responding(log_prob=lambda logits, choice: logits),
        "model.response.log_prob",
        A_SCORE,
        "float32 of shape (2,)",
    ),
    "a log-probability in whole numbers": (
        rating(log_prob=lambda prediction, rated: jnp.array(0)),
        "model.response.log_prob",
        A_SCORE,
        "int32 of shape ()",
    ),
    "two log-probabilities": (
        racing(log_prob=lambda prediction, response: (0.0, 0.0)),
        "model.response.log_prob",
        A_SCORE,
        "a tuple",
    ),
    "a choice that is not one-hot": (
        responding(encode=lambda choice: choice),
        "model.response.encode",
        ONE_HOT,
        "int32 of shape ()",
    ),
    "one-hot over other actions": (
        responding(encode=lambda choice: jax.nn.one_hot(choice, 3)),
        "model.response.encode",
        ONE_HOT,
        "float32 of shape (3,)",
    ),
    "a time without its choice": (
        racing(encode=lambda response: {"times": response["times"]}),
        "model.response.encode",
        ONE_HOT,
        "'times'",
    ),
    "a list of parameters": (
        GOOD._replace(parameters=list(GOOD.parameters)),
        "model.parameters",
        "a tuple of Parameter (one that can be hashed, as a list cannot)",
        "list",
    ),
    "a parameter's name": (
        GOOD._replace(parameters=("alpha", *GOOD.parameters)),
        "model.parameters[0]",
        "a Parameter",
        "str",
    ),
    "a name twice": (
        GOOD._replace(parameters=(*GOOD.parameters, Parameter("alpha", 0))),
        "model.parameters",
        "distinct names",
        "'alpha' twice",
    ),
    "an unhashable prior": (
        GOOD._replace(parameters=(Parameter("alpha", 0, 1, prior=["Beta"]), GOOD.parameters[1])),
        "model",
        "fields that can be hashed",
        "unhashable type: 'list'",
    ),
    "a unit that is none": (
        GOOD._replace(parameters=(Parameter("alpha", 0, 1, unit="per_difference"), GOOD.parameters[1])),
        "the unit of parameter 'alpha'",
        "one of None, 'value', 'difference', 'per difference'",
        "'per_difference'",
    ),
    "a name for parts": (responding(parts="choices"), "model.response.parts", "a tuple of names", "str"),
    "a name for inputs": (GOOD._replace(inputs="stage"), "model.inputs", "a tuple of names", "str"),
    "a number for whether": (
        GOOD._replace(needs_all_outcomes=1),
        "model.needs_all_outcomes",
        "True or False",
        "1",
    ),
    **{
        f"levels: {levels}": (GOOD._replace(levels=levels), "model.levels", LEVELS, repr(levels))
        for levels in (
            [("outcomes", (0, 1))],
            ("outcomes", (0, 1)),
            (("outcomes", [0, 1]),),
            (("outcomes", ()),),
            (("outcomes", (0, np.nan)),),
            (("outcomes", ("0", "1")),),
            ((1, (0, 1)),),
        )
    },
    "levels of what is no input": (
        GOOD._replace(levels=(("outcomes", (0, 1)), ("cue", (0, 1)))),
        "model.levels",
        "'outcomes', or the names of the model's inputs",
        "'cue'",
    ),
    "a number among inputs": (GOOD._replace(inputs=("stage", 2)), "model.inputs", "names, as text", "2"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_model_that_cannot_be_right_is_refused(name):
    model, *words = BAD[name]
    assert_refused(Bad(lambda: look(model, outcomes=np.ones((1, 3, 1 if _rates(model) else 2))), *words))


def _rates(model):
    return isinstance(model, Model) and getattr(model.response, "n_actions", 2) is None


def test_models_that_are_right_pass():
    tells = look(GOOD)
    assert tells.records == ("values",) and tells.reports == ("choice_p",)
    tells = look(rating(), outcomes=np.ones((1, 3, 1)))
    assert tells.records == ("values",) and tells.reports == ("mean", "sd")
    assert look(racing()) == ((), ("drifts",))
    # A response that reports nothing, and takes no random number.
    sure = responding(report=None, n_uniforms=0, draw=lambda logits, uniforms: jnp.argmax(logits))
    assert look(sure) == (("values",), ())
    trace = simulate(KEY, sure, PARAMS, np.ones((3, 2)))
    assert set(trace.records) == {"values", "choices"} and trace.choices.tolist() == [[0, 0, 0]]


def test_a_model_may_record_nothing():
    silent = telling({})
    assert look(silent).records == ()
    trace = simulate(KEY, silent, PARAMS, np.ones((3, 2)))
    assert set(trace.records) == {"choice_p", "choices"} and trace.values is None
    assert set(replay(silent, PARAMS, DATA).records) == {"choice_p", "log_prob"}
    # Nor need what it records be numbers in a row.
    told = {"where": {"at": jnp.ones((2, 3)), "seen": jnp.array(True)}}
    where = simulate(KEY, telling(told), PARAMS, np.ones((3, 2))).where
    assert where["at"].shape == (1, 3, 2, 3) and where["seen"].all() and where["seen"].dtype == bool


@pytest.mark.parametrize(
    "call",
    [
        lambda model: simulate(KEY, model, PARAMS, np.ones((3, 2))),
        lambda model: log_likelihood(model, PARAMS, DATA),
        lambda model: replay(model, PARAMS, DATA),
        lambda model: fit(KEY, model, DATA, progress=False),
        lambda model: jax.grad(lambda x: log_likelihood(model, PARAMS | {"scale": x}, DATA).sum())(1.0),
        lambda model: jax.vmap(lambda x: log_likelihood(model, PARAMS | {"scale": x}, DATA))(jnp.ones(2)),
        lambda model: jax.jit(lambda key: simulate(key, model, PARAMS, np.ones((3, 2))))(KEY),
    ],
    ids=["simulate", "log_likelihood", "replay", "fit", "grad", "vmap", "jit"],
)
@pytest.mark.parametrize("name", ["one logit", "a list of parameters", "a number of actions"])
def test_every_call_has_the_door(call, name):
    model, *words = BAD[name]
    assert_refused(Bad(lambda: call(model), *words))


STAGED = GOOD._replace(
    inputs=("stage",),
    predict=lambda params, state, trial: params["scale"] * state["value"] * trial.inputs["stage"],
)


@pytest.mark.parametrize(
    "found, words", [({}, "None"), ({"block": np.ones(3)}, "'block'")], ids=["none", "other"]
)
def test_an_input_that_is_not_there_is_named(found, words):
    trials = Trials([[0, 1, 1]], np.ones((3, 2)), inputs=found or None)
    for name, call in (
        ("inputs", lambda: simulate(KEY, STAGED, PARAMS, np.ones((3, 2)), inputs=found)),
        ("trials.inputs", lambda: log_likelihood(STAGED, PARAMS, trials)),
        ("trials.inputs", lambda: replay(STAGED, PARAMS, trials)),
        ("trials.inputs", lambda: fit(KEY, STAGED, trials, progress=False)),
    ):
        assert_refused(Bad(call, name, "'stage', which good needs", words))
    # Those that are there and not asked for play no part.
    both = trials._replace(inputs={"stage": np.zeros(3), "block": np.ones(3)})
    np.testing.assert_allclose(log_likelihood(STAGED, PARAMS, both), 3 * np.log(0.5), rtol=1e-6)


KNOWS_ALL = GOOD._replace(needs_all_outcomes=True)
CHOSEN_ONLY = Trials([[0, 1, 1]], [[1.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    "call",
    [
        lambda model, trials: log_likelihood(model, PARAMS, trials),
        lambda model, trials: replay(model, PARAMS, trials),
        lambda model, trials: fit(KEY, model, trials, progress=False),
        lambda model, trials: bm.sample(KEY, model, trials, progress=False),
        lambda model, trials: jax.jit(lambda x: log_likelihood(model, PARAMS | {"scale": x}, trials))(1.0),
        lambda model, trials: look(model, outcomes=trials.outcomes),
        lambda model, trials: look(models.with_lapse(model), outcomes=trials.outcomes),
    ],
    ids=["log_likelihood", "replay", "fit", "sample", "jit", "door", "inside another"],
)
def test_what_the_chosen_action_paid_is_not_what_all_did(call):
    expected = "what each of 2 actions would have paid, as good"
    for trials in (CHOSEN_ONLY, Trials([[0, 1, 1]]), Trials([[0, 1, 1]], {"won": [[1.0, 1.0, 0.0]]})):
        bad = Bad(lambda trials=trials: call(KNOWS_ALL, trials), "outcomes", expected, "the chosen one paid")
        assert_refused(bad)
    assert look(KNOWS_ALL).records == ("values",)  # where all are known, it passes
    assert look(GOOD, outcomes=CHOSEN_ONLY.outcomes).records == ("values",)


def test_levels_are_looked_at_where_data_count():
    coded = STAGED._replace(levels=(("outcomes", (0, 1)), ("stage", (1, 2))))
    stages, outcomes = np.array([[1, 2, 1]]), np.array([[[0, 1], [1, 0], [0, 5.0]]])
    mask = np.array([[True, True, False]])
    trials = Trials([[0, 1, 1]], outcomes, mask=mask, inputs={"stage": stages})
    ours = log_likelihood(coded, PARAMS, trials)
    np.testing.assert_array_equal(ours, log_likelihood(STAGED, PARAMS, trials))
    words = "0 or 1, which good is for"
    whole = trials._replace(mask=None)
    call = lambda: log_likelihood(coded, PARAMS, whole)  # noqa: E731
    assert_refused(Bad(call, "trials.outcomes", words, "5 at index (0, 2, 1)"))
    # Not told, so not looked at; nor is what an action would have paid that was not on offer.
    told = Trials(whole.choices, outcomes, feedback=mask, inputs={"stage": stages})
    assert np.isfinite(log_likelihood(coded, PARAMS, told))
    offered = np.array([[[True, True], [True, True], [True, False]]])
    some = Trials([[0, 1, 0]], outcomes, offered, inputs={"stage": stages})
    assert np.isfinite(log_likelihood(coded, PARAMS, some))
    # Where all share a schedule, a trial counts that counts for anybody.
    two = Trials([[0, 1, 1]] * 2, outcomes[0], mask=np.array([[True] * 3, [True, True, False]]))
    two = two._replace(inputs={"stage": stages[0]})
    call = lambda: replay(coded, PARAMS, two)  # noqa: E731
    assert_refused(Bad(call, "trials.outcomes", words, "5 at index (0, 2, 1)"))
    both = two._replace(mask=np.array([[True, True, False]] * 2))
    assert np.isfinite(log_likelihood(coded, PARAMS, both)).all()
    other = trials._replace(inputs={"stage": stages - 1})
    call = lambda: log_likelihood(coded, PARAMS, other)  # noqa: E731
    assert_refused(Bad(call, "trials.inputs['stage']", "1 or 2, which good is for", "0 at index (0, 0)"))
    # Outcomes with names, each of them.
    named = coded._replace(update=lambda params, state, trial, chosen, outcome: (state, {}))
    call = lambda: simulate(KEY, named, PARAMS, {"won": outcomes[0]}, inputs={"stage": stages[0]})  # noqa: E731
    assert_refused(Bad(call, "outcomes['won']", words, "5 at index (0, 2, 1)"))


def test_levels_pass_over_what_jax_traces():
    coded = GOOD._replace(levels=(("outcomes", (0, 1)),))

    def run(outcomes):
        return log_likelihood(coded, PARAMS, Trials([[0, 1, 1]], outcomes))

    odd = np.full((3, 2), 5.0, np.float32)
    plain = log_likelihood(GOOD, PARAMS, Trials([[0, 1, 1]], odd))
    np.testing.assert_allclose(jax.jit(run)(odd), plain, rtol=1e-5)  # another program, float32
    with pytest.raises(ValueError, match=r"0 or 1, which good is for, got 5 at index \(0, 0, 0\)"):
        run(odd)
    # A level that float32 rounds is the one that is meant.
    tenth = GOOD._replace(levels=(("outcomes", (0.1,)),))
    assert np.isfinite(log_likelihood(tenth, PARAMS, Trials([[0]], np.full((1, 2), 0.1, np.float32))))


def test_a_response_that_is_not_there_is_named():
    for model, name, expected in (
        (rating(), "trials.responses", "'ratings', as rating predicts them"),
        (racing(), "trials.responses", "'times', as racing predicts them"),
    ):
        params = {parameter.name: 1.0 for parameter in model.parameters}
        trials = Trials([[0, 1, 1]], [[1.0, 1.0, 1.0]], responses={"pupil": np.ones((1, 3))})
        call = partial(log_likelihood, model, params, trials)
        assert_refused(Bad(call, name, expected, "'pupil'"))
    rated = Trials(None, np.ones(3), responses={"ratings": np.ones((1, 3))})
    expected = "choices, as good predicts them"
    assert_refused(Bad(lambda: log_likelihood(GOOD, PARAMS, rated), "trials.choices", expected, "None"))


def test_a_state_of_the_wrong_precision_is_refused(x64):
    wide = with_state(lambda params: jnp.zeros(2, jnp.float32), lambda state: state + jnp.zeros(2))
    words = ("state to stay float32 of shape (2,)", "float64 of shape (2,)")
    assert_refused(Bad(lambda: log_likelihood(wide, PARAMS, DATA), "model.update", *words))
    # Models that follow their parameters, and plain numbers, go with either precision.
    for dtype in (np.float32, np.float64):
        look(models.rescorla_wagner(2), dtype)
        look(GOOD._replace(init=lambda params: {"value": jnp.full(2, 0), "count": 0}), dtype)


def test_a_plain_number_in_the_state_takes_on_its_type(x64):
    # Also where JAX makes 64 bits of a plain number, and the rest is of 32.
    model = GOOD._replace(
        init=lambda params: (0.5, jnp.full(2, 0)),
        predict=lambda params, state, trial: params["scale"] * state[1],
        update=lambda params, state, trial, chosen, outcome: (
            (state[0] * params["alpha"], state[1] + chosen),
            {},
        ),
    )
    params = {name: np.array([x], np.float32) for name, x in PARAMS.items()}
    kept = ("state", "choices", "choice_p")
    trace = simulate(KEY, model, params, np.ones((3, 2), np.float32), record=kept)
    halves, counts = trace.state
    assert halves.tolist() == [[0.5, 0.25, 0.125]] and counts.dtype == halves.dtype == np.float32
    ours = log_likelihood(model, params, Trials(trace.choices, np.ones((3, 2), np.float32)))
    chosen = np.take_along_axis(trace.choice_p, np.asarray(trace.choices)[..., None], axis=-1)
    np.testing.assert_allclose(ours, np.log(chosen).sum((1, 2)), rtol=1e-6)  # some roundings in float32


def test_logits_are_scored_in_the_precision_of_the_driver(x64):
    params = {name: np.float32(x) for name, x in PARAMS.items()}
    ours = log_likelihood(with_predict(ONES(2)), params, DATA)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, 3 * np.log(0.5), rtol=1e-6)  # a sum of three numbers in float32


@pytest.mark.parametrize("function", ["init", "predict", "update"])
def test_what_a_readers_function_raises_passes_through(function):
    def broken(*arguments):
        raise KeyError("my own mistake")

    model = GOOD._replace(**{function: broken})
    with pytest.raises(KeyError, match="my own mistake"):
        log_likelihood(model, PARAMS, DATA)


@pytest.mark.parametrize("function", ["encode", "on_offer", "report"])
def test_what_a_readers_own_response_raises_passes_through(function):
    def broken(*arguments):
        raise KeyError("my own mistake")

    with pytest.raises(KeyError, match="my own mistake"):
        look(responding(**{function: broken}), available=np.ones((1, 3, 2), bool))


@pytest.mark.parametrize(
    "model, words, cause",
    [
        (rating()._replace(predict=lambda params, state, trial: state), "float32 of shape ()", TypeError),
        (racing()._replace(predict=lambda *a: {"drifts": jnp.ones(2)}), "'threshold'", KeyError),
        (racing()._replace(predict=lambda *a: jnp.ones(2)), "float32 of shape (2,)", TypeError),
    ],
    ids=["a mean without its sd", "drifts alone", "logits"],
)
def test_a_prediction_that_the_response_cannot_use_is_named(model, words, cause):
    outcomes = np.ones((1, 3, 1 if _rates(model) else 2))
    call = partial(look, model, outcomes=outcomes)
    assert_refused(Bad(call, "model.predict", "what the response takes", words))
    with pytest.raises(ValueError) as raised:
        call()
    assert isinstance(raised.value.__cause__, cause)


def test_a_model_is_looked_at_once_for_each_precision_and_kind_of_trial():
    looks = []

    def predict(params, state, trial):
        looks.append((params["scale"].dtype, trial.available is None))
        return params["scale"] * state["value"]

    model, available = with_predict(predict), np.ones((1, 3, 2), bool)
    for dtype in (np.float32, np.float16, np.float32, np.float16):
        look(model, dtype)
    seen = {(np.dtype(np.float32), True), (np.dtype(np.float16), True)}
    assert set(looks) == seen and len(looks) == 2 * looks.count((np.float32, True))
    n_looks = len(looks)
    # More trials, or more subjects, are none of another kind; what is on offer makes one.
    look(model, outcomes=np.ones((7, 90, 2)))
    assert len(looks) == n_looks
    look(model, available=available)
    look(model, available=available)
    assert looks[n_looks:] and set(looks[n_looks:]) == {(np.dtype(np.float32), False)}
    assert len(looks) == n_looks + looks.count((np.float32, True))


def test_a_prediction_may_ask_for_what_is_on_offer():
    # Each trial's first action on offer is the likelier one, by log 3.
    def predict(params, state, trial):
        available = jnp.ones(3, bool) if trial.available is None else trial.available
        return jnp.log(3.0) * (jnp.cumsum(available) == 1) * available

    model = Model(
        "first on offer",
        (),
        responses.categorical(3),
        init=lambda params: (),
        predict=predict,
        update=lambda params, state, trial, chosen, outcome: ((), {"offered": trial.available}),
    )
    available = np.array([[True] * 3, [False, True, True], [False, False, True]])
    trace = simulate(KEY, model, {}, np.zeros((3, 3)), available=available)
    expected = [[0.6, 0.2, 0.2], [0, 0.75, 0.25], [0, 0, 1]]
    np.testing.assert_allclose(trace.choice_p[0], expected, rtol=1e-6)  # a softmax in float32
    np.testing.assert_array_equal(trace.offered[0], available)
    ours = log_likelihood(model, {}, Trials([[0, 1, 2]], np.zeros((3, 3)), available[None]))
    np.testing.assert_allclose(np.exp(ours), 0.6 * 0.75, rtol=1e-6)
    # Where nothing is said, all are on offer, and it is told None.
    ours = log_likelihood(model, {}, Trials([[0, 1, 0]], np.zeros((3, 3))))
    np.testing.assert_allclose(np.exp(ours), 0.6 * 0.2 * 0.6, rtol=1e-6)
    assert simulate(KEY, model, {}, np.zeros((3, 3))).offered is None


def test_a_record_keeps_its_type():
    told = {"n": jnp.array(3), "won": jnp.array(True), "share": jnp.array(0.5)}
    trace = simulate(KEY, telling(told), PARAMS, np.ones((3, 2)))
    assert [trace.records[name].dtype for name in told] == [np.int32, bool, np.float32]
    assert all(trace.records[name].shape == (1, 3) for name in told)
