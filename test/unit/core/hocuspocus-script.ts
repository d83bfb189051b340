/**
 * HocuspocusScript: a socket that speaks as Hocuspocus' providers do, exactly what a test wants, and keeps what it hears, decoded.
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { encodeAwarenessUpdate } from "@inkmesh/shared/presence/awareness-update";
import { readYFrame, ScriptedSocket, yMessage, type YHeard } from "./scripted-client.ts";
import type { CoreWorld } from "./core-world.ts";

type YWords = { readonly [Type in YHeard["type"]]: { readonly type: Type; readonly body: Uint8Array } }[YHeard["type"]];

export type HocuspocusHeard = { readonly address: string } & (
  | YWords
  | { readonly type: "authenticated"; readonly words: string }
  | { readonly type: "denied"; readonly words: string }
  | { readonly type: "token-request" }
  | { readonly type: "stateless"; readonly words: string }
  | { readonly type: "status"; readonly status: number }
);

export class HocuspocusScript extends ScriptedSocket {
  constructor(world: CoreWorld) {
    super(world, (socket) => world.connect("hocuspocus", socket));
  }

  say(address: string, body: Uint8Array): this {
    this.world.send(this.connection, hocuspocusFrame(address, body));
    return this;
  }

  token(address: string, token = ""): this {
    return this.say(address, words([2, 0], token));
  }

  step1(address: string, stateVector: Uint8Array = Uint8Array.of(0)): this {
    return this.say(address, yMessage([0, 0], stateVector));
  }

  step2(address: string, update: Uint8Array = Uint8Array.of(0, 0)): this {
    return this.say(address, yMessage([0, 1], update));
  }

  update(address: string, update: Uint8Array): this {
    return this.say(address, yMessage([0, 2], update));
  }

  /** A cursor of the client `id`. */
  cursor(address: string, id: number): this {
    return this.say(address, yMessage([1], encodeAwarenessUpdate([{ id, clock: 1, state: "{}" }])));
  }

  stateless(address: string, text: string): this {
    return this.say(address, words([5], text));
  }

  letGo(address: string): this {
    return this.say(address, Uint8Array.of(7));
  }

  /** Has the document open and has answered the relay's first question. */
  join(address: string): this {
    return this.token(address).step1(address).step2(address);
  }

  heard<Type extends HocuspocusHeard["type"]>(type: Type, address?: string): readonly Extract<HocuspocusHeard, { type: Type }>[] {
    const all = this.frames.map(readFrame);
    return all.filter(
      (heard): heard is Extract<HocuspocusHeard, { type: Type }> => heard.type === type && (address ?? heard.address) === heard.address,
    );
  }

  /** How often it was told that one more is saved. */
  get saves(): number {
    return this.heard("status").filter(({ status }) => status === 1).length;
  }
}

export function hocuspocusFrame(address: string, body: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarString(encoder, address);
    encoding.writeUint8Array(encoder, body);
  });
}

function words(types: readonly number[], text: string): Uint8Array {
  return encoding.encode((encoder) => {
    for (const type of types) encoding.writeVarUint(encoder, type);
    encoding.writeVarString(encoder, text);
  });
}

/** One message per frame, or the test fails. */
function readFrame(frame: Uint8Array): HocuspocusHeard {
  const decoder = decoding.createDecoder(frame);
  const address = decoding.readVarString(decoder);
  const rest = decoding.readTailAsUint8Array(decoding.clone(decoder));
  const kind = decoding.readVarUint(decoder);
  if (kind < 2) return { address, ...(readYFrame(rest) as YWords) };
  const heard = readOther(decoder, kind);
  if (heard === undefined || decoding.hasContent(decoder)) throw new Error("not one Hocuspocus message");
  return { address, ...heard };
}

function readOther(decoder: decoding.Decoder, kind: number) {
  if (kind === 2) {
    const type = (["token-request", "denied", "authenticated"] as const)[decoding.readVarUint(decoder)]!;
    return type === "token-request" ? { type } : { type, words: decoding.readVarString(decoder) };
  }
  if (kind === 5) return { type: "stateless", words: decoding.readVarString(decoder) } as const;
  return kind === 8 ? ({ type: "status", status: decoding.readVarInt(decoder) } as const) : undefined;
}
