import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Activation, ActivationOf } from '../../agent-scripts/activations/activation.ts';
import { desiredChange } from '../../agent-scripts/connectors/connectors.ts';
import type { DesiredChange } from '../../agent-scripts/connectors/desired-change.ts';
import { quoteArgv } from '../../agent-scripts/host/run-command.ts';
import { Target } from '../../core/targets/target.ts';
import { loadedDaemons, loadedPeers } from '../rigs/load/daemons.ts';
import { type MatrixRow, matrixRows } from './matrix-rows.ts';
import type { ContractPromise } from './site.ts';

/** The page that carries the matrix, between two marks. */
export const matrixPage = join(import.meta.dirname, '../../docs/targets/README.md');

const marks = ['<!-- matrix: node scripts/matrix.ts -->', '<!-- end of matrix -->'] as const;

const columns = [
  'kind',
  'tested',
  'validate',
  'activate',
  'hitless',
  'rehearsal',
  'rollback',
  'dry run',
] as const;
type Column = (typeof columns)[number];
type Cells = Readonly<Record<Column, string>>;

/** How an activation is told in a cell, without the paths of one host. */
const activationWords: { readonly [Kind in Activation['kind']]: (activation: ActivationOf<Kind>) => string } =
  {
    command: ({ argv }) => code(argv),
    monitoredCommand: ({ argv }) => `${code(argv)}, which the main process has to survive`,
    haproxyRuntime: () => '`set ssl cert` and `commit ssl cert` on the stats socket',
    caddyCertificates: ({ loader }) => `the admin API: \`tls.certificates.${loader}\``,
    envoySecrets: () => 'none: it watches; the admin endpoint tells when it has read',
  };

/** The page, with the matrix as connectors and daemons are now. @throws Error when the page has lost its marks */
export function pageWithMatrix(page: string): string {
  const [begin, end] = [page.indexOf(marks[0]), page.indexOf(marks[1])];
  if (begin < 0 || end < begin)
    throw new Error(`${matrixPage} needs a line "${marks[0]}" and a line "${marks[1]}"`);
  const told = versionsIn(page.slice(begin, end));
  const rows = matrixRows.map((row) => cellsOf(row, told.get(row.daemon.title) ?? ''));
  const table = [
    columns,
    columns.map(() => '---'),
    ...rows.map((cells) => columns.map((name) => cells[name])),
  ]
    .map((line) => `| ${line.join(' | ')} |`)
    .join('\n');
  return `${page.slice(0, begin)}${marks[0]}\n\n${table}\n\n${page.slice(end)}`;
}

/** The page as it is on disk. */
export function readMatrixPage(): string {
  return readFileSync(matrixPage, 'utf8');
}

/** The promises of the contract that a row claims, and whose tests have therefore to be there and not be skipped. */
export function claimedPromises({ daemon }: MatrixRow): ContractPromise[] {
  const shown: readonly ContractPromise[] = ['renewal', 'refusal', 'rehearsal', 'undo', 'dryRun'];
  return shown.filter((name) => daemon.cannot?.[name] === undefined);
}

/** `told` is the version that the page tells, for daemons that are not on this machine. */
function cellsOf(row: MatrixRow, told: string): Cells {
  const { daemon } = row;
  const { validate, activate, sandbox } = wanted(row);
  const isHere = daemon.needs.every((need) => need.met());
  return {
    kind: linked(daemon.title, daemon.kind),
    tested: isHere ? daemon.version() : told,
    validate:
      validate === null ? `none: ${daemon.cannot?.refusal ?? 'the config names none'}` : code(validate),
    activate: activate === null ? 'none: it watches' : wordsOf(activate),
    hitless: hitlessWords(row),
    rehearsal: daemon.cannot?.rehearsal ?? (sandbox?.length === 0 ? 'no' : 'yes'),
    rollback: daemon.cannot?.undo ?? 'yes',
    'dry run': daemon.dryRun === 'validate_unsupported' ? 'the bundle alone' : 'asks the daemon',
  };
}

function linked(title: string, kind: string): string {
  const page = `${kind}.md`;
  return existsSync(join(matrixPage, '..', page)) ? title.replace(kind, `[${kind}](${page})`) : title;
}

function wordsOf(activation: Activation): string {
  return (activationWords[activation.kind] as (activation: Activation) => string)(activation);
}

/** What was measured of this daemon, or of another one of its kind that is activated the same way. */
function hitlessWords(row: MatrixRow): string {
  const loaded = [...loadedDaemons, ...loadedPeers];
  const own = loaded.find(({ daemon }) => daemon.title === row.daemon.title);
  if (own !== undefined) return own.migrating ? 'yes, with `net.ipv4.tcp_migrate_req`' : 'yes';
  const activation = wanted(row).activate?.kind;
  const like = matrixRows.find(
    (other) =>
      other.daemon.kind === row.daemon.kind &&
      wanted(other).activate?.kind === activation &&
      loaded.some(({ daemon }) => daemon.title === other.daemon.title),
  );
  return like === undefined ? 'not measured' : `as ${like.daemon.title}`;
}

/** Versions by title, out of a matrix that was written before. */
function versionsIn(table: string): Map<string, string> {
  const rows = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(
    rows.map(([, kind = '', version = '']) => [kind.replace(/\[([^\]]*)\]\([^)]*\)/, '$1'), version]),
  );
}

const noBundle = { leaf: '', chain: [], key: '' };

function wanted(row: MatrixRow): DesiredChange {
  return desiredChange(sampleTarget(row), noBundle, 'debian');
}

function sampleTarget({ daemon: { kind }, config }: MatrixRow): Target {
  const common = { id: 'sample', certificate: 'www.example.com', host: 'local', verify: 'none' };
  return Target.parse({ ...common, kind, config: { ...config, rehearse: true } });
}

function code(argv: readonly string[]): string {
  return `\`${quoteArgv(argv)}\``;
}
