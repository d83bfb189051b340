/** Its own types cannot be found by its `exports`. */
declare module "y-leveldb" {
  export class LeveldbPersistence {
    constructor(location: string);
    storeUpdate(room: string, update: Uint8Array): Promise<number>;
    setMeta(room: string, key: string, value: unknown): Promise<void>;
    destroy(): Promise<void>;
  }
}
