/**
 * Askers: who asked on its link how far this relay is with a room, also of rooms that have left memory since: it has sessions for it,
 * asks once per link, and relies on being told from then on, until it says that it asks no more.
 *
 * Invariants: a link that ends takes all that was asked on it away; of each linked relay those rooms are remembered that it has in memory.
 */
import type { ActorId, RoomName } from "@inkmesh/shared/base/ids";

export class Askers {
  readonly #rooms = new Map<RoomName, Set<ActorId>>();

  /** The rooms about which somebody asked. */
  get rooms(): Iterable<RoomName> {
    return this.#rooms.keys();
  }

  of(room: RoomName): Iterable<ActorId> {
    return this.#rooms.get(room) ?? [];
  }

  add(room: RoomName, actor: ActorId): void {
    const askers = this.#rooms.get(room);
    if (askers === undefined) this.#rooms.set(room, new Set([actor]));
    else askers.add(actor);
  }

  /** Another generation begins: who asked about the one before has not asked about this. */
  begin(room: RoomName, actors: readonly ActorId[]): void {
    if (actors.length > 0) this.#rooms.set(room, new Set(actors));
    else this.#rooms.delete(room);
  }

  remove(room: RoomName, actor: ActorId): void {
    const askers = this.#rooms.get(room);
    if (askers?.delete(actor) === true && askers.size === 0) this.#rooms.delete(room);
  }

  linkDown(actor: ActorId): void {
    for (const room of this.#rooms.keys()) this.remove(room, actor);
  }
}
