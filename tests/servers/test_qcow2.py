"""The checker of qcow2 images finds what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.servers import qcow2

CLUSTERS = 40


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A sound image."""
    path = tmp_path / "disk.qcow2"
    qcow2.write(path, CLUSTERS * qcow2.CLUSTER)
    return path


def test_a_sound_image_has_all_its_clusters(disk: Path) -> None:
    assert qcow2.check(disk) == CLUSTERS
    assert disk.stat().st_size == qcow2.size(CLUSTERS * qcow2.CLUSTER)


def test_the_same_arguments_give_the_same_bytes(disk: Path) -> None:
    assert b"".join(qcow2.parts(CLUSTERS * qcow2.CLUSTER)) == disk.read_bytes()


@pytest.mark.parametrize("cluster", [0, 1, 2, 3, 4, 20], ids=["header", "table", "block", "L1", "L2", "data"])
def test_a_cluster_of_zeros_anywhere_is_found(disk: Path, cluster: int) -> None:
    with disk.open("r+b") as file:
        file.seek(cluster * qcow2.CLUSTER)
        file.write(bytes(qcow2.CLUSTER))
    with pytest.raises(qcow2.Broken):
        qcow2.check(disk)


@pytest.mark.parametrize("cut", [1, qcow2.CLUSTER, 30 * qcow2.CLUSTER])
def test_a_cut_image_is_found(disk: Path, cut: int) -> None:
    with disk.open("r+b") as file:
        file.truncate(disk.stat().st_size - cut)
    with pytest.raises(qcow2.Broken):
        qcow2.check(disk)
