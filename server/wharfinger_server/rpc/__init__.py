"""The gRPC services: each file translates one of them, and does nothing else."""
