import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { anIdentity, type Identity, inDays, threeLevels } from '../../fixtures/hierarchies.ts';
import { read, refusal } from './refusal.ts';

describe('the choice of the chain', () => {
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

  test('The chain keeps the longest way up when certificates are cross-signed', async () => {
    const older = await anIdentity({ subject: 'Older Root', ca: true });
    const crossed = await anIdentity({ subject: 'Root', ca: true, issuer: older, keys: root.keys });

    for (const order of [
      [root, crossed, upper, lower, leaf, older],
      [leaf, lower, older, crossed, upper, root],
    ]) {
      const { bundle, warnings } = read(given(...order));

      expect(bundle.chain).toEqual([lower.certPem, upper.certPem, crossed.certPem]);
      expect(warnings).toEqual([]);
    }
  });

  test('The chain prefers a longer way to one that lasts longer', async () => {
    const detour = await anIdentity({ subject: 'Detour', ca: true, issuer: root });
    const longer = await anIdentity({
      subject: 'Upper',
      ca: true,
      issuer: detour,
      keys: upper.keys,
      notAfter: inDays(100),
    });

    for (const order of [
      [leaf, lower, upper, longer, detour],
      [detour, longer, upper, lower, leaf],
    ]) {
      expect(read(given(...order)).bundle.chain).toEqual([lower.certPem, longer.certPem, detour.certPem]);
    }
  });

  test('The chain does not take a longer way through an intermediate that expires before the leaf', async () => {
    const detour = await anIdentity({ subject: 'Detour', ca: true, issuer: root });
    const ending = await anIdentity({
      subject: 'Upper',
      ca: true,
      issuer: detour,
      keys: upper.keys,
      notAfter: inDays(30),
    });

    const { bundle, warnings } = read(given(detour, ending, leaf, lower, upper));

    expect(bundle.chain).toEqual([lower.certPem, upper.certPem]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Ignored, because it is not part of the chain: "CN=Detour"/),
      expect.stringMatching(/^Ignored, because it is not part of the chain: "CN=Upper"/),
    ]);
  });

  test('A path that ends at a root counts more than a longer one whose root is missing', async () => {
    const older = await anIdentity({ subject: 'Older Root', ca: true });
    const crossed = await anIdentity({ subject: 'Root', ca: true, issuer: older, keys: root.keys });

    const { bundle } = read(given(crossed, leaf, lower, upper, root));

    expect(bundle.chain).toEqual([lower.certPem, upper.certPem]);
  });

  test('An expired cross-signed certificate is left out with a warning if a complete path is valid', async () => {
    const older = await anIdentity({ subject: 'Older Root', ca: true, notAfter: inDays(-20) });
    const crossed = await anIdentity({
      subject: 'Root',
      ca: true,
      issuer: older,
      keys: root.keys,
      notAfter: inDays(-10),
    });

    for (const order of [
      [leaf, lower, upper, root, crossed],
      [older, crossed, root, upper, lower, leaf],
    ]) {
      const { bundle, warnings } = read(given(...order));

      expect(bundle.chain).toEqual([lower.certPem, upper.certPem]);
      expect(warnings).toEqual([expect.stringMatching(/^Ignored, because it has expired: "CN=Root"/)]);
    }
  });

  test('A path that breaks a rule does not win over one that breaks none', async () => {
    const narrow = await anIdentity({ subject: 'Narrow', ca: true, issuer: root, pathLength: 0 });
    const below = await anIdentity({ subject: 'Upper', ca: true, issuer: narrow, keys: upper.keys });

    const { bundle, warnings } = read(given(below, narrow, leaf, lower, upper));

    expect(bundle.chain).toEqual([lower.certPem, upper.certPem]);
    expect(warnings).toHaveLength(2);
  });

  test('The valid one of two intermediates with the same name and key is used, and otherwise the one that lasts longer', async () => {
    const again = (notAfter: Date) =>
      anIdentity({ subject: 'Lower', ca: true, issuer: upper, keys: lower.keys, notAfter });
    const [expired, short, long] = await Promise.all([
      again(inDays(-1)),
      again(inDays(20)),
      again(inDays(2000)),
    ]);

    const { bundle, warnings } = read(given(expired, short, upper, leaf, long));

    expect(bundle.chain).toEqual([long.certPem, upper.certPem]);
    expect(warnings).toEqual([
      expect.stringMatching(/^Ignored, because it has expired: "CN=Lower"/),
      expect.stringMatching(/^Ignored, because it is not part of the chain: "CN=Lower"/),
    ]);
    expect(read(given(expired, short, upper, leaf)).bundle.chain).toEqual([short.certPem, upper.certPem]);
  });

  test('Any order of the certificates gives the same chain, warnings and refusal', async () => {
    const older = await anIdentity({ subject: 'Older Root', ca: true });
    const again = (subject: string, issuer: Identity, keys: Identity['keys'], notAfter: Date) =>
      anIdentity({ subject, ca: true, issuer, keys, notAfter });
    const all = [
      leaf,
      lower,
      upper,
      root,
      older,
      await again('Root', older, root.keys, inDays(-10)),
      await again('Root', older, root.keys, inDays(200)),
      await again('Lower', upper, lower.keys, inDays(-5)),
      await again('Upper', root, upper.keys, inDays(40)),
    ];
    const outcomeOf = (order: readonly Identity[]) => {
      try {
        const { bundle, warnings } = read(given(...order));
        return { chain: bundle.chain, warnings };
      } catch (error) {
        return refusal(() => {
          throw error;
        }).name;
      }
    };

    const [, ...others] = all;

    fc.assert(
      fc.property(fc.shuffledSubarray(others), fc.nat(others.length), (order, at) => {
        const shuffled = order.toSpliced(at, 0, leaf);

        expect(outcomeOf(shuffled)).toEqual(outcomeOf(all.filter((each) => shuffled.includes(each))));
      }),
      { numRuns: 60 },
    );
  });

  test('Of two equal paths, the chain keeps the one that lasts longer, and reports what it omits', async () => {
    const other = await anIdentity({ subject: 'Other Root', ca: true });
    const twin = await anIdentity({
      subject: 'Upper',
      ca: true,
      issuer: other,
      keys: upper.keys,
      notAfter: inDays(30),
    });

    for (const order of [
      [leaf, lower, upper, twin],
      [twin, upper, lower, leaf],
    ]) {
      const { bundle, warnings } = read(given(...order));

      expect(bundle.chain).toEqual([lower.certPem, upper.certPem]);
      expect(warnings).toEqual([
        expect.stringMatching(/^Ignored, because it is not part of the chain: "CN=Upper"/),
      ]);
    }
  });

  test('The chain keeps the same of two equal ways that last equally long, whatever the order', async () => {
    const notAfter = inDays(400);
    const keys = upper.keys;
    const [one, two] = await Promise.all(
      ['One', 'Two'].map(async (subject) => {
        const issuer = await anIdentity({ subject, ca: true });
        return await anIdentity({ subject: 'Upper', ca: true, issuer, keys, notAfter });
      }),
    );
    if (one === undefined || two === undefined) throw new Error('two were made');

    expect(read(given(leaf, lower, one, two)).bundle).toEqual(read(given(two, one, lower, leaf)).bundle);
  });

  test('The chain does not go round in circles when two CAs signed each other', async () => {
    const east = await anIdentity({ subject: 'East', ca: true });
    const west = await anIdentity({ subject: 'West', ca: true, issuer: east });
    const eastByWest = await anIdentity({ subject: 'East', ca: true, issuer: west, keys: east.keys });
    const site = await anIdentity({ subject: 'site', issuer: west, names: ['site.example.test'] });

    const { bundle } = read({
      certificate: eastByWest.certPem + west.certPem + site.certPem,
      key: site.keyPem,
    });

    expect(bundle.chain).toEqual([west.certPem, eastByWest.certPem]);
  });
});
