/**
 * CommandOutput: what a command says on stdout, in words for people or, with `--json`, as one JSON value for scripts.
 */

export function say({ json }: { readonly json?: boolean }, value: unknown, words: string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value, null, 2)}\n` : words);
}
