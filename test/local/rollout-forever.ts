// Run by rollout.test.ts as a process of its own: carries the rollout in a file, and tells each state that is entered.
import { readFileSync } from 'node:fs';
import { openFerry } from '../../local/backend/local-backend.ts';

const [stateDir = '', wishFile = ''] = process.argv.slice(2);
const ferry = await openFerry({ stateDir });
const told = (line: string) => process.stdout.write(`${line}\n`);

const end = await ferry.rollout(JSON.parse(readFileSync(wishFile, 'utf8')), {
  begun: (id) => told(`begun ${id}`),
  event: ({ type, state }) => type === 'StateEntered' && told(`rollout ${state?.name}`),
  deployment: (targetId, { type, state }) => type === 'StateEntered' && told(`${targetId} ${state?.name}`),
});
told(`ended ${end.output?.outcome}`);
await ferry.close();
