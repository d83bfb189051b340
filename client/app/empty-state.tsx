/**
 * EmptyState: what stands where there is nothing to show yet: why, and what one can do.
 */
import type { ComponentChildren } from "preact";

interface Action {
  readonly label: string;
  readonly onPress: () => void;
}

interface EmptyStateProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly action?: Action;
  /** What one can do instead. */
  readonly otherAction?: Action;
}

export function EmptyState({ title, children, action, otherAction }: EmptyStateProps) {
  return (
    <section class="empty-state">
      <h2>{title}</h2>
      <p>{children}</p>
      {[action, otherAction].map(
        (one) =>
          one !== undefined && (
            <button key={one.label} type="button" class="button" onClick={one.onPress}>
              {one.label}
            </button>
          ),
      )}
    </section>
  );
}
