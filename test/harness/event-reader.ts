/**
 * EventReader: a program that listens to `/api/events`, and what it was told.
 */
import { until } from "./until.ts";

export interface HeardEvent {
  readonly type: string;
  readonly id: string;
  readonly data: { readonly room?: string; readonly token?: string; readonly title?: string };
}

export class EventReader {
  readonly events: HeardEvent[] = [];
  /** As EventSource keeps it for when it comes back. */
  lastId = "";
  beats = 0;
  hasEnded = false;
  readonly #gone = new AbortController();

  /** Listens from now on, or from `after` on. */
  static async at(url: string, { query = "", after }: { query?: string; after?: string } = {}): Promise<EventReader> {
    const reader = new EventReader();
    const headers: Record<string, string> = after === undefined ? {} : { "Last-Event-ID": after };
    const answer = await fetch(`${url}/api/events${query}`, { headers, signal: reader.#gone.signal });
    if (answer.status !== 200 || answer.body === null) throw new Error(`no events: ${answer.status} ${await answer.text()}`);
    void reader.#read(answer.body);
    await until("it is told where it begins", () => reader.lastId !== "");
    return reader;
  }

  heard(type: string, room?: string): readonly HeardEvent[] {
    return this.events.filter((event) => event.type === type && (room === undefined || event.data.room === room));
  }

  end(): void {
    this.#gone.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        const messages = text.split("\n\n");
        text = messages.pop() ?? "";
        for (const message of messages) this.#take(message);
      }
    } catch {
      // Ended from here, or cut.
    }
    this.hasEnded = true;
  }

  #take(message: string): void {
    if (message.startsWith(":")) this.beats += 1;
    const fields = new Map(
      message.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(": ") + 2)] as const),
    );
    this.lastId = fields.get("id") ?? this.lastId;
    const type = fields.get("event");
    if (type !== undefined) this.events.push({ type, id: this.lastId, data: JSON.parse(fields.get("data") ?? "{}") as HeardEvent["data"] });
  }
}
