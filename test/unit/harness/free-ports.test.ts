import { createServer } from "node:net";
import { afterEach, expect, test, vi } from "vitest";

/** As a file of that worker has it. */
async function ofWorker(worker: string): Promise<(count: number) => Promise<readonly number[]>> {
  vi.stubEnv("VITEST_POOL_ID", worker);
  vi.resetModules();
  return (await import("../../harness/free-ports.ts")).freePorts;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

test("two workers never draw the same port, nor one that a system gives by itself", async () => {
  const ranges: { least: number; most: number }[] = [];
  for (const worker of ["1", "2"]) {
    const ports = await (await ofWorker(worker))(20);
    expect(new Set(ports).size).toBe(20);
    expect(Math.max(...ports)).toBeLessThan(32_768);
    ranges.push({ least: Math.min(...ports), most: Math.max(...ports) });
  }
  const [one, other] = ranges.toSorted((left, right) => left.least - right.least);
  expect(Math.floor((one!.most - 11_000) / 5_000)).toBeLessThan(Math.floor((other!.least - 11_000) / 5_000));
});

test("a port at which somebody listens is not drawn", async () => {
  const freePorts = await ofWorker("3");
  const [drawn] = await freePorts(1);
  const server = createServer();
  await new Promise<void>((listens) => void server.listen(drawn! + 1, "127.0.0.1", listens));
  const [next] = await freePorts(1);
  await new Promise((closed) => server.close(closed));
  expect(next).not.toBe(drawn! + 1);
});
