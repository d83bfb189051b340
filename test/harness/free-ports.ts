/**
 * FreePorts: ports of 127.0.0.1 for relays, which come back to the port that they had.
 *
 * They lie below those that a system gives by itself, and each of the workers that run test files at once has some of its own: so
 * nobody is given a port whose relay has not started yet, or is down for a moment.
 */
import { createServer } from "node:net";

/** Below 11,000 there is one that browsers connect to for nobody. */
const firstPort = 11_000;
const [workersMax, portsPerWorker] = [4, 5_000];

const ownFirst = firstPort + (Number(process.env["VITEST_POOL_ID"] ?? 0) % workersMax) * portsPerWorker;
/** Somewhere else for each file, as the last one's connections are not forgotten at once. */
let drawn = Math.floor(Math.random() * portsPerWorker);

export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let tried = 0; ports.length < count; tried++) {
    if (tried === portsPerWorker) throw new Error(`no ${count} ports from ${ownFirst} on are free`);
    const port = ownFirst + (drawn++ % portsPerWorker);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => void server.close(() => done(true)));
  });
}
