/**
 * LevelFile: what lies in a LevelDB's folder, by its name.
 */
const levelFiles = /^(CURRENT|LOCK|MANIFEST-\d+|\d+\.(ldb|sst|log))$/;

/** Whether a folder with a file of this name is a LevelDB, be it a damaged one. */
export function isLevelFile(name: string): boolean {
  return levelFiles.test(name);
}
