/**
 * Togetherness: whether everything has come together: all relays run, all replicas have the same on their disks, everybody shows that, sees
 * exactly those who are there, and has nothing left to send. Answers the first thing that has not, in words.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { Checkers } from "./checkers.ts";
import type { AuditLog } from "./checkers/audit-log.ts";
import type { AnyDocument } from "./checkers/content.ts";
import { mustBeAlike } from "./checkers/convergence.ts";
import type { Fleet } from "./fleet.ts";
import type { Operator } from "./operator.ts";
import { fleetingRoom, type Population } from "./population.ts";
import { whyRingIsOpen } from "./ring-at-rest.ts";
import type { SimRelay } from "./sim-relay.ts";
import type { SimTab } from "./sim-tab.ts";

export interface TogethernessOptions {
  readonly fleet: Fleet;
  readonly checkers: Checkers;
  readonly population: Population;
  readonly operator: Operator;
}

export class Togetherness {
  readonly #fleet: Fleet;
  readonly #checkers: Checkers;
  readonly #population: Population;
  readonly #operator: Operator;

  constructor({ fleet, checkers, population, operator }: TogethernessOptions) {
    this.#fleet = fleet;
    this.#checkers = checkers;
    this.#population = population;
    this.#operator = operator;
  }

  /** Undefined when all run, nothing is on its way to a disk, and all replicas have the same on theirs. */
  whyNotRelays(): string | undefined {
    for (const relay of this.#fleet.relays) {
      const census = relay.census();
      if (census === undefined) return `${relay.host} is not up`;
      if (census.appendsInFlight > 0 || census.waitingBytes > 0) return `${relay.host} has entries on their way to disk`;
    }
    return (
      whyRingIsOpen(this.#fleet, this.#operator) ??
      this.#whyCopiesAreUnlike(this.#population.mainRoom) ??
      (this.#population.hasFleetingRoom ? this.#whyCopiesAreUnlike(fleetingRoom) : undefined)
    );
  }

  #whyCopiesAreUnlike(room: string): string | undefined {
    const first = this.audit(room);
    const generation = first.generation(room);
    const isHeardOf = this.#fleet.isMesh && this.#checkers.haveHeardOf(room, this.replicas(room));
    for (const relay of this.replicas(room)) {
      const audit = this.#checkers.auditOf(relay);
      if (audit.generation(room) !== generation)
        return `${relay.host} has ${room} in generation ${audit.generation(room)}, not ${generation}`;
      const isClosed = first.isClosed({ room: room as RoomName, generation });
      if (audit.isClosed({ room: room as RoomName, generation }) !== isClosed)
        return `${relay.host} does not know whether ${room} is deleted`;
      const unlike = isClosed
        ? undefined
        : this.#isUnlike(relay.host, audit.of({ room: room as RoomName, generation }).doc, generation, room);
      if (unlike !== undefined) return unlike;
      if (isHeardOf && !audit.isComplete(room as RoomName)) return `${relay.host} is not complete in ${room}`;
    }
    return undefined;
  }

  replicas(room: string): readonly SimRelay[] {
    const { rings } = this.#checkers;
    const replicas = this.#fleet.isMesh
      ? rings.of(this.#fleet.ring).replicasOf(room as RoomName)
      : this.#fleet.relays.map(({ self }) => self);
    return this.#fleet.relays.filter(({ self }) => replicas.includes(self));
  }

  /** The disk of the room's first replica, to which everybody is compared. */
  audit(room: string): AuditLog {
    return this.#checkers.auditOf(this.replicas(room)[0]!);
  }

  /** Undefined when nothing waits and everybody shows the same. */
  whyNot(): string | undefined {
    const apart = this.whyNotRelays();
    if (apart !== undefined) return apart;
    for (const tab of this.#population.workingTabs) {
      const { phase, waiting, problem, notOnDevice, setAsideEdits } = tab.room.status;
      if (phase === "deleted" && tab.roomName !== this.#population.mainRoom) continue;
      const hasUnfounded = setAsideEdits > 0 && this.#checkers.devicePromises.isLossy(this.#population.deviceOf(tab).name);
      if (phase !== "saved" && (waiting > 0 || !hasUnfounded))
        return `${tab.process.name} is "${phase}", ${waiting} edits wait, ${problem?.code ?? "no problem"}`;
      if (notOnDevice > 0) return `${tab.process.name} has ${notOnDevice} edits that are not on its device`;
      const unlike = this.#unlike(tab);
      if (unlike !== undefined) return unlike;
    }
    for (const client of this.#population.released) {
      if (!client.isSynced) return `${client.process.name} is not synced`;
      const unlike = this.#isUnlike(
        client.process.name,
        client.doc,
        this.audit(client.roomName).generation(client.roomName),
        client.roomName,
      );
      if (unlike !== undefined) return unlike;
    }
    const busy = this.#population.scripts.find((script) => !script.isDone);
    if (busy !== undefined) return `${busy.process.name} has an edit that was not answered as saved`;
    return this.#leftOnDevices() ?? this.#ghosts();
  }

  /** [P10] Everybody in the main room sees exactly those who are in it. */
  #ghosts(): string | undefined {
    const tabs = this.#population.workingTabs.filter((tab) => tab.roomName === this.#population.mainRoom);
    const clients = [...this.#population.released].filter((client) => client.roomName === this.#population.mainRoom);
    const sights = [...tabs.map(({ process, room }) => ({ process, awareness: room.awareness })), ...clients];
    const here = new Set(sights.map(({ awareness }) => awareness.clientID));
    for (const { process, awareness } of sights) {
      const seen = [...awareness.getStates().keys()];
      const ghost = seen.find((id) => !here.has(id));
      if (ghost !== undefined) return `${process.name} sees ${ghost}, who is not here`;
      if (seen.length < here.size) return `${process.name} sees ${seen.length} of ${here.size}`;
    }
    return undefined;
  }

  /** A tab shows, besides what the disk has, what it says was refused for good, as far as that can be shown. */
  #unlike(tab: SimTab): string | undefined {
    const setAside = tab.room.onlyHere.setAside.map(({ bytes }) => bytes);
    return this.#isUnlike(tab.process.name, tab.doc, tab.room.status.generation ?? 0, tab.roomName, setAside);
  }

  #isUnlike(name: string, doc: AnyDocument, generation: number, room: string, setAside: readonly Uint8Array[] = []): string | undefined {
    try {
      mustBeAlike(this.audit(room).of({ room: room as RoomName, generation }).doc, name, doc, setAside);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Edits of closed tabs that nobody has sent yet. */
  #leftOnDevices(): string | undefined {
    try {
      this.#checkers.devicePromises.atRest();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
