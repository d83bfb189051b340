/**
 * ImageSources: what the images of an open document are shown from: an address in this page's memory for each name, made from the
 * bytes that the device or the relay has, and taken back when nobody shows it any more.
 *
 *     loading ──bytes──▶ shown
 *        │ ▲
 *        ▼ │ after a wait that doubles; at once when the document was synced anew
 *     failed (a few times in a row: offline, not found, no answer, refused, unreadable)
 *
 * Invariants: an image is asked for once, however often it stands in the document; at most `asksMax` are asked for at a time; what is no
 * image of a known kind is never handed to the browser as one.
 */
import type { BlobAnswer, InkmeshRoom } from "@inkmesh/client";
import { imageTypeOf } from "@inkmesh/shared/base/image-type";

export type ImageFailure = Exclude<BlobAnswer, { type: "found" }> | { readonly type: "unreadable" };

export type ImageState =
  | { readonly type: "loading" }
  | { readonly type: "shown"; readonly url: string }
  | { readonly type: "failed"; readonly failure: ImageFailure };

type Listener = (state: ImageState) => void;

interface Source {
  state: ImageState;
  readonly listeners: Set<Listener>;
  failures: number;
  isAsked: boolean;
  again: ReturnType<typeof setTimeout> | undefined;
}

/** Images that are asked for at a time: more fill the line before the text. */
const asksMax = 4;
const againMs = 1_000;
const againMaxMs = 60_000;
/** So often in the beginning it is no failure yet: the line may come up in a moment, and an edit is quicker than the image that it names. */
const earlyMax = 2;

export class ImageSources {
  readonly #room: Pick<InkmeshRoom, "blobs" | "on">;
  readonly #sources = new Map<string, Source>();
  readonly #waiting: string[] = [];
  readonly #unwatch: () => void;
  #asks = 0;

  constructor(room: Pick<InkmeshRoom, "blobs" | "on">) {
    this.#room = room;
    this.#unwatch = room.on("synced", () => this.retry());
  }

  /** Calls `listener` with what is true now, and whenever that changes; answers the function that ends it. */
  watch(name: string, listener: Listener): () => void {
    const source = this.#sources.get(name) ?? this.#begin(name);
    source.listeners.add(listener);
    listener(source.state);
    return () => {
      source.listeners.delete(listener);
      // A node that is drawn anew lets go before it takes again.
      if (source.listeners.size === 0) queueMicrotask(() => source.listeners.size === 0 && this.#end(name, source));
    };
  }

  /** The browser cannot show what it was given. */
  unreadable(name: string): void {
    const source = this.#sources.get(name);
    if (source?.state.type === "shown") this.#show(source, { type: "failed", failure: { type: "unreadable" } });
  }

  /** What failed is asked for again, now. */
  retry(): void {
    for (const [name, source] of this.#sources) {
      if (source.state.type === "shown" || (source.state.type === "failed" && source.state.failure.type === "unreadable")) continue;
      source.failures = 0;
      this.#ask(name, source);
    }
  }

  close(): void {
    this.#unwatch();
    for (const [name, source] of this.#sources) this.#end(name, source);
  }

  #begin(name: string): Source {
    const source: Source = { state: { type: "loading" }, listeners: new Set(), failures: 0, isAsked: false, again: undefined };
    this.#sources.set(name, source);
    this.#ask(name, source);
    return source;
  }

  #end(name: string, source: Source): void {
    clearTimeout(source.again);
    if (source.state.type === "shown") URL.revokeObjectURL(source.state.url);
    if (this.#sources.get(name) === source) this.#sources.delete(name);
  }

  #ask(name: string, source: Source): void {
    clearTimeout(source.again);
    if (source.isAsked) return;
    source.isAsked = true;
    this.#waiting.push(name);
    this.#askNext();
  }

  #askNext(): void {
    if (this.#asks >= asksMax) return;
    const name = this.#waiting.shift();
    const source = name === undefined ? undefined : this.#sources.get(name);
    if (name === undefined) return;
    if (source === undefined) return this.#askNext();
    this.#asks += 1;
    void this.#room.blobs.get(name).then((answer) => {
      this.#asks -= 1;
      source.isAsked = false;
      // Nobody shows it any more.
      if (this.#sources.get(name) === source) this.#answered(name, source, answer);
      this.#askNext();
    });
  }

  #answered(name: string, source: Source, answer: BlobAnswer): void {
    if (answer.type === "found") {
      const type = imageTypeOf(answer.bytes);
      if (type === undefined) return this.#show(source, { type: "failed", failure: { type: "unreadable" } });
      const url = URL.createObjectURL(new Blob([answer.bytes as Uint8Array<ArrayBuffer>], { type }));
      return this.#show(source, { type: "shown", url });
    }
    source.again = setTimeout(() => this.#ask(name, source), Math.min(againMaxMs, againMs * 2 ** Math.min(source.failures, 10)));
    source.failures += 1;
    const isEarly = answer.type !== "refused" && source.failures <= earlyMax;
    if (!isEarly || source.state.type === "failed") this.#show(source, { type: "failed", failure: answer });
  }

  #show(source: Source, state: ImageState): void {
    if (source.state.type === "shown") URL.revokeObjectURL(source.state.url);
    source.state = state;
    for (const listener of [...source.listeners]) listener(state);
  }
}
