/**
 * ChannelNames: the channels of a connection whose client names documents in its frames, as Hocuspocus' do: the first frame about a
 * document gives it a number, which is never used again.
 *
 * Invariant: holds as many names as the connection has channels open; a number that was forgotten names nothing.
 */
export class ChannelNames {
  readonly #channels = new Map<string, number>();
  #last = 0;

  /** Undefined: nothing of this name is open. */
  channel(address: string): number | undefined {
    return this.#channels.get(address);
  }

  /** Opens `address`, which is not open. */
  open(address: string): number {
    this.#last += 1;
    this.#channels.set(address, this.#last);
    return this.#last;
  }

  /** The channel is closed: what comes about it is about nothing, until it is opened anew. */
  forget(channel: number): void {
    for (const [address, each] of this.#channels) if (each === channel) this.#channels.delete(address);
  }
}
