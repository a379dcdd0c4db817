import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { Invalid } from "./errors.js";

const DEPTH = 100;

/**
 * Returns `params` as JSON has them: what `JSON.stringify` would make of them, with what would be lost or changed on
 * the way refused (`Invalid`, with its path).
 */
export function jsonObject(params: object, path: string): JsonObject {
  const value = json(params, path, 0);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    refuse(path, "give an object of names and values");
  return value;
}

function json(value: unknown, path: string, depth: number): JsonValue {
  if (depth > DEPTH) refuse(path, `nested deeper than ${DEPTH} levels, or within itself`);
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      if (/\p{Surrogate}/u.test(value))
        refuse(path, "has half a character in it (a lone surrogate), which can't be sent");
      return value;
    case "number":
    case "bigint":
      return number(value, path);
    case "object":
      return value === null ? null : compound(value, path, depth);
    default:
      return refuse(path, `${typeof value} is nothing that JSON has`);
  }
}

function number(value: number | bigint, path: string): number {
  const made = Number(value);
  if (!Number.isFinite(made)) refuse(path, `${value} is no number that JSON has`);
  if (Number.isInteger(made) && !Number.isSafeInteger(made)) {
    refuse(path, "whole numbers beyond 2^53-1 would be changed on the way; send a string");
  }
  return made;
}

function compound(value: object, path: string, depth: number): JsonValue {
  if ("toJSON" in value && typeof value.toJSON === "function") return json(value.toJSON(), path, depth + 1);
  if (Array.isArray(value)) return value.map((item, index) => json(item, `${path}[${index}]`, depth + 1));
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)) {
    refuse(path, `${value.constructor.name} is nothing that JSON has; give an object or a list`);
  }
  // As JSON.stringify does, a member that is undefined is left out.
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.map(([key, member]) => [json(key, path, depth) as string, json(member, `${path}.${key}`, depth + 1)]),
  );
}

function refuse(field: string, description: string): never {
  throw new Invalid([{ field, description }]);
}
