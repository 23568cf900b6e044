import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AspectPriority, Aspects, CustomResource, Duration, Stack, Token } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import type * as z from 'zod/mini';
import { CertferryError } from '../../core/errors.ts';
import type { Certificate } from '../../core/registry/certificate.ts';
import { checkCertificate, checkTarget, placeFor } from '../../core/registry/registrations.ts';
import type { StrategyOverrides } from '../../core/registry/strategy.ts';
import { parseTargets } from '../../core/registry/targets-file.ts';
import type { TaskFunction } from '../functions/task-function.ts';
import type { TargetInput } from './target-input.ts';

/** A certificate as it is written: defaults may be left out. */
export type CertificateInput = z.input<typeof Certificate>;

/**
 * The certificates and targets that the stack names. They travel as a file, since a fleet's list outgrows a property;
 * what only CloudFormation knows (the ARN of a certificate of the same stack) travels beside it. The function brings
 * the registry to the same state: it adds, changes and removes what the stack put there, and nothing else.
 */
export class Registrations extends Construct {
  readonly #certificates = new Map<string, CertificateInput>();
  readonly #targets = new Map<string, TargetInput>();
  /** Texts with tokens, in the order of their places. */
  readonly #later: string[] = [];

  readonly #defaultStrategy: StrategyOverrides;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly sync: TaskFunction; readonly defaultStrategy: StrategyOverrides },
  ) {
    super(scope, id);
    this.#defaultStrategy = props.defaultStrategy;
    // what is named may grow until the app is synthesized
    Aspects.of(this).add(
      { visit: (node) => (node === this ? this.#finish(props.sync) : undefined) },
      { priority: AspectPriority.MUTATING },
    );
  }

  /** Throws InvalidTarget, naming the fields. */
  addCertificate(certificate: CertificateInput): void {
    const known = this.#withPlaces(certificate);
    checkCertificate(known, this.#defaultStrategy);
    unlessNamed(this.#certificates, certificate.name, 'certificate');
    this.#certificates.set(certificate.name, known);
  }

  /** Throws InvalidTarget, naming the fields. */
  addTarget(target: TargetInput): void {
    const known = this.#withPlaces(target);
    checkTarget(known);
    unlessNamed(this.#targets, target.id, 'target');
    this.#targets.set(target.id, known);
  }

  /** Everything in a targets file, YAML or JSON. Throws InvalidTarget, naming the fields. */
  addFile(path: string): void {
    const { certificates, targets } = parseTargets(readFileSync(path, 'utf8'), path);
    for (const certificate of certificates) this.addCertificate(certificate);
    for (const target of targets) this.addTarget(target);
  }

  #withPlaces<Thing>(thing: Thing): Thing {
    return JSON.parse(
      JSON.stringify(thing, (field, value) => {
        if (Array.isArray(value) && Token.isUnresolved(value)) throw unknownList(field);
        if (typeof value !== 'string' || !Token.isUnresolved(value)) return value;
        const found = this.#later.indexOf(value);
        return placeFor(found === -1 ? this.#later.push(value) - 1 : found);
      }),
    );
  }

  #finish(sync: TaskFunction): void {
    if (this.#certificates.size + this.#targets.size === 0) return;
    const list = new Asset(this, 'List', { path: this.#write() });
    const { partition } = Stack.of(this);
    sync.allow({
      statements: [
        new PolicyStatement({
          actions: ['s3:GetObject'],
          resources: [`arn:${partition}:s3:::${list.s3BucketName}/${list.s3ObjectKey}`],
        }),
      ],
      environment: {},
      wildcards: {},
    });
    const registry = new CustomResource(this, 'Registry', {
      serviceToken: sync.lambda.functionArn,
      resourceType: 'Custom::CertferryRegistry',
      serviceTimeout: Duration.minutes(30),
      properties: { Bucket: list.s3BucketName, Key: list.s3ObjectKey, Values: this.#later },
    });
    registry.node.addDependency(sync);
  }

  #write(): string {
    const text = JSON.stringify({
      certificates: [...this.#certificates.values()],
      targets: [...this.#targets.values()],
    });
    if (text.includes('${Token[')) {
      throw new CertferryError(
        'InvalidTarget',
        'a name of a field or of a tag is only known when the stack is deployed: write it out',
      );
    }
    const name = `${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`;
    const file = join(mkdtempSync(join(tmpdir(), 'certferry-registrations-')), name);
    writeFileSync(file, text);
    return file;
  }
}

/** Its one element stands for all of them, and would be taken for a text. */
function unknownList(field: string): CertferryError {
  return new CertferryError(
    'InvalidTarget',
    `${field}: a list that is only known when the stack is deployed: write it out, text by text (Fn.select), each of which may be known later`,
  );
}

function unlessNamed(things: ReadonlyMap<string, unknown>, name: string, kind: string): void {
  if (!things.has(name)) return;
  throw new CertferryError(
    'InvalidTarget',
    `${kind} ${name} is named twice: its name is its lock and its history`,
  );
}
