import { join } from 'node:path';
import { SFNClient } from '@aws-sdk/client-sfn';
import { type Objects, openObjects } from '../../local/aws/objects.ts';
import { openLambdas } from '../../local/functions/lambdas.ts';
import { substitute } from '../../local/step-functions/definition.ts';
import { type Executions, openExecutions } from '../../local/step-functions/executions.ts';
import { startStepFunctions } from '../../local/step-functions/start.ts';

export const machineName = 'certferry-rollout';
export const bucket = 'a-bucket';

const invoke = (name: string, payload: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  TimeoutSeconds: 300,
  Parameters: { FunctionName: `\${${name}Arn}`, Payload: payload },
});

/** A Distributed Map over a file, with one task for each item, and a task after it. */
export const mapMachine = {
  StartAt: 'Wave',
  States: {
    Wave: {
      Type: 'Map',
      Label: 'Wave',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Parameters: { 'Bucket.$': '$.items.bucket', 'Key.$': '$.items.key' },
      },
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'HandleItem',
        States: {
          HandleItem: {
            ...invoke('HandleItem', {
              'item.$': '$$.Execution.Input',
              'execution.$': '$$.Execution.Id',
              'name.$': '$$.Execution.Name',
              'machine.$': '$$.StateMachine.Id',
            }),
            OutputPath: '$.Payload',
            Next: 'Handled',
          },
          Handled: { Type: 'Succeed' },
        },
      },
      MaxConcurrencyPath: '$.atOnce',
      ToleratedFailurePercentage: 100,
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Parameters: { 'Bucket.$': '$.items.bucket', 'Prefix.$': '$.prefix' },
      },
      ResultPath: '$.deployed',
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'After' }],
      Next: 'After',
    },
    After: {
      ...invoke('AfterWave', {
        'redriveCount.$': '$$.Execution.RedriveCount',
        'startedAt.$': '$$.Execution.StartTime',
        'input.$': '$$.Execution.Input',
        'state.$': '$',
      }),
      OutputPath: '$.Payload',
      Next: 'Done',
    },
    Done: { Type: 'Succeed' },
  },
};

export interface MapRig {
  readonly executions: Executions;
  readonly objects: Objects;
  readonly client: SFNClient;
  readonly endings: { readonly machine: string; readonly name: string; readonly status: string }[];
  close(): Promise<void>;
}

export interface MapRigOptions {
  readonly folder: string;
  /** Holds `handle-item` and `after-wave`. */
  readonly lambdas: string;
  readonly childrenAtOnce?: number | undefined;
}

/** Opens the machine on a folder, as a process does. */
export async function openMapRig(options: MapRigOptions): Promise<MapRig> {
  const { folder, childrenAtOnce } = options;
  const lambdas = openLambdas({
    folder: options.lambdas,
    database: join(folder, 'dynamodb.sqlite'),
    environment: {},
    log: join(folder, 'lambda.log'),
  });
  const objects = openObjects(join(folder, 'objects'));
  const endings: MapRig['endings'][number][] = [];
  const executions = openExecutions({
    machines: { [machineName]: substitute(JSON.stringify(mapMachine)) },
    folder: join(folder, 'executions'),
    invoke: lambdas.invoke,
    objects,
    childrenAtOnce,
    onEnded: async (event, machine) => {
      const { name, status } = (event as { detail: { name: string; status: string } }).detail;
      endings.push({ machine, name, status });
    },
  });
  const server = await startStepFunctions(executions, { onFault: () => undefined });
  const client = new SFNClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  return {
    executions,
    objects,
    client,
    endings,
    async close() {
      await executions.close();
      await lambdas.close();
      await server.close();
      client.destroy();
    },
  };
}

/** Items that name targets, in the bucket; and the input that names the file. */
export async function itemsFor(objects: Objects, ids: readonly string[], atOnce = 0): Promise<object> {
  const items = ids.map((id) => ({ target: { id } }));
  await objects.put(bucket, 'wave-1/items.json', Buffer.from(JSON.stringify(items)));
  return { items: { bucket, key: 'wave-1/items.json' }, prefix: 'wave-1/results', atOnce };
}

export async function jsonAt(objects: Objects, key: string): Promise<unknown> {
  const object = await objects.get(bucket, key);
  return object === null ? null : JSON.parse(object.body.toString('utf8'));
}
