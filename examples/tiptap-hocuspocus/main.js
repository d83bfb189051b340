// A Tiptap editor whose document comes through the released Hocuspocus provider, unchanged: only the URL is Inkmesh's.
//   npm start, then: npx vite examples/tiptap-hocuspocus --open "/?room=notes"
import { HocuspocusProvider } from "@hocuspocus/provider";
import { Editor } from "@tiptap/core";
import { Collaboration } from "@tiptap/extension-collaboration";
import { StarterKit } from "@tiptap/starter-kit";

const said = new URLSearchParams(location.search);
const provider = new HocuspocusProvider({
  url: `${said.get("relay") ?? "ws://127.0.0.1:4400"}/hocuspocus`,
  name: said.get("room") ?? "notes",
});

// Bound only when the document is here: an editor that starts empty would write its first, empty paragraph beside what is there.
provider.on("synced", () => {
  if (document.querySelector("#editor > *") !== null) return;
  new Editor({
    element: document.querySelector("#editor"),
    // Undo is the collaboration's: one's own edits only.
    extensions: [StarterKit.configure({ undoRedo: false }), Collaboration.configure({ document: provider.document })],
    autofocus: true,
  });
});

const status = document.querySelector("#status");
const showStatus = () => (status.textContent = provider.hasUnsyncedChanges || !provider.synced ? "saving…" : "saved");
for (const event of ["unsyncedChanges", "synced"]) provider.on(event, showStatus);
provider.on("authenticationFailed", ({ reason }) => (status.textContent = `refused: ${reason}`));
