"""The base APIs of libcloud, awaited, with the arguments and results that type checkers know.

At run time these are AsyncDriver, which has every method of the driver that it is of; what only one provider has
("ex_…") is there too, as Any.
"""

# ruff: noqa: A002 - the names of the arguments are libcloud's

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from wharfinger_libcloud.account import AsyncDriver

if TYPE_CHECKING:
    from libcloud.backup.base import BackupTarget, BackupTargetJob, BackupTargetRecoveryPoint
    from libcloud.compute.base import (
        KeyPair,
        Node,
        NodeAuthPassword,
        NodeAuthSSHKey,
        NodeImage,
        NodeLocation,
        NodeSize,
        StorageVolume,
        VolumeSnapshot,
    )
    from libcloud.container.base import ClusterLocation, ContainerCluster, ContainerImage
    from libcloud.container.base import Container as RunningContainer
    from libcloud.dns.base import Record, Zone
    from libcloud.dns.types import RecordType
    from libcloud.loadbalancer.base import LoadBalancer, Member
    from libcloud.storage.base import Container, Object


class AsyncNodeDriver(AsyncDriver):
    """An account of libcloud's compute drivers: nodes, volumes, images and key pairs."""

    if TYPE_CHECKING:

        async def list_nodes(self, **options: Any) -> list[Node]:
            """Return all nodes."""
            ...

        async def list_sizes(self, location: NodeLocation | None = None, **options: Any) -> list[NodeSize]:
            """Return the sizes that a node may have."""
            ...

        async def list_locations(self, **options: Any) -> list[NodeLocation]:
            """Return the places where nodes may be."""
            ...

        async def create_node(
            self,
            name: str,
            size: NodeSize,
            image: NodeImage,
            location: NodeLocation | None = None,
            auth: NodeAuthSSHKey | NodeAuthPassword | None = None,
            **options: Any,
        ) -> Node:
            """Make a node."""
            ...

        async def deploy_node(
            self, *, name: str, size: NodeSize, image: NodeImage, deploy: Any, **options: Any
        ) -> Node:
            """Make a node and run `deploy` on it. Raises DeploymentError too."""
            ...

        async def reboot_node(self, node: Node, **options: Any) -> bool:
            """Start a node anew."""
            ...

        async def start_node(self, node: Node, **options: Any) -> bool:
            """Start a node."""
            ...

        async def stop_node(self, node: Node, **options: Any) -> bool:
            """Stop a node."""
            ...

        async def destroy_node(self, node: Node, **options: Any) -> bool:
            """Remove a node."""
            ...

        async def list_volumes(self, **options: Any) -> list[StorageVolume]:
            """Return all volumes."""
            ...

        async def list_volume_snapshots(self, volume: StorageVolume, **options: Any) -> list[VolumeSnapshot]:
            """Return the snapshots of a volume."""
            ...

        async def create_volume(
            self,
            size: int,
            name: str,
            location: NodeLocation | None = None,
            snapshot: VolumeSnapshot | None = None,
            **options: Any,
        ) -> StorageVolume:
            """Make a volume of `size` GB."""
            ...

        async def create_volume_snapshot(
            self, volume: StorageVolume, name: str | None = None, **options: Any
        ) -> VolumeSnapshot:
            """Make a snapshot of a volume."""
            ...

        async def attach_volume(
            self, node: Node, volume: StorageVolume, device: str | None = None, **options: Any
        ) -> bool:
            """Attach a volume to a node."""
            ...

        async def detach_volume(self, volume: StorageVolume, **options: Any) -> bool:
            """Detach a volume."""
            ...

        async def destroy_volume(self, volume: StorageVolume, **options: Any) -> bool:
            """Remove a volume."""
            ...

        async def destroy_volume_snapshot(self, snapshot: VolumeSnapshot, **options: Any) -> bool:
            """Remove a snapshot."""
            ...

        async def list_images(self, location: NodeLocation | None = None, **options: Any) -> list[NodeImage]:
            """Return the images that nodes may be made of."""
            ...

        async def create_image(
            self, node: Node, name: str, description: str | None = None, **options: Any
        ) -> NodeImage:
            """Make an image of a node; some drivers return True."""
            ...

        async def delete_image(self, node_image: NodeImage, **options: Any) -> bool:
            """Remove an image."""
            ...

        async def get_image(self, image_id: str, **options: Any) -> NodeImage:
            """Return an image."""
            ...

        async def copy_image(
            self, source_region: str, node_image: NodeImage, name: str, description: str | None = None, **options: Any
        ) -> NodeImage:
            """Copy an image from another region."""
            ...

        async def list_key_pairs(self, **options: Any) -> list[KeyPair]:
            """Return all key pairs."""
            ...

        async def get_key_pair(self, name: str, **options: Any) -> KeyPair:
            """Return a key pair."""
            ...

        async def create_key_pair(self, name: str, **options: Any) -> KeyPair:
            """Make a key pair."""
            ...

        async def import_key_pair_from_string(self, name: str, key_material: str, **options: Any) -> KeyPair:
            """Take a public key over."""
            ...

        async def import_key_pair_from_file(self, name: str, key_file_path: str, **options: Any) -> KeyPair:
            """Take a public key over from a file."""
            ...

        async def delete_key_pair(self, key_pair: KeyPair, **options: Any) -> bool:
            """Remove a key pair."""
            ...


class AsyncStorageDriver(AsyncDriver):
    """An account of libcloud's storage drivers: containers and objects."""

    if TYPE_CHECKING:

        def iterate_containers(self, **options: Any) -> AsyncIterator[Container]:
            """Go through all containers."""
            ...

        async def list_containers(self, **options: Any) -> list[Container]:
            """Return all containers."""
            ...

        def iterate_container_objects(
            self, container: Container, prefix: str | None = None, **options: Any
        ) -> AsyncIterator[Object]:
            """Go through the objects of a container."""
            ...

        async def list_container_objects(
            self, container: Container, prefix: str | None = None, **options: Any
        ) -> list[Object]:
            """Return the objects of a container."""
            ...

        async def get_container(self, container_name: str, **options: Any) -> Container:
            """Return a container."""
            ...

        async def get_object(self, container_name: str, object_name: str, **options: Any) -> Object:
            """Return an object."""
            ...

        async def create_container(self, container_name: str, **options: Any) -> Container:
            """Make a container."""
            ...

        async def delete_container(self, container: Container, **options: Any) -> bool:
            """Remove an empty container."""
            ...

        async def download_object(
            self,
            obj: Object,
            destination_path: str,
            overwrite_existing: bool = False,
            delete_on_failure: bool = True,
            **options: Any,
        ) -> bool:
            """Write an object into a file."""
            ...

        def download_object_as_stream(
            self, obj: Object, chunk_size: int | None = None, **options: Any
        ) -> AsyncIterator[bytes]:
            """Go through the bytes of an object."""
            ...

        def download_object_range_as_stream(
            self,
            obj: Object,
            start_bytes: int,
            end_bytes: int | None = None,
            chunk_size: int | None = None,
            **options: Any,
        ) -> AsyncIterator[bytes]:
            """Go through a part of an object."""
            ...

        async def upload_object(
            self,
            file_path: str,
            container: Container,
            object_name: str,
            extra: dict[str, Any] | None = None,
            verify_hash: bool = True,
            headers: dict[str, str] | None = None,
            **options: Any,
        ) -> Object:
            """Store a file."""
            ...

        async def upload_object_via_stream(
            self,
            iterator: Iterator[bytes],
            container: Container,
            object_name: str,
            extra: dict[str, Any] | None = None,
            headers: dict[str, str] | None = None,
            **options: Any,
        ) -> Object:
            """Store what an iterator, which is read in a thread, yields."""
            ...

        async def delete_object(self, obj: Object, **options: Any) -> bool:
            """Remove an object."""
            ...


class AsyncDNSDriver(AsyncDriver):
    """An account of libcloud's dns drivers: zones and records."""

    if TYPE_CHECKING:

        def iterate_zones(self, **options: Any) -> AsyncIterator[Zone]:
            """Go through all zones."""
            ...

        async def list_zones(self, **options: Any) -> list[Zone]:
            """Return all zones."""
            ...

        def iterate_records(self, zone: Zone, **options: Any) -> AsyncIterator[Record]:
            """Go through the records of a zone."""
            ...

        async def list_records(self, zone: Zone, **options: Any) -> list[Record]:
            """Return the records of a zone."""
            ...

        async def get_zone(self, zone_id: str, **options: Any) -> Zone:
            """Return a zone."""
            ...

        async def get_record(self, zone_id: str, record_id: str, **options: Any) -> Record:
            """Return a record."""
            ...

        async def create_zone(
            self,
            domain: str,
            type: str = "master",
            ttl: int | None = None,
            extra: dict[str, Any] | None = None,
            **options: Any,
        ) -> Zone:
            """Make a zone."""
            ...

        async def update_zone(
            self,
            zone: Zone,
            domain: str,
            type: str = "master",
            ttl: int | None = None,
            extra: dict[str, Any] | None = None,
            **options: Any,
        ) -> Zone:
            """Change a zone."""
            ...

        async def create_record(
            self,
            name: str,
            zone: Zone,
            type: RecordType,
            data: str,
            extra: dict[str, Any] | None = None,
            **options: Any,
        ) -> Record:
            """Make a record."""
            ...

        async def update_record(
            self,
            record: Record,
            name: str | None,
            type: RecordType | None,
            data: str | None,
            extra: dict[str, Any] | None = None,
            **options: Any,
        ) -> Record:
            """Change a record."""
            ...

        async def delete_zone(self, zone: Zone, **options: Any) -> bool:
            """Remove a zone."""
            ...

        async def delete_record(self, record: Record, **options: Any) -> bool:
            """Remove a record."""
            ...


class AsyncBalancerDriver(AsyncDriver):
    """An account of libcloud's loadbalancer drivers: balancers and members."""

    if TYPE_CHECKING:

        async def list_protocols(self, **options: Any) -> list[str]:
            """Return the protocols that can be balanced."""
            ...

        async def list_balancers(self, **options: Any) -> list[LoadBalancer]:
            """Return all balancers."""
            ...

        async def create_balancer(
            self, name: str, port: int, protocol: str, algorithm: Any, members: list[Member], **options: Any
        ) -> LoadBalancer:
            """Make a balancer."""
            ...

        async def destroy_balancer(self, balancer: LoadBalancer, **options: Any) -> bool:
            """Remove a balancer."""
            ...

        async def get_balancer(self, balancer_id: str, **options: Any) -> LoadBalancer:
            """Return a balancer."""
            ...

        async def update_balancer(self, balancer: LoadBalancer, **options: Any) -> LoadBalancer:
            """Change a balancer."""
            ...

        async def balancer_attach_compute_node(self, balancer: LoadBalancer, node: Node, **options: Any) -> Member:
            """Add a node to a balancer."""
            ...

        async def balancer_attach_member(self, balancer: LoadBalancer, member: Member, **options: Any) -> Member:
            """Add a member to a balancer."""
            ...

        async def balancer_detach_member(self, balancer: LoadBalancer, member: Member, **options: Any) -> bool:
            """Take a member from a balancer."""
            ...

        async def balancer_list_members(self, balancer: LoadBalancer, **options: Any) -> list[Member]:
            """Return the members of a balancer."""
            ...


class AsyncContainerDriver(AsyncDriver):
    """An account of libcloud's container drivers: containers and clusters."""

    if TYPE_CHECKING:

        async def install_image(self, path: str, **options: Any) -> ContainerImage:
            """Install an image."""
            ...

        async def list_images(self, **options: Any) -> list[ContainerImage]:
            """Return the installed images."""
            ...

        async def list_containers(
            self, image: ContainerImage | None = None, cluster: ContainerCluster | None = None, **options: Any
        ) -> list[RunningContainer]:
            """Return the containers."""
            ...

        async def deploy_container(
            self,
            name: str,
            image: ContainerImage,
            cluster: ContainerCluster | None = None,
            parameters: Any = None,
            start: bool = True,
            **options: Any,
        ) -> RunningContainer:
            """Make a container."""
            ...

        async def get_container(self, id: str, **options: Any) -> RunningContainer:
            """Return a container."""
            ...

        async def start_container(self, container: RunningContainer, **options: Any) -> RunningContainer:
            """Start a container."""
            ...

        async def stop_container(self, container: RunningContainer, **options: Any) -> RunningContainer:
            """Stop a container."""
            ...

        async def restart_container(self, container: RunningContainer, **options: Any) -> RunningContainer:
            """Start a container anew."""
            ...

        async def destroy_container(self, container: RunningContainer, **options: Any) -> bool:
            """Remove a container."""
            ...

        async def create_cluster(
            self, name: str, location: ClusterLocation | None = None, **options: Any
        ) -> ContainerCluster:
            """Make a cluster."""
            ...

        async def destroy_cluster(self, cluster: ContainerCluster, **options: Any) -> bool:
            """Remove a cluster."""
            ...

        async def list_clusters(
            self, location: ClusterLocation | None = None, **options: Any
        ) -> list[ContainerCluster]:
            """Return the clusters."""
            ...

        async def get_cluster(self, id: str, **options: Any) -> ContainerCluster:
            """Return a cluster."""
            ...


class AsyncBackupDriver(AsyncDriver):
    """An account of libcloud's backup drivers: targets, recovery points and jobs."""

    if TYPE_CHECKING:

        async def get_supported_target_types(self, **options: Any) -> list[str]:
            """Return the types of target."""
            ...

        async def list_targets(self, **options: Any) -> list[BackupTarget]:
            """Return all targets."""
            ...

        async def create_target(
            self, name: str, address: str, type: str = "Virtual", extra: dict[str, Any] | None = None, **options: Any
        ) -> BackupTarget:
            """Make a target."""
            ...

        async def create_target_from_node(
            self, node: Node, type: str = "Virtual", extra: dict[str, Any] | None = None, **options: Any
        ) -> BackupTarget:
            """Make a target of a node."""
            ...

        async def update_target(
            self, target: BackupTarget, name: str, address: str, extra: dict[str, Any] | None, **options: Any
        ) -> BackupTarget:
            """Change a target."""
            ...

        async def delete_target(self, target: BackupTarget, **options: Any) -> bool:
            """Remove a target."""
            ...

        async def list_recovery_points(
            self, target: BackupTarget, start_date: Any = None, end_date: Any = None, **options: Any
        ) -> list[BackupTargetRecoveryPoint]:
            """Return what a target can be set back to."""
            ...

        async def recover_target(
            self,
            target: BackupTarget,
            recovery_point: BackupTargetRecoveryPoint,
            path: str | None = None,
            **options: Any,
        ) -> BackupTargetJob:
            """Set a target back."""
            ...

        async def list_target_jobs(self, target: BackupTarget, **options: Any) -> list[BackupTargetJob]:
            """Return the jobs of a target."""
            ...

        async def create_target_job(
            self, target: BackupTarget, extra: dict[str, Any] | None = None, **options: Any
        ) -> BackupTargetJob:
            """Begin a job."""
            ...

        async def cancel_target_job(self, job: BackupTargetJob, **options: Any) -> bool:
            """End a job."""
            ...


TYPED: dict[str, type[AsyncDriver]] = {
    "compute": AsyncNodeDriver,
    "storage": AsyncStorageDriver,
    "dns": AsyncDNSDriver,
    "loadbalancer": AsyncBalancerDriver,
    "container": AsyncContainerDriver,
    "backup": AsyncBackupDriver,
}
"""The class of each kind of driver."""
