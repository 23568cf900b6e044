import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { type Artefacts, sha256Of } from '../common/artefacts.ts';
import { type PinnedRuntime, pinRuntime, type Runtime } from './agent-runtime.ts';

/** The files that a host downloads: the agent and, unless the host has its own, the runtime. SHA-256 digests pin both. */
export class AgentAssets extends Construct {
  readonly agentUrl: string;
  readonly agentSha256: string;
  readonly runtime: PinnedRuntime;
  /** For the instance roles of hosts: allows reading exactly these objects. */
  readonly hostPolicy: ManagedPolicy;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly artefacts: Artefacts; readonly runtime: Runtime },
  ) {
    super(scope, id);
    const agent = new Asset(this, 'Agent', { path: props.artefacts.agent });
    this.agentUrl = agent.s3ObjectUrl;
    this.agentSha256 = sha256Of(props.artefacts.agent);
    this.runtime = pinRuntime(this, props.runtime);
    this.hostPolicy = this.#readPolicy([agent, ...(this.runtime.asset === null ? [] : [this.runtime.asset])]);
  }

  #readPolicy(assets: readonly Asset[]): ManagedPolicy {
    const { partition } = Stack.of(this);
    return new ManagedPolicy(this, 'HostPolicy', {
      description: 'certferry: allows a host to download the pinned agent and runtime',
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
