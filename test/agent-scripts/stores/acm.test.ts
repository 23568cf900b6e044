import { afterAll, describe, expect, test } from 'vitest';
import { aVersion, createAuthority } from '../../fixtures/certificates.ts';
import { aLeafWith, ExtendedKeyUsage, KeyUsageFlags } from '../../fixtures/leaf-with-usages.ts';
import { bundleOf } from '../run-agent.ts';
import { type AcmSite, anAcmSite, contentOf, desiredOf, fingerprintOf } from './acm-site.ts';

const sites: AcmSite[] = [];

async function aSite(): Promise<AcmSite> {
  const site = await anAcmSite();
  sites.push(site);
  return site;
}

afterAll(async () => {
  for (const { server } of sites) await server.close();
});

const aBundle = async (request = {}) => bundleOf(await aVersion(request));

/** Plans and applies, as the agent does. Returns what was planned. */
async function deploy(site: AcmSite, bundle: Awaited<ReturnType<typeof aBundle>>, config?: object) {
  const store = await site.open(config === undefined ? {} : { config: { ...config } });
  const planned = await store.plan(desiredOf(bundle));
  await store.apply(planned.plan, desiredOf(bundle));
  return { ...planned, store };
}

describe('a target of kind acm', () => {
  test('A renewal replaces the certificate under the same ARN and keeps its tags and associations', async () => {
    const site = await aSite();
    const tags = new Map([['team', 'web']]);
    const arn = site.server.add({ ...contentOf(site.first), tags, inUse: true });
    const next = await aBundle();

    await deploy(site, next, { certificateArn: arn });

    const found = site.server.certificates().find((each) => each.arn === arn);
    expect(found).toMatchObject({ ...contentOf(next), tags, inUse: true });
  });

  test('After a deployment, observe reports the new version and matches exactly its bundle', async () => {
    const site = await aSite();
    const next = await aBundle();

    const { store, previousVersion } = await deploy(site, next);

    const state = await store.observe();
    expect(previousVersion?.fingerprint).toBe(fingerprintOf(site.first));
    expect(state.version?.fingerprint).toBe(fingerprintOf(next));
    expect([state.matches(next), state.matches({ ...next, chain: [] }), state.matches(site.first)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('A deployment ends only when ACM returns the new certificate', async () => {
    const site = await aSite();
    site.server.staleReads = 3;
    const next = await aBundle();

    const { store } = await deploy(site, next);

    expect((await store.observe()).matches(next)).toBe(true);
    expect(site.server.requests.slice(-5)).toEqual(Array(5).fill('GetCertificate'));
  });

  test('A rollback imports the previous leaf, chain and key again', async () => {
    const site = await aSite();
    const { plan, store } = await deploy(site, await aBundle());

    await store.restore(plan);

    expect(site.installed()).toEqual(site.first);
  });

  test('The job rollback installs the version that an earlier deployment replaced, and can itself be reversed', async () => {
    const site = await aSite();
    const next = await aBundle();
    const { plan } = await deploy(site, next);
    site.kept.set(fingerprintOf(next), next);

    const store = await site.open({ deploymentId: 'rollback-1' });
    const planned = await store.plan({ kind: 'previous', of: plan });
    await store.apply(planned.plan, { kind: 'previous', of: plan });
    expect(site.installed()).toEqual(site.first);

    await store.restore(planned.plan);
    expect(site.installed()).toEqual(next);
  });

  test('A root that was imported with the chain changes nothing, and a rollback imports it again', async () => {
    const site = await aSite();
    const authority = await createAuthority({ name: 'Imported with its root', intermediate: true });
    const before = bundleOf(await authority.issue({ names: ['www.example.test'] }));
    const chain = before.chain.join('') + authority.rootPem;
    const certificateArn = site.server.add({ ...contentOf(before), chain });
    site.kept.set(fingerprintOf(before), before);
    const store = await site.open({ config: { certificateArn } });
    const next = desiredOf(await aBundle());

    const state = await store.observe();
    expect([state.matches(before), state.version?.chain.length]).toEqual([true, 1]);
    const { plan } = await store.plan(next);
    await store.apply(plan, next);
    await store.restore(plan);

    const found = site.server.certificates().find(({ arn }) => arn === certificateArn);
    expect(found).toMatchObject({ leaf: before.leaf, chain });
  });

  test('A plan contains no private key', async () => {
    const site = await aSite();
    const store = await site.open();

    const { plan } = await store.plan(desiredOf(await aBundle()));

    expect(JSON.stringify(plan)).not.toContain('PRIVATE KEY');
  });

  test('A rollback does not import a key that a source returns for another certificate', async () => {
    const site = await aSite();
    const { plan, store } = await deploy(site, await aBundle());
    site.kept.set(fingerprintOf(site.first), { ...site.first, key: (await aBundle()).key });

    await expect(store.restore(plan)).rejects.toMatchObject({ name: 'Irreversible' });
  });
});

describe('a deployment without a way back', () => {
  test('A deployment is refused before the change if no source has the previous key', async () => {
    const site = await aSite();
    site.kept.clear();
    const store = await site.open();

    await expect(store.plan(desiredOf(await aBundle()))).rejects.toMatchObject({
      name: 'Irreversible',
      message: expect.stringMatching(/no source has the key.*allowIrreversible: true/),
    });
    expect(site.server.requests).not.toContain('ImportCertificate');
  });

  test('With allowIrreversible, a deployment warns that it cannot be rolled back', async () => {
    const site = await aSite();
    site.kept.clear();
    const next = await aBundle();

    const { warnings } = await deploy(site, next, { certificateArn: site.arn, allowIrreversible: true });

    expect(warnings).toEqual([expect.stringMatching(/cannot be rolled back: no source has the key/)]);
    expect(site.installed()).toEqual(next);
  });

  test('A deployment is refused if ACM would not take the previous version back, because the next one adds a key usage', async () => {
    const site = await aSite();
    const { digitalSignature, keyAgreement } = KeyUsageFlags;
    const purposes = [ExtendedKeyUsage.serverAuth];
    const before = await aLeafWith({ keyUsage: digitalSignature, purposes });
    const arn = site.server.add(contentOf(before));
    site.kept.set(fingerprintOf(before), before);
    const next = await aLeafWith({ keyUsage: digitalSignature | keyAgreement, purposes });
    const store = await site.open({ config: { certificateArn: arn } });

    await expect(store.plan(desiredOf(next))).rejects.toMatchObject({
      name: 'Irreversible',
      message: expect.stringContaining('Key Usage keyAgreement'),
    });
  });

  test('A deployment is refused if the previous version has expired, because ACM would not import it again', async () => {
    const site = await aSite();
    const expired = await aBundle({ notAfter: new Date(Date.now() - 1000) });
    const arn = site.server.add(contentOf(expired));
    site.kept.set(fingerprintOf(expired), expired);
    const store = await site.open({ config: { certificateArn: arn } });

    await expect(store.plan(desiredOf(await aBundle()))).rejects.toMatchObject({
      name: 'Irreversible',
      message: expect.stringContaining('has expired'),
    });
  });
});

describe('the first import', () => {
  const config = { name: 'www', region: 'us-east-1', tags: { team: 'web' } };

  test('The first deployment imports a certificate with tags, and the second one finds it on a later page', async () => {
    const site = await aSite();
    const [first, second] = [await aBundle({ keyType: 'p384' }), await aBundle({ keyType: 'p384' })];
    for (let other = 0; other < 4; other += 1) site.server.add(contentOf(site.first));
    await deploy(site, first, config);
    site.kept.set(fingerprintOf(first), first);

    const { plan, warnings } = await deploy(site, second, config);

    const own = site.server.certificates().filter(({ tags }) => tags.size > 0);
    expect(own).toMatchObject([contentOf(second)]);
    expect(Object.fromEntries(own[0]?.tags ?? [])).toEqual({
      Name: 'www',
      team: 'web',
      certferry: 'true',
      'certferry-target': 'www-alb',
      'certferry-deployment': 'deployment-1',
    });
    expect(plan.arn).toBe(own[0]?.arn);
    expect(warnings).toEqual([expect.stringContaining(`ARN of this target is ${own[0]?.arn}`)]);
  });

  test('A rollback of the first import removes the certificate that it created, and no other', async () => {
    const site = await aSite();
    const { plan, store, previousVersion } = await deploy(site, await aBundle(), config);
    expect(previousVersion).toBeNull();

    await store.restore(plan);

    expect(site.server.certificates().map(({ arn }) => arn)).toEqual([site.arn]);
  });

  test('Two certificates with the tags of one target are refused with both ARNs', async () => {
    const site = await aSite();
    const tags = new Map([
      ['certferry', 'true'],
      ['certferry-target', 'www-alb'],
    ]);
    const arns = [1, 2].map(() => site.server.add({ ...contentOf(site.first), tags }));
    const store = await site.open({ config });

    await expect(store.observe()).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringContaining(arns.join(', ')),
    });
  });
});
