import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { desiredChange } from '../../agent-scripts/connectors/connectors.ts';
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
    title: 'renews, and the daemon serves the new leaf with its chain',
    async prove({ first, version, deploy, serves }) {
      const next = await version();

      const line = await deploy(next);

      expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
      expect(line.previousVersion?.fingerprint).toBe(first.fingerprint);
      expect(line.version).toMatchObject({ fingerprint: next.fingerprint, chain: [expect.any(String)] });
      await serves(next);
    },
  },
  unchanged: {
    title: 'answers unchanged on a second run and touches nothing',
    async prove({ version, deploy, identities, serves }) {
      const next = await version();
      await deploy(next);
      const before = identities();

      const line = await deploy(next);

      expect(line).toMatchObject({ outcome: 'unchanged', served: true, warnings: [] });
      expect(identities()).toEqual(before);
      await serves(next);
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
      expect(await site.served()).toBe(first.fingerprint);
    },
  },
  dryRun: {
    title: 'touches nothing in a dry run',
    async prove({ site, host, target, first, version, identities }, { dryRun = 'validated' }) {
      const before = identities();

      const line = await host.send('validate', { target: target(), version: await version() });

      expect(line.outcome).toBe(dryRun);
      expect(identities()).toEqual(before);
      expect(await site.served()).toBe(first.fingerprint);
    },
  },
  rehearsal: {
    title: 'rehearses where it has a shadow, and says so where it has none',
    async prove({ target, version, deploy, serves }) {
      const next = await version();
      const rehearsed = { rehearse: true };
      const { sandbox } = desiredChange(target(rehearsed), bundleOf(next), 'debian');

      const line = await deploy(next, rehearsed);

      const told = sandbox?.length === 0 ? [expect.stringMatching(/^not rehearsed: /)] : [];
      expect(line).toMatchObject({ outcome: 'applied', warnings: told });
      await serves(next);
    },
  },
  failedActivation: {
    title: 'puts the old files back, same inodes, when the activation fails',
    async prove({ site, folder, first, version, deploy, identities, expectAsBefore, serves }) {
      const before = identities();

      const line = await deploy(await version(), site.failOnce(join(folder, 'failed-once')));

      expect(line.outcome).toBe('reload_failed');
      expect(line.version?.fingerprint).toBe(first.fingerprint);
      expectAsBefore(before);
      await serves(first);
    },
  },
  deaf: {
    title: 'sees that a daemon went on serving the old leaf, and undoes what it never read',
    async prove({ site, first, version, deploy, send, serves }) {
      const line = await deploy(await version(), site.deaf);
      expect(line).toMatchObject({ outcome: 'applied', served: false });

      const undone = await send('undo', { deploymentId: line.deploymentId });

      expect(undone).toMatchObject({ outcome: 'restored', served: true });
      expect(site.wouldStart()).toBe(true);
      await serves(first);
    },
  },
  undo: {
    title: 'undoes a deployment, and answers the same when asked twice',
    async prove({ first, version, deploy, send, identities, expectAsBefore, serves }) {
      const before = identities();
      const next = await version();
      const { deploymentId } = await deploy(next);
      await serves(next);

      const undone = await send('undo', { deploymentId });
      const again = await send('undo', { deploymentId });

      expect(undone).toMatchObject({ outcome: 'restored', served: true, warnings: [] });
      expect(undone.version?.fingerprint).toBe(first.fingerprint);
      expect(again.outcome).toBe('restored');
      expectAsBefore(before);
      await serves(first);
    },
  },
  rollback: {
    title: 'goes back to the version before, and no further than there is one',
    async prove({ first, version, deploy, send, serves }) {
      await deploy(await version());

      const line = await send('rollback');

      expect(line).toMatchObject({ outcome: 'applied', served: true });
      expect(line.version?.fingerprint).toBe(first.fingerprint);
      await serves(first);
      expect(await send('rollback')).toMatchObject({ outcome: 'rejected', reason: 'NoReceipt' });
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
      await send('undo', { deploymentId });
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
