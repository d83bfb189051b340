/**
 * The composition root of the page that shows the mesh: no editor, no store, no socket; it only asks.
 */
import { render } from "preact";
import { rememberedTheme, showTheme } from "../theme.ts";
import { rememberedOrigins } from "./known-origins.ts";
import { MeshPage } from "./mesh-page.tsx";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/switch.css";
import "../styles/mesh-view.css";

const place = document.getElementById("mesh-view");
if (place === null) throw new Error("The page has no place for the view.");

showTheme(rememberedTheme());
render(<MeshPage origins={[location.origin, ...rememberedOrigins()]} />, place);
