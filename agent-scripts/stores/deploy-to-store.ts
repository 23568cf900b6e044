import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { Bundle, VersionFacts } from '../../core/deployment/version.ts';
import { checkBundle } from '../host/check-bundle.ts';
import { installedReceipt, originOf } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';
import { checkedLine, installVersion } from './install-version.ts';
import { withStore } from './open-store.ts';
import { recordResult } from './record-result.ts';
import { isSameVersion } from './restore-change.ts';
import { observeFromHere, servedFromHere } from './served-from-here.ts';
import type { Desired, StoreState } from './store.ts';
import { changeOf, planOf, type StoreRun } from './store-run.ts';

/**
 * Jobs `deploy` and `validate`: installs the bundle in the store, or (dry run) only lets the service check it.
 * @throws CertferryError for every refusal before the store changes
 */
export async function deployToStore(run: StoreRun, bundle: Bundle): Promise<AgentLine> {
  const { header, target } = run.job;
  const version = await checkBundle(target, bundle);
  const observed = observeFromHere(target.verify);
  return withStore(run, run.deadlines.change, async (store) => {
    const state = await store.observe();
    const baseline = await observed;
    if (header.action === 'deploy' && isUnchanged(state, version, bundle)) {
      return reportUnchanged(run, version);
    }
    const desired: Desired<unknown> = { kind: 'bundle', bundle, version };
    const planned = await store.plan(desired);
    const change = changeOf(run, planned, version);
    const receipts = await run.home.receipts();
    const origin = originOf(change, installedReceipt(receipts));
    const installation = { desired, planned, change, receipts, origin, baseline };
    if (header.action === 'deploy') return installVersion(run, store, installation);
    return checkedLine(installation, await store.validate(planOf(run, change), desired));
  });
}

const isUnchanged = (state: StoreState, version: VersionFacts, bundle: Bundle): boolean =>
  isSameVersion(state.version, version) && state.matches(bundle);

/** Changes nothing. If certferry has not installed this version, it has no earlier one that it could restore. */
async function reportUnchanged(run: StoreRun, version: VersionFacts): Promise<AgentLine> {
  const { header, target } = run.job;
  const receipts = await run.home.receipts();
  const installed = installedReceipt(receipts);
  const isOwn = isSameVersion(installed?.line.version ?? null, version);
  const line = resultLine(header, {
    outcome: 'unchanged',
    summary: 'the store is up to date; nothing was changed',
    version,
    previousVersion: version,
    warnings: isOwn
      ? []
      : ['another program has installed this version, so there is no earlier version to roll back to'],
    validatedIn: 'none',
    served: await servedFromHere(target.verify, version),
  });
  await recordResult(run, line, { change: null, receipts, origin: installed?.origin ?? '' });
  return line;
}
