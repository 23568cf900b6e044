import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type HookTool, hookToolNames, hookTools } from '../../cli/hook/hook-files.ts';
import { filesBelow } from '../agent-scripts/disk.ts';
import { captured } from './capture.ts';
import { aTarget } from './finished.ts';

const live = '/etc/letsencrypt/live/example.com';
const subfolders = {
  certbot: 'renewal-hooks/deploy',
  'acme.sh': 'deploy',
  dehydrated: '',
  lego: '',
  systemd: '',
};

let folder: string;
let targets: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hooks-'));
  targets = join(folder, "the file's targets.json");
  writeFileSync(targets, JSON.stringify({ targets: [aTarget()] }));
});

/** The folder of a tool, as it is after the installation of the tool. */
function folderOf(tool: HookTool): string {
  const path = join(folder, 'tool');
  mkdirSync(join(path, subfolders[tool]), { recursive: true });
  return path;
}

const wordsOf = (tool: HookTool) => [tool, ...(hookTools[tool].needsLive ? [live] : [])];
const install = (tool: HookTool, ...more: string[]) =>
  captured(
    'hook',
    'install',
    ...wordsOf(tool),
    '--targets',
    targets,
    '--folder',
    join(folder, 'tool'),
    ...more,
  );
const remove = (tool: HookTool) =>
  captured('hook', 'remove', ...wordsOf(tool), '--folder', join(folder, 'tool'));

describe.each(hookToolNames)('the hook of %s', (tool) => {
  test('Installing writes the files once, prints the next step, and removing leaves nothing', async () => {
    const path = folderOf(tool);

    const first = await install(tool);
    const second = await install(tool);
    const written = filesBelow(path);
    const removed = await remove(tool);

    expect([first.code, second.code, removed.code]).toEqual([0, 0, 0]);
    expect(first.out).toContain(': written');
    expect(first.out).toContain('Next step:');
    expect(second.out).not.toContain(': written');
    expect(written.length).toBeGreaterThan(0);
    expect(filesBelow(path)).toEqual([]);
  });

  test('A dry run reports the files and writes nothing', async () => {
    const path = folderOf(tool);

    const { code, out } = await install(tool, '--dry-run');

    expect(code).toBe(0);
    expect(out).toContain('would be written');
    expect(filesBelow(path)).toEqual([]);
  });

  test('A file of another program is neither replaced nor removed', async () => {
    const path = folderOf(tool);
    await install(tool);
    const files = filesBelow(path).map((name) => join(path, name));
    for (const file of files) writeFileSync(file, '#!/bin/sh\n# mine\n');

    const results = [await install(tool), await remove(tool)];

    for (const { code, err } of results) {
      expect(code).toBe(2);
      expect(err).toContain('was not written by certferry');
    }
    for (const file of files) expect(readFileSync(file, 'utf8')).toBe('#!/bin/sh\n# mine\n');
  });
});

describe('the installation of a hook', () => {
  test('The script of certbot is executable for its owner only to change, and passes the paths to a shell as they are', async () => {
    const path = join(folderOf('certbot'), 'renewal-hooks/deploy/certferry');
    await install('certbot');

    expect(statSync(path).mode & 0o777).toBe(0o755);
    const words = spawnSync('sh', ['-c', readFileSync(path, 'utf8').replace('exec ', "printf '%s\\n' ")], {
      encoding: 'utf8',
    }).stdout.split('\n');
    expect(words).toContain(targets);
    expect(words.slice(-4, -1)).toEqual(['hook', '--targets', targets]);
  });

  test('The hook is refused where the tool is not installed', async () => {
    const { code, err } = await install('certbot');

    expect(code).toBe(2);
    expect(err).toContain('Check that certbot is installed, or name its folder with --folder DIR');
  });

  test('The hook is refused in a folder that another user can change, and for targets that another user can change', async () => {
    const path = folderOf('certbot');
    chmodSync(join(path, 'renewal-hooks/deploy'), 0o777);
    const inOpenFolder = await install('certbot');
    chmodSync(join(path, 'renewal-hooks/deploy'), 0o755);
    chmodSync(targets, 0o666);
    const withOpenTargets = await install('certbot');

    for (const { code, err } of [inOpenFolder, withOpenTargets]) {
      expect(code).toBe(2);
      expect(err).toContain('UntrustedPath');
    }
    expect(readdirSync(join(path, 'renewal-hooks/deploy'))).toEqual([]);
  });

  test('A link in place of the script is not followed', async () => {
    const path = join(folderOf('certbot'), 'renewal-hooks/deploy/certferry');
    const other = join(folder, 'other');
    writeFileSync(other, 'other');
    symlinkSync(other, path);

    const { code } = await install('certbot');

    expect(code).toBe(2);
    expect(readFileSync(other, 'utf8')).toBe('other');
  });

  test('The hook is refused if the targets file cannot be used, before anything is written', async () => {
    const path = folderOf('lego');
    writeFileSync(targets, 'targets: []');

    const { code, err } = await install('lego');

    expect(code).toBe(2);
    expect(err).toContain('targets');
    expect(filesBelow(path)).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });

  test('The units of systemd need the folder of a certificate with a plain name', async () => {
    folderOf('systemd');
    const withoutLive = await captured('hook', 'install', 'systemd', '--targets', targets);
    const strange = await captured('hook', 'install', 'systemd', '/live/%h $x', '--targets', targets);

    expect(withoutLive.err).toContain('name the folder of the certificate');
    expect(strange.err).toContain('use an absolute path');
    expect([withoutLive.code, strange.code]).toEqual([2, 2]);
  });
});
