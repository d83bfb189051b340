/**
 * AppPages: the addresses at which the app's page may stand in for the relay's answer: the start page and documents.
 * Nothing else: not the relay's own (`/api`, `/health`, `/ready`, `/metrics`), not `/assets`, and no file that is missing.
 * The same addresses as in the relay's `app-files.ts`.
 */
export const appPages: readonly RegExp[] = [/^\/(\?.*)?$/, /^\/d\/.*/];

/** Whether that is the page that shows the relays. It holds nothing that a new version of the app could take from it. */
export function isMeshView({ pathname }: URL): boolean {
  return pathname === "/mesh-view";
}

/**
 * Whether a tab at this address shows the app; also one that was opened at the page's own file. Other tabs of the same
 * origin (the relay's answers, files) hold nothing, and nobody in them answers.
 */
export function isAppPage(url: string): boolean {
  const { pathname, search } = new URL(url);
  return pathname === "/index.html" || appPages.some((pattern) => pattern.test(pathname + search));
}
