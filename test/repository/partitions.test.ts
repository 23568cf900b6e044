import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Everything that runs in an account or on a host. Local mode imitates one account of the partition `aws`. */
const shipped = '{account,agent-scripts,cdk,cli,core,lambdas,services}/**/*.{ts,json,sh}';

/** Names that are the same in every partition, by file. The key is the matched text. */
const sameEverywhere: Readonly<Record<string, string>> = {
  'lambda.amazonaws.com': 'service principal',
  'states.amazonaws.com': 'service principal',
  'events.amazonaws.com': 'service principal',
  'cloudwatch.amazonaws.com': 'service principal',
  'secretsmanager.amazonaws.com': 'source of events in CloudTrail',
};

const partition = /arn:aws(?:-cn|-us-gov)?:|[a-z0-9.*-]*\.?amazonaws\.com(?:\.cn)?/g;

/** A docstring may show an example. The script on the hosts has a row for each partition, like `core/partitions.ts`. */
const isAllowed = (line: string) => /^\s*(?:\/?\*|\/\/|#)|^ *[a-z-]*\*\) printf '[a-z0-9.]+' ;;$/.test(line);

test('No code, document or state machine names a partition; core/partitions.ts has the table', () => {
  const found = globSync(shipped, { cwd: root })
    .filter((file) => file !== 'core/partitions.ts')
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .filter((line) => !isAllowed(line))
        .flatMap((line) => line.match(partition) ?? [])
        .filter((name) => !(name in sameEverywhere))
        .map((name) => `${file}: ${name}`),
    );

  expect(found).toEqual([]);
});
