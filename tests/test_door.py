"""The door of a model: a reader's own model that cannot be right is refused before anything is computed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusals import Bad, assert_refused

from behavioural_modelling import Model, Trials, fit, log_likelihood, models, simulate
from behavioural_modelling.models import Parameter, _door

KEY = jax.random.key(0)
DATA = Trials([[0, 1, 1]], np.ones((3, 2), np.float32))
GOOD = Model(
    "good",
    2,
    (Parameter("alpha", 0, 1), Parameter("scale", 0)),
    init=lambda params: {"value": jnp.zeros(2), "count": jnp.array(0)},
    policy=lambda params, state: params["scale"] * state["value"],
    update=lambda params, state, chosen, outcome: (
        {"value": state["value"] + params["alpha"] * chosen * outcome, "count": state["count"] + 1},
        chosen,
    ),
)
PARAMS = {"alpha": 0.5, "scale": 1.0}


def with_policy(policy, **fields):
    return GOOD._replace(policy=policy, **fields)


def with_state(first, change, error=lambda chosen: chosen):
    """A model whose state begins as `first(params)` and goes on as `change(state)`."""
    update = lambda params, state, chosen, outcome: (change(state), error(chosen))  # noqa: E731
    return GOOD._replace(init=first, policy=lambda params, state: jnp.zeros(2), update=update)


def error_of(error):
    return with_state(lambda params: jnp.zeros(2), lambda state: state, lambda chosen: error)


ONES = lambda n, dtype=float: lambda params, state: jnp.ones(n, dtype)  # noqa: E731
LOGITS = "logits, floating-point numbers of shape (2,)"
ERRORS = "prediction errors, floating-point numbers of shape (2,) or ()"
PAIR = "the pair (state, prediction_error)"
BAD = {
    "one logit": (with_policy(ONES(1)), "model.policy", LOGITS, "float32 of shape (1,)"),
    "three logits": (with_policy(ONES(3)), "model.policy", LOGITS, "float32 of shape (3,)"),
    "a number": (with_policy(lambda params, state: 0.0), "model.policy", LOGITS, "float32 of shape ()"),
    "whole numbers": (with_policy(ONES(2, int)), "model.policy", LOGITS, "int32 of shape (2,)"),
    "a list": (with_policy(lambda params, state: [0.0, params["scale"]]), "model.policy", LOGITS, "a list"),
    "text": (with_policy(lambda params, state: "left"), "model.policy", "arrays", "str"),
    "a state of text": (GOOD._replace(init=lambda params: ("new",)), "model.init", "arrays", "str"),
    "no pair": (GOOD._replace(update=lambda *a: a[1]), "model.update", PAIR, "dict"),
    "three": (GOOD._replace(update=lambda *a: (a[1], a[2], a[3])), "model.update", PAIR, "3 things"),
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
    "errors of three": (error_of(jnp.zeros(3)), "model.update", ERRORS, "float32 of shape (3,)"),
    "whole errors": (error_of(jnp.zeros(2, int)), "model.update", ERRORS, "int32"),
    "no errors": (error_of(None), "model.update", ERRORS, "a NoneType"),
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
    "half an action": (GOOD._replace(n_actions=2.0), "model.n_actions", "a whole number", "2.0"),
    "an unknown input": (GOOD._replace(inputs=("stage",)), "model.inputs", "some of available", "'stage'"),
    "a name for inputs": (GOOD._replace(inputs="available"), "model.inputs", "a tuple of names", "str"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_model_that_cannot_be_right_is_refused(name):
    model, *words = BAD[name]
    assert_refused(Bad(lambda: _door.check_functions(_door.checked(model), jnp.float32), *words))


@pytest.mark.parametrize(
    "call",
    [
        lambda model: simulate(KEY, model, PARAMS, np.ones((3, 2))),
        lambda model: log_likelihood(model, PARAMS, DATA),
        lambda model: fit(KEY, model, DATA, progress=False),
        lambda model: jax.grad(lambda x: log_likelihood(model, PARAMS | {"scale": x}, DATA).sum())(1.0),
        lambda model: jax.vmap(lambda x: log_likelihood(model, PARAMS | {"scale": x}, DATA))(jnp.ones(2)),
        lambda model: jax.jit(lambda key: simulate(key, model, PARAMS, np.ones((3, 2))))(KEY),
    ],
    ids=["simulate", "log_likelihood", "fit", "grad", "vmap", "jit"],
)
@pytest.mark.parametrize("name", ["one logit", "a list of parameters"])
def test_every_call_has_the_door(call, name):
    model, *words = BAD[name]
    assert_refused(Bad(lambda: call(model), *words))


def test_a_state_of_the_wrong_precision_is_refused(x64):
    wide = with_state(lambda params: jnp.zeros(2, jnp.float32), lambda state: state + jnp.zeros(2))
    words = ("state to stay float32 of shape (2,)", "float64 of shape (2,)")
    assert_refused(Bad(lambda: log_likelihood(wide, PARAMS, DATA), "model.update", *words))
    # Models that follow their parameters, and plain numbers, go with either precision.
    for dtype in (np.float32, np.float64):
        _door.check_functions(models.rescorla_wagner(2), dtype)
        _door.check_functions(GOOD._replace(init=lambda params: {"value": jnp.full(2, 0), "count": 0}), dtype)


def test_a_plain_number_in_the_state_takes_on_its_type(x64):
    # Also where JAX makes 64 bits of a plain number, and the rest is of 32.
    first = lambda params: (0.5, jnp.full(2, 0))  # noqa: E731
    model = GOOD._replace(
        init=first,
        policy=lambda params, state: params["scale"] * state[1],
        update=lambda params, state, chosen, outcome: ((state[0] * params["alpha"], state[1] + chosen), 0.0),
    )
    params = {name: np.array([x], np.float32) for name, x in PARAMS.items()}
    trace = simulate(KEY, model, params, np.ones((3, 2), np.float32))
    halves, counts = trace.values
    assert halves.tolist() == [[0.5, 0.25, 0.125]] and counts.dtype == halves.dtype == np.float32
    ours = log_likelihood(model, params, Trials(trace.choices, np.ones((3, 2), np.float32)))
    chosen = np.take_along_axis(trace.choice_p, np.asarray(trace.choices)[..., None], axis=-1)
    np.testing.assert_allclose(ours, np.log(chosen).sum((1, 2)), rtol=1e-6)  # some roundings in float32


def test_logits_are_scored_in_the_precision_of_the_driver(x64):
    params = {name: np.float32(x) for name, x in PARAMS.items()}
    ours = log_likelihood(with_policy(ONES(2)), params, DATA)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, 3 * np.log(0.5), rtol=1e-6)  # a sum of three numbers in float32


@pytest.mark.parametrize("function", ["init", "policy", "update"])
def test_what_a_readers_function_raises_passes_through(function):
    def broken(*arguments):
        raise KeyError("my own mistake")

    model = GOOD._replace(**{function: broken})
    with pytest.raises(KeyError, match="my own mistake"):
        log_likelihood(model, PARAMS, DATA)


def test_a_model_is_looked_at_once_for_each_precision():
    looks = []

    def policy(params, state):
        looks.append(params["scale"].dtype)
        return params["scale"] * state["value"]

    model = with_policy(policy)
    for dtype in (np.float32, np.float16, np.float32, np.float16):
        _door.check_functions(_door.checked(model), dtype)
    assert looks == [np.float32, np.float16]


def test_a_policy_may_ask_for_what_is_on_offer():
    # Each trial's first action on offer is the likelier one, by log 3.
    def policy(params, state, available):
        return jnp.log(3.0) * (jnp.cumsum(available) == 1) * available

    model = GOOD._replace(n_actions=3, inputs=("available",), policy=policy)
    model = model._replace(init=lambda params: (), update=lambda params, state, chosen, outcome: ((), chosen))
    available = np.array([[True] * 3, [False, True, True], [False, False, True]])
    trace = simulate(KEY, model, PARAMS, np.zeros((3, 3)), available=available)
    expected = [[0.6, 0.2, 0.2], [0, 0.75, 0.25], [0, 0, 1]]
    np.testing.assert_allclose(trace.choice_p[0], expected, rtol=1e-6)  # a softmax in float32
    ours = log_likelihood(model, PARAMS, Trials([[0, 1, 2]], np.zeros((3, 3)), available[None]))
    np.testing.assert_allclose(np.exp(ours), 0.6 * 0.75, rtol=1e-6)
    # Where nothing is said, all are on offer.
    ours = log_likelihood(model, PARAMS, Trials([[0, 1, 0]], np.zeros((3, 3))))
    np.testing.assert_allclose(np.exp(ours), 0.6 * 0.2 * 0.6, rtol=1e-6)
