/** A long list of which only what is in sight stands in the document. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const BEYOND = 8;
const SCREEN = 900;

/** Shows rows of one height, in pixels; `onEnd` is told when one comes near the last. */
export function Rows<T>(props: {
  readonly rows: readonly T[];
  readonly height: number;
  readonly columns: readonly string[];
  readonly label: string;
  readonly row: (row: T, index: number) => ComponentChildren;
  readonly onEnd?: (() => void) | undefined;
}) {
  const { rows, height, columns, label, row, onEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, set] = useState(0);
  const first = Math.max(0, Math.floor(top / height) - BEYOND);
  const last = Math.min(rows.length, Math.ceil((top + (box.current?.clientHeight ?? SCREEN)) / height) + BEYOND);
  useEffect(() => {
    if (last >= rows.length - BEYOND) onEnd?.();
  }, [last, rows.length]);
  return (
    <div class="rows" ref={box} tabIndex={0} role="region" aria-label={label} onScroll={(event) => set(event.currentTarget.scrollTop)}>
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Gap height={first * height} columns={columns.length} />}
          {rows.slice(first, last).map((one, index) => row(one, first + index))}
          {last < rows.length && <Gap height={(rows.length - last) * height} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

function Gap({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true" class="gap">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}
