/**
 * ServiceWorker: keeps the app's own files on the device, so that the page opens while no relay can be reached.
 *
 * One version of the app is one set of files, fetched whole before it may be used (Workbox's precache); a tab gets all
 * its files from the version that it was opened with, also when the relay has a newer one by now. Documents are none of
 * its business: they are in the page's own store, and the relay's answers are never kept here.
 *
 *     fetched ─▶ waiting ──no tab would lose anything by a reload──▶ in use, every tab reloads
 *        │           ▲                    │
 *        │           └──── put off ───────┘
 *        └─▶ in use at once: there was no version before
 *
 * Invariants: a version is in use only when every file of it is here; a tab that is open is never left with the files of
 * another version; only the app's own addresses are answered from here.
 */
import { createHandlerBoundToURL, matchPrecache, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { appPages, isAppPage, isMeshView } from "./app-pages.ts";
import { LateFiles } from "./late-files.ts";
import type { TabQuestion, TabState, UpdateOutcome, UpdateRequest } from "./update-message.ts";
import { voteOnUpdate } from "./update-vote.ts";

declare const self: ServiceWorkerGlobalScope;
/** Every file of this version, written in by the build; `revision` is null where the name has the hash in it. */
declare const appFilesOfBuild: { url: string; revision: string | null }[];
/** The addresses of those that are kept only where they were used. */
declare const lateFilesOfBuild: string[];

/** How long a tab may take to answer. One that is only in the background answers in milliseconds. */
const answerMs = 2_000;

precacheAndRoute(appFilesOfBuild, { cleanURLs: false, directoryIndex: "" });
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html"), { allowlist: [...appPages] }));

const lateFiles = new LateFiles(lateFilesOfBuild, caches);
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && lateFiles.isOne(url),
  async ({ request }) => (await lateFiles.kept(request)) ?? fetch(request),
);
self.addEventListener("install", (event) => event.waitUntil(lateFiles.takeAlong()));
self.addEventListener("activate", (event) => event.waitUntil(lateFiles.dropOthers()));

// As the relay has it now, and from here only while it cannot be reached: the page then asks other relays.
registerRoute(
  ({ request, url }) => request.mode === "navigate" && isMeshView(url),
  async ({ request }) => {
    try {
      return await fetch(request);
    } catch (error) {
      const kept = await matchPrecache("/mesh-view.html");
      if (kept === undefined) throw error;
      return kept;
    }
  },
);

// A page that was there before the first version was fetched loads the rest of its pieces from here too.
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const request = event.data as Partial<UpdateRequest> | null;
  const [port] = event.ports;
  if (request?.type !== "use-new-version" || port === undefined) return;
  event.waitUntil(beUsed(request.asked === true).then((outcome) => port.postMessage(outcome)));
});

async function beUsed(asked: boolean): Promise<UpdateOutcome> {
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const pages = tabs.filter(({ url }) => isAppPage(url));
  const outcome = voteOnUpdate(await Promise.all(pages.map(stateOf)), { asked });
  if (outcome.type === "in-use") await self.skipWaiting();
  return outcome;
}

function stateOf(tab: WindowClient): Promise<TabState | undefined> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), answerMs);
    port1.onmessage = (event) => {
      clearTimeout(timer);
      resolve(event.data as TabState);
    };
    tab.postMessage({ type: "how-is-this-tab" } satisfies TabQuestion, [port2]);
  });
}
