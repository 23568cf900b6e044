import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { bundledPackages, renderNotices } from '../../scripts/third-party-notices.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { scratch } from '../local/scratch.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
const notices = read('dist/THIRD-PARTY-NOTICES.txt');

/** The package as npm installs it, without the packages of this checkout. */
const installed = join(scratch(), 'certferry');
const packed = spawnSync('npm', ['pack', '--ignore-scripts', '--json', '--dry-run'], {
  cwd: root,
  encoding: 'utf8',
});
const [{ files: packedFiles }] = JSON.parse(packed.stdout);
const paths: string[] = packedFiles.map(({ path }: { path: string }) => path);
for (const path of paths) cpSync(join(root, path), join(installed, path));

/** Runs the installed command. `node` is the version that Node reports. */
function run(
  args: readonly string[],
  { cwd = installed, node = process.versions.node, launcher = installed } = {},
) {
  const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`;
  return spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${versions}`, join(launcher, 'cli/certferry.mjs'), ...args],
    { cwd, encoding: 'utf8', env: { PATH: process.env.PATH, CERTFERRY_STATE: join(cwd, 'state') } },
  );
}

/** Native parts of ssh2 and ws, which work without them. */
const optionalParts = ['cpu-features', 'bufferutil', 'utf-8-validate'];

describe('the published package', () => {
  test('The package has no dependencies, and the packages of the CDK only as optional peers', () => {
    expect(manifest.dependencies).toBeUndefined();
    expect(manifest.optionalDependencies).toBeUndefined();
    expect(Object.keys(manifest.peerDependencies)).toEqual(['aws-cdk-lib', 'constructs']);
    expect(manifest.peerDependenciesMeta).toEqual({
      'aws-cdk-lib': { optional: true },
      constructs: { optional: true },
    });
  });

  test('The package contains built files, documentation and the launcher, but no source and no test', () => {
    const others = paths.filter((path) => !/^(dist|docs)\/|^[A-Z-]+(\.md)?$|^package\.json$/.test(path));

    expect(others).toEqual(['cli/certferry.mjs']);
    expect(paths.filter((path) => /\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([]);
    expect(paths).toContain('dist/THIRD-PARTY-NOTICES.txt');
  });

  test.each([
    ['the command line', '{cli,local,chunks}/**/*.mjs', []],
    ['the construct', 'cdk/*.{mjs,cjs}', ['aws-cdk-lib', 'constructs']],
    ['the agent', 'agent/*.cjs', []],
  ] as [string, string, string[]][])(
    'The built files of %s import no package that npm does not install',
    async (_, pattern, peers) => {
      const files = globSync(pattern, { cwd: join(root, 'dist') });
      const entryPoints = Object.fromEntries(files.map((file) => [file, join(root, 'dist', file)]));
      const { metafile } = await build({
        entryPoints,
        outdir: installed,
        bundle: true,
        write: false,
        metafile: true,
        platform: 'node',
        packages: 'external',
        external: ['*.node'],
        format: 'esm',
        splitting: true,
        logLevel: 'error',
      });
      const imports = Object.values(metafile.inputs)
        .flatMap((input) => input.imports)
        .filter(({ external, path }) => external === true && path !== '<runtime>')
        .map(({ path }) => path.replace(/^node:/, ''))
        .filter((path) => !builtinModules.includes(path) && !path.endsWith('.node'))
        .map((path) => path.split('/')[0] ?? path);

      expect(files.length).toBeGreaterThan(0);
      const others = imports.filter((name) => !optionalParts.includes(name) && !peers.includes(name));
      expect([...new Set(others)]).toEqual([]);
    },
  );

  test('The installed command prints its version without any package beside it', () => {
    const { stdout, stderr } = run(['--version']);

    expect({ stdout, stderr }).toEqual({ stdout: `${manifest.version}\n`, stderr: '' });
  });

  test('The installed command deploys on this machine without any package beside it', async () => {
    const cwd = scratch();
    const { fullchainPem, keyPem } = await aVersion({ names: ['api.example.com'] });
    writeFileSync(join(cwd, 'cert.pem'), fullchainPem);
    writeFileSync(join(cwd, 'key.pem'), keyPem, { mode: 0o600 });
    mkdirSync(join(cwd, 'tls'));
    const config = {
      certPath: join(cwd, 'tls/cert.pem'),
      keyPath: join(cwd, 'tls/key.pem'),
      validateCommand: ['true'],
      reloadCommand: ['true'],
    };
    const target = {
      id: 'web',
      certificate: 'api.example.com',
      host: 'local',
      kind: 'files',
      config,
      verify: 'none',
    };
    writeFileSync(join(cwd, 'targets.json'), JSON.stringify({ targets: [target] }));
    const words =
      'deploy --local --targets targets.json --certificate api.example.com --cert cert.pem --key key.pem';

    const { status, stderr } = run(words.split(' '), { cwd });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readFileSync(config.certPath, 'utf8')).toBe(fullchainPem);
  });

  test('The installed command names the remedy if Node is too old', () => {
    const { status, stderr } = run(['--version'], { node: '20.19.0' });

    expect(status).toBe(2);
    expect(stderr).toBe(
      'certferry: certferry needs Node 22.18 or newer, but this is 20.19.0. Install a newer Node. If you cannot, run "npm install node@24" where you installed certferry: certferry uses it.\n',
    );
  });

  test('The launcher, package.json and the documentation name the same minimum version of Node', () => {
    const [, minimum] = manifest.engines.node.split('>=');
    const pages = ['README.md', 'CONTRIBUTING.md', 'docs/install.md', 'docs/cli.md'];

    for (const page of pages) expect(read(page), page).toContain(`Node ${minimum}`);
  });
});

describe('the licences of bundled packages', () => {
  /** Licences that permit distribution inside this package, with their text. */
  const permitted = [
    '0BSD',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'ISC',
    'MIT',
    'MIT-0',
    'Unlicense',
  ];

  test('Each package that built code imports is in the file of licences', () => {
    const folders = '{core,services,agent-scripts,lambdas,cdk,local,account,cli}/**/*.ts';
    const imported = globSync(folders, { cwd: root })
      .flatMap((file) => [...read(file).matchAll(/^(?:import|export) (?!type )[^;]*? from '([^.][^']*)'/gm)])
      .map(([, name = '']) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? '')
      .filter((name) => !/^(node:|aws-cdk-lib|constructs|cdk-nag)/.test(name));

    expect(imported.length).toBeGreaterThan(100);
    expect([...new Set(imported)].filter((name) => !notices.includes(`\n${name} `))).toEqual([]);
  });

  test('Each bundled package permits its distribution inside another package', () => {
    const licences = [...notices.matchAll(/^(\S+ \d\S*) \((.*)\)$/gm)].map(([, name, licence = '']) => [
      name,
      licence,
    ]);
    const refused = licences.filter(
      ([, licence = '']) =>
        !licence
          .replaceAll(/[()]/g, '')
          .split(' OR ')
          .some((one) => permitted.includes(one)),
    );

    expect(licences.length).toBeGreaterThan(80);
    expect(refused).toEqual([]);
  });

  test('The file of licences contains the texts of LICENSE and NOTICE of a package, and those of packages inside it', () => {
    const folder = scratch();
    const plant = (name: string, manifestOf: object, texts: Record<string, string>) => {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ version: '1.0.0', ...manifestOf }));
      for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, name, file), text);
    };
    plant(
      'node_modules/a',
      { name: 'a', license: 'MIT' },
      { LICENSE: 'text of a\r\n', NOTICE: 'notice of a' },
    );
    plant(
      'node_modules/a/node_modules/@s/b',
      { name: '@s/b', licenses: [{ type: 'MIT' }], author: 'Bo' },
      {},
    );
    plant('node_modules/unused', { name: 'unused', license: 'MIT' }, {});
    const inputs = {
      'node_modules/a/index.js': { bytesInOutput: 1 },
      'node_modules/a/node_modules/@s/b/index.js': { bytesInOutput: 1 },
      'node_modules/unused/index.js': { bytesInOutput: 0 },
      'cli/main.ts': { bytesInOutput: 1 },
    };
    const metafile = { inputs: {}, outputs: { 'a.mjs': { bytes: 1, inputs, imports: [], exports: [] } } };

    const packages = bundledPackages(folder, [metafile]);

    expect(packages).toEqual([
      { name: '@s/b', version: '1.0.0', license: 'MIT', texts: ['Copyright: Bo'] },
      { name: 'a', version: '1.0.0', license: 'MIT', texts: ['text of a', 'notice of a'] },
    ]);
    expect(renderNotices(packages)).toContain('a 1.0.0 (MIT)');
    expect(renderNotices(packages)).toContain('text of a\n\nnotice of a');
  });

  test('A package without a licence ends the build', () => {
    const folder = scratch();
    mkdirSync(join(folder, 'node_modules/a'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/a/package.json'), '{ "name": "a", "version": "1.0.0" }');
    const inputs = { 'node_modules/a/index.js': { bytesInOutput: 1 } };
    const metafile = { inputs: {}, outputs: { 'a.mjs': { bytes: 1, inputs, imports: [], exports: [] } } };

    expect(() => bundledPackages(folder, [metafile])).toThrow('node_modules/a/package.json names no licence');
  });
});
