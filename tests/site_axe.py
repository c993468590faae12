"""axe-core on a page that is open: what it finds, in words, less what tests/axe_known.py excuses."""

from axe_known import KNOWN
from axe_playwright_python.sync_playwright import Axe

# What is as it should be is not described, which would take axe longer than the finding. Nor does it fetch
# style sheets itself: it looks for what they import in the wrong folder.
BRIEFLY = {"resultTypes": ["violations"], "preload": False}
# Off by default, since experimental: whether what a button shows is in its name.
OPTIONS = BRIEFLY | {"rules": {"label-content-name-mismatch": {"enabled": True}}}
OF_COLOURS = BRIEFLY | {"runOnly": ["color-contrast", "link-in-text-block"]}


def findings(tab, options=OPTIONS) -> list[tuple[str, str]]:
    """Rule and element of all that axe finds; with OF_COLOURS, what another mode could change."""
    found = Axe().run(tab, options=options).response["violations"]
    return [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]


def is_known(finding: tuple[str, str]) -> bool:
    return any(finding[0] == rule and part in finding[1] for rule, part, _ in KNOWN)
