/**
 * The API as it is generated from `protos/`: the messages, enumerations and services of `wharfinger.v1`, and what
 * Google's error model adds to them.
 *
 * @module
 */
export * from "./gen/index.js";
export { Code as StatusCode } from "./gen/google/rpc/code_pb.js";
export { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
export type { BadRequest, ErrorInfo, RetryInfo } from "./gen/google/rpc/error_details_pb.js";
export { StatusSchema } from "./gen/google/rpc/status_pb.js";
export type { Status } from "./gen/google/rpc/status_pb.js";
export { create, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
