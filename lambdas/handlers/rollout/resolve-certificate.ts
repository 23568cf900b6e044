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
import { resolveVersion } from '../../rollout/resolve-version.ts';
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
  readonly files: Pick<WaveFiles, 'locationsOf'>;
  readonly clock: Clock;
  /** Applies where neither the request nor the certificate sets a value. */
  readonly defaultStrategy?: StrategyOverrides;
}

/**
 * State ResolveCertificate: validates the request, the certificate, its targets and the bytes of the version, then starts
 * the rollout in the registry.
 *
 * A second call of the same execution returns the same sequence number and version, even if the source has changed. A call
 * after the end of the execution starts nothing. Of parallel rollouts of one version one starts; the others throw
 * RolloutExists.
 */
export const createHandler =
  (by: Services) =>
  async ({ execution, request: raw }: Input): Promise<RolloutState> => {
    const request = readRolloutRequest(raw, execution.name);
    const certificate = await certificateOf(request, by);
    await expectTargets(request, by);
    const now = by.clock.now();
    const found = await resolveVersion({ certificate, requested: request.version }, now, by);
    const { only, repeat, urgent, reason } = request;
    const rollout = {
      id: execution.name,
      executionArn: execution.id,
      startedAt: execution.startedAt,
      certificate: certificate.name,
      ...found,
      only,
      repeat,
      ...(only !== null && request.version === 'current' && { followsCurrent: true }),
      urgent,
      reason,
      strategy: mergeStrategies(by.defaultStrategy ?? {}, certificate.strategy, request.strategy),
      serviceEndpoints: certificate.serviceEndpoints,
    };
    const { sequence, version } = startedOrThrow(await begin(rollout, request, by), rollout);
    const isSame = version.fingerprint === found.version.fingerprint;
    const resolved = isSame ? found : await resolveVersion({ certificate, requested: version }, now, by);
    return initialState(
      { ...rollout, ...resolved, sequence },
      by.files.locationsOf({ rolloutId: rollout.id, wave: 1, plan: 'none' }),
    );
  };

/**
 * If the existing rollout of this version is running but its execution has ended (aborted, timed out), a new one starts,
 * unless the existing one is superseded.
 */
async function begin(
  rollout: Omit<Rollout, 'sequence'>,
  { repeat, version }: Pick<RolloutRequest, 'repeat' | 'version'>,
  by: Services,
): Promise<BeginResult> {
  const options = { repeat, onlyNew: version === 'new' };
  const result = await by.rollouts.begin(rollout, options);
  if (result.type !== 'exists') return result;
  const other = await by.rollouts.control(result.by);
  const brokeOff =
    other?.status === 'running' &&
    other.supersededBy === null &&
    (await by.executions.status(other.executionArn)) === 'ended';
  return brokeOff ? by.rollouts.begin(rollout, { ...options, brokeOff: result.by }) : result;
}

async function certificateOf(
  { certificate: name }: RolloutRequest,
  { catalogue }: Services,
): Promise<Certificate> {
  const entry = await catalogue.certificate(name);
  if (entry !== null) return entry.thing;
  const names = (await catalogue.certificates()).map(({ thing }) => thing.name);
  const hint = names.length === 0 ? 'None is registered.' : `Registered: ${listed(names)}.`;
  throw new CertferryError('UnknownCertificate', `certificate ${name} is not registered. ${hint}`, {
    details: { certificate: name },
  });
}

/**
 * Every target of a part must be registered, so that a typing error does not become a smaller rollout that finishes. A part
 * with hosts comes from the registry (an instance launch, healing); targets that were removed since are omitted.
 */
async function expectTargets({ certificate, only }: RolloutRequest, by: Services): Promise<void> {
  const registered = new Set((await by.catalogue.targets(certificate)).map(({ thing }) => thing.id));
  const requested = only?.targets ?? [...registered];
  const missing = requested.filter((id) => !registered.has(id));
  const isEnough = only?.hosts === undefined ? missing.length === 0 : missing.length < requested.length;
  if (requested.length > 0 && isEnough) return;
  const isNamed = missing.length > 0;
  throw new CertferryError(
    'NoTargets',
    isNamed && registered.size > 0
      ? `certificate ${certificate} has no target ${listed(missing)}. Its targets: ${listed([...registered])}.`
      : `certificate ${certificate} has no target${isNamed ? ` ${listed(missing)}` : 's'}. Register a target for it.`,
    { details: { certificate } },
  );
}

/** Error messages list this many names. */
const listedNames = 20;

function listed(names: readonly string[]): string {
  return names.slice(0, listedNames).join(', ') + (names.length > listedNames ? ', …' : '');
}

function startedOrThrow(
  result: BeginResult,
  { certificate, version }: Pick<RolloutState['rollout'], 'certificate' | 'version'>,
) {
  switch (result.type) {
    case 'started':
      return result;
    case 'exists':
      throw new CertferryError(
        'RolloutExists',
        `rollout ${result.by} already deploys ${version.fingerprint} of ${certificate}, or has deployed it. To roll it out again, set repeat.`,
        { details: { by: result.by, fingerprint: version.fingerprint } },
      );
    case 'superseded':
      throw new CertferryError(
        'Superseded',
        `rollout ${result.by} of ${certificate} was requested later and has already started`,
        { details: { by: result.by } },
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
