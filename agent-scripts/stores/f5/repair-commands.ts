import type { Entry, F5Plan } from './plan.ts';
import type { DeploymentContext } from './plan-states.ts';

/** The commands of tmsh with which an operator restores the previous references by hand. */
export function repairCommands({ profiles }: F5Plan, { config, uploads }: DeploymentContext): string[] {
  const sync =
    config.deviceGroup === undefined ? [] : [`tmsh run cm config-sync to-group ${config.deviceGroup}`];
  return [
    ...profiles.map(({ path, form, before }) =>
      form === 'entries'
        ? `tmsh modify ltm profile client-ssl ${path} cert-key-chain replace-all-with { ${before.map(block).join(' ')} }`
        : `tmsh modify ltm profile client-ssl ${path} ${references(before[0] ?? {})}`,
    ),
    'tmsh save sys config',
    ...sync,
    `rm -f /var/config/rest/downloads/${uploads.key}`,
  ];
}

function block(entry: Entry): string {
  return `${entry.name} { ${references(entry)} }`;
}

function references({ cert = 'none', key = 'none', chain = 'none' }: Entry): string {
  return `cert ${cert} key ${key} chain ${chain}`;
}
