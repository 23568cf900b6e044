import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isStoreKind, type TargetKind, targetKinds } from '../../core/targets/kinds/kinds.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const scratch = mkdtempSync(join(tmpdir(), 'certferry-kind-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The files that CONTRIBUTING.md lists for a new kind. */
const createdFiles = (kind: TargetKind) => [
  `core/targets/kinds/${kind}.ts`,
  isStoreKind(kind) ? `agent-scripts/stores/${kind}/connector.ts` : `agent-scripts/connectors/${kind}.ts`,
  `test/contract/${kind}.test.ts`,
  `docs/targets/${kind}.md`,
];

/** A kind in a store: what an author writes in the product, file by file. Its store is a file. */
const plantedKind = {
  'core/targets/kinds/planted.ts': `import * as z from 'zod/mini';
import { Credential } from './credential.ts';

export const PlantedConfig = z.strictObject({ file: z.string(), token: Credential });
`,
  'agent-scripts/stores/planted/connector.ts': `import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { factsOfPem } from '../../../core/certificate/facts.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import type { Desired, StoreConnector } from '../store.ts';

const Plan = z.strictObject({ file: z.string(), existed: z.boolean() });
type Plan = z.infer<typeof Plan>;

const pemOf = (bundle: Bundle) => [bundle.leaf, ...bundle.chain].join('');

export const planted: StoreConnector<'planted', Plan> = {
  plan: Plan,
  async open({ config: { file }, credentials }) {
    if (credentials.token !== 'a-token') throw new Error('no token');
    const pem = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
    const write = (desired: Desired<Plan>) => {
      if (desired.kind === 'bundle') writeFileSync(file, pemOf(desired.bundle));
    };
    return {
      observe: async () => ({ version: factsOfPem(pem()), matches: (bundle) => pem() === pemOf(bundle) }),
      plan: async () => ({
        plan: { file, existed: existsSync(file) },
        previousVersion: factsOfPem(pem()),
        warnings: [],
      }),
      validate: async () => ({ kind: 'accepted' }),
      apply: async (_, desired) => write(desired),
      restore: async ({ existed }) => (existed ? undefined : rmSync(file, { force: true })),
      collect: async () => undefined,
      repair: () => [],
      close: async () => undefined,
    };
  },
};
`,
} as const;

/** The row, and the import that it needs. */
const plantedRow = {
  "import type { ProbeProtocol } from './probe-protocol.ts';":
    "import { PlantedConfig } from './planted.ts';\nimport type { ProbeProtocol } from './probe-protocol.ts';",
  'export const kinds = {':
    "export const kinds = {\n  planted: { config: PlantedConfig, changes: 'store', description: 'A file.', credentials: ['token'] },",
} as const;

/** What uses the kind afterwards: parser, schema of the editor, CDK and the agent. Prints one line of JSON. */
const useOfKind = `
import { targetsJsonSchema } from './core/registry/json-schema.ts';
import { parseTarget } from './core/targets/parse.ts';
import { Target } from './cdk/target.ts';
import { homeAt } from './agent-scripts/host/home.ts';
import { folderHome } from './agent-scripts/stores/folder-home.ts';
import { performStoreJob } from './agent-scripts/stores/perform-store-job.ts';
const [, , file, home, bundle] = process.argv;
const target = parseTarget({ id: 'a', certificate: 'www.example.test', host: 'lambda', kind: 'planted',
  config: { file, token: { secretId: 's' } }, verify: 'none' });
const job = (action, fence) => ({ target, bundle: action === 'deploy' ? JSON.parse(bundle) : null, credentials: { token: 'a-token' },
  previous: { find: async () => null }, fenceStep: 10,
  header: { v: 1, action, deploymentId: 'first', targetId: 'a', fence, expiresAt: 4e9 } });
const records = folderHome(homeAt(home), 'a');
const deployed = await performStoreJob(records, job('deploy', 1));
const restored = await performStoreJob(records, job('undo', 1));
console.log(JSON.stringify({ outcomes: [deployed.outcome, restored.outcome], inSchema: JSON.stringify(targetsJsonSchema('planted')).includes('A file.'),
  inCdk: Target.planted('a', {}).kind }));
`;

/** The product with the planted kind in it. */
function plant(): void {
  for (const room of ['core', 'agent-scripts', 'cdk'])
    cpSync(join(root, room), join(scratch, room), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }');
  for (const [file, text] of Object.entries(plantedKind)) {
    mkdirSync(dirname(join(scratch, file)), { recursive: true });
    writeFileSync(join(scratch, file), text);
  }
  const table = join(scratch, 'core/targets/kinds/kinds.ts');
  let text = readFileSync(table, 'utf8');
  for (const [before, after] of Object.entries(plantedRow)) {
    expect(text).toContain(before);
    text = text.replace(before, after);
  }
  writeFileSync(table, text);
}

describe('Adding a kind of target', () => {
  test.each(targetKinds)('The kind %s has every file that CONTRIBUTING.md lists', (kind) => {
    expect(createdFiles(kind).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test.each(targetKinds)('The pages that list kinds contain the kind %s', (kind) => {
    expect(read('docs/targets/README.md')).toContain(`(${kind}.md)`);
  });

  test('A kind costs the product a schema, a connector and one row: parser, editor schema, CDK and agent then have it', async () => {
    const bundle = bundleOf(await aVersion());
    plant();
    writeFileSync(join(scratch, 'use.ts'), useOfKind);
    const use = [
      join(scratch, 'use.ts'),
      join(scratch, 'store.pem'),
      join(scratch, 'home'),
      JSON.stringify(bundle),
    ];
    mkdirSync(join(scratch, 'home'), { mode: 0o700 });

    const { stdout, stderr } = spawnSync(process.execPath, use, { encoding: 'utf8', cwd: scratch });

    expect(stderr.replace(/.*ExperimentalWarning.*\n.*\n/, '')).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      outcomes: ['applied', 'restored'],
      inSchema: true,
      inCdk: 'planted',
    });
  });
});
