/**
 * PersonDialog: one's own name and colour, as others see them.
 */
import { useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { nameLengthMax, type Person, personColors } from "./person.ts";

interface PersonDialogProps {
  readonly person: Person;
  readonly onChange: (person: Person) => void;
  readonly onClose: () => void;
}

export function PersonDialog({ person, onChange, onClose }: PersonDialogProps) {
  const [name, setName] = useState(person.name);
  const [color, setColor] = useState(person.color);
  const apply = (event: Event) => {
    event.preventDefault();
    onChange({ name: name.trim() === "" ? person.name : name.trim(), color });
    onClose();
  };
  return (
    <Dialog title="How others see you" onClose={onClose}>
      <form onSubmit={apply}>
        <label class="field">
          <span>Name</span>
          <input
            type="text"
            value={name}
            maxLength={nameLengthMax}
            autocomplete="nickname"
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <fieldset class="swatches">
          <legend>Colour</legend>
          {personColors.map((choice, index) => (
            <label key={choice} class="swatch" style={{ "--person": choice }}>
              <input
                type="radio"
                name="color"
                value={choice}
                checked={choice === color}
                aria-label={`Colour ${index + 1}`}
                onChange={() => setColor(choice)}
              />
            </label>
          ))}
        </fieldset>
        <p class="hint">Shown beside your caret to everybody in a document. Kept on this device.</p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary">
            Done
          </button>
        </div>
      </form>
    </Dialog>
  );
}
