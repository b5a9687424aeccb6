/**
 * What runs in the browser: draws the plots, follows the colour scheme of the system and the width of the page, sorts
 * the table. Plain JavaScript, because it is copied into the page as it stands.
 *
 * Vega evaluates its expressions with its interpreter (`ast`), so that the page's security policy can forbid `eval`.
 */
export const reportScript = String.raw`"use strict";
(() => {
  const plots = JSON.parse(document.getElementById("plots-data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const theme = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const font = style.getPropertyValue("--font").trim();
    const quiet = {
      labelColor: colour("--muted"), titleColor: colour("--muted"), labelFont: font, titleFont: font,
      labelFontSize: 11, titleFontSize: 11.5, titleFontWeight: 500,
    };
    return {
      background: null,
      font,
      legend: { ...quiet, disable: true, orient: "bottom" },
      axis: {
        ...quiet, gridColor: colour("--grid"), domainColor: colour("--line"), tickColor: colour("--line"),
        titlePadding: 10, labelPadding: 6, tickSize: 4,
      },
      header: { ...quiet, labelColor: colour("--text"), labelFontSize: 12, labelFontWeight: 600, labelPadding: 8 },
      view: { stroke: null },
      facet: { spacing: gap },
    };
  };

  // Small multiples do not follow the width of their container by themselves: choose columns, then widen the panels.
  const gap = 22;
  const fitted = (spec, width) => {
    const { panels, panelWidth, panelMargin, panelsTogether = 1 } = spec.usermeta || {};
    if (!panelWidth) return spec;
    const most = Math.floor((width + gap) / (panelWidth + panelMargin + gap));
    const fitting = Math.max(1, Math.min(most, panels));
    const columns = fitting < panelsTogether ? fitting : fitting - (fitting % panelsTogether);
    const room = Math.floor((width + gap) / columns) - gap - panelMargin;
    const wide = Math.max(Math.min(room, Math.round(1.5 * panelWidth)), 80);
    const square = spec.spec.height === panelWidth;
    return { ...spec, columns, spec: { ...spec.spec, width: wide, height: square ? wide : spec.spec.height } };
  };

  const drawn = new Map();
  const draw = async (plot) => {
    const target = document.getElementById(plot.id);
    const spec = fitted(plot.spec, target.clientWidth);
    const key = String(dark.matches) + (spec.columns ? spec.columns + "x" + spec.spec.width : "");
    const before = drawn.get(plot.id);
    if (before && before.key === key) return;
    drawn.set(plot.id, { key, view: before && before.view });
    const result = await vegaEmbed(target, spec, {
      ast: true,
      renderer: plot.marks > 4000 ? "canvas" : "svg",
      actions: { export: true, source: false, compiled: false, editor: false },
      downloadFileName: plot.id,
      config: theme(),
      tooltip: { theme: dark.matches ? "dark" : "light" },
    });
    if (before && before.view) before.view.finalize();
    drawn.set(plot.id, { key, view: result.view });
  };
  // One drawing of a plot at a time: the last one asked for is the one that stays.
  let last = Promise.resolve();
  const drawAll = () => (last = last.catch(() => {}).then(() => Promise.all(plots.map((plot) => draw(plot).catch((error) => {
    document.getElementById(plot.id).textContent = "This plot could not be drawn: " + error.message;
    throw error;
  })))));

  let pending;
  window.addEventListener("resize", () => {
    clearTimeout(pending);
    pending = setTimeout(drawAll, 150);
  });
  dark.addEventListener("change", drawAll);
  drawAll().then(() => document.documentElement.setAttribute("data-drawn", String(plots.length)));

  const table = document.getElementById("comparison");
  if (!table) return;
  const headers = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const original = [...body.rows];
  headers.forEach((header, column) => {
    header.querySelector("button").addEventListener("click", (event) => {
      const type = event.currentTarget.dataset.sort;
      const now = header.getAttribute("aria-sort");
      const next = now === "ascending" ? "descending" : now === "descending" ? "none" : "ascending";
      headers.forEach((other) => other.removeAttribute("aria-sort"));
      if (next === "none") return body.append(...original);
      header.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      const keyOf = (row) => row.cells[column].dataset.value;
      body.append(...[...original].sort((a, b) => {
        const [x, y] = [keyOf(a), keyOf(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        return sign * (type === "number" ? Number(x) - Number(y) : x.localeCompare(y, "en", { numeric: true }));
      }));
    });
  });
})();
`;
