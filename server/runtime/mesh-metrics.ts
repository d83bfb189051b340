/**
 * MeshMetrics: what an operator watches between relays: who is believed to be there, how many links are up, what waits, what was refused.
 */
import { memberStates } from "@inkmesh/shared/wire/mesh-message";
import { Counter, Gauge, type Registry } from "prom-client";
import type { MeshNews } from "../core/peers/mesh-effect.ts";
import type { MeshView } from "../core/peers/mesh-view.ts";

export class MeshMetrics {
  readonly #registry: Registry;
  readonly #refused: Counter;
  readonly #changes: Counter;
  readonly #framesIn: Counter;
  readonly #bytesIn: Counter;
  readonly #framesOut: Counter;
  readonly #bytesOut: Counter;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#refused = this.#counter("inkmesh_mesh_links_refused_total", "Links to other relays that were closed, by code", ["code"]);
    this.#changes = this.#counter("inkmesh_mesh_member_changes_total", "Other relays that came to be believed in a state", ["state"]);
    this.#framesIn = this.#counter("inkmesh_mesh_frames_received_total", "WebSocket messages from other relays");
    this.#bytesIn = this.#counter("inkmesh_mesh_received_bytes_total", "Bytes of WebSocket messages from other relays");
    this.#framesOut = this.#counter("inkmesh_mesh_frames_sent_total", "WebSocket messages to other relays");
    this.#bytesOut = this.#counter("inkmesh_mesh_sent_bytes_total", "Bytes of WebSocket messages to other relays");
  }

  note(news: MeshNews): void {
    if (news.type === "link-refused") this.#refused.inc({ code: news.refusal.code });
    if (news.type === "member-changed") this.#changes.inc({ state: news.member.state });
  }

  received(bytes: number): void {
    this.#framesIn.inc();
    this.#bytesIn.inc(bytes);
  }

  sent(bytes: number): void {
    this.#framesOut.inc();
    this.#bytesOut.inc(bytes);
  }

  /** Asks the mesh whenever somebody reads the metrics. */
  watch(view: () => MeshView | undefined): void {
    const others = (): MeshView["members"] => {
      const now = view();
      return now?.members.filter((member) => member.actor !== now.self) ?? [];
    };
    this.#gauge("inkmesh_mesh_links", "Links to other relays", () => others().filter((member) => member.isLinked).length);
    this.#gauge(
      "inkmesh_mesh_waiting_bytes",
      "Bytes for other relays that wait because those do not read as fast",
      () => view()?.heldBytes ?? 0,
    );
    this.#gauge("inkmesh_mesh_local_health", "How much this relay distrusts its own ears; 0 is well", () => view()?.localHealth ?? 0);
    this.#gauge("inkmesh_mesh_ring_relays", "Relays that have a place on the ring", () => view()?.ring.newest.members.length ?? 1);
    new Gauge({
      name: "inkmesh_mesh_members",
      help: "Lives of other relays by what is believed of them",
      labelNames: ["state"],
      registers: [this.#registry],
      collect() {
        for (const state of memberStates) this.set({ state }, others().filter((member) => member.state === state).length);
      },
    });
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }
}
