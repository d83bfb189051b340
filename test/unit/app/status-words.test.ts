import { type MeshStatus, type RoomStatus } from "@inkmesh/client";
import { describe, expect, it } from "vitest";
import { statusWords } from "../../../client/app/status-words.ts";

const online: MeshStatus = { connection: "online", workingOffline: false, relay: "a" };
const offline: MeshStatus = { connection: "offline", workingOffline: false };
const byChoice: MeshStatus = { connection: "offline", workingOffline: true };
const connecting: MeshStatus = { connection: "connecting", workingOffline: false };

function aRoom(change: Partial<RoomStatus> = {}): RoomStatus {
  return {
    phase: "saved",
    synced: true,
    waiting: 0,
    waitingBlobs: 0,
    blobsNotOnDevice: 0,
    notOnDevice: 0,
    copies: 1,
    replicas: 1,
    needed: 1,
    clock: "",
    device: "disk",
    setAsideEdits: 0,
    ...change,
  };
}

describe("[P2] the status says what is true, in words", () => {
  it.each([
    ["saved", online, {}, "calm", "Saved on 1 of 1 relay"],
    ["a reader at one of three", online, { copies: 1, replicas: 3, needed: 2 }, "calm", "All your edits are saved"],
    ["saved on two of three", online, { copies: 2, replicas: 3, needed: 2 }, "calm", "Saved on 2 of 3 relays"],
    [
      "at a relay that has not heard of this document's creation",
      online,
      { phase: "on-this-device", waiting: 2, problem: { code: "BEHIND", detail: "generation 1, here 0" } },
      "care",
      "This relay does not know this document yet · 2 edits on this device, not yet sent",
    ],
    ["at a relay that is behind", online, { behind: true }, "care", "This relay has not seen all that you saw yet"],
    [
      "at a relay that is behind, with an edit under way",
      online,
      { behind: true, phase: "kept-by-a-relay", waiting: 1, needed: 2, replicas: 3 },
      "care",
      "This relay has not seen all that you saw yet",
    ],
    ["sent, not acked", online, { phase: "on-this-device", waiting: 3, copies: 0 }, "busy", "Saving 3 edits…"],
    [
      "one copy of two needed",
      online,
      { phase: "kept-by-a-relay", waiting: 1, needed: 2, replicas: 3 },
      "care",
      "Kept by a relay, not saved yet",
    ],
    ["an image that is being sent", online, { phase: "on-this-device", waitingBlobs: 1 }, "busy", "Saving 1 image…"],
    ["images and edits", online, { phase: "on-this-device", waiting: 1, waitingBlobs: 2 }, "busy", "Saving 1 edit and 2 images…"],
    [
      "an image without a line",
      offline,
      { phase: "on-this-device", waitingBlobs: 1 },
      "care",
      "Offline · 1 image on this device, not yet sent",
    ],
    ["an image on too few relays", online, { phase: "kept-by-a-relay", waitingBlobs: 1 }, "care", "Kept by a relay, not saved yet"],
    [
      "an image that no relay takes",
      online,
      { phase: "on-this-device", waitingBlobs: 1, problem: { code: "TOO_MANY_BLOBS", detail: "" } },
      "alarm",
      "This document has as many images as it may. This one was not kept.",
    ],
    [
      "an image in memory only, without a line",
      offline,
      { phase: "on-this-device", waitingBlobs: 1, notOnDevice: 1, blobsNotOnDevice: 1 },
      "alarm",
      "1 image only in this tab",
    ],
    [
      "an edit that is being written, beside an image that waits on the disk",
      offline,
      { phase: "on-this-device", waiting: 1, waitingBlobs: 1, notOnDevice: 1 },
      "busy",
      "Not even on this device yet",
    ],
    [
      "edits and an image without a line, short enough for a phone",
      offline,
      { phase: "on-this-device", waiting: 3, waitingBlobs: 1 },
      "care",
      "Offline · 3 edits and 1 image not sent",
    ],
    [
      "images that nobody could look for",
      online,
      { phase: "on-this-device", areBlobsUnknown: true },
      "busy",
      "Looking for images that wait here…",
    ],
    ["just typed", online, { phase: "on-this-device", waiting: 1, notOnDevice: 1 }, "busy", "Not even on this device yet"],
    ["opening", online, { phase: "loading", synced: false }, "busy", "Opening…"],
    ["connecting", connecting, { phase: "connecting" }, "busy", "Connecting…"],
    [
      "connecting with edits",
      connecting,
      { phase: "connecting", waiting: 2 },
      "busy",
      "Connecting… · 2 edits on this device, not yet sent",
    ],
    ["syncing", online, { phase: "syncing" }, "busy", "Fetching what is new…"],
    [
      "offline by choice",
      byChoice,
      { phase: "on-this-device", waiting: 3 },
      "care",
      "Working offline · 3 edits on this device, not yet sent",
    ],
    ["no relay", offline, { phase: "on-this-device", waiting: 1 }, "care", "Offline · 1 edit on this device, not yet sent"],
    ["no relay, nothing waits", offline, { phase: "on-this-device" }, "care", "Offline"],
    [
      "no disk, no relay",
      offline,
      { phase: "on-this-device", waiting: 2, notOnDevice: 2, device: "memory" },
      "alarm",
      "2 edits only in this tab",
    ],
    [
      "the relay's disk is full",
      online,
      { phase: "on-this-device", waiting: 4, problem: { code: "STORE_FULL", detail: "" } },
      "care",
      "The relay's disk is full · 4 edits on this device, not yet sent",
    ],
    [
      "refused for good",
      online,
      {
        phase: "on-this-device",
        problem: { code: "UPDATE_TOO_BIG", detail: "" },
        setAside: { code: "UPDATE_TOO_BIG", detail: "" },
        setAsideEdits: 2,
      },
      "alarm",
      "2 edits refused, on this device alone",
    ],
    [
      "refused for good in an earlier life, offline",
      offline,
      { phase: "on-this-device", waiting: 1, setAside: { code: "TOO_DEEP", detail: "" }, setAsideEdits: 1 },
      "alarm",
      "Offline · 1 edit on this device, not yet sent · 1 edit refused, on this device alone",
    ],
    [
      "a page too old",
      { ...offline, outdated: "client" },
      { phase: "on-this-device" },
      "alarm",
      "This page is older than the relay: reload it",
    ],
    [
      "a relay too old",
      { ...connecting, outdated: "relay" },
      { phase: "on-this-device", waiting: 2 },
      "care",
      "The relay is older than this page · 2 edits on this device, not yet sent",
    ],
    [
      "saved, with a full device",
      online,
      { device: "failed", deviceTrouble: "full" },
      "care",
      "Saved on 1 of 1 relay, but not on this device",
    ],
    ["deleted", online, { phase: "deleted" }, "alarm", "This document was deleted"],
  ] as const)("%s", (_, mesh, change, tone, sentence) => {
    expect(statusWords(mesh, aRoom(change))).toMatchObject({ tone, sentence });
  });

  it("does not call everything saved when an edit was refused for good", () => {
    const setAside = { code: "UPDATE_TOO_BIG", detail: "" } as const;
    const words = statusWords(online, aRoom({ phase: "on-this-device", problem: setAside, setAside, setAsideEdits: 1 }));
    expect(words.detail).toContain("on this device alone");
  });

  it.each([
    ["full", "no space left on this device"],
    ["newer", "Reload this tab"],
    ["refused", "disk refuses"],
  ] as const)("says why this device keeps nothing: %s", (deviceTrouble, why) => {
    const words = statusWords(offline, aRoom({ phase: "on-this-device", waiting: 1, notOnDevice: 1, device: "failed", deviceTrouble }));
    expect(words).toMatchObject({ tone: "alarm", sentence: "1 edit only in this tab" });
    expect(words.detail).toContain(why);
  });

  it("never says “saved” while something waits, in any state", () => {
    const phases = ["loading", "connecting", "syncing", "on-this-device", "kept-by-a-relay", "saved", "deleted", "refused"] as const;
    for (const mesh of [online, offline, byChoice, connecting])
      for (const phase of phases)
        for (const notOnDevice of [0, 1])
          for (const device of ["disk", "memory", "failed"] as const) {
            const { sentence } = statusWords(mesh, aRoom({ phase, waiting: 1, notOnDevice, device }));
            expect(sentence).not.toMatch(/^Saved/);
          }
  });
});
