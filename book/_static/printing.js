// Paper is white and cannot be clicked: while the page is printed it is light, and all that is folded is open.
(() => {
  const root = document.documentElement;
  let before = null;

  const toPaper = () => {
    if (before) return;
    const closed = [...document.querySelectorAll("details:not([open])")];
    before = { theme: root.dataset.theme, closed };
    for (const details of closed) details.open = true;
    root.dataset.theme = "light";
    // Pictures further down have not been fetched yet.
    for (const picture of document.querySelectorAll('img[loading="lazy"]')) picture.loading = "eager";
  };

  const toScreen = () => {
    if (!before) return;
    for (const details of before.closed) details.open = false;
    if (before.theme) root.dataset.theme = before.theme;
    before = null;
  };

  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", toScreen);
  matchMedia("print").addEventListener("change", (change) => (change.matches ? toPaper() : toScreen()));
})();
