"""axe-core on a page that is open: what it finds, in words, less what tests/axe_known.py excuses."""

from axe_known import KNOWN
from axe_playwright_python.sync_playwright import Axe

# Off by default, since experimental: whether what a button shows is in its name.
OPTIONS = {"rules": {"label-content-name-mismatch": {"enabled": True}}}


def findings(tab) -> list[tuple[str, str]]:
    """Rule and element of all that axe finds."""
    found = Axe().run(tab, options=OPTIONS).response["violations"]
    return [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]


def is_known(finding: tuple[str, str]) -> bool:
    return any(finding[0] == rule and part in finding[1] for rule, part, _ in KNOWN)
