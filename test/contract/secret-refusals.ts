import { expect, it } from 'vitest';
import { readSecret, tokens, writeSecret } from '../rigs/kubernetes.ts';
import { deploy, openStore } from '../rigs/secret-store.ts';
import { aTlsSecret, backupName, dataOf, type NewVersion, type SecretSite } from './secret-site.ts';

/** The Secrets that the connector does not change, and the checks that change nothing. */
export function secretRefusals(site: SecretSite): void {
  it.each([
    [
      'cert-manager',
      { metadata: { annotations: { 'cert-manager.io/certificate-name': 'www' } } },
      'kubectl-create',
      'cert-manager (Certificate www)',
    ],
    [
      'Helm',
      { metadata: { annotations: { 'meta.helm.sh/release-name': 'shop' } } },
      'kubectl-create',
      'Helm (release shop)',
    ],
    ['a field manager', {}, 'external-secrets', 'the field manager external-secrets'],
  ])(
    'A Secret that belongs to %s is refused with the name of the owner, unless force is set',
    async (_, marks, manager, owner) => {
      await writeSecret(site.cluster, { ...aTlsSecret(site.previous), ...marks }, { manager });
      const store = await openStore(site.api);
      await expect(store.plan(site.next)).rejects.toMatchObject({
        name: 'PlanInvalid',
        message: expect.stringContaining(`belongs to ${owner}`),
      });
      const forced = await openStore(site.api, { config: { force: true } });
      const { plan, warnings } = await forced.plan(site.next);
      expect(warnings).toEqual([expect.stringContaining(owner)]);
      await forced.apply(plan, site.next);
      expect((await readSecret(site.cluster))?.data).toMatchObject(dataOf(site.next));
    },
  );

  it('After a forced deployment, certferry is the field manager of the certificate', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous), { manager: 'external-secrets' });
    await deploy(site.api, site.next, { config: { force: true } });
    const { warnings } = await (await openStore(site.api)).plan(site.previous);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['An immutable Secret', { ...{ immutable: true } }, 'is immutable'],
    ['A Secret of another type', { type: 'Opaque' }, 'has the type Opaque'],
  ])('%s is refused with the next step', async (_, fields, why) => {
    await writeSecret(site.cluster, { ...aTlsSecret(site.previous), ...fields });
    await expect((await openStore(site.api)).plan(site.next)).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringMatching(new RegExp(`${why}.*kubectl delete secret www-tls`)),
    });
  });

  it('An Opaque Secret is changed with allowOpaque, and a key that it did not have is removed by the reversal', async () => {
    await writeSecret(site.cluster, {
      type: 'Opaque',
      data: { 'tls.crt': dataOf(site.previous)['tls.crt'] },
    });
    const plan = await deploy(site.api, site.next, { config: { allowOpaque: true } });
    expect(await readSecret(site.cluster)).toMatchObject({ type: 'Opaque', data: dataOf(site.next) });
    await (await openStore(site.api)).restore(plan);
    expect((await readSecret(site.cluster))?.data).toEqual({ 'tls.crt': dataOf(site.previous)['tls.crt'] });
  });

  it('A missing Secret is refused with create: false', async () => {
    const store = await openStore(site.api, { config: { create: false } });
    await expect(store.plan(site.next)).rejects.toMatchObject({ name: 'PlanInvalid' });
  });

  it('A foreign Secret with the name of the backup is refused', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    await writeSecret(site.cluster, { type: 'Opaque' }, { name: backupName });
    await expect((await openStore(site.api)).plan(site.next)).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringContaining('is not a backup of certferry'),
    });
  });

  it('A missing permission is named with verb, resource, name and namespace', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const store = await openStore(site.api, { token: tokens.reader });
    const { plan } = await store.plan(site.next);
    await expect(store.validate(plan, site.next)).rejects.toMatchObject({
      name: 'CredentialRefused',
      message: expect.stringContaining(
        'Allow the verb create on the resource secrets, name www-tls.certferry, in the namespace web',
      ),
    });
  });

  it('An unknown token is CredentialRefused, and the error does not contain it', async () => {
    const token = 'an-unknown-token-that-must-not-be-shown';
    const error: unknown = await (await openStore(site.api, { token }))
      .observe()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'CredentialRefused' });
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack])).not.toContain(token);
  });

  it('A missing namespace is PlanInvalid', async () => {
    const store = await openStore(site.api, { token: tokens.admin, config: { namespace: 'absent' } });
    const { plan } = await store.plan(site.next);
    await expect(store.validate(plan, site.next)).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringContaining('Create the namespace absent'),
    });
  });

  it('A bundle that exceeds the size of a Secret is refused by the dry run, without a byte of the key', async () => {
    await writeSecret(site.cluster, aTlsSecret(site.previous));
    const chain = Array.from({ length: 3000 }, () => site.next.bundle.leaf);
    const large: NewVersion = { ...site.next, bundle: { ...site.next.bundle, chain } };
    const store = await openStore(site.api);
    const { plan } = await store.plan(large);
    const check = await store.validate(plan, large);
    expect(check).toMatchObject({ kind: 'refused', why: expect.stringContaining('Too long') });
    expect(JSON.stringify(check)).not.toContain(dataOf(site.next)['tls.key'].slice(0, 40));
  });
}
