/**
 * AppPages: the addresses at which the app's page may stand in for the relay's answer: the start page and documents.
 * Nothing else: not the relay's own (`/api`, `/health`, `/ready`, `/metrics`), not `/assets`, and no file that is missing.
 * The same addresses as in the relay's `app-files.ts`.
 */
export const appPages: readonly RegExp[] = [/^\/(\?.*)?$/, /^\/d\/.*/];
