"""axe-core on a page that is open: what it finds, in words, less what tests/axe_known.py excuses.

Most of axe's time would go into the contrast of each word of code: thousands on a page, of a few dozen kinds.
Text of the same look on the same ground has the same contrast, so that axe measures three of each kind. A
test compares that with what it finds when it measures all.
"""

from axe_known import KNOWN
from axe_playwright_python.sync_playwright import Axe

# What is as it should be is not described, which would take axe longer than the finding. Nor does it fetch
# style sheets itself: it looks for what they import in the wrong folder.
BRIEFLY = {"resultTypes": ["violations"], "preload": False}
# Off by default, since experimental: whether what a button shows is in its name.
OPTIONS = BRIEFLY | {"rules": {"label-content-name-mismatch": {"enabled": True}}}
OF_COLOURS = BRIEFLY | {"runOnly": ["color-contrast", "link-in-text-block"]}

# Marks what axe measures the contrast of. Text is of the same kind where all is the same that decides it: its
# own look, and every ground, filter and veil behind it. What is taken out of the flow, and could lie on
# something else, is a kind of its own.
MARK_KINDS = """(most) => {
    const grounds = new Map([[null, ""]]), kinds = new Map();
    let boxes = 0;
    const groundOf = (element) => {
        if (!grounds.has(element)) {
            const s = getComputedStyle(element);
            let own = [s.backgroundColor, s.backgroundImage, s.opacity, s.filter, s.mixBlendMode].join(" ");
            if (own === "rgba(0, 0, 0, 0) none 1 none normal") own = "";
            const moved = s.transform !== "none" || s.float !== "none" || s.clipPath !== "none";
            if (moved || !["static", "relative"].includes(s.position)) own += ` box ${++boxes}`;
            grounds.set(element, groundOf(element.parentElement) + (own && `${own}; `));
        }
        return grounds.get(element);
    };
    const kindOf = (element) => {
        const s = getComputedStyle(element);
        const colours = [s.color, s.webkitTextFillColor, s.webkitTextStroke, s.textShadow];
        return [element.localName, ...colours, s.fontSize, s.fontWeight, groundOf(element)].join(" | ");
    };
    const hasText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
    for (const element of document.querySelectorAll("body *")) {
        element.removeAttribute("data-of-a-kind");
        if (!element.checkVisibility({visibilityProperty: true})) continue;
        const always = element.matches("input, select, textarea, [disabled] *, [aria-disabled] *, svg *");
        if (!always && ![...element.childNodes].some(hasText)) continue;
        const kind = kindOf(element), seen = (kinds.get(kind) ?? 0) + 1;
        kinds.set(kind, seen);
        if (always || seen <= most) element.setAttribute("data-of-a-kind", "");
    }
}"""
RUN = """(options) => {
    axe.configure({rules: [{id: "color-contrast", selector: "[data-of-a-kind]"}]});
    return axe.run(options).then(results => results.violations);
}"""
OF_EACH_KIND = 3


def findings(tab, options=OPTIONS, most: int = OF_EACH_KIND) -> list[tuple[str, str]]:
    """Rule and element of all that axe finds; with OF_COLOURS, what another mode could change."""
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(Axe().axe_script)
    tab.evaluate(MARK_KINDS, most)
    found = tab.evaluate(RUN, options)
    return [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]


def is_known(finding: tuple[str, str]) -> bool:
    return any(finding[0] == rule and part in finding[1] for rule, part, _ in KNOWN)
