import { chmodSync, chownSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ssh } from '../../../agent-scripts/stores/ssh/connector.ts';
import type { SshPlan } from '../../../agent-scripts/stores/ssh/plan.ts';
import type { Desired, Store } from '../../../agent-scripts/stores/store.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { type Account, accounts, type Sshd } from '../../rigs/sshd.ts';
import { type SshInput, sshAccess } from './ssh-access.ts';

/** A folder of its own for a target, which an account owns. */
export function sshSite(sshd: Sshd, name: string, account: Account = 'deploy', config: SshInput = {}) {
  const { here, there } = sshd.folderOf(account, name);
  const paths = {
    certPath: `${there}/fullchain.pem`,
    keyPath: `${there}/privkey.pem`,
  };
  const open = (deploymentId = 'deploy-1', more: SshInput = {}): Promise<Store<SshPlan>> =>
    ssh.open(sshAccess(sshd, { user: account, deploymentId, config: { ...paths, ...config, ...more } }));
  const read = (name: string): string => readFileSync(join(here, name), 'utf8');
  return {
    here,
    there,
    open,
    read,
    cert: () => read('fullchain.pem'),
    key: () => read('privkey.pem'),
    names: () => readdirSync(here).sort(),
    write(name: string, text: string, mode: number): void {
      writeFileSync(join(here, name), text, { mode });
      chmodSync(join(here, name), mode);
      chownSync(join(here, name), accounts[account], accounts[account]);
    },
  };
}

/** Plans and applies. Returns the plan. */
export async function deploy(store: Store<SshPlan>, desired: Desired<SshPlan>): Promise<SshPlan> {
  const { plan } = await store.plan(desired);
  await store.apply(plan, desired);
  return plan;
}

/** What certPath holds by default. */
export const fullchain = ({ leaf, chain }: Bundle): string => leaf + chain.join('');
