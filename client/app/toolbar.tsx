/**
 * Toolbar and its buttons (the ARIA toolbar pattern): one stop for the Tab key, arrow keys within.
 */
import type { LucideIcon } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

const controls = "button.tool, select.tool-select";

export function Toolbar({ label, children }: { label: string; children: ComponentChildren }) {
  const bar = useRef<HTMLDivElement>(null);
  // One of the controls can be reached by Tab: the one last used, or else the first that is not disabled.
  useEffect(() => {
    const all = controlsOf(bar.current);
    const chosen = all.find((control) => control.tabIndex === 0 && !isDisabled(control)) ?? all.find((control) => !isDisabled(control));
    for (const control of all) control.tabIndex = control === chosen ? 0 : -1;
  });
  return (
    <div
      ref={bar}
      class="toolbar"
      role="toolbar"
      aria-label={label}
      onKeyDown={(event) => moveFocus(event, bar.current)}
      onFocusIn={(event) => {
        const all = controlsOf(bar.current);
        if (all.includes(event.target as HTMLElement)) for (const control of all) control.tabIndex = control === event.target ? 0 : -1;
      }}
    >
      {children}
    </div>
  );
}

/** Keeps the toolbar's place until there is one, so that the text does not move under somebody's pointer. */
export function ToolbarPlace() {
  return <div class="toolbar" aria-hidden="true" />;
}

interface ToolButtonProps {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly onPress: () => void;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  /** It takes something away. */
  readonly warn?: boolean;
}

export function ToolButton({ label, icon: Icon, onPress, pressed, disabled = false, warn = false }: ToolButtonProps) {
  return (
    <button
      type="button"
      class={`tool${warn ? " warn" : ""}`}
      aria-label={label}
      title={label}
      {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
      disabled={disabled}
      // The press must not take the focus and the selection away from the text.
      onMouseDown={(event) => event.preventDefault()}
      onClick={onPress}
    >
      <Icon size={18} strokeWidth={1.9} aria-hidden="true" />
    </button>
  );
}

function moveFocus(event: KeyboardEvent, bar: HTMLElement | null): void {
  const all = controlsOf(bar).filter((control) => !isDisabled(control));
  const at = all.indexOf(event.target as HTMLElement);
  if (at < 0) return;
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[(to + all.length) % all.length]?.focus();
}

function controlsOf(bar: HTMLElement | null): HTMLElement[] {
  return [...(bar?.querySelectorAll<HTMLElement>(controls) ?? [])];
}

function isDisabled(control: HTMLElement): boolean {
  return (control as HTMLButtonElement).disabled;
}
