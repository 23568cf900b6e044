/** `npm run bench`: all measurements that the documentation quotes, in one run on one machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentMemory } from './agent-memory.ts';
import { bundleCost } from './bundle-cost.ts';
import { lambdaSizes, lockRate, transitions } from './cloud.ts';
import { agentStart, hostDeploy } from './host.ts';
import { everyKind } from './kinds.ts';
import { contendedLock } from './locks.ts';
import { signatures } from './signing.ts';
import { everyStore } from './stores.ts';

const folder = mkdtempSync(join(tmpdir(), 'certferry-bench-'));

const parts: readonly (readonly [title: string, measure: () => Promise<string[]>])[] = [
  ['Agent start', () => agentStart(folder)],
  ['Memory of the agent', () => agentMemory(folder)],
  ['Signatures of jobs', () => signatures(folder)],
  ['Renewal on a host with nginx', () => hostDeploy(folder)],
  ['Renewal of every kind', () => everyKind(folder)],
  ['Renewal in stores', () => everyStore(join(folder, 'stores'))],
  ['State transitions of a successful deployment', () => transitions(folder)],
  ['Locks', lockRate],
  ['Many executions at one lock', contendedLock],
  ['Lambda functions', lambdaSizes],
  ['Bundles at the limit of iterations', bundleCost],
];

try {
  console.log(`Node ${process.version}, ${cpus().length} processors, medians (minimum to maximum)`);
  for (const [title, measure] of parts) {
    process.stdout.write(`\n${title}\n`);
    for (const line of await measure()) process.stdout.write(`  ${line}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
