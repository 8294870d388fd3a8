"""The KubeRay manifest, as far as it can be checked without a Kubernetes cluster: YAML, fields, and what it names."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

import hpsearch

MANIFEST = Path(hpsearch.__file__).parent / "examples" / "kuberay" / "rayjob.yaml"
# The fields of KubeRay's ray.io/v1 (1.6), by the kind they belong to.
RAY_JOB = {
    "activeDeadlineSeconds", "backoffLimit", "clusterSelector", "deletionStrategy", "entrypoint", "entrypointNumCpus",
    "entrypointNumGpus", "entrypointResources", "jobId", "managedBy", "metadata", "rayClusterSpec", "runtimeEnvYAML",
    "shutdownAfterJobFinishes", "submissionMode", "submitterConfig", "submitterPodTemplate", "suspend",
    "ttlSecondsAfterFinished",
}  # fmt: skip
RAY_CLUSTER = {
    "authOptions", "autoscalerOptions", "enableInTreeAutoscaling", "gcsFaultToleranceOptions", "headGroupSpec",
    "headServiceAnnotations", "managedBy", "rayVersion", "suspend", "upgradeStrategy", "workerGroupSpecs",
}  # fmt: skip
HEAD_GROUP = {"enableIngress", "headService", "labels", "rayStartParams", "resources", "serviceType", "template"}
WORKER_GROUP = {
    "groupName", "idleTimeoutSeconds", "labels", "maxReplicas", "minReplicas", "numOfHosts", "rayStartParams",
    "replicas", "resources", "scaleStrategy", "suspend", "template",
}  # fmt: skip


@pytest.fixture(scope="module")
def job():
    return yaml.safe_load(MANIFEST.read_text())


def containers(job):
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [container for group in groups for container in group["template"]["spec"]["containers"]]


def test_it_is_a_rayjob_with_known_fields_alone(job):
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    assert set(job["spec"]) <= RAY_JOB and set(cluster) <= RAY_CLUSTER
    assert set(cluster["headGroupSpec"]) <= HEAD_GROUP
    assert all(set(group) <= WORKER_GROUP for group in cluster["workerGroupSpecs"])
    assert job["spec"]["submissionMode"] in ("K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode")


@pytest.mark.parametrize("kubernetes", ["1.30", "1.34", kubernetes_validate.latest_version()])
def test_its_pods_are_what_kubernetes_knows_and_nothing_else(job, kubernetes):
    cluster = job["spec"]["rayClusterSpec"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, **group["template"]}
        kubernetes_validate.validate(pod, kubernetes, strict=True)
        pod["spec"]["containers"][0]["imagee"] = "misspelt"
        with pytest.raises(kubernetes_validate.ValidationError, match="imagee"):
            kubernetes_validate.validate(pod, kubernetes, strict=True)
        del pod["spec"]["containers"][0]["imagee"]


def test_the_volume_claim_of_the_page_is_what_kubernetes_knows():
    page = (MANIFEST.parent / "README.md").read_text()
    claim = yaml.safe_load(page.partition("<<'END'\n")[2].partition("       END")[0])
    assert claim["kind"] == "PersistentVolumeClaim"
    kubernetes_validate.validate(claim, "1.34", strict=True)


def test_its_ray_start_parameters_are_texts_as_kuberay_wants_them(job):
    cluster = job["spec"]["rayClusterSpec"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_it_names_the_ray_and_the_image_of_this_version(job):
    assert job["spec"]["rayClusterSpec"]["rayVersion"] == version("ray")
    assert {container["image"] for container in containers(job)} == {f"hpsearch:{version('hpsearch')}"}


def test_it_asks_for_the_token_and_runs_no_trial_on_the_head(job):
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"


def test_secrets_come_from_a_secret_and_workers_get_none(job):
    head, *workers = containers(job)
    secret = [entry for entry in head["env"] if "PASSWORD" in entry["name"]]
    assert len(secret) == 2 and all("secretKeyRef" in entry["valueFrom"] for entry in secret)
    assert all("env" not in worker for worker in workers)


def test_every_volume_that_is_mounted_is_there(job):
    pod = job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    mounted = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_no_process_is_root_and_every_container_has_limits(job):
    cluster = job["spec"]["rayClusterSpec"]
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        assert group["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
    assert all({"cpu", "memory"} <= set(container["resources"]["limits"]) for container in containers(job))


def test_its_command_is_one_of_ours(job):
    from hpsearch.cli.main import command

    words = job["spec"]["entrypoint"].split()
    assert words[0] == "hpsearch" and words[1] in command.commands and "--here" in words
