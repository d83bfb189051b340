/**
 * Ceilings and waits of the process around the core by name, with unit and reason: `"process"` in the `--config` file.
 */
import { firstBlobLimits } from "./log/blob-admission.ts";
import type { Bounds } from "./bounds.ts";

const kib = 1024;
const mib = 1024 * kib;

export const processBounds = {
  /** Milliseconds between two commits: below it waking the disk's thread costs more than the writing. Never delays the fan-out. */
  commitPauseMs: [5, 0, 10_000],
  /** Milliseconds for one piece of heavy work (a merge, a rendering) before its worker is ended. */
  engineCallMs: [20_000, 10, 3_600_000],
  /** The same for a document that is written; below `requestMs`, so that who asked hears why. */
  engineWriteMs: [10_000, 10, 3_600_000],
  /** Pieces of heavy work that wait; past it the relay says that it is busy. */
  engineCallsWaitingMax: [256, 1, 1_000_000],
  /** Worker threads for heavy work. */
  engineWorkersMax: [2, 1, 64],
  /** Bytes of one such worker's heap; past it the worker is ended and its work refused. A document of the largest size takes hundreds of MiB. */
  engineHeapBytesMax: [2048 * mib, 16 * mib, 1024 * 1024 * mib],
  /** Worker threads on which what clients bring to Automerge documents is tried. Started when there are such documents. */
  trialWorkers: [2, 1, 64],
  /** Milliseconds that trying what a client brought may take: past it the worker is ended, and the edit refused. A large import takes seconds. */
  trialMs: [10_000, 10, 600_000],
  /** Bytes that Automerge may take in one such worker: past it the worker is ended; an edit that takes so much alone is refused. */
  trialMemoryBytesMax: [1024 * mib, 16 * mib, 4096 * mib],
  /** Bytes of the changes of all documents that such a worker keeps to try edits on; Automerge takes up to a hundred times as many. */
  trialDocumentsBytesMax: [4 * mib, 0, 1024 * mib],
  /** Milliseconds for one answer over HTTP. */
  requestMs: [15_000, 50, 3_600_000],
  /** Who listens to `/api/events`; past it the next is refused as RELAY_BUSY. */
  eventListenersMax: [256, 0, 100_000],
  /** Events that are kept for who comes back; who was away for more of them is told that they are gone. */
  eventsKeptMax: [4_096, 1, 1_000_000],
  /** Milliseconds for which the changes of one document are one event. */
  eventEveryMs: [250, 1, 60_000],
  /**
   * Milliseconds between two signs of life to a listener: proxies end what is silent for a minute or less. A listener that takes nothing for two of
   * them is cut off, and goes on where it was when it comes back.
   */
  eventBeatMs: [15_000, 10, 600_000],
  /** HTTP requests that wait for an answer. */
  requestsWaitingMax: [1_000, 1, 1_000_000],
  /** Milliseconds that the application has to say whether somebody may have a document; past it they are refused for the moment. */
  accessMs: [3_000, 10, 60_000],
  /** Milliseconds that what it said is kept: so long does somebody still get in who may not any more. */
  accessKeptMs: [10_000, 1, 3_600_000],
  /** Answers that are kept, each some hundred bytes. */
  accessesKeptMax: [10_000, 1, 1_000_000],
  /** Questions to the application that are under way; others wait for their turn, for as long as it has to answer. */
  accessAsksMax: [256, 1, 100_000],
  /** Questions that wait, each with a token of 16 KiB at most; past it who has most of them is refused for the moment. */
  accessAsksWaitingMax: [4_096, 1, 1_000_000],
  /** Milliseconds. A socket that was silent so long is pinged; one that is still silent as long again is ended. */
  pingMs: [20_000, 50, 600_000],
  /** Milliseconds that a client has to answer a close before its socket is cut. */
  closeMs: [5_000, 10, 600_000],
  /** Milliseconds that a stop may take; what is not on disk then is still with its author. */
  stopMs: [10_000, 100, 600_000],
  /** Bytes. With less free on the disk, edits stay with their authors: a restart and repairs need some room. Compaction leaves twice as much. */
  freeBytesMin: [mib, 0, 1024 * 1024 * mib],
  /** Bytes of one message between relays; the largest state and what names it must fit. The same on all relays of a mesh. */
  meshFrameBytesMax: [64 * mib, 64 * kib, 512 * mib],
  /** Milliseconds that opening a socket to another relay may take. */
  dialMs: [5_000, 50, 600_000],
  /** Machines that one address may name and that are dialled. */
  machinesPerAddressMax: [64, 1, 1_000],
  /** Milliseconds between two looks at how late the event loop is. */
  eventLoopLookMs: [2_000, 100, 600_000],
  /** Milliseconds between two looks at which histories tell of what is to go. */
  historyLookMs: [3_600_000, 50, 86_400_000],
  /** Images of one document. More lets people draw with pictures; each costs a row, and a question between relays that bring a copy together. */
  blobsPerRoomMax: [firstBlobLimits.blobsPerRoomMax, 0, 1_000_000],
  /** Bytes of all of them. More lets one document take more of everybody's disk. */
  blobBytesPerRoomMax: [firstBlobLimits.blobBytesPerRoomMax, 0, 1024 * 1024 * mib],
  /** Milliseconds that an image is kept which nothing mentions: a device that uploads one and goes away says a day later where it belongs. */
  blobGraceMs: [86_400_000, 0, 365 * 86_400_000],
  /** Milliseconds between two looks for such images, at some hundred documents each. */
  blobLookMs: [600_000, 50, 86_400_000],
  /** Milliseconds that a stamp of another clock may be ahead. */
  hlcOffsetMaxMs: [500, 1, 600_000],
} as const satisfies Record<string, Bounds>;

export type ProcessLimits = { readonly [Name in keyof typeof processBounds]: number };
