"""Kinds of Strimzi, KEDA and kustomize as far as ``deploy/`` uses them: no package registry has their schemas, so they
stand here, from their documentation."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Base: no member that is not known."""

    model_config = ConfigDict(extra="forbid")


class Metadata(Strict):
    """Name and labels; a name is a DNS subdomain."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253)]
    labels: dict[str, str] = {}


class TopicBody(Strict):
    """Of a KafkaTopic."""

    topicName: str
    partitions: Annotated[int, Field(ge=1)]
    replicas: Annotated[int, Field(ge=1, le=32767)]
    config: dict[str, str | int]


class AclResource(Strict):
    """What a rule is about; a cluster has no name."""

    type: Literal["topic", "group", "cluster", "transactionalId"]
    name: str | None = None
    patternType: Literal["literal", "prefix"] = "literal"


class AclRule(Strict):
    """One right."""

    resource: AclResource
    operations: Annotated[
        list[Literal["Read", "Write", "Create", "Describe", "DescribeConfigs", "IdempotentWrite", "All"]],
        Field(min_length=1),
    ]


class Authorization(Strict):
    """Rights."""

    type: Literal["simple"]
    acls: Annotated[list[AclRule], Field(min_length=1)]


class UserBody(Strict):
    """Of a KafkaUser."""

    authentication: dict[Literal["type"], Literal["scram-sha-512"]]
    authorization: Authorization


class KafkaTopic(Strict):
    """Strimzi's."""

    apiVersion: Literal["kafka.strimzi.io/v1"]
    kind: Literal["KafkaTopic"]
    metadata: Metadata
    spec: TopicBody


class KafkaUser(Strict):
    """Strimzi's."""

    apiVersion: Literal["kafka.strimzi.io/v1"]
    kind: Literal["KafkaUser"]
    metadata: Metadata
    spec: UserBody


class KafkaTrigger(Strict):
    """KEDA's scaler for Kafka: every value is text."""

    bootstrapServers: str
    consumerGroup: str
    topic: str
    lagThreshold: str
    activationLagThreshold: str
    offsetResetPolicy: Literal["earliest", "latest"]
    allowIdleConsumers: Literal["true", "false"]
    limitToPartitionsWithLag: Literal["true", "false"]
    excludePersistentLag: Literal["true", "false"]


class Trigger(Strict):
    """One reason to scale."""

    type: Literal["kafka"]
    metadata: KafkaTrigger
    authenticationRef: dict[Literal["name"], str]


class ScaledBody(Strict):
    """Of a ScaledObject."""

    scaleTargetRef: dict[Literal["name"], str]
    minReplicaCount: Annotated[int, Field(ge=0)]
    maxReplicaCount: Annotated[int, Field(ge=1)]
    pollingInterval: int
    cooldownPeriod: int
    advanced: dict[Literal["horizontalPodAutoscalerConfig"], Any]
    triggers: Annotated[list[Trigger], Field(min_length=1)]


class ScaledObject(Strict):
    """KEDA's."""

    apiVersion: Literal["keda.sh/v1alpha1"]
    kind: Literal["ScaledObject"]
    metadata: Metadata
    spec: ScaledBody


class SecretRef(Strict):
    """Where a value of an authentication comes from."""

    parameter: str
    name: str
    key: str


class TriggerAuthentication(Strict):
    """KEDA's."""

    apiVersion: Literal["keda.sh/v1alpha1"]
    kind: Literal["TriggerAuthentication"]
    metadata: Metadata
    spec: dict[Literal["secretTargetRef"], list[SecretRef]]


class Image(Strict):
    """Another image for a name."""

    name: str
    newName: str
    digest: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class Kustomization(Strict):
    """The members of kustomize's file that we use."""

    apiVersion: Literal["kustomize.config.k8s.io/v1beta1"]
    kind: Literal["Kustomization"]
    namespace: str | None = None
    resources: Annotated[list[str], Field(min_length=1)]
    labels: list[dict[Literal["pairs", "includeSelectors", "includeTemplates"], Any]] = []
    patches: list[dict[Literal["path", "target"], Any]] = []
    configMapGenerator: list[dict[Literal["name", "literals"], Any]] = []
    images: list[Image] = []
    replicas: list[dict[Literal["name", "count"], Any]] = []


MODELS: dict[str, type[Strict]] = {
    model.__name__: model for model in (KafkaTopic, KafkaUser, ScaledObject, TriggerAuthentication)
}
