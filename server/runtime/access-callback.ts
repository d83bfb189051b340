/**
 * AccessCallback: an application that is asked over HTTP (`--auth-url`).
 *
 *     POST  {"dialect", "room" (null: the list), "token", "address", "origin" (null: no browser)}
 *     200   {"allow": true, "access": "write" | "read", "user"?, "expiresInMs"?}  or  {"allow": false, "reason"?}
 *     401, 403   as {"allow": false}
 *
 * Everything else, a redirect too, is no answer. The address is the operator's, so it may be anywhere.
 */
import { NoAnswer, type AccessAnswer, type Authorize } from "./access-control.ts";

/** Bytes. A name and a reason; more is no answer of this kind. */
const answerBytesMax = 16 * 1024;

/** An application at `url`. */
export function accessCallback(url: string): Authorize {
  return async ({ dialect, room = null, token, address, origin = null }, signal) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ dialect, room, token, address, origin }),
      redirect: "error",
      signal,
    });
    if (answer.status === 401 || answer.status === 403) {
      await answer.body?.cancel();
      return { allow: false };
    }
    if (answer.status !== 200) {
      await answer.body?.cancel();
      throw new NoAnswer(`the callback answered with ${answer.status}`);
    }
    return answerIn(await textOf(answer));
  };
}

/** What it says is looked at by who asked. */
function answerIn(text: string): AccessAnswer {
  try {
    return JSON.parse(text) as AccessAnswer;
  } catch {
    // Its own words would quote what was said.
    throw new NoAnswer("the callback's answer is no JSON");
  }
}

async function textOf(answer: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > answerBytesMax) throw new NoAnswer(`the callback's answer is longer than ${answerBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}
