/**
 * CreateRelay: a relay inside an application, which may say who may do what.
 */
import { readSettings, type Said } from "./config.ts";
import { startRelay, type RunningRelay } from "./main.ts";
import type { Authorize } from "./runtime/access-control.ts";

/** The settings of a relay by the names that the `--config` file has for them; all may be left out. */
export interface CreateRelayOptions {
  readonly name?: string;
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port?: number;
  /** Where documents are kept. */
  readonly data?: string;
  readonly log?: "pretty" | "json" | "silent";
  /** An application that is asked over HTTP; `authorize` goes before it. */
  readonly "auth-url"?: string;
  readonly "allow-origin"?: readonly string[];
  readonly join?: readonly string[];
  readonly advertise?: string;
  readonly "mesh-secret"?: string;
  readonly "mesh-secret-file"?: string;
  readonly durability?: "majority" | "1" | "all";
  readonly replicas?: number;
  readonly zone?: string;
  readonly history?: string | number;
  readonly limits?: Readonly<Record<string, number>>;
  readonly mesh?: Readonly<Record<string, number>>;
  readonly process?: Readonly<Record<string, number>>;
  /** Says who may do what. Left out, everybody may do everything; there and no function, no relay is created. */
  readonly authorize?: Authorize;
  /**
   * The store was damaged while the relay ran: it must not go on as it is. Stop it, and create it anew. Left out, it is stopped and nothing
   * comes after it.
   */
  readonly onUnsound?: (relay: RunningRelay) => void;
}

/** Resolves when it serves; rejects with an Error in one sentence that says what would be right. Reads no environment and no file of settings. */
export async function createRelay(options: CreateRelayOptions = {}): Promise<RunningRelay> {
  const { authorize, onUnsound, ...said } = options;
  // A name that was misspelt where it comes from must not open every document to everybody.
  if ("authorize" in options && typeof authorize !== "function")
    throw new Error(`authorize must be a function, or left out where everybody may do everything, not ${typeof authorize}.`);
  const given: Said = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  const answer = readSettings({ options: {}, environment: {}, file: given });
  if (!answer.ok) throw new Error(answer.sentence);
  const unsound = async (): Promise<void> => {
    const { relay } = await started;
    if (onUnsound === undefined) await relay.stop();
    else onUnsound(relay);
  };
  const starting = startRelay(answer.settings, () => void unsound(), authorize);
  const started = starting.then((start) => (start.ok ? start : Promise.reject(new Error(start.sentence))));
  return (await started).relay;
}
