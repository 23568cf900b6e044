import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { wantedChange } from '../../agent-scripts/connectors/index.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { ownershipOf } from '../agent-scripts/disk.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import type { HostedSite } from './hosted-site.ts';
import type { ContractPromise, DaemonUnderContract } from './site.ts';

/** A promise's title and its proof on a site of its own. */
interface Proof {
  readonly title: string;
  prove(site: HostedSite & { readonly first: IssuedCertificate }, daemon: DaemonUnderContract): Promise<void>;
}

/** What every kind promises. `first` is not here: it begins where nothing is. */
export const proofs: Readonly<Record<Exclude<ContractPromise, 'first'>, Proof>> = {
  renewal: {
    title: 'renews, and the daemon presents the new leaf with its chain',
    async prove({ first, version, deploy, presents }) {
      const next = await version();

      const line = await deploy(next);

      expect(line).toMatchObject({ outcome: 'applied', presented: true, warnings: [] });
      expect(line.previousVersion?.fingerprint).toBe(first.fingerprint);
      expect(line.version).toMatchObject({ fingerprint: next.fingerprint, chain: [expect.any(String)] });
      await presents(next);
    },
  },
  unchanged: {
    title: 'answers unchanged on a second run and touches nothing',
    async prove({ version, deploy, identities, presents }) {
      const next = await version();
      await deploy(next);
      const before = identities();

      const line = await deploy(next);

      expect(line).toMatchObject({ outcome: 'unchanged', presented: true, warnings: [] });
      expect(identities()).toEqual(before);
      await presents(next);
    },
  },
  refusal: {
    title: 'never touches the live files when the daemon refuses the staged ones',
    async prove({ site, first, version, deploy, identities }) {
      if (site.makeCheckRefuse === null)
        throw new Error('a kind without a check says so in `cannot.refusal`');
      const before = identities();
      site.makeCheckRefuse();

      const line = await deploy(await version());

      expect(line).toMatchObject({ outcome: 'validate_failed', validatedIn: 'private' });
      expect(identities()).toEqual(before);
      expect(await site.presented()).toBe(first.fingerprint);
    },
  },
  dryRun: {
    title: 'touches nothing in a dry run',
    async prove({ site, host, target, first, version, identities }, { dryRun = 'validated' }) {
      const before = identities();

      const line = await host.send('validate', { target: target(), version: await version() });

      expect(line.outcome).toBe(dryRun);
      expect(identities()).toEqual(before);
      expect(await site.presented()).toBe(first.fingerprint);
    },
  },
  rehearsal: {
    title: 'rehearses where it has a shadow, and says so where it has none',
    async prove({ target, version, deploy, presents }) {
      const next = await version();
      const rehearsed = { rehearse: true };
      const { shadow } = wantedChange(target(rehearsed), bundleOf(next), 'debian');

      const line = await deploy(next, rehearsed);

      const told = shadow?.length === 0 ? [expect.stringMatching(/^not rehearsed: /)] : [];
      expect(line).toMatchObject({ outcome: 'applied', warnings: told });
      await presents(next);
    },
  },
  failedActivation: {
    title: 'puts the old files back, same inodes, when the activation fails',
    async prove({ site, folder, first, version, deploy, identities, expectAsBefore, presents }) {
      const before = identities();

      const line = await deploy(await version(), site.failOnce(join(folder, 'failed-once')));

      expect(line.outcome).toBe('reload_failed');
      expect(line.version?.fingerprint).toBe(first.fingerprint);
      expectAsBefore(before);
      await presents(first);
    },
  },
  deaf: {
    title: 'sees that a daemon went on presenting the old leaf, and undoes what it never read',
    async prove({ site, first, version, deploy, send, presents }) {
      const line = await deploy(await version(), site.deaf);
      expect(line).toMatchObject({ outcome: 'applied', presented: false });

      const undone = await send('rollback', { deploymentId: line.deploymentId });

      expect(undone).toMatchObject({ outcome: 'restored', presented: true });
      expect(site.wouldStart()).toBe(true);
      await presents(first);
    },
  },
  rollback: {
    title: 'undoes a deployment, and answers the same when asked twice',
    async prove({ first, version, deploy, send, identities, expectAsBefore, presents }) {
      const before = identities();
      const next = await version();
      const { deploymentId } = await deploy(next);
      await presents(next);

      const undone = await send('rollback', { deploymentId });
      const again = await send('rollback', { deploymentId });

      expect(undone).toMatchObject({ outcome: 'restored', presented: true, warnings: [] });
      expect(undone.version?.fingerprint).toBe(first.fingerprint);
      expect(again.outcome).toBe('restored');
      expectAsBefore(before);
      await presents(first);
    },
  },
  revert: {
    title: 'goes back to the version before, and no further than there is one',
    async prove({ first, version, deploy, send, presents }) {
      await deploy(await version());

      const line = await send('revert');

      expect(line).toMatchObject({ outcome: 'applied', presented: true });
      expect(line.version?.fingerprint).toBe(first.fingerprint);
      await presents(first);
      expect(await send('revert')).toMatchObject({ outcome: 'rejected', reason: 'NoReceipt' });
    },
  },
  ownership: {
    title: 'keeps owner and mode of the key file, and restores them with the bytes',
    async prove({ site, version, deploy, send }) {
      const { gid, mode } = site.otherOwnership ?? { gid: 33, mode: 0o640 };
      chownSync(site.keyFile, -1, gid);
      chmodSync(site.keyFile, mode);
      const before = ownershipOf(site.keyFile);

      const { deploymentId } = await deploy(await version());
      expect(ownershipOf(site.keyFile)).toBe(before);

      chmodSync(site.keyFile, 0o600);
      await send('rollback', { deploymentId });
      expect(ownershipOf(site.keyFile)).toBe(before);
    },
  },
};

/** Where nothing is yet. */
export const firstTitle = 'makes the first deployment where no certificate was before';

/** The titles of the contract's tests. */
export const contractTitles: Readonly<Record<ContractPromise, string>> = {
  first: firstTitle,
  ...(Object.fromEntries(Object.entries(proofs).map(([name, { title }]) => [name, title])) as Record<
    keyof typeof proofs,
    string
  >),
};
