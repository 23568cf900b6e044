import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { desiredChange } from '../../agent-scripts/connectors/connectors.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { ownershipOf } from '../agent-scripts/disk.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import type { HostedSite } from './hosted-site.ts';
import type { ContractPromise, DaemonUnderContract } from './site.ts';

/** One case of the contract, proven on a new site. */
interface Proof {
  readonly title: string;
  prove(site: HostedSite & { readonly first: IssuedCertificate }, daemon: DaemonUnderContract): Promise<void>;
}

/** The cases that start with a deployed version. `first` starts without one, in connector.ts. */
export const proofs: Readonly<Record<Exclude<ContractPromise, 'first'>, Proof>> = {
  renewal: {
    title: 'After a renewal the daemon serves the new leaf with its chain.',
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
    title: 'A second deployment of the same version reports unchanged and changes nothing.',
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
    title: 'Live files stay unchanged when the daemon refuses the staged files.',
    async prove({ site, first, version, deploy, identities }) {
      if (site.makeCheckRefuse === null) throw new Error('a kind without a check needs `exceptions.refusal`');
      const before = identities();
      site.makeCheckRefuse();

      const line = await deploy(await version());

      expect(line).toMatchObject({ outcome: 'validate_failed', validatedIn: 'sandbox' });
      expect(identities()).toEqual(before);
      expect(await site.served()).toBe(first.fingerprint);
    },
  },
  dryRun: {
    title: 'A dry run changes nothing.',
    async prove({ site, host, target, first, version, identities }, { dryRun = 'validated' }) {
      const before = identities();

      const line = await host.send('validate', {
        target: target(),
        version: await version(),
        ...(site.credentials && { credentials: site.credentials }),
      });

      expect(line.outcome).toBe(dryRun);
      expect(identities()).toEqual(before);
      expect(await site.served()).toBe(first.fingerprint);
    },
  },
  rehearsal: {
    title: 'A rehearsal succeeds, or the result reports that the kind does not support one.',
    async prove({ target, version, deploy, serves }) {
      const next = await version();
      const rehearsed = { rehearse: true };
      const { sandbox } = await desiredChange(target(rehearsed), bundleOf(next), 'debian');

      const line = await deploy(next, rehearsed);

      const warnings = sandbox?.length === 0 ? [expect.stringMatching(/^not rehearsed: /)] : [];
      expect(line).toMatchObject({ outcome: 'applied', warnings });
      await serves(next);
    },
  },
  failedActivation: {
    title: 'The previous files are restored in the same inodes when the activation fails.',
    async prove({ site, folder, first, version, deploy, identities, expectAsBefore, serves }) {
      const before = identities();

      const line = await deploy(await version(), site.failOnce(join(folder, 'failed-once')));

      expect(line.outcome).toBe('reload_failed');
      expect(line.version?.fingerprint).toBe(first.fingerprint);
      expectAsBefore(before);
      await serves(first);
    },
  },
  ineffectiveReload: {
    title:
      'The agent detects that the daemon still serves the old leaf, and undo restores the previous files.',
    async prove({ site, first, version, deploy, send, serves }) {
      const line = await deploy(await version(), site.ineffectiveReload);
      expect(line).toMatchObject({ outcome: 'applied', served: false });

      const undone = await send('undo', { deploymentId: line.deploymentId });

      expect(undone).toMatchObject({ outcome: 'restored', served: true });
      expect(site.wouldStart()).toBe(true);
      await serves(first);
    },
  },
  undo: {
    title: 'Undo restores the previous files, and a repeated undo has the same outcome.',
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
    title: 'Rollback installs the previous version, and is refused if there is no earlier one.',
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
    title: 'Owner and mode of the key file are kept, and undo restores them.',
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

export const firstTitle = 'The first deployment installs a certificate where there was none.';

/** The titles of the contract's tests. */
export const contractTitles: Readonly<Record<ContractPromise, string>> = {
  first: firstTitle,
  ...(Object.fromEntries(Object.entries(proofs).map(([name, { title }]) => [name, title])) as Record<
    keyof typeof proofs,
    string
  >),
};
