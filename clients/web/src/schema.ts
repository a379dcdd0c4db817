/** What a form needs to know of a script's params: read from its JSON Schema. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Schema = { readonly [key: string]: Json };

/** One kind of field. What a form can't show is written as JSON. */
export type Kind = "text" | "secret" | "number" | "whole number" | "yes or no" | "choice" | "list" | "group" | "json";

function plain(value: Json | undefined): Schema | undefined {
  return value && typeof value === "object" && !Array.isArray(value) ? value : undefined;
}

/** Returns the schema that a `$ref` within `root` stands for, and `null` left out of what may be either. */
export function settled(schema: Schema, root: Schema): Schema {
  const { $ref, anyOf } = schema;
  if (typeof $ref === "string" && $ref.startsWith("#/")) {
    const found = $ref
      .slice(2)
      .split("/")
      .reduce<Schema | undefined>((at, key) => plain(at?.[key]), root);
    return found ? settled({ ...found, ...without(schema, "$ref") }, root) : {};
  }
  if (Array.isArray(anyOf)) {
    const rest = anyOf.map(plain).filter((one): one is Schema => !!one && one["type"] !== "null");
    if (rest.length === 1) return settled({ ...rest[0]!, ...without(schema, "anyOf") }, root);
  }
  return schema;
}

function without(schema: Schema, key: string): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
}

/** Returns which kind of field shows values of a schema. */
export function kindOf(schema: Schema): Kind {
  const types = (Array.isArray(schema["type"]) ? schema["type"] : [schema["type"]]).filter((type) => type !== "null");
  if (Array.isArray(schema["enum"])) return "choice";
  if (types.length !== 1) return "json";
  switch (types[0]) {
    case "string":
      return schema["writeOnly"] === true ? "secret" : "text";
    case "integer":
      return "whole number";
    case "number":
      return "number";
    case "boolean":
      return "yes or no";
    case "array":
      return plain(schema["items"]) ? "list" : "json";
    case "object":
      return plain(schema["properties"]) ? "group" : "json";
    default:
      return "json";
  }
}

/** Returns the fields of a group, those that must be given first. */
export function fieldsOf(schema: Schema): { name: string; schema: Schema; required: boolean }[] {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  return Object.entries(plain(schema["properties"]) ?? {})
    .map(([name, of]) => ({ name, schema: plain(of) ?? {}, required: required.has(name) }))
    .sort((a, b) => Number(b.required) - Number(a.required));
}

/** Returns the schema of a list's items. */
export function itemsOf(schema: Schema): Schema {
  return plain(schema["items"]) ?? {};
}
