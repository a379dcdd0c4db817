"""The messages and stubs of the API, generated from `protos/wharfinger/v1`.

Import what is needed, and nothing more is loaded: `from wharfinger.v1 import task_pb2, task_service_pb2_grpc`.
"""
