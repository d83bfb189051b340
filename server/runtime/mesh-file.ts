/**
 * MeshFile: what a data folder says of the mesh that its relay belongs to: the MeshId, the records of the ring, and where other
 * relays were reached. One file, replaced whole, so that it is never torn.
 *
 * That the relay belongs is on disk before anything else is done about it (`keepAtOnce`). Later news (the ring, addresses) would be heard
 * again from others and is written beside the event loop, the newest only. A file that cannot be read is never replaced: it
 * may be all that tells one mesh from another.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { hexOf } from "@inkmesh/shared/base/bytes";
import { isRelayId, type MeshId } from "@inkmesh/shared/base/ids";
import { ok, refused, type Result } from "@inkmesh/shared/base/result";
import { isMeshAddress } from "@inkmesh/shared/wire/mesh-layout";
import { decodeRing, encodeRing } from "@inkmesh/shared/wire/ring-codec";
import type { KeptMesh } from "../core/membership/belonging.ts";
import type { KnownAddress } from "../core/membership/dial-plan.ts";

export class MeshFile {
  readonly #file: string;
  readonly #failed: (error: unknown) => void;
  #next: KeptMesh | undefined;
  #writing: Promise<void> | undefined;

  /** `failed` hears of what could not be written; the relay goes on, and writes it with the next news. */
  constructor(options: { folder: string; failed: (error: unknown) => void }) {
    this.#file = path.join(options.folder, "mesh.json");
    this.#failed = options.failed;
  }

  /** What is kept; undefined where nothing is. */
  read(): Result<KeptMesh | undefined> {
    let text: string;
    try {
      if (!fs.existsSync(this.#file)) return ok(undefined);
      text = fs.readFileSync(this.#file, "utf8");
    } catch (error) {
      return refused("STORE_FAILED", `The file ${this.#file} cannot be used (${(error as NodeJS.ErrnoException).code ?? "unknown"}).`);
    }
    const kept = keptOf(text);
    if (kept !== undefined) return ok(kept);
    return refused(
      "STORE_FAILED",
      `The file ${this.#file} should say to which mesh this relay belongs, and cannot be read. Put it back from a copy, or remove it and start the relay with --join.`,
    );
  }

  /** On disk when this returns, unless the disk does not take it: then as soon as it does. */
  keepAtOnce(kept: KeptMesh): void {
    try {
      this.#writeAtOnce(kept);
    } catch (error) {
      this.#failed(error);
      this.keep(kept);
    }
  }

  /** On disk soon. */
  keep(kept: KeptMesh): void {
    this.#next = kept;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when nothing waits to be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #writeAtOnce(kept: KeptMesh): void {
    const opened = fs.openSync(`${this.#file}.now`, "w");
    try {
      fs.writeFileSync(opened, textOf(kept));
      fs.fsyncSync(opened);
    } finally {
      fs.closeSync(opened);
    }
    fs.renameSync(`${this.#file}.now`, this.#file);
    const folder = fs.openSync(path.dirname(this.#file), "r");
    try {
      fs.fsyncSync(folder);
    } finally {
      fs.closeSync(folder);
    }
  }

  async #writeAll(): Promise<void> {
    for (let kept = this.#next; kept !== undefined; kept = this.#next) {
      this.#next = undefined;
      try {
        await fs.promises.writeFile(`${this.#file}.new`, textOf(kept), { flush: true });
        await fs.promises.rename(`${this.#file}.new`, this.#file);
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#writing = undefined;
  }
}

function textOf({ mesh, ring, addresses }: KeptMesh): string {
  return `${JSON.stringify({ mesh, ring: hexOf(encodeRing(ring)), addresses }, undefined, 2)}\n`;
}

function keptOf(text: string): KeptMesh | undefined {
  try {
    const { mesh, ring, addresses } = JSON.parse(text) as { mesh: unknown; ring: unknown; addresses: unknown };
    if (typeof mesh !== "string" || !/^[0-9a-f]{16}$/.test(mesh) || typeof ring !== "string" || !Array.isArray(addresses)) return undefined;
    const records = decodeRing(new Uint8Array(Buffer.from(ring, "hex")));
    if (!records.ok || !addresses.every(isKnownAddress)) return undefined;
    return { mesh: mesh as MeshId, ring: records.value, addresses };
  } catch {
    // No JSON, or not an object.
    return undefined;
  }
}

function isKnownAddress(said: unknown): said is KnownAddress {
  const { relay, address } = (said ?? {}) as { relay: unknown; address: unknown };
  return typeof relay === "string" && isRelayId(relay) && typeof address === "string" && isMeshAddress(address);
}
