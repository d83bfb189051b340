/**
 * OnlyHere: what of a document is on this device alone, as a text file for a person: the words typed in edits that no
 * relay has taken, and the whole document as this device shows it. Made from memory, without a disk and without a relay.
 */
import type { OnlyHere } from "@inkmesh/client";
import * as Y from "yjs";
import { type AnyDocument, type AnyRoom, isYjs } from "./any-room.ts";
import { typedIn } from "./automerge-content.ts";
import { plainText } from "./document-copy.ts";
import { metaOf } from "./document-meta.ts";
import { download, fileName } from "./download.ts";
import { edits } from "./status-words.ts";

/** Gives the person the file; answers what to say. `everything`: also when a relay has all of it. */
export function downloadOnlyHere(room: AnyRoom, everything = false): string {
  const only = room.onlyHere;
  if (!everything && only.waiting.length + only.setAside.length === 0)
    return "Everything that was typed on this device is on a relay, too.";
  const name = fileName(`${metaOf(room.doc).title} (only on this device)`, "text");
  download(new Blob([onlyHereText(room.name, room.doc, only)], { type: "text/plain;charset=utf-8" }), name);
  return `${name} is downloaded.`;
}

/** The file's text. */
export function onlyHereText(room: string, doc: AnyDocument, { waiting, setAside }: OnlyHere): string {
  const parts = [
    ["waiting to be sent", waiting],
    ["refused by a relay", setAside],
  ] as const;
  const typed = (entries: Entries): string => (isYjs(doc) ? wordsOf(entries) : typedIn(entries.map(({ bytes }) => bytes)));
  const sections = parts
    .filter(([, entries]) => entries.length > 0)
    .map(
      ([what, entries]) => `== ${edits(entries.length)} ${what} ==\n\n${typed(entries) || "(no words: only deletions or formatting)"}\n`,
    );
  return [`Document ${room}\n`, ...sections, `== The document as this device shows it ==\n\n${plainText(doc)}`].join("\n");
}

type Entries = readonly { readonly bytes: Uint8Array }[];

/** What was typed in these edits of Yjs, letters that follow one another joined. */
function wordsOf(entries: Entries): string {
  let words = "";
  let end: { client: number; clock: number } | undefined;
  for (const struct of entries.flatMap(({ bytes }) => structsOf(bytes))) {
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) continue;
    const { id, origin, length } = struct;
    const follows = end !== undefined && origin?.client === end.client && origin.clock === end.clock;
    words += (follows || words === "" ? "" : "\n") + struct.content.str;
    end = { client: id.client, clock: id.clock + length - 1 };
  }
  return words;
}

/** An edit that cannot be read has no words to show; the others have. */
function structsOf(bytes: Uint8Array): readonly (Y.Item | Y.GC | Y.Skip)[] {
  try {
    return Y.decodeUpdate(bytes).structs as (Y.Item | Y.GC | Y.Skip)[];
  } catch {
    return [];
  }
}
