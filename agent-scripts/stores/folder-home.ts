import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeIfExists, syncDirectory } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { readRecord } from '../host/read-record.ts';
import { fillReserve, privateFolderIn, refillReserve, writeRecord } from '../host/space-reserve.ts';
import { readFence, writeFence } from '../journal/fence.ts';
import { type StoreHome, StoreJournal, StoreReceipt } from './store-home.ts';

/** Bytes for journal, receipt and fence of one deployment, beside the reserve. */
const recordsBytes = 65_536;

/**
 * The records of a target in a store, in the agent's own folder on a host: the journal is `targets/<id>/store/journal.json`, apart from
 * the one journal of changes to files. The caller holds the lock of the host.
 */
export function folderHome(home: Home, targetId: string): StoreHome {
  const { store } = home.target(targetId);
  const receiptFile = (deploymentId: string) => join(store.receipts, `${deploymentId}.json`);
  const readReceipt = (file: string) =>
    readRecord(file, StoreReceipt, 'remove it; this deployment then cannot be rolled back');

  return {
    readFence: async () => readFence(home, targetId),
    writeFence: async (fence) => writeFence(home, targetId, fence),
    async readJournal() {
      return readRecord(
        store.journal,
        StoreJournal,
        'compare the store with the receipts of the target, then remove it',
      );
    },
    async writeJournal(journal) {
      // a rollback must also be possible on a full disk
      if (journal.phase === 'applying') fillReserve(home, recordsBytes);
      else refillReserve(home);
      privateFolderIn(home, store.root);
      writeRecord(home, store.journal, JSON.stringify(journal));
    },
    async closeJournal() {
      removeIfExists(store.journal);
      if (existsSync(store.root)) syncDirectory(store.root);
    },
    async receipts() {
      if (!existsSync(store.receipts)) return [];
      return readdirSync(store.receipts)
        .filter((name) => name.endsWith('.json'))
        .map((name) => readReceipt(join(store.receipts, name)))
        .filter((receipt) => receipt !== null)
        .sort((one, other) => other.fence - one.fence);
    },
    async writeReceipt(receipt) {
      privateFolderIn(home, store.receipts);
      writeRecord(home, receiptFile(receipt.line.deploymentId), JSON.stringify(receipt));
    },
    async removeReceipt(deploymentId) {
      removeIfExists(receiptFile(deploymentId));
    },
  };
}
