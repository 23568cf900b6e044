import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import { childEngine } from './child.ts';
import { openToOthers } from './open-folder.ts';
import { untilListening } from './processes.ts';
import { program, root } from './require-daemon.ts';

/** OpenSSH's server with accounts of its own needs a mount namespace, so root. */
export const sshdNeeds = [program('sshd', 'openssh-server'), program('unshare', 'util-linux'), root];

/** The accounts of the server. They exist only in its mount namespace. */
export const accounts = {
  /** Runs commands and SFTP. */
  deploy: 64_001,
  /** `ForceCommand internal-sftp`. */
  sftponly: 64_002,
  /** The same in a chroot, whose parents belong to root. */
  jailed: 64_003,
  /** SFTP server without posix-rename@openssh.com. */
  norename: 64_004,
  /** SFTP server without fsync@openssh.com and hardlink@openssh.com. */
  noflush: 64_005,
} as const;
export type Account = keyof typeof accounts;

/** A running sshd. The group of each account has its name and number. */
export interface Sshd {
  readonly port: number;
  readonly password: string;
  /** Private keys that every account accepts: plain, and with this passphrase. */
  readonly key: string;
  readonly encryptedKey: string;
  readonly passphrase: string;
  /** A private key that only its certificate makes acceptable, for the account deploy. By key type. */
  readonly certified: Readonly<Record<string, { readonly key: string; readonly certificate: string }>>;
  /** Lines `type base64` of the host keys, by type. */
  readonly hostKeys: Readonly<Record<'ed25519' | 'rsa' | 'ecdsa', string>>;
  /** A folder that an account owns and, for `jailed`, its path in the chroot. */
  folderOf(account: Account, name: string): { readonly here: string; readonly there: string };
  log(): string;
  stop(): Promise<void>;
}

export const sshdVersion = (): string =>
  /OpenSSH_([\d.]+p\d+)/.exec(spawnSync('/usr/sbin/sshd', ['-V'], { encoding: 'utf8' }).stderr)?.[1] ?? '';

/** Starts sshd on a free loopback port, with its files in `folder`. */
export async function startSshd(folder: string): Promise<Sshd> {
  openToOthers(folder);
  const port = await freePort();
  const log = join(folder, 'sshd.log');
  writeFileSync(log, '');
  // programs of this rig get them as arguments, and another test searches all processes for those of its own rig
  const password = `password ${randomBytes(12).toString('hex')}`;
  const passphrase = `passphrase ${randomBytes(12).toString('hex')}`;
  const key = keyPair(folder, 'user', 'ed25519');
  const encrypted = keyPair(folder, 'encrypted', 'ecdsa', passphrase);
  const authority = keyPair(folder, 'authority', 'ed25519');
  writeFileSync(join(folder, 'authorized_keys'), key.publicKey + encrypted.publicKey);
  const certified = Object.fromEntries(
    ['ed25519', 'rsa', 'ecdsa'].map((type) => {
      const pair = keyPair(folder, `certified-${type}`, type);
      keygen('-q', '-s', authority.file, '-I', 'test', '-n', 'deploy', `${pair.file}.pub`);
      const certificate = readFileSync(`${pair.file}-cert.pub`, 'utf8');
      return [type, { key: pair.privateKey, certificate }];
    }),
  );
  const hostKey = (type: string): string =>
    keyPair(folder, `host-${type}`, type).publicKey.split(' ').slice(0, 2).join(' ');
  const hostKeys = { ed25519: hostKey('ed25519'), rsa: hostKey('rsa'), ecdsa: hostKey('ecdsa') };
  const jail = join(folder, 'jail');
  mkdirSync(jail);
  writeFileSync(join(folder, 'sshd_config'), configuration(folder, port));
  const engine = childEngine(['unshare', '-m', 'sh', '-c', writeNamespace(folder, password)], log);
  await engine.start();
  await untilListening('sshd', port, log);
  return {
    port,
    password,
    key: key.privateKey,
    encryptedKey: encrypted.privateKey,
    passphrase,
    certified,
    hostKeys,
    folderOf(account, name) {
      const parent = account === 'jailed' ? jail : folder;
      const here = join(parent, name);
      mkdirSync(here);
      chownSync(here, accounts[account], accounts[account]);
      return { here, there: account === 'jailed' ? `/${name}` : here };
    },
    log: () => readFileSync(log, 'utf8'),
    stop: () => engine.stop(),
  };
}

function configuration(folder: string, port: number): string {
  const sftpServer = '/usr/lib/openssh/sftp-server';
  return `Port ${port}
ListenAddress 127.0.0.1
LogLevel VERBOSE
UsePAM no
StrictModes no
PidFile none
MaxStartups 200
PasswordAuthentication yes
AuthorizedKeysFile ${folder}/authorized_keys
TrustedUserCAKeys ${folder}/authority.pub
HostKey ${folder}/host-ed25519
HostKey ${folder}/host-rsa
HostKey ${folder}/host-ecdsa
Subsystem sftp ${sftpServer}
Match User sftponly
  ForceCommand internal-sftp
Match User jailed
  ForceCommand internal-sftp
  ChrootDirectory /mnt
Match User norename
  ForceCommand ${sftpServer} -P posix-rename
Match User noflush
  ForceCommand ${sftpServer} -P fsync,hardlink
`;
}

/**
 * A script that adds the accounts in a mount namespace of its own and becomes sshd. Only root may write to a chroot and its parents
 * (sshd_config(5), ChrootDirectory), so the jail, which is below /tmp, is mounted on /mnt.
 */
function writeNamespace(folder: string, password: string): string {
  const names = Object.entries(accounts);
  const hash = spawnSync('openssl', ['passwd', '-6', password], { encoding: 'utf8' }).stdout.trim();
  const tables = {
    passwd: names.map(([name, id]) => `${name}:x:${id}:${id}::${folder}:/bin/sh`),
    group: names.map(([name, id]) => `${name}:x:${id}:`),
    shadow: names.map(([name]) => `${name}:${hash}:19000:0:99999:7:::`),
  };
  for (const [table, lines] of Object.entries(tables)) {
    const copy = join(folder, table);
    writeFileSync(copy, readFileSync(`/etc/${table}`), { mode: table === 'shadow' ? 0o600 : 0o644 });
    appendFileSync(copy, `${lines.join('\n')}\n`);
  }
  const mounts = Object.keys(tables).map((table) => `mount --bind '${folder}/${table}' /etc/${table}`);
  return [
    'set -e',
    'mkdir -p /run/sshd',
    ...mounts,
    `mount --bind '${folder}/jail' /mnt`,
    `exec /usr/sbin/sshd -D -e -f '${folder}/sshd_config'`,
  ].join('\n');
}

function keyPair(folder: string, name: string, type: string, passphrase = '') {
  const file = join(folder, name);
  keygen('-q', '-t', type, ...(type === 'rsa' ? ['-b', '2048'] : []), '-N', passphrase, '-C', '', '-f', file);
  chmodSync(file, 0o600);
  return { file, privateKey: readFileSync(file, 'utf8'), publicKey: readFileSync(`${file}.pub`, 'utf8') };
}

function keygen(...args: string[]): void {
  const { status, stderr } = spawnSync('ssh-keygen', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`);
}
