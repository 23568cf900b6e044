import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { LocalBackend } from '../../local/backend/local-backend.ts';
import type { LocalRollout, LocalRolloutResult } from '../../local/backend/run-rollout.ts';
import type { RolloutObserver } from '../../services/backend/backend.ts';
import { outcomeText, rolloutMark, rolloutMeanings } from '../render/rollout-outcomes.ts';
import { followDeployment, followRollout, newView } from '../render/rollout-view.ts';
import { mark } from '../render/summary.ts';
import { duration, fold, shortFingerprint } from '../render/text.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { DemoFailed, identityOf } from './deploy-version.ts';
import { describeWaves, expectAllServe, type Fleet, fleetName, rolloutOf } from './fleet.ts';
import type { Authority, IssuedCertificate } from './throwaway-ca.ts';

/** The participants of the scene with a fleet. */
export interface FleetScene {
  readonly backend: Pick<LocalBackend, 'rollout'>;
  readonly fleet: Fleet;
  readonly terminal: Terminal;
}

/**
 * Deploys version 1 to five hosts at once, then version 2 in waves. One host does not serve version 2: the rollout halts
 * and rolls back.
 *
 * @throws DemoFailed when a wave, an outcome or a served certificate differs from the description
 */
export async function runFleetScene(scene: FleetScene, authority: Authority): Promise<void> {
  const issue = () => authority.issue({ names: [fleetName] });
  const [first, second] = [await issue(), await issue()];
  await installFirstVersion(scene, first);
  scene.terminal.out('');
  await failRenewal(scene, second);
  await expectFirstVersion(scene, first);
}

async function installFirstVersion(scene: FleetScene, version: IssuedCertificate): Promise<void> {
  const { fleet, terminal } = scene;
  const ids = fleet.map(({ target: { id } }) => id);
  terminal.out('  Version 1 is deployed to all five hosts at once:');
  terminal.out('');
  await rollOut(scene, rolloutOf(fleet, version, { waves: ['100%'] }), {
    outcome: 'finished',
    waves: [`forward ${ids.map((id) => `${id} deployed`).join(', ')}`],
  });
  await expectFirstVersion(scene, version);
}

async function failRenewal(scene: FleetScene, version: IssuedCertificate): Promise<void> {
  const { fleet, terminal } = scene;
  const { out, colours } = terminal;
  out(
    '  Version 2 is deployed to one host, then to half of the hosts, then to all. web-3 ignores its reload:',
  );
  out('');
  fleet[2]?.ignoreReloads();
  const lastWave = fleet.slice(3);
  const previous = lastWave.map(identityOf);
  await rollOut(scene, rolloutOf(fleet, version, { waves: [1, '50%', '100%'], onHalt: 'rollback' }), {
    outcome: 'rolled_back',
    waves: [
      'forward web-1 deployed',
      'forward web-2 deployed, web-3 rolled_back',
      'rollback web-2 deployed',
      'rollback web-1 deployed',
    ],
  });
  if (lastWave.some((server, at) => identityOf(server) !== previous[at])) {
    throw new DemoFailed('the files of web-4 or web-5 changed, although their wave was not started');
  }
  out(
    `  ${colours.green('✔')} The wave of web-4 and web-5 was not started: their files have the same inodes`,
  );
}

async function expectFirstVersion(
  { fleet, terminal: { out, colours } }: FleetScene,
  version: IssuedCertificate,
): Promise<void> {
  await expectAllServe(fleet, version, 'version 1');
  const fingerprint = shortFingerprint(version.fingerprint);
  out(`  ${colours.green('✔')} External probe: all five endpoints serve version 1, ${fingerprint}`);
}

/** The expected outcome of a rollout, and the expected results of each wave. */
interface ExpectedRollout {
  readonly outcome: RolloutOutcome;
  readonly waves: readonly string[];
}

async function rollOut(
  { backend, terminal }: FleetScene,
  rollout: LocalRollout,
  { outcome, waves }: ExpectedRollout,
): Promise<void> {
  const result = await backend.rollout(rollout, printer(terminal));
  const actual = describeWaves(result);
  if (result.output?.outcome !== outcome || actual.join('; ') !== waves.join('; ')) {
    throw new DemoFailed(
      `expected outcome ${outcome}: ${waves.join('; ')}; the outcome is ` +
        `${result.output?.outcome ?? result.status}: ${actual.join('; ')}: ${result.output?.summary ?? result.cause}`,
    );
  }
  printOutcome(result, outcome, terminal);
}

function printOutcome(
  { durationMs }: LocalRolloutResult,
  outcome: RolloutOutcome,
  { out, colours }: Terminal,
): void {
  out('');
  const { meaning } = rolloutMeanings[outcome];
  out(`  ${rolloutMark(outcome, colours)} ${outcome}: ${meaning} (${duration(durationMs)})`);
}

/** Prints each wave as it starts, each host as it ends, and the decision after each wave. */
function printer({ out, colours, width }: Terminal): RolloutObserver {
  const view = newView();
  const print = (sign: string, text: string) => {
    const [first = '', ...rest] = fold(text, width - 4);
    out(`  ${sign} ${first}`);
    for (const line of rest) out(`    ${line}`);
  };
  return {
    onEvent(event) {
      followRollout(view, event);
      if (event.type !== 'StateExited' || view.snapshot === null) return;
      const { wave, judgement, halt } = view.snapshot;
      const name = event.state?.name;
      if (name === 'NextWave' && wave.count > 0) print(colours.cyan('→'), wave.summary);
      if (name === 'JudgeWave') print(colours.cyan('◇'), judgement.summary);
      if (name === 'HaltRollout' && halt !== null) print(colours.yellow('●'), 'halted, rolling back');
    },
    onDeploymentEvent(targetId, event) {
      const outcome = followDeployment(view, targetId, event);
      if (outcome === null) return;
      const text = outcomeText(outcome, view.snapshot?.wave.direction);
      out(`    ${mark(outcome, colours)} ${targetId}  ${text}`);
    },
  };
}
