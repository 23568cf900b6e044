import { CertferryError, isCertferryError } from '../../core/errors.ts';
import type { Store } from './store.ts';
import type { StoreRun } from './store-run.ts';

/**
 * Opens the store for one step, and closes it afterwards. At the deadline (milliseconds) the connector's signal is aborted. A
 * connector that does not stop then is abandoned, so that the engine can restore.
 * @throws CertferryError the errors of the connector; StoreUnreachable at the deadline; StagingFailed for any other error
 */
export async function withStore<Result>(
  run: StoreRun,
  milliseconds: number,
  work: (store: Store<unknown>) => Promise<Result>,
): Promise<Result> {
  const deadline = startDeadline(milliseconds, run.deadlines.settle);
  try {
    const store = await open(run, deadline);
    try {
      return await work(guarded(store, deadline));
    } finally {
      await close(store, deadline);
    }
  } finally {
    deadline.stop();
  }
}

interface Deadline {
  readonly signal: AbortSignal;
  /** The result of one call of the connector, or the error of the deadline. */
  within<Result>(call: () => Promise<Result>): Promise<Result>;
  stop(): void;
}

function startDeadline(milliseconds: number, settle: number): Deadline {
  const controller = new AbortController();
  const timers = [setTimeout(expire, milliseconds)];
  let abandon: (error: CertferryError) => void = () => {};
  const abandoned = new Promise<never>((_, reject) => {
    abandon = reject;
  });
  // a step that ends in time leaves it without a reader
  abandoned.catch(() => {});

  function expire(): void {
    const error = tooSlow(milliseconds);
    controller.abort(error);
    timers.push(setTimeout(() => abandon(error), settle));
  }

  return {
    signal: controller.signal,
    async within(call) {
      try {
        controller.signal.throwIfAborted();
        return await Promise.race([call(), abandoned]);
      } catch (error) {
        if (controller.signal.aborted) throw tooSlow(milliseconds, error);
        throw errorOfConnector(error);
      }
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      controller.abort(tooSlow(milliseconds));
    },
  };
}

async function open({ connector, job }: StoreRun, deadline: Deadline): Promise<Store<unknown>> {
  const { header, target, credentials, previous } = job;
  const opening = connector.open({
    config: target.config,
    targetId: target.id,
    deploymentId: header.deploymentId,
    certificate: target.certificate,
    credentials,
    previous,
    signal: deadline.signal,
  });
  try {
    return await deadline.within(() => opening);
  } catch (error) {
    // a connection that opens after the deadline must not stay open
    opening.then(
      (store) => store.close(),
      () => {},
    );
    throw error;
  }
}

/** The store, of which no call outlives the deadline. */
function guarded(store: Store<unknown>, { within }: Deadline): Store<unknown> {
  return {
    observe: () => within(() => store.observe()),
    plan: (desired) => within(() => store.plan(desired)),
    validate: (plan, desired) => within(() => store.validate(plan, desired)),
    apply: (plan, desired) => within(() => store.apply(plan, desired)),
    restore: (plan) => within(() => store.restore(plan)),
    collect: (kept) => within(() => store.collect(kept)),
    repair: (plan) => store.repair(plan),
    close: () => store.close(),
  };
}

/** A failure to close changes no outcome. */
async function close(store: Store<unknown>, { within }: Deadline): Promise<void> {
  await within(() => store.close()).catch(() => {});
}

/** The error of a connector, or an unexpected one with the name for that. */
export function errorOfConnector(error: unknown): CertferryError {
  if (isCertferryError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CertferryError('StagingFailed', `an unexpected error occurred: ${message}`, { cause: error });
}

function tooSlow(milliseconds: number, cause?: unknown): CertferryError {
  const last = isCertferryError(cause) && cause.name !== 'StoreUnreachable' ? ` (${cause.message})` : '';
  return new CertferryError(
    'StoreUnreachable',
    `the store did not complete the step within ${milliseconds / 1_000} seconds${last}`,
    { cause },
  );
}
