/**
 * MeshOrder: what a command needs to order a relay something about the mesh: what that relay says of itself and of the ring, and the mark
 * that shows that whoever orders holds the mesh secret.
 */
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { ActorId, RelayId, RingId } from "@inkmesh/shared/base/ids";
import { meshOrderMark, type MeshOrder } from "@inkmesh/shared/wire/mesh-order-mark";
import { givenMeshSecret } from "../runtime/mesh-secret.ts";
import { askRelay, reachRelay, refusalOf } from "./asked-relay.ts";
import { endWith } from "./process-end.ts";

/** As `/api/mesh` says it. */
export interface MeshAnswer {
  readonly self: RelayId;
  readonly mesh?: string | null;
  readonly ring?: { readonly id: RingId; readonly records: readonly { readonly relay: RelayId; readonly status: string }[] };
  readonly relays: readonly {
    readonly relay: RelayId;
    readonly actor: ActorId;
    readonly state?: string;
    readonly address?: string;
    readonly linked?: boolean;
    readonly sessions?: number;
    /** Undefined where no probe has come back over a link. */
    readonly roundTripMs?: number;
    /** Undefined where there is no link to it, or it is too old to say so. */
    readonly release?: string;
    /** Of the relay that is asked. */
    readonly roomsToHandOver?: number;
    readonly roomsToDrop?: number;
    readonly roomsDropped?: number;
  }[];
}

/** For commander. */
export const secretOption = ["--mesh-secret-file <file>", "the secret that all relays of the mesh share; or INKMESH_MESH_SECRET"] as const;

/** The secret out of `file` or the environment; without one the command ends with code 2. */
export function secretOf(file: string | undefined): Uint8Array {
  const text = process.env["INKMESH_MESH_SECRET"]?.trim();
  const secret = givenMeshSecret({ text: file === undefined ? text : undefined, file });
  if (secret === undefined)
    return endWith(2, "--mesh-secret-file must be the file that holds the secret of the mesh, e.g. ./data/mesh.secret.");
  return secret.ok ? secret.value : endWith(2, secret.refusal.detail);
}

export async function viewOf(address: string): Promise<MeshAnswer> {
  return (await (await askRelay(address, "/api/mesh")).json()) as MeshAnswer;
}

/** What an order is made of, as the relay at its address sees the mesh. */
interface GivenOrder extends Pick<MeshOrder, "order" | "relay"> {
  readonly method: "POST" | "DELETE";
  readonly path: string;
}

/** The ring may change as often as this while one order is on its way. */
const triesMax = 5;

/**
 * Gives the order that `of` makes of what the relay says of the mesh, and answers that. A mark is for one ring: where the ring is another
 * one by the time at which the order comes, it is given anew.
 */
export async function giveOrder(address: string, secret: Uint8Array, of: (view: MeshAnswer) => GivenOrder): Promise<MeshAnswer> {
  for (let tries = 1; ; tries++) {
    const view = await viewOf(address);
    const { method, path, ...order } = of(view);
    const answer = await reachRelay(address, path, { method, headers: orderHeaders(address, view, order, secret) });
    if (answer.ok) return view;
    const { code, sentence } = await refusalOf(answer, address);
    const isOver = code !== "MESH_SECRET" || tries === triesMax || (await viewOf(address)).ring?.id === view.ring?.id;
    if (isOver) return endWith(2, sentence);
  }
}

/** What goes with an order to the relay that said `view`. */
export function orderHeaders(
  address: string,
  view: MeshAnswer,
  order: Pick<MeshOrder, "order" | "relay">,
  secret: Uint8Array,
): Record<string, string> {
  const { ring } = view;
  const actor = view.relays[0]?.actor;
  if (ring === undefined || actor === undefined) return endWith(2, `The relay at ${address} belongs to no mesh.`);
  return { "Inkmesh-Mark": hexOf(meshOrderMark({ ...order, actor, ring: ring.id }, secret)) };
}
