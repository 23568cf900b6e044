import * as z from 'zod/mini';
import { Command, shellArgv, splitWords } from './command.ts';
import { described } from './described.ts';

/** An absolute, normalized path: `..` or a double slash in a path is a mistake or an attack. */
export const AbsolutePath = z.string().check(
  z.maxLength(1024),
  z.regex(
    /^\/[^\p{Cc}]*[^/\p{Cc}]$|^\/[^/\p{Cc}]$/u,
    'an absolute path to a file, such as /etc/nginx/tls/privkey.pem',
  ),
  z.refine((path) => !/(^|\/)\.{0,2}(\/|$)/.test(path.slice(1)), 'a path without "..", "." or "//"'),
);

/** An octal file mode as a string: JSON has no octal numbers, so a number would be read as decimal. */
export const CertMode = z
  .string()
  .check(z.regex(/^0?[46][046][04]$/, 'an octal string in quotes that lets the owner read, such as "0644"'));
/** Others may never read a private key. */
export const KeyMode = z
  .string()
  .check(
    z.regex(
      /^0?[46][046]0$/,
      'an octal string in quotes that gives others nothing, such as "0600" or "0640"',
    ),
  );

/** A user or group: a name, or a number as a string. */
export const Principal = z
  .string()
  .check(z.regex(/^([a-z_][a-z0-9_.-]{0,31}\$?|[0-9]{1,10})$/i, 'a name, or a number in quotes'));

export const certPath = described(AbsolutePath, 'The file for the certificate. A symbolic link is followed.');
export const keyPath = described(AbsolutePath, 'The file for the private key. A symbolic link is followed.');
export const chainPath = described(z.optional(AbsolutePath), 'The file for the intermediates alone.');
export const mainConfigPath = described(
  z.optional(AbsolutePath),
  'The main configuration of the daemon. Default: the path that the daemon was built with.',
);

/** The fields of every kind that installs files on a host. */
export const fileFields = {
  certMode: described(
    z.optional(CertMode),
    'Octal, in quotes. Default: the mode of the existing file, else the default of the kind.',
  ),
  keyMode: described(
    z.optional(KeyMode),
    'Octal, in quotes, without access for others. Default: the mode of the existing file, else 0600.',
  ),
  owner: described(
    z.optional(Principal),
    'A user name, or a number in quotes. Default: the owner of the existing file.',
  ),
  group: described(
    z.optional(Principal),
    'A group name, or a number in quotes. Default: the group of the existing file.',
  ),
  fileUser: described(
    z.optional(Principal),
    'The user with whose privileges the agent reads and writes the files. Required if a user other than root can write to a folder of the files.',
  ),
  validateCommand: described(
    z.optional(Command),
    'Checks the staged files before they are installed: a command line without shell syntax, or a list of words.',
  ),
  reloadCommand: described(
    z.optional(Command),
    'Makes the daemon read its files again: a command line without shell syntax, or a list of words.',
  ),
  shell: described(
    z._default(z.boolean(), false),
    'true runs command lines with /bin/sh -c instead of splitting them into words.',
  ),
  rehearse: described(
    z._default(z.boolean(), false),
    'true starts a sandboxed instance of the daemon with the staged files and probes it before any file changes.',
  ),
  commandTimeoutSeconds: described(
    z._default(z.int().check(z.gte(1), z.lte(240)), 60),
    'Seconds that a command may run. After that, the agent kills its process group.',
  ),
  backupRetention: described(
    z._default(z.int().check(z.gte(0), z.lte(50)), 3),
    'Number of older versions kept on the host, in addition to the snapshot of the running deployment.',
  ),
};

export interface WithCommands {
  shell: boolean;
  validateCommand?: Command | undefined;
  reloadCommand?: Command | undefined;
}

type CommandField = 'validateCommand' | 'reloadCommand';

type Argv<Config extends WithCommands> = Omit<Config, CommandField> & {
  validateCommand?: string[];
  reloadCommand?: string[];
};

/** Turns the command lines of a config into argv arrays. Idempotent: parsing the result again changes nothing. */
export function withArgv<Shape extends z.core.$ZodShape>(object: z.ZodMiniObject<Shape, z.core.$strict>) {
  type Config = z.output<typeof object> & WithCommands;
  return z.pipe(
    object.check(
      distinctPaths,
      ownedByFileUser,
      oneReload,
      notRehearsedInContainer,
      plainCommand('validateCommand'),
      plainCommand('reloadCommand'),
    ),
    z.transform((config) => {
      const { validateCommand, reloadCommand, ...rest } = config as Config;
      return {
        ...rest,
        ...argvOf('validateCommand', validateCommand, rest.shell),
        ...argvOf('reloadCommand', reloadCommand, rest.shell),
      } as Argv<Config>;
    }),
  );
}

function argvOf(field: CommandField, command: Command | undefined, shell: boolean) {
  const words = command === undefined ? null : toArgv(command, shell);
  return words === null ? {} : { [field]: words };
}

function toArgv(command: Command, shell: boolean): string[] | null {
  if (typeof command !== 'string') return command;
  return shell ? shellArgv(command) : splitWords(command);
}

/** Runs a check even if other fields are invalid, so that one error lists every problem. */
export function whenObject({ value }: { value: unknown }): boolean {
  return typeof value === 'object' && value !== null;
}

function plainCommand(field: CommandField) {
  const isPlain = (config: object) => {
    const { [field]: command, shell } = config as Partial<WithCommands>;
    return (
      typeof command !== 'string' || shell === true || !/\S/.test(command) || splitWords(command) !== null
    );
  };
  return z.refine<object>(isPlain, {
    path: [field],
    when: whenObject,
    error: 'a command without shell syntax; write its words as a list, or set shell: true',
  });
}

const oneReload = z.refine<object>(
  (config) => {
    const { reload, reloadCommand } = config as Readonly<Record<string, unknown>>;
    return reload === undefined || reloadCommand === undefined;
  },
  { path: ['reload'], when: whenObject, error: 'either reload or a reloadCommand, not both' },
);

/** The sandboxed instance runs on the host, where the daemon of a container is not installed. */
const notRehearsedInContainer = z.refine<object>(
  (config) => {
    const { reload, rehearse } = config as Readonly<Record<string, unknown>>;
    return rehearse !== true || typeof reload !== 'object';
  },
  { path: ['rehearse'], when: whenObject, error: 'false (or omitted) for a daemon in a container' },
);

/** Only root can give a file to another user, and with `fileUser` the agent is not root. */
const ownedByFileUser = z.refine<object>(
  (config) => {
    const { owner, fileUser } = config as Readonly<Record<string, unknown>>;
    return owner === undefined || fileUser === undefined || owner === fileUser;
  },
  { path: ['owner'], when: whenObject, error: 'no owner other than fileUser' },
);

/** With two files at one path, the file written last would overwrite the other. */
const distinctPaths = z.refine<object>(
  (config) => {
    const { certPath, keyPath, chainPath } = config as Readonly<Record<string, unknown>>;
    const paths = [certPath, keyPath, chainPath].filter((path) => path !== undefined);
    return new Set(paths).size === paths.length;
  },
  { path: ['keyPath'], when: whenObject, error: 'certPath, keyPath and chainPath to be different files' },
);
