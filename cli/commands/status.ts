import { counted } from '../../core/counted.ts';
import {
  byUrgency,
  needsAction,
  type TargetStatus,
  undeployedStatus,
  withFindings,
} from '../../core/drift/target-status.ts';
import type { Backend } from '../../services/backend/backend.ts';
import { isOnThisMachine, readTargetsFile } from '../input/select-targets.ts';
import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { commandLineFor } from '../options/command-line.ts';
import { refuseFileOptions } from '../options/option-checks.ts';
import { prometheusText } from '../render/prometheus.ts';
import { type StatusLayout, statusLines } from '../render/status.ts';
import { timesOf } from '../render/times.ts';
import { UsageError } from '../terminal/errors.ts';
import { notServedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { writeOutput } from '../terminal/write-file.ts';
import { withBackend } from './open-backend.ts';

export interface StatusOptions extends BackendOptions {
  readonly certificate?: string;
  readonly targets?: string;
  readonly probe?: boolean;
  readonly html?: string;
  readonly prometheus?: string;
  readonly utc?: boolean;
}

/** `certferry status`: every target, the most urgent first. Exit code 1 if one needs action. */
export async function status(options: StatusOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'status');
  if (selection.kind === 'stack') refuseFileOptions(options);
  const known = await withBackend(selection, (backend) => read(backend, options, terminal));
  const statuses = [...known, ...undeployed(options, known)].sort(byUrgency);
  if (options.certificate !== undefined && statuses.length === 0) {
    throw new UsageError(`no registered target has the certificate ${options.certificate}`);
  }
  const context = { now: new Date(), own: commandLineFor(options), times: timesOf(options) };
  const written = await writeFiles(statuses, options, context);
  if (options.json === true) terminal.out(JSON.stringify({ targets: statuses }));
  else if (written.length > 0) for (const line of written) terminal.out(line);
  else {
    const layout = {
      ...terminal,
      ...context,
      probed: options.probe === true,
      local: selection.kind === 'local',
    };
    for (const line of statusLines(statuses, layout)) terminal.out(line);
  }
  return statuses.some(needsAction) ? notServedExitCode : 0;
}

/** Writes the files that the options name. Returns a line for each. */
async function writeFiles(
  statuses: readonly TargetStatus[],
  { html, prometheus }: StatusOptions,
  context: Pick<StatusLayout, 'now' | 'own' | 'times'>,
): Promise<string[]> {
  const written: string[] = [];
  if (html !== undefined) {
    const { statusPage } = await import('../page/status-page.ts');
    writeOutput(html, statusPage(statuses, context));
    written.push(`${html}: written. Open it in a browser.`);
  }
  if (prometheus !== undefined) {
    writeOutput(prometheus, prometheusText(statuses, context.now), readableByAll);
    written.push(`${prometheus}: written.`);
  }
  return written;
}

/** node_exporter runs as another user. */
const readableByAll = 0o644;

/** The records of the registry, with the findings of a sweep if `probe` is set. The sweep heals nothing. */
async function read(
  backend: Pick<Backend, 'status' | 'sweep'>,
  { certificate, probe = false }: StatusOptions,
  { interactive, err }: Terminal,
): Promise<TargetStatus[]> {
  const statuses = await backend.status(certificate, (done, total) => {
    if (interactive && total > done) err(`Read ${done} of ${total} targets …`);
  });
  if (!probe || statuses.length === 0) return statuses;
  if (interactive) err(`Probing the endpoints of ${counted(statuses.length, 'target')} …`);
  const report = await backend.sweep({ certificate, heal: false });
  const found = new Map(report.targets.map((target) => [target.targetId, target]));
  return withFindings(statuses, found);
}

/** The targets of the file for this machine that have no records, because no deployment has registered them. */
function undeployed({ targets: file, certificate }: StatusOptions, known: readonly TargetStatus[]) {
  if (file === undefined) return [];
  const ids = new Set(known.map(({ targetId }) => targetId));
  return readTargetsFile(file)
    .targets.filter((target) => isOnThisMachine(target) && !ids.has(target.id))
    .filter((target) => certificate === undefined || target.certificate === certificate)
    .map(undeployedStatus);
}
