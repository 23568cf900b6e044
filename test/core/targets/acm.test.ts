import { describe, expect, test } from 'vitest';
import { isCertferryError } from '../../../core/errors.ts';
import { targetsJsonSchema } from '../../../core/registry/json-schema.ts';
import { targetKinds, verifyDefaultsOf } from '../../../core/targets/kinds/kinds.ts';
import { parseTarget } from '../../../core/targets/parse.ts';
import { aTargetInput } from './targets.ts';

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';

function parsed(config: object, verify: unknown = 'none') {
  const { config: _, ...common } = aTargetInput({}, { kind: 'acm', host: 'lambda', verify });
  return parseTarget({ ...common, config });
}

function problems(config: object): readonly string[] {
  try {
    parsed(config);
    return [];
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    return error.details.problems as readonly string[];
  }
}

const www = { endpoint: 'www.example.com:443' };

describe('a target of kind acm', () => {
  test('A target of kind acm needs the ARN of an imported certificate alone', () => {
    expect(parsed({ certificateArn }).config).toEqual({ certificateArn, allowIrreversible: false });
  });

  test('A target of kind acm has a name and a region instead, for a first import', () => {
    const config = { name: 'www', region: 'us-east-1', tags: { team: 'web' } };

    expect(parsed(config).config).toEqual({ ...config, allowIrreversible: false });
  });

  test.for([
    [{}, 'config.certificateArn: is required: the ARN of an imported certificate; or name and region'],
    [
      { certificateArn: 'arn:aws:iam::123456789012:server-certificate/a' },
      'config.certificateArn: expected the ARN',
    ],
    [{ certificateArn, name: 'www' }, 'config.certificateArn: expected either certificateArn, or name'],
    [
      { certificateArn, tags: { team: 'web' } },
      'config.certificateArn: expected either certificateArn, or name',
    ],
    [{ name: 'www' }, 'config.region: is required: a region for the first import'],
    [{ name: 'www', region: 'virginia' }, 'config.region: expected a region, such as eu-west-1'],
    [
      { name: 'www', region: 'us-east-1', tags: { 'aws:a': 'b' } },
      'config.tags: expected keys that begin with neither',
    ],
    [
      { name: 'www', region: 'us-east-1', tags: { certferry: 'b' } },
      'config.tags: expected keys that begin with neither',
    ],
  ] as const)('A target of kind acm is refused with its problem: %j', ([config, problem]) => {
    expect(problems(config).join('\n')).toContain(problem);
  });
});

describe('the waits of a kind', () => {
  test('A target of kind acm waits about 15 minutes for the service, unless it has values of its own', () => {
    expect(parsed({ certificateArn }, www).verify).toMatchObject({
      attempts: 19,
      initialBackoffSeconds: 5,
      maxBackoffSeconds: 60,
    });
    const own = { ...www, attempts: 2, initialBackoffSeconds: 90 };
    expect(parsed({ certificateArn }, own).verify).toMatchObject({
      attempts: 2,
      initialBackoffSeconds: 90,
      maxBackoffSeconds: 90,
    });
    const waits = Array.from({ length: 18 }, (_, at) => Math.min(5 * 2 ** at, 60));
    expect(waits.reduce((sum, wait) => sum + wait) / 60).toBeCloseTo(15, 0);
  });

  test('A kind without waits of its own has the usual ones', () => {
    const { verify } = parseTarget(aTargetInput({}, { verify: www }));

    expect(verify).toMatchObject({ attempts: 3, initialBackoffSeconds: 1, maxBackoffSeconds: 16 });
  });

  test('A parsed target of kind acm is the same when it is parsed again', () => {
    const once = parsed({ certificateArn }, www);

    expect(parseTarget(once)).toEqual(once);
    expect(parseTarget(JSON.parse(JSON.stringify(once)))).toEqual(once);
  });

  test('The JSON Schema has the waits of each kind', () => {
    for (const kind of targetKinds) {
      const { attempts, initialBackoffSeconds, maxBackoffSeconds } = verifyDefaultsOf(kind);
      const text = JSON.stringify(targetsJsonSchema(kind));

      expect(text).toContain(`"default":${attempts},`);
      expect(text).toContain(`"default":${initialBackoffSeconds},`);
      expect(text).toContain(`Default: ${maxBackoffSeconds}, or initialBackoffSeconds`);
    }
  });
});
