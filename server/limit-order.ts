/**
 * LimitOrder: which limits have to be below which others, and by how much. Each alone may be anything within its bounds; two in the
 * wrong order would make a relay that takes the living for dead, or sends what others refuse.
 */

interface OrderedPair {
  /** As the sections of the `--config` file name them. */
  readonly less: string;
  readonly more: string;
  /** `more` is at least so many times `less`. */
  readonly times: number;
  /** Completes "since …". */
  readonly why: string;
}

export const orderedPairs: readonly OrderedPair[] = [
  { less: "mesh.linkSignMs", more: "mesh.linkSilentMs", times: 3, why: "a sign of life that is late is no silence" },
  { less: "mesh.linkSignMs", more: "limits.presenceSilentMs", times: 2, why: "a sign of life that is late is no silence" },
  { less: "limits.presenceLookMs", more: "limits.presenceSilentMs", times: 1, why: "silence is noticed at the next look" },
  { less: "mesh.nackAfterMs", more: "mesh.probeTimeoutMs", times: 1.25, why: "that answer has to arrive in time" },
  { less: "mesh.probeTimeoutMs", more: "mesh.probeIntervalMs", times: 2, why: "those who are asked to probe, too, take as long again" },
  { less: "mesh.dialAfterMs", more: "mesh.dialAfterMsMax", times: 1, why: "that is where the wait ends that begins here" },
  { less: "process.dialMs", more: "mesh.dialTimeoutMs", times: 1, why: "a socket that may still open is not given up" },
  { less: "mesh.windowBytes", more: "mesh.linkWaitingBytesMax", times: 1, why: "a link is not given up for what is on its way" },
  { less: "mesh.frameFillBytes", more: "process.meshFrameBytesMax", times: 1, why: "no relay is sent what it refuses" },
  { less: "limits.stateBytesMax", more: "process.meshFrameBytesMax", times: 1, why: "no relay is sent what it refuses" },
  { less: "limits.backlogSheddingBytes", more: "limits.backlogBytesMax", times: 1, why: "cursors are the first to go" },
  { less: "limits.askAgainMs", more: "limits.causalWaitMs", times: 1, why: "another relay is asked before an entry is passed over" },
];

/** What is wrong with the order of these limits, by section and name, in a sentence without its full stop; undefined: nothing. */
export function disorder(sections: Readonly<Record<string, Readonly<Record<string, number>>>>): string | undefined {
  const valueOf = (path: string): number => {
    const [section, name] = path.split(".") as [string, string];
    return sections[section]![name]!;
  };
  for (const { less, more, times, why } of orderedPairs) {
    const [small, large] = [valueOf(less), valueOf(more)];
    if (small * times <= large) continue;
    const least = times === 1 ? "at least" : `at least ${times} times`;
    return `"${more}" in the --config file must be ${least} "${less}", which is ${small}, not ${large}, since ${why}`;
  }
  return undefined;
}
