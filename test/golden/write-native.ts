/**
 * Writes `native.json` anew, after a version was raised:
 *
 *     npx tsx --conditions=inkmesh-source test/golden/write-native.ts
 *
 * Refuses where bytes changed and their version did not.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { currentFormats, digestKey, digestOf, type GoldenFile } from "./native-bytes.ts";

const file = new URL("./native.json", import.meta.url);
const golden: GoldenFile = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as GoldenFile) : { digests: {}, formats: {} };
const formats = currentFormats();
const digests: Record<string, string> = { ...golden.digests };
for (const [name, format] of Object.entries(formats)) {
  const key = digestKey(name, format);
  if (digests[key] !== undefined && digests[key] !== digestOf(format)) {
    throw new Error(`the bytes of ${key} changed: raise the version of ${name} first`);
  }
  digests[key] = digestOf(format);
}
writeFileSync(file, `${JSON.stringify({ digests, formats }, undefined, 2)}\n`);
