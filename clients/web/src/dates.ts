/** Moments as the API has them. */

/** Returns a moment of the API, undefined where it has none. */
export function date(time: { readonly seconds: bigint; readonly nanos: number } | undefined): Date | undefined {
  return time && new Date(Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6));
}
