/**
 * Download: gives a file to the person, as the browser does.
 */
const suffixes = { text: "txt", markdown: "md", html: "html", json: "json" } as const;

/** The name of a file for a document. */
export function fileName(title: string, format: keyof typeof suffixes): string {
  const stem = title
    .replaceAll(/[^\p{L}\p{N}\-_ ]+/gu, " ")
    .replaceAll(/\s+/gu, " ")
    .trim()
    .slice(0, 80);
  return `${stem === "" ? "document" : stem}.${suffixes[format]}`;
}

/** Offers `content` as a file of that name. */
export function download(content: Blob, name: string): void {
  const link = document.createElement("a");
  const address = URL.createObjectURL(content);
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
