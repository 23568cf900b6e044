import * as z from 'zod/mini';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { ExecutionContext } from '../../../core/deployment/task-input.ts';
import { CertferryError } from '../../../core/errors.ts';
import type { Certificate } from '../../../core/registry/certificate.ts';
import { mergeStrategies, type StrategyOverrides } from '../../../core/registry/strategy.ts';
import { type Rollout, type RolloutRequest, RolloutState } from '../../../core/rollout/rollout.ts';
import type { Executions } from '../../../services/executions.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import type { BeginResult } from '../../../services/rollouts/begin-rollout.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import type { WaveFiles } from '../../../services/rollouts/wave-files.ts';
import type { Sources } from '../../../services/sources/sources.ts';
import { initialState } from '../../rollout/initial-state.ts';
import { readRolloutRequest } from '../../rollout/read-rollout-request.ts';
import { versionOf } from '../../rollout/resolve-version.ts';
import { sources } from '../../runtime/bundle-sources.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import { catalogue, executions, rollouts, waveFiles } from '../../runtime/wiring.ts';

const Input = z.object({ execution: ExecutionContext, request: z.unknown() });
type Input = z.infer<typeof Input>;

interface Services {
  readonly catalogue: Pick<Catalogue, 'certificate' | 'certificates' | 'targets' | 'currentVersion'>;
  readonly rollouts: Pick<Rollouts, 'begin' | 'control' | 'sourceOf'>;
  readonly executions: Pick<Executions, 'status'>;
  readonly sources: Pick<Sources, 'fetch' | 'latest' | 'identify'>;
  readonly files: Pick<WaveFiles, 'placeOf'>;
  readonly clock: Clock;
  /** What neither the request nor the certificate says. */
  readonly defaultStrategy?: StrategyOverrides;
}

/**
 * State ResolveCertificate: nothing is begun before the request, the certificate, its targets and the version's bytes
 * have been found to be right. Called again by the same execution it answers the place and the version that the rollout
 * has already, whichever attempt began it and whatever the source has since. One that comes after the execution has
 * ended begins nothing. Of parallel rollouts of one version one begins, and the others throw RolloutExists.
 */
export const createHandler =
  (by: Services) =>
  async ({ execution, request: raw }: Input): Promise<RolloutState> => {
    const request = readRolloutRequest(raw, execution.name);
    const certificate = await certificateOf(request, by);
    await expectTargets(request, by);
    const now = by.clock.now();
    const found = await versionOf({ certificate, asked: request.version }, now, by);
    const { only, repeat, urgent, reason } = request;
    const rollout = {
      id: execution.name,
      executionArn: execution.id,
      startedAt: execution.startedAt,
      certificate: certificate.name,
      ...found,
      only,
      repeat,
      urgent,
      reason,
      strategy: mergeStrategies(by.defaultStrategy ?? {}, certificate.strategy, request.strategy),
      serviceEndpoints: certificate.serviceEndpoints,
    };
    const { sequence, version } = placeIn(await begin(rollout, request, by), rollout);
    const isFound = version.fingerprint === found.version.fingerprint;
    const carried = isFound ? found : await versionOf({ certificate, asked: version }, now, by);
    return initialState(
      { ...rollout, ...carried, sequence },
      by.files.placeOf({ rolloutId: rollout.id, wave: 1, plan: 'none' }),
    );
  };

/**
 * A rollout whose execution has broken off (aborted, timed out) carries its version no further: it is no reason to stop,
 * unless somebody has asked for another version since.
 */
async function begin(
  rollout: Omit<Rollout, 'sequence'>,
  { repeat, version }: Pick<RolloutRequest, 'repeat' | 'version'>,
  by: Services,
): Promise<BeginResult> {
  const how = { repeat, onlyNew: version === 'new' };
  const begun = await by.rollouts.begin(rollout, how);
  if (begun.type !== 'exists') return begun;
  const other = await by.rollouts.control(begun.by);
  const brokeOff =
    other?.status === 'running' &&
    other.supersededBy === null &&
    (await by.executions.status(other.executionArn)) === 'ended';
  return brokeOff ? by.rollouts.begin(rollout, { ...how, brokeOff: begun.by }) : begun;
}

async function certificateOf(
  { certificate: name }: RolloutRequest,
  { catalogue: known }: Services,
): Promise<Certificate> {
  const entry = await known.certificate(name);
  if (entry !== null) return entry.thing;
  const names = (await known.certificates()).map(({ thing }) => thing.name);
  const hint = names.length === 0 ? 'there is none yet' : `there are ${shown(names)}`;
  throw new CertferryError('UnknownCertificate', `no certificate ${name} is registered; ${hint}`, {
    details: { certificate: name },
  });
}

/**
 * Every target that a part names has to be there: a word that is mistyped must not become a smaller rollout that ends well.
 * A part with hosts was put together from the registry (a launch, a heal): who was taken out since is left out.
 */
async function expectTargets({ certificate, only }: RolloutRequest, by: Services): Promise<void> {
  const known = new Set((await by.catalogue.targets(certificate)).map(({ thing }) => thing.id));
  const wanted = only?.targets ?? [...known];
  const missing = wanted.filter((id) => !known.has(id));
  const isEnough = only?.hosts === undefined ? missing.length === 0 : missing.length < wanted.length;
  if (wanted.length > 0 && isEnough) return;
  const isNamed = missing.length > 0;
  throw new CertferryError(
    'NoTargets',
    isNamed && known.size > 0
      ? `no target of ${certificate} is named ${shown(missing)}; it has ${shown([...known])}`
      : `no target${isNamed ? ` ${shown(missing)}` : ''} is registered for ${certificate}: register one that names it as its certificate`,
    { details: { certificate } },
  );
}

/** With more than these, a list of names helps nobody. */
const namesShown = 20;

function shown(names: readonly string[]): string {
  return names.slice(0, namesShown).join(', ') + (names.length > namesShown ? ', …' : '');
}

function placeIn(
  begun: BeginResult,
  { certificate, version }: Pick<RolloutState['rollout'], 'certificate' | 'version'>,
) {
  switch (begun.type) {
    case 'begun':
      return begun;
    case 'exists':
      throw new CertferryError(
        'RolloutExists',
        `rollout ${begun.by} already carries ${version.fingerprint} of ${certificate}. To roll it out again, set repeat.`,
        { details: { by: begun.by, fingerprint: version.fingerprint } },
      );
    case 'superseded':
      throw new CertferryError(
        'Superseded',
        `rollout ${begun.by} of ${certificate} was asked for later and has begun`,
        { details: { by: begun.by } },
      );
  }
}

export const handler = task('ResolveCertificate', {
  input: Input,
  result: RolloutState,
  build: () =>
    createHandler({
      catalogue: catalogue(),
      rollouts: rollouts(),
      executions: executions(),
      sources: sources(),
      files: waveFiles(),
      clock: systemClock,
      defaultStrategy: setting('DEFAULT_STRATEGY'),
    }),
});
