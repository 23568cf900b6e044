// The package as npm packs it, in new projects. npm fetches aws-cdk-lib, TypeScript and the Node of each version.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { peersFolder } from './programs.ts';

const root = join(import.meta.dirname, '../..');
const nodeVersions = ['20', '22', '24'];
const { 'aws-cdk-lib': cdk, constructs, typescript } = manifest.devDependencies;

/** A new project, as `npm init -y` creates it, with these packages. */
function aProject(name: string, ...packages: string[]): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'tarball-')), name);
  mkdirSync(folder);
  npm(folder, 'init', '-y');
  npm(folder, 'install', '--ignore-scripts', ...packages);
  return folder;
}

const npm = (cwd: string, ...words: string[]) => execFileSync('npm', words, { cwd, stdio: 'pipe' });

/** The Node of a version, from its package. */
function nodeOf(version: string): string {
  const folder = join(peersFolder, `node-${version}`);
  mkdirSync(folder, { recursive: true });
  npm(folder, 'install', '--prefix', folder, `node@${version}`);
  return join(folder, 'node_modules/node/bin/node');
}

const app = `
const stack = new Stack(new App(), 'Certferry');
const certferry = new Certferry(stack, 'Certferry', { runtime: 'host' });
certferry.addCertificate({ name: 'www.example.com', source: { kind: 'secretsmanager', secretId: 'www' } });
certferry.addTarget(Target.nginx('www', {
  certificate: 'www.example.com',
  host: 'i-0123456789abcdef0',
  certPath: '/etc/nginx/tls/fullchain.pem',
  keyPath: '/etc/nginx/tls/privkey.pem',
  verify: { endpoint: 'www.example.com:443', serverName: 'www.example.com' },
}));
`;
const files = {
  'app.cjs': `const { App, Stack } = require('aws-cdk-lib');\nconst { Certferry, Target } = require('certferry/cdk');\n${app}`,
  'app.mjs': `import { App, Stack } from 'aws-cdk-lib';\nimport { Certferry, Target } from 'certferry/cdk';\n${app}`,
  'app.ts': `import { App, Stack } from 'aws-cdk-lib';\nimport { Certferry, Target } from 'certferry/cdk';\n${app}`,
};

let tarball: string;
let nodes: Readonly<Record<string, string>>;
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'));
  npm(root, 'pack', '--pack-destination', folder);
  tarball = join(folder, readdirSync(folder)[0] ?? '');
  nodes = Object.fromEntries(nodeVersions.map((version) => [version, nodeOf(version)]));
}, 600_000);

describe('the packed package', () => {
  test('The command line needs no other package, and names the remedy on a Node that is too old', () => {
    const folder = aProject('cli', tarball);
    const run = (version: string) => {
      const args = [join(folder, 'node_modules/certferry/cli/certferry.mjs'), '--version'];
      const { status, stdout, stderr } = spawnSync(nodes[version] ?? '', args, { encoding: 'utf8' });
      return { status, printed: (stdout + stderr).trim() };
    };

    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'certferry',
    ]);
    for (const version of ['22', '24'])
      expect(run(version)).toEqual({ status: 0, printed: manifest.version });
    expect(run('20')).toMatchObject({ status: 2, printed: expect.stringContaining('Install a newer Node') });
  }, 600_000);

  test('The construct is synthesized on each Node, as CommonJS and as ES module, and its types resolve', () => {
    const packages = [
      `aws-cdk-lib@${cdk}`,
      `constructs@${constructs}`,
      `typescript@${typescript}`,
      '@types/node@24',
    ];
    const folder = aProject('cdk', tarball, ...packages);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);

    for (const version of nodeVersions) {
      for (const file of ['app.cjs', 'app.mjs']) {
        const output = join(folder, `${version}-${file}`);
        const env = { PATH: process.env.PATH, CDK_OUTDIR: output };
        const { status, stderr } = spawnSync(nodes[version] ?? '', [file], {
          cwd: folder,
          env,
          encoding: 'utf8',
        });

        expect({ version, file, status, stderr }).toEqual({ version, file, status: 0, stderr: '' });
        expect(readdirSync(output)).toContain('Certferry.template.json');
      }
    }
    for (const [resolution, module] of [
      ['node16', 'node16'],
      ['bundler', 'esnext'],
      ['node10', 'commonjs'],
    ] as const) {
      const words = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--ignoreDeprecations',
        '6.0',
        '--target',
        'es2022',
      ];
      const how = ['--types', 'node', '--module', module, '--moduleResolution', resolution];
      const { status, stdout } = spawnSync('npx', ['tsc', ...words, ...how, 'app.ts'], {
        cwd: folder,
        encoding: 'utf8',
      });

      expect({ resolution, status, stdout }).toEqual({ resolution, status: 0, stdout: '' });
    }
  }, 600_000);
});
