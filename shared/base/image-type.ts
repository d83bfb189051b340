/**
 * ImageType: what kind of image bytes are, by what they begin with, whatever anybody says of them. Only kinds that hold nothing but a
 * picture: no SVG, which is a page that may hold programs.
 */
export type ImageType = "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif";

/** Undefined: none of these. */
export function imageTypeOf(bytes: Uint8Array): ImageType | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 32));
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(text)) return "image/gif";
  if (/^RIFF[^]{4}WEBP/.test(text)) return "image/webp";
  // An ISO media file: a brand, a version, more brands.
  if (/^[^]{4}ftyp/.test(text) && /avi[fs]/.test(text.slice(8))) return "image/avif";
  return undefined;
}
