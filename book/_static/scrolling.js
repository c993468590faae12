// Boxes that scroll sideways can be reached by the keyboard, and only while there is something to scroll.
(() => {
  const kinds = {
    "Table that scrolls sideways": ".pst-scrollable-table-container, div.cell_output .output",
    "Figure that scrolls sideways": ".figure-box",
    "Code that scrolls sideways": "article pre",
    "Formula that scrolls sideways": 'mjx-container[display="true"]',
  };

  const update = (box, label) => {
    if (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible") {
      box.tabIndex = 0;
      if (!box.hasAttribute("role")) {
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", label);
        box.dataset.scrolls = "";
      }
    } else if ("scrolls" in box.dataset) {
      for (const name of ["tabindex", "role", "aria-label", "data-scrolls"]) box.removeAttribute(name);
    }
  };

  const updateAll = () => {
    for (const [label, selector] of Object.entries(kinds))
      for (const box of document.querySelectorAll(selector)) update(box, label);
  };

  let waiting = 0;
  const soon = () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(updateAll);
  };
  soon();
  addEventListener("load", soon);
  // The page gets narrower or wider, a solution opens, formulas are set.
  new ResizeObserver(soon).observe(document.querySelector("article") ?? document.body);
})();
