/**
 * A dot names one accepted update of one room: the actor that accepted it and that actor's counter in this room,
 * counted from 1. (Dotted version vectors: Preguiça, Baquero et al., arXiv 1011.5808.)
 *
 * Invariant: a dot never names two payloads. An actor is drawn afresh at every start of a relay, so a wiped,
 * restored or cloned data folder cannot issue a dot twice.
 */
import type { ActorId } from "../base/ids.ts";

export interface Dot {
  readonly actor: ActorId;
  readonly counter: number;
}

export function sameDot(left: Dot, right: Dot): boolean {
  return left.counter === right.counter && left.actor === right.actor;
}

/** One string per dot, for use as a map key. */
export function dotKey(dot: Dot): string {
  return `${dot.actor}:${dot.counter}`;
}
