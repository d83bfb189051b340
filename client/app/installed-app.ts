/**
 * InstalledApp: whether this device can open the page without a relay, and which version of it is in use.
 *
 * A new version is fetched beside the one in use and waits. It is put to use, and every tab reloaded, when no tab is in
 * use, or when a person asks for it and no tab would lose anything (`service-worker/update-vote.ts` decides). Until then
 * this tab keeps all of its own version's files.
 *
 * Without a secure context (http:// at an address of the network) browsers have no service worker: the page works, but
 * it cannot be opened while the relay is away.
 */
import type { Inkmesh, MeshStatus } from "@inkmesh/client";
import { tabState } from "./open-editors.ts";
import type { TabQuestion, UpdateOutcome, UpdateRequest } from "./service-worker/update-message.ts";

/**
 * `ready`: the page opens without a relay · `preparing`: its files are being fetched · `insecure`: no https ·
 * `unsupported`: this browser, or this window of it, has no service worker · `failed`: it could not be set up.
 */
export type Readiness = "ready" | "preparing" | "insecure" | "unsupported" | "failed";

export interface AppStatus {
  readonly readiness: Readiness;
  /** A new version is here and waits to be used. */
  readonly isNewReady: boolean;
}

const script = "/service-worker.js";
const checkEveryMs = 60 * 60_000;
/** Checks that events ask for come no closer than this. */
const checkPauseMs = 10_000;
/** How long the worker may take to ask all tabs; it gives each 2 s. */
const outcomeMs = 5_000;
/** How long a tab waits for a moment in which it would lose nothing, before it says that it would. */
const answerMs = 1_000;
const safeLookMs = 10;

export class InstalledApp {
  readonly #listeners = new Set<() => void>();
  #isStarted = false;
  /** The next version to be in use is the first on this device, and so the one that this page came with: no reload. */
  #isFirst = false;
  #registration: ServiceWorkerRegistration | undefined;
  #status: AppStatus;
  #checkedMs = -checkPauseMs;

  constructor() {
    this.#status = { readiness: firstReadiness(), isNewReady: false };
    if (this.#status.readiness === "preparing") navigator.serviceWorker.addEventListener("message", answerQuestion);
  }

  get status(): AppStatus {
    return this.#status;
  }

  /** Calls `listener` when the status changes; answers the function that ends it. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Fetches the app's files onto the device and looks for newer ones from now on. */
  async start(): Promise<void> {
    if (this.#status.readiness !== "preparing") return;
    if (import.meta.env.DEV) return this.#set({ readiness: "unsupported" });
    this.#isFirst = !(await registered())?.active;
    navigator.serviceWorker.addEventListener("controllerchange", () => this.#controllerChanged());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.check());
    setInterval(() => this.check(), checkEveryMs);
    this.#isStarted = true;
    await this.#register();
  }

  /** Looks for a newer version, or tries again to fetch the first, if that was not done a moment ago. */
  check(): void {
    if (!this.#isStarted || performance.now() - this.#checkedMs < checkPauseMs) return;
    this.#checkedMs = performance.now();
    void this.#look();
  }

  /** Looks when a line came up or was refused: behind it may be a relay with another version. */
  watchLine(mesh: Pick<Inkmesh, "status" | "on">): void {
    const state = ({ connection, problem }: MeshStatus) => `${connection === "online"} ${problem?.code ?? ""}`;
    let before = state(mesh.status);
    mesh.on("status", (status) => {
      if (state(status) !== before) this.check();
      before = state(status);
    });
  }

  /** Puts the waiting version to use because a person wants it. All tabs reload then; otherwise says why not now. */
  use(): Promise<UpdateOutcome> {
    return this.#request(true);
  }

  /**
   * Brings this page up to date, as a reload does where the device keeps no version: with one, a reload alone would open
   * the same version again. Answers why not now, if so.
   */
  async renew(): Promise<UpdateOutcome> {
    const registration = this.#registration;
    // Rejects without a relay; what is here already will have to do.
    await registration?.update().catch(() => undefined);
    if (registration?.installing) await installed(registration.installing);
    if (registration?.waiting) return this.#request(true);
    location.reload();
    return { type: "in-use" };
  }

  /** Puts the waiting version to use if no tab is in use. */
  async useQuietly(): Promise<void> {
    if (this.#status.isNewReady && !tabState().inUse) await this.#request(false);
  }

  async #request(asked: boolean): Promise<UpdateOutcome> {
    const waiting = this.#registration?.waiting;
    // Another tab was faster: this one reloads in a moment.
    if (!waiting) return { type: "in-use" };
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ type: "put-off", because: "no-answer" }), outcomeMs);
      port1.onmessage = (event) => {
        clearTimeout(timer);
        resolve(event.data as UpdateOutcome);
      };
      waiting.postMessage({ type: "use-new-version", asked } satisfies UpdateRequest, [port2]);
    });
  }

  #controllerChanged(): void {
    // The browser threw away what it kept of this site.
    if (navigator.serviceWorker.controller === null) return void this.#look();
    if (!this.#isFirst) this.#reloadWhenSafe();
    this.#isFirst = false;
  }

  async #look(): Promise<void> {
    const registration = await registered();
    if (registration === undefined) {
      this.#isFirst = true;
      this.#set({ readiness: "preparing", isNewReady: false });
      return this.#register();
    }
    // Rejects while there is no relay: that was no look.
    registration.update().catch(() => (this.#checkedMs = -checkPauseMs));
    return this.useQuietly();
  }

  async #register(): Promise<void> {
    try {
      const registration = await navigator.serviceWorker.register(script, { updateViaCache: "none" });
      if (registration !== this.#registration) this.#watch(registration);
      this.#registration = registration;
    } catch {
      // Storage is forbidden or full, or the relay went away just now.
      this.#set({ readiness: "failed" });
    }
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const look = () => {
      const { installing, waiting, active } = registration;
      // One file that cannot be had spoils the whole version.
      if (!installing && !waiting && !active) return this.#set({ readiness: "failed" });
      this.#set({ isNewReady: waiting !== null && active !== null, ...(active ? { readiness: "ready" } : {}) });
      void this.useQuietly();
    };
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
    registration.installing?.addEventListener("statechange", look);
    look();
  }

  #reloadWhenSafe(): void {
    if (!tabState().wouldLose) return location.reload();
    setTimeout(() => this.#reloadWhenSafe(), safeLookMs);
  }

  #set(change: Partial<AppStatus>): void {
    const status = { ...this.#status, ...change };
    if (status.readiness === this.#status.readiness && status.isNewReady === this.#status.isNewReady) return;
    this.#status = status;
    for (const listener of this.#listeners) listener();
  }
}

function firstReadiness(): Readiness {
  if (!isSecureContext) return "insecure";
  return "serviceWorker" in navigator ? "preparing" : "unsupported";
}

async function registered(): Promise<ServiceWorkerRegistration | undefined> {
  // Rejects where storage is forbidden.
  return navigator.serviceWorker.getRegistration().catch(() => undefined);
}

/** Until a version was fetched, or could not be. */
function installed(worker: ServiceWorker): Promise<void> {
  return new Promise((resolve) => {
    const look = () => worker.state !== "installing" && resolve();
    worker.addEventListener("statechange", look);
    look();
  });
}

/** Answers when nothing would be lost, which while somebody types is between two keys, or after a while in any case. */
function answerQuestion(event: MessageEvent): void {
  const question = event.data as Partial<TabQuestion> | null;
  if (question?.type !== "how-is-this-tab") return;
  const untilMs = performance.now() + answerMs;
  const answer = (): void => {
    const state = tabState();
    if (state.wouldLose && performance.now() < untilMs) setTimeout(answer, safeLookMs);
    else event.ports[0]?.postMessage(state);
  };
  answer();
}
