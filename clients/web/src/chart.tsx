/** What a price was since when, as steps: it holds until the next one. Numbers and times stand in a table beside it. */

/** From a moment on, an amount; undefined: nobody knew. */
export interface Step {
  readonly at: Date;
  readonly amount: string | undefined;
}

const [WIDTH, HEIGHT, EDGE] = [640, 160, 12];
const DATES = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function PriceChart({ steps, label }: { steps: readonly Step[]; label: string }) {
  const amounts = steps.flatMap(({ amount }) => (amount === undefined ? [] : [Number(amount)]));
  if (steps.length < 2 || amounts.length === 0) return null;
  const [from, to] = [steps[0]!.at.getTime(), Date.now()];
  const [least, most] = [Math.min(...amounts), Math.max(...amounts)];
  const x = (time: number) => EDGE + ((WIDTH - 2 * EDGE) * (time - from)) / Math.max(to - from, 1);
  // A price that never moved is a line in the middle.
  const y = (amount: number) => (most === least ? HEIGHT / 2 : HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * (amount - least)) / (most - least));
  let path = "";
  let known = false;
  steps.forEach(({ at, amount }, index) => {
    const end = steps[index + 1]?.at.getTime() ?? to;
    if (amount === undefined) {
      known = false;
      return;
    }
    const height = y(Number(amount)).toFixed(1);
    path += `${known ? "L" : "M"}${x(at.getTime()).toFixed(1)} ${height}H${x(end).toFixed(1)}`;
    known = true;
  });
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label} preserveAspectRatio="none">
        <path d={path} fill="none" stroke="currentColor" stroke-width="2" vector-effect="non-scaling-stroke" />
      </svg>
      <figcaption>
        {DATES.format(from)} to now, from {least} to {most}
      </figcaption>
    </figure>
  );
}
