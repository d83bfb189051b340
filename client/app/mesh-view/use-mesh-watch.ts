/**
 * UseMeshWatch: the relays' answers as values that components can draw, and what was different from one answer to the next.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { CopyStory } from "./copy-story.ts";
import type { Order } from "./expected-states.ts";
import { rememberOrigins } from "./known-origins.ts";
import { carryOut } from "./mesh-experiments.ts";
import type { MeshReading } from "./mesh-reading.ts";
import { copiesOf, isAnswering, type MeshSight, type ReplicaCopy, sightOf } from "./mesh-sight.ts";
import { MeshWatch, type Poll } from "./mesh-watch.ts";
import { changeWords } from "./mesh-words.ts";

export interface Happening {
  readonly key: number;
  readonly atMs: number;
  readonly words: string;
}

export interface Watched {
  readonly polls: readonly Poll[];
  readonly sight: MeshSight | undefined;
  readonly copies: readonly ReplicaCopy[];
  /** The latest first. */
  readonly happenings: readonly Happening[];
  /** Whether no relay has answered or failed yet. */
  readonly isNew: boolean;
  /** Tells relays to stand otherwise. Answers why one did not, in words. */
  readonly order: (orders: readonly Order[]) => Promise<string | undefined>;
}

const happeningsMax = 40;

/** `origins`: the page's own first; `chosen`: through which relay's eyes; `room`: whose clocks. */
export function useMeshWatch(origins: readonly string[], chosen: string | undefined, room: string | undefined): Watched {
  const [polls, setPolls] = useState<readonly Poll[]>([]);
  const watch = useRef<MeshWatch>();
  const story = useStory();
  useEffect(() => {
    const started = new MeshWatch(
      origins,
      {
        fetch: (url, init) => fetch(url, { ...init, cache: "no-store" }),
        nowMs: () => performance.timeOrigin + performance.now(),
        isSeen: () => document.visibilityState === "visible",
        wait: (ms) => new Promise((over) => setTimeout(over, ms)),
      },
      () => {
        setPolls(started.polls);
        rememberOrigins(started.polls.filter(isAnswering).map(({ origin }) => origin));
      },
    );
    watch.current = started;
    return () => started.end();
  }, []);
  useEffect(() => watch.current?.look(room), [room]);
  const sight = sightOf(polls, chosen);
  const copies = sight === undefined ? [] : copiesOf(polls, sight);
  useEffect(() => story.tell(sight, copies, room), [polls, room, chosen]);
  const isNew = polls.every((poll) => poll.mesh === undefined && poll.failingSinceMs === undefined);
  const order = (orders: readonly Order[]): Promise<string | undefined> => {
    const outcome = carryOut(orders);
    watch.current?.expect(orders, outcome);
    return outcome;
  };
  return { polls, sight, copies, happenings: story.happenings, isNew, order };
}

function useStory() {
  const [happenings, setHappenings] = useState<readonly Happening[]>([]);
  const memory = useRef({
    mesh: undefined as MeshReading | undefined,
    room: undefined as string | undefined,
    copies: new CopyStory(),
    last: 0,
  });
  const tell = (sight: MeshSight | undefined, copies: readonly ReplicaCopy[], room: string | undefined): void => {
    const before = memory.current;
    if (room !== before.room) before.copies.forget();
    const nowMs = Date.now();
    const words = [
      ...(sight !== undefined && before.mesh !== undefined ? changeWords(before.mesh, sight.mesh) : []),
      ...before.copies.hear(copies, nowMs),
    ];
    before.mesh = sight?.mesh ?? before.mesh;
    before.room = room;
    if (words.length === 0) return;
    const fresh = words.map((sentence) => ({ key: (before.last += 1), atMs: nowMs, words: sentence }));
    setHappenings((all) => [...fresh.toReversed(), ...all].slice(0, happeningsMax));
  };
  return { happenings, tell };
}
