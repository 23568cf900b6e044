// Which events start the function start-rollouts: plain data, so that a test can hold it against EventBridge's own matching.
// A rule only keeps away what cannot concern certferry; which certificate an event is about, the registry says. So where
// the stack does not know what to ask for (a name with wildcards that EventBridge has no word for), it asks for all.

/** What the stack knows of the places that versions come from; what the construct is given as `sources` fits. */
export interface TriggerScope {
  /** The stack's own account: nobody else's may say on the bus that a certificate has a new version. */
  readonly account: string;
  readonly acmCertificateArns?: readonly string[];
  readonly secretArns?: readonly string[];
  /** Names of parameters, `*` standing for anything. */
  readonly parameters?: readonly string[];
  readonly buckets?: readonly { readonly name: string; readonly prefix?: string }[];
  /** Secrets Manager's events by way of CloudTrail too: where a trail exists, and its own may be missed. */
  readonly cloudTrail?: boolean;
}

/** A rule's pattern, by the names that CDK gives its fields. */
export interface TriggerPattern {
  readonly source: string[];
  readonly detailType: string[];
  readonly account?: string[];
  readonly resources?: string[];
  readonly detail?: Record<string, unknown>;
}

/** One rule. `ownBus`: it is on certferry's bus instead of the account's default one. */
export interface Trigger {
  readonly description: string;
  readonly pattern: TriggerPattern;
  readonly ownBus?: boolean;
}

/** The triggers by their rules' names. S3 has one rule for each bucket, and none where no bucket is named. */
export function triggersFor(scope: TriggerScope): Readonly<Record<string, Trigger>> {
  return {
    CertificateAvailable: certificateAvailable(scope),
    SecretLabelUpdated: secretLabelUpdated(scope),
    ...(scope.cloudTrail === true && { SecretChanged: secretChanged(), SecretRotated: secretRotated() }),
    ...objectCreated(scope),
    ParameterChanged: parameterChanged(scope),
    VersionAnnounced: versionAnnounced(scope),
    InstanceLaunched: instanceLaunched,
  };
}

/** Imported ones cannot be exported. `Exported` is no criterion: it is false until somebody exports for the first time. */
function certificateAvailable({ acmCertificateArns }: TriggerScope): Trigger {
  return {
    description: 'ACM has issued or renewed a certificate that may be exportable',
    pattern: {
      source: ['aws.acm'],
      detailType: ['ACM Certificate Available'],
      ...only(acmCertificateArns),
      detail: { CertificateType: ['AMAZON_ISSUED', 'PRIVATE'] },
    },
  };
}

function secretLabelUpdated({ secretArns }: TriggerScope): Trigger {
  return {
    description: 'a secret has another current version',
    pattern: {
      source: ['aws.secretsmanager'],
      detailType: ['Secret Label Updated'],
      ...only(secretArns),
      detail: { labelUpdated: ['AWSCURRENT'] },
    },
  };
}

const absent = { exists: false };

/** The ARN is in one of several places, with one of several spellings: which secret it is, the Lambda finds out. */
function secretChanged(): Trigger {
  return {
    description: "a secret's value or stages were changed, as CloudTrail tells it",
    pattern: {
      source: ['aws.secretsmanager'],
      detailType: ['AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['secretsmanager.amazonaws.com'],
        eventName: ['PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage'],
        errorCode: [absent],
        requestParameters: {
          versionStage: [absent, 'AWSCURRENT'],
          versionStages: [absent, 'AWSCURRENT'],
        },
      },
    },
  };
}

function secretRotated(): Trigger {
  return {
    description: 'a secret was rotated, as CloudTrail tells it',
    pattern: {
      source: ['aws.secretsmanager'],
      detailType: ['AWS Service Event via CloudTrail'],
      detail: { eventSource: ['secretsmanager.amazonaws.com'], eventName: ['RotationSucceeded'] },
    },
  };
}

/** The bucket itself has to send its events to EventBridge. */
function objectCreated({ buckets = [] }: TriggerScope): Record<string, Trigger> {
  const names = [...new Set(buckets.map(({ name }) => name))];
  return Object.fromEntries(
    names.map((name) => {
      const prefixes = buckets.filter((bucket) => bucket.name === name).map(({ prefix = '' }) => prefix);
      const everything = prefixes.includes('');
      const keys = everything ? {} : { object: { key: prefixes.map((prefix) => ({ prefix })) } };
      const pattern = {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [name] }, ...keys },
      };
      return [`ObjectCreated-${name}`, { description: `an object was written to ${name}`, pattern }];
    }),
  );
}

/** A change that failed afterwards is announced too, with an `exception`. */
function parameterChanged({ parameters = [] }: TriggerScope): Trigger {
  const unclear = parameters.length === 0 || parameters.some((name) => name.includes('?'));
  const names = parameters.map((name) => (name.includes('*') ? { wildcard: name } : name));
  return {
    description: 'an encrypted parameter was written',
    pattern: {
      source: ['aws.ssm'],
      detailType: ['Parameter Store Change'],
      detail: {
        operation: ['Create', 'Update'],
        type: ['SecureString'],
        exception: [absent],
        ...(!unclear && { name: names }),
      },
    },
  };
}

function versionAnnounced({ account }: TriggerScope): Trigger {
  return {
    description: 'somebody says that a certificate has a new version',
    pattern: {
      source: ['certferry'],
      detailType: ['Certificate Version Available'],
      account: [account],
    },
    ownBus: true,
  };
}

/** Which groups have targets is known to the registry alone. One in a warm pool is about to be stopped. */
export const instanceLaunched: Trigger = {
  description: 'an Auto Scaling group has a new instance',
  pattern: {
    source: ['aws.autoscaling'],
    detailType: ['EC2 Instance Launch Successful'],
    detail: { Destination: [absent, 'AutoScalingGroup'] },
  },
};

/** EventBridge compares `resources` as they are written. */
function only(arns: readonly string[] = []): { resources?: string[] } {
  const exact = arns.length > 0 && arns.every((arn) => !/[*?]/.test(arn));
  return exact ? { resources: [...arns] } : {};
}
