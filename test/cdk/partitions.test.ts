import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { renderRollout } from '../../scripts/render-rollout.ts';
import { aMemberApp, anApp, anAppIn, deployTargetFile, optionsWithResources } from './synthesized.ts';

/** Without `approvalLinks`, which need function URLs. */
const options = { ...optionsWithResources, approvalLinks: false };

interface Place {
  readonly partition: string;
  readonly region: string;
}

const places: readonly Place[] = [
  { partition: 'aws', region: 'eu-west-1' },
  { partition: 'aws-us-gov', region: 'us-gov-west-1' },
  { partition: 'aws-cn', region: 'cn-north-1' },
];

const names = places.map((place) => [place.partition, place] as const);

/** The names of services in IAM and CloudTrail, which are the same in every partition. All other names come from `AWS::URLSuffix`. */
const servicePrincipals = /"(?:[a-z]+)\.amazonaws\.com"/g;

/** All text of an assembly: the templates and the assets beside them. */
function textOf(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

const partitionsIn = (text: string) => [...new Set(text.match(/(?<=arn:)aws[a-z-]*/g))].sort();

/** The script on the hosts has a row for each partition. */
const rowsOfTheScript = /\*\) printf '[a-z0-9.]+' ;;/g;

const hostsIn = (text: string) =>
  text
    .replaceAll(servicePrincipals, '')
    .replaceAll(rowsOfTheScript, '')
    .match(/amazonaws\.com[a-z.]*/g) ?? [];

/** The template with the names of its partition replaced, to compare it with those of other partitions. */
const neutral = (template: object, { partition, region }: Place) =>
  JSON.stringify(template)
    .replaceAll(region, 'REGION')
    .replaceAll(`arn:${partition}:`, 'arn:PARTITION:')
    .replaceAll(`"Partition":"${partition}"`, '"Partition":"PARTITION"');

describe('the stack in each partition', () => {
  test.each(names)(
    'The assembly of a stack in %s names no other partition and no host of AWS',
    (_, { partition, region }) => {
      const text = textOf(anAppIn(region, options).app.synth().directory);

      expect(partitionsIn(text)).toEqual([partition]);
      expect(hostsIn(text)).toEqual([]);
    },
  );

  test('The templates of a stack differ between partitions only in partition and region', () => {
    const [first, ...others] = places.map((place) =>
      neutral(Template.fromStack(anAppIn(place.region, options).stack).toJSON(), place),
    );

    for (const other of others) expect(other).toBe(first);
  });

  test('The assembly of a stack without a region names no partition', () => {
    const text = textOf(anApp(options).app.synth().directory);

    expect([partitionsIn(text), hostsIn(text)]).toEqual([[], []]);
  });

  test.each(names)(
    'The assembly of a member stack in %s names no other partition and no host of AWS',
    (_, { partition, region }) => {
      const { app } = aMemberApp(
        { main: { account: '111122223333', region } },
        { account: '222233334444', region },
      );
      const text = textOf(app.synth().directory);

      expect(partitionsIn(text).filter((found) => found !== partition)).toEqual([]);
      expect(hostsIn(text)).toEqual([]);
    },
  );
});

describe('the state machines in each partition', () => {
  test.each([
    ['deploy-target', deployTargetFile()],
    ['rollout', renderRollout()],
  ])('Each integration in %s.asl.json gets its partition from the stack', (_, file) => {
    const resources = file.match(/"Resource": "[^"]*"/g) ?? [];

    expect(resources.length).toBeGreaterThan(10);
    expect(resources.filter((one) => !one.startsWith('"Resource": "arn:${Partition}:states:::'))).toEqual([]);
    expect(partitionsIn(file)).toEqual([]);
  });

  test.each(names)('Both state machines in %s get the partition as a substitution', (_, place) => {
    const machines = Template.fromStack(anAppIn(place.region).stack).findResources(
      'AWS::StepFunctions::StateMachine',
    );

    expect(
      Object.values(machines).map(({ Properties }) => Properties.DefinitionSubstitutions.Partition),
    ).toEqual([place.partition, place.partition]);
  });
});

describe('what a partition does not have', () => {
  test.each([
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
  ])('Approval links are refused in %s, where function URLs are not available', (region, partition) => {
    expect(() => anAppIn(region, { approvalLinks: true })).toThrow(
      `approvalLinks: function URLs are not available in the partition ${partition}.`,
    );
  });
});
