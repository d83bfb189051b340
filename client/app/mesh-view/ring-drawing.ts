/**
 * RingDrawing: the ring as figures: every virtual node with the arc that it is the first one behind, and what comes clockwise of a document.
 *
 * Position 0 is on top; positions go clockwise. Figures are for a circle around (0, 0).
 */
import type { RelayId } from "@inkmesh/shared/base/ids";
import { HashRing } from "@inkmesh/shared/ring/hash-ring";
import { positionOf, type Position } from "@inkmesh/shared/ring/hash";
import type { RingRecord } from "./mesh-reading.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The ring by which rooms are placed: who joins or is a member; where all leave, those. */
export function ringOf(records: readonly RingRecord[]): HashRing {
  const placed = records.filter(({ place }) => place === "joining" || place === "member");
  const members = placed.length > 0 ? placed : records.filter(({ place }) => place === "leaving");
  return HashRing.of(members.map(({ relay, weight, zone }) => ({ relay: relay as RelayId, weight, zone })));
}

/** 0 up to 1, a whole turn. */
export function turnOf({ high, low }: Position): number {
  return (high + low / 2 ** 32) / 2 ** 32;
}

export function turnOfRoom(room: string): number {
  return turnOf(positionOf(room));
}

export function pointAt(turn: number, radius: number): Point {
  const angle = turn * 2 * Math.PI;
  return { x: round(Math.sin(angle) * radius), y: round(-Math.cos(angle) * radius) };
}

/** Per relay one path of all the arcs whose documents it owns. */
export function arcsOf(ring: HashRing, radius: number): ReadonlyMap<string, string> {
  const { virtualNodes } = ring;
  const paths = new Map<string, string>();
  for (const [index, { relay, position }] of virtualNodes.entries()) {
    const from = turnOf(virtualNodes.at(index - 1)!.position);
    paths.set(relay, `${paths.get(relay) ?? ""}${arc(from, turnOf(position), radius)}`);
  }
  return paths;
}

/** From one turn clockwise to another one. */
function arc(from: number, to: number, radius: number): string {
  const [start, end] = [pointAt(from, radius), pointAt(to, radius)];
  const length = (to - from + 1) % 1;
  return `M${start.x} ${start.y}A${radius} ${radius} 0 ${length > 0.5 ? 1 : 0} 1 ${end.x} ${end.y}`;
}

/** One virtual node that the search for a document's replicas comes by. */
export interface Step {
  readonly relay: string;
  /** Of the preference list from 1 on, where this node is the first of its relay and that is one of the list. */
  readonly rank: number | undefined;
}

/** What the search for `replicas` comes by from where the document stands, as far as the last of them; at most `stepsMax`. */
export function walkOf(ring: HashRing, room: string, replicas: readonly string[], stepsMax: number): readonly Step[] {
  const { virtualNodes } = ring;
  if (virtualNodes.length === 0) return [];
  const from = turnOfRoom(room);
  const first = virtualNodes.findIndex(({ position }) => turnOf(position) >= from);
  const met = new Set<string>();
  const steps: Step[] = [];
  for (
    let index = first < 0 ? 0 : first;
    steps.length < Math.min(stepsMax, virtualNodes.length);
    index = (index + 1) % virtualNodes.length
  ) {
    const { relay } = virtualNodes[index]!;
    const rank = replicas.indexOf(relay);
    steps.push({ relay, rank: rank >= 0 && !met.has(relay) ? rank + 1 : undefined });
    met.add(relay);
    if (replicas.every((each) => met.has(each))) break;
  }
  return steps;
}

/** Where relays stand inside the ring, evenly. */
export function seatsOf(relays: readonly string[], radius: number): ReadonlyMap<string, Point> {
  const sorted = relays.toSorted();
  return new Map(sorted.map((relay, index) => [relay, sorted.length === 1 ? { x: 0, y: 0 } : pointAt(index / sorted.length, radius)]));
}

/** The same number for a relay in all figures and lists. */
export function colourOf(relay: string, relays: readonly string[]): number {
  return (relays.toSorted().indexOf(relay) % colours) + 1;
}

const colours = 8;

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
