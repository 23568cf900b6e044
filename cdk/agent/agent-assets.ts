import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { type Artefacts, sha256Of } from '../common/artefacts.ts';
import { type PinnedRuntime, pinRuntime, type Runtime } from './agent-runtime.ts';

/** A file that hosts download, and its digest. */
export interface PinnedAgent {
  readonly url: string;
  /** The same object as https, with the domain of the partition. */
  readonly httpsUrl: string;
  readonly sha256: string;
}

/** The files that a host downloads: the agents and, unless the host has its own, the runtime. SHA-256 digests pin them. */
export class AgentAssets extends Construct {
  readonly agent: PinnedAgent;
  readonly storeAgent: PinnedAgent;
  readonly runtime: PinnedRuntime;
  /** Changes with the agent and with its runtime. */
  readonly version: string;
  /** For the instance roles of hosts: allows reading exactly these objects. */
  readonly hostPolicy: ManagedPolicy;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly artefacts: Artefacts; readonly runtime: Runtime },
  ) {
    super(scope, id);
    const agent = new Asset(this, 'Agent', { path: props.artefacts.agent });
    const storeAgent = new Asset(this, 'StoreAgent', { path: props.artefacts.storeAgent });
    this.agent = { url: agent.s3ObjectUrl, httpsUrl: agent.httpUrl, sha256: sha256Of(props.artefacts.agent) };
    this.storeAgent = {
      url: storeAgent.s3ObjectUrl,
      httpsUrl: storeAgent.httpUrl,
      sha256: sha256Of(props.artefacts.storeAgent),
    };
    this.runtime = pinRuntime(this, props.runtime);
    this.version = [this.agent.sha256, this.runtime.sha256].map((digest) => digest.slice(0, 16)).join('-');
    this.hostPolicy = this.#readPolicy([
      agent,
      storeAgent,
      ...(this.runtime.asset === null ? [] : [this.runtime.asset]),
    ]);
  }

  #readPolicy(assets: readonly Asset[]): ManagedPolicy {
    const { partition } = Stack.of(this);
    return new ManagedPolicy(this, 'HostPolicy', {
      description: 'certferry: allows a host to download the pinned agents and runtime',
      statements: [
        new PolicyStatement({
          actions: ['s3:GetObject'],
          resources: assets.map(
            ({ s3BucketName, s3ObjectKey }) => `arn:${partition}:s3:::${s3BucketName}/${s3ObjectKey}`,
          ),
        }),
      ],
    });
  }
}
