/**
 * The secret of the mesh: it seals session tokens, and relays show each other that they hold it.
 *
 * It is what the operator gives, the same for every relay of a mesh; where nothing is given, 32 random bytes in the data folder,
 * readable by the relay's user only, so that tokens given before a restart are good after it. A kept file of another size is
 * refused rather than replaced, because somebody may have put it there.
 *
 * A file that the operator names may hold text, of which blanks at its ends do not count, or bytes: the file in the data folder
 * of another relay is a good one.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Random } from "@inkmesh/shared/base/random";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";

const secretBytes = 32;
const givenBytesMin = 16;
const givenBytesMax = 4_096;

/** What the operator says about the secret. */
export interface GivenSecret {
  readonly text: string | undefined;
  readonly file: string | undefined;
}

/** The secret that was given; undefined where none was. */
export function givenMeshSecret({ text, file }: GivenSecret): Result<Uint8Array> | undefined {
  if (text !== undefined) return ok(new Uint8Array(Buffer.from(text)));
  return file === undefined ? undefined : readGiven(file);
}

/** The first relay of a mesh may draw its secret; who joins must be told it. */
export function joinsWithoutSecret(given: {
  readonly join: readonly string[];
  readonly meshSecret: string | undefined;
  readonly meshSecretFile: string | undefined;
}): boolean {
  return given.join.length > 0 && given.meshSecret === undefined && given.meshSecretFile === undefined;
}

export const secretSentence =
  "--join needs the secret of the mesh: give all its relays the same one by --mesh-secret-file, or by INKMESH_MESH_SECRET. That of a relay without one is the file mesh.secret in its data folder.";

/** Reads the folder's own secret, or draws it the first time. */
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

function readGiven(file: string): Result<Uint8Array> {
  try {
    const bytes = fs.readFileSync(file);
    const text = bytes.toString("utf8");
    const secret = Buffer.from(text).equals(bytes) ? Buffer.from(text.trim()) : bytes;
    if (secret.length >= givenBytesMin && secret.length <= givenBytesMax) return ok(new Uint8Array(secret));
    return refused(
      "STORE_FAILED",
      `The file ${file} of --mesh-secret-file must hold ${givenBytesMin} to ${givenBytesMax} bytes that are hard to guess, not ${secret.length}.`,
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return refused("STORE_FAILED", `--mesh-secret-file must be a file that this user may read, not ${JSON.stringify(file)} (${code}).`);
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
