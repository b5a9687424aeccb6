/** Types of source-stamp.js, which is JavaScript because the launcher needs it before anything reads TypeScript. */
export function sourceStamp(root: string): string;
export function bundleState(root: string): "installed" | "fresh" | "stale" | "missing";
