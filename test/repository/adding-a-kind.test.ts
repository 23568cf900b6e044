import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isStoreKind, type TargetKind, targetKinds } from '../../core/targets/kinds/kinds.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** The files that CONTRIBUTING.md lists for a new kind. */
const createdFiles = (kind: TargetKind) => [
  `core/targets/kinds/${kind}.ts`,
  isStoreKind(kind) ? `agent-scripts/stores/${kind}/connector.ts` : `agent-scripts/connectors/${kind}.ts`,
  `test/contract/${kind}.test.ts`,
  `docs/targets/${kind}.md`,
];

const sources = globSync('{core,services,agent-scripts,lambdas,cdk,local,account,cli}/**/*.ts', {
  cwd: root,
});

/** The shared files of the product that register a kind: a row or an import named after it. */
function filesWithRow(kind: string): string[] {
  const row = new RegExp(`from '\\./${kind}\\.ts'`);
  return sources.filter((file) => row.test(read(file))).toSorted();
}

describe('Adding a kind of target', () => {
  test.each(targetKinds)('The kind %s has every file that CONTRIBUTING.md lists', (kind) => {
    expect(createdFiles(kind).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test.each(targetKinds)('The pages that list kinds contain the kind %s', (kind) => {
    expect(read('README.md')).toContain(kind);
    expect(read('docs/targets/README.md')).toContain(`(${kind}.md)`);
  });

  test.each(['apache', 'dovecot', 'traefik'])(
    'Only the tables of kinds and of connectors register the kind %s',
    (kind) => {
      expect(filesWithRow(kind)).toEqual([
        'agent-scripts/connectors/connectors.ts',
        'core/targets/kinds/kinds.ts',
      ]);
    },
  );
});
