import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { type Artefacts, sha256Of } from '../common/artefacts.ts';
import { type PinnedRuntime, pinRuntime, type Runtime } from './agent-runtime.ts';

/** What a host fetches: the agent and, unless it brings its own, the runtime. Both are pinned by SHA-256. */
export class AgentAssets extends Construct {
  readonly agentUrl: string;
  readonly agentSha256: string;
  readonly runtime: PinnedRuntime;
  /** For the hosts' roles: reads exactly these objects. */
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
    this.hostPolicy = this.#readingPolicy([
      agent,
      ...(this.runtime.asset === null ? [] : [this.runtime.asset]),
    ]);
  }

  #readingPolicy(assets: readonly Asset[]): ManagedPolicy {
    const { partition } = Stack.of(this);
    return new ManagedPolicy(this, 'HostPolicy', {
      description: 'certferry: a host may fetch the pinned agent and runtime',
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
