/**
 * DocumentMenu: what one can do with a document as a whole: link, files, a copy, deletion.
 */
import type { Inkmesh } from "@inkmesh/client";
import type { AutomergeHandle } from "@inkmesh/client/automerge";
import { Copy, Download, EllipsisVertical, FlaskConical, HardDriveDownload, Link2, Trash2 } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type AnyRoom, isYjs } from "./any-room.ts";
import { DeleteDialog } from "./delete-dialog.tsx";
import { copyLacks } from "./copied-images.ts";
import { copyDocument, noCopyMade, plainText } from "./document-copy.ts";
import { jsonOf, markdownOf } from "./automerge-content.ts";
import { metaOf } from "./document-meta.ts";
import { download, fileName } from "./download.ts";
import { downloadOnlyHere } from "./only-here.ts";
import { type DocumentKind, visit, visitRoom } from "./page-location.ts";
import { forgetDocument } from "./recent-documents.ts";
import { type ExportFormat, exportRoom } from "./relay-api.ts";

interface DocumentMenuProps {
  readonly mesh: Inkmesh;
  readonly room: AnyRoom;
  readonly online: boolean;
  /** Says something to the person for a moment. */
  readonly onSay: (sentence: string) => void;
  readonly onTryIt: () => void;
}

type Formats = readonly (readonly [ExportFormat, string])[];

const yjsFormats: Formats = [
  ["text", "Plain text"],
  ["markdown", "Markdown"],
  ["html", "Web page (HTML)"],
  ["json", "JSON"],
];

const formats: Record<DocumentKind, Formats> = {
  text: yjsFormats,
  code: yjsFormats,
  notes: [
    ["markdown", "Markdown"],
    ["json", "JSON"],
  ],
  board: [
    ["markdown", "Markdown"],
    ["json", "JSON"],
  ],
};

export function DocumentMenu({ mesh, room, online, onSay, onTryIt }: DocumentMenuProps) {
  const [open, setOpen] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useDismissal(open, place, () => setOpen(false));

  const choose = (action: () => unknown) => () => {
    setOpen(false);
    opener.current?.focus();
    void action();
  };
  return (
    <div class="menu" ref={place} onKeyDown={(event) => event.key === "Escape" && choose(() => undefined)()}>
      <button
        ref={opener}
        type="button"
        class="tool"
        aria-label="Document menu"
        aria-expanded={open}
        aria-controls="document-menu"
        onClick={() => setOpen(!open)}
      >
        <EllipsisVertical size={18} aria-hidden="true" />
      </button>
      {open && (
        <ul id="document-menu" class="menu-list">
          <MenuItem icon={Link2} label="Copy link" onChoose={choose(async () => onSay(await copyLink()))} />
          {formats[metaOf(room.doc).kind].map(([format, label]) => (
            <MenuItem
              key={format}
              icon={Download}
              label={`Download as ${label}`}
              onChoose={choose(async () => onSay(await save(room, format, online)))}
            />
          ))}
          <MenuItem
            icon={HardDriveDownload}
            label="Download what exists only on this device"
            onChoose={choose(() => onSay(downloadOnlyHere(room)))}
          />
          <MenuItem icon={Copy} label="Make a copy" onChoose={choose(() => visitCopy(mesh, room, onSay))} />
          <MenuItem icon={FlaskConical} label="Try a bad network…" onChoose={choose(onTryIt)} />
          <MenuItem icon={Trash2} label="Delete…" warn onChoose={choose(() => setDeleting(true))} />
        </ul>
      )}
      {deleting && (
        <DeleteDialog
          room={room.name}
          title={metaOf(room.doc).title}
          onClose={() => setDeleting(false)}
          onDeleted={() => {
            forgetDocument(room.name);
            visit("/");
            void mesh.forget(room.name);
          }}
        />
      )}
    </div>
  );
}

function MenuItem({
  icon: Icon,
  label,
  onChoose,
  warn = false,
}: {
  icon: typeof Copy;
  label: string;
  onChoose: () => void;
  warn?: boolean;
}) {
  return (
    <li>
      <button type="button" class={warn ? "warn" : ""} onClick={onChoose}>
        <Icon size={16} aria-hidden="true" />
        {label}
      </button>
    </li>
  );
}

async function visitCopy(mesh: Inkmesh, room: AnyRoom, onSay: (sentence: string) => void): Promise<void> {
  try {
    onSay("Making a copy…");
    const { name, missingImages } = await copyDocument(mesh, room);
    if (missingImages > 0) return onSay(copyLacks(missingImages));
    visitRoom(name);
  } catch {
    onSay(noCopyMade);
  }
}

async function copyLink(): Promise<string> {
  try {
    await navigator.clipboard.writeText(location.href);
    return "The link is copied.";
  } catch {
    // No clipboard without a secure context or permission: the address line has the same link.
    return "Copy the link from the browser's address line.";
  }
}

async function save(room: AnyRoom, format: ExportFormat, online: boolean): Promise<string> {
  const name = fileName(metaOf(room.doc).title, format);
  if (!isYjs(room.doc)) {
    download(fileOf(room.doc, format), name);
    return `${name} is downloaded.`;
  }
  const answer = online ? await exportRoom(room.name, format) : undefined;
  if (answer?.ok === true) {
    download(answer.value, name);
    return `${name} is downloaded.`;
  }
  if (format !== "text") return answer === undefined ? "This format needs a relay; plain text works offline too." : answer.sentence;
  download(new Blob([plainText(room.doc)], { type: "text/plain;charset=utf-8" }), name);
  return `${name} is downloaded.`;
}

/** Of notes and boards the page can make every file itself, also when no relay can be reached. */
function fileOf(document: AutomergeHandle, format: ExportFormat): Blob {
  if (format === "json") return new Blob([jsonOf(document)], { type: "application/json" });
  return new Blob([markdownOf(document)], { type: "text/markdown;charset=utf-8" });
}

function useDismissal(open: boolean, place: { current: HTMLElement | null }, dismiss: () => void): void {
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !place.current?.contains(event.target)) dismiss();
    };
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
    };
  }, [open]);
}
