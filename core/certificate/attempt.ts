/** The result of a call, or the other value when it throws: for parsers whose only answer to strange bytes is an exception. */
export function attempt<Result, Other>(call: () => Result, otherwise: Other): Result | Other {
  try {
    return call();
  } catch {
    return otherwise;
  }
}
