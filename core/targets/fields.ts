import * as z from 'zod/mini';
import { Command, shellArgv, splitWords } from './command.ts';

/** Absolute, already normal: `..` or a doubled slash in a path is a typing error or worse. */
export const AbsolutePath = z.string().check(
  z.maxLength(1024),
  z.regex(
    /^\/[^\p{Cc}]*[^/\p{Cc}]$|^\/[^/\p{Cc}]$/u,
    'an absolute path to a file, such as /etc/nginx/tls/privkey.pem',
  ),
  z.refine((path) => !/(^|\/)\.{0,2}(\/|$)/.test(path.slice(1)), 'a path without "..", "." or "//"'),
);

/** File mode as people write it. JSON has no octal numbers, so a number here would be a trap. */
export const CertMode = z
  .string()
  .check(z.regex(/^0?[46][046][04]$/, 'an octal string in quotes that lets the owner read, such as "0644"'));
/** A private key is never readable by everybody. */
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

/** What every kind that installs files on a host accepts. */
export const fileFields = {
  certMode: z.optional(CertMode),
  keyMode: z.optional(KeyMode),
  owner: z.optional(Principal),
  group: z.optional(Principal),
  validateCommand: z.optional(Command),
  reloadCommand: z.optional(Command),
  /** Hands command lines to /bin/sh -c instead of splitting them into words. */
  shell: z._default(z.boolean(), false),
  /** Starts a shadow of the daemon on the new files in a private world, and shakes hands with it, before anything is touched. */
  rehearse: z._default(z.boolean(), false),
  /** Seconds each command may run before its whole process group is killed. */
  commandTimeoutSeconds: z._default(z.int().check(z.gte(1), z.lte(240)), 60),
  /** Older versions kept on the host; the snapshot of the running deployment is always made besides. */
  backupRetention: z._default(z.int().check(z.gte(0), z.lte(50)), 3),
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

/** Makes a config's command lines into argv arrays. Parsing the result again changes nothing. */
export function withArgv<Shape extends z.core.$ZodShape>(object: z.ZodMiniObject<Shape, z.core.$strict>) {
  type Config = z.output<typeof object> & WithCommands;
  return z.pipe(
    object.check(distinctPaths, plainCommand('validateCommand'), plainCommand('reloadCommand')),
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

/** Checks that are made even when other fields are wrong, so that a person reads of every problem at once. */
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
    error: 'a plain command: this one needs a shell; write its words as a list, or say shell: true',
  });
}

/** Two of a target's files at one path would leave the later one's bytes for both. */
const distinctPaths = z.refine<object>(
  (config) => {
    const { certPath, keyPath, chainPath } = config as Readonly<Record<string, unknown>>;
    const paths = [certPath, keyPath, chainPath].filter((path) => path !== undefined);
    return new Set(paths).size === paths.length;
  },
  { path: ['keyPath'], when: whenObject, error: 'certPath, keyPath and chainPath to be different files' },
);
