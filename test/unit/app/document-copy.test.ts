import { Inkmesh, MemoryStore, type InkmeshRoom } from "@inkmesh/client";
import { afterEach, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { keepDeleted } from "../../../client/app/deleted-copy.ts";
import { copyDocument } from "../../../client/app/document-copy.ts";
import { beginDocument } from "../../../client/app/document-meta.ts";
import { GatedStore } from "../provider/gated-store.ts";
import { ModelNetwork } from "../provider/model-web-socket.ts";

afterEach(() => void vi.useRealTimers());

function aDeviceAlone() {
  const network = new ModelNetwork();
  network.isDown = true;
  const store = new GatedStore(new MemoryStore());
  const doc = new Y.Doc();
  beginDocument(doc, "code");
  return { store, doc, mesh: new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store }) };
}

it("[P7] a copy is made only once it is on this device's disk", async () => {
  vi.useFakeTimers();
  const { store, doc, mesh } = aDeviceAlone();
  store.isHeld = true;
  let copied: string | undefined;
  const copying = copyDocument(mesh, { name: "copied", doc }).then(({ name }) => (copied = name));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(copied).toBeUndefined();
  store.isHeld = false;
  store.release();
  expect((await store.load(await copying)).outbox.length).toBeGreaterThan(0);
  await mesh.close();
});

function aMeshInMemory(): Inkmesh {
  const network = new ModelNetwork();
  network.isDown = true;
  return new Inkmesh({ url: "ws://relay.test", WebSocket: network.WebSocket, store: new MemoryStore() });
}

/** A text that names two images, of which one is on the device. */
async function withImages(mesh: Inkmesh): Promise<InkmeshRoom> {
  const room = mesh.open("copied");
  await room.whenLoaded;
  const name = await room.blobs.add(Uint8Array.of(1));
  beginDocument(room.doc, "text");
  const images = [name, `sha256-${"ab".repeat(32)}`].map((blob) => {
    const image = new Y.XmlElement("image");
    image.setAttribute("blob", blob);
    return image;
  });
  room.doc.getXmlFragment("default").push(images);
  return room;
}

it("[P7] a copy has the images that can be had, and says how many cannot", async () => {
  const mesh = aMeshInMemory();
  const room = await withImages(mesh);
  const copy = await copyDocument(mesh, room);
  expect(copy).toEqual({ name: expect.any(String), missingImages: 1 });
  expect(await mesh.deviceRooms()).toContainEqual(expect.objectContaining({ room: copy.name, waitingBlobs: 1 }));
  await mesh.close();
});

it("[P7] a deleted document is not removed when its copy lacks an image", async () => {
  const mesh = aMeshInMemory();
  const room = await withImages(mesh);
  expect(await keepDeleted(mesh, room)).toMatchObject({ missingImages: 1 });
  expect(await mesh.deviceRooms()).toContainEqual(expect.objectContaining({ room: "copied", waitingBlobs: 1 }));
  await mesh.close();
});

it("[P7] a copy that neither a disk nor a relay takes is no copy", async () => {
  vi.useFakeTimers();
  const { store, doc, mesh } = aDeviceAlone();
  store.isBroken = true;
  const outcome = copyDocument(mesh, { name: "copied", doc }).catch(String);
  await vi.advanceTimersByTimeAsync(16_000);
  expect(await outcome).toContain("kept the copy");
  const closing = mesh.close().catch(String);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await closing).toContain("Lost: 2 of the last edits");
});
