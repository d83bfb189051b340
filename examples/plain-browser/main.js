// A <textarea> shared by our own client, without any framework: kept on this device first, and truthful about "saved".
//   npm start, then: npx vite examples/plain-browser --open "/?room=notes"
import { Inkmesh } from "@inkmesh/client";

const said = new URLSearchParams(location.search);
const mesh = new Inkmesh({ url: `${said.get("relay") ?? "ws://127.0.0.1:4400"}/sync` });
const room = mesh.open(said.get("room") ?? "notes");
const text = room.doc.getText("text");
const area = document.querySelector("#text");
area.value = text.toString();

// What others wrote goes in where they wrote it, and the caret stays where it is.
text.observe((event, transaction) => {
  if (transaction.origin === area) return;
  let at = 0;
  for (const { retain = 0, insert = "", delete: removed = 0 } of event.delta) {
    at += retain;
    area.setRangeText(insert, at, at + removed, "preserve");
    at += insert.length;
  }
});

area.addEventListener("input", () => room.doc.transact(() => bringTo(area.value), area));

/** Changes only what differs: the characters between the common beginning and the common end. */
function bringTo(wanted) {
  const present = text.toString();
  let start = 0;
  while (start < present.length && present[start] === wanted[start]) start += 1;
  let end = 0;
  const endMax = Math.min(present.length, wanted.length) - start;
  while (end < endMax && present.at(-1 - end) === wanted.at(-1 - end)) end += 1;
  text.delete(start, present.length - start - end);
  text.insert(start, wanted.slice(start, wanted.length - end));
}

const status = document.querySelector("#status");
room.on("status", ({ phase, waiting, copies, replicas }) => {
  status.textContent = phase === "saved" ? `saved on ${copies} of ${replicas}` : `${phase}, ${waiting} edits wait`;
});
