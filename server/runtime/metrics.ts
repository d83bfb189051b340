/**
 * Metrics: what an operator watches, in Prometheus' text format, from a registry of this relay's own.
 *
 * Rates, errors and durations of the work (updates admitted, acked, refused by code; commits), use of what is limited
 * (connections, rooms, cache), and prom-client's own view of the process, event-loop delay included. Labels are codes and
 * names of ours; never a room's name, a principal or content.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Report } from "../core/effect.ts";
import type { Census } from "../core/relay.ts";
import type { CommitFigures } from "./group-commit.ts";
import { MeshMetrics } from "./mesh-metrics.ts";

export class Metrics {
  readonly registry = new Registry();
  readonly mesh = new MeshMetrics(this.registry);
  readonly #refused = this.#counter("inkmesh_refused_total", "What was refused, by code", ["code"]);
  readonly #admitted = this.#counter("inkmesh_updates_admitted_total", "Updates that were let in");
  readonly #admittedBytes = this.#counter("inkmesh_updates_admitted_bytes_total", "Bytes of updates that were let in");
  readonly #known = this.#counter("inkmesh_updates_known_total", "Updates that held nothing new");
  readonly #gaps = this.#counter("inkmesh_gaps_total", "Updates that built on something missing");
  readonly #leftOut = this.#counter("inkmesh_states_left_out_total", "States of which a part built on something missing");
  readonly #quarantined = this.#counter("inkmesh_quarantined_total", "Entries that decode but do not apply");
  readonly #tooBig = this.#counter(
    "inkmesh_differences_too_big_total",
    "Documents that were larger than may come from another relay, each time",
  );
  readonly #acked = this.#counter("inkmesh_updates_acked_total", "Updates that were acknowledged as durable");
  readonly #storeFull = this.#gauge("inkmesh_store_full", "1 while the disk takes no more");
  readonly #framesIn = this.#counter("inkmesh_frames_received_total", "WebSocket messages from clients");
  readonly #bytesIn = this.#counter("inkmesh_received_bytes_total", "Bytes of WebSocket messages from clients");
  readonly #framesOut = this.#counter("inkmesh_frames_sent_total", "WebSocket messages to clients");
  readonly #bytesOut = this.#counter("inkmesh_sent_bytes_total", "Bytes written to client sockets");
  readonly #writes = this.#counter("inkmesh_socket_writes_total", "Writes to client sockets");
  readonly #requests = this.#counter("inkmesh_http_requests_total", "HTTP requests, by status", ["status"]);
  readonly #damage = this.#counter("inkmesh_store_damage_total", "Records or files that were not as they had been written");
  readonly #blobsCollected = this.#counter("inkmesh_blobs_collected_total", "Images that went because nothing kept mentions them");
  readonly #commitSeconds = this.#histogram(
    "inkmesh_commit_seconds",
    "From handing a batch to the store to its fsync",
    [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  );
  readonly #commitEntries = this.#histogram(
    "inkmesh_commit_entries",
    "Entries that one commit made durable",
    [1, 2, 5, 10, 25, 100, 250, 1_000, 5_000],
  );
  readonly #commitFailures = this.#counter("inkmesh_commit_failures_total", "Commits that did not happen");

  /** `processMetrics` also reports CPU, memory, event-loop delay and garbage collection. */
  constructor(options: { relay: string; processMetrics: boolean }) {
    this.registry.setDefaultLabels({ relay: options.relay });
    if (options.processMetrics) collectDefaultMetrics({ register: this.registry });
  }

  /** Everything in Prometheus' text format. */
  async exposition(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  /** Asks the core for its census whenever somebody reads the metrics. */
  watch(census: () => Census): void {
    const watched: readonly (readonly [name: string, help: string, value: (census: Census) => number])[] = [
      ["inkmesh_connections", "Client sockets", (now) => now.connections],
      ["inkmesh_sessions", "Clients in rooms", (now) => now.sessions],
      ["inkmesh_rooms_in_use", "Rooms in memory that somebody uses", (now) => now.roomsInUse],
      ["inkmesh_rooms_idle", "Rooms without clients kept in memory", (now) => now.roomsIdle],
      ["inkmesh_room_cache_bytes", "Bytes of rooms without clients kept in memory", (now) => now.cacheBytes],
      ["inkmesh_appends_in_flight", "Rooms with entries on their way to disk", (now) => now.appendsInFlight],
      ["inkmesh_append_waiting_bytes", "Bytes of updates that are not on disk", (now) => now.waitingBytes],
      ["inkmesh_messages_waiting", "Messages that wait for a room to be loaded", (now) => now.waitingMessages],
      ["inkmesh_messages_waiting_bytes", "Bytes of what these messages carry", (now) => now.waitingMessageBytes],
      ["inkmesh_rooms_to_hand_over", "Rooms placed on other relays that may lack something which is here", (now) => now.roomsToHandOver],
      ["inkmesh_rooms_to_drop", "Copies of rooms placed on other relays that go once that is proven", (now) => now.roomsToDrop],
      ["inkmesh_rooms_dropped", "Such copies that went since this relay was started", (now) => now.roomsDropped],
      ["inkmesh_rooms_to_complete", "Rooms placed here for which this relay cannot vouch yet", (now) => now.roomsToComplete],
      ["inkmesh_requests_waiting", "HTTP requests that wait for an answer", (now) => now.waitingRequests],
    ];
    for (const [name, help, value] of watched) {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(value(census()));
        },
      });
    }
  }

  report(report: Report): void {
    switch (report.type) {
      case "refused":
        return this.#refused.inc({ code: report.refusal.code });
      case "admitted":
        this.#admitted.inc();
        return this.#admittedBytes.inc(report.bytes);
      case "known":
        return this.#known.inc();
      case "gap":
        return this.#gaps.inc();
      case "left-out":
        return this.#leftOut.inc();
      case "quarantined":
        return this.#quarantined.inc(report.count);
      case "too-big":
        return this.#tooBig.inc();
      case "acked":
        return this.#acked.inc(report.count);
      case "store-full":
        return this.#storeFull.set(report.full ? 1 : 0);
      case "mesh":
        return this.mesh.note(report.news);
      case "changed":
      case "recorded":
      case "stopped":
        return;
    }
  }

  refusedAtTheDoor(code: string): void {
    this.#refused.inc({ code });
  }

  received(bytes: number): void {
    this.#framesIn.inc();
    this.#bytesIn.inc(bytes);
  }

  sent(frames: number, bytes: number): void {
    this.#writes.inc();
    this.#framesOut.inc(frames);
    this.#bytesOut.inc(bytes);
  }

  requested(status: number): void {
    this.#requests.inc({ status: String(status) });
  }

  damaged(count: number): void {
    this.#damage.inc(count);
  }

  blobsCollected(count: number): void {
    this.#blobsCollected.inc(count);
  }

  committed(figures: CommitFigures): void {
    this.#commitSeconds.observe(figures.durationMs / 1_000);
    this.#commitEntries.observe(figures.entries);
    if (!figures.ok) this.#commitFailures.inc();
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.registry] });
  }
}
