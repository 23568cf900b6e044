// The database of one state folder, as a process of its own that all certferry processes on that folder share.
//
// Started by the first client that finds none; of several started at once LevelDB's lock lets one live, the others
// exit without a word. It holds nothing of its clients. It ends by itself when the last of them is gone.
import { openStateFolder } from '../state-folder.ts';
import { removeAddress, writeAddress } from './address.ts';
import { folderLocked } from './engine.ts';
import { startHoldServer } from './hold.ts';
import { type DynamoDb, startDynamoDb } from './start.ts';

/** Between two commands of a script the server may as well stay. */
const lingerMilliseconds = 1500;
/** For the client that started it to come back. */
const firstClientMilliseconds = 10_000;

async function main(directory: string): Promise<void> {
  const folder = openStateFolder(directory);
  const database = await startOrNull(folder.database, folder.token);
  if (database === null) return;
  let timer: NodeJS.Timeout | undefined;
  const exitIn = (milliseconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void stop(), milliseconds);
  };
  const holders = await startHoldServer(folder.token, (count) => {
    if (count > 0) clearTimeout(timer);
    else exitIn(lingerMilliseconds);
  });
  const stop = async () => {
    // in this order: who comes now finds no address, starts a successor, and that one waits for LevelDB's lock
    removeAddress(folder.databaseAddress, process.pid);
    holders.close();
    await database.close();
    process.exit(0);
  };
  exitIn(firstClientMilliseconds);
  process.once('SIGTERM', () => void stop());
  const port = Number(new URL(database.endpoint).port);
  writeAddress(folder.databaseAddress, { pid: process.pid, port, holdPort: holders.port });
}

async function startOrNull(path: string, accessKeyId: string): Promise<DynamoDb | null> {
  try {
    return await startDynamoDb({ path, accessKeyId, onFault: (error) => console.error(error) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === folderLocked) return null;
    throw error;
  }
}

await main(process.argv[2] ?? '.certferry');
