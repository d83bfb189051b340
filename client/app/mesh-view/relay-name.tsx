/**
 * RelayName: a relay's name beside the colour that it has in every figure. The name alone says which it is.
 */
import type { MeshSight } from "./mesh-sight.ts";
import { colourOf } from "./ring-drawing.ts";

interface RelayNameProps {
  readonly relay: string;
  readonly sight: MeshSight;
  readonly as?: "h2" | "span";
}

export function RelayName({ relay, sight, as: Tag = "span" }: RelayNameProps) {
  const names = sight.mesh.relays.map((known) => known.relay);
  return (
    <Tag class={`relay-name colour-${colourOf(relay, names)}`}>
      <i aria-hidden="true" />
      {Tag === "h2" ? `Relay ${relay}` : relay}
    </Tag>
  );
}
