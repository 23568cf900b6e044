import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { discover as discoverCommand } from '../../cli/commands/discover.ts';
import { init } from '../../cli/commands/init.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { parseTargets } from '../../core/registry/targets-file.ts';
import { type Discovery, discover } from '../../discovery/discover.ts';
import { localHost } from '../../discovery/local-host.ts';
import { proposeTargets } from '../../discovery/propose-targets.ts';
import { certferry } from '../cli/command.ts';
import { startHost } from '../rigs/discovered-host.ts';
import { postgresql } from '../rigs/postgresql.ts';
import { until } from '../rigs/processes.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';

const needs = [
  ...postgresql.needs,
  root,
  program('nginx'),
  program('apachectl', 'apache2'),
  program('haproxy'),
  program('postfix'),
  program('dovecot', 'dovecot-core dovecot-imapd dovecot-pop3d dovecot-managesieved'),
];

describeWith(needs, 'A host with nginx, Apache, haproxy, Postfix, Dovecot and PostgreSQL', () => {
  let folder: string;
  let place: string;
  let machine: Awaited<ReturnType<typeof startHost>>;
  let found: Discovery;
  let changed: [before: string, after: string];

  beforeAll(async () => {
    [folder, place] = ['host', 'place'].map((name) => mkdtempSync(join(tmpdir(), `certferry-${name}-`))) as [
      string,
      string,
    ];
    machine = await startHost(folder);
    const before = checksumOf(folder);
    found = await discover(machine.host, new Date());
    changed = [before, checksumOf(folder)];
  }, 120_000);

  afterAll(async () => {
    await machine.stop();
    for (const one of [folder, place]) rmSync(one, { recursive: true });
  });

  const foundIn = (file: string, daemon: string) =>
    found.certificates.find((one) => one.certFile === file && one.daemon === daemon);

  test('Discovery finds every installation of every daemon, and what expires first comes first', () => {
    expect(found.notes).toEqual([]);
    expect(found.unexplained).toEqual([]);
    const daemons = found.certificates.map(({ daemon }) => daemon);
    expect([...daemons].sort()).toEqual([
      'apache',
      'dovecot',
      'haproxy',
      'haproxy',
      'nginx',
      'nginx',
      'postfix',
      'postfix',
      'postgresql',
    ]);
    expect(
      found.certificates
        .slice(0, 2)
        .map(({ certFile }) => certFile)
        .sort(),
    ).toEqual([machine.paths.shopPem, machine.paths.sniPem].sort());
  });

  test('Every endpoint that discovery finds serves the leaf of the file that discovery names', () => {
    const endpoints = found.certificates.flatMap(({ endpoints: all, facts, daemon }) =>
      all.map(({ fingerprint }) => ({ daemon, same: fingerprint === facts?.fingerprint })),
    );
    expect(endpoints.length).toBeGreaterThan(found.certificates.length);
    expect(endpoints.filter(({ same }) => !same)).toEqual([]);
  });

  test('Discovery finds the certificates of a crt-list of haproxy and of an SNI map of Postfix by their names', () => {
    const { shopPem, sniPem } = machine.paths;
    expect(foundIn(shopPem, 'haproxy')?.endpoints.map((one) => one.serverName)).toEqual([
      'shop.example.test',
    ]);
    expect(foundIn(sniPem, 'postfix')?.endpoints.map((one) => one.serverName)).toContain('shop.example.test');
    expect(foundIn(sniPem, 'postfix')?.target).toBeNull();
  });

  test('Discovery changes no file, owner, mode or time of the host', () => {
    expect(changed[1]).toBe(changed[0]);
  });

  test('The targets file of discovery names one target for each file, and parses as it is', async () => {
    const file = join(place, 'targets.yaml');
    const { lines, code } = await printed((terminal) =>
      discoverCommand({ output: file }, terminal, machine.host),
    );
    expect(code).toBe(0);
    expect(lines.join('\n')).toContain('9 certificates found, 8 targets proposed');
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=/);
    expect(
      parseTargets(text, file)
        .targets.map(({ id }) => id)
        .sort(),
    ).toEqual(
      proposeTargets(found.certificates)
        .map(({ target }) => target.id)
        .sort(),
    );
    await expect(
      printed((terminal) => discoverCommand({ output: file }, terminal, machine.host)),
    ).rejects.toThrow(/exists already, and was not changed/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('A dry run accepts every target of the file that init writes', async () => {
    const file = join(place, 'certferry.yaml');
    const { lines } = await printed((terminal) => init({ output: file }, terminal, machine.host));
    expect(lines.join('\n')).toContain('--dry-run');
    for (const [name, version] of [
      ['www', machine.version],
      ['shop', machine.listed],
    ] as const) {
      writeFileSync(join(place, 'cert.pem'), version.fullchainPem);
      writeFileSync(join(place, 'key.pem'), version.keyPem, { mode: 0o600 });
      const words = ['--certificate', `${name}.example.test`, '--cert', 'cert.pem', '--key', 'key.pem'];
      const { code, out, err } = await certferry(['deploy', ...words, '--dry-run'], place);
      expect(out + err, out + err).toMatch(/validated|unchanged/);
      expect(code, out + err).toBe(0);
    }
  }, 120_000);

  test('Discovery prints no private key', async () => {
    const { lines } = await printed((terminal) => discoverCommand({ json: true }, terminal, machine.host));
    expect(lines.join('\n')).not.toContain('PRIVATE KEY');
  });
});

async function printed(run: (terminal: Parameters<typeof init>[1]) => Promise<number>) {
  const lines: string[] = [];
  const add = (line: string) => void lines.push(line);
  const code = await run({ out: add, err: add, interactive: false, width: 80, colours: plainColours });
  return { lines, code };
}

/** Of every path below the folder: owner, mode, time of change and content. */
function checksumOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    // a running database and the queue of Postfix change by themselves
    if (/^(postgresql\/data|postfix\/(queue|data)|dovecot\/(run|state))\//.test(name)) continue;
    const { mode, uid, gid, size, ctimeMs } = lstatSync(join(folder, name));
    hash.update(`${name} ${mode} ${uid} ${gid} ${/\.log$/.test(name) ? '' : `${size} ${ctimeMs}`}\n`);
    if (lstatSync(join(folder, name)).isFile() && !/\.log$/.test(name))
      hash.update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

describeWith([root, program('unshare', 'util-linux')], 'Processes with other file systems', () => {
  test('A process with its own mount namespace is not in a container, and one with another root folder is', async () => {
    const box = mkdtempSync(join(tmpdir(), 'certferry-root-'));
    const own = spawn('unshare', ['--mount', 'sleep', '86397'], { stdio: 'ignore' });
    const other = spawn(
      'unshare',
      [
        '--mount',
        'sh',
        '-c',
        `mount -t tmpfs none ${box} && mkdir ${box}/usr ${box}/bin ${box}/lib ${box}/lib64 && for one in usr bin lib lib64; do mount --bind /$one ${box}/$one; done && exec chroot ${box} sleep 86398`,
      ],
      { stdio: 'ignore' },
    );
    const containedWith = (word: string) =>
      localHost(({ argv }) => argv[0] === 'sleep' && argv[1] === word)
        .processes()
        .map((one) => one.isContained);
    try {
      await until(
        () => containedWith('86397').length === 1 && containedWith('86398').length === 1,
        'both processes',
      );
      expect(containedWith('86397')).toEqual([false]);
      expect(containedWith('86398')).toEqual([true]);
    } finally {
      own.kill();
      other.kill();
      rmSync(box, { recursive: true });
    }
  });
});
