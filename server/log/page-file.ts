/**
 * PageFile: the rows of a SQLite file read straight from its pages, without SQLite, for when the file is damaged.
 *
 * SQLite finds rows by walking trees: one bad inner page hides all below it, and a torn write-ahead log hides all behind
 * the tear. Here every image of every page is looked at by itself, in the file and in its write-ahead log; whoever reads
 * must check each row (ours carry checksums), since old images and freed pages hold rows that were replaced or removed.
 *
 *     page   = type 0x0d table leaf | 0x0a index leaf | 0x02 index inner (rows of WITHOUT ROWID tables lie in both)
 *     cell   = [child when inner] varint payload bytes, [varint rowid when table], payload, [first overflow page]
 *     record = varint header bytes, varint serial type per column, values       (sqlite.org/fileformat2.html)
 */
import * as fs from "node:fs";

export type PageValue = number | string | Buffer | null;

/** A row as a page holds it; `rowid` where the table has one. */
export interface PageRow {
  readonly rowid: number | undefined;
  readonly values: readonly PageValue[];
}

/** No row of ours is larger; what claims to be is not a row. */
const rowBytesMax = 64 * 1024 * 1024;
const walHeaderBytes = 32;
const frameHeaderBytes = 24;

/** One image of a page: where its bytes begin. */
interface PageImage {
  readonly file: number;
  readonly offset: number;
}

export class PageFile {
  readonly #database: number | undefined;
  readonly #wal: number | undefined;
  readonly #pageSize: number;
  /** Images of a page in the write-ahead log, oldest first. */
  readonly #frames = new Map<number, PageImage[]>();

  /** Opens the file at `path` and `path-wal`; either may be missing. */
  constructor(path: string) {
    this.#database = openIfThere(path);
    this.#wal = openIfThere(`${path}-wal`);
    this.#pageSize = plausibleSize(this.#numberAt(this.#database, 16, 2)) ?? plausibleSize(this.#numberAt(this.#wal, 8, 4)) ?? 4096;
    for (
      let offset = walHeaderBytes;
      offset + frameHeaderBytes + this.#pageSize <= sizeOf(this.#wal);
      offset += frameHeaderBytes + this.#pageSize
    ) {
      const page = this.#numberAt(this.#wal, offset, 4);
      const images = this.#frames.get(page) ?? [];
      this.#frames.set(page, [...images, { file: this.#wal as number, offset: offset + frameHeaderBytes }]);
    }
  }

  /** Every row that any image of any page holds, in no order, most of them more than once. */
  *rows(): Generator<PageRow> {
    const size = sizeOf(this.#database);
    for (let offset = 0; offset < size; offset += this.#pageSize) {
      yield* this.#rowsOf({ file: this.#database as number, offset }, offset === 0 ? 100 : 0);
    }
    for (const [page, images] of this.#frames) {
      for (const image of images) yield* this.#rowsOf(image, page === 1 ? 100 : 0);
    }
  }

  close(): void {
    for (const file of [this.#database, this.#wal]) if (file !== undefined) fs.closeSync(file);
  }

  *#rowsOf(image: PageImage, header: number): Generator<PageRow> {
    const page = this.#bytesOf(image);
    const type = page[header] as number;
    if (type !== 0x0d && type !== 0x0a && type !== 0x02) return;
    const pointers = header + (type === 0x02 ? 12 : 8);
    const cells = page.readUInt16BE(header + 3);
    for (let cell = 0; cell < cells && pointers + 2 * cell + 2 <= page.length; cell++) {
      yield* this.#rowsAt(page, page.readUInt16BE(pointers + 2 * cell), type);
    }
  }

  /** The row of one cell; two where its overflow pages have images in the write-ahead log and in the file. */
  *#rowsAt(page: Buffer, start: number, type: number): Generator<PageRow> {
    const length = readVarint(page, type === 0x02 ? start + 4 : start);
    const rowid = type === 0x0d ? readVarint(page, length.end) : undefined;
    const from = rowid?.end ?? length.end;
    if (length.value < 1 || length.value > rowBytesMax) return;
    const local = this.#localBytes(length.value, type === 0x0d);
    for (const newest of local < length.value ? [true, false] : [true]) {
      const payload = this.#payload(page, from, local, length.value, newest);
      const values = payload && readRecord(payload);
      if (values) yield { rowid: rowid?.value, values };
    }
  }

  #payload(page: Buffer, from: number, local: number, length: number, newest: boolean): Buffer | undefined {
    if (from + local > page.length) return undefined;
    const parts = [page.subarray(from, from + local)];
    let missing = length - local;
    let next = missing > 0 && from + local + 4 <= page.length ? page.readUInt32BE(from + local) : 0;
    while (missing > 0) {
      const image = this.#imageOf(next, newest);
      if (!image) return undefined;
      const overflow = this.#bytesOf(image);
      next = overflow.readUInt32BE(0);
      parts.push(overflow.subarray(4, 4 + Math.min(missing, this.#pageSize - 4)));
      missing -= this.#pageSize - 4;
    }
    return Buffer.concat(parts);
  }

  #imageOf(page: number, newest: boolean): PageImage | undefined {
    const frame = newest ? this.#frames.get(page)?.at(-1) : undefined;
    const offset = (page - 1) * this.#pageSize;
    if (frame || page < 1 || offset + this.#pageSize > sizeOf(this.#database)) return frame;
    return { file: this.#database as number, offset };
  }

  /** How much of a payload lies in its page (fileformat2, 1.6). */
  #localBytes(length: number, table: boolean): number {
    const usable = this.#pageSize;
    const most = table ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
    if (length <= most) return length;
    const least = Math.floor(((usable - 12) * 32) / 255) - 23;
    const fitted = least + ((length - least) % (usable - 4));
    return fitted <= most ? fitted : least;
  }

  #bytesOf(image: PageImage): Buffer {
    const bytes = Buffer.alloc(this.#pageSize);
    fs.readSync(image.file, bytes, 0, this.#pageSize, image.offset);
    return bytes;
  }

  #numberAt(file: number | undefined, offset: number, length: number): number {
    const bytes = Buffer.alloc(length);
    if (file !== undefined) fs.readSync(file, bytes, 0, length, offset);
    return bytes.readUIntBE(0, length);
  }
}

/** The columns of a record; undefined when its bytes are no record. */
function readRecord(payload: Buffer): PageValue[] | undefined {
  const header = readVarint(payload, 0);
  if (header.value < 1 || header.value > payload.length) return undefined;
  const values: PageValue[] = [];
  let at = header.value;
  for (let position = header.end; position < header.value;) {
    const type = readVarint(payload, position);
    position = type.end;
    const length = lengthOf(type.value);
    if (length === undefined || at + length > payload.length) return undefined;
    values.push(readValue(payload.subarray(at, at + length), type.value));
    at += length;
  }
  return values;
}

function readValue(bytes: Buffer, type: number): PageValue {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type === 7) return bytes.readDoubleBE(0);
  if (type === 6) return Number(bytes.readBigInt64BE(0));
  if (type < 6) return bytes.readIntBE(0, bytes.length);
  return type % 2 === 0 ? bytes : bytes.toString("utf8");
}

function lengthOf(type: number): number | undefined {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type];
}

/** SQLite's varint: seven bits per byte, the ninth whole. Reads zeros past the end. */
function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[start + index] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return { value: value * 256 + (bytes[start + 8] ?? 0), end: start + 9 };
}

function plausibleSize(field: number): number | undefined {
  const size = field === 1 ? 65_536 : field;
  return size >= 512 && size <= 65_536 && (size & (size - 1)) === 0 ? size : undefined;
}

function openIfThere(path: string): number | undefined {
  return fs.existsSync(path) ? fs.openSync(path, "r") : undefined;
}

function sizeOf(file: number | undefined): number {
  return file === undefined ? 0 : fs.fstatSync(file).size;
}
