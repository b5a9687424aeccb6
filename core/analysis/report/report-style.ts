/** The look of the report: system fonts, one accent, light and dark by the system's choice, narrow screens and paper. */
export const reportStyle = String.raw`
:root {
  color-scheme: light dark;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  --page: #f6f7f9; --card: #ffffff; --text: #16191f; --muted: #5b6472; --line: #dfe3e8; --grid: #edf0f3;
  --accent: #0b62a4; --soft: #eaf2fa; --good: #0a7a56; --bad: #b3261e; --badsoft: #fdeeec; --warn: #8a5a00;
  --shadow: 0 1px 2px rgb(16 24 40 / 5%), 0 1px 6px rgb(16 24 40 / 4%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101216; --card: #181b21; --text: #e7eaef; --muted: #9aa4b2; --line: #2c323b; --grid: #242932;
    --accent: #74b6ee; --soft: #17273a; --good: #4cc79a; --bad: #ff8a80; --badsoft: #341d1c; --warn: #e3b45c;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.55 var(--font); overflow-wrap: anywhere; }
main, header.top, footer { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
header.top { padding-top: 44px; }
h1 { margin: 2px 0 0; font-size: clamp(26px, 4vw, 36px); line-height: 1.15; letter-spacing: -0.02em; font-weight: 680; }
h2 { margin: 44px 0 14px; font-size: 19px; letter-spacing: -0.01em; font-weight: 640; }
h3 { margin: 0; font-size: 15.5px; font-weight: 620; }
h4 { margin: 18px 0 6px; font-size: 12px; font-weight: 600; color: var(--muted); text-transform: uppercase; letter-spacing: 0.05em; }
.kicker { font-size: 12px; font-weight: 600; color: var(--muted); letter-spacing: 0.02em; }
.brand { color: var(--accent); text-transform: uppercase; letter-spacing: 0.08em; font-size: 11.5px; }
.facts { display: flex; flex-wrap: wrap; gap: 10px 30px; margin: 22px 0 0; }
.facts dt { font-size: 12px; color: var(--muted); }
.facts dd { margin: 0; font-weight: 540; font-variant-numeric: tabular-nums; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 205px), 1fr)); gap: 14px; margin-top: 28px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.tile { display: flex; flex-direction: column; padding: 15px 18px 16px; }
.figure { font-size: 27px; line-height: 1.3; font-weight: 650; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.who { font-size: 13.5px; }
.saving { font-size: 13px; color: var(--good); font-weight: 560; }
.order { margin: 22px 0 0; padding: 14px 18px; border-radius: 12px; background: var(--soft); border: 1px solid transparent; }
.order b { color: var(--accent); font-weight: 620; }
.scroll { overflow: auto; max-height: 75vh; }
.scroll:focus-visible, button:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
#comparison { width: 100%; font-size: 14px; }
#comparison th, #comparison td { padding: 10px 14px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
#comparison .text, #comparison th[scope="row"] { text-align: left; }
#comparison thead th { position: sticky; top: 0; z-index: 2; padding: 0; background: var(--card); border-bottom: 1px solid var(--line); }
#comparison th:first-child { position: sticky; left: 0; z-index: 1; background: var(--card); font-weight: 560; }
#comparison thead th:first-child { z-index: 3; }
#comparison tbody tr:last-child > * { border-bottom: 0; }
#comparison tbody tr:hover > * { background: color-mix(in srgb, var(--soft) 55%, var(--card)); }
#comparison thead th { vertical-align: bottom; white-space: normal; }
#comparison button { all: unset; cursor: pointer; display: inline-block; padding: 12px 14px; font-size: 12.5px; line-height: 1.35; overflow-wrap: normal; font-weight: 600; color: var(--muted); }
#comparison button:hover { color: var(--text); }
#comparison button:focus-visible { outline: 2px solid var(--accent); outline-offset: -3px; }
#comparison th[aria-sort] button { color: var(--accent); }
#comparison th[aria-sort="ascending"] button::after { content: " \2191"; }
#comparison th[aria-sort="descending"] button::after { content: " \2193"; }
.name { display: flex; align-items: center; gap: 9px; }
.swatch { width: 12px; height: 12px; flex: none; }
.best { font-weight: 700; color: var(--good); }
.missing { color: var(--muted); }
.unit { font-weight: 400; color: var(--muted); font-size: 0.9em; }
.state { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12.5px; background: var(--grid); color: var(--muted); }
.state.done { color: var(--good); background: color-mix(in srgb, var(--good) 12%, transparent); }
.state.failed { color: var(--bad); background: var(--badsoft); }
.state.interrupted, .state.running { color: var(--warn); background: color-mix(in srgb, var(--warn) 14%, transparent); }
.note { margin: 8px 2px 0; font-size: 13px; color: var(--muted); }
.failures { margin-top: 16px; padding: 14px 18px; border-radius: 12px; background: var(--badsoft); }
.failures h3 { color: var(--bad); }
.failures ul { margin: 6px 0 0; padding-left: 18px; font-size: 14px; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 20px; margin: 0 0 14px; padding: 0; list-style: none; font-size: 13.5px; }
.legend li { display: flex; align-items: center; gap: 7px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 18px; align-items: start; }
.plot { margin: 0; padding: 18px 20px 14px; overflow: visible; min-width: 0; }
.plot figcaption p { margin: 3px 0 12px; font-size: 13.5px; line-height: 1.45; color: var(--muted); }
.plot.wide { grid-column: 1 / -1; }
.plot .drawing { width: 100%; overflow-x: auto; }
.plot .drawing.vega-embed { display: block; padding-right: 0; }
.plot .vega-embed details:not([open]) > :not(summary) { display: none !important; }
.plot .vega-embed details summary { opacity: 0; background: var(--card); transition: opacity 0.15s; }
.plot:hover .vega-embed details summary, .plot .vega-embed details summary:focus-visible { opacity: 0.6 !important; }
.vega-embed .chart-wrapper { width: 100%; }
.run, .findings { margin: 0 0 8px; padding: 0 18px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.run summary, .findings summary { display: flex; align-items: center; gap: 10px; padding: 11px 0; cursor: pointer; list-style: none; }
.run summary::-webkit-details-marker, .findings summary::-webkit-details-marker { display: none; }
.run summary::after, .findings summary::after { content: "+"; margin-left: auto; color: var(--muted); font-size: 18px; line-height: 1; }
.run[open] summary::after, .findings[open] summary::after { content: "\2212"; }
.run-name { font-weight: 560; }
.run code { color: var(--muted); font-size: 12.5px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 0 26px; padding-bottom: 16px; }
.columns > div { min-width: 0; }
.metrics { width: 100%; font-size: 13.5px; }
.metrics th { text-align: left; font-weight: 400; color: var(--muted); padding: 2px 12px 2px 0; }
.metrics td { text-align: right; }
pre { margin: 0; padding: 12px 14px; background: var(--page); border-radius: 8px; font: 12.5px/1.5 var(--mono); overflow-x: auto; overflow-wrap: normal; max-height: 460px; }
.findings ul { margin: 0 0 12px; padding-left: 20px; font-size: 14px; }
.findings ul ul { margin: 2px 0 8px; font-size: 13px; color: var(--muted); }
.badges { display: flex; flex-wrap: wrap; gap: 6px; }
.badge { padding: 1px 9px; border-radius: 99px; font-size: 12.5px; background: var(--grid); color: var(--muted); }
.badge.is-problem { color: var(--bad); background: var(--badsoft); }
.badge.is-warning { color: var(--warn); background: color-mix(in srgb, var(--warn) 14%, transparent); }
b.is-problem { color: var(--bad); }
b.is-warning { color: var(--warn); }
.features { padding: 16px 20px; }
.controls { display: flex; flex-wrap: wrap; gap: 10px 18px; font-size: 13px; color: var(--muted); }
.controls label { display: flex; align-items: center; gap: 7px; min-width: 0; }
.controls .grow { flex: 1 1 220px; }
.controls input { flex: 1; min-width: 0; }
.controls select { max-width: 100%; }
.controls select, .controls input, .pager button { font: inherit; color: var(--text); background: var(--page); border: 1px solid var(--line); border-radius: 7px; padding: 5px 9px; }
.feature { padding: 13px 0 11px; border-top: 1px solid var(--grid); }
.feature .effects { margin: 5px 0 0; font-size: 13px; }
.chip { display: inline-block; padding: 0 6px; border-radius: 5px; background: var(--grid); font: 12.5px/1.6 var(--mono); white-space: pre; }
.example { display: flex; gap: 12px; margin-top: 6px; font-size: 13.5px; }
.strength { flex: 0 0 3.6em; text-align: right; color: var(--muted); font-variant-numeric: tabular-nums; }
.tokens { min-width: 0; }
.token { white-space: pre-wrap; border-radius: 3px; background: color-mix(in srgb, var(--accent) calc(0.55 * var(--share, 0%)), transparent); }
.token.at { outline: 1px solid var(--accent); }
.pager { display: flex; align-items: center; gap: 14px; padding-top: 12px; font-size: 13px; color: var(--muted); }
.pager button { cursor: pointer; }
.pager button:disabled { opacity: 0.45; cursor: default; }
.empty { padding: 26px; color: var(--muted); }
footer { padding-top: 30px; padding-bottom: 46px; font-size: 13px; color: var(--muted); }
@media (max-width: 640px) {
  main, header.top, footer { padding-left: 14px; padding-right: 14px; }
  header.top { padding-top: 26px; }
  .facts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px 16px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px; }
  .tile { padding: 12px 14px; }
  .figure { font-size: 22px; }
  .plot { padding: 14px 12px 10px; }
  #comparison th[scope="row"] { white-space: normal; overflow-wrap: normal; }
  .run code { display: none; }
}
@media print {
  body { background: none; }
  .plot, .tile { break-inside: avoid; }
  .scroll { max-height: none; overflow: visible; }
}
`;
