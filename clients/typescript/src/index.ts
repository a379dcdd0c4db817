/** Wharfinger's API: the messages and services of `wharfinger.v1`, and what Google's error model adds to them. */
export * from "./gen/index.js";
export { ErrorInfoSchema, BadRequestSchema } from "./gen/google/rpc/error_details_pb.js";
export type { ErrorInfo, BadRequest } from "./gen/google/rpc/error_details_pb.js";
export { StatusSchema } from "./gen/google/rpc/status_pb.js";
export type { Status } from "./gen/google/rpc/status_pb.js";
