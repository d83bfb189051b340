/**
 * What every `BlobStore` must do. `make` opens one that keeps 100 bytes beside what waits; `reopen` opens the same store anew, as the next
 * page would; undefined for a store that does not outlive its process.
 */
import { blobNameOf, type BlobName } from "@inkmesh/shared/base/blob-name";
import type { BlobStore } from "@inkmesh/client";
import { describe, expect, test } from "vitest";

export interface BlobStoreUnderTest {
  readonly store: BlobStore;
  readonly reopen: (() => BlobStore) | undefined;
}

const named = (digit: string): BlobName => blobNameOf(digit.repeat(64));
const [a, b, c] = [named("a"), named("b"), named("c")];
const aBlob = (size: number): Uint8Array => new Uint8Array(size).fill(size);

export function blobStoreContract(name: string, make: () => BlobStoreUnderTest): void {
  const stored = async (write: (store: BlobStore) => Promise<void>): Promise<BlobStore> => {
    const { store, reopen } = make();
    await write(store);
    if (!reopen) return store;
    await store.close();
    return reopen();
  };

  describe(`${name} keeps images`, () => {
    test("of each document apart, and of one that it never saw none", async () => {
      const store = await stored(async (fresh) => {
        await fresh.put("r", a, aBlob(3), false);
        await fresh.put("s", a, aBlob(4), true);
      });
      expect([await store.get("r", a), await store.get("s", a), await store.get("t", a), await store.get("r", b)]).toEqual([
        aBlob(3),
        aBlob(4),
        undefined,
        undefined,
      ]);
      await store.remove("s");
      expect([await store.get("r", a), await store.get("s", a), await store.waiting()]).toEqual([aBlob(3), undefined, []]);
      await store.close();
    });

    test("[P7] and knows which wait, until they are saved, however often they are put", async () => {
      const store = await stored(async (fresh) => {
        await fresh.put("r", a, aBlob(1), true);
        await fresh.put("r", b, aBlob(2), true);
        await fresh.put("r", a, aBlob(1), false);
        await fresh.put("s", c, aBlob(3), false);
        await fresh.saved("r", b);
        await fresh.saved("r", c);
      });
      expect(await store.waiting()).toEqual([{ room: "r", name: a }]);
      expect(await store.get("r", b)).toEqual(aBlob(2));
      await store.close();
    });

    test("[P7] [P8] as many as there is room for, but what waits always", async () => {
      const { store } = make();
      await store.put("r", a, aBlob(90), true);
      await store.put("r", b, aBlob(60), false);
      // Uses are told apart by the clock.
      await new Promise((resolve) => setTimeout(resolve, 3));
      await store.put("r", c, aBlob(50), false);
      expect([await store.get("r", a), await store.get("r", b), await store.get("r", c)]).toEqual([aBlob(90), undefined, aBlob(50)]);
      await store.close();
    });
  });
}
