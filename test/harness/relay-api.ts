/**
 * RelayApi: what a test asks a relay over HTTP, as an operator's script would.
 */
import type { RelayProcess } from "./relay-process.ts";

export interface RoomAnswer {
  readonly room: string;
  readonly generation: number;
  readonly clock: unknown;
  readonly bytes: number;
  readonly [key: string]: unknown;
}

/** A document's content in a format, as text; empty for one that is not there. Fails with any other answer in words. */
export async function contentOf(relay: RelayProcess, room: string, format = "text"): Promise<string> {
  const response = await fetch(`${relay.url}/api/rooms/${encodeURIComponent(room)}/content?format=${format}`);
  const body = await response.text();
  if (response.status === 404) return "";
  if (!response.ok) throw new Error(`content of ${room}: ${response.status} ${body.slice(0, 300)}`);
  return body;
}

export async function roomOf(relay: RelayProcess, room: string): Promise<RoomAnswer> {
  const response = await fetch(`${relay.url}/api/rooms/${encodeURIComponent(room)}`);
  if (!response.ok) throw new Error(`room ${room}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  return (await response.json()) as RoomAnswer;
}

/** `POST /api/rooms` or `DELETE /api/rooms/:room`; answers the status. */
export async function changeRoom(relay: RelayProcess, method: "POST" | "DELETE", room: string): Promise<number> {
  const path = method === "POST" ? "/api/rooms" : `/api/rooms/${encodeURIComponent(room)}`;
  const body = method === "POST" ? { body: JSON.stringify({ room }), headers: { "content-type": "application/json" } } : {};
  return (await fetch(`${relay.url}${path}`, { method, ...body })).status;
}

/** One reading of `/metrics`: sums over all series of a name, or of those whose labels contain `label`. */
export class MetricsReading {
  readonly #lines: readonly string[];

  private constructor(text: string) {
    this.#lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  }

  static async of(relay: RelayProcess): Promise<MetricsReading> {
    return new MetricsReading(await (await fetch(`${relay.url}/metrics`)).text());
  }

  value(name: string, label = ""): number {
    return this.#lines
      .filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }
}
