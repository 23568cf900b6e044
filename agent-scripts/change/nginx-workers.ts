import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DesiredChange, DesiredFile } from '../connectors/desired-change.ts';
import { type Metadata, metadataOf } from '../host/ownership.ts';
import { captureCommand } from '../host/run-command.ts';

/** The workers of nginx, if they read the key of a change at each handshake. */
export interface KeyReader {
  readonly user: string;
  readonly uid: number;
  readonly gids: readonly number[];
  /** Name of the group that new keys get. */
  readonly group: string;
}

/**
 * Prints the user of the workers, and the directives of all server blocks in which a variable names a certificate or a key:
 * there, the workers read every file. Then prints the defaults that nginx was built with. `-T` prints nothing if the
 * configuration is refused (https://nginx.org/en/docs/switches.html).
 */
const script = `
"$@" -T 2>/dev/null | sed 's/#.*//' | tr '\\n' ' ' |
  grep -oE '(^|[[:space:];{}])(server[[:space:]]*[{]|user[[:space:]]+[^;{}]+;|ssl_certificate(_key)?[[:space:]]+[^;]+;)' |
  awk 'function end() { if (block ~ /[$]/) printf "%s", block; block = "" }
    /server[ \\t]*[{]/ { end(); next }
    /ssl_certificate/ { block = block $0 "\\n"; next }
    { print }
    END { end() }' | sort -u
"$1" -V 2>&1 | tr ' ' '\\n' | grep -E '^--(user|group)='
true`;

/**
 * Whether nginx workers read the key, with their own privileges: they do if a variable names it
 * or its certificate (https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate). Asks nginx only if the deployment decides
 * the owner or mode of the key. Null: only root reads the key, or the configuration is unknown.
 */
export async function keyReaderOf(
  { files, nginxInstance }: DesiredChange,
  timeoutSeconds: number,
): Promise<KeyReader | null> {
  const key = files.find(({ role }) => role === 'privateKey');
  if (key === undefined || nginxInstance === undefined || !decidesOwnership(key)) return null;
  const command = ['/bin/sh', '-c', script, 'certferry', ...nginxInstance];
  const asked = await captureCommand(command, timeoutSeconds);
  return asked.code === 0 ? keyReaderIn(asked.rawOutput.toString('utf8'), key.path) : null;
}

function decidesOwnership({ path, explicit }: DesiredFile): boolean {
  return metadataOf(path) === null || Object.values(explicit).some((value) => value !== undefined);
}

/** Exported for tests. `text`: the output of the script above. */
export function keyReaderIn(text: string, keyPath: string): KeyReader | null {
  const patterns = [...text.matchAll(/ssl_certificate_key\s+([^;]+);/g)].map(([, value = '']) =>
    value.trim(),
  );
  if (!patterns.some((pattern) => mayName(pattern, keyPath))) return null;
  const [, user = builtWith(text, 'user'), group = user] =
    /(?:^|[\s;{}])user\s+([^\s;]+)(?:\s+([^\s;]+))?\s*;/m.exec(text) ?? [
      undefined,
      undefined,
      builtWith(text, 'group'),
    ];
  return readerOf(user, group);
}

const builtWith = (text: string, option: string): string =>
  new RegExp(`^--${option}=['"]?([^'"\\s]+)`, 'm').exec(text)?.[1] ?? 'nobody';

/** Whether a value, which may have variables, can name this path. `data:` is a key in a variable, not a file. */
function mayName(value: string, path: string): boolean {
  const pattern = value.replace(/^(["'])(.*)\1$/, '$2');
  if (pattern.startsWith('data:')) return false;
  const literal = pattern.split(/\$\{\w+\}|\$\w+/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  // a relative value is below the folder of the configuration
  const start = pattern.startsWith('/') || pattern.startsWith('$') ? '^' : '/';
  return new RegExp(`${start}${literal.join('.*')}$`).test(path);
}

/**
 * Null for root, and for a user who does not exist. nginx also sets the supplementary groups of the user (initgroups(3)).
 * The group that nginx was built with may have another name on this host: then the group of the user counts.
 */
function readerOf(user: string, group: string): KeyReader | null {
  const [, , uid = '0', primary] = entries('/etc/passwd').find(([name]) => name === user) ?? [];
  const groups = entries('/etc/group');
  const own = groups.find(([name]) => name === group) ?? groups.find(([, , id]) => id === primary);
  if (Number(uid) === 0 || own === undefined) return null;
  const others = groups.filter(([, , , members = '']) => members.split(',').includes(user));
  const gids = [own, ...others].map(([, , id]) => Number(id));
  return { user, uid: Number(uid), group: own[0] ?? '', gids };
}

/** The fields of each line of passwd(5) or group(5). */
const entries = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));

/** The same key with an ownership for a new file with which the workers can read it. */
export function readableBy(reader: KeyReader | null, file: DesiredFile): DesiredFile {
  if (reader === null || file.role !== 'privateKey') return file;
  return { ...file, defaults: { mode: 0o640, owners: ['root'], groups: [reader.group] } };
}

/** What keeps the workers from reading a key with this metadata, by its mode bits: an ACL may allow more. */
export function unreadableKeyWarnings(reader: KeyReader | null, path: string, planned: Metadata): string[] {
  if (reader === null) return [];
  const reason = `nginx reads ${path} at each handshake as user ${reader.user}, because a variable names the certificate`;
  const closed = foldersOf(path).find((folder) => !isAllowed(reader, folderMetadata(folder), 0o1));
  if (closed !== undefined)
    return [
      `${reason}; that user cannot enter ${closed}: let group ${reader.group} enter it (chgrp, chmod g+x)`,
    ];
  if (isAllowed(reader, planned, 0o4)) return [];
  return [
    `${reason}; that user cannot read it with mode ${planned.mode.toString(8).padStart(4, '0')} and owner ${planned.uid}:${planned.gid}: set group: ${reader.group} and keyMode: "0640" in the target`,
  ];
}

function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === path || folder === '/' ? ['/'] : [...foldersOf(folder), folder];
}

function folderMetadata(folder: string): Metadata {
  const { mode, uid, gid } = statSync(folder);
  return { mode, uid, gid };
}

/** path_resolution(7): the bits of the owner, else of the group, else of the others. `bit`: 4 to read, 1 to enter. */
function isAllowed({ uid, gids }: KeyReader, file: Metadata, bit: number): boolean {
  const shift = file.uid === uid ? 6 : gids.includes(file.gid) ? 3 : 0;
  return ((file.mode >> shift) & bit) !== 0;
}
