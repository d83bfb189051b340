/**
 * Admittance: on one socket, from a document that a client asks for to the session that begins.
 *
 *     asked for ──no application is asked──────────────────────────────▶ a session
 *         └──shown something, or `credentialMs`──▶ asked ──granted──▶──┘    │ cannot be read, beside others that can be
 *                                                   ▲  └──▶ refused         ▼
 *                                                   └─────────── a while later, with what was said
 *
 * Invariants: no session begins without an answer to a question that was asked after its client asked for the document, or for it again, and
 * after whoever it is was called into doubt; what was shown last is what is asked with; a deadline goes with what it is about.
 */
import type { ConnectionId, RoomName } from "@inkmesh/shared/base/ids";
import type { Refusal, Result } from "@inkmesh/shared/base/result";
import type { Dialect } from "@inkmesh/shared/wire/dialect";
import type { Grant } from "./access.ts";
import type { AwaitedOpening, AwaitedOpenings } from "./awaited-openings.ts";
import { openAgain } from "./open-again.ts";
import type { RelayContext } from "./relay-context.ts";
import type { Admission } from "./session-access.ts";
import type { Opening, SessionMessage } from "./session-message.ts";
import type { Session } from "./session.ts";

interface AdmittanceOptions {
  readonly context: RelayContext;
  readonly connection: ConnectionId;
  readonly dialect: Dialect;
  readonly awaited: AwaitedOpenings;
  /** It may begin, and is to be started; `admission`: undefined where no application is asked. */
  readonly begin: (name: RoomName, opening: Opening, how: { admission: Admission | undefined; isLetGo: boolean }) => Session | undefined;
  /** Its client has let go of it: it takes what was written and ends. */
  readonly letGo: (session: Session | undefined) => void;
  readonly refuse: (opening: Opening, refusal: Refusal) => void;
}

export class Admittance {
  readonly #options: AdmittanceOptions;
  /** What the client showed for all its documents. */
  #credential = "";

  constructor(options: AdmittanceOptions) {
    this.#options = options;
  }

  showForAll(credential: string): void {
    this.#credential = credential;
  }

  /** The client shows something for what it has asked for. */
  show(channel: number, credential: string): void {
    const { awaited, context } = this.#options;
    const shown = awaited.show(channel, credential, context.limits.roomsPerConnectionMax);
    if (shown !== undefined) this.#ask(shown);
  }

  /** The client asks for a document. */
  open(name: RoomName, opening: Opening): void {
    const { context, dialect, connection, awaited, begin } = this.#options;
    if (!context.asksAccess) return begin(name, opening, { admission: undefined, isLetGo: false })?.start();
    const added = awaited.add(name, opening);
    if (!dialect.showsLater || opening.credential !== undefined) return this.#ask(added);
    const dueMs = context.now.monotonicMs + context.limits.credentialMs;
    context.deadlines.set({ type: "ask-access", connection, channel: opening.channel }, dueMs);
  }

  /** The client has shown nothing for what it asked for. */
  credentialDue(channel: number): void {
    const awaited = this.#options.awaited.unasked(channel);
    if (awaited !== undefined) this.#ask(awaited);
  }

  /**
   * The document of a session could not be read: it ends, and begins anew later, with what was `said` in it. Answers whether it will: not
   * where there is more than may be held.
   */
  postpone(session: Session, opening: Opening, said: readonly SessionMessage[], refusal: Refusal): boolean {
    const { context, connection, awaited } = this.#options;
    const { credential = opening.credential } = session.access;
    const isHeld = awaited.postpone(session.room.name, credential === undefined ? opening : { ...opening, credential }, said);
    if (isHeld) openAgain(context, { connection, channel: opening.channel, tries: opening.tries ?? 0, code: refusal.code });
    return isHeld;
  }

  /** The client lets go of what it asked for. */
  letGo(channel: number): void {
    const { awaited } = this.#options;
    awaited.letGo(channel);
    if (awaited.postponed(channel) === undefined) this.#clearDeadline("open-again", channel);
  }

  /** Nobody waits any more. */
  end(): void {
    const { awaited } = this.#options;
    for (const channel of awaited.channels) for (const type of ["ask-access", "open-again"] as const) this.#clearDeadline(type, channel);
    awaited.clear();
  }

  #clearDeadline(type: "ask-access" | "open-again", channel: number): void {
    const { context, connection } = this.#options;
    context.deadlines.clear({ type, connection, channel });
  }

  /** A document that could not be read is tried again. Who may have it may have changed meanwhile. */
  openAgainDue(channel: number): void {
    const { context, awaited } = this.#options;
    const postponed = awaited.postponed(channel);
    if (postponed === undefined) return;
    if (context.asksAccess) this.#ask(postponed);
    else this.#enter(postponed, undefined);
  }

  #ask(opened: AwaitedOpening): void {
    const { context, connection, dialect, awaited } = this.#options;
    awaited.asked(opened);
    this.#clearDeadline("ask-access", opened.opening.channel);
    const { accessDoubts } = context;
    const doubts = accessDoubts.count;
    const credential = opened.opening.credential ?? this.#credential;
    const seq = context.accesses.ask((result) => {
      const isOfBefore = result.ok && accessDoubts.mean({ room: opened.name, user: result.value.user }, doubts);
      if (isOfBefore && awaited.matters(opened)) this.#ask(opened);
      else this.#answered(opened, credential, result);
    });
    context.effect({ type: "ask-access", seq, connection, ask: { dialect: dialect.name, room: opened.name, credential } });
  }

  #answered(opened: AwaitedOpening, credential: string, result: Result<Grant>): void {
    const isShownAnew = opened.opening.tries !== undefined && opened.opening.credential !== credential && !opened.isLetGo;
    if (isShownAnew) return this.#ask(opened);
    if (result.ok) return this.#enter(opened, { grant: result.value, credential });
    if (this.#options.awaited.settle(opened) && !opened.isLetGo) this.#options.refuse(opened.opening, result.refusal);
  }

  #enter(opened: AwaitedOpening, admission: Admission | undefined): void {
    const { awaited, begin, letGo } = this.#options;
    if (!awaited.settle(opened)) return;
    const { name, opening, messages, isLetGo } = opened;
    const session = begin(name, opening, { admission, isLetGo });
    for (const message of messages) session?.receive(message);
    if (isLetGo) letGo(session);
    session?.start();
  }
}
