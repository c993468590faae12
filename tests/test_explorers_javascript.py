"""The translation of functions of JAX to JavaScript, and JAX's random numbers on a page, against JAX."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling import models, responses
from behavioural_modelling.explorers import _page, model_functions
from behavioural_modelling.explorers._float64 import in_float64
from behavioural_modelling.explorers.javascript import translated
from behavioural_modelling.models import Model, Trial

pytestmark = pytest.mark.browser

N_SETTINGS = 40
# float64 keeps 16 digits; a hundred steps of rounding, and a Math.exp that may be off in the last one.
CLOSE = {"rtol": 1e-12, "atol": 1e-12}


@pytest.fixture(scope="module")
def page(browser):
    """A blank page that has what translated functions call."""
    context = browser.new_context()
    tab = context.new_page()
    for name in _page.TRANSLATED_NEED:
        tab.add_script_tag(content=_page.own_file(name))
    yield tab
    context.close()


def computed(page, source, arguments):
    """What a page's function gives for each list of arguments."""
    run = (
        "([source, all]) => { const f = new Function(`return ${source}`)(); return all.map((x) => f(...x)); }"
    )
    return page.evaluate(run, [source, jax.tree.map(plain, arguments)])


def plain(x):
    return np.asarray(x).tolist()


def as_objects(x):
    """Structures as JavaScript has them: a NamedTuple is a dict, a tuple is a list."""
    if hasattr(x, "_fields"):
        return as_objects(x._asdict())
    if isinstance(x, dict):
        return {name: as_objects(value) for name, value in x.items()}
    return [as_objects(value) for value in x] if isinstance(x, (list, tuple)) else x


def assert_same(found, expected):
    """The same structure, and numbers that differ by rounding alone."""
    if isinstance(expected, dict):
        assert set(found) == set(expected)
        for name, value in expected.items():
            assert_same(found[name], value)
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            assert_same(*pair)
    elif expected is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, np.asarray(expected), **CLOSE)


def check(page, function, *cases):
    """The page computes what JAX computes, case by case; each case is a list of arguments."""
    with in_float64():
        expected = [as_objects(jax.jit(function)(*case)) for case in cases]
    found = computed(page, translated(function, *cases[0]), [as_objects(list(case)) for case in cases])
    for pair in zip(found, expected, strict=True):
        assert_same(*pair)


NUMBERS = [-2.5, -1.0, -0.3, 0.0, 0.4, 1.0, 3.7, np.inf, -np.inf, np.nan]
PAIRS = [(a, b) for a in NUMBERS for b in (-1.5, 0.0, 0.5, 1.0, np.nan)]
OF_ONE = {
    **{"abs": jnp.abs, "ceil": jnp.ceil, "cos": jnp.cos, "exp": jnp.exp, "expm1": jnp.expm1},
    **{"floor": jnp.floor, "is_finite": jnp.isfinite, "log": jnp.log, "log1p": jnp.log1p},
    **{"logistic": jax.nn.sigmoid, "neg": jnp.negative, "rsqrt": jax.lax.rsqrt, "sign": jnp.sign},
    **{"sin": jnp.sin, "sqrt": jnp.sqrt, "square": jnp.square, "tan": jnp.tan, "tanh": jnp.tanh},
    "cube": lambda x: x**3,
    "not": lambda x: ~(x > 0),
    "to bool and back": lambda x: (x != 0).astype(float),
    "where": lambda x: jnp.where(x > 0, x, 2.0),
}
OF_TWO = {
    **{"add": jnp.add, "sub": jnp.subtract, "mul": jnp.multiply, "div": jnp.divide, "max": jnp.maximum},
    **{"min": jnp.minimum, "pow": jnp.power, "rem": jax.lax.rem, "lt": jnp.less, "le": jnp.less_equal},
    **{"gt": jnp.greater, "ge": jnp.greater_equal, "eq": jnp.equal, "ne": jnp.not_equal},
    "and": lambda a, b: (a > 0) & (b > 0),
    "or": lambda a, b: (a > 0) | (b > 0),
    "xor": lambda a, b: (a > 0) ^ (b > 0),
    "clamp": lambda a, b: jax.lax.clamp(-1.0, a, b + 2.0),
}


@pytest.mark.parametrize("function", OF_ONE.values(), ids=OF_ONE)
def test_functions_of_one_number(page, function):
    check(page, function, *[(x,) for x in NUMBERS])


@pytest.mark.parametrize("function", OF_TWO.values(), ids=OF_TWO)
def test_functions_of_two_numbers(page, function):
    usable = PAIRS
    if function in (jnp.power, OF_TWO["clamp"]):  # JAX and JavaScript differ about powers and bounds of NaN
        usable = [(a, b) for a, b in PAIRS if not math.isnan(a + b)]
    check(page, function, *usable)


def test_the_error_function_keeps_the_digits_of_its_tail(page):
    x = np.r_[-6:6:241j, 1.99999999, 2.00000001, 10, 26, 1e-300, -1e-9]
    found = np.array(computed(page, translated(lambda x: (jax.lax.erf(x), jax.lax.erfc(x)), 0.0), x[:, None]))
    expected = [[math.erf(value), math.erfc(value)] for value in x]
    np.testing.assert_allclose(found, expected, rtol=2e-13)


MATRIX = np.arange(12.0).reshape(3, 4) ** 1.5 - 7
LONG = np.linspace(-2, 2, 40)
OF_ARRAYS = {
    "broadcast": lambda x: jnp.broadcast_to(x[:, None, :], (3, 2, 4)),
    "concatenate": lambda x: jnp.concatenate([x, -x], axis=1),
    "reshape": lambda x: jax.lax.slice(x.reshape(2, 6).T, (0, 0), (6, 2), (2, 1)),
    "flip and squeeze": lambda x: jnp.flip(x, 1)[1:2].squeeze(0),
    "stack": lambda x: jnp.stack([x[0], x[2]], axis=1),
    "sums": lambda x: (x.sum(), x.sum(axis=0), x.prod(axis=1), x.max(axis=1), x.min(axis=0)),
    "any and all": lambda x: ((x > 0).any(axis=0), (x > 0).all(axis=1)),
    "which is the largest": lambda x: (x.argmax(axis=1), x.argmin(axis=0), x.ravel().argmax()),
    "running sums": lambda x: (jnp.cumsum(x, axis=1), jax.lax.cumsum(x, axis=0, reverse=True)),
    "iota": lambda x: x + jnp.arange(4) + jax.lax.broadcasted_iota(float, (3, 4), 0),
    "one-hot": lambda x: jax.nn.one_hot(jnp.argmax(x, axis=1), 4),
    "dict and tuple": lambda x: {"b": (x[0], None), "a": [x[1, 1]]},
    "softmax": lambda x: jax.nn.softmax(x),
}


@pytest.mark.parametrize("function", OF_ARRAYS.values(), ids=OF_ARRAYS)
def test_functions_of_arrays(page, function):
    check(page, function, (MATRIX,), (-MATRIX,), (np.zeros((3, 4)),))


def test_long_arrays_are_computed_in_a_loop(page):
    def function(x):
        return {"y": jnp.exp(x) * x[0] + LONG, "cut": jnp.where(x > 0, x, 0)[5:30], "i": x.reshape(20, 2)}

    check(page, function, (LONG,), (-LONG,))
    assert len(translated(function, LONG)) < 3000


def test_scans(page):
    def function(start, rows, reverse):
        def step(carry, row):
            value, count = carry
            value = value + 0.3 * (row - value)
            return (value, count + 1), {"value": value, "total": value.sum()}

        return jax.lax.scan(step, (start, 0), rows, reverse=reverse)

    rows = np.random.default_rng(0).normal(size=(25, 2))
    for reverse in (False, True):
        check(page, partial(function, reverse=reverse), (np.array([0.2, 0.1]), rows), (np.zeros(2), -rows))


def test_a_scan_in_a_scan(page):
    def function(x):
        inner = lambda y, z: (y * 0.5 + z, y)  # noqa: E731
        outer = lambda y, row: (jax.lax.scan(inner, y, row)[0], y)  # noqa: E731
        return jax.lax.scan(outer, x, jnp.arange(12.0).reshape(3, 4))

    check(page, function, (0.5,), (-2.0,))


def test_what_is_looked_up_stays_inside_the_table(page):
    def function(i, j):
        i, j = i.astype(int), j.astype(int)
        return jax.lax.dynamic_slice(jnp.asarray(MATRIX), (i, j), (2, 1))

    check(page, function, *[(float(i), float(j)) for i in (-1, 0, 1, 2, 9) for j in (0, 3, 5)])


PLACES = [0, 1, 2, -1, 7, -9]


def test_entries_are_read_where_an_index_says(page):
    def function(i, j):
        table = jnp.arange(12.0).reshape(3, 4) ** 2
        rows = jnp.stack([i, j])
        clipped = table.at[rows].get(mode="clip")
        return table[jnp.array([0, 2]), rows], clipped, table[:, jnp.array([3, 1])], table[1, rows]

    check(page, function, *([i, j] for i in (0, 1, 2) for j in (2, 0, 1)))


def test_entries_are_written_where_an_index_says(page):
    """Outside the table nothing is written, and a negative index counts from the end, as in JAX."""

    def function(i, j, x):
        table = jnp.arange(6.0).reshape(3, 2)
        both = table.at[jnp.array([0, 0, 2]), jnp.array([0, 0, 1])].add(x)  # one entry twice
        return {
            "one": table.at[i, j].set(x),
            "row": table.at[i].add(jnp.stack([x, 2 * x])),
            "column": table.at[:, j].multiply(x),
            "largest": table.at[i, 1].max(x),
            "both": both,
            "slice": jax.lax.dynamic_update_slice(table, x * jnp.ones((2, 1)), (i, j)),
        }

    check(page, function, *([i, j, 2.5] for i in PLACES for j in (0, 1, -1, 5)))


def test_what_is_written_out_of_place_stops_the_translation():
    with pytest.raises(NotImplementedError, match="scatter that clips"):
        translated(lambda x, i: jnp.zeros(3).at[i].set(x, mode="clip"), 1.0, 0)


def test_an_unknown_step_stops_the_translation_by_its_name():
    with pytest.raises(NotImplementedError, match="the primitive lgamma has no translation"):
        translated(jax.lax.lgamma, 0.5)
    with pytest.raises(NotImplementedError, match="random_bits of width 64"):
        translated(lambda seed: jax.random.uniform(jax.random.key(seed)), 0)
    with pytest.raises(ValueError, match="function: expected a function, got int"):
        translated(3)


# Models.

BUILDERS = {
    "rescorla_wagner": models.rescorla_wagner,
    "inverse temperature, free start": lambda n: models.rescorla_wagner(n, "free", inverse_temperature=True),
    "asymmetric_rescorla_wagner": models.asymmetric_rescorla_wagner,
    "choice_kernel": models.choice_kernel,
    "rescorla_wagner_choice_kernel": models.rescorla_wagner_choice_kernel,
    "biased_random": models.biased_random,
    "win_stay_lose_shift": models.win_stay_lose_shift,
    "with_lapse": lambda n: models.with_lapse(models.rescorla_wagner(n)),
    "with_stickiness": lambda n: models.with_stickiness(models.asymmetric_rescorla_wagner(n)),
    "with_forgetting": lambda n: models.with_forgetting(models.rescorla_wagner(n)),
    "with_choice_kernel": lambda n: models.with_choice_kernel(models.rescorla_wagner(n)),
    "all at once": lambda n: models.with_lapse(
        models.with_stickiness(models.with_choice_kernel(models.with_forgetting(models.rescorla_wagner(n))))
    ),
}


def test_no_builder_is_left_out():
    made = {n for n in models.__all__ if n.islower()} - {"default_priors", "list_models", "responses"}
    # Those with inputs, or several outcomes, are played in their tasks: tests/test_explorers_catalogue.py.
    there = {entry.builder.__name__ for entry in models.list_models()} | {"binary_hgf_rating"}
    assert made - there <= set(BUILDERS) and set(BUILDERS) & made


def settings_of(model, rng):
    """Parameters from all of their range, its ends among them."""

    def value(parameter):
        if parameter.upper == 1:
            return rng.choice([rng.uniform(), rng.uniform(), 0.0, 1.0])
        return rng.normal() if parameter.lower < 0 else np.exp(rng.normal(-1, 1.5))

    return {parameter.name: float(value(parameter)) for parameter in model.parameters}


@pytest.mark.parametrize("n_actions", [2, 20])
@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
def test_a_model_is_the_same_on_the_page(page, builder, n_actions):
    model, rng = builder(n_actions), np.random.default_rng(n_actions)
    pages = model_functions(model)
    response = model.response
    calls = {name: ([], []) for name in pages}
    functions = {"log_prob": response.log_prob, "draw": response.draw, "encode": response.encode}
    functions |= {"init": model.init, "update": model.update}
    functions["predict"] = lambda params, state, trial: response.on_offer(
        model.predict(params, state, trial), trial.available
    )
    compiled = {name: jax.jit(function) for name, function in functions.items()}

    def call(name, *arguments):
        result = compiled[name](*arguments)
        calls[name][0].append(as_objects(list(arguments)))
        calls[name][1].append(as_objects(result))
        return result

    with in_float64():
        for _ in range(N_SETTINGS):
            params = settings_of(model, rng)
            state = call("init", params)
            for _ in range(5):
                available = rng.uniform(size=n_actions) < 0.7
                available[rng.integers(n_actions)] = True
                prediction = call("predict", params, state, Trial({}, available))
                choice = call("draw", prediction, rng.uniform(size=1))
                call("log_prob", prediction, choice)
                responded = call("encode", choice)
                outcome = rng.normal(size=n_actions)
                state, _ = call("update", params, state, Trial({}, available), responded, outcome)
        for name, (arguments, expected) in calls.items():
            found = computed(page, pages[name], arguments)
            for pair in zip(found, expected, strict=True):
                assert_same(*pair)


def test_a_model_without_a_choice_is_one_too(page):
    def predict(params, state, trial):
        return state + trial.inputs["cue"], jnp.asarray(params["sd"])

    def update(params, state, trial, responded, outcome):
        return state + 0.1 * (outcome - state), {"surprise": outcome - state}

    sd = models.Parameter("sd", 0.0, above=True)
    init = lambda params: jnp.zeros(())  # noqa: E731
    model = Model("rater", (sd,), responses.normal(), init, predict, update, ("cue",))
    pages, trial = model_functions(model, inputs={"cue": 0.0}), {"inputs": {"cue": 0.3}, "available": None}
    assert computed(page, pages["predict"], [[{"sd": 0.2}, 0.5, trial]]) == [[0.8, 0.2]]
    responded = computed(page, pages["encode"], [[0.6]])[0]
    after = computed(page, pages["update"], [[{"sd": 0.2}, 0.5, trial, responded, 1.0]])[0]
    assert_same(after, [0.55, {"surprise": 0.5}])
    check(page, model.response.log_prob, ((0.5, 0.2), 0.7), ((0.0, 3.0), -1.0))
    check(page, model.response.draw, *[((0.5, 0.2), np.array([u])) for u in (0.001, 0.3, 0.5, 0.99)])


@pytest.mark.parametrize("n_actions", [1, 2, 20])
def test_a_race_is_the_same_on_the_page(page, n_actions):
    race, rng = responses.wald_race(n_actions), np.random.default_rng(n_actions)
    available = rng.uniform(size=n_actions) < 0.7
    available[0] = True

    def log_prob(prediction, answer):
        return race.log_prob(prediction, answer), race.log_prob(race.on_offer(prediction, available), answer)

    predictions, answers = [], []
    for scale in np.repeat([0.01, 0.3, 1.0, 3.0, 10.0], 20):
        drifts, threshold = scale * rng.exponential(size=n_actions), float(rng.exponential(1 + scale))
        predictions.append({"drifts": drifts, "threshold": threshold, "non_decision_time": 0.1})
        answers.append({"choices": int(rng.integers(n_actions)), "times": float(rng.exponential(2))})
    check(page, log_prob, *zip(predictions, answers, strict=True))
    uniforms = rng.uniform(size=(100, 2 * n_actions))
    check(page, race.draw, *zip(predictions, uniforms, strict=True))
    check(page, race.encode, *[(answer,) for answer in answers])


def test_model_functions_wants_a_model():
    with pytest.raises(ValueError, match="model: expected a Model"):
        model_functions("rescorla_wagner")


# Random numbers.


@pytest.fixture(params=[0, 7, 2**31 - 1])
def seed(request):
    return request.param


def test_keys_and_bits_are_those_of_jax(page, seed):
    key = jax.random.key(seed)
    data = lambda key: np.asarray(jax.random.key_data(key)).tolist()  # noqa: E731
    found = page.evaluate(
        """(seed) => {
        const key = jaxRandom.key(seed);
        const folded = [0, 1, 4294967295].map((n) => jaxRandom.foldIn(key, n));
        return [key, folded, jaxRandom.split(key, 3), jaxRandom.bits(key, 9), jaxRandom.uniform(key, 500)];
        }""",
        seed,
    )
    assert found[0] == data(key)
    assert found[1] == [data(jax.random.fold_in(key, np.uint32(n))) for n in (0, 1, 2**32 - 1)]
    assert found[2] == data(jax.random.split(key, 3))
    assert found[3] == np.asarray(jax.random.bits(key, (9,))).tolist()
    assert found[4] == np.asarray(jax.random.uniform(key, (500,))).tolist()


def test_translated_draws_are_those_of_jax(page):
    def draws(seed, subject):
        return jax.random.uniform(jax.random.fold_in(jax.random.key(seed), subject), (50, 2), jnp.float32)

    check(page, draws, (0, 0), (3, 1), (123456, 77))
