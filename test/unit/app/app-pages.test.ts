import { expect, test } from "vitest";
import { appPages, isAppPage, isMeshView } from "../../../client/app/service-worker/app-pages.ts";

test.each([
  ["/", true, false],
  ["/?from=mail", true, false],
  ["/d/notes", true, false],
  ["/mesh-view", false, true],
  ["/mesh-view?room=notes", false, true],
  ["/mesh-view.html", false, false],
  ["/mesh-view/x", false, false],
  ["/api/mesh", false, false],
  ["/metrics", false, false],
])("at %s: the app %s, the page that shows the relays %s", (address, isApp, isMesh) => {
  expect(appPages.some((pattern) => pattern.test(address))).toBe(isApp);
  expect(isAppPage(`http://a.example${address}`)).toBe(isApp);
  expect(isMeshView(new URL(`http://a.example${address}`))).toBe(isMesh);
});
