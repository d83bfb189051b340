/**
 * UseDocuments: fetches what the start page lists, and again when the connection comes back, when what waited was sent,
 * or when the page is looked at. What this device has is shown meanwhile, and said to be that.
 */
import type { Inkmesh } from "@inkmesh/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { withDeletions } from "./deleted-documents.ts";
import { type DocumentRow, mergeDocuments } from "./document-list.ts";
import { useMeshStatus } from "./mesh-hooks.ts";
import { recentDocuments } from "./recent-documents.ts";
import { type ListedRoom, listRooms } from "./relay-api.ts";
import { unansweredWords } from "./unanswered-words.ts";
import { useDeviceRooms } from "./use-device-rooms.ts";

export interface Documents {
  readonly rows: readonly DocumentRow[];
  readonly loading: boolean;
  /** Whose part is in the list, beside this device's: of all relays, of some, or of none. */
  readonly heard: "all" | "some" | "none";
  /** Why a part of the list is, or may be, missing. */
  readonly problem: string | undefined;
  /** It is this device's part that is missing. */
  readonly isUnreadable: boolean;
  /** Something on this device has changed. */
  readonly refresh: () => void;
  /** Fetches the next page, if there is one. */
  readonly more: (() => void) | undefined;
  readonly retry: { readonly label: string; readonly onPress: () => void };
}

interface Fetched {
  readonly search: string;
  readonly rooms: readonly ListedRoom[];
  readonly next: string | undefined;
  /** Relays that are not in it, on any of its pages. */
  readonly unanswered: readonly string[];
}

const searchPauseMs = 200;
/** A relay that takes longer to answer is worth a word. */
const slowMs = 1_000;
const onlyHere = "These are the documents on this device.";
const unreadable = "What this device keeps of documents cannot be read now.";

/** The documents with `search` in their title. */
export function useDocuments(mesh: Inkmesh, search: string): Documents {
  const [fetched, setFetched] = useState<Fetched>();
  const [loading, setLoading] = useState(true);
  const [problem, setProblem] = useState<string>();
  const [isSlow, setSlow] = useState(false);
  const [round, setRound] = useState(0);
  const abort = useRef<AbortController | undefined>(undefined);
  const { workingOffline, connection } = useMeshStatus(mesh);
  const { rooms: device, isUnreadable } = useDeviceRooms(mesh, `${round} ${connection}`);
  const anyWaits = device?.some(({ waiting }) => waiting > 0) ?? false;

  const fetchPage = async (after: Fetched | undefined) => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setLoading(true);
    const answer = workingOffline ? undefined : await listRooms({ search, after: after?.next, signal: mine.signal });
    if (mine.signal.aborted) return;
    setLoading(false);
    if (answer === undefined) return setProblem("You are working offline.");
    if (!answer.ok) return setProblem(answer.sentence);
    setProblem(undefined);
    const { rooms, next, unanswered } = answer.value;
    const missing = new Set([...(after?.unanswered ?? []), ...unanswered]);
    setFetched({ search, rooms: [...(after?.rooms ?? []), ...rooms], next, unanswered: [...missing] });
  };

  useEffect(() => {
    const timer = setTimeout(() => void fetchPage(undefined), search === "" ? 0 : searchPauseMs);
    return () => clearTimeout(timer);
  }, [mesh, search, round, workingOffline, connection === "online", anyWaits]);
  useEffect(() => {
    setSlow(false);
    const timer = loading ? setTimeout(() => setSlow(true), slowMs) : undefined;
    return () => clearTimeout(timer);
  }, [loading]);
  useEffect(() => {
    const again = () => document.visibilityState === "visible" && setRound((count) => count + 1);
    document.addEventListener("visibilitychange", again);
    return () => {
      document.removeEventListener("visibilitychange", again);
      abort.current?.abort();
    };
  }, []);

  const current = problem === undefined && fetched?.search === search ? fetched : undefined;
  const missing = problem ?? (isSlow && current === undefined ? "The relay is slow to answer." : undefined);
  const unanswered = unansweredWords(current?.unanswered ?? []);
  return {
    rows: mergeDocuments({
      relay: current?.rooms,
      device: device === undefined ? [] : withDeletions(device, () => localStorage),
      recent: recentDocuments(),
      search,
    }),
    loading: loading || (device === undefined && !isUnreadable),
    heard: missing !== undefined ? "none" : unanswered === undefined ? "all" : "some",
    problem: sentences(missing ?? unanswered, isUnreadable ? unreadable : missing === undefined ? undefined : onlyHere),
    isUnreadable,
    refresh: () => setRound((count) => count + 1),
    more: fetched?.next === undefined || problem !== undefined ? undefined : () => void fetchPage(fetched),
    retry: workingOffline
      ? { label: "Go online", onPress: () => mesh.workOffline(false) }
      : { label: "Try again", onPress: () => setRound(round + 1) },
  };
}

function sentences(...parts: readonly (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined).join(" ") || undefined;
}
