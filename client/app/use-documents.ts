/**
 * UseDocuments: fetches what the start page lists, and again when the connection comes back or the page is looked at.
 */
import type { DeviceRoom, Inkmesh } from "@inkmesh/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { type DocumentRow, mergeDocuments } from "./document-list.ts";
import { useMeshStatus } from "./mesh-hooks.ts";
import { recentDocuments } from "./recent-documents.ts";
import { type ListedRoom, listRooms } from "./relay-api.ts";

export interface Documents {
  readonly rows: readonly DocumentRow[];
  readonly loading: boolean;
  /** Why the relay's part of the list is missing. */
  readonly problem: string | undefined;
  /** Fetches the next page, if there is one. */
  readonly more: (() => void) | undefined;
  readonly retry: { readonly label: string; readonly onPress: () => void };
}

interface Fetched {
  readonly search: string;
  readonly rooms: readonly ListedRoom[];
  readonly next: string | undefined;
}

const searchPauseMs = 200;

/** The documents with `search` in their title. */
export function useDocuments(mesh: Inkmesh, search: string): Documents {
  const [fetched, setFetched] = useState<Fetched>();
  const [device, setDevice] = useState<readonly DeviceRoom[]>([]);
  const [loading, setLoading] = useState(true);
  const [problem, setProblem] = useState<string>();
  const [round, setRound] = useState(0);
  const abort = useRef<AbortController | undefined>(undefined);
  const { workingOffline, connection } = useMeshStatus(mesh);

  const fetchPage = async (after: Fetched | undefined) => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setLoading(true);
    const [answer, onDevice] = await Promise.all([
      workingOffline ? undefined : listRooms({ search, after: after?.next, signal: mine.signal }),
      mesh.deviceRooms().catch(() => []),
    ]);
    if (mine.signal.aborted) return;
    setDevice(onDevice);
    setLoading(false);
    if (answer === undefined) return setProblem("You are working offline. These are the documents on this device.");
    if (!answer.ok)
      return setProblem(answer.unreachable ? "The relay cannot be reached. These are the documents on this device." : answer.sentence);
    setProblem(undefined);
    setFetched({ search, rooms: [...(after?.rooms ?? []), ...answer.value.rooms], next: answer.value.next });
  };

  useEffect(() => {
    const timer = setTimeout(() => void fetchPage(undefined), search === "" ? 0 : searchPauseMs);
    return () => clearTimeout(timer);
  }, [mesh, search, round, workingOffline, connection === "online"]);
  useEffect(() => {
    const again = () => document.visibilityState === "visible" && setRound((count) => count + 1);
    document.addEventListener("visibilitychange", again);
    return () => {
      document.removeEventListener("visibilitychange", again);
      abort.current?.abort();
    };
  }, []);

  const relay = problem === undefined && fetched?.search === search ? fetched.rooms : undefined;
  return {
    rows: mergeDocuments({ relay, device, recent: recentDocuments(), search }),
    loading,
    problem,
    more: fetched?.next === undefined || problem !== undefined ? undefined : () => void fetchPage(fetched),
    retry: workingOffline
      ? { label: "Go online", onPress: () => mesh.workOffline(false) }
      : { label: "Try again", onPress: () => setRound(round + 1) },
  };
}
