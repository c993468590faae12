"""check_model: it passes what is right, and names what is wrong with a model that is broken on purpose."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from behavioural_modelling import models, responses, tasks
from behavioural_modelling.models import Model, Parameter
from behavioural_modelling.testing import Check, Finding, _setting, _tests, check_model

RW = models.rescorla_wagner(2)
TESTS = ["fits together", "probability", "draws", "gradient", "limiting case", "recovery"]


def found(check):
    return {finding.test: finding for finding in check.findings}


@functools.cache
def forgetting_checked():
    return check_model(models.with_forgetting(RW), limit=({"forgetting": 0.0}, RW))


def test_a_model_that_is_right_passes_every_test():
    check = forgetting_checked()
    assert isinstance(check, Check) and isinstance(check.findings[0], Finding)
    assert check.passed and check.problems == ()
    assert [finding.test for finding in check.findings] == TESTS
    assert all(finding.passed is True for finding in check.findings)
    assert "64 sequences of 6 choices have probability 1.0000" in found(check)["probability"].message


def test_it_is_printed_as_a_list():
    lines = str(forgetting_checked()).splitlines()
    assert lines[0] == "rescorla_wagner+forgetting: all is well"
    assert len(lines) == 1 + len(TESTS) and repr(forgetting_checked()) == str(forgetting_checked())


def broken(**functions):
    return check_model(RW._replace(name="broken", **functions), n_subjects=20, n_trials=60)


def test_what_does_not_fit_together_is_said_and_nothing_else_is_run():
    check = broken(predict=lambda params, state, trial: state[:1])
    assert not check.passed
    assert check.problems[0].startswith("fits together: model.predict: expected logits")
    assert [finding.passed for finding in check.findings] == [False, *[None] * 5]


def test_an_error_of_the_readers_own_is_passed_on_in_words():
    check = broken(predict=lambda params, state, trial: params["alhpa"] * state)
    assert check.problems == ("fits together: KeyError: 'alhpa'",)


def test_what_is_no_model_at_all():
    assert "expected a Model" in check_model(3).problems[0]
    listed = RW._replace(parameters=list(RW.parameters))
    assert "model.parameters: expected a tuple" in check_model(listed).problems[0]


def test_a_response_whose_probabilities_do_not_sum_to_one():
    response = RW.response
    log_prob = lambda logits, choice: response.log_prob(logits, choice) - 0.1  # noqa: E731
    check = broken(response=response._replace(log_prob=log_prob))
    # Six choices, each short by a factor of exp(-.1).
    assert found(check)["probability"].passed is False
    assert f"probability {np.exp(-0.6):.4f}" in found(check)["probability"].message


def test_a_response_that_is_drawn_otherwise_than_its_probability_says():
    response = RW.response
    draw = lambda logits, uniforms: response.draw(2 * logits, uniforms)  # noqa: E731
    check = broken(response=response._replace(draw=draw))
    assert found(check)["probability"].passed and not found(check)["draws"].passed


def test_a_parameter_that_makes_no_difference():
    idle = (*RW.parameters, Parameter("idle", 0, 1))
    assert found(broken(parameters=idle))["gradient"].message == "idle makes no difference to any choice"


def test_a_slope_that_is_no_number_at_a_bound():
    root = lambda params, state, trial: jnp.sqrt(params["alpha"]) * RW.predict(params, state, trial)  # noqa: E731
    check = broken(predict=root)
    assert found(check)["gradient"].passed is False
    assert "alpha is 0" in found(check)["gradient"].message


def test_a_limiting_case_that_is_none():
    check = check_model(models.with_lapse(RW), limit=({"lapse": 0.5}, RW), n_subjects=20, n_trials=60)
    assert found(check)["limiting case"].passed is False
    assert "is off that of rescorla_wagner by up to" in found(check)["limiting case"].message


@pytest.mark.parametrize(
    "limit, words",
    [
        (({"gone": 0.0}, RW), "gone"),
        (({"lapse": 0.0}, models.choice_kernel(2)), "alpha_c"),
        ({"lapse": 0.0}, "a pair"),
        (({"lapse": 0.0}, None), "the pair"),
    ],
)
def test_a_limit_for_another_model_is_refused(limit, words):
    with pytest.raises(ValueError, match=f"limit.*{words}"):
        check_model(models.with_lapse(RW), limit=limit)


def test_a_parameter_that_does_not_come_back():
    """The two learning rates do the same, so that only their sum can be found."""

    def update(params, state, trial, responded, outcome):
        error = responded * (outcome - state)
        return state + 0.5 * (params["first"] + params["second"]) * error, {}

    parameters = (Parameter("first", 0, 1), Parameter("second", 0, 1))
    start, predict = lambda params: jnp.zeros(2), lambda params, state, trial: 4 * state  # noqa: E731
    twins = Model("twins", parameters, responses.categorical(2), start, predict, update)
    true = {"first": np.linspace(0.1, 0.9, 40), "second": np.linspace(0.9, 0.1, 40)}
    check = check_model(twins, params=true, n_subjects=40)
    assert found(check)["recovery"].passed is False
    assert "no rank correlation of true and fitted values" in found(check)["recovery"].message


def ratings():
    def update(params, value, trial, rating, outcome):
        return value + params["alpha"] * (outcome - value), {"values": value}

    parameters = (Parameter("alpha", 0, 1), Parameter("sd", 0, above=True))
    start = lambda params: jnp.full((), 0.5)  # noqa: E731
    return Model("rated", parameters, responses.normal(), start, lambda p, v, t: (v, p["sd"]), update)


def test_ratings_are_integrated():
    check = check_model(ratings(), params={"sd": 0.1}, n_subjects=20, n_trials=60)
    assert check.passed, check
    assert "integrates to 1.0000" in found(check)["probability"].message


def test_a_prediction_that_the_response_cannot_take():
    check = check_model(ratings()._replace(predict=lambda params, value, trial: value))
    assert "model.predict: expected what the response takes" in check.problems[0]


def race(response):
    def predict(params, state, trial):
        return {"drifts": 1 + params["gain"] * state, "threshold": 1.0, "non_decision_time": 0.2}

    def update(params, state, trial, responded, outcome):
        return state + 0.3 * responded["choices"] * (outcome - state), {"values": state}

    gain = (Parameter("gain", 0, 10),)
    return Model("race", gain, response, lambda params: jnp.zeros(2), predict, update)


def test_choices_with_times_are_integrated_and_their_draws_held_to_the_density():
    response = responses.wald_race(2)

    def late(prediction, uniforms):
        drawn = response.draw(prediction, uniforms)
        return drawn | {"times": drawn["times"] + 0.2}

    check = check_model(race(response._replace(draw=late)), n_subjects=20, n_trials=60)
    assert "the density of times integrates to 1.0000" in found(check)["probability"].message
    assert found(check)["draws"].passed is False and found(check)["recovery"].passed is None
    setting = _setting.setting(jax.random.key(0), race(response), None, None, None, 20, 60)
    assert _tests.draws(setting)[0] is True


def test_responses_that_are_no_numbers_are_reported():
    def draw(prediction, uniforms):
        return jnp.where(uniforms[0] < 0.5, jnp.inf, prediction[0])

    model = ratings()._replace(response=responses.normal()._replace(draw=draw))
    check = check_model(model, n_subjects=20, n_trials=60)
    assert "expected finite numbers" in found(check)["probability"].message


def test_a_model_with_inputs_needs_a_task_that_shows_them():
    def predict(params, state, trial):
        return RW.predict(params, state, trial) * (trial.inputs["stage"] + 1.0)

    staged = RW._replace(name="staged", predict=predict, inputs=("stage",))
    with pytest.raises(ValueError, match="task: expected a task that shows 'stage'"):
        check_model(staged)
    check = check_model(staged, task=tasks.two_step(40), n_subjects=20)
    assert check.passed, check


def test_offers_are_kept_to():
    available = np.ones((60, 3), bool)
    available[::2, 0] = False
    outcomes = np.random.default_rng(0).integers(0, 2, (60, 3))
    task = tasks.schedule(outcomes, available=available)
    check = check_model(models.rescorla_wagner(3), task=task, n_subjects=20)
    # On three of six trials there are two actions, on three all three.
    assert "216 sequences of 6 choices have probability 1.0000" in found(check)["probability"].message


@pytest.mark.parametrize("name", ["n_subjects", "n_trials"])
def test_sizes_are_checked(name):
    with pytest.raises(ValueError, match=f"{name}: expected at least 10"):
        check_model(RW, **{name: 3})
    with pytest.raises(ValueError, match="key: expected one random key"):
        check_model(RW, key=3)


def test_the_key_decides_what_is_drawn():
    few = {"n_subjects": 20, "n_trials": 60}
    one, same, other = (check_model(RW, key=jax.random.key(k), **few) for k in (1, 1, 2))
    assert one == same and one != other
