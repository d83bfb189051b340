/**
 * Stands in for `node:fs/promises` where the client's file store imports it: the calls that it makes, on the files of
 * the machine whose process runs. A path's segment `@…` names the process's life and is not part of the file's name:
 * a store remembers in its own memory which folders it has locked, and all lives share that memory here.
 */
import { randomInteger } from "@inkmesh/shared/base/random";
import { currentHost, type Host } from "./platform.ts";
import { SimFile, type SimFiles } from "./sim-files.ts";

type Contents = Uint8Array | string;

interface Options {
  readonly flag?: string;
  readonly force?: boolean;
}

export async function open(path: string, flags: string): Promise<SimHandle> {
  const { host, files, name } = await call(path);
  if (flags === "r" && !files.names.has(name)) return new SimHandle(host, files, new SimFile());
  const file = files.names.get(name) ?? new SimFile();
  files.names.set(name, file);
  return new SimHandle(host, files, file);
}

export async function readFile(path: string, encoding?: "utf8"): Promise<Contents> {
  const { files, name } = await call(path);
  const file = files.names.get(name);
  if (file === undefined) throw failure("ENOENT", path);
  return encoding === "utf8" ? new TextDecoder().decode(file.written) : Uint8Array.from(file.written);
}

export async function writeFile(path: string, contents: Contents, options: Options = {}): Promise<void> {
  const { files, name } = await call(path);
  if (options.flag === "wx" && files.names.has(name)) throw failure("EEXIST", path);
  const file = files.names.get(name) ?? new SimFile();
  file.written = typeof contents === "string" ? new TextEncoder().encode(contents) : Uint8Array.from(contents);
  files.names.set(name, file);
}

export async function rm(path: string, options: Options = {}): Promise<void> {
  const { files, name } = await call(path);
  if (!files.names.delete(name) && options.force !== true) throw failure("ENOENT", path);
}

export async function rename(from: string, to: string): Promise<void> {
  const { files, name } = await call(from);
  const file = files.names.get(name);
  if (file === undefined) throw failure("ENOENT", from);
  files.names.delete(name);
  files.names.set(nameOf(to), file);
}

export async function mkdir(path: string): Promise<void> {
  await call(path);
}

export async function readdir(path: string): Promise<readonly string[]> {
  const { files, name } = await call(path);
  const folder = `${name}/`;
  return [...files.names.keys()].filter((file) => file.startsWith(folder)).map((file) => file.slice(folder.length));
}

export class SimHandle {
  readonly #host: Host;
  readonly #files: SimFiles;
  readonly #file: SimFile;

  constructor(host: Host, files: SimFiles, file: SimFile) {
    this.#host = host;
    this.#files = files;
    this.#file = file;
  }

  async readFile(): Promise<Uint8Array> {
    await this.#call();
    return Uint8Array.from(this.#file.written);
  }

  /** Appends; may take only a part, as a disk that is nearly full does. */
  async write(bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }> {
    await this.#call();
    const { mood, random } = this.#files;
    if (mood.freeBytes <= 0) throw failure("ENOSPC", "write");
    const isShort = length > 1 && random.fraction() < mood.short;
    const bytesWritten = Math.min(length, mood.freeBytes, isShort ? 1 + randomInteger(random, length - 1) : length);
    const grown = new Uint8Array(this.#file.written.length + bytesWritten);
    grown.set(this.#file.written);
    grown.set(bytes.subarray(offset, offset + bytesWritten), this.#file.written.length);
    this.#file.written = grown;
    return { bytesWritten };
  }

  async truncate(length: number): Promise<void> {
    await this.#call(false);
    this.#file.written = this.#file.written.slice(0, length);
  }

  async datasync(): Promise<void> {
    await this.#call();
    this.#file.synced = this.#file.written;
  }

  /** Of a folder it syncs the names in it; asking more is harmless. */
  async sync(): Promise<void> {
    await this.#call();
    this.#file.synced = this.#file.written;
    this.#files.syncNames();
  }

  async close(): Promise<void> {
    await wait(this.#host, this.#files);
  }

  async #call(mayFail = true): Promise<void> {
    await wait(this.#host, this.#files);
    if (mayFail && this.#files.random.fraction() < this.#files.mood.fails) throw failure("EIO", "disk");
  }
}

async function call(path: string): Promise<{ host: Host; files: SimFiles; name: string }> {
  const host = currentHost();
  if (host.files === undefined) throw new Error(`${path}: this machine has no files`);
  await wait(host, host.files);
  return { host, files: host.files, name: nameOf(path) };
}

function wait(host: Host, files: SimFiles): Promise<void> {
  return new Promise((resolve) => void host.after(files.mood.callMs * (0.5 + files.random.fraction()), "file call", resolve));
}

function nameOf(path: string): string {
  return path.replace(/\/@[^/]*/, "");
}

function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
