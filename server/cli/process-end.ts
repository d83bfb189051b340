/**
 * Ends the process with a code and a sentence for whoever reads stderr.
 */
export function endWith(code: number, sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}
