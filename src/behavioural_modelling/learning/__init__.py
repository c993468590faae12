"""Learning rules: how one outcome changes the values of the actions."""

from . import (
    beta_models,
    hgf,
    iowa_gambling,
    kalman_filter,
    pearce_hall,
    rescorla_wagner,
    rlwm,
    two_stage,
    utility,
)

__all__ = [
    "beta_models",
    "hgf",
    "iowa_gambling",
    "kalman_filter",
    "pearce_hall",
    "rescorla_wagner",
    "rlwm",
    "two_stage",
    "utility",
]
