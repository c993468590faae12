r"""The data that the package autora-theorist-rnn-sindy-rl bundles."""

from __future__ import annotations

from . import _installed, _tables
from .record import Trials

__all__ = ["load_restless_bandit"]

FILE = "theorist/rnn_sindy_rl/data/bahrami_100.csv"


def load_restless_bandit() -> Trials:
    """A restless four-armed bandit: 100 people, 150 trials.

    The outcome is points, from 8 to 92, of the chosen arm alone. The payoffs of the other arms are in the
    file as well, the same for everybody, but nobody saw them: as outcomes of all arms they would be learned
    from. 412 responses were missed, which the file codes as action -1 with a reward of 0. They are masked.

    Times are in seconds, from .396 to 52.8; the three longest are 52.8, 46.3 and 36.5, and no other is above
    18. They are as in the file: a model of response times needs a decision about them, one of choices none.
    One person chose the same arm on all 150 trials.

    The file needs none of what the package requires, so that `pip install --no-deps
    autora-theorist-rnn-sindy-rl` is enough.

    Returns:
        `Trials` with choices, outcomes of the chosen arm, mask, and the responses "times", each (100, 150).

    Raises:
        ModuleNotFoundError: If autora-theorist-rnn-sindy-rl is not installed.
        ValueError: If the file is not the one described here.

    Example:
        >>> trials = load_restless_bandit()
        >>> trials.shape, int((~trials.mask).sum())
        ((100, 150), 412)

    Source:
        autora-theorist-rnn-sindy-rl, bahrami_100.csv; the data are those of Bahrami & Navajas (2020), doi
        10.17605/OSF.IO/F3T2A.
    """
    install = "--no-deps autora-theorist-rnn-sindy-rl"
    file = _installed.data_file("autora", FILE, "load_restless_bandit", install)
    columns = ("participant_id", "action", "reward", "response_time")
    known = {"people": 100, "rows": 15_000, "sum_of_file": 1152331225}
    rows = _tables.read(file, columns, delimiter=",", **known)
    choices = rows.whole("action")
    mask = choices >= 0
    times = {"times": rows.real("response_time") / 1000}
    return Trials(choices.clip(0), rows.real("reward"), mask=mask, responses=times)
