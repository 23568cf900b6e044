import type { CommandWords, OptionWords, ValueKind } from './command-words.ts';

/** The completion of fish, one line for each command and option. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  return `${['# fish completion for certferry', 'complete -c certferry -f', ...commands.flatMap(commandLines)].join('\n')}\n`;
}

function commandLines({ name, summary, options, arguments: values }: CommandWords): string[] {
  const within = `complete -c certferry -n '__fish_seen_subcommand_from ${name}'`;
  const [first] = values;
  return [
    `complete -c certferry -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => `${within} ${optionWords(option)}`),
    ...(first === undefined || first === 'text' ? [] : [`${within}${valueWords(first)}`]),
  ];
}

function optionWords({ long, short, description, value }: OptionWords): string {
  const letter = short === null ? '' : ` -s ${short.slice(1)}`;
  const needsValue = value === null ? '' : ` -r${valueWords(value)}`;
  return `-l ${long.slice(2)}${letter}${needsValue} -d ${quoted(description)}`;
}

function valueWords(value: ValueKind): string {
  if (value === 'file') return ' -F';
  return value === 'text' ? ' -f' : ` -f -a '${value.join(' ')}'`;
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
