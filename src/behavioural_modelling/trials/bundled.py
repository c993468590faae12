"""The data set that comes with the course."""

from __future__ import annotations

import numpy as np

from .. import _checks
from . import _installed
from .record import Trials

__all__ = ["load_bandit"]


def load_bandit() -> Trials:
    """The bandit data that the cpm-toolbox package bundles: 200 participants, 72 trials.

    On each trial a participant saw two of four stimuli, chose one, and saw whether it paid 1 or 0. The
    stimuli paid with probabilities .8, .6, .4 and .2. The first participant's first trial is not in
    the file; here it is masked, with nothing on offer. The file is read from the installed package,
    which is not imported.

    Returns:
        `Trials` with choices and mask of shape (200, 72), outcomes of the chosen stimulus (200, 72),
        and which stimuli were shown, (200, 72, 4). Stimulus 1 of the file is action 0.

    Raises:
        ModuleNotFoundError: If cpm-toolbox is not installed.
        ValueError: If the file is not the one described here.

    Source:
        cpm-toolbox, bandit_small.csv.
    """
    file = _installed.data_file("cpm", "datasets/data/bandit_small.csv", "load_bandit", "cpm-toolbox")
    table = np.genfromtxt(file, delimiter=",", names=True)
    # Read as numbers with a decimal point: genfromtxt turns "1.0" into the integer -1.
    columns = {name: table[name].astype(int) for name in table.dtype.names or ()}
    subject, trial = columns["ppt"] - 1, columns["trial"]
    n_subjects, n_trials = subject.max() + 1, trial.max() + 1
    if (n_subjects, n_trials, len(subject)) != (200, 72, 14_399):
        received = f"{len(subject)} rows of {n_subjects} participants and {n_trials} trials"
        _checks.fail("bandit_small.csv", "14399 rows of 200 participants and 72 trials", received)
    shown = np.stack([columns["arm_left"], columns["arm_right"]], axis=1) - 1
    chosen = np.take_along_axis(shown, columns["response"][:, None], axis=1)[:, 0]

    choices = np.zeros((n_subjects, n_trials), dtype=np.int32)
    outcomes = np.zeros((n_subjects, n_trials), dtype=np.float32)
    mask = np.zeros((n_subjects, n_trials), dtype=bool)
    available = np.zeros((n_subjects, n_trials, 4), dtype=bool)
    choices[subject, trial] = chosen
    outcomes[subject, trial] = columns["feedback"]
    mask[subject, trial] = True
    available[subject[:, None], trial[:, None], shown] = True
    return Trials(choices, outcomes, available, mask)
