// Run by ferry.test.ts as a process of its own: carries one request several times at once and tells each end.
import { readFileSync } from 'node:fs';
import { openLocalBackend } from '../../local/backend/local-backend.ts';

const [stateDir = '', requestFile = '', count = '1'] = process.argv.slice(2);
const request = JSON.parse(readFileSync(requestFile, 'utf8'));
const ferry = await openLocalBackend({ stateDir });

const onEvent = ({ type, state }: { type: string; state?: { name: string } | undefined }) => {
  if (type === 'StateEntered') process.stdout.write(`entered ${state?.name}\n`);
};

await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const { executionName, output } = await ferry.deploy(request, onEvent);
    process.stdout.write(`${JSON.stringify({ executionName, output })}\n`);
  }),
);
await ferry.close();
