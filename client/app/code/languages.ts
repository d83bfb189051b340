/**
 * Languages of code documents. Each is a piece of its own that is loaded when a document asks for it.
 */
import { indentUnit } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

export interface Language {
  readonly id: string;
  readonly label: string;
  /** What a downloaded file's name ends with. */
  readonly suffix: string;
  readonly load: () => Promise<Extension>;
}

export const languages: readonly Language[] = [
  {
    id: "javascript",
    label: "JavaScript",
    suffix: "js",
    load: async () => (await import("@codemirror/lang-javascript")).javascript({ jsx: true }),
  },
  {
    id: "typescript",
    label: "TypeScript",
    suffix: "ts",
    load: async () => (await import("@codemirror/lang-javascript")).javascript({ jsx: true, typescript: true }),
  },
  { id: "json", label: "JSON", suffix: "json", load: async () => (await import("@codemirror/lang-json")).json() },
  { id: "html", label: "HTML", suffix: "html", load: async () => (await import("@codemirror/lang-html")).html() },
  { id: "css", label: "CSS", suffix: "css", load: async () => (await import("@codemirror/lang-css")).css() },
  {
    id: "python",
    label: "Python",
    suffix: "py",
    load: async () => [(await import("@codemirror/lang-python")).python(), indentUnit.of("    ")],
  },
  { id: "markdown", label: "Markdown", suffix: "md", load: async () => (await import("@codemirror/lang-markdown")).markdown() },
  { id: "plain", label: "Plain text", suffix: "txt", load: async () => [] },
];

/** The language of an id; an id of a newer editor reads as plain text. */
export function languageOf(id: string): Language {
  const plain = languages.at(-1) as Language;
  return languages.find((language) => language.id === id) ?? (id === "" ? (languages[0] ?? plain) : plain);
}
