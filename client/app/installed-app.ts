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

const checkEveryMs = 60 * 60_000;
/** Checks that events ask for come no closer than this. */
const checkPauseMs = 10_000;
/** How long the worker may take to ask all tabs; it gives each 2 s. */
const outcomeMs = 5_000;
const safeLookMs = 100;

export class InstalledApp {
  readonly #listeners = new Set<() => void>();
  readonly #reload: () => void;
  #registration: ServiceWorkerRegistration | undefined;
  #status: AppStatus;
  #checkedMs = -checkPauseMs;

  constructor(options: { reload: () => void } = { reload: () => location.reload() }) {
    this.#reload = options.reload;
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
  async start(script: string): Promise<void> {
    if (this.#status.readiness !== "preparing") return;
    if (import.meta.env.DEV) return this.#set({ readiness: "unsupported" });
    const { serviceWorker } = navigator;
    try {
      // The first version takes over the page that it was fetched by: they are the same one.
      let isSame = !(await serviceWorker.getRegistration())?.active;
      serviceWorker.addEventListener("controllerchange", () => {
        if (!isSame) this.#reloadWhenSafe();
        isSame = false;
      });
      this.#registration = await serviceWorker.register(script, { updateViaCache: "none" });
    } catch {
      // Storage forbidden or full, or the relay went away just now: the next visit tries again.
      return this.#set({ readiness: "failed" });
    }
    this.#watch(this.#registration);
    void serviceWorker.ready.then(() => this.#set({ readiness: "ready" }));
  }

  /** Looks for a newer version, if that was not done a moment ago. */
  check(): void {
    if (this.#registration === undefined || performance.now() - this.#checkedMs < checkPauseMs) return;
    this.#checkedMs = performance.now();
    // Rejects while there is no relay.
    this.#registration.update().catch(() => undefined);
    void this.useQuietly();
  }

  /** Puts the waiting version to use because a person wants it. All tabs reload then; otherwise says why not now. */
  use(): Promise<UpdateOutcome> {
    return this.#request(true);
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

  #watch(registration: ServiceWorkerRegistration): void {
    const look = () => {
      const isNewReady = registration.waiting !== null && registration.active !== null;
      this.#set({ isNewReady });
      if (isNewReady) void this.useQuietly();
    };
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", look));
    registration.installing?.addEventListener("statechange", look);
    look();
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.check());
    setInterval(() => this.check(), checkEveryMs);
  }

  #reloadWhenSafe(): void {
    if (!tabState().wouldLose) return this.#reload();
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

function answerQuestion(event: MessageEvent): void {
  const question = event.data as Partial<TabQuestion> | null;
  if (question?.type === "how-is-this-tab") event.ports[0]?.postMessage(tabState());
}
