/** The ARN of an execution, from the ARN of its state machine and its name. */
export function executionArn(machineArn: string, name: string): string {
  return `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** The last part of an ARN: the name of an execution, a table, a state machine. */
export function nameIn(arn: string): string {
  return arn.split(':').at(-1) ?? '';
}
