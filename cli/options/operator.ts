import { userInfo } from 'node:os';

/** The user name of the operator, for history and messages. */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    // a system account may have no name
    return 'certferry';
  }
}
