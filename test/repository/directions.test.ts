import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const folders = [
  'core',
  'services',
  'discovery',
  'agent-scripts',
  'lambdas',
  'cdk',
  'local',
  'account',
  'cli',
];

interface DependencyReport {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: {
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

/** The command of `npm run deps`, in `folder`, answering JSON. */
function checkDependencies(folder: string): DependencyReport {
  const program = join(root, 'node_modules/.bin/depcruise');
  const config = join(root, '.dependency-cruiser.mjs');
  const { stdout } = spawnSync(
    process.execPath,
    [program, '--config', config, '--output-type', 'json', ...folders],
    {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return JSON.parse(stdout);
}

const agentFolders = [
  'host',
  'containers',
  'activations',
  'connectors',
  'change',
  'journal',
  'files',
  'stores',
  'validation',
  'apply',
  'jobs',
];

/** For each folder of the agent, an import of a file above all folders. */
const agentTree = Object.fromEntries(
  agentFolders.map((folder) => [
    `agent-${folder}-imports-lower-folders`,
    [`agent-scripts/${folder}/tree.ts`, "import '../other.ts';"] as const,
  ]),
);

/** One import that each rule forbids: importing file, what it imports. Everything named exists, so nothing else is wrong. */
const planted: Readonly<Record<string, readonly [from: string, statement: string]>> = {
  'core-imports-nobody': ['core/seal/a.ts', "import '../../services/locks/sdk.ts';"],
  'core-sees-pure-libraries-only': ['core/seal/b.ts', "import 'node:fs';"],
  'probe-may-open-sockets': ['core/tls-probe/c.ts', "import 'node:child_process';"],
  'paths-may-read-files': ['core/paths/p.ts', "import 'node:net';"],
  'time-zones-in-rollouts-only': ['core/seal/t.ts', "import 'luxon';"],
  'concepts-do-not-circle': ['core/deployment/r.ts', "import '../seal/leaf.ts';"],
  'targets-come-before-deployments': ['core/targets/s.ts', "import '../deployment/leaf.ts';"],
  'discovery-sees-core-only': ['discovery/d.ts', "import 'luxon';"],
  'discovery-is-for-the-command-line': ['account/dl.ts', "import '../discovery/other.ts';"],
  'agent-sees-core-only': ['agent-scripts/d.ts', "import '@aws-sdk/client-ssm';"],
  'store-connectors-see-their-client-only': ['agent-scripts/stores/acm/d.ts', "import '../ssh/other.ts';"],
  'stores-form-a-tree': ['agent-scripts/stores/d.ts', "import './acm/other.ts';"],
  ...agentTree,
  'connectors-share-no-code-with-each-other': ['agent-scripts/connectors/e.ts', "import './other.ts';"],
  'connectors-only-describe': ['agent-scripts/connectors/f.ts', "import 'node:fs';"],
  'tasks-never-meet': ['lambdas/handlers/events/g.ts', "import './other.ts';"],
  'sdk-only-in-services': ['lambdas/delivery/h.ts', "import '@aws-sdk/client-ssm';"],
  'lambdas-see-services-and-core': ['lambdas/runtime/i.ts', "import '../../local/other.ts';"],
  'services-see-core-only': ['services/locks/v.ts', "import '../../lambdas/other.ts';"],
  'services-form-a-tree': ['services/locks/w.ts', "import '../history/other.ts';"],
  'services-have-layers': ['services/history/y.ts', "import '../notify/other.ts';"],
  'runtime-is-for-handlers': ['lambdas/delivery/x.ts', "import '../runtime/other.ts';"],
  'cdk-sees-core-only': ['cdk/j.ts', "import '../lambdas/other.ts';"],
  'cdk-constructs-see-basics': ['cdk/storage/j.ts', "import '../grants/other.ts';"],
  'cdk-functions-see-grants-and-storage': ['cdk/functions/j.ts', "import '../other.ts';"],
  'cdk-callers-of-functions-form-a-tree': ['cdk/events/j.ts', "import '../other.ts';"],
  'local-sees-services-and-core': ['local/k.ts', "import '../cli/other.ts';"],
  'local-runs-the-built-agent': ['local/ra.ts', "import '../agent-scripts/other.ts';"],
  'local-doctor-sees-descriptions': ['local/doctor/rd.ts', "import '../../agent-scripts/other.ts';"],
  'account-sees-services-and-core': ['account/t.ts', "import '../local/other.ts';"],
  'nobody-but-cli-sees-account': ['local/u.ts', "import '../account/other.ts';"],
  'cli-sees-local-account-and-core': ['cli/l.ts', "import '../lambdas/other.ts';"],
  'cli-terminal-is-the-bottom': ['cli/terminal/v.ts', "import '../report/other.ts';"],
  'cli-folders-form-a-tree': ['cli/report/w.ts', "import '../render/other.ts';"],
  'cli-display-knows-no-command': ['cli/render/x.ts', "import '../options/other.ts';"],
  'cli-commands-know-no-definition': ['cli/commands/y.ts', "import '../define/other.ts';"],
  'cli-root-is-the-top': ['cli/commands/z.ts', "import '../other.ts';"],
  'account-folders-form-a-tree': ['account/doctor/y.ts', "import '../executions/other.ts';"],
  'account-stack-is-the-bottom': ['account/stack/z.ts', "import '../other.ts';"],
  'local-forms-a-tree': ['local/ssm/lt.ts', "import '../backend/other.ts';"],
  'local-ground-stands-alone': ['local/base/lg.ts', "import '../ssm/other.ts';"],
  'no-orphans': ['cli/orphan.ts', 'export const nobody = 1;'],
  'no-circular': ['core/seal/n.ts', "import type { O } from './o.ts'; export type N = O;"],
  'no-undeclared-package': ['cli/p.ts', "import 'undeclared';"],
  'not-to-unresolvable': ['cli/q.ts', "import './nowhere.ts';"],
};

const bystanders: Readonly<Record<string, string>> = {
  'core/seal/o.ts': "import type { N } from './n.ts'; export type O = { n: N };",
  'core/seal/leaf.ts': 'export {};',
  'core/deployment/leaf.ts': 'export {};',
  'agent-scripts/other.ts': "import '../core/seal/leaf.ts';",
  'agent-scripts/stores/acm/other.ts': "import '../../../core/seal/leaf.ts';",
  'agent-scripts/stores/ssh/other.ts': "import '../../../core/seal/leaf.ts';",
  'agent-scripts/connectors/other.ts': "import '../../core/seal/leaf.ts';",
  'lambdas/other.ts': "import '../core/seal/leaf.ts';",
  'lambdas/handlers/events/other.ts': "import '../../../core/seal/leaf.ts';",
  'lambdas/runtime/other.ts': "import '../../core/seal/leaf.ts';",
  'services/history/other.ts': "import '../../core/seal/leaf.ts';",
  'services/notify/other.ts': "import '../../core/seal/leaf.ts';",
  'services/locks/sdk.ts': "import '@aws-sdk/client-ssm';",
  'discovery/other.ts': "import '../core/seal/leaf.ts';",
  'cdk/other.ts': "import '../core/seal/leaf.ts';",
  'cdk/grants/other.ts': "import '../../core/seal/leaf.ts';",
  'local/other.ts': "import '../core/seal/leaf.ts';",
  'local/backend/other.ts': "import '../../core/seal/leaf.ts';",
  'local/ssm/other.ts': "import '../../core/seal/leaf.ts';",
  'account/other.ts': "import '../core/seal/leaf.ts';",
  'account/executions/other.ts': "import '../../core/seal/leaf.ts';",
  'cli/define/other.ts': "import '../../core/seal/leaf.ts';",
  'cli/options/other.ts': "import '../../core/seal/leaf.ts';",
  'cli/render/other.ts': "import '../../core/seal/leaf.ts';",
  'cli/report/other.ts': "import '../../core/seal/leaf.ts';",
  'cli/other.ts': "import '../core/seal/leaf.ts';",
};

const temporary = mkdtempSync(join(tmpdir(), 'certferry-imports-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** A small repository with every planted import in it. */
function plantedRepository(): string {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(temporary, path)), { recursive: true });
    writeFileSync(join(temporary, path), text);
  };
  for (const [from, statement] of Object.values(planted)) write(from, statement);
  for (const [path, text] of Object.entries(bystanders)) write(path, text);
  for (const name of ['@aws-sdk/client-ssm', 'luxon', 'undeclared']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, '');
  }
  const devDependencies = { '@aws-sdk/client-ssm': '1.0.0', luxon: '1.0.0' };
  write('package.json', JSON.stringify({ type: 'module', devDependencies }));
  cpSync(join(root, 'tsconfig.json'), join(temporary, 'tsconfig.json'));
  return temporary;
}

describe('the import directions', () => {
  test('Each import direction reports the import that violates it', () => {
    const { violations } = checkDependencies(plantedRepository()).summary;

    const named = Object.fromEntries(
      Object.entries(planted).map(([rule, [from]]) => [
        rule,
        violations.some((violation) => violation.rule.name === rule && violation.from === from),
      ]),
    );
    expect(named).toEqual(Object.fromEntries(Object.keys(planted).map((rule) => [rule, true])));
  });

  test('The import directions have a planted import each', () => {
    const { ruleSetUsed } = checkDependencies(plantedRepository()).summary;

    expect(Object.keys(planted).sort()).toEqual(ruleSetUsed.forbidden.map(({ name }) => name).sort());
  });

  test('The import directions hold in the repository, and every TypeScript file is checked', () => {
    const { modules, summary } = checkDependencies(root);

    const seen = new Set(modules.map(({ source }) => source));
    const files = globSync(
      folders.map((folder) => `${folder}/**/*.ts`),
      { cwd: root },
    );
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !seen.has(file) && !file.endsWith('.d.ts'))).toEqual([]);
    expect(summary.violations).toEqual([]);
  });
});
