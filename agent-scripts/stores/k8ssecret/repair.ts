import { backupSecretOf } from '../../../core/targets/kinds/k8ssecret.ts';
import { keyOf } from './backup.ts';
import type { SecretPlan } from './plan.ts';

/** The commands that restore the Secret before this plan. Keys travel in a pipe, never in an argument. */
export function repairCommands(plan: SecretPlan): readonly string[] {
  const { namespace, secret, found } = plan;
  if (found === null) return [`kubectl delete secret ${secret} --namespace ${namespace}`];
  const data = `{data: {"tls.crt": .data["${keyOf(plan, 'crt')}"], "tls.key": .data["${keyOf(plan, 'key')}"]}}`;
  return [
    `kubectl get secret ${backupSecretOf(secret)} --namespace ${namespace} -o json | jq '${data}' | kubectl patch secret ${secret} --namespace ${namespace} --type merge --patch-file /dev/stdin`,
  ];
}
