r"""Studies of a model before it meets data: can its parameters be found, can it be told from others?

`recovery` simulates subjects whose parameters are known and fits them; `comparison` asks which of several
models made the choices, and how often that question is answered wrongly. `evidence` and `selection` say
how many people are of which model, `leave_one_out` and `held_out` how well a model predicts the unseen.
`power` asks how many people a difference takes, `preregistering` writes down what is planned, and `reporting`
what was found.
"""

from . import signatures
from .calibration import Calibration, sbc
from .comparison import Confusion, compare, confusion
from .evidence import Evidence, log_evidence
from .held_out import HeldOut, held_out
from .leave_one_out import Loo, loo
from .power import Power, power
from .prediction import Prediction, posterior_predictive, prior_predictive
from .preregistering import preregistration
from .recovery import Recovery, recovery
from .reporting import Report, report
from .selection import GroupDifference, ModelSelection, compare_groups, select_models
from .two_step_stays import two_step_deterministic_stays, two_step_stays

__all__ = [
    "Calibration",
    "Confusion",
    "Evidence",
    "GroupDifference",
    "HeldOut",
    "Loo",
    "ModelSelection",
    "Power",
    "Prediction",
    "Recovery",
    "Report",
    "compare",
    "compare_groups",
    "confusion",
    "held_out",
    "log_evidence",
    "loo",
    "posterior_predictive",
    "power",
    "preregistration",
    "prior_predictive",
    "recovery",
    "report",
    "sbc",
    "select_models",
    "signatures",
    "two_step_deterministic_stays",
    "two_step_stays",
]
