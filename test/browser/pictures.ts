/**
 * Pictures: image files that are made here, and the ways in which a person puts them into a document.
 */
import { crc32, deflateSync } from "node:zlib";
import type { EditorPage } from "./editor-page.ts";

export interface PictureFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A PNG of this size, from one colour to another; `tint` makes it another one. */
export function aPicture({ width = 320, height = 200, tint = 0, name = "picture.png" } = {}): PictureFile {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (1 + width * 3) + 1 + x * 3;
      rows[at] = (x * 255) / width;
      rows[at + 1] = (y * 255) / height;
      rows[at + 2] = (120 + tint * 60) % 256;
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const bytes = Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
  return { name, type: "image/png", bytes };
}

export function aFile(name: string, type: string, content: string | Uint8Array): PictureFile {
  return { name, type, bytes: typeof content === "string" ? Buffer.from(content) : content };
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** As Control+V with files, or HTML, on the clipboard. */
export async function paste(editor: EditorPage, files: readonly PictureFile[], html = ""): Promise<void> {
  await give(editor, files, { type: "paste", html });
}

/** Lets files, or HTML, go over a line, counted from 0. */
export async function drop(editor: EditorPage, files: readonly PictureFile[], line: number, html = ""): Promise<void> {
  await give(editor, files, { type: "drop", html, line });
}

/** Presses the button and chooses files. */
export async function choose({ page }: EditorPage, files: readonly PictureFile[]): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Insert image" }).click()]);
  await chooser.setFiles(files.map(({ name, type, bytes }) => ({ name, mimeType: type, buffer: Buffer.from(bytes) })));
}

async function give(
  { page }: EditorPage,
  files: readonly PictureFile[],
  how: { readonly type: "paste" | "drop"; readonly html: string; readonly line?: number },
): Promise<void> {
  const given = files.map(({ name, type, bytes }) => ({ name, type, base64: Buffer.from(bytes).toString("base64") }));
  await page.locator(".rich-text .page").evaluate(
    (text, { given: all, type, html, line }) => {
      const data = new DataTransfer();
      for (const { name, type: kind, base64 } of all)
        data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name, { type: kind }));
      if (html !== "") data.setData("text/html", html);
      const usual = { bubbles: true, cancelable: true };
      const place = text.children[line ?? 0]!.getBoundingClientRect();
      const at = { clientX: place.left + 4, clientY: place.top + place.height / 2 };
      text.dispatchEvent(
        type === "paste"
          ? new ClipboardEvent("paste", { ...usual, clipboardData: data })
          : new DragEvent("drop", { ...usual, ...at, dataTransfer: data }),
      );
    },
    { given, ...how },
  );
}
