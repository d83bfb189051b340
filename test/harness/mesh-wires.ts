/**
 * MeshWires: the network between the relays of one mesh, a `LinkProxy` before each of them. Relays are named; whatever is said of a
 * pair holds for both links that the two may have, whoever dialled.
 */
import { LinkProxy, type Treatment, type Weather } from "./link-proxy.ts";
import { freePorts } from "./free-ports.ts";
import { MeshProcess, meshSecret } from "./mesh-processes.ts";

export class MeshWires {
  readonly #proxies = new Map<string, LinkProxy>();
  /** By `from to`. */
  readonly #treatments = new Map<string, Treatment>();
  readonly #delays = new Map<string, number>();

  /** Relays that do not run yet, all with one list, each reached by the others through these wires only. */
  static async between(
    names: readonly string[],
    { args: more = [], ...options }: { program?: string; args?: readonly string[] } = {},
  ): Promise<{ wires: MeshWires; relays: readonly MeshProcess[] }> {
    const wires = new MeshWires();
    const ports = await freePorts(names.length);
    for (const [index, name] of names.entries())
      wires.#proxies.set(name, await LinkProxy.before(ports[index]!, () => wires.#weatherAt(name)));
    const addresses = [...wires.#proxies.values()].map(({ address }) => address);
    const join = addresses.flatMap((address) => ["--join", address]);
    const relays = names.map((name, index) => {
      const args = [...join, "--advertise", addresses[index]!, ...more];
      return new MeshProcess({ name, port: ports[index]!, args, secret: meshSecret, ...options });
    });
    return { wires, relays };
  }

  /** Nothing passes between these two any more, and nobody is told. */
  cut(one: string, other: string): void {
    this.hold(one, other);
    this.hold(other, one);
  }

  /** Nothing passes any more in this direction, and nobody is told. */
  hold(from: string, to: string): void {
    this.#treatments.set(`${from} ${to}`, "held");
  }

  /** What these two have is reset, and so is what they begin. */
  refuse(one: string, other: string): void {
    this.#treatments.set(`${one} ${other}`, "broken");
    this.#treatments.set(`${other} ${one}`, "broken");
    this.#look();
  }

  /** Milliseconds that everything between these two takes longer. */
  slow(one: string, other: string, ms: number): void {
    this.#delays.set(pairOf(one, other), ms);
  }

  /** Everything passes, also what was held. */
  heal(): void {
    this.#treatments.clear();
    this.#delays.clear();
    this.#look();
  }

  /** Bytes that went between all relays, framing counted, also those that were held. */
  get bytes(): number {
    return [...this.#proxies.values()].reduce((sum, proxy) => sum + proxy.bytes, 0);
  }

  async end(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.end()));
  }

  #weatherAt(name: string): Weather {
    const nameOf = (dialler: string): string => [...this.#proxies].find(([, { address }]) => address === dialler)?.[0] ?? "";
    return {
      treatment: (dialler, direction) =>
        direction === "to" ? this.#treatment(nameOf(dialler), name) : this.#treatment(name, nameOf(dialler)),
      delayMs: (dialler) => this.#delays.get(pairOf(nameOf(dialler), name)) ?? 0,
    };
  }

  #treatment(from: string, to: string): Treatment {
    return this.#treatments.get(`${from} ${to}`) ?? "open";
  }

  #look(): void {
    for (const proxy of this.#proxies.values()) proxy.look();
  }
}

function pairOf(one: string, other: string): string {
  return [one, other].toSorted().join(" ");
}
