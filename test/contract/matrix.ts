import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Activation, ActivationOf } from '../../agent-scripts/activations/activation.ts';
import { desiredChange } from '../../agent-scripts/connectors/connectors.ts';
import type { DesiredChange } from '../../agent-scripts/connectors/desired-change.ts';
import { quoteArgv } from '../../agent-scripts/host/run-command.ts';
import { type FileTarget, Target } from '../../core/targets/target.ts';
import { loadedDaemons, loadedPeers } from '../rigs/load/daemons.ts';
import { type MatrixRow, matrixRows } from './matrix-rows.ts';
import type { ContractPromise } from './site.ts';

/** The page that contains the matrix between two marks. */
export const matrixPage = join(import.meta.dirname, '../../docs/targets/README.md');

const marks = ['<!-- matrix: node scripts/write-matrix.ts -->', '<!-- end of matrix -->'] as const;

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

/** How a cell describes an activation, without the paths of a host. */
const activationTexts: { readonly [Kind in Activation['kind']]: (activation: ActivationOf<Kind>) => string } =
  {
    command: ({ argv }) => code(argv),
    monitoredCommand: ({ argv }) => `${code(argv)}; the main process must keep running`,
    haproxyRuntime: () => '`set ssl cert` and `commit ssl cert` on the stats socket',
    caddyCertificates: ({ loader }) => `the admin API: \`tls.certificates.${loader}\``,
    containerSignal: ({ signal }) => `SIG${signal} to the main process of the container`,
    tomcatManager: () => '`sslReload` of Tomcat’s manager',
    envoySecrets: () => 'none: it watches its files; the admin endpoint lists the loaded leaf',
  };

/** The page with the current matrix. @throws Error if the page lacks the marks */
export function pageWithMatrix(page: string): string {
  const [begin, end] = [page.indexOf(marks[0]), page.indexOf(marks[1])];
  if (begin < 0 || end < begin)
    throw new Error(`${matrixPage} needs a line "${marks[0]}" and a line "${marks[1]}"`);
  const recordedVersions = versionsIn(page.slice(begin, end));
  const rows = matrixRows.map((row) => cellsOf(row, recordedVersions.get(row.daemon.title) ?? ''));
  const table = [
    columns,
    columns.map(() => '---'),
    ...rows.map((cells) => columns.map((name) => cells[name])),
  ]
    .map((line) => `| ${line.join(' | ')} |`)
    .join('\n');
  return `${page.slice(0, begin)}${marks[0]}\n\n${table}\n\n${page.slice(end)}`;
}

/** The page on disk. */
export function readMatrixPage(): string {
  return readFileSync(matrixPage, 'utf8');
}

/** The cases of the contract that a row claims: their tests must exist and must not be skipped. */
export function claimedPromises({ daemon }: MatrixRow): ContractPromise[] {
  const shown: readonly ContractPromise[] = ['renewal', 'refusal', 'rehearsal', 'undo', 'dryRun'];
  return shown.filter((name) => daemon.exceptions?.[name] === undefined);
}

/** `recordedVersion` is the version on the page, for daemons that are not installed on this machine. */
function cellsOf(row: MatrixRow, recordedVersion: string): Cells {
  const { daemon } = row;
  const { validate, activate, sandbox } = wanted(row);
  const isInstalled = daemon.needs.every((need) => need.met());
  return {
    kind: linked(daemon.title, daemon.kind),
    tested: isInstalled ? daemon.version() : recordedVersion,
    validate: validate === null ? `none: ${daemon.exceptions?.refusal ?? 'not configured'}` : code(validate),
    activate: activate === null ? 'none: it watches its files' : textOf(activate),
    hitless: hitlessCell(row),
    rehearsal: daemon.exceptions?.rehearsal ?? (sandbox?.length === 0 ? 'no' : 'yes'),
    rollback: daemon.exceptions?.undo ?? 'yes',
    'dry run': daemon.dryRun === 'validate_unsupported' ? 'bundle only' : 'daemon’s check',
  };
}

function linked(title: string, kind: string): string {
  const page = `${kind}.md`;
  return existsSync(join(matrixPage, '..', page)) ? title.replace(kind, `[${kind}](${page})`) : title;
}

function textOf(activation: Activation): string {
  return (activationTexts[activation.kind] as (activation: Activation) => string)(activation);
}

/** The measurement of this daemon, or of another one of its kind with the same activation. */
function hitlessCell(row: MatrixRow): string {
  const loaded = [...loadedDaemons, ...loadedPeers];
  const own = loaded.find(({ daemon }) => daemon.title === row.daemon.title);
  if (own !== undefined) return own.migrating ? 'yes, with `net.ipv4.tcp_migrate_req`' : 'yes';
  const activation = wanted(row).activate?.kind;
  const similar = matrixRows.find(
    (other) =>
      other.daemon.kind === row.daemon.kind &&
      wanted(other).activate?.kind === activation &&
      loaded.some(({ daemon }) => daemon.title === other.daemon.title),
  );
  return similar === undefined ? 'not measured' : `as ${similar.daemon.title}`;
}

/** Versions by title from an existing matrix. */
function versionsIn(table: string): Map<string, string> {
  const rows = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(
    rows.map(([, kind = '', version = '']) => [kind.replace(/\[([^\]]*)\]\([^)]*\)/, '$1'), version]),
  );
}

const noBundle = { leaf: '', chain: [], key: '' };

const changes = new Map(
  await Promise.all(
    matrixRows.map(async (row) => [row, await desiredChange(sampleTarget(row), noBundle, 'debian')] as const),
  ),
);

function wanted(row: MatrixRow): DesiredChange {
  const change = changes.get(row);
  if (change === undefined) throw new Error(`${row.daemon.title} is not in the list of rows`);
  return change;
}

function sampleTarget({ daemon: { kind }, config }: MatrixRow): FileTarget {
  const common = { id: 'sample', certificate: 'www.example.com', host: 'local', verify: 'none' };
  return Target.parse({ ...common, kind, config: { ...config, rehearse: true } }) as FileTarget;
}

function code(argv: readonly string[]): string {
  return `\`${quoteArgv(argv)}\``;
}
