/**
 * Settled values: a value that is shown only once it has stayed for a while.
 */
import { useEffect, useState } from "preact/hooks";

/** The last value that stayed the same for `ms`; the first one at once. */
export function useSettled<Value>(value: Value, ms: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
