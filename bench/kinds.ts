import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manualActivation } from '../agent-scripts/activations/activation.ts';
import { desiredChange } from '../agent-scripts/connectors/connectors.ts';
import { quoteArgv } from '../agent-scripts/host/run-command.ts';
import { createAuthority, type IssuedCertificate } from '../cli/demo/throwaway-ca.ts';
import type { Target } from '../core/targets/target.ts';
import { aTarget, bundleOf, runAgentWith, testHost } from '../test/agent-scripts/run-agent.ts';
import { matrixRows } from '../test/contract/matrix-rows.ts';
import type { DaemonUnderContract } from '../test/contract/site.ts';
import { inTurn, pidFileRequired, type Timing } from './measure.ts';

const rounds = 5;

/** The first way of each kind, and the ways that do not reload. */
const withoutReload = ['haproxy (runtime)', 'caddy (API, load_files)'];
const onePerKind = matrixRows.filter(
  ({ daemon }, index) =>
    withoutReload.includes(daemon.title) ||
    matrixRows.findIndex((other) => other.daemon.kind === daemon.kind) === index,
);

/**
 * A renewal of every kind whose daemon is installed here: the bare shell script for that kind (cp, the daemon's own
 * check, mv, what makes it read its files), the agent on the same daemon, and the agent with a rehearsal before it. The
 * agent stages, judges in private, journals, backs up, and waits for nobody here (`verify: none`), but for the rehearsal,
 * which needs an endpoint and so waits for the pickup too.
 */
export async function everyKind(folder: string): Promise<string[]> {
  const lines = [
    'kind'.padEnd(30) + ['script', 'agent', 'over', 'seen', 'rehearsed', 'cost'].map(cell).join(''),
  ];
  for (const { daemon } of onePerKind) {
    if (!daemon.needs.every((need) => need.met()))
      lines.push(`${daemon.title.padEnd(30)}(not installed here)`);
    else lines.push(await oneKind(daemon, join(folder, daemon.title.replaceAll(/[^a-z]+/g, '-'))));
  }
  return [
    ...lines,
    'milliseconds, medians; over: agent - script; seen: waiting until the new leaf is served; cost: rehearsed - seen',
  ];
}

async function oneKind(daemon: DaemonUnderContract, root: string): Promise<string> {
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const authority = await createAuthority({ name: 'Bench', intermediate: true });
  const version = () => authority.issue({ names: ['www.example.test'] });
  const site = await daemon.site(root);
  site.installByHand(await version());
  await site.start();
  try {
    const plain = aTarget(daemon.kind, site.config);
    const host = testHost(join(root, 'home'));
    const carry = (target: Target) => async () => {
      const job = await host.jobText('deploy', { target, version: await version() });
      const started = performance.now();
      const { line, stderr } = await runAgentWith(host.home, job);
      const took = performance.now() - started;
      if (line?.outcome !== 'applied') throw new Error(`${daemon.title}: ${line?.summary ?? stderr}`);
      return took;
    };
    const rehearsed = aTarget(daemon.kind, { ...site.config, rehearse: true }, site.verify);
    const hasShadow = (desiredChange(rehearsed, bundleOf(await version()), 'other').sandbox ?? []).length > 0;
    const seen = aTarget(daemon.kind, site.config, site.verify);
    const { activate } = desiredChange(plain, bundleOf(await version()), 'other');
    // a line that a person has to complete first cannot be timed
    const canBeTyped = activate === null || !manualActivation(activate).includes(' # ');
    const times = await inTurn<string>(rounds, {
      ...(canBeTyped
        ? { script: async (round) => byHand(plain, await version(), join(root, `by-hand-${round}`)) }
        : {}),
      agent: carry(plain),
      seen: carry(seen),
      ...(hasShadow ? { rehearsed: carry(rehearsed) } : {}),
    });
    return row(daemon.title, times);
  } finally {
    await site.stop();
  }
}

/** What people write in a hook for this kind; gives the milliseconds of the script alone. */
function byHand(target: Target, version: IssuedCertificate, incoming: string): number {
  const { files, validate, activate } = desiredChange(target, bundleOf(version), 'other');
  mkdirSync(incoming, { recursive: true });
  const steps: string[] = ['set -e'];
  const moves: string[] = [];
  for (const [index, { path, content }] of files.entries()) {
    const from = join(incoming, String(index));
    if (content !== null) writeFileSync(from, content, { mode: 0o600 });
    steps.push(quoteArgv(['cp', '-p', path, `${path}.new`]));
    if (content !== null) steps.push(`cat ${quoteArgv([from])} > ${quoteArgv([`${path}.new`])}`);
    moves.push(quoteArgv(['mv', `${path}.new`, path]));
  }
  if (validate !== null) steps.push(`${quoteArgv(validate)} > /dev/null 2>&1`);
  steps.push(...moves);
  if (activate !== null) steps.push(`{ ${manualActivation(activate)}; } > /dev/null 2>&1`);
  const started = performance.now();
  pidFileRequired('sh', ['-c', steps.join('\n')]);
  return performance.now() - started;
}

function row(title: string, times: Record<string, Timing | undefined>): string {
  const median = (name: string): number | null => times[name]?.median ?? null;
  const minus = (one: number | null, other: number | null) =>
    one === null || other === null ? null : one - other;
  const [script, agent, seen, rehearsed] = ['script', 'agent', 'seen', 'rehearsed'].map(median) as (
    | number
    | null
  )[];
  const cells = [script, agent, minus(agent ?? null, script ?? null), seen, rehearsed];
  const all = [...cells, minus(rehearsed ?? null, seen ?? null)];
  return (
    title.padEnd(30) +
    all.map((value) => cell(value === null || value === undefined ? '–' : value.toFixed(0))).join('')
  );
}

function cell(text: string): string {
  return text.padStart(11);
}
