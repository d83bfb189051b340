/**
 * MeshProcesses: several real relays that may join each other, on ports that are known before any of them runs, and what each
 * says of the mesh under `/api/mesh`.
 */
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { ActorId, RelayId, RingId } from "@inkmesh/shared/base/ids";
import { meshOrderMark } from "@inkmesh/shared/wire/mesh-order-mark";
import { freePorts } from "./free-ports.ts";
import { RelayProcess, temporaryFolder, type RelayOptions } from "./relay-process.ts";
import { until } from "./until.ts";

export interface MeshAnswer {
  readonly self: string;
  readonly replicas: number;
  readonly needed: number;
  /** Null while the relay belongs to no mesh; absent before it serves. */
  readonly mesh: string | null;
  readonly ring: {
    readonly id: string;
    readonly records: readonly { readonly relay: string; readonly status: string; readonly counter: number; readonly zone: string }[];
  };
  readonly relays: readonly {
    readonly relay: string;
    readonly actor: string;
    readonly state: string;
    readonly incarnation: number;
    readonly linked?: boolean;
    /** What both sides of the link speak. */
    readonly version?: number;
    readonly release?: string;
  }[];
  readonly links: readonly string[];
}

export const meshSecret = "correct horse battery staple";

interface MeshProcessOptions extends Pick<RelayOptions, "program" | "prefix" | "data" | "env"> {
  readonly name: string;
  readonly port: number;
  readonly args: readonly string[];
  readonly secret: string;
}

export class MeshProcess extends RelayProcess {
  readonly name: string;
  readonly #options: MeshProcessOptions;

  constructor(options: MeshProcessOptions) {
    const { name, port, args, secret, data = temporaryFolder(`mesh-${name}`), env, ...started } = options;
    super({ args: ["--name", name, ...args], port, data, ...started, env: { INKMESH_MESH_SECRET: secret, ...env } });
    this.name = name;
    this.#options = options;
  }

  /** The same relay with other options, another program, folder or environment, to be started after this one has ended. */
  againWith(changes: Partial<Pick<MeshProcessOptions, "args" | "program" | "data" | "env">>): MeshProcess {
    return new MeshProcess({ ...this.#options, port: this.port, data: this.data, ...changes });
  }

  /** What it says of the mesh. */
  async view(): Promise<MeshAnswer> {
    return (await (await fetch(`${this.url}/api/mesh`)).json()) as MeshAnswer;
  }

  /**
   * Orders it to hand over all that it has, and to leave. An order is for one ring, and needs the others to be there: as long as that
   * changes, it is given anew.
   */
  async drain(): Promise<void> {
    await until(`relay ${this.name} drains`, () => this.#orderToDrain(), { timeoutMs: 20_000, seen: () => this.view() });
  }

  async #orderToDrain(): Promise<boolean> {
    const { self, relays, ring } = await this.view();
    const order = { order: "drain", actor: relays[0]!.actor as ActorId, ring: ring.id as RingId, relay: self as RelayId } as const;
    const mark = hexOf(meshOrderMark(order, new TextEncoder().encode(this.#options.secret)));
    const answer = await fetch(`${this.url}/api/mesh/drain`, { method: "POST", headers: { "Inkmesh-Mark": mark } });
    if (answer.status === 202) return true;
    const text = await answer.text();
    if (text.includes("RELAY_AWAY") || (answer.status === 403 && (await this.view()).ring.id !== ring.id)) return false;
    throw new Error(`relay ${this.name} does not drain: ${answer.status} ${text}`);
  }

  /** Its own place on the ring, as it knows it. */
  async place(): Promise<string | undefined> {
    return (await this.view()).ring.records.find(({ relay }) => relay === this.name)?.status;
  }

  /** What it believes of the newest life of `relay` that it knows: the state, and which life. */
  async belief(relay: string): Promise<MeshAnswer["relays"][number] | undefined> {
    return (await this.view()).relays.findLast((member) => member.relay === relay);
  }

  get meshAddress(): string {
    return this.socketUrl("/mesh");
  }
}

/** Relays that do not run yet. `join` names which of them each one is told to join. */
export async function relaysToStart(
  join: Readonly<Record<string, readonly string[]>>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, MeshProcess>>> {
  const names = Object.keys(join);
  const ports = await freePorts(names.length);
  const portOf = (name: string): number => ports[names.indexOf(name)]!;
  return Object.fromEntries(
    names.map((name) => {
      const args = join[name]!.flatMap((other) => ["--join", `ws://127.0.0.1:${portOf(other)}/mesh`]);
      return [name, new MeshProcess({ name, port: portOf(name), args, secret: secrets[name] ?? meshSecret })];
    }),
  );
}

/** Waits until each of `relays` links and believes alive all the others, and all have one mesh and one ring with all of them. */
export async function becomeOneMesh(relays: readonly MeshProcess[], timeoutMs = 20_000): Promise<void> {
  const views = (): Promise<readonly MeshAnswer[]> => Promise.all(relays.map((relay) => relay.view()));
  await until(
    `${relays.map((relay) => relay.name).join(", ")} are one mesh`,
    async () =>
      areOneMesh(
        await views(),
        relays.map((relay) => relay.name),
      ),
    { timeoutMs, seen: views },
  );
}

/** Starts `relays` and waits until they are one mesh whose disks are whole: a disk that may lack something vouches for nothing. */
export async function startMesh(relays: readonly MeshProcess[], timeoutMs = 20_000): Promise<void> {
  await Promise.all(relays.map((relay) => relay.start()));
  await becomeOneMesh(relays, timeoutMs);
  const areMembers = async (): Promise<boolean> => (await relays[0]!.view()).ring.records.every(({ status }) => status === "member");
  await until("all disks are whole", areMembers, { timeoutMs });
}

function areOneMesh(views: readonly MeshAnswer[], names: readonly string[]): boolean {
  if (views.some((view) => typeof view.mesh !== "string")) return false;
  if (new Set(views.map((view) => `${view.mesh} ${view.ring.id}`)).size !== 1) return false;
  return views.every((view) => {
    const alive = view.relays.filter((member) => member.state === "alive").map((member) => member.relay);
    return (
      alive.toSorted().join() === names.toSorted().join() &&
      view.links.length === names.length - 1 &&
      names.every((name) => view.ring.records.some((record) => record.relay === name))
    );
  });
}
