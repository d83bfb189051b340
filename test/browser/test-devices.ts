/**
 * TestDevices: the devices of one test. At its end they are closed, and it fails if a page of theirs reported an error of its own.
 */
import { afterEach, expect } from "vitest";
import type { Device } from "./browser.ts";

export class TestDevices {
  readonly #devices: Device[] = [];

  /** For all tests of a spec. `closed` is run at the end of each, when its devices are closed: what they were connected to may end. */
  constructor(closed: () => Promise<void> = async () => undefined) {
    afterEach(async () => {
      const devices = this.#devices.splice(0);
      await Promise.all(devices.map(({ context }) => context.close()));
      await closed();
      expect(devices.flatMap(({ faults }) => faults)).toEqual([]);
    });
  }

  /** It belongs to the test that runs. */
  note(device: Device): Device {
    this.#devices.push(device);
    return device;
  }
}
