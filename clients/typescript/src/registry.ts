import { createRegistry, type Registry } from "@bufbuild/protobuf";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.js";
import { file_google_rpc_status } from "./gen/google/rpc/status_pb.js";
import { TaskService, PricingService, ExecutorService, file_wharfinger_v1_error_reason } from "./gen/index.js";

/**
 * The types that may stand in the details of an error, and the services. Transports that speak JSON need it
 * (`jsonOptions: { registry }`); `toJson(TaskSchema, task)` does not.
 */
export const registry: Registry = createRegistry(
  TaskService,
  PricingService,
  ExecutorService,
  file_wharfinger_v1_error_reason,
  file_google_rpc_error_details,
  file_google_rpc_status,
);
