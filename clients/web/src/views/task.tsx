/** One task: where it stands, what it made, what can be done about it. */
import { taskState, type Task } from "@wharfinger/client/web";
import { date } from "../dates.js";
import { costText, moneyText, monthly } from "../money.js";
import { Bar, Copy, State, Title, Trouble, When } from "../parts.js";
import { link } from "../route.js";
import { useStory, type Told } from "../story.js";
import { visible } from "../text.js";
import { Actions } from "./actions.js";
import { Ledger } from "./ledger.js";
import { Log } from "./log.js";
import { Timeline } from "./timeline.js";

export function TaskView({ project, id }: { project: string; id: string }) {
  const told = useStory(project, id);
  const { task } = told;
  return (
    <>
      <p class="crumbs">
        <a href={link([project, "tasks"])}>Tasks</a> /
      </p>
      <Title document={id}>{visible(id)}</Title>
      {told.why && <Trouble why={told.why} onAgain={told.again} />}
      {task ? <Whole task={task} told={told} project={project} /> : !told.why && <p role="status">asking …</p>}
    </>
  );
}

function Whole({ task, told, project }: { task: Task; told: Told; project: string }) {
  const word = taskState(task.state);
  return (
    <>
      <section aria-label="State" class="head">
        <p role="status">
          <State word={word} />
          {told.progress && word === "RUNNING" && (
            <Bar
              share={told.progress.total ? Number(told.progress.done) / Number(told.progress.total) : undefined}
              text={progressText(told)}
            />
          )}
        </p>
        {task.waitingReason && <p>{visible(task.waitingReason)}</p>}
        <Facts task={task} project={project} />
      </section>
      <Plainly task={task} />
      <Actions task={task} told={told} project={project} />
      <Ledger entries={told.entries} cost={task.ledger?.leftover} />
      <Timeline task={task} entries={told.entries} />
      <Log told={told} />
      <Given title="Params" value={task.params} none="It was given nothing." />
      {word === "SUCCEEDED" && <Given title="Result" value={task.result} none="It returned nothing." />}
    </>
  );
}

function progressText({ progress }: Told): string {
  if (!progress) return "";
  const left = progress.eta ? `about ${progress.eta.seconds} s left` : "";
  const done = progress.total ? `${progress.done} of ${progress.total} ${progress.unit}` : `${progress.done} ${progress.unit}`;
  return [progress.step, done, left, progress.message].filter(Boolean).join(" · ");
}

function Facts({ task, project }: { task: Task; project: string }) {
  const facts: [string, preact.ComponentChildren][] = [
    ["Script", <a href={link([project, "submit", task.script])}>{visible(`${task.script} ${task.scriptVersion}`)}</a>],
    ["Executor", visible(task.executor)],
    ["Asked for by", visible(task.creator)],
    ["Created", <When at={date(task.createTime)} />],
    ["Began", <When at={date(task.startTime)} />],
    ["Ended", <When at={date(task.endTime)} />],
    ["Name", <Copy text={task.name} />],
  ];
  const labels = Object.entries(task.labels);
  if (labels.length) facts.push(["Labels", visible(labels.map(([key, value]) => `${key}=${value}`).join(", "))]);
  if (task.estimate) {
    const { hourly, unpriced } = task.estimate;
    const more = unpriced.length ? ` and ${unpriced.length} without a known price` : "";
    facts.push(["Expected", `${hourly.length ? `${moneyText(hourly)} an hour` : "nothing known"}${more}`]);
  }
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The failure in plain words: why, what exists, what is uncertain, what was never begun, and what it costs. */
function Plainly({ task }: { task: Task }) {
  const { failure, rollbackFailure, partialFailure: half } = task;
  if (!failure && !rollbackFailure && !half) return null;
  const left = task.ledger;
  return (
    <section aria-label="What went wrong" class="plainly">
      <h2>What went wrong</h2>
      {failure && (
        <p>
          {failure.step && <>In the step {visible(failure.step)}: </>}
          {visible(failure.message)} <code>{visible(failure.reason)}</code>
        </p>
      )}
      {rollbackFailure && (
        <p>
          The rollback: {visible(rollbackFailure.message)} <code>{visible(rollbackFailure.reason)}</code>
        </p>
      )}
      {half && left && (
        <ul>
          <li>
            <strong>{left.created}</strong> made and alive{left.undoFailed > 0 && <>, {left.undoFailed} of which undoing failed</>}
          </li>
          <li>
            <strong>{left.uncertain}</strong> of which nobody can tell whether they exist
          </li>
          <li>
            <strong>{half.notAttempted.length}</strong> planned and never begun
            {half.notAttempted.length > 0 && <>: {visible(half.notAttempted.slice(0, 10).join(", "))}</>}
            {half.notAttempted.length > 10 && " …"}
          </li>
          <li>
            Cost while they live: <strong>{costText(half.cost ?? left.leftover)}</strong>
            {half.cost && half.cost.knownHourly.length > 0 && <>, {moneyText(monthly(half.cost.knownHourly))} a month</>}.
          </li>
        </ul>
      )}
    </section>
  );
}

function Given({ title, value, none }: { title: string; value: object | undefined; none: string }) {
  const empty = !value || Object.keys(value).length === 0;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {empty ? <p class="none">{none}</p> : <pre tabIndex={0}>{visible(JSON.stringify(value, null, 2))}</pre>}
    </section>
  );
}
