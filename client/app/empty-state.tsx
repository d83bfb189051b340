/**
 * EmptyState: what stands where there is nothing to show yet: why, and what one can do.
 */
import type { ComponentChildren } from "preact";

interface EmptyStateProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly action?: { readonly label: string; readonly onPress: () => void };
}

export function EmptyState({ title, children, action }: EmptyStateProps) {
  return (
    <section class="empty-state">
      <h2>{title}</h2>
      <p>{children}</p>
      {action !== undefined && (
        <button type="button" class="button" onClick={action.onPress}>
          {action.label}
        </button>
      )}
    </section>
  );
}
