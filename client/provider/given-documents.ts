/**
 * GivenDocuments: the document that a room is opened with: the application's own, or one made here. The room's name says which kind that is.
 *
 * Where edits are left of a document that nobody has open, one is made in the background to send them. Automerge's is brought in for that by what
 * the application gave (`InkmeshOptions.automerge`); without it such edits stay on the device until the document is opened.
 */
import { assert } from "@inkmesh/shared/base/assert";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import type { OpenOptions } from "./inkmesh-options.ts";
import { share, type ShareableDocument, type SharedDocument } from "./shared-document.ts";
import { YjsSharedDocument } from "./yjs-shared-document.ts";

export interface GivenDocument<Doc> {
  readonly doc: Doc;
  readonly awareness: Awareness;
  /** `origin`: whose doing it is what comes from elsewhere, as Yjs tells it. */
  share(origin: object): SharedDocument;
  /** What was made here is not needed any more. */
  end(): void;
}

/** What `InkmeshOptions.automerge` brings in: `@inkmesh/client/automerge`, with its WebAssembly. */
export interface AutomergeEntrance {
  readonly AutomergeHandle: new () => ShareableDocument;
}

export class GivenDocuments {
  readonly #bring: (() => Promise<AutomergeEntrance>) | undefined;
  #automerge: AutomergeEntrance | undefined;

  constructor(bring: (() => Promise<AutomergeEntrance>) | undefined) {
    this.#bring = bring;
  }

  /** Whether a document can be made of a room of this name; what that needs is brought in where it is not here yet. */
  canMake(room: RoomName): boolean | Promise<boolean> {
    if (engineOf(room) === "yjs" || this.#automerge !== undefined) return true;
    return this.#bring !== undefined && this.#bringIn(this.#bring);
  }

  /** An application's. Throws when the room's name says another kind than the document is, or when it is open in another room. */
  of<Doc>(room: RoomName, { doc, awareness }: OpenOptions<Doc>): GivenDocument<Doc> {
    if (doc !== undefined) return given(room, doc, awareness);
    if (engineOf(room) === "automerge") throw new Error(`${room} is a document of Automerge: give open() an AutomergeHandle.`);
    return given(room, new Y.Doc() as Doc, awareness, (made) => (made as Y.Doc).destroy());
  }

  /** One that nobody looks at. */
  hidden(room: RoomName): GivenDocument<unknown> {
    if (engineOf(room) === "yjs") return this.of(room, {});
    assert(this.#automerge !== undefined, "a document is made in the background once `canMake` said so");
    return given(room, new this.#automerge.AutomergeHandle(), undefined);
  }

  async #bringIn(bring: () => Promise<AutomergeEntrance>): Promise<boolean> {
    try {
      this.#automerge = await bring();
      return true;
    } catch {
      // A page without a line may not have it: the next look tries again.
      return false;
    }
  }
}

function given<Doc>(room: RoomName, doc: Doc, awareness: Awareness | undefined, end?: (doc: Doc) => void): GivenDocument<Doc> {
  const shareOf = sharing(room, doc);
  // By the room's name: a Y.Doc of another copy of Yjs is one, too, and cursors are told apart by its number.
  const made = awareness ?? new Awareness(engineOf(room) === "yjs" ? (doc as Y.Doc) : new Y.Doc());
  return {
    doc,
    awareness: made,
    share: shareOf,
    end: () => {
      if (awareness === undefined) made.destroy();
      end?.(doc);
    },
  };
}

function sharing(room: RoomName, doc: unknown): (origin: object) => SharedDocument {
  const engine = engineOf(room);
  const isShareable = typeof doc === "object" && doc !== null && share in doc;
  if (isShareable === (engine === "yjs")) {
    throw new Error(
      engine === "yjs" ? `${room} takes a Y.Doc: an AutomergeHandle's room is called automerge:…` : `${room} takes an AutomergeHandle.`,
    );
  }
  if (!isShareable) return (origin) => new YjsSharedDocument(doc as Y.Doc, origin);
  const shared = (doc as ShareableDocument)[share]();
  return () => shared;
}
