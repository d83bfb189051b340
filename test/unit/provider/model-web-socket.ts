/**
 * WebSockets that end at a ModelRelay in the same process. Frames arrive in later tasks, as real ones do; the relay's
 * disk keeps up unless a test holds it.
 */
import type { WebSocketConstructor, WebSocketLike } from "@inkmesh/client";
import type { EngineName } from "@inkmesh/shared/engine/crdt-engine";
import { ModelRelay } from "../../property/provider/model-relay.ts";

export class ModelNetwork {
  readonly relay: ModelRelay;
  readonly WebSocket: WebSocketConstructor = socketClass(this);
  readonly sockets = new Set<{ cut(): void }>();
  /** While true nobody can connect. */
  isDown = false;
  /** While true nothing of the relay reaches its disk. */
  isDiskHeld = false;
  #ids = 0;

  constructor(engine: EngineName = "yjs") {
    this.relay = new ModelRelay(engine);
  }

  /** Breaks every line. */
  cutAll(): void {
    for (const socket of [...this.sockets]) socket.cut();
  }

  newId(): number {
    return (this.#ids += 1);
  }

  receive(id: number, frame: Uint8Array): void {
    this.relay.receive(id, frame);
    if (!this.isDiskHeld) this.relay.sync();
  }
}

function socketClass(network: ModelNetwork): WebSocketConstructor {
  return class implements WebSocketLike {
    binaryType = "blob";
    onopen: ((event: never) => void) | null = null;
    onmessage: ((event: never) => void) | null = null;
    onclose: ((event: never) => void) | null = null;
    onerror: ((event: never) => void) | null = null;
    readonly #id = network.newId();
    readonly #sent = new InOrder((bytes) => network.receive(this.#id, bytes));
    readonly #heard = new InOrder((bytes) => this.#deliver(bytes));
    #isOpen = false;

    constructor() {
      network.sockets.add(this);
      setTimeout(() => this.#open(), 0);
    }

    send(frame: Uint8Array): void {
      this.#sent.add(frame.slice());
    }

    close(): void {
      this.cut();
    }

    cut(): void {
      this.#isOpen = false;
      network.sockets.delete(this);
      network.relay.disconnect(this.#id);
      setTimeout(() => this.onclose?.({ code: 1006 } as never), 0);
    }

    #open(): void {
      if (network.isDown) return this.cut();
      this.#isOpen = true;
      network.relay.connect(this.#id, (frame) => this.#heard.add(frame));
      this.onopen?.({} as never);
    }

    #deliver(frame: Uint8Array): void {
      if (this.#isOpen) this.onmessage?.({ data: frame.slice().buffer } as never);
    }
  };
}

/** A way on which everything takes a moment and keeps its order, which timers of one length do not while time is pretended. */
class InOrder {
  readonly #frames: Uint8Array[] = [];
  readonly #arrives: (frame: Uint8Array) => void;

  constructor(arrives: (frame: Uint8Array) => void) {
    this.#arrives = arrives;
  }

  add(frame: Uint8Array): void {
    this.#frames.push(frame);
    setTimeout(() => this.#arrives(this.#frames.shift()!), 0);
  }
}
