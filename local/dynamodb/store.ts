/** An item in DynamoDB's own JSON. */
export type Item = Readonly<Record<string, unknown>>;

export type Callback<Value = unknown> = (error?: Error | null, value?: Value) => void;

/** One sublevel of dynalite's store: a table's items, or the entries of one of its indexes. */
export interface SubStore {
  get(key: string, callback: Callback<Item>): void;
  put(key: string, value: Item, callback: Callback): void;
  del(key: string, callback: Callback): void;
  lock(key: string, work: (release: (callback: Callback) => Callback) => void): void;
}

export type BatchWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

/** LevelDB as dynalite wraps it: every method also answers with a promise when it gets no callback. */
export interface Level {
  readonly status: string;
  open(): Promise<void>;
  get(key: string): Promise<unknown>;
  batch(writes: readonly BatchWrite[]): Promise<void>;
  iterator(range: { gte: string; lt: string }): AsyncIterable<[string, unknown]>;
}

export interface StoreOptions {
  path?: string;
  createTableMs: number;
  deleteTableMs: number;
  updateTableMs: number;
}

/** What dynalite's actions are given. */
export interface Store {
  readonly db: Level;
  readonly options: StoreOptions;
  readonly tableDb: SubStore;
  readonly lifecycleManager: { gracefulClose(): Promise<void> };
  getItemDb(table: string): SubStore;
  getIndexDb(indexType: string, table: string, index: string): SubStore;
}
