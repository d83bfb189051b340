/**
 * A client of our own protocol that has an Automerge room open, and what it heard of it.
 */
import { noBytes } from "@inkmesh/shared/base/bytes";
import { textOfChanges } from "../../automerge-typing.ts";
import { automergeRoom } from "../../engines.ts";
import type { CoreWorld } from "./core-world.ts";
import { NativeScript } from "./scripted-client.ts";

export function openedAutomerge(world: CoreWorld): NativeScript {
  const client = new NativeScript(world).hello().open(automergeRoom, { stateVector: noBytes });
  world.run();
  return client;
}

export function textHeard(client: NativeScript): string {
  return textOfChanges(client.heard("updates").flatMap(({ updates }) => updates));
}
