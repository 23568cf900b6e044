/** `npm run bench`: every figure that the documentation quotes, from one run on one machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lambdaSizes, lockRate, transitions } from './cloud.ts';
import { agentStart, hostDeploy } from './host.ts';
import { everyKind } from './kinds.ts';
import { lockCrowd } from './locks.ts';

const folder = mkdtempSync(join(tmpdir(), 'certferry-bench-'));

const parts: readonly (readonly [title: string, measure: () => Promise<string[]>])[] = [
  ['Agent start', () => agentStart(folder)],
  ['A renewal on a host with a real nginx', () => hostDeploy(folder)],
  ['A renewal of every kind on its real daemon', () => everyKind(folder)],
  ['State transitions of a success', () => transitions(folder)],
  ['Locks', lockRate],
  ['A crowd at one lock', lockCrowd],
  ['Lambdas', lambdaSizes],
];

try {
  console.log(`Node ${process.version}, ${cpus().length} processors, medians (fastest to slowest)`);
  for (const [title, measure] of parts) {
    process.stdout.write(`\n${title}\n`);
    for (const line of await measure()) process.stdout.write(`  ${line}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
