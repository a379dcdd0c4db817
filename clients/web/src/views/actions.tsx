/** What can be done about a task now. What can not says why. */
import { entryState, taskState, type LedgerEntry, type RollbackPlan, type Task, type TaskHandle, type VerdictWord } from "@wharfinger/client/web";
import { useEffect, useState } from "preact/hooks";
import { Question, Trouble } from "../parts.js";
import { go, link } from "../route.js";
import { useSession } from "../session.js";
import type { Told } from "../story.js";
import { things } from "../money.js";
import { messageOf, visible } from "../text.js";

const AT_WORK = ["RUNNING", "CANCELLING", "ROLLING_BACK"];
/** From so many on a rollback is confirmed by writing their number. */
const MANY = 10;

type Verb = "cancel" | "resume" | "roll back" | "resolve" | "delete";

/** Returns why a verb can't be had now, "" where it can. */
function whyNot(verb: Verb, task: Task, open: number): string {
  const word = taskState(task.state);
  const left = word === "PARTIALLY_FAILED" || word === "ROLLBACK_FAILED";
  const busy = AT_WORK.includes(word) || word === "QUEUED";
  switch (verb) {
    case "cancel":
      return busy ? (word === "CANCELLING" ? "it is being cancelled" : "") : "it has ended";
    case "resume":
      if (!left) return busy ? "it has not ended" : "it is not half done";
      return word === "ROLLBACK_FAILED" || task.partialFailure?.allowedActions.includes(1) ? "" : "its script can't go on with what was made";
    case "roll back":
      if (busy) return "it has not ended";
      return left || (word === "SUCCEEDED" && (task.ledger?.created ?? 0) > 0) ? "" : "it has made nothing that is still there";
    case "resolve":
      return open ? (busy ? "it has not ended" : "") : "of everything it is known how it stands";
    case "delete":
      return busy ? "it has not ended" : left ? "what it left over has to be dealt with first" : "";
  }
}

export function Actions({ task, told, project }: { task: Task; told: Told; project: string }) {
  const session = useSession();
  const [asked, ask] = useState<Verb>();
  const [why, fail] = useState("");
  const handle = session.client(project).task(task.name);
  const open = told.entries.filter((entry) => entry.owned && ["UNCERTAIN", "UNDO_FAILED", "CREATED", "MISSING"].includes(entryState(entry.state)));
  const done = () => {
    ask(undefined);
    fail("");
    told.again();
  };
  const run = (act: () => Promise<unknown>) => {
    act().then(done, (error: unknown) => {
      ask(undefined);
      session.tell(error);
      fail(messageOf(error));
      told.again();
    });
  };
  if (!session.mayAct(project))
    return (
      <section aria-label="What can be done">
        <p>Your credential looks at this project; to do something about its tasks takes an operator's.</p>
      </section>
    );
  return (
    <section aria-label="What can be done" class="actions">
      {(["cancel", "resume", "roll back", "resolve", "delete"] as const).map((verb) => {
        const reason = whyNot(verb, task, open.length);
        return (
          <span key={verb}>
            <button type="button" disabled={reason !== ""} aria-describedby={reason ? `not-${verb}` : undefined} onClick={() => ask(verb)}>
              {verb[0]!.toUpperCase() + verb.slice(1)}
            </button>
            {reason && (
              <span class="hint" id={`not-${verb}`}>
                {reason}
              </span>
            )}
          </span>
        );
      })}
      {why && <Trouble why={why} />}
      {asked === "cancel" && <Sure title="Cancel this task?" yes="Cancel the task" text="Its script is asked to stop; what it has made stays in the ledger." onYes={() => run(() => handle.cancel())} onNo={() => ask(undefined)} />}
      {asked === "resume" && (
        <Sure
          title="Resume this task?"
          yes="Resume"
          text="It runs again with what it made; only what is missing is made."
          onYes={() => run(() => handle.resume({ scriptVersion: task.partialFailure?.resumeVersion }))}
          onNo={() => ask(undefined)}
        />
      )}
      {asked === "roll back" && <Rollback handle={handle} onYes={() => run(() => handle.rollback({ etag: task.etag }))} onNo={() => ask(undefined)} />}
      {asked === "resolve" && <Resolve entries={open} onYes={(key, word, id, reason) => run(() => handle.resolve(key, word, { externalId: id, reason }))} onNo={() => ask(undefined)} />}
      {asked === "delete" && (
        <Sure
          title="Delete this task?"
          yes="Delete"
          text="Its events and its ledger go with it. Its name stays taken."
          onYes={() => run(() => handle.delete().then(() => go(link([project, "tasks"]))))}
          onNo={() => ask(undefined)}
        />
      )}
    </section>
  );
}

function Sure(props: { title: string; text: string; yes: string; onYes: () => void; onNo: () => void }) {
  return (
    <Question title={props.title} onClose={props.onNo}>
      <p>{props.text}</p>
      <p class="answers">
        <button type="button" onClick={props.onYes}>
          {props.yes}
        </button>
        <button type="button" class="quiet" onClick={props.onNo}>
          Leave it
        </button>
      </p>
    </Question>
  );
}

function Rollback({ handle, onYes, onNo }: { handle: TaskHandle; onYes: () => void; onNo: () => void }) {
  const [plan, set] = useState<RollbackPlan>();
  const [why, fail] = useState("");
  const [typed, type] = useState("");
  useEffect(() => {
    handle.rollbackPlan().then(set, (error: unknown) => fail(messageOf(error)));
  }, []);
  const number = plan?.waves.reduce((sum, wave) => sum + wave.keys.length, 0) ?? 0;
  const sure = number <= MANY || typed.trim() === String(number);
  return (
    <Question title="Roll back?" onClose={onNo}>
      {why && <Trouble why={why} />}
      {!plan && !why && <p role="status">asking what would go …</p>}
      {plan && (
        <>
          <p>
            {number ? `${things(number)} will go, in this order; what stands in one line goes at once.` : "Nothing is there to be undone."}
          </p>
          <ol class="plan">
            {plan.waves.map((wave, index) => (
              <li key={index}>
                {wave.keys.map((key) => (
                  <code key={key}>{visible(key)}</code>
                ))}
              </li>
            ))}
          </ol>
          <Keys title="Looked for first, since nobody knows whether they exist" keys={plan.sought} />
          <Keys title="Kept" keys={plan.retained} />
          <Keys title="In the way" keys={Object.entries(plan.blocked).map(([key, reason]) => `${key}: ${reason}`)} />
          {number > MANY && (
            <label>
              Write {number} to go on <input value={typed} inputMode="numeric" onInput={(event) => type(event.currentTarget.value)} />
            </label>
          )}
        </>
      )}
      <p class="answers">
        <button type="button" class="danger" disabled={!plan || !sure} onClick={onYes}>
          Roll back {plan ? things(number) : ""}
        </button>
        <button type="button" class="quiet" onClick={onNo}>
          Leave it
        </button>
      </p>
    </Question>
  );
}

function Keys({ title, keys }: { title: string; keys: readonly string[] }) {
  if (keys.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="plan">
        {keys.map((key) => (
          <li key={key}>
            <code>{visible(key)}</code>
          </li>
        ))}
      </ul>
    </>
  );
}

const VERDICTS: readonly (readonly [VerdictWord, string])[] = [
  ["CREATED", "It exists, under the id below."],
  ["NOT_CREATED", "It does not exist and never did."],
  ["GONE", "It existed and is gone; the server looks too, then it can be made again."],
  ["RETAIN", "It exists and is to stay, no longer the task's."],
  ["FORGET", "The task need not care any more."],
];

function Resolve(props: { entries: readonly LedgerEntry[]; onYes: (key: string, word: VerdictWord, id: string, reason: string) => void; onNo: () => void }) {
  const { entries, onYes, onNo } = props;
  const [key, choose] = useState(entries[0]?.key ?? "");
  const [word, say] = useState<VerdictWord>();
  const [id, name] = useState("");
  const [reason, explain] = useState("");
  const needsId = word === "CREATED" && !entries.find((entry) => entry.key === key)?.externalId;
  return (
    <Question title="How does it stand?" onClose={onNo}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (word) onYes(key, word, id, reason);
        }}
      >
        <label>
          Entry{" "}
          <select value={key} onChange={(event) => choose(event.currentTarget.value)}>
            {entries.map((entry) => (
              <option key={entry.key} value={entry.key}>
                {visible(`${entry.key} (${entryState(entry.state).toLowerCase().replaceAll("_", " ")})`)}
              </option>
            ))}
          </select>
        </label>
        <fieldset>
          <legend>After a look at the provider</legend>
          {VERDICTS.map(([verdict, meaning]) => (
            <label key={verdict} class="choice">
              <input type="radio" name="verdict" checked={word === verdict} onChange={() => say(verdict)} /> <strong>{verdict.toLowerCase().replaceAll("_", " ")}</strong> {meaning}
            </label>
          ))}
        </fieldset>
        {word === "CREATED" && (
          <label>
            Its id at the provider <input value={id} required={needsId} onInput={(event) => name(event.currentTarget.value)} />
          </label>
        )}
        <label>
          Why, for whoever reads the events <input value={reason} onInput={(event) => explain(event.currentTarget.value)} />
        </label>
        <p class="answers">
          <button type="submit" disabled={!word || (needsId && !id)}>
            Resolve
          </button>
          <button type="button" class="quiet" onClick={onNo}>
            Leave it
          </button>
        </p>
      </form>
    </Question>
  );
}
