/**
 * Guarded: calls what may run code of the application: its document's observers, its presence listeners. What that code
 * throws is its bug: it is reported as an uncaught error, and keeps nothing that comes after it from happening.
 */
export function guarded(action: () => void): void {
  try {
    action();
  } catch (failure) {
    setTimeout(() => {
      throw failure;
    }, 0);
  }
}
