/**
 * SourceFile: one file of the project as the tidiness rules see it, and the list of them: all that git tracks or
 * would track. A rule is a function from files to findings in words; an empty list means tidy.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export const projectRoot = resolve(import.meta.dirname, "../..");

const binary = /\.(png|jpg|ico|gz|bin|woff2?|tgz|webp|db)$/;

/** Every text file that is tracked, or new and not ignored. */
export function projectFiles(): readonly SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: projectRoot,
    encoding: "utf8",
  });
  const paths = [...new Set(listed.split("\0"))].filter((path) => path !== "" && !binary.test(path)).toSorted();
  return paths.flatMap((path) => {
    const text = readIfThere(join(projectRoot, path));
    return text === undefined ? [] : [{ path, text }];
  });
}

/** The code of a file, with comments blanked; string literals stay. */
export function codeOf(file: SourceFile): string {
  return file.text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[\s;{}(,])\/\/[^\n]*/g, "$1");
}

/** Whether it is TypeScript or JavaScript of ours. */
export function isCode(file: SourceFile): boolean {
  return /\.(ts|tsx|mjs|js|jsx)$/.test(file.path);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // Tracked, but deleted in the working tree.
  }
}
