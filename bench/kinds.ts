import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manualActivation } from '../agent-scripts/activations/activation.ts';
import { desiredChange } from '../agent-scripts/connectors/connectors.ts';
import { quoteArgv } from '../agent-scripts/host/run-command.ts';
import { createAuthority, type IssuedCertificate } from '../cli/demo/throwaway-ca.ts';
import type { FileTarget } from '../core/targets/target.ts';
import { aTarget, bundleOf, runAgentWith, testHost } from '../test/agent-scripts/run-agent.ts';
import { matrixRows } from '../test/contract/matrix-rows.ts';
import type { DaemonUnderContract } from '../test/contract/site.ts';
import { measureInTurn, runProgram, type Timing } from './measure.ts';

const rounds = 5;

/** The first variant of each kind, and the variants that do not reload. */
const withoutReload = ['haproxy (runtime)', 'caddy (API, load_files)'];
/** No shell script replaces an entry of a keystore: `stores.ts` measures this kind. */
const inAnotherTable = 'javakeystore';
const onePerKind = matrixRows.filter(
  ({ daemon }, index) =>
    daemon.kind !== inAnotherTable &&
    (withoutReload.includes(daemon.title) ||
      matrixRows.findIndex((other) => other.daemon.kind === daemon.kind) === index),
);

/**
 * A renewal of every kind whose daemon is installed here, in four variants:
 *
 * - script: a shell script with cp, the daemon's own check, mv and the reload
 * - agent: the agent with `verify: none`
 * - served: the agent with a probe until the endpoint serves the new leaf
 * - rehearsed: the same with a rehearsal
 */
export async function everyKind(folder: string): Promise<string[]> {
  const lines = [
    'kind'.padEnd(30) + ['script', 'agent', 'over', 'served', 'rehearsed', 'cost'].map(cell).join(''),
  ];
  for (const { daemon } of onePerKind) {
    if (!daemon.needs.every((need) => need.met())) lines.push(`${daemon.title.padEnd(30)}(not installed)`);
    else lines.push(await oneKind(daemon, join(folder, daemon.title.replaceAll(/[^a-z]+/g, '-'))));
  }
  return [
    ...lines,
    'milliseconds, medians; over: agent - script; served: until the endpoint serves the new leaf; cost: rehearsed - served',
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
    const deployment = (target: FileTarget) => async () => {
      const job = await host.jobText('deploy', { target, version: await version() });
      const started = performance.now();
      const { line, stderr } = await runAgentWith(host.home, job);
      const took = performance.now() - started;
      host.received(line);
      if (line?.outcome !== 'applied') throw new Error(`${daemon.title}: ${line?.summary ?? stderr}`);
      return took;
    };
    const rehearsed = aTarget(daemon.kind, { ...site.config, rehearse: true }, site.verify);
    const hasSandbox =
      ((await desiredChange(rehearsed, bundleOf(await version()), 'other')).sandbox ?? []).length > 0;
    const seen = aTarget(daemon.kind, site.config, site.verify);
    const { activate } = await desiredChange(plain, bundleOf(await version()), 'other');
    // a command that an operator must complete first cannot be measured
    const isComplete = activate === null || !manualActivation(activate).includes(' # ');
    const times = await measureInTurn<string>(rounds, {
      ...(isComplete
        ? { script: async (round) => byHand(plain, await version(), join(root, `by-hand-${round}`)) }
        : {}),
      agent: deployment(plain),
      served: deployment(seen),
      ...(hasSandbox ? { rehearsed: deployment(rehearsed) } : {}),
    });
    return row(daemon.title, times);
  } finally {
    await site.stop();
  }
}

/** Runs a typical renewal hook for this kind. Returns the milliseconds of the script alone. */
async function byHand(target: FileTarget, version: IssuedCertificate, incoming: string): Promise<number> {
  const { files, validate, activate } = await desiredChange(target, bundleOf(version), 'other');
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
  runProgram('sh', ['-c', steps.join('\n')]);
  return performance.now() - started;
}

function row(title: string, times: Record<string, Timing | undefined>): string {
  const median = (name: string): number | null => times[name]?.median ?? null;
  const minus = (one: number | null, other: number | null) =>
    one === null || other === null ? null : one - other;
  const [script, agent, served, rehearsed] = ['script', 'agent', 'served', 'rehearsed'].map(median) as (
    | number
    | null
  )[];
  const cells = [script, agent, minus(agent ?? null, script ?? null), served, rehearsed];
  const all = [...cells, minus(rehearsed ?? null, served ?? null)];
  return (
    title.padEnd(30) +
    all.map((value) => cell(value === null || value === undefined ? '–' : value.toFixed(0))).join('')
  );
}

function cell(text: string): string {
  return text.padStart(11);
}
