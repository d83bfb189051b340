/**
 * The simulation's worker: answers each order with a history's outcome. One worker thread has one simulated platform.
 */
import "./install-platform.ts";
import { parentPort } from "node:worker_threads";
import { simulate, type SimulationOptions } from "./simulation.ts";

// A released client adds a listener for each that was made; it is taken away at the end of its history.
process.setMaxListeners(0);
// What it prints about a line that breaks is known from the trace.
Object.assign(console, { error: () => undefined, warn: () => undefined });

parentPort?.on("message", (order: SimulationOptions) => {
  void simulate(order).then((outcome) => parentPort?.postMessage(outcome));
});
