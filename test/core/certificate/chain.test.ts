import { beforeAll, describe, expect, test } from 'vitest';
import { aVersion, createAuthority } from '../../fixtures/certificates.ts';
import { armour, derOf } from '../../fixtures/forms.ts';
import { anIdentity, aStrangeKey, type Identity, threeLevels } from '../../fixtures/hierarchies.ts';
import { read, refusal } from './refusal.ts';

describe('the chain', () => {
  let root: Identity;
  let upper: Identity;
  let lower: Identity;
  let leaf: Identity;

  beforeAll(async () => {
    ({ root, upper, lower, leaf } = await threeLevels());
  });

  const given = (...identities: Identity[]) => ({
    certificate: identities.map(({ certPem }) => certPem).join(''),
    key: leaf.keyPem,
  });

  test('The chain leads from the leaf upwards whatever the order given, without the root', () => {
    const { bundle, facts, warnings } = read(given(root, lower, leaf, upper));

    expect(bundle).toMatchObject({ leaf: leaf.certPem, chain: [lower.certPem, upper.certPem] });
    expect(facts.chain).toHaveLength(2);
    expect(warnings).toEqual([]);
  });

  test('The chain needs no root', () => {
    expect(read(given(upper, leaf, lower))).toMatchObject({
      bundle: { chain: [lower.certPem, upper.certPem] },
      warnings: [],
    });
  });

  test('The chain warns when no intermediate is given', () => {
    const { bundle, warnings } = read(given(leaf));

    expect(bundle.chain).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining('The chain is missing: the leaf was issued by "CN=Lower"'),
    ]);
  });

  test('The chain does not warn when the root itself issued the leaf', async () => {
    const direct = await anIdentity({ subject: 'direct', issuer: root, names: ['direct.example.test'] });

    const { bundle, warnings } = read({ certificate: direct.certPem + root.certPem, key: direct.keyPem });

    expect(bundle.chain).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('The chain takes a self-signed leaf that is no CA', async () => {
    const lone = await anIdentity({ subject: 'lone', names: ['lone.example.test'] });

    const { bundle, warnings } = read({ certificate: lone.certPem, key: lone.keyPem });

    expect(bundle).toMatchObject({ leaf: lone.certPem, chain: [] });
    expect(warnings).toEqual([]);
  });

  test('The chain omits a root of version 1, which does not declare that it is a CA', async () => {
    const old = await anIdentity({ subject: 'Old Root', version1: true });
    const version = await anIdentity({ subject: 'site', issuer: old, names: ['site.example.test'] });

    const { bundle } = read({ certificate: old.certPem + version.certPem, key: version.keyPem });

    expect(bundle).toMatchObject({ leaf: version.certPem, chain: [] });
  });

  test('The chain includes a CA that changed its key and signed the new one with the old one', async () => {
    const rollover = await anIdentity({ subject: 'Root', ca: true, issuer: root, identifiers: true });
    const site = await anIdentity({ subject: 'site', issuer: rollover, names: ['site.example.test'] });
    const input = { certificate: site.certPem + rollover.certPem, key: site.keyPem };

    expect(read(input)).toMatchObject({ bundle: { chain: [rollover.certPem] }, warnings: [] });
    expect(read({ ...input, chain: root.certPem }).bundle.chain).toEqual([rollover.certPem]);
  });

  test('The chain includes such a CA without key identifiers, and warns that it may be a damaged root', async () => {
    const rollover = await anIdentity({ subject: 'Root', ca: true, issuer: root });
    const site = await anIdentity({ subject: 'site', issuer: rollover, names: ['site.example.test'] });

    const { bundle, warnings } = read({ certificate: site.certPem + rollover.certPem, key: site.keyPem });

    expect(bundle.chain).toEqual([rollover.certPem]);
    expect(warnings).toEqual([
      expect.stringMatching(/^"CN=Root" .* names itself as issuer, but another key signed it/),
    ]);
  });

  test('The chain refuses an unrelated intermediate and names it', async () => {
    const stranger = await createAuthority({ name: 'Stranger', intermediate: true });

    const error = refusal(() =>
      read({ ...given(leaf, lower, upper, root), chain: stranger.intermediatePem ?? '' }),
    );

    expect(error.name).toBe('ChainBroken');
    expect(error.details).toMatchObject({ unrelated: [expect.stringContaining('CN=Stranger Intermediate')] });
  });

  test('The chain refuses an unrelated root', async () => {
    const stranger = await createAuthority({ name: 'Stranger' });

    expect(refusal(() => read({ ...given(leaf, lower, upper), chain: stranger.rootPem })).name).toBe(
      'ChainBroken',
    );
  });

  test("The chain refuses a chain without the leaf's issuer, naming what is missing", () => {
    const error = refusal(() => read(given(leaf, upper, root)));

    expect(error.name).toBe('ChainBroken');
    expect(error.message).toContain('"CN=www"');
    expect(error.message).toContain('was issued by "CN=Lower", which is not among the certificates');
  });

  test('The chain refuses a gap further up, naming what is missing', () => {
    const error = refusal(() => read(given(leaf, lower, root)));

    expect(error).toMatchObject({ name: 'ChainBroken', details: { issuer: 'CN=Upper' } });
  });

  test('The chain refuses an issuer of the right name with another key', async () => {
    const renewed = await anIdentity({ subject: 'Lower', ca: true, issuer: upper });

    const error = refusal(() => read(given(leaf, renewed, upper)));

    expect(error.name).toBe('ChainBroken');
    expect(error.message).toContain('but the certificate of that name did not sign it');
  });

  test('The chain refuses an issuer with an unknown type of key', () => {
    const der = derOf(lower.certPem);
    const idEcPublicKey = Buffer.from('06072a8648ce3d0201', 'hex');
    der[der.indexOf(idEcPublicKey) + 8] = 0x7e;

    expect(refusal(() => read({ ...given(leaf), chain: armour('CERTIFICATE', der) })).name).toBe(
      'ChainBroken',
    );
  });

  test('The chain refuses a damaged root instead of taking it for a CA that changed its key', async () => {
    const marked = await anIdentity({ subject: 'Marked Root', ca: true, identifiers: true });
    const site = await anIdentity({ subject: 'site', issuer: marked, names: ['site.example.test'] });
    const der = derOf(marked.certPem);
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    const input = { certificate: site.certPem, key: site.keyPem, chain: armour('CERTIFICATE', der) };

    const error = refusal(() => read(input));

    expect(error).toMatchObject({ name: 'ChainBroken', message: expect.stringContaining('It is damaged') });
  });

  test('The chain refuses two leaves, naming both', async () => {
    const before = await anIdentity({ subject: 'before', issuer: lower, names: ['www.example.test'] });

    const error = refusal(() => read(given(leaf, before, lower)));

    expect(error).toMatchObject({
      name: 'SeveralLeaves',
      details: { subjects: [expect.stringContaining('CN=www'), expect.stringContaining('CN=before')] },
    });
  });

  test('The chain refuses CAs without a leaf', () => {
    const error = refusal(() => read({ ...given(lower, upper, root), key: aStrangeKey() }));

    expect(error).toMatchObject({ name: 'NoLeaf', message: expect.stringContaining('all of them are CAs') });
  });

  test('The chain refuses a CA as leaf when it is the only certificate', () => {
    expect(refusal(() => read({ certificate: root.certPem, key: root.keyPem }))).toMatchObject({
      name: 'LeafIsCa',
      message: expect.stringContaining('"CN=Root"'),
    });
  });

  test('The chain refuses a CA as leaf when the key is its own', async () => {
    const version = await aVersion({ ca: true });

    expect(refusal(() => read({ certificate: version.fullchainPem, key: version.keyPem }))).toMatchObject({
      name: 'LeafIsCa',
      details: { subject: expect.stringContaining('CN=www.example.test') },
    });
  });

  test('The chain takes ten certificates, counted without repetitions, and refuses eleven', async () => {
    const path: Identity[] = [root];
    for (let level = 1; level < 9; level += 1) {
      path.push(await anIdentity({ subject: `Level ${level}`, ca: true, issuer: path.at(-1) ?? root }));
    }
    const site = await anIdentity({
      subject: 'site',
      issuer: path.at(-1) ?? root,
      names: ['site.example.test'],
    });
    const ten = [site, ...path].map(({ certPem }) => certPem).join('');

    expect(read({ certificate: ten, chain: ten, key: site.keyPem }).bundle.chain).toHaveLength(8);
    expect(refusal(() => read({ certificate: ten, chain: leaf.certPem, key: site.keyPem }))).toMatchObject({
      name: 'TooManyCertificates',
      details: { certificates: 11 },
    });
  });
});
