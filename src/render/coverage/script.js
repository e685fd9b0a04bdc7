"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const answer = data.answer;
  const { models, hardware, gpus } = answer.axes;
  const MOST_ROWS = 400;
  const byId = (id) => document.getElementById(id);

  // Names come from files that anyone may have written: they only ever become text.
  function make(name, properties = {}, ...inside) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key in element) element[key] = value;
      else element.setAttribute(key, value);
    }
    element.append(...inside);
    return element;
  }
  const id = (text) => make("span", { className: "id" }, text);
  const count = (number) => number.toLocaleString("en");
  const words = (number) => (number === 1 ? "1 GPU" : `${number} GPUs`);

  // What was asked for: the answers of the ask that fits, else of the same without a metric.
  const key = (precision, backend, metric) => JSON.stringify([precision, backend, metric]);
  const asks = new Map(data.asks.map((ask) => [key(ask.precision, ask.backend, ask.metric), ask]));
  const asked = (name) => byId(name).value || null;

  function cell(model, place, gpu) {
    const at = (model * hardware.length + place) * gpus.length + gpu;
    const [precision, backend, metric] = ["precision", "backend", "metric"].map(asked);
    let ask = asks.get(key(precision, backend, metric));
    if (!ask || ask.cells[at] === 0) ask = asks.get(key(precision, backend, null));
    const value = ask ? ask.cells[at] : 0;
    if (value < 2) return { kind: "none", winner: null, differs: null };
    const [recipe, engine, takes, at_precision, of] = data.winners[(value - 2) >> 1];
    return {
      kind: value & 1 ? "exact" : "fallback",
      winner: { recipe, backend: engine, gpus: takes, precision: at_precision, hardware: of },
      differs: ask.differs[at] ? data.sentences[ask.differs[at] - 1] : null,
    };
  }

  const gaps = new Map();
  for (const gap of answer.unserved) {
    if (gap.precision || gap.backend || gap.metric) continue;
    for (const gpu of gap.gpus) gaps.set(JSON.stringify([gap.model, gap.hardware, gpu]), gap);
  }

  function totals() {
    const sums = answer.requests;
    const on = hardware.length === 1 ? hardware[0] : `${hardware.length} kinds of GPU`;
    const of = models.length === 1 ? models[0] : `${count(models.length)} models`;
    byId("scope").textContent =
      `${count(sums.asked)} requests: ${of} on ${on}, GPU counts ${gpus.join(", ")}` +
      (answer.full ? ", each precision, backend and metric" : "");
    const parts = [
      ["exact", sums.exact, "served as asked for"],
      ["fallback", sums.fallback, "served by something else"],
      ["none", sums.unserved, "not served"],
    ];
    for (const [kind, part, says] of parts) {
      const share = sums.asked ? (100 * part) / sums.asked : 0;
      const piece = make("span", { className: kind });
      piece.style.width = `${share}%`;
      byId("bar").append(piece);
      byId("totals").append(
        make("li", {}, make("i", { className: kind }), make("b", {}, count(part)), ` ${says} (${Math.round(share)} %)`),
      );
    }
    byId("bar").setAttribute("aria-label", parts.map(([, part, says]) => `${part} ${says}`).join(", "));
    const fared = answer.configurations;
    byId("configurations").textContent =
      `${count(fared.total)} configurations: ${count(fared.win)} win requests that ask only for a GPU count, ` +
      `${count(fared.when_asked)} win where their precision, backend or metric is asked for, ${count(fared.never_win)} never win.`;
    byId("footer").textContent = `${data.program} ${data.version}`;
  }

  function filters() {
    for (const name of hardware) {
      const box = make("input", { type: "checkbox", value: name });
      byId("hardware").append(make("label", {}, box, name));
    }
    byId("hardware").hidden = hardware.length < 2;
    for (const name of ["precision", "backend", "metric"]) {
      const values = [...new Set(data.asks.map((ask) => ask[name]).filter(Boolean))].sort();
      byId(name).append(make("option", { value: "" }, "not asked for"));
      byId(name).append(...values.map((value) => make("option", { value }, value)));
      byId(name).parentElement.hidden = values.length === 0;
    }
    byId("filters").addEventListener("input", grid);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  function shownHardware() {
    const checked = [...byId("hardware").querySelectorAll(":checked")].map((box) => box.value);
    return hardware.map((name, place) => ({ name, place })).filter(({ name }) => !checked.length || checked.includes(name));
  }

  function button(model, place, gpu, found, dim) {
    const { kind, winner, differs } = found;
    const foreign = winner && winner.hardware !== hardware[place];
    const request = `${models[model]} on ${words(gpus[gpu])} of ${hardware[place]}`;
    const says = winner ? `${winner.recipe}, ${winner.backend}${differs ? `: ${differs}` : ""}` : "not served";
    const shown = make(
      "button",
      { type: "button", className: `cell ${kind}${foreign ? " foreign" : ""}${dim ? " dim" : ""}`, title: `${request}\n${says}` },
      winner ? String(winner.gpus) : "–",
    );
    shown.setAttribute("aria-label", `${request}: ${says}`);
    shown.dataset.at = [model, place, gpu].join(" ");
    return shown;
  }

  function grid() {
    // What it told of may no longer be there.
    byId("detail").hidden = true;
    const columns = shownHardware();
    const part = byId("model").value.trim().toLowerCase();
    const show = byId("show").value;
    const top = make("tr", {}, make("th", { className: "corner", rowSpan: 2, scope: "col" }, "Model"));
    const below = make("tr");
    for (const { name } of columns) {
      top.append(make("th", { colSpan: gpus.length, scope: "colgroup", className: "first" }, name));
      gpus.forEach((gpu, at) => below.append(make("th", { scope: "col", className: at ? "" : "first", title: words(gpu) }, String(gpu))));
    }
    const body = make("tbody");
    let matched = 0;
    models.forEach((model, place) => {
      if (part && !model.toLowerCase().includes(part)) return;
      const cells = columns.flatMap((column) => gpus.map((_, gpu) => ({ column, gpu, found: cell(place, column.place, gpu) })));
      if (show && !cells.some(({ found }) => found.kind === show)) return;
      matched += 1;
      if (matched > MOST_ROWS) return;
      const row = make("tr", {}, make("th", { scope: "row" }, model));
      for (const { column, gpu, found } of cells) {
        const dim = show && found.kind !== show;
        row.append(make("td", { className: gpu ? "" : "first" }, button(place, column.place, gpu, found, dim)));
      }
      body.append(row);
    });
    byId("grid").replaceChildren(make("thead", {}, top, below), body);
    byId("matched").textContent =
      matched > MOST_ROWS ? `${count(matched)} models, the first ${MOST_ROWS} shown: name a part of the model.` : `${count(matched)} of ${count(models.length)} models`;
  }

  function detail(from) {
    const [model, place, gpu] = from.dataset.at.split(" ").map(Number);
    const { kind, winner, differs } = cell(model, place, gpu);
    const rows = [];
    const row = (name, ...value) => rows.push(make("dt", {}, name), make("dd", {}, ...value));
    const wishes = ["precision", "backend", "metric"].map(asked).filter(Boolean);
    row("Asked for", [`${words(gpus[gpu])} of ${hardware[place]}`, ...wishes].join(", "));
    if (winner) {
      row("Recipe", id(winner.recipe));
      row("Backend", winner.backend);
      row("GPUs", String(winner.gpus));
      row("Precision", winner.precision);
      if (winner.hardware !== hardware[place]) row("Written for", winner.hardware);
      row("Why", kind === "exact" ? "It comes first, and is what was asked for." : `It comes first; it has ${differs}.`);
    } else {
      const gap = gaps.get(JSON.stringify([models[model], hardware[place], gpus[gpu]]));
      if (gap && gap.nearest) {
        row("Nearest", id(gap.nearest.recipe_id), `, ${gap.nearest.backend} on ${words(gap.nearest.gpus)}`);
        row("Rejected", gap.nearest.says);
      } else row("Why", "The model has no recipe.");
    }
    byId("detail-body").replaceChildren(make("h3", {}, models[model]), make("dl", {}, ...rows));
    for (const open of document.querySelectorAll("[aria-expanded=true]")) open.removeAttribute("aria-expanded");
    from.setAttribute("aria-expanded", "true");
    byId("detail").hidden = false;
  }

  function close() {
    byId("detail").hidden = true;
    const open = document.querySelector("[aria-expanded=true]");
    if (open) {
      open.removeAttribute("aria-expanded");
      open.focus();
    }
  }

  // A table; on a narrow screen each row stands as a block, its cells named.
  function list(place, titles, rows) {
    if (!rows.length) {
      byId(place).replaceChildren(make("p", { className: "none-found" }, "None."));
      return;
    }
    const row = (cells) =>
      make("tr", {}, ...cells.map((inside, at) => make("td", { "data-label": titles[at] }, ...[inside].flat())));
    const head = make("tr", {}, ...titles.map((title) => make("th", { scope: "col" }, title)));
    byId(place).replaceChildren(make("table", { className: "list" }, make("thead", {}, head), make("tbody", {}, ...rows.map(row))));
  }

  // Hardware with the same counts and the same reason stands together.
  function unserved() {
    const grouped = new Map();
    for (const gap of answer.unserved) {
      const wishes = [gap.precision, gap.backend, gap.metric].filter(Boolean).join(", ");
      const near = gap.nearest ? [gap.nearest.recipe_id, `, ${gap.nearest.backend} on ${words(gap.nearest.gpus)}. ${gap.nearest.says}`] : null;
      const all = gap.gpus.length === gpus.length;
      const line = JSON.stringify([gap.model, gap.gpus, wishes, near]);
      if (!grouped.has(line)) grouped.set(line, { model: gap.model, at: (all ? "any" : gap.gpus.join(", ")) + (wishes ? ` (${wishes})` : ""), near, hardware: [] });
      grouped.get(line).hardware.push(gap.hardware);
    }
    const rows = [...grouped.values()].map(({ model, at, near, hardware: on }) => [
      model,
      on.length === hardware.length && on.length > 1 ? "all" : on.join(", "),
      at,
      near ? [id(near[0]), near[1]] : "The model has no recipe.",
    ]);
    byId("unserved-count").textContent = count(answer.requests.unserved);
    list("unserved-list", ["Model", "Hardware", "GPU count", "Nearest"], rows);
  }

  function never() {
    const rows = answer.never_win.map((lost) => [
      id(lost.recipe_id),
      lost.backend,
      String(lost.gpus),
      lost.shadowed_by ? ["Comes after ", id(lost.shadowed_by.recipe_id), `: ${lost.says}`] : `Never eligible: ${lost.says}`,
    ]);
    byId("never-count").textContent = count(rows.length);
    list("never-list", ["Recipe", "Backend", "GPUs", "Why"], rows);
  }

  totals();
  filters();
  grid();
  unserved();
  never();
  byId("grid").addEventListener("click", (event) => {
    const from = event.target.closest("button.cell");
    if (from) detail(from);
  });
  byId("close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
})();
