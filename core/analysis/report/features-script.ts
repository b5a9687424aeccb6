/**
 * The part of the report that runs in the browser for features: choosing, searching, ordering and turning pages. Plain
 * JavaScript, because it is copied into the page as it stands. Texts reach the page as text, never as markup.
 */
export const featuresScript = String.raw`"use strict";
(() => {
  const data = document.getElementById("features-data");
  if (!data) return;
  const samples = JSON.parse(data.textContent);
  const get = (name) => document.getElementById("features-" + name);
  const perPage = 10;
  let page = 0;

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const choices = (select, options) => select.replaceChildren(...options.map(([value, text]) => {
    const option = element("option", "", text);
    option.value = value;
    return option;
  }));
  const nearest = (feature) => Math.max(-1, ...[...feature.sameExpert, ...feature.otherExpert].map((one) => one.cosine));
  const keys = {
    density: (feature) => feature.density,
    max: (feature) => feature.max,
    mean: (feature) => feature.mean,
    cosine: nearest,
    number: (feature) => -feature.feature,
  };
  const visible = (token) => token.replaceAll("\n", "\u21b5");

  const tokenLine = (example, largest) => {
    const line = element("div", "example");
    line.append(element("span", "strength", example.activation.toPrecision(3)));
    if (!example.tokens) {
      line.append(element("span", "", "row " + example.row));
      return line;
    }
    const text = element("span", "tokens");
    example.tokens.forEach((token, i) => {
      const made = element("span", i === example.at ? "token at" : "token", visible(token));
      const activation = example.activations[i] || 0;
      if (activation > 0) {
        made.style.setProperty("--share", Math.round(100 * Math.min(1, activation / largest)) + "%");
        made.title = activation.toPrecision(3);
      }
      text.append(made);
    });
    line.append(text);
    line.title = "context " + example.context + ", position " + example.position;
    return line;
  };
  const tokenList = (name, effects) => {
    const line = element("p", "effects");
    line.append(element("span", "unit", name + " "));
    effects.forEach((effect) => {
      const made = element("span", "chip", visible(effect.token));
      made.title = effect.logit.toPrecision(3);
      line.append(made, " ");
    });
    return line;
  };
  const card = (feature) => {
    const made = element("article", "feature");
    const head = element("h3", "", "feature " + feature.feature);
    const near = [...feature.sameExpert, ...feature.otherExpert].sort((a, b) => b.cosine - a.cosine)[0];
    const facts = ["expert " + feature.expert, (100 * feature.density).toPrecision(3) + " % of rows",
      "mean " + feature.mean.toPrecision(3), "largest " + feature.max.toPrecision(3)];
    if (near) facts.push("nearest: " + near.feature + " of expert " + near.expert + ", cosine " + near.cosine.toFixed(2));
    head.append(element("span", "unit", " " + facts.join(" \u00b7 ")));
    made.append(head);
    if (feature.promoted) made.append(tokenList("promotes", feature.promoted), tokenList("suppresses", feature.suppressed));
    feature.examples.forEach((example) => made.append(tokenLine(example, feature.max)));
    return made;
  };

  const mentions = (feature, text) =>
    String(feature.feature) === text.trim() ||
    feature.examples.some((one) => one.tokens && one.tokens.join("").toLowerCase().includes(text)) ||
    (feature.promoted || []).some((one) => one.token.toLowerCase().includes(text));

  const show = () => {
    const sample = samples[Number(get("run").value)];
    const [expert, text] = [get("expert").value, get("search").value.toLowerCase()];
    const key = keys[get("order").value];
    const found = sample.features
      .filter((feature) => (expert === "" || String(feature.expert) === expert) && (text === "" || mentions(feature, text)))
      .sort((a, b) => key(b) - key(a) || a.feature - b.feature);
    const pages = Math.max(1, Math.ceil(found.length / perPage));
    page = Math.max(0, Math.min(page, pages - 1));
    get("count").textContent = found.length + " of " + sample.features.length + " sampled; the run has " +
      sample.info.features + " features, " + sample.info.silent + " of them active on none of " + sample.info.rows + " held-out rows.";
    get("list").replaceChildren(...found.slice(page * perPage, (page + 1) * perPage).map(card));
    get("page").textContent = "page " + (page + 1) + " of " + pages;
    get("previous").disabled = page === 0;
    get("next").disabled = page === pages - 1;
  };
  const changeRun = () => {
    const { info } = samples[Number(get("run").value)];
    const experts = Array.from({ length: info.experts }, (_unused, i) => [String(i), String(i)]);
    choices(get("expert"), [["", "all"], ...experts]);
    restart();
  };
  const restart = () => {
    page = 0;
    show();
  };
  choices(get("run"), samples.map((sample, i) => [String(i), sample.name]));
  get("run").addEventListener("change", changeRun);
  get("expert").addEventListener("change", restart);
  get("order").addEventListener("change", restart);
  get("search").addEventListener("input", restart);
  get("previous").addEventListener("click", () => { page -= 1; show(); });
  get("next").addEventListener("click", () => { page += 1; show(); });
  changeRun();
})();
`;
