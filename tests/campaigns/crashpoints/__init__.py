"""Death at each point of a deployment: before and after every commit and every call to the cloud."""
