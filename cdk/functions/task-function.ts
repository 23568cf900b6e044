import { type Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { rolePath } from '../common/names.ts';
import { type Grant, via } from '../grants/grant.ts';

/** Where a Lambda that opens connections of its own runs; without it, it reaches public addresses only. */
export interface Network {
  readonly vpc: IVpc;
  readonly vpcSubnets?: SubnetSelection;
  readonly securityGroups?: ISecurityGroup[];
}

export interface TaskFunctionProps {
  /** Kebab-case, as in `dist/lambdas`. */
  readonly name: string;
  readonly description: string;
  readonly code: string;
  readonly timeout: Duration;
  readonly key: IKey;
  readonly logRetention: RetentionDays;
  readonly network?: Network | undefined;
}

/** The bundled code is one file without dependencies, so this is for the CPU that comes with memory. */
const memoryMegabytes = 512;

/** One Lambda with a role and a log group of its own. It may do nothing until it is told what. */
export class TaskFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly #role: Role;
  readonly #key: IKey;

  constructor(scope: Construct, id: string, props: TaskFunctionProps) {
    super(scope, id);
    const functionName = `certferry-${props.name}`;
    this.#key = props.key;
    this.#role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      path: rolePath,
    });
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      encryptionKey: props.key,
      retention: props.logRetention,
      // names, ids and counts only: the history of deployments is in the table, which stays
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.lambda = new LambdaFunction(this, 'Resource', {
      functionName,
      description: props.description,
      code: Code.fromAsset(props.code),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memoryMegabytes,
      timeout: props.timeout,
      role: this.#role,
      logGroup,
      ...props.network,
    });
    this.#mayWriteLogs(logGroup);
    if (props.network !== undefined) this.#mayJoinNetwork();
  }

  /** Gives the permission and the variables its code reads, in one call; each wildcard is acknowledged with its reason. */
  allow(grant: Grant): void {
    for (const statement of grant.statements) this.#role.addToPolicy(statement);
    for (const [name, value] of Object.entries(grant.environment)) this.lambda.addEnvironment(name, value);
    for (const [resource, reason] of Object.entries(grant.wildcards)) {
      Validations.of(this.#role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
    }
  }

  /** Gives exactly these actions on the table, its key through DynamoDB, and its name in `variable`. */
  allowTable(table: Table, variable: string, actions: readonly string[]): void {
    this.#role.addToPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [table.tableArn],
      }),
    );
    this.#role.addToPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [this.#key.keyArn],
        conditions: via(this, 'dynamodb'),
      }),
    );
    this.lambda.addEnvironment(variable, table.tableName);
  }

  #mayWriteLogs(logGroup: LogGroup): void {
    this.#role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
  }

  /** The library gives it only to roles that it makes itself, and Lambda refuses to make the function without. */
  #mayJoinNetwork(): void {
    this.#role.addManagedPolicy(
      ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole'),
    );
    Validations.of(this.#role).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole]',
      reason: 'What Lambda needs for its network interfaces in a VPC, kept up to date by AWS.',
    });
  }
}
