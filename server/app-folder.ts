/**
 * AppFolder: where the built editor is.
 */
import { existsSync } from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

/** The built editor, when it lies beside us in the source tree, whether we run compiled or not. */
export function appFolder(): string | undefined {
  const here = path.dirname(fileURLToPath(import.meta.url));
  return ["../client/dist/app", "../../client/dist/app"]
    .map((relative) => path.resolve(here, relative))
    .find((folder) => existsSync(folder));
}
