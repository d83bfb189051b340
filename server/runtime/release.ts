/**
 * Release: the name of the release that runs here, from the package's own manifest.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert } from "@inkmesh/shared/base/assert";

/** As in package.json, e.g. "0.1.0". */
export const release: string = readRelease();

/** The manifest lies one folder above the sources, and two above what is built of them. */
function readRelease(): string {
  const manifest = ["../package.json", "../../package.json"]
    .map((relative) => fileURLToPath(new URL(relative, import.meta.url)))
    .find((path) => existsSync(path));
  assert(manifest !== undefined, "a package has its manifest");
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version;
}
