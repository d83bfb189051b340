/**
 * ExamplePages: the pages under `examples/`, built as their readers would build them, and served at one address of this machine.
 */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { projectRoot, temporaryFolder, type RelayProcess } from "../harness/relay-process.ts";
import type { Device } from "./browser.ts";

export type Example = "tiptap-hocuspocus" | "codemirror-y-websocket" | "react" | "plain-browser";

export class ExamplePages {
  readonly #server: PreviewServer;

  private constructor(server: PreviewServer) {
    this.#server = server;
  }

  /** Builds `examples` into a temporary folder. */
  static async serve(examples: readonly Example[]): Promise<ExamplePages> {
    const folder = temporaryFolder("examples");
    for (const example of examples) {
      const root = join(projectRoot, "examples", example);
      await build({ root, base: "./", logLevel: "error", build: { outDir: join(folder, example), reportCompressedSize: false } });
    }
    const server = await preview({
      root: folder,
      configFile: false,
      appType: "mpa",
      logLevel: "error",
      build: { outDir: folder },
      preview: { host: "127.0.0.1", port: 0, strictPort: true },
    });
    return new ExamplePages(server);
  }

  async open(device: Device, example: Example, { relay, room }: { relay: RelayProcess; room: string }): Promise<Page> {
    const { port } = this.#server.httpServer.address() as { port: number };
    const query = new URLSearchParams({ relay: relay.socketUrl(""), room });
    return device.page(`http://127.0.0.1:${port}/${example}/?${query.toString()}`);
  }

  async close(): Promise<void> {
    await this.#server.close();
  }
}
