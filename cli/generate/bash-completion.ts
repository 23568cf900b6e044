import type { CommandWords, ValueKind } from './command-words.ts';

/**
 * The completion of bash 4 or later. It is static: a key press starts no program, and never evaluates the words of the command
 * line. `-o default` completes file names where the function returns no word.
 */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion for certferry
_certferry() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} words=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${names} --help --version' -- "$cur"))
    return
  fi
  case "$command $prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${commands.map(({ name, options }) => `      ${name}) words='${options.map(({ long }) => long).join(' ')}' ;;`).join('\n')}
    esac
  else
    case $command in
${commands.flatMap(argumentCase).join('\n')}
      *) compopt +o default 2> /dev/null; return ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _certferry certferry
`;
}

function valueCases({ name, options }: CommandWords): string[] {
  return options.flatMap(({ long, value }) => {
    if (value === null) return [];
    return [`    '${name} ${long}') ${actionOf(value)} return ;;`];
  });
}

function actionOf(value: ValueKind): string {
  if (value === 'file') return '';
  if (value === 'text') return 'compopt +o default 2> /dev/null;';
  return `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$cur"));`;
}

function argumentCase({ name, arguments: values }: CommandWords): string[] {
  const [first] = values;
  // a later argument may be a file, as of "targets apply"
  if (first === 'file') return [`      ${name}) return ;;`];
  if (first === undefined || first === 'text') return [];
  return [`      ${name}) ((COMP_CWORD == 2)) || return; words='${first.join(' ')}' ;;`];
}
