import { counted } from '../../core/counted.ts';
import type { Discovery, FoundCertificate, UnexplainedListener } from '../../discovery/discover.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { listingLines } from './listing.ts';
import { daysBetween, fold } from './text.ts';

/** The table of what a host serves, then what no known daemon explains, then notes. */
export function discoveryLines(discovery: Discovery, terminal: Terminal, now: Date): string[] {
  const { certificates, unexplained, notes } = discovery;
  const seconds = now.getTime() / 1000;
  const table = listingLines(
    certificates,
    { columns: columnsAt(seconds), markOf: (one) => mark(one, terminal) },
    terminal,
  );
  const others = [...new Set([...certificates.flatMap(notesOf), ...notes])];
  return [
    ...(certificates.length === 0 ? ['No certificate of a known daemon was found.'] : table),
    ...section(
      'Other listening sockets, which no known daemon explains:',
      unexplained.map((one) => otherLine(one, seconds)),
    ),
    ...section(
      'Notes:',
      others.flatMap((note) => folded(note, terminal.width)),
    ),
  ];
}

const columnsAt = (now: number) => [
  {
    head: 'expires',
    cell: ({ facts }: FoundCertificate) => (facts === null ? 'unknown' : daysBetween(now, facts.notAfter)),
  },
  { head: 'daemon', cell: ({ daemon }: FoundCertificate) => daemon },
  { head: 'names', cell: ({ facts }: FoundCertificate) => shortList(facts?.names ?? []) },
  {
    head: 'endpoints',
    cell: ({ endpoints }: FoundCertificate) => shortList([...new Set(endpoints.map((one) => one.endpoint))]),
  },
  { head: 'serves', cell: serves },
  { head: 'file', cell: ({ certFile }: FoundCertificate) => certFile },
];

const shown = 2;

function shortList(texts: readonly string[]): string {
  if (texts.length === 0) return '-';
  const more = texts.length - shown;
  return `${texts.slice(0, shown).join(', ')}${more > 0 ? ` +${more}` : ''}`;
}

/** Whether the endpoints serve the leaf of the file. */
export function serves({ facts, endpoints }: FoundCertificate): string {
  if (endpoints.length === 0) return 'no endpoint';
  if (facts === null) return 'unknown';
  const same = endpoints.filter(({ fingerprint }) => fingerprint === facts.fingerprint);
  if (same.length === endpoints.length) return 'this file';
  if (endpoints.every(({ fingerprint }) => fingerprint === null)) return 'no answer';
  return same.length > 0 ? `this file (${same.length} of ${endpoints.length})` : 'another leaf';
}

function mark(found: FoundCertificate, { colours }: Terminal): string {
  return serves(found) === 'this file' && (found.facts?.daysLeft ?? -1) >= 0
    ? colours.green('✔')
    : colours.yellow('!');
}

function notesOf({ certFile, daemon, facts, problem, sharedWith, notes }: FoundCertificate): string[] {
  return [
    ...(problem === null ? [] : [`${certFile} (${daemon}): ${problem}`]),
    ...(facts?.linksTo ? [`${certFile} is a link to ${facts.linksTo}`] : []),
    ...(sharedWith.length === 0
      ? []
      : [`${certFile} is used by ${[...new Set([daemon, ...sharedWith])].sort().join(', ')}`]),
    ...notes.map((note) => `${certFile}: ${note}`),
  ];
}

function otherLine({ endpoint, program, names, notAfter }: UnexplainedListener, now: number): string {
  const tls =
    notAfter === null
      ? 'no TLS at once'
      : `serves ${shortList(names)}, expires ${daysBetween(now, notAfter)}`;
  return `  ${endpoint}  ${program}  ${tls}`;
}

function section(head: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', head, ...lines];
}

function folded(note: string, width: number): string[] {
  return fold(note, width - 4).map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`);
}

/** The last line: how many targets certferry can deploy to. */
export function proposalLine(certificates: number, targets: number): string {
  return `${counted(certificates, 'certificate')} found, ${counted(targets, 'target')} proposed`;
}
