import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { LocalBackend } from '../../local/backend/local-backend.ts';
import type { LocalRollout, LocalRolloutResult } from '../../local/backend/run-rollout.ts';
import type { RolloutObserver } from '../../services/backend/backend.ts';
import { outcomeWords, rolloutMark, rolloutMeanings } from '../render/rollout-outcomes.ts';
import { followDeployment, followRollout, newView } from '../render/rollout-view.ts';
import { mark } from '../render/summary.ts';
import { duration, fold, shortFingerprint } from '../render/text.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { expectEverywhere, type Fleet, fleetName, rolloutOf, wavesOf } from './fleet.ts';
import { DemoFailed, identityOf } from './scene.ts';
import type { Authority } from './throwaway-ca.ts';

/** Who takes part in the scene with a fleet. */
export interface FleetPlay {
  readonly backend: Pick<LocalBackend, 'rollout'>;
  readonly fleet: Fleet;
  readonly terminal: Terminal;
}

/**
 * A version for five hosts at once, then a renewal in waves that one host does not take: it is halted, and what it has
 * changed is put back. Throws DemoFailed when a wave or an end is another than that, or a host is left with something else.
 */
export async function performFleet(play: FleetPlay, authority: Authority): Promise<void> {
  const { fleet, terminal } = play;
  const { out, colours } = terminal;
  const issue = () => authority.issue({ names: [fleetName] });
  const [first, second] = [await issue(), await issue()];
  const ids = fleet.map(({ target: { id } }) => id);

  out('  Version 1 goes to all five at once, so that there is something to renew:');
  out('');
  await rollOut(play, rolloutOf(fleet, first, { waves: ['100%'] }), {
    outcome: 'finished',
    waves: [`forward ${ids.map((id) => `${id} deployed`).join(', ')}`],
  });
  await expectEverywhere(fleet, first, 'version 1');
  out(
    `  ${colours.green('✔')} a look from outside: all five serve version 1, ${shortFingerprint(first.fingerprint)}`,
  );

  out('');
  out('  Version 2 goes to one host, then to half of them, then to all. web-3 is stuck with version 1:');
  out('');
  fleet[2]?.getStuck();
  const later = fleet.slice(3);
  const before = later.map(identityOf);
  await rollOut(play, rolloutOf(fleet, second, { waves: [1, '50%', '100%'], onHalt: 'rollback' }), {
    outcome: 'rolled_back',
    waves: [
      'forward web-1 deployed',
      'forward web-2 deployed, web-3 rolled_back',
      'back web-2 deployed',
      'back web-1 deployed',
    ],
  });
  if (later.some((stage, at) => identityOf(stage) !== before[at])) {
    throw new DemoFailed('web-4 or web-5 was touched, though the wave they belong to never began');
  }
  out(
    `  ${colours.green('✔')} the wave of web-4 and web-5 never began: their files are the same inodes as before`,
  );
  await expectEverywhere(fleet, first, 'version 1');
  out(
    `  ${colours.green('✔')} a look from outside: all five serve version 1, ${shortFingerprint(first.fingerprint)}`,
  );
}

/** How a rollout has to end, and what each of its waves has to come to. */
interface Ending {
  readonly outcome: RolloutOutcome;
  readonly waves: readonly string[];
}

async function rollOut(
  { backend, terminal }: FleetPlay,
  rollout: LocalRollout,
  { outcome, waves }: Ending,
): Promise<void> {
  const end = await backend.rollout(rollout, printer(terminal));
  const went = wavesOf(end);
  if (end.output?.outcome !== outcome || went.join('; ') !== waves.join('; ')) {
    throw new DemoFailed(
      `this rollout was to end as ${outcome}: ${waves.join('; ')}; ` +
        `it ended as ${end.output?.outcome ?? end.status}: ${went.join('; ')}: ${end.output?.summary ?? end.cause}`,
    );
  }
  tellEnd(end, outcome, terminal);
}

function tellEnd(
  { durationMs }: LocalRolloutResult,
  outcome: RolloutOutcome,
  { out, colours }: Terminal,
): void {
  out('');
  const { meaning } = rolloutMeanings[outcome];
  out(`  ${rolloutMark(outcome, colours)} ${outcome}: ${meaning} (${duration(durationMs)})`);
}

/** Tells each wave as it is decided, each host as it ends, and what is made of it. */
function printer({ out, colours, width }: Terminal): RolloutObserver {
  const view = newView();
  const say = (first: string, text: string) => {
    const [head = '', ...rest] = fold(text, width - 4);
    out(`  ${first} ${head}`);
    for (const line of rest) out(`    ${line}`);
  };
  return {
    onEvent(event) {
      followRollout(view, event);
      if (event.type !== 'StateExited' || view.known === null) return;
      const { wave, judgement, halt } = view.known;
      const name = event.state?.name;
      if (name === 'NextWave' && wave.count > 0) say(colours.cyan('→'), wave.summary);
      if (name === 'JudgeWave') say(colours.cyan('◇'), judgement.summary);
      if (name === 'HaltRollout' && halt !== null)
        say(colours.yellow('●'), 'halted: what it has changed is put back');
    },
    onDeploymentEvent(targetId, event) {
      const outcome = followDeployment(view, targetId, event);
      const words = outcome === null ? '' : outcomeWords(outcome, view.known?.wave.direction);
      if (outcome !== null) out(`    ${mark(outcome, colours)} ${targetId}  ${words}`);
    },
  };
}
