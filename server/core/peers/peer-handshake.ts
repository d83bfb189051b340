/**
 * PeerHandshake: one link between two relays, until both have shown that they hold the mesh secret. Nothing that is said about
 * the mesh is read before; nothing secret is said at all.
 *
 *     dialler    ──hello──▶ asking ──their hello──▶ proving ──welcome──▶ proven
 *     accepter   waiting ──their hello──▶ challenging ──proof──▶ proven (the caller sends the welcome, or refuses)
 *                                  any of them ──▶ failed, with a code
 *
 * A relay without a mesh learns its name from the other one; where both have one and they differ, the link is refused, and
 * also where neither has one: the first relay of a mesh draws the name, so that two halves never draw one each.
 *
 * Invariants: a proof covers both hellos as they went over the wire and the side, so that none can be replayed or sent back;
 * the dialler proves itself first, so that who cannot learns nothing but hellos; one message out of turn ends it. The
 * caller keeps the deadline, which no message moves.
 */
import type { ErrorCode } from "@inkmesh/shared/base/errors";
import { assert } from "@inkmesh/shared/base/assert";
import { hexOf } from "@inkmesh/shared/base/bytes";
import type { ActorId, MeshId } from "@inkmesh/shared/base/ids";
import type { Random } from "@inkmesh/shared/base/random";
import type { Refusal } from "@inkmesh/shared/base/result";
import { sameMark } from "@inkmesh/shared/wire/mark";
import { decodeHandshake, encodeHandshake, linkMark, nonceBytes, type Hellos } from "@inkmesh/shared/wire/mesh-handshake";
import type { MeshHello } from "@inkmesh/shared/wire/mesh-message";
import { sharedMeshVersion } from "@inkmesh/shared/wire/protocol-version";

/** Who this relay is, to other relays. */
export interface OwnIdentity {
  readonly actor: ActorId;
  /** Where others may dial it; empty when they cannot. */
  readonly address: string;
  /** The mesh secret. */
  readonly secret: Uint8Array;
  /** Undefined while this relay belongs to no mesh. */
  readonly mesh: MeshId | undefined;
  /** The newest version that it speaks. */
  readonly version: number;
}

/** Who is at the other end, proven. */
export interface Peer {
  readonly actor: ActorId;
  readonly address: string;
  /** The version that both speak. */
  readonly version: number;
  readonly mesh: MeshId;
  /** The dialler's nonce in hex: a draw that both sides know, to choose between links that are alike. */
  readonly draw: string;
}

export type HandshakeStep =
  | { readonly type: "say"; readonly frame: Uint8Array }
  /** `welcome` is what the accepter has still to say; undefined for the dialler. */
  | { readonly type: "proven"; readonly peer: Peer; readonly welcome: Uint8Array | undefined }
  /** `frame` tells the other side why; undefined when it said so itself. */
  | { readonly type: "failed"; readonly refusal: Refusal; readonly frame: Uint8Array | undefined };

type Phase =
  | { readonly name: "asking" | "waiting" }
  | { readonly name: "proving" | "challenging"; readonly hellos: Hellos; readonly peer: Peer }
  | { readonly name: "over" };

export class PeerHandshake {
  readonly side: "dialler" | "accepter";
  readonly #random: Random;
  #ownHello: { readonly frame: Uint8Array; readonly nonce: Uint8Array } | undefined;
  #claimed: ActorId | undefined;
  #phase: Phase;

  constructor(options: { side: "dialler" | "accepter"; random: Random }) {
    this.side = options.side;
    this.#random = options.random;
    this.#phase = { name: options.side === "dialler" ? "asking" : "waiting" };
  }

  /** Who the other side claims to be; undefined before its hello. Not proven. */
  get claimed(): ActorId | undefined {
    return this.#claimed;
  }

  /** What the dialler says first. */
  begin(own: OwnIdentity): Uint8Array {
    assert(this.side === "dialler" && this.#ownHello === undefined, "a dialler begins, once");
    return this.#sayHello(own);
  }

  received(frame: Uint8Array, own: OwnIdentity): readonly HandshakeStep[] {
    const decoded = decodeHandshake(frame);
    if (!decoded.ok) return this.#fail(decoded.refusal);
    const message = decoded.value;
    const phase = this.#phase;
    if (message.type === "refusal") return this.#failed({ code: message.code, detail: message.detail }, undefined);
    if (message.type === "hello" && (phase.name === "asking" || phase.name === "waiting")) return this.#hello(message, frame, own);
    if (message.type === "proof" && phase.name === "challenging") return this.#proof(message.mark, phase.hellos, phase.peer, own);
    if (message.type === "welcome" && phase.name === "proving")
      return this.#welcome(message.mark, message.mesh, phase.hellos, phase.peer, own);
    return this.#fail({ code: "OUT_OF_ORDER", detail: `${message.type} while ${phase.name}` });
  }

  #hello(theirs: MeshHello, frame: Uint8Array, own: OwnIdentity): readonly HandshakeStep[] {
    const version = sharedMeshVersion(theirs.version, own.version);
    if (version === undefined) return this.#fail({ code: "MESH_VERSION", detail: `${theirs.version} and ${own.version}` });
    if (theirs.actor === own.actor) return this.#fail({ code: "LINK_TO_SELF", detail: "" });
    this.#claimed = theirs.actor;
    const mesh = theirs.mesh ?? own.mesh;
    if (mesh === undefined) return this.#fail({ code: "NO_MESH_YET", detail: "" });
    if (own.mesh !== undefined && own.mesh !== mesh) return this.#fail({ code: "OTHER_MESH", detail: `${mesh} and ${own.mesh}` });
    const peer = { actor: theirs.actor, address: theirs.address, version, mesh };
    if (this.side === "accepter") {
      const hello = this.#sayHello(own);
      this.#phase = { name: "challenging", hellos: { dialler: frame, accepter: hello }, peer: { ...peer, draw: hexOf(theirs.nonce) } };
      return [{ type: "say", frame: hello }];
    }
    assert(this.#ownHello !== undefined, "a dialler said hello first");
    const hellos = { dialler: this.#ownHello.frame, accepter: frame };
    this.#phase = { name: "proving", hellos, peer: { ...peer, draw: hexOf(this.#ownHello.nonce) } };
    return [{ type: "say", frame: encodeHandshake({ type: "proof", mark: linkMark("dialler", hellos, own.secret) }) }];
  }

  #proof(mark: Uint8Array, hellos: Hellos, peer: Peer, own: OwnIdentity): readonly HandshakeStep[] {
    if (!sameMark(mark, linkMark("dialler", hellos, own.secret))) return this.#fail({ code: "MESH_SECRET", detail: "" });
    if (own.mesh !== undefined && own.mesh !== peer.mesh) return this.#fail({ code: "OTHER_MESH", detail: `${peer.mesh} and ${own.mesh}` });
    this.#phase = { name: "over" };
    const welcome = encodeHandshake({ type: "welcome", mark: linkMark("accepter", hellos, own.secret), mesh: peer.mesh });
    return [{ type: "proven", peer, welcome }];
  }

  #welcome(mark: Uint8Array, mesh: MeshId, hellos: Hellos, peer: Peer, own: OwnIdentity): readonly HandshakeStep[] {
    if (!sameMark(mark, linkMark("accepter", hellos, own.secret))) return this.#fail({ code: "MESH_SECRET", detail: "" });
    // This relay may have come to belong to a mesh by another link meanwhile.
    if (mesh !== peer.mesh || (own.mesh !== undefined && own.mesh !== mesh))
      return this.#fail({ code: "OTHER_MESH", detail: `${mesh} and ${own.mesh ?? peer.mesh}` });
    this.#phase = { name: "over" };
    return [{ type: "proven", peer, welcome: undefined }];
  }

  #sayHello(own: OwnIdentity): Uint8Array {
    const { actor, mesh, address, version } = own;
    const nonce = this.#random.bytes(nonceBytes);
    const frame = encodeHandshake({ type: "hello", version, mesh, actor, nonce, address });
    this.#ownHello = { frame, nonce };
    return frame;
  }

  #fail(refusal: Refusal): readonly HandshakeStep[] {
    return this.#failed(refusal, refusalFrame(refusal.code, refusal.detail));
  }

  #failed(refusal: Refusal, frame: Uint8Array | undefined): readonly HandshakeStep[] {
    this.#phase = { name: "over" };
    return [{ type: "failed", refusal, frame }];
  }
}

/** Why a link is not taken, for the other side. */
export function refusalFrame(code: ErrorCode, detail: string): Uint8Array {
  return encodeHandshake({ type: "refusal", code, detail });
}
