import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { FileJobBody } from '../../core/seal/unseal.ts';
import { containerOf } from '../../core/targets/kinds/container-reload.ts';
import { withRecordedPrevious } from '../apply/in-place.ts';
import { observeEndpoint } from '../apply/served-locally.ts';
import { isUnchanged } from '../apply/unchanged-files.ts';
import { destinationsOf, planChange } from '../change/plan.ts';
import { desiredChange } from '../connectors/connectors.ts';
import { checkBundle } from '../host/check-bundle.ts';
import { hostDistribution } from '../host/distribution.ts';
import type { Home } from '../host/home.ts';
import { rememberCredential, rememberKeysIn } from '../host/known-keys.ts';
import { withFolderLocks } from '../host/locks.ts';
import { receiptsOf } from '../journal/receipt.ts';
import { installedReceipt, originOf } from '../journal/receipt-rules.ts';
import { refuseOldTlsLibrary } from '../validation/tls-library.ts';
import { applyAndRecord } from './apply-and-record.ts';
import { reportUnchanged } from './report-unchanged.ts';

/**
 * Jobs `deploy` and `validate`: installs the bundle for the target, or (dry run) only checks whether the daemon accepts it.
 * @throws CertferryError for every refusal before a live file changes
 */
export async function deploy(
  home: Home,
  header: JobHeader,
  { target, bundle, credentials = {} }: FileJobBody,
): Promise<AgentLine> {
  rememberKeysIn(bundle.key);
  for (const value of Object.values(credentials)) rememberCredential(value);
  const version = await checkBundle(target, bundle);
  const desired = await desiredChange(target, bundle, hostDistribution(), credentials);
  // a container has a TLS library of its own
  if (containerOf(target.config) === null) await refuseOldTlsLibrary(version, desired.validate);
  const policy = { ...target.config, verify: target.verify };
  const observed = observeEndpoint(target);
  return withFolderLocks(home, destinationsOf(desired), async () => {
    const plan = await planChange(home, header, desired, version, policy);
    const planned = { ...plan, baseline: await observed };
    const installed = installedReceipt(receiptsOf(home, header.targetId));
    if (header.action === 'deploy' && installed !== null && isUnchanged(planned.change, installed)) {
      return reportUnchanged(home, { header, desired, planned, installed });
    }
    const origin = originOf(planned.change, installed);
    return applyAndRecord(home, header, withRecordedPrevious(home, planned, installed), origin);
  });
}
