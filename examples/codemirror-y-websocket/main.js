// A CodeMirror editor whose document comes through the released y-websocket provider, unchanged: only the URL is Inkmesh's.
//   npm start, then: npx vite examples/codemirror-y-websocket --open "/?room=notes"
import { basicSetup, EditorView } from "codemirror";
import { yCollab } from "y-codemirror.next";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const said = new URLSearchParams(location.search);
const doc = new Y.Doc();
const text = doc.getText("text");
const provider = new WebsocketProvider(`${said.get("relay") ?? "ws://127.0.0.1:4400"}/y`, said.get("room") ?? "notes", doc);

const name = `Guest ${doc.clientID % 1_000}`;
provider.awareness.setLocalStateField("user", { name, color: "#30bced", colorLight: "#30bced33" });
new EditorView({
  doc: text.toString(),
  extensions: [basicSetup, EditorView.lineWrapping, yCollab(text, provider.awareness, { undoManager: new Y.UndoManager(text) })],
  parent: document.querySelector("#editor"),
});

// Its protocol has no word for "saved": it says only whether there is a line.
const status = document.querySelector("#status");
provider.on("status", (event) => (status.textContent = event.status));
