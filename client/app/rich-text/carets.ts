/**
 * Carets: where others are in the text, with their names, as elements whose colours the style sheet adapts to the
 * theme. What others say of themselves is shown as text and as a checked colour, never as markup.
 */
import { CollaborationCaret } from "@tiptap/extension-collaboration-caret";
import type { Awareness } from "y-protocols/awareness";
import { shownPerson } from "../person.ts";

/** The carets of everybody present but oneself. */
export function carets(awareness: Awareness) {
  return CollaborationCaret.configure({
    provider: { awareness },
    // The extension announces this again; who one is, is announced by the page (`people.ts`).
    user: (awareness.getLocalState()?.["user"] ?? {}) as Record<string, unknown>,
    render: (user) => {
      const person = shownPerson(user);
      const caret = document.createElement("span");
      const label = caret.appendChild(document.createElement("span"));
      caret.className = "caret";
      caret.style.setProperty("--person", person.color);
      label.className = "caret-name";
      label.textContent = person.name;
      return caret;
    },
    selectionRender: (user) => ({ class: "others-selection", style: `--person: ${shownPerson(user).color}` }),
  });
}
