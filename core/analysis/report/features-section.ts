/** What features respond to and say: a page at a time, searched and ordered in the browser. */
import type { FeatureSample } from "./feature-sample.ts";
import { scriptJson } from "./html.ts";

/** Empty when no run's features were looked at. */
export function featuresSection(samples: readonly FeatureSample[]): string {
  if (samples.length === 0) return "";
  return `<section aria-labelledby="features-title"><h2 id="features-title">Features</h2>
<div class="card features" id="features">
<div class="controls">
<label>Run <select id="features-run"></select></label>
<label>Expert <select id="features-expert"></select></label>
<label>Order <select id="features-order">
<option value="density">density</option><option value="max">largest activation</option><option value="mean">mean activation</option>
<option value="cosine">nearest cosine</option><option value="number">number</option></select></label>
<label class="grow">Search <input type="search" id="features-search" placeholder="a token, or a feature's number"></label>
</div>
<p class="note" id="features-count" aria-live="polite"></p>
<div id="features-list"></div>
<div class="pager"><button type="button" id="features-previous">Previous</button><span id="features-page"></span>
<button type="button" id="features-next">Next</button></div>
</div>
<p class="note">A sample: <code>switchyard features &lt;run&gt;</code> searches them all. The darker a token, the stronger the feature is active on it.</p>
<script type="application/json" id="features-data">${scriptJson(samples)}</script></section>`;
}
