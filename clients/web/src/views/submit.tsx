/** A task is asked for: by a form that is made from what its script takes, with its price beside it. */
import { Refused, type CostEstimate } from "@wharfinger/client/web";
import { useEffect, useState } from "preact/hooks";
import { moneyText, monthly } from "../money.js";
import { Title, Trouble } from "../parts.js";
import { go, link } from "../route.js";
import { fieldsOf, kindOf, settled, type Json, type Schema } from "../schema.js";
import { useAnswer, useSession } from "../session.js";
import { snippets } from "../snippets.js";
import { lastPart, messageOf, visible } from "../text.js";
import { Field, type Faults } from "./field.js";

const PAUSE = 500;
type Params = { [key: string]: Json };

export function Submit({ project, script }: { project: string; script: string }) {
  const session = useSession();
  const [asked, again] = useAnswer(async (signal) => (await session.client(project).raw.executors.listScripts({ pageSize: 1000 }, { signal })).scripts, [project]);
  const usable = asked.state === "told" ? asked.value.filter((one) => !one.brokenReason) : [];
  const chosen = usable.find((one) => lastPart(one.name) === script);
  return (
    <>
      <Title document="Submit">Submit a task</Title>
      {!session.mayAct(project) && <p>Your credential looks at this project; to submit a task takes an operator's.</p>}
      {asked.state === "failed" && <Trouble why={asked.why} onAgain={again} />}
      {asked.state === "told" && (
        <label>
          Script{" "}
          <select value={script} onChange={(event) => go(link([project, "submit", event.currentTarget.value]))}>
            <option value="">choose one</option>
            {usable.map((one) => (
              <option key={one.name} value={lastPart(one.name)}>
                {visible(lastPart(one.name))}
              </option>
            ))}
          </select>
        </label>
      )}
      {asked.state === "told" && script && !chosen && <Trouble why={`There is no script ${script} here that can be run.`} />}
      {chosen && session.mayAct(project) && (
        <>
          <p>{visible(chosen.summary)}</p>
          <Form key={chosen.name} project={project} script={script} schema={(chosen.paramsSchema ?? {}) as Schema} canEstimate={chosen.canEstimate} />
        </>
      )}
    </>
  );
}

function Form({ project, script, schema, canEstimate }: { project: string; script: string; schema: Schema; canEstimate: boolean }) {
  const session = useSession();
  const [params, set] = useState<Params>({});
  const [faults, blame] = useState<Faults>(new Map());
  const [why, fail] = useState("");
  const [busy, work] = useState(false);
  const submit = async () => {
    work(true);
    try {
      const task = await session.client(project).submit(script, params);
      go(link([project, "tasks", lastPart(task.name)]));
    } catch (error) {
      session.tell(error);
      blame(error instanceof Refused ? new Map(error.violations.map((one) => [inParams(one.field), one.description])) : new Map());
      fail(error instanceof Refused && error.violations.length ? error.detail : messageOf(error));
      work(false);
    }
  };
  const open = settled(schema, schema);
  const known = fieldsOf(open).length > 0;
  return (
    <div class="beside">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {why && <Trouble why={why} />}
        <Field
          path=""
          name="params"
          schema={known && kindOf(open) === "group" ? open : {}}
          root={schema}
          required
          value={params}
          faults={faults}
          onValue={(value) => set((value ?? {}) as Params)}
        />
        <button type="submit" disabled={busy}>
          Submit
        </button>
      </form>
      <aside aria-label="Beside the form">
        {canEstimate && <Estimate project={project} script={script} params={params} />}
        <h2>The same, to copy</h2>
        {Object.entries(snippets(project, script, withoutSecrets(params, open), location.origin)).map(([name, text]) => (
          <details key={name}>
            <summary>{name}</summary>
            <pre tabIndex={0}>{visible(text)}</pre>
            <button type="button" class="small" onClick={() => void navigator.clipboard?.writeText(text)}>
              Copy for {name}
            </button>
          </details>
        ))}
      </aside>
    </div>
  );
}

/** A password is not copied along. */
function withoutSecrets(params: Params, schema: Schema): Params {
  const secret = new Set(fieldsOf(schema).filter((one) => kindOf(settled(one.schema, schema)) === "secret").map((one) => one.name));
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, secret.has(key) ? "…" : value]));
}

function inParams(path: string): string {
  return path.replace(/^task\.params\.?/, "");
}

function Estimate({ project, script, params }: { project: string; script: string; params: Params }) {
  const session = useSession();
  const [told, set] = useState<CostEstimate | string>();
  useEffect(() => {
    const end = new AbortController();
    const timer = setTimeout(() => {
      session
        .client(project)
        .estimate(script, params, { signal: end.signal })
        .then(set, (error: unknown) => end.signal.aborted || set(error instanceof Refused ? error.detail : String(error)));
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      end.abort(new Error("asked anew"));
    };
  }, [project, script, params]);
  return (
    <section aria-label="Estimate" aria-live="polite">
      <h2>What it would cost</h2>
      {told === undefined ? (
        <p>asking …</p>
      ) : typeof told === "string" ? (
        <p class="none">Not known yet: {visible(told)}</p>
      ) : (
        <>
          <p>
            <strong>{told.hourly.length ? `${moneyText(told.hourly)} an hour` : "nothing known"}</strong>
            {told.hourly.length > 0 && `, ${moneyText(monthly(told.hourly))} a month`}
          </p>
          {told.unpriced.length > 0 && <p>Without a known price: {visible(told.unpriced.join(", "))}</p>}
          <ul>
            {told.items.map((item, index) => (
              <li key={index}>
                {visible(`${item.quantity} × ${item.what}`)}: {item.hourly ? `${item.hourly.amount} ${item.hourly.currencyCode} an hour` : "unknown"}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
