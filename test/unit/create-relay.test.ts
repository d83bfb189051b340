import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createRelay, type CreateRelayOptions } from "../../server/create-relay.ts";

const folder = mkdtempSync(join(tmpdir(), "inkmesh-create-relay-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([undefined, null, "everybody", {}])(
  "[P9] a relay whose `authorize` is %o is not created: it would be open to everybody",
  async (authorize) => {
    const data = join(folder, String(authorize));
    const options = { port: 0, data, log: "silent", authorize } as unknown as CreateRelayOptions;
    const created = createRelay(options);
    // Where it is created all the same, it ends with this test.
    void created.then((relay) => relay.stop()).catch(() => undefined);
    await expect(created).rejects.toThrow(/^authorize must be a function, or left out where everybody may do everything/);
    expect(existsSync(data)).toBe(false);
  },
);
