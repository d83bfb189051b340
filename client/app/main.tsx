/**
 * The page's composition root: one connection to the relay that served the page, one device store, the app, and the
 * copy of it that this device keeps.
 */
import { Inkmesh } from "@inkmesh/client";
import { render } from "preact";
import { App } from "./app.tsx";
import { loadEngine } from "./automerge-engine.ts";
import { fetchEditors } from "./editor-frame.tsx";
import { InstalledApp } from "./installed-app.ts";
import { KeptRooms } from "./kept-rooms.ts";
import { guardTab } from "./leaving.ts";
import { watchComposition } from "./open-editors.ts";
import { askWhereConnected } from "./relay-api.ts";
import { SlowLine } from "./slow-line.ts";
import { TabChoice } from "./tab-choice.ts";
import { rememberedTheme, showTheme } from "./theme.ts";
import { keepWorkingOffline } from "./working-offline.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/switch.css";
import "./styles/start-page.css";
import "./styles/document-page.css";
import "./styles/rich-text.css";
import "./styles/images.css";
import "./styles/code.css";
import "./styles/notes.css";
import "./styles/board.css";

const place = document.getElementById("app");
if (place === null) throw new Error("The page has no place for the app.");

showTheme(rememberedTheme());
const line = new SlowLine({ WebSocket, random: Math.random, storage: () => sessionStorage });
const mesh = new Inkmesh({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sync`,
  WebSocket: line.WebSocket,
  automerge: loadEngine,
});
askWhereConnected(mesh);
keepWorkingOffline(mesh, new TabChoice({ key: "inkmesh.work-offline", storage: () => sessionStorage }));
const rooms = new KeptRooms({ mesh, guard: guardTab });
const installed = new InstalledApp();
watchComposition();
render(<App mesh={mesh} rooms={rooms} installed={installed} line={line} />, place);
installed.watchLine(mesh);
void fetchEditors().then(() => installed.start());
