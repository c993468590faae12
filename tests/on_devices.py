"""Run by test_devices.py in processes of their own: subjects spread over devices, or over machines.

python on_devices.py N                  N CPU devices in this process
python on_devices.py N RANK PORT        the same in each of two processes, which talk through PORT
"""

import sys
from functools import partial

import jax
import numpy as np

N_DEVICES, *PEERS = (int(argument) for argument in sys.argv[1:])
jax.config.update("jax_num_cpu_devices", N_DEVICES)
if PEERS:
    rank, port = PEERS
    jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=2, process_id=rank)

import own_models  # noqa: E402

import behavioural_modelling as bm  # noqa: E402

N_SUBJECTS, N_TRIALS, N_ACTIONS = 48, 30, 3
KEY = jax.random.key(1)
MODEL = bm.models.asymmetric_rescorla_wagner(N_ACTIONS)
RNG = np.random.default_rng(0)
PARAMS = {p.name: RNG.uniform(0.1, 0.9, N_SUBJECTS).astype(np.float32) for p in MODEL.parameters}
SHARED = RNG.integers(0, 2, (N_TRIALS, N_ACTIONS)).astype(np.float32)
OWN = RNG.integers(0, 2, (N_SUBJECTS, N_TRIALS, N_ACTIONS)).astype(np.float32)
MASK = RNG.uniform(size=(N_SUBJECTS, N_TRIALS)) < 0.9
# Sums of 30 log-probabilities of some units at the most, whatever the compiler joins them with.
TOLERANCE = 1e-4


def meshes():
    """Meshes with axes of either kind, and one with two axes along both of which the subjects lie."""
    devices = np.array(jax.devices())
    yield jax.sharding.Mesh(devices, ("subjects",)), "subjects"
    yield jax.make_mesh((len(devices),), ("subjects",)), "subjects"  # explicit from JAX 0.7 on
    if len(devices) > 2 and not PEERS:
        yield jax.sharding.Mesh(devices.reshape(2, -1), ("hosts", "devices")), ("hosts", "devices")


def assert_same(spread, whole, tolerance):
    """What each device holds is that part of the whole."""
    whole = np.asarray(whole)
    assert spread.shape == whole.shape
    assert len(spread.sharding.device_set) == jax.device_count()
    for shard in spread.addressable_shards:
        assert shard.data.shape[0] * jax.device_count() == len(whole), "not cut up among the devices"
        np.testing.assert_allclose(np.asarray(shard.data), whole[shard.index], rtol=0, atol=tolerance)


def assert_same_trace(spread, whole):
    """Every record; choices exactly."""
    assert list(spread.records) == list(whole.records)
    for name, x in whole.records.items():
        for one, other in zip(jax.tree.leaves(spread.records[name]), jax.tree.leaves(x), strict=True):
            assert_same(one, other, 0 if name == "choices" else 1e-5)


def check(mesh, axis):
    """Simulation, likelihood, gradient and replay on the mesh, against the same on one device."""
    spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(axis))
    put = lambda x: jax.device_put(x, spread)  # noqa: E731
    params = jax.tree.map(put, PARAMS)
    check_the_reading_of_outcomes(put)
    for outcomes in (SHARED, OWN):
        there = put(outcomes) if outcomes.ndim == 3 else outcomes
        whole = bm.simulate(KEY, MODEL, PARAMS | {"temperature": 0.3}, outcomes)
        trace = bm.simulate(KEY, MODEL, params | {"temperature": 0.3}, there)
        assert_same_trace(trace, whole)
        trials = bm.Trials(trace.choices, there, mask=put(MASK))
        one = bm.Trials(np.asarray(whole.choices), outcomes, mask=MASK)
        score = partial(bm.log_likelihood, MODEL)
        assert_same(score(params, trials), score(PARAMS, one), TOLERANCE)
        check_gradient(params, trials, one)
        assert_same_trace(bm.replay(MODEL, params, trials), bm.replay(MODEL, PARAMS, one))
    check_a_task_that_reacts(params)
    check_inputs_and_ratings(put)
    check_an_old_key(mesh, axis)


def check_the_reading_of_outcomes(put):
    """As many subjects on a device as there are trials and actions: shared outcomes stay shared."""
    n = 2
    choices = RNG.integers(0, n, (n * jax.device_count(), n))
    outcomes, params = np.eye(n, dtype=np.float32), {"alpha": 0.5, "temperature": 0.3}
    model = bm.models.rescorla_wagner(n)
    whole = bm.log_likelihood(model, params, bm.Trials(choices, outcomes))
    assert_same(bm.log_likelihood(model, params, bm.Trials(put(choices), outcomes)), whole, TOLERANCE)


def check_a_task_that_reacts(params):
    """Every subject draws what it would draw elsewhere."""
    task = bm.tasks.bandit(N_TRIALS, [0.8, 0.5, 0.2])
    whole = bm.simulate(KEY, MODEL, PARAMS | {"temperature": 0.3}, task)
    assert_same_trace(bm.simulate(KEY, MODEL, params | {"temperature": 0.3}, task), whole)


def check_inputs_and_ratings(put):
    """What is each subject's own is spread, what all share is everywhere."""
    for name, model in own_models.MODELS.items():
        fields = own_models.with_gaps(own_models.fields_for(name))
        few, params = bm.Trials(**fields), own_models.params_for(name)
        times = N_SUBJECTS // own_models.N_SUBJECTS
        one = few.subjects(np.tile(np.arange(own_models.N_SUBJECTS), times))
        params = {key: np.tile(x, times) for key, x in params.items()}
        if PEERS:  # between processes JAX does not put NaN, which is not equal to itself
            one = jax.tree.map(lambda x: np.nan_to_num(x) if x.dtype == np.float32 else x, one)
        trials = jax.tree.map(lambda x: put(x) if len(x) > 1 else x, one)
        there = jax.tree.map(put, params)
        scale = TOLERANCE * (100 if model is own_models.RATER else 1)
        assert_same(bm.log_likelihood(model, there, trials), bm.log_likelihood(model, params, one), scale)
        whole = bm.replay(model, params, one)
        spread = bm.replay(model, there, trials)
        for record, x in whole.records.items():
            assert_same(spread.records[record], x, scale)


def check_an_old_key(mesh, axis):
    """A key of two numbers is no two subjects' own, even if there are two of them on two devices."""
    n, old = jax.device_count(), jax.random.PRNGKey(1)
    spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(axis))
    params = {"alpha": np.full(n, 0.5, np.float32), "temperature": 0.3}
    model = bm.models.rescorla_wagner(N_ACTIONS)
    there = params | {"alpha": jax.device_put(params["alpha"], spread)}
    assert_same_trace(bm.simulate(old, model, there, SHARED), bm.simulate(old, model, params, SHARED))


@jax.jit
def gradient(params, trials):
    return jax.grad(lambda params: bm.log_likelihood(MODEL, params, trials).sum())(params)


def check_gradient(params, trials, one):
    """In a reader's jit, where the trials are an argument or are there already."""
    whole = gradient(PARAMS, one)
    slopes = [gradient(params, trials)]
    if not PEERS:  # JAX does not close over arrays of which this process has only a part
        slopes.append(jax.jit(lambda params: gradient(params, trials))(params))
    for slope in slopes:
        for name in whole:
            scale = np.abs(np.asarray(whole[name])).max()
            assert_same(slope[name], whole[name], TOLERANCE * scale)


def check_refusal(mesh, axis):
    """A bad parameter is refused by the process that holds it."""
    spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(axis))
    bad = np.append(np.ones(N_SUBJECTS - 1), -1).astype(np.float32)
    params = jax.tree.map(lambda x: jax.device_put(x, spread), PARAMS | {"alpha_p": bad})
    try:
        bm.simulate(KEY, MODEL, params, SHARED)
    except ValueError as problem:
        assert "params['alpha_p']: expected a number in [0, 1], got -1 at index" in str(problem)
        return "refused"
    return "accepted"


if __name__ == "__main__":
    for mesh, axis in meshes():
        check(mesh, axis)
    print(jax.device_count(), "devices", check_refusal(*next(meshes())))
