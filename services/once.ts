/** Builds a value on the first call and returns the same value afterwards: a cold start pays only for what it uses. */
export function once<Thing>(build: () => Thing): () => Thing {
  let built: { thing: Thing } | undefined;
  return () => {
    built ??= { thing: build() };
    return built.thing;
  };
}
