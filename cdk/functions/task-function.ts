import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { type IRole, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { timeBudgets } from '../../core/time-budgets.ts';
import { rolePath } from '../common/names.ts';
import { type Grant, via } from '../grants/grant.ts';
import type { TableAction } from './tasks.ts';

/** The VPC of functions that open connections to endpoints or stores. Without it, they reach only public addresses. */
export interface Network {
  /** The VPC of the functions. */
  readonly vpc: IVpc;
  /** The subnets of the functions. Default: the private subnets with a route to the internet. */
  readonly vpcSubnets?: SubnetSelection;
  /** The security groups of the functions. Default: a new group for each function, which allows all connections to others. */
  readonly securityGroups?: ISecurityGroup[];
  /** Lets the functions connect to IPv6 addresses, in subnets with IPv4 and IPv6 addresses. Default: false. */
  readonly ipv6AllowedForDualStack?: boolean;
}

export interface TaskFunctionProps {
  /** The name of its folder in `dist/lambdas`, in kebab case. */
  readonly name: string;
  readonly description: string;
  readonly code: string;
  readonly timeout: Duration;
  readonly key: IKey;
  readonly logRetention: RetentionDays;
  readonly architecture: Architecture;
  readonly network?: Network | undefined;
  /** Another function invokes it asynchronously. */
  readonly isAsynchronous?: boolean;
}

/**
 * A failed run is not repeated: the state machine reconciles. A run that has not started when its command expires
 * (`timeBudgets.queue`) does nothing.
 */
const onceInTime = { retryAttempts: 0, maxEventAge: Duration.seconds(timeBudgets.queue) };

interface TableAccess {
  readonly variable: string;
  readonly actions: readonly TableAction[];
  readonly written: readonly string[] | undefined;
}

const writingActions: readonly TableAction[] = ['DeleteItem', 'PutItem', 'UpdateItem'];

/** Lambda assigns CPU in proportion to memory. The code itself needs less. */
const memoryMegabytes = 512;

/** One Lambda function with its own role and log group. The role allows only log output until `allow` adds a grant. */
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
      // logs contain only names, ids and counts; the table with the history of deployments is kept
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.lambda = new LambdaFunction(this, 'Resource', {
      functionName,
      description: props.description,
      code: Code.fromAsset(props.code),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture,
      memorySize: memoryMegabytes,
      timeout: props.timeout,
      role: this.#role,
      logGroup,
      ...props.network,
      ...(props.isAsynchronous === true && onceInTime),
    });
    this.#allowLogs(logGroup);
    if (props.network !== undefined) this.#allowNetwork();
  }

  get role(): IRole {
    return this.#role;
  }

  /** Adds the statements, the environment variables and the reasons for wildcards of a grant. */
  allow(grant: Grant): void {
    for (const statement of grant.statements) this.#role.addToPolicy(statement);
    for (const [name, value] of Object.entries(grant.environment)) this.lambda.addEnvironment(name, value);
    for (const [resource, reason] of Object.entries(grant.wildcards)) {
      Validations.of(this.#role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
    }
  }

  /**
   * Allows these actions on the table and the use of its key through DynamoDB. Sets `variable` to the table name. `written`
   * limits the actions that write to partitions with these patterns.
   */
  allowTable(table: Table, { variable, actions, written }: TableAccess): void {
    const isLimited = (action: TableAction) => written !== undefined && writingActions.includes(action);
    this.#allowActions(
      table,
      actions.filter((action) => !isLimited(action)),
    );
    this.#allowActions(table, actions.filter(isLimited), {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': written },
      // without it, ForAllValues also allows a request without keys
      Null: { 'dynamodb:LeadingKeys': 'false' },
    });
    this.#role.addToPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [this.#key.keyArn],
        conditions: via(this, 'dynamodb'),
      }),
    );
    this.lambda.addEnvironment(variable, table.tableName);
  }

  #allowActions(table: Table, actions: readonly TableAction[], conditions = {}): void {
    if (actions.length === 0) return;
    this.#role.addToPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [table.tableArn],
        conditions,
      }),
    );
  }

  #allowLogs(logGroup: LogGroup): void {
    this.#role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
  }

  /** Lambda requires this policy in a VPC. CDK adds it only to roles that CDK creates. */
  #allowNetwork(): void {
    this.#role.addManagedPolicy(
      ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSLambdaVPCAccessExecutionRole'),
    );
    Validations.of(this.#role).acknowledge({
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole]',
      reason: 'Lambda needs this policy for network interfaces in a VPC. AWS maintains it.',
    });
  }
}
