/**
 * PopMenu: a button that opens a list of what one can do; the browser's own popover, so that it stands above everything, closes with Escape or a press elsewhere,
 * and gives the focus back. Arrow keys walk in it.
 */
import type { LucideIcon } from "lucide-preact";
import { useId, useRef } from "preact/hooks";

export interface MenuChoice {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly warn?: boolean;
  readonly onChoose: () => void;
}

interface PopMenuProps {
  readonly label: string;
  readonly icon: LucideIcon;
  readonly class: string;
  readonly choices: readonly MenuChoice[];
}

const rowPx = 36;
const widthPx = 248;

export function PopMenu({ label, icon: Icon, class: name, choices }: PopMenuProps) {
  const id = useId();
  const list = useRef<HTMLUListElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const place = () => {
    if (list.current === null || opener.current === null) return;
    const { left, top, bottom } = opener.current.getBoundingClientRect();
    const height = Math.min(choices.length * rowPx + 10, innerHeight * 0.6);
    const below = bottom + 4 + height < innerHeight;
    list.current.style.left = `${Math.max(8, Math.min(left, innerWidth - widthPx - 8))}px`;
    list.current.style.top = `${Math.max(8, below ? bottom + 4 : top - 4 - height)}px`;
  };
  return (
    <>
      <button ref={opener} type="button" class={`tool ${name}`} aria-label={label} title={label} popovertarget={id}>
        <Icon size={16} aria-hidden="true" />
      </button>
      <ul
        ref={list}
        id={id}
        popover="auto"
        class="menu-list pop-menu"
        aria-label={label}
        onBeforeToggle={(event) => event.newState === "open" && place()}
        onToggle={(event) => event.newState === "open" && list.current?.querySelector("button")?.focus()}
        onKeyDown={(event) => walk(event, list.current)}
      >
        {choices.map(({ label: words, icon: Each, warn = false, onChoose }) => (
          <li key={words}>
            <button
              type="button"
              class={warn ? "warn" : ""}
              onClick={() => {
                list.current?.hidePopover();
                onChoose();
              }}
            >
              <Each size={16} aria-hidden="true" />
              <span>{words}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function walk(event: KeyboardEvent, list: HTMLElement | null): void {
  const all = [...(list?.querySelectorAll("button") ?? [])];
  const at = all.indexOf(event.target as HTMLButtonElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined || all.length === 0) return;
  event.preventDefault();
  event.stopPropagation();
  all[(to + all.length) % all.length]?.focus();
}
