/**
 * ChannelNames: the channels of a connection whose client names documents in its frames, as Hocuspocus' do: the first frame about a
 * document gives it a number, which is never used again.
 *
 *     unknown ──open──▶ open ──forget, the client let go of it──▶ unknown
 *        ▲               └──end, the relay ended it──▶ ended ──open──▶ open
 *        └── the oldest of too many ──────────────────────┘
 *
 * Invariant: holds as many names as the connection has channels open, and at most `endedMax` that were ended; a number that was forgotten
 * names nothing.
 */
export class ChannelNames {
  readonly #endedMax: number;
  readonly #channels = new Map<string, number>();
  readonly #ended = new Set<string>();
  #last = 0;
  /** Who the client says that it is, in dialects in which it does. */
  peer: string | undefined;

  constructor({ endedMax }: { endedMax: number } = { endedMax: 0 }) {
    this.#endedMax = endedMax;
  }

  /** Undefined: nothing of this name is open. */
  channel(address: string): number | undefined {
    return this.#channels.get(address);
  }

  /** Whether the relay ended it, and the client has not opened it anew. */
  wasEnded(address: string): boolean {
    return this.#ended.has(address);
  }

  /** Opens `address`, which is not open. */
  open(address: string): number {
    this.#last += 1;
    this.#channels.set(address, this.#last);
    this.#ended.delete(address);
    return this.#last;
  }

  /** The client closed the channel: what comes about it is about nothing, until it is opened anew. */
  forget(channel: number): string | undefined {
    for (const [address, each] of this.#channels) {
      if (each !== channel) continue;
      this.#channels.delete(address);
      return address;
    }
    return undefined;
  }

  /** The relay ended the channel. */
  end(channel: number): void {
    const address = this.forget(channel);
    if (address !== undefined) this.#ended.add(address);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#endedMax) break;
      this.#ended.delete(oldest);
    }
  }
}
