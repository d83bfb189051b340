/**
 * CutLinks: stands between the sockets to other relays and the rest of the relay, and treats them as a network does that fails. For
 * experiments only: a relay without them has no such thing.
 *
 *     cut      what comes from that relay, and what is for it, waits here: a partition that nobody is told of
 *     paused   what is for any relay waits here; what comes is heard: a relay that has fallen silent
 *     healed   what waited goes on, in order, as it does when a network is whole again before a connection has given up
 *
 * Who is at the other end is read from the first frame that comes, its hello. A link that began while its relay was cut off goes as far
 * as that, and its handshake then runs out of time.
 *
 * Invariants: `link-opened` is never held back; what goes over one link keeps its order; a socket's end is told when what came before
 * it is; a link for which more than `heldBytesMax` waits is given up, as a system gives up on a peer that takes nothing.
 */
import { relayOf, type LinkId, type RelayId } from "@inkmesh/shared/base/ids";
import { decodeHandshake } from "@inkmesh/shared/wire/mesh-handshake";
import type { MeshInput } from "../core/peers/mesh-input.ts";
import type { PeerDoor } from "./peer-door.ts";

interface Options {
  /** Where the sockets are. */
  readonly door: Pick<PeerDoor, "write" | "close" | "dial">;
  /** Where what comes from them goes. */
  readonly enqueue: (input: MeshInput) => void;
}

interface CutLink {
  /** Undefined until it has said who it is. */
  relay: RelayId | undefined;
  incoming: MeshInput[];
  outgoing: { readonly frames: readonly Uint8Array[]; readonly asks: boolean }[];
  heldBytes: number;
}

/** Bytes that wait for one link: several of the windows that a link is given at once, and what the other side may have under way. */
const heldBytesMax = 16 * 1024 * 1024;
const tryAgainLater = 1013;

export class CutLinks {
  readonly #options: Options;
  readonly #links = new Map<LinkId, CutLink>();
  #cut: ReadonlySet<RelayId> = new Set();
  #isPaused = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The relays that are cut off from this one. */
  get cut(): readonly RelayId[] {
    return [...this.#cut];
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** From now on exactly these are cut off. */
  cutOff(relays: readonly RelayId[]): void {
    this.#cut = new Set(relays);
    this.#goOn();
  }

  /** Whether this relay says nothing to any other. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#goOn();
  }

  // -- what the sockets tell -------------------------------------------------------------------------------------------

  heard(input: MeshInput): void {
    if (input.type === "link-opened") this.#links.set(input.link, { relay: undefined, incoming: [], outgoing: [], heldBytes: 0 });
    const link = "link" in input ? this.#links.get(input.link) : undefined;
    if (link === undefined) return this.#options.enqueue(input);
    if (input.type === "link-received") link.relay ??= saidBy(input.bytes);
    const waits = input.type !== "link-opened" && this.#holdsIncoming(link);
    if (!waits) return this.#pass(input);
    link.incoming.push(input);
    if (input.type === "link-received") this.#count(input.link, link, input.bytes.length);
  }

  // -- what the relay wants done ---------------------------------------------------------------------------------------

  write(id: LinkId, frames: readonly Uint8Array[], asks: boolean): void {
    const link = this.#links.get(id);
    if (link === undefined || !this.#holdsOutgoing(link)) return this.#options.door.write(id, frames, asks);
    link.outgoing.push({ frames, asks });
    this.#count(
      id,
      link,
      frames.reduce((sum, frame) => sum + frame.length, 0),
    );
  }

  close(id: LinkId, code: number, reason: string): void {
    this.#links.delete(id);
    this.#options.door.close(id, code, reason);
  }

  dial(address: string): void {
    this.#options.door.dial(address);
  }

  // -- what waits ------------------------------------------------------------------------------------------------------

  #holdsIncoming({ relay }: CutLink): boolean {
    return relay !== undefined && this.#cut.has(relay);
  }

  #holdsOutgoing(link: CutLink): boolean {
    return this.#isPaused || this.#holdsIncoming(link);
  }

  #goOn(): void {
    for (const [id, link] of this.#links) {
      if (!this.#holdsOutgoing(link)) for (const { frames, asks } of link.outgoing.splice(0)) this.#options.door.write(id, frames, asks);
      if (!this.#holdsIncoming(link)) for (const input of link.incoming.splice(0)) this.#pass(input);
      if (link.outgoing.length === 0 && link.incoming.length === 0) link.heldBytes = 0;
    }
  }

  #pass(input: MeshInput): void {
    if (input.type === "link-closed") this.#links.delete(input.link);
    this.#options.enqueue(input);
  }

  #count(id: LinkId, link: CutLink, bytes: number): void {
    link.heldBytes += bytes;
    if (link.heldBytes <= heldBytesMax) return;
    this.close(id, tryAgainLater, "more waits than a connection bears");
    this.#options.enqueue({ type: "link-closed", link: id });
  }
}

/** Who says hello; undefined where it is something else. */
function saidBy(bytes: Uint8Array): RelayId | undefined {
  const hello = decodeHandshake(bytes);
  return hello.ok && hello.value.type === "hello" ? relayOf(hello.value.actor) : undefined;
}
