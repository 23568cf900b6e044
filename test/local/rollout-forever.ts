// Run by rollout.test.ts as a process of its own: runs the rollout in a file, and prints each state that it enters.
import { readFileSync } from 'node:fs';
import { openLocalBackend } from '../../local/backend/local-backend.ts';

const [stateDir = '', rolloutFile = ''] = process.argv.slice(2);
const backend = await openLocalBackend({ stateDir });
const print = (line: string) => process.stdout.write(`${line}\n`);

const end = await backend.rollout(JSON.parse(readFileSync(rolloutFile, 'utf8')), {
  onStart: (id) => print(`started ${id}`),
  onEvent: ({ type, state }) => type === 'StateEntered' && print(`rollout ${state?.name}`),
  onDeploymentEvent: (targetId, { type, state }) =>
    type === 'StateEntered' && print(`${targetId} ${state?.name}`),
});
print(`ended ${end.output?.outcome}`);
await backend.close();
