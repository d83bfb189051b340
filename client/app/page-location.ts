/**
 * PageLocation: which page is shown. Two pages need no router: the start page, and a document's.
 */
import { useEffect, useState } from "preact/hooks";
import { pathOfRoom, roomOfPath } from "./room-address.ts";

export type Page = { readonly type: "start" } | { readonly type: "document"; readonly room: string } | { readonly type: "unknown" };

const documentKinds = ["text", "code", "notes", "board"] as const;

/** What sort of document a person asked for with "new"; kept in the history entry, so that a reload does not ask again. */
export type DocumentKind = (typeof documentKinds)[number];

/** The kind that somebody else says; what is none is undefined. */
export function readKind(told: unknown): DocumentKind | undefined {
  return documentKinds.find((kind) => kind === told);
}

/** The page that an address stands for. */
export function pageOfPath(path: string): Page {
  if (path === "/" || path === "/index.html") return { type: "start" };
  const room = roomOfPath(path);
  return room === undefined ? { type: "unknown" } : { type: "document", room };
}

/** Shows another page without leaving this one, as a link would. */
export function visit(path: string, begin?: DocumentKind): void {
  history.pushState(begin === undefined ? null : { begin }, "", path);
  dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
}

/** The page of a document. */
export function visitRoom(room: string, begin?: DocumentKind): void {
  visit(pathOfRoom(room), begin);
}

/** What this history entry asks to begin, if it does; asked once. */
export function takeBeginning(): DocumentKind | undefined {
  const state = history.state as { begin?: unknown } | null;
  const begin = readKind(state?.begin);
  if (begin !== undefined) history.replaceState(null, "");
  return begin;
}

/** The page to show now; follows the back button and `visit`. */
export function usePage(): Page {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const follow = () => setPath(location.pathname);
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  return pageOfPath(path);
}

/** Lets a plain click on a link stay in the page; with a modifier key the browser does as always. */
export function followInPage(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  visit(link.pathname);
}
