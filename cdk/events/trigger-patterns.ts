// The events that start the function start-rollouts, as plain data: a test compares them with the matching of EventBridge.
// A rule only filters out events that cannot concern certferry; the function finds the certificate in the registry.
// If EventBridge cannot express a filter (e.g. some wildcards), the rule accepts all events of the service.

import { tag } from '../common/names.ts';

/** The sources that the stack knows. The `sources` property of the construct has the same fields. */
export interface TriggerScope {
  /** The account of the stack. Only this account may announce a new version on the bus. */
  readonly account: string;
  readonly acmCertificateArns?: readonly string[];
  readonly secretArns?: readonly string[];
  /** Names of parameters; `*` matches any text. */
  readonly parameters?: readonly string[];
  readonly buckets?: readonly { readonly name: string; readonly prefix?: string }[];
  /** Also use CloudTrail events of Secrets Manager. Requires a trail. */
  readonly cloudTrail?: boolean;
}

/** The pattern of a rule, with the field names of CDK. */
export interface TriggerPattern {
  readonly source: string[];
  readonly detailType: string[];
  readonly account?: string[];
  readonly resources?: string[];
  readonly detail?: Record<string, unknown>;
}

/** One rule. `ownBus` selects certferry's bus instead of the default bus of the account. */
export interface Trigger {
  readonly description: string;
  readonly pattern: TriggerPattern;
  readonly ownBus?: boolean;
}

/** The triggers by the names of their rules. Each configured bucket has one rule. */
export function triggersFor(scope: TriggerScope): Readonly<Record<string, Trigger>> {
  return {
    CertificateAvailable: certificateAvailable(scope),
    SecretLabelUpdated: secretLabelUpdated(scope),
    ...(scope.cloudTrail === true && { SecretChanged: secretChanged(), SecretRotated: secretRotated() }),
    ...objectCreated(scope),
    ParameterChanged: parameterChanged(scope),
    VersionAnnounced: versionAnnounced(scope),
    ...instanceTriggers,
  };
}

/** ACM cannot export imported certificates. The field `Exported` does not help: it is false until the first export. */
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
    description: 'the current version of a secret changed',
    pattern: {
      source: ['aws.secretsmanager'],
      detailType: ['Secret Label Updated'],
      ...only(secretArns),
      detail: { labelUpdated: ['AWSCURRENT'] },
    },
  };
}

const absent = { exists: false };

/** The position and the form of the ARN vary between these events, so the function finds out which secret changed. */
function secretChanged(): Trigger {
  return {
    description: 'CloudTrail: the value or the stages of a secret changed',
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
    description: 'CloudTrail: a secret was rotated',
    pattern: {
      source: ['aws.secretsmanager'],
      detailType: ['AWS Service Event via CloudTrail'],
      detail: { eventSource: ['secretsmanager.amazonaws.com'], eventName: ['RotationSucceeded'] },
    },
  };
}

/** Requires EventBridge notifications on the bucket. */
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

/** A change that failed later has an `exception`. */
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
    description: 'an operator or a program announced a new version of a certificate',
    pattern: {
      source: ['certferry'],
      detailType: ['Certificate Version Available'],
      account: [account],
    },
    ownBus: true,
  };
}

const instanceStarted: Trigger = {
  description: 'an instance is running',
  pattern: {
    source: ['aws.ec2'],
    detailType: ['EC2 Instance State-change Notification'],
    detail: { state: ['running'] },
  },
};

/** The tag that each host needs. A change of any other tag of such an instance may add a target. */
const instanceTagged: Trigger = {
  description: 'the tags of an instance changed',
  pattern: {
    source: ['aws.tag'],
    detailType: ['Tag Change on Resource'],
    detail: { service: ['ec2'], 'resource-type': ['instance'], tags: { [tag.key]: [tag.value] } },
  },
};

/** Only the registry knows the groups with targets. The pattern ignores instances that start in a warm pool and then stop. */
const instanceLaunched: Trigger = {
  description: 'an Auto Scaling group has a new instance',
  pattern: {
    source: ['aws.autoscaling'],
    detailType: ['EC2 Instance Launch Successful'],
    detail: { Destination: [absent, 'AutoScalingGroup'] },
  },
};

/** The events about new hosts by the names of their rules. Member stacks forward them. */
export const instanceTriggers: Readonly<Record<string, Trigger>> = {
  InstanceLaunched: instanceLaunched,
  InstanceStarted: instanceStarted,
  InstanceTagged: instanceTagged,
};

/** EventBridge compares `resources` literally, so a list with wildcards cannot be a filter. */
function only(arns: readonly string[] = []): { resources?: string[] } {
  const exact = arns.length > 0 && arns.every((arn) => !/[*?]/.test(arn));
  return exact ? { resources: [...arns] } : {};
}
