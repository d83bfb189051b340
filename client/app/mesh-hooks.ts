/**
 * MeshHooks: the library's objects as values that components can draw.
 */
import type { Inkmesh, MeshStatus, RoomDeletion, RoomStatus } from "@inkmesh/client";
import { useEffect, useState } from "preact/hooks";
import { type AnyRoom, fetchEngine, isEngineHere } from "./any-room.ts";
import type { KeptRooms } from "./kept-rooms.ts";

/** The state of the connection, kept up to date. */
export function useMeshStatus(mesh: Inkmesh): MeshStatus {
  const [status, setStatus] = useState(mesh.status);
  useEffect(() => {
    const look = () => setStatus(mesh.status);
    look();
    return mesh.on("status", look);
  }, [mesh]);
  return status;
}

/** The state of a room's edits, kept up to date. */
export function useRoomStatus(room: AnyRoom): RoomStatus {
  const [status, setStatus] = useState(room.status);
  useEffect(() => {
    const look = () => setStatus(room.status);
    look();
    return room.on("status", look);
  }, [room]);
  return status;
}

/** Whether what a document by that name needs is on this page; begins to fetch it. */
export function useEngine(name: string): "here" | "awaited" | "failed" {
  const [failed, setFailed] = useState<string>();
  const [, setFetched] = useState<string>();
  useEffect(() => {
    if (isEngineHere(name)) return undefined;
    let current = true;
    fetchEngine(name).then(
      () => current && setFetched(name),
      () => current && setFailed(name),
    );
    return () => {
      current = false;
    };
  }, [name]);
  return isEngineHere(name) ? "here" : failed === name ? "failed" : "awaited";
}

/** Opens a room for as long as the component is there, and anew when something in its document was discarded. */
export function useRoom(rooms: KeptRooms, name: string): AnyRoom | undefined {
  const [room, setRoom] = useState<AnyRoom>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    const opened = rooms.open(name);
    setRoom(opened);
    let isDiscarded = false;
    const unwatch = opened.on("discarded", () => {
      isDiscarded = true;
      setRound((count) => count + 1);
    });
    return () => {
      unwatch();
      setRoom(undefined);
      // Not before it leaves the page: until then one may type in it.
      if (isDiscarded) rooms.close(opened);
      else rooms.leave(opened);
    };
  }, [rooms, name, round]);
  return room?.name === name ? room : undefined;
}

/** Whether this device's copy is in the document. */
export function useLoaded(room: AnyRoom): boolean {
  const [loaded, setLoaded] = useState(false);
  useEffect(() => {
    let current = true;
    setLoaded(false);
    void room.whenLoaded.then(() => current && setLoaded(true));
    return () => {
      current = false;
    };
  }, [room]);
  return loaded;
}

/** Who deleted the document and when, once somebody has. */
export function useDeletion(room: AnyRoom): RoomDeletion | undefined {
  const [deletion, setDeletion] = useState(room.deletion);
  useEffect(() => {
    const look = () => setDeletion(room.deletion);
    look();
    return room.on("deleted", look);
  }, [room]);
  return deletion;
}
