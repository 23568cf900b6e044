import type { CommandWords, OptionWords, ValueKind } from './command-words.ts';

/** The completion of zsh: in a folder of `fpath` as `_certferry`, or read with `source`. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  return `#compdef certferry
_certferry() {
  local -a commands
  if ((CURRENT == 2)); then
    commands=(
${commands.map(({ name, summary }) => `      '${name}:${plain(summary)}'`).join('\n')}
    )
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${commands.map(commandCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _certferry ]]; then _certferry "$@"; else compdef _certferry certferry; fi
`;
}

function commandCase({ name, options, arguments: values }: CommandWords): string {
  const specs = [
    ...options.map(optionSpec),
    ...values.map((value, at) => `'${at + 1}:argument:${actionOf(value)}'`),
  ];
  return `    ${name})\n      _arguments ${specs.join(' \\\n        ')}\n      ;;`;
}

function optionSpec({ long, description, value, repeatable }: OptionWords): string {
  const action = value === null ? '' : `:value:${actionOf(value)}`;
  return `'${repeatable ? '*' : ''}${long}[${plain(description)}]${action}'`;
}

function actionOf(value: ValueKind): string {
  if (value === 'file') return '_files';
  return value === 'text' ? ' ' : `(${value.join(' ')})`;
}

/** A description without the characters that _arguments or a quoted word gives a meaning. */
const plain = (text: string): string => text.replaceAll("'", '’').replaceAll(/[[\]:\\]/g, ' ');
