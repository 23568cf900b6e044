import * as z from 'zod/mini';
import { Command, splitWords } from './command.ts';
import { Credential } from './credential.ts';
import { described } from './described.ts';
import { CertMode, certPath, chainPath, KeyMode, keyPath, Principal, whenObject } from './fields.ts';
import { HostKey, type PinnedHostKey, parseHostKey } from './ssh-host-key.ts';

/** The value of `hostKey` that accepts the key of the first connection. */
export const trustOnFirstUse = 'trustOnFirstUse';

const commandFields = ['validateCommand', 'reloadCommand', 'restoreCommand'] as const;
type CommandField = (typeof commandFields)[number];

/** In a word of `validateCommand`: the path of a staged file. */
export const placeholders = { certificate: '{cert}', privateKey: '{key}', chain: '{chain}' } as const;

const command = (description: string) => described(z.optional(Command), description);

const object = z
  .strictObject({
    address: described(
      z
        .string()
        .check(
          z.regex(
            /^[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?$|^[0-9a-fA-F:.]{2,45}$/,
            'a host name, or an IP address without brackets',
          ),
        ),
      'The host name or IP address of the SSH server.',
    ),
    port: described(z._default(z.int().check(z.gte(1), z.lte(65_535)), 22), 'The port of the SSH server.'),
    user: described(
      z.string().check(z.regex(/^[^\p{Cc}\s]{1,256}$/u, 'a user name')),
      'The user that logs in, and that reads and writes the files.',
    ),
    hostKey: described(
      z.union([z.literal(trustOnFirstUse), HostKey, z.array(HostKey).check(z.minLength(1), z.maxLength(16))]),
      'The accepted host keys: a line of known_hosts, a SHA-256 fingerprint, or a list of them. trustOnFirstUse accepts the key of the first connection.',
    ),
    password: described(z.optional(Credential), 'The password of the user.'),
    privateKey: described(z.optional(Credential), 'The private key of the user, as ssh-keygen writes it.'),
    passphrase: described(z.optional(Credential), 'The passphrase of privateKey.'),
    userCertificate: described(
      z.optional(Credential),
      'The OpenSSH certificate of privateKey: the line of the file that ends in -cert.pub.',
    ),
    certPath,
    keyPath,
    chainPath,
    certContents: described(
      z._default(z.enum(['fullchain', 'leaf']), 'fullchain'),
      'fullchain: certPath holds leaf and intermediates. leaf: certPath holds the leaf alone.',
    ),
    certMode: described(
      z.optional(CertMode),
      'Octal, in quotes. Default: the mode of the existing file, else 0644.',
    ),
    keyMode: described(
      z.optional(KeyMode),
      'Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600.',
    ),
    owner: described(
      z.optional(Principal),
      'A user name, or a number in quotes. Default: the owner of the existing file, else the user that logs in.',
    ),
    group: described(
      z.optional(Principal),
      'A group name, or a number in quotes. Default: the group of the existing file, else the group of the user that logs in.',
    ),
    validateCommand: command(
      'Checks the files on the server. With {cert}, {key} or {chain} in its words, it checks the staged files before any file changes. Otherwise it runs after the files are installed and before the reload.',
    ),
    reloadCommand: command('Makes the daemon on the server read its files again.'),
    restoreCommand: command('Runs after the previous files are restored. Default: reloadCommand.'),
    commandTimeoutSeconds: described(
      // check and reload together fit into the time of one change (agent-scripts/stores/store-run.ts)
      z._default(z.int().check(z.gte(1), z.lte(60)), 60),
      'Seconds that each command may run.',
    ),
    backupRetention: described(
      z._default(z.int().check(z.gte(0), z.lte(50)), 3),
      'Number of older versions kept on the server, in addition to the snapshot of the running deployment.',
    ),
  })
  .check(
    needs('privateKey', 'a password or a privateKey', (config) => config.password ?? config.privateKey),
    needs('passphrase', 'no passphrase without a privateKey', (config) =>
      config.passphrase === undefined ? true : config.privateKey,
    ),
    needs('userCertificate', 'no userCertificate without a privateKey', (config) =>
      config.userCertificate === undefined ? true : config.privateKey,
    ),
    needs('keyPath', 'certPath, keyPath and chainPath to be different files', hasDistinctPaths),
    ...commandFields.map((field) =>
      needs(field, 'a command without shell syntax; write its words as a list', (config) =>
        isPlain(config[field]),
      ),
    ),
    needs('validateCommand', 'no {chain} without a chainPath', (config) =>
      config.chainPath === undefined ? !contains(config.validateCommand, placeholders.chain) : true,
    ),
    ...(['reloadCommand', 'restoreCommand'] as const).map((field) =>
      needs(field, 'no {cert}, {key} or {chain}: the files are installed when this command runs', (config) =>
        Object.values(placeholders).every((word) => !contains(config[field], word)),
      ),
    ),
  );

type Parsed = z.output<typeof object>;

/** Files on a server that is reached by SSH and SFTP, without an agent on it. */
export const SshConfig = z.pipe(
  object,
  z.transform((config) => {
    const { validateCommand, reloadCommand, restoreCommand, ...rest } = config as Parsed;
    return {
      ...rest,
      ...argvOf('validateCommand', validateCommand),
      ...argvOf('reloadCommand', reloadCommand),
      ...argvOf('restoreCommand', restoreCommand),
    };
  }),
);
export type SshConfig = z.infer<typeof SshConfig>;

/** The accepted host keys. Null: the key of the first connection. */
export function pinnedHostKeys({ hostKey }: Pick<SshConfig, 'hostKey'>): readonly PinnedHostKey[] | null {
  if (hostKey === trustOnFirstUse) return null;
  return [hostKey].flat().flatMap((text) => parseHostKey(text) ?? []);
}

type RuleInput = Readonly<Record<string, unknown>>;

/** A rule that is met if `isMet` returns a truthy value. */
function needs(field: string, error: string, isMet: (config: RuleInput) => unknown) {
  return z.refine<object>((config) => Boolean(isMet(config as RuleInput)), {
    path: [field],
    when: whenObject,
    error,
  });
}

function hasDistinctPaths({ certPath: cert, keyPath: key, chainPath: chain }: RuleInput): boolean {
  const paths = [cert, key, chain].filter((path) => path !== undefined);
  return new Set(paths).size === paths.length;
}

function contains(command: unknown, placeholder: string): boolean {
  return [command].flat().some((word) => typeof word === 'string' && word.includes(placeholder));
}

function isPlain(command: unknown): boolean {
  return typeof command !== 'string' || !/\S/.test(command) || wordsOf(command) !== null;
}

/** Unicode's private use area stands for the placeholders while a line is split: braces are shell syntax. */
const standIns = Object.values(placeholders).map(
  (word, index) => [word, String.fromCharCode(0xe000 + index)] as const,
);

function wordsOf(line: string): string[] | null {
  const hidden = standIns.reduce((text, [word, standIn]) => text.replaceAll(word, standIn), line);
  const words = splitWords(hidden);
  return (
    words?.map((text) =>
      standIns.reduce((shown, [word, standIn]) => shown.replaceAll(standIn, word), text),
    ) ?? null
  );
}

function argvOf<Field extends CommandField>(field: Field, value: Command | undefined) {
  const argv = typeof value === 'string' ? wordsOf(value) : (value ?? null);
  return (argv === null ? {} : { [field]: argv }) as { readonly [Name in Field]?: string[] };
}
