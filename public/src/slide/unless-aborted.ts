// What the work gives, or null as soon as the signal aborts: the work itself is not broken off, and
// whatever comes of it is dropped.
export async function unlessAborted<T>(
  work: T | Promise<T>,
  signal: AbortSignal,
): Promise<T | null> {
  const aborted = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener("abort", () => {
      resolve(null);
    });
  });
  const first = await Promise.race([work, aborted]); // a rejection after that is taken note of
  return signal.aborted ? null : first;
}
