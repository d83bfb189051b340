/**
 * RoomWriting: a command that writes into documents, as the client that applications use: it says what is saved, and goes on at another
 * relay if this one ends.
 */
import type { Inkmesh, InkmeshRoom } from "@inkmesh/client";
import { givenToken } from "./asked-relay.ts";

/** On the disks of so many relays, of how many. */
export interface Saved {
  readonly copies: number;
  readonly replicas: number;
}

/** How long a relay may take with one document: the largest over a slow line, and a mesh that has just lost somebody. */
const savedWithinMs = 60_000;

export class RoomWriting {
  readonly #mesh: Inkmesh;

  private constructor(mesh: Inkmesh) {
    this.#mesh = mesh;
  }

  /** `at`: a relay; `agent`: the command, as the relay hears it. */
  static async begin(at: string, agent: string): Promise<RoomWriting> {
    const { Inkmesh } = await import("@inkmesh/client");
    const { ClientWebSocket } = await import("../edge/client-web-socket.ts");
    return new RoomWriting(new Inkmesh({ url: at, WebSocket: ClientWebSocket, agent, credential: givenToken() }));
  }

  /** Merges a Yjs update into a document. Resolves when that is saved; undefined: it brought nothing that was not there. */
  async merge(name: string, update: Uint8Array): Promise<Saved | undefined> {
    const { mergeUpdate } = await import("@inkmesh/client");
    const room = this.#mesh.open(name);
    try {
      const isNews = await within(savedWithinMs, async () => {
        await Promise.race([room.whenSynced, refusedOrDeleted(room)]);
        const brought = mergeUpdate(room.doc, update);
        await room.whenSaved();
        return brought;
      });
      const { copies, replicas } = room.status;
      return isNews ? { copies, replicas } : undefined;
    } finally {
      // What could not be sent is still where it came from.
      await room.close().catch(() => undefined);
    }
  }

  async end(): Promise<void> {
    await this.#mesh.close();
  }
}

/** Rejects when the relay does not let it in. */
function refusedOrDeleted(room: InkmeshRoom): Promise<never> {
  return new Promise((_, reject) => {
    room.on("status", ({ phase, problem }) => {
      if (phase === "refused" || phase === "deleted") reject(new Error(problem === undefined ? `it is ${phase}.` : problem.code));
    });
  });
}

async function within<Value>(ms: number, work: () => Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not saved within ${ms / 1_000} seconds.`)), ms);
  });
  return Promise.race([work(), late]).finally(() => clearTimeout(timer));
}
