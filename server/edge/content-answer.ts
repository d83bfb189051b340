/**
 * A document's content as an HTTP answer. HTML is somebody's writing: it is served sandboxed, so that it never runs in this origin.
 */
import { contentFormats, type ContentFormat } from "@inkmesh/shared/engine/crdt-engine";
import type { Response } from "express";
import * as z from "zod";

/** As a query asks for it. */
export const contentFormat = z.enum(contentFormats as readonly [ContentFormat, ...ContentFormat[]]).default("text");

const contentTypes: Readonly<Record<ContentFormat, string>> = {
  text: "text/plain; charset=utf-8",
  markdown: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
  json: "application/json; charset=utf-8",
  update: "application/octet-stream",
};

/** Ends the answer with a document's content. */
export function endWithContent(response: Response, bytes: Uint8Array, format: ContentFormat): void {
  response.set({
    "Content-Type": contentTypes[format],
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}
