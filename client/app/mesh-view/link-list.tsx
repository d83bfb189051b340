/**
 * LinkList: the links between relays, as both ends see them: how long a word takes, and what waits.
 */
import { isCut, type Subject } from "./mesh-experiments.ts";
import { linksOf, type LinkSight, type MeshSight } from "./mesh-sight.ts";
import type { Poll } from "./mesh-watch.ts";
import { linkState, linkWords } from "./mesh-words.ts";

export function LinkList({ sight, polls, subjects }: { sight: MeshSight; polls: readonly Poll[]; subjects: readonly Subject[] }) {
  const links = linksOf(polls, sight);
  return (
    <section class="panel" aria-labelledby="links-title">
      <h2 id="links-title">Links</h2>
      {links.length === 0 ? (
        <p class="hint">There is no other relay to link to. Start one with --join and this relay's address.</p>
      ) : (
        <ul class="link-list">
          {links.map((link) => (
            <LinkRow key={link.ends.join(" ")} link={link} isCutOff={isCut(subjects, ...link.ends)} />
          ))}
        </ul>
      )}
    </section>
  );
}

function LinkRow({ link, isCutOff }: { link: LinkSight; isCutOff: boolean }) {
  const [one, other] = link.ends;
  const state = linkState(link.seen);
  return (
    <li class={`link-${isCutOff ? "cut" : state}`} data-link={link.ends.join(" ")}>
      <p class="link-name">
        <b>
          {one} – {other}
        </b>
        <span class="link-state">{isCutOff ? `cut by an experiment, ${state}` : state}</span>
      </p>
      {link.seen.some((end) => end !== undefined) && (
        <dl>
          {link.seen.map((end, index) => (
            <div key={index}>
              <dt>from {link.ends[index]}</dt>
              <dd>{linkWords(end)}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
