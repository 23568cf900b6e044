import { beforeAll, describe, expect, test } from 'vitest';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { installationDigest } from '../../core/targets/installation-digest.ts';
import { Target } from '../../core/targets/target.ts';
import { type SearchServices, searchEarlier } from '../../lambdas/delivery/search-earlier.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { Copy } from '../../services/previous-bundles/kept-bundles.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { source } from '../fixtures/factories.ts';

const target = Target.parse({
  id: 'www-alb',
  certificate: 'www.example.test',
  host: 'i-0123456789abcdef0',
  kind: 'acm',
  config: {
    certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b',
  },
  verify: 'none',
});

/** Versions in the order of their installation, the next one last. */
type Name = 'oldest' | 'older' | 'old' | 'next';
const names: readonly Name[] = ['oldest', 'older', 'old', 'next'];
let versions: Readonly<Record<Name, Bundle>>;
beforeAll(async () => {
  const made = await Promise.all(names.map(async (name) => [name, bundleOf(await aVersion())]));
  versions = Object.fromEntries(made);
});

const fingerprintOf = (name: Name) => `${factsOfPem(versions[name].leaf)?.fingerprint}`;
const nameOf = (leaf: string) => names.find((name) => versions[name].leaf === leaf);

interface Situation {
  readonly installed?: Name | null;
  readonly movedSince?: boolean;
  /** Latest first: action, outcome, version and previous version. */
  readonly history?: readonly (readonly [string, string, Name | null, Name | null])[];
  readonly inSource?: Name;
  readonly gone?: Name;
}

/** The services in a situation, and the copies that were written to them, in order. */
function services({ installed, movedSince = false, history = [], inSource, gone }: Situation) {
  const copies: Copy[] = [];
  const item = {
    fingerprint: installed == null ? null : fingerprintOf(installed),
    installation: movedSince ? 'of another ARN' : installationDigest(target),
  };
  const items = history.map(([action, outcome, version, previous]) => ({
    action,
    outcome,
    fingerprint: version === null ? null : fingerprintOf(version),
    previousFingerprint: previous === null ? null : fingerprintOf(previous),
  }));
  const by: SearchServices = {
    installed: {
      of: async () =>
        new Map(installed === undefined ? [] : [['www-alb', item as unknown as InstalledVersion]]),
    },
    history: { list: async () => items as unknown as HistoryItem[] },
    kept: { keep: async (_, copy) => void copies.push(copy) },
    previousBundles: () => ({
      async find(fingerprint) {
        const name = names.find((each) => fingerprintOf(each) === fingerprint);
        return name === undefined || name === gone ? null : versions[name];
      },
      previousInSource: async () => (inSource === undefined ? null : fingerprintOf(inSource)),
    }),
  };
  return { by, copies };
}

function aDeployment(action: Deployment['action'] = 'deploy'): Deployment {
  const version = action === 'rollback' ? null : { fingerprint: fingerprintOf('next'), source };
  return { action, target, version } as unknown as Deployment;
}

/** The names of what is found, and of what is kept. */
async function search(situation: Situation, deployment = aDeployment()) {
  const { by, copies } = services(situation);
  const bundle = deployment.version === null ? null : versions.next;
  const { needed, helpful } = await searchEarlier(by)(deployment, bundle);
  const named = (bundles: readonly Bundle[]) => bundles.map(({ leaf }) => nameOf(leaf));
  return { needed: named(needed), helpful: named(helpful), kept: named(copies.map((copy) => copy.bundle)) };
}

describe('the earlier versions for a job to a host', () => {
  test('A deployment needs the installed version, and copies of it and of the new version are kept', async () => {
    expect(await search({ installed: 'old', inSource: 'old' })).toEqual({
      needed: ['old'],
      helpful: [],
      kept: ['next', 'old'],
    });
  });

  test('The previous version in the source helps, because another program may have installed it', async () => {
    expect(await search({ installed: 'older', inSource: 'old' })).toMatchObject({
      needed: ['older'],
      helpful: ['old'],
    });
  });

  test('Before the first deployment, only the previous version in the source is found', async () => {
    expect(await search({ inSource: 'old' })).toEqual({
      needed: [],
      helpful: ['old'],
      kept: ['next', 'old'],
    });
  });

  test('A version that no source has any more is missing', async () => {
    expect(await search({ installed: 'old', gone: 'old' })).toMatchObject({ needed: [], helpful: [] });
  });

  test('After a deployment with an unknown outcome, its version and the ones before it are needed', async () => {
    const history = [
      ['deploy', 'rejected', 'next', null],
      ['deploy', 'lost', 'old', null],
      ['deploy', 'deployed', 'older', 'oldest'],
    ] as const;

    expect(await search({ installed: null, history })).toMatchObject({ needed: ['old', 'older', 'oldest'] });
  });

  test('What was installed before the target moved is not taken for the installed version', async () => {
    const history = [['deploy', 'rolled_back', 'next', 'old']] as const;

    expect(await search({ installed: 'oldest', movedSince: true, history })).toMatchObject({
      needed: ['old'],
    });
  });

  test('A rollback needs the installed version and the one that it has replaced', async () => {
    const history = [
      ['deploy', 'unchanged', 'old', 'old'],
      ['deploy', 'deployed', 'old', 'older'],
      ['deploy', 'deployed', 'older', 'oldest'],
    ] as const;

    expect(await search({ installed: 'old', history }, aDeployment('rollback'))).toEqual({
      needed: ['old', 'older'],
      helpful: [],
      kept: ['older', 'old'],
    });
  });

  test('A second rollback needs the version before the one that the first has installed', async () => {
    const history = [
      ['rollback', 'deployed', 'older', 'old'],
      ['deploy', 'deployed', 'old', 'older'],
      ['deploy', 'deployed', 'older', 'oldest'],
    ] as const;

    expect(await search({ installed: 'older', history }, aDeployment('rollback'))).toMatchObject({
      needed: ['older', 'oldest'],
    });
  });

  test('A dry run keeps no copy', async () => {
    expect(await search({ installed: 'old' }, aDeployment('validate'))).toMatchObject({
      needed: ['old'],
      kept: [],
    });
  });

  test('The installed version is kept last, so that it is the latest copy', async () => {
    const { kept } = await search({ installed: 'old', inSource: 'older' });

    expect(kept).toEqual(['next', 'older', 'old']);
  });

  test('Writing one copy removes none of the others of this deployment', async () => {
    const { by, copies } = services({ installed: 'old', inSource: 'older' });

    await searchEarlier(by)(aDeployment(), versions.next);

    const all = new Set((['next', 'older', 'old'] as const).map(fingerprintOf));
    expect(copies.map(({ needed }) => new Set(needed))).toEqual([all, all, all]);
  });

  test('A copy that cannot be written refuses the deployment before a job is sent', async () => {
    const { by } = services({ installed: 'old' });
    const kept = { keep: () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDenied' })) };

    await expect(searchEarlier({ ...by, kept })(aDeployment(), versions.next)).rejects.toMatchObject({
      name: 'CredentialUnavailable',
    });
  });
});
