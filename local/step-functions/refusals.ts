// What the Step Functions API refuses, by AWS's names.
import { ServiceError } from '../http/service-error.ts';

export const executionDoesNotExist = (arn: string) =>
  new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);

export const executionAlreadyExists = (arn: string) =>
  new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);

export const executionNotRedrivable = (arn: string, why: string) =>
  new ServiceError('ExecutionNotRedrivable', `Execution cannot be redriven: '${arn}' ${why}`);

export const stateMachineDoesNotExist = (arn: string) =>
  new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
