/** Options that a command needs to work with this stack or state folder. */
export interface CommandContext {
  /** Selects the stack or the state folder: `--stack NAME --region REGION`. */
  readonly backend: string;
  /** Options of commands that need targets; empty if the backend has a registry of targets. */
  readonly targets: string;
  /** Options of commands that need a version; empty if the backend reads versions itself. */
  readonly version: string;
}

/** Options that a command needs in addition to those of the backend. */
type Need = Exclude<keyof CommandContext, 'backend'>;

/** A complete command line for operators to copy. `command`: for example `rollout --resume r-1`. */
export type CommandLine = (command: string, ...needs: readonly Need[]) => string;

/** Command lines that work as printed, except for words in capitals. */
export function createCommandLine(context: CommandContext): CommandLine {
  return (command, ...needs) => {
    const [name = '', ...rest] = command.split(' ');
    const parts = ['certferry', name, context.backend, ...rest, ...needs.map((need) => context[need])];
    return parts.filter((part) => part !== '').join(' ');
  };
}
