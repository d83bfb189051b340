/**
 * The shapes of what `/api` takes and answers, as JSON Schemas (2020-12), by name. A conformance test holds a relay's answers to them.
 */
import { errorKinds } from "@inkmesh/shared/base/errors";
import { contentFormats } from "@inkmesh/shared/engine/crdt-engine";

export type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string" };
const count: Schema = { type: "integer", minimum: 0 };
const number: Schema = { type: "number" };
const yes: Schema = { type: "boolean" };

function list(items: Schema): Schema {
  return { type: "array", items };
}

/** An object with these fields and no others; those that end with "?" may be absent. */
function object(fields: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(fields);
  const properties = Object.fromEntries(entries.map(([name, schema]) => [name.replace("?", ""), schema]));
  const required = entries.flatMap(([name]) => (name.endsWith("?") ? [] : [name]));
  return { type: "object", properties, required, additionalProperties: false };
}

/** An object that may say more than this. */
function open(schema: Schema): Schema {
  return { ...schema, additionalProperties: true };
}

export function named(name: keyof typeof schemas): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const clock: Schema = {
  type: "object",
  description: "Per life of a relay the highest entry, up to which all are there.",
  additionalProperties: count,
};
const durability = { copies: count, replicas: count, needed: count };
const naming = { "title?": { ...text, maxLength: 300 }, "kind?": { ...text, maxLength: 40 } };
const roomNames = object({ rooms: list(text) });

export const schemas = {
  Refusal: object({
    error: object({
      code: { enum: Object.keys(errorKinds) },
      sentence: text,
      detail: text,
      retryable: yes,
      "retryAfterMs?": count,
    }),
  }),
  Format: { enum: contentFormats, default: "text" },
  Room: object({
    ...{
      room: text,
      generation: count,
      engine: { enum: ["yjs", "automerge"] },
      "title?": text,
      "kind?": text,
      clock,
      bytes: count,
      sessions: count,
    },
    ...{ heldBy: list(text), createdMs: number, "changedMs?": number, ...durability },
  }),
  Rooms: object({ rooms: list({ $ref: "#/components/schemas/Room" }), "next?": text, unanswered: list(text) }),
  NewRoom: object({ "room?": text, ...naming }),
  Naming: object(naming),
  RoomClocks: open(
    object({
      ...{ self: text, room: text, generation: count, standing: { enum: ["unused", "open", "deleted"] }, "title?": text, position: text },
      ...{
        replicas: list(text),
        needed: count,
        clock,
        isComplete: yes,
        waiting: count,
        sessions: count,
        told: list(open(object({ clock }))),
      },
    }),
  ),
  Saved: object({ saved: object(durability) }),
  Versions: object({
    ...{ room: text, generation: count, "next?": text },
    versions: list(
      object({ version: text, edits: count, authors: list(object({ author: text, edits: count })), firstMs: number, lastMs: number }),
    ),
  }),
  Mesh: open(
    object({
      ...{
        self: text,
        "mesh?": { type: ["string", "null"] },
        relays: list(open(object({ relay: text, actor: text }))),
        "links?": list(text),
      },
      "ring?": object({ id: text, records: list(open(object({ relay: text, status: text, counter: count }))) }),
    }),
  ),
  Forgotten: object({ forgotten: text }),
  Drains: object({ drains: text }),
  After: object({ "after?": text }),
  Looked: open(object({ rooms: list({ type: "object" }), flaws: list({}), total: count, "next?": text })),
  RoomNames: roomNames,
  SetAside: object({ setAside: count }),
  Compared: object({ rooms: list(open(object({ room: text }))) }),
  Experiments: object({ cut: list(text), isPaused: yes, skewMs: number }),
  ExperimentChange: object({ "cut?": list(text), "isPaused?": yes, "skewMs?": number }),
  Killed: object({ killed: yes }),
  Description: open(object({ openapi: text, info: { type: "object" }, paths: { type: "object" } })),
} as const satisfies Record<string, Schema>;
