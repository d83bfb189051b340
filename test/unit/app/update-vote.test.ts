import { expect, it } from "vitest";
import { appPages, isAppPage } from "../../../client/app/service-worker/app-pages.ts";
import type { TabState } from "../../../client/app/service-worker/update-message.ts";
import { voteOnUpdate } from "../../../client/app/service-worker/update-vote.ts";

const idle: TabState = { inUse: false, wouldLose: false };
const editing: TabState = { inUse: true, wouldLose: false };
const unwritten: TabState = { inUse: true, wouldLose: true };

it.each<[what: string, tabs: readonly (TabState | undefined)[], quietly: string, asked: string]>([
  ["no tab at all", [], "in-use", "in-use"],
  ["tabs that nobody uses", [idle, idle], "in-use", "in-use"],
  ["an open document", [idle, editing], "put-off: in-use", "in-use"],
  ["an edit that is not on the disk yet", [editing, unwritten, idle], "put-off: would-lose", "put-off: would-lose"],
  ["a tab that does not answer", [idle, undefined], "put-off: no-answer", "put-off: no-answer"],
])("[P7] with %s a new version is used quietly, or when somebody asks, as the tabs bear it", (_what, tabs, quietly, asked) => {
  const said = (wasAsked: boolean) => {
    const outcome = voteOnUpdate(tabs, { asked: wasAsked });
    return outcome.type === "in-use" ? "in-use" : `put-off: ${outcome.because}`;
  };
  expect([said(false), said(true)]).toEqual([quietly, asked]);
});

it.each([
  ["/", true],
  ["/?from=home", true],
  ["/d/notes", true],
  ["/d/a%2Fb?x", true],
  ["/d", false],
  ["/index.html", false],
  ["/nope", false],
  ["/favicon-nope.png", false],
  ["/assets/x.js", false],
  ["/api/rooms", false],
  ["/api/rooms/d/x", false],
  ["/health", false],
  ["/ready", false],
  ["/metrics", false],
])("the page kept on the device stands in for %s: %s", (path, stands) => {
  expect(appPages.some((pattern) => pattern.test(path))).toBe(stands);
});

it.each([
  ["/", true],
  ["/?from=home", true],
  ["/index.html", true],
  ["/d/notes#end", true],
  ["/d/a%2Fb?x", true],
  ["/api/rooms", false],
  ["/metrics", false],
  ["/health", false],
  ["/ready", false],
  ["/icon.svg", false],
])("a tab at %s has a vote on a new version: %s", (path, votes) => {
  expect(isAppPage(`http://127.0.0.1:4400${path}`)).toBe(votes);
});
