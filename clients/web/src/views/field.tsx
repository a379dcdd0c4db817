/** A field of a form, for one schema; groups and lists have fields of their own in them. */
import { useId, useState } from "preact/hooks";
import { fieldsOf, itemsOf, kindOf, settled, type Json, type Kind, type Schema } from "../schema.js";
import { visible } from "../text.js";

/** What the server says of a field, by its path in the params, such as `stores[0].name`. */
export type Faults = ReadonlyMap<string, string>;

interface Props {
  readonly path: string;
  readonly name: string;
  readonly schema: Schema;
  readonly root: Schema;
  readonly required: boolean;
  readonly value: Json | undefined;
  readonly faults: Faults;
  /** Undefined: it is left out. */
  readonly onValue: (value: Json | undefined) => void;
}

export function Field(props: Props) {
  const schema = settled(props.schema, props.root);
  const kind = kindOf(schema);
  if (kind === "group") return <Group {...props} schema={schema} />;
  if (kind === "list") return <List {...props} schema={schema} />;
  return <Single {...props} schema={schema} />;
}

function Single({ path, name, schema, required, value, faults, onValue }: Props) {
  const id = useId();
  const kind = kindOf(schema);
  const fault = faults.get(path);
  const text = typeof schema["description"] === "string" ? schema["description"] : "";
  const usual = schema["default"] === undefined || kind === "secret" ? "" : `left out: ${JSON.stringify(schema["default"])}`;
  const more = {
    id,
    required,
    "aria-invalid": fault ? ("true" as const) : undefined,
    "aria-describedby": `${id}-more`,
  };
  return (
    <div class={fault ? "field wrong" : "field"}>
      <label for={id}>
        {visible(name)} {required ? <span class="hint">needed</span> : null}
      </label>
      {kind === "choice" ? (
        <select {...more} value={value === undefined ? "" : JSON.stringify(value)} onChange={({ currentTarget: { value: chosen } }) => onValue(chosen ? (JSON.parse(chosen) as Json) : undefined)}>
          <option value="" />
          {(schema["enum"] as Json[]).map((one) => (
            <option key={JSON.stringify(one)} value={JSON.stringify(one)}>
              {visible(String(one))}
            </option>
          ))}
        </select>
      ) : kind === "yes or no" ? (
        <select {...more} value={value === undefined ? "" : String(value)} onChange={({ currentTarget: { value: chosen } }) => onValue(chosen ? chosen === "true" : undefined)}>
          <option value="" />
          <option value="true">yes</option>
          <option value="false">no</option>
        </select>
      ) : kind === "json" ? (
        <JsonText more={more} value={value} onValue={onValue} />
      ) : (
        <Typed more={more} kind={kind} text={value === undefined ? "" : String(value)} onText={(typed) => onValue(read(typed, kind))} />
      )}
      <p id={`${id}-more`} class="hint">
        {fault && <strong class="fault">{visible(fault)} </strong>}
        {visible([text, usual].filter(Boolean).join(" · "))}
      </p>
    </div>
  );
}

function Typed({ more, kind, text, onText }: { more: object; kind: Kind; text: string; onText: (typed: string) => void }) {
  const all = { ...more, autocomplete: "off", spellcheck: false, value: text };
  const hear = (event: { currentTarget: { value: string } }) => onText(event.currentTarget.value);
  if (kind === "secret") return <input {...all} type="password" onInput={hear} />;
  return <input {...all} type="text" inputMode={kind === "text" ? "text" : "decimal"} onInput={hear} />;
}

/** What is typed into a field of numbers and is none is sent as it is: the server says what is wrong with it. */
function read(typed: string, kind: Kind): Json | undefined {
  if (typed === "") return undefined;
  const number = Number(typed);
  return (kind === "number" || kind === "whole number") && typed.trim() && !Number.isNaN(number) ? number : typed;
}

function JsonText({ more, value, onValue }: { more: object; value: Json | undefined; onValue: (value: Json | undefined) => void }) {
  const [text, set] = useState(value === undefined ? "" : JSON.stringify(value));
  const [wrong, say] = useState("");
  return (
    <>
      <textarea
        {...more}
        rows={3}
        spellcheck={false}
        placeholder="JSON"
        value={text}
        onInput={({ currentTarget: { value: typed } }) => {
          set(typed);
          try {
            onValue(typed.trim() ? (JSON.parse(typed) as Json) : undefined);
            say("");
          } catch {
            say("this is not JSON yet");
          }
        }}
      />
      {wrong && <p class="fault">{wrong}</p>}
    </>
  );
}

function Group({ path, name, schema, root, value, faults, onValue, required }: Props) {
  const given = value && typeof value === "object" && !Array.isArray(value) ? value : {};
  const change = (key: string, one: Json | undefined) => {
    const { [key]: _, ...rest } = given;
    const next = one === undefined ? rest : { ...rest, [key]: one };
    onValue(Object.keys(next).length || required ? next : undefined);
  };
  const inner = fieldsOf(schema).map(({ name: key, schema: of, required: must }) => (
    <Field key={key} path={path ? `${path}.${key}` : key} name={key} schema={of} root={root} required={must} value={given[key]} faults={faults} onValue={(one) => change(key, one)} />
  ));
  if (!path) return <>{inner}</>;
  return (
    <fieldset>
      <legend>{visible(name)}</legend>
      {faults.get(path) && <p class="fault">{visible(faults.get(path)!)}</p>}
      {inner}
    </fieldset>
  );
}

function List({ path, name, schema, root, value, faults, onValue }: Props) {
  const given = Array.isArray(value) ? value : [];
  const change = (next: Json[]) => onValue(next.length ? next : undefined);
  return (
    <fieldset>
      <legend>{visible(name)}</legend>
      {faults.get(path) && <p class="fault">{visible(faults.get(path)!)}</p>}
      {given.map((one, index) => (
        <div class="item" key={index}>
          <Field
            path={`${path}[${index}]`}
            name={`${name} ${index + 1}`}
            schema={itemsOf(schema)}
            root={root}
            required
            value={one}
            faults={faults}
            onValue={(next) => change(given.map((before, at) => (at === index ? (next ?? "") : before)))}
          />
          <button type="button" class="small" onClick={() => change(given.filter((_, at) => at !== index))}>
            Take {visible(name)} {index + 1} out
          </button>
        </div>
      ))}
      <button type="button" class="small" onClick={() => change([...given, ""])}>
        One more
      </button>
    </fieldset>
  );
}
