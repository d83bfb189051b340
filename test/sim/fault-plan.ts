/**
 * FaultPlan: what befalls a history, drawn before it begins: when, which fault, and a seed for its details. A plan is
 * data, so that it can be cut down to the few faults that a finding needs.
 *
 * Swarm testing (Groce et al., ISSTA 2012): each history has a random half of all kinds, each at a random rate; a history
 * with everything at once would hide what only quiet ones show.
 */
import type { Random } from "@inkmesh/shared/base/random";

export const faultKinds = [
  // The relay and its machine.
  "relay-killed",
  "relay-loses-power",
  "relay-restarted",
  "relay-paused",
  "relay-clock-steps",
  "disk-slow",
  "disk-full",
  "disk-write-fails",
  "disk-sync-fails",
  "disk-answer-lost",
  "engine-slow",
  "engine-dies",
  // The network.
  "lines-reset",
  "line-dies",
  "line-stalls-to-relay",
  "line-stalls-to-client",
  "network-down",
  "network-slow",
  // Devices and their tabs.
  "tab-killed",
  "tab-closed",
  "tab-opened",
  "tab-frozen",
  "tab-works-offline",
  "device-loses-power",
  "device-clock-steps",
  "device-without-quota",
  "device-aborts-writes",
  "device-slow",
  "device-evicted",
  "files-full",
  "files-fail",
  "files-write-short",
  // People.
  "y-client-reloads",
  "y-client-away",
  "visitor",
  "y-visitor",
  "http-reader",
  "room-deleted",
  "room-created",
  "attack",
  "deletions-only",
] as const;

/** What changes which relays there are. */
export const ringFaultKinds = ["relay-joins", "relay-drains", "relay-forgotten", "relay-replaced"] as const;

/** What befalls several relays beside that. */
export const meshFaultKinds = [
  // What is between them.
  "relay-cut-off",
  "mesh-halved",
  "mesh-one-way",
  "mesh-bridged",
  "mesh-flaps",
  "peer-lines-reset",
  "peer-line-stalls",
  // Their data folders.
  "folder-wiped",
  "folder-restored",
  "folder-cloned",
  ...ringFaultKinds,
] as const;

export type LoneFaultKind = (typeof faultKinds)[number];
export type MeshFaultKind = (typeof meshFaultKinds)[number];
export type FaultKind = LoneFaultKind | MeshFaultKind;

export function isMeshFault(kind: FaultKind): kind is MeshFaultKind {
  return (meshFaultKinds as readonly string[]).includes(kind);
}

export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly seed: number;
}

/** `lengthMs`: how long faults happen. `isMesh`: there are several relays. */
export function drawFaults(random: Random, lengthMs: number, isMesh: boolean): readonly Fault[] {
  const faults: Fault[] = [];
  for (const kind of [...faultKinds, ...(isMesh ? meshFaultKinds : [])]) {
    const isChosen = random.fraction() < 0.5;
    // From once in two histories to once in three seconds, on a logarithmic scale.
    const expected = 0.5 * (lengthMs / 1_500) ** random.fraction();
    if (!isChosen) continue;
    for (let atMs = gap(random, lengthMs / expected); atMs < lengthMs; atMs += gap(random, lengthMs / expected))
      faults.push({ atMs, kind, seed: Math.floor(random.fraction() * 2 ** 31) });
  }
  return faults.sort((left, right) => left.atMs - right.atMs);
}

/** Exponential, as of things that happen independently of one another. */
function gap(random: Random, meanMs: number): number {
  return -Math.log(1 - random.fraction()) * meanMs;
}
