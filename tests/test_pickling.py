"""Models, tasks, trials and fits as pickles: what processes that are spawned hand to each other."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from behavioural_modelling import Fit, Model, Trace, Trials, models, responses, tasks
from behavioural_modelling.models import Parameter, Response

BUILT = {
    "rescorla_wagner": (models.rescorla_wagner, (3, 0.25, True)),
    "asymmetric_rescorla_wagner": (models.asymmetric_rescorla_wagner, (2,)),
    "choice_kernel": (models.choice_kernel, (2, True)),
    "rescorla_wagner_choice_kernel": (models.rescorla_wagner_choice_kernel, (2,)),
    "biased_random": (models.biased_random, (4,)),
    "win_stay_lose_shift": (models.win_stay_lose_shift, (2, 0.5)),
}


def init(params):
    return ()


def predict(params, state, trial):
    return params["lean"] * np.array([1.0, 0.0], np.float32)


def update(params, state, trial, chosen, outcome):
    return state, {"paid": outcome}


OWN = Model("own", (Parameter("lean", -5, 5),), responses.categorical(2), init, predict, update, ("stage",))


def log_prob(prediction, response):
    return prediction[response]


def draw(prediction, uniforms):
    return prediction.argmax()


def encode(response):
    return response


COMPOSED = {
    "lapse": lambda: models.with_lapse(models.rescorla_wagner(2)),
    "stickiness": lambda: models.with_stickiness(models.asymmetric_rescorla_wagner(3, "free")),
    "choice kernel": lambda: models.with_choice_kernel(models.biased_random(2), True),
    "forgetting": lambda: models.with_forgetting(models.rescorla_wagner(4)),
    "all": lambda: models.with_lapse(
        models.with_choice_kernel(models.with_stickiness(models.with_forgetting(models.rescorla_wagner(2))))
    ),
}
RESPONSES = {
    "categorical": lambda: responses.categorical(3),
    "normal": lambda: responses.normal(),
    "wald race": lambda: responses.wald_race(2),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_builders_model_comes_back_as_the_same_object(name):
    builder, arguments = BUILT[name]
    model = builder(*arguments)
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        assert pickle.loads(pickle.dumps(model, protocol)) is model
    assert copy.deepcopy(model) is model


@pytest.mark.parametrize("build", [*COMPOSED.values(), *RESPONSES.values()], ids=[*COMPOSED, *RESPONSES])
def test_a_composed_model_and_a_response_come_back_as_the_same_object(build):
    made = build()
    assert pickle.loads(pickle.dumps(made)) is made and build() is made
    assert copy.deepcopy(made) is made


def test_a_task_comes_back_as_the_same_object():
    task = tasks.bandit(20, (0.8, 0.2))
    assert pickle.loads(pickle.dumps(task)) is task


def test_a_builders_model_works_in_another_process():
    code = """if True:
        import pickle, sys
        from behavioural_modelling import models
        given, composed = pickle.load(sys.stdin.buffer)
        assert all(model is getattr(models, name)(*arguments) for name, arguments, model in given)
        assert composed is models.with_lapse(models.rescorla_wagner(2))
        print(len({model for _, _, model in given}))
    """
    given = [(name, arguments, builder(*arguments)) for name, (builder, arguments) in BUILT.items()]
    given = pickle.dumps((given, COMPOSED["lapse"]()))
    done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True)
    assert done.stdout.split() == [b"6"], done.stderr.decode()


def test_a_readers_own_model_is_its_functions():
    assert pickle.loads(pickle.dumps(OWN)) == OWN
    assert copy.copy(OWN) == OWN
    changed = models.rescorla_wagner(2)._replace(name="changed", init=init, predict=predict, update=update)
    back = pickle.loads(pickle.dumps(changed))
    assert back == changed and back.response is responses.categorical(2)
    response = Response(log_prob, draw, 0, encode, ("choices",), 2)
    back = pickle.loads(pickle.dumps(OWN._replace(response=response)))
    assert back.response == response and back.n_actions == 2


@pytest.mark.parametrize(
    "model",
    [
        models.rescorla_wagner(2)._replace(name="changed"),
        models.with_lapse(models.rescorla_wagner(2))._replace(name="changed"),
        OWN._replace(init=lambda params: ()),
        OWN._replace(response=responses.normal()._replace(n_uniforms=2)),
        models.with_lapse(models.rescorla_wagner(2)._replace(name="changed")),
    ],
    ids=["a changed name", "of a composition", "a lambda", "in the response", "inside a composition"],
)
def test_what_cannot_be_stored_does_not_come_back_as_something_else(model):
    with pytest.raises((pickle.PicklingError, AttributeError), match="(?i)can't pickle"):
        pickle.dumps(model)


def test_a_model_with_a_list_is_stored_as_it_is():
    listed = OWN._replace(parameters=list(OWN.parameters))
    assert pickle.loads(pickle.dumps(listed)) == listed


def test_trials_and_fits():
    mask = np.array([[True, False]])
    trials = Trials([[1, -1]], [[0.5, np.nan]], np.array([[[True] * 2, [False] * 2]]), mask, ~mask)
    back = pickle.loads(pickle.dumps(trials))
    assert type(back) is Trials
    for one, other in zip(trials, back, strict=True):
        assert getattr(one, "dtype", None) == getattr(other, "dtype", None)
        np.testing.assert_array_equal(one, other)
    task = {"inputs": {"stage": np.array([[0, 1]])}, "responses": {"times": np.array([[0.4, 0.5]])}}
    more = Trials([[1, 0]], {"paid": [[0.5, 1.0]], "shock": [[0.0, 1.0]]}, **task)
    back = pickle.loads(pickle.dumps(more))
    assert type(back) is Trials and list(back.outcomes) == ["paid", "shock"]
    assert back.inputs["stage"].tolist() == [[0, 1]] and back.inputs["stage"].dtype == np.int32
    assert back.responses["times"].tolist() == more.responses["times"].tolist()
    numbers = np.arange(2.0)
    fields = dict.fromkeys(Fit._fields, numbers) | {
        "params": {"alpha": numbers},
        "n_parameters": np.ones(2, int),
    }
    back = pickle.loads(pickle.dumps(Fit(**fields)))
    assert type(back) is Fit and back.aic.tolist() == [2, 0] and back.params["alpha"].tolist() == [0, 1]


def test_traces():
    trace = Trace(("ratings",), ratings=np.ones((1, 3)), where={"at": np.arange(3)})
    back = pickle.loads(pickle.dumps(trace))
    assert type(back) is Trace and back.parts == ("ratings",) and list(back.records) == ["ratings", "where"]
    assert back.where["at"].tolist() == [0, 1, 2]
    assert copy.deepcopy(trace).ratings.tolist() == [[1, 1, 1]]
