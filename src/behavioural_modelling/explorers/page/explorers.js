/* Explorers: controls, what the package's functions make of them, and a drawing by Bokeh.

   An explorer is a <div class="explorer"> that holds a picture and its data, as `explorers/_page.py` writes it.
   The picture stays until the drawing is there. Afterwards the element has `explorer`, with `compute(settings)`,
   `set(name, value)`, `settings`, `results` and `plots`. */
(() => {
  const LOOK = {
    light: { text: "#222222", grid: "#dddddd" },
    dark: { text: "#e6e6e6", grid: "#3d444d" },
  };
  const SVG = "http://www.w3.org/2000/svg";
  let count = 0;

  /* An element with properties or attributes, and what is in it. */
  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      name in element ? (element[name] = value) : element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  const mode = () => (document.documentElement.dataset.theme === "dark" ? LOOK.dark : LOOK.light);

  /* "{value:.2f}" with its number, as Python writes it. */
  const filled = (text, results) =>
    text.replace(/\{(\w+):(\+?)\.(\d)f\}/g, (_, name, plus, digits) => {
      return (plus && results[name] >= 0 ? "+" : "") + fixed(results[name], Number(digits));
    });
  const told = (sentences, results) =>
    sentences
      .filter((text) => [...text.matchAll(/\{(\w+)/g)].every(([, name]) => !Number.isNaN(results[name])))
      .map((text) => filled(text, results))
      .join(" ");
  const fixed = (number, digits) => (Number.isFinite(number) ? number.toFixed(digits) : "nan");

  /* Controls: each has `element`, `show(value)`, and calls `changed(value)`. */

  function slider(control, changed) {
    const id = `explorer-control-${++count}`;
    const output = make("output", {});
    output.setAttribute("for", id);
    const label = make("label", { htmlFor: id }, control.label, output);
    const input = make("input", { type: "range", id, min: "0", max: `${control.values.length - 1}`, step: "1" });
    input.name = control.name;
    input.addEventListener("input", () => changed(control.values[Number(input.value)]));
    const show = (value) => {
      input.value = `${control.values.indexOf(value)}`;
      output.textContent = fixed(value, control.digits);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    return { element: make("div", {}, label, input), show };
  }

  function toggle(control, changed) {
    const button = make("button", { type: "button", name: control.name }, control.label);
    button.addEventListener("click", () => changed(button.ariaPressed === "true" ? 0 : 1));
    const show = (value) => button.setAttribute("aria-pressed", `${value === 1}`);
    return { element: make("div", {}, button), show };
  }

  /* The key of a panel. */

  const MARKS = {
    circle: '<circle cx="14" cy="8" r="5"/>',
    square: '<rect x="9" y="3" width="10" height="10"/>',
    diamond: '<path d="M14 1.5 20.5 8 14 14.5 7.5 8z"/>',
    triangle: '<path d="M14 2.5 20 13H8z"/>',
    bars: '<rect x="9" y="2" width="10" height="14"/>',
    line: '<path d="M1 8h26"/>',
  };

  function keyEntry({ kind, label, colour, dash, marker, filled: full }) {
    const sample = document.createElementNS(SVG, "svg");
    const fill = kind === "bars" || full ? colour : "none";
    const look = { width: 28, height: 16, "aria-hidden": "true", fill, stroke: colour, "stroke-width": 2 };
    if (dash) look["stroke-dasharray"] = dash.join(" ");
    for (const [name, value] of Object.entries(look)) sample.setAttribute(name, value);
    sample.innerHTML = MARKS[kind === "points" ? marker : kind];
    return make("li", {}, sample, label);
  }

  /* Drawings. */

  function paint(plots) {
    const { text, grid } = mode();
    for (const { document: drawing } of plots) {
      for (const model of drawing.all_models) {
        if (/Axis$/.test(model.type)) {
          model.setv({ axis_label_text_color: text, major_label_text_color: text });
          model.setv({ axis_line_color: text, major_tick_line_color: text });
        }
        if (model.type === "Grid") model.grid_line_color = grid;
        if (model.type === "Text") model.text_color = text;
      }
    }
  }

  function show(plots, results) {
    for (const { panel, document: drawing } of plots) {
      for (const [name, columns] of Object.entries(results)) {
        const source = drawing.get_model_by_name(name);
        if (!source) continue;
        const data = { ...columns };
        for (const word of panel.words.filter((each) => each.source === name)) {
          data[`${word.number} as text`] = columns[word.number].map((number) => fixed(number, word.digits));
        }
        source.data = data;
      }
    }
  }

  const nearest = (values, wanted, scale) =>
    values.reduce((a, b) => (Math.abs(scale(b) - scale(wanted)) < Math.abs(scale(a) - scale(wanted)) ? b : a));

  /* Let a drawing's point follow the pointer. */
  function follow(plot, data, set) {
    const { panel, view, element } = plot;
    const axes = [view.frame.x_scale, view.frame.y_scale];
    const move = (event) => {
      const box = view.canvas_view.el.getBoundingClientRect();
      const at = [event.clientX - box.left, event.clientY - box.top];
      panel.drag.forEach((name, i) => {
        const { values } = data.controls.find((control) => control.name === name);
        const scale = axes[i].type === "LogScale" ? (x) => Math.log(Math.max(x, 1e-12)) : (x) => x;
        set(name, nearest(values, axes[i].invert(at[i]), scale));
      });
    };
    element.classList.add("explorer-drag");
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      move(event);
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  async function draw(panel, place, label) {
    const element = make("div", { role: "img", ariaLabel: label });
    element.style.height = `${panel.height}px`;
    place.append(element);
    if (panel.key.length) place.append(make("ul", { className: "explorer-key" }, ...panel.key.map(keyEntry)));
    const views = await Bokeh.embed.embed_item(panel.plot, element);
    const view = views.get_by_id(panel.plot.root_id);
    return { panel, element, view, document: view.model.document };
  }

  /* An explorer. */

  async function start(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const compute = new Function(`return ${data.compute}`)();
    const settings = Object.fromEntries(data.controls.map(({ name, start: value }) => [name, value]));
    const of = (given) => compute(...data.controls.map(({ name }) => ({ ...settings, ...given })[name]));
    const explorer = { settings, results: of({}), compute: of, set };

    const says = make("p", { className: "explorer-says" });
    const spoken = make("p", { className: "explorer-spoken", role: "status" });
    const make_control = { slider, switch: toggle };
    const controls = data.controls.map((each) => make_control[each.kind](each, (value) => set(each.name, value)));
    const reset = make("button", { type: "button" }, "Reset");
    reset.addEventListener("click", () => data.controls.forEach((each) => set(each.name, each.start)));
    const box = make("div", { className: "explorer-controls" }, ...controls.map(({ element }) => element));
    box.append(make("div", {}, reset));
    const live = make("div", { className: "explorer-live", role: "group", ariaLabel: data.title });
    live.dataset.state = "drawing";
    live.append(make("p", { className: "explorer-title" }, data.title), box);
    root.append(live);
    const plots = (explorer.plots = []);
    let later;

    function set(name, value) {
      settings[name] = value;
      update();
      clearTimeout(later);
      later = setTimeout(() => (spoken.textContent = says.textContent), 700);
    }

    function update() {
      explorer.results = of({});
      data.controls.forEach(({ name }, i) => controls[i].show(settings[name]));
      show(plots, explorer.results);
      says.textContent = told(data.says, explorer.results);
    }

    try {
      for (const panel of data.panels) plots.push(await draw(panel, live, data.alt));
    } catch (error) {
      live.remove();
      throw error;
    }
    live.append(says, spoken);
    paint(plots);
    update();
    for (const plot of plots) if (plot.panel.drag) follow(plot, data, set);
    new MutationObserver(() => paint(plots)).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    for (const still of root.querySelectorAll(":scope > img, :scope > p")) still.hidden = true;
    delete live.dataset.state;
    root.explorer = explorer;
    root.dataset.ready = "";
  }

  function begin(root) {
    if ("started" in root.dataset) return;
    root.dataset.started = "";
    start(root).catch((error) => console.error(`explorer ${root.dataset.explorer}:`, error));
  }

  /* On a page with many, each starts when it comes near the window. */
  const near = new IntersectionObserver(
    (seen) => {
      for (const { isIntersecting, target } of seen) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        begin(target);
      }
    },
    { rootMargin: "400px" },
  );

  /* Start what is on the page and is not started. */
  function startAll() {
    for (const root of document.querySelectorAll(".explorer:not([data-started])")) {
      root.dataset.start === "near" ? near.observe(root) : begin(root);
    }
  }

  document.readyState === "loading" ? addEventListener("DOMContentLoaded", startAll) : startAll();
})();
