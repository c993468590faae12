"""What is given to simulate: arrays, schedules, the very trials that people had, and tasks that react."""

import importlib.util
import statistics

import jax
import jax.numpy as jnp
import numpy as np
import own_models
import pytest
import reference
from own_models import CONTEXTUAL, RATER
from refusals import Bad, assert_refused

from behavioural_modelling import Model, Trials, log_likelihood, models, replay, responses, simulate, tasks
from behavioural_modelling.models import Trial
from behavioural_modelling.tasks import Schedule, Task, from_trials, schedule
from behavioural_modelling.trials import load_bandit

NAN, INF = np.nan, np.inf
UNIT = 2.0**-24  # the largest relative error of one rounding in float32
KEY = jax.random.key(2)
N_SUBJECTS, N_TRIALS, N_ACTIONS = 4, 30, 3
SHAPE = (N_SUBJECTS, N_TRIALS, N_ACTIONS)
MODEL = models.rescorla_wagner(N_ACTIONS)
PARAMS = {"alpha": np.float32([0.1, 0.4, 0.7, 1.0]), "temperature": np.float32([0.2, 0.4, 0.3, 0.5])}
RNG = np.random.default_rng(0)
PAID = RNG.integers(0, 2, SHAPE).astype(np.float32)
OFFERED = (RNG.uniform(size=SHAPE) < 0.6) | (np.arange(N_ACTIONS) == 1)
MASK = RNG.uniform(size=SHAPE[:2]) < 0.8
TOLD = RNG.uniform(size=SHAPE[:2]) < 0.7
RESET = RNG.uniform(size=SHAPE[:2]) < 0.15
# 30 trials of three roundings each, over temperatures of .2 and more.
TOLERANCE = 30 * 3 * UNIT / 0.2


def same(one, other):
    """The same program on the same numbers."""
    assert list(one.records) == list(other.records)
    jax.tree.map(np.testing.assert_array_equal, one, other)


# Arrays, put together.


@pytest.mark.parametrize("own", [False, True], ids=["shared", "own"])
def test_what_goes_in_comes_out_with_an_axis_of_subjects(own):
    pick = (lambda x: x) if own else (lambda x: x[0])
    given = {"available": OFFERED, "mask": MASK, "reset": RESET, "feedback": TOLD}
    made = schedule(pick(PAID), **{name: pick(x) for name, x in given.items()}, inputs={"x": pick(MASK)})
    for name, x in {"outcomes": PAID, **given}.items():
        np.testing.assert_array_equal(getattr(made, name), x if own else x[:1])
    np.testing.assert_array_equal(made.inputs["x"], MASK if own else MASK[:1])
    assert made.n_trials == N_TRIALS and made.n_subjects == (N_SUBJECTS if own else None)


def test_what_is_not_given_is_none():
    made = schedule(PAID[0])
    assert isinstance(made, Schedule) and made[1:5] == (None,) * 4 and made.inputs == {}
    assert made.n_subjects is None and schedule(PAID[0], mask=MASK).n_subjects == N_SUBJECTS
    assert schedule(PAID[0], inputs={"x": np.ones((2, N_TRIALS, 5))}).n_subjects == 2


def test_without_choices_an_outcome_is_one_number():
    for given in (PAID[0, :, 0], PAID[:, :, 0], PAID[..., :1]):
        made = schedule(given, chosen=False)
        assert made.outcomes.shape == (1 if given.ndim == 1 else N_SUBJECTS, N_TRIALS, 1)


def test_inputs_stay_what_they_are():
    given = {
        "n": np.arange(N_TRIALS),
        "yes": MASK,
        "x": MASK * 0.5,
        "wide": np.ones((1, N_TRIALS, 2), np.uint8),
    }
    kinds = {name: x.dtype.name for name, x in schedule(PAID, inputs=given).inputs.items()}
    assert kinds == {"n": "int32", "yes": "bool", "x": "float32", "wide": "uint8"}


def test_what_does_not_count_may_be_anything():
    silent = np.where((MASK & TOLD)[..., None], PAID, NAN)
    for mask, feedback in ((MASK, TOLD), (MASK & TOLD, None), (None, MASK & TOLD)):
        made = schedule(silent, mask=mask, feedback=feedback, available=OFFERED)
        np.testing.assert_array_equal(made.outcomes, np.where((MASK & TOLD)[..., None], PAID, 0))
    some = MASK.any(axis=0) & (np.arange(N_TRIALS) != 3)
    shared = schedule(np.where(some[:, None], PAID[0], NAN), mask=MASK, feedback=np.arange(N_TRIALS) != 3)
    np.testing.assert_array_equal(shared.outcomes[0], np.where(some[:, None], PAID[0], 0))
    made = schedule(
        PAID, mask=MASK, available=OFFERED & MASK[..., None], inputs={"x": np.where(MASK, 1, NAN)}
    )
    assert np.isnan(made.inputs["x"]).any()


def test_inside_a_readers_jit():
    play = lambda *x: simulate(KEY, MODEL, PARAMS, schedule(x[0], mask=x[1], feedback=x[2])).choices  # noqa: E731
    given = PAID, MASK, TOLD
    np.testing.assert_array_equal(jax.jit(play)(*given), play(*given))


# Played.


def test_arrays_are_a_schedule():
    task = {"available": OFFERED, "reset": RESET[0]}
    same(simulate(KEY, MODEL, PARAMS, schedule(PAID, **task)), simulate(KEY, MODEL, PARAMS, PAID, **task))
    fields = own_models.fields_for(CONTEXTUAL.name)
    params, inputs = own_models.params_for(CONTEXTUAL.name), fields["inputs"]
    made = schedule(fields["outcomes"], inputs=inputs | {"not asked for": inputs["size"]})
    ours = simulate(KEY, CONTEXTUAL, params, made)
    same(ours, simulate(KEY, CONTEXTUAL, params, fields["outcomes"], inputs=inputs))


def by_the_loop(i, outcomes, mask=None, feedback=None, **task):
    """`reference.play` with trials from which nothing is learned; of subject i."""
    uniforms = jax.random.uniform(jax.random.fold_in(KEY, i), (N_TRIALS,))
    alpha, tau = (float(PARAMS[name][i]) for name in PARAMS)
    learns = (True if mask is None else mask) & (True if feedback is None else feedback)
    learns = np.broadcast_to(learns, N_TRIALS)
    value, values, choices = [0.5] * N_ACTIONS, [], []
    for t, outcome in enumerate(outcomes):
        if "reset" in task and task["reset"][t]:
            value = [0.5] * N_ACTIONS
        offered = np.ones(N_ACTIONS, bool) if "available" not in task else task["available"][t]
        offered = offered | (mask is not None and not mask[t])
        p = np.zeros(N_ACTIONS)
        p[offered] = reference.softmax(np.array(value)[offered], tau)
        values.append(value)
        choices.append(reference.choose(uniforms[t], p))
        if learns[t]:
            value, _ = reference.update(value, outcome, choices[-1], alpha, alpha)
    return np.array(values), choices


@pytest.mark.parametrize(
    "task",
    [
        {"mask": MASK},
        {"feedback": TOLD},
        {"available": OFFERED, "mask": MASK, "reset": RESET, "feedback": TOLD},
    ],
    ids=lambda task: ", ".join(task),
)
def test_masks_feedback_offers_and_resets_against_the_loop(task):
    trace = simulate(KEY, MODEL, PARAMS, schedule(PAID, **task))
    for i in range(N_SUBJECTS):
        values, choices = by_the_loop(i, PAID[i], **{name: x[i] for name, x in task.items()})
        np.testing.assert_allclose(trace.values[i], values, rtol=0, atol=TOLERANCE)
        assert trace.choices[i].tolist() == choices


def test_a_context_that_is_shown_against_the_loop():
    fields, params = own_models.fields_for(CONTEXTUAL.name), own_models.params_for(CONTEXTUAL.name)
    trace = simulate(KEY, CONTEXTUAL, params, fields["outcomes"], inputs=fields["inputs"])
    # The loop is given the choices; that they follow the probabilities is held for every model alike.
    trials = Trials(**fields | {"choices": trace.choices})
    log_prob, told, _ = own_models.by_hand(CONTEXTUAL.name, params, trials)
    np.testing.assert_allclose(trace.values, told, rtol=0, atol=TOLERANCE)
    chosen = np.take_along_axis(np.asarray(trace.choice_p), np.asarray(trace.choices)[..., None], axis=-1)
    np.testing.assert_allclose(np.log(chosen[..., 0]), log_prob, rtol=0, atol=2 * TOLERANCE)
    uniforms = [
        jax.random.uniform(jax.random.fold_in(KEY, i), (len(x),)) for i, x in enumerate(trace.choices)
    ]
    picked = np.array(uniforms)[..., None] >= np.cumsum(np.asarray(trace.choice_p), axis=-1)
    np.testing.assert_array_equal(trace.choices, picked.sum(axis=-1))


def test_ratings_are_drawn_around_what_is_expected():
    fields, params = own_models.fields_for(RATER.name), own_models.params_for(RATER.name)
    trace = simulate(KEY, RATER, params, fields["outcomes"], inputs=fields["inputs"])
    assert trace.parts == ("ratings",) and trace.choices is None and trace.ratings.shape == (4, 24)
    quantile = np.vectorize(statistics.NormalDist().inv_cdf)
    for i in range(4):
        z = quantile(np.asarray(jax.random.uniform(jax.random.fold_in(KEY, i), (24,)), np.float64))
        expected = np.asarray(trace.mean[i]) + params["noise"][i] * z
        # A quantile of up to 4, which moves by its own square times a rounding of the random number.
        np.testing.assert_allclose(trace.ratings[i], expected, rtol=0, atol=100 * UNIT)
    trials = Trials(**fields | {"responses": {"ratings": trace.ratings}})
    _, told, errors = own_models.by_hand(RATER.name, params, trials)
    np.testing.assert_allclose(trace.values, told, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(trace.prediction_errors, errors, rtol=0, atol=TOLERANCE)


def test_the_state_and_the_log_probability_are_told_where_they_are_asked_for():
    trace = simulate(KEY, MODEL, PARAMS, PAID, record=("log_prob", "state", "values", "choices"))
    assert set(trace.records) == {"log_prob", "state", "values", "choices"}
    np.testing.assert_array_equal(trace.state, trace.values)
    ours = np.asarray(trace.log_prob, np.float64).sum(axis=1)
    exact = log_likelihood(MODEL, PARAMS, Trials(trace.choices, PAID))
    # Each of 30 terms as in `TOLERANCE`, twice for a difference of two values, in two programs.
    np.testing.assert_allclose(ours, exact, rtol=0, atol=30 * 4 * TOLERANCE)
    assert not {"state", "log_prob"} & set(simulate(KEY, MODEL, PARAMS, PAID).records)


@pytest.mark.parametrize(
    "model, params, told",
    [
        (models.choice_kernel(3), {"alpha_c": 0.3, "temperature_c": 0.5}, {"kernel"}),
        (models.win_stay_lose_shift(3), {"lapse": 0.1}, set()),
        (models.biased_random(3), {"bias_0": 0.2, "bias_1": 0.6}, set()),
        (MODEL, PARAMS, {"values", "prediction_errors"}),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_what_the_models_tell(model, params, told):
    trace = simulate(KEY, model, params, PAID[:1] if model != MODEL else PAID)
    assert set(trace.records) == told | {"choice_p", "choices"}
    if "values" not in told:
        assert trace.values is None and trace.prediction_errors is None


# The very trials that people had.


@pytest.mark.skipif(importlib.util.find_spec("cpm") is None, reason="cpm-toolbox is not installed")
def test_the_bandit_data_played_anew():
    data, model = load_bandit(), models.rescorla_wagner(4)
    assert_refused(Bad(lambda: from_trials(data), "outcomes", "what each action would pay", "None"))
    paid = (np.random.default_rng(1).uniform(size=(72, 4)) < [0.8, 0.6, 0.4, 0.2]).astype(np.float32)
    task = from_trials(data, paid)
    assert task.n_subjects == 200 and task.n_trials == 72
    trace = simulate(KEY, model, {"alpha": 0.3, "temperature": 0.3}, task)
    assert trace.choices.shape == (200, 72)
    counts, chosen = np.asarray(data.mask), np.asarray(trace.choices)[..., None]
    assert np.argwhere(~counts).tolist() == [[0, 0]]
    assert np.take_along_axis(np.asarray(data.available), chosen, axis=-1)[counts].all()
    assert (np.asarray(trace.values)[0, 1] == 0.5).all()  # nothing was learned on the missing trial
    assert (np.asarray(trace.values)[1:, 1] != 0.5).any(axis=-1).all()
    again = Trials.from_trace(trace, task)
    for name in ("available", "mask"):
        np.testing.assert_array_equal(getattr(again, name), getattr(data, name))
    np.testing.assert_array_equal(again.outcomes, paid[None])
    ours = replay(model, {"alpha": 0.3, "temperature": 0.3}, again)
    np.testing.assert_allclose(ours.values, trace.values, rtol=0, atol=72 * 6 * UNIT)


def everything(outcomes, choices=None, inputs=None):
    """Trials with all that they may hold."""
    choices = RNG.integers(0, 2, SHAPE[:2]) if choices is None else choices
    offered = OFFERED | (np.arange(N_ACTIONS) == choices[..., None])
    given = {"available": offered, "mask": MASK, "reset": RESET, "feedback": TOLD, "inputs": inputs}
    return Trials(choices, outcomes, **given)


@pytest.mark.parametrize(
    "outcomes", [PAID, PAID[0], {"money": PAID, "shock": PAID[0]}], ids=["own", "shared", "dict"]
)
def test_all_of_it_comes_back(outcomes):
    inputs = {"x": np.where(MASK, 0.5, NAN), "stage": np.arange(N_TRIALS) % 2}
    data = everything(outcomes, inputs=inputs)
    task = from_trials(data)
    model = models.win_stay_lose_shift(3)
    if isinstance(outcomes, dict):
        update = lambda p, s, t, chosen, outcome: (s + outcome["money"] - outcome["shock"], {})  # noqa: E731
        ask = ("x", "stage")
        model = model._replace(name="several", inputs=ask, update=update, predict=lambda p, s, t: 0.1 * s)
    again = Trials.from_trace(simulate(KEY, model, {"lapse": 0.2}, task), task)
    assert (again.choices != data.choices).any()
    for name in ("available", "mask", "reset", "feedback"):
        np.testing.assert_array_equal(getattr(again, name), getattr(data, name))
    for name in ("outcomes", "inputs"):
        one, other = getattr(again, name), getattr(data, name)
        assert jax.tree.structure(one) == jax.tree.structure(other)
        jax.tree.map(np.testing.assert_array_equal, one, other)


def test_what_all_share_comes_back_for_everyone():
    flags = {"mask": MASK[0], "reset": RESET[0], "feedback": TOLD[0]}
    task = schedule(PAID[0], available=OFFERED[0], **flags, inputs={"x": np.arange(N_TRIALS)})
    again = Trials.from_trace(simulate(KEY, MODEL, PARAMS, task), task)
    for name, x in flags.items():
        np.testing.assert_array_equal(getattr(again, name), [x] * N_SUBJECTS)
    np.testing.assert_array_equal(again.available, [OFFERED[0]] * N_SUBJECTS)
    told_nobody = (MASK[0] & ~TOLD[0])[:, None]
    np.testing.assert_array_equal(again.outcomes, [np.where(told_nobody, 0, PAID[0])])
    np.testing.assert_array_equal(again.inputs["x"], [np.arange(N_TRIALS)])


def test_as_many_new_people_as_there_were():
    data = Trials(np.zeros((3, 5), int), np.ones((5, 2)))
    task, model = from_trials(data), models.rescorla_wagner(2)
    assert task.n_subjects == 3 and from_trials(data.subjects(0)).n_subjects is None
    trace = simulate(KEY, model, {"alpha": 0.5, "temperature": 1.0}, task)
    assert trace.choices.shape == (3, 5)
    again = Trials.from_trace(trace, task)
    assert again.mask.all() and again.reset is None and again.available is None and again.inputs is None
    # Whoever may be many: one person's trials for ten.
    many = simulate(
        KEY, model, {"alpha": np.full(10, 0.5), "temperature": 1.0}, from_trials(data.subjects(0))
    )
    assert many.choices.shape == (10, 5)


def test_trials_of_ratings_played_anew():
    data = Trials(**own_models.with_gaps(own_models.fields_for(RATER.name)))
    task, params = from_trials(data), own_models.params_for(RATER.name)
    trace = simulate(KEY, RATER, params, task)
    again = Trials.from_trace(trace, task)
    assert again.choices is None and list(again.responses) == ["ratings"]
    counts = np.asarray(data.mask)
    assert np.isfinite(np.asarray(again.responses["ratings"])[counts]).all()
    for name in ("mask", "reset", "feedback"):
        np.testing.assert_array_equal(getattr(again, name), getattr(data, name))
    _, told, _ = own_models.by_hand(RATER.name, params, again)
    np.testing.assert_allclose(trace.values, told, rtol=0, atol=TOLERANCE)


def test_from_trials_inside_a_readers_jit():
    data = everything(PAID)
    play = lambda data: simulate(KEY, MODEL, PARAMS, from_trials(data)).choices  # noqa: E731
    np.testing.assert_array_equal(jax.jit(play)(data), play(data))


# Tasks that react.


def as_a_task(outcomes, **fields):
    """A task that pays what the array says, whatever was chosen."""
    paid = jnp.asarray(outcomes)
    made = Task(
        "array",
        *outcomes.shape,
        init=lambda key: jnp.int32(0),
        show=lambda t, number: Trial({"number": number, "twice": 2.0 * t}),
        respond=lambda key, t, response: (paid[t], t + 1),
    )
    return made._replace(**fields)


def test_a_task_that_ignores_the_choice_is_the_array_of_its_outcomes():
    ours = simulate(KEY, MODEL, PARAMS, as_a_task(PAID[0]))
    theirs = simulate(KEY, MODEL, PARAMS, PAID[0])
    np.testing.assert_array_equal(ours.choices, theirs.choices)
    for name in ("values", "choice_p", "prediction_errors"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=0, atol=TOLERANCE)
    np.testing.assert_array_equal(ours.outcomes, np.broadcast_to(PAID[0], SHAPE))
    assert set(ours.records) == set(theirs.records) | {"outcomes", "inputs"}
    np.testing.assert_array_equal(ours.inputs["number"], [np.arange(N_TRIALS)] * N_SUBJECTS)
    np.testing.assert_array_equal(ours.inputs["twice"], [2 * np.arange(N_TRIALS)] * N_SUBJECTS)


def test_the_choice_set_that_a_task_shows_is_that_of_arrays():
    offered = jnp.asarray(OFFERED[0])
    task = as_a_task(PAID[0], show=lambda t, number: Trial({}, offered[number]))
    ours = simulate(KEY, MODEL, PARAMS, task)
    theirs = simulate(KEY, MODEL, PARAMS, PAID[0], available=OFFERED[0])
    np.testing.assert_array_equal(ours.choices, theirs.choices)
    np.testing.assert_allclose(ours.choice_p, theirs.choice_p, rtol=0, atol=TOLERANCE)
    np.testing.assert_array_equal(ours.available, np.broadcast_to(OFFERED[0], SHAPE))
    again = Trials.from_trace(ours)
    np.testing.assert_array_equal(again.available, ours.available)


def test_a_model_sees_the_inputs_that_it_asks_for_and_no_others():
    seen = []

    def predict(params, state, trial):
        seen.append(set(trial.inputs))
        return state * trial.inputs["twice"] / params["temperature"]

    model = MODEL._replace(name="sees", predict=predict, inputs=("twice",))
    trace = simulate(KEY, model, PARAMS, as_a_task(PAID[0]))
    assert seen and all(names == {"twice"} for names in seen)
    assert set(trace.inputs) == {"number", "twice"}


def seesaw():
    """What was chosen last does not pay; the task draws too, from the key of the trial and of the subject."""
    return Task(
        "seesaw",
        N_TRIALS,
        N_ACTIONS,
        init=lambda key: (jnp.int32(0), jax.random.uniform(key)),
        show=lambda state, t: Trial({"last": state[0], "luck": state[1]}),
        respond=lambda key, state, choice: (
            jnp.where(choice == state[0], 0.0, jax.random.uniform(key, (N_ACTIONS,))),
            (choice, state[1]),
        ),
    )


def test_a_task_reacts_to_what_was_chosen():
    trace = simulate(KEY, MODEL, PARAMS, seesaw())
    choices = np.asarray(trace.choices)
    np.testing.assert_array_equal(trace.inputs["last"][:, 1:], choices[:, :-1])
    assert (np.asarray(trace.inputs["last"])[:, 0] == 0).all()
    repeated = np.concatenate([choices[:, :1] == 0, choices[:, 1:] == choices[:, :-1]], axis=1)
    paid = np.take_along_axis(np.asarray(trace.outcomes), choices[..., None], axis=-1)[..., 0]
    np.testing.assert_array_equal(paid == 0, repeated)
    assert repeated.any() and not repeated.all()


def test_draws_of_a_task_are_each_subjects_and_each_trials_own():
    draw = lambda key: jax.random.uniform(key, (N_ACTIONS,))  # noqa: E731
    shifting = Task(
        "shifting",
        N_TRIALS,
        N_ACTIONS,
        init=draw,
        show=lambda state, t: Trial({"begun": state}),
        respond=lambda key, state, response: (draw(key), state),
    )
    trace = simulate(KEY, MODEL, PARAMS, shifting)
    paid, begun = np.asarray(trace.outcomes), np.asarray(trace.inputs["begun"])
    assert (begun == begun[:, :1]).all()
    # Nor are they those of the choices, which come from the subject's own key.
    uniforms = [jax.random.uniform(jax.random.fold_in(KEY, i), (N_TRIALS,)) for i in range(N_SUBJECTS)]
    drawn = np.concatenate([paid.ravel(), begun[:, 0].ravel(), np.ravel(uniforms)])
    # Of some 500 draws of 23 bits two are alike by chance once in 60 times: not with this key.
    assert len(np.unique(drawn)) == len(drawn)


@pytest.mark.parametrize("n", [1, 2, 9])
@pytest.mark.parametrize(
    "task", [seesaw(), tasks.bandit(N_TRIALS, [0.8, 0.5, 0.2])], ids=lambda task: task.name
)
def test_a_subject_does_not_depend_on_how_many_there_are(task, n):
    params = {"alpha": np.full(n, 0.4, np.float32), "temperature": np.full(n, 0.3, np.float32)}
    some, all_of_them = (
        simulate(KEY, MODEL, jax.tree.map(lambda x: np.resize(x, m), params), task)  # noqa: B023
        for m in (n, N_SUBJECTS)
    )
    both = min(n, N_SUBJECTS)
    for name in ("choices", "outcomes"):
        np.testing.assert_array_equal(getattr(some, name)[:both], getattr(all_of_them, name)[:both])


def test_a_task_inside_a_readers_jit_and_vmap():
    task = seesaw()
    trace = simulate(KEY, MODEL, PARAMS, task)
    inside = jax.jit(lambda key: simulate(key, MODEL, PARAMS, task))(KEY)
    np.testing.assert_array_equal(inside.choices, trace.choices)
    keys = jax.random.split(KEY, 2)
    mapped = jax.vmap(lambda key: simulate(key, MODEL, PARAMS, task).choices)(keys)
    np.testing.assert_array_equal(mapped[1], simulate(keys[1], MODEL, PARAMS, task).choices)


def test_what_a_task_left_is_data():
    params = own_models.params_for("two steps")
    trace = simulate(KEY, own_models.TWO_STEP, params, tasks.two_step(40))
    trials = Trials.from_trace(trace)
    assert trials.shape == (4, 80) and set(trials.inputs) == {"stage", "planet"}
    assert trials.inputs["stage"].dtype == np.int32
    log_prob, _, errors = own_models.by_hand("two steps", params, trials)
    # Values of 80 trials, three roundings each, times inverse temperatures of up to 4.
    ours = log_likelihood(own_models.TWO_STEP, params, trials)
    np.testing.assert_allclose(ours, log_prob.sum(axis=1), rtol=0, atol=80 * 2 * 80 * 3 * UNIT * 4)
    np.testing.assert_allclose(trace.prediction_errors, errors, rtol=0, atol=80 * 3 * UNIT)


def test_a_task_without_choices():
    def respond(key, state, rating):
        outcome = {"pain": jnp.where(rating > 0.5, 1.0, 0.0), "relief": 0.5}
        return outcome, rating

    show = lambda state, t: Trial({"scale": 1 + 0.1 * state})  # noqa: E731
    task = Task("pain", N_TRIALS, None, lambda key: jnp.float32(0), show, respond)
    params = own_models.params_for(RATER.name)
    trace = simulate(KEY, RATER, params, task)
    ratings = np.asarray(trace.ratings)
    np.testing.assert_array_equal(trace.outcomes["pain"], (ratings > 0.5) * 1.0)
    scale = 1 + 0.1 * np.concatenate([np.zeros((4, 1)), ratings[:, :-1]], axis=1)
    np.testing.assert_allclose(trace.inputs["scale"], scale, rtol=4 * UNIT)
    _, told, errors = own_models.by_hand(RATER.name, params, Trials.from_trace(trace))
    np.testing.assert_allclose(trace.values, told, rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(trace.prediction_errors, errors, rtol=0, atol=TOLERANCE)


def test_a_task_that_pays_what_was_chosen_alone():
    # One number, which counts for the chosen action.
    task = as_a_task(PAID[0], respond=lambda key, t, choice: (1.0 * (choice == 1), t + 1))
    trace = simulate(KEY, MODEL, PARAMS, task)
    assert trace.outcomes.shape == SHAPE[:2]
    np.testing.assert_array_equal(trace.outcomes, np.asarray(trace.choices) == 1)
    trials = Trials.from_trace(trace)
    assert trials.outcomes.shape == (*SHAPE[:2], 1)
    ours = replay(MODEL, PARAMS, trials)
    np.testing.assert_allclose(ours.values, trace.values, rtol=0, atol=2 * TOLERANCE)


def test_a_response_of_two_parts_is_handed_to_the_task_whole():
    racer = Model(
        "racer",
        (),
        responses.wald_race(N_ACTIONS),
        init=lambda params: jnp.ones(N_ACTIONS),
        predict=lambda params, state, trial: {"drifts": state, "threshold": 1.0, "non_decision_time": 0.2},
        update=lambda params, state, trial, responded, outcome: (state + responded["choices"] * outcome, {}),
    )
    task = as_a_task(
        PAID[0], respond=lambda key, t, response: (response["times"] * (response["choices"] == 1), t + 1)
    )
    trace = simulate(KEY, racer, {}, task)
    assert trace.parts == ("choices", "times")
    np.testing.assert_allclose(trace.outcomes, trace.times * (trace.choices == 1), rtol=2 * UNIT)
    trials = Trials.from_trace(trace)
    np.testing.assert_array_equal(trials.responses["times"], trace.times)
    np.testing.assert_array_equal(trials.choices, trace.choices)


# What is refused.


def refused(name, expected, received, outcomes=PAID, **more):
    return Bad(lambda: schedule(outcomes, **more), name, expected, received)


def not_played(name, expected, received, task, model=MODEL, params=PARAMS, **more):
    return Bad(lambda: simulate(KEY, model, params, task, **more), name, expected, received)


def task_with(**fields):
    return as_a_task(PAID[0], **fields)


TRACE = simulate(KEY, MODEL, PARAMS, PAID, record=("choices",))
CHOSEN_ALONE = Trials(np.zeros((2, 4), int), np.ones((2, 4)), shared=False)
RATINGS = {"alpha": 0.5, "weight": 0.5, "noise": 0.5}
BAD = {
    "outcomes of one axis": refused(
        "outcomes", "shape (n_trials, n_actions) or (n_subjects, n_trials, n_actions)", "(3,)", PAID[0, 0]
    ),
    "outcomes of two axes of actions where nothing is chosen": refused(
        "outcomes",
        "shape (n_trials,) or (n_subjects, n_trials)",
        "(4, 30, 3, 1)",
        PAID[..., None],
        chosen=False,
    ),
    "no trial": refused("outcomes", "at least one subject and one trial", "(0, 3)", PAID[0, :0]),
    "text": refused("outcomes", "real numbers", "values", [["a", "b"]]),
    "an empty dict": refused("outcomes", "a dict of at least one", "an empty dict", {}),
    "outcomes of other shapes": refused(
        "outcomes", "arrays of one shape", "'b': (4, 29, 3)", {"a": PAID, "b": PAID[:, 1:]}
    ),
    "outcomes for others": refused(
        "outcomes['b']", "4 subjects, as in outcomes['a']", "2", {"a": PAID, "b": PAID[:2]}
    ),
    "a NaN": refused("outcomes", "finite numbers", "nan at index (0, 0, 0)", PAID * NAN),
    "a NaN that counts": refused(
        "outcomes",
        "finite numbers",
        "nan at index (0, 2, 0)",
        np.where(np.arange(N_TRIALS)[:, None] == 2, NAN, PAID),
        mask=np.arange(N_TRIALS) != 3,
        feedback=np.array([[True], [False], [True], [True]]) & (np.arange(N_TRIALS) < 99),
    ),
    "a shared NaN that counts for one": refused(
        "outcomes",
        "finite numbers",
        "inf at index (2, 0)",
        np.where(np.arange(N_TRIALS)[:, None] == 2, INF, PAID[0]),
        mask=np.arange(N_SUBJECTS)[:, None] + 0 * np.arange(N_TRIALS) == 1,
    ),
    **{
        f"{name} of numbers": refused(name, "booleans", "int64", **{name: np.ones((N_TRIALS,), int)})
        for name in ("mask", "reset", "feedback")
    },
    "mask, trials": refused("mask", "shape (30,)", "(29,)", mask=MASK[0, 1:]),
    "feedback, subjects": refused("feedback", "4 subjects, as in outcomes", "3", feedback=TOLD[:3]),
    "available, actions": refused("available", "shape (30, 3)", "(30, 2)", available=OFFERED[0, :, :2]),
    "nothing on offer": refused(
        "available",
        "an action on offer on every trial that counts",
        "none at index (1, 0)",
        available=OFFERED & (np.arange(N_SUBJECTS) != 1)[:, None, None],
        mask=MASK | True,
    ),
    "inputs a list": refused("inputs", "a dict of arrays", "list", inputs=[MASK]),
    "an input of text": refused("inputs['x']", "real numbers", "values", inputs={"x": ["a"] * N_TRIALS}),
    "an input of other trials": refused(
        "inputs['x']", "shape (30,), or (n_subjects or 1, 30, ...)", "(29,)", inputs={"x": np.ones(29)}
    ),
    "an input of nobody": refused(
        "inputs['x']", "n_subjects or 1", "(0, 30)", inputs={"x": np.ones((0, 30))}
    ),
    "an input for others": refused("inputs['x']", "4 subjects, as in outcomes", "2", inputs={"x": MASK[:2]}),
    "an input NaN": refused(
        "inputs['x']",
        "finite numbers",
        "nan at index (0, 5)",
        inputs={"x": np.where(np.arange(30) == 5, NAN, 1)},
    ),
    "an input NaN where it counts": refused(
        "inputs['x']",
        "finite numbers",
        "nan at index (0, 5, 0)",
        mask=np.arange(30) != 6,
        inputs={"x": np.full((1, 30, 2), np.where(np.isin(np.arange(30), (5, 6)), NAN, 1)[None, :, None])},
    ),
    # The very trials that people had.
    "trials that tell what was chosen alone": Bad(
        lambda: from_trials(CHOSEN_ALONE), "outcomes", "what each action would pay", "None"
    ),
    "trials in which nothing was paid": Bad(
        lambda: from_trials(Trials([[0, 1]])), "outcomes", "what each action would pay", "None"
    ),
    "other subjects' outcomes": Bad(
        lambda: from_trials(CHOSEN_ALONE, np.ones((3, 4, 2))), "outcomes", "2 subjects, as in trials", "3"
    ),
    "other trials' outcomes": Bad(
        lambda: from_trials(CHOSEN_ALONE, np.ones((5, 2))), "outcomes", "4 trials, as in trials", "5"
    ),
    # A trace turned into data.
    "no outcomes": Bad(
        lambda: Trials.from_trace(TRACE),
        "trace",
        "one that recorded choices, outcomes, or the schedule that was played as `task`",
        "choices",
    ),
    "no response": Bad(
        lambda: Trials.from_trace(simulate(KEY, MODEL, PARAMS, PAID, record="values"), schedule(PAID)),
        "trace",
        "one that recorded choices",
        "values",
    ),
    # Played by a model that they do not fit.
    "a schedule of other actions": not_played(
        "outcomes", "shape (n_trials, 3)", "(1, 30, 2)", schedule(PAID[0, :, :2])
    ),
    "a schedule for other subjects": not_played(
        "outcomes", "4 subjects, as in params", "2", schedule(PAID[:2])
    ),
    "a mask for other subjects": not_played(
        "mask", "4 subjects, as in params", "2", schedule(PAID[0], mask=MASK[:2])
    ),
    "choices where nothing is chosen": not_played(
        "outcomes", "one number per trial, as rater chooses nothing", "3)", schedule(PAID), RATER, RATINGS
    ),
    "a schedule without the input": not_played(
        "inputs",
        "'context', which contextual needs",
        "'size'",
        schedule(PAID[..., :2], inputs={"size": MASK}),
        CONTEXTUAL,
        {"alpha": 0.5, "temperature": 1.0, "load": 0.0},
    ),
    "no input at all": not_played(
        "inputs",
        "'context', which contextual needs",
        "None",
        PAID[..., :2],
        CONTEXTUAL,
        {"alpha": 0.5, "temperature": 1.0, "load": 0.0},
    ),
    **{
        f"a {kind} and {name}": not_played(
            name, f"None, as the {kind} says it", type(x).__name__, task, **{name: x}
        )
        for kind, task in (("Schedule", schedule(PAID)), ("Task", task_with()))
        for name, x in (("available", OFFERED), ("reset", RESET), ("inputs", {"x": MASK}))
    },
    # Tasks that react and do not fit.
    "a task of other actions": not_played(
        "outcomes", "a task with 3 actions, as in the model", "2", tasks.bandit(5, [0.8, 0.2])
    ),
    "a task without choices": not_played("outcomes", "3 actions", "None", task_with(n_actions=None)),
    "a task that does not show the input": not_played(
        "outcomes",
        "a task that shows 'size', which asks needs",
        "'number', 'twice'",
        task_with(),
        MODEL._replace(name="asks", inputs=("size",)),
    ),
    "a task that shows a dict": not_played(
        "task.show", "a Trial", "dict", task_with(show=lambda state, t: {"number": t})
    ),
    "a task that pays no pair": not_played(
        "task.respond",
        "the pair (outcome, state)",
        "",
        task_with(respond=lambda key, t, choice: 0.0 * t),
    ),
    "a task whose state changes its shape": not_played(
        "task.respond",
        "state to stay int32 of shape (), as init gives it",
        "int32 of shape (1,)",
        task_with(respond=lambda key, t, choice: (jnp.ones(3), t[None])),
    ),
    "a task whose state changes its type": not_played(
        "task.respond",
        "state to stay int32 of shape ()",
        "float32 of shape ()",
        task_with(respond=lambda key, t, choice: (jnp.ones(3), t + 0.5)),
    ),
    "a task whose state has other parts": not_played(
        "task.respond",
        "a state as init gives it",
        "(*, *)",
        task_with(respond=lambda key, t, choice: (jnp.ones(3), (t, t))),
    ),
    "a task that pays two numbers": not_played(
        "task.respond",
        "shape () or (3,)",
        "(2,)",
        task_with(respond=lambda key, t, choice: (jnp.ones(2), t)),
    ),
    "a task that pays in whole numbers": not_played(
        "task.respond",
        "floating-point",
        "int32",
        task_with(respond=lambda key, t, choice: (jnp.ones(3, int), t)),
    ),
    "a record that is not there": not_played(
        "record", "choices, outcomes, inputs, state, log_prob", "'reward'", task_with(), record=("reward",)
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input(bad):
    assert_refused(bad)
