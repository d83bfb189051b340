/**
 * AppVersion: a relay whose editor can be replaced by another version, as an upgrade does it: all files of the old one
 * go, and every asset of the new one has another name.
 */
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyProgram } from "../harness/program-copy.ts";
import { projectRoot } from "../harness/relay-process.ts";

export class VersionedApp {
  /** For `RelayOptions.program`. */
  readonly program: string;
  readonly #root: string;
  readonly #folder: string;
  #version = 1;

  constructor() {
    const { root, program } = copyProgram("app");
    this.program = program;
    this.#root = root;
    this.#folder = join(root, "client/dist/app");
    this.#copy();
    this.#mark();
  }

  /** Puts the next version in the place of this one. */
  upgrade(): void {
    this.#version += 1;
    rmSync(this.#folder, { recursive: true });
    this.#copy();
    const names = readdirSync(join(this.#folder, "assets"));
    const renamed = (name: string) => name.replace(/\.(\w+)$/, `v${this.#version}.$1`);
    for (const file of this.#texts()) {
      const text = names.reduce((all, name) => all.replaceAll(name, renamed(name)), readFileSync(file, "utf8"));
      writeFileSync(file, text);
    }
    for (const name of names) renameSync(join(this.#folder, "assets", name), join(this.#folder, "assets", renamed(name)));
    this.#mark();
  }

  /** The next life of the relay speaks a newer version of the protocol only. */
  raiseProtocol(): void {
    const file = join(this.#root, "shared/dist/wire/protocol-version.js");
    const text = readFileSync(file, "utf8");
    const raised = text.replaceAll(/(nativeVersion(?:Min)?) = \d+;/g, "$1 = 1000;");
    if (raised === text) throw new Error(`${file} names no version`);
    writeFileSync(file, raised);
  }

  #copy(): void {
    cpSync(join(projectRoot, "client/dist/app"), this.#folder, { recursive: true });
  }

  /** Says in the page which version it is, and gives the page's revision in the service worker another name. */
  #mark(): void {
    this.#change("index.html", /<head>/, `<head><meta name="version" content="${this.#version}">`);
    this.#change("service-worker.js", /(\/index\.html.{1,3}revision:.)/, `$1v${this.#version}-`);
  }

  #change(name: string, find: RegExp, replace: string): void {
    const file = join(this.#folder, name);
    const text = readFileSync(file, "utf8");
    if (!find.test(text)) throw new Error(`${name} has no ${find}`);
    writeFileSync(file, text.replace(find, replace));
  }

  #texts(): readonly string[] {
    const files = readdirSync(this.#folder, { recursive: true, encoding: "utf8" });
    return files.filter((file) => /\.(js|css|html)$/.test(file)).map((file) => join(this.#folder, file));
  }
}
