import type { Command } from 'commander';
import { variables } from '../config/settle-options.ts';
import { ownVersion } from '../terminal/built-files.ts';
import { type CommandWords, commandWords, type OptionWords } from './command-words.ts';

/** The manual page certferry(1) in the format of man(7). `about` is its description. */
export function manPage(program: Command, about: string): string {
  return `${[
    `.TH CERTFERRY 1 "${new Date().toISOString().slice(0, 10)}" "certferry ${ownVersion()}" "User Commands"`,
    '.SH NAME',
    `certferry \\- ${text('deploy renewed TLS certificates to hosts, verify and roll back')}`,
    '.SH SYNOPSIS',
    '.B certferry',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    text(about),
    '.SH COMMANDS',
    ...commandWords(program).flatMap(commandLines),
    '.SH ENVIRONMENT',
    ...Object.entries(variables).flatMap(([option, variable]) => [
      '.TP',
      `.B ${text(variable)}`,
      text(
        `The value of --${option}, if the option is not given. It has precedence over the configuration file.`,
      ),
    ]),
    '.SH FILES',
    ...files.flatMap(([path, meaning]) => ['.TP', `.I ${text(path)}`, text(meaning)]),
  ].join('\n')}\n`;
}

const files = [
  [
    'certferry.yaml',
    'The configuration file: targets and settings. It is searched for in the working directory and its parents.',
  ],
  ['/etc/certferry/certferry.yaml', 'The configuration file of the machine, if there is no nearer one.'],
  ['/var/lib/certferry', 'The state folder of root in local mode.'],
] as const;

function commandLines({ name, usage, description, options, after }: CommandWords): string[] {
  return [
    `.SS ${text(`certferry ${usage}`)}`,
    text(description === '' ? name : description),
    ...options.flatMap(optionLines),
    ...(after === '' ? [] : ['.PP', '.nf', ...after.trim().split('\n').map(text), '.fi']),
  ];
}

const optionLines = ({ flags, description }: OptionWords): string[] => [
  '.TP',
  `.B ${text(flags)}`,
  text(description),
];

/** Escapes what roff gives a meaning: backslashes, hyphens, and a full stop or apostrophe at the start of a line. */
function text(line: string): string {
  return line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll('…', '...')
    .replace(/^(?=[.'])/, '\\&');
}
