"""simulate in blocks, with the subjects innermost: the numbers are those of the plain program.

And what is done with the arrays afterwards is right, however they lie in memory.
"""

import pickle
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling import Model, models, responses, simulate, simulation, tasks
from behavioural_modelling._compute import blocks, placement
from behavioural_modelling._play import Row

N_SUBJECTS, N_TRIALS, N_ACTIONS = 23, 12, 3
MODEL = models.asymmetric_rescorla_wagner(N_ACTIONS)
RNG = np.random.default_rng(0)
PARAMS = {p.name: RNG.uniform(0.1, 0.9, N_SUBJECTS).astype(np.float32) for p in MODEL.parameters}
OUTCOMES = RNG.integers(0, 2, (N_SUBJECTS, N_TRIALS, N_ACTIONS)).astype(np.float32)
KEY = jax.random.key(3)
# Three roundings per trial of numbers below 1; temperatures of .1 and more turn them into probabilities.
TOLERANCE = 12 * 3 * 2.0**-24 / 0.1


def assert_same(trace, other):
    np.testing.assert_array_equal(trace.choices, other.choices)
    for name in ("values", "choice_p", "prediction_errors"):
        ours, theirs = getattr(trace, name), getattr(other, name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)


@jax.jit
def plain(outcomes=OUTCOMES, **task):
    """The program that a reader's own jit gets."""
    return simulate(KEY, MODEL, PARAMS, outcomes, **task)


AVAILABLE = (RNG.uniform(size=OUTCOMES.shape) < 0.6) | (np.arange(N_ACTIONS) == 1)
RESET = RNG.uniform(size=OUTCOMES.shape[:2]) < 0.2
# Each part of the task shared by all subjects, each subject's own, and not there.
TASKS = {
    "own outcomes": {"outcomes": OUTCOMES},
    "shared outcomes": {"outcomes": OUTCOMES[0]},
    "own outcomes and resets": {"outcomes": OUTCOMES, "available": AVAILABLE[0], "reset": RESET},
    "own choice sets": {"outcomes": OUTCOMES[0], "available": AVAILABLE, "reset": RESET[0]},
}


@cache
def expected(task):
    """What the plain program gives, worked out once."""
    return jax.tree.map(np.array, plain(**TASKS[task]))


@pytest.mark.parametrize("task", TASKS)
def test_blocks_give_the_numbers_of_the_plain_program(task):
    assert_same(simulate(KEY, MODEL, PARAMS, **TASKS[task]), expected(task))


# Blocks of one subject; blocks that do not divide 23, so that the last begins in the one before; one block.
@pytest.mark.parametrize(
    "size, task",
    [(1, "own outcomes"), (5, "own outcomes and resets"), (5, "own choice sets"), (23, "shared outcomes")],
)
def test_the_size_of_a_block_changes_nothing(size, task, monkeypatch):
    theirs, sizes = expected(task), []
    record = lambda: sizes.append(blocks.SUBJECTS_PER_BLOCK)  # noqa: E731
    play = lambda *arrays: record() or blocks.play_in_blocks(*arrays)  # noqa: E731
    monkeypatch.setattr(simulation, "play_in_blocks", play)
    monkeypatch.setattr(blocks, "SUBJECTS_PER_BLOCK", size)
    simulation._simulate_in_blocks.clear_cache()
    ours = simulate(KEY, MODEL, PARAMS, **TASKS[task])
    simulation._simulate_in_blocks.clear_cache()
    assert sizes == [size]
    assert_same(ours, theirs)


def test_more_subjects_than_a_block():
    n = blocks.SUBJECTS_PER_BLOCK + 1
    params = {"alpha_p": 0.3, "alpha_n": 0.1, "temperature": np.full(n, 0.2, np.float32)}
    trace = simulate(KEY, MODEL, params, OUTCOMES[0], record=("choices",))
    some = np.array([0, 1, n // 2, n // 2 + 1, n - 1])
    # The key of subject i is made from i, so a subject can be had alone.
    for i in some:
        uniforms = jax.random.uniform(jax.random.fold_in(KEY, i), (N_TRIALS,))
        numbers = {name: jnp.float32(np.broadcast_to(x, n)[0]) for name, x in params.items()}
        np.testing.assert_array_equal(trace.choices[i], play_alone(numbers, OUTCOMES[0], uniforms))


def play_alone(params, outcomes, uniforms):
    """One subject's choices, trial by trial."""
    state, trial, choices = MODEL.init(params), models.Trial(), []
    for outcome, uniform in zip(outcomes, uniforms, strict=True):
        ends = np.cumsum(jax.nn.softmax(MODEL.predict(params, state, trial)))
        choices.append(int(np.searchsorted(ends, uniform, side="right")))
        chosen = jnp.eye(N_ACTIONS)[choices[-1]]
        state, _ = MODEL.update(params, state, trial, chosen, jnp.asarray(outcome))
    return choices


where_jax_can_be_told = pytest.mark.skipif(
    jax.__version_info__ < (0, 10) or jax.default_backend() != "cpu" or jax.device_count() > 1,
    reason="JAX cannot be told here how the arrays it returns lie in memory",
)


@where_jax_can_be_told
def test_subjects_are_innermost_in_memory():
    trace = simulate(KEY, MODEL, PARAMS, OUTCOMES)
    for name in ("values", "choice_p", "prediction_errors"):
        assert getattr(trace, name).format.layout.major_to_minor == (1, 2, 0)
    assert trace.choices.format.layout.major_to_minor == (1, 0)


# What a reader does with an array, and the same in NumPy. JAX must know how the array lies in memory:
# of one that is not tied to a device it does not, and gives other numbers without a word.
USES = {
    "one subject": (lambda x: x[1], lambda x: x[1]),
    "last trial": (lambda x: x[:, -1], lambda x: x[:, -1]),
    "plus one": (lambda x: x + 1, lambda x: x + 1),
    "jit": (jax.jit(lambda x: 2 * x + jnp.arange(N_ACTIONS)), lambda x: 2 * x + np.arange(N_ACTIONS)),
    "mean": (lambda x: x.mean(axis=0), lambda x: x.mean(axis=0)),
    "sort": (lambda x: jnp.sort(x, axis=1), lambda x: np.sort(x, axis=1)),
    "reshape": (lambda x: x.reshape(-1), lambda x: x.reshape(-1)),
    "copy": (jnp.array, np.array),
    "device_put": (jax.device_put, np.array),
    "vmap": (jax.vmap(jnp.cumsum), lambda x: np.stack([row.cumsum() for row in x])),
    "grad": (jax.grad(lambda x: (x**3).sum()), lambda x: 3 * x**2),
    "scan": (
        lambda x: jax.lax.scan(lambda total, row: (total + row, total), 0 * x[0], x)[1],
        lambda x: np.cumsum(np.concatenate([0 * x[:1], x[:-1]]), axis=0),
    ),
    "closed over": (lambda x: jax.jit(lambda i: x[i])(2), lambda x: x[2]),
    "beside an array": (lambda x: jnp.where(x > 0.3, x, OUTCOMES), lambda x: np.where(x > 0.3, x, OUTCOMES)),
    "concatenate": (
        lambda x: jnp.concatenate([x, jnp.asarray(OUTCOMES)]),
        lambda x: np.concatenate([x, OUTCOMES]),
    ),
    "at": (lambda x: x.at[2].set(0), lambda x: np.where(np.arange(N_SUBJECTS)[:, None, None] == 2, 0, x)),
    "donated": (
        lambda x: jax.jit(lambda x: x + 1, donate_argnums=0)(x.copy()),
        lambda x: x + 1,
    ),
    "dlpack": (np.from_dlpack, np.array),
    "pickle": (lambda x: pickle.loads(pickle.dumps(x)), np.array),
    "while": (
        lambda x: jax.lax.fori_loop(0, 3, lambda i, total: total + x[i], jnp.zeros(x.shape[1:])),
        lambda x: x[:3].sum(axis=0),
    ),
    "callback": (lambda x: jax.pure_callback(lambda a: np.asarray(a), x, x), np.array),
}


@pytest.mark.parametrize("use", USES)
def test_arrays_are_right_in_what_comes_after(use):
    in_jax, in_numpy = USES[use]
    values = simulate(KEY, MODEL, PARAMS, OUTCOMES).values
    exact = in_numpy(expected("own outcomes").values)
    for _ in range(2):  # the second time from JAX's memory of what it has compiled
        np.testing.assert_allclose(in_jax(values), exact, rtol=0, atol=30 * TOLERANCE)


@pytest.fixture(scope="module")
def inside():
    """What a reader's jit gives, with key and parameters as its arguments and closed over."""
    return [
        jax.jit(lambda key, params: simulate(key, MODEL, params, OUTCOMES))(KEY, PARAMS),
        jax.jit(lambda: simulate(KEY, MODEL, PARAMS, OUTCOMES))(),
    ]


@pytest.mark.parametrize("use", ["one subject", "plus one", "jit", "copy"])
def test_arrays_of_a_readers_jit_are_right_in_what_comes_after(use, inside):
    in_jax, in_numpy = USES[use]
    for trace in inside:
        exact = in_numpy(expected("own outcomes").values)
        np.testing.assert_allclose(in_jax(trace.values), exact, rtol=0, atol=30 * TOLERANCE)


def test_what_is_simulated_goes_on_into_a_simulation():
    trace = simulate(KEY, MODEL, PARAMS, OUTCOMES)
    again = simulate(KEY, MODEL, PARAMS, trace.choice_p)
    assert_same(again, simulate(KEY, MODEL, PARAMS, np.array(trace.choice_p)))


@where_jax_can_be_told
def test_memory_beyond_the_arrays_returned_is_small():
    n, n_trials, n_actions = 100_000, 100, 5
    model = models.asymmetric_rescorla_wagner(n_actions)
    params = {p.name: jax.ShapeDtypeStruct((n,), jnp.float32) for p in model.parameters}
    subjects = jax.ShapeDtypeStruct((n,), jnp.int32)
    outcomes = jax.ShapeDtypeStruct((1, n_trials, n_actions), jnp.float32)
    given = simulation._Given(outcomes, Row(models.Trial(), None, None))
    names = ("values", "choice_p", "choices", "prediction_errors")
    plan = placement.Plan(n, axis=None, laid_out=True, in_blocks=True)
    how = (model, None, names, np.dtype(np.float32), plan)
    program = simulation._simulate_in_blocks.lower(*how, KEY, subjects, params, given)
    memory = program.compile().memory_analysis()
    assert memory.output_size_in_bytes < 1.01 * 4 * n * n_trials * (3 * n_actions + 1)
    # One block's random numbers and what they are made from: some arrays of 5,000 x 100.
    allowed = 10 * 4 * blocks.SUBJECTS_PER_BLOCK * n_trials
    if jax.__version_info__ >= (0, 11, 2):
        # Since 0.11.2 the compiler copies each array to where it is returned, whatever it is told of how it
        # lies: the values go through room of their own, and so may the choices.
        allowed += 4 * n * n_trials * (n_actions + 1)
    assert memory.temp_size_in_bytes < allowed


def noisy_model():
    """Learning with noise: the state holds a random key, and whether the trial is an odd one."""

    def update(params, state, trial, chosen, outcome):
        value, key, odd = state
        key, key_noise = jax.random.split(key)
        noise = 0.1 * jax.random.normal(key_noise, value.shape)
        after = value + params["alpha"] * chosen * (outcome - value) + noise, key, ~odd
        return after, {"prediction_errors": outcome.sum(), "odd": odd}

    return Model(
        "noisy",
        parameters=(models.Parameter("alpha", 0, 1),),
        response=responses.categorical(2),
        init=lambda params: (jnp.zeros(2), jax.random.key(7), jnp.array(False)),
        predict=lambda params, state, trial: state[0],
        update=update,
    )


def test_a_state_of_several_arrays_and_a_random_key():
    model, params, outcomes = noisy_model(), {"alpha": np.array([0.1, 0.5, 0.9])}, np.ones((4, 2))
    record = ("state", "choices", "prediction_errors", "odd")
    trace = simulate(KEY, model, params, outcomes, record=record)
    inside = jax.jit(lambda key: simulate(key, model, params, outcomes, record=record))(KEY)
    assert trace.prediction_errors.shape == (3, 4)
    np.testing.assert_array_equal(trace.state[2], [[False, True, False, True]] * 3)
    np.testing.assert_array_equal(trace.odd, trace.state[2])
    keys, others = (jax.random.key_data(t.state[1]) for t in (trace, inside))
    np.testing.assert_array_equal(keys, others)
    assert len({tuple(key) for key in np.asarray(keys)[0]}) == 4
    np.testing.assert_allclose(trace.state[0], inside.state[0], rtol=0, atol=TOLERANCE)
    np.testing.assert_array_equal(trace.choices, inside.choices)


# What else a driver plays: a task that reacts, inputs, several outcomes, a response of two parts.


def racing_model():
    """A choice with its time, whose drifts are what was paid lately, more of it where more was shown."""

    def predict(params, state, trial):
        drifts = 0.5 + state * trial.inputs["speed"]
        return {"drifts": drifts, "threshold": 1.0, "non_decision_time": 0.1 * trial.inputs["stage"]}

    def update(params, state, trial, responded, outcome):
        paid = responded["choices"] * (outcome["money"] - outcome["shock"])
        return state + params["alpha"] * (paid - state), {"times_so_far": responded["times"], "value": state}

    return Model(
        "racing",
        parameters=(models.Parameter("alpha", 0, 1),),
        response=responses.wald_race(N_ACTIONS),
        init=lambda params: jnp.zeros(N_ACTIONS),
        predict=predict,
        update=update,
        inputs=("speed", "stage"),
    )


RACE = racing_model()
SPEED = RNG.uniform(1, 2, (N_SUBJECTS, N_TRIALS)).astype(np.float32)
STAGE = np.arange(N_TRIALS) % 2
RACED = {
    "a schedule": lambda: tasks.schedule(
        {"money": OUTCOMES, "shock": OUTCOMES[0]},
        inputs={"speed": SPEED, "stage": STAGE},
        available=AVAILABLE,
        mask=RESET | (STAGE == 1),
        feedback=STAGE == STAGE,
    ),
    "a task that reacts": lambda: tasks.Task(
        "seesaw",
        N_TRIALS,
        N_ACTIONS,
        init=lambda key: (jnp.int32(0), jax.random.uniform(key, (N_ACTIONS,))),
        show=lambda state, t: models.Trial({"speed": 1 + state[1].max(), "stage": t % 2}),
        respond=lambda key, state, response: (
            {"money": (jnp.arange(N_ACTIONS) == state[0]) * 1.0, "shock": 1.0 * (response["times"] > 0.5)},
            (response["choices"], jax.random.uniform(key, (N_ACTIONS,))),
        ),
    ),
}


@pytest.mark.parametrize("kind", RACED)
@pytest.mark.parametrize("size", [5, 5_000])
def test_everything_that_can_be_played_is_played_in_blocks(kind, size, monkeypatch):
    monkeypatch.setattr(blocks, "SUBJECTS_PER_BLOCK", size)
    simulation._simulate_in_blocks.clear_cache()
    task, params = RACED[kind](), {"alpha": PARAMS["alpha_p"]}
    ours = simulate(KEY, RACE, params, task)
    simulation._simulate_in_blocks.clear_cache()
    theirs = jax.jit(lambda key: simulate(key, RACE, params, task))(KEY)
    assert list(ours.records) == list(theirs.records) and ours.choices.shape == (N_SUBJECTS, N_TRIALS)
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        # Times are divided by drifts of .5 and more; they are at most some ten seconds.
        np.testing.assert_allclose(one, other, rtol=0, atol=10 * TOLERANCE)
