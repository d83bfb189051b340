/**
 * AskedRooms: what tests ask of rooms over HTTP, as the core is asked.
 */
import type { RoomName } from "@inkmesh/shared/base/ids";
import type { RoomAnswer } from "../../../server/core/effect.ts";
import type { RoomRequest } from "../../../server/core/input.ts";
import type { CoreWorld } from "./core-world.ts";
import { NativeScript } from "./scripted-client.ts";
import { typedUpdates } from "./typed-updates.ts";

export const room = "note" as RoomName;
export const show = { type: "show", room } as const;
export const remove = { type: "delete", room, principal: "ada" } as const;
export const content = (token = "") => ({ type: "content", room, format: "text", token }) as const;
export const refused = (code: string) => ({ type: "refused", refusal: { code } });

export function asked(world: CoreWorld, ask: RoomRequest): RoomAnswer | undefined {
  const request = world.ask(ask);
  world.run();
  return world.answers.get(request);
}

/** Somebody who has begun the document with "hello". */
export function writer(world: CoreWorld): NativeScript {
  const client = new NativeScript(world).hello().open(room);
  world.run();
  client.updates(1, typedUpdates(1, ["hello"]));
  world.run();
  return client;
}
