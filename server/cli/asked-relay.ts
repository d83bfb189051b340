/**
 * AskedRelay: a relay that runs, asked over HTTP by a command. Who is not there, or refuses, ends the command with code 2 and one
 * sentence, unless the command looks at that itself.
 */
import { endWith } from "./process-end.ts";

const firstAddress = "http://127.0.0.1:4400";

type RelayRequest = Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> };

/** For commander. */
export const atOption = ["--at <address>", "a relay that runs", firstAddress] as const;

/** What the relay at `address` answers; every answer that is not a refusal. */
export async function askRelay(address: string, path: string, init?: RelayRequest): Promise<Response> {
  const answer = await reachRelay(address, path, init);
  return answer.ok ? answer : endWith(2, (await refusalOf(answer, address)).sentence);
}

/** A refusal, for a person; `code` is empty where that is not a relay's own. */
export interface RelayRefusal {
  readonly code: string;
  readonly sentence: string;
}

/** Why the relay at `address` refused. */
export async function refusalOf(answer: Response, address: string): Promise<RelayRefusal> {
  return refusalIn(await answer.json().catch(() => undefined), answer.status, address);
}

/** The same, out of what came with its answer. */
export function refusalIn(json: unknown, status: number, address: string): RelayRefusal {
  const { error } = (json ?? {}) as { error?: { code: string; sentence: string; detail: string } };
  if (error === undefined) return { code: "", sentence: `The relay at ${address} answered with ${status}.` };
  return { code: error.code, sentence: `${error.sentence}${error.detail === "" ? "" : ` (${error.detail})`}` };
}

/** What a command shows to a relay whose application says who may do what. */
export function givenToken(): string {
  return process.env["INKMESH_TOKEN"] ?? "";
}

function shownToken(): Record<string, string> {
  return givenToken() === "" ? {} : { Authorization: `Bearer ${givenToken()}` };
}

/** What the relay at `address` answers, be it a refusal. */
export async function reachRelay(address: string, path: string, init?: RelayRequest): Promise<Response> {
  try {
    return await callRelay(address, path, init);
  } catch {
    return endWith(2, `--at must be the address of a relay that runs, e.g. ${firstAddress}, not ${JSON.stringify(address)}.`);
  }
}

/** The same, for who goes on without it: rejects with an Error in words when it cannot be reached. */
export async function callRelay(address: string, path: string, init?: RelayRequest): Promise<Response> {
  try {
    return await fetch(new URL(path, address), { ...init, headers: { ...init?.headers, ...shownToken() } });
  } catch (error) {
    throw new Error(`the relay at ${address} cannot be reached`, { cause: error });
  }
}
