import type { BatchWrite, Item, Store, SubStore } from './store.ts';

/** What one action of dynalite read and would have written. */
export interface Recording {
  /** Looks like dynalite's store to an action; writes are noted instead of done. */
  readonly store: Store;
  readonly writes: BatchWrite[];
  /** Table and key of the one item that the action is about, once it has looked. */
  itemKey: string | null;
  existing: Item | null;
}

/**
 * Runs an action without its writes. LevelDB writes a batch wholly or not at all, even when the process is killed in
 * the middle, so collecting an action's writes (the item, its index entries, several items of a transaction) and
 * writing them as one batch makes them atomic without any log of our own.
 *
 * The prefixes are dynalite's (db/index.js, `getSubDb`).
 */
export function recordingStore(real: Store): Recording {
  const recording: Recording = {
    store: {
      ...real,
      getItemDb: (table) => sub(recording, `item-${table}`, real.getItemDb(table)),
      getIndexDb: (type, table, index) =>
        sub(recording, `index-${type.toLowerCase()}~${table}~${index}`, real.getIndexDb(type, table, index)),
    },
    writes: [],
    itemKey: null,
    existing: null,
  };
  return recording;
}

function sub(recording: Recording, name: string, real: SubStore): SubStore {
  const prefix = `${name}~`;
  return {
    get(key, callback) {
      real.get(key, (error, item) => {
        recording.itemKey = prefix + key;
        recording.existing = item ?? null;
        callback(error, item);
      });
    },
    put(key, value, callback) {
      recording.writes.push({ type: 'put', key: prefix + key, value });
      setImmediate(callback, null);
    },
    del(key, callback) {
      recording.writes.push({ type: 'del', key: prefix + key });
      setImmediate(callback, null);
    },
    // requests already come one at a time
    lock: (_key, work) => work((callback) => callback),
  };
}
