/**
 * Broadcaster: the floor that a relay is measured against. A bare `ws` server that passes each frame of a room to the
 * others in it: no CRDT, no storage, no acks. For joins it hands out ready-made bytes: a path `/blob/…` is answered with
 * what was last sent to `/put/…`. Run as a process of its own; prints the port that it took.
 */
import { WebSocketServer, type WebSocket } from "ws";

const rooms = new Map<string, Set<WebSocket>>();
const blobs = new Map<string, Buffer>();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, maxPayload: 64 * 1_048_576 });

server.on("connection", (socket, request) => {
  const path = request.url ?? "/";
  if (path.startsWith("/put/")) return socket.on("message", (data: Buffer) => void blobs.set(path.slice(5), data));
  if (path.startsWith("/blob/")) return socket.send(blobs.get(path.slice(6)) ?? Buffer.alloc(0));
  const room = rooms.get(path) ?? new Set<WebSocket>();
  rooms.set(path, room.add(socket));
  socket.on("close", () => room.delete(socket));
  return socket.on("message", (data) => {
    for (const other of room) if (other !== socket) other.send(data, { binary: true });
  });
});
server.on("listening", () => {
  const address = server.address();
  process.stdout.write(`ready ${typeof address === "object" ? address?.port : ""}\n`);
});
