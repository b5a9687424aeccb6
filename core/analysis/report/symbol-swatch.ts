/** The colour and symbol of a run as inline SVG, as the plots draw it: the legend that table and plots share. */
import type { RunStyle } from "../run-styles.ts";
import { escapeHtml } from "./html.ts";

/** Vega's symbols in a box from -6 to 6. */
const shapes: Readonly<Record<string, string>> = {
  circle: '<circle r="4.6"/>',
  square: '<rect x="-4.2" y="-4.2" width="8.4" height="8.4"/>',
  "triangle-up": '<path d="M0-5 5 4H-5Z"/>',
  "triangle-down": '<path d="M0 5 5-4H-5Z"/>',
  "triangle-right": '<path d="M5 0-4 5V-5Z"/>',
  "triangle-left": '<path d="M-5 0 4 5V-5Z"/>',
  diamond: '<path d="M0-5.6 5.6 0 0 5.6-5.6 0Z"/>',
  cross: '<path d="M-1.8-5H1.8V-1.8H5V1.8H1.8V5H-1.8V1.8H-5V-1.8H-1.8Z"/>',
};

export function symbolSwatch(style: RunStyle): string {
  const shape = shapes[style.symbol] ?? shapes["circle"] ?? "";
  return `<svg class="swatch" viewBox="-6 -6 12 12" fill="${escapeHtml(style.colour)}" aria-hidden="true">${shape}</svg>`;
}
