// Run by rollout.test.ts as a process of its own: carries the rollout in a file, and tells each state that is entered.
import { readFileSync } from 'node:fs';
import { openLocalBackend } from '../../local/backend/local-backend.ts';

const [stateDir = '', rolloutFile = ''] = process.argv.slice(2);
const ferry = await openLocalBackend({ stateDir });
const told = (line: string) => process.stdout.write(`${line}\n`);

const end = await ferry.rollout(JSON.parse(readFileSync(rolloutFile, 'utf8')), {
  onStart: (id) => told(`started ${id}`),
  onEvent: ({ type, state }) => type === 'StateEntered' && told(`rollout ${state?.name}`),
  onDeploymentEvent: (targetId, { type, state }) =>
    type === 'StateEntered' && told(`${targetId} ${state?.name}`),
});
told(`ended ${end.output?.outcome}`);
await ferry.close();
