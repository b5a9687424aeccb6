// Prints every module that a process loads, for a test: `node --import ./report-loaded-modules.js ...`. Resolution is
// hooked on another thread, so it writes to the descriptor itself.
import { register } from "node:module";

const hooks = `
  import { writeSync } from "node:fs";
  export async function resolve(specifier, context, next) {
    const result = await next(specifier, context);
    writeSync(2, "loaded " + result.url + "\\n");
    return result;
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
