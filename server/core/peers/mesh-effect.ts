/**
 * MeshEffect: what the mesh wants done, and the news of it for people.
 */
import type { ActorId, LinkId, MeshId } from "@inkmesh/shared/base/ids";
import type { Refusal } from "@inkmesh/shared/base/result";
import type { KeptMesh } from "../membership/belonging.ts";
import type { Contest } from "../membership/contested-names.ts";
import type { MemberChange } from "../membership/members.ts";
import type { RingRecords } from "../membership/ring-records.ts";

export type MeshEffect =
  /** WebSocket messages for one link. Where it `asks`, `link-taken` answers when the system has them. */
  | { readonly type: "send-link"; readonly link: LinkId; readonly frames: readonly Uint8Array[]; readonly asks: boolean }
  | { readonly type: "close-link"; readonly link: LinkId; readonly code: number; readonly reason: string }
  /** Answered by `link-opened` with this address, for every machine that it names, or by `dial-failed`. */
  | { readonly type: "dial"; readonly address: string }
  /** To be kept on disk. `isFirst`: the relay belongs to this mesh from now on, and nothing that follows may be done before. */
  | { readonly type: "keep-mesh"; readonly kept: KeptMesh; readonly isFirst: boolean };

/** What happened, for log and metrics. Never a secret. */
export type MeshNews =
  | { readonly type: "belongs"; readonly mesh: MeshId; readonly isFounder: boolean }
  | { readonly type: "peer-up"; readonly actor: ActorId; readonly address: string; readonly dialled: string | undefined }
  | { readonly type: "peer-down"; readonly actor: ActorId }
  /** A link was closed for a reason. `dialled` as above; `peer`: who was proven to be there, `claimed`: who said so and did not prove it. */
  | {
      readonly type: "link-refused";
      readonly remote: string;
      readonly dialled: string | undefined;
      readonly peer: ActorId | undefined;
      readonly claimed: ActorId | undefined;
      readonly refusal: Refusal;
    }
  | { readonly type: "unreachable"; readonly address: string; readonly reason: string }
  | ({ readonly type: "member-changed" } & MemberChange)
  | ({ readonly type: "contested" } & Contest)
  | { readonly type: "turned-away"; readonly actor: ActorId }
  | { readonly type: "ring-changed"; readonly ring: RingRecords };
