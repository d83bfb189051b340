/**
 * ClientWebSocket: what a command connects to a relay with, as any client does. Node has one of its own from version 22 on only.
 */
import { WebSocket } from "ws";

export class ClientWebSocket extends WebSocket {
  /** As a browser's. */
  constructor(address: string) {
    super(address);
  }
}
