import { ServiceError } from '../../http/service-error.ts';

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}

/** For what DynamoDB offers and local mode does not: certferry uses none of it. */
export function notImplemented(feature: string): ServiceError {
  return invalid(`local mode does not implement ${feature}`);
}
