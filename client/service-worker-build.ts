/**
 * ServiceWorkerBuild: makes the service worker after everything else of the app is built, since it names every file.
 *
 * Workbox's libraries run in the worker; its build tools, which bring some three hundred packages, are not needed for a
 * list of files with their hashes.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "vite";

const workerFile = "service-worker.js";
/** Icons for the installed app are fetched by the browser when it installs it; opening the app needs none of them. */
const notNeededOffline = /\.png$|\/icon-maskable/;
/** Kept on a device that has used it: see `service-worker/late-files.ts`. */
const late = /\.wasm$/;

/** `source`: the worker's entry. It lands beside the page as `service-worker.js`. */
export function serviceWorkerBuild(source: string): Plugin {
  return {
    name: "inkmesh:service-worker",
    apply: "build",
    async writeBundle({ dir: folder }) {
      if (folder === undefined) throw new Error("The app is built into a folder.");
      await build({
        configFile: false,
        publicDir: false,
        logLevel: "warn",
        define: {
          appFilesOfBuild: JSON.stringify(filesOf(folder)),
          lateFilesOfBuild: JSON.stringify(urlsIn(folder).filter((url) => late.test(url))),
        },
        build: {
          outDir: folder,
          emptyOutDir: false,
          target: "es2022",
          modulePreload: false,
          rolldownOptions: { input: source, output: { format: "iife", entryFileNames: workerFile } },
        },
      });
    },
  };
}

/**
 * What has no hash in its name comes first: should the relay change to another version just while these are fetched, the
 * assets that are missing then spoil the whole, and no version is put together from two.
 */
function filesOf(folder: string): { url: string; revision: string | null }[] {
  const urls = urlsIn(folder).filter((url) => url !== `/${workerFile}` && !notNeededOffline.test(url) && !late.test(url));
  const isAsset = (url: string): boolean => url.startsWith("/assets/");
  return [
    ...urls.filter((url) => !isAsset(url)).map((url) => ({ url, revision: hashOf(join(folder, url)) })),
    ...urls.filter(isAsset).map((url) => ({ url, revision: null })),
  ];
}

function urlsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll("\\", "/"))
    .toSorted();
}

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16);
}
