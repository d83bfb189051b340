/**
 * Promises: each of P1 to P12 is either cited by the title of a test that guards it, or stands under "Not yet" in
 * ARCHITECTURE.md. A promise with neither is a wish. What ARCHITECTURE.md's map names must exist.
 */
import type { SourceFile } from "./source-file.ts";

export const promiseIds = Array.from({ length: 12 }, (_, index) => `P${index + 1}`);

/** Ids that titles of tests cite, as in `test("[P2, P8] …"`. */
export function citedIds(files: readonly SourceFile[]): ReadonlySet<string> {
  // The tests of these rules plant ids themselves.
  const titles = files
    .filter((file) => /^test\/(?!tidy\/).*\.(test|spec|contract|suite)\.ts$/.test(file.path))
    .flatMap((file) => [...file.text.matchAll(/["'`]\[([A-Z]\d+(?:, ?[A-Z]\d+)*)\]/g)]);
  return new Set(titles.flatMap((match) => match[1]!.split(/, ?/)));
}

/** Ids that the "Not yet" section of ARCHITECTURE.md owns up to. */
export function idsNotYet(architecture: string): ReadonlySet<string> {
  return new Set(section(architecture, /not yet/i).match(/\bP\d+\b/g) ?? []);
}

/** One finding per promise without test and without confession. */
export function promiseFindings(files: readonly SourceFile[], architecture: string): readonly string[] {
  const cited = citedIds(files);
  const notYet = idsNotYet(architecture);
  return promiseIds
    .filter((id) => !cited.has(id) && !notYet.has(id))
    .map((id) => `${id} has neither a test that cites it nor a line under "Not yet" in ARCHITECTURE.md`);
}

/**
 * Paths that the map (the section with "map" in its heading) names: `in/backticks`, or as an indented tree in a fence,
 * one name per line, folders with a slash behind.
 */
export function mappedPaths(architecture: string): readonly string[] {
  const map = section(architecture, /\bmap\b/i);
  const fences = [...map.matchAll(/```[a-z]*\n([\s\S]*?)```/g)].map((match) => match[1]!);
  const prose = map.replace(/```[\s\S]*?```/g, "");
  const quoted = [...prose.matchAll(/`([\w.@-]+(?:\/[\w.@-]+)*\/?)`/g)].map((match) => match[1]!);
  return [...quoted.filter((path) => path.includes("/") || /\.(ts|tsx|md|mjs|json)$/.test(path)), ...fences.flatMap(treePaths)];
}

/** One finding per mapped path that no file has and no folder is. */
export function mapFindings(files: readonly SourceFile[], architecture: string): readonly string[] {
  const paths = files.map((file) => file.path);
  const exists = (path: string): boolean =>
    path.endsWith("/")
      ? paths.some((file) => file.startsWith(path))
      : paths.includes(path) || paths.some((file) => file.startsWith(`${path}/`));
  return mappedPaths(architecture)
    .filter((path) => !exists(path))
    .map((path) => `ARCHITECTURE.md's map names ${path}, which is not there`);
}

function treePaths(fence: string): readonly string[] {
  const folders: { readonly indent: number; readonly path: string }[] = [];
  const paths: string[] = [];
  for (const line of fence.split("\n")) {
    const match = /^(\s*)([\w.@-]+(?:\/[\w.@-]+)*\/?)(?:\s|$)/.exec(line);
    if (match === null) continue;
    const indent = match[1]!.length;
    const name = match[2]!;
    if (!name.endsWith("/") && !/\.(ts|tsx|md|mjs|json|css)$/.test(name)) continue;
    while (folders.length > 0 && folders.at(-1)!.indent >= indent) folders.pop();
    const path = `${folders.at(-1)?.path ?? ""}${name}`;
    paths.push(path);
    if (name.endsWith("/")) folders.push({ indent, path });
  }
  return paths;
}

function section(markdown: string, heading: RegExp): string {
  const parts = markdown.split(/^(?=## )/m);
  return parts.find((part) => heading.test(part.slice(0, part.indexOf("\n")))) ?? "";
}
