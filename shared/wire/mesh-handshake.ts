/**
 * MeshHandshake: how two relays show each other that they hold the mesh secret, as bytes and marks. Who says what when:
 * `server/core/peers/peer-handshake.ts`.
 *
 * A mark covers both hellos as they went over the wire, and a role. The hellos hold both nonces, both names and lives, both
 * addresses and versions: so a mark is worth nothing on another link, later, towards somebody else, or sent back to its
 * maker. It does not protect what is said afterwards: between machines that others can reach, links belong in TLS (wss:).
 *
 * Invariants: decoding is total; a frame is one message; `hello` and `refusal` keep their layout for ever (`hello` may grow
 * at the end of its `bytes`), so that relays of any two versions can tell each other that they differ.
 */
import * as encoding from "lib0/encoding";
import { unreachable } from "../base/assert.ts";
import type { MeshId } from "../base/ids.ts";
import { errorCodeOfWire, errorKind } from "../base/errors.ts";
import type { Result } from "../base/result.ts";
import { decodeBytes, UnreadableBytes, type ByteReader } from "./byte-reader.ts";
import { markBytes, markOf } from "./mark.ts";
import { meshFrameType, readActor, readAddress, readHexId, unreadableMesh, writeHexId } from "./mesh-layout.ts";
import type { HandshakeMessage, MeshHello } from "./mesh-message.ts";
import { writeNumber } from "./native-layout.ts";

export const nonceBytes = 16;

/** Nothing that is said before the proof is longer; what is longer is refused unread. */
export const handshakeBytesMax = 2_048;

/** Both hellos as bytes, as they went over the wire. */
export interface Hellos {
  readonly dialler: Uint8Array;
  readonly accepter: Uint8Array;
}

/** The mark of one side of a link. */
export function linkMark(side: "dialler" | "accepter", hellos: Hellos, secret: Uint8Array): Uint8Array {
  return markOf(`inkmesh mesh link, ${side}`, [withLength(hellos.dialler), withLength(hellos.accepter)], secret);
}

export function encodeHandshake(message: HandshakeMessage): Uint8Array {
  return encoding.encode((encoder) => writeMessage(encoder, message));
}

export function decodeHandshake(frame: Uint8Array): Result<HandshakeMessage> {
  return decodeBytes(frame, "a frame of a handshake", (reader) => {
    if (frame.length > handshakeBytesMax) throw new UnreadableBytes({ code: "FRAME_TOO_BIG", detail: `limit ${handshakeBytesMax}` });
    return readMessage(reader);
  });
}

function writeMessage(encoder: encoding.Encoder, message: HandshakeMessage): void {
  switch (message.type) {
    case "hello":
      writeNumber(encoder, meshFrameType.hello);
      writeNumber(encoder, message.version);
      return encoding.writeVarUint8Array(
        encoder,
        encoding.encode((rest) => writeHello(rest, message)),
      );
    case "proof":
      writeNumber(encoder, meshFrameType.proof);
      return encoding.writeVarUint8Array(encoder, message.mark);
    case "welcome":
      writeNumber(encoder, meshFrameType.welcome);
      encoding.writeVarUint8Array(encoder, message.mark);
      return writeHexId(encoder, message.mesh);
    case "refusal":
      writeNumber(encoder, meshFrameType.refusal);
      writeNumber(encoder, errorKind(message.code).wire);
      return encoding.writeVarString(encoder, message.detail);
    default:
      return unreachable(message);
  }
}

function writeHello(encoder: encoding.Encoder, hello: MeshHello): void {
  writeHexId(encoder, hello.mesh);
  encoding.writeVarString(encoder, hello.actor);
  encoding.writeVarUint8Array(encoder, hello.nonce);
  encoding.writeVarString(encoder, hello.address);
}

function readMessage(reader: ByteReader): HandshakeMessage {
  const type = reader.number();
  switch (type) {
    case meshFrameType.hello:
      return readHello(reader);
    case meshFrameType.proof:
      return { type: "proof", mark: readFixed(reader, markBytes) };
    case meshFrameType.welcome: {
      const mark = readFixed(reader, markBytes);
      const mesh = readHexId(reader);
      if (mesh === undefined) throw unreadableMesh("a welcome to no mesh");
      return { type: "welcome", mark, mesh: mesh as MeshId };
    }
    case meshFrameType.refusal:
      return { type: "refusal", code: errorCodeOfWire(reader.number()), detail: reader.text() };
    default:
      throw unreadableMesh(`frame type ${type}`);
  }
}

/** Fields behind those known here are a newer version's and are passed over. */
function readHello(reader: ByteReader): MeshHello {
  const version = reader.number();
  const hello = decodeBytes(reader.bytes(), "a hello", (inner): MeshHello => {
    const mesh = readHexId(inner) as MeshId | undefined;
    const fields = { actor: readActor(inner), nonce: readFixed(inner, nonceBytes), address: readAddress(inner) };
    inner.skipRest();
    return { type: "hello", version, mesh, ...fields };
  });
  if (!hello.ok) throw new UnreadableBytes(hello.refusal);
  return hello.value;
}

function readFixed(reader: ByteReader, length: number): Uint8Array {
  const bytes = reader.bytes();
  if (bytes.length !== length) throw unreadableMesh(`${bytes.length} bytes instead of ${length}`);
  return bytes;
}

/** So that no byte of one hello can be taken for one of the other. */
function withLength(bytes: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => encoding.writeVarUint8Array(encoder, bytes));
}
