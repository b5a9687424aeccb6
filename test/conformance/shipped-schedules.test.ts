import { scheduleConformance } from "./schedule.ts";
import { testShipped } from "./shipped-plugins.ts";

await testShipped("schedule", (plugin, options) => scheduleConformance(plugin, { options }));
