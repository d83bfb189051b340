/**
 * MeshReading: what a relay says of the mesh and of one document's clocks, as the page reads it.
 *
 * The page may be older or newer than the relay: what is missing is undefined, what is not understood is left out, and nothing throws.
 */
export type RelayState = "alive" | "suspect" | "dead" | "left" | "not seen";
export type Place = "joining" | "member" | "leaving" | "left" | "forgotten" | "none";

/** One relay as another one, or it itself, sees it. */
export interface SeenRelay {
  readonly relay: string;
  /** This life of it; empty where nobody has seen any. */
  readonly actor: string;
  readonly state: RelayState;
  readonly place: Place;
  readonly zone: string;
  readonly incarnation: number | undefined;
  readonly address: string;
  readonly linked: boolean;
  readonly sessions: number | undefined;
  readonly release: string | undefined;
  /** Since when it is in that state. */
  readonly sinceSeconds: number | undefined;
  readonly roundTripMs: number | undefined;
  readonly backlogBytes: number | undefined;
  readonly silentMs: number | undefined;
  readonly stampOffsetMs: number | undefined;
}

export interface RingRecord {
  readonly relay: string;
  readonly weight: number;
  readonly zone: string;
  readonly place: Place;
}

export interface ExperimentState {
  readonly cut: readonly string[];
  readonly isPaused: boolean;
  readonly skewMs: number;
}

/** The mesh as one relay sees it. */
export interface MeshReading {
  readonly self: string;
  readonly phase: string;
  readonly isComplete: boolean;
  readonly ringId: string;
  readonly records: readonly RingRecord[];
  /** Copies of a document, and how many of them make "saved". */
  readonly replicas: number;
  readonly needed: number;
  /** One for each name, the relay that speaks first, and then by name. */
  readonly relays: readonly SeenRelay[];
  readonly wallMs: number | undefined;
  readonly stampAheadMs: number | undefined;
  readonly startedAt: string | undefined;
  readonly roomsToHandOver: number;
  readonly roomsToHandOverMost: number;
  readonly roomsBeingHandedOver: number;
  readonly roomsToComplete: number;
  readonly experiments: ExperimentState | undefined;
}

/** How many entries of each life of a relay there are. */
export type Clock = Readonly<Record<string, number>>;

/** How far one document is, as one relay knows. */
export interface RoomReading {
  readonly self: string;
  readonly room: string;
  /** Which one of this name: a document that was deleted and created again has a later one. Clocks of two cannot be compared. */
  readonly generation: number | undefined;
  readonly standing: "unused" | "open" | "deleted";
  readonly title: string;
  readonly replicas: readonly string[];
  readonly needed: number;
  readonly clock: Clock;
  readonly isComplete: boolean;
  readonly waiting: number;
  readonly sessions: number;
  readonly told: readonly { readonly relay: string; readonly clock: Clock; readonly isComplete: boolean }[];
}

const states: readonly RelayState[] = ["alive", "suspect", "dead", "left"];
const places: readonly Place[] = ["joining", "member", "leaving", "left", "forgotten"];

/** Undefined where it is no relay's answer. */
export function readMesh(body: unknown): MeshReading | undefined {
  const answer = record(body);
  const self = text(answer["self"]);
  const lives = list(answer["relays"]).map(record);
  const [own] = lives;
  if (self === "" || own === undefined) return undefined;
  const ring = record(answer["ring"]);
  const records = list(ring["records"]).map(record).map(readRecord);
  return {
    ...{ self, records, ringId: text(ring["id"]) },
    ...{ phase: text(own["phase"]), isComplete: own["complete"] !== false },
    ...{ replicas: number(answer["replicas"]) ?? 1, needed: number(answer["needed"]) ?? 1 },
    relays: readRelays(self, lives, records),
    ...{ wallMs: number(own["wallMs"]), stampAheadMs: number(own["stampAheadMs"]) },
    startedAt: text(own["startedAt"]) || undefined,
    roomsToHandOver: number(own["roomsToHandOver"]) ?? 0,
    roomsToHandOverMost: number(own["roomsToHandOverMost"]) ?? 0,
    roomsBeingHandedOver: number(own["roomsBeingHandedOver"]) ?? 0,
    roomsToComplete: number(own["roomsToComplete"]) ?? 0,
    experiments: answer["experiments"] === undefined ? undefined : readExperiments(answer["experiments"]),
  };
}

/** Undefined where it is no relay's answer. */
export function readRoom(body: unknown): RoomReading | undefined {
  const answer = record(body);
  const [self, room, standing] = [text(answer["self"]), text(answer["room"]), text(answer["standing"])];
  if (self === "" || (standing !== "unused" && standing !== "open" && standing !== "deleted")) return undefined;
  return {
    ...{ self, room, generation: number(answer["generation"]), standing, title: text(answer["title"]) },
    replicas: list(answer["replicas"]).map(text),
    needed: number(answer["needed"]) ?? 1,
    ...{ clock: readClock(answer["clock"]), isComplete: answer["isComplete"] === true },
    ...{ waiting: number(answer["waiting"]) ?? 0, sessions: number(answer["sessions"]) ?? 0 },
    told: list(answer["told"])
      .map(record)
      .map((copy) => ({ relay: text(copy["relay"]), clock: readClock(copy["clock"]), isComplete: copy["isComplete"] === true })),
  };
}

export function readExperiments(body: unknown): ExperimentState {
  const { cut, isPaused, skewMs } = record(body);
  return { cut: list(cut).map(text), isPaused: isPaused === true, skewMs: number(skewMs) ?? 0 };
}

/** Of several lives of one name the one that is there, or was last; and those of the ring that nobody has seen. */
function readRelays(self: string, lives: readonly Record<string, unknown>[], records: readonly RingRecord[]): readonly SeenRelay[] {
  const best = new Map<string, SeenRelay>();
  for (const life of lives) {
    const seen = readRelay(life, records);
    const before = best.get(seen.relay);
    const isBetter = before === undefined || states.indexOf(seen.state) <= states.indexOf(before.state);
    if (isBetter && seen.relay !== "" && before?.relay !== self) best.set(seen.relay, seen);
  }
  for (const { relay, place } of records) {
    if (!best.has(relay) && place !== "left" && place !== "forgotten") best.set(relay, readRelay({ relay }, records));
  }
  const others = [...best.values()].filter(({ relay }) => relay !== self);
  return [best.get(self)!, ...others.toSorted((left, right) => (left.relay < right.relay ? -1 : 1))];
}

function readRelay(life: Record<string, unknown>, records: readonly RingRecord[]): SeenRelay {
  const relay = text(life["relay"]);
  const onRing = records.find((known) => known.relay === relay);
  const state = states.find((known) => known === life["state"]) ?? "not seen";
  return {
    ...{ relay, state, actor: text(life["actor"]), address: text(life["address"]) },
    ...{ place: onRing?.place ?? "none", zone: onRing?.zone ?? "" },
    ...{ incarnation: number(life["incarnation"]), linked: life["linked"] === true },
    ...{ sessions: number(life["sessions"]), release: text(life["release"]) || undefined },
    ...{ sinceSeconds: number(life["sinceSeconds"]), roundTripMs: number(life["roundTripMs"]) },
    ...{ backlogBytes: number(life["backlogBytes"]), silentMs: number(life["silentMs"]) },
    stampOffsetMs: number(life["stampOffsetMs"]),
  };
}

function readRecord(entry: Record<string, unknown>): RingRecord {
  const place = places.find((known) => known === entry["status"]) ?? "none";
  return { relay: text(entry["relay"]), weight: number(entry["weight"]) ?? 1, zone: text(entry["zone"]), place };
}

function readClock(value: unknown): Clock {
  const entries = Object.entries(record(value)).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  return Object.fromEntries(entries);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
