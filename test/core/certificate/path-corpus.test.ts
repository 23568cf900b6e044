import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  aChainSpec,
  anyChain,
  type BuiltChain,
  type ChainSpec,
  createChainBuilder,
} from '../../fixtures/path-corpus.ts';
import { alternatives, constraints, extras, purposeIds } from '../../fixtures/path-extensions.ts';
import { read, refusal } from './refusal.ts';

/** The same chains in each run. */
const seed = 20_261_128;
const randomChains = 250;

const { serverAuth, clientAuth, codeSigning, any, serverGatedCryptography } = purposeIds;

/** A third of all combinations of constraints and names, each of both several times. */
function constrainedChains(): ChainSpec[] {
  const all = Object.keys(constraints) as (keyof typeof constraints)[];
  const names = Object.keys(alternatives) as (keyof typeof alternatives)[];
  return all.flatMap((each, row) =>
    names
      .filter((_, column) => (row + column) % 3 === 0)
      .map((name, column) =>
        aChainSpec({ ca: { constraints: each }, at: column % 2, leaf: { names: name } }),
      ),
  );
}

/** Each rule at each position of a path. */
const systematic: readonly ChainSpec[] = [
  ...[0, 1, 2, 3].flatMap((cas) => [aChainSpec({ cas }), aChainSpec({ cas, rooted: false })]),
  ...[
    undefined,
    [serverAuth, clientAuth],
    [clientAuth],
    [codeSigning],
    [any],
    [any, serverAuth],
    [serverGatedCryptography],
  ].flatMap((purposes) => [
    aChainSpec({ leaf: { purposes } }),
    aChainSpec({ ca: { purposes } }),
    aChainSpec({ ca: { purposes }, at: 1 }),
    aChainSpec({ ca: { purposes }, cas: 1, rooted: false }),
  ]),
  ...[undefined, [0], [2], [0, 2], [4], [3], [1], [5], [5, 6], [6], [0, 5]].flatMap((keyUsage) => [
    aChainSpec({ leaf: { keyUsage } }),
    aChainSpec({ ca: { keyUsage } }),
    aChainSpec({ ca: { keyUsage }, at: 1 }),
  ]),
  ...[0, 1, 2].flatMap((pathLength) =>
    [0, 1, 2].flatMap((at) => [
      aChainSpec({ ca: { pathLength }, at, cas: 3 }),
      aChainSpec({ ca: { pathLength, selfIssued: true }, at, cas: 3 }),
      aChainSpec({ ca: { pathLength }, at, cas: 3, rooted: false }),
    ]),
  ),
  ...(['not ca', 'absent'] as const).flatMap((basic) => [
    aChainSpec({ ca: { basic } }),
    aChainSpec({ ca: { basic, keyUsage: undefined } }),
    aChainSpec({ ca: { basic }, at: 1 }),
    aChainSpec({ ca: { basic, keyUsage: undefined }, at: 1 }),
  ]),
  ...(Object.keys(extras) as (keyof typeof extras)[]).flatMap((extra) => [
    aChainSpec({ leaf: { extra } }),
    aChainSpec({ ca: { extra } }),
    aChainSpec({ ca: { extra }, at: 1 }),
  ]),
  ...constrainedChains(),
  aChainSpec({ leaf: { ca: true } }),
  aChainSpec({ leaf: { ca: true, keyUsage: [0, 5] } }),
  aChainSpec({
    leaf: { names: 'none', subject: 'other common name' },
    ca: { constraints: 'permits example.test' },
  }),
  aChainSpec({ leaf: { subject: 'organization' }, ca: { constraints: 'permits an organization' } }),
  aChainSpec({ leaf: { subject: 'other organization' }, ca: { constraints: 'permits an organization' } }),
  aChainSpec({
    leaf: { subject: 'organization' },
    ca: { constraints: 'permits the organization in capitals' },
  }),
  aChainSpec({ leaf: { subject: 'organization' }, ca: { constraints: 'excludes an organization' } }),
];

/** `ours` and `theirs`: null if the chain is accepted, else the name of the error and the text of OpenSSL. */
interface Verdict {
  readonly spec: ChainSpec;
  readonly ours: string | null;
  readonly theirs: string | null;
}

/** A rule of certferry that is deliberately stricter than OpenSSL. docs/decisions/0035 gives the reasons. */
const deliberate: Readonly<Record<string, (verdict: Verdict) => boolean>> = {
  'a leaf that is a CA': ({ spec, ours }) => ours === 'LeafIsCa' && spec.leaf.ca,
  'an ECDSA leaf whose key usage has no digitalSignature': ({ spec: { leaf }, ours }) =>
    ours === 'KeyUsageUnfit' && leaf.keyUsage?.includes(0) === false,
  'a CA without basicConstraints': ({ spec: { cas }, ours }) =>
    ours === 'IssuerNotCa' && cas.some(({ basic }) => basic === 'absent'),
  'a certificate for Server Gated Cryptography instead of serverAuth': ({ spec: { leaf, cas }, ours }) =>
    ours === 'PurposeUnfit' &&
    [leaf, ...cas].some(({ purposes }) => purposes?.includes(serverGatedCryptography) === true),
};

describe('the corpus of paths', () => {
  let verdicts: Verdict[];
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
    const specs = [...systematic, ...fc.sample(anyChain, { seed, numRuns: randomChains })];
    const build = await createChainBuilder();
    const chains = await Promise.all(specs.map(build));
    const theirs = verifiedByOpenssl(folder, chains);
    verdicts = specs.map((spec, index) => ({
      spec,
      ours: verdictOf(chains[index] as BuiltChain),
      theirs: theirs[index] ?? null,
    }));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('The corpus of paths has more than 200 chains, and many of each verdict', () => {
    const accepted = verdicts.filter(({ theirs }) => theirs === null);

    expect(verdicts.length).toBeGreaterThan(450);
    expect(accepted.length).toBeGreaterThan(150);
    expect(verdicts.length - accepted.length).toBeGreaterThan(150);
    process.stdout.write(`${summaryOf(verdicts)}\n`);
  });

  test('Any path of the corpus has the verdict of openssl verify, except for the deliberate differences', () => {
    const different = verdicts.filter(({ ours, theirs }) => (ours === null) !== (theirs === null));
    const unexplained = different.filter((verdict) => explanationsOf(verdict).length === 0);

    expect(unexplained).toEqual([]);
    expect(different.filter(({ ours }) => ours === null)).toEqual([]);
  });

  test('Each deliberate difference occurs in the corpus', () => {
    const occurring = verdicts
      .filter(({ ours, theirs }) => ours !== null && theirs === null)
      .flatMap(explanationsOf);

    expect([...new Set(occurring)].toSorted()).toEqual(Object.keys(deliberate).toSorted());
  });

  test('A refusal names the rule that openssl verify names, if the chain breaks one rule', () => {
    const named = verdicts.filter(
      ({ spec, ours, theirs }) => systematic.includes(spec) && ours !== null && theirs !== null,
    );
    const other = named.filter(
      ({ ours, theirs }) => !(rulesOfOpenssl[theirs ?? ''] ?? []).includes(ours ?? ''),
    );

    expect(other).toEqual([]);
  });
});

/** The names of certferry for the texts of OpenSSL, which has one text for a purpose, a key usage and a CA flag. */
const rulesOfOpenssl: Readonly<Record<string, readonly string[]>> = {
  'unhandled critical extension': ['UnknownCriticalExtension'],
  'unsuitable certificate purpose': ['PurposeUnfit', 'KeyUsageUnfit', 'IssuerNotCa'],
  'key usage does not include certificate signing': ['KeyUsageUnfit'],
  'invalid CA certificate': ['IssuerNotCa', 'KeyUsageUnfit'],
  'path length constraint exceeded': ['PathLengthExceeded'],
  'permitted subtree violation': ['NameConstraintViolated'],
  'excluded subtree violation': ['NameConstraintViolated'],
  'unsupported or invalid name syntax': ['NameConstraintViolated'],
  'unsupported or invalid name constraint syntax': ['NameConstraintViolated'],
  'unsupported name constraint type': ['NameConstraintViolated'],
};

function verdictOf({ leaf, cas, key }: BuiltChain): string | null {
  const call = () => read({ certificate: [leaf, ...cas].join(''), key });
  try {
    call();
    return null;
  } catch {
    return refusal(call).name;
  }
}

function explanationsOf(verdict: Verdict): string[] {
  return Object.entries(deliberate)
    .filter(([, applies]) => applies(verdict))
    .map(([name]) => name);
}

/** One run for all chains: the last certificate of each is trusted, as in certferry. */
function verifiedByOpenssl(folder: string, chains: readonly BuiltChain[]): (string | null)[] {
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return name;
  };
  const trusted = file('trusted.pem', chains.map(({ leaf, cas }) => cas.at(-1) ?? leaf).join(''));
  const untrusted = file('untrusted.pem', chains.flatMap(({ cas }) => cas.slice(0, -1)).join(''));
  const leaves = chains.map(({ leaf }, index) => file(`leaf-${index}.pem`, leaf));
  const args = [
    'verify',
    '-purpose',
    'sslserver',
    '-partial_chain',
    '-trusted',
    trusted,
    '-untrusted',
    untrusted,
  ];
  const { stdout, stderr } = spawnSync('openssl', [...args, ...leaves], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  });
  const accepted = new Set(stdout.match(/^leaf-\d+\.pem(?=: OK$)/gm));
  const refused = new Map(
    [
      ...stderr.matchAll(
        /^error \d+ at \d+ depth lookup: (.*)\nerror (leaf-\d+\.pem): verification failed$/gm,
      ),
    ].map(([, text, name]) => [String(name), String(text)]),
  );
  return leaves.map((name) => (accepted.has(name) ? null : (refused.get(name) ?? 'no verdict')));
}

function summaryOf(verdicts: readonly Verdict[]): string {
  const same = verdicts.filter(({ ours, theirs }) => (ours === null) === (theirs === null)).length;
  return `paths: ${verdicts.length}, same verdict as openssl verify: ${same}, different: ${verdicts.length - same}`;
}
