/**
 * The one command that shows a history again.
 */
export function replayCommand(of: {
  seed: number;
  only?: readonly number[] | undefined;
  mutant?: string | undefined;
  isMesh?: boolean | undefined;
  isAutomerge?: boolean | undefined;
}): string {
  const faults = of.only === undefined ? "" : ` --faults ${of.only.length === 0 ? '""' : of.only.join(",")}`;
  const mutant = of.mutant === undefined ? "" : ` --mutant ${of.mutant}`;
  const mesh = of.isMesh === true ? " --mesh" : "";
  const automerge = of.isAutomerge === true ? " --automerge" : "";
  return `npm run sim -- --seed ${of.seed}${mesh}${automerge}${faults}${mutant}`;
}
