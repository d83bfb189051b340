/**
 * RelayAddress: where our protocol is spoken, as a WebSocket address, in the one spelling by which addresses are compared.
 *
 * An address that a relay tells was written down for whoever reaches that relay as other relays do. It is used only where it can
 * mean the same here: a loopback address only by who reached the relay on this machine, and none without TLS by who came with it.
 */

/** The addresses that an application gives: http becomes ws, no path means `/sync`; relative ones are meant from `base`. */
export function givenAddresses(url: string | readonly string[], base: string | undefined): readonly string[] {
  const addresses = [url].flat().map((given) => syncAddress(given, base));
  if (addresses.length === 0) throw new Error("Not one relay's address was given: new Inkmesh({ url }).");
  return addresses;
}

/** What `told`, an address out of a `welcome`, is to a client that reached the relay at `by`; undefined: of no use. */
export function toldAddress(told: string, by: string): string | undefined {
  if (!URL.canParse(told)) return undefined;
  const [address, reached] = [new URL(told), new URL(by)];
  const isPlain = `${address.username}${address.password}${address.hash}` === "";
  const isSafe = address.protocol === "wss:" || (address.protocol === "ws:" && reached.protocol === "ws:");
  const isHere = !isLoopback(address) || isLoopback(reached);
  return isPlain && isSafe && isHere ? address.href : undefined;
}

function syncAddress(url: string, base: string | undefined): string {
  const address = new URL(url, base);
  if (address.protocol === "http:") address.protocol = "ws:";
  if (address.protocol === "https:") address.protocol = "wss:";
  if (address.pathname === "/") address.pathname = "/sync";
  return address.href;
}

function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname);
}
