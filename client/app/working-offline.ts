/**
 * WorkingOffline: the switch lasts as long as the tab. A reload that went online by itself would send what a person wanted
 * to keep here for now.
 */
import type { Inkmesh } from "@inkmesh/client";
import type { TabChoice } from "./tab-choice.ts";

/** To be called before any document is opened: nothing is sent before it. */
export function keepWorkingOffline(mesh: Pick<Inkmesh, "workOffline" | "on">, choice: TabChoice): void {
  if (choice.isOn) mesh.workOffline(true);
  mesh.on("status", ({ workingOffline }) => choice.turn(workingOffline));
}
