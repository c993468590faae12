"""Models, trials and fits as pickles: what processes that are spawned hand to each other."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from behavioural_modelling import Fit, Model, Trials, models
from behavioural_modelling.models import Parameter

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


def policy(params, state):
    return params["lean"] * np.array([1.0, 0.0], np.float32)


def update(params, state, chosen, outcome):
    return state, outcome


OWN = Model("own", 2, (Parameter("lean", -5, 5),), init, policy, update)


@pytest.mark.parametrize("name", BUILT)
def test_a_builders_model_comes_back_as_the_same_object(name):
    builder, arguments = BUILT[name]
    model = builder(*arguments)
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        assert pickle.loads(pickle.dumps(model, protocol)) is model
    assert copy.deepcopy(model) is model


def test_a_builders_model_works_in_another_process():
    code = """if True:
        import pickle, sys
        from behavioural_modelling import models
        given = pickle.load(sys.stdin.buffer)
        assert all(model is getattr(models, name)(*arguments) for name, arguments, model in given)
        print(len({model for _, _, model in given}))
    """
    given = [(name, arguments, builder(*arguments)) for name, (builder, arguments) in BUILT.items()]
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(given), capture_output=True)
    assert done.stdout.split() == [b"6"], done.stderr.decode()


def test_a_readers_own_model_is_its_functions():
    assert pickle.loads(pickle.dumps(OWN)) == OWN
    assert copy.copy(OWN) == OWN
    changed = models.rescorla_wagner(2)._replace(name="changed", init=init, policy=policy, update=update)
    assert pickle.loads(pickle.dumps(changed)) == changed


@pytest.mark.parametrize(
    "model",
    [models.rescorla_wagner(2)._replace(name="changed"), OWN._replace(init=lambda params: ())],
    ids=["a changed name", "a lambda"],
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
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    numbers = np.arange(2.0)
    fields = dict.fromkeys(Fit._fields, numbers) | {"params": {"alpha": numbers}}
    back = pickle.loads(pickle.dumps(Fit(**fields)))
    assert type(back) is Fit and back.aic.tolist() == [2, 0] and back.params["alpha"].tolist() == [0, 1]
