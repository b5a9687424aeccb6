/** Entry of a worker process: executes one run, or prepares one source, for the process that started it. */
import { serveWorker } from "../run/serve-worker.ts";
import { createRunner } from "./composition-root.ts";

serveWorker(createRunner);
