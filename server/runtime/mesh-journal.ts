/**
 * MeshJournal: what happens between relays, in words an operator reads: who is there, lost, found again, has left, joined the ring,
 * and who was refused and why.
 *
 * What goes on failing is said once per `againMs`, and meanwhile only to those who read everything: relays retry for ever.
 * Nothing here decides anything. Never a secret.
 */
import { errorKind, type ErrorCode } from "@inkmesh/shared/base/errors";
import { relayOf, type ActorId, type RelayId } from "@inkmesh/shared/base/ids";
import type { RingRecord } from "@inkmesh/shared/ring/ring-record";
import type { MemberChange } from "../core/membership/members.ts";
import type { RingRecords } from "../core/membership/ring-records.ts";
import type { MeshNews } from "../core/peers/mesh-effect.ts";
import type { Logger } from "./logger.ts";

const againMs = 300_000;
const rememberedMax = 256;

/** Ends of links that are no trouble. */
const usual: ReadonlySet<ErrorCode> = new Set(["LINK_DOUBLE", "LINK_TO_SELF"]);

/** What to do about it, where the sentence of the code does not say so. */
const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  MESH_SECRET: "Give both relays the same secret, by --mesh-secret-file or INKMESH_MESH_SECRET.",
};

const ringWords: Readonly<Record<RingRecord["status"], string>> = {
  joining: "joins the ring",
  member: "is a member of the ring",
  leaving: "is leaving the ring",
  left: "has left the ring",
  forgotten: "was forgotten: its place on the ring is free",
};

export class MeshJournal {
  readonly #self: ActorId;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  /** When what was said last. */
  readonly #saidMs = new Map<string, number>();
  readonly #present = new Map<RelayId, Set<ActorId>>();
  #ring: RingRecords;

  /** `ring` as it was at the start: only what changes is told. */
  constructor(options: { self: ActorId; ring: RingRecords; logger: Logger; nowMs: () => number }) {
    this.#self = options.self;
    this.#ring = options.ring;
    this.#logger = options.logger;
    this.#nowMs = options.nowMs;
  }

  note(news: MeshNews): void {
    const logger = this.#logger;
    switch (news.type) {
      case "belongs":
        return logger.info({ mesh: news.mesh }, news.isFounder ? "founded a mesh" : "belongs to a mesh from now on");
      case "peer-up":
        if (news.dialled !== undefined) this.#saidMs.delete(`unreachable ${news.dialled}`);
        return logger.debug({ actor: news.actor, address: news.address, dialled: news.dialled }, `a link to ${relayOf(news.actor)} is up`);
      case "peer-down":
        return logger.debug({ actor: news.actor }, `the link to ${relayOf(news.actor)} is down`);
      case "link-refused":
        return this.#refused(news);
      case "unreachable":
        return this.#seldom(
          "info",
          `unreachable ${news.address}`,
          { reason: news.reason },
          `${news.address} cannot be reached; it is tried again and again`,
        );
      case "member-changed":
        return this.#memberChanged(news);
      case "contested":
        return this.#contested(news.relay, news.actors);
      case "turned-away":
        return this.#seldom(
          "warn",
          "turned away",
          { actor: news.actor },
          "there are more relays than this one can keep in mind (mesh.membersMax)",
        );
      case "ring-changed":
        return this.#ringChanged(news.ring);
    }
  }

  #refused({ remote, dialled, peer, claimed, refusal }: Extract<MeshNews, { type: "link-refused" }>): void {
    const { code, detail } = refusal;
    const stranger = `somebody at ${remote}${claimed === undefined ? "" : ` who says it is ${relayOf(claimed)}`}`;
    const other = peer !== undefined ? relayOf(peer) : (dialled ?? stranger);
    const fields = { code, ...(detail === "" ? {} : { detail }), ...(dialled === undefined && peer !== undefined ? { remote } : {}) };
    const words = [`no link with ${other}: ${errorKind(code).sentence}`, advice[code]].filter(Boolean).join(" ");
    if (usual.has(code)) return this.#logger.debug(fields, words);
    const level = code === "NO_MESH_YET" ? "info" : "warn";
    this.#seldom(level, `${code} ${dialled ?? remote.replace(/:\d+$/, "")}`, fields, words);
  }

  #memberChanged({ member, before }: MemberChange): void {
    const { relay, actor, state, incarnation, address } = member;
    if (actor === this.#self) return;
    const lives = this.#present.get(relay) ?? new Set();
    const isThere = state === "alive" || state === "suspect";
    if (isThere) lives.add(actor);
    else lives.delete(actor);
    if (lives.size > 0) this.#present.set(relay, lives);
    else this.#present.delete(relay);
    const fields = { actor, incarnation };
    if (state === "alive") {
      const words =
        before === undefined
          ? `${relay} is there`
          : `${relay} is found again; it was ${before === "dead" ? "believed dead" : "silent for a while"}`;
      return this.#logger.info(before === undefined ? { ...fields, address } : fields, words);
    }
    // Another life of it is there: the end of this one is no loss.
    if ([...lives].some((life) => life !== actor)) return this.#logger.debug(fields, `an earlier life of ${relay} is ${state}`);
    if (state === "suspect") return this.#logger.warn(fields, `${relay} does not answer`);
    if (state === "left") return this.#logger.info(fields, `${relay} has stopped, and said so`);
    this.#logger.warn(fields, `${relay} is lost: it is believed dead, and keeps its place on the ring`);
  }

  #contested(relay: RelayId, actors: readonly ActorId[]): void {
    if (actors.length > 1)
      this.#logger.error(
        { actors },
        `${actors.length} relays claim the name ${relay}. Was a data folder copied? Stop all but one of them.`,
      );
    else this.#logger.info({ actors }, `the name ${relay} belongs to one relay again`);
  }

  #ringChanged(ring: RingRecords): void {
    for (const record of ring.entries()) {
      const before = this.#ring.record(record.relay);
      if (before?.status !== record.status || before.counter !== record.counter)
        this.#logger.info({ ring: ring.id }, `${record.relay} ${ringWords[record.status]}`);
    }
    this.#ring = ring;
  }

  #seldom(level: "info" | "warn", key: string, fields: object, words: string): void {
    const nowMs = this.#nowMs();
    const saidMs = this.#saidMs.get(key);
    if (saidMs !== undefined && saidMs + againMs > nowMs) return this.#logger.debug(fields, words);
    if (this.#saidMs.size >= rememberedMax) this.#saidMs.clear();
    this.#saidMs.set(key, nowMs);
    this.#logger[level](fields, words);
  }
}
