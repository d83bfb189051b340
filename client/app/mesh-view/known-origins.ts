/**
 * KnownOrigins: where the relays of this mesh were, kept on this device, so that a page whose own relay is away finds another one.
 */
import { relaysAskedMax } from "./mesh-watch.ts";

const key = "inkmesh.mesh-view.relays";

/** Without the page's own. */
export function rememberedOrigins(storage: () => Storage = () => localStorage, own: string = location.origin): readonly string[] {
  try {
    const kept: unknown = JSON.parse(storage().getItem(key) ?? "[]");
    const origins = (Array.isArray(kept) ? kept : []).filter((origin): origin is string => typeof origin === "string");
    return origins.filter((origin) => /^https?:\/\/[^/]+$/.test(origin) && origin !== own).slice(0, relaysAskedMax);
  } catch {
    return []; // Storage is forbidden, or holds something else.
  }
}

export function rememberOrigins(origins: readonly string[], storage: () => Storage = () => localStorage): void {
  try {
    storage().setItem(key, JSON.stringify(origins.slice(0, relaysAskedMax)));
  } catch {
    // Forbidden or full: the page then knows only its own relay the next time.
  }
}
