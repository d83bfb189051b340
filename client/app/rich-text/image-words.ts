/**
 * ImageWords: what is said of images that are not shown, and of files that are not taken.
 */
import { blobBytesMax, errorKind } from "@inkmesh/client";
import type { ImageFailure } from "./image-sources.ts";

/** In the place of an image. */
export function failureWords(failure: ImageFailure): string {
  switch (failure.type) {
    case "offline":
      return "This image is not on this device yet. It appears when a relay can be reached.";
    case "not-found":
      return "No relay that can be reached has this image. It is looked for again.";
    case "unanswered":
      return "The relay could not fetch this image. It is tried again.";
    case "refused":
      return errorKind(failure.refusal.code).sentence;
    case "unreadable":
      return "This image cannot be shown: its bytes are no PNG, JPEG, GIF, WebP or AVIF that this browser can read.";
  }
}

export function tooLarge({ name, size }: { readonly name: string; readonly size: number }): string {
  return `${quoted(name)} has ${mebibytes(size)} MiB; an image may have ${mebibytes(blobBytesMax)}. Make it smaller, and put it in again.`;
}

export function noImage({ name, type }: { readonly name: string; readonly type: string }): string {
  const isSvg = type === "image/svg+xml" || /\.svgz?$/i.test(name);
  return isSvg
    ? `${quoted(name)} is an SVG, which may hold programs. Save it as PNG, and put that in.`
    : `${quoted(name)} is no PNG, JPEG, GIF, WebP or AVIF image, and was not put in.`;
}

export function unreadableFile(name: string): string {
  return `${quoted(name)} cannot be read as an image: it may be damaged. It was not put in.`;
}

export function notKept(name: string): string {
  return `${quoted(name)} could not be kept on this device, and was not put in. Free some space on it, and try again.`;
}

export function tooMany(most: number): string {
  return `At most ${most} images are put in at a time. The others were left out.`;
}

export function notBrought(count: number): string {
  const [images, were] = count === 1 ? ["1 image", "was"] : [`${count} images`, "were"];
  return `${images} could not be fetched, and ${were} left out. Copy again when a relay can be reached.`;
}

/** Of pasted images that are elsewhere. */
export function leftElsewhere(count: number): string {
  return count === 1
    ? "1 image of another page was left out. Copy that image alone, and paste it."
    : `${count} images of another page were left out. Copy each of them alone, and paste it.`;
}

function quoted(name: string): string {
  return name === "" ? "The image" : `“${name}”`;
}

/** Rounded up where it is too much, so that no size is said to be what is allowed. */
function mebibytes(bytes: number): string {
  return (Math.ceil((bytes / 2 ** 20) * 10) / 10).toLocaleString("en");
}
