/**
 * The secret that seals session tokens, kept in the data folder: tokens given before a restart are good after it.
 *
 * 32 random bytes, readable by the relay's user only. A file of another size is refused rather than replaced, because
 * somebody may have put it there.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Random } from "@inkmesh/shared/base/random";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";

const secretBytes = 32;

/** Reads the folder's secret, or draws it the first time. */
export function openMeshSecret(options: { folder: string; random: Random }): Result<Uint8Array> {
  const file = path.join(options.folder, "mesh.secret");
  try {
    if (!fs.existsSync(file)) writeSecret(file, options.random.bytes(secretBytes));
    const secret = new Uint8Array(fs.readFileSync(file));
    if (secret.length === secretBytes) return ok(secret);
    return refused(
      "STORE_FAILED",
      `The file ${file} must hold ${secretBytes} bytes, not ${secret.length}. Remove it, and a new one is made.`,
    );
  } catch (error) {
    return refused("STORE_FAILED", `The file ${file} cannot be used (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`);
  }
}

function writeSecret(file: string, secret: Uint8Array): void {
  const opened = fs.openSync(`${file}.new`, "w", 0o600);
  try {
    fs.writeFileSync(opened, secret);
    fs.fsyncSync(opened);
  } finally {
    fs.closeSync(opened);
  }
  fs.renameSync(`${file}.new`, file);
}
