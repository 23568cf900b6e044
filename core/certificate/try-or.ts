/** The result of a call, or `otherwise` if it throws: for parsers whose only answer to invalid bytes is an exception. */
export function tryOr<Result, Other>(call: () => Result, otherwise: Other): Result | Other {
  try {
    return call();
  } catch {
    return otherwise;
  }
}
