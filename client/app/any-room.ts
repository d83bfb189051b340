/**
 * AnyRoom: a document of either engine, as the page has it open. Its name says which: `automerge:…` is Automerge (notes, boards), every other
 * one Yjs (text, code). Automerge is WebAssembly, and fetched when such a document is opened for the first time on this page.
 */
import type { Inkmesh, InkmeshRoom } from "@inkmesh/client";
import type { AutomergeHandle } from "@inkmesh/client/automerge";
import type { RoomName } from "@inkmesh/shared/base/ids";
import { engineOf } from "@inkmesh/shared/engine/engine-of";
import * as Y from "yjs";
import { loadedAutomerge, loadEngine } from "./automerge-engine.ts";
import type { DocumentKind } from "./page-location.ts";
import { drawRoomName } from "./room-address.ts";

export type YjsRoom = InkmeshRoom;
export type AutomergeRoom = InkmeshRoom<AutomergeHandle>;
export type AnyRoom = YjsRoom | AutomergeRoom;
export type AnyDocument = Y.Doc | AutomergeHandle;

export function isYjs(document: AnyDocument): document is Y.Doc {
  return document instanceof Y.Doc;
}

export function isYjsRoom(room: AnyRoom): room is YjsRoom {
  return isYjs(room.doc);
}

export function isAutomergeName(name: string): boolean {
  return engineOf(name as RoomName) === "automerge";
}

/** Whether a document by that name can be opened without waiting. */
export function isEngineHere(name: string): boolean {
  return !isAutomergeName(name) || loadedAutomerge() !== undefined;
}

/** Resolves when it can; rejects when what it needs cannot be fetched. */
export async function fetchEngine(name: string): Promise<void> {
  if (isAutomergeName(name)) await loadEngine();
}

/** After `fetchEngine`. */
export function openRoom(mesh: Pick<Inkmesh, "open">, name: string): AnyRoom {
  if (!isAutomergeName(name)) return mesh.open<Y.Doc>(name);
  const engine = loadedAutomerge();
  if (engine === undefined) throw new Error("Automerge is fetched before one of its documents is opened.");
  return mesh.open<AutomergeHandle>(name, { doc: new engine.AutomergeHandle() });
}

/** A fresh name for a document of `kind`; rejects when what it needs cannot be fetched. */
export async function drawName(kind: DocumentKind): Promise<string> {
  return kind === "text" || kind === "code" ? drawRoomName() : (await loadEngine()).newAutomergeRoom();
}
