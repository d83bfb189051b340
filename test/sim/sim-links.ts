/**
 * SimLinks: the sockets to other relays of one life of a relay, as its driver sees them: dialled or accepted, over the
 * simulated network. What the edge does with real ones is modelled here: numbers that are never reused, a dial that leads to
 * nothing is told once, and `link-taken` when the system has taken what it was given.
 */
import type { LinkId } from "@inkmesh/shared/base/ids";
import type { MeshInput } from "../../server/core/peers/mesh-input.ts";
import type { KeptMesh } from "../../server/core/membership/belonging.ts";
import type { LinkSockets } from "../../server/runtime/driver.ts";
import type { SimFolder } from "./sim-folder.ts";
import type { LineEnd, SimLine, SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./world.ts";

/** What a system takes for a socket that is not read at the other end. */
const socketBufferBytes = 64 * 1024;
/** How often a socket that is full is looked at. */
const lookMs = 20;
/** After which relays that are linked have told each other their addresses and written them down (`keepMs`). */
const introducedMs = 50;
/** Later news of the mesh is written beside the event loop. */
const keepMs = 10;

interface Link {
  readonly send: (frames: readonly Uint8Array[]) => void;
  readonly close: (code: number, reason: string) => void;
  readonly waitingBytes: () => number;
}

export interface SimLinksOptions {
  readonly network: SimNetwork;
  readonly process: SimProcess;
  readonly host: string;
  readonly folder: SimFolder;
  readonly enqueue: (input: MeshInput) => void;
}

export class SimLinks implements LinkSockets {
  readonly #options: SimLinksOptions;
  readonly #links = new Map<LinkId, Link>();
  readonly #dialled = new Set<SimLine>();
  #last = 0;

  constructor(options: SimLinksOptions) {
    this.#options = options;
  }

  /** A line of another relay has arrived. */
  accept(line: SimLine): LineEnd {
    const link = this.#opened(undefined, line.from ?? "", {
      send: (frames) => line.sendToClient(frames),
      close: (code, reason) => line.closeByRelay(code, reason),
      waitingBytes: () => line.backlogBytes,
    });
    return this.#endOf(link, line.from ?? "");
  }

  dial(address: string): void {
    const { network, process, host: from, enqueue } = this.#options;
    const { hostname: host, pathname: path } = new URL(address);
    let end: LineEnd | undefined;
    const line: SimLine = network.connect(
      process,
      { host, path, from },
      {
        opened: () => {
          const link = this.#opened(address, host, {
            send: (frames) => frames.forEach((frame) => line.send(frame)),
            close: (code) => {
              line.close(code);
              process.reach(0.1, "link closed by us", () => this.#closed(link));
            },
            waitingBytes: () => line.backlogToRelayBytes,
          });
          end = this.#endOf(link, host);
        },
        frame: (bytes) => end?.frame(bytes),
        closed: (code, reason) => {
          this.#dialled.delete(line);
          if (end === undefined) enqueue({ type: "dial-failed", address, reason: "ECONNREFUSED" });
          else end.closed(code, reason);
        },
      },
    );
    this.#dialled.add(line);
  }

  write(link: LinkId, frames: readonly Uint8Array[], asks: boolean): void {
    const known = this.#links.get(link);
    known?.send(frames);
    if (known !== undefined && asks) this.#tellTaken(link, known);
  }

  close(link: LinkId, code: number, reason: string): void {
    this.#links.get(link)?.close(code, reason);
  }

  keep(kept: KeptMesh, isFirst: boolean): void {
    const { folder, process } = this.#options;
    if (isFirst) folder.mesh = kept;
    else process.reach(keepMs, "mesh is kept", () => void (folder.mesh = kept));
  }

  /** The process is gone; `heard`: its system still says so to the relays that it dialled. */
  died(heard: boolean): void {
    const { network } = this.#options;
    for (const line of this.#dialled) line.clientDied(heard, 20_000 + network.draw(20_000));
  }

  #opened(dialled: string | undefined, remote: string, link: Link): LinkId {
    const number = (this.#last += 1) as LinkId;
    this.#links.set(number, link);
    this.#options.enqueue({ type: "link-opened", link: number, dialled, remote });
    return number;
  }

  #endOf(link: LinkId, remote: string): LineEnd {
    const { process, folder, enqueue } = this.#options;
    const introducedAtMs = process.monotonicMs() + introducedMs;
    return {
      frame: (bytes) => {
        if (process.monotonicMs() >= introducedAtMs) folder.linkedWith.add(remote);
        enqueue({ type: "link-received", link, bytes });
      },
      closed: () => this.#closed(link),
    };
  }

  #closed(link: LinkId): void {
    if (this.#links.delete(link)) this.#options.enqueue({ type: "link-closed", link });
  }

  #tellTaken(link: LinkId, known: Link): void {
    const { process, enqueue } = this.#options;
    process.reach(0.05, "link looked at", () => {
      if (this.#links.get(link) !== known) return;
      if (known.waitingBytes() <= socketBufferBytes) enqueue({ type: "link-taken", link });
      else process.after(lookMs, "link is full", () => this.#tellTaken(link, known));
    });
  }
}
