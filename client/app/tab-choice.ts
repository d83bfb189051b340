/**
 * TabChoice: something that a person switched on in one tab: remembered over a reload of it, and no other tab's choice.
 */
export interface TabChoiceOptions {
  readonly key: string;
  /** The tab's storage. May throw where storage is forbidden: the choice then lasts as long as the page. */
  readonly storage: () => Pick<Storage, "getItem" | "setItem">;
}

export class TabChoice {
  readonly #key: string;
  readonly #storage: TabChoiceOptions["storage"];
  #isOn: boolean;

  constructor({ key, storage }: TabChoiceOptions) {
    this.#key = key;
    this.#storage = storage;
    this.#isOn = this.#read();
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  turn(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    try {
      this.#storage().setItem(this.#key, isOn ? "on" : "off");
    } catch {
      // Forbidden or full.
    }
  }

  #read(): boolean {
    try {
      return this.#storage().getItem(this.#key) === "on";
    } catch {
      return false;
    }
  }
}
