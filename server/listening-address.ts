/**
 * ListeningAddress: whom an address that a relay listens on lets in.
 */

/** Whether a relay that listens there listens everywhere, and has said of no address that it is its own. */
export function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || /^[0:]+$/.test(host);
}

/** Whether only this machine reaches a relay that listens there. */
export function isLoopbackAddress(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|localhost|::1)$/.test(host);
}
