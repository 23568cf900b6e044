import * as z from 'zod/mini';
import { type StoreHome, StoreJournal, StoreReceipt } from '../../agent-scripts/stores/store-home.ts';
import type { AgentRecords } from '../../services/agent-home/agent-records.ts';

/** The names of the records in `services/agent-home/agent-records.ts`. */
export const recordNames = { fence: 'fence', journal: 'journal', receipts: 'receipt#' } as const;

const receiptName = (deploymentId: string) => `${recordNames.receipts}${deploymentId}`;

/** The records of a target in a store, for an agent that runs in a function. */
export function storeHomeIn(records: AgentRecords): StoreHome {
  return {
    readFence: async () => fenceIn(await records.read(recordNames.fence)),
    writeFence: (fence) => records.write(recordNames.fence, String(fence)),
    async readJournal() {
      const text = await records.read(recordNames.journal);
      return text === null ? null : z.parse(StoreJournal, JSON.parse(text));
    },
    writeJournal: (journal) => records.write(recordNames.journal, JSON.stringify(journal)),
    closeJournal: () => records.remove(recordNames.journal),
    async receipts() {
      const texts = await records.readAll(recordNames.receipts);
      const receipts = texts.map((text) => z.parse(StoreReceipt, JSON.parse(text)));
      return receipts.sort((one, other) => other.fence - one.fence);
    },
    writeReceipt: (receipt) => records.write(receiptName(receipt.line.deploymentId), JSON.stringify(receipt)),
    removeReceipt: (deploymentId) => records.remove(receiptName(deploymentId)),
  };
}

/** The fence in its record; 0 without one. */
export const fenceIn = (text: string | null): number => (text === null ? 0 : Number(text));
