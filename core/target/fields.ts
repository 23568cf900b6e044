import { z } from 'zod/mini';
import { Command, shellArgv, splitWords } from './command.ts';

/** Absolute, already normal: `..` or a doubled slash in a path is a typing error or worse. */
export const AbsolutePath = z.string().check(
  z.maxLength(1024),
  z.regex(/^\/[^\0\n]*[^/\0\n]$/, 'an absolute path to a file, such as /etc/nginx/tls/privkey.pem'),
  z.refine((path) => !/(^|\/)\.{0,2}(\/|$)/.test(path.slice(1)), 'a path without "..", "." or "//"'),
);

/** File mode as people write it. JSON has no octal numbers, so a number here would be a trap. */
export const CertMode = z.string().check(z.regex(/^0?[0-6][0-4][0-4]$/, 'an octal string such as "0644"'));
/** A private key is never readable by everybody. */
export const KeyMode = z
  .string()
  .check(z.regex(/^0?[0-6][0-6]0$/, 'an octal string that gives others nothing, such as "0600" or "0640"'));

/** A user or group: a name, or a number as a string. */
export const Principal = z
  .string()
  .check(z.regex(/^([a-z_][a-z0-9_.-]{0,31}\$?|[0-9]{1,10})$/i, 'a name or a number'));

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
  /** Seconds each command may run before its whole process group is killed. */
  commandTimeoutSeconds: z._default(z.int().check(z.gte(1), z.lte(240)), 60),
  /** Older versions kept on the host; the snapshot of the running deployment is always made besides. */
  backupRetention: z._default(z.int().check(z.gte(0), z.lte(50)), 3),
};

interface WithCommands {
  shell: boolean;
  validateCommand?: Command | undefined;
  reloadCommand?: Command | undefined;
}

type Argv<Config extends WithCommands> = Omit<Config, 'validateCommand' | 'reloadCommand'> & {
  validateCommand?: string[];
  reloadCommand?: string[];
};

/** Makes a config's command lines into argv arrays. Parsing the result again changes nothing. */
export function withArgv<Shape extends z.core.$ZodShape>(object: z.ZodMiniObject<Shape, z.core.$strict>) {
  type Config = z.output<typeof object> & WithCommands;
  return z.pipe(
    object,
    z.transform((config, context) => {
      const { validateCommand, reloadCommand, ...rest } = config as Config;
      const shell = rest.shell;
      const argv = { ...rest } as Argv<Config>;
      for (const [field, command] of Object.entries({ validateCommand, reloadCommand })) {
        if (command === undefined) continue;
        const words = toArgv(command, shell);
        if (words === null) context.issues.push(shellIssue(field, command));
        else argv[field as 'validateCommand' | 'reloadCommand'] = words;
      }
      return argv;
    }),
  );
}

function toArgv(command: Command, shell: boolean): string[] | null {
  if (typeof command !== 'string') return command;
  return shell ? shellArgv(command) : splitWords(command);
}

function shellIssue(field: string, command: Command) {
  return {
    code: 'custom' as const,
    path: [field],
    input: command,
    message: 'a plain command: this one needs a shell; write the words as a list, or say shell: true',
  };
}
