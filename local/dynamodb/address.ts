import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';

/** How the database's server of a state folder is reached. Both ports are on loopback. */
const Address = z.object({ pid: z.int(), port: z.int(), holdPort: z.int() });
export type Address = z.infer<typeof Address>;

export function writeAddress(path: string, address: Address): void {
  const draft = `${path}.${address.pid}`;
  writeFileSync(draft, JSON.stringify(address), { mode: 0o600 });
  renameSync(draft, path);
}

/** Null when there is none, or one that cannot be read: the server is then started anew. */
export function readAddress(path: string): Address | null {
  try {
    return Address.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Removes the file unless another server has written its own there. */
export function removeAddress(path: string, pid: number): void {
  if (readAddress(path)?.pid === pid) rmSync(path, { force: true });
}
