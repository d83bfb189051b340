/**
 * Pinned versions: what is installed tomorrow is what was tested today. Every dependency names one exact version,
 * and every entry of the lock has one, so that `npm ci` works on machines of other platforms.
 */
import type { SourceFile } from "./source-file.ts";

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface LockEntry extends PackageJson {
  readonly version?: string;
  readonly link?: boolean;
  readonly resolved?: string;
}

/** Dependencies that are a range, a tag or an address. */
export function rangeFindings(files: readonly SourceFile[]): readonly string[] {
  return packageFiles(files).flatMap((file) => {
    const manifest = JSON.parse(file.text) as PackageJson;
    return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      .filter(([, version]) => !/^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${file.path}: ${name} is not pinned (${version})`);
  });
}

/** Lock entries without a version, from elsewhere than npm's registry, or that differ from a package.json. */
export function lockFindings(files: readonly SourceFile[]): readonly string[] {
  const lock = files.find((file) => file.path === "package-lock.json");
  if (lock === undefined) return ["package-lock.json is not there"];
  const entries = (JSON.parse(lock.text) as { readonly packages: Readonly<Record<string, LockEntry>> }).packages;
  const holes = Object.entries(entries)
    .filter(([path, entry]) => path.includes("node_modules/") && entry.link !== true && entry.version === undefined)
    .map(([path]) => `package-lock.json: ${path} has no version`);
  const foreign = Object.entries(entries)
    .filter(([, entry]) => entry.link !== true && entry.resolved !== undefined && !entry.resolved.startsWith("https://registry.npmjs.org/"))
    .map(([path, entry]) => `package-lock.json: ${path} comes from ${entry.resolved}`);
  const stale = packageFiles(files)
    .filter((file) => !agrees(JSON.parse(file.text) as PackageJson, entries[file.path.replace(/\/?package\.json$/, "")]))
    .map((file) => `package-lock.json: was made from another ${file.path}`);
  return [...holes, ...foreign, ...stale];
}

function agrees(manifest: PackageJson, entry: LockEntry | undefined): boolean {
  const sorted = (record: Readonly<Record<string, string>> | undefined): string => JSON.stringify(Object.entries(record ?? {}).toSorted());
  return (
    sorted(manifest.dependencies) === sorted(entry?.dependencies) && sorted(manifest.devDependencies) === sorted(entry?.devDependencies)
  );
}

/** The manifests of the root and of its workspaces; benchmarks' peers are installed apart. */
function packageFiles(files: readonly SourceFile[]): readonly SourceFile[] {
  return files.filter((file) => /^(|shared\/|server\/|client\/|examples\/[\w-]+\/)package\.json$/.test(file.path));
}
