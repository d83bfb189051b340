/**
 * Stands in for `lib0/webcrypto`, which keeps the functions that it finds at its start: chance comes from whoever runs.
 */
export const subtle = undefined;

export function getRandomValues<Values extends ArrayBufferView>(values: Values): Values {
  return crypto.getRandomValues(values as never);
}
