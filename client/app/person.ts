/**
 * Person: the name and the colour that others see beside one's caret. Chosen on this device, kept in
 * localStorage, never proven: who reaches an open relay may call themselves what they like.
 */
export interface Person {
  readonly name: string;
  readonly color: string;
}

/** Dark enough that white text on them can be read (4.5 : 1); in the dark theme they are lightened by CSS. */
export const personColors = ["#b3261e", "#9a4a00", "#55670b", "#1c7340", "#00707c", "#1f5fbf", "#5848c8", "#8d37a5", "#b0256a", "#6f5840"];

const adjectives = [
  "Amber",
  "Brisk",
  "Calm",
  "Dapper",
  "Eager",
  "Fleet",
  "Gentle",
  "Hazel",
  "Keen",
  "Lively",
  "Mellow",
  "Quiet",
  "Sunny",
  "Tidy",
  "Witty",
];
const animals = [
  "Badger",
  "Crane",
  "Dolphin",
  "Finch",
  "Gecko",
  "Heron",
  "Ibex",
  "Lynx",
  "Marten",
  "Otter",
  "Puffin",
  "Robin",
  "Seal",
  "Tern",
  "Wren",
];
const key = "inkmesh.person";
export const nameLengthMax = 40;

/** The person that this device remembers, or a freshly named one. */
export function rememberedPerson(storage: Storage | undefined = deviceStorage()): Person {
  const kept = readPerson(storage?.getItem(key) ?? null);
  if (kept !== undefined) return kept;
  const drawn = drawPerson();
  rememberPerson(drawn, storage);
  return drawn;
}

/** Keeps a person for the next visit. */
export function rememberPerson(person: Person, storage: Storage | undefined = deviceStorage()): void {
  try {
    storage?.setItem(key, JSON.stringify(person));
  } catch {
    // Full or forbidden storage: the name lasts as long as the page.
  }
}

/** What somebody else says of themselves, made safe to show: a text and a colour, whatever came in. */
export function shownPerson(told: unknown): Person {
  const { name, color } = (typeof told === "object" && told !== null ? told : {}) as { name?: unknown; color?: unknown };
  const text = typeof name === "string" ? shownName(name) : "";
  return { name: text === "" ? "Somebody" : text, color: isColor(color) ? color : "#5b6270" };
}

/** Somebody's name as a line of text: no character in it that is not seen, or turns what stands around it; may be empty. */
export function shownName(name: string): string {
  return [...name.replaceAll(/\p{C}/gu, "").trim()].slice(0, nameLengthMax).join("");
}

/** One or two letters for a round badge. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/u).filter((word) => word !== "");
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...(word ?? "?")][0] ?? "?")
    .join("")
    .toLocaleUpperCase();
}

function drawPerson(): Person {
  const [a = 0, b = 0, c = 0] = crypto.getRandomValues(new Uint32Array(3));
  return {
    name: `${adjectives[a % adjectives.length]} ${animals[b % animals.length]}`,
    color: personColors[c % personColors.length] ?? "#1f5fbf",
  };
}

function readPerson(json: string | null): Person | undefined {
  if (json === null) return undefined;
  try {
    const { name, color } = JSON.parse(json) as { name?: unknown; color?: unknown };
    return typeof name === "string" && name.trim() !== "" && isColor(color) ? { name: name.slice(0, nameLengthMax), color } : undefined;
  } catch {
    return undefined;
  }
}

function isColor(color: unknown): color is string {
  return typeof color === "string" && /^#[0-9a-f]{6}$/i.test(color);
}

function deviceStorage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined; // Some browsers throw where storage is forbidden.
  }
}
