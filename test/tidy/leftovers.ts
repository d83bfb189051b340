/**
 * Leftovers: what a file must not contain, and what it must not be called. Each rule is a name, a pattern and the
 * paths it covers; patterns are put together from pieces so that this file does not find itself.
 */
import { codeOf, isCode, type SourceFile } from "./source-file.ts";

interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly covers: (path: string) => boolean;
  /** Look at the code without comments only. */
  readonly codeOnly?: boolean;
}

const isPure = (path: string): boolean => /^(shared|server\/core|client\/provider\/core)\//.test(path);
const maySpeak = (path: string): boolean => /^(server\/cli|server\/bin|scripts|test\/bench|examples)\//.test(path) || path.endsWith(".md");
const linesMax = 400;

const rules: readonly Rule[] = [
  { name: "a note for later", pattern: new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`), covers: () => true },
  {
    name: "a test that excludes the others",
    pattern: new RegExp("\\b(it|test|describe)\\.on" + "ly\\b"),
    covers: (path) => path.startsWith("test/"),
    codeOnly: true,
  },
  {
    name: "a test left for later",
    pattern: new RegExp("\\b(it|test|describe)\\.(skip|to" + "do)\\("),
    covers: (path) => path.startsWith("test/"),
    codeOnly: true,
  },
  { name: "a print", pattern: new RegExp("\\bconsole\\.l" + "og\\("), covers: (path) => !maySpeak(path), codeOnly: true },
  { name: "a breakpoint", pattern: new RegExp("\\bdebug" + "ger;"), covers: () => true, codeOnly: true },
  {
    name: "a path of one machine",
    pattern: new RegExp("(?<![\\w.$}])/(work|farm|tmp|root|home|Users)" + "/[a-z]"),
    covers: (path) => path !== "package-lock.json",
  },
  {
    name: "time, chance or I/O in a pure part",
    pattern:
      /\b(Date|performance|process|Buffer|console|crypto|setTimeout|setInterval|setImmediate|queueMicrotask|TextEncoder|TextDecoder|fetch|window|navigator|localStorage)\b\s*[.(]|\bMath\.random\b|\bnew (Date|TextEncoder|TextDecoder)\b|"node:/,
    covers: isPure,
    codeOnly: true,
  },
  { name: "an in-file switch against the compiler", pattern: new RegExp("@ts-(ignore|no" + "check)"), covers: () => true },
];

/** One finding per file and rule. */
export function leftoverFindings(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) =>
    rules
      .filter((rule) => rule.covers(file.path))
      .flatMap((rule) => {
        const found = rule.pattern.exec(rule.codeOnly && isCode(file) ? codeOf(file) : file.text);
        return found === null ? [] : [`${file.path}: ${rule.name} (${found[0].trim()})`];
      }),
  );
}

const publicFaces = new Set(["client/provider/index.ts", "server/index.ts"]);

/** Names that say nothing, barrels, and files in which several nouns live. */
export function shapeFindings(files: readonly SourceFile[]): readonly string[] {
  return files.filter(isCode).flatMap((file) => {
    const name = file.path.slice(file.path.lastIndexOf("/") + 1);
    const findings: string[] = [];
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/.test(name)) findings.push("its name is not kebab-case");
    if (/(^|\/)(utils?|helpers?)(\/|\.|-)|(^|\/)types\.ts$|-(manager|helper|util|utils|impl)\./.test(file.path))
      findings.push("its name says nothing");
    if (isBarrel(file) && !publicFaces.has(file.path)) findings.push("it only passes on what others export");
    const lines = file.text.split("\n").length - 1;
    if (lines > linesMax) findings.push(`it has ${lines} lines, at most ${linesMax}: which noun hides in it?`);
    return findings.map((finding) => `${file.path}: ${finding}`);
  });
}

function isBarrel(file: SourceFile): boolean {
  const statements = codeOf(file)
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
  return statements.length > 0 && statements.every((statement) => /^export\s[\s\S]*\sfrom\s+"[^"]+"$/.test(statement));
}
