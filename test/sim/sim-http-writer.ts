/**
 * SimHttpWriter: a script that edits a document over HTTP, at any relay: it reads it, changes it, sends the change, and sends that again until
 * it is answered as saved or told that it cannot be taken.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import * as Y from "yjs";
import type { RoomAnswer } from "../../server/core/effect.ts";
import type { SimRelay } from "./sim-relay.ts";
import type { SimProcess } from "./world.ts";
import { Writer } from "./writing.ts";

export interface SimHttpWriterOptions {
  readonly process: SimProcess;
  readonly room: RoomName;
  /** An edit of it was answered as saved. */
  readonly saved: (relay: SimRelay, update: Uint8Array, answer: RoomAnswer & { type: "saved" }) => void;
}

interface Edit {
  readonly update: Uint8Array;
  /** The token of what it was made on, where it must still be that. */
  readonly match: string | undefined;
}

/** How often it is told that the relay lacks what it had read before it takes that for lost. */
const patience = 3;

export class SimHttpWriter {
  readonly process: SimProcess;
  readonly #options: SimHttpWriterOptions;
  readonly #writer: Writer;
  #doc = new Y.Doc();
  #edit: Edit | undefined;
  #losses = 0;
  #isAsking = false;

  /** To be made as an event of its process. */
  constructor(options: SimHttpWriterOptions) {
    this.process = options.process;
    this.#options = options;
    this.#writer = new Writer({ name: options.process.name.replace(/\W/g, "_"), random: options.process.random });
  }

  /** It has nothing to send any more. */
  get isDone(): boolean {
    return this.#edit === undefined && !this.#isAsking;
  }

  /** Goes on with what it has, or begins something. */
  work(relay: SimRelay): void {
    if (this.#isAsking) return;
    if (this.#edit === undefined) this.#read(relay);
    else this.#send(relay, this.#edit);
  }

  #read(relay: SimRelay): void {
    const ask = { type: "content", room: this.#options.room, format: "update", token: "" } as const;
    this.#ask(relay, ask, (answer) => {
      if (answer?.type !== "content") return;
      Y.applyUpdate(this.#doc, answer.bytes);
      const before = Y.encodeStateVector(this.#doc);
      const updates: Uint8Array[] = [];
      const keep = (update: Uint8Array): void => void updates.push(update);
      this.#doc.on("update", keep);
      this.#writer.edit(this.#doc);
      this.#doc.off("update", keep);
      if (updates.length === 0) return;
      // As somebody does who has no update event, or as somebody who has one: the former repeats all deletions.
      const isDifference = this.process.random.fraction() < 0.5;
      const update = isDifference ? Y.encodeStateAsUpdate(this.#doc, before) : Y.mergeUpdates(updates);
      this.#edit = { update, match: this.process.random.fraction() < 0.2 ? answer.token : undefined };
      this.#send(relay, this.#edit);
    });
  }

  #send(relay: SimRelay, edit: Edit): void {
    const { room, saved } = this.#options;
    const heard = (answer: RoomAnswer | undefined): void => {
      if (answer?.type === "saved") saved(relay, edit.update, answer);
    };
    this.#ask(relay, { type: "update", room, ...edit, principal: "" }, (answer) => this.#answered(answer), heard);
  }

  #answered(answer: RoomAnswer | undefined): void {
    if (answer?.type === "saved") this.#edit = undefined;
    if (answer?.type !== "refused") return;
    const { code, detail } = answer.refusal;
    this.process.note(`is refused: ${code} ${detail}`);
    if (code === "GAP" || code === "BEHIND") this.#losses += 1;
    if (code !== "CHANGED_SINCE" && this.#losses < patience) return;
    this.#doc = new Y.Doc();
    this.#edit = undefined;
    this.#losses = 0;
  }

  /** `heard` is told in the very moment of the answer; `then` when it has travelled. */
  #ask(
    relay: SimRelay,
    ask: Parameters<SimRelay["request"]>[0],
    then: (answer: RoomAnswer | undefined) => void,
    heard: (answer: RoomAnswer | undefined) => void = () => undefined,
  ): void {
    this.#isAsking = true;
    let isOver = false;
    const over = (answer: RoomAnswer | undefined): void => {
      if (isOver) return;
      isOver = true;
      this.#isAsking = false;
      then(answer);
    };
    // A relay that dies over it never answers.
    this.process.reach(answerMs, "HTTP request is given up", () => over(undefined));
    relay.request(ask, (answer) => {
      heard(answer);
      this.process.reach(travelMs, "HTTP answer", () => over(answer));
    });
  }
}

const [travelMs, answerMs] = [5, 10_000];
