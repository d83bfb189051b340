/**
 * ImageType: as what bytes may be shown in a browser, by what they are themselves and nothing that anybody says of them. What could carry a program,
 * as SVG and HTML do, is none.
 */
const ascii = (text: string): readonly number[] => [...text].map((letter) => letter.charCodeAt(0));

/** The bytes with which files begin; undefined: any. */
const beginnings: readonly (readonly [type: string, begin: readonly (number | undefined)[]])[] = [
  ["image/png", [0x89, ...ascii("PNG\r\n"), 0x1a, 0x0a]],
  ["image/jpeg", [0xff, 0xd8, 0xff]],
  ["image/gif", ascii("GIF87a")],
  ["image/gif", ascii("GIF89a")],
  ["image/webp", [...ascii("RIFF"), undefined, undefined, undefined, undefined, ...ascii("WEBP")]],
  // ISO 14496-12: a box of four bytes of length and its type; the brand that AV1 images say they are first.
  ["image/avif", [undefined, undefined, undefined, undefined, ...ascii("ftypavif")]],
  ["image/avif", [undefined, undefined, undefined, undefined, ...ascii("ftypavis")]],
];

/** Undefined where it is no image that browsers show and that is nothing else. */
export function imageType(bytes: Uint8Array): string | undefined {
  return beginnings.find(([, begin]) => begin.every((byte, at) => at < bytes.length && (byte === undefined || bytes[at] === byte)))?.[0];
}
