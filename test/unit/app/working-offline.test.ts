import { Inkmesh, MemoryStore } from "@inkmesh/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TabChoice } from "../../../client/app/tab-choice.ts";
import { keepWorkingOffline } from "../../../client/app/working-offline.ts";
import { ModelNetwork } from "../provider/model-web-socket.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** A tab over its reloads: what it keeps, and the page's client in it. */
class ATab {
  readonly network = new ModelNetwork();
  readonly kept: Record<string, string> = {};

  async load(): Promise<Inkmesh> {
    const mesh = new Inkmesh({ url: "ws://relay.test", WebSocket: this.network.WebSocket, store: new MemoryStore() });
    const storage = {
      getItem: (key: string) => this.kept[key] ?? null,
      setItem: (key: string, value: string) => void (this.kept[key] = value),
    };
    keepWorkingOffline(mesh, new TabChoice({ key: "k", storage: () => storage }));
    mesh.open("r");
    await pass(3_000);
    return mesh;
  }
}

test("[P7] a tab that works offline does so after a reload, without a moment online, until one goes online", async () => {
  const tab = new ATab();
  const first = await tab.load();
  expect(first.status).toMatchObject({ connection: "online", workingOffline: false });
  first.workOffline(true);
  const connect = vi.spyOn(tab.network.relay, "connect");
  const second = await tab.load();
  expect(second.status).toMatchObject({ connection: "offline", workingOffline: true });
  expect(connect).not.toHaveBeenCalled();
  second.workOffline(false);
  await pass(3_000);
  expect(second.status.connection).toBe("online");
  const third = await tab.load();
  expect(third.status).toMatchObject({ connection: "online", workingOffline: false });
});
