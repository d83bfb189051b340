/**
 * Notice: something said at the foot of the page, quietly: with what one can do about it, or just for a moment.
 */
import { X } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

interface NoticeProps {
  readonly children: ComponentChildren;
  readonly actions?: readonly { readonly label: string; readonly onPress: () => void }[];
  readonly onDismiss: () => void;
  /** Goes away by itself after so long; undefined: stays. */
  readonly forMs?: number;
}

export function Notice({ children, actions = [], onDismiss, forMs }: NoticeProps) {
  useEffect(() => {
    if (forMs === undefined) return undefined;
    const timer = setTimeout(onDismiss, forMs);
    return () => clearTimeout(timer);
  }, [children, forMs]);
  return (
    <div class="notice" role="status">
      <p>{children}</p>
      {actions.map(({ label, onPress }) => (
        <button key={label} type="button" class="button small primary" onClick={onPress}>
          {label}
        </button>
      ))}
      <button type="button" class="tool" aria-label="Dismiss" onClick={onDismiss}>
        <X size={16} aria-hidden="true" />
      </button>
    </div>
  );
}
