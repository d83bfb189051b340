/**
 * RecentDocuments: titles of the documents opened on this device, so that the start page can name them without a
 * relay. A convenience in localStorage; the content itself is in the device's store, and nothing depends on this list.
 */
export interface RecentDocument {
  readonly room: string;
  readonly title: string;
  readonly kind: string;
  readonly openedMs: number;
}

const key = "inkmesh.recent";
const keptMax = 300;

/** The documents opened here, the latest first. */
export function recentDocuments(): readonly RecentDocument[] {
  try {
    const list = JSON.parse(localStorage.getItem(key) ?? "[]") as unknown;
    return Array.isArray(list) ? list.filter(isRecent) : [];
  } catch {
    return []; // Storage is forbidden, or somebody else wrote there.
  }
}

/** Puts a document on top of the list. */
export function rememberDocument(document: RecentDocument): void {
  write([document, ...recentDocuments().filter((other) => other.room !== document.room)].slice(0, keptMax));
}

/** Takes a document off the list. */
export function forgetDocument(room: string): void {
  write(recentDocuments().filter((other) => other.room !== room));
}

function write(list: readonly RecentDocument[]): void {
  try {
    localStorage.setItem(key, JSON.stringify(list));
  } catch {
    // Full or forbidden storage: the start page then names fewer documents while offline.
  }
}

function isRecent(value: unknown): value is RecentDocument {
  const { room, title, kind, openedMs } = (value ?? {}) as Partial<RecentDocument>;
  return typeof room === "string" && typeof title === "string" && typeof kind === "string" && typeof openedMs === "number";
}
