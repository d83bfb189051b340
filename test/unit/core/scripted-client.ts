/**
 * ScriptedClient: a socket that says exactly what a test wants and keeps what it hears, decoded.
 */
import * as encoding from "lib0/encoding";
import * as decoding from "lib0/decoding";
import type { ConnectionId, RoomName } from "@inkmesh/shared/base/ids";
import { VectorClock } from "@inkmesh/shared/clock/vector-clock";
import type { UpdateKind } from "@inkmesh/shared/engine/crdt-engine";
import type { ClientMessage, RelayMessage } from "@inkmesh/shared/wire/client-message";
import { encodeClientMessages } from "@inkmesh/shared/wire/native-client";
import { decodeRelayMessages } from "@inkmesh/shared/wire/native-relay";
import { nativeVersion } from "@inkmesh/shared/wire/protocol-version";
import type { CoreWorld, Socket } from "./core-world.ts";

type Heard<Type extends RelayMessage["type"]> = Extract<RelayMessage, { type: Type }>;

export abstract class ScriptedSocket implements Socket {
  readonly world: CoreWorld;
  readonly frames: Uint8Array[] = [];
  connection: ConnectionId;
  closeCode: number | undefined;

  constructor(world: CoreWorld, connect: (socket: Socket) => ConnectionId) {
    this.world = world;
    this.connection = connect(this);
  }

  received(frame: Uint8Array): void {
    this.frames.push(frame);
  }

  closed(code: number): void {
    this.closeCode = code;
  }

  close(): void {
    this.world.disconnect(this.connection);
  }
}

/** Speaks our own protocol. */
export class NativeScript extends ScriptedSocket {
  constructor(world: CoreWorld, principal = "") {
    super(world, (socket) => world.connect("native", socket, { principal }));
  }

  say(...messages: ClientMessage[]): void {
    for (const frame of encodeClientMessages(messages)) this.world.send(this.connection, frame);
  }

  hello(version = nativeVersion): this {
    this.say({ type: "hello", version, agent: "test", credential: "" });
    return this;
  }

  open(room: string, more: Partial<ClientMessage & { type: "open" }> = {}): this {
    const nothing = {
      generation: undefined,
      access: "read-write",
      token: "",
      clock: VectorClock.empty,
      stateVector: Uint8Array.of(0),
    } as const;
    this.say({ type: "open", channel: 1, room: room as RoomName, ...nothing, ...more });
    return this;
  }

  updates(first: number, updates: readonly Uint8Array[], kind: UpdateKind = "edit", channel = 1): this {
    this.say({ type: "updates", channel, first, kind, updates });
    return this;
  }

  /** What it heard, of one type. */
  heard<Type extends RelayMessage["type"]>(type: Type): readonly Heard<Type>[] {
    return this.messages().filter((message): message is Heard<Type> => message.type === type);
  }

  messages(): readonly RelayMessage[] {
    return this.frames.flatMap((frame) => {
      const decoded = decodeRelayMessages(frame);
      if (!decoded.ok) throw new Error(`the relay said something unreadable: ${decoded.refusal.detail}`);
      return decoded.value;
    });
  }
}

/** What a y-websocket client hears. */
export type YHeard = { readonly type: "step-1" | "step-2" | "update" | "awareness"; readonly body: Uint8Array };

/** Speaks as a y-websocket client. */
export class YScript extends ScriptedSocket {
  constructor(world: CoreWorld, room: string | undefined) {
    super(world, (socket) => world.connect("y-websocket", socket, room === undefined ? {} : { room }));
  }

  say(bytes: Uint8Array): this {
    this.world.send(this.connection, bytes);
    return this;
  }

  step1(stateVector: Uint8Array = Uint8Array.of(0)): this {
    return this.say(yMessage([0, 0], stateVector));
  }

  step2(update: Uint8Array): this {
    return this.say(yMessage([0, 1], update));
  }

  update(update: Uint8Array): this {
    return this.say(yMessage([0, 2], update));
  }

  awareness(update: Uint8Array): this {
    return this.say(yMessage([1], update));
  }

  heard(type?: YHeard["type"]): readonly YHeard[] {
    return this.frames.map(readYFrame).filter((heard) => type === undefined || heard.type === type);
  }
}

export function yMessage(types: readonly number[], body: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    for (const type of types) encoding.writeVarUint(encoder, type);
    encoding.writeVarUint8Array(encoder, body);
  });
}

/** One message per frame, or the test fails. */
export function readYFrame(frame: Uint8Array): YHeard {
  const decoder = decoding.createDecoder(frame);
  const outer = decoding.readVarUint(decoder);
  const types = ["step-1", "step-2", "update"] as const;
  const type = outer === 1 ? ("awareness" as const) : types[decoding.readVarUint(decoder)];
  const body = decoding.readVarUint8Array(decoder);
  if (type === undefined || decoding.hasContent(decoder)) throw new Error("not one y-websocket message");
  return { type, body };
}
