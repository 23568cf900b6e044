/** A message to people: what happened, where, and the next step. */
export interface Message {
  /** At most 100 characters, plain ASCII (SNS's rule for subjects). */
  readonly subject: string;
  readonly text: string;
}

/** Tells people, through the stack's SNS topic; without one it only logs. Never throws: a deployment does not wait for mail. */
export interface Messages {
  tell(message: Message): Promise<void>;
}
