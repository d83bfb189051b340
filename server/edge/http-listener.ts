/**
 * Taking and leaving a port.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** How long a request under way may go on after the port was left. */
const lingerMs = 500;

/** Undefined when listening; otherwise why not, in a sentence. */
export function listen(http: Server, { host, port }: { host: string; port: number }): Promise<string | undefined> {
  return new Promise((resolve) => {
    http.once("error", (error: NodeJS.ErrnoException) => resolve(listenSentence(error, host, port)));
    http.listen({ host, port }, () => resolve(undefined));
  });
}

function listenSentence(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === "EADDRINUSE")
    return `Port ${port} on ${host} is in use, perhaps by another relay. Stop that one, or choose another port with --port (0 picks a free one).`;
  if (error.code === "EACCES") return `This user may not listen on port ${port}. Choose a port above 1023 with --port.`;
  return `--host must be an address of this machine, not ${JSON.stringify(host)} (${error.code ?? "unknown"}).`;
}

/** Takes no more connections; what is under way has a moment to end. */
export function closeServer(http: Server): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve());
    http.closeIdleConnections();
    setTimeout(() => http.closeAllConnections(), lingerMs).unref();
  });
}

/** `http://HOST:PORT`, with the port that was picked. */
export function addressOf(http: Server, host: string): string {
  const { port } = http.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
