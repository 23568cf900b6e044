import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { hostKinds, shells } from './bootstrap-host.ts';
import { expectCause } from './expect-cause.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host, mount } = useBootstrapHost();

const makeReadOnly = (folder: string) => execFileSync('mount', ['-o', 'remount,ro', folder]);

/** Fills the file system, so that no byte is left. */
function fill(folder: string): void {
  try {
    writeFileSync(join(folder, 'filler'), Buffer.alloc(1024 * 1024));
  } catch {
    // it is full now
  }
}

const kinds = shells.map((shell) => [shell.join(' '), shell] as const);

describeWith([root], 'the file system of the agent', () => {
  test.each(kinds)('A read-only file system is named with its mount point, under %s', async (_, shell) => {
    mount(host.home, 'size=1m');
    makeReadOnly(host.home);

    const ended = await host.run({}, {}, shell);

    expectCause(
      ended,
      `${host.bin} could not be created. The file system ${host.home} is read-only. Run mount -o remount,rw`,
    );
  });

  test.each(kinds)(
    'A file system that becomes read-only after the first run is named with its mount point, under %s',
    async (_, shell) => {
      mount(host.home, 'size=1m');
      host.makeHome();
      makeReadOnly(host.home);

      expectCause(await host.run({}, {}, shell), `The file system ${host.home} is read-only`);
    },
  );

  test.each(hostKinds)('A file system without free inodes is named under $name', async (kind) => {
    mount(host.home, 'size=64m,nr_inodes=2');
    host.makeHome();
    const env = kind.hasOnlyBusybox ? { PATH: host.busyboxPath(['node']) } : {};

    expectCause(
      await host.run({}, env, kind.shell),
      `The file system ${host.home} has no free inodes: df -i shows it`,
    );
  });

  test('A full file system is named if df reports free space', async () => {
    mount(host.home, 'size=64k');
    host.makeHome();
    writeFileSync(join(host.home, 'fetch.lock'), '');
    fill(host.home);
    const df = `#!/bin/sh\necho header\necho "tmpfs 99999999 1 99999998 1% ${host.home}"\n`;

    const ended = await host.run({}, { PATH: host.path(['node'], { df }) });

    expectCause(ended, `The file system ${host.home} is full`);
  });
});

describe('a folder that refuses writes', () => {
  const failingMkdir = (text: string) =>
    `#!/bin/sh\necho "mkdir: cannot create directory '$2': ${text}" >&2\nexit 1\n`;

  test('An exceeded quota is named', async () => {
    const mkdir = failingMkdir('Disk quota exceeded');

    expectCause(
      await host.run({}, { PATH: host.path(['node'], { mkdir }) }),
      /The disk quota of .* is exceeded/,
    );
  });

  test('SELinux is named for a denied write if it is enforcing', async () => {
    const scripts = { mkdir: failingMkdir('Permission denied'), getenforce: '#!/bin/sh\necho Enforcing\n' };

    expectCause(
      await host.run({}, { PATH: host.path(['node'], scripts) }),
      'SELinux is enforcing on this host: ausearch -m avc -ts recent shows what it denied',
    );
  });

  test('A denied write is reported as the program printed it if SELinux is permissive', async () => {
    const scripts = { mkdir: failingMkdir('Permission denied'), getenforce: '#!/bin/sh\necho Permissive\n' };

    expectCause(
      await host.run({}, { PATH: host.path(['node'], scripts) }),
      /could not be created. The program reported: mkdir: .*Permission denied/,
    );
  });

  test.each([
    ['Enforcing', 'cannot be executed: SELinux is enforcing on this host'],
    ['Disabled', 'cannot be executed: check AppArmor or fapolicyd on this host'],
  ])('A denied execution names the programs that can deny it while SELinux is %s', async (mode, cause) => {
    const runtime = host.publishRuntime('pinned');
    // without this right, the kernel refuses to execute the file as a policy does
    const scripts = { chmod: '#!/bin/sh\n', getenforce: `#!/bin/sh\necho ${mode}\n` };

    const ended = await host.run(
      { runtimeUrl: runtime.url, runtimeSha256: runtime.sha256 },
      { PATH: host.path(['node'], scripts) },
    );

    expectCause(ended, cause);
  });
});

describeWith([root, program('bash')], 'a full folder for temporary files', () => {
  beforeEach(() => {
    mount(join(host.root, 'tmp'), 'size=4k');
    fill(join(host.root, 'tmp'));
  });

  test('A full /tmp is named under a bash that keeps here-documents in files, as before version 5.1', async () => {
    const ended = await host.run({}, { TMPDIR: join(host.root, 'tmp'), BASH_COMPAT: '5.0' }, [
      'bash',
      '--posix',
    ]);

    expectCause(
      ended,
      `the shell cannot write to ${join(host.root, 'tmp')}, because its file system is full`,
    );
  });

  test.each(kinds)('A full /tmp does not matter under %s', async (_, shell) => {
    expect(await host.run({}, { TMPDIR: join(host.root, 'tmp') }, shell)).toMatchObject({
      status: 0,
      stderr: '',
    });
  });
});

/** A program of this machine with one text or byte of it replaced, as a runtime. */
function changedProgram(change: (bytes: Buffer) => void) {
  const bytes = readFileSync('/bin/true');
  change(bytes);
  return host.publish('runtime', bytes);
}

/** Replaces every occurrence with a text of the same length. */
function replaceIn(bytes: Buffer, from: RegExp, to: (found: string) => string): void {
  const text = bytes.toString('latin1').replaceAll(from, to);
  bytes.write(text, 'latin1');
}

describeWith([program('od', 'coreutils')], 'a runtime that does not run', () => {
  async function startedWith(runtime: { url: string; sha256: string }, scripts = {}) {
    return await host.run(
      { runtimeUrl: runtime.url, runtimeSha256: runtime.sha256 },
      { PATH: host.path(['node', 'getconf'], scripts) },
    );
  }

  test('A runtime for another architecture is named with both', async () => {
    // e_machine of elf(5): 183 is AArch64, 62 is x86-64
    const other = process.arch === 'arm64' ? { code: 62, name: 'x86_64' } : { code: 183, name: 'aarch64' };
    const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

    const ended = await startedWith(changedProgram((bytes) => bytes.writeUInt16LE(other.code, 18)));

    expectCause(ended, `It is built for ${other.name}, and this host is ${machine}. Use runtime 'host'`);
  });

  test('A host with musl is named, where the loader of glibc does not exist', async () => {
    const runtime = changedProgram((bytes) => replaceIn(bytes, /\/ld-linux/g, () => '/no-linux'));
    const scripts = {
      getconf: '#!/bin/sh\nexit 1\n',
      ldd: '#!/bin/sh\necho "musl libc (x86_64)" >&2\nexit 1\n',
    };

    expectCause(
      await startedWith(runtime, scripts),
      'This host has the C library musl, as Alpine Linux does',
    );
  });

  test('A host with an older glibc is named with its version', async () => {
    const runtime = changedProgram((bytes) => replaceIn(bytes, /GLIBC_2\.\d\d/g, () => 'GLIBC_2.99'));

    expectCause(
      await startedWith(runtime, { getconf: '#!/bin/sh\necho glibc 2.26\n' }),
      'This host has glibc 2.26, and the runtime needs glibc 2.28 or later',
    );
  });

  test('A missing library is named', async () => {
    const runtime = changedProgram((bytes) => replaceIn(bytes, /libc\.so\.6/g, () => 'libq.so.6'));

    expectCause(await startedWith(runtime), /A library is missing: .*libq\.so\.6.* Install the package/);
  });

  test('A runtime that fails for another reason is named with what it printed', async () => {
    const runtime = host.publish('runtime', '#!/bin/sh\necho out of order >&2\nexit 3\n');

    expectCause(
      await startedWith(runtime),
      'It ended with exit code 3 and printed: out of order. Use runtime',
    );
  });
});
