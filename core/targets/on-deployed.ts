import * as z from 'zod/mini';
import { functionHost } from './host-location.ts';
import { Command, splitWords } from './kinds/command.ts';
import { described } from './kinds/described.ts';
import { whenObject } from './kinds/fields.ts';

/** More commands do not fit into the time of one job (core/time-budgets.ts): each may run for {@link onDeployedSeconds}. */
const maximumCommands = 5;
/** Seconds that each command may run. */
export const onDeployedSeconds = 60;

const OnDeployedCommand = z.pipe(
  Command.check(
    z.refine(
      (command) => typeof command !== 'string' || !/\S/.test(command) || splitWords(command) !== null,
      {
        error: 'a command without shell syntax; write its words as a list, such as [/bin/sh, -c, …]',
      },
    ),
  ),
  z.transform((command) => (typeof command === 'string' ? (splitWords(command) ?? []) : command)),
);

/**
 * Field `onDeployed` of a target: commands for after a verified deployment, as argv arrays once parsed. Idempotent: parsing
 * the result again changes nothing.
 */
export const OnDeployed = described(
  z.optional(z.array(OnDeployedCommand).check(z.minLength(1), z.maxLength(maximumCommands))),
  'Commands that the host runs after a verified deployment, at most 5, each for at most 60 seconds. Each is a command line without shell syntax, or a list of words. A failure is a warning and rolls nothing back.',
);

/** A function has no shell and no programs of an operator. */
export const runsCommandsOnHost = z.refine<object>(
  (target) => {
    const { host, onDeployed } = target as { host?: unknown; onDeployed?: unknown };
    return host !== functionHost || onDeployed === undefined;
  },
  {
    path: ['onDeployed'],
    when: whenObject,
    error: 'no onDeployed for host: lambda, because a function runs no commands',
  },
);
