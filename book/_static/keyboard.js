/* One stop of the tab key for the copy buttons of a section; arrow keys go from one button to the next.
   A chapter has thirty of them: whoever goes by keyboard should reach its end, and still be able to copy. */
window.addEventListener("load", () => {
  const buttons = [...document.querySelectorAll("article button.copybtn")];
  const seen = new Set();
  for (const button of buttons) {
    const section = button.closest("details, section");
    button.tabIndex = seen.has(section) ? -1 : 0;
    seen.add(section);
    button.setAttribute("aria-keyshortcuts", "ArrowDown ArrowUp");
    button.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      // What lies in a fold that is closed cannot be seen.
      const shown = buttons.filter((other) => other.offsetParent !== null);
      const next = step && shown[shown.indexOf(button) + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
    });
  }
});
