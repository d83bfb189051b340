/**
 * Switch: something that is on or off at once, with no "Done" to press.
 */
import type { ComponentChildren } from "preact";

interface SwitchProps {
  readonly isOn: boolean;
  readonly onTurn: (isOn: boolean) => void;
  readonly children: ComponentChildren;
}

export function Switch({ isOn, onTurn, children }: SwitchProps) {
  return (
    <label class="switch">
      <input type="checkbox" role="switch" checked={isOn} onChange={({ currentTarget }) => onTurn(currentTarget.checked)} />
      <span class="switch-track" aria-hidden="true" />
      <span>{children}</span>
    </label>
  );
}
