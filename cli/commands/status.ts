import { byUrgency, needsAction, type TargetStatus, withFindings } from '../../core/drift/target-status.ts';
import type { Backend } from '../../services/backend/backend.ts';
import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { commandLineFor } from '../options/command-line.ts';
import { prometheusText } from '../render/prometheus.ts';
import { statusLines } from '../render/status.ts';
import { timesOf } from '../render/times.ts';
import { notServedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { writeOutput } from '../terminal/write-file.ts';
import { withBackend } from './open-backend.ts';

export interface StatusOptions extends BackendOptions {
  readonly certificate?: string;
  readonly probe?: boolean;
  readonly html?: string;
  readonly prometheus?: string;
  readonly utc?: boolean;
}

/** `certferry status`: every target, the most urgent first. Exit code 1 if one needs action. */
export async function status(options: StatusOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'status');
  const statuses = await withBackend(selection, (backend) => read(backend, options, terminal));
  const [now, own, times] = [new Date(), commandLineFor(options), timesOf(options)];
  const layout = { ...terminal, own, times, now, probed: options.probe === true };
  const written: string[] = [];
  if (options.html !== undefined) {
    const { statusPage } = await import('../page/status-page.ts');
    writeOutput(options.html, statusPage(statuses, { now, own, times }));
    written.push(`${options.html}: written. Open it in a browser.`);
  }
  if (options.prometheus !== undefined) {
    writeOutput(options.prometheus, prometheusText(statuses, now), readableByAll);
    written.push(`${options.prometheus}: written.`);
  }
  if (options.json === true) terminal.out(JSON.stringify({ targets: statuses }));
  else if (written.length > 0) for (const line of written) terminal.out(line);
  else for (const line of statusLines(statuses, layout)) terminal.out(line);
  return statuses.some(needsAction) ? notServedExitCode : 0;
}

/** node_exporter runs as another user. */
const readableByAll = 0o644;

/** The records of the registry, with the findings of a sweep if `probe` is set. The sweep heals nothing. */
async function read(
  backend: Pick<Backend, 'status' | 'sweep'>,
  { certificate, probe = false }: StatusOptions,
  { interactive, err }: Terminal,
): Promise<TargetStatus[]> {
  const statuses = await backend.status(certificate, (read, total) => {
    if (interactive && total > read) err(`Read ${read} of ${total} targets …`);
  });
  if (!probe || statuses.length === 0) return statuses;
  if (interactive) err(`Probing the endpoints of ${statuses.length} targets …`);
  const report = await backend.sweep({ certificate, heal: false });
  const found = new Map(report.targets.map((target) => [target.targetId, target]));
  return withFindings(statuses, found).sort(byUrgency);
}
