/**
 * What `/api` is, for programs: OpenAPI 3.1.
 *
 *     GET /api/openapi.json
 *
 * Tests hold it to the routes that there are, both ways, and a relay's answers to what it says of them.
 */
import express, { type Router } from "express";
import { named, schemas, type Schema } from "./api-schemas.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

const text: Schema = { type: "string" };

function query(name: string, schema: Schema, description = ""): Parameter {
  return { name, in: "query", schema, ...(description === "" ? {} : { description }) };
}

function header(name: string, description: string): Parameter {
  return { name, in: "header", schema: text, description };
}

function path(name: string, description: string): Parameter {
  return { name, in: "path", required: true, schema: text, description };
}

const room = path("room", "The document's name, percent-encoded: 1 to 256 bytes without control characters.");
const blob = path("name", "`sha256-` and the SHA-256 of the bytes as 64 lower-case hex digits.");
const format = query("format", named("Format"));
const limit = query("limit", { type: "integer", minimum: 1, maximum: 200, default: 50 });
const token = header("Inkmesh-Token", "From any earlier answer: what has been seen. A PUT keeps what was written since.");
const ifMatch = header("If-Match", "An ETag of the document: 412 where it is anything else.");
const key = header("Idempotency-Key", "Done once, however often and wherever it comes.");
const mark = header("Inkmesh-Mark", "Proves the secret of the mesh.");

const tokenHeader = { "Inkmesh-Token": { schema: text, description: "What the answer contains." } };
const generationHeader = { "Inkmesh-Generation": { schema: { type: "string", pattern: "^\\d+$" } } };
const refusal = { description: "Not done; the code says why, and whether to try again.", content: json("Refusal") };
const textBody = { "text/plain": { schema: text }, "text/markdown": { schema: text }, "text/html": { schema: text } };
const anyContent = { ...textBody, "application/json": { schema: {} }, "application/octet-stream": { schema: {} } };

const imageTypes = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "application/octet-stream"];
const anyImage = Object.fromEntries(imageTypes.map((type) => [type, { schema: {} }]));

function json(name: keyof typeof schemas): object {
  return { "application/json": { schema: named(name) } };
}

function takes(content: object, required = true): object {
  return { required, content };
}

/** What is answered when it is done, under its status; anything else is a refusal. */
function answers(done: Readonly<Record<string, object>>): Operation["responses"] {
  return { ...done, default: refusal };
}

function answer(description: string, name: keyof typeof schemas): object {
  return { description, content: json(name) };
}

const saved = { ...answer("Saved on enough relays.", "Saved"), headers: { ...tokenHeader, ...generationHeader } };
const content = {
  description: "The document.",
  content: anyContent,
  headers: { ...tokenHeader, ...generationHeader, ETag: { schema: text } },
};

/** By path and method, as `docs/http.md` and the files of the routes tell more of. */
const paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  "/api/rooms": {
    get: {
      ...{ operationId: "listRooms", summary: "Documents of all relays, in the order of their names' bytes." },
      parameters: [query("after", text, "`next` of the page before."), limit, query("search", text)],
      responses: answers({ 200: answer("A page.", "Rooms") }),
    },
    post: {
      ...{
        operationId: "createRoom",
        summary:
          "Creates a document, or the next one of a name whose document was deleted. `automerge:<id>`, and the kinds `notes` and `board`, are Automerge's.",
      },
      parameters: [
        header("Idempotency-Key", "Done once; without `room` it names the document, on all relays: 16 characters at least, random."),
      ],
      requestBody: takes(json("NewRoom")),
      responses: answers({ 201: { ...answer("Created.", "Room"), headers: { Location: { schema: text } } } }),
    },
  },
  "/api/rooms/{room}": {
    get: {
      ...{ operationId: "showRoom", summary: "What is known of a document beside its content.", parameters: [room] },
      responses: answers({ 200: answer("The document.", "Room") }),
    },
    patch: {
      ...{ operationId: "renameRoom", summary: "Gives it another title or kind.", parameters: [room], requestBody: takes(json("Naming")) },
      responses: answers({ 200: answer("Renamed.", "Room") }),
    },
    delete: {
      ...{
        operationId: "deleteRoom",
        summary: "Deletes it for everybody.",
        parameters: [room, query("by", text, "Who, for those who see it.")],
      },
      responses: answers({ 204: { description: "Deleted." } }),
    },
  },
  "/api/rooms/{room}/clocks": {
    get: {
      ...{ operationId: "showClocks", summary: "Which relays keep it, and how far it is on their disks.", parameters: [room] },
      responses: answers({ 200: answer("As this relay knows.", "RoomClocks") }),
    },
  },
  "/api/rooms/{room}/content": {
    get: {
      ...{ operationId: "readContent", summary: "The document in a format." },
      parameters: [room, format, token, header("If-None-Match", "An ETag: 304 where it is the same.")],
      responses: answers({ 200: content, 304: { description: "As it was." } }),
    },
    put: {
      ...{ operationId: "writeContent", summary: "Makes the document what is sent, by the smallest edit; not of Automerge documents." },
      parameters: [
        ...[room, token, ifMatch, key, header("If-None-Match", "`*`: only if nobody has written in it.")],
        query("kind", { enum: ["text", "code"], default: "text" }, "What a new document becomes."),
      ],
      requestBody: takes(textBody),
      responses: answers({ 200: saved }),
    },
    patch: {
      ...{
        operationId: "editContent",
        summary: "A Yjs update as one edit, or Automerge's changes; no key for those.",
        parameters: [room, ifMatch, key],
      },
      requestBody: takes({ "application/octet-stream": { schema: {} } }),
      responses: answers({ 200: saved }),
    },
  },
  "/api/rooms/{room}/blobs/{name}": {
    get: {
      ...{ operationId: "readBlob", summary: "An image of the document, from wherever in the mesh it is." },
      parameters: [room, blob, header("If-None-Match", "Its ETag: 304, since it never is another.")],
      responses: answers({
        200: { description: "Its bytes.", content: anyImage, headers: { ETag: { schema: text } } },
        304: { description: "As it was." },
      }),
    },
    put: {
      ...{ operationId: "writeBlob", summary: "Keeps an image for the document.", parameters: [room, blob] },
      requestBody: takes({ "*/*": { schema: {} } }),
      responses: answers({ 200: answer("Saved on enough relays.", "Saved") }),
    },
  },
  "/api/rooms/{room}/history": {
    get: {
      ...{
        operationId: "listVersions",
        summary: "How it came to be, as this relay's disk has it.",
        parameters: [room, query("before", text), limit],
      },
      responses: answers({ 200: answer("Versions, the newest first.", "Versions") }),
    },
  },
  "/api/rooms/{room}/history/{version}": {
    get: {
      ...{ operationId: "readVersion", summary: "The document as it was." },
      parameters: [room, path("version", "A minute as 2026-03-01T17:04Z."), format],
      responses: answers({ 200: { description: "The document then.", content: anyContent, headers: generationHeader } }),
    },
  },
  "/api/events": {
    get: {
      ...{ operationId: "listen", summary: "What happens to documents, as Server-Sent Events." },
      parameters: [
        query("room", { type: "array", items: text, maxItems: 100 }, "Only of these."),
        header("Last-Event-ID", "Where one was: what was missed comes first."),
      ],
      responses: answers({
        200: { description: "created, renamed, deleted, changed, reset.", content: { "text/event-stream": { schema: text } } },
      }),
    },
  },
  "/api/mesh": {
    get: {
      ...{ operationId: "showMesh", summary: "The relays as this one sees them." },
      responses: answers({ 200: answer("This relay's view.", "Mesh") }),
    },
  },
  "/api/mesh/relays/{relay}": {
    delete: {
      ...{
        operationId: "forgetRelay",
        summary: "Gives up a relay that does not come back.",
        parameters: [path("relay", "Its name."), mark],
      },
      responses: answers({ 202: answer("Begun.", "Forgotten") }),
    },
  },
  "/api/mesh/drain": {
    post: {
      ...{ operationId: "drain", summary: "Has this relay hand over all that it has, and leave.", parameters: [mark] },
      responses: answers({ 202: answer("Begun.", "Drains") }),
    },
  },
  "/api/mesh/verify/look": {
    post: {
      ...{
        operationId: "verifyLook",
        summary: "Looks at a page of this relay's disk.",
        parameters: [mark],
        requestBody: takes(json("After"), false),
      },
      responses: answers({ 200: answer("What was found.", "Looked") }),
    },
  },
  "/api/mesh/verify/set-aside": {
    post: {
      ...{
        operationId: "verifySetAside",
        summary: "Sets aside what is damaged.",
        parameters: [mark],
        requestBody: takes(json("RoomNames")),
      },
      responses: answers({ 200: answer("How much.", "SetAside") }),
    },
  },
  "/api/mesh/verify/compare": {
    post: {
      ...{ operationId: "verifyCompare", summary: "Compares documents with their other replicas.", parameters: [mark] },
      requestBody: takes(json("RoomNames")),
      responses: answers({ 200: answer("What came of it.", "Compared") }),
    },
  },
  "/api/mesh/experiments": {
    patch: {
      ...{ operationId: "experiment", summary: "Only with --experiments, from this machine: cuts links, turns the clock." },
      requestBody: takes(json("ExperimentChange")),
      responses: answers({ 200: answer("How it stands.", "Experiments") }),
    },
  },
  "/api/mesh/experiments/kill": {
    post: {
      ...{ operationId: "kill", summary: "Only with --experiments, from this machine: ends the process." },
      responses: answers({ 202: answer("It ends.", "Killed") }),
    },
  },
  "/api/openapi.json": {
    get: { ...{ operationId: "describe", summary: "This." }, responses: answers({ 200: answer("OpenAPI 3.1.", "Description") }) },
  },
};

export function apiDescription(version: string): Router {
  const info = { title: "Inkmesh", version, description: "Collaborative documents, on any relay of a mesh." };
  const router = express.Router({ caseSensitive: true, strict: true });
  router.get("/api/openapi.json", (_request, response) => {
    response.set("Cache-Control", "no-cache").json({ openapi: "3.1.0", info, paths, components: { schemas } });
  });
  return router;
}
