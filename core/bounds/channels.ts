/**
 * The limits of the channels that carry text, in bytes of UTF-8 if the name has no other unit. certferry stays below them:
 * a channel refuses a larger message, or cuts it where its reader cannot parse it any more.
 */
export const channelLimits = {
  /** SSM keeps this much of a command's standard output (GetCommandInvocation; the SSM Agent counts bytes). */
  commandOutput: 24_000,
  /** Step Functions: input and output of a state, an execution and a task. */
  statePayload: 262_144,
  /** Characters. SendTaskFailure and Fail states. */
  taskErrorCharacters: 256,
  /** Characters. SendTaskFailure and Fail states. */
  taskCauseCharacters: 32_768,
  /** DynamoDB: one item with its attribute names. */
  tableItem: 409_600,
  /** SNS: message and attributes. */
  message: 262_144,
  /** Characters of ASCII. SNS. */
  messageSubjectCharacters: 100,
  /** Characters. SSM SendCommand. */
  commandCommentCharacters: 100,
  /** CloudFormation: the response of a custom resource. */
  customResourceResponse: 4_096,
} as const;

/**
 * The maximum of bytes that certferry writes of each text, as the text appears in JSON. Their sums are below the limits above;
 * `test/core/bounds` compares them.
 */
export const textLimits = {
  /** The agent's line. The rest of the output belongs to the line end and to what a wrapper of the agent prints. */
  agentLine: 22_000,
  /** The summary in the agent's line. */
  agentSummary: 2_500,
  /** One warning. */
  warning: 600,
  /** All warnings of an agent's line. */
  agentWarnings: 4_000,
  /** The repair instructions of an agent's line. */
  agentRepair: 9_000,
  /** All observations of one probe. */
  observations: 16_000,
  /** The problem of one address. */
  problem: 400,
  /** The problem of one address in a baseline, which has at most 32. */
  baselineProblem: 120,
  /** The inspections of an agent's line. */
  inspections: 20_000,
  /** The message of an error that a function throws. Lambda repeats it in the stack trace. */
  errorMessage: 4_000,
  /** A summary or reason in a state, an item or a message. */
  summary: 4_000,
  /** The summary of a recorded deployment: it contains the repair commands. */
  recordedSummary: 30_000,
  /** All warnings of a recorded deployment. */
  recordedWarnings: 12_000,
} as const;
