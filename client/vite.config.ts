/**
 * How the editor page is built. It is bundled from the sources of `shared` and `provider` (condition
 * `inkmesh-source`), so that the page never depends on the order in which packages were compiled.
 *
 * `vite` alone serves the page for development, without a service worker, and passes what belongs to a relay on to one
 * (`INKMESH_RELAY`).
 */
import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";
import { serviceWorkerBuild } from "./service-worker-build.ts";

const relay = process.env["INKMESH_RELAY"] ?? "http://127.0.0.1:4400";
const page = (name: string): string => fileURLToPath(new URL(`./app/${name}`, import.meta.url));
const conditions = ["inkmesh-source", "module", "browser", "development|production"];

export default defineConfig({
  root: fileURLToPath(new URL("./app", import.meta.url)),
  plugins: [preact(), serviceWorkerBuild(fileURLToPath(new URL("./app/service-worker/service-worker.ts", import.meta.url)))],
  resolve: { conditions, dedupe: ["yjs", "preact"] },
  build: {
    outDir: fileURLToPath(new URL("./dist/app", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: [page("index.html"), page("mesh-view.html")] },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": relay, "/health": relay, "/sync": { target: relay, ws: true } },
  },
});
