/** What is said beside a command's own words, for it to work where these functions are. */
export interface CommandContext {
  /** Where: `--stack NAME --region REGION`. */
  readonly place: string;
  /** What a command that needs targets has to be told; empty where the place knows them. */
  readonly targets: string;
  /** What a command that carries a version has to be told; empty where the place fetches versions itself. */
  readonly version: string;
}

/** What a command needs besides the place it works in. */
type Need = Exclude<keyof CommandContext, 'place'>;

/** A command line of ours for people to copy, from its own words: `rollout --resume r-1`. */
export type CommandLine = (words: string, ...needs: readonly Need[]) => string;

/** Command lines that work as they stand, but for words in capitals. */
export function createCommandLine(said: CommandContext): CommandLine {
  return (words, ...needs) => {
    const [command = '', ...rest] = words.split(' ');
    const parts = ['certferry', command, said.place, ...rest, ...needs.map((need) => said[need])];
    return parts.filter((part) => part !== '').join(' ');
  };
}
