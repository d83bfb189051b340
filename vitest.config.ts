import { defineConfig } from "vitest/config";

// Unit and property tests that start workers or processes of their own take longer than a check may.
const withProcesses = ["test/{unit,property}/log/**/*.test.ts", "test/unit/cli/**/*.test.ts", "test/unit/main.test.ts"];

/**
 * Each kind of test is a project, so that `vitest --project unit` runs just that kind. Vitest hands the conditions to Node
 * for packages too: `import` among them would make `require()` find ES modules.
 */
export default defineConfig({
  resolve: { conditions: ["inkmesh-source", "node"] },
  ssr: { resolve: { conditions: ["inkmesh-source", "node"] } },
  test: {
    setupFiles: ["test/harness/clock-equality.ts"],
    projects: [
      // No limit of what they test: seeded runs are all computing, and several checks may share a machine.
      project("unit", ["test/{unit,property,golden}/**/*.test.ts"], { exclude: withProcesses, testTimeout: 30_000 }),
      project("contract", ["test/contract/**/*.test.ts", ...withProcesses], { testTimeout: 60_000 }),
      project("tidy", ["test/tidy/**/*.test.ts"]),
      project("sim", ["test/sim/**/*.sim.test.ts"], {
        testTimeout: 60_000,
        hookTimeout: 60_000,
        fileParallelism: false,
        // One planted bug for each core: its seed is simulated with it, while the next one is bundled.
        maxConcurrency: 2,
      }),
      // One file at a time: relays that get no processor for seconds believe each other dead.
      project("conformance", ["test/conformance/**/*.test.ts"], { testTimeout: 180_000, hookTimeout: 60_000, fileParallelism: false }),
      project("fault", ["test/fault/**/*.test.ts"], { testTimeout: 300_000, hookTimeout: 60_000, fileParallelism: false }),
      // Much of their time they wait for a relay's start or a page. So two files at a time, each with folders, ports and a browser of its own.
      project("browser", ["test/browser/**/*.spec.ts"], {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        maxWorkers: 2,
        globalSetup: "test/browser/install-browser.ts",
      }),
    ],
  },
});

function project(name: string, include: string[], options: Record<string, unknown> = {}) {
  return { extends: true as const, test: { name, include, ...options } };
}
