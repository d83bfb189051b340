import { describe, expect, test } from "vitest";
import { AccessControl, questionKey, type AccessRequest, type Authorize } from "../../../server/runtime/access-control.ts";
import { until } from "../../harness/until.ts";

const request: AccessRequest = { dialect: "native", room: "one", token: "t", address: "127.0.0.1", origin: undefined };
const wide = { accessMs: 60_000, accessKeptMs: 60_000, accessesKeptMax: 100, accessAsksMax: 100, accessAsksWaitingMax: 100 };

function aControl(authorize: Authorize, limits: Partial<typeof wide> = {}) {
  const failures: string[] = [];
  return { control: new AccessControl({ authorize, limits: { ...wide, ...limits }, failed: (why) => failures.push(why) }), failures };
}

describe("access control", () => {
  test("lets in as the application says, with the name that it says", async () => {
    const { control } = aControl(async ({ token }) =>
      token === "t" ? { allow: true, access: "write", user: "ada" } : { allow: true, access: "read" },
    );
    expect(await control.ask(request)).toEqual({ ok: true, value: { user: "ada", access: "read-write" } });
    expect(await control.ask({ ...request, token: "" })).toEqual({ ok: true, value: { user: "", access: "read-only" } });
  });

  test("refuses with the application's reason, and remembers that, too", async () => {
    let asked = 0;
    const { control, failures } = aControl(async () => (asked++, { allow: false, reason: "not yours" }));
    for (let time = 0; time < 2; time++)
      expect(await control.ask(request)).toEqual({ ok: false, refusal: { code: "NOT_ALLOWED", detail: "not yours" } });
    expect([asked, failures]).toEqual([1, []]);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["a word", "yes"],
    ["allow alone", { allow: true }],
    ["another access", { allow: true, access: "admin" }],
    ["allow as a word", { allow: "true", access: "write" }],
    ["a name with a line break", { allow: true, access: "write", user: "ada\nbob" }],
    ["a name of a kilobyte", { allow: true, access: "write", user: "a".repeat(1_024) }],
  ])("[P9] %s is no answer, and nobody gets in", async (_what, answer) => {
    const { control, failures } = aControl(async () => answer as never);
    expect(await control.ask(request)).toEqual({ ok: false, refusal: { code: "ACCESS_UNKNOWN", detail: "" } });
    expect(failures).toEqual(["the answer is not understood"]);
  });

  test("an application that fails, by a rejection or at once, is asked again; what it says of it is told to nobody", async () => {
    let asked = 0;
    const { control, failures } = aControl(() => {
      asked++;
      if (asked === 1) throw new Error("no user has the token secret");
      if (asked === 2) return Promise.reject(Object.assign(new Error("secret"), { code: "secret of ada" }));
      if (asked === 3) return Promise.reject(new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } }));
      return Promise.resolve({ allow: true, access: "write" });
    });
    expect(await control.ask(request)).toEqual({ ok: false, refusal: { code: "ACCESS_UNKNOWN", detail: "" } });
    for (let time = 0; time < 2; time++) expect(await control.ask(request)).toMatchObject({ ok: false });
    expect(await control.ask(request)).toMatchObject({ ok: true });
    expect(failures).toEqual(["the application failed", "the application failed", "the application failed (ECONNREFUSED)"]);
  });

  test("[P8] one that says nothing is given up, and told so", async () => {
    let signal: AbortSignal | undefined;
    const { control, failures } = aControl((_request, given) => ((signal = given), new Promise(() => undefined)), { accessMs: 10 });
    expect(await control.ask(request)).toMatchObject({ refusal: { code: "ACCESS_UNKNOWN" } });
    expect([signal?.aborted, failures]).toEqual([true, ["no answer within 10 ms"]]);
  });

  test("[P9] about a session that is open what was answered before is told to nobody any more, whichever of the questions is answered first", async () => {
    const answers: ((answer: unknown) => void)[] = [];
    const { control } = aControl(() => new Promise((resolve) => answers.push(resolve as never)));
    const first = control.ask(request);
    await until("it is asked", () => answers.length === 1);
    answers[0]!({ allow: true, access: "write" });
    await first;
    const again = [1, 2].map((socket) => control.ask(request, { isAgain: true, socket: String(socket) }));
    await until("they are asked", () => answers.length === 3);
    answers[1]!({ allow: true, access: "write" });
    await again[0];
    const newcomer = control.ask(request);
    answers[2]!({ allow: false });
    expect([await again[1], await newcomer]).toMatchObject([{ ok: false }, { ok: false }]);
  });

  test("a question under way is not asked twice; another token, room, place or page is another question", async () => {
    const asked: AccessRequest[] = [];
    const { control } = aControl(async (each) => (asked.push(each), { allow: true, access: "write" }));
    await Promise.all([control.ask(request), control.ask({ ...request })]);
    const others = [
      { token: "u" },
      { room: "two" },
      { room: undefined },
      { address: "::1" },
      { origin: "http://a" },
      { dialect: "http" as const },
    ];
    for (const other of others) await control.ask({ ...request, ...other });
    expect(asked).toHaveLength(1 + others.length);
  });

  test("[P8] what is kept of a question is as long for the longest token as for none, and holds no token", () => {
    const [long, short] = ["secret".repeat(2_000), ""].map((token) => questionKey({ ...request, token }));
    expect([long!.length, long!.includes("secret")]).toEqual([short!.length, false]);
    expect(long).not.toBe(short);
  });

  test("an answer is asked for anew when it is too old", async () => {
    let asked = 0;
    const { control } = aControl(async () => (asked++, { allow: true, access: "write" }), { accessKeptMs: 1 });
    await until("it is asked again", async () => (await control.ask(request)).ok && asked > 1);
  });

  test("[P9] what is granted for a time is kept for no longer, and whoever is told of it later hears of the rest", async () => {
    let asked = 0;
    const { control } = aControl(async () => (asked++, { allow: true, access: "write", expiresInMs: 200 }));
    expect(await control.ask(request)).toMatchObject({ value: { expiresInMs: 200 } });
    let rest = 200;
    await until("a part of it is over", async () => {
      const answer = await control.ask(request);
      if (asked === 1 && answer.ok) rest = answer.value.expiresInMs ?? Number.POSITIVE_INFINITY;
      return rest <= 150 || asked > 1;
    });
    expect(rest).toBeLessThanOrEqual(150);
    await until("it is asked again", async () => (await control.ask(request)).ok && asked > 1);
  });

  test.each([0, -1, 1.5, "60000", Number.POSITIVE_INFINITY, 2 ** 60])("[P9] %s is no time, and nobody gets in", async (expiresInMs) => {
    const { control } = aControl(async () => ({ allow: true, access: "write", expiresInMs: expiresInMs as number }));
    expect(await control.ask(request)).toMatchObject({ refusal: { code: "ACCESS_UNKNOWN" } });
  });

  test("[P9] about a session that is open the application itself is asked, and what it says then counts for all who come", async () => {
    let allow = true;
    const { control } = aControl(async () => (allow ? { allow, access: "write" } : { allow }));
    await control.ask(request);
    allow = false;
    expect(await control.ask(request)).toMatchObject({ ok: true });
    expect(await control.ask(request, { isAgain: true })).toMatchObject({ ok: false });
    expect(await control.ask(request)).toMatchObject({ ok: false });
  });

  test("[P9] a question of before does not outlive what is asked anew, however late it is answered", async () => {
    const answers: ((allow: boolean) => void)[] = [];
    const { control } = aControl(
      () => new Promise((resolve) => answers.push((allow) => resolve(allow ? { allow, access: "write" } : { allow: false }))),
    );
    const first = control.ask(request);
    const again = control.ask(request, { isAgain: true });
    const waits = control.ask(request);
    await until("both are asked", async () => answers.length === 2);
    answers[1]!(false);
    expect([await again, await waits]).toMatchObject([{ ok: false }, { ok: false }]);
    answers[0]!(true);
    expect(await first).toMatchObject({ ok: true });
    expect(await control.ask(request)).toMatchObject({ ok: false });
  });

  test("[P9] what was said, and what is being asked, can be forgotten", async () => {
    const answers: (() => void)[] = [];
    const { control } = aControl(() => new Promise((resolve) => answers.push(() => resolve({ allow: true, access: "write" }))));
    const first = control.ask(request);
    control.forget();
    const second = control.ask(request);
    await until("it is asked again", async () => answers.length === 2);
    for (const answer of answers) answer();
    await Promise.all([first, second]);
    control.forget();
    void control.ask(request);
    await until("it is asked a third time", async () => answers.length === 3);
  });

  test("[P8] no more answers are kept than there is room for, and no more questions asked at once", async () => {
    let asked = 0;
    const { control } = aControl(async () => (asked++, { allow: true, access: "write" }), { accessesKeptMax: 2 });
    for (const room of ["one", "two", "three", "one"]) await control.ask({ ...request, room });
    expect(asked).toBe(4);
    let answer = (): void => undefined;
    const waits: string[] = [];
    const busy = aControl(
      ({ room }) => new Promise((resolve) => (waits.push(String(room)), (answer = () => resolve({ allow: true, access: "write" })))),
      { accessAsksMax: 1, accessAsksWaitingMax: 1 },
    );
    const [first, second] = [busy.control.ask(request), busy.control.ask({ ...request, room: "two" })];
    expect(await busy.control.ask({ ...request, room: "three" })).toMatchObject({ refusal: { code: "ACCESS_UNKNOWN" } });
    expect([waits, busy.failures]).toEqual([["one"], ["too many questions wait for the application"]]);
    answer();
    expect(await first).toMatchObject({ ok: true });
    await until("the next has its turn", () => waits.length === 2);
    answer();
    expect(await second).toMatchObject({ ok: true });
  });

  test("[P8] a question that has no turn in time is refused, and asked anew afterwards", async () => {
    const { control, failures } = aControl(() => new Promise(() => undefined), { accessAsksMax: 1, accessMs: 10 });
    void control.ask(request);
    expect(await control.ask({ ...request, room: "two" })).toMatchObject({ refusal: { code: "ACCESS_UNKNOWN" } });
    expect(failures).toContain("too many questions wait for the application");
  });
});
