import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type KeystoreOptions, openKeystore, withEntry } from '../../core/keystore/keystore.ts';
import { filesBelow, scratchFolder } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { keystoreStandIn } from '../rigs/keystore-server.ts';
import { readStore, storePassword } from '../rigs/keystore-site.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { managerPassword, stopTomcat, tomcatDaemon } from '../rigs/tomcat.ts';
import { connectorContract } from './connector.ts';
import { aHostedSite, startByHand } from './hosted-site.ts';
import { killedContract } from './killed.ts';

const tomcat = { PKCS12: tomcatDaemon('PKCS12'), JKS: tomcatDaemon('JKS') };

connectorContract(tomcat.PKCS12);
killedContract(keystoreStandIn, { window: null });

afterAll(stopTomcat);

describeWith(
  [...tomcat.JKS.needs, program('keytool', 'default-jdk-headless'), root],
  'keystores on Tomcat',
  () => {
    const scratch = scratchFolder();
    let count = 0;
    const startedSite = async (storeType: 'PKCS12' | 'JKS') => {
      const hosted = await aHostedSite(tomcat[storeType], join(scratch, `${++count}`));
      return { ...hosted, first: await startByHand(hosted) };
    };

    test.each(['PKCS12', 'JKS'] as const)(
      'Tomcat serves the leaf of each key type after sslReload, and undo restores the one before: %s',
      async (storeType) => {
        const { deploy, serves, send, expectTidy } = await startedSite(storeType);
        let previous = null;
        let last = null;
        for (const keyType of ['rsa2048', 'rsa4096', 'p256', 'p384'] as const) {
          const version = await aVersion({ keyType });
          const line = await deploy(version);
          expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
          await serves(version);
          previous = last;
          last = { version, line };
        }

        const undone = await send('undo', { deploymentId: last?.line.deploymentId ?? '' });

        expect(undone).toMatchObject({ outcome: 'restored', served: true });
        expect(undone.version?.fingerprint).toBe(previous?.version.fingerprint);
        expectTidy();
      },
      120_000,
    );

    test('keytool checks the staged store, and no password is in the output or in a file of the agent', async () => {
      const { deploy, version, host } = await startedSite('PKCS12');

      const line = await deploy(await version(), { validateCommand: undefined });

      expect(line).toMatchObject({ outcome: 'applied', validatedIn: 'sandbox', served: true });
      const records = filesBelow(host.home).map((name) => readFileSync(join(host.home, name), 'latin1'));
      for (const secret of [storePassword, managerPassword])
        expect([...records, ...host.printed].filter((text) => text.includes(secret))).toEqual([]);
      // without credentials, a rollback runs no check
      expect(await host.send('rollback')).toMatchObject({ outcome: 'applied', validatedIn: 'none' });
    }, 60_000);

    test('A wrong password is refused, and the store stays unchanged', async () => {
      const { host, target, version, identities } = await startedSite('PKCS12');
      const before = identities();

      const line = await host.send('deploy', {
        target: target(),
        version: await version(),
        credentials: { storePassword: 'another password' },
      });

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'CredentialRefused' });
      expect(identities()).toEqual(before);
    });

    test('A store to which another program has added an entry is unchanged for the target, and a rollback warns of such an entry', async () => {
      const { deploy, version, site, send } = await startedSite('PKCS12');
      const next = await version();
      await deploy(next);
      const entry = readStore(site.keyFile);
      if (entry === null) throw new Error('the store has no entry');
      writeFileSync(site.keyFile, withEntry(readFileSync(site.keyFile), entry, optionsOf('other')));

      expect(await deploy(next)).toMatchObject({ outcome: 'unchanged', served: true });

      await deploy(await version());
      expect(openKeystore(readFileSync(site.keyFile), optionsOf('other')).entry).not.toBeNull();
      const changed = withEntry(readFileSync(site.keyFile), entry, optionsOf('later'));
      writeFileSync(site.keyFile, changed);
      const warnings = [expect.stringContaining('was changed after the deployment; the rollback discards')];
      expect(await send('rollback')).toMatchObject({ outcome: 'applied', warnings });
    });

    test('The manager refuses a wrong user before a file changes', async () => {
      const { deploy, version, target, identities } = await startedSite('PKCS12');
      const before = identities();
      const { tomcat: manager } = target().config as { tomcat: object };

      const line = await deploy(await version(), { tomcat: { ...manager, user: 'nobody' } });

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
      expect(line.summary).toContain('HTTP 401');
      expect(identities()).toEqual(before);
    });
  },
);

const optionsOf = (alias: string): KeystoreOptions => ({
  path: 'keystore',
  alias,
  storePassword,
  keyPassword: null,
  encryption: 'auto',
  storeType: null,
  now: 0,
});
