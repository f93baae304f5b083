"""What can be held of deploy/kubernetes without a cluster."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml

from services.enrich.settings import EnrichSettings
from services.ingest.settings import IngestSettings
from services.store.settings import StoreSettings
from shared import streams
from shared.partitions import tag
from shared.settings import Settings

SETTINGS: dict[str, type[Settings]] = {
    "ingest": IngestSettings,
    "enrich": EnrichSettings,
    "store": StoreSettings,
}
OLDEST, NEWEST = "1.28", "1.37"
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(__file__).parent.parent.parent / "deploy" / "kubernetes"


@pytest.fixture(scope="module")
def manifests(folder: Path) -> list[Manifest]:
    """Everything that `kubectl apply -k deploy/kubernetes/base` makes, and the namespace."""
    base = folder / "base"
    named = yaml.safe_load((base / "kustomization.yaml").read_text())["resources"]
    assert set(named) == {path.name for path in base.iterdir()} - {
        "kustomization.yaml",
        "names.yaml",
    }
    return [
        one
        for path in (folder / "namespace.yaml", *(base / name for name in named))
        for one in _read(path)
    ]


def _read(path: Path) -> list[Manifest]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def _of(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


def _workloads(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest, Manifest]]:
    """Yield each service's name, its pod and its container."""
    for one in manifests:
        if one["kind"] in {"Deployment", "StatefulSet"}:
            pod = one["spec"]["template"]["spec"]
            [container] = pod["containers"]
            yield one["metadata"]["name"], pod, container


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_takes_every_manifest(
    manifests: list[Manifest], folder: Path, version: str
) -> None:
    """By the published schemas of an old and a new version; a field that is not known is wrong."""
    ours = [one for one in manifests if not one["apiVersion"].startswith("keda.sh/")]
    for one in [*ours, *_read(folder / "secrets.example.yaml")]:
        kubernetes_validate.validate(one, version, strict=True)


def test_keda_takes_every_trigger(manifests: list[Manifest]) -> None:
    """By an extract of its custom resources' schemas, and of what its scaler reads."""
    schema = json.loads((Path(__file__).parent / "keda" / "scaledobject.json").read_text())
    kinds = []
    for one in manifests:
        if one["apiVersion"] == "keda.sh/v1alpha1":
            kinds.append(one["kind"])
            jsonschema.validate(one["spec"], {**schema, "$ref": f"#/$defs/{one['kind']}"})

    assert sorted(kinds) == ["ScaledObject", "ScaledObject", "TriggerAuthentication"]


def test_stages_scale_by_their_own_streams(manifests: list[Manifest]) -> None:
    """One trigger looks at lag, one at pending: KEDA reads one of both, whatever it is told."""
    scaled = _of(manifests, "ScaledObject")

    assert scaled.keys() == {hop.stage for hop in streams.HOPS}
    for hop in streams.HOPS:
        spec = scaled[hop.stage]["spec"]
        read = [trigger["metadata"] for trigger in spec["triggers"]]
        assert spec["scaleTargetRef"]["name"] in _of(manifests, "Deployment")
        assert {(one["stream"], one["consumerGroup"]) for one in read} == {(hop.source, hop.stage)}
        assert ["lagCount" in one for one in read] == [True, False]
        assert ["pendingEntriesCount" in one for one in read] == [False, True]
        batch = SETTINGS[hop.stage].model_fields["batch_size"].default
        assert int(read[1]["pendingEntriesCount"]) > 2 * batch  # that many are in hand anyhow
        assert 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]


def test_every_variable_is_a_setting(manifests: list[Manifest], folder: Path) -> None:
    """Values are ones that the settings take; secrets stand in files named like their setting."""
    [config] = _of(manifests, "ConfigMap").values()
    secrets = _of(_read(folder / "secrets.example.yaml"), "Secret")
    shared = {
        "NEWSFLOW_SECRETS_DIR",
        *(f"NEWSFLOW_{name.upper()}" for name in Settings.model_fields),
    }
    assert config["data"].keys() <= shared
    for name, pod, container in _workloads(manifests):
        given = {one["name"]: one["value"] for one in container.get("env", [])} | config["data"]
        given |= {
            key.upper(): value for key, value in secrets[f"newsflow-{name}"]["stringData"].items()
        }
        fields = {key.removeprefix("NEWSFLOW_").lower(): value for key, value in given.items()}
        fields.pop("secrets_dir")
        assert fields.keys() <= SETTINGS[name].model_fields.keys()
        SETTINGS[name](**fields)
        [mounted] = [one for one in container["volumeMounts"] if one["name"] == "secrets"]
        assert mounted["mountPath"] == config["data"]["NEWSFLOW_SECRETS_DIR"]
        [volume] = [one for one in pod["volumes"] if one["name"] == "secrets"]
        assert volume["secret"]["secretName"] in secrets


def test_an_outage_restarts_nothing(manifests: list[Manifest]) -> None:
    """What is asked whether it lives asks no server; what is asked whether it is well does."""
    for name, pod, container in _workloads(manifests):
        assert container["livenessProbe"]["httpGet"]["path"] == "/live", name
        assert container["readinessProbe"]["httpGet"]["path"] == "/health", name
        starts = container["startupProbe"]
        assert starts["httpGet"]["path"] == "/live", name
        assert starts["periodSeconds"] * starts["failureThreshold"] >= 3600, name
        stops = Settings.model_fields["stop_within_s"].default
        assert pod["terminationGracePeriodSeconds"] >= 2 * stops, name


def test_every_pod_is_hardened(manifests: list[Manifest]) -> None:
    """Not root, read-only, no capability, no account; bounded memory, no password in sight."""
    for name, pod, container in _workloads(manifests):
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert "memory" in container["resources"]["limits"], name
        assert not any(word in json.dumps(container.get("env", "")) for word in ("URL", "PASSWORD"))


def test_labels_lead_where_they_should(manifests: list[Manifest]) -> None:
    """Services, budgets and policies select pods that there are."""
    pods = [
        one["spec"]["template"]["metadata"]["labels"]
        for one in manifests
        if one["kind"] in {"Deployment", "StatefulSet"}
    ]
    selectors = [one["spec"]["selector"] for one in manifests if one["kind"] == "Service"]
    for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        selectors += [one["spec"][key]["matchLabels"] for one in manifests if one["kind"] == kind]

    assert len(selectors) == 7
    for selector in selectors:
        assert any(selector.items() <= labels.items() for labels in pods), selector


def test_a_partition_has_its_own_names(folder: Path) -> None:
    """Its patches name its setting and its streams, and lead to fields of the base."""
    text = (folder / "partition" / "kustomization.yaml").read_text()
    given = yaml.safe_load(text)
    wanted = {f"{tag('p1').decode()}{hop.source}" for hop in streams.HOPS}
    steps = [
        (patch["target"]["name"], step)
        for patch in given["patches"]
        for step in yaml.safe_load(patch["patch"])
    ]
    said = {step["value"] for _, step in steps if step["path"].endswith("/stream")}

    assert given["nameSuffix"] == "-p1"
    assert given["labels"][0]["includeSelectors"] is True
    assert ("newsflow", {"op": "add", "path": "/data/NEWSFLOW_PARTITION", "value": "p1"}) in steps
    assert said == wanted
