/**
 * Real relays whose network is cut, half cut, slow, or comes and goes while people type at each of them: a proxy stands before each
 * relay's links. The independent checker of `mesh-writing.test.ts` judges; who is cut off must not call anything saved.
 */
import { seededRandom, type Random } from "@inkmesh/shared/base/random";
import { afterEach, expect, test } from "vitest";
import { faults, noFaults } from "../harness/checker.ts";
import { endInkClients } from "../harness/ink-client.ts";
import { startMesh, type MeshProcess } from "../harness/mesh-processes.ts";
import { MeshRun, type Trouble } from "../harness/mesh-run.ts";
import { MeshWires } from "../harness/mesh-wires.ts";
import { mutatedProgram } from "../harness/mutated-relay.ts";
import { endRawSockets } from "../harness/raw-socket.ts";
import { endRelays } from "../harness/relay-process.ts";
import { aSeed } from "../harness/seed.ts";
import { pause } from "../harness/until.ts";
import { savedAlone } from "./mutants/saved-alone.ts";

const ended: MeshWires[] = [];

afterEach(async () => {
  endRawSockets();
  await endInkClients();
  await endRelays();
  for (const wires of ended.splice(0)) await wires.end();
});

const rounds = process.env["INKMESH_LONG"] === "1" ? 40 : 2;
/** Longer than it takes to suspect somebody (`server/mesh-limits.ts`). */
const troubleMs = 5_000;

interface Case {
  readonly wires: MeshWires;
  /** In the order of this round: the first is whoever it befalls. */
  readonly names: readonly string[];
  readonly random: Random;
}

interface Kind {
  readonly relays: number;
  /** The first of the round reaches nobody, or is heard by nobody. */
  readonly isFirstAlone: boolean;
  /** Whether the others can save meanwhile. */
  readonly goesOn: boolean;
  readonly begin: (options: Case) => Promise<void> | void;
}

const kinds: readonly (readonly [string, Kind])[] = [
  [
    "one is cut off",
    {
      relays: 3,
      isFirstAlone: true,
      goesOn: true,
      begin: ({ wires, names: [one, ...others] }) => others.forEach((other) => wires.cut(one!, other)),
    },
  ],
  [
    "one hears the others and is not heard",
    {
      relays: 3,
      isFirstAlone: true,
      goesOn: true,
      begin: ({ wires, names: [one, ...others] }) => others.forEach((other) => wires.hold(one!, other)),
    },
  ],
  [
    "two reach the third, and not each other",
    { relays: 3, isFirstAlone: false, goesOn: true, begin: ({ wires, names }) => wires.cut(names[0]!, names[1]!) },
  ],
  ["links come and go, are reset and slow", { relays: 3, isFirstAlone: false, goesOn: true, begin: flapping }],
  [
    "two of five are cut off from three",
    {
      relays: 5,
      isFirstAlone: false,
      goesOn: true,
      begin: ({ wires, names }) => names.slice(0, 2).forEach((one) => names.slice(2).forEach((other) => wires.cut(one, other))),
    },
  ],
];

async function flapping({ wires, names, random }: Case): Promise<void> {
  const endMs = performance.now() + troubleMs;
  const any = (): string => names[Math.floor(random.fraction() * names.length)]!;
  while (performance.now() < endMs) {
    const [one, other] = [any(), any()];
    if (one === other) wires.heal();
    else if (random.fraction() < 0.3) wires.refuse(one, other);
    else if (random.fraction() < 0.5) wires.cut(one, other);
    else wires.slow(one, other, 300);
    await pause(100 + random.fraction() * 400); // The pace of the weather.
  }
}

async function meshOf(count: number, options: { program?: string } = {}): Promise<{ wires: MeshWires; relays: readonly MeshProcess[] }> {
  const mesh = await MeshWires.between(["a", "b", "c", "d", "e"].slice(0, count), options);
  ended.push(mesh.wires);
  await startMesh(mesh.relays);
  return mesh;
}

test.each(kinds)(
  "[P1] [P2] [P5] %s while people type everywhere: what was called saved is there, everywhere, and once, and nobody lies meanwhile",
  { timeout: rounds * 90_000 },
  async (_, { relays: count, isFirstAlone, goesOn, begin }) => {
    const seed = aSeed("test/fault/mesh-partition.test.ts", "fault");
    const random = seededRandom(seed.value);
    const { wires, relays } = await meshOf(count);
    const run = new MeshRun({ relays, room: "written together", random });
    for (let round = 0; round < rounds; round++) {
      const first = Math.floor(random.fraction() * count);
      const victims = relays.map((_relay, index) => relays[(first + index) % count]!);
      const trouble: Trouble = {
        begin: async () => begin({ wires, names: victims.map(({ name }) => name), random }),
        end: () => wires.heal(),
      };
      const { meanwhile, lies, verdict } = await run.troubled(trouble, isFirstAlone ? victims.slice(0, 1) : [], troubleMs);
      const where = `round ${round + 1}, ${victims.map(({ name }) => name).join(", ")}; again: ${seed.replay}`;
      expect(faults(verdict), where).toEqual(noFaults);
      expect(lies, where).toBe(0);
      if (goesOn) expect(meanwhile, where).toBeGreaterThan(0);
    }
    process.stdout.write(`${rounds} rounds, ${run.history.acknowledged} acknowledged edits\n`);
  },
);

test("[P2] relays that call saved what one of them has are found out by who is cut off", { timeout: 90_000 }, async () => {
  const random = seededRandom(aSeed("test/fault/mesh-partition.test.ts", "fault").value);
  const { wires, relays } = await meshOf(3, { program: mutatedProgram(savedAlone) });
  const run = new MeshRun({ relays, room: "planted", random });
  const [alone, ...others] = relays;
  const begin = async (): Promise<void> => others.forEach((other) => wires.cut(alone!.name, other.name));
  const { lies } = await run.troubled({ begin, end: () => wires.heal() }, [alone!], 500);
  expect(lies).toBe(1);
});
