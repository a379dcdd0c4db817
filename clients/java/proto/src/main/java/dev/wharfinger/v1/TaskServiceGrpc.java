package dev.wharfinger.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Creates, shows, watches, cancels and deletes tasks.
 * Every error carries a google.rpc.ErrorInfo with domain `wharfinger.dev` and a reason of ErrorReason. A task of a
 * project that the caller may not see answers exactly as one that does not exist. Any call may answer UNAUTHENTICATED,
 * PERMISSION_DENIED, DATABASE_BUSY, DATABASE_UNAVAILABLE or SERVER_DRAINING; the further ones stand with each RPC.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TaskServiceGrpc {

  private TaskServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "wharfinger.v1.TaskService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.CreateTaskRequest,
      dev.wharfinger.v1.Task> getCreateTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateTask",
      requestType = dev.wharfinger.v1.CreateTaskRequest.class,
      responseType = dev.wharfinger.v1.Task.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.CreateTaskRequest,
      dev.wharfinger.v1.Task> getCreateTaskMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.CreateTaskRequest, dev.wharfinger.v1.Task> getCreateTaskMethod;
    if ((getCreateTaskMethod = TaskServiceGrpc.getCreateTaskMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getCreateTaskMethod = TaskServiceGrpc.getCreateTaskMethod) == null) {
          TaskServiceGrpc.getCreateTaskMethod = getCreateTaskMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.CreateTaskRequest, dev.wharfinger.v1.Task>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.CreateTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Task.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("CreateTask"))
              .build();
        }
      }
    }
    return getCreateTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.BatchCreateTasksRequest,
      dev.wharfinger.v1.BatchCreateTasksResponse> getBatchCreateTasksMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchCreateTasks",
      requestType = dev.wharfinger.v1.BatchCreateTasksRequest.class,
      responseType = dev.wharfinger.v1.BatchCreateTasksResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.BatchCreateTasksRequest,
      dev.wharfinger.v1.BatchCreateTasksResponse> getBatchCreateTasksMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.BatchCreateTasksRequest, dev.wharfinger.v1.BatchCreateTasksResponse> getBatchCreateTasksMethod;
    if ((getBatchCreateTasksMethod = TaskServiceGrpc.getBatchCreateTasksMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getBatchCreateTasksMethod = TaskServiceGrpc.getBatchCreateTasksMethod) == null) {
          TaskServiceGrpc.getBatchCreateTasksMethod = getBatchCreateTasksMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.BatchCreateTasksRequest, dev.wharfinger.v1.BatchCreateTasksResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchCreateTasks"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.BatchCreateTasksRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.BatchCreateTasksResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("BatchCreateTasks"))
              .build();
        }
      }
    }
    return getBatchCreateTasksMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.GetTaskRequest,
      dev.wharfinger.v1.Task> getGetTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTask",
      requestType = dev.wharfinger.v1.GetTaskRequest.class,
      responseType = dev.wharfinger.v1.Task.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.GetTaskRequest,
      dev.wharfinger.v1.Task> getGetTaskMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.GetTaskRequest, dev.wharfinger.v1.Task> getGetTaskMethod;
    if ((getGetTaskMethod = TaskServiceGrpc.getGetTaskMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getGetTaskMethod = TaskServiceGrpc.getGetTaskMethod) == null) {
          TaskServiceGrpc.getGetTaskMethod = getGetTaskMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.GetTaskRequest, dev.wharfinger.v1.Task>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTask"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.GetTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Task.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("GetTask"))
              .build();
        }
      }
    }
    return getGetTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListTasksRequest,
      dev.wharfinger.v1.ListTasksResponse> getListTasksMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTasks",
      requestType = dev.wharfinger.v1.ListTasksRequest.class,
      responseType = dev.wharfinger.v1.ListTasksResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListTasksRequest,
      dev.wharfinger.v1.ListTasksResponse> getListTasksMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListTasksRequest, dev.wharfinger.v1.ListTasksResponse> getListTasksMethod;
    if ((getListTasksMethod = TaskServiceGrpc.getListTasksMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getListTasksMethod = TaskServiceGrpc.getListTasksMethod) == null) {
          TaskServiceGrpc.getListTasksMethod = getListTasksMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListTasksRequest, dev.wharfinger.v1.ListTasksResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTasks"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListTasksRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListTasksResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("ListTasks"))
              .build();
        }
      }
    }
    return getListTasksMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.WatchTaskRequest,
      dev.wharfinger.v1.WatchTaskResponse> getWatchTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchTask",
      requestType = dev.wharfinger.v1.WatchTaskRequest.class,
      responseType = dev.wharfinger.v1.WatchTaskResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.WatchTaskRequest,
      dev.wharfinger.v1.WatchTaskResponse> getWatchTaskMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.WatchTaskRequest, dev.wharfinger.v1.WatchTaskResponse> getWatchTaskMethod;
    if ((getWatchTaskMethod = TaskServiceGrpc.getWatchTaskMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getWatchTaskMethod = TaskServiceGrpc.getWatchTaskMethod) == null) {
          TaskServiceGrpc.getWatchTaskMethod = getWatchTaskMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.WatchTaskRequest, dev.wharfinger.v1.WatchTaskResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchTask"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.WatchTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.WatchTaskResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("WatchTask"))
              .build();
        }
      }
    }
    return getWatchTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.WatchTasksRequest,
      dev.wharfinger.v1.WatchTasksResponse> getWatchTasksMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchTasks",
      requestType = dev.wharfinger.v1.WatchTasksRequest.class,
      responseType = dev.wharfinger.v1.WatchTasksResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.WatchTasksRequest,
      dev.wharfinger.v1.WatchTasksResponse> getWatchTasksMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.WatchTasksRequest, dev.wharfinger.v1.WatchTasksResponse> getWatchTasksMethod;
    if ((getWatchTasksMethod = TaskServiceGrpc.getWatchTasksMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getWatchTasksMethod = TaskServiceGrpc.getWatchTasksMethod) == null) {
          TaskServiceGrpc.getWatchTasksMethod = getWatchTasksMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.WatchTasksRequest, dev.wharfinger.v1.WatchTasksResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchTasks"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.WatchTasksRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.WatchTasksResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("WatchTasks"))
              .build();
        }
      }
    }
    return getWatchTasksMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.WaitTaskRequest,
      dev.wharfinger.v1.Task> getWaitTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WaitTask",
      requestType = dev.wharfinger.v1.WaitTaskRequest.class,
      responseType = dev.wharfinger.v1.Task.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.WaitTaskRequest,
      dev.wharfinger.v1.Task> getWaitTaskMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.WaitTaskRequest, dev.wharfinger.v1.Task> getWaitTaskMethod;
    if ((getWaitTaskMethod = TaskServiceGrpc.getWaitTaskMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getWaitTaskMethod = TaskServiceGrpc.getWaitTaskMethod) == null) {
          TaskServiceGrpc.getWaitTaskMethod = getWaitTaskMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.WaitTaskRequest, dev.wharfinger.v1.Task>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WaitTask"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.WaitTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Task.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("WaitTask"))
              .build();
        }
      }
    }
    return getWaitTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListTaskEventsRequest,
      dev.wharfinger.v1.ListTaskEventsResponse> getListTaskEventsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTaskEvents",
      requestType = dev.wharfinger.v1.ListTaskEventsRequest.class,
      responseType = dev.wharfinger.v1.ListTaskEventsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListTaskEventsRequest,
      dev.wharfinger.v1.ListTaskEventsResponse> getListTaskEventsMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListTaskEventsRequest, dev.wharfinger.v1.ListTaskEventsResponse> getListTaskEventsMethod;
    if ((getListTaskEventsMethod = TaskServiceGrpc.getListTaskEventsMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getListTaskEventsMethod = TaskServiceGrpc.getListTaskEventsMethod) == null) {
          TaskServiceGrpc.getListTaskEventsMethod = getListTaskEventsMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListTaskEventsRequest, dev.wharfinger.v1.ListTaskEventsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTaskEvents"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListTaskEventsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListTaskEventsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("ListTaskEvents"))
              .build();
        }
      }
    }
    return getListTaskEventsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ListLedgerEntriesRequest,
      dev.wharfinger.v1.ListLedgerEntriesResponse> getListLedgerEntriesMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListLedgerEntries",
      requestType = dev.wharfinger.v1.ListLedgerEntriesRequest.class,
      responseType = dev.wharfinger.v1.ListLedgerEntriesResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ListLedgerEntriesRequest,
      dev.wharfinger.v1.ListLedgerEntriesResponse> getListLedgerEntriesMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ListLedgerEntriesRequest, dev.wharfinger.v1.ListLedgerEntriesResponse> getListLedgerEntriesMethod;
    if ((getListLedgerEntriesMethod = TaskServiceGrpc.getListLedgerEntriesMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getListLedgerEntriesMethod = TaskServiceGrpc.getListLedgerEntriesMethod) == null) {
          TaskServiceGrpc.getListLedgerEntriesMethod = getListLedgerEntriesMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ListLedgerEntriesRequest, dev.wharfinger.v1.ListLedgerEntriesResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListLedgerEntries"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListLedgerEntriesRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ListLedgerEntriesResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("ListLedgerEntries"))
              .build();
        }
      }
    }
    return getListLedgerEntriesMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.SummarizeLeftoversRequest,
      dev.wharfinger.v1.SummarizeLeftoversResponse> getSummarizeLeftoversMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "SummarizeLeftovers",
      requestType = dev.wharfinger.v1.SummarizeLeftoversRequest.class,
      responseType = dev.wharfinger.v1.SummarizeLeftoversResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.SummarizeLeftoversRequest,
      dev.wharfinger.v1.SummarizeLeftoversResponse> getSummarizeLeftoversMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.SummarizeLeftoversRequest, dev.wharfinger.v1.SummarizeLeftoversResponse> getSummarizeLeftoversMethod;
    if ((getSummarizeLeftoversMethod = TaskServiceGrpc.getSummarizeLeftoversMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getSummarizeLeftoversMethod = TaskServiceGrpc.getSummarizeLeftoversMethod) == null) {
          TaskServiceGrpc.getSummarizeLeftoversMethod = getSummarizeLeftoversMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.SummarizeLeftoversRequest, dev.wharfinger.v1.SummarizeLeftoversResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "SummarizeLeftovers"))
              .setSafe(true)
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.SummarizeLeftoversRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.SummarizeLeftoversResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("SummarizeLeftovers"))
              .build();
        }
      }
    }
    return getSummarizeLeftoversMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.CancelTaskRequest,
      dev.wharfinger.v1.Task> getCancelTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CancelTask",
      requestType = dev.wharfinger.v1.CancelTaskRequest.class,
      responseType = dev.wharfinger.v1.Task.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.CancelTaskRequest,
      dev.wharfinger.v1.Task> getCancelTaskMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.CancelTaskRequest, dev.wharfinger.v1.Task> getCancelTaskMethod;
    if ((getCancelTaskMethod = TaskServiceGrpc.getCancelTaskMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getCancelTaskMethod = TaskServiceGrpc.getCancelTaskMethod) == null) {
          TaskServiceGrpc.getCancelTaskMethod = getCancelTaskMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.CancelTaskRequest, dev.wharfinger.v1.Task>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CancelTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.CancelTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Task.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("CancelTask"))
              .build();
        }
      }
    }
    return getCancelTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ResumeTaskRequest,
      dev.wharfinger.v1.Task> getResumeTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResumeTask",
      requestType = dev.wharfinger.v1.ResumeTaskRequest.class,
      responseType = dev.wharfinger.v1.Task.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ResumeTaskRequest,
      dev.wharfinger.v1.Task> getResumeTaskMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ResumeTaskRequest, dev.wharfinger.v1.Task> getResumeTaskMethod;
    if ((getResumeTaskMethod = TaskServiceGrpc.getResumeTaskMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getResumeTaskMethod = TaskServiceGrpc.getResumeTaskMethod) == null) {
          TaskServiceGrpc.getResumeTaskMethod = getResumeTaskMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ResumeTaskRequest, dev.wharfinger.v1.Task>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResumeTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ResumeTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Task.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("ResumeTask"))
              .build();
        }
      }
    }
    return getResumeTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.RollbackTaskRequest,
      dev.wharfinger.v1.Task> getRollbackTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RollbackTask",
      requestType = dev.wharfinger.v1.RollbackTaskRequest.class,
      responseType = dev.wharfinger.v1.Task.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.RollbackTaskRequest,
      dev.wharfinger.v1.Task> getRollbackTaskMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.RollbackTaskRequest, dev.wharfinger.v1.Task> getRollbackTaskMethod;
    if ((getRollbackTaskMethod = TaskServiceGrpc.getRollbackTaskMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getRollbackTaskMethod = TaskServiceGrpc.getRollbackTaskMethod) == null) {
          TaskServiceGrpc.getRollbackTaskMethod = getRollbackTaskMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.RollbackTaskRequest, dev.wharfinger.v1.Task>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RollbackTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.RollbackTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Task.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("RollbackTask"))
              .build();
        }
      }
    }
    return getRollbackTaskMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.ResolveLedgerEntryRequest,
      dev.wharfinger.v1.Task> getResolveLedgerEntryMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ResolveLedgerEntry",
      requestType = dev.wharfinger.v1.ResolveLedgerEntryRequest.class,
      responseType = dev.wharfinger.v1.Task.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.ResolveLedgerEntryRequest,
      dev.wharfinger.v1.Task> getResolveLedgerEntryMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.ResolveLedgerEntryRequest, dev.wharfinger.v1.Task> getResolveLedgerEntryMethod;
    if ((getResolveLedgerEntryMethod = TaskServiceGrpc.getResolveLedgerEntryMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getResolveLedgerEntryMethod = TaskServiceGrpc.getResolveLedgerEntryMethod) == null) {
          TaskServiceGrpc.getResolveLedgerEntryMethod = getResolveLedgerEntryMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.ResolveLedgerEntryRequest, dev.wharfinger.v1.Task>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ResolveLedgerEntry"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.ResolveLedgerEntryRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.Task.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("ResolveLedgerEntry"))
              .build();
        }
      }
    }
    return getResolveLedgerEntryMethod;
  }

  private static volatile io.grpc.MethodDescriptor<dev.wharfinger.v1.DeleteTaskRequest,
      com.google.protobuf.Empty> getDeleteTaskMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteTask",
      requestType = dev.wharfinger.v1.DeleteTaskRequest.class,
      responseType = com.google.protobuf.Empty.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<dev.wharfinger.v1.DeleteTaskRequest,
      com.google.protobuf.Empty> getDeleteTaskMethod() {
    io.grpc.MethodDescriptor<dev.wharfinger.v1.DeleteTaskRequest, com.google.protobuf.Empty> getDeleteTaskMethod;
    if ((getDeleteTaskMethod = TaskServiceGrpc.getDeleteTaskMethod) == null) {
      synchronized (TaskServiceGrpc.class) {
        if ((getDeleteTaskMethod = TaskServiceGrpc.getDeleteTaskMethod) == null) {
          TaskServiceGrpc.getDeleteTaskMethod = getDeleteTaskMethod =
              io.grpc.MethodDescriptor.<dev.wharfinger.v1.DeleteTaskRequest, com.google.protobuf.Empty>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteTask"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  dev.wharfinger.v1.DeleteTaskRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.google.protobuf.Empty.getDefaultInstance()))
              .setSchemaDescriptor(new TaskServiceMethodDescriptorSupplier("DeleteTask"))
              .build();
        }
      }
    }
    return getDeleteTaskMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TaskServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskServiceStub>() {
        @java.lang.Override
        public TaskServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskServiceStub(channel, callOptions);
        }
      };
    return TaskServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TaskServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskServiceBlockingV2Stub>() {
        @java.lang.Override
        public TaskServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TaskServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TaskServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskServiceBlockingStub>() {
        @java.lang.Override
        public TaskServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskServiceBlockingStub(channel, callOptions);
        }
      };
    return TaskServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TaskServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskServiceFutureStub>() {
        @java.lang.Override
        public TaskServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskServiceFutureStub(channel, callOptions);
        }
      };
    return TaskServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Creates, shows, watches, cancels and deletes tasks.
   * Every error carries a google.rpc.ErrorInfo with domain `wharfinger.dev` and a reason of ErrorReason. A task of a
   * project that the caller may not see answers exactly as one that does not exist. Any call may answer UNAUTHENTICATED,
   * PERMISSION_DENIED, DATABASE_BUSY, DATABASE_UNAVAILABLE or SERVER_DRAINING; the further ones stand with each RPC.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Accepts a task. When this answers, the task is durable and will be run; with a request_id, asking again returns the
     * same task and makes no second one. Errors: UNKNOWN_SCRIPT, SCRIPT_BROKEN, SCRIPT_VERSION_GONE, UNKNOWN_EXECUTOR,
     * EXECUTOR_UNSUITABLE, EXECUTOR_UNAVAILABLE, PARAMS_INVALID, PARAMS_TOO_LARGE, MISSING_FIELD, INVALID_ARGUMENT,
     * INVALID_NAME, TASK_EXISTS, REQUEST_ID_REUSED, QUOTA_EXCEEDED, NOT_SUPPORTED, COST_LIMIT, COST_UNPRICED,
     * CANNOT_ESTIMATE, BUDGET_EXCEEDED.
     * </pre>
     */
    default void createTask(dev.wharfinger.v1.CreateTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Accepts up to 1000 tasks, each for itself: some may be accepted while others are refused, and each outcome says
     * which. Fails as a whole only for what is wrong with the request itself. Errors: BATCH_TOO_LARGE, MISSING_FIELD,
     * INVALID_NAME.
     * </pre>
     */
    default void batchCreateTasks(dev.wharfinger.v1.BatchCreateTasksRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.BatchCreateTasksResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchCreateTasksMethod(), responseObserver);
    }

    /**
     * <pre>
     * Returns a task as it stands; whoever was told of a change sees it here. Errors: TASK_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    default void getTask(dev.wharfinger.v1.GetTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists a project's tasks, or those of all projects, a page at a time. Tasks that are created meanwhile may or may not
     * be among them. Errors: INVALID_FILTER, INVALID_ORDER_BY, INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    default void listTasks(dev.wharfinger.v1.ListTasksRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListTasksResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTasksMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tells one task's life as it happens: a snapshot, then its events each once, in order and without a gap, with
     * progress and heartbeats in between; when the task is at rest a last snapshot, and the stream ends with OK. After a
     * broken connection go on with after_sequence. The end is the end for now: late evidence can reopen a task, which
     * WatchTasks tells. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT, RESUME_TOKEN_INVALID,
     * RESUME_TOKEN_TOO_OLD, POSITION_AHEAD, WATCH_LIMIT.
     * </pre>
     */
    default void watchTask(dev.wharfinger.v1.WatchTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.WatchTaskResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Tells what happens in a project, without an end. Every message carries a token to go on from, across connections,
     * restarts and replicas. Errors: RESUME_TOKEN_INVALID, RESUME_TOKEN_TOO_OLD, INVALID_FILTER, INVALID_NAME,
     * WATCH_LIMIT.
     * </pre>
     */
    default void watchTasks(dev.wharfinger.v1.WatchTasksRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.WatchTasksResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchTasksMethod(), responseObserver);
    }

    /**
     * <pre>
     * Waits until the task is at rest, or for the timeout, and returns it as it then stands: look at its state. May
     * return early, never after the call's deadline. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT.
     * </pre>
     */
    default void waitTask(dev.wharfinger.v1.WaitTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWaitTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists a task's events in order. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listTaskEvents(dev.wharfinger.v1.ListTaskEventsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListTaskEventsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTaskEventsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists a task's whole ledger, in the order of intent. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_FILTER,
     * INVALID_PAGE_TOKEN.
     * </pre>
     */
    default void listLedgerEntries(dev.wharfinger.v1.ListLedgerEntriesRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListLedgerEntriesResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListLedgerEntriesMethod(), responseObserver);
    }

    /**
     * <pre>
     * Sums up what half-done tasks left behind, of one project or of all that the caller may see, in groups: what each
     * group costs an hour, what has no known price, and what nobody knows whether it exists. Errors: INVALID_NAME,
     * INVALID_ARGUMENT, PERMISSION_DENIED.
     * </pre>
     */
    default void summarizeLeftovers(dev.wharfinger.v1.SummarizeLeftoversRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.SummarizeLeftoversResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getSummarizeLeftoversMethod(), responseObserver);
    }

    /**
     * <pre>
     * Asks a task to stop, and answers at once: it is then CANCELLING, or CANCELLED if it had not begun. What it had made
     * is treated by Policy.on_cancel. A rollback is stopped, and rests as ROLLBACK_FAILED with what is left. Asking again
     * is no error, also when the task is CANCELLED since. Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH,
     * STATE_FORBIDS, REQUEST_ID_REUSED.
     * </pre>
     */
    default void cancelTask(dev.wharfinger.v1.CancelTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCancelTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lets a PARTIALLY_FAILED task run again with what it made: what was created is used again, nothing is made twice. It is
     * then QUEUED with its attempts counted anew. Refused once a whole rollback has begun; what a rollback of some keys
     * undid is made anew. A task that is QUEUED for a version which is not installed is put on script_version, and goes on.
     * Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, SCRIPT_VERSION_GONE, REQUEST_ID_REUSED.
     * </pre>
     */
    default void resumeTask(dev.wharfinger.v1.ResumeTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResumeTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Undoes what a task made, all of it or `only` some keys, children first and past failures; also goes on with a
     * rollback that failed, and undoes what a SUCCEEDED task made. It answers at once: the task is then ROLLING_BACK. With
     * validate_only nothing is done and the answer's `rollback_plan` says what would be. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, REQUEST_ID_REUSED, NOT_SUPPORTED for a
     * script without undo.
     * </pre>
     */
    default void rollbackTask(dev.wharfinger.v1.RollbackTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRollbackTaskMethod(), responseObserver);
    }

    /**
     * <pre>
     * Takes a person's verdict on one entry of the ledger, after a look at the provider: that it exists or does not, or that it is
     * no longer the task's. The last open entry's verdict brings the task to its end. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, MISSING_FIELD.
     * </pre>
     */
    default void resolveLedgerEntry(dev.wharfinger.v1.ResolveLedgerEntryRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getResolveLedgerEntryMethod(), responseObserver);
    }

    /**
     * <pre>
     * Deletes a task that is SUCCEEDED, FAILED, CANCELLED or ROLLED_BACK and owns nothing that may be alive. Errors:
     * TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, LEFTOVERS_ALIVE, TASK_NOT_SETTLED.
     * </pre>
     */
    default void deleteTask(dev.wharfinger.v1.DeleteTaskRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteTaskMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TaskService.
   * <pre>
   * Creates, shows, watches, cancels and deletes tasks.
   * Every error carries a google.rpc.ErrorInfo with domain `wharfinger.dev` and a reason of ErrorReason. A task of a
   * project that the caller may not see answers exactly as one that does not exist. Any call may answer UNAUTHENTICATED,
   * PERMISSION_DENIED, DATABASE_BUSY, DATABASE_UNAVAILABLE or SERVER_DRAINING; the further ones stand with each RPC.
   * </pre>
   */
  public static abstract class TaskServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TaskServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TaskService.
   * <pre>
   * Creates, shows, watches, cancels and deletes tasks.
   * Every error carries a google.rpc.ErrorInfo with domain `wharfinger.dev` and a reason of ErrorReason. A task of a
   * project that the caller may not see answers exactly as one that does not exist. Any call may answer UNAUTHENTICATED,
   * PERMISSION_DENIED, DATABASE_BUSY, DATABASE_UNAVAILABLE or SERVER_DRAINING; the further ones stand with each RPC.
   * </pre>
   */
  public static final class TaskServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TaskServiceStub> {
    private TaskServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Accepts a task. When this answers, the task is durable and will be run; with a request_id, asking again returns the
     * same task and makes no second one. Errors: UNKNOWN_SCRIPT, SCRIPT_BROKEN, SCRIPT_VERSION_GONE, UNKNOWN_EXECUTOR,
     * EXECUTOR_UNSUITABLE, EXECUTOR_UNAVAILABLE, PARAMS_INVALID, PARAMS_TOO_LARGE, MISSING_FIELD, INVALID_ARGUMENT,
     * INVALID_NAME, TASK_EXISTS, REQUEST_ID_REUSED, QUOTA_EXCEEDED, NOT_SUPPORTED, COST_LIMIT, COST_UNPRICED,
     * CANNOT_ESTIMATE, BUDGET_EXCEEDED.
     * </pre>
     */
    public void createTask(dev.wharfinger.v1.CreateTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Accepts up to 1000 tasks, each for itself: some may be accepted while others are refused, and each outcome says
     * which. Fails as a whole only for what is wrong with the request itself. Errors: BATCH_TOO_LARGE, MISSING_FIELD,
     * INVALID_NAME.
     * </pre>
     */
    public void batchCreateTasks(dev.wharfinger.v1.BatchCreateTasksRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.BatchCreateTasksResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchCreateTasksMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Returns a task as it stands; whoever was told of a change sees it here. Errors: TASK_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public void getTask(dev.wharfinger.v1.GetTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists a project's tasks, or those of all projects, a page at a time. Tasks that are created meanwhile may or may not
     * be among them. Errors: INVALID_FILTER, INVALID_ORDER_BY, INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    public void listTasks(dev.wharfinger.v1.ListTasksRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListTasksResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTasksMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tells one task's life as it happens: a snapshot, then its events each once, in order and without a gap, with
     * progress and heartbeats in between; when the task is at rest a last snapshot, and the stream ends with OK. After a
     * broken connection go on with after_sequence. The end is the end for now: late evidence can reopen a task, which
     * WatchTasks tells. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT, RESUME_TOKEN_INVALID,
     * RESUME_TOKEN_TOO_OLD, POSITION_AHEAD, WATCH_LIMIT.
     * </pre>
     */
    public void watchTask(dev.wharfinger.v1.WatchTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.WatchTaskResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Tells what happens in a project, without an end. Every message carries a token to go on from, across connections,
     * restarts and replicas. Errors: RESUME_TOKEN_INVALID, RESUME_TOKEN_TOO_OLD, INVALID_FILTER, INVALID_NAME,
     * WATCH_LIMIT.
     * </pre>
     */
    public void watchTasks(dev.wharfinger.v1.WatchTasksRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.WatchTasksResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchTasksMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Waits until the task is at rest, or for the timeout, and returns it as it then stands: look at its state. May
     * return early, never after the call's deadline. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT.
     * </pre>
     */
    public void waitTask(dev.wharfinger.v1.WaitTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getWaitTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists a task's events in order. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listTaskEvents(dev.wharfinger.v1.ListTaskEventsRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListTaskEventsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTaskEventsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists a task's whole ledger, in the order of intent. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_FILTER,
     * INVALID_PAGE_TOKEN.
     * </pre>
     */
    public void listLedgerEntries(dev.wharfinger.v1.ListLedgerEntriesRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListLedgerEntriesResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListLedgerEntriesMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Sums up what half-done tasks left behind, of one project or of all that the caller may see, in groups: what each
     * group costs an hour, what has no known price, and what nobody knows whether it exists. Errors: INVALID_NAME,
     * INVALID_ARGUMENT, PERMISSION_DENIED.
     * </pre>
     */
    public void summarizeLeftovers(dev.wharfinger.v1.SummarizeLeftoversRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.SummarizeLeftoversResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getSummarizeLeftoversMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Asks a task to stop, and answers at once: it is then CANCELLING, or CANCELLED if it had not begun. What it had made
     * is treated by Policy.on_cancel. A rollback is stopped, and rests as ROLLBACK_FAILED with what is left. Asking again
     * is no error, also when the task is CANCELLED since. Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH,
     * STATE_FORBIDS, REQUEST_ID_REUSED.
     * </pre>
     */
    public void cancelTask(dev.wharfinger.v1.CancelTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCancelTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lets a PARTIALLY_FAILED task run again with what it made: what was created is used again, nothing is made twice. It is
     * then QUEUED with its attempts counted anew. Refused once a whole rollback has begun; what a rollback of some keys
     * undid is made anew. A task that is QUEUED for a version which is not installed is put on script_version, and goes on.
     * Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, SCRIPT_VERSION_GONE, REQUEST_ID_REUSED.
     * </pre>
     */
    public void resumeTask(dev.wharfinger.v1.ResumeTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResumeTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Undoes what a task made, all of it or `only` some keys, children first and past failures; also goes on with a
     * rollback that failed, and undoes what a SUCCEEDED task made. It answers at once: the task is then ROLLING_BACK. With
     * validate_only nothing is done and the answer's `rollback_plan` says what would be. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, REQUEST_ID_REUSED, NOT_SUPPORTED for a
     * script without undo.
     * </pre>
     */
    public void rollbackTask(dev.wharfinger.v1.RollbackTaskRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRollbackTaskMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Takes a person's verdict on one entry of the ledger, after a look at the provider: that it exists or does not, or that it is
     * no longer the task's. The last open entry's verdict brings the task to its end. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, MISSING_FIELD.
     * </pre>
     */
    public void resolveLedgerEntry(dev.wharfinger.v1.ResolveLedgerEntryRequest request,
        io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getResolveLedgerEntryMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Deletes a task that is SUCCEEDED, FAILED, CANCELLED or ROLLED_BACK and owns nothing that may be alive. Errors:
     * TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, LEFTOVERS_ALIVE, TASK_NOT_SETTLED.
     * </pre>
     */
    public void deleteTask(dev.wharfinger.v1.DeleteTaskRequest request,
        io.grpc.stub.StreamObserver<com.google.protobuf.Empty> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteTaskMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TaskService.
   * <pre>
   * Creates, shows, watches, cancels and deletes tasks.
   * Every error carries a google.rpc.ErrorInfo with domain `wharfinger.dev` and a reason of ErrorReason. A task of a
   * project that the caller may not see answers exactly as one that does not exist. Any call may answer UNAUTHENTICATED,
   * PERMISSION_DENIED, DATABASE_BUSY, DATABASE_UNAVAILABLE or SERVER_DRAINING; the further ones stand with each RPC.
   * </pre>
   */
  public static final class TaskServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TaskServiceBlockingV2Stub> {
    private TaskServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Accepts a task. When this answers, the task is durable and will be run; with a request_id, asking again returns the
     * same task and makes no second one. Errors: UNKNOWN_SCRIPT, SCRIPT_BROKEN, SCRIPT_VERSION_GONE, UNKNOWN_EXECUTOR,
     * EXECUTOR_UNSUITABLE, EXECUTOR_UNAVAILABLE, PARAMS_INVALID, PARAMS_TOO_LARGE, MISSING_FIELD, INVALID_ARGUMENT,
     * INVALID_NAME, TASK_EXISTS, REQUEST_ID_REUSED, QUOTA_EXCEEDED, NOT_SUPPORTED, COST_LIMIT, COST_UNPRICED,
     * CANNOT_ESTIMATE, BUDGET_EXCEEDED.
     * </pre>
     */
    public dev.wharfinger.v1.Task createTask(dev.wharfinger.v1.CreateTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Accepts up to 1000 tasks, each for itself: some may be accepted while others are refused, and each outcome says
     * which. Fails as a whole only for what is wrong with the request itself. Errors: BATCH_TOO_LARGE, MISSING_FIELD,
     * INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.BatchCreateTasksResponse batchCreateTasks(dev.wharfinger.v1.BatchCreateTasksRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchCreateTasksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a task as it stands; whoever was told of a change sees it here. Errors: TASK_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Task getTask(dev.wharfinger.v1.GetTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a project's tasks, or those of all projects, a page at a time. Tasks that are created meanwhile may or may not
     * be among them. Errors: INVALID_FILTER, INVALID_ORDER_BY, INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.ListTasksResponse listTasks(dev.wharfinger.v1.ListTasksRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTasksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells one task's life as it happens: a snapshot, then its events each once, in order and without a gap, with
     * progress and heartbeats in between; when the task is at rest a last snapshot, and the stream ends with OK. After a
     * broken connection go on with after_sequence. The end is the end for now: late evidence can reopen a task, which
     * WatchTasks tells. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT, RESUME_TOKEN_INVALID,
     * RESUME_TOKEN_TOO_OLD, POSITION_AHEAD, WATCH_LIMIT.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.wharfinger.v1.WatchTaskResponse>
        watchTask(dev.wharfinger.v1.WatchTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells what happens in a project, without an end. Every message carries a token to go on from, across connections,
     * restarts and replicas. Errors: RESUME_TOKEN_INVALID, RESUME_TOKEN_TOO_OLD, INVALID_FILTER, INVALID_NAME,
     * WATCH_LIMIT.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, dev.wharfinger.v1.WatchTasksResponse>
        watchTasks(dev.wharfinger.v1.WatchTasksRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchTasksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Waits until the task is at rest, or for the timeout, and returns it as it then stands: look at its state. May
     * return early, never after the call's deadline. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT.
     * </pre>
     */
    public dev.wharfinger.v1.Task waitTask(dev.wharfinger.v1.WaitTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getWaitTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a task's events in order. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListTaskEventsResponse listTaskEvents(dev.wharfinger.v1.ListTaskEventsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTaskEventsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a task's whole ledger, in the order of intent. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_FILTER,
     * INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListLedgerEntriesResponse listLedgerEntries(dev.wharfinger.v1.ListLedgerEntriesRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListLedgerEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sums up what half-done tasks left behind, of one project or of all that the caller may see, in groups: what each
     * group costs an hour, what has no known price, and what nobody knows whether it exists. Errors: INVALID_NAME,
     * INVALID_ARGUMENT, PERMISSION_DENIED.
     * </pre>
     */
    public dev.wharfinger.v1.SummarizeLeftoversResponse summarizeLeftovers(dev.wharfinger.v1.SummarizeLeftoversRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getSummarizeLeftoversMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks a task to stop, and answers at once: it is then CANCELLING, or CANCELLED if it had not begun. What it had made
     * is treated by Policy.on_cancel. A rollback is stopped, and rests as ROLLBACK_FAILED with what is left. Asking again
     * is no error, also when the task is CANCELLED since. Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH,
     * STATE_FORBIDS, REQUEST_ID_REUSED.
     * </pre>
     */
    public dev.wharfinger.v1.Task cancelTask(dev.wharfinger.v1.CancelTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCancelTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lets a PARTIALLY_FAILED task run again with what it made: what was created is used again, nothing is made twice. It is
     * then QUEUED with its attempts counted anew. Refused once a whole rollback has begun; what a rollback of some keys
     * undid is made anew. A task that is QUEUED for a version which is not installed is put on script_version, and goes on.
     * Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, SCRIPT_VERSION_GONE, REQUEST_ID_REUSED.
     * </pre>
     */
    public dev.wharfinger.v1.Task resumeTask(dev.wharfinger.v1.ResumeTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResumeTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Undoes what a task made, all of it or `only` some keys, children first and past failures; also goes on with a
     * rollback that failed, and undoes what a SUCCEEDED task made. It answers at once: the task is then ROLLING_BACK. With
     * validate_only nothing is done and the answer's `rollback_plan` says what would be. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, REQUEST_ID_REUSED, NOT_SUPPORTED for a
     * script without undo.
     * </pre>
     */
    public dev.wharfinger.v1.Task rollbackTask(dev.wharfinger.v1.RollbackTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRollbackTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a person's verdict on one entry of the ledger, after a look at the provider: that it exists or does not, or that it is
     * no longer the task's. The last open entry's verdict brings the task to its end. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, MISSING_FIELD.
     * </pre>
     */
    public dev.wharfinger.v1.Task resolveLedgerEntry(dev.wharfinger.v1.ResolveLedgerEntryRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getResolveLedgerEntryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a task that is SUCCEEDED, FAILED, CANCELLED or ROLLED_BACK and owns nothing that may be alive. Errors:
     * TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, LEFTOVERS_ALIVE, TASK_NOT_SETTLED.
     * </pre>
     */
    public com.google.protobuf.Empty deleteTask(dev.wharfinger.v1.DeleteTaskRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteTaskMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TaskService.
   * <pre>
   * Creates, shows, watches, cancels and deletes tasks.
   * Every error carries a google.rpc.ErrorInfo with domain `wharfinger.dev` and a reason of ErrorReason. A task of a
   * project that the caller may not see answers exactly as one that does not exist. Any call may answer UNAUTHENTICATED,
   * PERMISSION_DENIED, DATABASE_BUSY, DATABASE_UNAVAILABLE or SERVER_DRAINING; the further ones stand with each RPC.
   * </pre>
   */
  public static final class TaskServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TaskServiceBlockingStub> {
    private TaskServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Accepts a task. When this answers, the task is durable and will be run; with a request_id, asking again returns the
     * same task and makes no second one. Errors: UNKNOWN_SCRIPT, SCRIPT_BROKEN, SCRIPT_VERSION_GONE, UNKNOWN_EXECUTOR,
     * EXECUTOR_UNSUITABLE, EXECUTOR_UNAVAILABLE, PARAMS_INVALID, PARAMS_TOO_LARGE, MISSING_FIELD, INVALID_ARGUMENT,
     * INVALID_NAME, TASK_EXISTS, REQUEST_ID_REUSED, QUOTA_EXCEEDED, NOT_SUPPORTED, COST_LIMIT, COST_UNPRICED,
     * CANNOT_ESTIMATE, BUDGET_EXCEEDED.
     * </pre>
     */
    public dev.wharfinger.v1.Task createTask(dev.wharfinger.v1.CreateTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Accepts up to 1000 tasks, each for itself: some may be accepted while others are refused, and each outcome says
     * which. Fails as a whole only for what is wrong with the request itself. Errors: BATCH_TOO_LARGE, MISSING_FIELD,
     * INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.BatchCreateTasksResponse batchCreateTasks(dev.wharfinger.v1.BatchCreateTasksRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchCreateTasksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Returns a task as it stands; whoever was told of a change sees it here. Errors: TASK_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.Task getTask(dev.wharfinger.v1.GetTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a project's tasks, or those of all projects, a page at a time. Tasks that are created meanwhile may or may not
     * be among them. Errors: INVALID_FILTER, INVALID_ORDER_BY, INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    public dev.wharfinger.v1.ListTasksResponse listTasks(dev.wharfinger.v1.ListTasksRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTasksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells one task's life as it happens: a snapshot, then its events each once, in order and without a gap, with
     * progress and heartbeats in between; when the task is at rest a last snapshot, and the stream ends with OK. After a
     * broken connection go on with after_sequence. The end is the end for now: late evidence can reopen a task, which
     * WatchTasks tells. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT, RESUME_TOKEN_INVALID,
     * RESUME_TOKEN_TOO_OLD, POSITION_AHEAD, WATCH_LIMIT.
     * </pre>
     */
    public java.util.Iterator<dev.wharfinger.v1.WatchTaskResponse> watchTask(
        dev.wharfinger.v1.WatchTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Tells what happens in a project, without an end. Every message carries a token to go on from, across connections,
     * restarts and replicas. Errors: RESUME_TOKEN_INVALID, RESUME_TOKEN_TOO_OLD, INVALID_FILTER, INVALID_NAME,
     * WATCH_LIMIT.
     * </pre>
     */
    public java.util.Iterator<dev.wharfinger.v1.WatchTasksResponse> watchTasks(
        dev.wharfinger.v1.WatchTasksRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchTasksMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Waits until the task is at rest, or for the timeout, and returns it as it then stands: look at its state. May
     * return early, never after the call's deadline. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT.
     * </pre>
     */
    public dev.wharfinger.v1.Task waitTask(dev.wharfinger.v1.WaitTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getWaitTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a task's events in order. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListTaskEventsResponse listTaskEvents(dev.wharfinger.v1.ListTaskEventsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTaskEventsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists a task's whole ledger, in the order of intent. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_FILTER,
     * INVALID_PAGE_TOKEN.
     * </pre>
     */
    public dev.wharfinger.v1.ListLedgerEntriesResponse listLedgerEntries(dev.wharfinger.v1.ListLedgerEntriesRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListLedgerEntriesMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Sums up what half-done tasks left behind, of one project or of all that the caller may see, in groups: what each
     * group costs an hour, what has no known price, and what nobody knows whether it exists. Errors: INVALID_NAME,
     * INVALID_ARGUMENT, PERMISSION_DENIED.
     * </pre>
     */
    public dev.wharfinger.v1.SummarizeLeftoversResponse summarizeLeftovers(dev.wharfinger.v1.SummarizeLeftoversRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getSummarizeLeftoversMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Asks a task to stop, and answers at once: it is then CANCELLING, or CANCELLED if it had not begun. What it had made
     * is treated by Policy.on_cancel. A rollback is stopped, and rests as ROLLBACK_FAILED with what is left. Asking again
     * is no error, also when the task is CANCELLED since. Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH,
     * STATE_FORBIDS, REQUEST_ID_REUSED.
     * </pre>
     */
    public dev.wharfinger.v1.Task cancelTask(dev.wharfinger.v1.CancelTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCancelTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lets a PARTIALLY_FAILED task run again with what it made: what was created is used again, nothing is made twice. It is
     * then QUEUED with its attempts counted anew. Refused once a whole rollback has begun; what a rollback of some keys
     * undid is made anew. A task that is QUEUED for a version which is not installed is put on script_version, and goes on.
     * Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, SCRIPT_VERSION_GONE, REQUEST_ID_REUSED.
     * </pre>
     */
    public dev.wharfinger.v1.Task resumeTask(dev.wharfinger.v1.ResumeTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResumeTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Undoes what a task made, all of it or `only` some keys, children first and past failures; also goes on with a
     * rollback that failed, and undoes what a SUCCEEDED task made. It answers at once: the task is then ROLLING_BACK. With
     * validate_only nothing is done and the answer's `rollback_plan` says what would be. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, REQUEST_ID_REUSED, NOT_SUPPORTED for a
     * script without undo.
     * </pre>
     */
    public dev.wharfinger.v1.Task rollbackTask(dev.wharfinger.v1.RollbackTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRollbackTaskMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Takes a person's verdict on one entry of the ledger, after a look at the provider: that it exists or does not, or that it is
     * no longer the task's. The last open entry's verdict brings the task to its end. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, MISSING_FIELD.
     * </pre>
     */
    public dev.wharfinger.v1.Task resolveLedgerEntry(dev.wharfinger.v1.ResolveLedgerEntryRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getResolveLedgerEntryMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Deletes a task that is SUCCEEDED, FAILED, CANCELLED or ROLLED_BACK and owns nothing that may be alive. Errors:
     * TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, LEFTOVERS_ALIVE, TASK_NOT_SETTLED.
     * </pre>
     */
    public com.google.protobuf.Empty deleteTask(dev.wharfinger.v1.DeleteTaskRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteTaskMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TaskService.
   * <pre>
   * Creates, shows, watches, cancels and deletes tasks.
   * Every error carries a google.rpc.ErrorInfo with domain `wharfinger.dev` and a reason of ErrorReason. A task of a
   * project that the caller may not see answers exactly as one that does not exist. Any call may answer UNAUTHENTICATED,
   * PERMISSION_DENIED, DATABASE_BUSY, DATABASE_UNAVAILABLE or SERVER_DRAINING; the further ones stand with each RPC.
   * </pre>
   */
  public static final class TaskServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TaskServiceFutureStub> {
    private TaskServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Accepts a task. When this answers, the task is durable and will be run; with a request_id, asking again returns the
     * same task and makes no second one. Errors: UNKNOWN_SCRIPT, SCRIPT_BROKEN, SCRIPT_VERSION_GONE, UNKNOWN_EXECUTOR,
     * EXECUTOR_UNSUITABLE, EXECUTOR_UNAVAILABLE, PARAMS_INVALID, PARAMS_TOO_LARGE, MISSING_FIELD, INVALID_ARGUMENT,
     * INVALID_NAME, TASK_EXISTS, REQUEST_ID_REUSED, QUOTA_EXCEEDED, NOT_SUPPORTED, COST_LIMIT, COST_UNPRICED,
     * CANNOT_ESTIMATE, BUDGET_EXCEEDED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Task> createTask(
        dev.wharfinger.v1.CreateTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Accepts up to 1000 tasks, each for itself: some may be accepted while others are refused, and each outcome says
     * which. Fails as a whole only for what is wrong with the request itself. Errors: BATCH_TOO_LARGE, MISSING_FIELD,
     * INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.BatchCreateTasksResponse> batchCreateTasks(
        dev.wharfinger.v1.BatchCreateTasksRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchCreateTasksMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Returns a task as it stands; whoever was told of a change sees it here. Errors: TASK_NOT_FOUND, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Task> getTask(
        dev.wharfinger.v1.GetTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists a project's tasks, or those of all projects, a page at a time. Tasks that are created meanwhile may or may not
     * be among them. Errors: INVALID_FILTER, INVALID_ORDER_BY, INVALID_PAGE_TOKEN, INVALID_NAME.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListTasksResponse> listTasks(
        dev.wharfinger.v1.ListTasksRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTasksMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Waits until the task is at rest, or for the timeout, and returns it as it then stands: look at its state. May
     * return early, never after the call's deadline. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_ARGUMENT.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Task> waitTask(
        dev.wharfinger.v1.WaitTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getWaitTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists a task's events in order. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListTaskEventsResponse> listTaskEvents(
        dev.wharfinger.v1.ListTaskEventsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTaskEventsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists a task's whole ledger, in the order of intent. Errors: TASK_NOT_FOUND, INVALID_NAME, INVALID_FILTER,
     * INVALID_PAGE_TOKEN.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.ListLedgerEntriesResponse> listLedgerEntries(
        dev.wharfinger.v1.ListLedgerEntriesRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListLedgerEntriesMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Sums up what half-done tasks left behind, of one project or of all that the caller may see, in groups: what each
     * group costs an hour, what has no known price, and what nobody knows whether it exists. Errors: INVALID_NAME,
     * INVALID_ARGUMENT, PERMISSION_DENIED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.SummarizeLeftoversResponse> summarizeLeftovers(
        dev.wharfinger.v1.SummarizeLeftoversRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getSummarizeLeftoversMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Asks a task to stop, and answers at once: it is then CANCELLING, or CANCELLED if it had not begun. What it had made
     * is treated by Policy.on_cancel. A rollback is stopped, and rests as ROLLBACK_FAILED with what is left. Asking again
     * is no error, also when the task is CANCELLED since. Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH,
     * STATE_FORBIDS, REQUEST_ID_REUSED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Task> cancelTask(
        dev.wharfinger.v1.CancelTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCancelTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lets a PARTIALLY_FAILED task run again with what it made: what was created is used again, nothing is made twice. It is
     * then QUEUED with its attempts counted anew. Refused once a whole rollback has begun; what a rollback of some keys
     * undid is made anew. A task that is QUEUED for a version which is not installed is put on script_version, and goes on.
     * Errors: TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, SCRIPT_VERSION_GONE, REQUEST_ID_REUSED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Task> resumeTask(
        dev.wharfinger.v1.ResumeTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResumeTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Undoes what a task made, all of it or `only` some keys, children first and past failures; also goes on with a
     * rollback that failed, and undoes what a SUCCEEDED task made. It answers at once: the task is then ROLLING_BACK. With
     * validate_only nothing is done and the answer's `rollback_plan` says what would be. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, REQUEST_ID_REUSED, NOT_SUPPORTED for a
     * script without undo.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Task> rollbackTask(
        dev.wharfinger.v1.RollbackTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRollbackTaskMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Takes a person's verdict on one entry of the ledger, after a look at the provider: that it exists or does not, or that it is
     * no longer the task's. The last open entry's verdict brings the task to its end. Errors: TASK_NOT_FOUND,
     * INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, KEY_UNKNOWN, TASK_NOT_SETTLED, MISSING_FIELD.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<dev.wharfinger.v1.Task> resolveLedgerEntry(
        dev.wharfinger.v1.ResolveLedgerEntryRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getResolveLedgerEntryMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Deletes a task that is SUCCEEDED, FAILED, CANCELLED or ROLLED_BACK and owns nothing that may be alive. Errors:
     * TASK_NOT_FOUND, INVALID_NAME, ETAG_MISMATCH, STATE_FORBIDS, LEFTOVERS_ALIVE, TASK_NOT_SETTLED.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.google.protobuf.Empty> deleteTask(
        dev.wharfinger.v1.DeleteTaskRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteTaskMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_TASK = 0;
  private static final int METHODID_BATCH_CREATE_TASKS = 1;
  private static final int METHODID_GET_TASK = 2;
  private static final int METHODID_LIST_TASKS = 3;
  private static final int METHODID_WATCH_TASK = 4;
  private static final int METHODID_WATCH_TASKS = 5;
  private static final int METHODID_WAIT_TASK = 6;
  private static final int METHODID_LIST_TASK_EVENTS = 7;
  private static final int METHODID_LIST_LEDGER_ENTRIES = 8;
  private static final int METHODID_SUMMARIZE_LEFTOVERS = 9;
  private static final int METHODID_CANCEL_TASK = 10;
  private static final int METHODID_RESUME_TASK = 11;
  private static final int METHODID_ROLLBACK_TASK = 12;
  private static final int METHODID_RESOLVE_LEDGER_ENTRY = 13;
  private static final int METHODID_DELETE_TASK = 14;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_CREATE_TASK:
          serviceImpl.createTask((dev.wharfinger.v1.CreateTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task>) responseObserver);
          break;
        case METHODID_BATCH_CREATE_TASKS:
          serviceImpl.batchCreateTasks((dev.wharfinger.v1.BatchCreateTasksRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.BatchCreateTasksResponse>) responseObserver);
          break;
        case METHODID_GET_TASK:
          serviceImpl.getTask((dev.wharfinger.v1.GetTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task>) responseObserver);
          break;
        case METHODID_LIST_TASKS:
          serviceImpl.listTasks((dev.wharfinger.v1.ListTasksRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListTasksResponse>) responseObserver);
          break;
        case METHODID_WATCH_TASK:
          serviceImpl.watchTask((dev.wharfinger.v1.WatchTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.WatchTaskResponse>) responseObserver);
          break;
        case METHODID_WATCH_TASKS:
          serviceImpl.watchTasks((dev.wharfinger.v1.WatchTasksRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.WatchTasksResponse>) responseObserver);
          break;
        case METHODID_WAIT_TASK:
          serviceImpl.waitTask((dev.wharfinger.v1.WaitTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task>) responseObserver);
          break;
        case METHODID_LIST_TASK_EVENTS:
          serviceImpl.listTaskEvents((dev.wharfinger.v1.ListTaskEventsRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListTaskEventsResponse>) responseObserver);
          break;
        case METHODID_LIST_LEDGER_ENTRIES:
          serviceImpl.listLedgerEntries((dev.wharfinger.v1.ListLedgerEntriesRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.ListLedgerEntriesResponse>) responseObserver);
          break;
        case METHODID_SUMMARIZE_LEFTOVERS:
          serviceImpl.summarizeLeftovers((dev.wharfinger.v1.SummarizeLeftoversRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.SummarizeLeftoversResponse>) responseObserver);
          break;
        case METHODID_CANCEL_TASK:
          serviceImpl.cancelTask((dev.wharfinger.v1.CancelTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task>) responseObserver);
          break;
        case METHODID_RESUME_TASK:
          serviceImpl.resumeTask((dev.wharfinger.v1.ResumeTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task>) responseObserver);
          break;
        case METHODID_ROLLBACK_TASK:
          serviceImpl.rollbackTask((dev.wharfinger.v1.RollbackTaskRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task>) responseObserver);
          break;
        case METHODID_RESOLVE_LEDGER_ENTRY:
          serviceImpl.resolveLedgerEntry((dev.wharfinger.v1.ResolveLedgerEntryRequest) request,
              (io.grpc.stub.StreamObserver<dev.wharfinger.v1.Task>) responseObserver);
          break;
        case METHODID_DELETE_TASK:
          serviceImpl.deleteTask((dev.wharfinger.v1.DeleteTaskRequest) request,
              (io.grpc.stub.StreamObserver<com.google.protobuf.Empty>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getCreateTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.CreateTaskRequest,
              dev.wharfinger.v1.Task>(
                service, METHODID_CREATE_TASK)))
        .addMethod(
          getBatchCreateTasksMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.BatchCreateTasksRequest,
              dev.wharfinger.v1.BatchCreateTasksResponse>(
                service, METHODID_BATCH_CREATE_TASKS)))
        .addMethod(
          getGetTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.GetTaskRequest,
              dev.wharfinger.v1.Task>(
                service, METHODID_GET_TASK)))
        .addMethod(
          getListTasksMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListTasksRequest,
              dev.wharfinger.v1.ListTasksResponse>(
                service, METHODID_LIST_TASKS)))
        .addMethod(
          getWatchTaskMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.wharfinger.v1.WatchTaskRequest,
              dev.wharfinger.v1.WatchTaskResponse>(
                service, METHODID_WATCH_TASK)))
        .addMethod(
          getWatchTasksMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              dev.wharfinger.v1.WatchTasksRequest,
              dev.wharfinger.v1.WatchTasksResponse>(
                service, METHODID_WATCH_TASKS)))
        .addMethod(
          getWaitTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.WaitTaskRequest,
              dev.wharfinger.v1.Task>(
                service, METHODID_WAIT_TASK)))
        .addMethod(
          getListTaskEventsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListTaskEventsRequest,
              dev.wharfinger.v1.ListTaskEventsResponse>(
                service, METHODID_LIST_TASK_EVENTS)))
        .addMethod(
          getListLedgerEntriesMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ListLedgerEntriesRequest,
              dev.wharfinger.v1.ListLedgerEntriesResponse>(
                service, METHODID_LIST_LEDGER_ENTRIES)))
        .addMethod(
          getSummarizeLeftoversMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.SummarizeLeftoversRequest,
              dev.wharfinger.v1.SummarizeLeftoversResponse>(
                service, METHODID_SUMMARIZE_LEFTOVERS)))
        .addMethod(
          getCancelTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.CancelTaskRequest,
              dev.wharfinger.v1.Task>(
                service, METHODID_CANCEL_TASK)))
        .addMethod(
          getResumeTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ResumeTaskRequest,
              dev.wharfinger.v1.Task>(
                service, METHODID_RESUME_TASK)))
        .addMethod(
          getRollbackTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.RollbackTaskRequest,
              dev.wharfinger.v1.Task>(
                service, METHODID_ROLLBACK_TASK)))
        .addMethod(
          getResolveLedgerEntryMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.ResolveLedgerEntryRequest,
              dev.wharfinger.v1.Task>(
                service, METHODID_RESOLVE_LEDGER_ENTRY)))
        .addMethod(
          getDeleteTaskMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              dev.wharfinger.v1.DeleteTaskRequest,
              com.google.protobuf.Empty>(
                service, METHODID_DELETE_TASK)))
        .build();
  }

  private static abstract class TaskServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    TaskServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return dev.wharfinger.v1.TaskServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("TaskService");
    }
  }

  private static final class TaskServiceFileDescriptorSupplier
      extends TaskServiceBaseDescriptorSupplier {
    TaskServiceFileDescriptorSupplier() {}
  }

  private static final class TaskServiceMethodDescriptorSupplier
      extends TaskServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    TaskServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (TaskServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new TaskServiceFileDescriptorSupplier())
              .addMethod(getCreateTaskMethod())
              .addMethod(getBatchCreateTasksMethod())
              .addMethod(getGetTaskMethod())
              .addMethod(getListTasksMethod())
              .addMethod(getWatchTaskMethod())
              .addMethod(getWatchTasksMethod())
              .addMethod(getWaitTaskMethod())
              .addMethod(getListTaskEventsMethod())
              .addMethod(getListLedgerEntriesMethod())
              .addMethod(getSummarizeLeftoversMethod())
              .addMethod(getCancelTaskMethod())
              .addMethod(getResumeTaskMethod())
              .addMethod(getRollbackTaskMethod())
              .addMethod(getResolveLedgerEntryMethod())
              .addMethod(getDeleteTaskMethod())
              .build();
        }
      }
    }
    return result;
  }
}
