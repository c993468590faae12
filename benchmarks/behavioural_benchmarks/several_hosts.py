"""One simulation on several machines.

Start it once on each of them, with the same first argument:

    python several_hosts.py host0:9911 2 0      on the machine that is called host0
    python several_hosts.py host0:9911 2 1      on the other
"""

import sys

import jax
import jax.numpy as jnp
import numpy as np

import behavioural_modelling as bm


def main(address, n_hosts, host):
    jax.distributed.initialize(address, num_processes=n_hosts, process_id=host)
    n_subjects = 1_000 * jax.device_count()
    model = bm.models.asymmetric_rescorla_wagner(n_actions=2)
    outcomes = np.random.default_rng(0).integers(0, 2, (100, 2)).astype(np.float32)
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("subjects",))
    by_subject = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("subjects"))
    alpha = jax.device_put(np.linspace(0.1, 0.9, n_subjects, dtype=np.float32), by_subject)
    params = {"alpha_p": alpha, "alpha_n": 0.2, "temperature": 0.3}
    trace = bm.simulate(jax.random.key(0), model, params, outcomes)
    here = sum(len(shard.data) for shard in trace.choices.addressable_shards)
    share = jax.jit(jnp.mean)(trace.choices)  # over all machines: they tell each other
    print(f"host {host}: {here:,} of {n_subjects:,} subjects, second action in {share:.4f} of all choices")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
