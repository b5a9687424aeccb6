/** Types of source-stamp.js, which is JavaScript because the build script needs it before anything reads TypeScript. */
export function nativeStamp(root: string): string;
export function nativeSources(root: string): string[];
