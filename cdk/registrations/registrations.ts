import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AspectPriority, Aspects, CustomResource, Duration, Stack, Stage, Token } from 'aws-cdk-lib';
import { type IManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { CertferryError } from '../../core/errors.ts';
import { checkCertificate, checkTarget, placeholderFor } from '../../core/registry/registrations.ts';
import { parseTargets } from '../../core/registry/targets-file.ts';
import { functionHost } from '../../core/targets/host-location.ts';
import { isStoreKind } from '../../core/targets/kinds/kinds.ts';
import type { TaskFunction } from '../functions/task-function.ts';
import { readSource } from '../grants/source-grants.ts';
import { readCredentialsOf, useStore } from '../grants/store-grants.ts';
import type { CertificateInput, StrategyInput } from '../inputs/common-types.ts';
import type { TargetInput } from '../inputs/kind-types.ts';
import { admitHosts, selectorOf } from './hosts.ts';
import { sourceConstruct, sourceOf } from './sources.ts';
import { warnOfConcurrency } from './warn-of-concurrency.ts';

/** The functions that need the credentials of targets. */
interface AgentFunctions {
  readonly runsAgent: TaskFunction;
  /** Sends all jobs with a bundle, and the rollback of an operator. */
  readonly sendsBundles: TaskFunction;
  /** For a target in a store, each of these jobs has credentials too. */
  readonly sendsOtherJobs: readonly TaskFunction[];
}

/**
 * The certificates and targets that the stack registers. An asset contains them, because a long list exceeds the size of a
 * property. Values that only CloudFormation knows (e.g. the ARN of a certificate of the same stack) are properties beside it.
 * The function adds, changes and removes registrations of this stack only.
 */
export class Registrations extends Construct {
  readonly #certificates = new Map<string, CertificateInput>();
  readonly #targets = new Map<string, TargetInput>();
  /** Texts with tokens, in the order of their placeholders. */
  readonly #tokenValues: string[] = [];

  readonly #defaultStrategy: StrategyInput;
  readonly #agents: AgentFunctions;
  readonly #readers: readonly TaskFunction[];
  readonly #hostPolicy: IManagedPolicy;

  constructor(
    scope: Construct,
    id: string,
    props: {
      readonly sync: TaskFunction;
      readonly agents: AgentFunctions;
      /** The functions that read sources. */
      readonly readers: readonly TaskFunction[];
      readonly hostPolicy: IManagedPolicy;
      readonly defaultStrategy: StrategyInput;
    },
  ) {
    super(scope, id);
    this.#defaultStrategy = props.defaultStrategy;
    warnOfConcurrency(this, 'the default strategy', props.defaultStrategy.maxConcurrency);
    this.#agents = props.agents;
    this.#readers = props.readers;
    this.#hostPolicy = props.hostPolicy;
    // an app may add certificates and targets until synthesis
    Aspects.of(this).add(
      { visit: (node) => (node === this ? this.#finish(props.sync) : undefined) },
      { priority: AspectPriority.MUTATING },
    );
  }

  /** @throws CertferryError InvalidTarget, with the wrong fields */
  addCertificate(certificate: CertificateInput): void {
    const { source } = certificate;
    const named = source === undefined ? certificate : { ...certificate, source: sourceOf(source) };
    const entry = this.#withPlaceholders(named);
    checkCertificate(entry, this.#defaultStrategy);
    warnOfConcurrency(this, `certificate ${certificate.name}`, certificate.strategy?.maxConcurrency);
    rejectDuplicate(this.#certificates, certificate.name, 'certificate');
    this.#certificates.set(certificate.name, entry);
    const construct = sourceConstruct(certificate);
    if (construct !== null) for (const reader of this.#readers) reader.allow(readSource(this, construct));
  }

  /** @throws CertferryError InvalidTarget, with the wrong fields */
  addTarget(target: TargetInput): void {
    const entry = this.#withPlaceholders({ ...target, host: selectorOf(target.host) });
    checkTarget(entry);
    rejectDuplicate(this.#targets, target.id, 'target');
    this.#targets.set(target.id, entry);
    this.#grant(target);
    admitHosts(target.host, this.#hostPolicy);
  }

  /** Adds all certificates and targets of a targets file (YAML or JSON). @throws CertferryError InvalidTarget */
  addFile(path: string): void {
    const { certificates, targets } = parseTargets(readFileSync(path, 'utf8'), path);
    for (const certificate of certificates) this.addCertificate(certificate as CertificateInput);
    for (const target of targets) this.addTarget(target as TargetInput);
  }

  /** The function that runs the agent of the target, or those that send jobs to its host, may read its credentials. */
  #grant(target: TargetInput): void {
    const { runsAgent, sendsBundles, sendsOtherJobs } = this.#agents;
    const credentials = readCredentialsOf(this, target);
    if (target.host === functionHost) {
      runsAgent.allow(credentials);
      runsAgent.allow(useStore(this, target));
      return;
    }
    sendsBundles.allow(credentials);
    if (isStoreKind(target.kind)) for (const each of sendsOtherJobs) each.allow(credentials);
  }

  #withPlaceholders<Thing>(thing: Thing): Thing {
    return JSON.parse(
      JSON.stringify(thing, (field, value) => {
        if (Array.isArray(value) && Token.isUnresolved(value)) throw listToken(field);
        if (typeof value !== 'string' || !Token.isUnresolved(value)) return value;
        const found = this.#tokenValues.indexOf(value);
        return placeholderFor(found === -1 ? this.#tokenValues.push(value) - 1 : found);
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
      properties: { Bucket: list.s3BucketName, Key: list.s3ObjectKey, Values: this.#tokenValues },
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
        'The name of a field or tag contains a CDK token. Write the name as plain text.',
      );
    }
    const name = `${createHash('sha256').update(text).digest('hex').slice(0, 16)}.json`;
    // a stack always has a stage: CDK creates an App for a stack without one
    const file = join((Stage.of(this) as Stage).assetOutdir, name);
    writeFileSync(file, text);
    return file;
  }
}

/** The single element of a list token represents the whole list; the code would treat it as one text. */
function listToken(field: string): CertferryError {
  return new CertferryError(
    'InvalidTarget',
    `${field}: the list is a CDK token, so its length is unknown. Write a list of texts; each text may be a token (Fn.select).`,
  );
}

function rejectDuplicate(things: ReadonlyMap<string, unknown>, name: string, kind: string): void {
  if (!things.has(name)) return;
  throw new CertferryError(
    'InvalidTarget',
    `The ${kind} ${name} is registered twice. Give each ${kind} a unique name: it identifies the lock and the history.`,
  );
}
