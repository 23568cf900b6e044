import { SFNClient } from '@aws-sdk/client-sfn';
import { createExecutions } from '../services/executions.ts';
import { once } from './once.ts';

/** Executions, as Step Functions knows them. */
export const executions = once(() => createExecutions(new SFNClient({})));
