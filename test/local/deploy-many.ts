// Run by concurrent-deployments.test.ts in a process of its own: makes one request several times at once and prints each result.
import { readFileSync } from 'node:fs';
import { openLocalBackend } from '../../local/backend/local-backend.ts';

const [stateDir = '', requestFile = '', count = '1'] = process.argv.slice(2);
const request = JSON.parse(readFileSync(requestFile, 'utf8'));
const backend = await openLocalBackend({ stateDir });

const onEvent = ({ type, state }: { type: string; state?: { name: string } | undefined }) => {
  if (type === 'StateEntered') process.stdout.write(`entered ${state?.name}\n`);
};

await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const { executionName, output } = await backend.deploy(request, onEvent);
    process.stdout.write(`${JSON.stringify({ executionName, output })}\n`);
  }),
);
await backend.close();
