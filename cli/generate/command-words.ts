// The commands as plain data, from their definitions. Completion and manual page are generated from it.
import type { Argument, Command, Option } from 'commander';

/** What can follow an option, or be an argument. */
export type ValueKind = 'file' | 'text' | readonly string[];

export interface OptionWords {
  /** `--targets`. */
  readonly long: string;
  /** `-V`; null if there is none. */
  readonly short: string | null;
  /** `--targets <file>`. */
  readonly flags: string;
  readonly description: string;
  /** Null for an option without a value. */
  readonly value: ValueKind | null;
  readonly repeatable: boolean;
}

export interface CommandWords {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  readonly arguments: readonly ValueKind[];
  /** The text of the help after the options: examples and exit codes. */
  readonly after: string;
}

/** All visible commands of the program. */
export function commandWords(program: Command): CommandWords[] {
  return program.createHelp().visibleCommands(program).map(wordsOf);
}

/** A command that has commands of its own is completed as one command: their names are its first argument. */
function wordsOf(command: Command): CommandWords {
  const inner = command.createHelp().visibleCommands(command);
  const options = [command, ...inner].flatMap((one) => one.createHelp().visibleOptions(one)).map(optionOf);
  const names = inner.map((one) => one.name());
  return {
    name: command.name(),
    usage: `${command.name()} ${command.usage()}`,
    summary: command.summary(),
    description: command.description(),
    options: options.filter(({ long }, at) => options.findIndex((other) => other.long === long) === at),
    arguments:
      names.length > 0 ? [names] : command.registeredArguments.map((one) => valueKind(one, one.name())),
    after: textAfterOptions(command),
  };
}

/** The whole help of the command, without the part that commander writes itself. */
function textAfterOptions(command: Command): string {
  const written: string[] = [];
  command.configureOutput({ writeOut: (text) => written.push(text) }).outputHelp();
  return written.join('').slice(command.helpInformation().length);
}

function optionOf(option: Option): OptionWords {
  const { long, short = null, flags, description, required, optional, defaultValue } = option;
  const [, name = ''] = /[<[]([\w-]+)/.exec(flags) ?? [];
  return {
    long: long ?? flags,
    short: short ?? null,
    flags,
    description,
    value: required || optional ? valueKind(option, name) : null,
    repeatable: Array.isArray(defaultValue),
  };
}

/** Definitions name their values: `<file>`, `<dir>` and `<bundle>` are paths. */
function valueKind({ argChoices }: Pick<Argument | Option, 'argChoices'>, name: string): ValueKind {
  if (argChoices !== undefined) return argChoices;
  return /^(file|dir|folder|bundle)$/.test(name) ? 'file' : 'text';
}
